/** The files a run leaves: its log and its report. Nobody's other file is ever replaced. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { sessionPath } from '../../replay/backtest.ts';
import { InputError } from '../domain/input-error.ts';
import { anchorPath } from '../log/anchor.ts';
import { LogError } from '../log/log-error.ts';
import { recognise } from '../log/log-file.ts';
import { lockPath, takeWriterLock } from '../log/writer-lock.ts';

/** Refuses a path that cannot take a log; with `overwrite` removes the log that stands there, but never one that is read. */
export function makePlaceForLog(out: string, overwrite: boolean, read: readonly string[]): void {
  requireFolder(out, '--out');
  for (let n = 0; existsSync(sessionPath(out, n)); n++) {
    const path = sessionPath(out, n);
    if (read.some((each) => realpathSync(each) === realpathSync(path))) {
      throw new InputError(`${path} is the data of this run; choose another --out`);
    }
    if (!overwrite)
      throw new LogError('exists', path, 'exists already: choose another --out, or --overwrite it');
    recognise(path);
    removeLog(path);
  }
}

function removeLog(path: string): void {
  takeWriterLock(path).release();
  for (const each of [path, `${path}-wal`, `${path}-shm`, anchorPath(path), lockPath(path)]) {
    rmSync(each, { force: true });
  }
}

/** Refuses a path that cannot take a report, before anything is computed. */
export function requirePlaceForPage(path: string, flag: string): void {
  requireFolder(path, flag);
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory())
    throw new InputError(`${flag} ${path} is a folder; name a file in it, such as ${path}/report.html`);
  if (statSync(path).size > 0 && !/^\s*<!doctype html/i.test(firstBytes(path))) {
    throw new InputError(`${flag} ${path} exists and is no HTML page; it is left alone: choose another name`);
  }
}

function firstBytes(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(64);
    return bytes.toString('latin1', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** The file appears whole or not at all. */
export function writeWhole(path: string, content: string): void {
  const draft = `${path}.${process.pid}.draft`;
  try {
    writeFileSync(draft, content);
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
}

export function requireFolder(path: string, flag: string): void {
  const folder = dirname(path);
  if (!existsSync(folder))
    throw new InputError(`${flag} ${path}: the folder ${folder} does not exist; create it or choose another`);
  if (!statSync(folder).isDirectory()) throw new InputError(`${flag} ${path}: ${folder} is no folder`);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new InputError(
      `${flag} ${path}: the folder ${folder} may not be written by this user; choose another`,
    );
  }
}
