/** A file of the log format as market data: an imported dataset, or any recorded session. */
import { existsSync } from 'node:fs';
import { InputError } from '../src/domain/input-error.ts';
import type { Dataset } from '../src/engine/market-source.ts';
import { DatasetSummarized, SymbolDefined } from '../src/events/market.events.ts';
import { ContractDefined } from '../src/events/option.events.ts';
import { openLogReader } from '../src/log/log-reader.ts';

export interface OpenDataset extends Dataset {
  /** What the import noted of itself; empty for a recorded session. */
  readonly notes: readonly string[];
  /** Lines and sources that were refused on import. */
  readonly rejected: number;
  close(): void;
}

/** Throws InputError or LogError, in one sentence, where the file is missing or no log. */
export function openDataset(path: string): OpenDataset {
  if (!existsSync(path)) {
    throw new InputError(
      `${path} does not exist; import data first: quantos import FILE.csv --symbol S --out ${path}`,
    );
  }
  const reader = openLogReader(path);
  const symbols = [...reader.events({ type: SymbolDefined.type })].map(
    ({ payload }) => payload as SymbolDefined,
  );
  const contracts = [...reader.events({ type: ContractDefined.type })].map(
    ({ payload }) => payload as ContractDefined,
  );
  if (symbols.length === 0) {
    reader.close();
    throw new InputError(
      `${path} holds no market data; import some: quantos import FILE.csv --symbol S --out ${path}`,
    );
  }
  const summaries = [...reader.events({ type: DatasetSummarized.type })].map(
    ({ payload }) => payload as DatasetSummarized,
  );
  const head = reader.head();
  return {
    name: path,
    head: head.hash,
    records: head.seq,
    symbols,
    contracts,
    notes: summaries.flatMap(({ notes }) => notes),
    rejected: summaries.reduce((sum, { rejected }) => sum + rejected, 0),
    open: () => reader.cursor(),
    close: () => reader.close(),
  };
}
