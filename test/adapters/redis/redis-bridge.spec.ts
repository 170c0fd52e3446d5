/** The bridge and a real Redis that is well: what is written, what is read, and that both sides read each other's bytes. */
import { setTimeout as later } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { RedisIntelPublisher, RedisIntelReader } from '../../../src/adapters/redis/redis-intel.ts';
import { IntelPublisher, IntelReader } from '../../../src/bus/intel-bus.ts';
import { openBridge, partner, payloadText, until } from './bus-rig.ts';
import { RedisServer, withoutRedis } from './redis-server.ts';

describe.skipIf(withoutRedis)('a bridge to a Redis that is well', () => {
  let polled: RedisServer;
  let notified: RedisServer;
  beforeAll(async () => {
    polled = await RedisServer.open();
    notified = await RedisServer.open('--notify-keyspace-events', 'KEA');
  });

  test('opens the bus and says when Redis is there', async () => {
    const { heard, statuses } = openBridge(polled.url);
    expect(heard).toEqual([{ type: 'IntelBusOpened', payload: { transport: 'redis', cloud: false } }]);
    await until(() => statuses().length === 1);
    expect(statuses()).toEqual(['connected']);
  });

  test('writes a value in the one form of the bus, for 300 seconds, and the positions as a bare list', async () => {
    const { publish, statuses, of, bus } = openBridge(polled.url);
    const redis = partner(polled.url);
    publish({ key: 'intel:spy_trend', value: 'bullish', evaluatedAt: 1_790_000_000_250_000 });
    await until(() => statuses().length === 1);
    publish({ key: 'intel:portfolio_heat', value: 0.5, confidence: 0.75 });
    const positions = [{ symbol: 'SPY', qty: 10 }];
    publish({ key: 'quantos:active_positions', value: positions, sourceSystem: null, confidence: null });
    await until(() => bus.entries().length >= 2);
    let text: string | null = null;
    while ((text = await redis.get('quantos:active_positions')) === null) await later(5);
    expect(text).toBe('[{"symbol": "SPY", "qty": 10}]');
    const heat = JSON.parse((await redis.get('intel:portfolio_heat'))!);
    expect(heat).toEqual({
      value: 0.5,
      source_system: 'quantos',
      timestamp: expect.any(Number),
      confidence: 0.75,
    });
    expect(Math.abs(heat.timestamp - Date.now() / 1_000)).toBeLessThan(5);
    for (const key of ['intel:portfolio_heat', 'quantos:active_positions']) {
      const ttl = await redis.ttl(key);
      expect(ttl).toBeGreaterThan(290);
      expect(ttl).toBeLessThanOrEqual(300);
    }
    // Evaluated long ago (or far ahead of this clock): a value never lives longer than it was given.
    expect(await redis.ttl('intel:spy_trend')).toBeLessThanOrEqual(300);
    await later(200);
    expect(of('IntelReceived')).toEqual([]);
  });

  test('a value that expired before it could leave is not written', async () => {
    const { publish, statuses } = openBridge(polled.url);
    const redis = partner(polled.url);
    await redis.del('intel:vix_level');
    await until(() => statuses().length === 1);
    publish({ key: 'intel:vix_level', value: 20, evaluatedAt: Date.now() * 1_000 - 301_000_000 });
    await later(200);
    expect(await redis.exists('intel:vix_level')).toBe(0);
  });

  test.each(['polled', 'notified'] as const)(
    '%s, a signal is handed in once, and again when it is new',
    async (how) => {
      const { url } = how === 'polled' ? polled : notified;
      const redis = partner(url);
      await redis.flushdb();
      const { of, statuses, bus } = openBridge(url, how === 'polled' ? {} : { pollMs: 60_000 });
      await until(() => statuses().length === 1);
      await later(200);
      await redis.set('intel:fed_bias', payloadText({ bias: 'Dovish' }), 'EX', 300);
      await until(() => of('IntelReceived').length === 1);
      expect(of('IntelReceived')[0]).toMatchObject({
        signal: { key: 'intel:fed_bias', bias: 'dovish' },
        sourceSystem: 'partner',
        confidence: 0.9,
        via: 'redis',
      });
      await later(300);
      expect(of('IntelReceived')).toHaveLength(1);
      await redis.set('intel:fed_bias', payloadText('hawkish'), 'EX', 60);
      await until(() => of('IntelReceived').length === 2);
      const { expiresAt } = of('IntelReceived')[1];
      // It ends with its key in Redis.
      expect(expiresAt / 1e6 - Date.now() / 1_000).toBeLessThanOrEqual(60.1);
      expect(new IntelReader(bus).read('intel:fed_bias')?.value).toBe('hawkish');
    },
  );

  test('a signal without an end in Redis ends 300 seconds after its time', async () => {
    const redis = partner(polled.url);
    await redis.flushdb();
    const { of } = openBridge(polled.url);
    const timestamp = Date.now() / 1_000 - 100;
    await redis.set('intel:social_score', payloadText({ score: 0.5, ticker: 'BTC' }, { timestamp }));
    await until(() => of('IntelReceived').length === 1);
    expect(of('IntelReceived')[0].expiresAt).toBe(Math.round((timestamp + 300) * 1e6));
  });

  test('what bears our own name is mirrored and not handed back in', async () => {
    const redis = partner(polled.url);
    await redis.flushdb();
    const { of, bus } = openBridge(polled.url);
    const value = { detected: true, multiplier: 4, symbol: 'BTC/USD' };
    await redis.set('intel:btc_volume_spike', payloadText(value, { source_system: 'quantos' }), 'EX', 300);
    await until(() => bus.read('intel:btc_volume_spike') !== null);
    expect(of('IntelReceived')).toEqual([]);
    await redis.set('intel:btc_volume_spike', payloadText(value), 'EX', 300);
    await until(() => of('IntelReceived').length === 1);
  });

  test('fear and greed and the partner count are read in each of their spellings', async () => {
    const redis = partner(polled.url);
    await redis.flushdb();
    const { of } = openBridge(polled.url);
    const fear = () => of('FearGreedReported').map(({ value }) => value);
    const count = () => of('PartnerPositionsReported').map((each) => each.count);
    await redis.set('macro:fear_greed', '40');
    await until(() => fear().length === 1);
    await redis.set('macro:fear_greed', '{"value": "25", "classification": "Extreme Fear"}', 'EX', 3_600);
    await until(() => fear().length === 2);
    expect(fear()).toEqual([40, 25]);
    const { expiresAt, source } = of('FearGreedReported')[1];
    expect([Math.abs(expiresAt / 1e6 - Date.now() / 1_000 - 300) < 5, source]).toEqual([true, 'redis']);

    const key = 'kalshi:executed_trades';
    await redis.set(key, '[{"ticker": "A"}, {"ticker": "B"}]');
    await until(() => count().length === 1);
    await redis.del(key);
    await redis.rpush(key, 'a', 'b', 'c');
    await until(() => count().length === 2);
    await redis.del(key);
    await redis.sadd(key, 'a', 'b', 'c', 'd');
    await until(() => count().length === 3);
    await redis.del(key);
    await redis.hset(key, { a: 1 });
    await until(() => count().length === 4);
    expect(count()).toEqual([2, 3, 4, 1]);
    await later(200);
    expect(count()).toHaveLength(4);
    expect(of('IntelRejected')).toEqual([]);
  });

  test('a publication of this process is heard, and stands in Redis, and is not heard again from there', async () => {
    const redis = partner(polled.url);
    await redis.flushdb();
    const { of, bus, statuses } = openBridge(polled.url);
    await until(() => statuses().length === 1);
    const published = new IntelPublisher(bus).publish('intel:fed_bias', 'dovish', {
      sourceSystem: 'research',
    });
    expect(published).toMatchObject({ value: 'dovish', source_system: 'research', confidence: 1 });
    expect(of('IntelReceived')).toMatchObject([{ sourceSystem: 'research', via: 'process' }]);
    while ((await redis.exists('intel:fed_bias')) === 0) await later(5);
    await later(300);
    expect(of('IntelReceived')).toHaveLength(1);
    expect(new IntelPublisher(bus).publish('intel:fed_bias', 7, { sourceSystem: 'research' })).toEqual({
      refused: expect.stringContaining('dovish'),
    });
  });

  test('values and wrong values cross in a database of their own', async () => {
    const { of } = openBridge(`${notified.url}/3`, { pollMs: 60_000 });
    const redis = partner(`${notified.url}/3`);
    await later(300);
    await redis.set('intel:fed_bias', payloadText('dovish'), 'EX', 300);
    await until(() => of('IntelReceived').length === 1);
    await redis.set('intel:fed_bias', '{"value": NaN}', 'EX', 300);
    await until(() => of('IntelRejected').length === 1);
    expect(of('IntelRejected')[0]).toEqual({
      key: 'intel:fed_bias',
      reason: 'it is not JSON: NaN and Infinity are words of Python only',
      excerpt: '{"value": NaN}',
      via: 'redis',
    });
  });

  test('the forms that wait read what they wrote, and say false and null for what cannot be', async () => {
    const publisher = new RedisIntelPublisher({ url: polled.url });
    const reader = new RedisIntelReader({ url: polled.url });
    const sourceSystem = 'tool';
    expect(await publisher.publishAsync('intel:fed_bias', 'dovish', { sourceSystem, confidence: 0.5 })).toBe(
      true,
    );
    const { timestamp, ...rest } = (await reader.readAsync('intel:fed_bias'))!;
    expect(rest).toEqual({ value: 'dovish', source_system: 'tool', confidence: 0.5 });
    expect(Math.abs(timestamp - Date.now() / 1_000)).toBeLessThan(5);
    const ttl = await partner(polled.url).ttl('intel:fed_bias');
    expect(ttl > 290 && ttl <= 300).toBe(true);
    expect(await publisher.publishAsync('intel:fed_bias', 7, { sourceSystem })).toBe(false);
    expect(await publisher.publishAsync('a b', 7, { sourceSystem })).toBe(false);
    expect(await reader.readAsync('intel:nothing')).toBeNull();
    publisher.close();
    reader.close();
    expect(await reader.readAsync('intel:fed_bias')).toBeNull();
  });
});
