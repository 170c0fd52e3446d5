/** Looks at the head of a CSV file and says how to read it: delimiter, columns, kind, direction, length of its bars. */
import { parse } from 'csv-parse/sync';
import { InputError } from '../../domain/input-error.ts';
import { type Columns, columnsByPosition, columnsOfHeader, type RecordKind } from './csv-columns.ts';
import { textLines } from './text-lines.ts';
import { TimeReader } from './time-stamp.ts';

export interface CsvOptions {
  /** Field to column name, or to the column's number from 1. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Guessed from the columns where not given. */
  readonly kind?: RecordKind;
  /** Seconds of a bar; guessed from the distance of the lines where not given. */
  readonly resolutionS?: number;
  /** Zone of times that do not say theirs. */
  readonly tz: string;
}

export interface CsvFormat {
  readonly file: string;
  readonly delimiter: string;
  readonly columns: Columns;
  readonly kind: RecordKind;
  /** The first line with data, from 1. */
  readonly dataFrom: number;
  /** Seconds of a bar, 86,400 for a day; null for what is no bar. */
  readonly resolutionS: number | null;
  /** The newest line comes first. */
  readonly descending: boolean;
  /** The first readable time, microseconds; for files that continue each other. */
  readonly firstTime: number;
  /** Times carry no zone of their own, so the user's (or UTC) was applied. */
  readonly zoneApplied: boolean;
  readonly tz: string;
}

const SAMPLE_LINES = 1_000;
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The cells of a line. Only quotes need a parser; throws where they do not close. */
export function cellsOf(text: string, delimiter: string): string[] {
  if (!text.includes('"')) return text.split(delimiter);
  return (parse(text, { delimiter, relax_column_count: true }) as string[][])[0] ?? [];
}

/** The text of a line's moment: one cell, or a date and a time of day. */
export function momentOf(cells: readonly string[], columns: Columns): string {
  const time = cells[columns.time!]?.trim() ?? '';
  if (columns.clock === undefined) return time;
  const clock = cells[columns.clock]?.trim() ?? '';
  return `${time} ${/^\d(:|\d\d$)/.test(clock) ? `0${clock}` : clock}`;
}

function guessDelimiter(file: string, text: string): string {
  const bare = text.replace(/"[^"]*"/g, '');
  let best = '';
  let most = 0;
  for (const each of DELIMITERS) {
    const count = bare.split(each).length - 1;
    if (count > most) [best, most] = [each, count];
  }
  if (most > 0) return best;
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  throw new InputError(
    `${file} is no CSV file: its first line, "${shown}", has no columns separated by , ; tab or |`,
  );
}

const isNumber = (cell: string): boolean => cell.trim() !== '' && Number.isFinite(Number(cell));

export function inspectCsv(file: string, options: CsvOptions): CsvFormat {
  const reader = new TimeReader(options.tz);
  const sample: { line: number; text: string }[] = [];
  for (const line of textLines(file)) {
    sample.push(line);
    if (sample.length > SAMPLE_LINES) break;
  }
  if (sample.length === 0) throw new InputError(`${file} is empty: give a CSV file with one record a line`);
  const delimiter = guessDelimiter(file, sample[0].text);
  const head = safeCells(sample[0].text, delimiter);
  if (head.length === 0)
    throw new InputError(`${file}, line ${sample[0].line}: its quotes do not close; give a CSV file`);
  const hasHeader = !head.some(isNumber) && !reader.read(head[0].trim());
  const mapping = options.columns ?? {};
  const { columns, kind } = hasHeader
    ? columnsOfHeader(file, head, mapping, options.kind)
    : columnsByPosition(file, head, mapping, options.kind);
  const data = hasHeader ? sample.slice(1) : sample;
  if (data.length === 0)
    throw new InputError(`${file} holds a header and nothing else: there is no line of data`);

  const times: number[] = [];
  let onlyDates = true;
  let zoneApplied = false;
  for (const { text } of data) {
    if (
      !reader.read(momentOf(text.includes('"') ? safeCells(text, delimiter) : text.split(delimiter), columns))
    )
      continue;
    times.push(reader.stamp.time);
    if (!reader.stamp.dateOnly) {
      onlyDates = false;
      zoneApplied ||= !reader.stamp.zoned;
    }
  }
  if (times.length === 0) {
    const shown = momentOf(safeCells(data[0].text, delimiter), columns);
    throw new InputError(
      `${file}, line ${data[0].line}: "${shown}" is no time; write 2024-03-01, 2024-03-01T09:30:00Z, 20240301 093000 or seconds since 1970`,
    );
  }
  const resolutionS = kind === 'bars' ? resolutionOf(file, options.resolutionS, times, onlyDates) : null;
  if ((kind === 'quotes' || kind === 'trades') && onlyDates) {
    throw new InputError(`${file} dates its ${kind} by the day only: ${kind} need a time of day`);
  }
  return {
    file,
    delimiter,
    columns,
    kind,
    dataFrom: data[0].line,
    resolutionS,
    descending: isDescending(times),
    firstTime: times.reduce((least, time) => Math.min(least, time)),
    zoneApplied: zoneApplied && resolutionS !== DAY_S,
    tz: options.tz,
  };
}

function safeCells(text: string, delimiter: string): string[] {
  try {
    return cellsOf(text, delimiter);
  } catch {
    return [];
  }
}

const isDescending = (times: readonly number[]): boolean =>
  times[0] > times[times.length - 1] && times.every((time, i) => i === 0 || time <= times[i - 1]);

const DAY_S = 86_400;

function resolutionOf(
  file: string,
  wanted: number | undefined,
  times: readonly number[],
  onlyDates: boolean,
): number {
  if (wanted !== undefined) {
    if (onlyDates && wanted !== DAY_S) {
      throw new InputError(`${file} dates its bars by the day only, so --resolution can only be 1d`);
    }
    return wanted;
  }
  const counts = new Map<number, number>();
  for (let i = 1; i < times.length; i++) {
    const seconds = Math.round(Math.abs(times[i] - times[i - 1]) / 1e6);
    if (seconds > 0) counts.set(seconds, (counts.get(seconds) ?? 0) + 1);
  }
  const [usual, count] = [...counts].sort(([a, m], [b, n]) => n - m || a - b)[0] ?? [DAY_S, 0];
  if (count === 0 && !onlyDates) {
    throw new InputError(
      `${file} holds too few lines to tell the length of its bars: give --resolution, such as 1m or 1d`,
    );
  }
  // Weekly bars and longer show by their distance; a few daily bars may be days apart by holidays alone.
  if (usual > DAY_S + 3_600 && (!onlyDates || count > 5)) {
    throw new InputError(
      `${file} holds bars ${usual / DAY_S} days apart: bars up to one day are supported; give --resolution 1d if days are missing`,
    );
  }
  // A local day lasts 23 to 25 hours when the clock changes.
  return onlyDates || usual >= DAY_S - 3_600 ? DAY_S : usual;
}
