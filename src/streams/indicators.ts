/**
 * Indicators over a bounded window of recent bars. Each value is computed anew from the bars it covers, summed from the
 * oldest to the newest: the same bars give the same bits, however long the history before them was. Where there is too
 * little history the value is undefined. `ago` counts bars back from the newest, 0 being the newest itself.
 */
import { log } from '../domain/math.ts';
import type { Bar } from './bar.ts';

/** The last `capacity` values pushed. */
export class Series {
  /** Twice the capacity, so that the values kept always lie side by side. */
  readonly values: Float64Array;
  /** One past the newest value. */
  end = 0;
  length = 0;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.values = new Float64Array(2 * capacity);
  }

  push(value: number): void {
    if (this.end === this.values.length) {
      this.values.copyWithin(0, this.end - this.#capacity);
      this.end = this.#capacity;
    }
    this.values[this.end++] = value;
    if (this.length < this.#capacity) this.length++;
  }

  ago(ago: number): number {
    if (ago < 0 || ago >= this.length)
      throw new RangeError(`${ago} bars ago lies outside the ${this.length} kept`);
    return this.values[this.end - 1 - ago];
  }
}

/** The last `capacity` bars, by column; nothing here rests on opens. */
export class BarWindow {
  /** When each became known, microseconds: what bars of two symbols are paired by. */
  readonly time: Series;
  readonly high: Series;
  readonly low: Series;
  readonly close: Series;
  readonly volume: Series;
  /** Log returns from close to close: one fewer than bars, until the window is full. */
  readonly logReturn: Series;

  constructor(capacity: number) {
    this.time = new Series(capacity);
    this.high = new Series(capacity);
    this.low = new Series(capacity);
    this.close = new Series(capacity);
    this.volume = new Series(capacity);
    this.logReturn = new Series(capacity);
  }

  get length(): number {
    return this.close.length;
  }

  push(bar: Pick<Bar, 'high' | 'low' | 'close' | 'volume'> & { readonly time?: number }): void {
    this.time.push(bar.time ?? 0);
    if (this.length > 0) this.logReturn.push(log(bar.close / this.close.ago(0)));
    this.high.push(bar.high);
    this.low.push(bar.low);
    this.close.push(bar.close);
    this.volume.push(bar.volume);
  }
}

/** Simple moving average of `n` values. */
export function sma(series: Series, n: number, ago = 0): number | undefined {
  if (series.length < n + ago) return undefined;
  const { values, end } = series;
  let sum = 0;
  for (let i = end - ago - n; i < end - ago; i++) sum += values[i];
  return sum / n;
}

export function highest(series: Series, n: number, ago = 0): number | undefined {
  if (series.length < n + ago) return undefined;
  let high = Number.NEGATIVE_INFINITY;
  for (let back = ago; back < n + ago; back++) high = Math.max(high, series.ago(back));
  return high;
}

export function lowest(series: Series, n: number, ago = 0): number | undefined {
  if (series.length < n + ago) return undefined;
  let low = Number.POSITIVE_INFINITY;
  for (let back = ago; back < n + ago; back++) low = Math.min(low, series.ago(back));
  return low;
}

/** Population standard deviation (divisor n). */
export function stdev(series: Series, n: number, ago = 0): number | undefined {
  const mean = sma(series, n, ago);
  if (mean === undefined) return undefined;
  let squares = 0;
  for (let back = n + ago - 1; back >= ago; back--)
    squares += (series.ago(back) - mean) * (series.ago(back) - mean);
  return Math.sqrt(squares / n);
}

/** Slope per bar of the least-squares line through the last `n` averages of `smaBars`. */
export function smaSlope(series: Series, smaBars: number, n: number): number | undefined {
  if (series.length < smaBars + n - 1) return undefined;
  const middle = (n - 1) / 2;
  let sum = 0;
  let squares = 0;
  // Later and earlier half in pairs: a flat market has a slope of exactly 0, a mirrored one exactly the opposite.
  for (let back = 0; back < middle; back++) {
    const later = sma(series, smaBars, back)!;
    const earlier = sma(series, smaBars, n - 1 - back)!;
    sum += (middle - back) * (later - earlier);
    squares += 2 * (middle - back) * (middle - back);
  }
  return n === 1 ? 0 : sum / squares;
}

/** The greatest of high - low, |high - previous close| and |low - previous close|. */
export function trueRange(bars: BarWindow, ago = 0): number | undefined {
  if (bars.length < ago + 2) return undefined;
  const high = bars.high.ago(ago);
  const low = bars.low.ago(ago);
  const before = bars.close.ago(ago + 1);
  return Math.max(high - low, Math.abs(high - before), Math.abs(low - before));
}

/** Average true range: the simple mean of `n` true ranges (Wilder's smoothing would never forget a bar). */
export function atr(bars: BarWindow, n: number, ago = 0): number | undefined {
  if (bars.length < n + ago + 1) return undefined;
  let sum = 0;
  for (let back = n + ago - 1; back >= ago; back--) sum += trueRange(bars, back)!;
  return sum / n;
}

/** Relative strength 0..100 in Cutler's form, simple means of `n` gains and losses; 50 where nothing moved. */
export function rsi(series: Series, n: number, ago = 0): number | undefined {
  if (series.length < n + ago + 1) return undefined;
  let gains = 0;
  let losses = 0;
  for (let back = n + ago - 1; back >= ago; back--) {
    const change = series.ago(back) - series.ago(back + 1);
    if (change > 0) gains += change;
    else losses -= change;
  }
  return gains + losses === 0 ? 50 : 100 * (gains / (gains + losses));
}

/** Average directional index 0..100: the mean of `n` directional indices, each over `n` bars. */
export function adx(bars: BarWindow, n: number): number | undefined {
  if (bars.length < 2 * n) return undefined;
  let sum = 0;
  for (let back = n - 1; back >= 0; back--) sum += directionalIndex(bars, n, back);
  return 100 * (sum / n);
}

/** 0..1. */
function directionalIndex(bars: BarWindow, n: number, ago: number): number {
  let plus = 0;
  let minus = 0;
  for (let back = n + ago - 1; back >= ago; back--) {
    const up = bars.high.ago(back) - bars.high.ago(back + 1);
    const down = bars.low.ago(back + 1) - bars.low.ago(back);
    if (up > down && up > 0) plus += up;
    if (down > up && down > 0) minus += down;
  }
  // Both directional indicators are divided by the same true range, which cancels.
  return plus + minus === 0 ? 0 : Math.abs(plus - minus) / (plus + minus);
}

/** An indicator of one value a bar, for a scan: undefined until it has its history. */
export interface Rolling {
  push(value: number): number | undefined;
}

const rolling = (capacity: number, indicator: (series: Series) => number | undefined): Rolling => {
  const series = new Series(capacity);
  return {
    push(value) {
      series.push(value);
      return indicator(series);
    },
  };
};

export const rollingSma = (n: number): Rolling => rolling(n, (series) => sma(series, n));
export const rollingRsi = (n: number): Rolling => rolling(n + 1, (series) => rsi(series, n));
