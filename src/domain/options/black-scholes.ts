/**
 * European options by Black, Scholes and Merton with a continuous dividend yield. Every price is the forward's intrinsic
 * value plus a time value that is computed without cancellation, so that prices keep their bounds and their relative
 * accuracy however far from the money.
 */
import { exp, log, millsRatio, normalCdf, normalPdf } from '../math.ts';
import {
  DAYS_PER_YEAR,
  expiredGreeks,
  type Greeks,
  intrinsicValue,
  type OptionInputs,
} from './option-inputs.ts';

/** Dollars; within 1e-14 of the larger of spot and strike, never below the forward's intrinsic value. */
export function europeanPrice(inputs: OptionInputs): number {
  const { right, spot, strike, years, rate, dividendYield, vol } = inputs;
  if (years <= 0) return intrinsicValue(inputs, spot);
  const presentSpot = spot * exp(-dividendYield * years);
  const presentStrike = strike * exp(-rate * years);
  const intrinsic = Math.max(right === 'call' ? presentSpot - presentStrike : presentStrike - presentSpot, 0);
  const moneyness = Math.abs(log(presentSpot / presentStrike));
  return (
    intrinsic +
    Math.min(presentSpot, presentStrike) * timeValue(moneyness, Math.max(vol, 0) * Math.sqrt(years))
  );
}

/**
 * Value of the out-of-the-money option as a fraction of the smaller of present spot and present strike: 0..1.
 * `moneyness` is the absolute logarithm of their ratio, `deviation` the volatility to expiry, vol x sqrt(years).
 */
export function timeValue(moneyness: number, deviation: number): number {
  if (deviation <= 0) return 0;
  const near = deviation / 2 - moneyness / deviation;
  const far = near - deviation;
  // Of two nearly equal tails the ratios to the density differ by more digits than the tails themselves.
  if (near <= 0) return normalPdf(near) * (millsRatio(-near) - millsRatio(-far));
  return 1 - normalPdf(near) * (millsRatio(near) + millsRatio(-far));
}

/** Price and greeks; all finite, also without time, without volatility and far from the money. */
export function europeanGreeks(inputs: OptionInputs): Greeks {
  const { right, spot, strike, years, rate, dividendYield, vol } = inputs;
  if (years <= 0) return expiredGreeks(inputs);
  const call = right === 'call';
  const sign = call ? 1 : -1;
  const spotDiscount = exp(-dividendYield * years);
  const presentSpot = spot * spotDiscount;
  const presentStrike = strike * exp(-rate * years);
  const moneyness = log(presentSpot / presentStrike);
  const deviation = Math.max(vol, 0) * Math.sqrt(years);
  // Without volatility the option ends where its forward is: surely exercised, surely not, or on the edge.
  const centre =
    deviation > 0 ? moneyness / deviation : moneyness === 0 ? 0 : moneyness * Number.POSITIVE_INFINITY;
  const d1 = centre + deviation / 2;
  const owned = spotDiscount * normalCdf(sign * d1);
  const paid = presentStrike * normalCdf(sign * (d1 - deviation));
  const density = normalPdf(d1);
  const income = dividendYield * spot * owned;
  const interest = rate * paid;
  const decay = (presentSpot * density * vol) / (2 * Math.sqrt(years));
  return {
    price: europeanPrice(inputs),
    // The zeros keep -0 out of the log.
    delta: call ? owned : 0 - owned,
    gamma: deviation > 0 ? (spotDiscount * density) / (spot * deviation) : 0,
    vega: (presentSpot * density * Math.sqrt(years)) / 100,
    theta: (0 + (call ? income - interest : interest - income) - decay) / DAYS_PER_YEAR,
    rho: ((call ? paid : 0 - paid) * years) / 100,
  };
}
