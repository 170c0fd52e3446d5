/** A file that a command makes: one that exists is never replaced, the new one appears whole or not at all. */
import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { InputError } from '../../domain/input-error.ts';
import { requireFolder } from '../run-files.ts';

/** `fill` writes the draft whose path it is given. */
export async function makeFile<T>(out: string, fill: (draft: string) => T | Promise<T>): Promise<T> {
  requireFolder(out, '--out');
  const draft = `${out}.${process.pid}.draft`;
  try {
    closeSync(openSync(out, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new InputError(`--out ${out} exists already; choose another name`);
  }
  try {
    const result = await fill(draft);
    renameSync(draft, out);
    return result;
  } catch (error) {
    rmSync(out, { force: true });
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
