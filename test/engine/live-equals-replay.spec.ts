/** How events are cut into blocks and commits, and under which ids symbols are known, decides nothing. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createCore } from '../../src/engine/core.ts';
import type { Dataset } from '../../src/engine/market-source.ts';
import { feed, RecordedDecisions } from '../../src/engine/recompute.ts';
import { memoryLog } from '../../src/log/memory-log.ts';
import { datasetOf, type SymbolRecords } from '../../src/testing/dataset-of.ts';
import { firstDifference, type RunOptions, runEngine, runSpec, strategyOf } from './engine-run.ts';
import { intradayBars, quotesOf, tradingDays, wanderingDays } from './markets.ts';

/** The same records in blocks of these sizes, over and over. */
function inBlocks(dataset: Dataset, sizes: readonly number[]): Dataset {
  const log = memoryLog();
  const cursor = dataset.open();
  let block = 0;
  let left = sizes[0];
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind === 1) log.tick(cursor.seq, cursor.tick, cursor.source);
    else log.event(cursor.event);
    if (--left > 0) continue;
    log.flush();
    left = sizes[++block % sizes.length];
  }
  log.flush();
  return { ...dataset, open: () => log.cursor() };
}

const plain = { profile: 'plain', strategy: 'sma-cross', sizing: { kind: 'fixed', quantity: 10 } } as const;
const days = tradingDays('2014-12-31', 300);
const markets: Record<string, [Record<string, SymbolRecords>, RunOptions]> = {
  days: [
    {
      AAA: { bars: wanderingDays(1, days) },
      BBB: { bars: wanderingDays(2, days) },
      CCC: { bars: wanderingDays(3, days) },
    },
    { ...plain, params: { fast: 3, slow: 9 } },
  ],
  pipeline: [
    { AAA: { bars: wanderingDays(4, days) }, BBB: { bars: wanderingDays(5, days) } },
    { config: { regime: { volatility: { lookback: 40 } } } },
  ],
  'half-hours': [
    {
      AAA: { bars: intradayBars(8, days.slice(0, 20)), resolutionS: 1_800 },
      BBB: { bars: intradayBars(9, days.slice(0, 20)), resolutionS: 1_800 },
    },
    { ...plain, params: { fast: 3, slow: 9 } },
  ],
  quotes: [
    {
      AAA: { quotes: quotesOf(9, days.slice(0, 2), 60) },
      BBB: { quotes: quotesOf(10, days.slice(0, 2), 90) },
    },
    {
      ...plain,
      params: { fast: 3, slow: 9 },
      execution: 'midpoint',
      config: { exchange: { submitLatencyUs: 20_000_000, reportLatencyUs: 7_000_000 } },
    },
  ],
};
const names = Object.keys(markets);
const references = new Map(
  names.map((name) => [name, runEngine([datasetOf(markets[name][0])], markets[name][1])]),
);

describe.each(names)('%s', (name) => {
  const [symbols, options] = markets[name];
  const reference = references.get(name)!;

  test('have something to decide', () => {
    expect(reference.decisions.length).toBeGreaterThan(100);
  });

  test.prop(
    [
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 50 }),
    ],
    { numRuns: 4 },
  )('block sizes and commit boundaries decide nothing, live or replayed', (sizes, commits) => {
    let quiet = 0;
    const run = runEngine([inBlocks(datasetOf(symbols), sizes)], options, (log) => {
      if (commits[quiet++ % commits.length]) log.flush();
      else log.settle();
    });
    expect(firstDifference(run.decisions, reference.decisions)).toBeNull();
    const recorded = new RecordedDecisions();
    const spec = runSpec(options);
    const strategy = strategyOf(options.strategy ?? 'conviction');
    const core = createCore({ sink: recorded, run: spec, strategy, symbols: Object.keys(symbols) });
    feed(run.sessions[0].log.cursor(), core, recorded);
    recorded.finish();
    expect(core.kernel.digest.hex()).toBe(reference.result.decisionDigest);
  });

  test('the order in which a dataset defines its symbols decides nothing', () => {
    const turned = datasetOf(Object.fromEntries(Object.entries(symbols).reverse()));
    const inOrder = sortedWithinInstants(turned);
    expect(inOrder.symbols.map(({ symbol }) => symbol)).toEqual(Object.keys(symbols).reverse());
    expect(firstDifference(runEngine([inOrder], options).decisions, reference.decisions)).toBeNull();
  });

  test('the order in which datasets are named decides nothing', () => {
    const each = Object.entries(symbols).map(([symbol, records]) => datasetOf({ [symbol]: records }));
    expect(firstDifference(runEngine(each, options).decisions, reference.decisions)).toBeNull();
    expect(
      firstDifference(runEngine([...each].reverse(), options).decisions, reference.decisions),
    ).toBeNull();
  });
});

/** The records of one instant by symbol: the order they came in is the market's, and not what is tested here. */
function sortedWithinInstants(dataset: Dataset): Dataset {
  const parts = dataset.symbols.map(({ id }) => {
    const log = memoryLog();
    const cursor = dataset.open();
    for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
      if (kind === 1 && cursor.tick.symbolId === id) log.tick(log.lastSeq + 1, cursor.tick, cursor.source);
    }
    log.flush();
    return { cursor: log.cursor(), symbol: dataset.symbols[id].symbol, at: 0 };
  });
  const log = memoryLog();
  const events = dataset.open();
  for (let kind = events.next(); kind === 2; kind = events.next()) log.event(events.event);
  const alive = parts.filter((part) => part.cursor.next() === 1);
  while (alive.length > 0) {
    alive.sort(
      (a, b) => a.cursor.tick.recordedAt - b.cursor.tick.recordedAt || (a.symbol < b.symbol ? -1 : 1),
    );
    log.tick(log.lastSeq + 1, alive[0].cursor.tick, 'file');
    if (alive[0].cursor.next() === 0) alive.shift();
  }
  log.flush();
  return { ...dataset, open: () => log.cursor() };
}
