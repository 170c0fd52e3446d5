/**
 * A log's records as one Parquet file: ticks in typed columns, events with their payload as JSON, times as UTC timestamps of
 * a microsecond. Row groups are written as they fill, so that memory does not grow with the log.
 */
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import type { LogRecordView } from '../log-records.ts';
import { commonColumns, eventColumns, type RecordColumn, rowOf, tickColumns } from './record-columns.ts';

export interface ParquetOptions {
  /** Kept in the file's own metadata. */
  readonly session: string;
  readonly engineVersion: string;
  readonly rowsPerGroup?: number;
}

const COLUMNS: readonly RecordColumn[] = [...commonColumns, ...eventColumns, ...tickColumns];
const ROWS_PER_GROUP = 50_000;
/** Payloads may be long: a group ends here, too. */
const TEXT_PER_GROUP = 32 * 1_048_576;

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'];
type Element = Schema[number];

const schema: Schema = [
  { name: 'record', num_children: COLUMNS.length },
  ...COLUMNS.flatMap((column) => elements(column)),
];

function elements({ name, kind, required = false }: RecordColumn): Element[] {
  const at = { name, repetition_type: required ? ('REQUIRED' as const) : ('OPTIONAL' as const) };
  switch (kind) {
    case 'text':
      return [{ ...at, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
    case 'whole':
      return [{ ...at, type: 'INT64' }];
    case 'number':
      return [{ ...at, type: 'DOUBLE' }];
    case 'time':
      return [
        { ...at, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } },
      ];
    case 'places':
      return [
        { ...at, converted_type: 'LIST', num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: 'REQUIRED', type: 'INT64' },
      ];
  }
}

const stored = (kind: RecordColumn['kind'], value: unknown): unknown => {
  if (value === undefined || value === null) return null;
  if (kind === 'whole' || kind === 'time') return BigInt(value as number);
  return kind === 'places' ? (value as number[]).map(BigInt) : value;
};

/** Writes `path`; returns how many records there were. None is a valid file, too. */
export function writeParquet(
  path: string,
  records: Iterable<LogRecordView>,
  { session, engineVersion, rowsPerGroup = ROWS_PER_GROUP }: ParquetOptions,
): number {
  const file = new ParquetWriter({
    writer: fileWriter(path),
    schema,
    kvMetadata: [{ key: 'quantos.session', value: session }],
    createdBy: `quantos version ${engineVersion}`,
  });
  let data: unknown[][] = COLUMNS.map(() => []);
  let text = 0;
  let count = 0;
  const endGroup = () => {
    const columnData = COLUMNS.map(({ name }, i) => ({ name, data: data[i], offsetIndex: false }));
    // Sync: its writer has no flush that could be waited for.
    void file.write({ columnData, rowGroupSize: data[0].length });
    data = COLUMNS.map(() => []);
    text = 0;
  };
  for (const record of records) {
    const row = rowOf(record);
    for (const [i, { name, kind }] of COLUMNS.entries()) data[i].push(stored(kind, row[name]));
    text += String(row.payload ?? '').length;
    count++;
    if (data[0].length >= rowsPerGroup || text >= TEXT_PER_GROUP) endGroup();
  }
  if (data[0].length > 0) endGroup();
  void file.finish();
  return count;
}
