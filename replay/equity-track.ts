/**
 * What an account made of its money so far: where it began, its peak and its falls. It is looked at once each close, and
 * within the day each minute, so that it comes to the same from wherever a replay begins.
 */
const MINUTE_US = 60_000_000;

export interface SavedTrack {
  readonly start: number | null;
  readonly peak: number;
  readonly deepest: number;
  readonly nextAt: number;
}

/** Micro-dollars without what was paid in or out. */
export class EquityTrack {
  #start: number | null = null;
  #peak = Number.NEGATIVE_INFINITY;
  #deepest = 0;
  #nextAt = 0;
  /** The newest value, and how far it lies below the peak. */
  newest = 0;

  get hasBegun(): boolean {
    return this.#start !== null;
  }

  /** Null before the first price. */
  get startMicros(): number | null {
    return this.#start;
  }

  get deepest(): number {
    return this.#deepest;
  }

  /** A minute has passed since it was looked at last. */
  isDue(now: number): boolean {
    return this.#start !== null && now >= this.#nextAt;
  }

  see(micros: number, now: number): void {
    this.#start ??= micros;
    this.newest = micros;
    this.#nextAt = Math.floor(now / MINUTE_US) * MINUTE_US + MINUTE_US;
    if (micros > this.#peak) this.#peak = micros;
    const fall = this.fallOf(micros);
    if (fall > this.#deepest) this.#deepest = fall;
  }

  /** How far a value lies below the peak, 0..1. */
  fallOf(micros: number): number {
    return this.#peak > 0 ? Math.max(0, 1 - micros / this.#peak) : 0;
  }

  save(): SavedTrack {
    return { start: this.#start, peak: this.#peak, deepest: this.#deepest, nextAt: this.#nextAt };
  }

  restore({ start, peak, deepest, nextAt }: SavedTrack): void {
    this.#start = start;
    this.#peak = peak;
    this.#deepest = deepest;
    this.#nextAt = nextAt;
  }
}
