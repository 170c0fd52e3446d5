/** What an option's value depends on, and what comes out: the vocabulary of all option maths, with its units. */

import type { ContractTerms } from './contract.ts';
import type { OptionRight } from './occ-symbol.ts';

export type ExerciseStyle = ContractTerms['style'];

export interface OptionTerms {
  readonly right: OptionRight;
  /** Dollars per unit of the underlying, above 0. */
  readonly strike: number;
}

/** All an option's price depends on but volatility. Everything finite; nothing is checked on the way. */
export interface OptionMarket extends OptionTerms {
  /** Price of the underlying, dollars, above 0. */
  readonly spot: number;
  /** Time to expiry in years of 365 days; at 0 and below the option is worth what exercise gives. */
  readonly years: number;
  /** Continuously compounded, a fraction a year: 0.053. */
  readonly rate: number;
  /** Continuous dividend yield, a fraction a year. */
  readonly dividendYield: number;
}

export interface OptionInputs extends OptionMarket {
  /** Volatility, a fraction a year, at least 0: 0.2 is 20 %. */
  readonly vol: number;
}

/** Price and sensitivities of an option on one unit of the underlying, dollars. */
export interface Greeks {
  readonly price: number;
  /** Per dollar of the underlying. */
  readonly delta: number;
  /** Change of delta per dollar of the underlying; 0 where it jumps, at the strike without time or volatility. */
  readonly gamma: number;
  /** Per volatility point (0.01). */
  readonly vega: number;
  /** Per calendar day: the derivative over 365, so on the last day it may exceed what is left to lose. */
  readonly theta: number;
  /** Per percentage point of the rate (0.01). */
  readonly rho: number;
}

export const DAYS_PER_YEAR = 365;

/** What exercising now gives. */
export const intrinsicValue = ({ right, strike }: OptionTerms, spot: number): number =>
  Math.max(right === 'call' ? spot - strike : strike - spot, 0);

/** An option past its time: worth its exercise, and moved by the underlying alone. */
export function expiredGreeks(market: OptionMarket): Greeks {
  const price = intrinsicValue(market, market.spot);
  const delta = price === 0 ? 0 : market.right === 'call' ? 1 : -1;
  return { price, delta, gamma: 0, vega: 0, theta: 0, rho: 0 };
}
