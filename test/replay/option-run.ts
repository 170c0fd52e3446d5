/** The whole pipeline over the S&P 500 at a tenth, as in the demo: calls, puts and hedges are traded on a modelled chain. */
import { type BacktestSummary, summarizeRun } from '../../replay/summary.ts';
import type { Core } from '../../src/engine/core.ts';
import type { Dataset } from '../../src/engine/market-source.ts';
import { simulate } from '../../src/engine/simulation.ts';
import { RunProjection } from '../../src/projections/run-projection.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { type RunOptions, runSpec, strategyOf } from '../engine/engine-run.ts';
import { sp500Days } from '../engine/markets.ts';

export const tenthOfSp500 = (from: number, to: number) =>
  sp500Days(from, to).map(({ open, high, low, close, ...bar }) => ({
    ...bar,
    open: open / 10,
    high: high / 10,
    low: low / 10,
    close: close / 10,
  }));

type Heard = (core: Core, projection: RunProjection) => void;

/** `onSettled` hears each moment at which the core is quiet and no tick still waits for its verdict. */
export const optionRun = (
  days: ReturnType<typeof tenthOfSp500>,
  over: RunOptions = {},
  onSettled?: Heard,
): RunProjection =>
  projectedRun('SP500', [datasetOf({ SP500: { bars: days, assetClass: 'index' } })], over, onSettled);

/** The same over any datasets of one symbol, and maybe its chain. */
export function projectedRun(
  symbol: string,
  datasets: readonly Dataset[],
  over: RunOptions = {},
  onSettled: Heard = () => {},
): RunProjection {
  const projection = new RunProjection();
  let isWhole = false;
  simulate({
    manifest: {
      session: 'test',
      continues: null,
      mode: 'sim',
      run: runSpec({ core: [{ symbol, fraction: 0.6 }], benchmark: symbol, ...over }),
      symbols: [symbol],
      datasets: [{ name: 'data.db', head: '0' }],
      engineVersion: 'test',
      modelled: ['Options on SP500 are MODELLED, not recorded.'],
    },
    strategy: strategyOf('conviction'),
    datasets,
    to: null,
    sinkOf: () => ({
      tick: (seq, tick) => {
        projection.tick(seq, tick);
        isWhole = false;
      },
      event: (event) => {
        projection.event(event);
        isWhole = true;
      },
      settle: () => {},
    }),
    onQuiet: (core) => {
      if (isWhole) onSettled(core, projection);
    },
  });
  return projection.finish();
}

/** 2006 to 2009: a calm year, then the crisis. */
export function crisisRun(over: RunOptions = {}): {
  projection: RunProjection;
  summary: BacktestSummary;
} {
  const projection = optionRun(tenthOfSp500(1_508, 2_514), over);
  return { projection, summary: summarizeRun(projection) };
}
