/**
 * Redis failing in every way it has: what was received only expires, nothing is thrown, nobody waits, a line a minute is
 * said at most, and it comes back by itself.
 */

import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as later } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RedisIntelPublisher, RedisIntelReader } from '../../../src/adapters/redis/redis-intel.ts';
import { openBridge, partner, payloadText, until } from './bus-rig.ts';
import { freePort, openTalker, RedisServer, withoutRedis } from './redis-server.ts';

/** How long Redis is stopped for; 20 s and more in a campaign. */
const STOPPED_MS = Number(process.env.QUANTOS_REDIS_STOPPED_MS ?? 6_000);

/** A loop with nothing to do, in a thread of its own: what it is delayed by at the same time is the machine's doing. */
const IDLE = `
  const { monitorEventLoopDelay } = require('node:perf_hooks');
  const { parentPort } = require('node:worker_threads');
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  parentPort.once('message', () => parentPort.postMessage(delays.percentile(99)));
`;

/** 99 of 100 delays of the event loop are below this many milliseconds; beside it, those of an idle one. */
async function loopDelayMs(during: () => Promise<void>): Promise<{ own: number; idle: number }> {
  const worker = new Worker(IDLE, { eval: true });
  await once(worker, 'online');
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  await during();
  delays.disable();
  worker.postMessage(null);
  const [idle] = await once(worker, 'message');
  await worker.terminate();
  // It measures from its resolution on.
  return { own: delays.percentile(99) / 1e6 - 10, idle: idle / 1e6 - 10 };
}

const sourceSystem = 'tool';
const positions = { key: 'quantos:active_positions', sourceSystem: null, confidence: null } as const;

describe('without any server', () => {
  test('nothing listens: it is said once, the bus opens all the same, and what is published waits', async () => {
    const { statuses, heard, said, publish, bus, of } = openBridge(`redis://127.0.0.1:${await freePort()}`);
    publish({ key: 'intel:spy_trend', value: 'bullish' });
    await until(() => statuses().length === 1);
    await later(1_500);
    expect(statuses()).toEqual(['away']);
    expect(heard.map(({ type }) => type)).toEqual(['IntelBusOpened', 'IntelBusStatusChanged']);
    expect(of('IntelBusStatusChanged')[0].detail).toBe('nothing listens there');
    expect(said).toEqual([
      expect.stringMatching(
        /^Redis at redis:\/\/127\.0\.0\.1:\d+\/0 is away: nothing listens there; what was received only expires$/,
      ),
    ]);
    expect(bus.read('intel:spy_trend')?.value).toBe('bullish');
  });

  test('the forms that wait say false and null at once', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const publisher = new RedisIntelPublisher({ url });
    const reader = new RedisIntelReader({ url });
    expect(await publisher.publishAsync('intel:fed_bias', 'dovish', { sourceSystem })).toBe(false);
    expect(await reader.readAsync('intel:fed_bias')).toBeNull();
  });

  const talkers: readonly (readonly [string, Parameters<typeof openTalker>[0], RegExp])[] = [
    [
      'talks nonsense',
      (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /Redis|answer|closed/,
    ],
    [
      'answers with bytes at random',
      (socket) =>
        void socket.on('data', () =>
          socket.write(Buffer.from([0x24, 0xff, 0x0d, 0x0a, 0, 7, 0x2a, 0x39, 0x0d, 0x0a])),
        ),
      /Redis|answer|closed/,
    ],
    ['says nothing', () => {}, /does not answer/],
    ['closes at once', (socket) => void socket.end(), /closed/],
    [
      'ends in the middle of an answer',
      (socket) => void socket.on('data', () => socket.end('+PO')),
      /closed/,
    ],
    [
      'promises a gigabyte and begins to send it',
      (socket) => {
        const chunk = Buffer.alloc(1_048_576, 'x');
        const flood = (): void => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.once('data', () => {
          socket.write('+PONG\r\n$1073741824\r\n');
          socket.on('drain', flood);
          flood();
        });
      },
      /more than it was asked for|Redis/,
    ],
    [
      'refuses everything with an error that quotes what it was told',
      (socket) =>
        void socket.on('data', (data) =>
          socket.write(`-ERR unknown command ${JSON.stringify(String(data))}\r\n`),
        ),
      /unknown command/,
    ],
  ];
  test.each(talkers)('a server that %s is no Redis', async (_, talk, reason) => {
    const { url } = await openTalker(talk);
    const before = process.memoryUsage().rss;
    const secret = 'canary-password-1d2e';
    const { statuses, of, said, heard, publish } = openBridge(url, {}, { password: secret });
    publish({ ...positions, value: [] });
    await until(() => statuses().length >= 1);
    await later(1_500);
    expect(of('IntelBusStatusChanged').at(-1)).toMatchObject({
      status: 'away',
      detail: expect.stringMatching(reason),
    });
    expect(said).toHaveLength(1);
    expect(JSON.stringify([said, heard])).not.toContain(secret);
    expect(heard.filter(({ type }) => type.startsWith('IntelRe'))).toEqual([]);
    expect((process.memoryUsage().rss - before) / 1_048_576).toBeLessThan(150);
  });
});

