/**
 * The last five minutes of a symbol against the hour before: how many times its normal volume traded, and what the price
 * did. Judged at the end of each minute, over the engine's own bars.
 */
import type { Bar } from './bar.ts';

const MINUTE_US = 60_000_000;
const WINDOW = 5;
const HOUR = 60;
/** Minutes of the hour before that must have traded: less is no normal. */
const HOUR_MIN = 30;

export interface VolumeReading {
  readonly symbol: string;
  /** Microseconds. */
  readonly windowEnd: number;
  /** Null where the hour before says no normal, or nothing traded in it. */
  readonly multiplier: number | null;
  /** Of the price within the window, a fraction; null where the window's beginning is not known. */
  readonly priceChange: number | null;
}

/** End of the minute; the price at its beginning and end; what traded. */
type Minute = readonly [end: number, open: number, close: number, volume: number];

export class FiveMinuteVolume {
  readonly #minutes = new Map<string, Minute[]>();

  /** Takes a finished bar of five minutes or less. Null for one that is longer or not newer than what is known. */
  add({ symbol, time, open, close, volume, resolutionS }: Bar): VolumeReading | null {
    if (resolutionS > WINDOW * 60) return null;
    const known = this.#minutes.get(symbol) ?? [];
    if (known.length > 0 && time <= known[known.length - 1][0]) return null;
    const oldest = time - (WINDOW + HOUR) * MINUTE_US;
    const minutes = [...known.filter(([end]) => end > oldest), [time, open, close, volume] as const];
    this.#minutes.set(symbol, minutes);
    return this.#read(symbol, time, minutes, Math.max(1, resolutionS / 60));
  }

  /** The price's change over the last five minutes as last seen, whatever traded; null where it is not known. */
  priceChange(symbol: string, now: number): number | null {
    const minutes = this.#minutes.get(symbol);
    const last = minutes?.[minutes.length - 1];
    if (minutes === undefined || last === undefined || now - last[0] > WINDOW * MINUTE_US) return null;
    return this.#read(symbol, last[0], minutes, 1).priceChange;
  }

  rescale(symbol: string, factor: number): void {
    const minutes = this.#minutes.get(symbol);
    if (minutes === undefined) return;
    this.#minutes.set(
      symbol,
      minutes.map(([end, open, close, volume]) => [end, open * factor, close * factor, volume / factor]),
    );
  }

  save(): readonly (readonly [string, readonly Minute[]])[] {
    return [...this.#minutes].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  restore(saved: ReturnType<FiveMinuteVolume['save']>): void {
    this.#minutes.clear();
    for (const [symbol, minutes] of saved) this.#minutes.set(symbol, [...minutes]);
  }

  #read(symbol: string, windowEnd: number, minutes: readonly Minute[], length: number): VolumeReading {
    const begins = windowEnd - WINDOW * MINUTE_US;
    let volume = 0;
    let before = 0;
    let traded = 0;
    let openPx: number | null = null;
    for (const [end, open, , size] of minutes) {
      if (end > begins) {
        openPx ??= open;
        volume += size;
      } else {
        before += size;
        traded += length;
      }
    }
    const normal = (before * WINDOW) / HOUR;
    const close = minutes[minutes.length - 1][2];
    return {
      symbol,
      windowEnd,
      multiplier: traded < HOUR_MIN || normal === 0 ? null : volume / normal,
      priceChange: openPx === null ? null : close / openPx - 1,
    };
  }
}
