import { describe, expect, test } from 'vitest';
import { renderReport } from '../../replay/report/page.ts';
import { type BacktestSummary, summarizeRun } from '../../replay/summary.ts';
import { memoryLog } from '../../src/log/memory-log.ts';
import { projectRun, type RunProjection } from '../../src/projections/run-projection.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { runEngine, runSpec, strategyOf } from '../engine/engine-run.ts';
import { quotesOf, tradingDays } from '../engine/markets.ts';
import { tenthOfSp500 } from '../replay/option-run.ts';
import { paperSession } from '../replay/paper-session.ts';
import { closeOf, Feeder, openOf, plainSpec } from '../replay/simulated-run.ts';

const DAYS = ['2024-01-02', '2024-01-03', '2024-01-04'];

function day(feeder: Feeder, iso: string, px: number): void {
  feeder.at(closeOf(iso)).bar({ open: px, high: px, low: px, close: px });
  feeder.closed(iso);
}
/** What a page shows that is no number, with what stands around it. */
function noNumbers(run: RunProjection): readonly string[] {
  const page = renderReport(run, summarizeRun(run), { decisionDigest: 'd1ge57', log: 'RUN.db' });
  const shown = page.replace(/<(script|style)[\s\S]*?<\/\1>/g, '');
  return shown.match(/.{0,40}\b(?:NaN|Infinity|undefined)\b.{0,40}/g) ?? [];
}

/** What rows, years and the curve say of the same result, dollars. */
function expectBalanced(summary: BacktestSummary): void {
  const { startCash, finalEquity, deposits, instruments } = summary;
  const earned = Object.values(instruments).reduce((total, { pnl }) => total + pnl, 0);
  expect(earned).toBeCloseTo(finalEquity - startCash - deposits, 4);
}

describe('the account of a live session', () => {
  const account = (): Feeder => {
    const feeder = new Feeder();
    feeder.at(openOf(DAYS[0])).start(plainSpec({ cash: 10_000 }), ['A', 'B']);
    return feeder;
  };
  const moved = (kind: string, micros: number, symbol: string | null = null, activityId = kind) => ({
    activityId,
    kind,
    symbol,
    micros: micros * 1e6,
    note: '',
  });

  test('adopts what it finds without a profit or a loss', () => {
    const feeder = account();
    feeder.event('decision', 'HoldingAdopted', { symbol: 'A', quantity: 10, px: 100 });
    feeder.event('decision', 'CashAligned', { deltaMicros: -2_000e6 });
    day(feeder, DAYS[0], 100);
    day(feeder, DAYS[1], 110);
    const run = feeder.projection.finish();
    const summary = summarizeRun(run);
    expect(run.samples.equity).toEqual([10_000, 10_100]);
    expect(summary).toMatchObject({ deposits: -2_000, finalEquity: 8_100, finalCash: 7_000 });
    expect(summary.instruments.A).toMatchObject({ pnl: 100, corePnl: 100 });
    expectBalanced(summary);
  });

  test('earns dividends and interest, pays fees, and does not earn what is paid in', () => {
    const feeder = account();
    feeder.event('decision', 'HoldingAdopted', { symbol: 'A', quantity: 10, px: 100 });
    day(feeder, DAYS[0], 100);
    feeder.event('input', 'CashMoved', moved('transfer', 5_000));
    for (let i = 0; i < 2; i++) feeder.event('input', 'CashMoved', moved('dividend', 7, 'A'));
    feeder.event('input', 'CashMoved', moved('interest', 3));
    feeder.event('input', 'CashMoved', moved('fee', -1));
    day(feeder, DAYS[1], 100);
    const run = feeder.projection.finish();
    const summary = summarizeRun(run);
    expect(run.samples.equity).toEqual([10_000, 10_009]);
    expect(run.samples.drawdown.depth).toBe(0);
    expect(summary).toMatchObject({ deposits: 5_000, finalEquity: 15_009 });
    expect(summary.instruments).toMatchObject({ A: { pnl: 7, corePnl: 7 }, cash: { pnl: 2 } });
    expectBalanced(summary);
  });

  test('goes on with a trade under the new name of its symbol', () => {
    const feeder = account();
    feeder.order('enter', { symbol: 'A', side: 'buy', quantity: 10, px: 100 });
    day(feeder, DAYS[0], 100);
    feeder.at(openOf(DAYS[1])).event('input', 'SymbolChanged', { from: 'A', to: 'B' });
    feeder.order('exit', { symbol: 'B', side: 'sell', quantity: 10, px: 104 });
    day(feeder, DAYS[1], 104);
    const summary = summarizeRun(feeder.projection.finish());
    expect(summary.trades).toMatchObject([{ symbol: 'B', side: 'long', entryPx: 100, exitPx: 104, pnl: 40 }]);
    expect(summary.positions).toEqual([]);
    expectBalanced(summary);
  });
});

describe('a session that goes on with the books of another', () => {
  const { sessions, result } = runEngine(
    [datasetOf({ SP500: { bars: tenthOfSp500(1_100, 1_750), assetClass: 'index' } })],
    { core: [{ symbol: 'SP500', fraction: 0.6 }], benchmark: 'SP500', roll: 'daily' },
  );
  const runs = sessions.map(({ log }) => projectRun(log.cursor()));
  const summaries = runs.map(summarizeRun);

  test('starts where the one before ended, and every row of it adds up', () => {
    expect(result.core.kernel.halted).toBeNull();
    expect(summaries.length).toBeGreaterThan(100);
    for (let i = 1; i < summaries.length; i++) {
      expect(summaries[i].startCash).toBeCloseTo(summaries[i - 1].finalEquity, 4);
      expect(summaries[i].finalCash).toBeGreaterThan(0);
      expectBalanced(summaries[i]);
    }
  });

  test('ends the trades that others began', () => {
    const ended = summaries.flatMap(({ trades }) =>
      trades.filter(({ entryReason }) => entryReason === 'carried'),
    );
    expect(ended.length).toBeGreaterThan(2);
    for (const { side, quantity, entryPx } of ended) {
      expect(side).toBe('long');
      expect(quantity * entryPx).toBeGreaterThan(0);
    }
  });

  test('is a report without a number that is none', () => {
    for (const run of [runs[1], runs[60], runs.at(-1)!]) expect(noNumbers(run)).toEqual([]);
  });
});

test('a recorded paper session is a report without a number that is none', () => {
  const log = memoryLog();
  const options = { execution: 'midpoint', sizing: { kind: 'fixed', quantity: 10 } } as const;
  const config = { venue: { silenceMs: 600_000 }, exchange: { submitLatencyUs: 80_000 } };
  paperSession({
    dataset: datasetOf({ AAA: { quotes: quotesOf(9, tradingDays('2014-12-31', 2), 60) } }),
    run: runSpec({ ...options, config, profile: 'plain', strategy: 'sma-cross' }),
    strategy: strategyOf('sma-cross'),
    sink: log,
  });
  log.flush();
  const run = projectRun(log.cursor());
  expect(run.manifest!.mode).toBe('paper');
  expect(run.samples.bars).toBe(1);
  expect(noNumbers(run)).toEqual([]);
  expectBalanced(summarizeRun(run));
});