describe.skipIf(withoutRedis)('with a server that fails', () => {
  test('away at first, it is found by itself, and what waited is written', async () => {
    const server = await RedisServer.later();
    const { statuses, publish, of, said } = openBridge(server.url);
    publish({ key: 'intel:spy_trend', value: 'neutral' });
    publish({ key: 'intel:spy_trend', value: 'bullish' });
    await until(() => statuses().length === 1);
    await server.start();
    await until(() => statuses().length === 2);
    const redis = partner(server.url);
    let text: string | null = null;
    while ((text = await redis.get('intel:spy_trend')) === null) await later(5);
    expect(JSON.parse(text).value).toBe('bullish');
    await redis.set('intel:fed_bias', payloadText('dovish'), 'EX', 300);
    await until(() => of('IntelReceived').length === 1);
    expect(statuses()).toEqual(['away', 'connected']);
    expect(said).toHaveLength(1);
  });

  test('killed and started again without its memory, it is given what we said, and what was heard stands', async () => {
    const server = await RedisServer.open('--notify-keyspace-events', 'KEA');
    const { statuses, publish, of, bus } = openBridge(server.url);
    const redis = partner(server.url);
    await until(() => statuses().length === 1);
    publish({ key: 'intel:vix_level', value: 30 });
    publish({ key: 'intel:btc_volume_spike', value: { detected: false, multiplier: 1, symbol: 'BTC/USD' } });
    await redis.set('intel:fed_bias', payloadText('dovish'), 'EX', 300);
    await until(() => of('IntelReceived').length === 1);
    await server.kill();
    await until(() => statuses().length === 2);
    expect(bus.read('intel:fed_bias')?.value).toBe('dovish');
    publish({ key: 'intel:spy_trend', value: 'bearish' });
    await server.start();
    await until(() => statuses().length === 3);
    for (const key of ['intel:vix_level', 'intel:spy_trend', 'intel:btc_volume_spike']) {
      while ((await redis.exists(key).catch(() => 0)) === 0) await later(10);
      const ttl = await redis.ttl(key);
      expect(ttl > 280 && ttl <= 300).toBe(true);
    }
    expect(of('IntelReceived')).toHaveLength(1);
    expect(of('IntelRejected')).toEqual([]);
    await redis.set('intel:fed_bias', payloadText('hawkish'), 'EX', 300);
    await until(() => of('IntelReceived').length === 2);
  });

  test('what a partner wrote while we were away is not overwritten by what we had said before', async () => {
    const server = await RedisServer.open();
    const { statuses, publish, of } = openBridge(server.url);
    const redis = partner(server.url);
    await until(() => statuses().length === 1);
    const spike = (multiplier: number) => ({ detected: true, multiplier, symbol: 'BTC/USD' });
    publish({ key: 'intel:btc_volume_spike', value: spike(4) });
    while ((await redis.exists('intel:btc_volume_spike')) === 0) await later(5);
    const list = (await redis.client('LIST')) as string;
    const own = String(await redis.client('ID'));
    await redis.set('intel:btc_volume_spike', payloadText(spike(9)), 'EX', 300);
    for (const [, id] of list.matchAll(/\bid=(\d+)/g)) if (id !== own) await redis.client('KILL', 'ID', id);
    await until(() => statuses().length >= 3);
    await later(200);
    expect(JSON.parse((await redis.get('intel:btc_volume_spike'))!).value.multiplier).toBe(9);
    expect(of('IntelReceived').map(({ signal }) => signal.multiplier)).toEqual([9]);
  });

  test(`stopped for ${STOPPED_MS / 1_000} s, it delays nobody: the loop's delay stays that of an idle one`, async () => {
    const server = await RedisServer.open();
    onTestFinished(() => server.signal('SIGCONT'));
    const { statuses, publish, of, said, bus } = openBridge(server.url);
    const redis = partner(server.url);
    await redis.set('intel:fed_bias', payloadText('dovish'), 'EX', 300);
    await until(() => of('IntelReceived').length === 1);
    server.signal('SIGSTOP');
    let slowestMs = 0;
    const { own, idle } = await loopDelayMs(async () => {
      const end = performance.now() + STOPPED_MS;
      for (let n = 0; performance.now() < end; n++) {
        const began = performance.now();
        publish({ key: 'intel:portfolio_heat', value: n / 1_000 });
        slowestMs = Math.max(slowestMs, performance.now() - began);
        await later(5);
      }
    });
    console.log(
      `p99 of the loop's delay: ${own.toFixed(1)} ms, ${idle.toFixed(1)} ms of an idle one; slowest publication ${slowestMs.toFixed(1)} ms`,
    );
    expect(own).toBeLessThan(20 + 2 * idle);
    expect(statuses()).toEqual(['connected', 'away']);
    expect(said).toHaveLength(1);
    expect(of('IntelReceived')).toHaveLength(1);
    expect(bus.read('intel:fed_bias')?.value).toBe('dovish');
    server.signal('SIGCONT');
    await until(() => statuses().length === 3, 15_000);
    const newest = bus.read('intel:portfolio_heat')!.value;
    const written = async () => JSON.parse((await redis.get('intel:portfolio_heat')) ?? '{}').value;
    while ((await written()) !== newest) await later(10);
    await redis.set('intel:fed_bias', payloadText('hawkish'), 'EX', 300);
    await until(() => of('IntelReceived').length === 2);
  });

  test('full, it takes no value and is read all the same; with room again it is given the newest', async () => {
    const server = await RedisServer.open('--maxmemory', '1', '--maxmemory-policy', 'noeviction');
    const redis = partner(server.url);
    await redis.config('SET', 'maxmemory', '0');
    await redis.set('intel:fed_bias', payloadText('dovish'), 'EX', 300);
    await redis.config('SET', 'maxmemory', '1');
    const { statuses, publish, of, said } = openBridge(server.url);
    await until(() => of('IntelReceived').length === 1);
    publish({ key: 'intel:spy_trend', value: 'bullish' });
    await until(() => said.length === 1);
    expect(said).toEqual([
      'Redis takes no value of the Intel Bus: it is full (maxmemory) and takes no value',
    ]);
    expect(statuses()).toEqual(['connected']);
    const publisher = new RedisIntelPublisher({ url: server.url });
    expect(await publisher.publishAsync('intel:fed_bias', 'dovish', { sourceSystem })).toBe(false);
    publisher.close();
    publish({ key: 'intel:spy_trend', value: 'bearish' });
    await redis.config('SET', 'maxmemory', '0');
    let text: string | null = null;
    while ((text = await redis.get('intel:spy_trend')) === null) await later(20);
    expect(JSON.parse(text).value).toBe('bearish');
    expect(said).toHaveLength(1);
  });

  test('its password is asked for, refused and taken, and told to nobody', async () => {
    const password = 'canary-password-77aa';
    const server = await RedisServer.open('--requirepass', password);
    const right = openBridge(server.url, {}, { password });
    const wrong = openBridge(server.url, {}, { password: `${password}-not` });
    const none = openBridge(server.url);
    const all = [right, wrong, none];
    await until(() => all.every(({ statuses }) => statuses().length === 1));
    expect(all.map(({ statuses }) => statuses()[0])).toEqual(['connected', 'away', 'away']);
    expect(wrong.of('IntelBusStatusChanged')[0].detail).toBe('it refuses our user or password');
    expect(none.of('IntelBusStatusChanged')[0].detail).toBe(
      'it wants a password: set QUANTOS_REDIS_PASSWORD',
    );
    expect(JSON.stringify(all.map(({ heard, said }) => [heard, said]))).not.toContain(password);
    const redis = partner(server.url, { password });
    await redis.acl('SETUSER', 'desk', 'on', `>${password}2`, '~*', '+@all', '-config');
    const named = openBridge(server.url, {}, { user: 'desk', password: `${password}2` });
    await redis.set('intel:fed_bias', payloadText('dovish'), 'EX', 300);
    // It may not ask whether the server notifies, and asks every second instead.
    await until(() => named.of('IntelReceived').length === 1);
  });

  test('stopped, the bridge hands nothing in any more and holds no connection', async () => {
    const server = await RedisServer.open('--notify-keyspace-events', 'KEA');
    const redis = partner(server.url);
    const { bridge, statuses, heard, publish } = openBridge(server.url);
    await until(() => statuses().length === 1);
    await later(100);
    await bridge.stop();
    const before = heard.length;
    publish({ key: 'intel:spy_trend', value: 'bullish' });
    await redis.set('intel:fed_bias', payloadText('dovish'), 'EX', 300);
    await later(300);
    expect(heard).toHaveLength(before);
    expect(await redis.exists('intel:spy_trend')).toBe(0);
    const list = (await redis.client('LIST')) as string;
    expect(list.trim().split('\n')).toHaveLength(1);
  });
});
