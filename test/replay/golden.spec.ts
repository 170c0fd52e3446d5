/**
 * Golden sessions: what the engine decides on known markets, as digests. A change of one is a decision about trading
 * behaviour: explain it in CHANGELOG.md, then write the new values with `npx vitest run test/replay/golden.spec.ts -u`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDataset } from '../../replay/dataset.ts';
import demoConfig from '../../src/cli/demo.config.json' with { type: 'json' };
import { fromMicros } from '../../src/domain/money.ts';
import { demoDatasetSource } from '../../src/engine/demo-dataset.ts';
import { importFiles } from '../../src/engine/ingest.ts';
import type { Dataset } from '../../src/engine/market-source.ts';
import { memoryLog } from '../../src/log/memory-log.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { countsOf, type EngineRun, type RunOptions, runEngine } from '../engine/engine-run.ts';
import { intradayBars, quotesOf, sp500Days, tradingDays, wanderingDays } from '../engine/markets.ts';

const folder = mkdtempSync(join(tmpdir(), 'quantos-golden-'));
afterAll(() => rmSync(folder, { recursive: true }));

function demoMarket(): Dataset {
  const out = join(folder, 'demo.db');
  const { symbol, ...dataset } = demoConfig.dataset;
  importFiles({
    ...dataset,
    assetClass: 'index',
    files: [demoDatasetSource()],
    symbols: [symbol],
    out,
    overwrite: true,
  });
  return openDataset(out);
}

const golden: Record<string, { market: () => Dataset; options: RunOptions }> = {
  // `npm start`.
  demo: {
    market: demoMarket,
    options: { core: demoConfig.core, benchmark: demoConfig.benchmark, config: demoConfig.config },
  },
  crossover: {
    market: () => datasetOf({ SP500: { bars: sp500Days(0, 1_500), assetClass: 'index' } }),
    options: {
      profile: 'plain',
      strategy: 'sma-cross',
      sizing: { kind: 'fixed', quantity: 10 },
      finalize: true,
    },
  },
  'several-symbols': {
    market: () => {
      const days = tradingDays('2014-12-31', 450);
      return datasetOf({
        AAA: { bars: wanderingDays(1, days) },
        BBB: { bars: wanderingDays(2, days) },
        CCC: { bars: wanderingDays(3, days) },
      });
    },
    options: { commission: { kind: 'perShare', perShare: 0.005, minimum: 1 } },
  },
  'half-hours': {
    market: () =>
      datasetOf({ AAA: { bars: intradayBars(8, tradingDays('2018-12-31', 40)), resolutionS: 1_800 } }),
    options: {
      profile: 'plain',
      strategy: 'rsi-reversion',
      params: { bars: 7 },
      commission: { kind: 'percent', rate: 0.0005 },
    },
  },
  quotes: {
    market: () => datasetOf({ AAA: { quotes: quotesOf(9, tradingDays('2018-12-31', 4)) } }),
    options: {
      profile: 'plain',
      strategy: 'sma-cross',
      params: { fast: 5, slow: 20 },
      execution: 'midpoint',
      config: { exchange: { submitLatencyUs: 2_000, reportLatencyUs: 1_000, latencyJitterUs: 5_000 } },
    },
  },
};

const note =
  'A digest that changes is a decision about trading behaviour: explain it in CHANGELOG.md before writing it here.';

const summary = ({ result, decisions }: EngineRun) =>
  `${JSON.stringify(
    {
      note,
      decisionDigest: result.decisionDigest,
      finalEquity: fromMicros(result.core.actors.portfolio.equityMicros()),
      decisions: countsOf(decisions),
    },
    null,
    2,
  )}\n`;

test.each(Object.keys(golden))('%s decides as committed, twice in one process', async (name) => {
  const { market, options } = golden[name];
  const first = runEngine([market()], options);
  expect(first.result.core.kernel.halted).toBeNull();
  await expect(summary(first)).toMatchFileSnapshot(`golden/${name}.json`);
  // Once more from other blocks: the market cut into small ones, and the session committed after every cascade.
  const again = runEngine([inBlocksOf(97, market())], options, (log) => log.flush());
  expect(again.result.decisionDigest).toBe(first.result.decisionDigest);
});

/** The same records in other blocks. */
function inBlocksOf(size: number, dataset: Dataset): Dataset {
  const log = memoryLog();
  const cursor = dataset.open();
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind === 1) log.tick(cursor.seq, cursor.tick, cursor.source);
    else log.event(cursor.event);
    if (cursor.seq % size === 0) log.flush();
  }
  log.flush();
  return { ...dataset, open: () => log.cursor() };
}
