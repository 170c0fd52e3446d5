/**
 * The life of an order, from a deferred intent to its last report. Decisions are ours (intended, approved, denied,
 * submit attempted); inputs are the venue's reports. Orders are named by ordinal; prices are dollars, fees micro-dollars.
 */
import { z } from 'zod';
import { defineDecision, defineInput, type PayloadOf } from './define-event.ts';

const ordinal = z.int().positive();
const symbol = z.string();
const side = z.enum(['buy', 'sell']);
const orderType = z.enum(['market', 'limit', 'stop']);
const timeInForce = z.enum(['day', 'gtc', 'ioc', 'fok', 'opg', 'cls']);
const px = z.number().positive();
const byOrder = (payload: { ordinal: number | null }) =>
  payload.ordinal === null ? null : `order-${payload.ordinal}`;

/** How much: units, or a share of the account's equity resolved by the venue's ledger at the fill. */
const size = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('quantity'), quantity: z.number().positive() }),
  z.strictObject({ kind: z.literal('fraction'), fraction: z.number().positive().max(10) }),
]);
export type OrderSize = z.infer<typeof size>;

/** In the order in which one moment's intents are released. */
export const intentActions = ['exit', 'hedge', 'enter', 'protect'] as const;
const action = z.enum(intentActions);
export type IntentAction = (typeof intentActions)[number];
const role = z.enum(['tactical', 'core', 'hedge']);

/** A test somebody made before deciding: what was measured, against which limit, and whether it passed. */
export const decisionTest = z.strictObject({
  test: z.string(),
  value: z.union([z.number(), z.string(), z.boolean(), z.null()]),
  limit: z.union([z.number(), z.string(), z.boolean(), z.null()]),
  pass: z.boolean(),
});
export type DecisionTest = z.infer<typeof decisionTest>;

const orderTerms = {
  symbol,
  side,
  size,
  orderType,
  limitPx: px.nullable(),
  stopPx: px.nullable(),
  timeInForce,
};

/** Decided now, to be released at the next open. */
export const IntentDeferred = defineDecision('IntentDeferred', {
  version: 1,
  schema: z.strictObject({ intent: ordinal, action, role, ...orderTerms, reason: z.string() }),
  correlate: (payload) => `intent-${payload.intent}`,
});
export type IntentDeferred = PayloadOf<typeof IntentDeferred>;

/** An intent that will never become an order. */
export const IntentDropped = defineDecision('IntentDropped', {
  version: 1,
  schema: z.strictObject({ intent: ordinal, symbol, action, reason: z.string() }),
  correlate: (payload) => `intent-${payload.intent}`,
});

/** An order is wanted now; the risk gate answers. */
export const OrderIntended = defineDecision('OrderIntended', {
  version: 2,
  upcasts: { 1: (older: Record<string, unknown>) => ({ ...older, bidPx: null, askPx: null }) },
  schema: z.strictObject({
    ordinal,
    intent: ordinal.nullable(),
    action,
    role,
    ...orderTerms,
    /** The quote, recorded or modelled, that the order was priced by; null where none was needed. */
    bidPx: z.number().min(0).nullable(),
    askPx: z.number().min(0).nullable(),
    reason: z.string(),
  }),
  correlate: byOrder,
});
export type OrderIntended = PayloadOf<typeof OrderIntended>;

export const RiskApproved = defineDecision('RiskApproved', {
  version: 1,
  schema: z.strictObject({ ordinal, tests: z.array(decisionTest) }),
  correlate: byOrder,
});

/** Refused by our own gate, at the intent (ordinal null) or at the release. */
export const OrderDenied = defineDecision('OrderDenied', {
  version: 1,
  schema: z.strictObject({
    ordinal: ordinal.nullable(),
    intent: ordinal.nullable(),
    symbol,
    reason: z.string(),
    tests: z.array(decisionTest),
  }),
  correlate: byOrder,
});

/** The order may leave the process once this is durable. */
export const SubmitAttempted = defineDecision('SubmitAttempted', {
  version: 1,
  schema: z.strictObject({ ordinal, ...orderTerms }),
  correlate: byOrder,
  effect: true,
});
export type SubmitAttempted = PayloadOf<typeof SubmitAttempted>;

export const CancelAttempted = defineDecision('CancelAttempted', {
  version: 1,
  schema: z.strictObject({ ordinal, reason: z.string() }),
  correlate: byOrder,
  effect: true,
});

