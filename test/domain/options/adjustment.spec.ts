import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { adjustForSplit } from '../../../src/domain/options/adjustment.ts';
import { contractOf, intrinsic, makeContract } from '../../../src/domain/options/contract.ts';
import { parseOcc } from '../../../src/domain/options/occ-symbol.ts';

const contract = fc
  .record({
    right: fc.constantFrom('call' as const, 'put' as const),
    strike: fc.integer({ min: 2, max: 20_000 }).map((n) => n / 2),
  })
  .map((fields) => makeContract({ root: 'XYZ', expiry: '2024-01-19', ...fields }));
const spot = fc.integer({ min: 100, max: 1_000_000 }).map((n) => n / 100);
const shares = fc.integer({ min: 1, max: 20 });

describe('a split into whole shares', () => {
  test('multiplies the contracts and divides the strike, under the same root', () => {
    // Apple, 4 for 1, August 2020: one 400 call became four 100 calls.
    const before = contractOf('AAPL  201016C00400000');
    expect(adjustForSplit(before, { numerator: 4, denominator: 1 })).toEqual({
      contract: contractOf('AAPL  201016C00100000'),
      quantityFactor: 4,
    });
  });

  test('carries strikes to the cent', () => {
    const strikeAfter = (symbol: string, numerator: number) =>
      adjustForSplit(contractOf(symbol), { numerator, denominator: 1 }).contract.symbol;
    expect(strikeAfter('TSLA  220916C00700000', 3)).toBe('TSLA  220916C00233330');
    expect(strikeAfter('AAPL  140719P00650000', 7)).toBe('AAPL  140719P00092860');
    expect(strikeAfter('XYZ   240119P00022250', 2)).toBe('XYZ   240119P00011130');
    // 1.005 goes up, whatever binary makes of it.
    expect(strikeAfter('XYZ   240119P00002010', 2)).toBe('XYZ   240119P00001010');
    expect(strikeAfter('XYZ   240119P00000010', 20)).toBe('XYZ   240119P00000010');
  });

  test('is known by its ratio, not by how it is written', () => {
    const before = contractOf('XYZ   240119C00060125');
    expect(adjustForSplit(before, { numerator: 6, denominator: 2 })).toEqual(
      adjustForSplit(before, { numerator: 3, denominator: 1 }),
    );
    expect(adjustForSplit(before, { numerator: 2, denominator: 2 })).toEqual({
      contract: before,
      quantityFactor: 1,
    });
  });
});

describe('any other split', () => {
  test('leaves number and strike and changes what a contract delivers, under a numbered root', () => {
    const before = contractOf('XYZ   240119C00050000');
    const { contract: after, quantityFactor } = adjustForSplit(before, { numerator: 3, denominator: 2 });
    expect(quantityFactor).toBe(1);
    expect(after).toEqual({ ...before, symbol: 'XYZ1  240119C00050000', root: 'XYZ1', deliverable: 150 });
    const again = adjustForSplit(after, { numerator: 1, denominator: 10 }).contract;
    expect(again).toMatchObject({ symbol: 'XYZ2  240119C00050000', underlying: 'XYZ', deliverable: 15 });
  });

  test('needs room for the number', () => {
    const reverse = { numerator: 1, denominator: 10 };
    const long = contractOf('GOOGL 240119C00050000');
    expect(adjustForSplit(long, reverse).contract.root).toBe('GOOGL1');
    const ninth = contractOf('XYZ9  240119C00050000', { underlying: 'XYZ', deliverable: 10 });
    expect(() => adjustForSplit(ninth, reverse)).toThrow('root "XYZ9" has no adjusted name');
    expect(() => adjustForSplit(contractOf('LONGER240119C00050000'), reverse)).toThrow('root "LONGER"');
  });
});

describe('after any split', () => {
  const split = fc.record({ numerator: shares, denominator: shares });

  test.prop([contract, split, spot])(
    'the position is worth what it was, to half a cent of strike a contract',
    (before, ratio, px) => {
      const { contract: after, quantityFactor } = adjustForSplit(before, ratio);
      const pxAfter = (px * ratio.denominator) / ratio.numerator;
      const worthBefore = intrinsic(before, px) * before.multiplier;
      const worthAfter = intrinsic(after, pxAfter) * after.multiplier * quantityFactor;
      const rounding = quantityFactor === 1 ? 0 : 0.005 * after.multiplier * quantityFactor;
      expect(Math.abs(worthAfter - worthBefore)).toBeLessThanOrEqual(rounding + 1e-6);
    },
  );

  test.prop([contract, split])('the symbol says what the contract is', (before, ratio) => {
    const { contract: after } = adjustForSplit(before, ratio);
    const { root, expiry, right, strike } = after;
    expect(parseOcc(after.symbol)).toEqual({ ok: true, root, expiry, right, strike });
    expect([after.underlying, after.expiry]).toEqual([before.underlying, before.expiry]);
  });

  test.prop([contract, shares, shares])('shares of as many contracts have been split', (before, n, d) => {
    const { contract: after, quantityFactor } = adjustForSplit(before, { numerator: n, denominator: d });
    expect(after.deliverable * quantityFactor).toBeCloseTo((before.deliverable * n) / d, 9);
  });
});

test.each([
  [0, 1],
  [2, 0],
  [-2, 1],
  [1.5, 1],
  [Number.NaN, 1],
])('a split of %d for %d is refused', (numerator, denominator) => {
  expect(() => adjustForSplit(contractOf('XYZ   240119C00050000'), { numerator, denominator })).toThrow(
    `a split of ${numerator} for ${denominator}: both are whole shares`,
  );
});
