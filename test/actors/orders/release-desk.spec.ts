import { describe, expect, test } from 'vitest';
import { dayToMicros, tradingSession } from '../../../src/domain/exchange-calendar.ts';
import { Floor, type FloorOptions } from '../trading-floor.ts';

const SECOND = 1_000_000;
const noSpread = { exchange: { halfSpread: 0 } };

function floor(options: FloorOptions = {}): Floor {
  const each = new Floor({
    symbols: ['A', 'B', 'C'],
    ...options,
    config: { ...noSpread, ...(options.config as object) },
  });
  return each.print('A', 100).print('B', 100).print('C', 100);
}
const dropped = (each: Floor) =>
  each.payloads('IntentDropped').map(({ intent, reason }) => `${intent}: ${reason}`);

describe('what was deferred', () => {
  test('waits for its market to open', () => {
    const each = floor().decide(() => undefined);
    each
      .decide(() => each.defer({ intent: 1 }))
      .after(SECOND)
      .print('A', 101);
    expect(each.sent()).toEqual([]);
    expect(each.after(SECOND).opened().sent()).toEqual(['enter A']);
    const { causation } = each.log.ofType('OrderIntended')[0];
    expect(each.log.events.find(({ seq }) => seq === causation)!.type).toBe('IntentDeferred');
    expect(each.after(SECOND).opened().sent()).toEqual([]);
  });

  test('goes out exits before entries before protective stops, by symbol, each when the one before is done', () => {
    const each = floor().hold('A', 10, 100).hold('C', 10, 100);
    each.kernel.takeEffects();
    each.decide(() => {
      each.defer({ intent: 1, action: 'protect', symbol: 'A' });
      each.defer({ intent: 2, action: 'enter', symbol: 'B', quantity: 5 });
      each.defer({ intent: 3, action: 'exit', symbol: 'C' });
      each.defer({ intent: 4, action: 'enter', symbol: 'A', quantity: 5 });
    });
    each.after(SECOND).opened();
    expect(each.sent()).toEqual(['exit C']);
    expect(each.accept(3).sent()).toEqual([]);
    expect(each.fill(3, 100, 4, 6).sent()).toEqual([]);
    expect(each.fill(3, 100, 6).sent()).toEqual(['enter A']);
    expect(each.cancelled(4).sent()).toEqual(['enter B']);
    expect(each.fill(5, 100).sent()).toEqual(['protect A']);
    expect(dropped(each)).toEqual([]);
  });

  test('a hedge goes between exits and entries', () => {
    const each = floor().hold('C', 10, 100);
    each.kernel.takeEffects();
    each.decide(() => {
      each.defer({ intent: 1, action: 'enter', symbol: 'A' });
      each.defer({ intent: 2, action: 'hedge', role: 'hedge', symbol: 'B', side: 'buy' });
      each.defer({ intent: 3, action: 'exit', symbol: 'C', quantity: 10 });
    });
    each.after(SECOND).opened();
    expect(each.sent()).toEqual(['exit C']);
    expect(dropped(each)).toEqual([]);
    each.fill(2, 100);
    // A share hedges nothing: its turn comes, and passes.
    expect(dropped(each)).toEqual(['2: the limits leave no room for one unit']);
    const after = each.log.events.map(({ type }) => type);
    expect(after.indexOf('IntentDropped')).toBeLessThan(after.lastIndexOf('OrderIntended'));
    expect(each.sent()).toEqual(['enter A']);
  });

  test('an order that rests holds nobody up', () => {
    const each = floor().hold('A', 10, 100).hold('B', 10, 100);
    each.kernel.takeEffects();
    each.decide(() => {
      each.defer({ intent: 1, action: 'protect', symbol: 'A' });
      each.defer({ intent: 2, action: 'protect', symbol: 'B' });
    });
    expect(each.after(SECOND).opened().sent()).toEqual(['protect A']);
    expect(each.accept(3).sent()).toEqual(['protect B']);
  });

  for (const [how, ends] of [
    ['rejected', (each: Floor) => each.reject(2)],
    ['canceled', (each: Floor) => each.cancelled(2)],
    ['filled', (each: Floor) => each.fill(2, 100)],
  ] as const) {
    test(`the next leaves when the one before was ${how}`, () => {
      const each = floor().hold('A', 10, 100);
      each.kernel.takeEffects();
      each.decide(() => {
        each.defer({ intent: 1, action: 'exit', symbol: 'A' });
        each.defer({ intent: 2, action: 'enter', symbol: 'B' });
      });
      expect(each.after(SECOND).opened().sent()).toEqual(['exit A']);
      ends(each);
      expect(each.sent()).toEqual(['enter B']);
    });
  }

  test('the next leaves when the one before was denied', () => {
    const each = floor({ config: { risk: { symbolCap: 0.000001 } } }).hold('A', 10, 100);
    each.kernel.takeEffects();
    each.decide(() => {
      each.defer({ intent: 1, action: 'exit', symbol: 'A', quantity: 10 });
      each.defer({ intent: 2, action: 'exit', symbol: 'B', quantity: 10 });
    });
    each.command('halt').after(SECOND).opened();
    expect(each.sent()).toEqual([]);
    expect(each.payloads('OrderDenied').at(-1)).toMatchObject({
      reason: 'tradingState: halted against trading or reducing',
    });
    expect(dropped(each)).toEqual(['2: the position is already closed']);
  });
});

