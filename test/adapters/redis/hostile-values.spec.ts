/** Whatever bytes stand in a key, the edge hands in one valid signal or one rejection, and reads no more than 64 KB of it. */
import { setTimeout as later } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { IntelInbox, watchedKeys } from '../../../src/adapters/redis/intel-inbox.ts';
import { IntelBus } from '../../../src/bus/intel-bus.ts';
import { consumedKeys } from '../../../src/domain/intel.ts';
import { type Heard, openBridge, partner, payloadText, recordingLane, until } from './bus-rig.ts';
import { RedisServer, withoutRedis } from './redis-server.ts';

const NOW = 1_790_000_000_000_000;

function inbox() {
  const heard: Heard[] = [];
  let now = NOW;
  const mirror = new IntelBus(() => now);
  const box = new IntelInbox({ lane: recordingLane(heard), mirror, now: () => now, sourceSystem: 'quantos' });
  const pass = (seconds: number) => {
    now += seconds * 1e6;
  };
  return { box, heard, mirror, pass };
}
const bytesOf = (text: string) => new TextEncoder().encode(text);
const signalAt = (value: unknown, timestamp = NOW / 1e6) =>
  bytesOf(JSON.stringify({ value, source_system: 'x', timestamp, confidence: 1 }));

test('whatever bytes, ends and types a key has, it is one input that the log takes; the same again is none', () => {
  const likely = fc
    .record({
      value: fc.oneof(
        fc.jsonValue(),
        fc.constantFrom('dovish', 0.5, { detected: true, multiplier: 2, symbol: 'X' }),
      ),
      source_system: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('x', 'quantos')),
      timestamp: fc.oneof(fc.double(), fc.double({ min: NOW / 1e6 - 310, max: NOW / 1e6 + 10 })),
      confidence: fc.oneof(fc.double({ min: 0, max: 1 }), fc.double()),
    })
    .map((each) => bytesOf(JSON.stringify(each)));
  const content = fc.oneof(
    fc.oneof(likely, fc.uint8Array({ maxLength: 300 }), fc.json().map(bytesOf)).map((bytes) => ({ bytes })),
    fc.nat().map((count) => ({ count })),
    fc.constantFrom('stream', 'none').map((type) => ({ type })),
  );
  const ttl = fc.option(fc.integer({ min: 0, max: 1e9 }));
  fc.assert(
    fc.property(fc.constantFrom(...watchedKeys), content, ttl, (key, each, ttlMs) => {
      const { box, heard } = inbox();
      box.heard(key, each, ttlMs, 'redis');
      const isOwn = !(consumedKeys as readonly string[]).includes(key) && key.startsWith('intel:');
      const isOurs = 'bytes' in each && new TextDecoder().decode(each.bytes).includes('"quantos"');
      expect(heard.length).toBeLessThanOrEqual(1);
      // Our own name, and keys that are only mirrored, are heard in silence.
      if (!isOwn && !isOurs) expect(heard).toHaveLength(1);
      box.heard(key, each, ttlMs, 'redis');
      expect(heard.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 3_000 },
  );
});

test('a gauge is said when it changes, and once a minute while it is seen', () => {
  const { box, heard, pass } = inbox();
  const see = (value: string) => box.heard('macro:fear_greed', { bytes: bytesOf(value) }, null, 'redis');
  see('40');
  see('40');
  see('41');
  expect(heard.map(({ payload }) => payload.value)).toEqual([40, 41]);
  pass(59);
  see('41');
  expect(heard).toHaveLength(2);
  pass(1);
  see('41');
  expect(heard.map(({ payload }) => payload.expiresAt)).toEqual([NOW + 300e6, NOW + 300e6, NOW + 360e6]);
  see('wrong');
  see('wrong');
  expect(heard.map(({ type }) => type).slice(3)).toEqual(['IntelRejected']);
});

test('an older value of ours that a stopped server writes late does not take the place of the newer one', () => {
  const { box, mirror } = inbox();
  const at = (value: number, timestamp: number) => ({
    value,
    source_system: 'quantos',
    timestamp,
    confidence: 1,
  });
  mirror.put('intel:vix_level', at(30, NOW / 1e6), { origin: 'engine', expiresAt: NOW + 300e6 });
  box.heard('intel:vix_level', { bytes: bytesOf(JSON.stringify(at(20, NOW / 1e6 - 5))) }, 300_000, 'redis');
  expect(mirror.read('intel:vix_level')?.value).toBe(30);
});

test('an excerpt is short, printable and well-formed, wherever it was cut', () => {
  const { box, heard } = inbox();
  box.heard('intel:fed_bias', { bytes: bytesOf(`${'x'.repeat(199)}🙂\u001b[2J`) }, null, 'redis');
  const { excerpt } = heard[0].payload;
  expect(excerpt).toHaveLength(200);
  expect(excerpt.isWellFormed()).toBe(true);
  box.heard('intel:fed_bias', { bytes: bytesOf('\u001b[2J\u009b') }, null, 'redis');
  expect(heard[1].payload.excerpt).toBe(' [2J ');
});

test('65,537 bytes are too many, also where they are fewer characters', () => {
  const { box, heard } = inbox();
  const padded = (letter: string, bytes: number) => {
    const head = `{"value": "dovish", "source_system": "x", "timestamp": ${NOW / 1e6}, "confidence": 1, "p": "`;
    const size = bytesOf(letter).length;
    return bytesOf(`${head}${letter.repeat(Math.floor((bytes - head.length - 2) / size))}"}`.padEnd(0));
  };
  box.heard('intel:fed_bias', { bytes: padded('x', 65_536) }, null, 'redis');
  const cut = padded('ü', 80_000).subarray(0, 65_537);
  box.heard('intel:fed_bias', { bytes: cut }, null, 'redis');
  expect(heard.map(({ type }) => type)).toEqual(['IntelReceived', 'IntelRejected']);
  expect(heard[1].payload.reason).toBe('it is longer than 65536 bytes');
});

test('a value that is right again after a wrong one is heard again, were it the same as before', () => {
  const { box, heard } = inbox();
  const good = signalAt('dovish');
  box.heard('intel:fed_bias', { bytes: good }, null, 'redis');
  box.heard('intel:fed_bias', { bytes: bytesOf('x') }, null, 'redis');
  box.heard('intel:fed_bias', { bytes: good }, null, 'redis');
  expect(heard.map(({ type }) => type)).toEqual(['IntelReceived', 'IntelRejected', 'IntelReceived']);
});

describe.skipIf(withoutRedis)('in a real Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.open('--notify-keyspace-events', 'KEA');
  });

  test('100 MB are refused and never cross the wire', async () => {
    const { of, statuses } = openBridge(server.url);
    await until(() => statuses().length === 1);
    const redis = partner(server.url);
    await redis.setrange('intel:fed_bias', 100 * 1_048_576, 'x');
    await until(() => of('IntelRejected').length === 1);
    expect(of('IntelRejected')[0].reason).toBe('it is longer than 65536 bytes');
    await later(200);
    const stats = await redis.info('stats');
    expect(Number(/total_net_output_bytes:(\d+)/.exec(stats)![1])).toBeLessThan(5_000_000);
    expect(of('IntelRejected')).toHaveLength(1);
    await redis.set('intel:fed_bias', payloadText('dovish'), 'EX', 300);
    await until(() => of('IntelReceived').length === 1);
  });

  test('lists and hashes in place of a text are refused, and the right thing is heard afterwards', async () => {
    const { of, statuses } = openBridge(server.url);
    await until(() => statuses().length === 1);
    const redis = partner(server.url);
    await redis.del('intel:social_score', 'kalshi:executed_trades');
    await redis.rpush('intel:social_score', 'a');
    await redis.set('kalshi:executed_trades', '"seven"');
    await until(() => of('IntelRejected').length === 2);
    expect(of('IntelRejected').map(({ key, reason }) => [key, reason])).toEqual(
      expect.arrayContaining([
        ['intel:social_score', 'it is a list, a set or a hash, not text'],
        ['kalshi:executed_trades', 'expected a list or an object of open positions, or their number'],
      ]),
    );
    await redis.del('intel:social_score');
    await redis.set('intel:social_score', payloadText(0.5), 'EX', 300);
    await redis.del('kalshi:executed_trades');
    await redis.zadd('kalshi:executed_trades', 1, 'a', 2, 'b');
    await until(() => of('IntelReceived').length >= 1 && of('PartnerPositionsReported').length === 1);
    expect(of('PartnerPositionsReported')[0].count).toBe(2);
  });

  test('a writer in a frenzy costs nobody his time: what is heard in the end is its last word', async () => {
    const { of, statuses } = openBridge(server.url);
    await until(() => statuses().length === 1);
    const redis = partner(server.url);
    for (let round = 0; round < 20; round++) {
      const pipeline = redis.pipeline();
      for (let n = 0; n < 500; n++) pipeline.set('intel:fed_bias', payloadText(`r${round}n${n}`), 'EX', 300);
      await pipeline.exec();
    }
    await until(() => of('IntelReceived').at(-1)?.signal.bias === 'r19n499');
    expect(of('IntelReceived').length).toBeLessThan(500);
    expect(statuses()).toEqual(['connected']);
  });
});