/** A working order is to change in place at the venue; what it stands for stays. */
export const UpdateAttempted = defineDecision('UpdateAttempted', {
  version: 1,
  schema: z.strictObject({ ordinal, quantity: z.number().positive(), limitPx: px, reason: z.string() }),
  correlate: byOrder,
  effect: true,
});

/** An order whose fate nobody knows is to be looked up at the venue by our own id; `attempt` counts from 1. */
export const OrderLookupRequested = defineDecision('OrderLookupRequested', {
  version: 1,
  schema: z.strictObject({ ordinal, attempt: z.int().positive() }),
  correlate: byOrder,
  effect: true,
});

/** The venue does not know the order after every look-up: it counts as canceled, and is canceled should it ever appear. */
export const OrderGivenUp = defineDecision('OrderGivenUp', {
  version: 1,
  schema: z.strictObject({ ordinal, reason: z.string() }),
  correlate: byOrder,
});

// --- the venue's reports ---------------------------------------------------------------------------------------

export const OrderAccepted = defineInput('OrderAccepted', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal, venueOrderId: z.string() }),
  correlate: byOrder,
});

/**
 * The venue's refusal; or that the order never came to it: refused by what we know of its rules (`engine`), or turned away
 * by a limit on calls, ours or its own (`limit`).
 */
export const OrderRejected = defineInput('OrderRejected', {
  version: 2,
  report: true,
  schema: z.strictObject({ ordinal, reason: z.string(), by: z.enum(['engine', 'limit']).optional() }),
  // Who refused was not told apart, and all was taken for the venue's word: it still is.
  upcasts: { 1: (older: object) => older },
  correlate: byOrder,
});
export type OrderRejected = PayloadOf<typeof OrderRejected>;

/** Part or all of an order traded. `executionId` is unique at its venue: a repeated one is ignored. */
export const OrderFilled = defineInput('OrderFilled', {
  version: 1,
  report: true,
  schema: z.strictObject({
    ordinal,
    executionId: z.string(),
    symbol,
    side,
    lastQty: z.number().positive(),
    lastPx: px,
    /** Still open after this fill; 0 when the order is done. */
    leavesQty: z.number().min(0),
    feeMicros: z.int(),
  }),
  correlate: byOrder,
});
export type OrderFilled = PayloadOf<typeof OrderFilled>;

export const OrderCanceled = defineInput('OrderCanceled', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal, reason: z.string() }),
  correlate: byOrder,
});

export const OrderExpired = defineInput('OrderExpired', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal }),
  correlate: byOrder,
});

export const CancelRejected = defineInput('CancelRejected', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal, reason: z.string() }),
  correlate: byOrder,
});

/** A submit or cancel that got no readable answer: the order may or may not exist at the venue. */
export const OrderOutcomeUnknown = defineInput('OrderOutcomeUnknown', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal, reason: z.string() }),
  correlate: byOrder,
});

/** The venue takes a fill back. */
export const TradeBusted = defineInput('TradeBusted', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal, executionId: z.string(), reason: z.string() }),
  correlate: byOrder,
});

/** The venue corrects a fill's quantity or price; the new values replace the old. */
export const TradeCorrected = defineInput('TradeCorrected', {
  version: 1,
  report: true,
  schema: z.strictObject({
    ordinal,
    executionId: z.string(),
    lastQty: z.number().positive(),
    lastPx: px,
    feeMicros: z.int(),
  }),
  correlate: byOrder,
});

/** The venue changed a working order in place: quantity is the whole order's, filled part included. */
export const OrderUpdated = defineInput('OrderUpdated', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal, quantity: z.number().positive(), limitPx: px, venueOrderId: z.string() }),
  correlate: byOrder,
});

export const UpdateRejected = defineInput('UpdateRejected', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal, reason: z.string() }),
  correlate: byOrder,
});

/** Looked up by our own id: the venue has no such order, for now. */
export const OrderNotFound = defineInput('OrderNotFound', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal }),
  correlate: byOrder,
});

/** The look-up itself got no readable answer: it says nothing of the order. */
export const OrderLookupFailed = defineInput('OrderLookupFailed', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal, reason: z.string() }),
  correlate: byOrder,
});

/** A status that no table knows: recorded, and the order is looked up. */
export const StatusUnmapped = defineInput('StatusUnmapped', {
  version: 1,
  report: true,
  schema: z.strictObject({ ordinal: ordinal.nullable(), status: z.string(), venueOrderId: z.string() }),
  correlate: byOrder,
});
