/** Columns of numbers that grow with a run: a plain one, and bars thinned so that a long run stays small. */

export class Column {
  #values: Float64Array;
  #length = 0;

  constructor(capacity = 1_024) {
    this.#values = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = value;
  }

  at(index: number): number {
    return this.#values[index];
  }

  replaceLast(value: number): void {
    this.#values[this.#length - 1] = value;
  }

  /** The values so far, without a copy: valid until the next push. */
  values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  truncate(length: number): void {
    this.#length = length;
  }

  set(index: number, value: number): void {
    this.#values[index] = value;
  }

  #grow(): void {
    const larger = new Float64Array(this.#values.length * 2);
    larger.set(this.#values);
    this.#values = larger;
  }
}

/**
 * The bars of one symbol for a chart. When there are more than `most`, neighbours are joined (highest high, lowest low,
 * last close) and from then on each point stands for twice as many bars, so any length of run costs the same.
 */
export class PriceSeries {
  readonly time = new Column();
  readonly high = new Column();
  readonly low = new Column();
  readonly close = new Column();
  readonly #most: number;
  /** Bars that one point stands for. */
  barsPerPoint = 1;
  #inLast = 0;

  constructor(most: number) {
    this.#most = most;
  }

  push(time: number, high: number, low: number, close: number): void {
    if (this.#inLast > 0 && this.#inLast < this.barsPerPoint) {
      const last = this.close.length - 1;
      this.time.replaceLast(time);
      this.high.replaceLast(Math.max(high, this.high.at(last)));
      this.low.replaceLast(Math.min(low, this.low.at(last)));
      this.close.replaceLast(close);
      this.#inLast += 1;
      return;
    }
    if (this.close.length === this.#most) this.#joinNeighbours();
    this.time.push(time);
    this.high.push(high);
    this.low.push(low);
    this.close.push(close);
    this.#inLast = 1;
  }

  #joinNeighbours(): void {
    const pairs = this.close.length >> 1;
    for (let i = 0; i < pairs; i++) {
      const second = 2 * i + 1;
      this.time.set(i, this.time.at(second));
      this.high.set(i, Math.max(this.high.at(second - 1), this.high.at(second)));
      this.low.set(i, Math.min(this.low.at(second - 1), this.low.at(second)));
      this.close.set(i, this.close.at(second));
    }
    for (const column of [this.time, this.high, this.low, this.close]) column.truncate(pairs);
    this.barsPerPoint *= 2;
  }
}
