/** The matrix is only worth its result if each Node really ran, and if a difference between them shows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { digestsByNode, nodesHere } from './digests-by-node.ts';

const folder = mkdtempSync(join(tmpdir(), 'quantos-matrix-spec-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function entry(name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(path, source);
  return path;
}

const majors = Object.keys(nodesHere());

test('the running Node is always part of the matrix', () => {
  expect(majors).toContain(process.versions.node.split('.')[0]);
});

test('each Node runs the bundle itself, so a difference between them is seen', async () => {
  const path = entry(
    'versions.ts',
    'const major: string = process.versions.node.split(".")[0]!; console.log(major);',
  );
  expect(await digestsByNode(path)).toEqual(Object.fromEntries(majors.map((major) => [major, major])));
});

test('our sources and their packages are bundled in, so that no Node needs an installation of its own', async () => {
  const source = (path: string) =>
    JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));
  const path = entry(
    'bundled.ts',
    `import { definitionOf } from ${source('events/catalogue.ts')};
     import { DecisionDigest } from ${source('bus/decision-digest.ts')};
     console.log(definitionOf('ClockTicked').type, new DecisionDigest().hex().length);`,
  );
  expect(new Set(Object.values(await digestsByNode(path)))).toEqual(new Set(['ClockTicked 64']));
});

test('a program that fails is an error that tells what it wrote', async () => {
  const path = entry('fails.ts', 'console.error("no such symbol"); process.exit(3);');
  await expect(digestsByNode(path)).rejects.toThrow('no such symbol');
});
