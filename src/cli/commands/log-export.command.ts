/** `quantos log export`: every record of a log as JSON lines or CSV. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { grouped } from '../../../replay/format.ts';
import { InputError } from '../../domain/input-error.ts';
import { openLogReader } from '../../log/log-reader.ts';
import { type LogRecordView, logRecords, recordType } from '../log-records.ts';
import { choiceFor, withCommon } from '../options/common-options.ts';
import { requireFolder } from '../run-files.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

type Format = 'jsonl' | 'csv' | 'parquet';

interface ExportOptions extends CommonOptions {
  readonly format: Format;
  readonly type?: string;
  readonly out?: string;
}

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

export function addLogExport(log: Command, terminal: Terminal): void {
  const command = log
    .command('export <log>')
    .description('writes every record as JSON lines or CSV; times are microseconds since 1970, UTC')
    .option(
      '--format <format>',
      'jsonl, csv; parquet comes with a later release',
      choiceFor('--format', ['jsonl', 'csv', 'parquet']),
      'jsonl',
    )
    .option('--type <type>', 'only this type of event or tick', recordType)
    .option('--out <file>', 'the file to write (stdout)');
  withCommon(
    command,
    'log export out/demo.db --format csv --out out/demo.csv',
    'log export out/demo.db | head',
  ).action((path: string, { format, type, out, json }: ExportOptions) => {
    if (format === 'parquet')
      throw new InputError('--format parquet comes with a later release; this one writes jsonl and csv');
    if (json && out === undefined)
      throw new InputError('--json prints what was done, so the records need a place: add --out FILE');
    const reader = openLogReader(path);
    try {
      if (out === undefined) {
        writeRecords(logRecords(reader, { type }), format, (text) => terminal.out(text.trimEnd()));
        return;
      }
      const events = toFile(out, (write) => writeRecords(logRecords(reader, { type }), format, write));
      if (json) printJson(terminal, { out, format, events });
      else terminal.out(`${out}: ${grouped(events)} events`);
    } finally {
      reader.close();
    }
  });
}

/** Returns how many there were. */
function writeRecords(
  records: Iterable<LogRecordView>,
  format: Format,
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

/** A file that exists is never replaced; the new one appears whole or not at all. */
function toFile(out: string, fill: (write: (text: string) => void) => number): number {
  requireFolder(out, '--out');
  const draft = `${out}.${process.pid}.draft`;
  let file: number;
  try {
    closeSync(openSync(out, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new InputError(`--out ${out} exists already; choose another name`);
  }
  try {
    file = openSync(draft, 'w');
    try {
      const count = fill((text) => writeSync(file, text));
      renameSync(draft, out);
      return count;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rmSync(out, { force: true });
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
