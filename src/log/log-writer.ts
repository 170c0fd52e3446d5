/** Appends to a log: group commits under the hash chain, the anchor, one writer. */
import { existsSync, linkSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { EventLog } from '../bus/ports.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { Tick } from '../events/tick.ts';
import { syncFolder, writeAnchor } from './anchor.ts';
import { BatchBuilder, rowOf } from './batch.ts';
import { BatchInserter, requireCurrentLayouts, writeGenesis } from './batch-inserter.ts';
import { Durability } from './durability.ts';
import { LogError, messageOf } from './log-error.ts';
import { createTables, type Db, openDatabase, readMeta, recognise, setSync } from './log-file.ts';
import { openLogReader } from './log-reader.ts';
import { BLOCK_EVENTS_MAX } from './market-block.ts';
import { type LogSync, WalSync } from './wal-sync.ts';
import { takeWriterLock, type WriterLock } from './writer-lock.ts';

export interface WriterOptions {
  /** `interval` commits at least every 100 ms, and lets the disk finish most of these while the engine goes on; `batch`, for simulations, only when a block is full. */
  readonly flush?: 'interval' | 'batch';
  /** Milliseconds of a clock that never steps back. */
  readonly now?: () => number;
  /** The log refuses to grow beyond this many bytes. */
  readonly sizeMaxBytes?: number;
  /** How commits of the database at a path become durable; its write-ahead log is synced where not given. */
  readonly syncOf?: (path: string) => LogSync;
}

export interface CreateOptions extends WriterOptions {
  readonly session: string;
  /** Whatever else the log should say of itself; under the chain from its first byte. */
  readonly meta?: Readonly<Record<string, string>>;
}

export interface AppendOptions extends WriterOptions {
  /** False where the caller replays the log with a verifying cursor anyway. */
  readonly verify?: boolean;
}

const COMMIT_INTERVAL_MS = 100;
/** Rows that go into the database together, ahead of their commit. */
const ROWS_AHEAD = 64;

/** Starts a new log. The file appears complete or not at all; one that exists is never touched. */
export function createLog(path: string, options: CreateOptions): EventLog {
  requireFreePath(path);
  return underLock(path, 'cannot be created', (lock) => {
    createFile(path, { ...options.meta, session: options.session });
    return openSqliteLog(path, lock, options);
  });
}

/** Continues a log after its last commit. */
export function openLogForAppend(path: string, options: AppendOptions = {}): EventLog {
  recognise(path);
  const target = realpathSync(path);
  return underLock(target, 'cannot be opened for writing', (lock) => {
    const reader = openLogReader(target, { verify: options.verify ?? true });
    const { sealed } = reader;
    reader.close();
    if (sealed) throw new LogError('sealed', path, 'is sealed: it is finished, and nothing can be appended');
    return openSqliteLog(target, lock, options);
  });
}

/** Takes the writer's lock; what `open` returns keeps it, and a throw gives it back. */
function underLock(path: string, whatFails: string, open: (lock: WriterLock) => EventLog): EventLog {
  const lock = takeWriterLock(path);
  try {
    return open(lock);
  } catch (error) {
    lock.release();
    if (error instanceof LogError) throw error;
    throw new LogError('io', path, `${whatFails}: ${messageOf(error)}`, error);
  }
}

/** A write-ahead log left behind by another database would be played into the new one. */
function requireFreePath(path: string): void {
  const used = (each: string) => existsSync(each) && (each === path || statSync(each).size > 0);
  const inTheWay = [path, `${path}-wal`, `${path}-journal`].find(used);
  if (inTheWay !== undefined) {
    throw new LogError('exists', inTheWay, 'is in the way of a new log; choose another path or move it');
  }
}

/** Builds the file under another name and links it into place. */
function createFile(path: string, meta: Readonly<Record<string, string>>): void {
  const fresh = join(dirname(path), `.${basename(path)}.new`);
  rmSync(fresh, { force: true });
  try {
    const db = createTables(fresh);
    const genesis = writeGenesis(db, meta);
    db.close();
    writeAnchor(path, meta.session, genesis);
    linkSync(fresh, path);
    syncFolder(path);
  } finally {
    rmSync(fresh, { force: true });
  }
}

function openSqliteLog(path: string, lock: WriterLock, options: WriterOptions): EventLog {
  const db = openDatabase(path, 'write');
  try {
    db.pragma('journal_mode = WAL');
    setSync(db, path, 'NORMAL'); // each commit is synced here, so that the engine need not wait for all of them
    requireCurrentLayouts(db, path);
    return new SqliteLog(path, lock, db, options);
  } catch (error) {
    db.close();
    throw error;
  }
}

class SqliteLog implements EventLog {
  readonly #path: string;
  readonly #lock: WriterLock;
  readonly #db: Db;
  readonly #durability: Durability;
  readonly #inserter: BatchInserter;
  readonly #builder: BatchBuilder;
  readonly #everyInterval: boolean;
  readonly #now: () => number;
  #committedAt: number;
  /** The first failure. After it nothing more is written: what the disk holds now is for a restart to find out. */
  #failure: LogError | null = null;

  constructor(path: string, lock: WriterLock, db: Db, options: WriterOptions) {
    this.#path = path;
    this.#lock = lock;
    this.#db = db;
    if (options.sizeMaxBytes !== undefined) {
      const pageBytes = this.#db.pragma('page_size', { simple: true }) as number;
      this.#db.pragma(`max_page_count = ${Math.floor(options.sizeMaxBytes / pageBytes)}`);
    }
    this.#inserter = new BatchInserter(this.#db);
    this.#builder = new BatchBuilder(this.#inserter.head.last);
    this.#everyInterval = options.flush !== 'batch';
    this.#now = options.now ?? (() => performance.now());
    this.#committedAt = this.#now();
    const { session } = readMeta(this.#db);
    const sync = (options.syncOf ?? ((of) => new WalSync(of)))(path);
    const onFailure = (error: unknown) => this.#failure ?? this.#fail('io', error);
    const parts = { path, session, sync, now: this.#now, onFailure };
    this.#durability = new Durability(parts, this.#inserter.head);
  }

  get lastSeq(): number {
    return this.#builder.lastSeq;
  }

  tick(seq: number, tick: Tick, source: string): void {
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#builder.tick(seq, tick, source);
    } catch (error) {
      throw this.#fail('invalid', error);
    }
  }

  event(event: StoredEvent): void {
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#builder.row(rowOf(event));
    } catch (error) {
      throw this.#fail('invalid', error);
    }
  }

  settle(): void {
    if (this.#failure !== null) throw this.#failure;
    const { size, waitingRows } = this.#builder;
    if (size === 0) return;
    if (waitingRows >= ROWS_AHEAD) this.#insertRows();
    const isDue = this.#everyInterval && this.#now() - this.#committedAt >= COMMIT_INTERVAL_MS;
    if (!isDue && size < BLOCK_EVENTS_MAX) return;
    this.#commit();
    this.#unlessItFails(() => {
      if (this.#everyInterval) return this.#durability.follow(this.#inserter.head);
      this.#durability.syncNow(this.#inserter.head);
      if (this.#durability.isAnchorDue) this.#durability.anchorNow();
    });
  }

  flush(): number {
    if (this.#failure !== null) throw this.#failure;
    this.#commit();
    this.#unlessItFails(() => {
      this.#durability.syncNow(this.#inserter.head);
      this.#durability.anchorNow();
    });
    return this.#inserter.head.last;
  }

  flushSoon(done: (error: Error | null) => void): void {
    if (this.#failure !== null) throw this.#failure;
    this.#commit();
    this.#durability.whenDurable(this.#inserter.head, done);
  }

  close(): void {
    if (!this.#db.open) return;
    try {
      if (this.#failure === null) this.flush();
    } finally {
      this.#durability.close();
      this.#leaveOneFile();
      this.#db.close();
      this.#lock.release();
    }
  }

  /** A log at rest is one plain file that can be read from a folder nobody may write to. Readers at work prevent it. */
  #leaveOneFile(): void {
    try {
      if (this.#failure !== null) return;
      this.#db.pragma('busy_timeout = 0');
      this.#db.pragma('journal_mode = DELETE');
    } catch {
      // It stays in write-ahead mode, which is as durable.
    }
  }

  #insertRows(): void {
    this.#unlessItFails(() => this.#inserter.insertRows(this.#builder.takeRows()));
  }

  #commit(): void {
    this.#unlessItFails(() => {
      if (this.#builder.size > 0) this.#inserter.insert(this.#builder.take());
    });
    this.#committedAt = this.#now();
  }

  #unlessItFails(run: () => void): void {
    try {
      run();
    } catch (error) {
      throw this.#fail('io', error);
    }
  }

  #fail(code: 'io' | 'invalid', error: unknown): LogError {
    const durable = `everything up to seq ${this.#durability.durable.last} is safe, nothing more is written`;
    this.#failure = new LogError(
      code,
      this.#path,
      `cannot be appended to: ${messageOf(error)}; ${durable}`,
      error,
    );
    this.#durability.close();
    try {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // The database rolls back when it is next opened.
    }
    return this.#failure;
  }
}
