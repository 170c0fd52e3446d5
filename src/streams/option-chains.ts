/**
 * What the engine knows of options, wherever it comes from: contracts, quotes, greeks and at-the-money volatility, recorded
 * or modelled. Actors ask here and never need to know which it is; the answer says so.
 */
import type { Kernel } from '../bus/kernel.ts';
import { type Config, configFor, type RunSpec } from '../domain/config.ts';
import { tradingDayAt } from '../domain/exchange-calendar.ts';
import type { AssetClass } from '../domain/instrument.ts';
import { intrinsic, type OptionContract } from '../domain/options/contract.ts';
import { ContractCatalogue } from '../domain/options/contract-catalogue.ts';
import type { TwoSided } from '../domain/spread-model.ts';
import { SessionStarted } from '../events/engine.events.ts';
import { SymbolDefined } from '../events/market.events.ts';
import { ChainRecorded, ContractDefined, VolatilityModelled } from '../events/option.events.ts';
import type { Tick } from '../events/tick.ts';
import { IvHistory, type SavedIv } from './iv-history.ts';
import type { MarketData } from './market-data.ts';
import { ModelledChain } from './modelled-chain.ts';
import { realizedVolatility } from './realized-volatility.ts';
import { RecordedChain, type SavedChain } from './recorded-chain.ts';

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

/** Where the chain of a symbol comes from, as far as it is settled before the first input. */
export function chainSource(
  run: RunSpec,
  mode: SessionStarted['mode'],
  { symbol, assetClass }: { readonly symbol: string; readonly assetClass: AssetClass },
  isRecorded: boolean,
): ChainSource {
  const wanted = run.instruments === 'all' || run.hedge;
  if (run.profile !== 'quantos' || !wanted || assetClass === 'crypto' || assetClass === 'option')
    return 'none';
  const { chain } = configFor(run.config, symbol).options;
  if (chain === 'none') return 'none';
  if (chain !== 'modelled' && isRecorded) return 'recorded';
  return chain !== 'recorded' && mode === 'sim' ? 'modelled' : 'none';
}

const ACTOR = 'option-chains';

interface Parts {
  readonly market: MarketData;
  readonly run: RunSpec;
  /** The symbols decided on: what options can be on. */
  readonly symbols: readonly string[];
}

interface Saved {
  readonly histories: Readonly<Record<string, SavedIv>>;
  readonly recorded: Readonly<Record<string, SavedChain>>;
}

export class SessionChains implements OptionChains {
  readonly #kernel: Kernel;
  readonly #market: MarketData;
  readonly #run: RunSpec;
  readonly #catalogue: ContractCatalogue;
  readonly #configs = new Map<string, Config>();
  readonly #modelled = new Map<string, ModelledChain>();
  readonly #recorded = new Map<string, RecordedChain>();
  readonly #histories = new Map<string, IvHistory>();
  #mode: SessionStarted['mode'] = 'live';
  #carriedQuotes: Saved['recorded'] = {};

