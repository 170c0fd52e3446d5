/** The two tables a session has in BigQuery, and its records as rows of them. */
import type { SinkColumn, SinkTable } from '../../adapters/bigquery/session-sink.ts';
import type { LogRecordView } from '../log-records.ts';
import {
  type ColumnKind,
  commonColumns,
  eventColumns,
  type RecordColumn,
  rowOf,
  tickColumns,
} from './record-columns.ts';

const TYPES: Readonly<Record<ColumnKind, SinkColumn['type']>> = {
  text: 'STRING',
  whole: 'INT64',
  number: 'FLOAT64',
  time: 'TIMESTAMP',
  places: 'INT64',
};

const session: SinkColumn = {
  name: 'session',
  type: 'STRING',
  mode: 'REQUIRED',
  description: 'name of the session; with seq it is the key of a row',
};

const column = ({ name, kind, required, meaning }: RecordColumn): SinkColumn => ({
  name,
  type: TYPES[kind],
  mode: kind === 'places' ? 'REPEATED' : required ? 'REQUIRED' : 'NULLABLE',
  description: meaning,
});

export const eventsTable: SinkTable = {
  name: 'quantos_events',
  description: 'Inputs and decisions of QuantOS sessions; session and seq are the key',
  columns: [session, ...[...commonColumns, ...eventColumns].map(column)],
  partitionedBy: 'recordedAt',
  clusteredBy: ['session', 'type'],
};

export const ticksTable: SinkTable = {
  name: 'quantos_ticks',
  description: 'Market records of QuantOS sessions; session and seq are the key',
  columns: [session, ...[...commonColumns, ...tickColumns].map(column)],
  partitionedBy: 'recordedAt',
  clusteredBy: ['session', 'symbol'],
};

const KINDS = new Map(
  [...commonColumns, ...eventColumns, ...tickColumns].map(({ name, kind }) => [name, kind]),
);

/** A row as BigQuery loads it: a line of JSON. */
export function lineOf(name: string, record: LogRecordView): string {
  const row: Record<string, unknown> = { session: name };
  for (const [key, value] of Object.entries(rowOf(record))) {
    if (value === null) continue;
    row[key] = KINDS.get(key) === 'time' ? timestamp(value as number) : jsonNumber(value);
  }
  return `${JSON.stringify(row)}\n`;
}

/** Microseconds, which a Date would lose. */
function timestamp(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const rest = String(micros - seconds * 1_000_000).padStart(6, '0');
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${rest}Z`;
}

/** JSON has no NaN; BigQuery reads it as text in a column of numbers. */
const jsonNumber = (value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? `${value}` : value;
