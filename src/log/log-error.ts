/** What can be wrong with a log, as a code for programs and one sentence for people. */

export type LogErrorCode =
  /** No file at that path. */
  | 'missing'
  /** Not written by quantos: empty, text, another program's database. */
  | 'foreign'
  /** Written by a newer quantos. */
  | 'newer'
  /** Bytes are not the ones that were written. */
  | 'damaged'
  /** Commits are gone that the anchor says were durable, or the anchor itself is gone or wrong. */
  | 'anchor'
  /** Another process writes to it. */
  | 'busy'
  /** Sealed: finished and closed for writing. */
  | 'sealed'
  /** A file is in the way of a new log. */
  | 'exists'
  /** The disk, or the operating system, refused a write. */
  | 'io'
  /** Whoever appends broke the log's rules: a gap in seq, a value no column can hold. */
  | 'invalid'
  /** A statement that `queryLog` does not run. */
  | 'sql';

export class LogError extends Error {
  readonly code: LogErrorCode;
  /** The file, and the commit or seq in it. */
  readonly where: string;

  /** `what` completes a sentence that begins with `where`. */
  constructor(code: LogErrorCode, where: string, what: string, cause?: unknown) {
    super(`${where} ${what}`, { cause });
    this.name = 'LogError';
    this.code = code;
    this.where = where;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Errors of the database while reading mean that the file is not what was written; ours pass through. */
export function asDamage(error: unknown, where: string): LogError {
  if (error instanceof LogError) return error;
  return new LogError('damaged', where, `cannot be read as it was written: ${messageOf(error)}`, error);
}
