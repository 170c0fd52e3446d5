/**
 * The stream side of the core: ticks become bars, bars become the histories that regimes, plans and strategies read.
 * Observables begin here, at bars; actors hear the notices.
 */
import type { Observable } from 'rxjs';
import { defineNotice, type Kernel } from '../bus/kernel.ts';
import type { Config } from '../domain/config.ts';
import type { CalendarName } from '../domain/instrument.ts';
import { ClockTicked, SessionStarted } from '../events/engine.events.ts';
import { FeedOpened, HistoryLoaded } from '../events/feed.events.ts';
import { MarketClosed, SymbolDefined, TickRejected } from '../events/market.events.ts';
import { SplitApplied } from '../events/option.events.ts';
import { DAY_S, type Tick, TickKind, tickKindName } from '../events/tick.ts';
import { type Bar, rescaled } from './bar.ts';
import { BarFeed } from './bar-feed.ts';
import { type DataFeed, feedOf } from './data-feeds.ts';
import { DayBuilder } from './day-builder.ts';
import { BarWindow, sma } from './indicators.ts';
import { fromSaved, RecentBars, type SavedBar, toSaved } from './recent-bars.ts';
import { SymbolTable } from './symbol-table.ts';
import { type RejectionReason, TickFold } from './tick-fold.ts';

/** A session-day bar is complete; the day itself is decided when all of its instant are. */
export const DayBarClosed = defineNotice<Bar>('DayBarClosed');
/** An intraday bar moved the marks. */
export const MarksMoved = defineNotice<Bar>('MarksMoved');
/** A symbol that somebody watches was quoted. */
export const Quoted = defineNotice<string>('Quoted');
/** Everything known of the day has been folded: plans may be made. */
export const DayDecided = defineNotice<{ calendar: CalendarName; day: string }>('DayDecided');

const ACTOR = 'market-data';
const VOLUME_DAYS = 20;
const MINUTE_S = 60;

interface Options {
  readonly feed: Config['feed'];
  readonly symbols: readonly string[];
  /** Bars a strategy decides on: session days, or the dataset's own. */
  readonly decisionBars: 'day' | 'dataset';
  /** Whether anyone needs session days and their histories. */
  readonly wantsDays: boolean;
  /** Bars of history kept and carried to the next session. */
  readonly historyBars: number;
  /** Bars of history that decisions rest on. */
  readonly warmUpBars: number;
}

/** Who answers for the symbols of options. */
interface OptionAnswers {
  contract(symbol: string): { readonly underlying: string; readonly multiplier: number } | undefined;
  mark(symbol: string): number | undefined;
  quoted(symbol: string, tick: Tick): void;
}

interface SymbolState {
  readonly symbol: string;
  readonly decisions: BarFeed;
  history: BarWindow;
  builder: DayBuilder | null;
  /** The newest decision bars, oldest first: what the next session warms up with. */
  recent: RecentBars;
  lastDay: Bar | null;
}

/** What only the same session knows of its market. */
interface Kept {
  readonly isLive: boolean;
  readonly hasGaps: boolean;
  readonly definitions: readonly SymbolDefined[];
  readonly heard: readonly number[];
}

interface SavedSymbol {
  readonly fold: readonly number[];
  readonly recent: readonly SavedBar[];
  readonly partial: SavedBar | null;
  /** Minutes that the partial day holds, of a session whose gaps may still be filled. */
  readonly minutes?: readonly number[];
}

export class MarketData {
  readonly symbols = new SymbolTable();
  readonly #fold: TickFold;
  readonly #kernel: Kernel;
  readonly #options: Options;
  readonly #states = new Map<string, SymbolState>();
  #saved: Readonly<Record<string, SavedSymbol>> = {};
  #warming = false;
  /** The session goes on elsewhere: its symbols are defined again, and told their bars together. */
  #resuming = false;
  #isLive = false;
  /** A live session: bars of its gaps may come later. */
  #hasGaps = false;
  /** Who watches a symbol. */
  readonly #watched = new Map<string, Set<string>>();
  #chains: OptionAnswers | null = null;
  #onHistory: (symbol: string) => void = () => {};

