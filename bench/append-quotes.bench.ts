/** Durable appending of quotes to a log, beside a bare SQLite loop that hashes and inserts as many bytes. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Tick } from '../src/events/tick.ts';
import { createLog } from '../src/log/log-writer.ts';
import { type Benchmark, compete, cpuSecondsOf, type Turn } from './benchmark.ts';

interface Job {
  readonly path: string;
  readonly quotes: number;
}

const BLOCK_QUOTES = 65_536;
/** Bytes a quote takes in a block, its code and the header's share included. */
const QUOTE_BYTES = 48;

const remove = (path: string): void => {
  for (const beside of ['', '-wal', '-shm', '.anchor', '.lock']) rmSync(path + beside, { force: true });
};

export const contenders = {
  engine:
    ({ path, quotes }: Job) =>
    async (): Promise<Turn> => {
      remove(path);
      const tick = new Tick();
      const cpuSeconds = await cpuSecondsOf(() => {
        const log = createLog(path, { session: 'bench' });
        for (let seq = 1; seq <= quotes; seq++) {
          tick.symbolId = seq % 500;
          tick.time = tick.recordedAt = 1_600_000_000_000_000 + seq * 1_000;
          tick.bidPx = 100 + (seq % 997) / 100;
          tick.askPx = tick.bidPx + 0.01;
          tick.bidSize = tick.askSize = seq % 1_000;
          log.tick(seq, tick, 'bench');
          log.settle();
        }
        log.close();
      });
      return { cpuSeconds };
    },

  bare:
    ({ path, quotes }: Job) =>
    async (): Promise<Turn> => {
      remove(path);
      const block = Buffer.alloc(BLOCK_QUOTES * QUOTE_BYTES);
      for (let i = 0; i < block.length; i++) block[i] = Math.imul(i, 0x9e3779b1) >>> 24;
      const cpuSeconds = await cpuSecondsOf(() => {
        const db = new Database(path);
        db.pragma('journal_mode = WAL');
        db.pragma('synchronous = FULL');
        db.exec('CREATE TABLE blocks (seq INTEGER PRIMARY KEY, hash BLOB, block BLOB)');
        const insert = db.prepare('INSERT INTO blocks VALUES (?, ?, ?)');
        let previous: Buffer = Buffer.alloc(32);
        for (let seq = 1; seq <= quotes; seq += BLOCK_QUOTES) {
          const bytes = block.subarray(0, Math.min(BLOCK_QUOTES, quotes - seq + 1) * QUOTE_BYTES);
          previous = createHash('sha256').update(previous).update(bytes).digest();
          insert.run(seq, previous, bytes);
        }
        db.close();
      });
      return { cpuSeconds };
    },
};

export const appendQuotes: Benchmark = {
  name: 'append-quotes',
  about:
    'quotes appended durably in market blocks, beside a bare SQLite loop that writes and hashes equal bytes',
  async run({ folder, small }) {
    const quotes = small ? 5_000 : 2_000_000;
    const job = (file: string): Job => ({ path: join(folder, file), quotes });
    const rivals = { engine: job('engine.db'), bare: job('bare.db') };
    const { engine, bare } = await compete(import.meta.url, rivals, small ? 1 : 6);
    const peer = { name: 'bare SQLite', value: quotes / bare.cpuSeconds };
    const value = quotes / engine.cpuSeconds;
    return [
      {
        name: this.name,
        value,
        unit: 'quotes/s',
        limit: null,
        peer,
        ratio: value / peer.value,
        goal: '>= 0.6',
      },
    ];
  },
};
