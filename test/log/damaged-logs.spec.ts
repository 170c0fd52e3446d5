/** Damage, of every kind a disk or a person can do, is noticed before anything is read from it. */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { LogError } from '../../src/log/log-error.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { createLog, openLogForAppend } from '../../src/log/log-writer.ts';
import { verifyLog } from '../../src/log/verify-log.ts';
import { someRecords } from '../contracts/log-records.ts';
import { copyLog, finishedLog, LOG_FILES, recordsOf, startLog, withFolder } from './sample-log.ts';

/** A small generator, so that a failing flip can be repeated. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const outcomeOf = (path: string, expected: unknown): string => {
  try {
    return JSON.stringify(recordsOf(path)) === expected ? 'identical' : 'UNNOTICED';
  } catch (error) {
    if (error instanceof LogError) return 'refused';
    throw error;
  }
};

test('500 random bit flips and truncations of database, write-ahead log and anchor are detected or change nothing', () => {
  withFolder((folder) => {
    const original = join(folder, 'original.db');
    const copy = join(folder, 'copy.db');
    const log = startLog(original, 6, 60);
    const expected = JSON.stringify(recordsOf(original));
    // Half of it in the database file, half in the write-ahead log.
    const checkpoint = new Database(original);
    checkpoint.pragma('wal_checkpoint(PASSIVE)');
    checkpoint.close();
    for (const record of someRecords(60, 361)) {
      if (record.tick !== undefined) log.tick(record.seq, record.tick, record.source);
      else log.event(record.event);
    }
    log.flush();
    const complete = JSON.stringify(recordsOf(original));
    expect(complete).not.toBe(expected);

    const random = seeded(7);
    const outcomes: Record<string, number> = {};
    for (let round = 0; round < 500; round++) {
      copyLog(original, copy);
      const file = copy + LOG_FILES[random(LOG_FILES.length)];
      const bytes = readFileSync(file);
      const at = random(bytes.length);
      const bit = random(8);
      if (random(5) === 0) truncateSync(file, at);
      else {
        bytes[at] ^= 1 << bit;
        writeFileSync(file, bytes);
      }
      const outcome = outcomeOf(copy, complete);
      expect(outcome, `round ${round}: ${file}, byte ${at}, bit ${bit}`).not.toBe('UNNOTICED');
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    log.close();
    // Free pages may take a flip without harm, but a test in which nothing is refused tests nothing.
    expect(outcomes.refused).toBeGreaterThan(200);
  });
}, 60_000);

test('a log cut at every byte of its last commits opens as a clean prefix or is refused', () => {
  withFolder((folder) => {
    const original = join(folder, 'original.db');
    const copy = join(folder, 'copy.db');
    const log = startLog(original, 3, 20);
    const durable = recordsOf(original);
    const anchor = readFileSync(`${original}.anchor`);
    const walBefore = readFileSync(`${original}-wal`).length;
    for (const record of someRecords(20, 61)) {
      if (record.tick !== undefined) log.tick(record.seq, record.tick, record.source);
      else log.event(record.event);
    }
    log.flush();
    const complete = recordsOf(original);
    const wal = readFileSync(`${original}-wal`);
    expect(wal.length).toBeGreaterThan(walBefore);
    const seen = { prefix: 0, complete: 0, refused: 0 };
    // Frames are checked as a whole, so a cut inside one is like any other: every byte near an edge, a stride between.
    for (
      let at = walBefore - 200;
      at <= wal.length;
      at += at % 16_408 < 40 || at > wal.length - 40 ? 1 : 97
    ) {
      copyLog(original, copy);
      truncateSync(`${copy}-wal`, at);
      writeFileSync(`${copy}.anchor`, anchor); // the flush that was cut had not reached its anchor
      try {
        const found = recordsOf(copy);
        expect([durable.length, complete.length]).toContain(found.length);
        expect(found).toEqual(complete.slice(0, found.length));
        seen[found.length === complete.length ? 'complete' : 'prefix']++;
      } catch (error) {
        if (!(error instanceof LogError)) throw error;
        expect(at).toBeLessThan(walBefore); // what the anchor names is gone
        seen.refused++;
      }
    }
    log.close();
    expect(seen.prefix).toBeGreaterThan(100);
    expect(seen.complete).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(3);
  });
}, 60_000);

test('a log whose last commits are lost is refused by its anchor', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    const copy = join(folder, 'copy.db');
    const log = startLog(path, 5, 50);
    copyLog(path, copy);
    rmSync(`${copy}-wal`);
    expect(() => openLogReader(copy)).toThrow(/commit 5 was durable: the end of the log is lost/);
    expect(() => openLogForAppend(copy)).toThrow(/the end of the log is lost/);
    log.close();
  });
});

test('an unsealed log without its anchor is refused, unless a reader allows it', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path);
    rmSync(`${path}.anchor`);
    expect(() => openLogReader(path)).toThrow(/has no .*run\.db\.anchor beside it/);
    expect(() => openLogForAppend(path)).toThrow(/anchor/);
    const reader = openLogReader(path, { allowMissingAnchor: true, verify: true });
    expect(reader.head().seq).toBe(400);
    reader.close();
  });
});

test("another log's anchor is refused", () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path);
    finishedLog(join(folder, 'other.db'), 4, 90);
    writeFileSync(`${path}.anchor`, readFileSync(join(folder, 'other.db.anchor')));
    expect(() => openLogReader(path)).toThrow(/run\.db\.anchor is damaged or belongs to another log/);
  });
});

test.each([
  [
    'a payload',
    `UPDATE events SET payload = replace(payload, 'SPY', 'QQQ') WHERE seq = 111`,
    /commit 2 \(seq 101 to 200\).*hash/,
  ],
  ['a time', 'UPDATE events SET time = time + 1 WHERE seq = 207', /commit 3 \(seq 201 to 300\)/],
  ['a basis', `UPDATE events SET basis = '[1]' WHERE seq = 7`, /commit 1 /],
  ['a removed row', 'DELETE FROM events WHERE seq = 15', /seq 1 to 100.*/],
  ['a block', 'UPDATE market SET block = zeroblob(length(block)) WHERE first_seq > 100', /commit 2/],
  ['a removed block', 'DELETE FROM market WHERE first_seq > 300', /commit 4/],
  ['a removed commit', 'DELETE FROM commits WHERE n = 2', /does not follow|gap|missing/],
  [
    'a row beyond the last commit',
    'INSERT INTO events SELECT seq + 1000, kind, type, version, time, recordedAt, source, causation, correlation, basis, payload FROM events WHERE seq = 4',
    /after its last commit/,
  ],
  ['what the log says of itself', "UPDATE meta SET value = 'live-1' WHERE key = 'session'", /commit 0/],
  ['a layout', `UPDATE layouts SET layout = replace(layout, '"bidPx"', '"open"') WHERE id = 1`, /commit 0/],
])('%s changed behind its back is found, and named', (_what, sql, message) => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path);
    const db = new Database(path);
    const triggers = db
      .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid")
      .all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    db.exec(sql);
    for (const trigger of triggers) db.exec(trigger.sql);
    db.close();
    const verdict = verifyLog(path);
    expect(verdict.ok).toBe(false);
    if (!verdict.ok) expect(verdict.what).toMatch(message);
  });
});

