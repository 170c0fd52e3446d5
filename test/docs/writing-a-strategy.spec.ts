/** The guide's code is compiled and run as a reader would run it, and prints what the guide says it prints. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guide = readFileSync(join(root, 'docs', 'writing-a-strategy.md'), 'utf8');
let folder = '';

/** Fenced blocks whose first line is `marker` and a name, by that name. */
const blocks = (marker: string): [name: string, text: string][] =>
  [...guide.matchAll(/^```(\S+ \w+)=(\S+)\n([\s\S]*?)^```$/gm)]
    .filter(([, kind]) => kind === marker)
    .map(([, , name, text]) => [name, text]);

const node = (...args: string[]): string =>
  execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

beforeAll(() => {
  // Inside the package, where its own name resolves to it.
  mkdirSync(join(root, '.cache'), { recursive: true });
  folder = mkdtempSync(join(root, '.cache', 'guide-'));
  for (const [name, text] of blocks('ts file')) writeFileSync(join(folder, name), text);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the strategies shown are the files of examples/', () => {
  for (const name of ['breakout.ts', 'faulty-close-location.ts']) {
    const shown = blocks('ts file').find(([file]) => file === name)?.[1];
    expect(shown).toBe(readFileSync(join(root, 'examples', name), 'utf8'));
  }
});

test('every block of code compiles', () => {
  const extending = { extends: '../../tsconfig.json', include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(extending));
  expect(blocks('ts file').length).toBeGreaterThanOrEqual(6);
  expect(node(join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', folder)).toBe('');
});

test.each(blocks('output of'))('%s prints what the guide says', (file, output) => {
  expect(node('--conditions=quantos-source', '--import', 'tsx', file)).toBe(output);
});
