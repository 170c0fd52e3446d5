/** The `live.bigquery` part of a configuration file: the table of cloud signals and what asking it may cost. */
import { z } from 'zod';
import { isColumn, isTable } from '../../adapters/bigquery/cloud-query.ts';

const column = z.string().refine(isColumn, 'expected the name of a column, such as "volume"');

/** BigQuery bills ten megabytes for a query at least; a lower cap would refuse every one. */
const BYTES_LEAST = 10_485_760;

export const bigQuerySettings = z.strictObject({
  /** `project.dataset.table`. */
  table: z.string().refine(isTable, 'expected project.dataset.table'),
  /** The project that pays; null for that of the table. */
  project: z.string().min(1).nullable().default(null),
  /** Where the table lies, such as `EU`; null lets BigQuery find out. */
  location: z.string().min(1).nullable().default(null),
  everyS: z.int().min(10).max(86_400).default(60),
  /** A query that would read more fails and is not billed. */
  maximumBytesBilled: z
    .int()
    .min(BYTES_LEAST)
    .default(100 * 1_048_576),
  timeoutS: z.int().min(5).max(300).default(30),
  /** A table whose newest row is older counts as not fed. */
  staleAfterS: z.int().min(300).default(900),
  moversMax: z.int().min(0).max(100).default(10),
  /** What bitcoin is called in the table. */
  bitcoin: z
    .array(z.string().min(1).max(32).toUpperCase())
    .min(1)
    .max(20)
    .default(['BTC', 'BTC/USD', 'BTC-USD', 'BTCUSD', 'XBT/USD']),
  columns: z
    .strictObject({
      symbol: column.default('symbol'),
      ts: column.default('ts'),
      price: column.default('close'),
      /** Null where the table has none, as one of trades. */
      open: column.nullable().default('open'),
      volume: column.default('volume'),
    })
    .prefault({}),
  /** A server that speaks BigQuery's REST form; null for Google. */
  endpoint: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
});
