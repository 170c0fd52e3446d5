/**
 * The bars of one symbol for a chart. When there are more than it keeps, neighbours are joined and each candle stands for
 * twice as many bars from then on; asked for fewer, it joins further. Prices are dollars, times microseconds.
 */
import type { Bar } from '../src/streams/bar.ts';
import type { Candle, SpanQuery } from './log-view.ts';

/** time, open, high, low, close, volume, seq of what completed it, bars in it */
const FIELDS = 8;

export class CandleSeries {
  readonly #most: number;
  #numbers = new Float64Array(256 * FIELDS);
  #length = 0;
  #barsPerCandle = 1;

  constructor(most: number) {
    this.#most = most;
  }

  /** End of the newest bar; -Infinity before the first. */
  get newest(): number {
    return this.#length === 0 ? Number.NEGATIVE_INFINITY : this.#numbers[(this.#length - 1) * FIELDS];
  }

  push({ time, open, high, low, close, volume }: Bar, seq: number): void {
    const last = (this.#length - 1) * FIELDS;
    if (this.#length > 0 && this.#numbers[last + 7] < this.#barsPerCandle) {
      join(this.#numbers, last, [time, open, high, low, close, volume, seq, 1]);
      return;
    }
    if (this.#length === this.#most) this.#joinNeighbours();
    const at = this.#length * FIELDS;
    if (at === this.#numbers.length) {
      const larger = new Float64Array(this.#numbers.length * 2);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers.set([time, open, high, low, close, volume, seq, 1], at);
    this.#length++;
  }

  /** A split: prices count anew. */
  rescale(factor: number): void {
    for (let at = 0; at < this.#length * FIELDS; at += FIELDS) {
      for (let field = 1; field <= 4; field++) this.#numbers[at + field] *= factor;
      this.#numbers[at + 5] /= factor;
    }
  }

  /** Candles that end within the span, at most `points`. */
  between(
    { fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY, upTo }: SpanQuery,
    points: number,
  ): { candles: Candle[]; barsPerCandle: number } {
    let first = 0;
    let end = this.#length;
    while (first < end && this.#numbers[first * FIELDS] < fromUs) first++;
    while (end > first && this.#isBeyond((end - 1) * FIELDS, toUs, upTo)) end--;
    const step = Math.max(1, Math.ceil((end - first) / points));
    const candles: Candle[] = [];
    for (let i = first; i < end; i += step) {
      const joined = this.#numbers.slice(i * FIELDS, (i + 1) * FIELDS);
      for (let next = i + 1; next < Math.min(end, i + step); next++) {
        join(joined, 0, this.#numbers.subarray(next * FIELDS, (next + 1) * FIELDS));
      }
      const [time, open, high, low, close, volume] = joined;
      candles.push([time, open, high, low, close, volume]);
    }
    return { candles, barsPerCandle: step * this.#barsPerCandle };
  }

  #isBeyond(at: number, toUs: number, upTo: number | undefined): boolean {
    return this.#numbers[at] > toUs || (upTo !== undefined && this.#numbers[at + 6] > upTo);
  }

  #joinNeighbours(): void {
    const numbers = this.#numbers;
    const pairs = this.#length >> 1;
    for (let i = 0; i < pairs; i++) {
      const joined = numbers.slice(2 * i * FIELDS, (2 * i + 1) * FIELDS);
      join(joined, 0, numbers.subarray((2 * i + 1) * FIELDS, (2 * i + 2) * FIELDS));
      numbers.set(joined, i * FIELDS);
    }
    this.#length = pairs;
    this.#barsPerCandle *= 2;
  }
}

/** The candle at a place takes in the one after it. */
function join(into: Float64Array, at: number, next: ArrayLike<number>): void {
  into[at] = next[0];
  into[at + 2] = Math.max(into[at + 2], next[2]);
  into[at + 3] = Math.min(into[at + 3], next[3]);
  into[at + 4] = next[4];
  into[at + 5] += next[5];
  into[at + 6] = next[6];
  into[at + 7] += next[7];
}
