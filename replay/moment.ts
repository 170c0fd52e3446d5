/**
 * One moment of a session as a page shows it: plain JSON, nothing to call. Money is dollars, shares of something are
 * fractions (0.4 is 40 %), ages milliseconds; `time` is ISO in UTC, and whatever ends in `Us` integer microseconds. A seq
 * means the moment after the whole cascade of its input.
 */
import type { describeState } from '../src/engine/core.ts';
import type { ConvictionChanged, RegimeChanged, SelectionMade } from '../src/events/decision.events.ts';
import type { PayloadOf } from '../src/events/define-event.ts';
import type { FeedName, FeedState } from '../src/events/feed.events.ts';
import type { HedgeSized, HedgeStateChanged, VolatilityGuardChanged } from '../src/events/option.events.ts';
import type { IntentAction } from '../src/events/order.events.ts';

export type { LimitBar } from '../src/engine/risk-limits.ts';

import type { ViewMark } from '../src/projections/view-marks.ts';

/** Which moment: after a seq's cascade, at a time in microseconds (all records up to it), or neither: the newest. */
export interface MomentOf {
  readonly seq?: number;
  readonly timeUs?: number;
}

/** Where a log ends, as far as it was read. */
export interface LogHeadNow {
  readonly seq: number;
  readonly time: string;
  readonly timeUs: number;
  /** The log ends with `SessionEnded`, or is sealed: nothing will follow in this file. */
  readonly ended: boolean;
}

/** All that `quantos state` says, limits included; `time` stands in the moment itself. */
export type EngineState = Omit<ReturnType<typeof describeState>, 'seq' | 'time'>;

/** A recorded decision that still stands at the moment. */
export interface Standing<P> {
  readonly seq: number;
  readonly time: string;
  readonly timeUs: number;
  readonly payload: P;
}

export interface EngineMoment extends EngineState {
  /** The last record of the cascade; decisions it led to are included. */
  readonly seq: number;
  readonly time: string;
  readonly timeUs: number;
  readonly session: SessionOfMoment;
  /** Where the log ended when this was asked. */
  readonly head: LogHeadNow;
  /**
   * The first seq at which this code decides otherwise than the log has it (an older engine recorded it, or the strategy's
   * file changed); null where none is known up to the head. Moments after it are this code's, not the recorded session's.
   */
  readonly differsFrom: number | null;
  readonly money: MoneyMoment;
  /** Prices of every symbol, and of the contracts that are held, ordered, waiting or chosen; by symbol. */
  readonly quotes: readonly QuoteMoment[];
  /** Prices that may be looked at and nothing more; null where no view-only source was ever asked. */
  readonly views: ViewsMoment | null;
  /** Orders that are worked on quotes, by symbol. */
  readonly walks: readonly WalkMoment[];
  /** Decided and not out yet: they wait for their market or their turn. */
  readonly waiting: readonly WaitingMoment[];
  /** What each symbol's actors think, by symbol. */
  readonly symbols: readonly SymbolMoment[];
  /** Null where nothing is hedged. */
  readonly hedging: HedgingMoment | null;
  /** Empty in a simulation. */
  readonly feeds: readonly FeedMoment[];
  readonly trading: TradingMoment;
  /** By actor (the ids of `actors`), newest first, at most ten each; actors that never moved are left out. */
  readonly transitions: Readonly<Record<string, readonly Transition[]>>;
}

export interface SessionOfMoment {
  readonly name: string;
  readonly mode: 'sim' | 'paper' | 'live';
  readonly continues: string | null;
  readonly strategy: string;
  readonly profile: 'quantos' | 'plain';
  readonly symbols: readonly string[];
  readonly benchmark: string | null;
  readonly engineVersion: string;
  /** What is modelled rather than recorded, in sentences. */
  readonly modelled: readonly string[];
  readonly startedAt: string;
}

export interface MoneyMoment {
  readonly equity: number;
  readonly cash: number;
  /** Since the session began, without what was paid in or out. */
  readonly profit: number;
  /** Since the previous close, as the daily loss limit counts it; its share of that close's equity. */
  readonly dayProfit: number;
  readonly dayProfitShare: number | null;
  /** Below the highest value so far, 0..1; and the deepest such fall. Seen at closes, within the day each minute. */
  readonly drawdown: number;
  readonly deepestDrawdown: number;
}

