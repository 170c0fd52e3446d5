/**
 * The Intel Bus over Redis: what the engine publishes is written there as it leaves, what others write is read and handed
 * in. The engine never waits for it. While Redis is away values wait, the newest of each key, no longer than they live.
 */
import { keyFault } from '../../domain/intel.ts';
import { IntelBusStatusChanged } from '../../events/intel.events.ts';
import { INTEL_SOURCE, watchedKeys } from './intel-inbox.ts';
import { KeyWatch } from './key-watch.ts';
import { type Leaving, ProcessBridge, type ProcessBridgeOptions } from './process-bridge.ts';
import { addressText, type RedisAddress } from './redis-address.ts';
import type { RedisConnection } from './redis-connection.ts';
import { RedisLink } from './redis-link.ts';

export interface RedisBridgeOptions extends ProcessBridgeOptions {
  readonly address: RedisAddress;
  /** Told in a sentence when Redis fails or comes back; a line a minute at most. */
  readonly say: (sentence: string) => void;
  readonly pollMs?: number;
  readonly timeoutMs?: number;
  readonly seed?: number;
}

interface Standing extends Leaving {
  written: boolean;
}

const SAY_EVERY_US = 60_000_000;
/** A Redis that refuses a value is asked again after so long. */
const WRITE_AGAIN_MS = 5_000;
const KEYS_MAX = 256;

export class RedisBridge extends ProcessBridge {
  readonly #options: RedisBridgeOptions;
  readonly #link: RedisLink;
  /** The newest value of each key, for as long as it lives: a Redis that lost its memory is given it again. */
  readonly #standing = new Map<string, Standing>();
  #watch: KeyWatch | null = null;
  #isUp: boolean | null = null;
  #writing = false;
  #stopped = false;
  #saidAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;
  #cancelWrite: (() => void) | null = null;

  constructor(options: RedisBridgeOptions) {
    super(options);
    this.#options = options;
    const { address, clock, seed, timeoutMs } = options;
    this.#link = new RedisLink({
      address,
      clock,
      seed,
      timeoutMs,
      onUp: (connection) => this.#up(connection),
      onDown: (reason) => this.#down(reason),
    });
  }

  protected override get transport(): 'redis' | 'process' {
    return 'redis';
  }

  override start(): void {
    super.start();
    this.#link.start();
  }

  override async stop(): Promise<void> {
    this.#stopped = true;
    await super.stop();
    this.#cancelWrite?.();
    this.#watch?.stop();
    this.#link.stop();
  }

  protected override leave(value: Leaving): void {
    if (this.#stopped || keyFault(value.key) !== null) return;
    // Last in is last out: what is published anew moves to the end.
    this.#standing.delete(value.key);
    this.#standing.set(value.key, { ...value, written: false });
    if (this.#standing.size > KEYS_MAX) this.#standing.delete(this.#standing.keys().next().value!);
    void this.#write();
  }

  #up(connection: RedisConnection): void {
    const { address, clock, pollMs, timeoutMs } = this.#options;
    this.#watch?.stop();
    this.#watch = new KeyWatch(connection, {
      keys: watchedKeys,
      address,
      clock,
      pollMs,
      timeoutMs,
      onContent: (key, content, ttlMs) => this.inbox.heard(key, content, ttlMs, 'redis'),
      onFault: (reason) => this.#say(`the Intel Bus cannot be read: ${reason}`),
    });
    this.#watch.start();
    if (this.#isUp === false) this.#say('Redis is back: the Intel Bus is shared again');
    this.#turned(true, addressText(address));
    void this.#write(true);
  }

  #down(reason: string): void {
    this.#watch?.stop();
    this.#watch = null;
    const { address } = this.#options;
    this.#say(`Redis at ${addressText(address)} is away: ${reason}; what was received only expires`);
    this.#turned(false, reason);
  }

  #turned(isUp: boolean, detail: string): void {
    if (this.#isUp === isUp || this.#stopped) return;
    this.#isUp = isUp;
    const status = isUp ? 'connected' : 'away';
    this.#options.lane.input(IntelBusStatusChanged.of({ status, detail }), { source: INTEL_SOURCE });
  }

  /**
   * Writes what was not written yet. `anew`: on a connection that begins, what was written before is given back where
   * nothing stands in its key: what a partner wrote meanwhile is newer.
   */
  async #write(anew = false): Promise<void> {
    const { connection } = this.#link;
    if (connection === null || this.#writing || this.#stopped) return;
    const now = this.#options.clock.now();
    for (const [key, { expiresAt }] of this.#standing) if (expiresAt <= now) this.#standing.delete(key);
    const values = [...this.#standing.values()].filter(({ written }) => anew || !written);
    if (values.length === 0) return;
    this.#writing = true;
    let fault: string | null = null;
    try {
      const replies = await connection.ask((commands) => {
        for (const { key, text, expiresAt, ttlSeconds, written } of values) {
          const seconds = Math.min(ttlSeconds, Math.ceil((expiresAt - now) / 1e6));
          if (written) commands.set(key, text, 'EX', seconds, 'NX');
          else commands.set(key, text, 'EX', seconds);
        }
      });
      for (const [i, reply] of replies.entries()) {
        if ('fault' in reply) fault = reply.fault;
        else values[i].written = true;
      }
    } catch {
      // The connection ended, and says so itself; what was not written stands.
    }
    this.#writing = false;
    if (fault !== null) this.#refused(fault);
    else if (this.#link.connection !== null && this.#hasUnwritten()) void this.#write();
  }

  #refused(fault: string): void {
    this.#say(`Redis takes no value of the Intel Bus: ${fault}`);
    this.#cancelWrite?.();
    if (this.#stopped) return;
    this.#cancelWrite = this.#options.clock.after(WRITE_AGAIN_MS, () => void this.#write());
  }

  #hasUnwritten(): boolean {
    for (const { written } of this.#standing.values()) if (!written) return true;
    return false;
  }

  #say(sentence: string): void {
    const now = this.#options.clock.now();
    if (now - this.#saidAt < SAY_EVERY_US) {
      this.#unsaid += 1;
      return;
    }
    const more = this.#unsaid === 0 ? '' : ` (and ${this.#unsaid} more in the minute before)`;
    this.#saidAt = now;
    this.#unsaid = 0;
    try {
      this.#options.say(`${sentence}${more}`);
    } catch {
      // Who listens is not our business.
    }
  }
}
