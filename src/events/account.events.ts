/**
 * The account as its venue sees it, compared with the account as the log has it. What differs is an event; what is
 * adopted from the venue moves the ledger here and nowhere else. Cash is micro-dollars.
 */
import { z } from 'zod';
import { defineDecision, defineInput, type PayloadOf } from './define-event.ts';

const symbol = z.string();
const px = z.number().positive();
const ordinal = z.int().positive();
const micros = z.int();

// --- inputs ------------------------------------------------------------------------------------------------------

/** A position at the venue: units signed, short negative; `avgPx` is the mean entry price in dollars, `lastPx` today's. */
const venuePosition = z.strictObject({
  symbol,
  quantity: z.number(),
  avgPx: px,
  lastPx: px.nullable().optional(),
});
/** An order open at the venue. `ordinal` null: not an order of this chain of sessions. */
const venueOrder = z.strictObject({
  ordinal: ordinal.nullable(),
  clientOrderId: z.string(),
  venueOrderId: z.string(),
  symbol,
  side: z.enum(['buy', 'sell']),
  quantity: z.number().positive(),
  filledQty: z.number().min(0),
  status: z.string(),
});

/** Everything the venue says of the account at one moment. Reports of orders that were missed came before it. */
export const VenueReported = defineInput('VenueReported', {
  version: 1,
  report: true,
  schema: z.strictObject({
    account: z.strictObject({
      cashMicros: micros,
      equityMicros: micros,
      buyingPowerMicros: micros,
      /** Null, or why the venue lets this account not trade. */
      blocked: z.string().nullable(),
      /** 0: none, 1: covered, 2: long options, 3: spreads. */
      optionsLevel: z.int().min(0).max(3),
    }),
    positions: z.array(venuePosition),
    orders: z.array(venueOrder),
    /** Highest ordinal of this chain of sessions that the venue knows, open or not; 0 for none. */
    lastOrdinal: z.int().min(0),
  }),
});
export type VenueReported = PayloadOf<typeof VenueReported>;

/** The venue could not be asked. `permanent`: asking again cannot help (wrong keys). */
export const ReconciliationFailed = defineInput('ReconciliationFailed', {
  version: 1,
  report: true,
  schema: z.strictObject({ reason: z.string(), permanent: z.boolean() }),
});

/** Cash that came or went without an order of ours. `activityId` is unique at the venue: a repeated one is ignored. */
export const CashMoved = defineInput('CashMoved', {
  version: 1,
  report: true,
  schema: z.strictObject({
    activityId: z.string(),
    kind: z.enum(['dividend', 'fee', 'interest', 'transfer', 'other']),
    symbol: symbol.nullable(),
    micros,
    note: z.string(),
  }),
});
export type CashMoved = PayloadOf<typeof CashMoved>;

/**
 * Something a company did to its shares, told once. Without a `problem` the inputs that follow book it. What has one is for a
 * person to settle: nothing goes out for the symbol until a reset.
 */
export const CorporateActionHeard = defineInput('CorporateActionHeard', {
  version: 1,
  schema: z.strictObject({
    /** The vendor's; unique. */
    actionId: z.string().min(1),
    /** From which it is in effect. */
    day: z.iso.date(),
    symbol,
    what: z.string(),
    problem: z.string().nullable(),
  }),
});
export type CorporateActionHeard = PayloadOf<typeof CorporateActionHeard>;

/** A company trades under another symbol from now on. */
export const SymbolChanged = defineInput('SymbolChanged', {
  version: 1,
  schema: z.strictObject({ from: symbol, to: symbol }),
});
export type SymbolChanged = PayloadOf<typeof SymbolChanged>;

// --- decisions ---------------------------------------------------------------------------------------------------

/** The venue is to be asked for everything: at the start, and after each time its word was not heard. */
export const ReconciliationRequested = defineDecision('ReconciliationRequested', {
  version: 1,
  schema: z.strictObject({ reason: z.string(), attempt: z.int().positive() }),
  effect: true,
});

/** A position of the account that no order of ours made: a core holding from now on. Cash is aligned by `CashAligned`. */
export const HoldingAdopted = defineDecision('HoldingAdopted', {
  version: 1,
  schema: z.strictObject({ symbol, quantity: z.number().positive(), px }),
});
export type HoldingAdopted = PayloadOf<typeof HoldingAdopted>;

/** The ledger's cash takes the venue's figure: `deltaMicros` was not explained by anything recorded. */
export const CashAligned = defineDecision('CashAligned', {
  version: 1,
  schema: z.strictObject({ deltaMicros: micros }),
});
export type CashAligned = PayloadOf<typeof CashAligned>;

/** Ours and the venue's account were compared. `ok` false: something differs that only a person can settle. */
export const Reconciled = defineDecision('Reconciled', {
  version: 1,
  schema: z.strictObject({
    ok: z.boolean(),
    differences: z.array(
      z.strictObject({
        what: z.enum([
          'cash',
          'holding',
          'shortage',
          'foreignOrder',
          'missingOrder',
          'lostTail',
          'blocked',
          'optionsLevel',
        ]),
        symbol: symbol.nullable(),
        ordinal: ordinal.nullable(),
        ours: z.union([z.number(), z.string(), z.null()]),
        theirs: z.union([z.number(), z.string(), z.null()]),
        /** What follows: `adopted`, `aligned`, `watched`, `canceled`, `halted`. */
        action: z.string(),
      }),
    ),
  }),
  effect: true,
});
export type Reconciled = PayloadOf<typeof Reconciled>;
