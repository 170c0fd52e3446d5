/** SQL over a log: its rows as they stand, and its ticks as a table function `ticks(from_seq, to_seq)`. */
import type { SymbolDefined } from '../events/market.events.ts';
import { type Tick, TickKind, tickKindName } from '../events/tick.ts';
import { LogError, messageOf } from './log-error.ts';
import { type Db, openDatabase } from './log-file.ts';
import { LogReader } from './log-reader.ts';

const COMMON = ['seq', 'kind', 'symbol', 'time', 'recordedAt', 'source'];
/** Columns of a tick and the kinds that have them; the others are null there. */
const FIELDS: readonly (readonly [keyof Tick, readonly TickKind[]])[] = [
  ['bidPx', [TickKind.quote]],
  ['bidSize', [TickKind.quote]],
  ['askPx', [TickKind.quote]],
  ['askSize', [TickKind.quote]],
  ['px', [TickKind.trade, TickKind.openPrint]],
  ['size', [TickKind.trade]],
  ['open', [TickKind.bar]],
  ['high', [TickKind.bar]],
  ['low', [TickKind.bar]],
  ['close', [TickKind.bar]],
  ['volume', [TickKind.bar]],
  ['vwap', [TickKind.bar]],
  ['resolutionS', [TickKind.bar]],
  ['exchangeId', [TickKind.quote, TickKind.trade]],
  ['conditionsId', [TickKind.quote, TickKind.trade]],
];

/** Adds `ticks(from_seq, to_seq)` to a connection that has the log open; both bounds may be left out. */
function registerTicks(db: Db, reader: LogReader): void {
  db.table('ticks', {
    columns: [...COMMON, ...FIELDS.map(([field]) => field)],
    parameters: ['from_seq', 'to_seq'],
    *rows(from: unknown, to: unknown) {
      const symbols = new Map<number, string>();
      for (const { payload } of reader.events({ type: 'SymbolDefined' })) {
        const { id, symbol } = payload as SymbolDefined;
        symbols.set(id, symbol);
      }
      const cursor = reader.cursor({ from: bound(from), to: bound(to) });
      for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
        if (kind === 1) yield tickRow(cursor.seq, cursor.source, cursor.tick, symbols);
      }
    },
  });
}

const bound = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

function tickRow(seq: number, source: string, tick: Tick, symbols: ReadonlyMap<number, string>): unknown[] {
  const symbol = symbols.get(tick.symbolId) ?? `#${tick.symbolId}`;
  const fields = FIELDS.map(([field, kinds]) => (kinds.includes(tick.kind) ? tick[field] : null));
  return [seq, tickKindName(tick.kind), symbol, tick.time, tick.recordedAt, source, ...fields];
}

/** What a tick of its kind says, by name. */
export const tickFields = (tick: Tick): Record<string, number> =>
  Object.fromEntries(
    FIELDS.filter(([, kinds]) => kinds.includes(tick.kind)).map(([field]) => [field, tick[field]]),
  );

export interface SqlResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** Runs one SELECT on a log, read-only. */
export function queryLog(path: string, sql: string): SqlResult {
  const reader = new LogReader(path);
  const db = openDatabase(path, 'read');
  try {
    registerTicks(db, reader);
    const statement = db.prepare(sql);
    if (!statement.reader || !statement.readonly) {
      throw new LogError('sql', path, 'is append-only: only a statement that returns rows can be run on it');
    }
    return {
      columns: statement.columns().map((each) => each.name),
      rows: statement.raw().all() as unknown[][],
    };
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError('sql', path, `cannot answer: ${messageOf(error)}`, error);
  } finally {
    db.close();
    reader.close();
  }
}
