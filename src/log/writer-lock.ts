/**
 * One writer: an exclusive lock on an empty database file beside the log. The operating system drops it with the process,
 * however that ends, and readers of the log do not meet it.
 */
import Database from 'better-sqlite3';
import { LogError, messageOf } from './log-error.ts';

export const lockPath = (path: string): string => `${path}.lock`;

export interface WriterLock {
  release(): void;
}

export function takeWriterLock(path: string): WriterLock {
  let db: Database.Database | undefined;
  try {
    db = new Database(lockPath(path), { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') {
      throw new LogError(
        'busy',
        path,
        'is being written by another process; a log has one writer, readers may look at it',
        error,
      );
    }
    throw new LogError(
      'io',
      path,
      `cannot be locked for writing (${lockPath(path)}): ${messageOf(error)}`,
      error,
    );
  }
  const held = db;
  return { release: () => held.close() };
}
