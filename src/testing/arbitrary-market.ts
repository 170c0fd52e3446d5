/**
 * Random markets for properties: trends, bursts of volatility, gaps, halts and every fault a feed can have. Prices are
 * whole dollars around a round start and a market is a list of bars, so that a failing one shrinks to a few readable rows.
 */
import fc from 'fast-check';
import { nextTradingDay, sessionOfDayOrDefault } from '../domain/exchange-calendar.ts';
import { createRandom } from '../domain/random.ts';
import { DAY_S } from '../events/tick.ts';
import type { DayBar, IntradayBar, SymbolRecords } from './dataset-of.ts';

/** The records of each symbol, by symbol: what `datasetOf` takes. */
export type TestMarket = Readonly<Record<string, SymbolRecords>>;

export interface MarketOptions {
  /** `AAA` and `BBB` where not given; a market has the first, and mostly the others. */
  readonly symbols?: readonly string[];
  /** Most bars a symbol has; 40 where not given. */
  readonly bars?: number;
  /** Length of a bar; `1d` where not given. */
  readonly resolution?: '1d' | '1h' | '5m' | '1m';
  /** False for markets without a fault of the feed; halts stay. */
  readonly badTicks?: boolean;
  /**
   * A volatility index to go with them, for `config.options.vixSymbol`: options are modelled from the first day on then,
   * not only after a year.
   */
  readonly volatilityIndex?: string;
}

/** What can be wrong with a record, or with its way here. */
const faults = [
  'halt',
  'notANumber',
  'infinite',
  'negative',
  'crossed',
  'inconsistent',
  'tenfold',
  'billionfold',
  'badOpen',
  'duplicate',
  'late',
] as const;
type Fault = 'none' | (typeof faults)[number];

/** One bar to be: everything in dollars, relative to the close before. */
interface Step {
  /** From the close before to the open. */
  readonly gap: number;
  /** From the open to the close. */
  readonly move: number;
  /** How far high and low reach beyond open and close. */
  readonly reach: number;
  readonly volume: number;
  readonly fault: Fault;
}

const RESOLUTIONS = { '1d': DAY_S, '1h': 3_600, '5m': 300, '1m': 60 } as const;
const FIRST_DAY = '2020-01-02';
const SECOND_US = 1_000_000;

/**
 * Markets of 1 to `bars` bars a symbol, from Thursday 2020-01-02 on. About one in twelve bars has a fault: it is missing
 * (a halt), not a number, infinite, negative, crossed, inconsistent, ten or a billion times too high, opened at no number,
 * sent twice, or arrives after the bar that follows it. Shrinks towards few bars of 100 dollars without faults.
 */
export function arbitraryMarket(options: MarketOptions = {}): fc.Arbitrary<TestMarket> {
  const {
    symbols = ['AAA', 'BBB'],
    bars = 40,
    resolution = '1d',
    badTicks = true,
    volatilityIndex,
  } = options;
  const resolutionS = RESOLUTIONS[resolution];
  const records = fc
    .tuple(fc.constantFrom(100, 10, 3_000), arbitrarySteps(bars, badTicks))
    .map(([start, steps]) => ({ resolutionS, bars: barsOf(start, steps, resolutionS) }));
  const all: Record<string, fc.Arbitrary<SymbolRecords>> = Object.fromEntries(
    symbols.map((symbol) => [symbol, records]),
  );
  const required = [symbols[0]];
  if (volatilityIndex !== undefined) {
    all[volatilityIndex] = arbitraryIndex(bars, badTicks);
    required.push(volatilityIndex);
  }
  return fc.record(all, { requiredKeys: required }) as fc.Arbitrary<TestMarket>;
}

/** Levels of a volatility index by day, from calm ones to panics. */
const arbitraryIndex = (bars: number, badTicks: boolean): fc.Arbitrary<SymbolRecords> =>
  fc.tuple(fc.constantFrom(20, 12, 45), arbitrarySteps(bars, badTicks)).map(([start, steps]) => ({
    assetClass: 'index',
    resolutionS: DAY_S,
    bars: barsOf(start, steps, DAY_S),
  }));

/** One mood of a market: thousandths a day. */
interface Mood {
  readonly days: number;
  readonly drift: number;
  readonly swing: number;
  /** From the last close before it to its first open. */
  readonly gap: number;
}

const calm = {
  drift: fc.integer({ min: -1, max: 2 }),
  swing: fc.integer({ min: 1, max: 10 }),
  gap: fc.integer({ min: 0, max: 0 }),
};
const crash = {
  drift: fc.integer({ min: -25, max: -4 }),
  swing: fc.integer({ min: 10, max: 60 }),
  gap: fc.integer({ min: -200, max: 50 }),
};

/**
 * Daily bars of 300 days and more, in cents: long enough for the chain model, which looks back over a year. Trends, crashes
 * and gaps are drawn; the days within a mood follow from a seed of the market.
 */
export function arbitraryYears(
  options: Pick<MarketOptions, 'symbols'> & { readonly days?: number } = {},
): fc.Arbitrary<TestMarket> {
  const { symbols = ['AAA', 'BBB'], days = 420 } = options;
  const mood = (of: typeof calm, most: number) =>
    fc.record({ days: fc.integer({ min: 3, max: most }), ...of });
  const moods = fc.array(fc.oneof({ arbitrary: mood(calm, 90), weight: 3 }, mood(crash, 15)), {
    minLength: 4,
    maxLength: 14,
    size: 'max',
  });
  const records = fc.record({ seed: fc.nat(1_000), start: fc.constantFrom(100, 30, 280), moods }).map(
    ({ seed, start, moods }): SymbolRecords => ({
      resolutionS: DAY_S,
      bars: barsOf(
        start,
        stepsOf(seed, start, [{ days: 260, drift: 0, swing: 6, gap: 0 }, ...moods]).slice(0, days),
        DAY_S,
      ),
    }),
  );
  const all = Object.fromEntries(symbols.map((symbol) => [symbol, records]));
  return fc.record(all, { requiredKeys: [symbols[0]] }) as fc.Arbitrary<TestMarket>;
}

