/** `quantos log export`: every record of a log as JSON lines, CSV or Parquet, or a sealed session into BigQuery. */
import type { Command } from 'commander';
import { grouped } from '../../../replay/format.ts';
import { ENGINE_VERSION } from '../../../replay/version.ts';
import { InputError } from '../../domain/input-error.ts';
import { openLogReader } from '../../log/log-reader.ts';
import { makeFile } from '../exports/new-file.ts';
import { writeRecords, writeTextFile } from '../exports/text-records.ts';
import { CheckFailed } from '../failure.ts';
import { logRecords, recordType } from '../log-records.ts';
import { choiceFor, withCommon } from '../options/common-options.ts';
import { plainTable } from '../plain-table.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface ExportOptions extends CommonOptions {
  readonly format: 'jsonl' | 'csv' | 'parquet';
  readonly type?: string;
  readonly out?: string;
  readonly toBigquery?: string;
  readonly dryRun?: boolean;
  readonly endpoint?: string;
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
    .option('--out <file>', 'the file to write (stdout)')
    .option(
      '--to-bigquery <project.dataset>',
      'load a sealed session into two tables of this dataset instead',
    )
    .option('--dry-run', 'with --to-bigquery: print the tables and the row counts, and touch nothing')
    .option(
      '--endpoint <url>',
      "with --to-bigquery: a server that speaks BigQuery's REST form in Google's place",
    );
  withCommon(
    command,
    'log export out/demo.db --format csv --out out/demo.csv',
    'log export out/demo.db --format parquet --out out/demo.parquet',
    'log export out/demo.db --to-bigquery my-project.trading --dry-run',
    'log export out/demo.db | head',
  ).action((path: string, options: ExportOptions) =>
    options.toBigquery === undefined ? toFile(path, options, terminal) : toBigQuery(path, options, terminal),
  );
}

async function toBigQuery(path: string, options: ExportOptions, terminal: Terminal) {
  const { toBigquery: dataset = '', dryRun = false, endpoint = null, json, type, out } = options;
  if (type !== undefined || out !== undefined)
    throw new InputError('--to-bigquery loads whole sessions and writes no file; leave out --type and --out');
  const { exportToBigQuery, sinkTables } = await import('../exports/bigquery-export.ts');
  const reader = openLogReader(path);
  try {
    const result = await exportToBigQuery(reader, { dataset, dryRun, endpoint });
    const { tables, faults, made } = result;
    if (json) {
      const schema = sinkTables.map(({ name, columns, partitionedBy, clusteredBy }) => ({
        table: name,
        columns,
        partitionedBy,
        clusteredBy,
      }));
      printJson(terminal, dryRun ? { ...result, dryRun, schema } : result);
    } else if (dryRun) {
      for (const { name, columns, partitionedBy, clusteredBy } of sinkTables) {
        const { rows: count, batches } = tables.find(({ table }) => table === name)!;
        terminal.out(`${dataset}.${name}: ${grouped(count)} rows in ${batches} batches`);
        terminal.out(
          `  a partition for each day of ${partitionedBy}, clustered by ${clusteredBy.join(' and ')}`,
        );
        const rows = columns.map(({ name: column, type, mode, description }) => [
          column,
          type,
          mode,
          description,
        ]);
        terminal.out(plainTable(['column', 'type', 'mode', 'meaning'], rows));
      }
      terminal.out('nothing was sent');
    } else {
      for (const { table, loaded, there, failed } of tables)
        terminal.out(
          `${dataset}.${table}${made.includes(table) ? ' (new)' : ''}: ${grouped(loaded)} rows loaded, ${grouped(there)} there already, ${grouped(failed)} failed`,
        );
    }
    if (faults.length > 0)
      throw new CheckFailed(
        `${faults.join('\n')}\nnothing of these batches was loaded; the same command tries them again`,
      );
  } finally {
    reader.close();
  }
}

async function toFile(path: string, { format, type, out, json, dryRun }: ExportOptions, terminal: Terminal) {
  if (dryRun)
    throw new InputError('--dry-run goes with --to-bigquery PROJECT.DATASET; a file is written or it is not');
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
