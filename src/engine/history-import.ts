/**
 * Imports bars that a vendor keeps: they are written down as CSV first, so that they are checked like any other file, refused
 * bar by bar, and known by their digest.
 */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';
import { InputError } from '../domain/input-error.ts';
import type { AssetClass } from '../domain/instrument.ts';
import type { ImportResult } from './dataset-builder.ts';
import { importFiles } from './ingest.ts';

export interface HistoryRange {
  readonly resolution: '1d' | '1m';
  /** The first and the last trading day, YYYY-MM-DD. */
  readonly from: string;
  readonly to: string;
}

/** One bar as a vendor tells it, in words: what is no number or no time is refused where files are. */
export interface HistoryRow {
  /** The day, or the start of an intraday bar in ISO 8601 with its zone. */
  readonly time: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

/** A vendor that has history. */
export interface HistorySource {
  /** For people and file names: `alpaca`. */
  readonly name: string;
  /** What a reader of the dataset must know of its prices, in sentences. */
  readonly notes: readonly string[];
  /** Oldest first; none where the vendor has none. May reject with `VenueError`. */
  rows(symbol: string, range: HistoryRange): AsyncIterable<HistoryRow>;
}

export interface HistoryImport extends HistoryRange {
  readonly symbols: readonly string[];
  readonly assetClass: AssetClass;
  readonly out: string;
  readonly overwrite: boolean;
}

const COLUMNS = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

/** Throws InputError for what cannot be imported at all, and what the source rejects with; then nothing is written. */
export async function importHistory(source: HistorySource, request: HistoryImport): Promise<ImportResult> {
  const { from, resolution, symbols, to, ...rest } = request;
  if (symbols.length === 0) throw new InputError('--symbol is missing: say whose prices to fetch');
  if (from > to) throw new InputError(`--from ${from} is after --to ${to}: nothing lies between them`);
  const folder = mkdtempSync(join(tmpdir(), 'quantos-import-'));
  try {
    const files: string[] = [];
    for (const symbol of new Set(symbols)) {
      const file = join(folder, `${source.name}-${symbol.replaceAll(/[^\w.]/g, '-')}-${resolution}.csv`);
      if ((await writeRows(file, source.rows(symbol, { resolution, from, to }))) === 0) {
        throw new InputError(
          `${source.name} has no bars of ${symbol} from ${from} to ${to}: is it the right symbol?`,
        );
      }
      files.push(file);
    }
    const result = importFiles({
      ...rest,
      files,
      symbols: [...new Set(symbols)],
      resolution,
      kind: 'bars',
      stamps: 'start',
      notes: source.notes,
    });
    return {
      ...result,
      rejected: result.rejected.map((each) => ({ ...each, file: basename(each.file) })),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many there were. */
async function writeRows(file: string, rows: AsyncIterable<HistoryRow>): Promise<number> {
  const lines = stringify({ header: true, columns: [...COLUMNS] });
  let count = 0;
  await pipeline(
    async function* counted() {
      for await (const row of rows) {
        count += 1;
        yield row;
      }
    },
    lines,
    createWriteStream(file),
  );
  return count;
}
