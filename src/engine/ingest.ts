/**
 * Imports recorded market data into a dataset: a sealed log, made beside its destination and moved there when whole, so
 * that a failed import leaves nothing.
 */
import { accessSync, constants, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RecordKind } from '../adapters/files/csv-columns.ts';
import { inspectCsv } from '../adapters/files/csv-format.ts';
import type { EventLog } from '../bus/ports.ts';
import { InputError } from '../domain/input-error.ts';
import { DAY_S } from '../events/tick.ts';
import { anchorPath, syncFolder } from '../log/anchor.ts';
import { createLog } from '../log/log-writer.ts';
import { sealLog } from '../log/seal-log.ts';
import { ChainDatasetBuilder } from './chain-dataset-builder.ts';
import { DatasetBuilder, type DatasetOptions, type ImportResult, type Source } from './dataset-builder.ts';

export interface ImportRequest extends DatasetOptions {
  readonly files: readonly string[];
  /** One symbol for all files, or one for each of them; of options the underlying, where the lines do not say it. */
  readonly symbols: readonly string[];
  /** Guessed from the columns where not given. */
  readonly kind?: RecordKind;
  /** Length of a bar: `1m`, `5m`, `1h`, `1d`; guessed from the lines where not given. */
  readonly resolution?: string;
  /** Field to column name, or number from 1. */
  readonly columns?: Readonly<Record<string, string>>;
  readonly out: string;
  /** Replace a dataset that exists. */
  readonly overwrite?: boolean;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: DAY_S };

function secondsOf(resolution: string): number {
  const parts = /^(\d+)([smhd])$/.exec(resolution);
  const seconds = parts === null ? 0 : Number(parts[1]) * UNITS[parts[2]];
  if (seconds >= 1 && seconds <= DAY_S) return seconds;
  throw new InputError(
    `--resolution is "${resolution}"; write a bar's length from 1s to 1d, such as 1m, 5m, 1h or 1d`,
  );
}

/** Throws InputError, in one sentence, for input that cannot be imported at all; then nothing is written. */
export function importFiles(request: ImportRequest): ImportResult {
  const { out } = request;
  requirePlaceFor(out, request.overwrite ?? false);
  const sources = sourcesOf(request);
  const builderOf = (log: EventLog) =>
    isChain(sources) ? chainBuilder(log, request, sources) : new DatasetBuilder(log, request, sources);
  const draft = join(dirname(out), `.${basename(out)}.${process.pid}.draft`);
  try {
    const log = createLog(draft, { session: basename(out), flush: 'batch' });
    let result: ImportResult;
    try {
      result = builderOf(log).build();
    } finally {
      log.close();
    }
    sealLog(draft);
    renameSync(draft, out);
    syncFolder(out);
    return result;
  } finally {
    discard(draft);
  }
}

function requirePlaceFor(out: string, overwrite: boolean): void {
  const folder = dirname(out);
  if (!existsSync(folder)) {
    throw new InputError(`the folder of ${out} does not exist: create it or choose another --out`);
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new InputError(`the folder of ${out} may not be written by this user: choose another --out`);
  }
  if (existsSync(anchorPath(out))) {
    throw new InputError(`${out} is a log that is not sealed, so it may be in use: choose another --out`);
  }
  if (existsSync(out) && !overwrite)
    throw new InputError(`${out} exists already: choose another --out, or --overwrite it`);
}

/** The draft and whatever the log keeps beside it. */
function discard(draft: string): void {
  for (const name of readdirSync(dirname(draft))) {
    if (name.startsWith(basename(draft))) rmSync(join(dirname(draft), name), { force: true });
  }
}

function sourcesOf(request: ImportRequest): readonly Source[] {
  const { files, symbols, kind } = request;
  if (files.length === 0) throw new InputError('no file to import: name at least one CSV file');
  const named = symbols.length > 0 || kind === 'options';
  if (!named) {
    throw new InputError('--symbol is missing: say whose prices these are, such as --symbol SPY');
  }
  if (symbols.length > 1 && symbols.length !== files.length) {
    throw new InputError(
      `${symbols.length} symbols for ${files.length} files: give one --symbol for all, or one for each file`,
    );
  }
  if (!((request.scale ?? 1) > 0) || request.scale === Number.POSITIVE_INFINITY) {
    throw new InputError(
      `--scale is ${request.scale}; prices are multiplied by it, so it must be above zero`,
    );
  }
  const { tz = 'UTC', columns } = request;
  const resolutionS = request.resolution === undefined ? undefined : secondsOf(request.resolution);
  return files.map((file, i) => ({
    symbol: symbols[symbols.length === 1 ? 0 : i] ?? '',
    format: inspectCsv(file, { tz, columns, kind, resolutionS }),
  }));
}

/** Chains go into a dataset of their own, since their snapshots are whole. */
function isChain(sources: readonly Source[]): boolean {
  const chains = sources.filter(({ format }) => format.kind === 'options').length;
  if (chains === 0 || chains === sources.length) return chains > 0;
  throw new InputError(
    'option chains and other records go into datasets of their own: import them one by one',
  );
}

function chainBuilder(
  log: EventLog,
  { scale, symbols, tz }: ImportRequest,
  sources: readonly Source[],
): ChainDatasetBuilder {
  if ((scale ?? 1) !== 1) {
    throw new InputError('--scale does not go with options: strikes are what their symbols say');
  }
  if (new Set(symbols).size > 1) {
    throw new InputError(`--symbol names ${symbols.join(' and ')}; chains take one underlying, or none`);
  }
  return new ChainDatasetBuilder(log, {
    formats: sources.map(({ format }) => format),
    underlying: symbols[0] ?? null,
    zoneGiven: tz !== undefined,
  });
}
