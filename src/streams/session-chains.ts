/**
 * The option chains of a session, folded from its events: quotes and snapshots where a chain was recorded, one volatility a
 * day where it is modelled. Whoever reads the session, the core or a report, sees the same marks.
 */
import type { Kernel } from '../bus/kernel.ts';
import { type Config, configFor, type RunSpec } from '../domain/config.ts';
import { tradingDayAt } from '../domain/exchange-calendar.ts';
import { intrinsic, type OptionContract } from '../domain/options/contract.ts';
import { ContractCatalogue } from '../domain/options/contract-catalogue.ts';
import { SessionStarted } from '../events/engine.events.ts';
import type { Recorded } from '../events/envelope.ts';
import { SymbolDefined } from '../events/market.events.ts';
import { ChainRecorded, ContractDefined, SplitApplied, VolatilityModelled } from '../events/option.events.ts';
import type { Tick } from '../events/tick.ts';
import { chainSource } from './chain-source.ts';
import { IvHistory, type SavedIv } from './iv-history.ts';
import type { MarketData } from './market-data.ts';
import { type ChainMoment, ModelledChain } from './modelled-chain.ts';
import type {
  ChainSource,
  ContractGreeks,
  DaysToExpiry,
  DeltaRange,
  ImpliedVolatility,
  OptionChains,
  OptionQuote,
} from './option-chains.ts';
import { realizedVolatility } from './realized-volatility.ts';
import { RecordedChain, type SavedChain } from './recorded-chain.ts';

const ACTOR = 'option-chains';

/** What the chains have to know of the market besides options. */
interface ChainMarket {
  now(): number;
  /** Last good price of a share, dollars; undefined before the first. */
  spotOf(underlying: string): number | undefined;
  /** Standard deviation of that many daily returns, a year's; undefined with too few. */
  realized(underlying: string, days: number): number | undefined;
}

export interface SavedChains {
  readonly histories: Readonly<Record<string, SavedIv>>;
  readonly recorded: Readonly<Record<string, SavedChain>>;
  /** Contracts that splits made of others: their symbols alone do not tell what they deliver. */
  readonly adjusted: readonly OptionContract[];
}

/** What only the same session knows of its chains. */
interface Kept {
  readonly mode: SessionStarted['mode'];
  readonly definitions: readonly SymbolDefined[];
  readonly met: readonly OptionContract[];
  readonly chains: Readonly<
    Record<string, { readonly snapshotAt: number; readonly contracts: ReturnType<RecordedChain['all']> }>
  >;
}

/** The core's chains: they hear what streams hear, and the market asks them for the prices of options. */
export function wireChains(
  kernel: Kernel,
  market: MarketData,
  run: RunSpec,
  symbols: readonly string[],
): SessionChains {
  const chains = new SessionChains(run, symbols, {
    now: () => kernel.now,
    spotOf: (underlying) => market.lastPx(underlying),
    realized: (underlying, days) => realizedVolatility(market.history(underlying), days),
  });
  for (const each of SessionChains.hears)
    kernel.onStream<unknown>(each, ACTOR, (event) => chains.hear(event));
  kernel.carry(ACTOR, {
    save: () => chains.save(),
    restore: (state) => chains.restore(state as SavedChains),
  });
  kernel.keep(ACTOR, { save: () => chains.keep(), restore: (kept) => chains.resume(kept) });
  market.answerOptionsBy(chains);
  return chains;
}

export class SessionChains implements OptionChains {
  static readonly hears = [
    SessionStarted,
    SymbolDefined,
    ContractDefined,
    VolatilityModelled,
    ChainRecorded,
    SplitApplied,
  ] as const;
  readonly #market: ChainMarket;
  readonly #run: RunSpec;
  readonly #catalogue: ContractCatalogue;
  readonly #configs = new Map<string, Config>();
  readonly #definitions = new Map<string, SymbolDefined>();
  readonly #modelled = new Map<string, ModelledChain>();
  readonly #recorded = new Map<string, RecordedChain>();
  readonly #histories = new Map<string, IvHistory>();
  #mode: SessionStarted['mode'] = 'live';
  #carriedQuotes: SavedChains['recorded'] = {};

