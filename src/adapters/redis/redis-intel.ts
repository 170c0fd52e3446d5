/**
 * The Intel Bus for programs beside the engine: publishing and reading that wait for Redis. Fail-silent as everything of
 * the bus: where Redis does not answer, `false` and `null` come back, after two seconds at most.
 */
import type { HostClock } from '../../bus/ports.ts';
import {
  formatPayload,
  INTEL_BYTES_MAX,
  INTEL_TTL_S,
  type IntelPayload,
  keyFault,
  readPayload,
} from '../../domain/intel.ts';
import { type PublishOptions, payloadOf } from '../../domain/intel-publication.ts';
import { type RedisAddress, type RedisSecrets, redisAddress } from './redis-address.ts';
import { RedisConnection } from './redis-connection.ts';

export interface RedisIntelOptions extends RedisSecrets {
  /** `redis://127.0.0.1:6379`, with the number of a database as its path; `rediss://` for TLS. */
  readonly url: string;
  /** Milliseconds an answer may take. */
  readonly timeoutMs?: number;
  /** Of time stamps; the wall's where not given. */
  readonly clock?: Pick<HostClock, 'now'>;
}

/** After a failure so long nobody is asked: who calls in a loop does not wait two seconds each time. */
const PAUSE_MS = 1_000;

/** Opens a connection at its first use and again when it ended. */
abstract class RedisIntel {
  readonly #address: RedisAddress;
  readonly #timeoutMs: number | undefined;
  readonly #clock: Pick<HostClock, 'now'>;
  #connection: RedisConnection | null = null;
  #opening: Promise<RedisConnection | null> | null = null;
  #failedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** Throws InputError where the address is none. */
  constructor({ url, timeoutMs, clock, ...secrets }: RedisIntelOptions) {
    this.#address = redisAddress(url, secrets);
    this.#timeoutMs = timeoutMs;
    this.#clock = clock ?? { now: () => Date.now() * 1_000 };
  }

  /** Microseconds. */
  protected get now(): number {
    return this.#clock.now();
  }

  /** Ends the connection, which keeps a process alive. */
  close(): void {
    this.#closed = true;
    this.#connection?.close();
    this.#connection = null;
  }

  /** Null where there is no Redis. Never rejects. */
  protected async connected(): Promise<RedisConnection | null> {
    if (this.#closed || performance.now() - this.#failedAt < PAUSE_MS) return null;
    if (this.#connection !== null) return this.#connection;
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<RedisConnection | null> {
    try {
      const opened = await RedisConnection.open(this.#address, {
        timeoutMs: this.#timeoutMs,
        onEnd: () => this.#ended(),
      });
      if (this.#closed) opened.close();
      else this.#connection = opened;
    } catch {
      this.#ended();
    }
    this.#opening = null;
    return this.#connection;
  }

  #ended(): void {
    this.#connection = null;
    this.#failedAt = performance.now();
  }
}

export class RedisIntelPublisher extends RedisIntel {
  /** Whether the value stands in Redis now. Never rejects; what cannot stand on the bus is false, too. */
  async publishAsync(key: string, value: unknown, options: PublishOptions): Promise<boolean> {
    const payload = payloadOf(key, value, options, this.now);
    if ('refused' in payload) return false;
    try {
      const connection = await this.connected();
      if (connection === null) return false;
      const text = formatPayload(payload);
      const [reply] = await connection.ask((commands) =>
        commands.set(key, text, 'EX', options.ttlSeconds ?? INTEL_TTL_S),
      );
      return 'value' in reply && reply.value === 'OK';
    } catch {
      return false;
    }
  }
}

export class RedisIntelReader extends RedisIntel {
  /** What stands in Redis, or null: nothing, something that is no payload, one that is too old, or no Redis. Never rejects. */
  async readAsync(key: string): Promise<IntelPayload | null> {
    if (keyFault(key) !== null) return null;
    try {
      const connection = await this.connected();
      if (connection === null) return null;
      const [reply] = await connection.ask((commands) => commands.getrangeBuffer(key, 0, INTEL_BYTES_MAX));
      if ('fault' in reply) return null;
      const bytes = reply.value as Buffer;
      if (bytes.length === 0 || bytes.length > INTEL_BYTES_MAX) return null;
      const read = readPayload(bytes.toString('utf8'), this.now);
      return 'refused' in read ? null : read;
    } catch {
      return null;
    }
  }
}
