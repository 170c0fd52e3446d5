/**
 * The market as the core sees it, folded once more from a run's log by the same streams: prices, quotes and chains at any
 * record, so that an invariant can measure a decision by the market of its own moment.
 */
import { configFor, type RunSpec } from '../domain/config.ts';
import type { TwoSided } from '../domain/spread-model.ts';
import type { PayloadOf } from '../events/define-event.ts';
import { SessionStarted } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { MarketClosed, SymbolDefined } from '../events/market.events.ts';
import { DAY_S, type Tick } from '../events/tick.ts';
import type { Bar } from '../streams/bar.ts';
import { beta } from '../streams/beta.ts';
import { DayBuilder } from '../streams/day-builder.ts';
import { BarWindow } from '../streams/indicators.ts';
import type { ImpliedVolatility, OptionChains, OptionQuote } from '../streams/option-chains.ts';
import { realizedVolatility } from '../streams/realized-volatility.ts';
import { SessionChains } from '../streams/session-chains.ts';
import { SymbolTable } from '../streams/symbol-table.ts';
import { TickFold } from '../streams/tick-fold.ts';

type Closed = PayloadOf<typeof MarketClosed>;

interface Days {
  readonly builder: DayBuilder | null;
  readonly bars: BarWindow;
}

/** What a symbol's market shows at a record of the log. */
export interface MarketView {
  /** Definitions by symbol. */
  readonly symbols: ReadonlyMap<string, SymbolDefined>;
  /** The contract behind an option's symbol; undefined for anything else. */
  readonly contract: OptionChains['contract'];
  /** The newest quote of a share or a contract, recorded or modelled; null before the first, and where bars are all there is. */
  readonly quote: (symbol: string) => (TwoSided & Partial<OptionQuote> & { quotedAt: number }) | null;
  /** Arrival of the newest record of any symbol on the same calendar, microseconds. */
  readonly heardAt: (symbol: string) => number;
  /** Newest price that was not rejected, dollars; the midpoint of an option. Undefined before the first. */
  readonly lastPx: (symbol: string) => number | undefined;
  readonly volatility: (underlying: string) => ImpliedVolatility | null;
  /** Where the chain of an underlying comes from. */
  readonly covers: OptionChains['covers'];
  /** Dollars for a dollar of the price. */
  readonly multiplierOf: (symbol: string) => number;
  /** Dollars that `quantity` units or contracts gain with a rise of the underlying by its whole price. */
  readonly delta: (symbol: string, quantity: number) => number;
  /** The same for a rise of the benchmark. */
  readonly betaWeighted: (symbol: string, quantity: number) => number;
}

export class MarketFold implements MarketView {
  readonly symbols = new Map<string, SymbolDefined>();
  readonly #run: RunSpec;
  readonly #historyBars: number;
  readonly #table = new SymbolTable();
  readonly #fold: TickFold;
  readonly #days = new Map<string, Days>();
  #chains: SessionChains | null = null;
  #now = 0;

