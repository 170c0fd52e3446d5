import { describe, expect, test } from 'vitest';
import { SessionResumed } from '../../../src/events/engine.events.ts';
import { CancelRejected } from '../../../src/events/order.events.ts';
import { Floor, type FloorOptions } from '../trading-floor.ts';

const HALF_SECOND = 500_000;
const SECOND = 1_000_000;

/** A floor on which A is quoted 100.00 to 100.40; the walk is not jittered. */
class QuotedFloor extends Floor {
  sides: [number, number] = [100, 100.4];

  constructor(options: FloorOptions = {}) {
    const config = { execution: { stepJitter: 0 }, liquidity: { shareSpreadBps: 100 } };
    super({ priceSource: 'quotes', ...options, config: { ...config, ...(options.config as object) } });
    this.quote('A', ...this.sides);
  }

  /** The market goes on saying the same twice a second. */
  wait(seconds: number): this {
    for (let i = 0; i < seconds * 2; i++) this.after(HALF_SECOND).quote('A', ...this.sides);
    return this;
  }

  moveTo(bidPx: number, askPx: number): this {
    this.sides = [bidPx, askPx];
    return this.after(1).quote('A', bidPx, askPx);
  }

  /** Releases an intent for 10 units of A. */
  released(action: 'enter' | 'exit' = 'enter', intent = 1): this {
    this.decide(() => this.defer({ intent, action, quantity: 10 }));
    return this.after(HALF_SECOND)
      .quote('A', ...this.sides)
      .opened();
  }

  holdingTen(): this {
    this.hold('A', 10, 100).kernel.takeEffects();
    return this.wait(6);
  }

  walked(): string[] {
    return this.payloads('WalkStepped').map(({ why, limitPx }) => `${why} ${limitPx}`);
  }

  /** Answers what was sent since the last time as a patient venue would, and says what it was. */
  answered(): string[] {
    const sent: string[] = [];
    for (const effect of this.kernel.takeEffects()) {
      const { ordinal } = effect.payload as { ordinal: number };
      const { limitPx, quantity } = this.intended(ordinal);
      if (effect.type === 'SubmitAttempted') {
        sent.push(`${quantity} at ${limitPx}`);
        this.accept(ordinal);
      } else if (effect.type === 'CancelAttempted') {
        sent.push(`cancel ${ordinal}`);
        this.cancelled(ordinal);
      }
    }
    return sent;
  }

  /** Everything that is sent and answered within so many seconds. */
  watch(seconds: number): string[] {
    const all = this.answered();
    for (let i = 0; i < seconds * 2; i++) {
      this.after(HALF_SECOND).quote('A', ...this.sides);
      for (let more = this.answered(); more.length > 0; more = this.answered()) all.push(...more);
    }
    return all;
  }
}

