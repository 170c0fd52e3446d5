/**
 * Sealing: a finished log is rewritten into full blocks under a chain of its own, which begins with the old log's head, and
 * takes the old one's place once it has been read back and compared. At every moment one good file stands at the path.
 */
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync } from 'node:fs';
import type { LogCursor } from '../bus/ports.ts';
import { anchorPath, syncFolder } from './anchor.ts';
import { BatchBuilder, rowOf } from './batch.ts';
import { BatchInserter, writeGenesis } from './batch-inserter.ts';
import { LogError, messageOf } from './log-error.ts';
import { createTables, openDatabase, recognise } from './log-file.ts';
import { type LogHead, type LogReader, openLogReader } from './log-reader.ts';
import { BLOCK_EVENTS_MAX } from './market-block.ts';
import { lockPath, takeWriterLock } from './writer-lock.ts';

export type SealStep = 'written' | 'verified' | 'emptied' | 'replaced' | 'cleared';

export interface SealOptions {
  /** Told after each step; what it throws ends the sealing there, as a crash would. */
  readonly onStep?: (step: SealStep) => void;
}

/** Seals the log at `path`; on a sealed one it only clears what a crash left beside it. Returns the new head. */
export function sealLog(path: string, options: SealOptions = {}): LogHead {
  recognise(path);
  const target = realpathSync(path);
  const lock = takeWriterLock(target);
  try {
    return seal(target, options.onStep ?? (() => {}));
  } catch (error) {
    if (error instanceof LogError) throw error;
    throw new LogError('io', path, `cannot be sealed: ${messageOf(error)}`, error);
  } finally {
    lock.release();
  }
}

function seal(path: string, onStep: (step: SealStep) => void): LogHead {
  const fresh = `${path}.sealing`;
  const live = openLogReader(path);
  try {
    if (!live.sealed) {
      rewrite(live, fresh);
      onStep('written');
      requireSame(live, fresh);
      onStep('verified');
    }
  } finally {
    live.close();
  }
  if (!live.sealed) {
    emptyWriteAheadLog(path);
    onStep('emptied');
    renameSync(fresh, path);
    syncFolder(path);
    onStep('replaced');
  }
  for (const left of [fresh, anchorPath(path), `${path}-wal`, `${path}-shm`, lockPath(path)])
    rmSync(left, { force: true });
  onStep('cleared');
  const sealed = openLogReader(path);
  const head = sealed.head();
  sealed.close();
  return head;
}

function rewrite(live: LogReader, fresh: string): void {
  rmSync(fresh, { force: true });
  rmSync(`${fresh}-journal`, { force: true });
  const head = live.head();
  const db = createTables(fresh);
  try {
    writeGenesis(db, {
      ...live.meta,
      sealed: 'true',
      lastSeq: `${head.seq}`,
      liveCommits: `${head.commit}`,
      liveHead: head.hash,
    });
    const inserter = new BatchInserter(db);
    const builder = new BatchBuilder(0);
    const cursor = live.cursor({ to: head.seq, verify: true, asStored: true });
    for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
      if (kind === 1) builder.tick(cursor.seq, cursor.tick, cursor.source);
      else builder.row(rowOf(cursor.event));
      if (builder.size === BLOCK_EVENTS_MAX) inserter.insert(builder.take());
    }
    if (builder.size > 0) inserter.insert(builder.take());
  } finally {
    db.close();
  }
  const file = openSync(fresh, 'r+');
  fsyncSync(file);
  closeSync(file);
}

/** Reads both from the first record to the last; the chain of the new one is checked on the way. */
function requireSame(live: LogReader, fresh: string): void {
  const sealed = openLogReader(fresh, { verify: true });
  try {
    const old = live.cursor({ asStored: true });
    const copy = sealed.cursor({ asStored: true });
    for (;;) {
      const kind = old.next();
      if (copy.next() !== kind || (kind !== 0 && !sameRecord(kind, old, copy))) {
        throw new LogError(
          'damaged',
          `${fresh}, seq ${copy.seq},`,
          'differs from the log it was made of; that one is kept',
        );
      }
      if (kind === 0) return;
    }
  } finally {
    sealed.close();
  }
}

function sameRecord(kind: 1 | 2, a: LogCursor, b: LogCursor): boolean {
  if (a.source !== b.source) return false;
  if (kind === 2) {
    const other = rowOf(b.event);
    return rowOf(a.event).every((value, column) => value === other[column]);
  }
  // Fields of other kinds hold what the last tick of that kind left there, in both alike.
  for (const field in a.tick) {
    if (!Object.is(a.tick[field as keyof typeof a.tick], b.tick[field as keyof typeof b.tick])) return false;
  }
  return true;
}

/** A write-ahead log left beside the sealed file would be taken for its own: everything in it goes into the old file first. */
function emptyWriteAheadLog(path: string): void {
  const db = openDatabase(path, 'write');
  try {
    const [state] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    if (state.busy !== 0)
      throw new LogError('busy', path, 'cannot be sealed while another program reads it; close that first');
  } finally {
    db.close();
  }
}
