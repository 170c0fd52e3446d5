/**
 * What a market tells us beside its ticks: the dictionaries that give ticks their names, and the calendar's moments.
 * Ticks themselves (quote, trade, bar, openPrint) are `Tick` records in market blocks, not rows.
 */
import { z } from 'zod';
import { defineDecision, defineInput, type PayloadOf } from './define-event.ts';

const assetClass = z.enum(['equity', 'index', 'crypto', 'option']);
const calendar = z.enum(['XNYS', '24x7']);
const dictionaryId = z.int().min(0);

/** A symbol gets its dictionary id; before the first tick that uses it. `barsFrom`: what intraday bars are built of. */
export const SymbolDefined = defineInput('SymbolDefined', {
  version: 1,
  schema: z.strictObject({
    id: dictionaryId,
    symbol: z.string().min(1).max(64),
    assetClass,
    multiplier: z.number().positive(),
    calendar,
    /** Which records carry this symbol's prices: vendor bars of this length in seconds, trades, or quotes. */
    priceSource: z.enum(['bars', 'trades', 'quotes']),
    /** Seconds of a vendor bar (86,400 is a session day); null where prices are trades or quotes. */
    resolutionS: z.int().positive().nullable(),
  }),
});
export type SymbolDefined = PayloadOf<typeof SymbolDefined>;

/** An exchange code or a set of condition codes gets its dictionary id. */
export const CodeDefined = defineInput('CodeDefined', {
  version: 1,
  schema: z.strictObject({
    dictionary: z.enum(['exchange', 'conditions']),
    id: dictionaryId,
    code: z.string(),
  }),
});

/** All opening prints of one instant are in; orders deferred to the open may go. `day` is the trading day, YYYY-MM-DD. */
export const MarketOpened = defineInput('MarketOpened', {
  version: 1,
  schema: z.strictObject({ calendar, day: z.iso.date() }),
});

/** All bars of the close are in; the day can be decided. */
export const MarketClosed = defineInput('MarketClosed', {
  version: 1,
  schema: z.strictObject({ calendar, day: z.iso.date() }),
});

/** Quotes of one symbol that newer ones took the place of, or that waited until they were old, before numbering. */
export const TicksConflated = defineInput('TicksConflated', {
  version: 1,
  schema: z.strictObject({ symbol: z.string(), count: z.int().positive() }),
});

/** A vendor's line that could not even become a tick; nothing of it was used. */
export const LineRejected = defineInput('LineRejected', {
  version: 1,
  schema: z.strictObject({ file: z.string(), line: z.int().positive(), reason: z.string() }),
});

/** What an import brought, at the end of a dataset. Times are microseconds. */
export const DatasetSummarized = defineInput('DatasetSummarized', {
  version: 1,
  schema: z.strictObject({
    symbols: z.array(
      z.strictObject({
        symbol: z.string(),
        records: z.int().min(0),
        from: z.int(),
        to: z.int(),
      }),
    ),
    /** sha256 of each source file, hex. */
    files: z.array(z.strictObject({ name: z.string(), sha256: z.string() })),
    rejected: z.int().min(0),
    /** Prices were multiplied by this on import; 1 where they stand as recorded. */
    scale: z.number().positive(),
    notes: z.array(z.string()),
  }),
});
export type DatasetSummarized = PayloadOf<typeof DatasetSummarized>;

/** A tick the core refuses to decide on; values are text, since NaN and infinities are what they may be. */
export const TickRejected = defineDecision('TickRejected', {
  version: 1,
  schema: z.strictObject({
    symbol: z.string(),
    tick: z.enum(['quote', 'trade', 'bar', 'openPrint']),
    reason: z.enum([
      'notFinite',
      'notPositive',
      'crossed',
      'farFromLast',
      'inconsistentBar',
      'late',
      'duplicate',
      'fromTheFuture',
      'unknownSymbol',
    ]),
    values: z.record(z.string(), z.string()),
  }),
});
