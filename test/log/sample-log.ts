/** Folders, finished logs and copies of running ones for the tests of the SQLite log. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogReader } from '../../src/log/log-reader.ts';
import { createLog, type WriterOptions } from '../../src/log/log-writer.ts';
import { appendRecord, readRecords, someRecords, type TestRecord } from '../contracts/log-records.ts';

const makeFolder = (): string => mkdtempSync(join(tmpdir(), 'quantos-log-'));
const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

export function withFolder<T>(body: (folder: string) => T): T {
  const folder = makeFolder();
  try {
    return body(folder);
  } finally {
    removeFolder(folder);
  }
}

/** `withFolder` for tests that wait for a process. */
export async function whileFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = makeFolder();
  try {
    await body(folder);
  } finally {
    removeFolder(folder);
  }
}

/** Writes `commits` flushed batches of `each` records and returns the log, still open. */
export function startLog(path: string, commits: number, each: number, options: WriterOptions = {}) {
  const log = createLog(path, { session: 'test é', ...options });
  for (let n = 0; n < commits; n++) {
    for (const record of someRecords(each, n * each + 1)) appendRecord(log, record);
    log.flush();
  }
  return log;
}

export function finishedLog(path: string, commits = 4, each = 100): void {
  startLog(path, commits, each).close();
}

export const LOG_FILES = ['', '-wal', '.anchor'];

/** Copies a log with its write-ahead log and anchor, as a power cut would leave it. */
export function copyLog(from: string, to: string): void {
  for (const suffix of [...LOG_FILES, '-shm']) {
    rmSync(to + suffix, { force: true });
    if (suffix !== '-shm' && existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
  }
}

/** Everything a log holds, its chain checked. */
export function recordsOf(path: string): TestRecord[] {
  const reader = openLogReader(path, { verify: true });
  try {
    return readRecords(reader.cursor());
  } finally {
    reader.close();
  }
}