  /** `symbols`: those decided on, which options can be on. */
  constructor(run: RunSpec, symbols: readonly string[], market: ChainMarket) {
    this.#market = market;
    this.#run = run;
    this.#catalogue = new ContractCatalogue(run.config, symbols);
    for (const symbol of symbols) {
      const config = configFor(run.config, symbol);
      this.#configs.set(symbol, config);
      this.#histories.set(symbol, new IvHistory(config.guard.lookback));
    }
  }

  /** Folds an event of the session; others than those of `hears` leave it as it is. */
  hear({ type, payload, recordedAt }: Pick<Recorded, 'type' | 'payload' | 'recordedAt'>): void {
    switch (type) {
      case SessionStarted.type:
        this.#mode = (payload as SessionStarted).mode;
        return;
      case SymbolDefined.type:
        return this.#define(payload as SymbolDefined);
      case ContractDefined.type:
        return this.#defineContract(payload as ContractDefined);
      case VolatilityModelled.type: {
        const { underlying, day, vol } = payload as VolatilityModelled;
        return this.#histories.get(underlying)?.set(day, vol);
      }
      case ChainRecorded.type:
        return this.#snapshot(payload as ChainRecorded, recordedAt);
      case SplitApplied.type: {
        const split = payload as SplitApplied;
        return this.#catalogue.split(split, tradingDayAt('XNYS', recordedAt));
      }
    }
  }

