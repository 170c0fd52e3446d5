/** The equity of two runs of one market beside each other, thinned for a chart. */
import type { PriceSeries } from '../src/projections/price-series.ts';

/** `base` and `variant` in dollars at each of the times: the last known value, null before the first. */
export interface RunCurves {
  readonly timeUs: readonly number[];
  readonly base: readonly (number | null)[];
  readonly variant: readonly (number | null)[];
}

/** Points of a curve: more than a screen has columns. */
const POINTS = 1_000;

export function runCurves(base: PriceSeries, variant: PriceSeries): RunCurves {
  const times = [...new Set([...timesOf(base), ...timesOf(variant)])].sort((a, b) => a - b);
  const every = Math.ceil(times.length / POINTS);
  // The last one is always there: it is what a run came to.
  const timeUs = times.filter((_, i) => (times.length - 1 - i) % Math.max(1, every) === 0);
  return { timeUs, base: valuesAt(base, timeUs), variant: valuesAt(variant, timeUs) };
}

const timesOf = (series: PriceSeries): number[] =>
  Array.from({ length: series.length }, (_, i) => series.timeAt(i));

function valuesAt(series: PriceSeries, times: readonly number[]): (number | null)[] {
  let at = -1;
  return times.map((time) => {
    while (at + 1 < series.length && series.timeAt(at + 1) <= time) at += 1;
    return at < 0 ? null : Math.round(series.closeAt(at) * 100) / 100;
  });
}
