/** The partner's language against the same Redis: bytes of Python's json.dumps are heard, and ours are read there. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatPayload } from '../../../src/domain/intel.ts';
import { openBridge, partner, until } from './bus-rig.ts';
import { freePort, RedisServer, withoutRedis } from './redis-server.ts';

const folder = fileURLToPath(new URL('../../../examples/python', import.meta.url));
const python = process.env.QUANTOS_PYTHON ?? '/usr/bin/python3';
const run = promisify(execFile);

/** What a script with the client at hand prints. */
async function py(script: string, url: string): Promise<string> {
  const text = `from quantos_intel import *\nimport asyncio, json\n${script}`;
  const env = { ...process.env, PYTHONPATH: folder, QUANTOS_REDIS_URL: url, PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await run(python, ['-c', text], { env });
  return stdout.trim();
}

const hasPython =
  process.env.QUANTOS_SKIP_PYTHON === undefined &&
  existsSync(python) &&
  (await run(python, ['-c', 'import redis']).then(
    () => true,
    () => process.env.CI !== undefined,
  ));

describe.skipIf(withoutRedis || !hasPython)('the client in Python', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.open();
  });

  test('what it publishes is heard: words, integers for numbers, and letters that it escapes', async () => {
    const { of, statuses } = openBridge(server.url);
    await until(() => statuses().length === 1);
    const said = await py(
      [
        'p = IntelPublisher()',
        'print(p.publish("intel:fed_bias", {"bias": "Dovish", "note": "Zürich 🙂"}, "fed-wätch", 1))',
        'print(p.publish("intel:social_score", {"score": 1, "ticker": "BTC"}, source_system="social", confidence=0.25))',
        'print(asyncio.run(p.publish_async("intel:btc_volume_spike", {"detected": True, "multiplier": 3, "symbol": "BTC/USD"}, "cloud")))',
      ].join('\n'),
      server.url,
    );
    expect(said.split('\n')).toEqual(['True', 'True', 'True']);
    await until(() => of('IntelReceived').length === 3);
    const heard = of('IntelReceived').map(({ signal, sourceSystem, confidence }) => ({
      signal,
      sourceSystem,
      confidence,
    }));
    expect(heard).toEqual(
      expect.arrayContaining([
        { signal: { key: 'intel:fed_bias', bias: 'dovish' }, sourceSystem: 'fed-wätch', confidence: 1 },
        {
          signal: { key: 'intel:social_score', score: 1, ticker: 'BTC' },
          sourceSystem: 'social',
          confidence: 0.25,
        },
        {
          signal: { key: 'intel:btc_volume_spike', detected: true, multiplier: 3, symbol: 'BTC/USD' },
          sourceSystem: 'cloud',
          confidence: 1,
        },
      ]),
    );
    expect(of('IntelRejected')).toEqual([]);
    const ttl = await partner(server.url).ttl('intel:fed_bias');
    expect(ttl > 290 && ttl <= 300).toBe(true);
  });

  test('it will not publish NaN; where another program does, the value is rejected and says why', async () => {
    const { of, statuses } = openBridge(server.url);
    await until(() => statuses().length === 1);
    expect(
      await py('print(IntelPublisher().publish("intel:social_score", float("nan"), "x"))', server.url),
    ).toBe('False');
    const raw =
      'redis.Redis.from_url(_address(None)).set("intel:social_score", json.dumps({"value": float("nan"), "source_system": "x", "timestamp": time.time(), "confidence": 1}))';
    await py(`import redis, time\nfrom quantos_intel import _address\n${raw}`, server.url);
    await until(() => of('IntelRejected').length === 1);
    expect(of('IntelRejected')[0].reason).toMatch(/NaN/);
  });

  test('it reads what the engine publishes, with the types that were meant', async () => {
    const { publish, statuses } = openBridge(server.url);
    await until(() => statuses().length === 1);
    publish({ key: 'intel:vix_level', value: 30.5, confidence: 1 });
    publish({ key: 'intel:spy_trend', value: 'bullish', sourceSystem: 'Zürich' });
    publish({
      key: 'quantos:active_positions',
      value: [{ symbol: 'SPY' }],
      sourceSystem: null,
      confidence: null,
    });
    const redis = partner(server.url);
    await until(() => true);
    while ((await redis.exists('quantos:active_positions', 'intel:vix_level', 'intel:spy_trend')) < 3);
    const said = await py(
      [
        'r = IntelReader()',
        'a, b = r.read("intel:vix_level"), asyncio.run(r.read_async("intel:spy_trend"))',
        'print(json.dumps([a["value"], a["source_system"], type(a["timestamp"]).__name__, type(a["confidence"]).__name__, b["value"], b["source_system"]]))',
        'print(json.loads(redis.Redis.from_url(_address(None)).get("quantos:active_positions")))',
        'print(r.read("intel:nothing"))',
      ]
        .join('\n')
        .replace(/^/, 'import redis\nfrom quantos_intel import _address\n'),
      server.url,
    );
    expect(said.split('\n')).toEqual([
      '[30.5, "quantos", "float", "float", "bullish", "Z\\u00fcrich"]',
      "[{'symbol': 'SPY'}]",
      'None',
    ]);
  });

  test('our bytes are those of its json.dumps', async () => {
    const value = {
      text: 'ü\n"\\\u2028🙂\u007f',
      list: [1, 2.5, true, null],
      empty: [{}, []],
      deep: { a: -1e-9 },
    };
    const payload = { value, source_system: 'x', timestamp: 1_790_000_000.123457, confidence: 0.5 };
    const script = `import sys\nprint(json.dumps(json.loads(sys.stdin.read())))`;
    const child = run(python, ['-c', `import json\n${script}`]);
    child.child.stdin!.end(JSON.stringify(payload));
    const { stdout } = await child;
    // Of a number's spellings only the exponent's differs.
    expect(formatPayload(payload).replace('e-9', 'e-09')).toBe(stdout.trim());
  });

  test('without a Redis it says False and None, and raises nothing', async () => {
    const script = [
      'print(IntelPublisher().publish("intel:fed_bias", "dovish", "x"), IntelReader().read("intel:fed_bias"))',
      'print(asyncio.run(IntelPublisher().publish_async("a", 1, "x")), asyncio.run(IntelReader().read_async("a")))',
    ].join('\n');
    expect(await py(script, `redis://127.0.0.1:${await freePort()}`)).toBe('False None\nFalse None');
  });
});
