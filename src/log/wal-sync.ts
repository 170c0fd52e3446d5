/** Makes what was written to a database's write-ahead log durable, at once or while the engine goes on. */
import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';

export interface LogSync {
  /** When it returns, all that was written before survives a power cut. */
  now(): void;
  /** The same, told later; one at a time. */
  soon(done: (error: Error | null) => void): void;
  close(): void;
}

/**
 * SQLite's own sync holds the thread as long as the disk takes. Syncing the file by another descriptor does the same for
 * all that was written by then, and can be done on a thread of the pool. Each way has its own: a system tells of a failed
 * write once for each descriptor, and neither may miss it.
 */
export class WalSync implements LogSync {
  #atOnce: number | null;
  #inPool: number | null;
  #busy = false;
  #closed = false;

  /**
   * `path`: of a database that is open in write-ahead mode: the file is there, and the same one until it is closed. What an
   * earlier process left in it unsynced is synced first.
   */
  constructor(path: string) {
    this.#atOnce = openSync(`${path}-wal`, 'r+');
    this.#inPool = openSync(`${path}-wal`, 'r+');
    this.now();
  }

  now(): void {
    fdatasyncSync(this.#atOnce!);
  }

  soon(done: (error: Error | null) => void): void {
    this.#busy = true;
    fdatasync(this.#inPool!, (error) => {
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

  /** Not while it is in use: another file could get its number. */
  #release(): void {
    if (this.#inPool !== null) closeSync(this.#inPool);
    this.#inPool = null;
  }
}
