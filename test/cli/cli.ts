/** Runs commands inside the test's process, or as a user's shell would, and gives back what was printed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';

export interface Printed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function quantos(...argv: readonly string[]): Promise<Printed> {
  let stdout = '';
  let stderr = '';
  const exitCode = await runCli(argv, {
    out: (text) => {
      stdout += `${text}\n`;
    },
    err: (text) => {
      stderr += `${text}\n`;
    },
    watched: false,
    program: 'quantos',
    exitCode: 0,
  });
  return { exitCode, stdout: plain(stdout), stderr: plain(stderr) };
}

/** What a command prints without a person asking for colours. */
const plain = (text: string): string => stripVTControlCharacters(text).replaceAll('\u00a0', ' ');

/** The one JSON document of a command that must succeed. */
export async function quantosJson(...argv: readonly string[]) {
  const { exitCode, stdout, stderr } = await quantos(...argv, '--json');
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
  return JSON.parse(stdout);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'src', 'cli', 'main.ts');
const tsx = join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs');

/** A shell's command line in which `quantos` stands for the real program. */
export function shell(script: string, cwd: string): Printed {
  const program = `"${process.execPath}" --import "${tsx}" "${main}"`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', `quantos() { ${program} "$@"; }; ${script}`], {
    cwd,
    encoding: 'utf8',
    // A line for each state change of twenty years.
    maxBuffer: 64 * 1_048_576,
  });
  return { exitCode: status ?? -1, stdout: plain(stdout), stderr: plain(stderr) };
}

/** A folder of this spec's own, removed at its end. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'quantos-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const demoCsv = join(root, 'node_modules', 'vega-datasets', 'data', 'sp500-2000.csv');
