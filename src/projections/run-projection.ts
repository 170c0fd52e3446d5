/**
 * What happened in a run, gathered in one pass over its log: the equity curve, prices, fills, regimes and everything
 * the report and the metrics need. Fed live as a tap of the kernel or from the log of a finished run; call `finish`
 * after the last record.
 */
import type { EventSink, LogCursor } from '../bus/ports.ts';
import type { CalendarName } from '../domain/instrument.ts';
import { fromMicros, toMicros } from '../domain/money.ts';
import { Ledger } from '../domain/portfolio.ts';
import type { PayloadOf } from '../events/define-event.ts';
import type { CoreDeclared, SessionStarted } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { MarketClosed, SymbolDefined } from '../events/market.events.ts';
import type { OrderFilled, TradeBusted, TradeCorrected } from '../events/order.events.ts';
import { DAY_S, type Tick, TickKind } from '../events/tick.ts';
import { PriceSeries } from './price-series.ts';
import { RunJournal } from './run-journal.ts';
import { dayNumber, RunSamples, tradingDay } from './run-samples.ts';

/** Points a symbol's chart keeps at most; fewer where many symbols share the memory. */
const POINTS_OF_FEW_SYMBOLS = 8_192;
const POINTS_OF_MANY_SYMBOLS = 1_024;
const MANY_SYMBOLS = 16;

type CoreHolding = PayloadOf<typeof CoreDeclared>;

export class RunProjection implements EventSink {
  /** The first `SessionStarted`: null until it was read. Later sessions of the same run continue it. */
  manifest: SessionStarted | null = null;
  ledger = new Ledger(0);
  samples = new RunSamples(0);
  readonly journal = new RunJournal();
  /** Bars of each symbol, in order of definition. */
  readonly prices = new Map<string, PriceSeries>();
  readonly core: CoreHolding[] = [];
  /** Seconds of the shortest vendor bar; null where prices are trades or quotes. */
  resolutionS: number | null = null;
  inputs = 0;
  decisions = 0;

  readonly #idOf = new Map<string, number>();
  readonly #multipliers: number[] = [];
  readonly #series: PriceSeries[] = [];
  readonly #marks: number[] = [];
  /** Last known price of a symbol, dollars; undefined before its first. */
  readonly markOf = (symbol: string): number | undefined => {
    const id = this.#idOf.get(symbol);
    const mark = id === undefined ? Number.NaN : this.#marks[id];
    return Number.isNaN(mark) ? undefined : mark;
  };
  #calendar: CalendarName = 'XNYS';
  #benchmarkId = 0;
  #tradeFrom = Number.NEGATIVE_INFINITY;
  /** True where the decision bar is shorter than a day: a row at each instant at which bars ended. */
  intraday = false;

  /** The latest tick waits until the core has had its chance to refuse it: id, seq, is it a bar; time high low px. */
  #heldId = -1;
  #heldSeq = 0;
  #heldIsBar = false;
  readonly #held = new Float64Array(4);
  /** The instant whose row is due once all its bars are in, else NaN. */
  #due = Number.NaN;
  #exposed = false;
  #ledgerMovedAt = Number.NaN;

