import { describe, expect, test } from 'vitest';
import { SplitApplied } from '../../../src/events/option.events.ts';
import * as o from '../../../src/events/order.events.ts';
import { calmRise, goOn, SelectedRun } from '../selected-market.ts';
import { LiveFloor, MS, SECOND } from '../venue/live-floor.ts';
import { entering, holding } from './held-shares.ts';

const quotes = (
  floor: LiveFloor,
  ...all: readonly (readonly [bidPx: number, askPx: number])[]
): LiveFloor => {
  for (const [bidPx, askPx] of all) floor.after(MS).quote('A', bidPx, askPx);
  return floor;
};
const exits = (floor: LiveFloor) => floor.payloads('ExitTriggered').map(({ reason }) => reason);

const BEYOND = [94.9, 94.98] as const;
const AT = [94.99, 95] as const;
const ABOVE = [95, 95.01] as const;

describe('a stop that the engine watches', () => {
  test('sells at once on the second quote in a row beyond it, and says why', () => {
    const floor = quotes(holding(false), ABOVE, BEYOND);
    expect(exits(floor)).toEqual([]);
    quotes(floor, AT);
    expect(floor.payloads('ExitTriggered')).toMatchObject([
      {
        plan: 'equity',
        reason: 'protectiveStop',
        symbol: 'A',
        tests: [{ test: 'quotesBeyondStop', value: 2, limit: 2, pass: false }],
      },
    ]);
    expect(floor.sent()).toContain('exit A');
    expect(floor.payloads('OrderIntended').at(-1)).toMatchObject({
      action: 'exit',
      reason: 'protectiveStop',
    });
  });

  test.each([
    ['one bad print', [BEYOND, ABOVE, BEYOND, ABOVE]],
    [
      'stubs whose better side is where the market is',
      [
        [1, 100.01],
        [50, 99],
        [1, 100.01],
      ],
    ],
    [
      'quotes of one side',
      [
        [0, 90],
        [0, 90],
        [0, 90],
      ],
    ],
  ] as const)('sells nothing on %s', (_, all) => {
    expect(exits(quotes(holding(false), ...all))).toEqual([]);
  });

  test('is silent outside the session, where no stop would act', () => {
    const floor = holding(false);
    floor.now += 6.5 * 3_600 * SECOND;
    expect(exits(quotes(floor, BEYOND, BEYOND, BEYOND))).toEqual([]);
  });

  test('is left to the venue where stops rest there', () => {
    expect(exits(quotes(holding(true), BEYOND, BEYOND, BEYOND))).toEqual([]);
  });

  test('is watched for coins however it is configured: no venue takes a plain stop for them', () => {
    const floor = holding(true, 'crypto');
    expect(floor.pass(2 * SECOND).sent()).not.toContain('protect A');
    expect(exits(quotes(floor, BEYOND, BEYOND))).toEqual(['protectiveStop']);
  });

  test('of coins stands from the fill on, by the price paid', () => {
    const floor = entering('crypto');
    floor.decide(() => floor.defer({ intent: 1, action: 'enter', quantity: 20 })).opened();
    const [order] = floor.orders();
    floor.accept(order).pass(SECOND).fill(order, 100, 20).pass(SECOND);
    const { stopPx } = floor.actors.selector!.view('A').plans.equity;
    expect(stopPx).toBeLessThan(100);
    floor.quoted = [];
    const beyond = [stopPx! - 1, stopPx! - 0.5] as const;
    expect(exits(quotes(floor, beyond, beyond))).toEqual(['protectiveStop']);
  });

  test('is judged by the close, too, and no order of it is ever sent', () => {
    const calm = goOn(calmRise(), 4, 0.003, { long: 85 });
    const days = goOn(goOn(calm, 1, -0.03), 2, 0.003);
    const storyOf = (restingStops: boolean) =>
      new SelectedRun(days, {
        run: { instruments: 'equity' },
        config: { regime: { structure: { crashSigma: 1e6 } }, venue: { restingStops } },
      });
    const watched = storyOf(false);
    const actions = watched.of(o.OrderIntended).map(({ action }) => action);
    expect(actions).toEqual(['enter', 'exit']);
    expect(watched.story().slice(-2)).toEqual([
      '26: equity leaves: protectiveStop',
      expect.stringMatching(/^27: sell \d+ shares to exit$/),
    ]);
    expect(
      storyOf(true)
        .of(o.OrderIntended)
        .map(({ action }) => action),
    ).toContain('protect');
  });

  test('waits for its feed to be live again before the exit leaves', () => {
    const floor = holding(false);
    floor.lose('orders');
    quotes(floor, BEYOND, BEYOND);
    expect(exits(floor)).toEqual(['protectiveStop']);
    expect(floor.sent()).not.toContain('exit A');
    floor.quoted = [];
    floor.connect('orders').reconcile();
    quotes(floor, BEYOND).clock();
    expect(floor.sent()).toContain('exit A');
  });
});

