/**
 * What other systems tell us on the Intel Bus and from the cloud, and what we tell them. What is received is an input with
 * its source, its age and its end, so that a replay hears the same at the same place and needs neither Redis nor BigQuery.
 */
import { z } from 'zod';
import { intelSignal } from '../domain/intel.ts';
import { defineDecision, defineInput, type PayloadOf } from './define-event.ts';

const symbol = z.string().min(1);
const time = z.int();
/** Of a five-minute window: its volume over the average of the hour before. */
const multiplier = z.number().min(0);
/** A fraction: 0.02 is 2 % up within the window. */
const change = z.number();

const transport = z.enum(['redis', 'process']);
const spikeSource = z.enum(['bars', 'bigquery', 'bus']);
export type SpikeSource = z.infer<typeof spikeSource>;

// --- inputs ------------------------------------------------------------------------------------------------------

/** The session has an Intel Bus from now on: over Redis, or within this process alone. It publishes, and counts spikes of its own. */
export const IntelBusOpened = defineInput('IntelBusOpened', {
  version: 1,
  schema: z.strictObject({
    transport,
    /** True where BigQuery is asked for volume spikes; else they are counted on the engine's own bars. */
    cloud: z.boolean(),
  }),
});
export type IntelBusOpened = PayloadOf<typeof IntelBusOpened>;

/** Redis came or went. Nothing is decided by it: what was received only expires. */
export const IntelBusStatusChanged = defineInput('IntelBusStatusChanged', {
  version: 1,
  schema: z.strictObject({ status: z.enum(['connected', 'away']), detail: z.string() }),
});

/** A valid value of a consumed key that was not heard before. At `expiresAt` (microseconds) it is as if it had never come. */
export const IntelReceived = defineInput('IntelReceived', {
  version: 1,
  schema: z.strictObject({
    signal: intelSignal,
    sourceSystem: z.string(),
    /** When its writer made it, seconds since 1970. */
    timestampS: z.number(),
    confidence: z.number().min(0).max(1),
    expiresAt: time,
    via: transport,
  }),
  correlate: ({ signal }) => `intel-${signal.key}`,
});
export type IntelReceived = PayloadOf<typeof IntelReceived>;

/** A value that does not count, told once until its bytes change. `excerpt` is cut to 200 characters. */
export const IntelRejected = defineInput('IntelRejected', {
  version: 1,
  schema: z.strictObject({
    key: z.string(),
    reason: z.string(),
    excerpt: z.string().max(200),
    via: transport,
  }),
});

/** Fear and greed, 0 (fear) to 100. Said when it changes and every minute that it is seen again. */
export const FearGreedReported = defineInput('FearGreedReported', {
  version: 1,
  schema: z.strictObject({ value: z.number().min(0).max(100), source: z.string(), expiresAt: time }),
});
export type FearGreedReported = PayloadOf<typeof FearGreedReported>;

/** How many positions the partner system has open. Said when it changes and every minute that it is seen again. */
export const PartnerPositionsReported = defineInput('PartnerPositionsReported', {
  version: 1,
  schema: z.strictObject({ count: z.int().min(0), source: z.string(), expiresAt: time }),
});
export type PartnerPositionsReported = PayloadOf<typeof PartnerPositionsReported>;

const cloudSpike = z.strictObject({
  symbol,
  multiplier,
  volume: z.number().min(0),
  averageVolume: z.number().min(0),
  priceChange: change,
});

/** One answer of the cloud: symbols whose five-minute volume is beyond the hour's, and the day's top movers. */
export const CloudSignalsReported = defineInput('CloudSignalsReported', {
  version: 1,
  schema: z.strictObject({
    source: z.literal('bigquery'),
    /** End of the newest five-minute window in the table, microseconds; null where it was empty. */
    asOf: time.nullable(),
    spikes: z.array(cloudSpike),
    movers: z.array(z.strictObject({ symbol, priceChange: change, volume: z.number().min(0) })),
    /** Whether the table has bitcoin at all: where it has not, the bus may speak for it. */
    hasBtc: z.boolean(),
    bytesProcessed: z.int().min(0).nullable(),
  }),
});
export type CloudSignalsReported = PayloadOf<typeof CloudSignalsReported>;

/** The cloud answers, or why it does not. A failure is never taken for "no spikes". */
export const CloudStatusChanged = defineInput('CloudStatusChanged', {
  version: 1,
  schema: z.strictObject({
    source: z.literal('bigquery'),
    status: z.enum(['ok', 'degraded']),
    /** What kind of failure: empty while ok. */
    code: z.enum(['', 'auth', 'quota', 'unavailable', 'timeout', 'schema', 'query']),
    detail: z.string(),
  }),
});

const outsideSignals: ReadonlySet<string> = new Set(
  [IntelBusOpened, IntelReceived, FearGreedReported, PartnerPositionsReported, CloudSignalsReported].map(
    ({ type }) => type,
  ),
);
/** What other systems said, and that there was a bus to say it on: heard again by a rerun unless it is left out. */
export const isOutsideSignal = (type: string): boolean => outsideSignals.has(type);

// --- decisions ---------------------------------------------------------------------------------------------------

/**
 * A value leaves for the bus. Without `sourceSystem` it is bare JSON (the list of positions), else the payload form.
 * `evaluatedAt`, microseconds, becomes its timestamp: a value that is not evaluated anew is not refreshed either.
 */
export const IntelPublished = defineDecision('IntelPublished', {
  version: 1,
  schema: z.strictObject({
    key: z.string(),
    value: z.json(),
    sourceSystem: z.string().nullable(),
    confidence: z.number().min(0).max(1).nullable(),
    ttlSeconds: z.int().positive(),
    evaluatedAt: time,
    why: z.enum(['changed', 'refreshed']),
    /** What it was made of, in words. */
    from: z.string(),
  }),
  correlate: ({ key }) => `published-${key}`,
  effect: true,
});
export type IntelPublished = PayloadOf<typeof IntelPublished>;

/** A five-minute window whose volume is far beyond the normal, counted on the engine's own bars. */
export const VolumeSpiked = defineDecision('VolumeSpiked', {
  version: 1,
  schema: z.strictObject({
    symbol,
    source: z.literal('bars'),
    multiplier,
    priceChange: change,
    /** End of the window, microseconds. */
    windowEnd: time,
  }),
  correlate: ({ symbol: name }) => `matrix-${name}`,
});
export type VolumeSpiked = PayloadOf<typeof VolumeSpiked>;

export const scenarios = ['overreactionDip', 'confirmedBreakout', 'deathSpiral'] as const;

/**
 * A volume spike met a fresh sentiment catalyst for its ticker. The long scenarios are a view of the day; a death spiral
 * forbids buying the dip and flags what is held to the hedge protocol.
 */
export const ConfluenceFound = defineDecision('ConfluenceFound', {
  version: 1,
  schema: z.strictObject({
    symbol,
    scenario: z.enum(scenarios),
    spike: z.strictObject({
      source: spikeSource,
      multiplier,
      priceChange: change,
      /** Made of the bus's word alone, since the cloud has no bitcoin. */
      synthetic: z.boolean(),
    }),
    catalyst: z.strictObject({
      score: z.number(),
      sourceSystem: z.string(),
      confidence: z.number(),
      ageS: z.number(),
    }),
  }),
  correlate: ({ symbol: name }) => `matrix-${name}`,
});
export type ConfluenceFound = PayloadOf<typeof ConfluenceFound>;
