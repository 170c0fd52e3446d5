import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { afterAll, describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { machineNames } from '../../src/projections/charts/machine-catalogue.ts';
import { demoCsv, quantos, quantosJson, scratchFolder } from './cli.ts';

const folder = scratchFolder();
const root = fileURLToPath(new URL('../..', import.meta.url));

describe('quantos machines', () => {
  test('lists every machine with what it is', async () => {
    const { stdout, exitCode } = await quantos('machines');
    expect(exitCode).toBe(0);
    for (const name of machineNames) expect(stdout).toContain(name);
    const listed = await quantosJson('machines');
    expect(listed.map(({ name }: { name: string }) => name)).toEqual([...machineNames]);
  });

  test('shows one for people, and as data', async () => {
    const { stdout } = await quantos('machines', 'feed');
    expect(stdout).toMatch(/after failover → failover/);
    const chart = await quantosJson('machines', 'feed');
    expect(chart.root.states.map(({ path }: { path: string }) => path)).toContain('recovering');
    expect(JSON.parse((await quantos('machines', 'feed', '--format', 'json')).stdout)).toEqual(chart);
  });

  test.each([...machineNames])('exports %s for Stately as what XState takes', async (name) => {
    const { stdout } = await quantos('machines', name, '--format', 'stately');
    expect(() => createMachine(JSON.parse(stdout))).not.toThrow();
  });

  test.each([
    ['chart.svg', /^<svg [\s\S]*data-state="recovering.looking"/],
    ['chart.mmd', /^stateDiagram-v2\n/],
    ['chart.json', /^\{\n {2}"id": "feed"/],
  ])('writes %s in the format that its name says', async (file, begins) => {
    const out = join(folder, file);
    const { exitCode, stdout } = await quantos('machines', 'feed', '--out', out);
    expect([exitCode, stdout.startsWith(`${out}: feed as `)]).toEqual([0, true]);
    expect(readFileSync(out, 'utf8')).toMatch(begins);
  });

  test.each([
    [['nope'], /^quantos: there is no machine "nope"; there are market-regime, .*, unknown-order\n$/],
    [['--format', 'svg'], /^quantos: name the machine to export: one of market-regime, /],
    [['feed', '--out', 'chart.txt'], /--out chart\.txt says no format; add --format stately/],
    [['feed', '--format', 'dot'], /--format is "dot"; write stately, mermaid, svg or json/],
  ])('refuses %j in one sentence', async (argv, sentence) => {
    const { exitCode, stderr } = await quantos('machines', ...argv);
    expect([exitCode, stderr.trim().split('\n').length]).toEqual([2, 1]);
    expect(stderr).toMatch(sentence);
  });

  test('never replaces a file', async () => {
    const out = join(folder, 'mine.svg');
    writeFileSync(out, 'mine');
    const { exitCode, stderr } = await quantos('machines', 'feed', '--out', out);
    expect([exitCode, stderr]).toEqual([2, `quantos: --out ${out} exists already; choose another name\n`]);
    expect(readFileSync(out, 'utf8')).toBe('mine');
  });
});

describe('quantos start --inspect', () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  async function started(...more: readonly string[]) {
    const loader = join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs');
    const argv = ['--import', loader, join(root, 'src', 'cli', 'main.ts'), 'start', ...more];
    const child = spawn(process.execPath, argv, { cwd: folder });
    children.push(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
    return { exit, out: () => stdout, err: () => stderr };
  }

  /** Decisions of a run that was seen, as its result says. */
  const changes = (stdout: string): string[] => stdout.trim().split('\n');

  test('shows a simulated run to Stately’s receiver, and decides what a run decides that nobody sees', async () => {
    const csv = join(folder, 'sp500.csv');
    writeFileSync(csv, readFileSync(demoCsv, 'utf8').split('\n').slice(0, 700).join('\n'));
    const dataset = join(folder, 'small.db');
    expect((await quantos('import', csv, '--symbol', 'SP500', '--out', dataset)).exitCode).toBe(0);
    const seen: StatelyInspectionEvent[] = [];
    const inspected = await started('--dataset', dataset, '--inspect', '--json');
    while (!inspected.err().includes('waiting up to'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const [url] = /ws:\/\/127\.0\.0\.1:\d+/.exec(inspected.err())!;
    createWebSocketReceiver({ server: url }).subscribe((event) => seen.push(event));
    expect(await inspected.exit).toBe(0);
    const types = new Set(seen.map(({ type }) => type));
    expect([...types].sort()).toEqual(['@xstate.actor', '@xstate.event', '@xstate.snapshot']);
    expect(seen.filter(({ type }) => type === '@xstate.event').length).toBeGreaterThan(1_000);

    const alone = await started('--dataset', dataset, '--json');
    expect(await alone.exit).toBe(0);
    expect(changes(inspected.out())).toEqual(changes(alone.out()));
    expect(changes(alone.out()).length).toBeGreaterThan(20);
  }, 120_000);

  test('says in one sentence that its port is no port', async () => {
    const { exitCode, stderr } = await quantos('start', '--inspect', 'here');
    expect([exitCode, stderr]).toEqual([2, 'quantos: --inspect is "here"; write a port from 0 to 65535\n']);
  });
});
