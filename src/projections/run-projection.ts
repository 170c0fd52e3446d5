/**
 * What happened in a run, gathered in one pass over its log: the equity curve, prices, fills, regimes and everything
 * the report and the metrics need. Fed live as a tap of the kernel or from the log of a finished run; call `finish`
 * after the last record.
 */
import type { EventSink, LogCursor } from '../bus/ports.ts';
import type { CalendarName } from '../domain/instrument.ts';
import { fromMicros } from '../domain/money.ts';
import type { Ledger } from '../domain/portfolio.ts';
import type { PayloadOf } from '../events/define-event.ts';
import type { SessionCarried, SessionStarted } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { MarketClosed, SymbolDefined } from '../events/market.events.ts';
import { DAY_S, type Tick, TickKind } from '../events/tick.ts';
import { type CarriedState, carriedState } from './carried-state.ts';
import { PriceSeries } from './price-series.ts';
import { RunAccount } from './run-account.ts';
import { RunJournal } from './run-journal.ts';
import { RunOptions } from './run-options.ts';
import { dayNumber, RunSamples, tradingDay } from './run-samples.ts';

/** Points a symbol's chart keeps at most; fewer where many symbols share the memory. */
const POINTS_OF_FEW_SYMBOLS = 8_192;
const POINTS_OF_MANY_SYMBOLS = 1_024;
const MANY_SYMBOLS = 16;
/** What a log says before anything happens in it. */
const DEFINES: readonly string[] = ['SessionStarted', 'SessionCarried', 'SymbolDefined', 'ContractDefined'];

export class RunProjection implements EventSink {
  /** The first `SessionStarted`: null until it was read. Later sessions of the same run continue it. */
  manifest: SessionStarted | null = null;
  readonly account: RunAccount;
  samples = new RunSamples(0);
  readonly journal = new RunJournal();
  /** Bars of each symbol, in order of definition. */
  readonly prices = new Map<string, PriceSeries>();
  /** Null in profile `plain`, which trades none. */
  options: RunOptions | null = null;
  /** Seconds of the shortest vendor bar; null where prices are trades or quotes. */
  resolutionS: number | null = null;
  inputs = 0;
  decisions = 0;

