/**
 * One engine for each account. The lock is the operating system's, as a log's is: it falls with its process, however that
 * ends, so that nothing has to be cleaned up after a kill.
 */
import { InputError } from '../../domain/input-error.ts';
import { LogError } from '../../log/log-error.ts';
import { takeWriterLock, type WriterLock } from '../../log/writer-lock.ts';

/** Throws InputError where another engine runs on the account. */
export function lockAccount(path: string, accountId: string): WriterLock {
  try {
    return takeWriterLock(path);
  } catch (error) {
    if (!(error instanceof LogError) || error.code !== 'busy') throw error;
    throw new InputError(`another engine runs on account ${accountId}: an account has one; stop that first`);
  }
}