  /** `historyBars`: the days the engine keeps; a beta knows no others. */
  constructor(run: RunSpec, historyBars: number) {
    this.#run = run;
    this.#historyBars = historyBars;
    this.#fold = new TickFold(this.#table, run.config.feed, {
      bar: (bar) => this.#onBar(bar),
      print: () => {},
      quoted: () => {},
      optionQuote: (tick) => this.#chains?.quoted(this.#table.byId[tick.symbolId]!.symbol, tick),
      rejected: () => {}, // the log says so
    });
  }

  tick(tick: Tick, seq: number): void {
    this.#now = tick.recordedAt;
    this.#fold.fold(tick, seq);
  }

  event(event: StoredEvent): void {
    this.#now = event.recordedAt;
    switch (event.type) {
      case SessionStarted.type: {
        const { symbols } = event.payload as SessionStarted;
        this.#chains = new SessionChains(this.#run, symbols, {
          now: () => this.#now,
          spotOf: (underlying) => this.#pxOf(underlying),
          realized: (underlying, days) => {
            const bars = this.#days.get(underlying)?.bars;
            return bars && realizedVolatility(bars, days);
          },
        });
        break;
      }
      case SymbolDefined.type:
        this.#define(event.payload as SymbolDefined);
        break;
      case MarketClosed.type:
        this.#close(event as StoredEvent<Closed>);
        break;
    }
    this.#chains?.hear(event);
  }

  readonly contract: MarketView['contract'] = (symbol) => this.#chains?.contract(symbol);

  readonly covers: MarketView['covers'] = (underlying) => this.#chains?.covers(underlying) ?? 'none';

  readonly quote: MarketView['quote'] = (symbol) => {
    if (this.contract(symbol) !== undefined) return this.#chains!.quote(symbol);
    const id = this.symbols.get(symbol)?.id;
    if (id === undefined || !(this.#fold.bidPx[id] > 0 && this.#fold.askPx[id] > 0)) return null;
    return { bidPx: this.#fold.bidPx[id], askPx: this.#fold.askPx[id], quotedAt: this.#fold.quotedAt[id] };
  };

  readonly heardAt: MarketView['heardAt'] = (symbol) => {
    const calendar = this.symbols.get(symbol)?.calendar ?? 'XNYS';
    return this.#fold.heardAt(calendar);
  };

  readonly lastPx: MarketView['lastPx'] = (symbol) =>
    this.contract(symbol) === undefined ? this.#pxOf(symbol) : this.#chains!.mark(symbol);

  readonly volatility: MarketView['volatility'] = (underlying) =>
    this.#chains?.volatility(underlying) ?? null;

  readonly multiplierOf: MarketView['multiplierOf'] = (symbol) =>
    this.symbols.get(symbol)?.multiplier ?? this.contract(symbol)?.multiplier ?? 1;

  readonly delta: MarketView['delta'] = (symbol, quantity) => {
    const contract = this.contract(symbol);
    const spot = this.#pxOf(contract?.underlying ?? symbol) ?? 0;
    if (contract === undefined) return quantity * this.multiplierOf(symbol) * spot;
    const { right, strike, deliverable, multiplier } = contract;
    const above = (spot * deliverable) / multiplier - strike;
    const exercised = right === 'call' ? Number(above > 0) : 0 - Number(above < 0);
    return (this.#chains!.greeks(symbol)?.delta ?? exercised) * quantity * deliverable * spot;
  };

  readonly betaWeighted: MarketView['betaWeighted'] = (symbol, quantity) =>
    this.delta(symbol, quantity) * this.#betaOf(this.contract(symbol)?.underlying ?? symbol);

  #pxOf(symbol: string): number | undefined {
    const id = this.symbols.get(symbol)?.id;
    return (id === undefined ? 0 : this.#fold.lastPx[id]) || undefined;
  }

  #betaOf(symbol: string): number {
    const { benchmark, config } = this.#run;
    const own = this.#days.get(symbol);
    const market = benchmark === null ? undefined : this.#days.get(benchmark);
    if (own === undefined || market === undefined || own === market) return 1;
    const historyOf = (each: string, { bars }: Days) => ({
      bars,
      calendar: this.symbols.get(each)!.calendar,
    });
    return beta(historyOf(symbol, own), historyOf(benchmark!, market), configFor(config, symbol).hedge);
  }

  #define(definition: SymbolDefined): void {
    const { symbol, assetClass, calendar, resolutionS } = definition;
    this.symbols.set(symbol, definition);
    this.#table.define(definition);
    this.#fold.define(definition);
    if (assetClass === 'option') return;
    this.#days.set(symbol, {
      builder: resolutionS === DAY_S ? null : new DayBuilder(calendar),
      bars: new BarWindow(this.#historyBars),
    });
  }

  #onBar(bar: Bar): void {
    const days = this.#days.get(bar.symbol);
    if (days?.builder === null) days.bars.push(bar);
    else days?.builder.add(bar);
  }

  #close({ payload, recordedAt }: StoredEvent<Closed>): void {
    this.#fold.closeBars(recordedAt);
    for (const [symbol, { builder, bars }] of this.#days) {
      if (this.symbols.get(symbol)!.calendar !== payload.calendar) continue;
      const bar = builder?.close(payload.day) ?? null;
      if (bar !== null) bars.push(bar);
    }
  }
}
