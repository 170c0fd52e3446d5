/** A paper engine on a Redis as its users meet it: it hears a signal, tells what it knows, and keeps its password to itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { replay } from '../../replay/replay.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { partner, payloadText } from '../adapters/redis/bus-rig.ts';
import { freePort, RedisServer, withoutRedis } from '../adapters/redis/redis-server.ts';
import {
  askEngine,
  heard,
  openVenue,
  produced,
  spellings,
  startPaper,
  type Venue,
} from './engine-process.ts';

const PASSWORD = 'canary-Redis/pass+77&x=';

/** Of all sessions in a data folder: the day may have ended meanwhile. */
const logsIn = (data: string) =>
  readdirSync(data, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.db'))
    .map(({ name, parentPath }) => join(parentPath, name))
    .sort();

const eventsOf = (data: string) => {
  const events = logsIn(data).flatMap((path) => {
    const reader = openLogReader(path);
    const read = [...reader.events()];
    reader.close();
    return read;
  });
  // biome-ignore lint/suspicious/noExplicitAny: payloads of several types, looked into by a test
  return (type: string) => events.filter((each) => each.type === type).map(({ payload }) => payload as any);
};

let venue: Venue;
beforeAll(async () => {
  venue = await openVenue();
});
afterAll(() => venue.close());

test('without a Redis that answers a paper engine trades, says so in one line of its log, and holds the bus itself', async () => {
  const env = {
    QUANTOS_REDIS_URL: `redis://127.0.0.1:${await freePort()}`,
    QUANTOS_REDIS_PASSWORD: PASSWORD,
  };
  const { data, engine } = startPaper(venue.url, [], env);
  await engine.line(/engine trading/);
  await engine.line(/OrderFilled/);
  expect(await engine.end()).toBe(0);
  const of = eventsOf(data);
  expect(of('IntelBusOpened')).toEqual([{ transport: 'redis', cloud: false }]);
  expect(of('IntelBusStatusChanged')).toEqual([{ status: 'away', detail: 'nothing listens there' }]);
  const lines = readFileSync(join(data, 'engine.log'), 'utf8').split('\n');
  expect(lines.filter((line) => line.includes('is away'))).toHaveLength(1);
});

describe.skipIf(withoutRedis)('with a Redis', () => {
  test('a signal is heard and recorded, our keys are written, and a replay needs neither of them', async () => {
    const server = await RedisServer.open('--requirepass', PASSWORD, '--notify-keyspace-events', 'KEA');
    const redis = partner(server.url, { password: PASSWORD });
    const { url, simulator } = await openVenue();
    const env = { QUANTOS_REDIS_URL: `${server.url}/2`, QUANTOS_REDIS_PASSWORD: PASSWORD };
    await redis.select(2);
    const { data, engine } = startPaper(url, ['--port', '0'], env);
    await engine.line(/engine trading/);
    // The venue has a clock of its own, and so has its engine.
    const venueS = () => simulator.clock.now() / 1e6;
    await redis.set('intel:fed_bias', payloadText({ bias: 'dovish' }, { timestamp: venueS() }), 'EX', 300);
    await redis.set('macro:fear_greed', '30', 'EX', 300);
    await redis.set('intel:social_score', 'nonsense', 'EX', 300);
    await expect
      .poll(() => redis.exists('intel:vix_level', 'quantos:active_positions'), { timeout: 30_000 })
      .toBe(2);
    const vix = JSON.parse((await redis.get('intel:vix_level'))!);
    expect(vix).toEqual({
      value: 35,
      source_system: 'quantos',
      timestamp: expect.any(Number),
      confidence: expect.any(Number),
    });
    const ttl = await redis.ttl('intel:vix_level');
    expect(ttl > 280 && ttl <= 300).toBe(true);
    expect(Array.isArray(JSON.parse((await redis.get('quantos:active_positions'))!))).toBe(true);
    await askEngine(data, '/health');
    await askEngine(data, '/metrics');
    expect(await engine.end()).toBe(0);
    await server.kill();

    const of = eventsOf(data);
    expect(of('IntelReceived')).toMatchObject([
      { signal: { key: 'intel:fed_bias', bias: 'dovish' }, sourceSystem: 'partner', via: 'redis' },
    ]);
    expect(of('IntelRejected')).toMatchObject([{ key: 'intel:social_score', reason: 'it is not JSON' }]);
    expect(of('FearGreedReported')[0]).toMatchObject({ value: 30 });
    expect(of('IntelBusStatusChanged').map(({ status }) => status)).toEqual(['connected']);
    for (const path of logsIn(data)) expect((await replay(path, { verify: true })).identical).toBe(true);
  }, 180_000);
});

test("of Redis's password nothing is in any file, line or answer of the runs above", () => {
  const files = readdirSync(produced, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const texts = files.map(({ name, parentPath }) => readFileSync(join(parentPath, name)).toString('latin1'));
  expect(files.length).toBeGreaterThan(4);
  for (const spelling of spellings(PASSWORD))
    expect([...texts, ...heard].filter((text) => text.includes(spelling)).length).toBe(0);
});
