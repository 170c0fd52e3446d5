import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { fromMicros, notionalMicros, toMicros } from '../../src/domain/money.ts';

test.prop([fc.integer({ min: -(2 ** 50), max: 2 ** 50 })])(
  'micro-dollars come back from dollars exactly, up to a billion',
  (micros) => {
    expect(toMicros(fromMicros(micros))).toBe(micros);
  },
);

test.prop([
  fc.integer({ min: 0, max: 1_000_000 }),
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.constantFrom(1, 10, 100),
])('whole units at whole cents are worth exactly their product', (quantity, cents, multiplier) => {
  const exact = BigInt(quantity) * BigInt(cents) * BigInt(multiplier) * 10_000n;
  const worth = () => notionalMicros(quantity, cents / 100, multiplier);
  if (exact > BigInt(Number.MAX_SAFE_INTEGER)) expect(worth).toThrow(RangeError);
  else expect(BigInt(worth())).toBe(exact);
});

test.prop([fc.double({ min: 0, max: 1e9, noNaN: true })])('a loss rounds as a gain does', (dollars) => {
  expect(toMicros(-dollars) + toMicros(dollars)).toBe(0);
});

test('half a micro-dollar rounds away from zero, and nothing is never negative zero', () => {
  expect([toMicros(0.0000005), toMicros(-0.0000005)]).toEqual([1, -1]);
  for (const none of [toMicros(-0), toMicros(-1e-9), notionalMicros(-0, 1), notionalMicros(-1e-9, 1)]) {
    expect(Object.is(none, 0)).toBe(true);
  }
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 9_007_199_255, -9_007_199_255])(
  'the ledger refuses %d dollars and says what it holds',
  (dollars) => {
    expect(() => toMicros(dollars)).toThrow(
      `${dollars} dollars do not fit the ledger: it holds less than 9,007,199,254 exactly`,
    );
  },
);

test('a value the ledger cannot hold is refused though its price could be', () => {
  expect(() => notionalMicros(1_000_000, 10_000, 1)).toThrow(
    '1000000 x 10000 x 1 dollars do not fit the ledger',
  );
  expect(() => notionalMicros(Number.NaN, 1)).toThrow(RangeError);
});
