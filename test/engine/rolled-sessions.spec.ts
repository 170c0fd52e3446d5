/** A session rolls at its close and the next one carries on: what is decided must not depend on it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { backtest } from '../../replay/backtest.ts';
import { replay } from '../../replay/replay.ts';
import type { Dataset } from '../../src/engine/market-source.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import {
  countsOf,
  digestOf,
  type EngineRun,
  firstDifference,
  type RunOptions,
  runEngine,
  runSpec,
  strategyOf,
  whileFolder,
} from './engine-run.ts';
import { intradayBars, quotesOf, sp500Days, tradingDays, wanderingDays } from './markets.ts';

/** One session and daily ones decide the same, line by line. */
function decideAlike(
  datasets: readonly Dataset[],
  options: RunOptions,
): { one: EngineRun; rolled: EngineRun } {
  const one = runEngine(datasets, options);
  const rolled = runEngine(datasets, { ...options, roll: 'daily' });
  expect(firstDifference(rolled.decisions, one.decisions)).toBeNull();
  expect(digestOf(rolled.decisions)).toBe(one.result.decisionDigest);
  expect(one.result.core.kernel.halted).toBeNull();
  return { one, rolled };
}

const plain = { profile: 'plain', strategy: 'sma-cross', sizing: { kind: 'fixed', quantity: 10 } } as const;
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
/** Averages short enough that a year of bars has everything in it. */
const quick = {
  regime: { trend: { smaFast: 10, smaSlow: 30, slopeBars: 5 }, volatility: { lookback: 40 } },
  conviction: { smaFast: 10, smaSlow: 30, momentumBars: 15, breakoutBars: 20, slopeBars: 5 },
  selector: { rearmDays: 5, rearmBars: 10, stopAtr: 2 },
};

describe('daily sessions decide what one session decides', () => {
  test('900 days of the S&P 500 through the whole pipeline', () => {
    const dataset = datasetOf({ SPX: { bars: sp500Days(800, 1_700), assetClass: 'index' } });
    const { one, rolled } = decideAlike([dataset], { core: [{ symbol: 'SPX', fraction: 0.3 }] });
    expect(rolled.sessions).toHaveLength(901);
    const { RegimeChanged, ExitTriggered, CancelAttempted } = countsOf(one.decisions);
    expect(RegimeChanged).toBeGreaterThan(50);
    expect(ExitTriggered).toBeGreaterThan(5);
    expect(CancelAttempted).toBeGreaterThan(50);
  });

  test('several symbols with rules that change their minds often', () => {
    const days = tradingDays('2014-12-31', 500);
    const dataset = datasetOf({
      AAA: { bars: wanderingDays(1, days) },
      BBB: { bars: wanderingDays(2, days.slice(100)) },
      CCC: {
        bars: wanderingDays(
          3,
          days.filter((_, i) => i % 7 !== 3),
        ),
      },
    });
    const { one } = decideAlike([dataset], {
      config: quick,
      commission: { kind: 'perShare', perShare: 0.005, minimum: 1 },
    });
    expect(countsOf(one.decisions).ExitTriggered).toBeGreaterThan(20);
  });

  test.each([
    { fast: 5, slow: 20 },
    { fast: 20, slow: 600 },
  ])('a plain crossover of $fast and $slow bars', (params) => {
    const dataset = datasetOf({ AAA: { bars: wanderingDays(4, tradingDays('2012-12-31', 1_000)) } });
    const { one } = decideAlike([dataset], { ...plain, params, allowShort: true, reverse: true });
    expect(countsOf(one.decisions).OrderIntended).toBeGreaterThan(0);
  });

  test('a whole account in a reversing plain run that is closed at its end', () => {
    const dataset = datasetOf({ AAA: { bars: wanderingDays(5, tradingDays('2012-12-31', 500)) } });
    const sizing = { kind: 'percent', percent: 100 } as const;
    decideAlike([dataset], {
      ...plain,
      params: { fast: 5, slow: 20 },
      sizing,
      finalize: true,
      reverse: true,
    });
  });

  test.each(['rsi-reversion', 'buy-and-hold'])('%s', (strategy) => {
    const dataset = datasetOf({
      AAA: { bars: wanderingDays(6, tradingDays('2012-12-31', 500)) },
      BBB: { bars: wanderingDays(7, tradingDays('2012-12-31', 500)) },
    });
    const params = strategy === 'rsi-reversion' ? { bars: 5 } : {};
    decideAlike([dataset], { ...plain, strategy, params });
  });

  test('half-hour bars, by themselves and as days of the whole pipeline', () => {
    const days = tradingDays('2018-12-31', 120);
    const dataset = datasetOf({ AAA: { bars: intradayBars(8, days), resolutionS: 1_800 } });
    const own = decideAlike([dataset], { ...plain, params: { fast: 3, slow: 12 } });
    expect(countsOf(own.one.decisions).OrderIntended).toBeGreaterThan(50);
    const whole = decideAlike([dataset], { config: quick });
    expect(countsOf(whole.one.decisions).OrderIntended).toBeGreaterThan(5);
  });

  test('quotes with a venue that is slow to hear and to answer', () => {
    const days = tradingDays('2018-12-31', 40);
    const dataset = datasetOf({
      AAA: { quotes: quotesOf(9, days, 300) },
      BBB: { quotes: quotesOf(10, days, 400) },
    });
    const exchange = {
      submitLatencyUs: 90_000_000,
      reportLatencyUs: 40_000_000,
      latencyJitterUs: 60_000_000,
    };
    // With a quote every five minutes a walk takes its time.
    const execution = { stepMs: 300_000, patienceMs: 3_600_000 };
    const risk = { quoteAgeMaxMs: 600_000, intentAgeMaxMs: 7_200_000 };
    const rules = { ...hasty, risk, exchange, execution };
    const whole = decideAlike([dataset], { config: rules });
    expect(countsOf(whole.one.events).OrderFilled).toBeGreaterThan(3);
    const own = decideAlike([dataset], {
      ...plain,
      params: { fast: 5, slow: 20 },
      config: { exchange },
      execution: 'midpoint',
    });
    expect(countsOf(own.one.events).OrderFilled).toBeGreaterThan(100);
  });
});

