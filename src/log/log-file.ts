/** The database file of a log: its tables, how it is recognised before it is opened, and the settings every open asserts. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { asDamage, LogError, messageOf } from './log-error.ts';

/** "QOSL" in the database header. */
const APPLICATION_ID = 0x514f534c;
/** Version of the file format, in `user_version`. */
const FORMAT_VERSION = 1;
/** Larger than SQLite's usual pages: blocks are megabytes long. */
const PAGE_BYTES = 16_384;

const appendOnly = (table: string): string =>
  ['UPDATE', 'DELETE']
    .map(
      (verb) =>
        `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} ` +
        `BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END`,
    )
    .join(';\n');

const TABLES = [
  'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE TABLE layouts (id INTEGER PRIMARY KEY, layout TEXT NOT NULL) STRICT',
  `CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  type TEXT NOT NULL,
  version INTEGER NOT NULL,
  time INTEGER NOT NULL,
  recordedAt INTEGER NOT NULL,
  source TEXT NOT NULL,
  causation INTEGER,
  correlation TEXT,
  basis TEXT,
  payload TEXT NOT NULL
) STRICT`,
  'CREATE TABLE market (first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, block BLOB NOT NULL) STRICT',
  `CREATE TABLE commits (
  n INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL UNIQUE,
  hash BLOB NOT NULL
) STRICT`,
];
const SCHEMA = [...TABLES, ...['meta', 'layouts', 'events', 'market', 'commits'].map(appendOnly)].join(';\n');

export type Db = Database.Database;

/** Makes the tables in a new, empty file. One file without a write-ahead log until it is complete. */
export function createTables(path: string): Db {
  const db = new Database(path);
  db.pragma(`page_size = ${PAGE_BYTES}`);
  db.pragma('journal_mode = DELETE');
  setSync(db, path, 'FULL');
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${FORMAT_VERSION}`);
  db.exec(SCHEMA);
  return db;
}

/**
 * Looks at the file's first bytes, so that nothing is opened, and nothing is made beside it, that is not ours.
 */
export function recognise(path: string): void {
  if (!existsSync(path))
    throw new LogError('missing', path, 'does not exist; give the path of a quantos log');
  if (!statSync(path).isFile())
    throw new LogError('foreign', path, 'is not a file; give the path of a quantos log');
  const head = firstBytes(path, 100);
  if (head.length === 0) throw new LogError('foreign', path, 'is empty; a quantos log is a SQLite database');
  if (head.length < 100 || head.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw new LogError('foreign', path, 'is not a quantos log: it is no SQLite database');
  }
  if (head.readUInt32BE(68) !== APPLICATION_ID) {
    throw new LogError('foreign', path, "is not a quantos log: it is another program's SQLite database");
  }
  const version = head.readUInt32BE(60);
  if (version > FORMAT_VERSION) {
    throw new LogError(
      'newer',
      path,
      `has log format ${version}; this quantos knows up to ${FORMAT_VERSION}: use a newer quantos`,
    );
  }
  if (version === 0)
    throw new LogError('damaged', path, 'says that its log format is 0; the first one was 1');
}

function firstBytes(path: string, count: number): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new LogError('io', path, `cannot be opened: ${messageOf(error)}`, error);
  }
  try {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(file, bytes, 0, count, 0));
  } finally {
    closeSync(file);
  }
}

/** Opens a recognised log on a connection of its own. */
export function openDatabase(path: string, mode: 'read' | 'write'): Db {
  recognise(path);
  let db: Db | undefined;
  try {
    db = new Database(path, { readonly: mode === 'read', fileMustExist: true, timeout: 5_000 });
    if (mode === 'write') setSync(db, path, 'FULL');
    requireSchema(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw asDamage(error, path);
  }
}

const SYNC_LEVELS = { NORMAL: 1, FULL: 2 };

/**
 * A reopened write-ahead database would sync only at checkpoints: an acknowledged commit could be lost with the power. So
 * every open sets FULL; `NORMAL` is for whoever syncs each commit itself.
 */
export function setSync(db: Db, path: string, level: keyof typeof SYNC_LEVELS): void {
  db.pragma(`synchronous = ${level}`);
  const found = db.pragma('synchronous', { simple: true });
  if (found !== SYNC_LEVELS[level]) {
    const what = `synchronous is ${found} where ${SYNC_LEVELS[level]} (${level}) was set`;
    throw new LogError('io', path, `cannot be made durable: ${what}`);
  }
}

function requireSchema(db: Db, path: string): void {
  const found = db
    .prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid')
    .pluck()
    .all()
    .join(';\n');
  if (found !== SCHEMA) {
    throw new LogError('damaged', path, 'does not have the tables and triggers that its format asks for');
  }
}

/** What the log says of itself. */
export function readMeta(db: Db): Readonly<Record<string, string>> {
  return Object.fromEntries(
    db.prepare('SELECT key, value FROM meta ORDER BY key').raw().all() as [string, string][],
  );
}

export const readLayouts = (db: Db): (readonly [number, string])[] =>
  db.prepare('SELECT id, layout FROM layouts ORDER BY id').raw().all() as [number, string][];

/** A row of `commits`. */
export interface Commit {
  readonly n: number;
  readonly first: number;
  readonly last: number;
  readonly hash: Buffer;
}

export const COMMIT_COLUMNS = 'n, first_seq AS first, last_seq AS last, hash';
