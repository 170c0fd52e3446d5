/** A sealed session into BigQuery: its events and its ticks in batches of whole seq ranges, so that a second run finds the first. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQueryClient } from '../../adapters/bigquery/bigquery-client.ts';
import { BigQueryFault } from '../../adapters/bigquery/bigquery-fault.ts';
import { readDataset } from '../../adapters/bigquery/cloud-query.ts';
import { SessionSink, type SinkTable } from '../../adapters/bigquery/session-sink.ts';
import { InputError } from '../../domain/input-error.ts';
import { wallClock } from '../../engine/live/host-clock.ts';
import type { LogReader } from '../../log/log-reader.ts';
import { EnvironmentLacks } from '../failure.ts';
import { logRecords } from '../log-records.ts';
import { eventsTable, lineOf, ticksTable } from './bigquery-tables.ts';

export interface TableCount {
  readonly table: string;
  rows: number;
  batches: number;
  /** Rows this run loaded, rows that were there already, and rows that could not be loaded. */
  loaded: number;
  there: number;
  failed: number;
}

export interface BigQueryExport {
  readonly dataset: string;
  readonly session: string;
  readonly made: readonly string[];
  readonly tables: readonly TableCount[];
  /** One sentence for each batch that could not be loaded. */
  readonly faults: readonly string[];
}

export interface BigQueryExportOptions {
  readonly dataset: string;
  /** Count only: nobody is asked, nothing is written. */
  readonly dryRun: boolean;
  readonly endpoint: string | null;
  readonly rowsPerBatch?: number;
  readonly pauseMs?: number;
  /** Seqs that are done with, of how many. */
  readonly onProgress?: (done: number, of: number) => void;
}

export const sinkTables: readonly SinkTable[] = [eventsTable, ticksTable];
/** Records of a log, events and ticks together, that make a batch of each. */
const ROWS_PER_BATCH = 100_000;
const ANSWER_MS = 60_000;

export async function exportToBigQuery(
  reader: LogReader,
  options: BigQueryExportOptions,
): Promise<BigQueryExport> {
  const { project, dataset } = readDataset(options.dataset, '--to-bigquery');
  if (!reader.sealed)
    throw new InputError(
      `${reader.path} is not sealed, and BigQuery gets finished sessions only; when it is over: quantos log seal ${reader.path}`,
    );
  const { dryRun, endpoint, rowsPerBatch = ROWS_PER_BATCH, pauseMs, onProgress = () => {} } = options;
  const { seq: last, hash } = reader.head();
  const { session } = reader;
  const counts = sinkTables.map(({ name }) => ({
    table: name,
    rows: 0,
    batches: 0,
    loaded: 0,
    there: 0,
    failed: 0,
  }));
  const faults: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'quantos-bigquery-'));
  const clock = wallClock();
  const client = new BigQueryClient({ project, location: null, endpoint, clock, timeoutMs: ANSWER_MS });
  try {
    const sink = new SessionSink({ client, clock, dataset, session, hash, pauseMs });
    const made = dryRun ? [] : await sink.prepare(sinkTables);
    for (let from = 1; from <= last; from += rowsPerBatch) {
      const to = Math.min(last, from + rowsPerBatch - 1);
      const files = sinkTables.map(({ name }) => join(folder, `${name}-${from}.json`));
      const rows = writeBatch(reader, { from, to }, files, session);
      for (const [i, table] of sinkTables.entries()) {
        if (rows[i] === 0) continue;
        const count = counts[i];
        count.rows += rows[i];
        count.batches++;
        if (dryRun) continue;
        try {
          const outcome = await sink.load({ table, from, to, file: files[i] });
          count[outcome] += rows[i];
        } catch (error) {
          if (!(error instanceof BigQueryFault) || isOfTheSink(error)) throw error;
          count.failed += rows[i];
          faults.push(`${table.name}, seq ${from} to ${to}: ${error.message}`);
        }
      }
      for (const file of files) rmSync(file, { force: true });
      onProgress(to, last);
    }
    return { dataset: options.dataset, session, made, tables: counts, faults };
  } catch (error) {
    if (!(error instanceof BigQueryFault)) throw error;
    const done = counts.reduce((sum, { loaded, there }) => sum + loaded + there, 0);
    throw new EnvironmentLacks(
      `${error.message}; ${done} rows are there, and the same command goes on after them`,
    );
  } finally {
    client.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Not of these rows: the next batch would meet the same. */
const isOfTheSink = ({ code, status }: BigQueryFault): boolean =>
  code === 'auth' || code === 'quota' || code === 'unavailable' || code === 'timeout' || status === 404;

/** Lines of events and of ticks, each into its own file; how many each has. */
function writeBatch(
  reader: LogReader,
  range: { readonly from: number; readonly to: number },
  [eventsFile, ticksFile]: readonly string[],
  session: string,
): [number, number] {
  const files = [openSync(eventsFile, 'w'), openSync(ticksFile, 'w')];
  const rows: [number, number] = [0, 0];
  const pending = ['', ''];
  try {
    for (const record of logRecords(reader, range)) {
      const i = record.kind === 'tick' ? 1 : 0;
      rows[i]++;
      pending[i] += lineOf(session, record);
      if (pending[i].length < 1 << 18) continue;
      writeSync(files[i], pending[i]);
      pending[i] = '';
    }
    for (const [i, file] of files.entries()) writeSync(file, pending[i]);
    return rows;
  } finally {
    for (const file of files) closeSync(file);
  }
}
