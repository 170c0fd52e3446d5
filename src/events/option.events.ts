/**
 * What is known of options beside their quotes (which are ticks of their contracts): chains, modelled volatility and
 * settlement come from outside; the guard, the hedge, the liquidity filter and the walk are ours.
 */
import { z } from 'zod';
import { defineDecision, defineInput, type PayloadOf } from './define-event.ts';
import { decisionTest, intentActions } from './order.events.ts';

const symbol = z.string();
const px = z.number().positive();
const numbers = z.record(z.string(), z.number().nullable());

// --- inputs ------------------------------------------------------------------------------------------------------

/**
 * What a contract is on and how it ends, before its first quote; its expiry, right and strike are in its OCC symbol, its
 * multiplier in its `SymbolDefined`.
 */
export const ContractDefined = defineInput('ContractDefined', {
  version: 1,
  schema: z.strictObject({
    symbol,
    underlying: symbol,
    style: z.enum(['american', 'european']),
    settlement: z.enum(['physical', 'cash']),
  }),
});
export type ContractDefined = PayloadOf<typeof ContractDefined>;

/** All quotes of one recorded chain are in: `openInterest` by contract, null where the vendor gave none. */
export const ChainRecorded = defineInput('ChainRecorded', {
  version: 1,
  schema: z.strictObject({
    underlying: symbol,
    underlyingPx: px.nullable(),
    openInterest: z.array(z.tuple([symbol, z.int().min(0).nullable()])),
  }),
});
export type ChainRecorded = PayloadOf<typeof ChainRecorded>;

/**
 * At-the-money volatility at 30 days of a chain nobody recorded, known from this close on. A year's, as a fraction.
 * `fitted` comes from the underlying's own bars, `index` from a volatility index; `evidence` holds what it was made of.
 */
export const VolatilityModelled = defineInput('VolatilityModelled', {
  version: 1,
  schema: z.strictObject({
    underlying: symbol,
    day: z.iso.date(),
    vol: z.number().positive(),
    from: z.enum(['fitted', 'index']),
    evidence: numbers,
  }),
});
export type VolatilityModelled = PayloadOf<typeof VolatilityModelled>;

/**
 * The clearing house ended a position, or part of it, in a contract. The option leaves the books at `optionPx` (the
 * intrinsic value where it is settled in cash, else 0); where shares change hands, `shares` of the underlying were
 * bought (negative: sold) at the strike.
 */
export const OptionSettled = defineInput('OptionSettled', {
  version: 1,
  report: true,
  schema: z.strictObject({
    settlementId: z.string(),
    symbol,
    how: z.enum(['expired', 'exercised', 'assigned', 'cashSettled']),
    /** Contracts that end: positive of a long position, negative of a short one. */
    quantity: z.number(),
    optionPx: z.number().min(0),
    underlying: symbol,
    underlyingPx: px,
    strike: px,
    shares: z.number(),
  }),
  correlate: (payload) => `option-${payload.symbol}`,
});
export type OptionSettled = PayloadOf<typeof OptionSettled>;

/**
 * A split took effect: positions, prices and contracts of the symbol count anew. 4:1 is numerator 4, denominator 1. What
 * is left of a whole share is paid out at `cashInLieuPx`, dollars a new share; null where fractions stay in the books.
 */
export const SplitApplied = defineInput('SplitApplied', {
  version: 1,
  schema: z.strictObject({
    symbol,
    numerator: z.int().positive(),
    denominator: z.int().positive(),
    cashInLieuPx: px.nullable(),
  }),
});
export type SplitApplied = PayloadOf<typeof SplitApplied>;

// --- decisions ---------------------------------------------------------------------------------------------------

/** Speculative premium became affordable, crowded, or unknowable (`shut`: no implied volatility at all). */
export const VolatilityGuardChanged = defineDecision('VolatilityGuardChanged', {
  version: 1,
  schema: z.strictObject({
    symbol,
    from: z.enum(['shut', 'open', 'crowded']),
    to: z.enum(['shut', 'open', 'crowded']),
    tests: z.array(decisionTest),
    evidence: numbers,
  }),
  correlate: (payload) => `selection-${payload.symbol}`,
});

const hedgeState = z.enum(['idle', 'armed', 'entering', 'hedged', 'rolling', 'unwinding', 'cooldown']);

/** The put protocol moved. */
export const HedgeStateChanged = defineDecision('HedgeStateChanged', {
  version: 1,
  schema: z.strictObject({
    from: hedgeState,
    to: hedgeState,
    reason: z.string(),
    tests: z.array(decisionTest),
  }),
  correlate: () => 'hedge',
});

/**
 * What the protocol wants to hold against the exposure, and what stands in the way. Dollars; `exposure` is the
 * beta-weighted net delta of everything but hedges, `unhedged` what caps or liquidity leave open.
 */
export const HedgeSized = defineDecision('HedgeSized', {
  version: 1,
  schema: z.strictObject({
    purpose: z.enum(['enter', 'roll', 'trim', 'none']),
    contract: symbol.nullable(),
    quantity: z.int().min(0),
    exposure: z.number(),
    target: z.number(),
    premium: z.number().min(0),
    unhedged: z.number().min(0),
    tests: z.array(decisionTest),
    evidence: numbers,
  }),
  correlate: () => 'hedge',
});

/** An instrument could not be traded in an orderly way when an intent needed it. */
export const LiquidityFailed = defineDecision('LiquidityFailed', {
  version: 1,
  schema: z.strictObject({
    symbol,
    intent: z.int().positive().nullable(),
    action: z.enum(intentActions),
    tests: z.array(decisionTest),
  }),
});

/** A working order moves its price: the order before it is canceled first, and the next one stands at `limitPx`. */
export const WalkStepped = defineDecision('WalkStepped', {
  version: 1,
  schema: z.strictObject({
    intent: z.int().positive(),
    /** The order that stands now, and is to make way; null for the first. */
    ordinal: z.int().positive().nullable(),
    step: z.int().min(0),
    bidPx: z.number().min(0),
    askPx: z.number().min(0),
    capPx: px,
    limitPx: px,
    why: z.enum(['start', 'step', 'follow', 'touch', 'patience', 'stale', 'resume']),
  }),
  correlate: (payload) => `intent-${payload.intent}`,
});