  readonly #idOf = new Map<string, number>();
  /** Names of recorded contracts. */
  readonly #symbols: string[] = [];
  readonly #multipliers: number[] = [];
  readonly #series: PriceSeries[] = [];
  readonly #marks: number[] = [];
  /** What a symbol's price is made of; options have theirs from their chains. */
  readonly #sources: ('bars' | 'trades' | 'quotes' | 'option')[] = [];
  /** Time of the newest quote or trade that moved the mark. */
  readonly #markedAt: number[] = [];
  /** Last known price of a symbol, dollars; undefined before its first. */
  readonly markOf = (symbol: string): number | undefined => {
    const id = this.#idOf.get(symbol);
    if (id === undefined || this.#sources[id] === 'option') return this.options?.mark(symbol);
    const mark = this.#marks[id];
    return Number.isNaN(mark) ? undefined : mark;
  };
  #calendar: CalendarName = 'XNYS';
  #benchmarkId = 0;
  #tradeFrom = Number.NEGATIVE_INFINITY;
  /** True where the decision bar is shorter than a day: a row at each instant at which bars ended. */
  intraday = false;

  /**
   * The latest tick waits until the core has had its chance to refuse it: id, seq, kind; time, then high low px of a bar,
   * bid ask midpoint of a quote, or a price alone; then its arrival.
   */
  #heldId = -1;
  #heldSeq = 0;
  #heldKind = 0;
  readonly #held = new Float64Array(5);
  /** The instant whose row is due once all its bars are in, else NaN. */
  #due = Number.NaN;
  #exposed = false;
  /** What the session before left, until the log has said what its symbols are. */
  #carried: CarriedState | null = null;
  #startedAt = 0;
  #ledgerMovedAt = Number.NaN;

  constructor() {
    const { journal } = this;
    const multiplierOf = (symbol: string) => this.multiplierOf(symbol);
    const options = () => this.options;
    this.account = new RunAccount({ journal, multiplierOf, options, startedAt: () => this.#startedAt });
  }

  tick(seq: number, tick: Tick): void {
    this.inputs += 1;
    if (this.#carried !== null) this.#carry(this.#carried);
    if (this.#heldId >= 0) this.#acceptHeld();
    const held = this.#held;
    held[0] = tick.time;
    switch (tick.kind) {
      case TickKind.bar:
        held[1] = tick.high;
        held[2] = tick.low;
        held[3] = tick.close;
        break;
      case TickKind.quote:
        held[1] = tick.bidPx;
        held[2] = tick.askPx;
        held[3] = (tick.bidPx + tick.askPx) / 2;
        held[4] = tick.recordedAt;
        break;
      default:
        held[3] = tick.px;
    }
    this.#heldKind = tick.kind;
    this.#heldId = tick.symbolId;
    this.#heldSeq = seq;
  }

  event(event: StoredEvent): void {
    if (event.kind === 'input') this.inputs += 1;
    else this.decisions += 1;
    if (this.#heldId >= 0) {
      if (event.type === 'TickRejected' && event.causation === this.#heldSeq) this.#heldId = -1;
      else this.#acceptHeld();
    }
    if (this.#carried !== null && !DEFINES.includes(event.type)) this.#carry(this.#carried);
    this.options?.hear(event);
    switch (event.type) {
      case 'SessionStarted':
        this.#start(event as StoredEvent<SessionStarted>);
        break;
      case 'SessionCarried':
        // Of a later session it is what this one knows itself.
        if (this.#idOf.size > 0) break;
        this.#carried = carriedState((event.payload as SessionCarried).state);
        if (this.#carried.chains !== null) this.options?.carry(this.#carried.chains);
        break;
      case 'SymbolDefined':
        this.#define(event.payload as SymbolDefined);
        break;
      case 'MarketClosed': {
        if (this.intraday) break;
        const day = dayNumber((event.payload as PayloadOf<typeof MarketClosed>).day);
        this.options?.close(day);
        this.#sample(event.recordedAt, day);
        break;
      }
      case 'CoreDeclared':
      case 'HoldingAdopted':
      case 'CashMoved':
      case 'CashAligned':
      case 'SymbolChanged':
      case 'OrderFilled':
      case 'OptionSettled':
      case 'SplitApplied':
      case 'TradeBusted':
      case 'TradeCorrected':
        this.#sampleDue();
        if (this.account.post(event, this.samples.bars)) this.#moved(event);
        break;
      default:
        this.journal.event(event);
    }
  }

  /** The trading day of an instant on the benchmark's calendar, in days since 1970. */
  dayOf(time: number): number {
    return tradingDay(time, this.#calendar);
  }

  /** The log is at its end: what moved after the last row is stated in it, or in a row of its own on a later day. */
  finish(): this {
    if (this.#heldId >= 0) this.#acceptHeld();
    this.#sampleDue();
    if (this.#ledgerMovedAt >= this.#tradeFrom) {
      const day = this.dayOf(this.#ledgerMovedAt);
      const { lastTime, lastDay } = this.samples;
      if (day <= lastDay) this.#sample(lastTime, lastDay);
      else this.#sample(this.#ledgerMovedAt, day);
    }
    this.samples.settle();
    return this;
  }

  /** Dollars: the starting cash, or what a session that goes on found. */
  get startCash(): number {
    return fromMicros(this.account.startMicros);
  }

  get ledger(): Ledger {
    return this.account.ledger;
  }

  get benchmark(): string | null {
    return this.manifest?.run.benchmark ?? this.manifest?.symbols[0] ?? null;
  }

  #start(event: StoredEvent<SessionStarted>): void {
    if (this.manifest !== null) return;
    const manifest = event.payload;
    this.manifest = manifest;
    this.#startedAt = event.recordedAt;
    this.account.open(manifest.run);
    this.samples = new RunSamples(manifest.run.cash);
    this.#tradeFrom = manifest.run.tradeFrom ?? Number.NEGATIVE_INFINITY;
    if (manifest.run.profile === 'plain') return;
    this.options = new RunOptions(manifest, this.markOf);
    this.options.hear(event);
  }

  #carry({ books, orders, regimes, pxOf }: CarriedState): void {
    this.#carried = null;
    for (const [symbol, id] of this.#idOf) this.#marks[id] = pxOf(symbol);
    this.journal.carry(orders, regimes);
    this.account.carry(books, this.markOf);
    this.samples = new RunSamples(this.startCash);
  }

  #define(definition: SymbolDefined): void {
    const { id, symbol, assetClass, multiplier, calendar, priceSource, resolutionS } = definition;
    if (this.#sources[id] !== undefined) return;
    this.#sources[id] = assetClass === 'option' ? 'option' : priceSource;
    if (assetClass === 'option') {
      this.#idOf.set(symbol, id);
      this.#symbols[id] = symbol;
      this.#multipliers[id] = multiplier;
      return;
    }
    const many = (this.manifest?.symbols.length ?? 0) > MANY_SYMBOLS;
    this.#idOf.set(symbol, id);
    this.#multipliers[id] = multiplier;
    this.#series[id] = new PriceSeries(many ? POINTS_OF_MANY_SYMBOLS : POINTS_OF_FEW_SYMBOLS);
    this.#marks[id] = Number.NaN;
    this.#markedAt[id] = Number.NEGATIVE_INFINITY;
    this.prices.set(symbol, this.#series[id]);
    if (symbol === this.benchmark) {
      this.#benchmarkId = id;
      this.#calendar = calendar;
    }
    if (resolutionS !== null) this.resolutionS = Math.min(this.resolutionS ?? resolutionS, resolutionS);
    const shortBars = priceSource === 'bars' && resolutionS !== null && resolutionS < DAY_S;
    if (shortBars && this.manifest?.run.profile === 'plain') this.intraday = true;
  }

  #acceptHeld(): void {
    const id = this.#heldId;
    const held = this.#held;
    this.#heldId = -1;
    if (this.#heldKind !== TickKind.bar) return this.#acceptPrint(id);
    if (this.#sources[id] !== 'bars') return; // the core builds its bars itself
    if (held[0] >= this.#tradeFrom) {
      if (this.intraday) {
        if (held[0] > this.#due) this.#sampleDue();
        this.#due = held[0];
      }
      this.#series[id]?.push(held[0], held[1], held[2], held[3]);
    }
    this.#marks[id] = held[3];
  }

  /** A quote, trade or opening print. What is out of order is not the market of now, nor is a quote of one side. */
  #acceptPrint(id: number): void {
    const held = this.#held;
    const time = held[0];
    const source = this.#sources[id];
    const isQuote = this.#heldKind === TickKind.quote;
    if (source === 'option') {
      const quote = { bidPx: held[1], askPx: held[2], time, recordedAt: held[4] };
      if (isQuote) this.options?.quoted(this.#symbols[id], quote);
      return;
    }
    if (isQuote || (this.#heldKind === TickKind.trade && source === 'trades')) {
      if (time < this.#markedAt[id]) return;
      this.#markedAt[id] = time;
    }
    if (isQuote) {
      if (!(held[1] > 0 && held[2] > 0) || (source !== 'quotes' && !Number.isNaN(this.#marks[id]))) return;
    }
    this.#marks[id] = held[3];
  }

  #sampleDue(): void {
    if (Number.isNaN(this.#due)) return;
    const time = this.#due;
    this.#due = Number.NaN;
    this.#sample(time, this.dayOf(time));
  }

  #sample(time: number, day: number): void {
    if (time < this.#tradeFrom) return;
    const { samples } = this;
    const equity = fromMicros(this.ledger.equityMicros(this.markOf) - this.account.depositedMicros);
    const again = this.intraday ? samples.lastTime === time : samples.lastDay === day;
    samples.state(again, time, day, equity, this.#exposed, this.#marks[this.#benchmarkId]);
    this.account.close(day, this.markOf);
    this.#exposed = this.account.holdsPlans();
    this.#ledgerMovedAt = Number.NaN;
  }

  #moved(event: StoredEvent): void {
    this.#ledgerMovedAt = event.time;
    this.#exposed ||= this.account.holdsPlans();
  }

  multiplierOf(symbol: string): number {
    const id = this.#idOf.get(symbol);
    return (id === undefined ? this.options?.contract(symbol)?.multiplier : this.#multipliers[id]) ?? 1;
  }
}

/** Folds a finished run's log and closes the cursor. */
export function projectRun(cursor: LogCursor): RunProjection {
  const projection = new RunProjection();
  for (let what = cursor.next(); what !== 0; what = cursor.next()) {
    if (what === 1) projection.tick(cursor.seq, cursor.tick);
    else projection.event(cursor.event);
  }
  cursor.close();
  return projection.finish();
}
