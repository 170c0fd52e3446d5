/** What the machine gives at best: hashing, decoding a block, and inserting rows of JSON. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { canonicalJson } from '../src/events/canonical.ts';
import { Tick } from '../src/events/tick.ts';
import { BlockBuilder, BlockReader } from '../src/log/market-block.ts';
import { LAYOUTS } from '../src/log/tick-columns.ts';
import { type Benchmark, cpuSecondsOf, median } from './benchmark.ts';

const BLOCK_QUOTES = 65_536;

function fullBlock() {
  const tick = new Tick();
  const builder = new BlockBuilder();
  for (let seq = 1; seq <= BLOCK_QUOTES; seq++) {
    tick.symbolId = seq % 500;
    tick.time = tick.recordedAt = seq;
    tick.bidPx = seq;
    builder.add(seq, tick, 'bench');
  }
  return builder.take();
}

export const rawRates: Benchmark = {
  name: 'raw-rates',
  about:
    'this machine’s own rates, for reference: SHA-256, decoding quotes, canonical JSON, rows into SQLite',
  async run({ folder, small }) {
    const blocks = small ? 1 : 40;
    const rows = small ? 100 : 100_000;
    const block = fullBlock();
    const layouts = new Map(LAYOUTS.map((layout) => [layout.id, layout]));
    const tick = new Tick();
    const payload = {
      action: 'enter',
      ordinal: 12,
      role: 'tactical',
      side: 'buy',
      size: { kind: 'quantity', quantity: 10 },
    };
    const db = new Database(join(folder, 'rows.db'));
    db.pragma('journal_mode = WAL');
    db.exec('CREATE TABLE rows (seq INTEGER PRIMARY KEY, type TEXT, json TEXT)');
    const insert = db.prepare('INSERT INTO rows (type, json) VALUES (?, ?)');
    const json = canonicalJson(payload);

    const rates: [name: string, unit: string, count: number, work: () => void][] = [
      [
        'SHA-256',
        'MB/s',
        (blocks * block.bytes.length) / 1_000_000,
        () => {
          for (let i = 0; i < blocks; i++) createHash('sha256').update(block.bytes).digest();
        },
      ],
      [
        'decode',
        'quotes/s',
        blocks * BLOCK_QUOTES,
        () => {
          for (let i = 0; i < blocks; i++) {
            const reader = new BlockReader(block, layouts);
            for (let n = 0; n < BLOCK_QUOTES; n++) reader.next(tick);
          }
        },
      ],
      [
        'canonical JSON',
        'payloads/s',
        rows,
        () => {
          for (let i = 0; i < rows; i++) canonicalJson(payload);
        },
      ],
      [
        'SQLite rows',
        'rows/s',
        rows,
        db.transaction(() => {
          for (let i = 0; i < rows; i++) insert.run('OrderIntended', json);
        }),
      ],
    ];
    const measurements = [];
    for (const [name, unit, count, work] of rates) {
      work();
      const seconds = [await cpuSecondsOf(work), await cpuSecondsOf(work), await cpuSecondsOf(work)];
      const value = count / Math.max(median(seconds), 1e-6);
      measurements.push({
        name: `${this.name}: ${name}`,
        value,
        unit,
        limit: null,
        peer: null,
        ratio: null,
        goal: null,
      });
    }
    db.close();
    return measurements;
  },
};
