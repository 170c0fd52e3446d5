/** The whole pipeline with options and hedges on random markets: what the engine promises of them, and that they trade. */
import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { RunSpec } from '../../src/domain/config.ts';
import { sessionOfDayOrDefault } from '../../src/domain/exchange-calendar.ts';
import { createRandom } from '../../src/domain/random.ts';
import { SessionCarried } from '../../src/events/engine.events.ts';
import { WalkStepped } from '../../src/events/option.events.ts';
import { OrderFilled } from '../../src/events/order.events.ts';
import { projectRun } from '../../src/projections/run-projection.ts';
import { builtInStrategies } from '../../src/strategies/built-in.ts';
import type { Strategy } from '../../src/streams/strategy.ts';
import { arbitraryMarket, arbitraryYears, type TestMarket } from '../../src/testing/arbitrary-market.ts';
import { checkStrategy } from '../../src/testing/check-strategy.ts';
import { type DayBar, datasetOf, type QuoteRecord } from '../../src/testing/dataset-of.ts';
import { shortWindows } from '../../src/testing/run-market.ts';
import type { Invariant } from '../../src/testing/run-view.ts';
import { digestOf, firstDifference, runEngine } from '../engine/engine-run.ts';
import { tradingDays } from '../engine/markets.ts';

const PARAMS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'sma-cross': { fast: 2, slow: 3 },
  'rsi-reversion': { bars: 2, entry: 45, exit: 55 },
};
const strategies = [...builtInStrategies.values()] as Strategy[];

/** The suite draws the same markets every time; QUANTOS_SEED=n draws others, QUANTOS_RUNS=n so many times as many. */
const seed = Number(process.env.QUANTOS_SEED ?? 1);
const times = Number(process.env.QUANTOS_RUNS ?? 1);

const index = { ...shortWindows, options: { ...shortWindows.options, vixSymbol: 'VIX' } };
const core = [{ symbol: 'AAA', fraction: 0.5 }];
const hedged: Partial<RunSpec> = { config: index, benchmark: 'AAA', core };
const slow = { submitLatencyUs: 40_000, reportLatencyUs: 60_000, latencyJitterUs: 20_000 };

/** Counts fills by role, action and what traded, so that a property that held was about something. */
function counting(fills: Record<string, number>): Invariant {
  return {
    name: 'counting',
    check({ record: { event }, orders, market }) {
      if (event?.type === WalkStepped.type) fills.walked = (fills.walked ?? 0) + 1;
      if (event?.type !== OrderFilled.type) return null;
      const { ordinal, symbol } = event.payload as OrderFilled;
      const { role, action } = orders.get(ordinal)!.intended;
      const kind = `${role} ${action} ${market.contract(symbol)?.right ?? 'share'}`;
      fills[kind] = (fills[kind] ?? 0) + 1;
      return null;
    },
  };
}

const SECOND_US = 1_000_000;
/** A market of quotes: some minutes of each day in which the price drifts, and is at times quoted widely or not at all. */
const quotedMarket: fc.Arbitrary<TestMarket> = fc
  .record({
    seed: fc.nat(1_000),
    moods: fc.array(fc.integer({ min: -4, max: 5 }), { minLength: 3, maxLength: 6 }),
    levels: fc.array(fc.integer({ min: 10, max: 60 }), { minLength: 1, maxLength: 3 }),
  })
  .map(({ seed, moods, levels }): TestMarket => {
    const random = createRandom(seed);
    const quotes: QuoteRecord[] = [];
    const index: DayBar[] = [];
    let middle = 10_000;
    tradingDays('2020-01-01', 4 * moods.length).forEach((day, i) => {
      const { open, close } = sessionOfDayOrDefault('XNYS', day);
      const level = levels[i % levels.length];
      index.push({ day, open: level, high: level, low: level, close: level });
      for (const [from, seconds] of [
        // Orders go out five minutes after the bell.
        [open + 290 * SECOND_US, 100],
        [close - 60 * SECOND_US, 55],
      ]) {
        for (let second = 1; second < seconds; second += random.nextUnit() < 0.02 ? 4 : 1) {
          const drift = moods[Math.floor(i / 4)] * 0.2;
          middle = Math.max(5_000, Math.round(middle + drift + (random.nextUnit() - 0.5) * 12));
          const half = random.nextUnit() < 0.05 ? 40 : 1 + Math.floor(random.nextUnit() * 6);
          const size = 1 + Math.floor(random.nextUnit() * 900);
          const time = from + second * SECOND_US;
          const bidPx = (middle - half) / 100;
          const askPx = (middle + half) / 100;
          quotes.push({ time, bidPx, askPx, bidSize: size, askSize: size });
        }
      }
    });
    return { AAA: { quotes }, VIX: { bars: index, assetClass: 'index' } };
  });

