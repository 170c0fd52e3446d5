/**
 * The maker of modelled chains, beside the simulated exchange: it folds the day bars of every underlying nobody recorded a
 * chain for, says at each close how volatile it is, and quotes its contracts to the exchange.
 */
import { type Config, configFor, type RunSpec } from '../domain/config.ts';
import type { CalendarName } from '../domain/instrument.ts';
import { modelledIndex, modelledOptionQuote, volOf } from '../domain/options/chain-model.ts';
import { comparableSpot, yearsToExpiry } from '../domain/options/contract.ts';
import { ContractCatalogue } from '../domain/options/contract-catalogue.ts';
import type { TwoSided } from '../domain/spread-model.ts';
import type { SessionStarted } from '../events/engine.events.ts';
import type { SymbolDefined } from '../events/market.events.ts';
import type { VolatilityModelled } from '../events/option.events.ts';
import { DAY_S, type Tick } from '../events/tick.ts';
import type { Bar } from '../streams/bar.ts';
import { chainSource } from '../streams/chain-source.ts';
import { DayBuilder } from '../streams/day-builder.ts';
import { BarWindow } from '../streams/indicators.ts';
import { fromSaved, RecentBars, type SavedBar, toSaved } from '../streams/recent-bars.ts';
import { SymbolTable } from '../streams/symbol-table.ts';
import { TickFold } from '../streams/tick-fold.ts';
import { FEATURE_BARS, volatilityFeatures } from './volatility-features.ts';

/** One symbol's day bars: an underlying's, or a volatility index's. */
interface Days {
  readonly definition: SymbolDefined;
  readonly options: Config['options'];
  readonly isUnderlying: boolean;
  readonly builder: DayBuilder | null;
  readonly bars: BarWindow;
  readonly recent: RecentBars;
  /** A day was completed since the last close. */
  fresh: boolean;
  /** At-the-money volatility of the newest close; null before the first. */
  atm: number | null;
}

interface SavedDays {
  readonly fold: readonly number[];
  readonly recent: readonly SavedBar[];
  readonly partial: SavedBar | null;
  readonly atm: number | null;
}

export type ChainModellerJson = Readonly<Record<string, SavedDays>>;

interface ModellerParts {
  readonly manifest: Pick<SessionStarted, 'mode' | 'run' | 'symbols'>;
  readonly definitions: readonly SymbolDefined[];
  /** Underlyings whose chains are in the market data. */
  readonly recorded: ReadonlySet<string>;
}

/** Underlyings whose chains a session models. */
function modelledUnderlyings({ manifest, definitions, recorded }: ModellerParts): string[] {
  const { run, mode } = manifest;
  const catalogue = new ContractCatalogue(run.config, manifest.symbols);
  const decided = new Set(manifest.symbols);
  return definitions
    .filter(
      (each) =>
        decided.has(each.symbol) &&
        catalogue.names(each.symbol) &&
        chainSource(run, mode, each, recorded.has(each.symbol)) === 'modelled',
    )
    .map(({ symbol }) => symbol);
}

/** The volatility indices a configuration names for these symbols: evidence, never traded. */
export function volatilityIndices(
  { config }: Pick<RunSpec, 'config'>,
  symbols: Iterable<string>,
): Set<string> {
  const named = [...symbols].map((symbol) => configFor(config, symbol).options.vixSymbol);
  return new Set(named.filter((each) => each !== null));
}

export class ChainModeller {
  readonly #catalogue: ContractCatalogue;
  readonly #symbols = new SymbolTable();
  readonly #fold: TickFold;
  readonly #days = new Map<string, Days>();
  /** Symbols of the above by dictionary id. */
  readonly #byId: (Days | undefined)[] = [];

