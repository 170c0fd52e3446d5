/** `quantos open`, and the simulation that goes on serving when it is done, as processes of their own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { demoCsv, quantos, quantosJson, scratchFolder } from './cli.ts';
import { Engine } from './engine-process.ts';

const folder = scratchFolder();
const dataset = join(folder, 'spy.db');
const run = join(folder, 'run.db');
let engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines) await engine.end('SIGKILL');
  engines = [];
});
const started = (...argv: readonly string[]): Engine => {
  const engine = new Engine(argv);
  engines.push(engine);
  return engine;
};

beforeAll(async () => {
  await quantosJson('import', demoCsv, '--symbol', 'SPX', '--out', dataset);
  await quantosJson('backtest', dataset, '--strategy', 'sma-cross', '--to', '2003-01-01', '--out', run);
});

test('a finished run is served until somebody asks for the end', async () => {
  const engine = started('open', run);
  const address = new URL(await engine.line(/http:\S+/));
  expect(address.hash).toMatch(/^#token=[\w-]{43}$/);
  const moment = (await (await fetch(`${address.origin}/api/moment`)).json()) as { session: object };
  expect(moment.session).toMatchObject({ mode: 'sim', strategy: 'sma-cross' });
  expect(engine.stdout + engine.stderr).not.toMatch(/error/i);
  expect(await engine.end('SIGINT')).toBe(0);
});

test('a simulation with --port serves its run when it is done', async () => {
  const engine = started('start', '--dataset', dataset, '--strategy', 'sma-cross', '--quiet', '--port', '0');
  const { origin } = new URL(await engine.line(/http:\S+/));
  expect((await fetch(`${origin}/api/session`)).status).toBe(200);
  expect(await engine.end('SIGTERM')).toBe(0);
});

test('what cannot be opened is refused in one sentence', async () => {
  const missing = await quantos('open', join(folder, 'nowhere.db'));
  expect([missing.exitCode, missing.stderr]).toEqual([
    2,
    expect.stringMatching(/^quantos: .*nowhere.db does not exist\n$/),
  ]);
  const other = join(folder, 'other.db');
  writeFileSync(other, 'no log');
  const foreign = await quantos('open', other);
  expect([foreign.exitCode, foreign.stderr]).toEqual([2, expect.stringMatching(/^quantos: .*other.db.*\n$/)]);
  const data = join(folder, 'data');
  mkdirSync(data);
  const nobody = await quantos('open', '--data', data);
  expect([nobody.exitCode, nobody.stderr]).toEqual([3, expect.stringMatching(/no engine runs.*name a log/)]);
  const taken = createServer();
  await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
  const { port } = taken.address() as AddressInfo;
  const busy = await quantos('open', run, '--port', String(port));
  expect([busy.exitCode, busy.stderr]).toEqual([
    2,
    expect.stringMatching(/--port \d+ is taken by another program/),
  ]);
  taken.close();
});
