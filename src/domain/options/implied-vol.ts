/** The volatility at which the model gives a price, or the reason why none does. */
import { exp, log, millsRatio, normalPdf } from '../math.ts';
import { timeValue } from './black-scholes.ts';
import type { OptionMarket } from './option-inputs.ts';

/**
 * belowIntrinsic: cheaper than its exercise value, which no volatility gives. noTimeValue: exactly that value, which
 * every small volatility gives. aboveMaximum: not below what a call's share or a put's discounted strike costs.
 * zeroVega: so near that maximum that the price no longer tells volatilities apart. expired: no time left.
 * badInput: a number is not finite, or spot or strike is not above 0.
 */
export type NoVolReason =
  | 'belowIntrinsic'
  | 'noTimeValue'
  | 'aboveMaximum'
  | 'zeroVega'
  | 'expired'
  | 'badInput';

export type ImpliedVol =
  | { readonly ok: true; readonly vol: number }
  | { readonly ok: false; readonly reason: NoVolReason };

export const noVol = (reason: NoVolReason): ImpliedVol => ({ ok: false, reason });

/** What rounding may have made of a difference of two prices, by their sum. */
export const ROUNDING = 1e-15;

/** Why not even to try. */
export function refusal(
  { spot, strike, years, rate, dividendYield }: OptionMarket,
  price: number,
): NoVolReason | null {
  const finite = Number.isFinite(spot + strike + years + rate + dividendYield + price);
  if (!finite || spot <= 0 || strike <= 0) return 'badInput';
  return years <= 0 ? 'expired' : null;
}

/** The volatility of a European option; pricing with it again gives `price` within 1e-12 of the larger of spot and strike. */
export function europeanImpliedVol(market: OptionMarket, price: number): ImpliedVol {
  const refused = refusal(market, price);
  if (refused !== null) return noVol(refused);
  const { right, spot, strike, years, rate, dividendYield } = market;
  const presentSpot = spot * exp(-dividendYield * years);
  const presentStrike = strike * exp(-rate * years);
  const forward = right === 'call' ? presentSpot - presentStrike : presentStrike - presentSpot;
  const value = forward > 0 ? price - forward : price;
  const noise = forward > 0 ? ROUNDING * (presentSpot + presentStrike) : 0;
  if (value < -noise) return noVol('belowIntrinsic');
  if (value <= noise) return noVol('noTimeValue');
  const fraction = value / Math.min(presentSpot, presentStrike);
  if (fraction >= 1) return noVol('aboveMaximum');
  if (1 - fraction < NO_VEGA) return noVol('zeroVega');
  const deviation = impliedDeviation(Math.abs(log(presentSpot / presentStrike)), fraction);
  return { ok: true, vol: deviation / Math.sqrt(years) };
}
/** Below it the time value's distance from its maximum is made of rounding. */
const NO_VEGA = 1e-13;

/**
 * Inverts `timeValue` in its second argument. Below the inflection the value falls like e^(-moneyness^2 / 2 deviation^2),
 * so 1 / sqrt(-ln value) is nearly straight; above it, -ln(1 - value) bends gently. Halley's steps on these, kept
 * within a bracket that shrinks, need two to five evaluations.
 */
function impliedDeviation(moneyness: number, value: number): number {
  const inflection = Math.sqrt(2 * moneyness);
  const valueThere = 0.5 - INVERSE_SQRT_2_PI * millsRatio(inflection);
  const below = value < valueThere;
  const target = below ? 1 / Math.sqrt(-log(value)) : -log(1 - value);
  let low = below ? 0 : inflection;
  let high = below ? inflection : Number.POSITIVE_INFINITY;
  let deviation = below
    ? inflection * target * Math.sqrt(-log(valueThere))
    : inflection + (value - valueThere) / INVERSE_SQRT_2_PI;
  for (let i = 0; i < STEPS_MAX; i++) {
    const reached = timeValue(moneyness, deviation);
    if (reached < value) low = deviation;
    else high = deviation;
    const slope = normalPdf(deviation / 2 - moneyness / deviation);
    const centre = moneyness / deviation;
    const bend = (centre * centre - (deviation * deviation) / 4) / deviation;
    const step = below ? stepBelow(reached, target, slope, bend) : stepAbove(reached, target, slope, bend);
    const next = deviation - step;
    if (Math.abs(step) <= SETTLED * deviation) return next;
    if (next > low && next < high) deviation = next;
    else deviation = high === Number.POSITIVE_INFINITY ? 2 * deviation : (low + high) / 2;
  }
  return deviation;
}
const INVERSE_SQRT_2_PI = 0.3989422804014327;
const STEPS_MAX = 60;
/** Halley's error is of third order: after a step this small nothing is left to gain. */
const SETTLED = 1e-5;

/** Halley's step for 1 / sqrt(-ln value); `slope` is value', `bend` value'' / value'. */
function stepBelow(value: number, target: number, slope: number, bend: number): number {
  const height = -log(value);
  const fall = -slope / value;
  const newton = ((1 / Math.sqrt(height) - target) / (-0.5 * fall)) * height * Math.sqrt(height);
  return newton / (1 - 0.5 * newton * (bend + fall - (1.5 * fall) / height));
}

/** Halley's step for -ln(1 - value). */
function stepAbove(value: number, target: number, slope: number, bend: number): number {
  const rise = slope / (1 - value);
  const newton = (-log(1 - value) - target) / rise;
  return newton / (1 - 0.5 * newton * (bend + rise));
}
