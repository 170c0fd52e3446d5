/** Other engines' exact results (REFERENCES.md A and B) from an independent small simulation, to 1e-9. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { summarizeRun } from '../../replay/summary.ts';
import { readBars, simulateCross } from './simulated-run.ts';

const sp500 = new URL('../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
const goog = new URL('../../../shared/data/parity/goog-daily.csv', import.meta.url);

function agrees(actual: number | null, expected: number, relative = 1e-9): void {
  expect(actual).not.toBeNull();
  expect(Math.abs(actual! / expected - 1)).toBeLessThan(relative);
}

describe('the S&P 500 crossover gives what backtesting.py 0.6.6 gives', () => {
  const rows = [
    {
      fast: 20,
      slow: 100,
      commission: 0,
      trades: 29,
      equity: 108019.20164000001,
      drawdown: 5.628968391566902,
      sharpe: 0.2017737795984014,
      sortino: 0.2669849316518004,
      won: 44.827586206896555,
      profitFactor: 2.07728484642691,
      exposure: 66.50342801175319,
      fees: 0,
      cagr: 0.3809525773112998,
      volatility: 1.8911475397713677,
      days: 2243,
    },
    {
      fast: 50,
      slow: 200,
      commission: 0,
      trades: 9,
      equity: 114136.69983,
      drawdown: 9.427474350124998,
      sharpe: 0.2938187568934639,
      sortino: 0.39093677658905657,
      won: 66.66666666666666,
      profitFactor: 9.23145157282046,
      exposure: 65.8765915768854,
      fees: 0,
      cagr: 0.6538936510871673,
      volatility: 2.2291936946945636,
      days: 1012,
    },
    {
      fast: 20,
      slow: 100,
      commission: 0.001,
      trades: 29,
      equity: 107115.56903988,
      drawdown: 5.6726712455853034,
      sharpe: 0.17879511605693257,
      sortino: 0.23630291874052106,
      won: 44.827586206896555,
      profitFactor: 1.9504346135940327,
      exposure: 66.50342801175319,
      fees: 903.6326001199999,
      cagr: 0.33939528453590384,
      volatility: 1.9013813459673727,
      days: 2266,
    },
  ];
  test.each(rows)('SMA $fast/$slow, commission $commission', (row) => {
    const { fast, slow, commission } = row;
    const options = { fast, slow, commission, cash: 100_000, symbol: 'SPX', units: 10, reverse: false };
    const summary = summarizeRun(simulateCross(readBars(sp500), options));
    const compat = summary.compat.backtesting;
    expect(summary.bars).toBe(5_105);
    expect(summary.tradeCount).toBe(row.trades);
    agrees(summary.finalEquity, row.equity);
    agrees(compat.maxDrawdown, row.drawdown / 100);
    agrees(compat.sharpe, row.sharpe);
    agrees(compat.sortino, row.sortino);
    agrees(compat.winRate, row.won / 100);
    agrees(compat.profitFactor, row.profitFactor);
    agrees(compat.cagr, row.cagr / 100);
    agrees(compat.volatility, row.volatility / 100);
    agrees(summary.exposure, row.exposure / 100);
    expect(compat.maxDrawdownDays).toBe(row.days);
    if (row.fees > 0) agrees(summary.fees, row.fees, 1e-8);
    else expect(summary.fees).toBe(0);
    // The curve starts from the cash in both, so these agree in both sets of definitions.
    expect(summary.maxDrawdown).toBe(compat.maxDrawdown);
    expect(summary.cagr).toBe(compat.cagr);
  });
});

test.skipIf(!existsSync(goog))(
  'shared data: the GOOG close-and-reverse run gives what backtesting.py gives',
  () => {
    const options = {
      fast: 10,
      slow: 30,
      commission: 0,
      cash: 10_000,
      symbol: 'GOOG',
      units: null,
      reverse: true,
    };
    const summary = summarizeRun(simulateCross(readBars(goog), options));
    const compat = summary.compat.backtesting;
    expect(summary.bars).toBe(2_148);
    expect(summary.tradeCount).toBe(66);
    agrees(summary.finalEquity, 51422.98999999996);
    agrees(compat.sharpe, 0.5806232244485349);
    agrees(compat.sortino, 1.0853434352488662);
    agrees(compat.maxDrawdown, 47.98012705007589 / 100);
    agrees(compat.cagr, 21.160245705962623 / 100);
    agrees(compat.profitFactor, 2.167945974262033);
    agrees(compat.calmar, 0.44166409202994605);
    agrees(summary.exposure, 96.74115456238361 / 100);
  },
);