  covers(underlying: string): ChainSource {
    if (this.#recorded.has(underlying)) return 'recorded';
    return this.#modelled.has(underlying) ? 'modelled' : 'none';
  }

  contract(symbol: string): OptionContract | undefined {
    return this.#catalogue.get(symbol);
  }

  listed(underlying: string, right: 'call' | 'put', days: DaysToExpiry): readonly OptionContract[] {
    const recorded = this.#recorded.get(underlying);
    if (recorded !== undefined) return recorded.listed(right, days, this.#market.now());
    const moment = this.#momentOf(underlying);
    return moment === null ? NONE : this.#modelled.get(underlying)!.listed(right, days, moment);
  }

  aroundDelta(
    underlying: string,
    right: 'call' | 'put',
    days: DaysToExpiry,
    size: DeltaRange,
  ): readonly OptionContract[] {
    if (this.#recorded.has(underlying)) {
      return this.listed(underlying, right, days).filter(({ symbol }) => {
        const delta = Math.abs(this.greeks(symbol)?.delta ?? Number.NaN);
        return delta >= size.min && delta <= size.max;
      });
    }
    const moment = this.#momentOf(underlying);
    return moment === null ? NONE : this.#modelled.get(underlying)!.aroundDelta(right, days, size, moment);
  }

  quote(symbol: string): OptionQuote | null {
    const contract = this.contract(symbol);
    if (contract === undefined) return null;
    const { underlying } = contract;
    const recorded = this.#recorded.get(underlying);
    if (recorded !== undefined) return recorded.quote(contract, this.#market.now());
    const moment = this.#momentOf(underlying);
    return moment === null ? null : this.#modelled.get(underlying)!.quote(contract, moment);
  }

  greeks(symbol: string): ContractGreeks | null {
    const contract = this.contract(symbol);
    if (contract === undefined) return null;
    const { underlying } = contract;
    const recorded = this.#recorded.get(underlying);
    if (recorded !== undefined) {
      const spot = this.#market.spotOf(underlying);
      return spot === undefined ? null : recorded.greeks(contract, spot, this.#market.now());
    }
    const moment = this.#momentOf(underlying);
    return moment === null ? null : this.#modelled.get(underlying)!.greeks(contract, moment);
  }

  mark(symbol: string): number | undefined {
    const contract = this.contract(symbol);
    if (contract === undefined) return undefined;
    const quote = this.quote(symbol);
    if (quote !== null && quote.bidPx > 0 && quote.askPx > 0) return (quote.bidPx + quote.askPx) / 2;
    const spot = this.#market.spotOf(contract.underlying);
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
    const fast = this.#market.realized(underlying, realizedFast);
    const slow = this.#market.realized(underlying, realizedSlow);
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
  quoted(symbol: string, tick: Pick<Tick, 'bidPx' | 'askPx' | 'time' | 'recordedAt'>): void {
    const contract = this.contract(symbol);
    const chain = contract && this.#recorded.get(contract.underlying);
    if (chain === undefined) return;
    const underlyingPx = this.#market.spotOf(contract!.underlying) ?? 0;
    chain.quoted(symbol, tick, tick.time, tick.recordedAt, underlyingPx);
  }

  /** What the modelled chain of an underlying depends on now; null where there is none, or not yet. */
  #momentOf(underlying: string): ChainMoment | null {
    const spot = this.#market.spotOf(underlying);
    const atm = this.#atm(underlying);
    if (!this.#modelled.has(underlying) || spot === undefined || atm === undefined) return null;
    return { spot, atm, now: this.#market.now() };
  }

  #atm(underlying: string): number | undefined {
    return this.covers(underlying) === 'none' ? undefined : this.#histories.get(underlying)?.newest;
  }

  #define(definition: SymbolDefined): void {
    const { symbol } = definition;
    this.#definitions.set(symbol, definition);
    const config = this.#configs.get(symbol);
    if (config === undefined || this.#modelled.has(symbol) || !this.#catalogue.names(symbol)) return;
    if (chainSource(this.#run, this.#mode, definition, false) !== 'modelled') return;
    this.#modelled.set(symbol, new ModelledChain(symbol, this.#catalogue, config.options));
  }

  #defineContract({ symbol, underlying, style, settlement }: ContractDefined): void {
    const ofUnderlying = this.#definitions.get(underlying);
    const definition = this.#definitions.get(symbol);
    const config = this.#configs.get(underlying);
    if (ofUnderlying === undefined || definition === undefined || config === undefined) return;
    if (chainSource(this.#run, this.#mode, ofUnderlying, true) !== 'recorded') return;
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
    const day = tradingDayAt(this.#definitions.get(underlying)!.calendar, at);
    this.#histories.get(underlying)!.set(day, vol);
  }

  save(): SavedChains {
    const histories = [...this.#histories].filter(([, { sessions }]) => sessions > 0);
    return {
      histories: Object.fromEntries(histories.map(([symbol, history]) => [symbol, history.save()])),
      recorded: Object.fromEntries([...this.#recorded].map(([symbol, chain]) => [symbol, chain.save()])),
      adjusted: this.#catalogue.adjusted(),
    };
  }

  restore({ histories, recorded, adjusted }: SavedChains): void {
    for (const contract of adjusted) this.#catalogue.define(contract);
    for (const symbol of Object.keys(histories)) this.#histories.get(symbol)?.restore(histories[symbol]);
    this.#carriedQuotes = recorded;
  }

  keep(): unknown {
    const chains = [...this.#recorded].map(([underlying, chain]) => {
      return [underlying, { snapshotAt: chain.snapshotAt, contracts: chain.all() }] as const;
    });
    const kept: Kept = {
      mode: this.#mode,
      definitions: [...this.#definitions.values()],
      met: this.#catalogue.met(tradingDayAt('XNYS', this.#market.now())),
      chains: Object.fromEntries(chains),
    };
    return kept;
  }

  resume(state: unknown): void {
    const { mode, definitions, met, chains } = state as Kept;
    this.#mode = mode;
    for (const definition of definitions) this.#define(definition);
    for (const [underlying, { snapshotAt, contracts }] of Object.entries(chains)) {
      this.#modelled.delete(underlying);
      const chain = new RecordedChain(this.#configs.get(underlying)!.options, snapshotAt);
      this.#recorded.set(underlying, chain);
      for (const [contract, quote] of contracts) {
        this.#catalogue.define(contract);
        chain.add(contract, quote);
      }
    }
    for (const contract of met) this.#catalogue.define(contract);
  }
}

const NONE: readonly OptionContract[] = [];
