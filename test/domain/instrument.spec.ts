import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { onQuantityGrid, PX_MAX, roundPassive, type Side, tickSize } from '../../src/domain/instrument.ts';

const side = fc.constantFrom<Side>('buy', 'sell');
const px = fc.oneof(
  fc.double({ min: 0.00005, max: 2, noNaN: true }),
  fc.double({ min: 1, max: PX_MAX, noNaN: true }),
);

describe('the price grid', () => {
  test.prop([px])('a price rounds down for a buy and up for a sell, by less than a tick', (price) => {
    const slack = 1e-8 + price * 1e-15;
    const down = price - roundPassive(price, 'buy');
    const up = roundPassive(price, 'sell') - price;
    for (const moved of [down, up]) {
      expect(moved).toBeGreaterThan(-slack);
      expect(moved).toBeLessThan(tickSize(price) + slack);
    }
  });

  test.prop([px, side])('a rounded price stays where it is', (price, on) => {
    const rounded = roundPassive(price, on);
    expect(roundPassive(rounded, 'buy')).toBe(rounded);
    expect(roundPassive(rounded, 'sell')).toBe(rounded);
  });

  test.prop([fc.integer({ min: 100, max: PX_MAX * 100 }), side])(
    'whole cents are on the grid',
    (cents, on) => {
      expect(roundPassive(cents / 100, on)).toBe(cents / 100);
    },
  );

  test.prop([fc.integer({ min: 1, max: 9_999 }), side])(
    'below a dollar hundredths of a cent are on it',
    (steps, on) => {
      expect(roundPassive(steps / 10_000, on)).toBe(steps / 10_000);
    },
  );

  test('the tick changes at one dollar', () => {
    expect([0.9999, 1, 1.005].map((px) => tickSize(px))).toEqual([0.0001, 0.01, 0.01]);
    expect([roundPassive(0.99995, 'buy'), roundPassive(0.99995, 'sell')]).toEqual([0.9999, 1]);
    expect([roundPassive(1.0001, 'buy'), roundPassive(1.0001, 'sell')]).toEqual([1, 1.01]);
  });

  test('a last binary digit moves no price', () => {
    expect([roundPassive(0.1 + 0.2, 'sell'), roundPassive(1.1 * 3, 'sell')]).toEqual([0.3, 3.3]);
    expect([roundPassive(0.57 * 100, 'buy'), roundPassive(4.35, 'buy')]).toEqual([57, 4.35]);
  });
});

test.prop([fc.array(fc.integer({ min: -1e9, max: 1e9 }), { maxLength: 20 })])(
  'quantities bought in parts and sold at once leave nothing',
  (billionths) => {
    const parts = billionths.map((n) => n / 1e9);
    const held = parts.reduce((sum, part) => onQuantityGrid(sum + part), 0);
    expect(onQuantityGrid(held - billionths.reduce((a, b) => a + b, 0) / 1e9)).toBeCloseTo(0, 15);
  },
);
