import { combineLatest, debounceTime, delay, from, map, mergeMap, type Observable, scan } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { installDeterminismTrap } from '../../../src/bus/determinism-trap.ts';
import { createCore } from '../../../src/engine/core.ts';
import { feed, RecordedDecisions } from '../../../src/engine/recompute.ts';
import { simulate } from '../../../src/engine/simulation.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import { memoryLog } from '../../../src/log/memory-log.ts';
import { smaCross } from '../../../src/strategies/sma-cross.ts';
import type { Bar } from '../../../src/streams/bar.ts';
import { defineStrategy, eachSymbol, type Signal, type Strategy } from '../../../src/streams/strategy.ts';
import { datasetOf } from '../../../src/testing/dataset-of.ts';
import { runSpec } from '../trading-floor.ts';

const MINUTE = 60_000_000;
const START = Date.UTC(2024, 0, 2, 15) * 1_000;
const wave = (i: number, scale = 1) => 100 + scale * ((i * 7) % 11);
const bars = (n: number, scale?: number) =>
  Array.from({ length: n }, (_, i) => {
    const px = wave(i, scale);
    return { time: START + i * MINUTE, open: px, high: px + 1, low: px - 1, close: px, volume: 1e6 };
  });
const dataset = datasetOf({ A: { bars: bars(60) }, B: { bars: bars(60, 2) } });

const custom = (signals: (bars: Observable<Bar>, symbol: string) => Observable<Signal>) =>
  defineStrategy({
    name: 'custom',
    description: 'of a test',
    params: z.strictObject({}),
    signals: (market) => eachSymbol(market, signals),
  }) as Strategy;

/** A run into a log in memory, and the same log fed to a fresh core that compares every decision. */
function runAndReplay(strategy: Strategy, poisonTicks = false) {
  const run = runSpec({ run: { profile: 'plain', sizing: { kind: 'fixed', quantity: 1 } }, strategy });
  const log = memoryLog();
  const events: StoredEvent[] = [];
  const sink = {
    tick: log.tick,
    event: (event: StoredEvent) => {
      events.push(event);
      log.event(event);
    },
    settle: () => log.settle(),
  };
  const manifest = {
    session: 's',
    continues: null,
    mode: 'sim',
    run,
    symbols: ['A', 'B'],
    datasets: [],
    engineVersion: '0',
    modelled: [],
  } as const;
  const result = simulate({
    manifest: { ...manifest, symbols: ['A', 'B'], datasets: [], modelled: [] },
    strategy,
    datasets: [dataset],
    to: null,
    sinkOf: () => sink,
    poisonTicks,
  });
  log.flush();
  const recorded = new RecordedDecisions();
  const core = createCore({ sink: recorded, run, strategy, symbols: ['A', 'B'] });
  const remove = installDeterminismTrap();
  try {
    feed(log.cursor(), core, recorded);
    recorded.finish();
  } finally {
    remove();
  }
  expect(core.kernel.digest.hex()).toBe(result.decisionDigest);
  expect(core.kernel.halted).toEqual(result.core.kernel.halted);
  return { halted: result.core.kernel.halted?.payload ?? null, events, digest: result.decisionDigest };
}
const toSignal = ({ symbol, close }: Bar): Signal => ({
  symbol,
  direction: close > 103 ? 'long' : 'flat',
  conviction: 100,
});
const atBar = (n: number, fail: (bar: Bar) => unknown) => (source: Observable<Bar>) =>
  source.pipe(
    scan((count) => count + 1, 0),
    mergeMap((count) => from([count])),
    map((count): Signal => {
      if (count === n) fail({} as Bar);
      return { symbol: 'A', direction: count % 4 < 2 ? 'long' : 'flat', conviction: 100 };
    }),
  );

