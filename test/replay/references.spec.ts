/** Other engines' exact results (REFERENCES.md A, B and C), from the import of their data to the summary of the run. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type BacktestResult, backtest } from '../../replay/backtest.ts';
import { openDataset } from '../../replay/dataset.ts';
import { demoDatasetSource } from '../../src/engine/demo-dataset.ts';
import { importFiles } from '../../src/engine/ingest.ts';
import { type RunOptions, runSpec, strategyOf } from '../engine/engine-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'quantos-references-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shared = (name: string) =>
  fileURLToPath(new URL(`../../../shared/data/parity/${name}`, import.meta.url));
const goog = shared('goog-daily.csv');
const index2006 = shared('index-2006-daily.csv');

/** Imports a file of daily bars once and runs a crossover of its closes over it. */
function crossover(
  file: string,
  symbol: string,
  params: { fast: number; slow: number },
  over: RunOptions,
): BacktestResult {
  const path = join(folder, `${symbol}.db`);
  if (!existsSync(path)) importFiles({ files: [file], symbols: [symbol], out: path });
  const dataset = openDataset(path);
  try {
    return backtest({
      datasets: [dataset],
      run: runSpec({ profile: 'plain', strategy: 'sma-cross', params, ...over }),
      strategy: strategyOf('sma-cross'),
      out: null,
      to: null,
      session: 'reference',
      modelled: [],
    });
  } finally {
    dataset.close();
  }
}

function agrees(what: string, actual: number | null, expected: number, relative = 1e-9): void {
  const off = Math.abs((actual ?? Number.NaN) / expected - 1);
  expect(off, `${what} is ${actual}, the reference ${expected}`).toBeLessThan(relative);
}

// REFERENCES.md A: backtesting.py 0.6.6 on sp500-2000.csv of vega-datasets 3.2.1, start cash 100,000, 10 units.
const sp500Rows = [
  {
    fast: 20,
    slow: 100,
    commission: 0,
    trades: 29,
    finalEquity: 108019.20164000001,
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
    finalEquity: 114136.69983,
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
    finalEquity: 107115.56903988,
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

test.each(sp500Rows)(
  'the S&P 500 by SMA $fast/$slow at commission $commission gives what backtesting.py gives',
  (row) => {
    const { fast, slow, commission } = row;
    const { summary, halted } = crossover(
      demoDatasetSource(),
      'SP500',
      { fast, slow },
      {
        sizing: { kind: 'fixed', quantity: 10 },
        commission: commission === 0 ? { kind: 'none' } : { kind: 'percent', rate: commission },
        finalize: true,
      },
    );
    const compat = summary.compat.backtesting;
    expect(halted).toBeNull();
    expect([summary.bars, summary.tradeCount, compat.maxDrawdownDays]).toEqual([5_105, row.trades, row.days]);
    agrees('final equity', summary.finalEquity, row.finalEquity);
    agrees('drawdown', compat.maxDrawdown, row.drawdown / 100);
    agrees('Sharpe', compat.sharpe, row.sharpe);
    agrees('Sortino', compat.sortino, row.sortino);
    agrees('win rate', compat.winRate, row.won / 100);
    agrees('profit factor', compat.profitFactor, row.profitFactor);
    agrees('exposure', summary.exposure, row.exposure / 100);
    agrees('CAGR', compat.cagr, row.cagr / 100);
    agrees('volatility', compat.volatility, row.volatility / 100);
    if (row.fees === 0) expect(summary.fees).toBe(0);
    else agrees('commissions', summary.fees, row.fees, 1e-8);
  },
);

// REFERENCES.md B: backtesting.py's own test; closes and reverses with the whole account.
test.skipIf(!existsSync(goog))(
  'shared data (goog-daily.csv): the reversing crossover gives what backtesting.py gives',
  () => {
    const { summary } = crossover(
      goog,
      'GOOG',
      { fast: 10, slow: 30 },
      {
        sizing: { kind: 'percent', percent: 100 },
        cash: 10_000,
        allowShort: true,
        reverse: true,
        finalize: true,
      },
    );
    const compat = summary.compat.backtesting;
    expect([summary.bars, summary.tradeCount, summary.positions]).toEqual([2_148, 66, []]);
    agrees('final equity', summary.finalEquity, 51422.98999999996);
    agrees('Sharpe', compat.sharpe, 0.5806232244485349);
    agrees('Sortino', compat.sortino, 1.0853434352488662);
    agrees('drawdown', compat.maxDrawdown, 0.4798012705007589);
    agrees('CAGR', compat.cagr, 21.160245705962623 / 100);
    agrees('profit factor', compat.profitFactor, 2.167945974262033);
    agrees('exposure', summary.exposure, 0.9674115456238361);
    agrees('Calmar', compat.calmar, 0.44166409202994605);
  },
);

// REFERENCES.md C: backtrader's own test; close against SMA 15, one unit, long only.
test.skipIf(!existsSync(index2006))(
  'shared data (index-2006-daily.csv): the close crossing its average gives what backtrader gives',
  () => {
    const { summary } = crossover(
      index2006,
      'INDEX',
      { fast: 1, slow: 15 },
      {
        sizing: { kind: 'fixed', quantity: 1 },
        cash: 10_000,
      },
    );
    expect([summary.buys, summary.sells]).toEqual([12, 11]);
    expect(summary.positions).toMatchObject([{ symbol: 'INDEX', quantity: 1 }]);
    // The reference is rounded to the cent.
    expect(summary.finalCash).toBeCloseTo(6164.16, 2);
    expect(summary.finalEquity).toBeCloseTo(10284.1, 2);
  },
);
