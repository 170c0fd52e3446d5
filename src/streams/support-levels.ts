/** Where buyers stood before: the levels under a price, taken from earlier bars only. */
import type { RegimeConfig } from '../domain/config.ts';
import { type BarWindow, lowest, sma } from './indicators.ts';

export interface SupportLevels {
  /** The nearest level below the close of the bar before; the low of the range is always one. */
  readonly support: number;
  /** Low of the range (50 bars). */
  readonly rangeLow: number;
  /** The last confirmed swing low; the low of the range where that has none. */
  readonly swingLow: number;
}

export const supportBars = ({ trend, structure }: RegimeConfig): number =>
  1 + Math.max(trend.smaSlow, structure.lowBars);

/** Levels the newest bar is measured against; the newest bar itself is not among them. */
export function supportLevels(bars: BarWindow, config: RegimeConfig): SupportLevels | undefined {
  if (bars.length < supportBars(config)) return undefined;
  const { lowBars, swingBars } = config.structure;
  const rangeLow = lowest(bars.low, lowBars, 1)!;
  const swingLow = lastSwingLow(bars, swingBars, lowBars, 1) ?? rangeLow;
  const slowAverage = sma(bars.close, config.trend.smaSlow, 1)!;
  const before = bars.close.ago(1);
  let support = rangeLow;
  for (const level of [swingLow, slowAverage]) if (level <= before) support = Math.max(support, level);
  return { support, rangeLow, swingLow };
}

/** The newest low of `n` bars that no low within `side` bars on either side undercuts: it is confirmed `side` bars later. */
export function lastSwingLow(bars: BarWindow, side: number, n: number, ago = 0): number | undefined {
  for (let at = ago + side; at + side < ago + n; at++) {
    const low = bars.low.ago(at);
    if (lowest(bars.low, 2 * side + 1, at - side) === low) return low;
  }
  return undefined;
}
