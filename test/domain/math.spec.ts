import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { exp, log, millsRatio, normalCdf, normalPdf, powInt } from '../../src/domain/math.ts';

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

/** x, distribution, density: by mpmath 1.3 with 50 digits (`ncdf`, `npdf`). */
const NORMAL: readonly (readonly [x: string, cdf: string, pdf: string])[] = [
  ['-37', '5.725571222524576822683e-300', '2.120006551524605626852e-298'],
  ['-30', '4.906713927148187059534e-198', '1.473646134878547519049e-196'],
  ['-20.125', '2.228860638310342940203e-90', '4.496603091955979403405e-89'],
  ['-10', '7.619853024160526065973e-24', '7.694598626706419346339e-23'],
  ['-8.3', '5.205569744890254024575e-17', '4.38163943550933272186e-16'],
  ['-7', '1.279812543885835004384e-12', '9.134720408364593342869e-12'],
  ['-5.5', '1.898956246588771938385e-8', '1.076976004254327635878e-7'],
  ['-4.3', '0.00000853990547099181104058', '0.00003853519674208712656208'],
  ['-3', '0.001349898031630094526652', '0.004431848411938007175602'],
  ['-2.2', '0.0139034475134986043132', '0.03547459284623142062136'],
  ['-1.5', '0.06680720126885806600449', '0.1295175956658917276141'],
  ['-1', '0.1586552539314570514148', '0.2419707245191433497978'],
  ['-0.75', '0.2266273523768681993271', '0.3011374321548044049317'],
  ['-0.5', '0.3085375387259868963623', '0.3520653267642994777747'],
  ['-0.25', '0.4012936743170762757591', '0.3866681168028492069412'],
  ['-0.1', '0.4601721627229710163311', '0.3969525474770117652902'],
  ['-0.001', '0.4996010577860889374071', '0.3989420809303423450003'],
  ['-1e-09', '0.4999999996010577195986', '0.3989422804014326777405'],
  ['0', '0.5', '0.3989422804014326779399'],
  ['1e-09', '0.5000000003989422804014', '0.3989422804014326777405'],
  ['0.001', '0.5003989422139110625929', '0.3989420809303423450003'],
  ['0.1', '0.5398278372770289836689', '0.3969525474770117652902'],
  ['0.5', '0.6914624612740131036377', '0.3520653267642994777747'],
  ['1', '0.8413447460685429485852', '0.2419707245191433497978'],
  ['1.5', '0.9331927987311419339955', '0.1295175956658917276141'],
  ['2.5', '0.993790334674223864833', '0.01752830049356853736216'],
  ['3.3', '0.9995165758576162224929', '0.001722568939053681151279'],
  ['5', '0.9999997133484281208061', '0.000001486719514734297707908'],
  ['8', '0.9999999999999993779039', '5.05227108353689228795e-15'],
];

describe('the normal distribution', () => {
  test('has the values that mpmath computes, to 1e-15 of each, from the far left tail to the far right', () => {
    for (const [x, cdf, pdf] of NORMAL) {
      expect(Math.abs(normalCdf(Number(x)) / Number(cdf) - 1), `cdf at ${x}`).toBeLessThan(1e-15);
      expect(Math.abs(normalPdf(Number(x)) / Number(pdf) - 1), `pdf at ${x}`).toBeLessThan(1e-15);
    }
  });
  test.prop([fc.double({ min: 0, max: 37, noNaN: true })], { numRuns: 1_000 })(
    'has tails that are the density times the Mills ratio, whose continued fraction bounds it',
    (x) => {
      expect(normalCdf(-x)).toBe(normalPdf(x) * millsRatio(x));
      // Birnbaum 1942 below, Sampford 1953 above.
      expect(millsRatio(x)).toBeGreaterThanOrEqual((2 / (x + Math.sqrt(x * x + 4))) * (1 - 1e-15));
      expect(millsRatio(x)).toBeLessThanOrEqual((4 / (3 * x + Math.sqrt(x * x + 8))) * (1 + 1e-15));
      expect(normalCdf(x) + normalCdf(-x)).toBeCloseTo(1, 15);
    },
  );
  test.prop([fc.double({ min: -39, max: 39, noNaN: true }), fc.double({ min: 1e-6, max: 1, noNaN: true })])(
    'rises',
    (x, step) => {
      expect(normalCdf(x + step)).toBeGreaterThanOrEqual(normalCdf(x));
    },
  );
  test('ends at 0 and 1', () => {
    expect(normalCdf(0)).toBe(0.5);
    expect(normalCdf(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(normalCdf(Number.POSITIVE_INFINITY)).toBe(1);
    expect(normalPdf(Number.POSITIVE_INFINITY)).toBe(0);
    expect(millsRatio(Number.POSITIVE_INFINITY)).toBe(0);
    expect(normalCdf(Number.NaN)).toBeNaN();
  });
});
