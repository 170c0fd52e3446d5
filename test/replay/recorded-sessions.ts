/** Sessions of every kind, recorded into files: what a traveller in time has to find its way through. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { backtest } from '../../replay/backtest.ts';
import { openDataset } from '../../replay/dataset.ts';
import type { Dataset } from '../../src/engine/market-source.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { type DayBar, datasetOf } from '../../src/testing/dataset-of.ts';
import { chainOf, csvOf, importChain, importPrices } from '../engine/chains.ts';
import { type RunOptions, runSpec, strategyOf } from '../engine/engine-run.ts';
import { intradayBars, quotesOf, tradingDays, wanderingDays } from '../engine/markets.ts';
import { tenthOfSp500 } from './option-run.ts';
import { paperSession } from './paper-session.ts';

/** Rules that need no more than a few days, so that some weeks have plans, stops and exits in them. */
const hasty = {
  regime: {
    trend: { smaFast: 2, smaSlow: 3, slopeBars: 1, adxBars: 1, confirmCloses: 1, bullEnter: 2, bullHold: 1 },
    volatility: { window: 2, lookback: 3 },
    structure: { swingBars: 1, lowBars: 3, atrBars: 2, crashBars: 2 },
  },
  conviction: {
    smaFast: 2,
    smaSlow: 3,
    slopeBars: 1,
    momentumBars: 2,
    volatilityBars: 2,
    breakoutBars: 2,
    volumeBars: 2,
  },
  selector: { atrBars: 2, rearmDays: 0, rearmBars: 1, stopAtr: 1, equityConviction: 20, exitConviction: 15 },
};
const slowVenue = { submitLatencyUs: 90_000_000, reportLatencyUs: 40_000_000, latencyJitterUs: 60_000_000 };

/** Where a quote comes every five minutes a walk takes its time. */
const patient = {
  risk: { quoteAgeMaxMs: 600_000, intentAgeMaxMs: 7_200_000 },
  execution: { stepMs: 300_000, patienceMs: 3_600_000 },
};

export function record(folder: string, datasets: readonly Dataset[], options: RunOptions): string {
  backtest({
    datasets: datasets.map((dataset) => ({ ...dataset, notes: [], rejected: 0, close: () => {} })),
    run: runSpec(options),
    strategy: strategyOf(options.strategy ?? 'conviction'),
    out: join(folder, 'run.db'),
    to: null,
    session: 'recorded',
    modelled: [],
  });
  return join(folder, 'run.db');
}

const quotes = (seed: number, days: number, everyS: number): Dataset => {
  const dates = tradingDays('2018-12-31', days);
  return datasetOf({
    AAA: { quotes: quotesOf(seed, dates, everyS) },
    BBB: { quotes: quotesOf(seed + 1, dates, everyS + 100) },
  });
};

/** Averages short enough that some months of bars have everything in them. */
const quick = {
  regime: { trend: { smaFast: 10, smaSlow: 30, slopeBars: 5 }, volatility: { lookback: 40 } },
  conviction: { smaFast: 10, smaSlow: 30, momentumBars: 15, breakoutBars: 20, slopeBars: 5 },
  selector: { rearmDays: 5, rearmBars: 10, stopAtr: 2 },
};

/** A small log: days of the S&P 500 with shares bought at opens, and stops in the market that trail. */
export const fewDays = (folder: string): string =>
  record(folder, [datasetOf({ SP500: { bars: tenthOfSp500(800, 1_000), assetClass: 'index' } })], {
    config: quick,
    benchmark: 'SP500',
  });

/** Each makes its log in an empty folder and returns its path. */
export const recordedSessions: Readonly<Record<string, (folder: string) => string>> = {
  'days of the S&P 500 with calls, puts and hedges on a modelled chain': (folder) =>
    record(folder, [datasetOf({ SP500: { bars: tenthOfSp500(1_508, 2_260), assetClass: 'index' } })], {
      core: [{ symbol: 'SP500', fraction: 0.6 }],
      benchmark: 'SP500',
    }),
  'quotes with walking orders and a slow venue': (folder) =>
    record(folder, [quotes(9, 12, 300)], { config: { ...hasty, ...patient, exchange: slowVenue } }),
  'half-hour bars taken as they are': (folder) =>
    record(
      folder,
      [datasetOf({ AAA: { bars: intradayBars(8, tradingDays('2018-12-31', 60)), resolutionS: 1_800 } })],
      {
        profile: 'plain',
        strategy: 'sma-cross',
        params: { fast: 3, slow: 12 },
        sizing: { kind: 'fixed', quantity: 10 },
      },
    ),
  'a session that goes on from the one before': (folder) => {
    record(folder, [quotes(9, 12, 60)], {
      roll: 'daily',
      config: { ...hasty, ...patient, exchange: slowVenue },
    });
    return join(folder, 'run.9.db');
  },
  'a recorded chain': (folder) => {
    const bars: readonly DayBar[] = wanderingDays(5, tradingDays('2010-06-01', 120), 100);
    const data = mkdtempSync(join(folder, 'data-'));
    const files = [
      importPrices(data, bars),
      importChain(data, csvOf(chainOf(bars, (i) => 0.2 + 0.1 * Math.sin(i / 9)))).out,
    ];
    return record(folder, files.map(openDataset), { config: hasty, benchmark: 'A' });
  },
  'a paper session with a clock and feeds': (folder) => {
    const path = join(folder, 'paper.db');
    const log = createLog(path, { session: 'paper-20150102T143000-test', flush: 'batch' });
    const [strategy, params] = ['sma-cross', { fast: 3, slow: 9 }] as const;
    paperSession({
      dataset: datasetOf({ AAA: { quotes: quotesOf(9, tradingDays('2014-12-31', 2), 60) } }),
      run: runSpec({
        profile: 'plain',
        strategy,
        params,
        execution: 'midpoint',
        sizing: { kind: 'fixed', quantity: 10 },
        // Quotes come once a minute here: that is no silence.
        config: { venue: { silenceMs: 600_000 }, exchange: { submitLatencyUs: 8_000_000 } },
      }),
      strategy: strategyOf(strategy),
      sink: log,
    });
    log.close();
    return path;
  },
};