describe('the log of each rolled session stands alone', () => {
  const days = tradingDays('2016-12-31', 20);
  const half = intradayBars(8, days);
  const markets = {
    'days of the whole pipeline': [
      datasetOf({ AAA: { bars: wanderingDays(1, days) }, BBB: { bars: wanderingDays(2, days) } }),
      { config: hasty, core: [{ symbol: 'AAA', fraction: 0.3 }] },
    ],
    'half-hour bars as they are': [
      datasetOf({ AAA: { bars: half, resolutionS: 1_800 } }),
      { ...plain, params: { fast: 3, slow: 12 } },
    ],
    'quotes with latency': [
      datasetOf({ AAA: { quotes: quotesOf(9, days.slice(0, 8), 300) } }),
      {
        ...plain,
        params: { fast: 5, slow: 20 },
        execution: 'midpoint',
        config: {
          exchange: { submitLatencyUs: 90_000_000, reportLatencyUs: 40_000_000, latencyJitterUs: 60_000_000 },
        },
      },
    ],
  } satisfies Record<string, [Dataset, RunOptions]>;

  test.each(Object.keys(markets) as (keyof typeof markets)[])('%s', async (name) => {
    const [dataset, options] = markets[name];
    await whileFolder(async (folder) => {
      backtest({
        datasets: [{ ...dataset, notes: [], rejected: 0, close: () => {} }],
        run: runSpec({ ...options, roll: 'daily' }),
        strategy: strategyOf(('strategy' in options && options.strategy) || 'conviction'),
        out: join(folder, 'run.db'),
        to: null,
        session: 'rolled',
        modelled: [],
      });
      const logs = readdirSync(folder).filter((file) => file.endsWith('.db'));
      expect(logs.length).toBeGreaterThan(5);
      for (const log of logs) {
        const { identical, firstDifference } = await replay(join(folder, log), { verify: true });
        expect([log, firstDifference?.what]).toEqual([log, undefined]);
        expect(identical).toBe(true);
      }
    });
  });
});
