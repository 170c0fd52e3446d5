/** The writer: when it commits, what it refuses, and what is left of it after a kill or a full disk. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { Tick } from '../../src/events/tick.ts';
import { openDatabase } from '../../src/log/log-file.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { createLog, openLogForAppend } from '../../src/log/log-writer.ts';
import { verifyLog } from '../../src/log/verify-log.ts';
import { appendRecord, someRecords } from '../contracts/log-records.ts';
import { copyLog, finishedLog, recordsOf, startLog, whileFolder, withFolder } from './sample-log.ts';

const headOf = (path: string): number => {
  const reader = openLogReader(path);
  const { seq } = reader.head();
  reader.close();
  return seq;
};

test('every connection that writes syncs fully', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path);
    for (let opened = 0; opened < 3; opened++) {
      const db = openDatabase(path, 'write');
      db.pragma('journal_mode = WAL'); // reopened in this mode, the library itself would choose NORMAL
      expect(db.pragma('synchronous', { simple: true })).toBe(2);
      db.close();
    }
  });
});

test('a quiet cascade is committed once 100 ms have passed, and anchored once a second has', async () => {
  await whileFolder(async (folder) => {
    const path = join(folder, 'run.db');
    let now = 0;
    const log = createLog(path, { session: 'test', now: () => now });
    const anchoredSeq = () => JSON.parse(readFileSync(`${path}.anchor`, 'utf8')).seq;
    const tick = new Tick();
    const step = (ms: number): void => {
      now += ms;
      log.tick(log.lastSeq + 1, tick, 'feed');
      log.settle();
    };
    step(99);
    expect(headOf(path)).toBe(0);
    step(1);
    await later(20);
    expect([headOf(path), anchoredSeq()]).toEqual([2, 0]);
    step(99);
    expect(headOf(path)).toBe(2);
    step(801);
    expect(headOf(path)).toBe(4);
    await vi.waitFor(() => expect(anchoredSeq()).toBe(4));
    log.tick(5, tick, 'feed');
    expect(headOf(path)).toBe(4);
    expect([log.flush(), headOf(path), anchoredSeq()]).toEqual([5, 5, 5]);
    log.close();
  });
});

test('a simulation commits full blocks only', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    let now = 0;
    const log = createLog(path, { session: 'test', flush: 'batch', now: () => (now += 1_000) });
    const tick = new Tick();
    for (let seq = 1; seq <= 65_535; seq++) {
      log.tick(seq, tick, 'feed');
      if (seq % 500 === 0) log.settle();
    }
    expect(headOf(path)).toBe(0);
    log.tick(65_536, tick, 'feed');
    log.settle();
    expect(headOf(path)).toBe(65_536);
    log.close();
  });
});

test('rows that went into the database ahead of their commit are not in the log yet, and not after a crash', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    const copy = join(folder, 'copy.db');
    const log = startLog(path, 1, 500, { flush: 'batch' });
    const more = someRecords(500, 501);
    for (const record of more) {
      appendRecord(log, record);
      log.settle();
    }
    copyLog(path, copy);
    expect([headOf(path), headOf(copy)]).toEqual([500, 500]);
    expect(recordsOf(path)).toEqual(someRecords(500, 1));
    expect(recordsOf(copy)).toEqual(someRecords(500, 1));
    log.close();
    expect(recordsOf(path)).toEqual([...someRecords(500, 1), ...more]);
  });
});

test('a log goes on where it ended', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    const records = someRecords(90);
    for (const at of [0, 30, 60]) {
      const log = at === 0 ? createLog(path, { session: 'test' }) : openLogForAppend(path);
      expect(log.lastSeq).toBe(at);
      for (const record of records.slice(at, at + 30)) appendRecord(log, record);
      log.close();
    }
    expect(recordsOf(path)).toEqual(records);
  });
});

test('a second writer is refused while readers may look, and welcome afterwards', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    const log = startLog(path, 2, 10);
    expect(() => openLogForAppend(path)).toThrow(/is being written by another process; a log has one writer/);
    expect(headOf(path)).toBe(20);
    log.close();
    openLogForAppend(path).close();
  });
});

test('a second process is refused as writer', async () => {
  await whileFolder(async (folder) => {
    const path = join(folder, 'run.db');
    const child = writerProcess(path);
    await once(child.stdout, 'data');
    expect(() => openLogForAppend(path)).toThrow(/is being written by another process/);
    expect(headOf(path)).toBeGreaterThan(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    openLogForAppend(path).close(); // the lock died with its process
  });
}, 30_000);

test('a writer killed at any moment loses nothing that it acknowledged', async () => {
  await whileFolder(async (folder) => {
    for (let kill = 0; kill < 10; kill++) {
      const path = join(folder, `run-${kill}.db`);
      const child = writerProcess(path);
      let printed = '';
      child.stdout.on('data', (chunk) => (printed += chunk));
      await once(child.stdout, 'data');
      await new Promise((done) => setTimeout(done, kill * 7));
      child.kill('SIGKILL');
      await once(child, 'close');
      const acknowledged = Number(printed.trimEnd().split('\n').at(-1));
      const records = recordsOf(path);
      expect(records.length).toBeGreaterThanOrEqual(acknowledged);
      expect(records).toEqual(someRecords(records.length));
      openLogForAppend(path).close();
    }
  });
}, 60_000);

function writerProcess(path: string) {
  const script = fileURLToPath(new URL('./acknowledging-writer.ts', import.meta.url));
  return spawn(process.execPath, ['--import', 'tsx', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Appends until the log refuses; returns the refusal and the last seq that was acknowledged. */
