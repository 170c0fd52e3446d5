import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Curve, curveMetrics, periodsPerYear, tradeMetrics } from '../../replay/metrics.ts';
import { backtestingMetrics } from '../../replay/metrics-backtesting.ts';
import { Drawdown } from '../../src/projections/drawdown.ts';
import { dayNumber } from '../../src/projections/run-samples.ts';

function curveOf(start: number, values: readonly number[], firstDay = dayNumber('2024-01-01')): Curve {
  const drawdown = new Drawdown(start);
  const day = values.map((_, i) => firstDay + i);
  values.forEach((value, i) => {
    drawdown.see(value, day[i]);
  });
  return { start, day, value: values, drawdown };
}

describe('a curve', () => {
  test('of +10 %, -10 %, +5 % in three days has the ratios one gets by hand', () => {
    const metrics = curveMetrics(curveOf(100, [110, 99, 103.95]));
    const mean = 0.05 / 3;
    const deviation = Math.sqrt(((0.1 - mean) ** 2 + (-0.1 - mean) ** 2 + (0.05 - mean) ** 2) / 2);
    expect(metrics.roi).toBeCloseTo(0.0395, 12);
    expect(metrics.volatility).toBeCloseTo(deviation * Math.sqrt(252), 12);
    expect(metrics.sharpe).toBeCloseTo((mean / deviation) * Math.sqrt(252), 12);
    expect(metrics.sortino).toBeCloseTo((mean / Math.sqrt(0.01 / 3)) * Math.sqrt(252), 12);
    expect(metrics.maxDrawdown).toBeCloseTo(0.1, 12);
    expect(metrics.maxDrawdownDays).toBe(2);
    expect(metrics.cagr).toBeCloseTo(1.0395 ** (365.25 / 2) - 1, 6);
  });

  test('without a bar has no number at all', () => {
    expect(Object.values(curveMetrics(curveOf(100, []))).every((value) => value === null)).toBe(true);
    expect(Object.values(backtestingMetrics(curveOf(100, []), [])).every((value) => value === null)).toBe(
      true,
    );
  });

  test('of one bar has a return, and nothing that needs a second', () => {
    const { roi, cagr, volatility, sharpe } = curveMetrics(curveOf(100, [101]));
    expect(roi).toBeCloseTo(0.01, 12);
    expect([cagr, volatility, sharpe]).toEqual([null, null, null]);
  });

  test('that never moves has no Sharpe, Sortino or Calmar, and no drawdown', () => {
    const metrics = curveMetrics(curveOf(100, [100, 100, 100]));
    expect(metrics).toMatchObject({
      volatility: 0,
      sharpe: null,
      sortino: null,
      calmar: null,
      maxDrawdown: 0,
    });
  });

  test('that lost everything has no CAGR', () => {
    expect(curveMetrics(curveOf(100, [50, 0])).cagr).toBeNull();
  });

  test.prop([fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { maxLength: 40 })])(
    'never has NaN or an infinity for a number',
    (values) => {
      const curve = curveOf(100, values);
      for (const value of [
        ...Object.values(curveMetrics(curve)),
        ...Object.values(backtestingMetrics(curve, [])),
      ]) {
        expect(value === null || Number.isFinite(value)).toBe(true);
      }
    },
  );

  test.prop([fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 })])(
    'has the drawdown that comparing every pair of its values finds',
    (values) => {
      let deepest = 0;
      const all = [100, ...values];
      for (let i = 0; i < all.length; i++) {
        for (let j = i; j < all.length; j++) deepest = Math.max(deepest, 1 - all[j] / all[i]);
      }
      expect(curveOf(100, values).drawdown.depth).toBeCloseTo(deepest, 12);
    },
  );
});

test('a drawdown lasts from its peak to the first value at or above it', () => {
  const { drawdown } = curveOf(100, [100, 120, 90, 110, 120, 119]);
  expect(drawdown).toMatchObject({ depth: 0.25, days: 3 });
});

test('a market that trades on weekends has 365 days a year, one with a few Saturdays has not', () => {
  const monday = dayNumber('2024-01-01');
  const week = [0, 1, 2, 3, 4, 5, 6].map((i) => monday + i);
  expect(periodsPerYear(week)).toBe(365);
  expect(periodsPerYear(week.slice(0, 5))).toBe(252);
});

test('trades without a loss have no profit factor, without a trade no average', () => {
  expect(tradeMetrics([{ pnl: 5 }])).toEqual({
    tradeCount: 1,
    winRate: 1,
    profitFactor: null,
    expectancy: 5,
  });
  expect(tradeMetrics([])).toEqual({ tradeCount: 0, winRate: null, profitFactor: null, expectancy: null });
  expect(tradeMetrics([{ pnl: 6 }, { pnl: -2 }, { pnl: 0 }])).toMatchObject({
    winRate: 1 / 3,
    profitFactor: 3,
  });
});
