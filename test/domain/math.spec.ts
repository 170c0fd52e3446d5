import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { exp, log, powInt } from '../../src/domain/math.ts';

/** Reference values in fixed point: an integer holds value x 2^1280, enough for the smallest results. */
const BITS = 1280n;
const ONE = 1n << BITS;

function toFixed(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = (bits & 0xfffffffffffffn) | (exponent === 0 ? 0n : 1n << 52n);
  const shift = BITS + BigInt(Math.max(exponent, 1)) - 1075n;
  const magnitude = shift >= 0n ? fraction << shift : fraction >> -shift;
  return x < 0 ? -magnitude : magnitude;
}

/** Distance of a double from the exact value, in units of that double's last place. */
function ulps(actual: number, exact: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(actual));
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  const ulp = toFixed(view.getFloat64(0)) - toFixed(Math.abs(actual));
  const error = toFixed(actual) - exact;
  return Number(((error < 0n ? -error : error) * 1_000_000n) / ulp) / 1e6;
}

/** e^x by halving the argument 64 times, a Taylor series and squaring back. */
function exactExp(x: number): bigint {
  const guard = 160n;
  const one = ONE << guard;
  const r = (toFixed(x) << guard) >> 64n;
  let term = one;
  let sum = one;
  for (let n = 1n; term !== 0n && n < 60n; n++) {
    term = (term * r) / (n * one);
    sum += term;
  }
  for (let i = 0; i < 64; i++) sum = (sum * sum) / one;
  return sum >> guard;
}

/** ln x = k ln 2 + 2 artanh((m - 1) / (m + 1)), both by their series. */
function exactLog(x: number): bigint {
  const twoArtanh = (p: bigint, q: bigint): bigint => {
    const ratio = (p << BITS) / q;
    const square = (ratio * ratio) >> BITS;
    let power = ratio;
    let sum = 0n;
    for (let n = 1n; power !== 0n; n += 2n) {
      sum += power / n;
      power = (power * square) >> BITS;
    }
    return 2n * sum;
  };
  let k = 0n;
  let m = toFixed(x);
  for (; m >= 2n * ONE; k++) m >>= 1n;
  for (; m < ONE; k--) m <<= 1n;
  return k * twoArtanh(1n, 3n) + twoArtanh(m - ONE, m + ONE);
}

const few = { numRuns: 150 };

describe('exp', () => {
  test.prop([fc.double({ min: -700, max: 709.7, noNaN: true })], few)(
    'is within one unit in the last place of the exact value over its whole range',
    (x) => {
      expect(ulps(exp(x), exactExp(x))).toBeLessThan(1);
    },
  );
  test.prop([fc.double({ min: -1, max: 1, noNaN: true })], few)(
    'is within one unit in the last place near zero, where option maths lives',
    (x) => {
      expect(ulps(exp(x), exactExp(x))).toBeLessThan(1);
    },
  );
  test('is exact at its corners', () => {
    expect(exp(0)).toBe(1);
    expect(exp(-0)).toBe(1);
    expect(exp(1)).toBe(Math.E);
    expect(exp(709.782712893384)).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(exp(710)).toBe(Number.POSITIVE_INFINITY);
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(exp(-745.2)).toBe(0);
    expect(exp(-745)).toBe(Number.MIN_VALUE);
    expect(exp(Number.NaN)).toBeNaN();
  });
});

describe('log', () => {
  test.prop([fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true })], few)(
    'is within one unit in the last place of the exact value over all positive numbers',
    (x) => {
      expect(ulps(log(x), exactLog(x))).toBeLessThan(1);
    },
  );
  test.prop([fc.double({ min: 0.5, max: 2, noNaN: true }).filter((x) => x !== 1)], few)(
    'is within one unit in the last place around one, where returns live',
    (x) => {
      expect(ulps(log(x), exactLog(x))).toBeLessThan(1);
    },
  );
  test('is exact at its corners', () => {
    expect(log(1)).toBe(0);
    expect(log(2)).toBe(Math.LN2);
    expect(log(10)).toBe(Math.LN10);
    expect(log(Number.MIN_VALUE)).toBe(-744.4400719213812);
    expect(log(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(log(-1)).toBeNaN();
    expect(log(Number.NaN)).toBeNaN();
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('powInt', () => {
  test.prop([fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 15 })])(
    'is exact where the result is an integer below 2^53',
    (base, n) => {
      expect(powInt(base, n)).toBe(Number(BigInt(base) ** BigInt(n)));
    },
  );
  test('divides for a negative exponent and refuses a fraction', () => {
    expect(powInt(2, -3)).toBe(0.125);
    expect(powInt(1.1, 2)).toBe(1.1 * 1.1);
    expect(() => powInt(2, 0.5)).toThrow('integer exponent');
  });
});
