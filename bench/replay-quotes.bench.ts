/** Replay of a sealed session of quotes through the whole pipeline, beside a bare loop over the same blocks. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Tick } from '../src/events/tick.ts';
import { openLogReader } from '../src/log/log-reader.ts';
import { BlockReader, type MarketBlock } from '../src/log/market-block.ts';
import { sealLog } from '../src/log/seal-log.ts';
import { type Benchmark, compete, cpuSecondsOf, type Turn } from './benchmark.ts';
import { writeQuotes } from './markets.ts';
import { firstQuote, record, replaySession } from './sessions.ts';

interface Sealed {
  readonly path: string;
  readonly from: number;
}

export const contenders = {
  engine:
    ({ path, from }: Sealed) =>
    async (): Promise<Turn> => {
      let before = process.cpuUsage();
      const seq = await replaySession(path, from, () => {
        before = process.cpuUsage();
      });
      const { user, system } = process.cpuUsage(before);
      return { cpuSeconds: (user + system) / 1_000_000, events: seq - from + 1 };
    },

  /** Reads, hashes and decodes: what no replay of these bytes can do without. */
  bare:
    ({ path, from }: Sealed) =>
    async (): Promise<Turn> => {
      const reader = openLogReader(path);
      const db = new Database(path, { readonly: true });
      const blocks = db.prepare(
        'SELECT first_seq AS first, last_seq AS last, block AS bytes FROM market WHERE last_seq >= ? ORDER BY first_seq',
      );
      const hash = createHash('sha256');
      const tick = new Tick();
      let ticks = 0;
      let sum = 0;
      const cpuSeconds = await cpuSecondsOf(() => {
        for (const block of blocks.iterate(from) as IterableIterator<MarketBlock>) {
          hash.update(block.bytes);
          const columns = new BlockReader(block, reader.layouts);
          for (let seq = block.first; seq <= block.last; seq++) {
            if (columns.next(tick) === null) continue;
            ticks++;
            sum += tick.bidPx + tick.askPx;
          }
        }
        hash.digest();
      });
      db.close();
      reader.close();
      return { cpuSeconds, events: ticks, sum };
    },
};

export const replayQuotes: Benchmark = {
  name: 'replay-quotes',
  about:
    'replay of 500 symbols’ quotes, sealed and hash checked, through fold, bars, days, regimes, strategist, selector',
  async run({ folder, small }) {
    const dataset = join(folder, 'quotes.db');
    const path = join(folder, 'session.db');
    writeQuotes(
      dataset,
      small
        ? { symbols: 5, warmUpDays: 5, quotes: 5_000, quotesPerDay: 2_500 }
        : { symbols: 500, warmUpDays: 280, quotes: 4_000_000, quotesPerDay: 2_000_000 },
    );
    await record({ dataset, out: path, profile: 'quantos', strategy: 'conviction', params: {} });
    sealLog(path);
    const sealed: Sealed = { path, from: firstQuote(path) };
    const { engine, bare } = await compete(import.meta.url, { engine: sealed, bare: sealed }, small ? 1 : 4);
    const rate = engine.events / engine.cpuSeconds;
    const bareRate = bare.events / bare.cpuSeconds;
    return [
      {
        name: this.name,
        value: rate,
        unit: 'events/s',
        limit: 1_500_000,
        peer: null,
        ratio: rate / 1_500_000,
        goal: '>= 1',
      },
      {
        name: `${this.name}: of a bare read, hash and decode`,
        value: rate,
        unit: 'events/s',
        limit: null,
        peer: { name: 'bare loop', value: bareRate },
        ratio: rate / bareRate,
        goal: '>= 0.3',
      },
    ];
  },
};