function fillUp(path: string, sizeMaxBytes?: number): { error: Error; acknowledged: number } {
  const log = createLog(path, { session: 'test', ...(sizeMaxBytes === undefined ? {} : { sizeMaxBytes }) });
  let acknowledged = 0;
  try {
    for (let from = 1; ; from += 500) {
      for (const record of someRecords(500, from)) appendRecord(log, record);
      acknowledged = log.flush();
    }
  } catch (error) {
    expect(() => log.settle()).toThrow(error as Error);
    expect(() => log.flush()).toThrow(error as Error);
    expect(() => log.tick(log.lastSeq + 1, new Tick(), 'feed')).toThrow(error as Error);
    return { error: error as Error, acknowledged };
  } finally {
    log.close();
  }
}

function expectIntact(path: string, acknowledged: number): void {
  expect(acknowledged).toBeGreaterThan(500);
  const records = recordsOf(path);
  expect(records.length).toBeGreaterThanOrEqual(acknowledged);
  expect(records).toEqual(someRecords(records.length));
}

test('a log that may not grow stops for good, keeps what it committed, and goes on when there is room', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    const { error, acknowledged } = fillUp(path, 1_000_000);
    expect(error.message).toMatch(
      /cannot be appended to: .*full; everything up to seq \d+ is safe, nothing more is written/,
    );
    expectIntact(path, acknowledged);
    const log = openLogForAppend(path);
    appendRecord(log, someRecords(1, log.lastSeq + 1)[0]);
    log.close();
    expect(verifyLog(path).ok).toBe(true);
  });
});

const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  return withFolder((folder) => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
      execFileSync('umount', [folder]);
      return true;
    } catch {
      return false;
    }
  });
})();

test.skipIf(!canMount)(
  'a full disk (a small tmpfs; needs the right to mount) stops the log and harms nothing',
  () => {
    withFolder((folder) => {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
      try {
        const path = join(disk, 'run.db');
        const { error, acknowledged } = fillUp(path);
        expect(error.message).toMatch(/cannot be appended to: .*(full|no space|disk I\/O)/i);
        expectIntact(path, acknowledged);
      } finally {
        execFileSync('umount', [disk]);
      }
    });
  },
);

test('a failed append is the last: the log does not try again', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    const log = startLog(path, 1, 10);
    expect(() => log.tick(99, new Tick(), 'feed')).toThrow(/seq 99 was appended after 10/);
    expect(() => log.tick(11, new Tick(), 'feed')).toThrow(/everything up to seq 10 is safe/);
    log.close();
    expect(recordsOf(path)).toEqual(someRecords(10));
  });
});

test('a log at rest is one file with its anchor', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path);
    const db = new Database(path, { readonly: true });
    expect(db.pragma('journal_mode', { simple: true })).toBe('delete');
    db.close();
  });
});