  constructor(kernel: Kernel, { market, run, symbols }: Parts) {
    this.#kernel = kernel;
    this.#market = market;
    this.#run = run;
    this.#catalogue = new ContractCatalogue(run.config, symbols);
    for (const symbol of symbols) {
      const config = configFor(run.config, symbol);
      this.#configs.set(symbol, config);
      this.#histories.set(symbol, new IvHistory(config.guard.lookback));
    }
    kernel.onStream(SessionStarted, ACTOR, ({ payload }) => {
      this.#mode = payload.mode;
    });
    kernel.onStream(SymbolDefined, ACTOR, ({ payload }) => this.#define(payload));
    kernel.onStream(ContractDefined, ACTOR, ({ payload }) => this.#defineContract(payload));
    kernel.onStream(VolatilityModelled, ACTOR, ({ payload }) => {
      this.#histories.get(payload.underlying)?.set(payload.day, payload.vol);
    });
    kernel.onStream(ChainRecorded, ACTOR, ({ payload, recordedAt }) => this.#snapshot(payload, recordedAt));
    kernel.carry(ACTOR, {
      save: () => this.#save(),
      restore: (state) => this.#restore(state as Saved),
    });
    market.answerOptionsBy(this);
  }

  covers(underlying: string): ChainSource {
    if (this.#recorded.has(underlying)) return 'recorded';
    return this.#modelled.has(underlying) ? 'modelled' : 'none';
  }

  contract(symbol: string): OptionContract | undefined {
    return this.#catalogue.get(symbol);
  }

  listed(underlying: string, right: 'call' | 'put', days: DaysToExpiry): readonly OptionContract[] {
    const { now } = this.#kernel;
    const recorded = this.#recorded.get(underlying);
    if (recorded !== undefined) return recorded.listed(right, days, now);
    const modelled = this.#modelled.get(underlying);
    const spot = this.#market.lastPx(underlying);
    if (modelled === undefined || spot === undefined || this.#atm(underlying) === undefined) return NONE;
    return modelled.listed(right, days, spot, now);
  }

  aroundDelta(
    underlying: string,
    right: 'call' | 'put',
    days: DaysToExpiry,
    size: DeltaRange,
  ): readonly OptionContract[] {
    const modelled = this.#modelled.get(underlying);
    if (modelled === undefined) {
      return this.listed(underlying, right, days).filter(({ symbol }) => {
        const delta = Math.abs(this.greeks(symbol)?.delta ?? Number.NaN);
        return delta >= size.min && delta <= size.max;
      });
    }
    const spot = this.#market.lastPx(underlying);
    const atm = this.#atm(underlying);
    if (spot === undefined || atm === undefined) return NONE;
    return modelled.aroundDelta(right, days, size, { spot, atm, now: this.#kernel.now });
  }

  quote(symbol: string): OptionQuote | null {
    const contract = this.contract(symbol);
    if (contract === undefined) return null;
    const { underlying } = contract;
    const { now } = this.#kernel;
    const recorded = this.#recorded.get(underlying);
    if (recorded !== undefined) return recorded.quote(contract, now);
    const modelled = this.#modelled.get(underlying);
    const spot = this.#market.lastPx(underlying);
    const atm = this.#atm(underlying);
    if (modelled === undefined || spot === undefined || atm === undefined) return null;
    return modelled.quote(contract, spot, atm, now);
  }

  greeks(symbol: string): ContractGreeks | null {
    const contract = this.contract(symbol);
    const spot = contract && this.#market.lastPx(contract.underlying);
    if (contract === undefined || spot === undefined) return null;
    const { now } = this.#kernel;
    const recorded = this.#recorded.get(contract.underlying);
    if (recorded !== undefined) return recorded.greeks(contract, spot, now);
    const atm = this.#atm(contract.underlying);
    if (atm === undefined) return null;
    return this.#modelled.get(contract.underlying)?.greeks(contract, spot, atm, now) ?? null;
  }

  mark(symbol: string): number | undefined {
    const contract = this.contract(symbol);
    if (contract === undefined) return undefined;
    const quote = this.quote(symbol);
    if (quote !== null && quote.bidPx > 0 && quote.askPx > 0) return (quote.bidPx + quote.askPx) / 2;
    const spot = this.#market.lastPx(contract.underlying);
    // What nobody bids for is worth its exercise: an offer alone may be a stub at any price.
    return spot === undefined ? undefined : Math.max(quote?.bidPx ?? 0, intrinsic(contract, spot));
  }

  volatility(underlying: string): ImpliedVolatility | null {
    const atm = this.#atm(underlying);
    if (atm === undefined) return null;
    const history = this.#histories.get(underlying)!;
    const { rankHistoryMin, realizedFast, realizedSlow } = this.#configs.get(underlying)!.guard;
    const { sessions } = history;
    const ranked = sessions >= rankHistoryMin;
    const bars = this.#market.history(underlying);
    const fast = realizedVolatility(bars, realizedFast);
    const slow = realizedVolatility(bars, realizedSlow);
    const realized = fast === undefined || slow === undefined ? 0 : Math.max(fast, slow);
    return {
      atm,
      rank: ranked ? history.rank() : null,
      percentile: ranked ? history.percentile() : null,
      ratio: realized > 0 ? atm / realized : null,
      sessions,
    };
  }

  /** A recorded quote that passed the fold. */
  quoted(symbol: string, tick: Tick): void {
    const contract = this.contract(symbol);
    const chain = contract && this.#recorded.get(contract.underlying);
    if (chain === undefined) return;
    const underlyingPx = this.#market.lastPx(contract!.underlying) ?? 0;
    chain.quoted(symbol, tick, tick.time, tick.recordedAt, underlyingPx);
  }

  #atm(underlying: string): number | undefined {
    return this.covers(underlying) === 'none' ? undefined : this.#histories.get(underlying)?.newest;
  }

  #define({ symbol, assetClass }: SymbolDefined): void {
    const config = this.#configs.get(symbol);
    if (config === undefined || !this.#catalogue.names(symbol)) return;
    if (chainSource(this.#run, this.#mode, { symbol, assetClass }, false) !== 'modelled') return;
    this.#modelled.set(symbol, new ModelledChain(symbol, this.#catalogue, config.options));
  }

  #defineContract({ symbol, underlying, style, settlement }: ContractDefined): void {
    const definition = this.#market.symbols.get(symbol);
    const config = this.#configs.get(underlying);
    if (definition === undefined || config === undefined) return;
    const assetClass = this.#market.symbols.get(underlying)?.assetClass ?? 'equity';
    if (chainSource(this.#run, this.#mode, { symbol: underlying, assetClass }, true) !== 'recorded') return;
    const { multiplier } = definition;
    const contract = this.#catalogue.add(symbol, { underlying, style, settlement, multiplier });
    this.#modelled.delete(underlying);
    let chain = this.#recorded.get(underlying);
    const carried = this.#carriedQuotes[underlying];
    if (chain === undefined) {
      this.#recorded.set(underlying, (chain = new RecordedChain(config.options, carried?.snapshotAt)));
    }
    chain.add(contract, carried?.quotes[symbol]);
  }

  #snapshot({ underlying, underlyingPx, openInterest }: ChainRecorded, at: number): void {
    const vol = this.#recorded.get(underlying)?.snapshot(openInterest, underlyingPx, at);
    if (vol == null) return;
    const day = tradingDayAt(this.#market.calendarOf(underlying), at);
    this.#histories.get(underlying)!.set(day, vol);
  }

  #save(): Saved {
    const histories = [...this.#histories].filter(([, { sessions }]) => sessions > 0);
    return {
      histories: Object.fromEntries(histories.map(([symbol, history]) => [symbol, history.save()])),
      recorded: Object.fromEntries([...this.#recorded].map(([symbol, chain]) => [symbol, chain.save()])),
    };
  }

  #restore({ histories, recorded }: Saved): void {
    for (const symbol of Object.keys(histories)) this.#histories.get(symbol)?.restore(histories[symbol]);
    this.#carriedQuotes = recorded;
  }
}

const NONE: readonly OptionContract[] = [];
