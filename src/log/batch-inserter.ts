/** Puts batches into the database under the hash chain, one transaction each, after the commit that says what the log is. */
import type { Batch, StoredRow } from './batch.ts';
import { commitHash, genesisHash, RowLines } from './hash-chain.ts';
import { LogError } from './log-error.ts';
import { COMMIT_COLUMNS, type Commit, type Db, readLayouts } from './log-file.ts';
import { LAYOUTS } from './tick-columns.ts';

const COLUMNS = 11;
/** Rows a statement inserts: fewer calls into the database. */
const ROWS_AT_ONCE = 32;

const currentLayouts = LAYOUTS.map(
  ({ id, kind, columns }) => [id, JSON.stringify({ kind, columns })] as const,
);

/** Commit 0: what the log says of itself. */
export function writeGenesis(db: Db, meta: Readonly<Record<string, string>>): Commit {
  const genesis: Commit = { n: 0, first: 0, last: 0, hash: genesisHash(meta, currentLayouts) };
  const insertMeta = db.prepare('INSERT INTO meta VALUES (?, ?)');
  const insertLayout = db.prepare('INSERT INTO layouts VALUES (?, ?)');
  db.transaction(() => {
    for (const entry of Object.entries(meta)) insertMeta.run(entry);
    for (const layout of currentLayouts) insertLayout.run(layout);
    db.prepare('INSERT INTO commits VALUES (@n, @first, @last, @hash)').run(genesis);
  })();
  return genesis;
}

/** The layouts are under the chain from its first commit on, so a log is written in the layouts it began with. */
export function requireCurrentLayouts(db: Db, path: string): void {
  if (JSON.stringify(readLayouts(db)) !== JSON.stringify(currentLayouts)) {
    throw new LogError(
      'sealed',
      path,
      'was begun with other column layouts: seal it and go on in a new session',
    );
  }
}

/** Inserts batches under the chain, one transaction each. After a throw it is of no use any more. */
export class BatchInserter {
  head: Commit;
  readonly #db: Db;
  readonly #row;
  readonly #rows;
  readonly #block;
  readonly #commit;
  readonly #values: unknown[] = new Array(ROWS_AT_ONCE * COLUMNS);
  readonly #lines = new RowLines();

  constructor(db: Db) {
    this.#db = db;
    const row = `(${new Array(COLUMNS).fill('?').join(', ')})`;
    this.#row = db.prepare(`INSERT INTO events VALUES ${row}`);
    this.#rows = db.prepare(`INSERT INTO events VALUES ${new Array(ROWS_AT_ONCE).fill(row).join(', ')}`);
    this.#block = db.prepare('INSERT INTO market VALUES (?, ?, ?)');
    this.#commit = db.prepare('INSERT INTO commits VALUES (@n, @first, @last, @hash)');
    this.head = db.prepare(`SELECT ${COMMIT_COLUMNS} FROM commits ORDER BY n DESC LIMIT 1`).get() as Commit;
  }

  /**
   * Rows ahead of the commit they belong to. A batch may be long in coming, and whatever is kept for it would be moved
   * by the garbage collector again and again.
   */
  insertRows(rows: readonly StoredRow[]): void {
    if (!this.#db.inTransaction) this.#db.exec('BEGIN IMMEDIATE');
    for (let i = 0; i < rows.length; i++) this.#lines.add(rows[i]);
    const values = this.#values;
    const whole = rows.length - (rows.length % ROWS_AT_ONCE);
    for (let i = 0; i < whole; i += ROWS_AT_ONCE) {
      let at = 0;
      for (let j = i; j < i + ROWS_AT_ONCE; j++) {
        for (let column = 0; column < COLUMNS; column++) values[at++] = rows[j][column];
      }
      this.#rows.run(...values); // an array would be read element by element through the engine's slow path
    }
    for (let i = whole; i < rows.length; i++) this.#row.run(rows[i]);
  }

  /** The rest of a batch, and its commit. */
  insert(batch: Batch): void {
    this.insertRows(batch.rows);
    for (const { first, last, bytes } of batch.blocks) this.#block.run(first, last, bytes);
    const n = this.head.n + 1;
    const hash = commitHash(this.head.hash, n, batch, this.#lines);
    const commit = { n, first: batch.first, last: batch.last, hash };
    this.#commit.run(commit);
    this.#db.exec('COMMIT');
    this.#lines.clear();
    this.head = commit;
  }
}
