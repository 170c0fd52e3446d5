import type { Observable } from 'rxjs';
import { concatMap, debounceTime, map } from 'rxjs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import breakout from '../../examples/breakout.ts';
import closeLocation from '../../examples/faulty-close-location.ts';
import memory from '../../examples/faulty-memory.ts';
import { OrderFilled } from '../../src/events/order.events.ts';
import { type Bar, defineStrategy, eachSymbol, type Signal, type Strategy } from '../../src/index.ts';
import {
  arbitraryMarket,
  type CheckOptions,
  checkStrategy,
  type Invariant,
  StrategyCheckFailed,
} from '../../src/testing/index.ts';

/** What the check of a strategy that fails says. */
function failureOf<P>(strategy: Strategy<P>, options: CheckOptions = {}): StrategyCheckFailed {
  try {
    checkStrategy(strategy, { seed: 1, ...options });
  } catch (error) {
    if (error instanceof StrategyCheckFailed) return error;
    throw error;
  }
  throw new Error('the check passed');
}

const barsIn = ({ market }: StrategyCheckFailed) => Object.values(market).flatMap(({ bars = [] }) => bars);

const strategyOf = (signals: (bars: Observable<Bar>, symbol: string) => Observable<Signal>) =>
  defineStrategy({
    name: 'mine',
    description: 'a test',
    params: z.strictObject({}),
    signals: (market) => eachSymbol(market, signals),
  });

const always = (symbol: string): Signal => ({ symbol, direction: 'long', conviction: 100 });

test('the example strategy keeps every invariant in both profiles, and trades while it does', () => {
  for (const profile of ['plain', 'quantos'] as const) {
    const result = checkStrategy(breakout, { profile, params: { bars: 3 }, seed: 1 });
    expect(result).toMatchObject({ runs: 100, seed: 1 });
    expect(result.fills).toBeGreaterThan(100);
  }
});

test('a strategy that divides by the range of a bar is caught and shrunk to one bar without a range', () => {
  const failure = failureOf(closeLocation);
  expect(failure.invariant).toBe('the engine never halts');
  expect(failure.message).toContain('conviction NaN');
  expect(barsIn(failure)).toEqual([
    { day: '2020-01-02', open: 100, high: 100, low: 100, close: 100, volume: 1_000_000 },
  ]);
});

test('a report says how the failure is seen again, and it is', () => {
  const first = failureOf(closeLocation, { seed: 7 });
  const again = failureOf(closeLocation, { seed: first.seed, path: first.path });
  expect(first.message).toContain(`seed: 7, path: '${first.path}'`);
  expect(again.market).toEqual(first.market);
});

test('a strategy that remembers bars of another run is caught, since its replay decides otherwise', () => {
  const failure = failureOf(memory);
  expect(failure.invariant).toBe('a run replays identically');
  expect(barsIn(failure).length).toBeLessThanOrEqual(8);
});

test('a clock, chance, a timer and a throw in a strategy are reported as what they are, in one bar', () => {
  const faults: [string, ReturnType<typeof strategyOf>][] = [
    [
      'Date.now',
      strategyOf((bars, symbol) =>
        bars.pipe(map(() => ({ ...always(symbol), evidence: { at: Date.now() } }))),
      ),
    ],
    [
      'random',
      strategyOf((bars, symbol) => bars.pipe(map(() => ({ ...always(symbol), conviction: Math.random() })))),
    ],
    [
      'Date.now',
      strategyOf((bars, symbol) =>
        bars.pipe(
          debounceTime(10),
          map(() => always(symbol)),
        ),
      ),
    ],
    [
      'no such thing',
      strategyOf((bars) =>
        bars.pipe(
          concatMap(() => {
            throw new TypeError('no such thing');
          }),
        ),
      ),
    ],
  ];
  for (const [what, strategy] of faults) {
    const failure = failureOf(strategy);
    expect(failure.invariant).toBe('the engine never halts');
    expect(failure.message).toContain('strategy mine');
    expect(failure.message).toContain(what);
    expect(barsIn(failure)).toHaveLength(1);
  }
});

test('a strategy that throws before the first bar is reported, too', () => {
  const failure = failureOf(
    strategyOf(() => {
      throw new Error('no channel');
    }),
  );
  expect(failure.invariant).toBe('a run comes to its end');
  expect(failure.message).toContain('no channel');
});

test('an invariant of the user is watched beside the engine’s own', () => {
  const atMostTwoTrades: Invariant = {
    name: 'at most two fills a day',
    check({ record: { event }, fills }) {
      if (event?.type !== OrderFilled.type) return null;
      const today = fills.filter((fill) => fill.event.time === event.time).length;
      return today <= 2 ? null : `${today} fills at one moment`;
    },
  };
  const eager = strategyOf((bars, symbol) => bars.pipe(map(() => always(symbol))));
  const market = arbitraryMarket({ symbols: ['AAA', 'BBB', 'CCC'] });
  const run = { sizing: { kind: 'fixed', quantity: 1 } } as const;
  const failure = failureOf(eager, { market, run, invariants: [atMostTwoTrades] });
  expect(failure.invariant).toBe('at most two fills a day');
  expect(failure.message).toContain('3 fills at one moment');
  expect(barsIn(failure).length).toBeLessThanOrEqual(6);
  expect(failure.message).toContain('OrderFilled');
});

test('a parameter the strategy does not take is an error of the test, not of the strategy', () => {
  expect(() => checkStrategy(breakout, { params: { bars: 'many' } })).toThrow(z.ZodError);
});
