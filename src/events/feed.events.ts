/**
 * How market data reaches us while live: connections and their gaps, halts and bands, history from before the session,
 * and what a view-only source shows while the primary is away.
 */
import { z } from 'zod';
import type { ViewPx } from '../domain/view-px.ts';
import { defineDecision, defineInput, defineView, type PayloadOf } from './define-event.ts';

const symbol = z.string();
const px = z.number().positive();
/** A number in the log, and none to the compiler. */
const viewPx = px as z.ZodType<unknown> as z.ZodType<ViewPx>;
const time = z.int();

/** One connection each: shares and indices, options, crypto, and the venue's word on our orders. */
export const feedNames = ['stocks', 'options', 'crypto', 'orders'] as const;
const feed = z.enum(feedNames);
export type FeedName = (typeof feedNames)[number];

export const feedStates = ['connecting', 'live', 'stale', 'failover', 'recovering'] as const;
const feedState = z.enum(feedStates);
export type FeedState = (typeof feedStates)[number];

// --- inputs ------------------------------------------------------------------------------------------------------

/** The session uses this feed from now on. `tradable` false: its data may be looked at, and no order rests on them. */
export const FeedOpened = defineInput('FeedOpened', {
  version: 1,
  schema: z.strictObject({ feed, source: z.string(), tradable: z.boolean() }),
  correlate: (payload) => `feed-${payload.feed}`,
});

/** Connected, authenticated and subscribed. */
export const FeedConnected = defineInput('FeedConnected', {
  version: 1,
  schema: z.strictObject({ feed }),
  correlate: (payload) => `feed-${payload.feed}`,
});

/** The connection is gone, or the vendor said that data were lost (a slow client). `code` is the vendor's, if any. */
export const FeedLost = defineInput('FeedLost', {
  version: 1,
  schema: z.strictObject({ feed, reason: z.string(), code: z.int().nullable() }),
  correlate: (payload) => `feed-${payload.feed}`,
});

/** `time` is the end of a bar in microseconds, `resolutionS` its length; 86,400 is a session day. */
const bar = z.strictObject({
  time,
  open: px,
  high: px,
  low: px,
  close: px,
  volume: z.number().min(0),
});
export type HistoryBar = z.infer<typeof bar>;

/** A symbol's bars from before the session, or from a gap in it, oldest first: they warm up and decide nothing. Split-adjusted. */
export const HistoryLoaded = defineInput('HistoryLoaded', {
  version: 1,
  schema: z.strictObject({
    symbol,
    resolutionS: z.int().positive(),
    why: z.enum(['warmUp', 'backfill']),
    source: z.string(),
    bars: z.array(bar),
  }),
});
export type HistoryLoaded = PayloadOf<typeof HistoryLoaded>;

/** A requested backfill is over: its bars came before this. `missing` names symbols the vendor had nothing for. */
export const BackfillEnded = defineInput('BackfillEnded', {
  version: 1,
  schema: z.strictObject({
    feed,
    from: time,
    to: time,
    bars: z.int().min(0),
    missing: z.array(symbol),
    /** Null, or why it failed. */
    failed: z.string().nullable(),
  }),
  correlate: (payload) => `feed-${payload.feed}`,
});

/** Trading in a symbol was halted by its market, or resumed. */
export const SymbolHaltChanged = defineInput('SymbolHaltChanged', {
  version: 1,
  schema: z.strictObject({ symbol, halted: z.boolean(), reason: z.string() }),
  correlate: (payload) => `symbol-${payload.symbol}`,
});

/** Limit up, limit down: outside these prices nothing trades. */
export const PriceBandsSet = defineInput('PriceBandsSet', {
  version: 1,
  schema: z.strictObject({ symbol, lowerPx: px, upperPx: px }),
  correlate: (payload) => `symbol-${payload.symbol}`,
});

/** A vendor's message that could not become an event; nothing of it was used. `excerpt` is cut to 200 characters. */
export const MessageRejected = defineInput('MessageRejected', {
  version: 1,
  schema: z.strictObject({ source: z.string(), reason: z.string(), excerpt: z.string().max(200) }),
});

/** A price to look at while the primary feed is away. Nothing in the core can hear it. */
export const ViewQuoted = defineView('ViewQuoted', {
  version: 1,
  schema: z.strictObject({
    symbol,
    viewPx,
    /** When the source says it was, microseconds. */
    asOf: time,
    /** Null where the source gives none. */
    previousClosePx: viewPx.nullable(),
  }),
});
export type ViewQuoted = PayloadOf<typeof ViewQuoted>;

/** The view-only source works, works in part, or fails: `detail` says which and since when. */
export const ViewSourceChanged = defineView('ViewSourceChanged', {
  version: 1,
  schema: z.strictObject({
    source: z.string(),
    status: z.enum(['idle', 'polling', 'degraded', 'failed']),
    detail: z.string(),
  }),
});

// --- decisions ---------------------------------------------------------------------------------------------------

/** A feed moved; the root starts and stops its view-only stand-in by this. */
export const FeedStatusChanged = defineDecision('FeedStatusChanged', {
  version: 1,
  schema: z.strictObject({ feed, from: feedState, to: feedState, reason: z.string() }),
  correlate: (payload) => `feed-${payload.feed}`,
  effect: true,
});
export type FeedStatusChanged = PayloadOf<typeof FeedStatusChanged>;

/** Nothing was heard from `from` to `to` (microseconds): what happened in between is not in this log. */
export const FeedGapDetected = defineDecision('FeedGapDetected', {
  version: 1,
  schema: z.strictObject({ feed, from: time, to: time, reason: z.string() }),
  correlate: (payload) => `feed-${payload.feed}`,
});

/** Bars of a gap are to be fetched; trading waits for `BackfillEnded`. */
export const BackfillRequested = defineDecision('BackfillRequested', {
  version: 1,
  schema: z.strictObject({
    feed,
    symbols: z.array(symbol),
    from: time,
    to: time,
    attempt: z.int().positive(),
  }),
  correlate: (payload) => `feed-${payload.feed}`,
  effect: true,
});
export type BackfillRequested = PayloadOf<typeof BackfillRequested>;

/** The contracts whose quotes are needed now: held, ordered, or about to be. Replaces what was wanted before. */
export const QuotesWanted = defineDecision('QuotesWanted', {
  version: 1,
  schema: z.strictObject({ feed, symbols: z.array(symbol) }),
  correlate: (payload) => `feed-${payload.feed}`,
  effect: true,
});
