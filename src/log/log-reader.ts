/** Reads a log, finished or still being written, on a connection of its own and in short transactions. */
import type { LogCursor } from '../bus/ports.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { Tick } from '../events/tick.ts';
import { checkAnchor, readAnchor } from './anchor.ts';
import { type Batch, currentEventOf, type StoredRow } from './batch.ts';
import { commitHash, genesisHash, RowLines } from './hash-chain.ts';
import { BatchCursor, type CursorOptions } from './log-cursor.ts';
import { asDamage, LogError } from './log-error.ts';
import { COMMIT_COLUMNS, type Commit, type Db, openDatabase, readLayouts, readMeta } from './log-file.ts';
import { BlockReader, type MarketBlock } from './market-block.ts';
import { type ColumnLayout, parseLayout } from './tick-columns.ts';

export interface ReaderOptions {
  /** Check the whole chain before the first read. */
  readonly verify?: boolean;
  /** Read an unsealed copy that came without its anchor; commits lost at its end go unnoticed. */
  readonly allowMissingAnchor?: boolean;
}

export interface ReadOptions extends CursorOptions {
  /** Recompute the chain, and hand out nothing of a commit that does not match. */
  readonly verify?: boolean;
}

export interface EventFilter {
  readonly type?: string;
  readonly kind?: 'input' | 'decision';
  readonly from?: number;
  readonly to?: number;
}

/** The last commit: what a log's content is known by. */
export interface LogHead {
  readonly seq: number;
  readonly commit: number;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** One record by its seq: a tick or an event. */
export type LogRecord =
  | { readonly seq: number; readonly source: string; readonly tick: Tick; readonly event: null }
  | { readonly seq: number; readonly source: string; readonly tick: null; readonly event: StoredEvent };

const ROWS_AT_ONCE = 1_024;

export class LogReader {
  readonly path: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly layouts: ReadonlyMap<number, ColumnLayout>;
  readonly #db: Db;
  readonly #genesis: Buffer;
  readonly #head;
  readonly #commit;
  readonly #commitWith;
  readonly #rows;
  readonly #blocks;
  readonly #row;
  readonly #blockBefore;
  readonly #beyondHead;

