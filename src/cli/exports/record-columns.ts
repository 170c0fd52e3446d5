/** The columns of an exported record, as they are called and typed in a Parquet file and in BigQuery. */
import type { LogRecordView } from '../log-records.ts';

/** `time`: microseconds since 1970, UTC, stored as a timestamp. `places`: a list of seqs. */
export type ColumnKind = 'text' | 'whole' | 'number' | 'time' | 'places';

export interface RecordColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Never null. */
  readonly required?: boolean;
  readonly meaning: string;
}

export const commonColumns: readonly RecordColumn[] = [
  { name: 'seq', kind: 'whole', required: true, meaning: 'place in the log, from 1, gap-free' },
  { name: 'kind', kind: 'text', required: true, meaning: 'tick, input or decision' },
  { name: 'type', kind: 'text', required: true, meaning: 'type of event, or kind of tick' },
  { name: 'time', kind: 'time', required: true, meaning: 'when it happened, by its venue' },
  { name: 'recordedAt', kind: 'time', required: true, meaning: 'when the engine learned it' },
  { name: 'source', kind: 'text', required: true, meaning: 'who said it; core for decisions' },
];

export const eventColumns: readonly RecordColumn[] = [
  { name: 'causation', kind: 'whole', meaning: 'seq of the event that caused it' },
  { name: 'correlation', kind: 'text', meaning: 'the story it belongs to, such as order-12' },
  { name: 'basis', kind: 'places', meaning: 'seqs of the standing decisions it was made of' },
  { name: 'payload', kind: 'text', meaning: 'what it says, as JSON' },
];

export const tickColumns: readonly RecordColumn[] = [
  { name: 'symbol', kind: 'text', meaning: 'whose market; 21-character OCC symbol of a contract' },
  { name: 'bidPx', kind: 'number', meaning: 'quotes: dollars; 0 where nobody bids' },
  { name: 'bidSize', kind: 'number', meaning: 'quotes: shares or contracts' },
  { name: 'askPx', kind: 'number', meaning: 'quotes: dollars; 0 where nobody offers' },
  { name: 'askSize', kind: 'number', meaning: 'quotes: shares or contracts' },
  { name: 'px', kind: 'number', meaning: 'trades and opening prints: dollars' },
  { name: 'size', kind: 'number', meaning: 'trades: shares or contracts' },
  { name: 'open', kind: 'number', meaning: 'bars: dollars' },
  { name: 'high', kind: 'number', meaning: 'bars: dollars' },
  { name: 'low', kind: 'number', meaning: 'bars: dollars' },
  { name: 'close', kind: 'number', meaning: 'bars: dollars' },
  { name: 'volume', kind: 'number', meaning: 'bars: shares or contracts' },
  { name: 'vwap', kind: 'number', meaning: 'bars: dollars; 0 where the vendor gives none' },
  { name: 'resolutionS', kind: 'whole', meaning: 'bars: their length in seconds' },
  { name: 'exchangeId', kind: 'whole', meaning: 'number of the exchange in the dictionary of the log' },
  { name: 'conditionsId', kind: 'whole', meaning: 'number of the condition codes in that dictionary' },
];

type Row = Readonly<Record<string, unknown>>;

/** A record by the names of its columns; what its kind does not have is not there. */
export function rowOf(record: LogRecordView): Row {
  const { seq, kind, type, time, recordedAt, source, causation, correlation, basis, payload } = record;
  const common = { seq, kind, type, time, recordedAt, source };
  if (kind === 'tick') return { ...common, ...(payload as object) };
  return { ...common, causation, correlation, basis, payload: JSON.stringify(payload) };
}
