/** A finished bar as streams and strategies see it: plain, immutable, and free to keep. */

export interface Bar {
  readonly symbol: string;
  /** When it became known: its end, in microseconds. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** Seconds; 86,400 is a session day. */
  readonly resolutionS: number;
  /** seq of the record that completed it. */
  readonly seq: number;
}

/** The same bar after a split: `factor` new dollars for an old one, and as many fewer shares. */
export const rescaled = (bar: Bar, factor: number): Bar => ({
  ...bar,
  open: bar.open * factor,
  high: bar.high * factor,
  low: bar.low * factor,
  close: bar.close * factor,
  volume: bar.volume / factor,
});
