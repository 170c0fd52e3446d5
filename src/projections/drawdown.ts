/** Falls from a peak, followed value by value: the deepest, and the longest until the peak's value was seen again. */
export class Drawdown {
  /** Deepest fall, as a fraction of its peak. */
  depth = 0;
  /** Most calendar days from a peak to the first value at or above it, or to the last value. */
  days = 0;
  #peak: number;
  #peakDay = Number.NaN;
  #under = false;

  /** Where a curve starts from something before its first value (the starting cash), that is its first peak. */
  constructor(start = Number.NEGATIVE_INFINITY) {
    this.#peak = start;
  }

  /** `day` counts days since 1970. */
  see(value: number, day: number): void {
    if (Number.isNaN(this.#peakDay)) this.#peakDay = day;
    if (value < this.#peak) {
      this.#under = true;
      const fall = 1 - value / this.#peak;
      if (fall > this.depth) this.depth = fall;
    }
    if (this.#under && day - this.#peakDay > this.days) this.days = day - this.#peakDay;
    if (value >= this.#peak) {
      this.#peak = value;
      this.#peakDay = day;
      this.#under = false;
    }
  }
}
