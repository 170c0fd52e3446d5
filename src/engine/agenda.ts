/**
 * The simulation's one list of what happens next: market records, the calendar's moments, and the exchange's reports,
 * in the order ARCHITECTURE.md gives them. It feeds the core and hands the core's effects to the exchange.
 */
import type { SimulatedExchange } from '../adapters/simulated-exchange/simulated-exchange.ts';
import type { RunSpec } from '../domain/config.ts';
import { fromMicros } from '../domain/money.ts';
import type { NewInput } from '../events/define-event.ts';
import { CoreDeclared, OperatorCommanded } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { MarketClosed, MarketOpened, type SymbolDefined } from '../events/market.events.ts';
import { ChainRecorded, VolatilityModelled } from '../events/option.events.ts';
import { copyTick, Tick, TickKind } from '../events/tick.ts';
import type { ChainModeller } from './chain-modeller.ts';
import type { Core } from './core.ts';
import { ExchangeLink } from './exchange-link.ts';
import { isOpening, type MarketSource } from './market-source.ts';
import { type Moment, TradingDays } from './trading-days.ts';

const CALENDAR_SOURCE = 'calendar';
const OPERATOR_SOURCE = 'operator';
const MODEL_SOURCE = 'chain-model';

interface AgendaParts {
  readonly source: MarketSource;
  readonly exchange: SimulatedExchange;
  readonly modeller: ChainModeller;
  readonly run: RunSpec;
  /** The kernel overwrites ticks after use: the exchange needs a copy. */
  readonly poisonTicks: boolean;
  /** The cascade is quiet: the log may commit. */
  readonly settle: (core: Core) => void;
  /** A trading day is over and quiet; returns the core that goes on (another one after a session roll). */
  readonly dayEnded: (core: Core, moment: Moment) => Core;
}

export class Agenda {
  #core: Core;
  readonly #parts: AgendaParts;
  readonly #days: TradingDays;
  readonly #symbolsOf = new Map<string, string[]>();
  readonly #link: ExchangeLink;
  /** Openings left per symbol id, where positions are to be closed at the last one. */
  readonly #openingsLeft: number[] | null;
  #coreToDeclare: RunSpec['core'];
  readonly #copy = new Tick();

  constructor(core: Core, parts: AgendaParts) {
    this.#core = core;
    this.#parts = parts;
    this.#link = new ExchangeLink(parts.exchange);
    const { symbols } = parts.source;
    this.#days = new TradingDays(symbols);
    for (const { calendar, symbol } of symbols) {
      this.#symbolsOf.set(calendar, [...(this.#symbolsOf.get(calendar) ?? []), symbol]);
    }
    this.#openingsLeft = parts.run.finalize ? parts.source.countOpenings() : null;
    this.#coreToDeclare = parts.run.core;
  }

  /** Feeds everything; returns the core of the last session. Stops early when deciding has halted. */
  run(onRecord: () => void): Core {
    const { source, exchange, settle } = this.#parts;
    let last = 0;
    while (source.next() && this.#core.kernel.halted === null) {
      const { event } = source;
      if (event !== null) {
        last = source.at;
        this.#reach(last);
        if (event.type === ChainRecorded.type) this.#feedChain(event as StoredEvent<ChainRecorded>);
        else this.#feedSignal(event);
        settle(this.#core);
        onRecord();
        continue;
      }
      const { tick } = source;
      const definition = source.symbols[tick.symbolId];
      last = tick.recordedAt;
      this.#reach(last);
      if (definition !== undefined) {
        this.#days.see(definition, tick);
        this.#reach(last); // a record that starts a day may come after that day's open
        exchange.before(tick, definition.symbol);
        this.#link.deliver(this.#core.kernel, last);
      }
      this.#feed(tick, source.source, definition);
      settle(this.#core);
      onRecord();
    }
    this.#reach(last + 1);
    this.#link.deliverAll(this.#core.kernel);
    source.close();
    return this.#core;
  }

  #feedChain({ payload, source, recordedAt, time }: StoredEvent<ChainRecorded>): void {
    this.#core.kernel.input(ChainRecorded.of(payload), { source, recordedAt, time });
    if (payload.underlyingPx !== null) this.#parts.exchange.stated(payload.underlying, payload.underlyingPx);
    this.#link.sendEffects(this.#core.kernel);
  }

  #feedSignal(event: StoredEvent): void {
    const { source, recordedAt, time } = event;
    this.#core.kernel.input(event as NewInput, { source, recordedAt, time });
    this.#link.sendEffects(this.#core.kernel);
  }