interface Case {
  readonly market: fc.Arbitrary<TestMarket>;
  readonly run: Partial<RunSpec>;
  readonly runs: number;
}
const cases: Readonly<Record<string, Case>> = {
  'days and a volatility index': {
    market: arbitraryMarket({ bars: 60, volatilityIndex: 'VIX' }),
    run: hedged,
    runs: 8,
  },
  'days, commission and a slow venue': {
    market: arbitraryMarket({ bars: 60, volatilityIndex: 'VIX', badTicks: false }),
    run: {
      ...hedged,
      config: { ...index, exchange: { ...index.exchange, ...slow } },
      commission: { kind: 'perShare', perShare: 0.01, minimum: 1 },
      finalize: true,
    },
    runs: 8,
  },
  'days, without a core holding and at market prices': {
    market: arbitraryMarket({ bars: 60, volatilityIndex: 'VIX' }),
    run: { ...hedged, core: [], execution: 'next-open' },
    runs: 6,
  },
  'years whose volatility is modelled from themselves': {
    market: arbitraryYears(),
    run: { ...hedged, config: shortWindows },
    runs: 1,
  },
  'quotes that orders walk in': { market: quotedMarket, run: hedged, runs: 3 },
};

describe('every invariant holds of every built-in strategy with options and hedges, on', () => {
  const fills: Record<string, number> = {};
  test.each(Object.entries(cases))('%s', (_, { market, run, runs }) => {
    for (const strategy of strategies) {
      checkStrategy(strategy, {
        market,
        run,
        params: PARAMS[strategy.name] ?? {},
        profile: 'quantos',
        runs: runs * times,
        seed,
        invariants: [counting(fills)],
      });
    }
  });

  test('and these were about calls, puts, hedges, and what becomes of them', () => {
    const kinds = [
      'tactical enter call',
      'tactical exit call',
      'tactical enter put',
      'hedge hedge put',
      'hedge exit put',
      'tactical enter share',
      'walked',
    ];
    expect(kinds.filter((kind) => !(fills[kind] > 3))).toEqual([]);
  });
});

const options = { ...hedged, strategy: 'conviction' };
const anyMarket = arbitraryMarket({ bars: 50, volatilityIndex: 'VIX' });

test('the same market gives the same digest twice, and the books of a report are those of the engine', () => {
  fc.assert(
    fc.property(anyMarket, (market) => {
      const dataset = datasetOf(market);
      const [once, twice] = [runEngine([dataset], options), runEngine([dataset], options)];
      expect(twice.result.decisionDigest).toBe(once.result.decisionDigest);
      const projection = projectRun(once.sessions[0].log.cursor());
      const { portfolio } = once.result.core.actors;
      expect(projection.ledger.cashMicros).toBe(portfolio.cashMicros);
      expect(projection.ledger.positions()).toEqual(portfolio.positions());
    }),
    { numRuns: 10 * times, seed },
  );
});

/** What the venue's account and the engine's portfolio hold of each symbol when a session ends; the venue knows no roles. */
function booksOf({ state }: SessionCarried): [venue: unknown, engine: unknown] {
  interface Books {
    readonly cashMicros: number;
    readonly books: readonly { readonly symbol: string; readonly quantity: number }[];
  }
  const sums = ({ cashMicros, books }: Books) => {
    const held = new Map<string, number>();
    for (const { symbol, quantity } of books) held.set(symbol, (held.get(symbol) ?? 0) + quantity);
    return [cashMicros, [...held].filter(([, quantity]) => quantity !== 0).sort()];
  };
  const venue = state['sim-exchange'] as { account: Books };
  return [sums(venue.account), sums(state.portfolio as Books)];
}

test('rolled sessions decide as one session does, and hand over books that venue and engine agree on', () => {
  fc.assert(
    fc.property(anyMarket, (market) => {
      const dataset = datasetOf(market);
      const one = runEngine([dataset], options);
      const rolled = runEngine([dataset], { ...options, roll: 'daily' });
      expect(firstDifference(rolled.decisions, one.decisions)).toBeNull();
      expect(digestOf(rolled.decisions)).toBe(one.result.decisionDigest);
      for (const { type, payload } of rolled.events) {
        if (type !== SessionCarried.type) continue;
        const [venue, engine] = booksOf(payload as SessionCarried);
        expect(venue).toEqual(engine);
      }
    }),
    { numRuns: 3 * times, seed },
  );
});
