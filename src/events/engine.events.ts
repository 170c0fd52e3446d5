/** The engine's own moments: sessions and what they carry over, clocks, timers, operators, halts. */
import { z } from 'zod';
import { configSchema, runSpecSchema } from '../domain/config.ts';
import { defineDecision, defineInput, type PayloadOf } from './define-event.ts';

const json: z.ZodType<unknown> = z.json();

/** Sessions of version 1 knew no options: whatever was added since decides nothing in them. */
function withoutOptions(older: { run: { config: Record<string, unknown> } }): unknown {
  const config = { ...older.run.config, options: { chain: 'none' } };
  return { ...older, run: { ...older.run, config: configSchema.parse(config) } };
}

/** Sessions of version 2 knew no venue, those of version 3 no Intel Bus. */
function withDefaults(older: { run: { config: Record<string, unknown> } }): unknown {
  return { ...older, run: { ...older.run, config: configSchema.parse(older.run.config) } };
}

/** The manifest: everything beside later inputs that the session's decisions depend on. First event of every session. */
export const SessionStarted = defineInput('SessionStarted', {
  version: 4,
  upcasts: { 1: withoutOptions, 2: withDefaults, 3: withDefaults },
  schema: z.strictObject({
    session: z.string().min(1),
    /** The session this one continues, or null. */
    continues: z.string().nullable(),
    mode: z.enum(['sim', 'paper', 'live']),
    run: runSpecSchema,
    symbols: z.array(z.string()),
    /** Files the market data came from, with their digests. */
    datasets: z.array(z.strictObject({ name: z.string(), head: z.string() })),
    engineVersion: z.string(),
    /** What is modelled rather than recorded, in sentences for people. */
    modelled: z.array(z.string()),
  }),
});
export type SessionStarted = PayloadOf<typeof SessionStarted>;

/** All path-dependent state, one entry per actor or stream that has any, at the end of the previous session. */
export const SessionCarried = defineInput('SessionCarried', {
  version: 1,
  schema: z.strictObject({ from: z.string(), state: z.record(z.string(), json) }),
});
export type SessionCarried = PayloadOf<typeof SessionCarried>;

/** The engine came back from a stop inside this session; timers leave their states before the clock moves. */
export const SessionResumed = defineInput('SessionResumed', {
  version: 1,
  schema: z.strictObject({ reason: z.string() }),
});
/** Reconciliation is done; decisions may lead to orders again. */
export const TradingResumed = defineInput('TradingResumed', { version: 1, schema: z.strictObject({}) });
export const SessionEnded = defineInput('SessionEnded', {
  version: 1,
  schema: z.strictObject({ reason: z.string() }),
});

/** Wall time, four times a second while live, so that timers fire on a quiet market. */
export const ClockTicked = defineInput('ClockTicked', { version: 1, schema: z.strictObject({}) });

/** A deadline passed. `n` is the timer's ordinal within its actor; the deadline is in microseconds. */
export const TimerFired = defineDecision('TimerFired', {
  version: 1,
  schema: z.strictObject({ actor: z.string(), n: z.int().positive(), deadline: z.int() }),
});

/** The first error stopped deciding; inputs are still recorded. */
export const EngineHalted = defineDecision('EngineHalted', {
  version: 1,
  schema: z.strictObject({ code: z.string(), actor: z.string(), message: z.string() }),
});

/** A person or a script told the engine something. */
export const OperatorCommanded = defineInput('OperatorCommanded', {
  version: 1,
  schema: z.strictObject({
    /** `withdraw`: whatever is worked is taken back, protective stops apart, and nothing goes out before trading resumes. */
    command: z.enum(['halt', 'reduceOnly', 'reset', 'flatten', 'withdraw']),
    /** For `flatten`: the symbol, or null for all. */
    symbol: z.string().nullable(),
    by: z.string(),
  }),
});

/** A position the user declares: never sold by a plan, and what the put protocol protects. Bought at `px` dollars, free of fees. */
export const CoreDeclared = defineInput('CoreDeclared', {
  version: 1,
  schema: z.strictObject({ symbol: z.string(), quantity: z.number().positive(), px: z.number().positive() }),
});
