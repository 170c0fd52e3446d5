import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { quantos } from './cli.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('sim-venue serves what it prints until it is told to stop', async () => {
  const argv = ['--conditions=quantos-source', '--import', 'tsx', join('src', 'cli', 'main.ts'), 'sim-venue'];
  const child = spawn(process.execPath, [...argv, '--port', '0', '--json', '--speed', '2'], { cwd: root });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
      if (text.includes('\n')) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
  const { keyId, secret, symbols, url } = JSON.parse(said);
  const headers = { 'APCA-API-KEY-ID': keyId, 'APCA-API-SECRET-KEY': secret };
  const clock = await (await fetch(`${url}/v2/clock`, { headers })).json();
  expect(clock).toMatchObject({ is_open: false, simulator: { speed: 2 } });
  expect(symbols).toContain('BTC/USD');
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
}, 60_000);

test.each([
  [['--speed', '0'], '--speed is "0"; write a number above 0 and up to 60'],
  [['--faults', 'nowhere.json'], 'nowhere.json: no such file or folder'],
  [['--log', 'nowhere.db'], 'nowhere.db'],
])('sim-venue %j is refused in one sentence', async (argv, sentence) => {
  const { exitCode, stderr } = await quantos('sim-venue', ...argv);
  expect({ exitCode, lines: stderr.trim().split('\n').length }).toEqual({ exitCode: 2, lines: 1 });
  expect(stderr).toContain(sentence);
});

test('sim-venue says that its port is taken, and what to write instead', async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const { exitCode, stderr } = await quantos('sim-venue', '--port', `${port}`);
  server.close();
  expect({ exitCode, stderr: stderr.trim() }).toEqual({
    exitCode: 2,
    stderr: `quantos: --port ${port} is taken by another program; write --port 0 for any free one`,
  });
});
