import { describe, expect, test } from 'vitest';
import { Floor, type FloorOptions } from '../trading-floor.ts';

const MS = 1_000;

/** A floor where A stands at 100 and B at 50; equity 100,000 in cash. */
function floor(options: FloorOptions = {}): Floor {
  return new Floor(options)
    .print('A', 100)
    .print('B', 50)
    .after(10 * MS);
}
const buy = (each: Floor, quantity: number, symbol = 'A') =>
  each.decide(() => each.intend({ quantity, symbol })).verdict();

describe('a limit passes at its value and denies just beyond, with its numbers', () => {
  test('symbol cap: 40 % of equity', () => {
    expect(buy(floor(), 400)).toBe('approved');
    expect(buy(floor(), 401)).toBe('symbolExposure: 0.401 against 0.4');
  });

  test('symbol cap: what is held counts', () => {
    expect(buy(floor().hold('A', 300, 100), 100)).toBe('approved');
    expect(buy(floor().hold('A', 300, 100), 101)).toBe('symbolExposure: 0.401 against 0.4');
  });

  test('symbol cap: an order still open counts', () => {
    const each = floor();
    each.decide(() => each.intend({ quantity: 300 })).after(6_000 * MS);
    expect(buy(each, 101)).toBe('symbolExposure: 0.401 against 0.4');
    expect(buy(floor(), 400)).toBe('approved');
  });

  test('gross cap: everything held, core included', () => {
    const config = { risk: { symbolCap: 2, grossCap: 0.5 } };
    expect(buy(floor({ config }).hold('B', 400, 50), 300)).toBe('approved');
    expect(buy(floor({ config }).hold('B', 400, 50), 301)).toBe('grossExposure: 0.501 against 0.5');
  });

  test('buying power: 90 % of the cash', () => {
    const config = { risk: { symbolCap: 2 } };
    expect(buy(floor({ config }), 900)).toBe('approved');
    expect(buy(floor({ config }), 901)).toBe('buyingPower: 90100 against 90000');
  });

  test('order size: 1 % of the 20-day volume', () => {
    const withVolume = () => {
      const each = new Floor();
      for (let day = 0; day < 20; day++) each.nextDay().day('A', 100, 10_000);
      return each;
    };
    expect(buy(withVolume(), 100)).toBe('approved');
    expect(buy(withVolume(), 101)).toBe('shareOfVolume: 0.0101 against 0.01');
  });

  test('price collar: 3 % beyond the midpoint, on the side that hurts', () => {
    const limit = (side: 'buy' | 'sell', limitPx: number, action: 'enter' | 'exit' = 'enter') => {
      const each = floor({ config: { exchange: { halfSpread: 0 } } });
      return each.decide(() => each.intend({ side, limitPx, orderType: 'limit', action })).verdict();
    };
    expect(limit('buy', 103)).toBe('approved');
    expect(limit('buy', 103.01)).toMatch(/^priceCollar: 0\.0301.* against 0\.03$/);
    expect(limit('buy', 50)).toBe('approved');
    expect(limit('sell', 97, 'exit')).toBe('approved');
    expect(limit('sell', 96.99, 'exit')).toMatch(/^priceCollar/);
  });

  test('quotes: none, or one older than two seconds, is no price', () => {
    const quoted = (ageMs: number) =>
      new Floor({ priceSource: 'quotes' }).quote('A', 99.99, 100.01).after(ageMs * MS);
    expect(buy(new Floor({ priceSource: 'quotes' }), 1)).toBe('quote: null against a two-sided quote');
    expect(buy(quoted(2_000), 1)).toBe('approved');
    expect(buy(quoted(2_001), 1)).toBe('channelSilentMs: 2001 against 2000');
  });

  test('duplicates: the same symbol, side, quantity and price within five seconds', () => {
    const twice = (gapMs: number, second: { quantity?: number; symbol?: string } = {}) => {
      const each = floor();
      each
        .decide(() => each.intend({ quantity: 10 }))
        .fill(1, 100)
        .after(gapMs * MS);
      return each.decide(() => each.intend({ quantity: 10, ...second })).verdict();
    };
    expect(twice(4_999)).toBe('duplicates: 1 against 0');
    expect(twice(5_000)).toBe('approved');
    expect(twice(1, { quantity: 11 })).toBe('approved');
    expect(twice(1, { symbol: 'B' })).toBe('approved');
  });

  test('self-trade: our own working order on the other side', () => {
    const each = floor()
      .hold('A', 10, 100)
      .after(6_000 * MS);
    each.decide(() =>
      each.intend({ action: 'protect', side: 'sell', quantity: 10, orderType: 'stop', stopPx: 90 }),
    );
    expect(buy(each, 1)).toBe('ownOrdersOnTheOtherSide: 1 against 0');
    const free = floor()
      .hold('A', 10, 100)
      .after(6_000 * MS);
    free
      .decide(() =>
        free.intend({ action: 'protect', side: 'sell', quantity: 10, orderType: 'stop', stopPx: 90 }),
      )
      .cancelled(2);
    expect(buy(free, 1)).toBe('approved');
  });

  test('one live order an intent', () => {
    const each = floor();
    each.decide(() => each.intend({ intent: 7, quantity: 1 })).after(6_000 * MS);
    each.decide(() => each.intend({ intent: 7, quantity: 2 }));
    expect(each.verdict()).toBe('liveOrdersOfIntent: 1 against 0');
  });

  test('rate, with quotes: one a second a symbol and thirty a minute', () => {
    const symbols = Array.from({ length: 40 }, (_, i) => `S${String(i).padStart(2, '0')}`);
    const each = new Floor({
      priceSource: 'quotes',
      symbols,
      config: { risk: { symbolCap: 9, grossCap: 9 } },
    });
    const ask = (symbol: string, quantity: number) => buy(each.quote(symbol, 9.99, 10.01), quantity, symbol);
    expect(ask('S00', 1)).toBe('approved');
    expect(ask('S00', 2)).toBe('intentsThisSecond: 2 against 1');
    expect(ask('S01', 1)).toBe('approved');
    each.after(1_000 * MS);
    expect(ask('S00', 3)).toBe('approved');
    for (let i = 4; i < 30; i++) expect(ask(symbols[i], 1)).toBe('approved');
    expect(ask('S30', 1)).toBe('intentsThisMinute: 31 against 30');
    each.after(60_000 * MS);
    expect(ask('S31', 1)).toBe('approved');
  });

  test('rate and duplicates do not count the further prices of one intent', () => {
    const each = new Floor({ priceSource: 'quotes' }).quote('A', 99.99, 100.01);
    const step = (n: number) =>
      each
        .decide(() => each.intend({ intent: 1, quantity: 1 }))
        .cancelled(n)
        .verdict();
    expect([step(1), step(2), step(3)]).toEqual(['approved', 'approved', 'approved']);
    expect(each.decide(() => each.intend({ intent: 2, quantity: 1 })).verdict()).toBe(
      'duplicates: 3 against 0',
    );
  });

  test('portfolio heat: no new position at 0.80', () => {
    const config = { risk: { heatCapacity: 5, grossCap: 9, symbolCap: 9 } };
    const symbols = ['A', 'B', 'C', 'D', 'E'];
    const each = new Floor({ config, symbols });
    for (const symbol of symbols) each.print(symbol, 10);
    for (const symbol of ['A', 'B', 'C']) each.hold(symbol, 1, 10);
    expect(buy(each, 1, 'D')).toBe('approved');
    each.fill(4, 10);
    expect(buy(each, 1, 'E')).toBe('portfolioHeat: 0.8 against 0.8');
  });

  test('the state of trading: reducing lets only what reduces through, halted nothing', () => {
    const each = floor()
      .hold('A', 10, 100)
      .after(6_000 * MS)
      .command('reduceOnly');
    expect(buy(each, 1)).toBe('tradingState: reducing against trading');
    each.decide(() => each.intend({ action: 'exit', side: 'sell', quantity: 10 }));
    expect(each.verdict()).toBe('approved');
    each
      .cancelled(3)
      .after(6_000 * MS)
      .command('halt');
    each.decide(() => each.intend({ action: 'exit', side: 'sell', quantity: 10 }));
    expect(each.verdict()).toBe('tradingState: halted against trading or reducing');
  });
});

