/** What the engine's door on this computer lets in, tried over real sockets. */
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openControlServer } from '../../src/dashboard/control-server.ts';
import type { LocalServer } from '../../src/dashboard/local-server.ts';
import { health } from './health.ts';

const TOKEN = 'token-of-this-start';
let server: LocalServer;
let commands: unknown[] = [];
let state: Parameters<typeof health>[0] = {};

beforeEach(async () => {
  commands = [];
  state = {};
  const registry = new Registry();
  new Counter({ name: 'quantos_test_total', help: 'x', registers: [registry] }).inc(3);
  server = await openControlServer({
    engine: {
      health: () => health(state),
      command: (command, by, symbol) => commands.push([command, by, symbol]),
    },
    registry,
    port: 0,
    token: TOKEN,
    more: () => ({ pid: 4711 }),
  });
});
afterEach(() => server.close());

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** As written: no client of ours normalises the path or fixes a header. */
const ask = ({ method = 'GET', path = '/health', headers = {}, body }: Ask) =>
  new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, method, path, headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }));
    });
    sent.on('error', reject);
    sent.end(body);
  });

const control = (body: unknown, headers: Record<string, string> = {}) =>
  ask({
    method: 'POST',
    path: '/control',
    headers: { 'content-type': 'application/json', 'x-quantos-token': TOKEN, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('health says how the engine is, with 503 where a supervisor should look', async () => {
  const well = await ask({});
  expect(well.status).toBe(200);
  expect(JSON.parse(well.text)).toMatchObject({ ok: true, state: 'trading', pid: 4711 });
  state = { state: 'halted', why: 'selector (ACTOR_FAILED): boom' };
  const halted = await ask({});
  expect(halted.status).toBe(503);
  expect(JSON.parse(halted.text)).toMatchObject({ ok: false, state: 'halted' });
});

test('metrics are in the form Prometheus reads', async () => {
  const { status, text, headers } = await ask({ path: '/metrics' });
  expect(status).toBe(200);
  expect(headers['content-type']).toContain('text/plain');
  expect(text).toContain('quantos_test_total 3');
});

test('a command with the token reaches the engine once', async () => {
  expect((await control({ command: 'halt' })).status).toBe(202);
  expect((await control({ command: 'flatten', symbol: 'SPY' })).status).toBe(202);
  expect(commands).toEqual([
    ['halt', 'control', null],
    ['flatten', 'control', 'SPY'],
  ]);
});

describe('nothing but that changes anything', () => {
  const refused: readonly [string, Ask, number][] = [
    ['no token', { headers: { 'x-quantos-token': '' } }, 401],
    ['another token', { headers: { 'x-quantos-token': 'token-of-that-start' } }, 401],
    ['the beginning of the token', { headers: { 'x-quantos-token': TOKEN.slice(0, -1) } }, 401],
    ['a token in the address', { path: `/control?token=${TOKEN}`, headers: { 'x-quantos-token': '' } }, 401],
    ['a wrong Host', { headers: { host: 'evil.example' } }, 403],
    ['a Host that was rebound', { headers: { host: 'evil.example:80' } }, 403],
    ['a Host of another port', { headers: { host: '127.0.0.1:1' } }, 403],
    ['a foreign Origin', { headers: { origin: 'https://evil.example' } }, 403],
    ['the Origin null', { headers: { origin: 'null' } }, 403],
    ['a form of a page', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['text of a page', { headers: { 'content-type': 'text/plain' } }, 415],
    ['no JSON', { body: 'halt' }, 400],
    ['an unknown command', { body: '{"command":"selfDestruct"}' }, 400],
    ['more than a command', { body: '{"command":"halt","__proto__":{},"x":1}' }, 400],
    ['a symbol with halt', { body: '{"command":"halt","symbol":"SPY"}' }, 400],
    ['an array', { body: '["halt"]' }, 400],
    ['GET', { method: 'GET', body: undefined }, 405],
    ['PUT', { method: 'PUT' }, 405],
    [
      'a method override',
      { method: 'GET', body: undefined, headers: { 'x-http-method-override': 'POST' } },
      405,
    ],
    ['a path above', { path: '/../control' }, 404],
    ['an encoded path', { path: '/%2e%2e/control' }, 404],
    ['a twice encoded path', { path: '/%252e%252e%252fcontrol' }, 404],
    ['a file of the computer', { path: '/..%2f..%2fetc%2fpasswd', method: 'GET', body: undefined }, 404],
    ['a double slash', { path: '//control' }, 404],
    ['1 MB', { body: JSON.stringify({ command: 'halt', symbol: 'x'.repeat(1_048_576) }) }, 413],
  ];
  test.each(refused)('%s', async (_, how, status) => {
    const headers = { 'content-type': 'application/json', 'x-quantos-token': TOKEN, ...how.headers };
    const sent = { method: 'POST', path: '/control', body: '{"command":"halt"}', ...how, headers };
    // Whoever goes on sending after the refusal may find the connection closed before it is read.
    const cut = () => ({ status: 413, text: '' });
    const answer = await (status === 413 ? ask(sent).catch(cut) : ask(sent));
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain(TOKEN);
    expect(commands).toEqual([]);
  });

  test('health and metrics refuse a wrong Host and a foreign Origin, too', async () => {
    for (const path of ['/health', '/metrics']) {
      expect((await ask({ path, headers: { host: 'evil.example' } })).status).toBe(403);
      expect((await ask({ path, headers: { origin: 'http://evil.example' } })).status).toBe(403);
    }
  });

  test('no Host, and an empty one', async () => {
    for (const host of ['', 'Host:\r\n', 'Host: evil.example\r\n']) {
      const text = await raw(`GET /health HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
      expect(text).toMatch(/^HTTP\/1.1 (400|403)/);
    }
  });

  test('an upgrade is refused like anything else', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'websocket', host: 'evil.example' };
    expect((await ask({ headers })).status).toBe(403);
  });

  test('a body that never says how long it is ends at the limit', async () => {
    const text = await raw(
      `POST /control HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Quantos-Token: ${TOKEN}\r\n` +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n' +
        `1000\r\n${'x'.repeat(4_096)}\r\n`.repeat(4),
    );
    expect(text).toMatch(/^HTTP\/1.1 413/);
    expect(commands).toEqual([]);
  });
});

const raw = (text: string) =>
  new Promise<string>((resolve) => {
    let heard = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      heard += chunk;
      if (heard.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
  });

test('headers that come too slowly are cut off', async () => {
  expect(await raw(`GET /health HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX-Slow: `)).toMatch(
    /^(HTTP\/1.1 408|$)/,
  );
}, 20_000);

test('headers of 100 kB are refused', async () => {
  const text = await raw(
    `GET /health HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
  );
  expect(text).toMatch(/^HTTP\/1.1 431/);
});

test('it listens on the loopback only, and a taken port is named', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const taken = openControlServer({
    engine: { health: () => health({}), command: () => {} },
    registry: new Registry(),
    port,
    token: TOKEN,
    more: () => ({}),
  });
  await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', port });
  other.close();
});