  #feed(record: Tick, source: string, definition: SymbolDefined | undefined): void {
    let tick = record;
    if (this.#parts.poisonTicks) {
      copyTick(record, this.#copy);
      tick = this.#copy;
    }
    this.#core.kernel.tick(record, source);
    if (definition === undefined) return;
    this.#link.sendEffects(this.#core.kernel);
    this.#parts.modeller.see(tick);
    this.#parts.exchange.after(tick, definition.symbol);
    if (this.#coreToDeclare.length > 0) this.#declareCore(tick, definition);
    if (this.#openingsLeft !== null && isOpening(tick)) this.#countOpening(tick, definition);
  }

  /** Delivers and emits everything that comes before a record of `time`. */
  #reach(time: number): void {
    for (;;) {
      const momentAt = this.#days.nextAt;
      this.#link.reach(this.#core.kernel, Math.min(time, momentAt));
      if (momentAt >= time) return;
      this.#emit(this.#days.takeBefore(time)!);
    }
  }

  #emit(moment: Moment): void {
    const { calendar, day, at } = moment;
    const { exchange } = this.#parts;
    const provenance = { source: CALENDAR_SOURCE, recordedAt: at };
    if (moment.kind === 'open') {
      exchange.opened(at, this.#symbolsOf.get(calendar) ?? []);
      this.#link.deliver(this.#core.kernel, at);
      this.#core.kernel.input(MarketOpened.of({ calendar, day }), provenance);
      this.#link.sendEffects(this.#core.kernel);
      return;
    }
    exchange.closed(this.#symbolsOf.get(calendar) ?? [], at);
    this.#link.deliver(this.#core.kernel, at);
    for (const volatility of this.#parts.modeller.closed(calendar, day, at)) {
      const input = VolatilityModelled.of(volatility);
      this.#core.kernel.input(input, { source: MODEL_SOURCE, recordedAt: at });
    }
    this.#core.kernel.input(MarketClosed.of({ calendar, day }), provenance);
    this.#link.sendEffects(this.#core.kernel);
    this.#parts.settle(this.#core);
    const before = this.#core;
    this.#core = this.#parts.dayEnded(before, moment);
    if (this.#core === before) return;
    this.#link.forget();
  }

  /** Core holdings are bought at their symbol's first price of the trading period. */
  #declareCore(tick: Tick, { symbol, multiplier }: SymbolDefined): void {
    const { run, exchange } = this.#parts;
    const declared = this.#coreToDeclare.find((each) => each.symbol === symbol);
    if (declared === undefined || (run.tradeFrom !== null && this.#core.kernel.now < run.tradeFrom)) return;
    const { market, portfolio } = this.#core.actors;
    // What the engine believes, not the record itself: the first one may be a bad one.
    const px = tick.kind === TickKind.quote ? market.quote(symbol)?.askPx : market.lastPx(symbol);
    if (px === undefined || px === 0) return;
    // A symbol that starts later finds less cash where plans have spent it: a holding is never bought on credit.
    const dollars = Math.min(run.cash * declared.fraction, fromMicros(portfolio.cashMicros));
    const quantity = Math.floor(dollars / (px * multiplier));
    this.#coreToDeclare = this.#coreToDeclare.filter((each) => each !== declared);
    if (quantity < 1) return;
    const core = { px, quantity, symbol };
    this.#core.kernel.input(CoreDeclared.of(core), {
      source: OPERATOR_SOURCE,
      recordedAt: this.#core.kernel.now,
    });
    exchange.declareCore(core);
  }

  /** Positions are closed at the last opening: a session's print fills what is sent at it, a bar what came before it. */
  #countOpening(tick: Tick, { symbol }: SymbolDefined): void {
    const left = --this.#openingsLeft![tick.symbolId];
    if (left !== (tick.kind === TickKind.openPrint ? 0 : 1)) return;
    const flatten = OperatorCommanded.of({ by: 'finalize', command: 'flatten', symbol });
    this.#core.kernel.input(flatten, { source: OPERATOR_SOURCE, recordedAt: this.#core.kernel.now });
    this.#link.sendEffects(this.#core.kernel);
  }
}