test('a changed bit anywhere in a block is found', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path, 1, 50);
    const db = new Database(path);
    const triggers = db
      .prepare("SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid")
      .pluck()
      .all() as string[];
    const block = db.prepare('SELECT block FROM market').pluck().get() as Buffer;
    for (let at = 0; at < block.length; at += 41) {
      block[at] ^= 1 << (at % 8);
      db.exec('DROP TRIGGER market_no_update; DROP TRIGGER market_no_delete');
      db.exec('DROP TRIGGER commits_no_update; DROP TRIGGER commits_no_delete');
      db.prepare('UPDATE market SET block = ?').run(block);
      for (const sql of triggers.filter((each) => /ON (market|commits) /.test(each))) db.exec(sql);
      block[at] ^= 1 << (at % 8);
      expect(verifyLog(path).ok, `byte ${at}`).toBe(false);
    }
    db.close();
  });
});

test.each(['meta', 'layouts', 'events', 'market', 'commits'])(
  '%s can neither be updated nor deleted from',
  (table) => {
    withFolder((folder) => {
      const path = join(folder, 'run.db');
      finishedLog(path);
      const db = new Database(path);
      const [column] = db.pragma(`table_info(${table})`) as { name: string }[];
      expect(() => db.exec(`UPDATE ${table} SET ${column.name} = ${column.name}`)).toThrow(/append-only/);
      expect(() => db.exec(`DELETE FROM ${table}`)).toThrow(/append-only/);
      db.close();
    });
  },
);

test('a log without its triggers is refused', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path);
    const db = new Database(path);
    db.exec('DROP TRIGGER events_no_update');
    db.close();
    expect(() => openLogReader(path)).toThrow(/does not have the tables and triggers/);
  });
});

const database = (path: string, pragmas: string): void => {
  const db = new Database(path);
  db.exec(`${pragmas}; CREATE TABLE t (x)`);
  db.close();
};

test.each<[string, (path: string) => void, string, RegExp]>([
  ['no file', () => {}, 'missing', /does not exist/],
  ['an empty file', (path) => writeFileSync(path, ''), 'foreign', /is empty/],
  [
    'a text file',
    (path) => writeFileSync(path, 'time,open\n'.repeat(50)),
    'foreign',
    /is no SQLite database/,
  ],
  [
    'a binary file',
    (path) => writeFileSync(path, Buffer.alloc(9_000, 0xfe)),
    'foreign',
    /is no SQLite database/,
  ],
  ['a short file', (path) => writeFileSync(path, 'SQLite format 3\0'), 'foreign', /is no SQLite database/],
  [
    "another program's database",
    (path) => database(path, 'PRAGMA user_version = 1'),
    'foreign',
    /another program/,
  ],
  [
    'a log of a newer version',
    (path) => database(path, `PRAGMA application_id = ${0x514f534c}; PRAGMA user_version = 2`),
    'newer',
    /format 2; this quantos knows up to 1: use a newer quantos/,
  ],
  [
    'a log with other tables',
    (path) => database(path, `PRAGMA application_id = ${0x514f534c}; PRAGMA user_version = 1`),
    'damaged',
    /does not have the tables/,
  ],
])('%s is refused with a sentence, and nothing is made beside it', (_what, make, code, message) => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    make(path);
    for (const open of [openLogReader, openLogForAppend]) {
      expect(() => open(path)).toThrow(message);
      expect(() => open(path)).toThrow(expect.objectContaining({ code }));
    }
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(existsSync(`${path}.lock`)).toBe(code === 'damaged');
  });
});

test('a new log never takes the place of a file that is there', () => {
  withFolder((folder) => {
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'mine');
    expect(() => createLog(path, { session: 'test' })).toThrow(/notes\.txt is in the way/);
    writeFileSync(join(folder, 'run.db-wal'), 'left behind');
    expect(() => createLog(join(folder, 'run.db'), { session: 'test' })).toThrow(/run\.db-wal is in the way/);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});
