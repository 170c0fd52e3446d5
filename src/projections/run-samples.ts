/**
 * The equity curve: one row for each decision bar. Daily runs have a row a trading day, whose last state counts;
 * intraday runs have a row for each instant at which bars ended.
 */
import type { CalendarName } from '../domain/instrument.ts';
import { Column } from './columns.ts';

const DAY_US = 86_400_000_000;
/** New York standard time: the sessions of a New York day, extended hours too, lie within one day of this clock all year. */
const NEW_YORK_US = 5 * 3_600_000_000;

/** The trading day, in days since 1970, that an instant belongs to; an instant that ends a day belongs to that day. */
export const tradingDay = (time: number, calendar: CalendarName): number =>
  Math.floor((time - 1 - (calendar === 'XNYS' ? NEW_YORK_US : 0)) / DAY_US);

/** Days since 1970 of a YYYY-MM-DD. */
export const dayNumber = (isoDay: string): number => Date.parse(`${isoDay}T00:00:00Z`) / 86_400_000;

export const isoDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

export class RunSamples {
  readonly time = new Column();
  /** Trading day, in days since 1970. */
  readonly day = new Column();
  /** Dollars, all positions at their marks. */
  readonly equity = new Column();
  readonly cash = new Column();
  /** 1 where a position other than a core holding was open at any moment since the row before, else 0. */
  readonly exposed = new Column();
  /** Last close of the benchmark; NaN before its first. */
  readonly benchmark = new Column();

  get length(): number {
    return this.time.length;
  }

  append(day: number, time: number, equity: number, cash: number, exposed: boolean, benchmark: number): void {
    this.time.push(time);
    this.day.push(day);
    this.equity.push(equity);
    this.cash.push(cash);
    this.exposed.push(exposed ? 1 : 0);
    this.benchmark.push(benchmark);
  }

  /** The last row again, known better. */
  restate(time: number, equity: number, cash: number, exposed: boolean, benchmark: number): void {
    this.time.replaceLast(time);
    this.equity.replaceLast(equity);
    this.cash.replaceLast(cash);
    if (exposed) this.exposed.replaceLast(1);
    this.benchmark.replaceLast(benchmark);
  }
}
