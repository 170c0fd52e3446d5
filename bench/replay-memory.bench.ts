/** How much memory the replay of a long session takes at its peak. */
import { join } from 'node:path';
import { type Benchmark, cpuSecondsOf, Rival, type Turn } from './benchmark.ts';
import { writeQuotes } from './markets.ts';
import { firstQuote, record, replaySession } from './sessions.ts';

const LIMIT_MB = 300;

export const contenders = {
  replay:
    ({ path, from }: { path: string; from: number }) =>
    async (): Promise<Turn> => {
      const cpuSeconds = await cpuSecondsOf(() => replaySession(path, from, () => {}));
      return { cpuSeconds, peakMb: process.resourceUsage().maxRSS / 1_024 };
    },
};

export const replayMemory: Benchmark = {
  name: 'replay-memory',
  about: 'peak memory of a process that replays 10 M quotes',
  async run({ folder, small }) {
    const dataset = join(folder, 'quotes.db');
    const path = join(folder, 'session.db');
    writeQuotes(
      dataset,
      small
        ? { symbols: 5, warmUpDays: 2, quotes: 5_000, quotesPerDay: 2_500 }
        : { symbols: 500, warmUpDays: 280, quotes: 10_000_000, quotesPerDay: 2_000_000 },
    );
    await record({ dataset, out: path, profile: 'quantos', strategy: 'conviction', params: {} });
    const rival = await Rival.start(import.meta.url, 'replay', { path, from: firstQuote(path) });
    const { peakMb: value } = await rival.turn();
    rival.stop();
    return [
      {
        name: this.name,
        value,
        unit: 'MB',
        limit: LIMIT_MB,
        peer: null,
        ratio: value / LIMIT_MB,
        goal: '<= 1',
      },
    ];
  },
};
