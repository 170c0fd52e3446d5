/** Daily bars for the tests of streams and regime: recorded ones, and arbitrary walks. */
import { readFileSync } from 'node:fs';
import { fc } from '@fast-check/vitest';
import type { Bar } from '../../src/streams/bar.ts';
import { BarWindow } from '../../src/streams/indicators.ts';

export type DailyBar = Pick<Bar, 'open' | 'high' | 'low' | 'close' | 'volume'>;

/** S&P 500, 2000-01-03 to 2020, 5,105 sessions, from the npm package vega-datasets. */
export function sp500(): DailyBar[] {
  const file = new URL('../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, open, high, low, close, , volume] = line.split(',').map(Number);
    return { open, high, low, close, volume };
  });
}

/** A bar whose range reaches `wick` (a fraction) beyond its open and close. */
export const barOf = (open: number, close: number, wick: number, volume: number): DailyBar => ({
  open,
  high: Math.max(open, close) * (1 + wick),
  low: Math.min(open, close) * (1 - wick),
  close,
  volume,
});

/** Bars that follow one another close to open; each step is a return as a fraction. */
export function walk(steps: readonly number[], wick = 0.002, start = 100): DailyBar[] {
  let close = start;
  return steps.map((step, i) => {
    const open = close;
    close = Math.max(0.01, close * (1 + step));
    return barOf(open, close, wick, 1_000 + 500 * (i % 3));
  });
}

/** A walk of stretches, each with its own drift and shake: trends, calm, crashes and flat markets. */
export const arbitraryBars = (minBars: number, maxBars: number): fc.Arbitrary<DailyBar[]> =>
  fc
    .array(
      fc.record({
        length: fc.integer({ min: 1, max: 80 }),
        drift: fc.constantFrom(-0.02, -0.004, 0, 0.004, 0.02),
        shake: fc.constantFrom(0, 0.002, 0.01, 0.05),
        seed: fc.integer({ min: 1, max: 0x7fffffff }),
      }),
      { minLength: 4, maxLength: 20 },
    )
    .map((stretches) => {
      const steps: number[] = [];
      while (steps.length < minBars) {
        for (const { length, drift, shake, seed } of stretches) {
          let state = (seed + steps.length) % 0x7fffffff || 1;
          for (let i = 0; i < length; i++) {
            state = (state * 48_271) % 0x7fffffff;
            steps.push(drift + shake * ((2 * state) / 0x7fffffff - 1));
          }
        }
      }
      return walk(steps.slice(0, maxBars));
    });

export function windowOf(bars: readonly DailyBar[], capacity = Math.max(1, bars.length)): BarWindow {
  const window = new BarWindow(capacity);
  for (const bar of bars) window.push(bar);
  return window;
}
