import { describe, expect, test } from 'vitest';
import type { RunSpec } from '../../../src/domain/config.ts';
import { ConvictionChanged } from '../../../src/events/decision.events.ts';
import {
  IntentDeferred,
  IntentDropped,
  OrderDenied,
  OrderIntended,
} from '../../../src/events/order.events.ts';
import type { Direction } from '../../../src/streams/strategy.ts';
import { Floor } from '../trading-floor.ts';

const signal = (direction: Direction, conviction = 100, symbol = 'A') =>
  ConvictionChanged.of({
    components: [],
    conviction,
    direction,
    evidence: {},
    omitted: [],
    strategy: 'test',
    symbol,
  });

/** Profile `plain`, ten units an entry. */
class PlainFloor extends Floor {
  constructor(priceSource: 'bars' | 'trades', run: Partial<RunSpec> = {}) {
    const fixed = { kind: 'fixed', quantity: 10 } as const;
    super({
      priceSource,
      run: { profile: 'plain', execution: 'next-open', risk: false, exits: false, sizing: fixed, ...run },
    });
  }

  /** All in one dispatch: what a strategy says twice or changes within a bar. */
  says(...signals: readonly ReturnType<typeof signal>[]): this {
    return this.decide(() => {
      for (const each of signals) this.kernel.publish(each);
    });
  }

  /** `action side quantity` of what was deferred, and what became of it. */
  deferred(): string[] {
    return this.log.events.flatMap(({ type, payload }) => {
      const { action, side, size, intent } = payload as IntentDeferred & { size?: { quantity: number } };
      if (type === IntentDeferred.type) return `${action} ${side} ${size.quantity}`;
      return type === IntentDropped.type ? `drop ${intent}` : [];
    });
  }

  intendedTerms(): string[] {
    return this.payloads(OrderIntended.type).map(
      ({ action, side, size }) => `${action} ${side} ${(size as { quantity: number }).quantity}`,
    );
  }
}

const both = { allowShort: true, reverse: true };
const daily = (run?: Partial<RunSpec>) => new PlainFloor('bars', run).day('A', 100);
const intraday = (run?: Partial<RunSpec>) => new PlainFloor('trades', run);

describe('daily bars', () => {
  test('the same signal twice in one bar enters once', () => {
    expect(daily().says(signal('long'), signal('long', 90)).deferred()).toEqual(['enter buy 10']);
  });

  test('a side withdrawn before the open is not entered', () => {
    const floor = daily().says(signal('long')).says(signal('flat')).nextDay().print('A', 101).opened();
    expect(floor.deferred()).toEqual(['enter buy 10', 'drop 1']);
    expect(floor.intendedTerms()).toEqual([]);
  });

  test('a reversal before the open leaves one entry, on the newer side', () => {
    const floor = daily(both).says(signal('long')).says(signal('short')).nextDay().print('A', 101).opened();
    expect(floor.deferred()).toEqual(['enter buy 10', 'drop 1', 'enter sell 10']);
    expect(floor.intendedTerms()).toEqual(['enter sell 10']);
  });

  test('a side wanted again after a change of mind is entered once', () => {
    const floor = daily(both).says(signal('long'), signal('short'), signal('long'));
    expect(floor.nextDay().print('A', 101).opened().intendedTerms()).toEqual(['enter buy 10']);
  });

  test('an exit and the flatten at the end sell what is held once', () => {
    const floor = daily().hold('A', 10, 100).says(signal('flat')).command('flatten').command('flatten', 'A');
    floor.nextDay().print('A', 101).opened();
    const [, exit] = floor.orders();
    expect(floor.accept(exit).fill(exit, 101).intendedTerms()).toEqual(['enter buy 10', 'exit sell 10']);
    expect(floor.actors.portfolio.quantity('A')).toBe(0);
  });
});

