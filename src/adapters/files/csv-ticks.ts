/**
 * Turns the lines of CSV files into market records in the order of time. A line that cannot be one is reported with its
 * reason and left out; the good ones stay.
 */
import { civilDay, sessionOfDayOrDefault } from '../../domain/exchange-calendar.ts';
import { InputError } from '../../domain/input-error.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { DAY_S, Tick, TickKind } from '../../events/tick.ts';
import { BadLine, Cells, safeCells } from './csv-cells.ts';
import { type CsvFormat, momentOf } from './csv-format.ts';
import { textLines } from './text-lines.ts';
import { TimeReader } from './time-stamp.ts';

/** What reading needs from whoever keeps the dataset. */
export interface CsvContext {
  /** Lines that name another symbol are no data of this one. */
  readonly symbol: string;
  readonly symbolId: number;
  readonly calendar: CalendarName;
  /** Which end of an intraday bar its time names. */
  readonly stamps: 'start' | 'end';
  /** Prices are multiplied by this. */
  readonly scale: number;
  reject(file: string, line: number, reason: string): void;
  /** The dictionary id of an exchange or of a set of condition codes. */
  codeId(dictionary: 'exchange' | 'conditions', code: string): number;
  /** An index is computed, not traded: where its open lies outside the day's range, the range is widened. */
  readonly widenRange: boolean;
  /** A daily bar of a day the calendar calls closed. */
  dayOutsideCalendar(day: string): void;
  rangeWidened(): void;
}

interface LineRecord {
  readonly file: string;
  readonly line: number;
  /** The moment the line names; for a day, its midnight. Lines are put in order by it. */
  readonly at: number;
  readonly tick: Tick;
}

/** One symbol's records of one kind, from files that continue each other. Fresh ticks, in the order of `recordedAt`. */
export function* csvTicks(formats: readonly CsvFormat[], context: CsvContext): Generator<Tick> {
  const inTurn = [...formats].sort((a, b) => a.firstTime - b.firstTime);
  const { kind } = inTurn[0];
  for (const record of inOrder(recordsOfAll(inTurn, context), kind === 'bars', context)) {
    const { tick, at } = record;
    if (tick.kind !== TickKind.bar) yield stamped(tick, at);
    else if (tick.resolutionS < DAY_S) {
      yield stamped(tick, context.stamps === 'end' ? at : at + tick.resolutionS * 1_000_000);
    } else {
      const day = civilDay(at);
      const session = sessionOfDayOrDefault(context.calendar, day);
      if (session.closedByCalendar) context.dayOutsideCalendar(day);
      yield stamped(openPrintOf(tick), session.open);
      yield stamped(tick, session.close);
    }
  }
}

function stamped(tick: Tick, time: number): Tick {
  tick.time = time;
  tick.recordedAt = time;
  return tick;
}

/** A day's opening price is known when the market opens, not with the rest of the bar. */
function openPrintOf(bar: Tick): Tick {
  const print = new Tick();
  print.kind = TickKind.openPrint;
  print.symbolId = bar.symbolId;
  print.px = bar.open;
  return print;
}

function* recordsOfAll(formats: readonly CsvFormat[], context: CsvContext): Generator<LineRecord> {
  for (const format of formats) {
    const records = recordsOf(format, context);
    for (const record of format.descending ? [...records].reverse() : records) yield record;
  }
}

/**
 * Lets only what moves forward in time pass. Where a line lies before the one it follows, the line after both tells which
 * of them has the wrong time; so one line dated far ahead does not cost all that come after it.
 */
function* inOrder(
  records: Iterable<LineRecord>,
  unique: boolean,
  context: CsvContext,
): Generator<LineRecord> {
  const follows = (later: LineRecord, at: number) => later.at > at || (later.at === at && !unique);
  let last = Number.NEGATIVE_INFINITY;
  let held: LineRecord | null = null;
  let rival: LineRecord | null = null;
  for (const next of records) {
    if (held !== null && rival !== null) {
      const wrong: LineRecord = follows(next, held.at) ? rival : held;
      const right: LineRecord = wrong === held ? rival : held;
      context.reject(wrong.file, wrong.line, outOfOrder(wrong, right));
      held = right;
      rival = null;
    }
    if (held === null) held = next;
    else if (follows(next, held.at)) {
      last = held.at;
      yield held;
      held = next;
    } else if (next.at === held.at) {
      context.reject(next.file, next.line, `the time ${iso(next.at)} was already given by line ${held.line}`);
    } else if (follows(next, last)) rival = next;
    else context.reject(next.file, next.line, outOfOrder(next, held));
  }
  if (held !== null && rival !== null) context.reject(rival.file, rival.line, outOfOrder(rival, held));
  if (held !== null) yield held;
}

