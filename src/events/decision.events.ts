/** What the actors concluded about markets and plans. Every event names the numbers it rests on. */
import { z } from 'zod';
import { defineDecision, type PayloadOf } from './define-event.ts';
import { decisionTest } from './order.events.ts';

const numbers = z.record(z.string(), z.number().nullable());

/** One region of a symbol's regime changed state; `evidence` holds the measurements that moved it. */
export const RegimeChanged = defineDecision('RegimeChanged', {
  version: 1,
  schema: z.strictObject({
    symbol: z.string(),
    region: z.enum(['trend', 'volatility', 'structure']),
    from: z.string(),
    to: z.string(),
    evidence: numbers,
  }),
  correlate: (payload) => `regime-${payload.symbol}`,
});
export type RegimeChanged = PayloadOf<typeof RegimeChanged>;

/** One component of a conviction score: its share of the weight after renormalising, and its value 0..1. */
const component = z.strictObject({
  name: z.string(),
  weight: z.number().min(0),
  value: z.number().min(0).max(1),
  source: z.string(),
});

/** An outside signal that was fresh when the score was made; its `IntelReceived` stands in the basis. */
const usedSignal = z.strictObject({
  key: z.string(),
  value: z.union([z.string(), z.number()]),
  sourceSystem: z.string(),
  confidence: z.number(),
  ageS: z.number().min(0),
  /** What it did to the score: 1 where it left it alone. */
  multiplier: z.number(),
});

/** A strategy's view of a symbol crossed a threshold, changed side or moved by five points. */
export const ConvictionChanged = defineDecision('ConvictionChanged', {
  version: 1,
  schema: z.strictObject({
    strategy: z.string(),
    symbol: z.string(),
    direction: z.enum(['long', 'short', 'flat']),
    /** 0..100. */
    conviction: z.number().min(0).max(100),
    components: z.array(component),
    /** Components and multipliers that were left out, each with its reason. */
    omitted: z.array(z.string()),
    /** Whatever else the strategy measured, by name. */
    evidence: numbers,
    /** Left out where no outside signal was fresh. */
    signals: z.array(usedSignal).optional(),
  }),
  correlate: (payload) => `conviction-${payload.symbol}`,
});
export type ConvictionChanged = PayloadOf<typeof ConvictionChanged>;

/** The selector's choice for a symbol, when the choice or the test that decides it changes. */
export const SelectionMade = defineDecision('SelectionMade', {
  version: 2,
  upcasts: {
    1: (older: Record<string, unknown>) => ({ ...older, direction: 'long', contract: null }),
  },
  schema: z.strictObject({
    symbol: z.string(),
    choice: z.enum(['option', 'equity', 'nothing']),
    /** `short` is a view that only a put can take. */
    direction: z.enum(['long', 'short']),
    /** The option chosen, by its OCC symbol. */
    contract: z.string().nullable(),
    tests: z.array(decisionTest),
    reason: z.string(),
  }),
  correlate: (payload) => `selection-${payload.symbol}`,
});
export type SelectionMade = PayloadOf<typeof SelectionMade>;

/** A plan's own rule asks for the exit. */
export const ExitTriggered = defineDecision('ExitTriggered', {
  version: 2,
  upcasts: { 1: (older: Record<string, unknown>) => ({ ...older, plan: 'equity' }) },
  schema: z.strictObject({
    /** The symbol the plan is for; an option plan's is its underlying. */
    symbol: z.string(),
    plan: z.enum(['equity', 'option']),
    reason: z.enum([
      'conviction',
      'regime',
      'protectiveStop',
      'expiry',
      'premiumLoss',
      'unhedged',
      'finalize',
      'operator',
    ]),
    tests: z.array(decisionTest),
  }),
  correlate: (payload) => `selection-${payload.symbol}`,
});

/** What the engine may do changed: trading, reducing only, or halted until reset. */
export const TradingStateChanged = defineDecision('TradingStateChanged', {
  version: 1,
  schema: z.strictObject({
    from: z.enum(['trading', 'reducing', 'halted']),
    to: z.enum(['trading', 'reducing', 'halted']),
    reason: z.string(),
    tests: z.array(decisionTest),
  }),
});
