import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('every benchmark runs at a tiny size and says what it measured, in one document', {
  timeout: 180_000,
}, () => {
  const args = ['--import', 'tsx', 'bench/main.ts', '--small', '--json'];
  const document = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));
  for (const each of document) {
    expect(Object.keys(each)).toEqual(['name', 'value', 'unit', 'limit', 'peer', 'ratio', 'goal']);
    expect(each.value).toBeGreaterThan(0);
    if (each.ratio !== null) expect(each.ratio).toBeGreaterThan(0);
  }
  const measured = new Set(document.map(({ name }: { name: string }) => name.split(':')[0]));
  expect([...measured]).toEqual([
    'raw-rates',
    'append-quotes',
    'replay-quotes',
    'backtest-bars',
    'replay-memory',
    'option-maths',
    'live-latency',
    'flood',
    'time-travel',
    'dashboard',
  ]);
});
