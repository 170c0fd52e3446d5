/** `quantos log export`: every record of a log as JSON lines, CSV or Parquet. */
import type { Command } from 'commander';
import { grouped } from '../../../replay/format.ts';
import { ENGINE_VERSION } from '../../../replay/version.ts';
import { InputError } from '../../domain/input-error.ts';
import { openLogReader } from '../../log/log-reader.ts';
import { makeFile } from '../exports/new-file.ts';
import { writeRecords, writeTextFile } from '../exports/text-records.ts';
import { logRecords, recordType } from '../log-records.ts';
import { choiceFor, withCommon } from '../options/common-options.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface ExportOptions extends CommonOptions {
  readonly format: 'jsonl' | 'csv' | 'parquet';
  readonly type?: string;
  readonly out?: string;
}

export function addLogExport(log: Command, terminal: Terminal): void {
  const command = log
    .command('export <log>')
    .description('writes every record as JSON lines, CSV or Parquet; times are UTC, of a microsecond')
    .option(
      '--format <format>',
      'jsonl, csv or parquet',
      choiceFor('--format', ['jsonl', 'csv', 'parquet']),
      'jsonl',
    )
    .option('--type <type>', 'only this type of event or tick', recordType)
    .option('--out <file>', 'the file to write (stdout)');
  withCommon(
    command,
    'log export out/demo.db --format csv --out out/demo.csv',
    'log export out/demo.db --format parquet --out out/demo.parquet',
    'log export out/demo.db | head',
  ).action((path: string, options: ExportOptions) => toFile(path, options, terminal));
}

async function toFile(path: string, { format, type, out, json }: ExportOptions, terminal: Terminal) {
  if (json && out === undefined)
    throw new InputError('--json prints what was done, so the records need a place: add --out FILE');
  if (format === 'parquet' && out === undefined)
    throw new InputError(
      'a Parquet file ends with its own table of contents, so it needs a place: add --out FILE',
    );
  const reader = openLogReader(path);
  try {
    const records = logRecords(reader, { type });
    if (out === undefined) {
      writeRecords(records, format as 'jsonl' | 'csv', (text) => terminal.out(text.trimEnd()));
      return;
    }
    const { session } = reader;
    const events = await makeFile(out, async (draft) => {
      if (format !== 'parquet') return writeTextFile(draft, records, format);
      // 60 ms that nobody else waits for.
      const { writeParquet } = await import('../exports/parquet-records.ts');
      return writeParquet(draft, records, { session, engineVersion: ENGINE_VERSION });
    });
    if (json) printJson(terminal, { out, format, events });
    else terminal.out(`${out}: ${grouped(events)} events`);
  } finally {
    reader.close();
  }
}
