/** `quantos intel`: looks at the Intel Bus on Redis, and puts values there by hand. */
import type { Command } from 'commander';
import { watchedKeys } from '../../adapters/redis/intel-inbox.ts';
import { KeyWatch } from '../../adapters/redis/key-watch.ts';
import { addressText, type RedisAddress } from '../../adapters/redis/redis-address.ts';
import { RedisConnection } from '../../adapters/redis/redis-connection.ts';
import { InputError } from '../../domain/input-error.ts';
import {
  consumedKeys,
  FEAR_GREED_KEY,
  formatPayload,
  INTEL_BYTES_MAX,
  INTEL_TTL_S,
  keyFault,
  PARTNER_KEY,
  POSITIONS_KEY,
  readIntel,
  readPayload,
} from '../../domain/intel.ts';
import { type GaugeRead, readFearGreed, readPartnerCount } from '../../domain/intel-gauges.ts';
import { isConsumed, payloadOf } from '../../domain/intel-publication.ts';
import { wallClock } from '../../engine/live/host-clock.ts';
import { EnvironmentLacks } from '../failure.ts';
import { numberFor, withCommon } from '../options/common-options.ts';
import { redisMeant } from '../redis-address.ts';
import { type CommonOptions, printJson, remark, type Terminal } from '../terminal.ts';

interface IntelOptions extends CommonOptions {
  readonly redis?: string;
}

interface SetOptions extends IntelOptions {
  readonly sourceSystem: string;
  readonly confidence: number;
}

const nowUs = (): number => Date.now() * 1_000;
const seconds = (value: number): string => `${Math.max(0, Math.round(value))} s`;

export function addIntel(program: Command, terminal: Terminal): void {
  const intel = program
    .command('intel')
    .description('looks at the Intel Bus on Redis, which other programs share');

  const get = withRedis(intel.command('get <key>').description('prints the value of a key'));
  withCommon(
    get,
    'intel get intel:fed_bias',
    'intel get macro:fear_greed --redis redis://10.0.0.5:6379/2',
  ).action((key: string, options: IntelOptions) => getKey(key, options, terminal));

  const set = withRedis(
    intel.command('set <key> <json>').description('writes a value, which lives for 300 seconds'),
  )
    .option('--source-system <name>', 'who says it', 'quantos-cli')
    .option(
      '--confidence <share>',
      'how sure it is',
      numberFor('--confidence', 'a number from 0 to 1', (value) => value >= 0 && value <= 1),
      1,
    );
  withCommon(
    set,
    `intel set intel:fed_bias '"dovish"'`,
    `intel set intel:social_score '{"score": 0.5, "ticker": "BTC"}' --confidence 0.8`,
  ).action((key: string, json: string, options: SetOptions) => setKey(key, json, options, terminal));

  const watch = withRedis(
    intel.command('watch').description('prints each change of a known key, until Ctrl-C'),
  );
  withCommon(watch, 'intel watch', 'intel watch --json').action((options: IntelOptions) =>
    watchKeys(options, terminal),
  );
}

const withRedis = (command: Command): Command =>
  command.option('--redis <url>', 'where it is (QUANTOS_REDIS_URL, else redis://127.0.0.1:6379)');

async function opened(
  address: RedisAddress,
  onEnd: (reason: string) => void = () => {},
): Promise<RedisConnection> {
  try {
    return await RedisConnection.open(address, { onEnd });
  } catch (error) {
    throw lacking(address, (error as Error).message);
  }
}

function lacking(address: RedisAddress, reason: string): EnvironmentLacks {
  const isHere = address.host === '127.0.0.1' || address.host === 'localhost';
  const remedy = /password/.test(reason)
    ? 'set QUANTOS_REDIS_USER and QUANTOS_REDIS_PASSWORD to what it wants'
    : isHere && reason === 'nothing listens there'
      ? `start one with: redis-server --port ${address.port}`
      : 'say where it is with --redis redis://HOST:PORT';
  return new EnvironmentLacks(`Redis at ${addressText(address)}: ${reason}; ${remedy}`);
}

/** Runs with a connection and closes it, whatever becomes of it. */
async function withConnection<T>(
  options: IntelOptions,
  run: (redis: RedisConnection) => Promise<T>,
): Promise<T> {
  const address = redisMeant(options.redis);
  const connection = await opened(address);
  try {
    return await run(connection).catch((error: Error) => Promise.reject(lacking(address, error.message)));
  } finally {
    connection.close();
  }
}

function requireKey(key: string): void {
  const fault = keyFault(key);
  if (fault !== null) throw new InputError(`"${key}" is no key of the bus: ${fault}`);
}

async function getKey(key: string, options: IntelOptions, terminal: Terminal): Promise<void> {
  requireKey(key);
  const [content, ttl] = await withConnection(options, (redis) =>
    redis.ask((commands) => void commands.getrangeBuffer(key, 0, INTEL_BYTES_MAX).pttl(key)),
  );
  if ('fault' in content) {
    const isOther = content.fault.startsWith('WRONGTYPE');
    throw new InputError(
      `${key}: ${isOther ? 'a list, a set or a hash stands there, not text' : content.fault}`,
    );
  }
  const ttlMs = 'value' in ttl ? Number(ttl.value) : -1;
  if (ttlMs === -2) {
    if (options.json) printJson(terminal, null);
    else terminal.out(`nothing stands in ${key}`);
    return;
  }
  const text = (content.value as Buffer).toString('utf8');
  const value = parsed(text);
  if (options.json) printJson(terminal, value === undefined ? text.toWellFormed() : value);
  else {
    terminal.out(printable(text));
    remark(terminal, options, verdict(key, text, ttlMs));
  }
}

