/**
 * What is asked of the table of cloud signals, as GoogleSQL. Values are parameters; a table and its columns cannot be, so
 * their names are of the strictest form and quoted.
 */
import { InputError } from '../../domain/input-error.ts';
import type { Ask } from './bigquery-client.ts';

export interface TableName {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

const PROJECT = '(?:[a-z0-9][a-z0-9.-]{0,62}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]';
const TABLE = new RegExp(`^(${PROJECT})[.]([A-Za-z0-9_]{1,200})[.]([A-Za-z0-9_-]{1,200})$`);
const DATASET = new RegExp(`^(${PROJECT})[.]([A-Za-z0-9_]{1,200})$`);
const COLUMN = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** `project.dataset.table`; throws InputError. */
export function readTable(text: string, where = 'table'): TableName {
  const parts = TABLE.exec(text);
  if (parts === null)
    throw new InputError(`${where} is ${JSON.stringify(text)}; write project.dataset.table`);
  return { project: parts[1], dataset: parts[2], table: parts[3] };
}

/** `project.dataset`; throws InputError. */
export function readDataset(text: string, where: string): Omit<TableName, 'table'> {
  const parts = DATASET.exec(text);
  if (parts === null) throw new InputError(`${where} is ${JSON.stringify(text)}; write project.dataset`);
  return { project: parts[1], dataset: parts[2] };
}

export const isTable = (text: string): boolean => TABLE.test(text);
export const isColumn = (text: string): boolean => COLUMN.test(text);

/** Which columns hold what. `open` may be missing: the first price then stands in for it. */
export interface SignalColumns {
  readonly symbol: string;
  readonly ts: string;
  readonly price: string;
  readonly open: string | null;
  readonly volume: string;
}

export interface SignalQuestion {
  readonly table: string;
  readonly columns: SignalColumns;
  /** Of the five-minute volume over the average of the hour before. */
  readonly multiple: number;
  readonly moversMax: number;
  /** What bitcoin may be called in the table, in capitals. */
  readonly bitcoin: readonly string[];
  readonly maximumBytesBilled: number;
  /** Microseconds. */
  readonly now: number;
}

const WINDOW_US = 300_000_000;
const HOUR_WINDOWS = 12;
/** An hour that is known by fewer of its windows says nothing: the first minutes of a session would all be spikes. */
const WINDOWS_MIN = 6;
const DAY_US = 86_400_000_000;
/** What is read behind the hour: rows arrive late. */
const LAG_US = 900_000_000;
const SPIKES_MAX = 100;

const quote = (name: string): string => {
  if (!isColumn(name)) throw new InputError(`${JSON.stringify(name)} is no name of a column`);
  return `\`${name}\``;
};

const stamp = (micros: number): string =>
  `${new Date(Math.floor(micros / 1_000)).toISOString().slice(0, -1)}${String(micros % 1_000).padStart(3, '0')}Z`;

/**
 * One row of kind `table` that tells of the table, a row for each `spike` and each `mover`. Windows count back from the newest
 * row, so that they are always whole; days are those of UTC.
 */
export function signalAsk(question: SignalQuestion): Ask {
  const { columns, multiple, moversMax, bitcoin, maximumBytesBilled, now } = question;
  const { project, dataset, table } = readTable(question.table);
  const [symbol, ts, price, volume] = [columns.symbol, columns.ts, columns.price, columns.volume].map(quote);
  const open = columns.open === null ? price : quote(columns.open);
  const day = Math.floor(now / DAY_US) * DAY_US;
  const recent = now - (HOUR_WINDOWS + 1) * WINDOW_US;
  const sql = `
WITH seen AS (
  SELECT CAST(${symbol} AS STRING) AS symbol, UNIX_MICROS(${ts}) AS micros,
    CAST(${price} AS FLOAT64) AS px, CAST(${open} AS FLOAT64) AS open_px, CAST(${volume} AS FLOAT64) AS volume
  FROM \`${project}.${dataset}.${table}\`
  WHERE ${ts} > @since AND ${ts} <= @now
), checked AS (
  SELECT symbol, micros, px, volume, IF(open_px > 0 AND open_px < 1e15, open_px, px) AS open_px,
    COALESCE(symbol <> '' AND px > 0 AND px < 1e15 AND volume >= 0 AND volume < 1e18, FALSE) AS usable
  FROM seen
), summary AS (
  SELECT MAX(IF(usable, micros, NULL)) AS newest, COUNTIF(micros > @recent) AS recent_rows,
    COUNTIF(micros > @recent AND NOT usable) AS unusable_rows,
    COUNTIF(usable AND UPPER(symbol) IN UNNEST(@bitcoin)) > 0 AS has_btc
  FROM checked
), aged AS (
  SELECT symbol, micros, px, open_px, volume, newest - micros AS age
  FROM checked CROSS JOIN summary
  WHERE usable
), totals AS (
  SELECT symbol,
    SUM(IF(age < @five, volume, 0)) AS volume,
    SUM(IF(age >= @five AND age < @hour, volume, 0)) AS hour_volume,
    COUNT(DISTINCT IF(age >= @five AND age < @hour, DIV(age, @five), NULL)) AS windows_seen,
    COUNTIF(age < @five) AS newest_rows,
    MAX_BY(px, micros) AS last_px,
    MAX_BY(IF(age >= @five, px, NULL), IF(age >= @five, micros, NULL)) AS before_px,
    MIN_BY(IF(age < @five, open_px, NULL), IF(age < @five, micros, NULL)) AS five_open_px,
    SUM(IF(micros >= @day, volume, 0)) AS day_volume,
    MIN_BY(IF(micros >= @day, open_px, NULL), IF(micros >= @day, micros, NULL)) AS day_open_px
  FROM aged
  GROUP BY symbol
), measured AS (
  SELECT symbol, volume, day_volume, newest_rows, windows_seen,
    hour_volume / NULLIF(windows_seen, 0) AS average_volume,
    last_px / COALESCE(before_px, five_open_px) - 1 AS five_change,
    last_px / day_open_px - 1 AS day_change
  FROM totals
), spikes AS (
  SELECT symbol, volume, average_volume, five_change,
    ROW_NUMBER() OVER (ORDER BY volume / average_volume DESC, symbol) AS place
  FROM measured
  WHERE newest_rows > 0 AND windows_seen >= @windows_min AND average_volume > 0 AND volume >= @multiple * average_volume
), movers AS (
  SELECT symbol, day_volume, day_change, ROW_NUMBER() OVER (ORDER BY ABS(day_change) DESC, symbol) AS place
  FROM measured
  WHERE day_change IS NOT NULL
)
SELECT 'table' AS kind, CAST(NULL AS STRING) AS symbol, CAST(NULL AS FLOAT64) AS volume,
  CAST(NULL AS FLOAT64) AS average_volume, CAST(NULL AS FLOAT64) AS price_change, newest, recent_rows, unusable_rows,
  has_btc, 0 AS place
FROM summary
UNION ALL
SELECT 'spike', symbol, volume, average_volume, five_change, NULL, NULL, NULL, NULL, place
FROM spikes WHERE place <= @spikes_max
UNION ALL
SELECT 'mover', symbol, day_volume, NULL, day_change, NULL, NULL, NULL, NULL, place
FROM movers WHERE place <= @movers_max
ORDER BY kind DESC, place
`;
  return {
    sql: sql.trim(),
    params: {
      // The package takes the text of a timestamp out of an object.
      since: { value: stamp(Math.min(day, recent - LAG_US)) },
      now: { value: stamp(now) },
      recent,
      day,
      five: WINDOW_US,
      hour: (HOUR_WINDOWS + 1) * WINDOW_US,
      windows_min: WINDOWS_MIN,
      multiple,
      bitcoin: [...bitcoin],
      spikes_max: SPIKES_MAX,
      movers_max: moversMax,
    },
    types: {
      since: 'TIMESTAMP',
      now: 'TIMESTAMP',
      recent: 'INT64',
      day: 'INT64',
      five: 'INT64',
      hour: 'INT64',
      windows_min: 'INT64',
      multiple: 'FLOAT64',
      bitcoin: ['STRING'],
      spikes_max: 'INT64',
      movers_max: 'INT64',
    },
    maximumBytesBilled,
    rowsMax: 1 + SPIKES_MAX + moversMax,
  };
}
