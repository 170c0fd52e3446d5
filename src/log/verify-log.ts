/** Answers whether a log is exactly what was written, and if not, what is wrong and where. */
import { LogError, type LogErrorCode } from './log-error.ts';
import { type LogHead, openLogReader, type ReaderOptions } from './log-reader.ts';

export type Verification =
  | { readonly ok: true; readonly events: number; readonly commits: number; readonly head: LogHead }
  | { readonly ok: false; readonly code: LogErrorCode; readonly what: string; readonly where: string };

export function verifyLog(path: string, options: ReaderOptions = {}): Verification {
  try {
    const reader = openLogReader(path, options);
    try {
      const head = reader.verify();
      return { ok: true, events: head.seq, commits: head.commit, head };
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return { ok: false, code: error.code, what: error.message, where: error.where };
  }
}
