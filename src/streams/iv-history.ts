/** The daily at-the-money volatilities of one underlying, and where the newest stands among them. */

export class IvHistory {
  readonly #lookback: number;
  #vols: number[] = [];
  #day = '';

  constructor(lookback: number) {
    this.#lookback = lookback;
  }

  /** Days of history, up to the lookback, today included. */
  get sessions(): number {
    return this.#vols.length;
  }

  get newest(): number | undefined {
    return this.#vols.at(-1);
  }

  /** The day's volatility; a later one of the same day takes its place. */
  set(day: string, vol: number): void {
    if (day === this.#day) this.#vols.pop();
    this.#day = day;
    this.#vols.push(vol);
    if (this.#vols.length > this.#lookback) this.#vols.shift();
  }

  /** (newest - least) / (greatest - least); 0 where all are alike. */
  rank(): number {
    let least = Number.POSITIVE_INFINITY;
    let greatest = Number.NEGATIVE_INFINITY;
    for (const vol of this.#vols) {
      if (vol < least) least = vol;
      if (vol > greatest) greatest = vol;
    }
    return greatest > least ? (this.newest! - least) / (greatest - least) : 0;
  }

  /** Share 0..1 of the other days that lie below the newest. */
  percentile(): number {
    const newest = this.newest!;
    const others = this.#vols.length - 1;
    let below = 0;
    for (const vol of this.#vols) if (vol < newest) below++;
    return others < 1 ? 0 : below / others;
  }

  save(): SavedIv {
    return { day: this.#day, vols: [...this.#vols] };
  }

  restore({ day, vols }: SavedIv): void {
    this.#day = day;
    this.#vols = [...vols];
  }
}

export interface SavedIv {
  readonly day: string;
  readonly vols: readonly number[];
}
