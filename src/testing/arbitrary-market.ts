/**
 * Random markets for properties: trends, bursts of volatility, gaps, halts and every fault a feed can have. Prices are
 * whole dollars around a round start and a market is a list of bars, so that a failing one shrinks to a few readable rows.
 */
import fc from 'fast-check';
import { nextTradingDay, sessionOfDayOrDefault } from '../domain/exchange-calendar.ts';
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
  const { symbols = ['AAA', 'BBB'], bars = 40, resolution = '1d', badTicks = true } = options;
  const resolutionS = RESOLUTIONS[resolution];
  const records = fc
    .tuple(fc.constantFrom(100, 10, 3_000), arbitrarySteps(bars, badTicks))
    .map(([start, steps]) => ({ resolutionS, bars: barsOf(start, steps, resolutionS) }));
  const all = Object.fromEntries(symbols.map((symbol) => [symbol, records]));
  return fc.record(all, { requiredKeys: [symbols[0]] }) as fc.Arbitrary<TestMarket>;
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

function barsOf(start: number, steps: readonly Step[], resolutionS: number): (DayBar | IntradayBar)[] {
  const slots = slotsFrom(FIRST_DAY, resolutionS);
  const bars: (DayBar | IntradayBar)[] = [];
  let close = start;
  let slot = slots.next().value;
  for (const step of steps) {
    const next = slots.next().value;
    const open = Math.max(1, close + step.gap);
    close = Math.max(1, open + step.move);
    const high = Math.max(open, close) + step.reach;
    const low = Math.max(1, Math.min(open, close) - step.reach);
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