  constructor(parts: ModellerParts, catalogue: ContractCatalogue, carried: ChainModellerJson = {}) {
    const { manifest, definitions } = parts;
    const { config } = manifest.run;
    this.#catalogue = catalogue;
    this.#fold = new TickFold(this.#symbols, config.feed, {
      bar: (bar) => this.#onBar(bar),
      print: () => {},
      quoted: () => {},
      optionQuote: () => {},
      rejected: () => {}, // the core says so
    });
    const underlyings = new Set(modelledUnderlyings(parts));
    const indices = volatilityIndices(manifest.run, underlyings);
    for (const definition of definitions) {
      const { symbol } = definition;
      const isUnderlying = underlyings.has(symbol);
      if (!isUnderlying && !indices.has(symbol)) continue;
      this.#follow(definition, configFor(config, symbol).options, isUnderlying, carried[symbol]);
    }
  }

  #follow(
    definition: SymbolDefined,
    options: Config['options'],
    isUnderlying: boolean,
    saved: SavedDays | undefined,
  ): void {
    const { id, symbol, calendar, resolutionS } = definition;
    const days: Days = {
      definition,
      options,
      isUnderlying,
      builder: resolutionS === DAY_S ? null : new DayBuilder(calendar),
      bars: new BarWindow(FEATURE_BARS),
      recent: new RecentBars(FEATURE_BARS),
      fresh: false,
      atm: saved?.atm ?? null,
    };
    this.#symbols.define(definition);
    this.#fold.define(definition);
    this.#days.set(symbol, days);
    this.#byId[id] = days;
    if (saved === undefined) return;
    this.#fold.restore(symbol, saved.fold);
    for (const bar of saved.recent) this.#push(days, fromSaved(symbol, bar));
    if (saved.partial !== null) days.builder?.restore(fromSaved(symbol, saved.partial));
    days.fresh = false;
  }

  /** A market record, after the engine has numbered it. */
  see(tick: Tick): void {
    if (this.#byId[tick.symbolId] !== undefined) this.#fold.fold(tick, 0);
  }

  /** The volatility of every underlying that traded on the day that ends. */
  closed(calendar: CalendarName, day: string, at: number): VolatilityModelled[] {
    const ending = [...this.#days.values()].filter(({ definition }) => definition.calendar === calendar);
    if (ending.length === 0) return [];
    this.#fold.closeBars(at);
    for (const days of ending) {
      const bar = days.builder?.close(day) ?? null;
      if (bar !== null) this.#push(days, bar);
    }
    const volatilities = ending
      .filter(({ isUnderlying, fresh }) => isUnderlying && fresh)
      .map((days) => this.#volatilityOf(days, day))
      .filter((each) => each !== null);
    for (const days of ending) days.fresh = false;
    return volatilities;
  }

  /** What a contract is quoted at with its underlying at `spot`; null where its chain is not modelled, or not yet, or over. */
  quote(symbol: string, spot: number, at: number): TwoSided | null {
    const contract = this.#catalogue.get(symbol);
    const days = contract && this.#days.get(contract.underlying);
    if (days === undefined || days.atm === null) return null;
    return modelledOptionQuote(contract!, spot, days.atm, at, days.options);
  }

  /** The volatility behind such a quote. */
  vol(symbol: string, spot: number, at: number): number | null {
    const contract = this.#catalogue.get(symbol);
    const days = contract && this.#days.get(contract.underlying);
    const years = contract === undefined ? 0 : yearsToExpiry(contract, at);
    if (days === undefined || days.atm === null || years === 0) return null;
    const { strike } = contract!;
    return volOf(days.atm, strike, comparableSpot(contract!, spot), years, days.options.model);
  }

  toJSON(): ChainModellerJson {
    const saved = [...this.#days].map(([symbol, { builder, recent, atm }]): [string, SavedDays] => {
      const partial = builder?.save() ?? null;
      return [
        symbol,
        {
          fold: this.#fold.save(symbol),
          recent: recent.save(),
          partial: partial === null ? null : toSaved(partial),
          atm,
        },
      ];
    });
    return Object.fromEntries(saved);
  }

  #onBar(bar: Bar): void {
    const days = this.#days.get(bar.symbol)!;
    if (bar.resolutionS === DAY_S) this.#push(days, bar);
    else days.builder?.add(bar);
  }

  #push(days: Days, bar: Bar): void {
    days.bars.push(bar);
    days.recent.push(bar);
    days.fresh = true;
  }

  #volatilityOf(days: Days, day: string): VolatilityModelled | null {
    const { options, bars, definition } = days;
    const index = options.vixSymbol === null ? undefined : this.#days.get(options.vixSymbol);
    const features = volatilityFeatures(bars);
    // An index that fell silent says nothing of today: its last value may be of calmer times.
    const level = index?.fresh ? index.bars.close.ago(0) / 100 : features && modelledIndex(features, options);
    if (level === null || !(level > 0 && level < Number.POSITIVE_INFINITY)) return null;
    days.atm = options.vixShare * level;
    return {
      day,
      evidence: { index: level, ...features },
      from: index?.fresh ? 'index' : 'fitted',
      underlying: definition.symbol,
      vol: days.atm,
    };
  }
}