describe('a protective stop', () => {
  const protectedFloor = () => {
    const each = floor().hold('A', 10, 100);
    each
      .decide(() =>
        each.intend({
          action: 'protect',
          side: 'sell',
          quantity: 10,
          orderType: 'stop',
          stopPx: 90,
          timeInForce: 'gtc',
        }),
      )
      .accept(2);
    each.kernel.takeEffects();
    each.decide(() => each.defer({ intent: 1, action: 'exit' }));
    return each.after(SECOND).opened();
  };

  test('is canceled before the exit leaves', () => {
    const each = protectedFloor();
    expect(each.sent()).toEqual(['cancel 2']);
    expect(each.cancelled(2).sent()).toEqual(['exit A']);
  });

  test('that fills instead leaves nothing to exit', () => {
    const each = protectedFloor();
    each.kernel.takeEffects();
    expect(each.fill(2, 90).sent()).toEqual([]);
    expect(dropped(each)).toEqual(['1: the position is already closed']);
  });

  test('that fills in part leaves an exit for the rest', () => {
    const each = protectedFloor();
    each.fill(2, 90, 4, 6).cancelled(2);
    expect(each.intended(3)).toMatchObject({ action: 'exit', quantity: 6 });
  });

  test('is asked to cancel once, whatever else happens before the answer', () => {
    const each = protectedFloor().decide(() => undefined);
    each.decide(() => {
      each.actors.orders.cancel(2, 'again');
    });
    each.command('halt');
    expect(each.sent()).toEqual(['cancel 2']);
  });
});

test('an order is asked to cancel once, also by two in one instant', () => {
  const each = floor();
  each.decide(() => each.intend({ quantity: 10 })).accept(1);
  each.kernel.takeEffects();
  each.decide(() => {
    expect(each.actors.orders.cancel(1, 'one')).toBe(true);
    expect(each.actors.orders.cancel(1, 'two')).toBe(false);
  });
  expect(each.sent()).toEqual(['cancel 1']);
});

describe('an entry', () => {
  test('is trimmed to the room the limits leave', () => {
    const each = floor().hold('A', 300, 100);
    each.decide(() => each.defer({ intent: 1, symbol: 'A', quantity: 500 }));
    each.after(6 * SECOND).opened();
    expect(each.intended(2).quantity).toBe(100);
    expect(each.verdict()).toBe('approved');
  });

  test('of a share of equity is trimmed likewise, and what is trimmed passes the gate', () => {
    const each = floor().hold('A', 123, 100);
    each.decide(() => each.defer({ intent: 1, symbol: 'A', size: { kind: 'fraction', fraction: 1 } }));
    each.after(6 * SECOND).opened();
    const { size } = each.intended(2);
    expect(size.kind === 'fraction' && size.fraction).toBeCloseTo(0.4 - 0.123, 5);
    expect(each.verdict()).toBe('approved');
  });

  test('without room for one unit is dropped with the reason', () => {
    const each = floor().hold('A', 400, 100);
    each.decide(() => {
      each.defer({ intent: 1, symbol: 'A', quantity: 5 });
      each.defer({ intent: 2, symbol: 'A', size: { kind: 'fraction', fraction: 0.1 } });
    });
    each.after(6 * SECOND).opened();
    expect(dropped(each)).toEqual([
      '1: the limits leave no room for one unit',
      '2: the limits leave no room',
    ]);
  });

  test('without a price is dropped with the reason', () => {
    const each = new Floor();
    each
      .decide(() => each.defer({ intent: 1 }))
      .after(SECOND)
      .opened();
    expect(dropped(each)).toEqual(['1: no price for A yet']);
  });

  test('that waited longer than an intent may age is dropped, and the age counts from its release', () => {
    const waitsBehind = (gap: number) => {
      const each = floor().hold('A', 10, 100);
      each.decide(() => {
        each.defer({ intent: 1, action: 'exit' });
        each.defer({ intent: 2, symbol: 'B' });
      });
      return each
        .after(86_400 * SECOND)
        .opened()
        .accept(2)
        .after(gap)
        .fill(2, 100);
    };
    expect(dropped(waitsBehind(900 * SECOND))).toEqual([]);
    expect(dropped(waitsBehind(900 * SECOND + 1))).toEqual(['2: 900000.001 ms old; at most 900000']);
  });
});

