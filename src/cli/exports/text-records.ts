/** A log's records as lines of JSON or CSV. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { stringify } from 'csv-stringify/sync';
import type { LogRecordView } from '../log-records.ts';

export type TextFormat = 'jsonl' | 'csv';

const COLUMNS = [
  'seq',
  'kind',
  'type',
  'time',
  'recordedAt',
  'source',
  'causation',
  'correlation',
  'basis',
  'payload',
] as const;
const CHUNK = 1 << 16;

export function writeTextFile(path: string, records: Iterable<LogRecordView>, format: TextFormat): number {
  const file = openSync(path, 'w');
  try {
    return writeRecords(records, format, (text) => writeSync(file, text));
  } finally {
    closeSync(file);
  }
}

/** Returns how many there were. */
export function writeRecords(
  records: Iterable<LogRecordView>,
  format: TextFormat,
  write: (text: string) => void,
): number {
  let pending = format === 'csv' ? `${COLUMNS.join(',')}\n` : '';
  let count = 0;
  for (const record of records) {
    pending +=
      format === 'csv'
        ? csvLine(record)
        : `${JSON.stringify(Object.fromEntries(COLUMNS.map((name) => [name, record[name]])))}\n`;
    count++;
    if (pending.length < CHUNK) continue;
    write(pending);
    pending = '';
  }
  if (pending !== '') write(pending);
  return count;
}

const csvLine = (record: LogRecordView): string =>
  stringify([
    COLUMNS.map((name) => {
      const value = record[name];
      return name === 'basis' ? record.basis.join(' ') : name === 'payload' ? JSON.stringify(value) : value;
    }),
  ]);