describe('an entry', () => {
  test('stands at the midpoint, walks to its cap, waits there and leaves', () => {
    const each = new QuotedFloor().released();
    expect(each.watch(2.5)).toEqual(['10 at 100.2']);
    expect(each.watch(1)).toEqual(['cancel 1', '10 at 100.25']);
    expect(each.watch(3)).toEqual(['cancel 2', '10 at 100.3']);
    expect(each.watch(14)).toEqual([]);
    expect(each.watch(2)).toEqual(['cancel 3']);
    expect(each.walked()).toEqual(['start 100.2', 'step 100.25', 'step 100.3', 'patience 100.3']);
    expect(each.actors.orders.hasWorking('A')).toBe(false);
    expect(each.watch(60)).toEqual([]);
  });

  test('follows the midpoint at the steps it has taken', () => {
    const each = new QuotedFloor().released();
    each.watch(3.5);
    each.moveTo(100.1, 100.5);
    expect(each.watch(0.5)).toEqual(['cancel 2', '10 at 100.35']);
    each.moveTo(99.9, 100.3);
    expect(each.watch(0.5)).toEqual(['cancel 3', '10 at 100.15']);
    expect(each.walked().slice(2)).toEqual(['follow 100.35', 'follow 100.15']);
  });

  test('does not hear a quote that changes nothing an order can follow', () => {
    const each = new QuotedFloor().released();
    each.watch(1);
    each.moveTo(100.000_01, 100.400_01);
    expect(each.watch(0.5)).toEqual([]);
  });

  test('may take the touch where the spread is one tick', () => {
    const each = new QuotedFloor().moveTo(100, 100.01).released();
    expect(each.watch(4)).toEqual(['10 at 100', 'cancel 1', '10 at 100.01']);
    expect(each.walked()).toEqual(['start 100', 'touch 100.01']);
  });

  test('that is filled is worked no more', () => {
    const each = new QuotedFloor().released();
    each.watch(1);
    each.fill(1, 100.2);
    expect(each.watch(60)).toEqual([]);
    expect(each.actors.portfolio.quantity('A')).toBe(10);
  });

  test('filled in part goes on with the rest only', () => {
    const each = new QuotedFloor().released();
    each.watch(1);
    each.fill(1, 100.2, 4, 6);
    expect(each.watch(3)).toEqual(['cancel 1', '6 at 100.25']);
  });

  test('rejected by the venue is not tried again', () => {
    const each = new QuotedFloor().released();
    each.kernel.takeEffects();
    each.reject(1);
    expect(each.watch(30)).toEqual([]);
  });

  test('in a market too wide, or that nobody quotes any more, does not go out', () => {
    const wide = new QuotedFloor().moveTo(100, 102).released();
    expect(wide.watch(1)).toEqual([]);
    expect(wide.payloads('LiquidityFailed')).toMatchObject([{ symbol: 'A', intent: 1, action: 'enter' }]);
    expect(wide.payloads('IntentDropped')).toMatchObject([{ reason: 'not liquid: spreadBps 198.02 > 100' }]);
    const silent = new QuotedFloor();
    silent.decide(() => silent.defer({ intent: 1, quantity: 10 }));
    silent.after(3 * SECOND).opened();
    expect(silent.payloads('IntentDropped')).toMatchObject([
      { reason: 'not liquid: channelSilentMs 3000 > 2000' },
    ]);
  });

  test('stops when the market grows too wide on the way', () => {
    const each = new QuotedFloor().released();
    each.watch(1);
    each.moveTo(99, 101.4);
    expect(each.watch(5)).toEqual(['cancel 1']);
    expect(each.payloads('LiquidityFailed')).toHaveLength(1);
  });

  test('is not repriced by a gate that refuses: trading was halted meanwhile', () => {
    const each = new QuotedFloor().released();
    each.watch(1);
    each.command('halt');
    expect(each.watch(30)).toEqual(['cancel 1']);
  });

  test('of a share of equity walks as the units its worst price buys', () => {
    const each = new QuotedFloor();
    each.decide(() => each.defer({ intent: 1, size: { kind: 'fraction', fraction: 0.1 } }));
    each.after(HALF_SECOND).quote('A', 100, 100.4).opened();
    expect(each.answered()).toEqual(['99 at 100.2']);
  });
});

describe('an exit', () => {
  test('walks on to the far touch and rests there, following it', () => {
    const each = new QuotedFloor().holdingTen().released('exit');
    const path = [
      '10 at 100.2',
      'cancel 2',
      '10 at 100.15',
      'cancel 3',
      '10 at 100.1',
      'cancel 4',
      '10 at 100.05',
    ];
    expect(each.watch(10)).toEqual(path);
    expect(each.watch(3)).toEqual(['cancel 5', '10 at 100']);
    expect(each.watch(60)).toEqual([]);
    each.moveTo(99.9, 100.3);
    expect(each.watch(1)).toEqual(['cancel 6', '10 at 99.9']);
    expect(each.walked().at(-1)).toBe('touch 99.9');
  });

  test('waits for a market where there is none, and goes out when it comes', () => {
    const each = new QuotedFloor().holdingTen();
    each.decide(() => each.defer({ intent: 1, action: 'exit', quantity: 10 }));
    each.after(5 * SECOND).opened();
    expect(each.answered()).toEqual([]);
    each.after(SECOND).quote('A', 100, 100.4);
    expect(each.answered()).toEqual(['10 at 100.2']);
  });

  test('is not asked whether the market is orderly', () => {
    const each = new QuotedFloor().holdingTen().moveTo(100, 103).released('exit');
    expect(each.watch(1)).toEqual(['10 at 101.5']);
  });

  test('holds up what comes after it until it rests', () => {
    const each = new QuotedFloor({ symbols: ['A', 'B'] }).holdingTen();
    each.decide(() => {
      each.defer({ intent: 1, action: 'exit', quantity: 10 });
      each.defer({ intent: 2, symbol: 'B', quantity: 5 });
    });
    each.quote('B', 50, 50.1).after(1).opened();
    const sent: string[] = [];
    for (let i = 0; i < 70; i++) {
      each.quote('B', 50, 50.1);
      sent.push(...each.watch(0.5));
    }
    expect(sent.indexOf('5 at 50.05')).toBe(sent.indexOf('10 at 100') + 1);
    expect(
      each
        .orders()
        .map((ordinal) => each.intended(ordinal).symbol)
        .at(-1),
    ).toBe('B');
  });
});

