/** How much a market moved, a year's worth of it, and how that compares with its own last year. */
import type { RegimeConfig } from '../domain/config.ts';
import { type BarWindow, stdev } from './indicators.ts';

const TRADING_DAYS = 252;

/** Standard deviation of `n` daily log returns, as a fraction a year: 0.2 is 20 %. */
export function realizedVolatility(bars: BarWindow, n: number, ago = 0): number | undefined {
  const daily = stdev(bars.logReturn, n, ago);
  return daily === undefined ? undefined : daily * Math.sqrt(TRADING_DAYS);
}

export interface VolatilityReading {
  /** A year, as a fraction. */
  readonly realized: number;
  /** Share 0..1 of the other values of the lookback that lie below it. */
  readonly percentile: number;
}

export const volatilityBars = ({ volatility }: RegimeConfig): number =>
  volatility.window + volatility.lookback;

export function readVolatility(bars: BarWindow, config: RegimeConfig): VolatilityReading | undefined {
  if (bars.length < volatilityBars(config)) return undefined;
  const { window, lookback } = config.volatility;
  const realized = realizedVolatility(bars, window)!;
  let below = 0;
  for (let back = 1; back < lookback; back++) {
    if (realizedVolatility(bars, window, back)! < realized) below++;
  }
  return { realized, percentile: lookback === 1 ? 0 : below / (lookback - 1) };
}
