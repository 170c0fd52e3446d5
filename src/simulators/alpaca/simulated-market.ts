/**
 * The market behind the simulator: plays records by the clock, quotes what has only bars and the options nobody recorded
 * (modelled), and remembers what was, so that history can be asked for. It knows nothing of orders.
 */
import type { HostClock } from '../../bus/ports.ts';
import { tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { createRandom, deriveSeed, type Random } from '../../domain/random.ts';
import { modelledQuote } from '../../domain/spread-model.ts';
import { SymbolDefined } from '../../events/market.events.ts';
import { DAY_S, type Tick, TickKind } from '../../events/tick.ts';
import { BarHistory, type MarketBar } from './bar-history.ts';
import { BarsAhead, pathPx, spanOf } from './bar-path.ts';
import { contractNamed, instrumentOf, optionOf, type VenueInstrument } from './instruments.ts';
import { optionQuote, volatilityOf } from './option-market.ts';
import type { MarketRecords, OpenRecords } from './records.ts';

/** Sizes are shares, contracts or coins; a price of 0 is an empty side. */
export interface MarketQuote {
  readonly bidPx: number;
  readonly bidSize: number;
  readonly askPx: number;
  readonly askSize: number;
  readonly at: number;
}

/** Who hears the market as it goes by, in the order they came. */
export interface MarketListener {
  quote?(symbol: string, quote: MarketQuote): void;
  trade?(symbol: string, px: number, size: number, at: number): void;
  bar?(symbol: string, bar: MarketBar): void;
  dailyBar?(symbol: string, bar: MarketBar): void;
  halt?(symbol: string, halted: boolean, at: number): void;
  bands?(symbol: string, lowerPx: number, upperPx: number, at: number): void;
  split?(symbol: string, numerator: number, denominator: number, at: number): void;
  /** All that happened at once has been said. */
  flush?(): void;
}

export interface SimulatedMarketOptions {
  readonly clock: HostClock;
  /** Opened twice: once to play, once to look ahead into bars. */
  readonly records: OpenRecords;
  /** Added to the records' times, microseconds: plays an old log as if it were today. */
  readonly shiftUs?: number;
  readonly seed?: number;
  /** Of what is modelled. */
  readonly quotesPerSecond?: number;
  /** Of modelled quotes, as a fraction of the price. */
  readonly halfSpread?: number;
}

interface Listed {
  readonly id: number;
  readonly instrument: VenueInstrument;
  readonly definition: SymbolDefined;
  readonly history: BarHistory;
  quote: MarketQuote | null;
  lastPx: number | null;
  /** New units for an old one since the records were made. */
  ratio: number;
  halted: boolean;
}

const MONTHS_US = 60 * DAY_S * 1_000_000;

export class SimulatedMarket {
  readonly #options: Required<SimulatedMarketOptions>;
  readonly #byId = new Map<number, Listed>();
  readonly #bySymbol = new Map<string, Listed>();
  readonly #contracts = new Map<string, VenueInstrument | undefined>();
  readonly #watched = new Set<string>();
  readonly #optionQuotes = new Map<string, MarketQuote>();
  /** A chain's volatility changes from day to day. */
  readonly #volatility = new Map<string, { readonly day: string; readonly vol: number }>();
  readonly #listeners: MarketListener[] = [];
  readonly #random: Random;
  readonly #records: MarketRecords;
  readonly #ahead: BarsAhead;
  #next: 0 | 1 | 2 = 2;
  #beatAt: number;
  #beats = 0;
  #disarm = () => {};

  constructor(options: SimulatedMarketOptions) {
    this.#options = { shiftUs: 0, seed: 1, quotesPerSecond: 4, halfSpread: 0.0002, ...options };
    this.#random = createRandom(deriveSeed(this.#options.seed, 7));
    this.#records = options.records();
    this.#ahead = new BarsAhead(options.records, (id, end, resolutionS) => {
      const listed = this.#byId.get(id);
      return listed === undefined ? null : spanOf(listed.instrument.calendar, end, resolutionS);
    });
    this.#beatAt = options.clock.now();
    this.#advance();
    this.#play(options.clock.now());
  }

  /** What was defined so far, contracts left out that are only modelled. */
  get instruments(): readonly VenueInstrument[] {
    return [...this.#bySymbol.values()].map(({ instrument }) => instrument);
  }

  instrument(symbol: string): VenueInstrument | undefined {
    const listed = this.#bySymbol.get(symbol);
    if (listed !== undefined) return listed.instrument;
    if (!this.#contracts.has(symbol)) {
      const contract = contractNamed(symbol);
      const known = contract !== undefined && this.#bySymbol.has(contract.underlying);
      this.#contracts.set(symbol, known ? optionOf(contract) : undefined);
    }
    return this.#contracts.get(symbol);
  }

  history(symbol: string): BarHistory | undefined {
    return this.#bySymbol.get(symbol)?.history;
  }

  quote(symbol: string): MarketQuote | null {
    return this.#bySymbol.get(symbol)?.quote ?? this.#optionQuotes.get(symbol) ?? this.#modelled(symbol);
  }

  /** The last price somebody paid or would: what positions are marked at. */
  lastPx(symbol: string): number | null {
    const listed = this.#bySymbol.get(symbol);
    if (listed?.lastPx != null) return listed.lastPx;
    const quote = this.quote(symbol);
    return quote === null ? null : (quote.bidPx + quote.askPx) / 2;
  }

  /** At-the-money volatility of the modelled chain on a symbol. */
  volatility(symbol: string): number {
    const now = this.now();
    const day = tradingDayAt('XNYS', now);
    const known = this.#volatility.get(symbol);
    if (known?.day === day) return known.vol;
    const days = this.#bySymbol.get(symbol)?.history.bars(DAY_S, now - MONTHS_US, now, now, true) ?? [];
    const vol = volatilityOf(days);
    this.#volatility.set(symbol, { day, vol });
    return vol;
  }

  now(): number {
    return this.#options.clock.now();
  }

  isOpen(calendar: CalendarName): boolean {
    const now = this.now();
    const session = tradingSession(calendar, tradingDayAt(calendar, now + 1));
    return session !== null && now >= session.open && now < session.close;
  }

  isHalted(symbol: string): boolean {
    const instrument = this.instrument(symbol);
    const of = instrument?.contract?.underlying ?? symbol;
    return this.#bySymbol.get(of)?.halted ?? false;
  }

  /** Options are quoted only while somebody asks for them. */
  watch(symbol: string): void {
    if (!this.#bySymbol.has(symbol) && this.instrument(symbol) !== undefined) this.#watched.add(symbol);
  }

  listen(listener: MarketListener): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#arm();
  }

  stop(): void {
    this.#disarm();
    this.#disarm = () => {};
    this.#records.close();
    this.#ahead.close();
  }

  // --- what a fault or a hand does to the market ---------------------------------------------------------------

  /** A quote put into the market by hand. */
  post(symbol: string, quote: Omit<MarketQuote, 'at'>): void {
    const listed = this.#bySymbol.get(symbol);
    if (listed !== undefined) this.#quoted(listed, { ...quote, at: this.now() });
    this.#flush();
  }

  halt(symbol: string, halted: boolean): void {
    const listed = this.#bySymbol.get(symbol);
    if (listed === undefined) return;
    listed.halted = halted;
    for (const each of this.#listeners) each.halt?.(symbol, halted, this.now());
    this.#flush();
  }

  bands(symbol: string, lowerPx: number, upperPx: number): void {
    for (const each of this.#listeners) each.bands?.(symbol, lowerPx, upperPx, this.now());
    this.#flush();
  }

  /** From now on the records' prices count for that many new units. */
  split(symbol: string, numerator: number, denominator: number): void {
    const listed = this.#bySymbol.get(symbol);
    if (listed === undefined) return;
    listed.ratio *= numerator / denominator;
    listed.history.split(this.now(), numerator / denominator);
    if (listed.lastPx !== null) listed.lastPx *= denominator / numerator;
    listed.quote = null;
    for (const each of this.#listeners) each.split?.(symbol, numerator, denominator, this.now());
    this.#flush();
  }

  // --- playing -----------------------------------------------------------------------------------------------------

  #advance(): void {
    this.#next = this.#records.next();
    while (this.#next === 2) {
      const { payload, type } = this.#records.event;
      if (type === SymbolDefined.type) this.#define(payload as SymbolDefined);
      this.#next = this.#records.next();
    }
  }

  #define(definition: SymbolDefined): void {
    const instrument = instrumentOf(definition);
    const { id } = definition;
    const history = new BarHistory(instrument.calendar);
    const listed = {
      id,
      instrument,
      definition,
      history,
      quote: null,
      lastPx: null,
      ratio: 1,
      halted: false,
    };
    this.#byId.set(id, listed);
    this.#bySymbol.set(instrument.symbol, listed);
  }

  #play(now: number): void {
    const { quotesPerSecond, shiftUs } = this.#options;
    while (this.#next === 1 && this.#records.tick.time + shiftUs <= now) {
      this.#tick(this.#records.tick);
      this.#advance();
    }
    if (now >= this.#beatAt) {
      this.#beat(now);
      this.#beatAt = now + Math.round(1_000_000 / quotesPerSecond);
    }
    this.#flush();
  }

  #arm(): void {
    const now = this.now();
    const recordAt =
      this.#next === 1 ? this.#records.tick.time + this.#options.shiftUs : Number.POSITIVE_INFINITY;
    const at = Math.min(this.#beatAt, recordAt);
    this.#disarm = this.#options.clock.after(Math.max(0, (at - now) / 1_000), () => {
      this.#play(this.now());
      this.#arm();
    });
  }

  #tick(tick: Tick): void {
    const listed = this.#byId.get(tick.symbolId);
    if (listed === undefined) return;
    const { ratio } = listed;
    const at = tick.time + this.#options.shiftUs;
    if (tick.kind === TickKind.quote) {
      const { askPx, askSize, bidPx, bidSize } = tick;
      this.#quoted(listed, {
        bidPx: bidPx / ratio,
        bidSize: bidSize * ratio,
        askPx: askPx / ratio,
        askSize: askSize * ratio,
        at,
      });
    } else if (tick.kind === TickKind.trade) this.#traded(listed, tick.px / ratio, tick.size * ratio, at);
    else if (tick.kind === TickKind.openPrint) listed.lastPx = tick.px / ratio;
    else this.#barEnded(listed, tick, at);
  }

  #barEnded(listed: Listed, tick: Tick, at: number): void {
    const { ratio } = listed;
    const { close, high, low, open, resolutionS, volume } = tick;
    const bar = {
      from: at - resolutionS * 1_000_000,
      to: at,
      open: open / ratio,
      high: high / ratio,
      low: low / ratio,
      close: close / ratio,
      volume: volume * ratio,
    };
    listed.history.recorded(bar, resolutionS);
    listed.lastPx = bar.close;
    const { symbol } = listed.instrument;
    for (const each of this.#listeners) {
      if (resolutionS >= DAY_S) each.dailyBar?.(symbol, bar);
      else each.bar?.(symbol, bar);
    }
  }

  #quoted(listed: Listed, quote: MarketQuote): void {
    listed.quote = quote;
    const { symbol } = listed.instrument;
    if (listed.definition.priceSource === 'quotes' && quote.bidPx > 0 && quote.askPx > 0)
      this.#priced(listed, (quote.bidPx + quote.askPx) / 2, 0, quote.at);
    for (const each of this.#listeners) each.quote?.(symbol, quote);
  }

  #traded(listed: Listed, px: number, size: number, at: number): void {
    if (listed.definition.priceSource !== 'quotes') this.#priced(listed, px, size, at);
    for (const each of this.#listeners) each.trade?.(listed.instrument.symbol, px, size, at);
  }

  #priced(listed: Listed, px: number, size: number, at: number): void {
    listed.lastPx = px;
    // Recorded minutes are better than ours.
    if ((listed.definition.resolutionS ?? DAY_S) < DAY_S) return;
    const minute = listed.history.price(px, size, at);
    if (minute !== null) this.#minuteEnded(listed, minute);
  }

  #minuteEnded({ instrument }: Listed, minute: MarketBar): void {
    for (const each of this.#listeners) each.bar?.(instrument.symbol, minute);
  }

  #beat(now: number): void {
    this.#beats += 1;
    for (const listed of this.#byId.values()) {
      const minute = listed.history.over(now);
      if (minute !== null) this.#minuteEnded(listed, minute);
      if (listed.definition.priceSource === 'bars') this.#quoteFromBar(listed, now);
    }
    // Once a second: a chain that is asked for is quoted more often by its venue than anyone needs.
    if (this.#beats % Math.max(1, Math.round(this.#options.quotesPerSecond)) !== 0) return;
    this.#optionQuotes.clear();
    if (!this.isOpen('XNYS')) return;
    for (const symbol of this.#watched) {
      const quote = this.#modelled(symbol);
      if (quote === null) continue;
      this.#optionQuotes.set(symbol, quote);
      for (const each of this.#listeners) each.quote?.(symbol, quote);
    }
  }

  #quoteFromBar(listed: Listed, now: number): void {
    const { halfSpread, seed, shiftUs } = this.#options;
    const bar = this.#ahead.barAt(listed.id, now - shiftUs);
    if (bar === undefined || listed.halted) return;
    const px = pathPx(bar, now - shiftUs, deriveSeed(seed, listed.id)) / listed.ratio;
    const coins = listed.instrument.assetClass === 'crypto';
    const size = () => (coins ? this.#coins(px) : 100 * (1 + Math.floor(this.#random.nextUnit() * 9)));
    this.#quoted(listed, { ...modelledQuote(px, halfSpread), bidSize: size(), askSize: size(), at: now });
    if (this.#beats % 2 === 0) this.#traded(listed, Math.round(px * 100) / 100, size(), now);
  }

  /** A few ten thousand dollars' worth, in thousandths of a coin. */
  #coins(px: number): number {
    const dollars = 10_000 + this.#random.nextUnit() * 40_000;
    return Math.max(0.001, Math.round((dollars / px) * 1_000) / 1_000);
  }

  #modelled(symbol: string): MarketQuote | null {
    const contract = this.instrument(symbol)?.contract;
    if (contract == null || this.#bySymbol.has(symbol)) return null;
    const spot = this.lastPx(contract.underlying);
    const now = this.now();
    const made =
      spot === null ? null : optionQuote(contract, spot, this.volatility(contract.underlying), now);
    return made === null ? null : { ...made, bidSize: made.bidPx > 0 ? 50 : 0, askSize: 50, at: now };
  }

  #flush(): void {
    for (const each of this.#listeners) each.flush?.();
  }
}
