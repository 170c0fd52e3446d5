/**
 * Everything that may be asked of one log, finished or growing: what the time traveller answers in its own thread and the
 * follower's client asks of it. All answers are plain JSON. Bad questions are refused with `InputError`, in one sentence.
 */
import type { Side } from '../src/domain/instrument.ts';
import type { EngineMoment, LogHeadNow, MomentOf } from './moment.ts';
import type { CausalLink, Link } from './why.ts';

/** The same questions, asked of whoever answers at once or later. */
export interface LogView {
  /** Where the log ends, after reading what has been added. */
  head(): Promise<LogHeadNow>;
  moment(of: MomentOf): Promise<EngineMoment>;
  events(query: EventQuery): Promise<EventPage>;
  event(seq: number): Promise<EventDetail>;
  series(query: SeriesQuery): Promise<SymbolSeries>;
  equity(query: CurveQuery): Promise<EquityCurve>;
  fills(query: SpanQuery): Promise<readonly FillPoint[]>;
}

// --- events --------------------------------------------------------------------------------------------------------

/** Newest first: those before `before`; with `after` those after it, oldest first. Neither: the newest. */
export interface EventQuery {
  readonly before?: number;
  readonly after?: number;
  /** Event types; all unless told. Ticks are no events. */
  readonly types?: readonly string[];
  /** Words that stand in the type, the correlation or the payload, in any case of letters. */
  readonly search?: string;
  /** 1 to 500; 100 unless told. */
  readonly limit?: number;
}

export interface EventLine {
  readonly seq: number;
  readonly type: string;
  readonly kind: 'input' | 'decision';
  /** When the engine learned it; ISO, UTC. */
  readonly time: string;
  readonly source: string;
  readonly correlation: string | null;
  readonly causation: number | null;
  /** In words. */
  readonly summary: string;
}

export interface EventPage {
  /** In descending order of seq, whichever way was asked. */
  readonly events: readonly EventLine[];
  /** What to ask for next as `before` for older ones; null where there are none. */
  readonly older: number | null;
  readonly head: number;
}

export interface EventDetail extends Link {
  /** Null for a tick. */
  readonly kind: 'input' | 'decision' | null;
  readonly version: number | null;
  readonly source: string;
  readonly recordedAt: string;
  readonly correlation: string | null;
  readonly causation: number | null;
  /** The payload as recorded; of a tick its numbers by name. */
  readonly payload: unknown;
  /** From the root input down to this event. */
  readonly chain: readonly CausalLink[];
  /** Events that it caused, oldest first; at most `EFFECTS_MAX`. */
  readonly effects: readonly Link[];
  readonly effectCount: number;
}

export const EFFECTS_MAX = 200;

// --- charts --------------------------------------------------------------------------------------------------------

/** Microseconds; the whole log unless told. */
export interface SpanQuery {
  readonly fromUs?: number;
  readonly toUs?: number;
  /** Nothing after this seq, so that a chart shows no more than its moment. */
  readonly upTo?: number;
}

export interface SeriesQuery extends SpanQuery {
  readonly symbol: string;
  /** 10 to 5,000; 2,000 unless told. */
  readonly points?: number;
}

export interface CurveQuery extends SpanQuery {
  readonly points?: number;
}

/** [timeUs of its end, open, high, low, close, volume] */
export type Candle = readonly [number, number, number, number, number, number];

export interface SymbolSeries {
  readonly symbol: string;
  /** Oldest first; neighbours are joined where there were more than asked for. */
  readonly candles: readonly Candle[];
  /** Bars that one candle stands for. */
  readonly barsPerCandle: number;
  /** Spans of the same regime, for shading, oldest first; the last has no end. */
  readonly regimes: readonly RegimeSpan[];
  readonly fills: readonly FillPoint[];
  /** Published scores, oldest first. */
  readonly convictions: readonly ConvictionPoint[];
}

export interface RegimeSpan {
  readonly region: 'trend' | 'volatility' | 'structure';
  readonly state: string;
  readonly seq: number;
  readonly fromUs: number;
  readonly toUs: number | null;
}

export interface FillPoint {
  readonly seq: number;
  readonly timeUs: number;
  readonly symbol: string;
  /** What the symbol's chart it belongs to: an option's underlying. */
  readonly underlying: string;
  readonly side: Side;
  readonly quantity: number;
  readonly px: number;
  readonly ordinal: number;
  readonly action: string | null;
  readonly role: string | null;
  readonly reason: string | null;
}

export interface ConvictionPoint {
  readonly seq: number;
  readonly timeUs: number;
  readonly direction: 'long' | 'short' | 'flat';
  readonly conviction: number;
}

export interface EquityCurve {
  /** [timeUs, equity in dollars without what was paid in or out, drawdown 0..1], oldest first. */
  readonly points: readonly (readonly [number, number, number])[];
  readonly startEquity: number;
}