export interface QuoteMoment {
  readonly symbol: string;
  readonly assetClass: 'equity' | 'index' | 'crypto' | 'option';
  /** Of a contract: what it is on. */
  readonly underlying: string | null;
  /** What the engine reckons with; an option's mark. Null before the first. */
  readonly lastPx: number | null;
  readonly bidPx: number | null;
  readonly askPx: number | null;
  readonly midPx: number | null;
  /** Dollars, and in hundredths of a per cent of the midpoint. */
  readonly spread: number | null;
  readonly spreadBps: number | null;
  /** Since the quote arrived; null where there is none, or it is modelled. */
  readonly ageMs: number | null;
  /** The two sides are a model's, nobody quoted them. */
  readonly modelled: boolean;
  /** Price before it: the last session's close; null where it is not known. */
  readonly previousClosePx: number | null;
}

export interface ViewsMoment {
  readonly source: string;
  readonly status: string;
  readonly detail: string;
  /** Each says `viewOnly: true`. */
  readonly prices: readonly ViewMark[];
}

export interface WalkMoment {
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly action: IntentAction;
  readonly role: 'tactical' | 'core' | 'hedge';
  readonly intent: number;
  readonly reason: string;
  readonly quantity: number;
  readonly filled: number;
  /** The order that stands at the venue, and its price; null between two of them. */
  readonly ordinal: number | null;
  readonly limitPx: number | null;
  /** The market it was placed by last; null before it saw one. */
  readonly bidPx: number | null;
  readonly midPx: number | null;
  readonly askPx: number | null;
  /** The worst price it goes to. */
  readonly capPx: number | null;
  /** Steps taken from the midpoint. */
  readonly step: number;
  readonly state: Readonly<Record<'market' | 'pace' | 'age' | 'order', string>>;
  /** Why no further price is tried; null while it goes on. */
  readonly givenUp: 'patience' | 'age' | 'withdrawn' | null;
}

export interface WaitingMoment {
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly action: IntentAction;
  readonly role: 'tactical' | 'core' | 'hedge';
  readonly intent: number;
  readonly reason: string;
  /** Its market is open and it waits for its turn, a feed, or the pace. */
  readonly released: boolean;
}

export interface SymbolMoment {
  readonly symbol: string;
  /** The newest scores, published or not; null before the strategy's first word. */
  readonly newest: { readonly long: number | null; readonly short: number | null };
  /** The last score that was published: components, what was omitted, evidence. Null before the first. */
  readonly conviction: Standing<ConvictionChanged> | null;
  readonly selection: Standing<SelectionMade> | null;
  /** Null in profile `plain`. `changed` is null where a region stands since before this log. */
  readonly regime: Readonly<
    Record<
      'trend' | 'volatility' | 'structure',
      { readonly state: string; readonly changed: Standing<RegimeChanged> | null }
    >
  > | null;
  readonly guard: {
    readonly state: 'shut' | 'open' | 'crowded';
    readonly changed: Standing<PayloadOf<typeof VolatilityGuardChanged>> | null;
  } | null;
  /** Null in profile `plain`, which makes no plans. */
  readonly plans: Readonly<Record<'equity' | 'option', PlanMoment>> | null;
}

export interface PlanMoment {
  readonly state: 'idle' | 'entering' | 'holding' | 'exiting' | 'disarmed';
  readonly instrument: string | null;
  readonly direction: 'long' | 'short';
  readonly bestClose: number | null;
  readonly stopPx: number | null;
}

export interface HedgingMoment {
  readonly state: string;
  readonly changed: Standing<PayloadOf<typeof HedgeStateChanged>> | null;
  readonly sized: Standing<PayloadOf<typeof HedgeSized>> | null;
  /** Dollars of beta-weighted delta: what there is to hedge, and what hedges take away of it. */
  readonly exposure: number;
  readonly covered: number;
}

export interface FeedMoment {
  readonly feed: FeedName;
  readonly state: FeedState;
  readonly tradable: boolean;
  readonly source: string | null;
  /** Why it is in that state, and since when; null where it was never said. */
  readonly reason: string | null;
  readonly since: string | null;
  /** Since the newest record came; null before the first, and for the feed of orders. */
  readonly silentMs: number | null;
}

export interface TradingMoment {
  readonly state: 'trading' | 'reducing' | 'halted';
  /** What holds it back: the strictest of them rules. */
  readonly regions: Readonly<Record<'operator' | 'loss' | 'rejects' | 'venue', string>>;
  readonly reason: string | null;
  readonly since: string | null;
  readonly sinceSeq: number | null;
}

/** An actor's machine moved. `from` and `to` are states as `actors` shows them, of parallel regions only those that moved. */
export interface Transition {
  readonly seq: number;
  readonly time: string;
  readonly from: string;
  readonly to: string;
  /** The decision's own words where it was published, else the event that moved the machine. */
  readonly reason: string;
}
