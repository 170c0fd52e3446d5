/** A paper engine as its users meet it: a process that is started, watched, signalled, killed and started again. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { replay } from '../../replay/replay.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { quantosJson } from './cli.ts';
import {
  askEngine,
  canaries,
  Engine,
  heard,
  logOf,
  newFolder,
  openVenue,
  openWebhook,
  produced,
  spellings,
  startPaper,
  type Venue,
} from './engine-process.ts';

const webhook = await openWebhook();
const alerts = { QUANTOS_ALERT_WEBHOOK: webhook.url };
afterAll(() => webhook.close());

let venues: Venue[] = [];
const open = async (options: Parameters<typeof openVenue>[0] = {}): Promise<Venue> => {
  const venue = await openVenue(options);
  venues.push(venue);
  return venue;
};
afterEach(async () => {
  for (const venue of venues) await venue.close();
  venues = [];
});

const sealedAndIdentical = async (path: string) => {
  const reader = openLogReader(path);
  const { sealed } = reader;
  reader.close();
  return { sealed, identical: (await replay(path, { verify: true })).identical };
};

/** At once: most of the time they wait for a day to end. */
test('engines that trade end in order at SIGINT and SIGTERM: their logs are sealed and replay identically', async () => {
  const endedBy = async (signal: NodeJS.Signals) => {
    const { url } = await open();
    const started = startPaper(url, ['--port', '0'], alerts);
    const { engine } = started;
    await engine.line(/HistoryLoaded .*to warm up/);
    await engine.line(/SelectionMade .*: equity/);
    await engine.line(/WalkStepped .*begins at the midpoint/);
    await engine.line(/OrderFilled .*buy .*, 0 left/);
    await engine.line(/positions .*, now .*equity/);
    expect(await engine.end(signal)).toBe(0);
    expect(engine.stderr).toContain(`engine stopped: ${signal}`);
    expect(engine.stderr).toMatch(/Try next\n.*replay .* --verify\n.*why .* \d+\n/);
    expect(engine.stderr).not.toContain('ClockTicked');
    expect(await sealedAndIdentical(logOf(started))).toEqual({ sealed: true, identical: true });
  };
  await Promise.all([endedBy('SIGINT'), endedBy('SIGTERM')]);
});

test('a killed engine takes its session up again, is halted by hand and by signal, and keeps others out', async () => {
  const { url } = await open();
  const first = startPaper(url, ['--port', '0'], alerts);
  const { data } = first;
  await first.engine.line(/OrderFilled/);
  const session = /SessionStarted +session (\S+)/g;
  const before = [...first.engine.stderr.matchAll(session)].at(-1)![1];
  expect(await first.engine.end('SIGKILL')).toBe('SIGKILL');

  const second = startPaper(url, ['--port', '0'], alerts, data);
  await second.engine.line(/SessionResumed/);
  await second.engine.line(/engine trading/);
  expect(second.engine.stderr).not.toContain('SessionStarted');
  const health = async () => JSON.parse((await askEngine(data, '/health')).text);
  expect(await health()).toMatchObject({
    ok: true,
    state: 'trading',
    session: before,
    pid: second.engine.pid,
  });
  const metrics = async () => (await askEngine(data, '/metrics')).text;
  await expect
    .poll(metrics, { timeout: 10_000 })
    .toMatch(/^quantos_events_total\{kind="input",type="ClockTicked"\} \d+$/m);

  second.engine.signal('SIGUSR2');
  await second.engine.line(/OperatorCommanded +SIGUSR2 says halt/);
  await second.engine.line(/TradingStateChanged .*halted/);
  expect(await quantosJson('kill', '--reset', '--data', data)).toMatchObject({ tradingState: 'trading' });
  expect(await quantosJson('kill', '--reduce-only', '--data', data)).toMatchObject({
    tradingState: 'reducing',
  });
  expect(await quantosJson('kill', '--data', data)).toMatchObject({
    tradingState: 'halted',
    workingOrders: 0,
  });

  const rivals = [startPaper(url, [], {}, data), startPaper(url, [], {})];
  for (const { engine } of rivals) {
    expect(await engine.ended()).toBe(2);
    expect(engine.stderr).toMatch(/^quantos: another engine runs on account .*$/m);
  }
  const port = /127\.0\.0\.1:(\d+)\/health/.exec(second.engine.stderr)![1];
  const taken = startPaper(url, ['--port', port]);
  expect(await taken.engine.ended()).toBe(3);
  expect(taken.engine.stderr).toContain(`port ${port} is taken`);

  expect(await second.engine.end()).toBe(0);
  expect(await sealedAndIdentical(logOf(second))).toEqual({ sealed: true, identical: true });
}, 120_000);