describe('a stop that rests at the venue, in the way of an exit', () => {
  /** Order 2 rests and was asked to be canceled. */
  const inTheWay = (): LiveFloor => {
    const floor = new LiveFloor({ symbols: ['A', 'B'], config: { risk: { intentAgeMaxMs: 60_000 } } });
    floor.quoted = ['A', 'B'];
    floor.warmUp('B').started().hold('A', 10, 100).hold('B', 10, 100);
    floor.pass(2 * SECOND);
    const rests = { action: 'protect', side: 'sell', orderType: 'stop', timeInForce: 'gtc' } as const;
    floor.decide(() => floor.intend({ ...rests, quantity: 10, stopPx: 90 })).accept(STOP);
    floor.pass(6 * SECOND).sent();
    floor.decide(() => {
      floor.defer({ intent: 1, action: 'exit', quantity: 10 });
      floor.defer({ intent: 2, action: 'exit', symbol: 'B', quantity: 10 });
    });
    floor.opened();
    expect(floor.sent()).toEqual([CANCEL]);
    return floor;
  };
  const STOP = 3;
  const CANCEL = `cancel ${STOP}`;
  const unknown = (floor: LiveFloor) =>
    floor.input(o.OrderOutcomeUnknown.of({ ordinal: STOP, reason: '504' }));
  const dropped = (floor: LiveFloor) => floor.payloads('IntentDropped').map(({ intent }) => intent);

  test('is gone, by the word of the venue, before the exit leaves', () => {
    const floor = inTheWay();
    expect(floor.pass(3 * SECOND).sent()).toEqual([]);
    expect(floor.cancelled(STOP).sent()).toContain('exit A');
  });

  test('stays where its cancel is refused, holds up no other symbol, and is asked again', () => {
    const floor = inTheWay().refuse(STOP);
    const meanwhile = floor.pass(4_750 * MS).sent();
    expect(meanwhile).toContain('exit B');
    expect(meanwhile).not.toContain(CANCEL);
    expect(floor.pass(250 * MS).sent()).toEqual([CANCEL]);
    expect(floor.cancelled(STOP).sent()).toEqual(['exit A']);
  });

  test('makes way for an exit that follows, and for none that grew too old', () => {
    const floor = inTheWay().refuse(STOP);
    for (let i = 0; i < 12; i++)
      if (
        floor
          .pass(5 * SECOND)
          .sent()
          .includes(CANCEL)
      )
        floor.refuse(STOP);
    floor.pass(2 * SECOND);
    expect(dropped(floor)).toContain(1);
    expect(floor.actors.orders.get(STOP)!.state.status).toBe('accepted');
    // The exit is asked for again, younger, and the stop is canceled for that one.
    expect(floor.pass(20 * SECOND).sent()).toContain(CANCEL);
    expect(floor.cancelled(STOP).sent()).toContain('exit A');
  });

  test('whose cancel is of unknown fate is looked up, asked again when found, and only then followed', () => {
    const floor = inTheWay();
    unknown(floor);
    expect(floor.pass(SECOND).sent()).toEqual([`protect A`, 'exit B']);
    floor.accept(STOP);
    expect(floor.sent()).toEqual([CANCEL]);
    expect(floor.pass(SECOND).sent()).not.toContain('exit A');
    expect(floor.cancelled(STOP).sent()).toContain('exit A');
  });

  test('that is found filled leaves nothing to sell', () => {
    const floor = inTheWay();
    unknown(floor);
    floor.fill(STOP, 90, 10).pass(SECOND);
    expect(dropped(floor)).toEqual([1]);
    expect(floor.sent()).not.toContain('exit A');
  });

  test('that the venue does not know any more is given up before the exit leaves', () => {
    const floor = inTheWay();
    unknown(floor);
    for (let i = 0; i < 5; i++) {
      expect(floor.sent()).not.toContain('exit A');
      floor.input(o.OrderNotFound.of({ ordinal: STOP }));
      floor.pass(2 * SECOND);
    }
    expect(floor.payloads('OrderGivenUp')).toMatchObject([{ ordinal: STOP }]);
    expect(floor.sent()).toContain('exit A');
  });
});