  constructor(kernel: Kernel, options: Options) {
    this.#kernel = kernel;
    this.#options = options;
    this.#fold = new TickFold(this.symbols, options.feed, {
      bar: (bar) => this.#onBar(bar),
      print: () => {},
      quoted: (id) => kernel.notify(Quoted, this.symbols.byId[id]!.symbol),
      optionQuote: (tick) => this.#chains?.quoted(this.symbols.byId[tick.symbolId]!.symbol, tick),
      rejected: (tick, reason) => this.#reject(tick, reason),
    });
    for (const symbol of options.symbols) this.#states.set(symbol, this.#newState(symbol));
    kernel.onStream(SessionStarted, ACTOR, ({ payload }) => {
      this.#isLive = payload.mode !== 'sim';
      this.#fold.live = this.#isLive;
    });
    kernel.onStream(SymbolDefined, ACTOR, ({ payload }) => this.#define(payload));
    kernel.onTick(ACTOR, (tick, seq) => this.#fold.fold(tick, seq));
    kernel.onStream(ClockTicked, ACTOR, ({ recordedAt }) => this.#fold.closeBars(recordedAt));
    kernel.onStream(MarketClosed, ACTOR, ({ payload, recordedAt }) => this.#closeDay(payload, recordedAt));
    kernel.onStream(FeedOpened, ACTOR, () => this.#expectGaps());
    kernel.onStream(HistoryLoaded, ACTOR, ({ payload }) => this.#load(payload));
    kernel.onStream(SplitApplied, ACTOR, ({ payload }) => this.#split(payload));
    kernel.carry(ACTOR, {
      save: () => this.#save(),
      restore: (state) => {
        this.#saved = state as Record<string, SavedSymbol>;
      },
    });
    kernel.keep(ACTOR, { save: () => this.#keep(), restore: (kept) => this.#resume(kept as Kept) });
  }

  /** What is asked of an option's symbol is answered there. */
  answerOptionsBy(chains: OptionAnswers): void {
    this.#chains = chains;
  }

  /** Told of every session day that history brings, when it is the newest: closes that nobody heard. */
  whenHistoryGrows(hear: (symbol: string) => void): void {
    this.#onHistory = hear;
  }

  /** The symbols decided on, in code-unit order: contracts are chosen, and a volatility index is only evidence. */
  get decided(): readonly string[] {
    return this.#options.symbols;
  }

  /** True while bars of before are told (again): nothing may be published from them. */
  get warming(): boolean {
    return this.#warming;
  }

  decisionBars(symbol: string): Observable<Bar> {
    const state = this.#states.get(symbol);
    if (state === undefined)
      throw new Error(`no symbol "${symbol}"; this session has ${this.#options.symbols.join(', ')}`);
    return state.decisions.bars;
  }

  /** Session-day bars of a symbol, newest last. */
  history(symbol: string): BarWindow {
    return this.#states.get(symbol)!.history;
  }

  lastDay(symbol: string): Bar | null {
    return this.#states.get(symbol)?.lastDay ?? null;
  }

  /** Last good price, dollars; an option's mark. Undefined before the first. */
  lastPx(symbol: string): number | undefined {
    const definition = this.symbols.get(symbol);
    if (definition === undefined || definition.assetClass === 'option') return this.#chains?.mark(symbol);
    const px = this.#fold.lastPx[definition.id];
    return px === 0 ? undefined : px;
  }

  /** The newest good two-sided quote and when it arrived, or null. */
  quote(symbol: string): { bidPx: number; askPx: number; quotedAt: number } | null {
    const id = this.symbols.get(symbol)?.id;
    if (id === undefined || !(this.#fold.bidPx[id] > 0 && this.#fold.askPx[id] > 0)) return null;
    return { bidPx: this.#fold.bidPx[id], askPx: this.#fold.askPx[id], quotedAt: this.#fold.quotedAt[id] };
  }

  /** Whether there is as much history as decisions on the symbol rest on. */
  warmedUp(symbol: string): boolean {
    const { warmUpBars } = this.#options;
    return (this.#states.get(symbol)?.recent.length ?? 0) >= warmUpBars;
  }

  /** Arrival of the newest record on the symbol's channel, microseconds: silence there makes every quote of it old. */
  heardAt(symbol: string): number {
    return this.#fold.heardAt(this.calendarOf(symbol));
  }

  /** Arrival of the newest record of a feed, microseconds; 0 before the first. */
  heardOn(feed: DataFeed): number {
    return this.#fold.heardOn(feed);
  }

  /** The symbols whose prices come by a feed, contracts included. */
  symbolsOn(feed: DataFeed): readonly string[] {
    return this.symbols.names().filter((symbol) => feedOf(this.symbols.get(symbol)!) === feed);
  }

  /** The feed that carries a symbol's own prices; an option's depend on its underlying's, too. */
  feedOf(symbol: string): DataFeed {
    const definition = this.symbols.get(symbol);
    if (definition !== undefined) return feedOf(definition);
    return this.#chains?.contract(symbol) === undefined ? 'stocks' : 'options';
  }

  /** A venue quotes everything that is traded: no price is ever modelled where real orders go. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** From now on `Quoted` tells of this symbol, or no more once nobody watches it. */
  watch(watcher: string, symbol: string, watches: boolean): void {
    let watchers = this.#watched.get(symbol);
    if (watchers === undefined) this.#watched.set(symbol, (watchers = new Set()));
    if (watches) watchers.add(watcher);
    else watchers.delete(watcher);
    const id = this.symbols.get(symbol)?.id;
    if (id !== undefined) this.#fold.watched[id] = watchers.size > 0 ? 1 : 0;
  }

  /** Mean daily volume of the last 20 sessions; null where it is not known. */
  averageVolume(symbol: string): number | null {
    const state = this.#states.get(symbol); // a contract has none
    const average = state && sma(state.history.volume, VOLUME_DAYS);
    return average === undefined || average === 0 ? null : average;
  }

  /** Options trade when their underlying does. */
  calendarOf(symbol: string): CalendarName {
    const definition = this.symbols.get(symbol);
    if (definition !== undefined) return definition.calendar;
    const underlying = this.#chains?.contract(symbol)?.underlying;
    return (underlying === undefined ? undefined : this.symbols.get(underlying)?.calendar) ?? 'XNYS';
  }

  multiplierOf(symbol: string): number {
    return this.symbols.get(symbol)?.multiplier ?? this.#chains?.contract(symbol)?.multiplier ?? 1;
  }

  #newState(symbol: string): SymbolState {
    return {
      symbol,
      decisions: new BarFeed(),
      history: new BarWindow(this.#options.historyBars),
      builder: null,
      recent: new RecentBars(this.#options.historyBars),
      lastDay: null,
    };
  }

  #define(definition: SymbolDefined): void {
    this.symbols.define(definition);
    this.#fold.define(definition);
    if ((this.#watched.get(definition.symbol)?.size ?? 0) > 0) this.#fold.watched[definition.id] = 1;
    const saved = this.#saved[definition.symbol];
    if (saved !== undefined) this.#fold.restore(definition.symbol, saved.fold);
    const state = this.#states.get(definition.symbol);
    if (state === undefined) return;
    if (this.#options.wantsDays && definition.resolutionS !== DAY_S)
      state.builder = new DayBuilder(definition.calendar);
    if (this.#hasGaps) state.builder?.expectGaps();
    if (saved !== undefined && !this.#resuming) this.#warmUp(state, saved);
  }

  #onBar(bar: Bar): void {
    const state = this.#states.get(bar.symbol);
    if (state === undefined) return;
    if (bar.resolutionS === DAY_S) this.#onDay(state, bar);
    else {
      state.builder?.add(bar);
      if (this.#options.wantsDays) this.#kernel.notify(MarksMoved, bar);
    }
    if (this.#options.decisionBars === 'dataset') this.#decide(state, bar);
  }

  #onDay(state: SymbolState, bar: Bar): void {
    state.lastDay = bar;
    if (this.#options.wantsDays) {
      state.history.push(bar);
      if (!this.#warming) this.#kernel.notify(DayBarClosed, bar);
    }
    if (this.#options.decisionBars === 'day') this.#decide(state, bar);
  }

  #decide(state: SymbolState, bar: Bar): void {
    state.recent.push(bar);
    state.decisions.next(bar);
  }

  #closeDay({ calendar, day }: { calendar: CalendarName; day: string }, now: number): void {
    this.#fold.closeBars(now);
    for (const symbol of this.symbols.names()) {
      const state = this.#states.get(symbol);
      if (state?.builder === null || state === undefined || this.calendarOf(symbol) !== calendar) continue;
      const bar = state.builder.close(day);
      // What history has told already is not told again.
      if (bar !== null && bar.time > (state.lastDay?.time ?? 0)) this.#onDay(state, bar);
    }
    this.#kernel.notifyWhenQuiet(DayDecided, { calendar, day });
  }

  #reject(tick: Tick, reason: RejectionReason): void {
    const symbol = this.symbols.byId[tick.symbolId]?.symbol ?? `#${tick.symbolId}`;
    const kind = tickKindName(tick.kind) as 'quote';
    this.#kernel.publish(TickRejected.of({ symbol, tick: kind, reason, values: describe(tick) }));
  }

  #save(): Record<string, SavedSymbol> {
    const saved: Record<string, SavedSymbol> = {};
    for (const symbol of this.symbols.names()) {
      if (this.symbols.get(symbol)!.assetClass === 'option') continue;
      // What is only evidence has no history here, yet the next session must doubt its prices as this one would.
      const state = this.#states.get(symbol);
      const partial = state?.builder?.save() ?? null;
      const minutes = state?.builder?.minutes;
      saved[symbol] = {
        fold: this.#fold.save(symbol),
        recent: state?.recent.save() ?? [],
        partial: partial === null ? null : toSaved(partial),
        ...(minutes === undefined ? {} : { minutes }),
      };
    }
    return saved;
  }

  #keep(): Kept {
    return {
      isLive: this.#isLive,
      hasGaps: this.#hasGaps,
      definitions: this.symbols.byId.filter((each) => each !== undefined),
      heard: this.#fold.heard,
    };
  }

  /** Bars are told in the order of their time, over all symbols: a strategy may look at several together. */
  #resume({ isLive, hasGaps, definitions, heard }: Kept): void {
    this.#isLive = this.#fold.live = isLive;
    this.#hasGaps = hasGaps;
    this.#resuming = true;
    for (const definition of definitions) this.#define(definition);
    this.#resuming = false;
    const known = definitions.flatMap(({ symbol }) => {
      const state = this.#states.get(symbol);
      const saved = this.#saved[symbol];
      return state === undefined || saved === undefined ? [] : [{ state, saved }];
    });
    const bars = known.flatMap(({ state, saved }) =>
      saved.recent.map((bar) => ({ state, bar: fromSaved(state.symbol, bar) })),
    );
    bars.sort((a, b) => a.bar.time - b.bar.time);
    for (const { state, bar } of bars) this.#tell(state, [bar], () => {});
    for (const { state, saved } of known) this.#restoreDay(state, saved);
    this.#fold.hearAgain(heard);
  }

  #expectGaps(): void {
    this.#hasGaps = true;
    for (const { builder } of this.#states.values()) builder?.expectGaps();
  }

  /** Feeds the last session's bars to histories and strategies; seq 0 marks what this log does not hold. */
  #warmUp(state: SymbolState, saved: SavedSymbol): void {
    this.#tell(
      state,
      saved.recent.map((each) => fromSaved(state.symbol, each)),
      () => {},
    );
    this.#restoreDay(state, saved);
  }

  #restoreDay({ symbol, builder }: SymbolState, { partial, minutes }: SavedSymbol): void {
    if (partial === null && minutes === undefined) return;
    builder?.restore(partial === null ? null : fromSaved(symbol, partial), minutes);
  }

  /** Tells of bars of before, oldest first. */
  #tell(state: SymbolState, bars: readonly Bar[], onDay: (symbol: string) => void): void {
    this.#warming = true;
    for (const bar of bars) {
      if (bar.resolutionS === DAY_S) {
        this.#onDay(state, bar);
        onDay(state.symbol);
      }
      if (this.#options.decisionBars === 'dataset') this.#decide(state, bar);
    }
    this.#warming = false;
  }

  /**
   * Bars the vendor keeps: those to decide on are told where they are newer than what is known; of shorter ones the day in
   * progress takes what its own minutes lack.
   */
  #load({ symbol, resolutionS, bars }: HistoryLoaded): void {
    const state = this.#states.get(symbol);
    if (state === undefined) return;
    const { decisionBars } = this.#options;
    const isDay = resolutionS === DAY_S;
    const own = this.symbols.get(symbol)?.resolutionS ?? MINUTE_S;
    const known = isDay ? (state.lastDay?.time ?? 0) : state.recent.newest;
    const all = bars.map((bar) => ({ ...bar, symbol, resolutionS, seq: 0 }));
    if (isDay || (decisionBars === 'dataset' && resolutionS === own)) {
      this.#tell(
        state,
        all.filter(({ time }) => time > known && time <= this.#kernel.now),
        this.#onHistory,
      );
    }
    if (!isDay) for (const bar of all) state.builder?.fill(bar, this.#kernel.now);
  }

  /**
   * Signals use split-adjusted prices: every price kept counts anew, and the strategy is told its bars once more at the
   * new prices, oldest first, as many as a new session is warmed up with. What it says meanwhile is not published.
   */
  #split({ symbol, numerator, denominator }: SplitApplied): void {
    if (this.symbols.get(symbol) === undefined) return;
    const factor = denominator / numerator;
    this.#fold.rescale(symbol, factor);
    const state = this.#states.get(symbol);
    if (state === undefined) return;
    state.builder?.rescale(factor);
    const bars = state.recent.save().map((each) => rescaled(fromSaved(symbol, each), factor));
    state.history = new BarWindow(this.#options.historyBars);
    state.recent = new RecentBars(this.#options.historyBars);
    this.#tell(state, bars, () => {});
  }
}

/** The tick's own numbers as text: NaN and infinities are what they may be. */
function describe(tick: Tick): Record<string, string> {
  const text = (names: readonly (keyof Tick)[]) =>
    Object.fromEntries(names.map((name) => [name, String(tick[name])]));
  switch (tick.kind) {
    case TickKind.quote:
      return text(['bidPx', 'askPx', 'bidSize', 'askSize', 'time']);
    case TickKind.trade:
      return text(['px', 'size', 'time']);
    case TickKind.bar:
      return text(['open', 'high', 'low', 'close', 'volume', 'time']);
    case TickKind.openPrint:
      return text(['px', 'time']);
  }
}
