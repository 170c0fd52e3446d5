/**
 * Refits the modelled chain's volatility: regresses the logarithm of a volatility index on an index's own day bars, and
 * says how well that holds on years the fit has not seen. Usage: node --import tsx scripts/fit-chain-model.ts INDEX.csv VIX.csv
 */
import { pathToFileURL } from 'node:url';
import { inspectCsv } from '../src/adapters/files/csv-format.ts';
import { csvTicks } from '../src/adapters/files/csv-ticks.ts';
import type { OptionsConfig } from '../src/domain/config.ts';
import { civilDay } from '../src/domain/exchange-calendar.ts';
import { FEATURE_BARS, volatilityFeatures } from '../src/engine/volatility-features.ts';
import { type Tick, TickKind } from '../src/events/tick.ts';
import { BarWindow } from '../src/streams/indicators.ts';

/** The coefficients, under the names config.options.model gives them. */
export type Coefficients = Pick<
  OptionsConfig['model'],
  'intercept' | 'parkinson5' | 'realized22' | 'realized66' | 'realized252' | 'return5' | 'return22'
>;

export interface ChainModelFit {
  readonly coefficients: Coefficients;
  readonly days: number;
  readonly from: string;
  readonly to: string;
  /** Share of the variance of ln(index) that the fit explains. */
  readonly r2: number;
  /** The same for the days from `SPLIT` on, fitted to those before it only; null where one side has too few days. */
  readonly r2OutOfSample: number | null;
}

/** Days before it train, days from it on test. */
export const SPLIT = '2012-01-01';

interface Sample {
  readonly day: string;
  readonly regressors: readonly number[];
  readonly value: number;
}

function dayBars(file: string): Tick[] {
  const format = inspectCsv(file, { tz: 'UTC', kind: 'bars' });
  const ticks = csvTicks([format], {
    symbol: '',
    symbolId: 0,
    calendar: 'XNYS',
    stamps: 'start',
    scale: 1,
    reject: (name, line, reason) => console.error(`${name}:${line}  ${reason}`),
    codeId: () => 0,
    widenRange: true, // indices are computed: their opens stray
    dayOutsideCalendar: () => {},
    rangeWidened: () => {},
  });
  return [...ticks].filter(({ kind }) => kind === TickKind.bar);
}

function samplesOf(indexFile: string, vixFile: string): Sample[] {
  const vix = new Map(dayBars(vixFile).map(({ time, close }) => [civilDay(time), close / 100]));
  const bars = new BarWindow(FEATURE_BARS);
  const samples: Sample[] = [];
  for (const bar of dayBars(indexFile)) {
    bars.push(bar);
    const day = civilDay(bar.time);
    const level = vix.get(day);
    const features = volatilityFeatures(bars);
    if (level === undefined || features === null) continue;
    const { parkinson5, realized22, realized66, realized252, return5, return22 } = features;
    const logs = [parkinson5, realized22, realized66, realized252].map(Math.log);
    samples.push({ day, regressors: [1, ...logs, return5, return22], value: Math.log(level) });
  }
  return samples;
}

/** Ordinary least squares by the normal equations, with pivoting: seven unknowns need no more. */
function leastSquares(samples: readonly Sample[]): number[] {
  const size = samples[0].regressors.length;
  const rows = Array.from({ length: size }, () => new Array<number>(size + 1).fill(0));
  for (const { regressors, value } of samples) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) rows[i][j] += regressors[i] * regressors[j];
      rows[i][size] += regressors[i] * value;
    }
  }
  for (let i = 0; i < size; i++) {
    const rest = rows.slice(i).sort((a, b) => Math.abs(b[i]) - Math.abs(a[i]));
    rows.splice(i, rest.length, ...rest);
    for (const row of rows) {
      if (row === rows[i]) continue;
      const factor = row[i] / rows[i][i];
      for (let j = i; j <= size; j++) row[j] -= factor * rows[i][j];
    }
  }
  return rows.map((row, i) => row[size] / row[i]);
}

function explained(samples: readonly Sample[], coefficients: readonly number[]): number {
  const mean = samples.reduce((sum, { value }) => sum + value, 0) / samples.length;
  let missed = 0;
  let total = 0;
  for (const { regressors, value } of samples) {
    const fitted = regressors.reduce((sum, x, i) => sum + x * coefficients[i], 0);
    missed += (value - fitted) ** 2;
    total += (value - mean) ** 2;
  }
  return 1 - missed / total;
}

/** Days of either side without which an out-of-sample share says nothing. */
const DAYS_MIN = 252;

export function fitChainModel(indexFile: string, vixFile: string): ChainModelFit {
  const samples = samplesOf(indexFile, vixFile);
  if (samples.length < DAYS_MIN) {
    throw new Error(
      `${samples.length} days are in both files with ${FEATURE_BARS} index days before them; a fit needs ${DAYS_MIN}`,
    );
  }
  const [intercept, parkinson5, realized22, realized66, realized252, return5, return22] =
    leastSquares(samples);
  const coefficients = {
    intercept,
    parkinson5,
    realized22,
    realized66,
    realized252,
    return5,
    return22,
  };
  const before = samples.filter(({ day }) => day < SPLIT);
  const after = samples.filter(({ day }) => day >= SPLIT);
  const splits = before.length >= DAYS_MIN && after.length >= DAYS_MIN;
  return {
    coefficients,
    days: samples.length,
    from: samples[0].day,
    to: samples.at(-1)!.day,
    r2: explained(samples, Object.values(coefficients)),
    r2OutOfSample: splits ? explained(after, leastSquares(before)) : null,
  };
}

function main([indexFile, vixFile]: readonly string[]): void {
  if (vixFile === undefined) {
    console.error(
      'give two CSV files of day bars: node --import tsx scripts/fit-chain-model.ts INDEX.csv VIX.csv',
    );
    process.exitCode = 2;
    return;
  }
  const { coefficients, days, from, to, r2, r2OutOfSample } = fitChainModel(indexFile, vixFile);
  console.log(`${days} days, ${from} to ${to}; ln of the volatility index, as a fraction:`);
  for (const [name, value] of Object.entries(coefficients)) {
    console.log(`  ${name.padEnd(12)} ${value.toFixed(4).padStart(8)}`);
  }
  console.log(`R2 ${r2.toFixed(3)} in sample`);
  if (r2OutOfSample !== null) {
    console.log(`R2 ${r2OutOfSample.toFixed(3)} from ${SPLIT} on, fitted to the days before it`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