  constructor(path: string, options: ReaderOptions = {}) {
    this.path = path;
    const anchor = readAnchor(path);
    this.#db = openDatabase(path, 'read');
    const prepare = (sql: string) => this.#db.prepare(sql);
    try {
      this.meta = readMeta(this.#db);
      const layouts = readLayouts(this.#db);
      this.layouts = new Map(layouts.map(([id, json]) => [id, parseLayout(id, json)]));
      this.#genesis = genesisHash(this.meta, layouts);
      this.#head = prepare(`SELECT ${COMMIT_COLUMNS} FROM commits ORDER BY n DESC LIMIT 1`);
      this.#commit = prepare(`SELECT ${COMMIT_COLUMNS} FROM commits WHERE n = ?`);
      this.#commitWith = prepare(
        `SELECT ${COMMIT_COLUMNS} FROM commits WHERE last_seq >= ? ORDER BY last_seq LIMIT 1`,
      );
      this.#rows = prepare('SELECT * FROM events WHERE seq BETWEEN ? AND ? ORDER BY seq').raw();
      this.#blocks = prepare(
        'SELECT first_seq AS first, last_seq AS last, block AS bytes FROM market WHERE first_seq BETWEEN ? AND ? ORDER BY first_seq',
      );
      this.#row = prepare('SELECT * FROM events WHERE seq = ?').raw();
      this.#blockBefore = prepare(
        'SELECT first_seq AS first, last_seq AS last, block AS bytes FROM market WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1',
      );
      this.#beyondHead = prepare(
        `SELECT EXISTS (SELECT 1 FROM events WHERE seq > last) OR EXISTS (SELECT 1 FROM market WHERE last_seq > last)
         FROM (SELECT max(last_seq) AS last FROM commits)`,
      ).pluck();
      this.#check(anchor, options);
      if (options.verify) this.verify();
    } catch (error) {
      this.#db.close();
      throw asDamage(error, path);
    }
  }

  get session(): string {
    return this.meta.session;
  }

  get sealed(): boolean {
    return this.meta.sealed !== undefined;
  }

  head(): LogHead {
    const head = this.#lastCommit();
    return { seq: head.last, commit: head.n, hash: head.hash.toString('hex') };
  }

  cursor(options: ReadOptions = {}): LogCursor {
    return new BatchCursor(this.#source(options.verify ?? false), options);
  }

  /** The record at `seq`, or null when the log has none there. */
  event(seq: number): LogRecord | null {
    return this.#reading(`seq ${seq}`, () => {
      const row = this.#row.get(seq) as StoredRow | undefined;
      if (row !== undefined) return { seq, source: row[6], tick: null, event: currentEventOf(row) };
      const block = this.#blockBefore.get(seq) as MarketBlock | undefined;
      if (block === undefined || seq > block.last) return null;
      const reader = new BlockReader(block, this.layouts);
      reader.seek(seq);
      const tick = new Tick();
      const source = reader.next(tick);
      return source === null ? null : { seq, source, tick, event: null };
    });
  }

  /** Events (not ticks) in seq order. */
  *events(filter: EventFilter = {}): Generator<StoredEvent> {
    const { type = null, kind = null, to = Number.MAX_SAFE_INTEGER } = filter;
    const page = this.#db
      .prepare(
        `SELECT * FROM events WHERE seq > @after AND seq <= @to AND (@type IS NULL OR type = @type)
         AND (@kind IS NULL OR kind = @kind) ORDER BY seq LIMIT ${ROWS_AT_ONCE}`,
      )
      .raw();
    let after = (filter.from ?? 1) - 1;
    for (;;) {
      const rows = this.#reading(
        `seq ${after + 1}`,
        () => page.all({ after, to, type, kind }) as StoredRow[],
      );
      for (const row of rows) yield currentEventOf(row);
      if (rows.length < ROWS_AT_ONCE) return;
      after = rows[rows.length - 1][0];
    }
  }

  /** Events before a seq, newest first. */
  *eventsBefore(before: number): Generator<StoredEvent> {
    const page = this.#db
      .prepare(`SELECT * FROM events WHERE seq < @before ORDER BY seq DESC LIMIT ${ROWS_AT_ONCE}`)
      .raw();
    for (let end = before; ; ) {
      const rows = this.#reading(`seq ${end - 1}`, () => page.all({ before: end }) as StoredRow[]);
      for (const row of rows) yield currentEventOf(row);
      if (rows.length < ROWS_AT_ONCE) return;
      end = rows[rows.length - 1][0];
    }
  }

  /** Reads everything and recomputes the chain; throws at the first byte that is not as written. */
  verify(): LogHead {
    const head = this.#lastCommit();
    const cursor = this.cursor({ to: head.last, verify: true, asStored: true });
    while (cursor.next() !== 0);
    if (cursor.seq !== head.last) {
      throw new LogError(
        'damaged',
        `${this.path}, seq ${cursor.seq + 1},`,
        `is missing; the log says it ends at ${head.last}`,
      );
    }
    if (this.#reading('its end', () => this.#beyondHead.get()) !== 0) {
      throw new LogError('damaged', this.path, `holds records after its last commit (seq ${head.last})`);
    }
    return { seq: head.last, commit: head.n, hash: head.hash.toString('hex') };
  }

  close(): void {
    this.#db.close();
  }

  #lastCommit(): Commit {
    return this.#reading('its head', () => this.#head.get() as Commit);
  }

  #check(anchor: Buffer | null, options: ReaderOptions): void {
    const genesis = this.#commit.get(0) as Commit | undefined;
    if (
      genesis === undefined ||
      !this.#genesis.equals(genesis.hash) ||
      genesis.last !== 0 ||
      this.session === undefined
    ) {
      throw new LogError('damaged', `${this.path}, commit 0`, 'does not match what the log says of itself');
    }
    const head = this.#head.get() as Commit;
    if (this.sealed) {
      if (`${head.last}` !== this.meta.lastSeq) {
        throw new LogError(
          'damaged',
          this.path,
          `ends at seq ${head.last}; it was sealed at ${this.meta.lastSeq}`,
        );
      }
    } else if (anchor !== null) {
      checkAnchor(this.path, anchor, this.session, head.n, (n) => this.#commit.get(n) as Commit | undefined);
    } else if (!options.allowMissingAnchor) {
      const remedy = 'copy that file along, or seal the log before copying it';
      throw new LogError(
        'anchor',
        this.path,
        `has no ${this.path}.anchor beside it, so a lost end would go unnoticed: ${remedy}`,
      );
    }
  }

  /** Batches from the database, one commit at a time: every statement is a transaction of its own. */
  #source(verify: boolean) {
    let previous: Commit | undefined;
    const lines = new RowLines();
    const matches = (before: Commit, { n, hash }: Commit, batch: Batch): boolean => {
      lines.clear();
      for (const row of batch.rows) lines.add(row);
      return commitHash(before.hash, n, batch, lines).equals(hash);
    };
    const batchAt = (seq: number): Batch | null =>
      this.#reading(`seq ${seq}`, () => {
        const next =
          previous !== undefined && seq === previous.last + 1
            ? this.#commit.get(previous.n + 1)
            : this.#commitWith.get(seq);
        const commit = next as Commit | undefined;
        if (commit === undefined) return null;
        const { n, first, last } = commit;
        const where = `${this.path}, commit ${n} (seq ${first} to ${last}),`;
        if (previous?.n !== n - 1) previous = this.#commit.get(n - 1) as Commit | undefined;
        if (previous === undefined || first !== previous.last + 1 || last < seq) {
          throw new LogError('damaged', where, 'does not follow the commit before it');
        }
        const rows = this.#rows.all(first, last) as StoredRow[];
        const blocks = this.#blocks.all(first, last) as MarketBlock[];
        const batch = { first, last, rows, blocks };
        if (verify && !matches(previous, commit, batch)) {
          throw new LogError(
            'damaged',
            where,
            'does not match its hash: its bytes are not the ones that were written',
          );
        }
        previous = commit;
        return batch;
      });
    return { name: this.path, layouts: this.layouts, batchAt, close: () => {} };
  }

  #reading<T>(what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw asDamage(error, `${this.path}, ${what},`);
    }
  }
}

export const openLogReader = (path: string, options?: ReaderOptions): LogReader =>
  new LogReader(path, options);
