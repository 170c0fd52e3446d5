/**
 * What BigQuery answered, row by row: a row that cannot be used is counted and named, the others are kept. No row, and no
 * answer, is ever read as "no spikes".
 */
import { z } from 'zod';
import { schemaSentence } from '../../domain/schema-sentence.ts';
import type { CloudSignalsReported } from '../../events/intel.events.ts';
import type { Answer } from './bigquery-client.ts';
import { BigQueryFault, quoted } from './bigquery-fault.ts';

export interface ReadAnswer {
  readonly report: CloudSignalsReported;
  /** What was wrong with a part of it, in a sentence that stays the same while the fault does; empty where nothing was. */
  readonly flaw: string;
}

interface Expectation {
  readonly table: string;
  /** Microseconds. */
  readonly now: number;
  /** A table whose newest row is older is not fed any more. */
  readonly staleAfterS: number;
}

/** More of the newest rows than this share unusable: a column has changed rather than a row. */
const UNUSABLE_MAX = 0.1;
const COLUMNS = [
  'kind',
  'symbol',
  'volume',
  'average_volume',
  'price_change',
  'newest',
  'recent_rows',
  'unusable_rows',
  'has_btc',
];

/** Numbers come as numbers, as text, or wrapped in an object with their text: INT64 and NUMERIC do not fit a number. */
const numeric = z
  .union([
    z.number(),
    z.string().trim().min(1).transform(Number),
    z
      .looseObject({ toString: z.any() })
      .transform((value) => Number('value' in value ? value.value : String(value))),
  ])
  .pipe(z.number());
const whole = numeric.pipe(z.int());
const truth = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const symbol = z.string().trim().min(1).max(32);

const tableRow = z.looseObject({
  newest: whole.nullable(),
  recent_rows: whole,
  unusable_rows: whole,
  has_btc: truth,
});
const spikeRow = z.looseObject({
  symbol,
  volume: numeric.pipe(z.number().min(0)),
  average_volume: numeric.pipe(z.number().positive()),
  price_change: numeric,
});
const moverRow = z.looseObject({ symbol, volume: numeric.pipe(z.number().min(0)), price_change: numeric });

/** Throws `BigQueryFault` where nothing of it can be used. */
export function readAnswer({ columns, rows, bytesProcessed }: Answer, expected: Expectation): ReadAnswer {
  const missing = COLUMNS.find((each) => !columns.includes(each));
  if (missing !== undefined) throw drift(`the answer has no column ${missing}`);
  const { table, now, staleAfterS } = expected;
  const kindOf = (kind: string) => rows.filter((row) => row.kind === kind);
  const summary = tableRow.safeParse(kindOf('table')[0]);
  if (!summary.success)
    throw drift(schemaSentence(summary.error, 'the row of the table', printable(kindOf('table')[0] ?? {})));
  const { newest, recent_rows, unusable_rows, has_btc } = summary.data;
  if (recent_rows > 0 && unusable_rows >= recent_rows)
    throw drift(`none of the newest rows of ${table} has a usable symbol, price and volume`);
  if (newest !== null && now - newest > staleAfterS * 1_000_000) {
    const since = new Date(newest / 1_000).toISOString();
    throw new BigQueryFault('unavailable', `${table} is not fed: its newest usable row is of ${since}`);
  }

  let flaw =
    unusable_rows > UNUSABLE_MAX * recent_rows
      ? `some of the newest rows of ${table} have no usable symbol, price or volume`
      : '';
  const read = <T>(kind: string, form: z.ZodType<T>): T[] =>
    kindOf(kind).flatMap((row, i) => {
      const parsed = form.safeParse(row);
      if (parsed.success) return [parsed.data];
      if (flaw === '')
        flaw = quoted(schemaSentence(parsed.error, `${kind} ${i + 1} of ${table}`, printable(row)));
      return [];
    });
  const spikes = read('spike', spikeRow).map(({ symbol: name, volume, average_volume, price_change }) => ({
    symbol: name,
    multiplier: volume / average_volume,
    volume,
    averageVolume: average_volume,
    priceChange: price_change,
  }));
  const movers = read('mover', moverRow).map(({ symbol: name, volume, price_change }) => ({
    symbol: name,
    priceChange: price_change,
    volume,
  }));
  const odd = rows.find(({ kind }) => kind !== 'table' && kind !== 'spike' && kind !== 'mover');
  if (odd !== undefined && flaw === '')
    flaw = `the answer for ${table} has a row of kind ${quoted(String(odd.kind))}`;
  return {
    report: { source: 'bigquery', asOf: newest, spikes, movers, hasBtc: has_btc, bytesProcessed },
    flaw,
  };
}

const drift = (what: string): BigQueryFault => new BigQueryFault('schema', quoted(what));

/** JSON has no word for NaN, and would tell of a null that was not there; for wide integers it has none either. */
const printable = (row: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const isOdd = typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value));
      return [name, isOdd ? `${value}` : value];
    }),
  );
