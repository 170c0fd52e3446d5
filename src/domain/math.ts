/**
 * The transcendental functions the engine decides by. ECMAScript leaves the last bits of Math.exp and Math.log to each
 * machine; these use only IEEE addition, multiplication and division, so that every machine decides the same.
 * Their polynomials are written out: every price of an option comes by here several times.
 */

/** ln 2 in two parts. The first has 32 significant bits: its product with any binary exponent is exact. */
const LN2_HIGH = 0xb17217f7 / 2 ** 32;
const LN2_LOW = 1.9082149292705877e-10;

const TWO_POW_54 = 2 ** 54;
const SMALLEST_NORMAL = 2 ** -1022;
const EXP_OVERFLOW = 709.782712893384;
const EXP_UNDERFLOW = -745.1332191019412;

const cell = new DataView(new ArrayBuffer(8));

/** 2^k for the exponents of normal numbers, -1022..1023. */
function powerOfTwo(k: number): number {
  cell.setUint32(0, (k + 1023) << 20);
  cell.setUint32(4, 0);
  return cell.getFloat64(0);
}

/** e^x, within 1 unit in the last place; 0 and Infinity beyond the range of a double. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > EXP_OVERFLOW) return Number.POSITIVE_INFINITY;
  if (x < EXP_UNDERFLOW) return 0;
  // e^x = 2^k e^r with |r| <= ln(2)/2; r is kept as a difference, since one double is not enough of it.
  const k = Math.round(x * Math.LOG2E);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const lost = high - r - low;
  const sum = 1 + r;
  const mantissa = sum + (1 - sum + r + (lost + r * r * expSeries(r)));
  if (k > 1023) return mantissa * 2 * powerOfTwo(1023);
  if (k < -1022) return (mantissa * powerOfTwo(k + 54)) / TWO_POW_54;
  return mantissa * powerOfTwo(k);
}

/** (e^r - 1 - r) / r^2: the Taylor series 1/2! + r/3! + ..., complete to a double for |r| <= ln(2)/2. */
function expSeries(r: number): number {
  let sum = 1 / 87_178_291_200;
  sum = sum * r + 1 / 6_227_020_800;
  sum = sum * r + 1 / 479_001_600;
  sum = sum * r + 1 / 39_916_800;
  sum = sum * r + 1 / 3_628_800;
  sum = sum * r + 1 / 362_880;
  sum = sum * r + 1 / 40_320;
  sum = sum * r + 1 / 5_040;
  sum = sum * r + 1 / 720;
  sum = sum * r + 1 / 120;
  sum = sum * r + 1 / 24;
  sum = sum * r + 1 / 6;
  return sum * r + 1 / 2;
}

/** Natural logarithm, within 1 unit in the last place; -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x === Number.POSITIVE_INFINITY) return x;
  const subnormal = x < SMALLEST_NORMAL;
  cell.setFloat64(0, subnormal ? x * TWO_POW_54 : x);
  const top = cell.getUint32(0);
  // x = 2^k m with m between the square roots of 1/2 and 2, so that ln m is small on both sides.
  let k = (top >>> 20) - 1023 - (subnormal ? 54 : 0);
  cell.setUint32(0, (top & 0xfffff) | 0x3ff00000);
  let m = cell.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k += 1;
  }
  // ln(1 + f) = 2 artanh(s) with s = f / (2 + f), and 2s = f - s f: f itself is exact, the rest only corrects it.
  const f = m - 1;
  const s = f / (2 + f);
  const half = 0.5 * f * f;
  const correction = s * (half + artanhSeries(s * s));
  if (k === 0) return f - (half - correction);
  return k * LN2_HIGH - (half - (correction + k * LN2_LOW) - f);
}

/** 2 artanh(s) / s - 2 as a series in z = s^2: 2z/3 + 2z^2/5 + ..., complete to a double for |s| < 0.172. */
function artanhSeries(z: number): number {
  let sum = z * (2 / 23);
  sum = z * (2 / 21 + sum);
  sum = z * (2 / 19 + sum);
  sum = z * (2 / 17 + sum);
  sum = z * (2 / 15 + sum);
  sum = z * (2 / 13 + sum);
  sum = z * (2 / 11 + sum);
  sum = z * (2 / 9 + sum);
  sum = z * (2 / 7 + sum);
  sum = z * (2 / 5 + sum);
  return z * (2 / 3 + sum);
}

/** base^n for an integer n, by squaring; a negative n divides once, at the end. */
export function powInt(base: number, n: number): number {
  if (!Number.isSafeInteger(n)) throw new RangeError(`powInt takes an integer exponent, not ${n}`);
  let result = 1;
  let square = base;
  for (let left = Math.abs(n); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return n < 0 ? 1 / result : result;
}

const INVERSE_SQRT_2_PI = 0.3989422804014327;

/** e^(-x^2/2), in relative terms as good in the far tail as at the centre. */
function gaussian(x: number): number {
  // The square of the first 24 bits is exact; what the other bits add is so small that three terms of e^-d hold it.
  const high = Math.fround(x);
  const d = ((x - high) * (x + high)) / 2;
  return exp(-0.5 * high * high) * (1 - d * (1 - d * (0.5 - d / 6)));
}

/** Density of the standard normal distribution; relative error below 1e-15 down to the smallest normal number. */
export function normalPdf(x: number): number {
  if (Math.abs(x) > NORMAL_UNDERFLOW) return 0;
  return INVERSE_SQRT_2_PI * gaussian(x);
}
/** Beyond it the density and the tail are smaller than any double. */
const NORMAL_UNDERFLOW = 38.6;

/** Probability that a standard normal variable is at most x; relative error below 2e-15 in both tails. */
export function normalCdf(x: number): number {
  if (x < 0) return x < -NORMAL_UNDERFLOW ? 0 : normalPdf(x) * millsRatio(-x);
  return x > NORMAL_UNDERFLOW ? 1 : 1 - normalPdf(x) * millsRatio(x);
}

/**
 * The tail of the standard normal distribution beyond x, divided by its density there; for x >= 0, relative error below
 * 2e-15. A rational function that meets the ratio at 22 Chebyshev points of (x - 4) / (x + 4), computed with 80 digits;
 * its own error is 2e-17, and as all coefficients are positive nothing cancels.
 */
export function millsRatio(x: number): number {
  if (x > 1e20) return 1 / x;
  let numerator = x + 29.18712338281613;
  numerator = numerator * x + 422.47729594743475;
  numerator = numerator * x + 3930.323590091473;
  numerator = numerator * x + 25793.233161042903;
  numerator = numerator * x + 124144.7612225787;
  numerator = numerator * x + 442852.36404014286;
  numerator = numerator * x + 1156736.2462255775;
  numerator = numerator * x + 2124982.652489747;
  numerator = numerator * x + 2499061.9855821915;
  numerator = numerator * x + 1451444.4311114256;
  let denominator = x + 29.187123382816143;
  denominator = denominator * x + 423.47729594742714;
  denominator = denominator * x + 3959.510713476024;
  denominator = denominator * x + 26213.710456788765;
  denominator = denominator * x + 128016.71057984451;
  denominator = denominator * x + 467810.6419772239;
  denominator = denominator * x + 1273312.2515818102;
  denominator = denominator * x + 2520398.854135845;
  denominator = denominator * x + 3444660.4458678523;
  denominator = denominator * x + 2917981.1981237344;
  denominator = denominator * x + 1158085.1024471046;
  return numerator / denominator;
}
