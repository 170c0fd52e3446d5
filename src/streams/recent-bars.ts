/**
 * The newest bars of a symbol, kept for the next session to warm up with. They are kept as numbers: millions of bars
 * pass through here, and each would otherwise live just long enough to be costly to collect.
 */
import type { Bar } from './bar.ts';

/** A bar as a session carries it over; its symbol stands beside it. */
export type SavedBar = readonly [
  time: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  s: number,
];

const FIELDS = 7;

export const toSaved = (bar: Bar): SavedBar =>
  [bar.time, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.resolutionS] as const;

/** Its seq is 0: this log does not hold what completed it. */
export const fromSaved = (symbol: string, saved: SavedBar): Bar => {
  const [time, open, high, low, close, volume, resolutionS] = saved;
  return { symbol, time, open, high, low, close, volume, resolutionS, seq: 0 };
};

export class RecentBars {
  readonly #capacity: number;
  readonly #numbers: Float64Array;
  #pushed = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#numbers = new Float64Array(capacity * FIELDS);
  }

  get length(): number {
    return Math.min(this.#pushed, this.#capacity);
  }

  /** Time of the newest; 0 before the first. */
  get newest(): number {
    return this.#pushed === 0 ? 0 : this.#numbers[((this.#pushed - 1) % this.#capacity) * FIELDS];
  }

  push(bar: Bar): void {
    const numbers = this.#numbers;
    const at = (this.#pushed++ % this.#capacity) * FIELDS;
    numbers[at] = bar.time;
    numbers[at + 1] = bar.open;
    numbers[at + 2] = bar.high;
    numbers[at + 3] = bar.low;
    numbers[at + 4] = bar.close;
    numbers[at + 5] = bar.volume;
    numbers[at + 6] = bar.resolutionS;
  }

  /** Oldest first. */
  save(): SavedBar[] {
    const saved: SavedBar[] = [];
    for (let n = Math.max(0, this.#pushed - this.#capacity); n < this.#pushed; n++) {
      const at = (n % this.#capacity) * FIELDS;
      saved.push([...this.#numbers.subarray(at, at + FIELDS)] as unknown as SavedBar);
    }
    return saved;
  }
}
