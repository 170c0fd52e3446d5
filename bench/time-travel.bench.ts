/** Jumps to random moments of a day of quotes, as a server sees them that asks the follower, beside a replay from the beginning. */
import { join } from 'node:path';
import { LogFollower } from '../replay/follower.ts';
import { stateAt } from '../replay/state-at.ts';
import { createRandom } from '../src/domain/random.ts';
import { MarketOpened } from '../src/events/market.events.ts';
import { openLogReader } from '../src/log/log-reader.ts';
import { type Benchmark, median } from './benchmark.ts';
import { writeQuotes } from './markets.ts';
import { record } from './sessions.ts';

/** Rules that need no more than a few days. */
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

function firstOfLastDay(path: string): number {
  const reader = openLogReader(path);
  const opens = [...reader.events({ type: MarketOpened.type })];
  reader.close();
  return opens.at(-1)!.seq;
}

const JUMP_MS_MAX = 200;
const HUNDREDTHS = 0.99;

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

export const timeTravel: Benchmark = {
  name: 'time-travel',
  about:
    'jumps to random moments of a day of a million quotes of ten symbols, beside a replay from the beginning',
  async run({ folder, small }) {
    const dataset = join(folder, 'quotes.db');
    const path = join(folder, 'session.db');
    writeQuotes(
      dataset,
      small
        ? { symbols: 3, warmUpDays: 0, quotes: 8_000, quotesPerDay: 2_000, quietDays: 2 }
        : { symbols: 10, warmUpDays: 0, quotes: 1_080_000, quotesPerDay: 1_000_000, quietDays: 20 },
    );
    await record({
      dataset,
      out: path,
      profile: 'quantos',
      strategy: 'conviction',
      params: {},
      config: hasty,
    });
    const from = firstOfLastDay(path);
    const follower = new LogFollower(path);
    try {
      const firstMs = await elapsedMs(() => follower.head());
      const { seq: last } = await follower.head();
      const { nextUnit } = createRandom(5);
      const jump = () => from + Math.floor(nextUnit() * (last - from));
      for (let i = 0; i < 5; i++) await follower.moment({ seq: jump() });
      const jumps: number[] = [];
      for (let i = 0; i < (small ? 10 : 200); i++) {
        const seq = jump();
        jumps.push(await elapsedMs(() => follower.moment({ seq })));
      }
      const replays: number[] = [];
      for (let i = 0; i < (small ? 1 : 3); i++) {
        const seq = jump();
        replays.push(await elapsedMs(() => stateAt(path, { seq })));
      }
      const peer = { name: 'replay from the beginning', value: median(replays) };
      const row = { unit: 'ms', limit: null, peer: null, ratio: null, goal: null };
      const p99 = quantile(jumps, HUNDREDTHS);
      return [
        {
          ...row,
          name: `${this.name}: 99 of 100 jumps`,
          value: p99,
          limit: JUMP_MS_MAX,
          ratio: p99 / JUMP_MS_MAX,
          goal: '<= 1',
        },
        {
          ...row,
          name: `${this.name}: every other jump`,
          value: median(jumps),
          peer,
          ratio: median(jumps) / peer.value,
        },
        { ...row, name: `${this.name}: reading the log once`, value: firstMs },
      ];
    } finally {
      await follower.close();
    }
  },
};
