/**
 * The option chain of an underlying nobody recorded one for: how volatile it would have been priced, which contracts
 * would have been listed, and how they would have been quoted. Every number is a parameter of config.options; the
 * formulas, their fit and their limits are in docs/options.md.
 */
import type { OptionsConfig } from '../config.ts';
import { roundPassive } from '../instrument.ts';
import { exp, log } from '../math.ts';
import type { TwoSided } from '../spread-model.ts';
import { europeanGreeks, europeanPrice } from './black-scholes.ts';
import { comparableSpot, type OptionContract, yearsToExpiry } from './contract.ts';
import type { Greeks, OptionInputs } from './option-inputs.ts';

/** What the volatility index was regressed on: volatilities a year's as fractions, log returns to today's close. */
export interface VolatilityFeatures {
  /** Parkinson's, of the highs and lows of five days. */
  readonly parkinson5: number;
  /** Root mean square of that many daily log returns. */
  readonly realized22: number;
  readonly realized66: number;
  readonly realized252: number;
  readonly return5: number;
  readonly return22: number;
}

/** The volatility index such a market would show, as a fraction. */
export function modelledIndex(features: VolatilityFeatures, { model }: Pick<OptionsConfig, 'model'>): number {
  return exp(
    model.intercept +
      model.parkinson5 * log(features.parkinson5) +
      model.realized22 * log(features.realized22) +
      model.realized66 * log(features.realized66) +
      model.realized252 * log(features.realized252) +
      model.return5 * features.return5 +
      model.return22 * features.return22,
  );
}

/** The maturity that at-the-money volatility is stated for. */
const YEARS_30_DAYS = 30 / 365;

/** Volatility of a contract: the at-the-money one at 30 days, bent by the term structure and the skew. */
export function volOf(
  atm: number,
  strike: number,
  spot: number,
  years: number,
  { termExponent, skew, skewMin, skewMax }: OptionsConfig['model'],
): number {
  const term = termExponent === 0 ? 1 : exp(termExponent * log(years / YEARS_30_DAYS));
  return atm * term * Math.min(skewMax, Math.max(skewMin, 1 - skew * log(strike / spot)));
}

function inputsOf(
  contract: OptionContract,
  underlyingPx: number,
  atm: number,
  years: number,
  { rate, dividendYield, model }: OptionsConfig,
): OptionInputs {
  const spot = comparableSpot(contract, underlyingPx);
  const { right, strike } = contract;
  return {
    right,
    strike,
    spot,
    years,
    rate,
    dividendYield,
    vol: volOf(atm, strike, spot, years, model),
  };
}

/** What the model thinks a contract is quoted at, on its price grid and rounded against us; null once it has expired. */
export function modelledOptionQuote(
  contract: OptionContract,
  underlyingPx: number,
  atm: number,
  now: number,
  config: OptionsConfig,
): TwoSided | null {
  const years = yearsToExpiry(contract, now);
  if (years === 0) return null;
  const price = europeanPrice(inputsOf(contract, underlyingPx, atm, years, config));
  const { halfSpreadMin, halfSpreadShare } = config.model;
  const half = Math.max(halfSpreadMin, halfSpreadShare * price);
  const { tickClass } = contract;
  return {
    bidPx: roundPassive(Math.max(0, price - half), 'buy', tickClass),
    askPx: roundPassive(price + half, 'sell', tickClass),
  };
}

/** Greeks at the model's own volatility, and that volatility. */
export function modelledGreeks(
  contract: OptionContract,
  underlyingPx: number,
  atm: number,
  now: number,
  config: OptionsConfig,
): Greeks & { readonly impliedVol: number } {
  const inputs = inputsOf(contract, underlyingPx, atm, yearsToExpiry(contract, now), config);
  return { ...europeanGreeks(inputs), impliedVol: inputs.vol };
}

/** How far from the money strikes are listed, as a share of the price of the underlying. */
export const LISTED_REACH = 0.3;

/** The listed strikes, as multiples of the strike step: from the first to the last. */
export function listedSteps(spot: number, strikeStep: number): { first: number; last: number } {
  return {
    first: Math.max(1, Math.ceil((spot * (1 - LISTED_REACH)) / strikeStep)),
    last: Math.floor((spot * (1 + LISTED_REACH)) / strikeStep),
  };
}

/** Strikes are whole thousandths of a dollar. */
export const strikeAt = (steps: number, strikeStep: number): number =>
  Math.round(steps * strikeStep * 1_000) / 1_000;