const iso = (time: number): string => new Date(time / 1_000).toISOString();

const outOfOrder = (bad: LineRecord, good: LineRecord): string =>
  `the time ${iso(bad.at)} is out of order beside line ${good.line}'s ${iso(good.at)}`;

function* recordsOf(format: CsvFormat, context: CsvContext): Generator<LineRecord> {
  const { file, delimiter, columns, dataFrom } = format;
  const times = new TimeReader(format.tz);
  let fileSymbol: string | undefined;
  for (const { line, text } of textLines(file)) {
    if (line < dataFrom) continue;
    try {
      const cells = new Cells(safeCells(text, delimiter), format);
      const symbol = cells.text('symbol');
      fileSymbol ??= symbol;
      if (symbol !== fileSymbol) {
        if (symbol === context.symbol) throw mixedSymbols(file, line, fileSymbol, symbol);
        throw new BadLine(
          `its symbol is "${symbol}", but the file began with "${fileSymbol}": import one symbol a file`,
        );
      }
      const moment = momentOf(cells.all, columns);
      if (!times.read(moment)) throw new BadLine(`"${moment}" is no time`);
      // The engine's clock counts microseconds from 1970 and starts at its first record.
      if (times.stamp.day <= 0) throw new BadLine(`"${moment}" is before 1970-01-02, where the clock begins`);
      const tick = new Tick();
      tick.symbolId = context.symbolId;
      if (format.kind === 'bars') readBar(tick, cells, format, context);
      else if (format.kind === 'quotes') readQuote(tick, cells, context);
      else readTrade(tick, cells, context);
      yield { file, line, at: format.resolutionS === DAY_S ? times.stamp.day : times.stamp.time, tick };
    } catch (error) {
      if (!(error instanceof BadLine)) throw error;
      context.reject(file, line, error.message);
    }
  }
}

const mixedSymbols = (file: string, line: number, first: string, wanted: string): InputError =>
  new InputError(
    `${file}, line ${line}: begins with lines of "${first}" before those of "${wanted}": split it by symbol`,
  );

/** Vendors' adjusted prices differ in their last digits. */
const ROUNDING = 1e-6;

function readBar(tick: Tick, cells: Cells, format: CsvFormat, context: CsvContext): void {
  const { scale } = context;
  const open = cells.price('open', scale);
  const high = cells.price('high', scale);
  const low = cells.price('low', scale);
  const close = cells.price('close', scale);
  const slack = high * ROUNDING;
  if (high < low - slack) throw new BadLine(`high ${high} is below low ${low}`);
  const stray = isOutside(open, low, high, slack)
    ? 'open'
    : isOutside(close, low, high, slack)
      ? 'close'
      : null;
  if (stray !== null && !context.widenRange) {
    throw new BadLine(`${stray} ${stray === 'open' ? open : close} lies outside low ${low} and high ${high}`);
  }
  if (stray !== null) context.rangeWidened();
  tick.kind = TickKind.bar;
  tick.open = open;
  tick.high = Math.max(open, high, close);
  tick.low = Math.min(open, low, close);
  tick.close = close;
  tick.volume = cells.amount('volume');
  tick.vwap = cells.amount('vwap') * scale;
  tick.resolutionS = format.resolutionS!;
}

const isOutside = (px: number, low: number, high: number, slack: number): boolean =>
  px > high + slack || px < low - slack;

/** A side nobody quotes is written as 0 or left empty; that is news too. */
function readQuote(tick: Tick, cells: Cells, context: CsvContext): void {
  const side = (field: 'bidPx' | 'askPx') =>
    cells.amount(field) === 0 ? 0 : cells.price(field, context.scale);
  tick.kind = TickKind.quote;
  tick.bidPx = side('bidPx');
  tick.askPx = side('askPx');
  if (tick.bidPx === 0 && tick.askPx === 0) throw new BadLine('neither bidPx nor askPx is above zero');
  tick.bidSize = cells.amount('bidSize');
  tick.askSize = cells.amount('askSize');
  readCodes(tick, cells, context);
}

function readTrade(tick: Tick, cells: Cells, context: CsvContext): void {
  tick.kind = TickKind.trade;
  tick.px = cells.price('px', context.scale);
  tick.size = cells.amount('size');
  readCodes(tick, cells, context);
}

function readCodes(tick: Tick, cells: Cells, context: CsvContext): void {
  const exchange = cells.text('exchange');
  const conditions = cells.text('conditions');
  if (exchange !== '') tick.exchangeId = context.codeId('exchange', exchange);
  if (conditions !== '') tick.conditionsId = context.codeId('conditions', conditions);
}