test('start --json prints a line of JSON for each change, and nothing else on stdout', async () => {
  const { url } = await open();
  const { engine } = startPaper(url, ['--json']);
  await engine.line(/"OrderFilled"/);
  expect(await engine.end()).toBe(0);
  const events = engine.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type);
  expect(events).toEqual(
    expect.arrayContaining(['SessionStarted', 'WalkStepped', 'SubmitAttempted', 'SessionEnded']),
  );
  expect(engine.stderr).toBe('');
});

describe('a venue that turns away', () => {
  test('keys that are revoked in mid-session halt trading; the engine says why, lives, and ends in order', async () => {
    const { url, simulator } = await open();
    const { data, engine } = startPaper(url, ['--port', '0'], alerts);
    await engine.line(/engine trading/);
    simulator.inject({ kind: 'revokeKeys' });
    await engine.line(/FeedStatusChanged +feed orders: live -> stale/);
    await engine.line(/ReconciliationFailed .*not authorized/);
    await engine.line(/TradingStateChanged +trading -> halted/);
    const { status, text } = await askEngine(data, '/health');
    expect({ status, orders: JSON.parse(text).workingOrders }).toMatchObject({ orders: 0 });
    expect(JSON.parse(text).feeds.orders).not.toBe('live');
    expect(await engine.end()).toBe(0);
  });

  test('an account that is blocked does not start', async () => {
    const { url, simulator } = await open();
    simulator.inject({ kind: 'blockAccount' });
    const { engine } = startPaper(url);
    expect(await engine.ended()).toBe(2);
    expect(engine.stderr).toMatch(/^quantos: account \S+ may not trade: .*blocked.*$/m);
  });

  test('an order for which there is no buying power is rejected, and the engine goes on', async () => {
    const { url, simulator } = await open();
    const { engine } = startPaper(url);
    await engine.line(/engine trading/);
    const { desk } = simulator;
    const submit = desk.submit.bind(desk);
    desk.submit = (body) => {
      simulator.account.cashMicros = 100_000_000; // somebody took the rest out, a moment ago
      return submit(body);
    };
    await engine.line(/OrderRejected .*insufficient/);
    expect(await engine.end()).toBe(0);
  });
});

test('while the market is closed an engine waits, and says until when', async () => {
  const { url } = await open();
  const { engine } = startPaper(url, ['--symbols', 'SPY']);
  await engine.line(/market XNYS is closed and opens at 2026-11-23 14:30 UTC/);
  expect(await engine.end()).toBe(0);
});

