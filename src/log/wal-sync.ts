/** Makes what was written to a database's write-ahead log durable, at once or while the engine goes on. */
import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';

export interface LogSync {
  /** When it returns, all that was written before survives a power cut. */
  now(): void;
  /** The same, told later; one at a time. */
  soon(done: (error: Error | null) => void): void;
  readonly isBusy: boolean;
  close(): void;
}

/**
 * SQLite's own sync holds the thread as long as the disk takes. Syncing the file by another descriptor does the same for
 * all that was written by then, and can be done on a thread of the pool. Each way has its own: a system tells of a failed
 * write once for each descriptor, and neither may miss it.
 */
export class WalSync implements LogSync {
  readonly #path: string;
  #atOnce: number | null = null;
  #inPool: number | null = null;
  #busy = false;
  #closed = false;

  /** `path`: of the database. */
  constructor(path: string) {
    this.#path = `${path}-wal`;
  }

  get isBusy(): boolean {
    return this.#busy;
  }

  now(): void {
    this.#atOnce ??= this.#open();
    fdatasyncSync(this.#atOnce);
  }

  soon(done: (error: Error | null) => void): void {
    this.#inPool ??= this.#open();
    this.#busy = true;
    fdatasync(this.#inPool, (error) => {
      this.#busy = false;
      if (this.#closed) this.#release();
      else done(error);
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#atOnce !== null) closeSync(this.#atOnce);
    this.#atOnce = null;
    if (!this.#busy) this.#release();
  }

  /** The file is there with the first commit, and the same one until the database is closed. */
  #open(): number {
    return openSync(this.#path, 'r+');
  }

  /** Not while it is in use: another file could get its number. */
  #release(): void {
    if (this.#inPool !== null) closeSync(this.#inPool);
    this.#inPool = null;
  }
}
