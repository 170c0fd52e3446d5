/** Appends to a log: group commits under the hash chain, the anchor, one writer. */
import { existsSync, linkSync, realpathSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { EventLog } from '../bus/ports.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { Tick } from '../events/tick.ts';
import { syncFolder, writeAnchor } from './anchor.ts';
import { type Batch, BatchBuilder, rowOf, type StoredRow } from './batch.ts';
import { commitHash, genesisHash } from './hash-chain.ts';
import { LogError, messageOf } from './log-error.ts';
import {
  COMMIT_COLUMNS,
  type Commit,
  createTables,
  type Db,
  openDatabase,
  readLayouts,
  readMeta,
} from './log-file.ts';
import { openLogReader } from './log-reader.ts';
import { BLOCK_EVENTS_MAX } from './market-block.ts';
import { LAYOUTS } from './tick-columns.ts';
import { takeWriterLock, type WriterLock } from './writer-lock.ts';

export interface WriterOptions {
  /** `interval` commits at least every 100 ms; `batch`, for simulations, only when a block is full. */
  readonly flush?: 'interval' | 'batch';
  /** Milliseconds of a clock that never steps back. */
  readonly now?: () => number;
  /** The log refuses to grow beyond this many bytes. */
  readonly sizeMaxBytes?: number;
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
const ANCHOR_INTERVAL_MS = 1_000;
const COLUMNS = 11;
/** Rows a statement inserts: fewer calls into the database. */
const ROWS_AT_ONCE = 16;

/** Starts a new log. The file appears complete or not at all; one that exists is never touched. */
export function createLog(path: string, options: CreateOptions): EventLog {
  const lock = takeWriterLock(path);
  try {
    createFile(path, { ...options.meta, session: options.session });
    return new SqliteLog(path, lock, options);
  } catch (error) {
    lock.release();
    throw asWriteError(error, path, 'cannot be created');
  }
}

/** Continues a log after its last commit. */
export function openLogForAppend(path: string, options: AppendOptions = {}): EventLog {
  const target = existsSync(path) ? realpathSync(path) : path;
  const lock = existsSync(path) ? takeWriterLock(target) : undefined;
  try {
    const reader = openLogReader(target, { verify: options.verify ?? true });
    const { sealed } = reader;
    reader.close();
    if (sealed) throw new LogError('sealed', path, 'is sealed: it is finished, and nothing can be appended');
    return new SqliteLog(target, lock as WriterLock, options);
  } catch (error) {
    lock?.release();
    throw asWriteError(error, path, 'cannot be opened for writing');
  }
}

/** Builds the file under another name and links it into place. */
export function createFile(path: string, meta: Readonly<Record<string, string>>): void {
  for (const inTheWay of [path, `${path}-wal`, `${path}-journal`]) {
    const harmless = inTheWay !== path && existsSync(inTheWay) && statSync(inTheWay).size === 0;
    if (existsSync(inTheWay) && !harmless)
      throw new LogError('exists', inTheWay, 'is in the way of a new log; choose another path or move it');
  }
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

/** Commit 0: what the log says of itself. */
export function writeGenesis(db: Db, meta: Readonly<Record<string, string>>): Commit {
  const layouts = LAYOUTS.map(({ id, kind, columns }) => [id, JSON.stringify({ kind, columns })] as const);
  const genesis: Commit = { n: 0, first: 0, last: 0, hash: genesisHash(meta, layouts) };
  const insertMeta = db.prepare('INSERT INTO meta VALUES (?, ?)');
  const insertLayout = db.prepare('INSERT INTO layouts VALUES (?, ?)');
  db.transaction(() => {
    for (const entry of Object.entries(meta)) insertMeta.run(entry);
    for (const layout of layouts) insertLayout.run(layout);
    db.prepare('INSERT INTO commits VALUES (@n, @first, @last, @hash)').run(genesis);
  })();
  return genesis;
}

function asWriteError(error: unknown, path: string, what: string): LogError {
  if (error instanceof LogError) return error;
  return new LogError('io', path, `${what}: ${messageOf(error)}`, error);
}

/** Inserts batches under the chain, one transaction each. */
export class BatchInserter {
  head: Commit;
  readonly #db: Db;
  readonly #row;
  readonly #rows;
  readonly #block;
  readonly #commit;
  readonly #values: unknown[] = new Array(ROWS_AT_ONCE * COLUMNS);

  constructor(db: Db) {
    this.#db = db;
    const row = `(${new Array(COLUMNS).fill('?').join(', ')})`;
    this.#row = db.prepare(`INSERT INTO events VALUES ${row}`);
    this.#rows = db.prepare(`INSERT INTO events VALUES ${new Array(ROWS_AT_ONCE).fill(row).join(', ')}`);
    this.#block = db.prepare('INSERT INTO market VALUES (?, ?, ?)');
    this.#commit = db.prepare('INSERT INTO commits VALUES (@n, @first, @last, @hash)');
    this.head = db.prepare(`SELECT ${COMMIT_COLUMNS} FROM commits ORDER BY n DESC LIMIT 1`).get() as Commit;
  }

  insert(batch: Batch): void {
    const n = this.head.n + 1;
    const hash = commitHash(this.head.hash, n, batch);
    const commit = { n, first: batch.first, last: batch.last, hash };
    this.#db.exec('BEGIN IMMEDIATE');
    this.#insertRows(batch.rows);
    for (const { first, last, bytes } of batch.blocks) this.#block.run(first, last, bytes);
    this.#commit.run(commit);
    this.#db.exec('COMMIT');
    this.head = commit;
  }

  #insertRows(rows: readonly StoredRow[]): void {
    const values = this.#values;
    const whole = rows.length - (rows.length % ROWS_AT_ONCE);
    for (let i = 0; i < whole; i += ROWS_AT_ONCE) {
      let at = 0;
      for (let j = i; j < i + ROWS_AT_ONCE; j++) {
        for (let column = 0; column < COLUMNS; column++) values[at++] = rows[j][column];
      }
      this.#rows.run(values);
    }
    for (let i = whole; i < rows.length; i++) this.#row.run(rows[i]);
  }
}

class SqliteLog implements EventLog {
  readonly #path: string;
  readonly #lock: WriterLock;
  readonly #db: Db;
  readonly #session: string;
  readonly #inserter: BatchInserter;
  readonly #builder: BatchBuilder;
  readonly #everyInterval: boolean;
  readonly #now: () => number;
  #committedAt: number;
  #anchoredAt: number;
  #anchored = -1;
  /** The first failure. After it nothing more is written: what the disk holds now is for a restart to find out. */
  #failure: LogError | null = null;

  constructor(path: string, lock: WriterLock, options: WriterOptions) {
    this.#path = path;
    this.#lock = lock;
    this.#db = openDatabase(path, 'write');
    this.#db.pragma('journal_mode = WAL');
    if (options.sizeMaxBytes !== undefined) {
      const pageBytes = this.#db.pragma('page_size', { simple: true }) as number;
      this.#db.pragma(`max_page_count = ${Math.floor(options.sizeMaxBytes / pageBytes)}`);
    }
    this.#session = readMeta(this.#db).session;
    requireCurrentLayouts(this.#db, path);
    this.#inserter = new BatchInserter(this.#db);
    this.#builder = new BatchBuilder(this.#inserter.head.last);
    this.#everyInterval = options.flush !== 'batch';
    this.#now = options.now ?? (() => performance.now());
    this.#committedAt = this.#anchoredAt = this.#now();
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
    const { size } = this.#builder;
    if (size === 0) return;
    if (
      size >= BLOCK_EVENTS_MAX ||
      (this.#everyInterval && this.#now() - this.#committedAt >= COMMIT_INTERVAL_MS)
    ) {
      this.#commit();
      if (this.#committedAt - this.#anchoredAt >= ANCHOR_INTERVAL_MS) this.#anchor();
    }
  }

  flush(): number {
    if (this.#failure !== null) throw this.#failure;
    this.#commit();
    this.#anchor();
    return this.#inserter.head.last;
  }

  close(): void {
    if (!this.#db.open) return;
    try {
      if (this.#failure === null) this.flush();
    } finally {
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

  #commit(): void {
    try {
      if (this.#builder.size > 0) this.#inserter.insert(this.#builder.take());
      this.#committedAt = this.#now();
    } catch (error) {
      throw this.#fail('io', error);
    }
  }

  #anchor(): void {
    try {
      if (this.#anchored !== this.#inserter.head.n)
        writeAnchor(this.#path, this.#session, this.#inserter.head);
      this.#anchored = this.#inserter.head.n;
      this.#anchoredAt = this.#now();
    } catch (error) {
      throw this.#fail('io', error);
    }
  }

  #fail(code: 'io' | 'invalid', error: unknown): LogError {
    const durable = `everything up to seq ${this.#inserter.head.last} is safe, nothing more is written`;
    this.#failure = new LogError(
      code,
      this.#path,
      `cannot be appended to: ${messageOf(error)}; ${durable}`,
      error,
    );
    if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    return this.#failure;
  }
}

/** The layouts are under the chain from its first commit on, so a log is written in the layouts it began with. */
function requireCurrentLayouts(db: Db, path: string): void {
  const current = LAYOUTS.map(({ id, kind, columns }) => [id, JSON.stringify({ kind, columns })]);
  if (JSON.stringify(readLayouts(db)) !== JSON.stringify(current)) {
    throw new LogError(
      'sealed',
      path,
      'was begun with other column layouts: seal it and go on in a new session',
    );
  }
}