describe('while nothing is heard', () => {
  test('an order stands where it is, and goes on when the market is back', () => {
    const each = new QuotedFloor().released();
    each.watch(0.5);
    each.after(4 * SECOND).decide(() => undefined);
    each.after(4 * SECOND).decide(() => undefined);
    expect(each.answered()).toEqual([]);
    expect(each.walked()).toEqual(['start 100.2', 'stale 100.2']);
    each.after(1).quote('A', 100, 100.4);
    expect(each.answered()).toEqual(['cancel 1']);
    expect(each.answered()).toEqual(['10 at 100.25']);
  });

  test('a cancel that is confirmed is not followed by an order at an old price', () => {
    const each = new QuotedFloor().released();
    each.watch(2.5);
    each.wait(1);
    expect(each.kernel.takeEffects().map(({ type }) => type)).toEqual(['CancelAttempted']);
    each.after(3 * SECOND).decide(() => undefined);
    each.cancelled(1);
    expect(each.answered()).toEqual([]);
    // The step that fell due meanwhile is taken in the market that came back.
    each.after(1).quote('A', 101, 101.4);
    expect(each.answered()).toEqual(['10 at 101.3']);
  });

  test('a confirmation that comes late is followed by an order when somebody quotes again', () => {
    const each = new QuotedFloor().holdingTen().released('exit');
    each.watch(2.5);
    each.wait(1).kernel.takeEffects();
    each.after(2.4 * SECOND).cancelled(2);
    expect(each.answered()).toEqual([]);
    expect(each.after(1).quote('A', 100, 100.4).answered()).toEqual(['10 at 100.15']);
  });

  test('an entry that stood for fifteen minutes is taken back', () => {
    const each = new QuotedFloor().released();
    each.watch(0.5);
    each.after(890 * SECOND).decide(() => undefined);
    expect(each.answered()).toEqual([]);
    each.after(11 * SECOND).decide(() => undefined);
    expect(each.answered()).toEqual(['cancel 1']);
  });
});

describe('a fill that crosses its cancel', () => {
  /** An entry whose first step is under way: order 1 has been asked to cancel. */
  const stepping = () => {
    const each = new QuotedFloor().released();
    each.watch(2.5);
    each.wait(1).kernel.takeEffects();
    return each;
  };

  test('before the confirmation leaves only the rest to go out', () => {
    const each = stepping();
    each.fill(1, 100.2, 4, 6).cancelled(1);
    expect(each.answered()).toEqual(['6 at 100.25']);
  });

  test('in full ends the work, and the refused cancel changes nothing', () => {
    const each = stepping();
    each.fill(1, 100.2);
    each.input({
      kind: 'input',
      type: 'CancelRejected',
      version: 1,
      payload: { ordinal: 1, reason: 'filled' },
    });
    expect(each.watch(30)).toEqual([]);
  });

  test('after a refused cancel ends the work', () => {
    const each = stepping();
    each.input({
      kind: 'input',
      type: 'CancelRejected',
      version: 1,
      payload: { ordinal: 1, reason: 'filled' },
    });
    each.fill(1, 100.2);
    expect(each.watch(30)).toEqual([]);
    expect(each.actors.portfolio.quantity('A')).toBe(10);
  });

  test('and a cancel refused without a fill is asked again', () => {
    const each = stepping();
    each.input({
      kind: 'input',
      type: 'CancelRejected',
      version: 1,
      payload: { ordinal: 1, reason: 'busy' },
    });
    expect(each.watch(2)).toEqual([]);
    expect(each.watch(2)[0]).toBe('cancel 1');
  });

  test('after the confirmation takes what stands too much back', () => {
    const each = stepping();
    each.cancelled(1);
    expect(each.answered()).toEqual(['10 at 100.25']);
    each.fill(1, 100.2, 3, 7);
    expect(each.watch(0.5)).toEqual(['cancel 2', '7 at 100.25']);
  });

  test('nothing more is sent while nobody knows what became of an order', () => {
    const each = new QuotedFloor().released();
    each.kernel.takeEffects();
    each.input({
      kind: 'input',
      type: 'OrderOutcomeUnknown',
      version: 1,
      payload: { ordinal: 1, reason: '504' },
    });
    expect(each.moveTo(101, 101.4).watch(30)).toEqual([]);
  });
});

