/**
 * The equity curve, taken at each decision bar: a trading day in daily runs, else an instant at which bars ended. What
 * metrics need is folded as it comes and kept by day, so that millions of bars cost no memory.
 */
import type { CalendarName } from '../domain/instrument.ts';
import { Drawdown } from './drawdown.ts';
import { PriceSeries } from './price-series.ts';

const DAY_US = 86_400_000_000;
/** New York standard time: the sessions of a New York day, extended hours too, lie within one day of this clock all year. */
const NEW_YORK_US = 5 * 3_600_000_000;

/** The trading day, in days since 1970, that an instant belongs to; an instant that ends a day belongs to that day. */
export const tradingDay = (time: number, calendar: CalendarName): number =>
  Math.floor((time - 1 - (calendar === 'XNYS' ? NEW_YORK_US : 0)) / DAY_US);

/** Days since 1970 of a YYYY-MM-DD. */
export const dayNumber = (isoDay: string): number => Date.parse(`${isoDay}T00:00:00Z`) / 86_400_000;

export const isoDay = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

/** Points a curve keeps at most. */
const POINTS = 8_192;

export class RunSamples {
  /** Decision bars so far. */
  bars = 0;
  /** Those at some moment of which, since the bar before, a position other than a core holding was open. */
  exposedBars = 0;
  /** One entry for each trading day: the day (since 1970), when it was last seen, and the last values of it. */
  readonly day: number[] = [];
  readonly time: number[] = [];
  /** Dollars, all positions at their marks. */
  readonly equity: number[] = [];
  /** Last price of the benchmark; NaN before its first. */
  readonly benchmark: number[] = [];
  /** Bar by bar, also within days; the same points of both for a chart. */
  readonly equityCurve = new PriceSeries(POINTS);
  readonly benchmarkCurve = new PriceSeries(POINTS);
  readonly drawdown: Drawdown;
  readonly benchmarkDrawdown = new Drawdown();

  /** The latest bar, which may still be restated; counted in `bars` already. */
  lastTime = Number.NaN;
  lastDay = Number.NaN;
  #equity = 0;
  #benchmark = 0;
  #exposed = false;
  #settled = 0;

  constructor(startCash: number) {
    this.drawdown = new Drawdown(startCash);
  }

  /** Adds a bar, or states the latest again. `exposed`: a plan held something since the bar before. */
  state(
    again: boolean,
    time: number,
    day: number,
    equity: number,
    exposed: boolean,
    benchmark: number,
  ): void {
    if (!again) {
      this.settle();
      this.bars += 1;
      this.#exposed = false;
    }
    this.lastTime = time;
    this.lastDay = day;
    this.#equity = equity;
    this.#benchmark = benchmark;
    if (exposed) this.#exposed = true;
  }

  /** The latest bar is final. */
  settle(): void {
    const day = this.lastDay;
    if (this.#settled === this.bars) return;
    this.#settled = this.bars;
    if (this.#exposed) this.exposedBars += 1;
    const equity = this.#equity;
    const benchmark = this.#benchmark;
    this.drawdown.see(equity, day);
    const mark = Math.max(benchmark, 0);
    if (mark > 0) this.benchmarkDrawdown.see(mark, day);
    this.equityCurve.push(this.lastTime, equity, equity, equity);
    this.benchmarkCurve.push(this.lastTime, mark, mark, mark);
    let row = this.day.length - 1;
    if (row < 0 || this.day[row] !== day) row += 1;
    this.day[row] = day;
    this.time[row] = this.lastTime;
    this.equity[row] = equity;
    this.benchmark[row] = benchmark;
  }
}