/** What an engine would make of it now, in words. */
function verdict(key: string, text: string, ttlMs: number): string {
  const ttlS = ttlMs < 0 ? null : ttlMs / 1_000;
  const lives = ttlS === null ? 'has no end of its own' : `lives ${seconds(ttlS)} more`;
  const now = nowUs();
  if (key === POSITIONS_KEY) return `the engine's own positions; ${lives}`;
  if (key === FEAR_GREED_KEY || key === PARTNER_KEY) {
    const read: GaugeRead = (key === FEAR_GREED_KEY ? readFearGreed : readPartnerCount)(text, now, ttlS);
    return 'refused' in read ? `it does not count: ${read.refused}` : `reads as ${read.value}; ${lives}`;
  }
  const read = readPayload(text, now);
  if ('refused' in read) return `it does not count: ${read.refused}`;
  const said = `by ${read.source_system}, ${seconds(now / 1e6 - read.timestamp)} ago, confidence ${read.confidence}; ${lives}`;
  if (!isConsumed(key)) return said;
  const signal = readIntel(key, text, now, ttlS);
  return 'refused' in signal ? `it does not count: ${signal.refused}` : said;
}

async function setKey(key: string, json: string, options: SetOptions, terminal: Terminal): Promise<void> {
  requireKey(key);
  const value = parsed(json);
  if (value === undefined)
    throw new InputError(
      `the value of ${key} is ${JSON.stringify(json.slice(0, 80))}; write JSON, such as '"dovish"'`,
    );
  const { sourceSystem, confidence } = options;
  const text = isPlain(key) ? plainText(key, json, value) : payloadText();
  const [reply] = await withConnection(options, (redis) =>
    redis.ask((commands) => void commands.set(key, text, 'EX', INTEL_TTL_S)),
  );
  if ('fault' in reply) throw new EnvironmentLacks(`${key} was not written: ${reply.fault}`);
  if (options.json) printJson(terminal, JSON.parse(text));
  else terminal.out(`${key} is set for ${INTEL_TTL_S} s: ${printable(text)}`);

  function payloadText(): string {
    const payload = payloadOf(key, value, { sourceSystem, confidence }, nowUs());
    if ('refused' in payload) throw new InputError(`${key}: ${payload.refused}`);
    return formatPayload(payload);
  }
}

/** Keys that are not of the bus's own form. */
const isPlain = (key: string): boolean => [FEAR_GREED_KEY, PARTNER_KEY, POSITIONS_KEY].includes(key);

function plainText(key: string, json: string, value: unknown): string {
  if (key === POSITIONS_KEY)
    throw new InputError(`${key} is what an engine writes; a value by hand would be taken for its positions`);
  const read = (key === FEAR_GREED_KEY ? readFearGreed : readPartnerCount)(json, nowUs(), null);
  if ('refused' in read) throw new InputError(`${key}: ${read.refused}`);
  return JSON.stringify(value);
}

async function watchKeys(options: IntelOptions, terminal: Terminal): Promise<void> {
  const address = redisMeant(options.redis);
  const keys = [...watchedKeys, POSITIONS_KEY];
  const seen = new Map<string, string>();
  let over: (fault: EnvironmentLacks | null) => void = () => {};
  const ended = new Promise<EnvironmentLacks | null>((resolve) => {
    over = resolve;
  });
  const connection = await opened(address, (reason) => over(lacking(address, reason)));
  const watch = new KeyWatch(connection, {
    keys,
    address,
    clock: wallClock(),
    onContent: (key, content, ttlMs) => {
      const text = 'bytes' in content ? Buffer.from(content.bytes).toString('utf8') : JSON.stringify(content);
      if (seen.get(key) === text) return;
      seen.set(key, text);
      if (options.json) terminal.out(JSON.stringify({ key, ...told(text), ttlMs }));
      else {
        const note = 'bytes' in content ? `  (${verdict(key, text, ttlMs ?? -1)})` : '';
        terminal.out(`${new Date().toISOString().slice(11, 19)}  ${key}  ${printable(text)}${note}`);
      }
    },
    onFault: (reason) => remark(terminal, options, `quantos: ${reason}`),
  });
  const stop = () => over(null);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  remark(
    terminal,
    options,
    `watching ${addressText(address)}: ${consumedKeys.join(', ')} and ${keys.length - consumedKeys.length} more; Ctrl-C ends it`,
  );
  watch.start();
  const fault = await ended;
  process.off('SIGINT', stop).off('SIGTERM', stop);
  watch.stop();
  connection.close();
  if (fault !== null) throw fault;
}

/** As JSON where it is, else as text. */
const told = (text: string): { payload: unknown } | { text: string } => {
  const payload = parsed(text);
  return payload === undefined ? { text: text.toWellFormed() } : { payload };
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const SHOWN_MAX = 500;
/** Somebody else's text may hold what moves a terminal's cursor. */
const printable = (text: string): string => {
  const plain = text.replace(/\p{Cc}/gu, ' ').toWellFormed();
  return plain.length <= SHOWN_MAX ? plain : `${plain.slice(0, SHOWN_MAX).toWellFormed()}…`;
};
