/** How much of the benchmark's daily moves a symbol's moves are worth, measured over the days on which both traded. */
import type { Config } from '../domain/config.ts';
import { tradingDayAt } from '../domain/exchange-calendar.ts';
import type { CalendarName } from '../domain/instrument.ts';
import { log } from '../domain/math.ts';
import type { BarWindow } from './indicators.ts';

export interface DailyHistory {
  readonly bars: BarWindow;
  readonly calendar: CalendarName;
}

/** Closes of one day on which both traded. */
interface Pair {
  readonly own: number;
  readonly benchmark: number;
}

/**
 * Slope of the symbol's log returns on the benchmark's over the last `betaBars` paired days, clipped to 0..betaMax; 1
 * with fewer than `betaBarsMin` of them, and where the benchmark never moved.
 */
export function beta(own: DailyHistory, benchmark: DailyHistory, rules: Config['hedge']): number {
  const pairs = pairedCloses(own, benchmark, rules.betaBars + 1);
  const days = pairs.length - 1;
  if (days < rules.betaBarsMin) return 1;
  const x: number[] = [];
  const y: number[] = [];
  for (let i = days; i > 0; i--) {
    x.push(log(pairs[i - 1].benchmark / pairs[i].benchmark));
    y.push(log(pairs[i - 1].own / pairs[i].own));
  }
  const meanX = mean(x);
  const meanY = mean(y);
  let covariance = 0;
  let variance = 0;
  for (let i = 0; i < days; i++) {
    covariance += (x[i] - meanX) * (y[i] - meanY);
    variance += (x[i] - meanX) * (x[i] - meanX);
  }
  return variance === 0 ? 1 : Math.min(rules.betaMax, Math.max(0, covariance / variance));
}

/** Newest first, at most `count`. A day that only one of them traded makes the next return span both. */
function pairedCloses(own: DailyHistory, benchmark: DailyHistory, count: number): Pair[] {
  const pairs: Pair[] = [];
  const day = ({ bars, calendar }: DailyHistory, ago: number) => tradingDayAt(calendar, bars.time.ago(ago));
  for (let i = 0, j = 0; pairs.length < count && i < own.bars.length && j < benchmark.bars.length; ) {
    const [ours, theirs] = [day(own, i), day(benchmark, j)];
    if (ours === theirs) pairs.push({ own: own.bars.close.ago(i), benchmark: benchmark.bars.close.ago(j) });
    if (ours >= theirs) i++;
    if (theirs >= ours) j++;
  }
  return pairs;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