describe('carried into the next session', () => {
  test('what waits is released at its open', () => {
    const first = floor();
    first.decide(() => first.defer({ intent: 1, quantity: 3 }));
    const second = floor({ carried: first.carryOver() });
    expect(second.after(SECOND).opened().sent()).toEqual(['enter A']);
  });

  test('what was being released goes on behind the order it waits for', () => {
    const first = floor().hold('A', 10, 100);
    first.decide(() => {
      first.defer({ intent: 1, action: 'exit' });
      first.defer({ intent: 2, symbol: 'B' });
    });
    first.after(SECOND).opened().accept(2);
    const second = floor({ carried: first.carryOver() });
    second.now = first.now;
    second.input({
      kind: 'input',
      type: 'OrderFilled',
      version: 1,
      payload: {
        ordinal: 2,
        executionId: 'x',
        symbol: 'A',
        side: 'sell',
        lastQty: 10,
        lastPx: 100,
        leavesQty: 0,
        feeMicros: 0,
      },
    });
    expect(second.payloads('OrderIntended')).toMatchObject([{ action: 'enter', symbol: 'B', ordinal: 3 }]);
  });
});

describe('everything is to be closed', () => {
  test.each([null, 'A'])('and nothing that opens goes out any more, of %s', (only) => {
    const each = floor().hold('C', 10, 100);
    each.kernel.takeEffects();
    each.decide(() => {
      each.defer({ intent: 1, action: 'enter', symbol: 'A' });
      each.defer({ intent: 2, action: 'hedge', role: 'hedge', symbol: 'A', side: 'buy' });
      each.defer({ intent: 3, action: 'exit', symbol: 'C', quantity: 10 });
      each.defer({ intent: 4, action: 'enter', symbol: 'B' });
    });
    each.command('flatten', only).after(SECOND).opened();
    expect(each.sent()).toEqual(['exit C']);
    each.fill(2, 100);
    const closing = 'everything is to be closed';
    const ofB = only === null ? [`4: ${closing}`] : [];
    expect(dropped(each)).toEqual([`1: ${closing}`, `2: ${closing}`, ...ofB]);
    expect(each.sent()).toEqual(only === null ? [] : ['enter B']);
  });
});

test('what is asked for at midnight UTC leaves at once where the market never closes', () => {
  const leavesAt = (calendar: '24x7' | 'XNYS', now: number) => {
    const each = floor({ calendar }).hold('A', 10, 100);
    each.kernel.takeEffects();
    each.now = now;
    each.decide(() =>
      each.actors.desk.request(
        {
          action: 'exit',
          role: 'tactical',
          symbol: 'A',
          side: 'sell',
          size: { kind: 'quantity', quantity: 10 },
          orderType: 'limit',
          limitPx: null,
          stopPx: null,
          timeInForce: 'day',
          reason: 'a test',
        },
        { basis: [] },
      ),
    );
    return each.sent();
  };
  const midnight = dayToMicros('2024-01-03');
  for (const now of [midnight - 1, midnight, midnight + 1]) expect(leavesAt('24x7', now)).toEqual(['exit A']);
  const { open, close } = tradingSession('XNYS', '2024-01-03')!;
  expect([open - 1, open, close - 1, close].map((now) => leavesAt('XNYS', now).length)).toEqual([0, 1, 1, 0]);
});
