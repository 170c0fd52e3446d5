/**
 * What positions move with the market: deltas in units, in dollars and beta-weighted to the benchmark, the greeks in
 * dollars, and the premium that is still to lose. Computed anew from portfolio, prices and chains at every question.
 */
import { type Config, configFor } from '../../domain/config.ts';
import { comparableSpot, intrinsic, type OptionContract } from '../../domain/options/contract.ts';
import type { Position, PositionRole } from '../../domain/portfolio.ts';
import { beta } from '../../streams/beta.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { ContractGreeks, OptionChains } from '../../streams/option-chains.ts';
import type { Portfolio } from './portfolio.ts';

/** Long positions count positive, but for deltas, which have the sign of what the position gains when prices rise. */
export interface Exposure {
  /** Dollars gained when the underlying rises by its whole price, at today's delta. */
  readonly delta: number;
  /** The same in dollars of the benchmark. */
  readonly betaWeighted: number;
  /** Change of `delta`, dollars, when the underlying rises by 1 %. */
  readonly gamma: number;
  /** Dollars per volatility point (0.01). */
  readonly vega: number;
  /** Dollars per calendar day. */
  readonly theta: number;
  /** Dollars of premium that bought options can still lose: their mark. */
  readonly premium: number;
}

export interface PositionExposure extends Exposure {
  readonly symbol: string;
  readonly role: PositionRole;
  readonly underlying: string;
  /** Units of the underlying that move alike. */
  readonly deltaUnits: number;
  readonly beta: number;
}

interface Parts {
  readonly config: Config;
  /** Null: betas are 1. */
  readonly benchmark: string | null;
  readonly market: MarketData;
  readonly options: OptionChains;
  readonly portfolio: Portfolio;
}

const NOTHING: Exposure = { delta: 0, betaWeighted: 0, gamma: 0, vega: 0, theta: 0, premium: 0 };

export class Exposures {
  readonly #parts: Parts;
  /** Betas by symbol, each good until either market closes another day. */
  readonly #betas = new Map<string, { ownDay: number; benchmarkDay: number; beta: number }>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Of the symbol's returns to the benchmark's. */
  betaOf(symbol: string): number {
    const { benchmark, market, config } = this.#parts;
    if (benchmark === null || symbol === benchmark) return 1;
    const ownDay = market.lastDay(symbol)?.time ?? 0;
    const benchmarkDay = market.lastDay(benchmark)?.time ?? 0;
    if (ownDay === 0 || benchmarkDay === 0) return 1;
    const known = this.#betas.get(symbol);
    if (known?.ownDay === ownDay && known.benchmarkDay === benchmarkDay) return known.beta;
    const historyOf = (each: string) => ({ bars: market.history(each), calendar: market.calendarOf(each) });
    const measured = beta(historyOf(symbol), historyOf(benchmark), configFor(config, symbol).hedge);
    this.#betas.set(symbol, { ownDay, benchmarkDay, beta: measured });
    return measured;
  }

  /** Dollars of delta that `quantity` units or contracts (negative: short) of a symbol would add: asked with every intent. */
  deltaOf(symbol: string, quantity: number): number {
    const { market, options } = this.#parts;
    const contract = options.contract(symbol);
    const spot = market.lastPx(contract?.underlying ?? symbol) ?? 0;
    if (contract === undefined) return quantity * market.multiplierOf(symbol) * spot;
    return this.#greeks(symbol, contract, spot).delta * quantity * contract.deliverable * spot;
  }

  /** Of every open position. */
  delta(): number {
    let sum = 0;
    for (const { symbol, quantity } of this.#parts.portfolio.positions())
      sum += this.deltaOf(symbol, quantity);
    return sum;
  }

  /** What `quantity` units or contracts (negative: short) of a symbol would add. */
  ofQuantity(symbol: string, quantity: number): Omit<PositionExposure, 'role'> {
    const { market, options } = this.#parts;
    const contract = options.contract(symbol);
    const underlying = contract?.underlying ?? symbol;
    const spot = market.lastPx(underlying) ?? 0;
    const weight = this.betaOf(underlying);
    if (contract === undefined) {
      const deltaUnits = quantity * market.multiplierOf(symbol);
      const delta = deltaUnits * spot;
      return {
        ...NOTHING,
        symbol,
        underlying,
        deltaUnits,
        beta: weight,
        delta,
        betaWeighted: delta * weight,
      };
    }
    const greeks = this.#greeks(symbol, contract, spot);
    const { deliverable, multiplier } = contract;
    const deltaUnits = greeks.delta * quantity * deliverable;
    const delta = deltaUnits * spot;
    const dollars = quantity * multiplier;
    return {
      symbol,
      underlying,
      deltaUnits,
      beta: weight,
      delta,
      betaWeighted: delta * weight,
      gamma: (greeks.gamma * quantity * deliverable * spot * comparableSpot(contract, spot)) / 100,
      vega: greeks.vega * dollars,
      theta: greeks.theta * dollars,
      premium: Math.max(0, (options.mark(symbol) ?? 0) * dollars),
    };
  }

  of({ symbol, role, quantity }: Pick<Position, 'symbol' | 'role' | 'quantity'>): PositionExposure {
    return { ...this.ofQuantity(symbol, quantity), role };
  }

  /** Every open position, by symbol, then role; of the roles given only. */
  all(roles?: readonly PositionRole[]): PositionExposure[] {
    return this.#parts.portfolio
      .positions()
      .filter(({ role }) => roles === undefined || roles.includes(role))
      .map((position) => this.of(position));
  }

  sum(roles?: readonly PositionRole[]): Exposure {
    return this.all(roles).reduce<Exposure>(add, NOTHING);
  }

  #greeks(symbol: string, contract: OptionContract, spot: number): Omit<ContractGreeks, 'impliedVol'> {
    return this.#parts.options.greeks(symbol) ?? greeksWithoutVolatility(contract, spot);
  }
}

const add = (a: Exposure, b: Exposure): Exposure => ({
  delta: a.delta + b.delta,
  betaWeighted: a.betaWeighted + b.betaWeighted,
  gamma: a.gamma + b.gamma,
  vega: a.vega + b.vega,
  theta: a.theta + b.theta,
  premium: a.premium + b.premium,
});

/** Where no volatility explains the price, an option moves like what exercise would give now. */
function greeksWithoutVolatility(contract: OptionContract, spot: number): Omit<ContractGreeks, 'impliedVol'> {
  const moves = intrinsic(contract, spot) > 0 ? 1 : 0;
  return { delta: contract.right === 'call' ? moves : 0 - moves, gamma: 0, vega: 0, theta: 0 };
}