function stepsOf(seed: number, start: number, moods: readonly Mood[]): Step[] {
  const random = createRandom(seed);
  let close = start;
  return moods.flatMap(({ days, drift, swing, gap }) =>
    Array.from({ length: days }, (_, day): Step => {
      const shock = (random.nextUnit() + random.nextUnit() - 1) * swing;
      const jump = onCents((close * (day === 0 ? gap : (random.nextUnit() - 0.5) * swing * 0.5)) / 1_000);
      const open = Math.max(1, close + jump);
      const move = onCents((open * (drift + shock)) / 1_000);
      close = Math.max(1, open + move);
      const reach = onCents((open * random.nextUnit() * swing) / 2_000);
      const volume = 2_000_000 + Math.floor(random.nextUnit() * 4_000_000);
      return { gap: jump, move, reach, volume, fault: 'none' };
    }),
  );
}

/** Phases of one mood each; without phases a random walk would never trend long enough to be traded. */
function arbitrarySteps(bars: number, badTicks: boolean): fc.Arbitrary<Step[]> {
  const longest = Math.max(1, Math.ceil(bars / 3));
  const phase = (drift: number, swing: number) =>
    fc.array(arbitraryStep(drift, swing, badTicks), { minLength: 1, maxLength: longest, size: 'max' });
  const phases = fc.oneof(phase(0, 1), phase(1, 1), phase(-1, 1), phase(2, 3), phase(-3, 3), phase(0, 20));
  return fc.array(phases, { minLength: 1, maxLength: 5 }).map((moods) => moods.flat().slice(0, bars));
}

function arbitraryStep(drift: number, swing: number, badTicks: boolean): fc.Arbitrary<Step> {
  const often = (usual: fc.Arbitrary<number>, rare: fc.Arbitrary<number>, weight: number) =>
    fc.oneof({ withCrossShrink: true }, { arbitrary: usual, weight }, { arbitrary: rare, weight: 1 });
  const anyFault: fc.Arbitrary<Fault> = fc.constantFrom(...(badTicks ? faults : (['halt'] as const)));
  return fc.record({
    gap: often(fc.constant(0), fc.integer({ min: -30, max: 30 }), 5),
    move: fc.integer({ min: -swing, max: swing }).map((shock) => drift + shock),
    reach: fc.integer({ min: 0, max: swing }),
    volume: often(fc.constant(1_000_000), fc.constantFrom(10_000_000, 200, 0), 8),
    fault: fc.oneof(
      { withCrossShrink: true },
      { arbitrary: fc.constant<Fault>('none'), weight: 11 },
      anyFault,
    ),
  });
}

const onCents = (dollars: number): number => Math.round(dollars * 100) / 100;

function barsOf(start: number, steps: readonly Step[], resolutionS: number): (DayBar | IntradayBar)[] {
  const slots = slotsFrom(FIRST_DAY, resolutionS);
  const bars: (DayBar | IntradayBar)[] = [];
  let close = start;
  let slot = slots.next().value;
  for (const step of steps) {
    const next = slots.next().value;
    const open = onCents(Math.max(1, close + step.gap));
    close = onCents(Math.max(1, open + step.move));
    const high = onCents(Math.max(open, close) + step.reach);
    const low = onCents(Math.max(1, Math.min(open, close) - step.reach));
    const bar = { ...slot.stamp, open, high, low, close, volume: step.volume };
    bars.push(...spoilt(bar, step.fault, next.end + SECOND_US));
    slot = next;
  }
  return bars;
}

type Stamp = { readonly day: string } | { readonly time: number };

/** The bars of one session after another: how each is stamped, and when it ends. */
function* slotsFrom(firstDay: string, resolutionS: number): Generator<{ stamp: Stamp; end: number }, never> {
  for (let day = firstDay; ; day = nextTradingDay('XNYS', day)) {
    const { open, close } = sessionOfDayOrDefault('XNYS', day);
    if (resolutionS === DAY_S) yield { stamp: { day }, end: close };
    else {
      for (let time = open + resolutionS * SECOND_US; time <= close; time += resolutionS * SECOND_US) {
        yield { stamp: { time }, end: time };
      }
    }
  }
}

/** A bar as a faulty feed sends it: not at all, wrong, twice, or after the one that follows. */
function spoilt<B extends DayBar | IntradayBar>(bar: B, fault: Fault, afterNext: number): B[] {
  const times = (factor: number): B => ({
    ...bar,
    open: bar.open * factor,
    high: bar.high * factor,
    low: bar.low * factor,
    close: bar.close * factor,
  });
  switch (fault) {
    case 'none':
      return [bar];
    case 'halt':
      return [];
    case 'notANumber':
      return [{ ...bar, close: Number.NaN }];
    case 'infinite':
      return [{ ...bar, high: Number.POSITIVE_INFINITY }];
    case 'negative':
      return [times(-1)];
    case 'crossed':
      return [{ ...bar, high: bar.low, low: bar.high + 1 }];
    case 'inconsistent':
      return [{ ...bar, close: bar.high + 1 }];
    case 'tenfold':
      return [times(10)];
    case 'billionfold':
      return [times(1e9)];
    case 'badOpen':
      return [{ ...bar, open: Number.NaN }];
    case 'duplicate':
      return [bar, bar];
    case 'late':
      return [{ ...bar, recordedAt: afterNext }];
  }
}