describe('a stop that rests at a live venue', () => {
  /** The walk's first order is out: twenty shares at the midpoint. */
  const walking = (): LiveFloor => {
    const floor = entering();
    floor.decide(() => floor.defer({ intent: 1, action: 'enter', quantity: 20 })).opened();
    expect(floor.sent()).toContain('enter A');
    // Two orders in a symbol are a second apart.
    return floor.accept(last(floor)).pass(SECOND);
  };
  const last = (floor: LiveFloor): number => floor.orders().at(-1)!;
  const stops = (floor: LiveFloor) => floor.sent().filter((each) => each === 'protect A');
  const stop = (floor: LiveFloor) => floor.intended(last(floor));
  const resting = (): LiveFloor => {
    const floor = walking();
    floor.fill(last(floor), 100, 20).sent();
    return floor.accept(last(floor)).pass(8 * SECOND);
  };

  test('is sent with the fill that ends the entry, at its distance from the price paid', () => {
    const floor = walking();
    floor.fill(last(floor), 100, 20);
    expect(stops(floor)).toEqual(['protect A']);
    // Days of 99 to 101: four average ranges of two dollars.
    expect(stop(floor)).toMatchObject({ quantity: 20, stopPx: 92, timeInForce: 'gtc' });
    floor.accept(last(floor)).pass(20 * SECOND);
    expect(stops(floor)).toEqual([]);
  });

  test('waits while the rest of the entry walks, and is for what was bought when that ends', () => {
    const floor = walking();
    const entry = last(floor);
    floor.fill(entry, 100, 8, 12).clock();
    expect(stops(floor)).toEqual([]);
    floor.decide(() => floor.actors.workers.withdraw('A'));
    expect(floor.sent()).toEqual([`cancel ${entry}`]);
    floor.cancelled(entry);
    expect(stops(floor)).toEqual(['protect A']);
    expect(stop(floor)).toMatchObject({ quantity: 8 });
  });

  test('rests again at once, with the new number and price, when a split took it away', () => {
    const floor = resting();
    const before = last(floor);
    floor.input(SplitApplied.of({ symbol: 'A', numerator: 2, denominator: 1, cashInLieuPx: null }));
    floor.input(o.OrderCanceled.of({ ordinal: before, reason: 'corporate action' }));
    floor.quote('A', 49.99, 50.01).clock();
    expect(stops(floor)).toEqual(['protect A']);
    expect(stop(floor)).toMatchObject({ quantity: 40, stopPx: 46 });
  });

  test('that the venue left alone at a split makes way for the rescaled one', () => {
    const floor = resting();
    const before = last(floor);
    floor.input(SplitApplied.of({ symbol: 'A', numerator: 2, denominator: 1, cashInLieuPx: null }));
    floor.quote('A', 49.99, 50.01).clock();
    expect(floor.sent()).toEqual([`cancel ${before}`]);
    floor.cancelled(before);
    expect(stops(floor)).toEqual(['protect A']);
    expect(stop(floor)).toMatchObject({ quantity: 40, stopPx: 46 });
  });

  test('that was taken away while the market is closed rests again with the next open', () => {
    const floor = resting();
    floor.now += 6.5 * 3_600 * SECOND;
    floor.input(o.OrderCanceled.of({ ordinal: last(floor), reason: 'corporate action' }));
    floor.pass(SECOND);
    expect(stops(floor)).toEqual([]);
    floor.now += 17.5 * 3_600 * SECOND;
    floor
      .pass(2 * SECOND)
      .backfill()
      .pass(SECOND);
    expect(stops(floor)).toEqual(['protect A']);
  });

  test('is put back after a halt that took it, and less and less often where the venue keeps taking it', () => {
    const floor = resting();
    floor.command('halt');
    floor.cancelled(last(floor)).pass(10 * SECOND);
    expect(stops(floor)).toEqual([]);
    floor.command('reset').reconcile().clock();
    expect(stops(floor)).toEqual(['protect A']);
    let asked = 0;
    for (let seconds = 0; seconds < 60; seconds++) {
      floor.accept(last(floor));
      if (floor.actors.orders.hasWorking('A')) floor.cancelled(last(floor));
      floor.pass(SECOND);
      asked += stops(floor).length;
    }
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(4);
  });
});
