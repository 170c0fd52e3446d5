/**
 * Where a running engine can be reached and with which token: a file only its user may read, so that whoever may stop
 * the engine is whoever could stop its process.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  port: z.int().min(1).max(65_535),
  token: z.string().min(1),
  pid: z.int().positive(),
});
export type ControlFile = z.infer<typeof schema>;

const NAME = /^control-\d+[.]json$/;
const pathOf = (folder: string, port: number): string => join(folder, `control-${port}.json`);

/** The answer removes it again. */
export function writeControlFile(folder: string, control: ControlFile): () => void {
  mkdirSync(folder, { recursive: true });
  const path = pathOf(folder, control.port);
  const draft = `${path}.${control.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(control)}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return () => rmSync(path, { force: true });
}

/** Of engines that are alive; what one left that was killed is passed over. */
export function readControlFiles(folder: string): ControlFile[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => NAME.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names.sort().flatMap((name) => {
    const control = schema.safeParse(jsonOf(readFileSync(join(folder, name), 'utf8')));
    return control.success && isAlive(control.data.pid) ? [control.data] : [];
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process: not ours to command, and alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
