/** `quantos intel`, and what doctor says of the Redis behind it. */
import { setTimeout as later } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { redisAddress } from '../../src/adapters/redis/redis-address.ts';
import { RedisConnection } from '../../src/adapters/redis/redis-connection.ts';
import { redisFinding } from '../../src/cli/redis-check.ts';
import { freePort, RedisServer, withoutRedis } from '../adapters/redis/redis-server.ts';
import { quantos, quantosJson } from './cli.ts';
import { Engine } from './engine-process.ts';

const PASSWORD = 'canary-redis-password-31c7';
afterEach(() => vi.unstubAllEnvs());

describe('without a Redis', () => {
  test.each([['get', 'intel:fed_bias'], ['set', 'intel:fed_bias', '"dovish"'], ['watch']])(
    'intel %s ends with 3 and the command that mends it',
    async (...argv) => {
      const port = await freePort();
      const { exitCode, stdout, stderr } = await quantos(
        'intel',
        ...argv,
        '--redis',
        `redis://127.0.0.1:${port}`,
      );
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toBe(
        `quantos: Redis at redis://127.0.0.1:${port}/0: nothing listens there; start one with: redis-server --port ${port}\n`,
      );
    },
  );

  test.each([
    [['get', 'a b'], /^quantos: "a b" is no key of the bus: .*\n$/],
    [['get', '__proto__'], /__proto__/],
    [['set', 'intel:fed_bias', 'dovish'], /write JSON, such as '"dovish"'/],
    [
      ['set', 'intel:fed_bias', '3'],
      /^quantos: intel:fed_bias: value: it is 3; expected a word such as "dovish".*\n$/,
    ],
    [['set', 'intel:social_score', '1.5'], /-1 to 1/],
    [['set', 'macro:fear_greed', '101'], /0 to 100/],
    [['set', 'quantos:active_positions', '[]'], /is what an engine writes/],
    [
      ['set', 'intel:fed_bias', '"dovish"', '--confidence', '2'],
      /--confidence is "2"; write a number from 0 to 1/,
    ],
    [['set', 'intel:fed_bias', '"dovish"', '--source-system', ''], /source_system/],
    [['get', 'x', '--redis', 'http://127.0.0.1'], /^quantos: --redis is "http:.*write redis:/],
    [['get', 'x', '--redis', 'redis://127.0.0.1/two'], /number of a database/],
    [['get', 'x', '--redis', `redis://me:${PASSWORD}@127.0.0.1`], /QUANTOS_REDIS_PASSWORD/],
    [['get', 'x', '--redis', `me:${PASSWORD}@127.0.0.1`], /^quantos: --redis is not one; write redis:/],
  ])('intel %j is bad input in one sentence', async (argv, sentence) => {
    const { exitCode, stderr } = await quantos('intel', ...argv);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(sentence) });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).not.toContain(PASSWORD);
  });

  test('doctor says so, and whether that was expected', async () => {
    const address = redisAddress(`redis://127.0.0.1:${await freePort()}`);
    expect(await redisFinding(address, true)).toMatchObject({
      status: 'missing',
      found: expect.stringContaining('nothing listens there'),
      advice: expect.stringContaining('QUANTOS_REDIS_URL'),
    });
  });
});

