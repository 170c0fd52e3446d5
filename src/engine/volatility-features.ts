/** What the modelled volatility is computed from: a year of day bars, as the fit used them (scripts/fit-chain-model). */
import { log } from '../domain/math.ts';
import type { VolatilityFeatures } from '../domain/options/chain-model.ts';
import type { BarWindow } from '../streams/indicators.ts';

const TRADING_DAYS = 252;
/** Closes the longest window needs: one more than its returns. */
export const FEATURE_BARS = TRADING_DAYS + 1;

/** Null with too little history, and for a market that does not move. */
export function volatilityFeatures(bars: BarWindow): VolatilityFeatures | null {
  if (bars.length < FEATURE_BARS) return null;
  const features = {
    parkinson5: parkinson(bars, 5),
    realized22: rootMeanSquare(bars, 22),
    realized252: rootMeanSquare(bars, TRADING_DAYS),
    realized66: rootMeanSquare(bars, 66),
    return22: log(bars.close.ago(0) / bars.close.ago(22)),
    return5: log(bars.close.ago(0) / bars.close.ago(5)),
  };
  return features.parkinson5 > 0 && features.realized22 > 0 ? features : null;
}

/** Of `n` daily log returns about zero, a year's. */
function rootMeanSquare({ logReturn }: BarWindow, n: number): number {
  let squares = 0;
  for (let ago = n - 1; ago >= 0; ago--) squares += logReturn.ago(ago) * logReturn.ago(ago);
  return Math.sqrt((squares / n) * TRADING_DAYS);
}

/** Parkinson's estimate from the highs and lows of `n` days, a year's. */
function parkinson({ high, low }: BarWindow, n: number): number {
  let squares = 0;
  for (let ago = n - 1; ago >= 0; ago--) {
    const range = log(high.ago(ago) / low.ago(ago));
    squares += range * range;
  }
  return Math.sqrt((squares / n / (4 * Math.LN2)) * TRADING_DAYS);
}
