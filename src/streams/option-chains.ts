/**
 * What the engine knows of options, wherever it comes from: contracts, quotes, greeks and at-the-money volatility, recorded
 * or modelled. Actors ask here and never need to know which it is; the answer says so.
 */
import type { OptionContract } from '../domain/options/contract.ts';
import type { TwoSided } from '../domain/spread-model.ts';

/** Where the chain of an underlying comes from in this session. */
export type ChainSource = 'recorded' | 'modelled' | 'none';

export interface OptionQuote extends TwoSided {
  /** Arrival, microseconds; the present moment for a modelled one. */
  readonly quotedAt: number;
  /** The underlying's price when the quote arrived, dollars. */
  readonly underlyingPx: number;
  /** Contracts; null where nobody said. */
  readonly openInterest: number | null;
  readonly modelled: boolean;
}

/** Per unit of the underlying: delta per dollar, gamma per dollar squared, vega per vol point, theta per calendar day. */
export interface ContractGreeks {
  readonly impliedVol: number;
  readonly delta: number;
  readonly gamma: number;
  readonly vega: number;
  readonly theta: number;
}

/** At-the-money volatility at 30 days, a year's, as a fraction, and where it stands in its own history. */
export interface ImpliedVolatility {
  readonly atm: number;
  /** 0..1 over the guard's lookback; null with too little history. */
  readonly rank: number | null;
  readonly percentile: number | null;
  /** To the larger realised volatility; null without enough bars. */
  readonly ratio: number | null;
  /** Days of history. */
  readonly sessions: number;
}

/** Calendar days to the settlement day, both ends included. */
export interface DaysToExpiry {
  readonly min: number;
  readonly max: number;
}

/** Sizes of a delta, both ends included. */
export interface DeltaRange {
  readonly min: number;
  readonly max: number;
}

/** The chains of a session. */
export interface OptionChains {
  covers(underlying: string): ChainSource;
  /** The contract behind an OCC symbol; undefined for what is no option. */
  contract(symbol: string): OptionContract | undefined;
  /** Contracts that expire within these calendar days from now, by expiry, then strike. */
  listed(underlying: string, right: 'call' | 'put', days: DaysToExpiry): readonly OptionContract[];
  /** Those of them whose delta has such a size: cheaper than asking all listed ones for their greeks. */
  aroundDelta(
    underlying: string,
    right: 'call' | 'put',
    days: DaysToExpiry,
    size: DeltaRange,
  ): readonly OptionContract[];
  /** The newest quote, sides of 0 where there is none; null before the first, and once the contract has expired. */
  quote(symbol: string): OptionQuote | null;
  /** By the quote's midpoint; null where no volatility explains it. */
  greeks(symbol: string): ContractGreeks | null;
  /** What one unit is worth for the books, dollars; undefined where nothing is known. */
  mark(symbol: string): number | undefined;
  volatility(underlying: string): ImpliedVolatility | null;
}