test('a newer decision takes back what is worked before it goes out', () => {
  const each = new QuotedFloor().holdingTen().released('exit');
  expect(each.watch(5.5).at(-1)).toBe('10 at 100.15');
  each.decide(() => each.defer({ intent: 2, action: 'exit', quantity: 10 }));
  each.opened();
  expect(each.watch(1)).toEqual(['cancel 3', '10 at 100.2']);
  expect(each.intended(4).intent).toBe(2);
});

test('what is asked for in one instant goes out in the order of action', () => {
  const each = new QuotedFloor({ symbols: ['A', 'B'] }).holdingTen();
  each.quote('B', 50, 50.1);
  const terms = {
    role: 'tactical',
    orderType: 'limit',
    limitPx: null,
    stopPx: null,
    timeInForce: 'day',
    reason: '',
  } as const;
  const size = { kind: 'quantity', quantity: 10 } as const;
  each.decide(() => {
    each.actors.desk.request({ ...terms, action: 'enter', symbol: 'B', side: 'buy', size }, { basis: [] });
    each.actors.desk.request({ ...terms, action: 'exit', symbol: 'A', side: 'sell', size }, { basis: [] });
  });
  expect(each.answered()).toEqual(['10 at 100.2']);
  each.fill(2, 100.2);
  expect(each.answered()).toEqual(['10 at 50.05']);
});

test('more than four walks at a time wait longer between steps', () => {
  const symbols = ['A', 'B', 'C', 'D', 'E'];
  const each = new QuotedFloor({ symbols });
  const quoteAll = () => {
    for (const symbol of symbols) each.quote(symbol, 100, 100.4);
  };
  quoteAll();
  each.decide(() => {
    symbols.forEach((symbol, i) => {
      each.defer({ intent: i + 1, symbol, quantity: 10 });
    });
  });
  each.opened();
  each.answered();
  for (let i = 0; i < 8; i++) {
    each.after(HALF_SECOND);
    quoteAll();
    each.answered();
  }
  const stepped = each.payloads('WalkStepped').filter(({ why }) => why === 'step');
  expect(stepped.map(({ intent }) => intent)).toEqual([1, 2, 3, 4]);
});

test('a walk goes on in the next session where it stood', () => {
  const alone = new QuotedFloor().released();
  alone.watch(1);
  const first = new QuotedFloor().released();
  first.watch(1);
  const second = new QuotedFloor({ carried: first.carryOver() });
  second.now = first.now;
  const rest = (each: QuotedFloor) => {
    each.kernel.takeEffects();
    const sent: string[] = [];
    for (let i = 0; i < 60; i++) {
      each.after(HALF_SECOND).quote('A', 100, 100.4);
      for (const effect of each.kernel.takeEffects()) {
        const { ordinal } = effect.payload as { ordinal: number };
        sent.push(`${effect.type} ${ordinal} ${each.now - first.now}`);
        if (effect.type === 'SubmitAttempted') each.accept(ordinal);
        else each.cancelled(ordinal);
      }
    }
    return sent;
  };
  expect(rest(second)).toEqual(rest(alone));
  const timers = (each: QuotedFloor) => each.payloads('TimerFired').slice(-4);
  expect(timers(second)).toEqual(timers(alone));
});

describe('an engine that comes back', () => {
  test.each(['enter', 'exit'] as const)(
    'withdraws an %s that was worked, and no timer of before fires after',
    (action) => {
      const floor = new QuotedFloor();
      if (action === 'exit') floor.holdingTen();
      floor.released(action).answered();
      expect(floor.kernel.clock.nextDeadline).toBeLessThan(Number.POSITIVE_INFINITY);
      floor.input(SessionResumed.of({ reason: 'killed' }));
      expect(floor.kernel.clock.nextDeadline).toBe(Number.POSITIVE_INFINITY);
      const fired = floor.payloads('TimerFired').length;
      const standing = floor.orders().at(-1)!;
      expect(floor.after(3_600 * SECOND).sent()).toEqual([`cancel ${standing}`]);
      floor.quote('A', ...floor.sides);
      floor.cancelled(standing).wait(10);
      expect(floor.sent()).toEqual([]);
      expect(floor.payloads('TimerFired')).toHaveLength(fired);
    },
  );

  test('asks again for a cancel that had been refused', () => {
    const floor = new QuotedFloor().released();
    floor.answered();
    floor.moveTo(101, 101.4);
    const [canceled] = floor.sent();
    expect(canceled).toBe('cancel 1');
    floor.input(CancelRejected.of({ ordinal: 1, reason: 'busy' }));
    floor.input(SessionResumed.of({ reason: 'killed' }));
    expect(floor.kernel.clock.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(floor.sent()).toEqual(['cancel 1']);
  });
});
