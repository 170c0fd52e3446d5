/** Jumps to random moments of a day of quotes, as a server sees them that asks the follower, beside a replay from the beginning. */
import { join } from 'node:path';
import { LogFollower } from '../replay/follower.ts';
import { stateAt } from '../replay/state-at.ts';
import { createRandom } from '../src/domain/random.ts';
import { type Benchmark, median } from './benchmark.ts';
import { writeQuotes } from './markets.ts';
import { firstQuote, record } from './sessions.ts';

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
        ? { symbols: 3, warmUpDays: 5, quotes: 5_000, quotesPerDay: 5_000 }
        : { symbols: 10, warmUpDays: 280, quotes: 1_000_000, quotesPerDay: 1_000_000 },
    );
    await record({ dataset, out: path, profile: 'quantos', strategy: 'conviction', params: {} });
    const from = firstQuote(path);
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
