/**
 * One connection to Redis, from its opening to its end: it never reconnects, never queues and never resends, so that
 * whoever uses it knows what became of each command. A server that is silent, babbles or talks nonsense ends it.
 */
import type { ChainableCommander, Redis } from 'ioredis';
import { redactor } from '../../domain/redaction.ts';
import type { RedisAddress } from './redis-address.ts';

/** The reply to one command: what it says, or what is wrong with it. */
export type Reply = { readonly value: unknown } | { readonly fault: string };

interface Options {
  /** Once, when it ended by itself. */
  readonly onEnd: (reason: string) => void;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 2_000;
/** Eight full values ten times a second; what sends more is no Redis, or nobody reads at its pace. */
const BYTES_PER_SECOND_MAX = 8 * 1_048_576;
const REASON_MAX = 160;

export class RedisConnection {
  readonly #redis: Redis;
  readonly #timeoutMs: number;
  readonly #reasonOf: (error: unknown) => string;
  #onEnd: ((reason: string) => void) | null;
  #reason: string | null = null;
  #windowAt = 0;
  #windowBytes = 0;

  /** Rejects with an Error of one sentence, free of secrets. */
  static async open(
    address: RedisAddress,
    { onEnd, timeoutMs = TIMEOUT_MS }: Options,
  ): Promise<RedisConnection> {
    const { Redis } = await import('ioredis');
    const { host, port, tls, ca, user, password, database } = address;
    const isName = !/^[\d.]+$|:/.test(host);
    const redis = new Redis({
      host,
      port,
      ...(tls ? { tls: { ...(ca === null ? {} : { ca }), ...(isName ? { servername: host } : {}) } } : {}),
      // Every server speaks it. User, password and database are sent by us: the client prints warnings about them.
      protocol: 2,
      replyMapping: 'legacy',
      lazyConnect: true,
      enableReadyCheck: false,
      disableClientInfo: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      retryStrategy: null,
      connectTimeout: timeoutMs,
      commandTimeout: timeoutMs,
    });
    const connection = new RedisConnection(redis, address, timeoutMs);
    try {
      await connection.#within(redis.connect(), 'it does not answer');
      redis.stream.on('data', (chunk: Buffer) => connection.#count(chunk.length));
      if (password !== null)
        await connection.#within(user === null ? redis.auth(password) : redis.auth(user, password));
      if (database !== 0) await connection.#within(redis.select(database));
      await connection.#within(redis.ping());
    } catch (error) {
      const reason = connection.#reason ?? connection.#reasonOf(error);
      connection.close();
      throw new Error(reason);
    }
    if (redis.status === 'end') throw new Error(connection.#reason ?? 'it closed the connection');
    connection.#onEnd = onEnd;
    return connection;
  }

  private constructor(redis: Redis, { password, user }: RedisAddress, timeoutMs: number) {
    this.#redis = redis;
    this.#timeoutMs = timeoutMs;
    this.#onEnd = null;
    const redact = redactor([password, user].filter((each) => each !== null));
    this.#reasonOf = (error) => sentenceOf(error, redact);
    // Without a listener an error would end the process.
    redis.on('error', (error) => {
      this.#reason ??= this.#reasonOf(error);
    });
    redis.once('end', () => this.#end(this.#reason ?? 'it closed the connection'));
  }

  /** Sends commands in one packet; a reply to each, in their order. Rejects, and ends the connection, where one stays out. */
  async ask(build: (commands: ChainableCommander) => void): Promise<readonly Reply[]> {
    const commands = this.#redis.pipeline();
    build(commands);
    const replies = (await this.#within(commands.exec(), 'it does not answer')) ?? [];
    const late = replies.find(([error]) => error !== null && isSilence(error));
    if (late !== undefined) {
      this.#fail(this.#reasonOf(late[0]));
      throw new Error(this.#reasonOf(late[0]));
    }
    return replies.map(([error, value]) => (error === null ? { value } : { fault: this.#reasonOf(error) }));
  }

  /** From now on it only listens. */
  async subscribe(channels: readonly string[], onMessage: (channel: string) => void): Promise<void> {
    this.#redis.on('message', onMessage);
    await this.#within(this.#redis.subscribe(...channels));
  }

  /** Tells nobody. */
  close(): void {
    this.#onEnd = null;
    this.#redis.disconnect();
  }

  async #within<T>(answer: Promise<T>, silence = 'it does not answer'): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(silence)), this.#timeoutMs + 100);
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      const reason = this.#reason ?? this.#reasonOf(error);
      this.#fail(reason);
      throw new Error(reason);
    } finally {
      clearTimeout(timer);
    }
  }

  #count(bytes: number): void {
    const now = performance.now();
    if (now - this.#windowAt > 1_000) {
      this.#windowAt = now;
      this.#windowBytes = 0;
    }
    this.#windowBytes += bytes;
    if (this.#windowBytes > BYTES_PER_SECOND_MAX) this.#fail('it sends more than it was asked for');
  }

  #fail(reason: string): void {
    this.#reason ??= reason;
    this.#redis.disconnect();
    this.#redis.stream?.destroy();
    this.#end(this.#reason);
  }

  #end(reason: string): void {
    const tell = this.#onEnd;
    this.#onEnd = null;
    tell?.(reason);
  }
}

const isSilence = ({ message }: Error): boolean =>
  message === 'Command timed out' ||
  message.startsWith("Stream isn't writeable") ||
  message === 'Connection is closed.';

/** What clients and servers say, in words a person can act on. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^WRONGPASS|invalid password|invalid username-password/i, 'it refuses our user or password'],
  [/^NOAUTH/, 'it wants a password: set QUANTOS_REDIS_PASSWORD'],
  [/^NOPERM/, 'our user may not do that'],
  [/without any password configured|no password is set/, 'it has no password, and one was given'],
  [/^OOM/, 'it is full (maxmemory) and takes no value'],
  [/^READONLY/, 'it is a read-only replica'],
  [/^LOADING/, 'it is still loading its data'],
  [/^MISCONF/, 'it cannot save its data and takes no value'],
  [/DB index is out of range|invalid DB index/, 'it has no database of that number'],
  [/Command timed out|ETIMEDOUT/, 'it does not answer'],
  [/ECONNREFUSED/, 'nothing listens there'],
  [/ENOTFOUND|EAI_AGAIN/, 'there is no computer of that name'],
  [/Protocol error|Unknown RESP type/, 'it does not speak as a Redis does'],
  [/^Connection is closed|ECONNRESET|EPIPE|Stream isn't writeable/, 'it closed the connection'],
];

function sentenceOf(error: unknown, redact: (text: string) => string): string {
  const { message = String(error), code = '' } = error as NodeJS.ErrnoException;
  const known = WORDS.find(([form]) => form.test(message) || form.test(String(code)));
  if (known !== undefined) return known[1];
  const line = redact(message).replace(/\p{Cc}+/gu, ' ');
  return line.slice(0, REASON_MAX).toWellFormed();
}
