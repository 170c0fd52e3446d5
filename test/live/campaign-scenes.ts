/** What campaigns trade: four kinds of session, each with a market, a strategy and a moment at which it has orders. */
import { fileURLToPath } from 'node:url';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import type { GeneratedSymbol } from '../../src/simulators/alpaca/records.ts';
import type { SimulatedMarketOptions } from '../../src/simulators/alpaca/simulated-market.ts';
import { spy } from './rig.ts';

export type Scene = 'flips' | 'walks' | 'shares' | 'options';

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;
const HOUR_US = 60 * MINUTE_US;
const DAY = '2026-11-17';
const NEXT_DAY = '2026-11-18';

const strategy = (name: string): string => fileURLToPath(new URL(`./strategies/${name}.ts`, import.meta.url));
const coin = (symbol: string, px: number): GeneratedSymbol => ({
  symbol,
  px,
  calendar: '24x7',
  drift: 0.001,
  deviation: 0.01,
});
const coins = [coin('AVAX/USD', 40), coin('ETH/USD', 250), coin('LTC/USD', 80)];
const share = (symbol: string, px: number): GeneratedSymbol => ({ ...spy, symbol, px });
const shares = [share('AAPL', 170), share('QQQ', 330), spy];

interface SceneSetup {
  readonly startAt: number;
  readonly strategy: string;
  readonly run: object;
  readonly symbols: readonly GeneratedSymbol[];
  readonly feed: 'crypto' | 'stocks';
  /** Of the last minutes before the close that decides; a scene without begins where faults do. */
  readonly closeMs?: number;
  readonly market?: Partial<SimulatedMarketOptions>;
  /** Milliseconds for which faults happen. */
  readonly faultyMs: number;
}

export const SCENES: Readonly<Record<Scene, SceneSetup>> = {
  // Market orders with every minute.
  flips: {
    startAt: dayToMicros(DAY) + 12 * HOUR_US + 50 * SECOND_US,
    strategy: strategy('flips'),
    run: { profile: 'plain', sizing: { kind: 'fixed', quantity: 100 } },
    symbols: coins,
    feed: 'crypto',
    faultyMs: 130_000,
  },
  // Entries and exits that walk from the midpoint: many orders of one intent.
  walks: {
    startAt: dayToMicros(NEXT_DAY) - 8 * SECOND_US,
    strategy: strategy('always-long'),
    run: {
      instruments: 'equity',
      hedge: false,
      // Stops of coins do not rest at this venue; and the second day enters again.
      config: { venue: { restingStops: false }, selector: { rearmDays: 0 } },
    },
    symbols: coins,
    feed: 'crypto',
    faultyMs: 60_000,
  },
  // The same in New York, with stops that rest at the venue.
  shares: {
    startAt: dayToMicros(DAY) + 20 * HOUR_US + 59 * MINUTE_US + 55 * SECOND_US,
    strategy: strategy('always-long'),
    run: { instruments: 'equity', hedge: false },
    symbols: shares,
    feed: 'stocks',
    faultyMs: 60_000,
    closeMs: 8_000,
  },
  // A call that is chosen from a chain that is polled, bought by a walk after the second day's open, and sold.
  options: {
    startAt: dayToMicros(DAY) + 20 * HOUR_US + 57 * MINUTE_US,
    strategy: strategy('always-long'),
    run: { instruments: 'all', hedge: false },
    symbols: [spy],
    feed: 'stocks',
    faultyMs: 60_000,
    closeMs: 183_000,
    market: { quotesPerSecond: 2 },
  },
};
/** When the second day's orders in New York go out. */
export const SHARES_OPEN = dayToMicros(NEXT_DAY) + 14 * HOUR_US + 35 * MINUTE_US;

export const sceneOf = (seed: number): Scene =>
  (['flips', 'walks', 'options', 'walks', 'shares', 'flips'] as const)[seed % 6];
