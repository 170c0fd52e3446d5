/**
 * The transcendental functions the engine decides by. ECMAScript leaves the last bits of Math.exp and Math.log to each
 * machine; these use only IEEE addition, multiplication and division, so that every machine decides the same.
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
  for (let i = EXP_COEFFICIENTS.length - 1; i >= 0; i--) sum = sum * r + EXP_COEFFICIENTS[i];
  return sum;
}
const EXP_COEFFICIENTS = [
  1 / 2,
  1 / 6,
  1 / 24,
  1 / 120,
  1 / 720,
  1 / 5_040,
  1 / 40_320,
  1 / 362_880,
  1 / 3_628_800,
  1 / 39_916_800,
  1 / 479_001_600,
  1 / 6_227_020_800,
];

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
  let sum = 0;
  for (let n = 23; n >= 3; n -= 2) sum = z * (2 / n + sum);
  return sum;
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