describe("this computer's clock", () => {
  test.each([
    [300, 3, /clock is 30\d seconds off the venue's: set it by a time server/],
    [6, 3, /clock is [67] seconds off the venue's: quotes will look older/],
  ])("%i seconds off the venue's is told", async (seconds, exitCode, sentence) => {
    const server = createServer((request, response) => {
      const time = new Date(Date.now() - seconds * 1_000).toISOString();
      const clock = { timestamp: time, is_open: false, next_open: time, next_close: time };
      const isClock = request.url === '/v2/clock';
      response.writeHead(isClock ? 200 : 401, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(isClock ? clock : { code: 40110000, message: 'request is not authorized' }),
      );
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { engine } = startPaper(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await engine.ended()).toBe(exitCode);
    server.close();
    expect(engine.stderr).toMatch(sentence);
  });
});

test('real money wants --live, and the confirmation of exactly this account and setup', async () => {
  const { url } = await open();
  const data = newFolder();
  const live = (...more: string[]) => {
    const argv = ['start', '--mode', 'live', '--venue', url, '--data', data, '--symbols', 'ETH/USD'];
    return new Engine([...argv, ...more]);
  };
  const unsaid = live();
  expect(await unsaid.ended()).toBe(2);
  expect(unsaid.stderr).toMatch(/^quantos: .*--live.*\n$/);
  const asked = live('--live');
  expect(await asked.ended()).toBe(2);
  const [, hash] = /--confirm ([0-9a-f]{12})/.exec(asked.stderr)!;
  const wrong = live('--live', '--confirm', 'ffffffffffff');
  expect(await wrong.ended()).toBe(2);
  expect(wrong.stderr).toMatch(/^quantos: --confirm ffffffffffff is not of this account.*\n$/);
  const right = live('--live', '--confirm', hash);
  await right.line(/engine trading/);
  expect(await right.end()).toBe(0);
  expect(right.stderr).toMatch(/recorded in .*live-2026/);
}, 120_000);

describe('a start that cannot be ends in one sentence', () => {
  const start = async (more: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { engine } = startPaper('http://127.0.0.1:9', more, env);
    const exitCode = await engine.ended();
    return { exitCode, stdout: engine.stdout, stderr: engine.stderr };
  };

  test('without a venue that answers', async () => {
    expect(await start([])).toEqual({
      exitCode: 3,
      stdout: '',
      stderr: expect.stringMatching(/^quantos: http:\/\/127\.0\.0\.1:9 does not answer.*sim-venue.*\n$/),
    });
  });

  test.each([
    ["a password in the venue's address", ['--venue', `http://me:${canaries.password}@127.0.0.1:9`], {}],
    ['a webhook that is no address', [], { QUANTOS_ALERT_WEBHOOK: `htp://${canaries.webhook}` }],
    [
      'a webhook with a password',
      [],
      { QUANTOS_ALERT_WEBHOOK: `http://me:${canaries.password}@127.0.0.1:9/` },
    ],
    ['a port that is none', [], { QUANTOS_PORT: 'http' }],
    ['a file that is not there', ['--config', 'nowhere.jsonc'], {}],
    ['a setting that is none', ['--set', 'risk.symbolCup=1'], {}],
  ])('with %s', async (_, more, env) => {
    const { exitCode, stderr } = await start(more, env as Record<string, string>);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(/^quantos: .*\n$/) });
  });

  test('with keys the venue does not know', async () => {
    const { url } = await open();
    const { engine } = startPaper(url, [], { APCA_API_SECRET_KEY: `${canaries.secret}wrong` });
    expect(await engine.ended()).toBe(3);
    expect(engine.stderr).toMatch(/^quantos: .*\n$/);
  });

  test('with a symbol the venue does not trade', async () => {
    const { url } = await open();
    const { engine } = startPaper(url, ['--symbols', 'ETH/USD,NOPE/USD']);
    expect(await engine.ended()).toBe(2);
    expect(engine.stderr).toMatch(/^quantos: .*NOPE\/USD.*$/m);
  });
});

test('of keys, passwords and secret addresses nothing is in any file, line, answer or alert of the runs above', () => {
  const files = readdirSync(produced, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const texts = files.map(({ name, parentPath }) => readFileSync(join(parentPath, name)).toString('latin1'));
  expect(files.length).toBeGreaterThan(20);
  expect(heard.some((text) => text.includes('[info]'))).toBe(true);
  const all = [...texts, ...heard];
  const found = Object.entries(canaries).flatMap(([name, secret]) =>
    spellings(secret).flatMap((spelling) =>
      all.flatMap((text, at) =>
        text.includes(spelling) ? [`${name} as ${spelling} in ${files[at]?.name ?? 'what was heard'}`] : [],
      ),
    ),
  );
  expect(found).toEqual([]);
});
