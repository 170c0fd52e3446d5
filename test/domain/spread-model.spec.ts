import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { roundPassive, type Side, type TickClass, tickSize } from '../../src/domain/instrument.ts';
import {
  capOf,
  entryCap,
  farTouch,
  modelledQuote,
  type TwoSided,
  walkPx,
} from '../../src/domain/spread-model.ts';

const side = fc.constantFrom<Side>('buy', 'sell');
const cents = (min: number, max: number) => fc.integer({ min, max }).map((n) => n / 100);
const quoteFrom = (price: fc.Arbitrary<number>): fc.Arbitrary<TwoSided> =>
  fc.tuple(price, price).map(([a, b]) => ({ bidPx: Math.min(a, b), askPx: Math.max(a, b) }));
const subDollar = fc.integer({ min: 1, max: 9_999 }).map((n) => n / 10_000);
const quote = fc.oneof(
  quoteFrom(cents(100, 1_000_000)),
  quoteFrom(subDollar),
  // One side of a dollar each: two grids.
  fc.record({ bidPx: subDollar, askPx: cents(100, 300) }),
);

describe('the cap of an entry', () => {
  test.prop([quote, side])('never passes the far touch', (q, on) => {
    const beyond = on === 'buy' ? entryCap(q, on) - farTouch(q, on) : farTouch(q, on) - entryCap(q, on);
    expect(beyond).toBeLessThanOrEqual(0);
  });

  test.prop([quote, side])('is better than the near touch, unless both are one', (q, on) => {
    const near = on === 'buy' ? q.bidPx : q.askPx;
    const better = on === 'buy' ? entryCap(q, on) - near : near - entryCap(q, on);
    if (q.bidPx === q.askPx) expect(better).toBe(0);
    else expect(better).toBeGreaterThan(0);
  });

  test.prop([quote, side])('is a price an order may have', (q, on) => {
    const cap = entryCap(q, on);
    expect(roundPassive(cap, on)).toBe(cap);
  });

  test('lies half of the half-spread past the midpoint', () => {
    const wide = { bidPx: 100, askPx: 100.4 };
    expect([entryCap(wide, 'buy'), entryCap(wide, 'sell')]).toEqual([100.3, 100.1]);
  });

  test('lies one tick past the midpoint where the spread is narrow', () => {
    const narrow = { bidPx: 100, askPx: 100.02 };
    expect([entryCap(narrow, 'buy'), entryCap(narrow, 'sell')]).toEqual([100.02, 100]);
    const odd = { bidPx: 100, askPx: 100.03 };
    expect([entryCap(odd, 'buy'), entryCap(odd, 'sell')]).toEqual([100.02, 100.01]);
  });
});

describe('the modelled quote', () => {
  const px = fc.double({ min: 0.00001, max: 1e6, noNaN: true });

  test.prop([px, fc.double({ min: 0, max: 1, noNaN: true })])(
    'has the price between its sides',
    (price, half) => {
      const { bidPx, askPx } = modelledQuote(price, half);
      expect(bidPx).toBeGreaterThan(0);
      expect(bidPx).toBeLessThanOrEqual(price + 1e-8);
      expect(askPx).toBeGreaterThanOrEqual(price - 1e-8);
    },
  );

  test.prop([cents(100, 1_000_000), fc.double({ min: 0, max: 0.01, noNaN: true })])(
    'is never narrower than the spread it models',
    (price, half) => {
      const { bidPx, askPx } = modelledQuote(price, half);
      expect(askPx - bidPx).toBeGreaterThanOrEqual(2 * half * price - 1e-7);
    },
  );

  test('has no bid of nothing below the smallest step', () => {
    expect(modelledQuote(0.00004, 0.0001)).toEqual({ bidPx: 0.00004, askPx: 0.0001 });
  });
});

describe('a walk', () => {
  const rules = configSchema.parse({}).execution;
  const tickClass = fc.constantFrom<TickClass>('shares', 'penny', 'nickel', 'pennyAll');
  const steps = fc.integer({ min: 0, max: 12 });
  const options = fc.tuple(cents(0, 2_000), cents(5, 500)).map(([bidPx, width]) => ({
    bidPx,
    askPx: Math.round((bidPx + width) * 100) / 100,
  }));
  const any = fc.oneof(quote, options);

  test.prop([any, side, tickClass, fc.boolean(), steps])(
    'never crosses the far touch, never passes its cap, and is a price an order may have',
    (q, on, grid, urgent, n) => {
      // An offer below the smallest tick of the grid is no price: `Pricing` gives no quote for it.
      fc.pre(q.askPx >= tickSize(0, grid));
      const walked = { side: on, tickClass: grid, urgent };
      const px = walkPx(q, walked, n, rules);
      const sign = on === 'buy' ? 1 : -1;
      expect(sign * (px - capOf(q, walked, rules))).toBeLessThanOrEqual(0);
      if (q.bidPx > 0) expect(sign * (px - farTouch(q, on, grid))).toBeLessThanOrEqual(0);
      expect(roundPassive(px, on, grid)).toBe(px);
      expect(px).toBeGreaterThan(0);
    },
  );

  test.prop([any, side, tickClass, fc.boolean(), steps])(
    'gets nearer with every step until it stands at its cap',
    (q, on, grid, urgent, n) => {
      const walked = { side: on, tickClass: grid, urgent };
      const px = walkPx(q, walked, n, rules);
      const next = walkPx(q, walked, n + 1, rules);
      const sign = on === 'buy' ? 1 : -1;
      if (px === capOf(q, walked, rules)) expect(next).toBe(px);
      else expect(sign * (next - px)).toBeGreaterThan(0);
    },
  );

  const path = (q: TwoSided, on: Side, urgent: boolean, grid: TickClass = 'shares') =>
    [0, 1, 2, 3, 4, 5].map((n) => walkPx(q, { side: on, tickClass: grid, urgent }, n, rules));

  test('starts at the midpoint and steps by a quarter of the half-spread', () => {
    const wide = { bidPx: 100, askPx: 100.4 };
    expect(path(wide, 'buy', true)).toEqual([100.2, 100.25, 100.3, 100.35, 100.4, 100.4]);
    expect(path(wide, 'sell', true)).toEqual([100.2, 100.15, 100.1, 100.05, 100, 100]);
    expect(path(wide, 'buy', false)).toEqual([100.2, 100.25, 100.3, 100.3, 100.3, 100.3]);
  });

  test('of a narrow spread steps by a tick', () => {
    expect(path({ bidPx: 100, askPx: 100.03 }, 'buy', true)).toEqual([
      100.01, 100.02, 100.03, 100.03, 100.03, 100.03,
    ]);
    expect(path({ bidPx: 100, askPx: 100.01 }, 'buy', false)).toEqual([
      100, 100.01, 100.01, 100.01, 100.01, 100.01,
    ]);
  });

  test('out of an option nobody bids for ends at its smallest price', () => {
    expect(path({ bidPx: 0, askPx: 0.1 }, 'sell', true, 'nickel')).toEqual([
      0.05, 0.05, 0.05, 0.05, 0.05, 0.05,
    ]);
    expect(farTouch({ bidPx: 0, askPx: 0.1 }, 'sell', 'penny')).toBe(0.01);
  });
});