  tick(seq: number, tick: Tick): void {
    this.inputs += 1;
    if (this.#heldId >= 0) this.#acceptHeld();
    const held = this.#held;
    this.#heldIsBar = false;
    switch (tick.kind) {
      case TickKind.bar:
        held[0] = tick.time;
        held[1] = tick.high;
        held[2] = tick.low;
        held[3] = tick.close;
        this.#heldIsBar = true;
        break;
      case TickKind.quote:
        held[3] = (tick.bidPx + tick.askPx) / 2;
        break;
      default:
        held[3] = tick.px;
    }
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
    switch (event.type) {
      case 'SessionStarted':
        this.#start(event.payload as SessionStarted);
        break;
      case 'SymbolDefined':
        this.#define(event.payload as SymbolDefined);
        break;
      case 'MarketClosed': {
        if (this.intraday) break;
        const { day } = event.payload as PayloadOf<typeof MarketClosed>;
        this.#sample(event.recordedAt, dayNumber(day));
        break;
      }
      case 'CoreDeclared': {
        const core = event.payload as CoreHolding;
        this.#sampleDue();
        this.ledger.declareCore({ ...core, multiplier: this.multiplierOf(core.symbol) });
        this.core.push(core);
        this.#moved(event);
        break;
      }
      case 'OrderFilled':
        this.#fill(event as StoredEvent<OrderFilled>);
        break;
      case 'TradeBusted': {
        const { executionId } = event.payload as PayloadOf<typeof TradeBusted>;
        this.#sampleDue();
        this.ledger.bust(executionId);
        this.journal.busted(executionId);
        this.#moved(event);
        break;
      }
      case 'TradeCorrected': {
        const correction = event.payload as PayloadOf<typeof TradeCorrected>;
        this.#sampleDue();
        this.ledger.correct(correction);
        this.journal.corrected(correction);
        this.#moved(event);
        break;
      }
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

  get benchmark(): string | null {
    return this.manifest?.run.benchmark ?? this.manifest?.symbols[0] ?? null;
  }

  #start(manifest: SessionStarted): void {
    if (this.manifest !== null) return;
    this.manifest = manifest;
    this.ledger = new Ledger(toMicros(manifest.run.cash));
    this.samples = new RunSamples(manifest.run.cash);
    this.#tradeFrom = manifest.run.tradeFrom ?? Number.NEGATIVE_INFINITY;
  }

  #define({ id, symbol, multiplier, calendar, priceSource, resolutionS }: SymbolDefined): void {
    if (this.#series[id] !== undefined) return;
    const many = (this.manifest?.symbols.length ?? 0) > MANY_SYMBOLS;
    this.#idOf.set(symbol, id);
    this.#multipliers[id] = multiplier;
    this.#series[id] = new PriceSeries(many ? POINTS_OF_MANY_SYMBOLS : POINTS_OF_FEW_SYMBOLS);
    this.#marks[id] = Number.NaN;
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
    if (this.#heldIsBar && held[0] >= this.#tradeFrom) {
      if (this.intraday) {
        if (held[0] > this.#due) this.#sampleDue();
        this.#due = held[0];
      }
      this.#series[id]?.push(held[0], held[1], held[2], held[3]);
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
    const equity = fromMicros(this.ledger.equityMicros(this.markOf));
    const again = this.intraday ? samples.lastTime === time : samples.lastDay === day;
    samples.state(again, time, day, equity, this.#exposed, this.#marks[this.#benchmarkId]);
    this.#exposed = this.#holdsPlans();
    this.#ledgerMovedAt = Number.NaN;
  }

  #fill(event: StoredEvent<OrderFilled>): void {
    const { ordinal, executionId, symbol, side, lastQty, lastPx, feeMicros } = event.payload;
    this.#sampleDue();
    const multiplier = this.multiplierOf(symbol);
    const role = this.journal.roleOf(ordinal);
    const fill = { executionId, symbol, role, side, quantity: lastQty, px: lastPx, feeMicros, multiplier };
    if (!this.ledger.fill(fill).applied) return;
    this.journal.filled(event, this.samples.bars, multiplier);
    this.#moved(event);
  }

  #moved(event: StoredEvent): void {
    this.#ledgerMovedAt = event.time;
    this.#exposed ||= this.#holdsPlans();
  }

  #holdsPlans(): boolean {
    const open = this.ledger.positions();
    for (let i = 0; i < open.length; i++) if (open[i].role !== 'core') return true;
    return false;
  }

  multiplierOf(symbol: string): number {
    return this.#multipliers[this.#idOf.get(symbol) ?? -1] ?? 1;
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