describe.skipIf(withoutRedis)('with a Redis', () => {
  let server: RedisServer;
  let open: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.open('--requirepass', PASSWORD, '--notify-keyspace-events', 'KEA');
    open = await RedisServer.open('--maxmemory', '100mb', '--maxmemory-policy', 'noeviction');
  });
  const withPassword = () => {
    vi.stubEnv('QUANTOS_REDIS_URL', server.url);
    vi.stubEnv('QUANTOS_REDIS_PASSWORD', PASSWORD);
  };

  test('what is set is got: its payload, who said it and how long it lives', async () => {
    withPassword();
    const set = await quantos('intel', 'set', 'intel:fed_bias', '{"bias": "Dovish"}', '--confidence', '0.5');
    expect(set).toMatchObject({ exitCode: 0, stderr: '' });
    expect(set.stdout).toMatch(
      /^intel:fed_bias is set for 300 s: \{"value": \{"bias": "Dovish"\}, "source_system": "quantos-cli", .*"confidence": 0.5\}\n$/,
    );
    expect(await quantosJson('intel', 'get', 'intel:fed_bias')).toEqual({
      value: { bias: 'Dovish' },
      source_system: 'quantos-cli',
      timestamp: expect.any(Number),
      confidence: 0.5,
    });
    const { stderr } = await quantos('intel', 'get', 'intel:fed_bias');
    expect(stderr).toMatch(/^by quantos-cli, \d s ago, confidence 0.5; lives (300|29\d) s more\n$/);
  });

  test('what is not there is null, or said', async () => {
    withPassword();
    expect(await quantosJson('intel', 'get', 'intel:nothing')).toBeNull();
    expect(await quantos('intel', 'get', 'intel:nothing')).toEqual({
      exitCode: 0,
      stdout: 'nothing stands in intel:nothing\n',
      stderr: '',
    });
  });

  test('what does not count is shown, with the reason, and moves no cursor', async () => {
    withPassword();
    const redis = await RedisConnection.open(redisAddress(server.url, { password: PASSWORD }), {
      onEnd: () => {},
    });
    await redis.ask(
      (commands) => void commands.set('intel:social_score', 'x\u001b[2J').lpush('intel:list', 'x'),
    );
    redis.close();
    const { exitCode, stdout, stderr } = await quantos('intel', 'get', 'intel:social_score');
    expect([exitCode, stdout, stderr]).toEqual([0, 'x [2J\n', 'it does not count: it is not JSON\n']);
    expect(await quantos('intel', 'get', 'intel:list')).toMatchObject({
      exitCode: 2,
      stderr: 'quantos: intel:list: a list, a set or a hash stands there, not text\n',
    });
  });

  test('a wrong password is told with what mends it, and not shown', async () => {
    vi.stubEnv('QUANTOS_REDIS_PASSWORD', `${PASSWORD}x`);
    const wrong = await quantos('intel', 'get', 'intel:fed_bias', '--redis', server.url);
    expect(wrong).toMatchObject({ exitCode: 3, stdout: '' });
    expect(wrong.stderr).toMatch(
      /it refuses our user or password; set QUANTOS_REDIS_USER and QUANTOS_REDIS_PASSWORD/,
    );
    expect(wrong.stderr).not.toContain('canary');
  });

  test('watch prints what is there and each change, as lines of JSON where asked, until it is told to stop', async () => {
    withPassword();
    await quantos('intel', 'set', 'intel:fed_bias', '"dovish"');
    const env = { QUANTOS_REDIS_URL: server.url, QUANTOS_REDIS_PASSWORD: PASSWORD };
    const people = new Engine(['intel', 'watch'], env);
    const program = new Engine(['intel', 'watch', '--json'], env);
    await people.line(/intel:fed_bias {2}.*dovish/);
    await program.line(/"intel:fed_bias"/);
    await quantos('intel', 'set', 'macro:fear_greed', '40');
    await people.line(/macro:fear_greed {2}40 {2}\(reads as 40; lives/);
    await program.line(/"macro:fear_greed","payload":40/);
    await later(50);
    expect(await people.end('SIGINT')).toBe(0);
    expect(await program.end('SIGINT')).toBe(0);
    for (const line of program.stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('key');
    expect(`${people.stdout}${people.stderr}${program.stdout}${program.stderr}`).not.toContain(PASSWORD);
    expect(program.stderr).toBe('');
  });

  test('doctor finds whether it tells of changes, lets us in, and may fill', async () => {
    const inside = await redisFinding(redisAddress(server.url, { password: PASSWORD }), true);
    expect(inside).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/answers; it tells of changes$/),
    });
    expect(await redisFinding(redisAddress(server.url), true)).toMatchObject({
      status: 'missing',
      found: expect.stringContaining('it wants a password'),
    });
    expect(await redisFinding(redisAddress(open.url), true)).toMatchObject({
      status: 'missing',
      found: expect.stringMatching(/it is asked every second; maxmemory is bounded with policy noeviction$/),
    });
  });
});
