/**
 * One engine for each account. The locks are the operating system's, as a log's is: they fall with their process, however
 * that ends, so that nothing has to be cleaned up after a kill.
 */
import { mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../domain/input-error.ts';
import { LogError } from '../../log/log-error.ts';
import { takeWriterLock, type WriterLock } from '../../log/writer-lock.ts';

/** Where engines of one user meet, whatever data folders they use. Made anew where somebody tidied it away. */
export function sharedLockFolder(): string {
  const folder = join(tmpdir(), `quantos-${userInfo().username.replace(/\W/g, '_')}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/**
 * Locks every path, or none. The data folder's own lock holds where that folder is shared between computers or users; the
 * shared one where two data folders stand for one account. Throws InputError where another engine runs on it.
 */
export function lockAccount(paths: readonly string[], accountId: string): WriterLock {
  const taken: WriterLock[] = [];
  const release = () => {
    for (const lock of taken.splice(0)) lock.release();
  };
  try {
    for (const path of paths) taken.push(takeWriterLock(path));
    return { release };
  } catch (error) {
    release();
    if (!(error instanceof LogError) || error.code !== 'busy') throw error;
    throw new InputError(
      `another engine runs on account ${accountId}: an account has one; stop that first (quantos kill only halts it)`,
    );
  }
}
