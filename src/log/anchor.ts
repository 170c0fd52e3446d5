/**
 * The anchor file beside a live log: the head that was durable last. A torn write-ahead log can lose whole commits and
 * leave a log that is sound in itself; the anchor remembers that there was more.
 */
import {
  closeSync,
  existsSync,
  fsync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { canonicalJson } from '../events/canonical.ts';
import { LogError } from './log-error.ts';
import type { Commit } from './log-file.ts';

export const anchorPath = (path: string): string => `${path}.anchor`;

const encode = (session: string, head: Commit): string =>
  `${canonicalJson({
    commit: head.n,
    format: 'quantos-anchor 1',
    hash: head.hash.toString('hex'),
    seq: head.last,
    session,
  })}\n`;

const freshPath = (path: string): string => `${anchorPath(path)}.new`;

/** Writes the new anchor beside the one that counts, not yet synced; the open file. */
function writeFresh(path: string, session: string, head: Commit): number {
  const file = openSync(freshPath(path), 'w');
  try {
    writeSync(file, encode(session, head));
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Replaces the anchor; when this returns, the new one survives a power cut. */
export function writeAnchor(path: string, session: string, head: Commit): void {
  const target = anchorPath(path);
  const file = writeFresh(path, session, head);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(freshPath(path), target);
  syncFolder(target);
}

type End = (error: Error | null) => void;

/**
 * The first half of the same without waiting for the disk: the new anchor is on it, beside the one that counts. Only syncs
 * leave the thread, so that no two anchors are ever written at the same time.
 */
export function stageAnchor(path: string, session: string, head: Commit, end: End): void {
  endAfterSync(writeFresh(path, session, head), end);
}

/** The second half: the staged anchor counts once `end` is told. */
export function putStagedAnchor(path: string, end: End): void {
  const target = anchorPath(path);
  renameSync(freshPath(path), target);
  if (process.platform === 'win32') return void setImmediate(end, null);
  endAfterSync(openSync(dirname(path), 'r'), end);
}

function endAfterSync(file: number, end: End): void {
  fsync(file, (error) => {
    closeSync(file);
    end(error);
  });
}

/** Makes renames in a file's folder durable. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // folders cannot be synced there; renames are journalled
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The anchor's bytes, or null where there is none. Read it before the log's head: the log only grows. */
export const readAnchor = (path: string): Buffer | null =>
  existsSync(anchorPath(path)) ? readFileSync(anchorPath(path)) : null;

/** Throws unless the anchor names a commit that the log still has, byte for byte. */
export function checkAnchor(
  path: string,
  anchor: Buffer,
  session: string,
  headCommit: number,
  commitAt: (n: number) => Commit | undefined,
): void {
  const n = Number(/^\{"commit":(\d{1,15}),/.exec(anchor.toString('latin1'))?.[1] ?? Number.NaN);
  if (n > headCommit) {
    const what = `ends at commit ${headCommit}, but commit ${n} was durable: the end of the log is lost`;
    throw new LogError('anchor', path, what);
  }
  const commit = commitAt(n);
  if (commit === undefined || !anchor.equals(Buffer.from(encode(session, commit)))) {
    throw new LogError(
      'anchor',
      anchorPath(path),
      'is damaged or belongs to another log: it does not fit the commits',
    );
  }
}
