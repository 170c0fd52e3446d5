/** Turns whatever a command threw into one sentence for people and an exit code for scripts. */
import { CommanderError } from 'commander';
import { KernelDeadError } from '../bus/kernel.ts';
import { InputError } from '../domain/input-error.ts';
import { VenueError } from '../domain/venue-error.ts';
import { LogError, type LogErrorCode } from '../log/log-error.ts';

export const EXIT = { checkFailed: 1, badInput: 2, environment: 3, defect: 70 } as const;

/** Something outside is missing; the sentence names it and what provides it. */
export class EnvironmentLacks extends Error {}

/** A check came out negative, or a run stopped early; the sentence says which. */
export class CheckFailed extends Error {}

export interface Failure {
  readonly exitCode: number;
  /** Null where everything has been printed already. */
  readonly sentence: string | null;
}

export const exitOfLogError: Readonly<Record<LogErrorCode, number>> = {
  missing: EXIT.badInput,
  foreign: EXIT.badInput,
  newer: EXIT.badInput,
  damaged: EXIT.checkFailed,
  anchor: EXIT.checkFailed,
  busy: EXIT.badInput,
  sealed: EXIT.badInput,
  exists: EXIT.badInput,
  io: EXIT.environment,
  invalid: EXIT.defect,
  sql: EXIT.badInput,
};

/** What the operating system says, and what helps. */
const SYSTEM: Readonly<Record<string, readonly [number, string]>> = {
  ENOENT: [EXIT.badInput, 'no such file or folder'],
  EACCES: [EXIT.badInput, 'this user may not'],
  EPERM: [EXIT.badInput, 'this user may not'],
  EISDIR: [EXIT.badInput, 'it is a folder'],
  ENOTDIR: [EXIT.badInput, 'a part of the path is no folder'],
  EROFS: [EXIT.environment, 'the disk is read-only'],
  ENOSPC: [EXIT.environment, 'the disk is full: free some space'],
  EDQUOT: [EXIT.environment, 'the disk quota is used up: free some space'],
  EFBIG: [EXIT.environment, 'the file grows beyond what this system allows'],
  EIO: [EXIT.environment, 'the disk reports an error'],
};

export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    return { exitCode: error.exitCode === 0 ? 0 : EXIT.badInput, sentence: null };
  }
  if (lacksSqlite(error)) {
    const sentence = 'the database module was not built for this Node: npm rebuild better-sqlite3';
    return { exitCode: EXIT.environment, sentence };
  }
  if (error instanceof InputError) return { exitCode: EXIT.badInput, sentence: error.message };
  if (error instanceof EnvironmentLacks) return { exitCode: EXIT.environment, sentence: error.message };
  if (error instanceof VenueError) {
    const isOurs = error.code === 'invalid' || error.code === 'notFound';
    return { exitCode: isOurs ? EXIT.badInput : EXIT.environment, sentence: error.message };
  }
  if (error instanceof CheckFailed) return { exitCode: EXIT.checkFailed, sentence: error.message };
  if (error instanceof LogError) return { exitCode: exitOfLogError[error.code], sentence: error.message };
  if (error instanceof KernelDeadError && error.cause instanceof LogError) return failureOf(error.cause);
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'listen') {
    const { port } = error as NodeJS.ErrnoException & { port?: number };
    const why = code === 'EADDRINUSE' ? 'taken' : `not to be had (${code})`;
    return {
      exitCode: EXIT.environment,
      sentence: `port ${port} is ${why}: choose another one with --port, or 0 for any`,
    };
  }
  const known = code === undefined ? undefined : SYSTEM[code];
  if (known !== undefined) {
    const [exitCode, what] = known;
    return { exitCode, sentence: `${path ?? syscall ?? 'the file system'}: ${what}` };
  }
  return {
    exitCode: EXIT.defect,
    sentence:
      `sorry, this is a defect of quantos: ${error instanceof Error ? error.message : String(error)}\n` +
      'Please report it with the command and its output; DEBUG=quantos in front of it shows where it happened.',
  };
}

/** The compiled part of better-sqlite3 is missing or of another Node, however deep the error lies. */
function lacksSqlite(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_DLOPEN_FAILED' || /bindings file/.test(error.message) || lacksSqlite(error.cause);
}
