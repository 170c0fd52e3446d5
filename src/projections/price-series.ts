/**
 * The bars of one symbol for a chart. When there are more than `most` points, neighbours are joined (highest high, lowest
 * low, last close) and from then on each point stands for twice as many bars, so any length of run costs the same.
 */

/** Values of one point: time of its last bar, high, low, close. */
const FIELDS = 4;

export class PriceSeries {
  /** Whole points, field by field; the open one is the last. */
  #points: Float64Array;
  #length = 0;
  readonly #most: number;
  #barsPerPoint = 1;
  #barsInLast = 0;

  constructor(most: number) {
    this.#most = most;
    this.#points = new Float64Array(Math.min(most, 256) * FIELDS);
  }

  get length(): number {
    return this.#length;
  }

  push(time: number, high: number, low: number, close: number): void {
    const points = this.#points;
    if (this.#barsInLast > 0 && this.#barsInLast < this.#barsPerPoint) {
      const at = (this.#length - 1) * FIELDS;
      points[at] = time;
      if (high > points[at + 1]) points[at + 1] = high;
      if (low < points[at + 2]) points[at + 2] = low;
      points[at + 3] = close;
      this.#barsInLast += 1;
      return;
    }
    this.#begin(time, high, low, close);
  }

  /** Values of the `i`th point; prices in dollars. */
  timeAt(i: number): number {
    return this.#points[i * FIELDS];
  }
  highAt(i: number): number {
    return this.#points[i * FIELDS + 1];
  }
  lowAt(i: number): number {
    return this.#points[i * FIELDS + 2];
  }
  closeAt(i: number): number {
    return this.#points[i * FIELDS + 3];
  }

  #begin(time: number, high: number, low: number, close: number): void {
    if (this.#length === this.#most) this.#joinNeighbours();
    const at = this.#length * FIELDS;
    if (at === this.#points.length) {
      const larger = new Float64Array(this.#points.length * 2);
      larger.set(this.#points);
      this.#points = larger;
    }
    this.#points.set([time, high, low, close], at);
    this.#length += 1;
    this.#barsInLast = 1;
  }

  #joinNeighbours(): void {
    const points = this.#points;
    this.#length >>= 1;
    for (let i = 0; i < this.#length; i++) {
      const to = i * FIELDS;
      const first = to * 2;
      const second = first + FIELDS;
      points[to] = points[second];
      points[to + 1] = Math.max(points[first + 1], points[second + 1]);
      points[to + 2] = Math.min(points[first + 2], points[second + 2]);
      points[to + 3] = points[second + 3];
    }
    this.#barsPerPoint *= 2;
  }
}
