import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { atTheMoney, type ExpiryVols } from '../../src/streams/at-the-money.ts';

const expiry = (
  days: number,
  vols: readonly (readonly [number, number | null])[],
  spot = 100,
): ExpiryVols => ({
  spot,
  years: days / 365,
  strikes: vols.map(([strike, vol]) => ({ strike, vol: () => vol })),
});

describe('at-the-money volatility at 30 days', () => {
  test('lies between the nearest strikes on both sides of the price', () => {
    const one = expiry(30, [
      [90, 0.9],
      [98, 0.22],
      [102, 0.2],
      [110, 0.9],
    ]);
    expect(atTheMoney([one], 0)).toBeCloseTo(0.21, 12);
    expect(atTheMoney([{ ...one, spot: 99 }], 0)).toBeCloseTo(0.215, 12);
  });

  test('is asked of the forward where carry moves it', () => {
    const one = expiry(30, [
      [98, 0.22],
      [102, 0.2],
    ]);
    const forward = 100 * Math.exp((0.12 * 30) / 365);
    expect(atTheMoney([one], 0.12)).toBeCloseTo(0.22 - (0.02 * (forward - 98)) / 4, 10);
  });

  test('averages call and put of a strike, and takes the one there is', () => {
    const both = expiry(30, [
      [100, 0.18],
      [100, 0.22],
    ]);
    expect(atTheMoney([both], 0)).toBeCloseTo(0.2, 12);
    const one = expiry(30, [
      [100, null],
      [100, 0.22],
    ]);
    expect(atTheMoney([one], 0)).toBe(0.22);
  });

  test('passes over strikes whose quotes give none, up to a tenth from the price', () => {
    const gaps = expiry(30, [
      [88, 0.3],
      [92, 0.25],
      [99, null],
      [101, null],
      [108, 0.17],
    ]);
    expect(atTheMoney([gaps], 0)).toBeCloseTo(0.25 - (0.08 * 8) / 16, 12);
    expect(atTheMoney([expiry(30, [[88, 0.3]])], 0)).toBeNull();
  });

  test('is interpolated between expiries in total variance', () => {
    const near = expiry(20, [[100, 0.2]]);
    const far = expiry(50, [[100, 0.3]]);
    const variance = 0.04 * 20 + (10 / 30) * (0.09 * 50 - 0.04 * 20);
    expect(atTheMoney([near, far], 0)).toBeCloseTo(Math.sqrt(variance / 30), 12);
  });

  test('uses the expiries next to 30 days, and of those the ones with a volatility', () => {
    const near = expiry(20, [[100, 0.2]]);
    const silent = expiry(25, [[100, null]]);
    const far = expiry(50, [[100, 0.2]]);
    const farther = expiry(80, [[100, 0.9]]);
    const nearest = expiry(8, [[100, 0.9]]);
    expect(atTheMoney([nearest, near, silent, far, farther], 0)).toBeCloseTo(0.2, 12);
  });

  test('takes one expiry alone from a week to three months away, and none beyond', () => {
    expect(atTheMoney([expiry(60, [[100, 0.3]])], 0)).toBe(0.3);
    expect(atTheMoney([expiry(5, [[100, 0.3]])], 0)).toBeNull();
    expect(atTheMoney([expiry(100, [[100, 0.3]])], 0)).toBeNull();
    expect(atTheMoney([], 0)).toBeNull();
    expect(atTheMoney([expiry(30, [[100, 0.3]], 0)], 0)).toBeNull();
  });

  property.prop([
    fc.integer({ min: 7, max: 29 }),
    fc.integer({ min: 31, max: 90 }),
    fc.double({ min: 0.05, max: 1, noNaN: true }),
  ])('finds a flat surface flat, whatever its expiries', (first, second, vol) => {
    const strikes = [
      [95, vol],
      [100, vol],
      [105, vol],
    ] as const;
    expect(atTheMoney([expiry(first, strikes, 101), expiry(second, strikes, 101)], 0.03)).toBeCloseTo(
      vol,
      10,
    );
  });
});
