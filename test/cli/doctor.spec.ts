/** What doctor says of keys, account, clocks and data, asked of a venue and of Yahoo on this computer. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeControlFile } from '../../src/dashboard/control-file.ts';
import { lockAccount } from '../../src/engine/live/account-lock.ts';
import { SessionFiles } from '../../src/engine/live/session-files.ts';
import { answerOf, chartOf, yahooServer } from '../adapters/yahoo/yahoo-server.ts';
import { quantos, scratchFolder } from './cli.ts';

const folder = scratchFolder();
const KEY = 'PKCANARY0000KEY0000';
const SECRET = 'CANARYsecretCANARYsecret';

const stops: (() => void)[] = [];
beforeEach(() => {
  vi.stubEnv('APCA_API_KEY_ID', KEY);
  vi.stubEnv('APCA_API_SECRET_KEY', SECRET);
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const stop of stops.splice(0)) stop();
});

const account = {
  id: 'PA3TEST',
  status: 'ACTIVE',
  cash: '100000',
  equity: '100000',
  buying_power: '200000',
  shorting_enabled: true,
  options_trading_level: '2',
};
type Answering = (path: string) => object | number | null;

/** Alpaca's documented answers to what doctor asks; a number is a status, null is silence. */
async function venue(answer: Answering = () => ({})) {
  const server = createServer((request, response: ServerResponse) => {
    const path = new URL(request.url ?? '/', 'http://venue').pathname;
    const usual: Record<string, object> = {
      '/v2/account': account,
      '/v2/clock': { timestamp: new Date().toISOString(), is_open: false, next_open: '', next_close: '' },
      '/v2/stocks/bars': { bars: {}, next_page_token: null },
    };
    const given = answer(path);
    if (given === null) return;
    const status = typeof given === 'number' ? given : 200;
    const body =
      typeof given === 'number'
        ? { message: `refused ${request.headers['apca-api-key-id']}` }
        : { ...usual[path], ...given };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function doctor(url: string, ...more: readonly string[]) {
  const yahoo = await yahooServer(() => answerOf(chartOf('SPY', 400, new Date().toISOString())));
  const args = ['doctor', '--venue', url, '--yahoo', yahoo.url, '--data', join(folder, 'none'), ...more];
  const { exitCode, stdout } = await quantos(...args, '--json');
  const plain = await quantos(...args);
  for (const secret of [KEY, SECRET, Buffer.from(SECRET).toString('base64')])
    expect(`${stdout}${plain.stdout}${plain.stderr}`).not.toContain(secret);
  const { checks } = JSON.parse(stdout) as {
    checks: { name: string; status: string; found: string; advice: string }[];
  };
  return { exitCode, of: (name: string) => checks.find((each) => each.name === name), text: plain.stdout };
}

test('all is well: the account, its permissions, the clock, data and Yahoo are told', async () => {
  const { exitCode, of } = await doctor(await venue());
  expect(exitCode).toBe(0);
  expect(of('account')).toMatchObject({ status: 'ok' });
  expect(of('account')?.found).toMatch(/PA3TEST: equity 100.000 dollars, options level 2, may sell short/);
  expect(of('skew')).toMatchObject({ status: 'ok', found: "this machine's clock agrees with the venue's" });
  expect(of('data')).toMatchObject({ status: 'ok' });
  expect(of('data')?.found).toContain('not the best bid and offer');
  expect(of('yahoo')?.found).toMatch(/^answers: SPY at 400 on .*to look at only$/);
});

test('real money on partial data is told to look and not to trade', async () => {
  const { of } = await doctor(await venue(), '--mode', 'live');
  expect(of('data')).toMatchObject({ status: 'missing' });
  expect(of('data')?.advice).toContain('trustsPartialData');
});

describe('what stands in the way is named with what mends it', () => {
  const only =
    (path: string, answer: object | number | null): Answering =>
    (asked) =>
      asked === path ? answer : {};
  test.each([
    ['wrong keys', only('/v2/account', 401), 'account', 'failed', /those of a paper account/],
    ['a forbidden account', only('/v2/account', 403), 'account', 'failed', /./],
    ['a venue that is down', only('/v2/account', 503), 'account', 'failed', /status[.]alpaca[.]markets/],
    ['a blocked account', only('/v2/account', { trading_blocked: true }), 'account', 'failed', /own page/],
    ['options level 1', only('/v2/account', { options_trading_level: '1' }), 'account', 'missing', /level 2/],
    ['no data in the plan', only('/v2/stocks/bars', 403), 'data', 'failed', /QUANTOS_STOCK_FEED/],
  ] as const)('%s', async (_, answer, name, status, advice) => {
    const { exitCode, of, text } = await doctor(await venue(answer));
    expect(of(name)?.status).toBe(status);
    expect(of(name)?.advice ?? '').toMatch(advice);
    expect(exitCode).toBe(status === 'failed' ? 3 : 0);
    if (status === 'failed') expect(text).toContain(`Paper and live trading do not before ${name} is mended`);
  });

  test('a clock with which no engine would start, and one ten seconds off', async () => {
    const off = (ms: number) =>
      venue(only('/v2/clock', { timestamp: new Date(Date.now() + ms).toISOString() }));
    for (const ms of [300_000, 62_000]) {
      const { exitCode, of } = await doctor(await off(ms));
      expect(of('skew')).toMatchObject({ status: 'failed' });
      expect(of('skew')?.advice).toContain('timedatectl');
      expect(exitCode).toBe(3);
    }
    const ten = await doctor(await off(-10_000));
    expect(ten.of('skew')).toMatchObject({ status: 'missing' });
  });

  test('no keys', async () => {
    vi.stubEnv('APCA_API_KEY_ID', undefined);
    vi.stubEnv('APCA_API_SECRET_KEY', undefined);
    const { exitCode, stdout } = await quantos(
      'doctor',
      '--online',
      '--yahoo',
      'http://127.0.0.1:1',
      '--json',
    );
    expect(exitCode).toBe(3);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    expect(checks.find(({ name }) => name === 'keys')).toMatchObject({ status: 'failed' });
    expect(checks.find(({ name }) => name === 'yahoo')).toMatchObject({ status: 'missing' });
    expect(checks.some(({ name }) => name === 'account')).toBe(false);
  });

  test('an engine that runs on the data folder, and a port that another program has', async () => {
    const data = join(folder, 'live');
    const lock = lockAccount([new SessionFiles(data, 'PA3TEST').pathOfEngine], 'PA3TEST');
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const checksOf = async () =>
      JSON.parse((await quantos('doctor', '--data', data, '--port', `${port}`, '--json')).stdout).checks;
    const found = (checks: { name: string }[], name: string) => checks.find((each) => each.name === name);
    let checks = await checksOf();
    expect(found(checks, 'folder')).toMatchObject({
      status: 'missing',
      found: expect.stringContaining('PA3TEST'),
    });
    expect(found(checks, 'port')).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('taken'),
    });
    const remove = writeControlFile(data, { port, token: 'x', pid: process.pid });
    checks = await checksOf();
    expect(found(checks, 'port')).toMatchObject({
      status: 'ok',
      found: `engine ${process.pid} answers at port ${port}`,
    });
    remove();
    other.close();
    lock.release();
    checks = await checksOf();
    expect(found(checks, 'folder')).toMatchObject({ status: 'ok' });
    expect(found(checks, 'port')).toMatchObject({ status: 'ok' });
  });
});
