/** The engine's own promises over every built-in strategy, both profiles, and markets that no feed should send. */
import { fc } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import type { RunSpec } from '../../src/domain/config.ts';
import { createCore, describeState } from '../../src/engine/core.ts';
import { feed, RecordedDecisions } from '../../src/engine/recompute.ts';
import { simulate } from '../../src/engine/simulation.ts';
import { type MemoryLog, memoryLog } from '../../src/log/memory-log.ts';
import { builtInStrategies } from '../../src/strategies/built-in.ts';
import type { Strategy } from '../../src/streams/strategy.ts';
import { arbitraryMarket, type TestMarket } from '../../src/testing/arbitrary-market.ts';
import { checkStrategy } from '../../src/testing/check-strategy.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';
import { runSpecOf, shortWindows } from '../../src/testing/run-market.ts';

const PARAMS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'sma-cross': { fast: 2, slow: 3 },
  'rsi-reversion': { bars: 2, entry: 45, exit: 55 },
};
const strategies = [...builtInStrategies.values()] as Strategy[];

/** The suite draws the same markets every time; QUANTOS_SEED=n draws others. */
const seed = Number(process.env.QUANTOS_SEED ?? 1);

/** Runs that differ where orders differ: costs, sides, sizes, core holdings, latency, the last open. */
const VARIANTS: Readonly<Record<string, Partial<RunSpec>>> = {
  'as it comes': {},
  'with shorts, reversals and commission': {
    allowShort: true,
    reverse: true,
    commission: { kind: 'percent', rate: 0.001 },
  },
  'with a core holding, closed at the last open': {
    core: [{ symbol: 'AAA', fraction: 0.5 }],
    finalize: true,
    commission: { kind: 'perShare', perShare: 0.01, minimum: 1 },
  },
  'with a fixed size, filled at the next close': {
    execution: 'next-close',
    sizing: { kind: 'fixed', quantity: 100 },
  },
};

const RESOLUTIONS = [
  { resolution: '1d', bars: 30 },
  { resolution: '1h', bars: 60 },
] as const;

for (const profile of ['plain', 'quantos'] as const) {
  for (const [variant, run] of Object.entries(VARIANTS)) {
    test(`every invariant holds of every built-in strategy in ${profile}, ${variant}`, () => {
      let fills = 0;
      for (const strategy of strategies) {
        for (const market of RESOLUTIONS) {
          const params = PARAMS[strategy.name] ?? {};
          fills += checkStrategy(strategy, {
            market: arbitraryMarket(market),
            params,
            profile,
            run,
            runs: 8,
            seed,
          }).fills;
        }
      }
      expect(fills).toBeGreaterThan(50);
    });
  }
}

test('a strategy’s orders keep every invariant when the way to the venue and back takes time', () => {
  const { exchange } = shortWindows;
  const slow = { ...exchange, submitLatencyUs: 40_000, reportLatencyUs: 60_000, latencyJitterUs: 20_000 };
  const run = { config: { ...shortWindows, exchange: slow }, execution: 'midpoint' } as const;
  const market = arbitraryMarket({ resolution: '1h', bars: 60 });
  let fills = 0;
  for (const profile of ['plain', 'quantos'] as const) {
    for (const strategy of strategies) {
      const params = PARAMS[strategy.name] ?? {};
      fills += checkStrategy(strategy, { market, params, profile, run, runs: 8, seed }).fills;
    }
  }
  expect(fills).toBeGreaterThan(20);
});

function recordedRun(
  market: TestMarket,
  strategy: Strategy,
  run: RunSpec,
): { log: MemoryLog; state: unknown } {
  const log = memoryLog();
  const { core } = simulate({
    manifest: {
      session: 'prefix',
      continues: null,
      mode: 'sim',
      run,
      symbols: Object.keys(market).sort(),
      datasets: [],
      engineVersion: 'test',
      modelled: [],
    },
    strategy,
    datasets: [datasetOf(market)],
    to: null,
    sinkOf: () => log,
  });
  log.flush();
  return { log, state: describeState(core) };
}

test('replaying a prefix and then the rest ends where the whole run ended', () => {
  const anyRun = fc.record({
    market: arbitraryMarket({ bars: 20 }),
    strategy: fc.constantFrom(...strategies),
    profile: fc.constantFrom('plain' as const, 'quantos' as const),
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(anyRun, ({ market, strategy, profile, cut }) => {
      const run = runSpecOf(strategy, { profile, params: PARAMS[strategy.name] ?? {} });
      const { log, state } = recordedRun(market, strategy, run);
      const recorded = new RecordedDecisions();
      const core = createCore({ sink: recorded, run, strategy, symbols: Object.keys(market).sort() });
      const upTo = Math.floor(log.lastSeq * cut);
      feed(log.cursor(), core, recorded, { upTo });
      feed(log.cursor({ from: upTo + 1 }), core, recorded);
      recorded.finish();
      expect(describeState(core)).toEqual(state);
    }),
    { numRuns: 60 },
  );
});