describe('a share of equity', () => {
  test('is held against the same limits as a number of units', () => {
    const share = (fraction: number, options: FloorOptions = {}) => {
      const each = floor(options);
      return each.decide(() => each.intend({ size: { kind: 'fraction', fraction } })).verdict();
    };
    expect(share(0.4)).toBe('approved');
    expect(share(0.41)).toMatch(/^symbolExposure: 0\.41 against 0\.4$/);
    expect(share(0.95, { config: { risk: { symbolCap: 2 } } })).toMatch(/^buyingPower: 95000 against 90000$/);
  });

  test('that is still open counts for the next', () => {
    const each = floor();
    each.decide(() => each.intend({ size: { kind: 'fraction', fraction: 0.3 } })).after(6_000 * MS);
    expect(buy(each, 101)).toBe('symbolExposure: 0.401 against 0.4');
  });
});

describe('two intents of one instant', () => {
  test('cannot both pass one limit: the first passes', () => {
    const each = floor();
    each.decide(() => {
      each.intend({ quantity: 300 });
      each.intend({ quantity: 301 });
    });
    expect(each.payloads('RiskApproved').map(({ ordinal }) => ordinal)).toEqual([1]);
    expect(each.payloads('OrderDenied').map(({ ordinal, reason }) => [ordinal, reason])).toEqual([
      [2, 'symbolExposure: 0.601 against 0.4'],
    ]);
    expect(each.sent()).toEqual(['enter A']);
  });

  test('of which the first is denied do not stop the second', () => {
    const each = floor();
    each.decide(() => {
      each.intend({ quantity: 500 });
      each.intend({ quantity: 400 });
    });
    expect(each.payloads('RiskApproved').map(({ ordinal }) => ordinal)).toEqual([2]);
  });

  test('on two sides of one symbol: the second is the self-trade', () => {
    const each = floor()
      .hold('A', 10, 100)
      .after(6_000 * MS);
    each.decide(() => {
      each.intend({ action: 'exit', side: 'sell', quantity: 10 });
      each.intend({ quantity: 5 });
    });
    expect(each.payloads('OrderDenied').map(({ ordinal, reason }) => [ordinal, reason])).toEqual([
      [3, 'ownOrdersOnTheOtherSide: 1 against 0'],
    ]);
  });

  test('cannot both spend one cash, in profile plain', () => {
    const each = floor({ run: { profile: 'plain', risk: false } });
    each.decide(() => {
      each.intend({ quantity: 600 });
      each.intend({ symbol: 'B', quantity: 1_200 });
    });
    expect(each.payloads('RiskApproved').map(({ ordinal }) => ordinal)).toEqual([1]);
    expect(each.verdict()).toBe('cash: 60000 against 40000');
  });
});

test('what the gate remembers of the last minute is carried into the next session', () => {
  const first = floor();
  first.decide(() => first.intend({ quantity: 10 })).fill(1, 100);
  const second = new Floor({ carried: first.carryOver() });
  second.now = first.now;
  second.print('A', 100);
  expect(buy(second, 10)).toBe('duplicates: 1 against 0');
});