describe("a user's strategy that", () => {
  const hidden: Record<string, () => unknown> = {
    'Date.now': () => Date.now(),
    'new Date()': () => new Date(),
    'Math.random': () => Math.random(),
    'performance.now': () => performance.now(),
    setTimeout: () => setTimeout(() => {}, 0),
    queueMicrotask: () => queueMicrotask(() => {}),
    'Promise.then': () => Promise.resolve().then(() => {}),
  };
  for (const [name, call] of Object.entries(hidden)) {
    test(`calls ${name} halts with NONDETERMINISM, live and on replay`, () => {
      const { halted } = runAndReplay(custom(atBar(9, call)));
      expect(halted).toMatchObject({ code: 'NONDETERMINISM', actor: 'strategy custom' });
    });
  }

  for (const [name, operator] of [
    ['debounceTime', debounceTime(5)],
    ['delay', delay(5)],
    ['a promise', mergeMap((bar: Bar) => Promise.resolve(bar))],
  ] as const) {
    test(`uses ${name} halts with NONDETERMINISM, live and on replay`, () => {
      const { halted } = runAndReplay(
        custom((source) => source.pipe(operator as never, map(toSignal as never))),
      );
      expect(halted).toMatchObject({ code: 'NONDETERMINISM', actor: 'strategy custom' });
    });
  }

  test('looks at the clock while it is set up is refused before the first bar', () => {
    const seeded = custom((source) => {
      const seed = Math.random();
      return source.pipe(map((bar) => ({ ...toSignal(bar), conviction: 100 * seed })));
    });
    expect(() => runAndReplay(seeded)).toThrow(/random was called while deciding/);
  });

  for (const [what, thrown] of [
    ['an error', new RangeError('bad luck')],
    ['null', null],
    ['text', 'no'],
  ] as const) {
    test(`throws ${what} halts the same way, live and on replay, and the market is still recorded`, () => {
      const { halted, events } = runAndReplay(
        custom(
          atBar(9, () => {
            throw thrown;
          }),
        ),
      );
      expect(halted).toMatchObject({ code: 'STREAM_FAILED', actor: 'strategy custom' });
      expect(events.filter(({ type }) => type === 'EngineHalted')).toHaveLength(1);
      const at = events.findIndex(({ type }) => type === 'EngineHalted');
      expect(events.slice(at + 1).every(({ kind }) => kind === 'input')).toBe(true);
    });
  }

  for (const [what, by, signal] of [
    [
      'a conviction that is no number',
      'strategy custom',
      { symbol: 'A', direction: 'long', conviction: Number.NaN },
    ],
    [
      'evidence that is no number',
      'strategist',
      { symbol: 'A', direction: 'long', conviction: 80, evidence: { rsi: Number.NaN } },
    ],
  ] as const) {
    test(`signals ${what} halts, live and on replay`, () => {
      const { halted } = runAndReplay(custom((source) => source.pipe(map(() => signal as Signal))));
      expect(halted).toMatchObject({ actor: by, message: expect.stringContaining('NaN') });
    });
  }

  for (const [what, signal, says] of [
    ['a conviction of 150', { symbol: 'A', direction: 'long', conviction: 150 }, 'must be 0 to 100'],
    ['a symbol nobody trades', { symbol: 'Z', direction: 'long', conviction: 90 }, 'this session has A'],
    ['a direction there is none', { symbol: 'A', direction: 'up', conviction: 90 }, 'long, short or flat'],
  ] as const) {
    test(`signals ${what} halts with a sentence that says what would be right`, () => {
      const { halted } = runAndReplay(custom((source) => source.pipe(map(() => signal as Signal))));
      expect(halted).toMatchObject({ actor: 'strategy custom', message: expect.stringContaining(says) });
    });
  }

  test('combines two averages of one bar gives one signal a bar at most', () => {
    const { events } = runAndReplay({
      ...smaCross,
      params: z.strictObject({}).transform(() => ({ fast: 2, slow: 4 })),
    } as unknown as Strategy);
    const causes = events
      .filter(({ type }) => type === 'ConvictionChanged')
      .map(({ causation }) => causation);
    expect(causes.length).toBeGreaterThan(4);
    expect(new Set(causes).size).toBe(causes.length);
  });

  test('glitches by combining two streams of one source is itself to blame: the engine repeats it exactly', () => {
    const glitchy = custom((source) =>
      combineLatest([source.pipe(map(({ close }) => close)), source]).pipe(
        map(
          ([close, bar]): Signal => ({
            symbol: bar.symbol,
            direction: close === bar.close ? 'long' : 'flat',
            conviction: 100,
          }),
        ),
      ),
    );
    expect(runAndReplay(glitchy).digest).toBe(runAndReplay(glitchy).digest);
  });
});

test('nothing in the core keeps the reused tick: overwriting it after each dispatch changes no decision', () => {
  const strategy = custom((source) => source.pipe(map(toSignal)));
  const plain = runAndReplay(strategy);
  expect(plain.events.filter(({ type }) => type === 'OrderFilled').length).toBeGreaterThan(5);
  expect(runAndReplay(strategy, true).digest).toBe(plain.digest);
});