describe('shorter bars', () => {
  test('the same signal twice in one bar enters once', () => {
    expect(intraday().says(signal('long'), signal('long', 90)).intendedTerms()).toEqual(['enter buy 10']);
  });

  test('a change of mind cancels an entry that is still working', () => {
    const floor = intraday().says(signal('long'));
    floor.accept(1).says(signal('flat'));
    expect(floor.sent()).toEqual(['enter A', 'cancel 1']);
  });

  test('what fills while its entry is being cancelled is left at the next signal', () => {
    const floor = intraday().says(signal('long')).accept(1).says(signal('flat')).fill(1, 100);
    expect(floor.says(signal('flat')).intendedTerms()).toEqual(['enter buy 10', 'exit sell 10']);
  });

  test('a second exit sells only what the first leaves over', () => {
    const floor = intraday().hold('A', 10, 100).says(signal('flat')).accept(2).fill(2, 100, 4, 6);
    floor.says(signal('flat', 90)).command('flatten');
    expect(floor.intendedTerms()).toEqual(['enter buy 10', 'exit sell 10']);
  });

  test('the flatten at the end withdraws an entry and sells what is held, once', () => {
    const floor = intraday()
      .hold('A', 10, 100)
      .says(signal('long', 100, 'B'))
      .accept(2);
    floor.sent();
    expect(floor.command('flatten').command('flatten').sent()).toEqual(['cancel 2', 'exit A']);
  });
});

describe.each([
  ['daily bars', daily, (floor: PlainFloor) => floor.deferred()],
  [
    'shorter bars',
    intraday,
    (floor: PlainFloor) => floor.intendedTerms().slice(floor.orders().length - floor.sent().length),
  ],
] as const)('%s', (_, make, acted) => {
  const holding = (run: Partial<RunSpec> = {}, quantity = 10) => {
    const floor = make(run);
    floor.decide(() => floor.intend({ quantity: Math.abs(quantity), side: quantity > 0 ? 'buy' : 'sell' }));
    floor.fill(1, 100).sent();
    return floor;
  };

  test('a short signal sells nothing where shorts are not allowed', () => {
    expect(acted(make().says(signal('short')))).toEqual([]);
    expect(acted(make({ allowShort: true }).says(signal('short')))).toEqual(['enter sell 10']);
  });

  test('the other side leaves the position, and enters at once only where reversals are on', () => {
    expect(acted(holding({ allowShort: true }).says(signal('short')))).toEqual(['exit sell 10']);
    expect(acted(holding(both).says(signal('short')))).toEqual(['exit sell 10', 'enter sell 10']);
    expect(acted(holding({ reverse: true }).says(signal('short')))).toEqual(['exit sell 10']);
    expect(acted(holding(both, -10).says(signal('long')))).toEqual(['exit buy 10', 'enter buy 10']);
  });

  test('conviction enters at 60, holds down to 40, and leaves below', () => {
    expect(acted(make().says(signal('long', 59.9)))).toEqual([]);
    expect(acted(make().says(signal('long', 60)))).toEqual(['enter buy 10']);
    expect(acted(holding().says(signal('long', 40)))).toEqual([]);
    expect(acted(holding().says(signal('long', 39.9)))).toEqual(['exit sell 10']);
  });

  test('the other side is left for at 40, and entered at 60', () => {
    expect(acted(holding(both).says(signal('short', 39.9)))).toEqual([]);
    expect(acted(holding(both).says(signal('flat', 39.9)))).toEqual([]);
    expect(acted(holding(both).says(signal('short', 40)))).toEqual(['exit sell 10']);
    expect(acted(holding(both).says(signal('short', 60)))).toEqual(['exit sell 10', 'enter sell 10']);
  });

  test('a position is not added to', () => {
    expect(acted(holding().says(signal('long')))).toEqual([]);
  });

  test('signals before the first decided day are not followed, the one at that instant is', () => {
    const { now } = make();
    expect(acted(make({ tradeFrom: now + 1 }).says(signal('long')))).toEqual([]);
    expect(acted(make({ tradeFrom: now }).says(signal('long')))).toEqual(['enter buy 10']);
  });

  test("an operator's halt denies the entry though this profile checks no risk", () => {
    const floor = make().command('halt').says(signal('long')).nextDay();
    floor.print('A', 101).opened();
    expect(floor.payloads(OrderDenied.type)).toHaveLength(1);
    expect(floor.verdict()).toBe('tradingState: halted against trading');
    expect(floor.sent()).toEqual([]);
  });
});
