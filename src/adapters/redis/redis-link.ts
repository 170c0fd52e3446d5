/**
 * Keeps a connection to Redis alive: opens it, opens it again after longer and longer pauses when it ended, and says when
 * it came and went. Nobody waits for it and nothing is queued in it.
 */
import type { HostClock } from '../../bus/ports.ts';
import { createRandom, type Random } from '../../domain/random.ts';
import type { RedisAddress } from './redis-address.ts';
import { RedisConnection } from './redis-connection.ts';

export interface RedisLinkOptions {
  readonly address: RedisAddress;
  readonly clock: HostClock;
  readonly onUp: (connection: RedisConnection) => void;
  /** Once for each connection that ended and each attempt that failed. */
  readonly onDown: (reason: string) => void;
  readonly timeoutMs?: number;
  readonly seed?: number;
}

const BACK_OFF_MIN_MS = 250;
const BACK_OFF_MAX_MS = 10_000;
/** Pauses are this share longer or shorter, so that many engines do not come back at once. */
const JITTER = 0.2;
/** A connection that lived so long was a good one: the next pause is a short one again. */
const GOOD_US = 30_000_000;

export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #random: Random;
  #connection: RedisConnection | null = null;
  #upAt = 0;
  #failures = 0;
  #stopped = false;
  #cancelTimer: () => void = () => {};

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed ?? 1);
  }

  /** Null while Redis is away. */
  get connection(): RedisConnection | null {
    return this.#connection;
  }

  start(): void {
    void this.#open();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#connection?.close();
    this.#connection = null;
  }

  async #open(): Promise<void> {
    const { address, clock, onUp, timeoutMs } = this.#options;
    let opened: RedisConnection;
    try {
      opened = await RedisConnection.open(address, { onEnd: (reason) => this.#down(reason), timeoutMs });
    } catch (error) {
      this.#down((error as Error).message);
      return;
    }
    if (this.#stopped) return opened.close();
    this.#connection = opened;
    this.#upAt = clock.now();
    onUp(opened);
  }

  #down(reason: string): void {
    if (this.#stopped) return;
    const { clock, onDown } = this.#options;
    const wasGood = this.#connection !== null && clock.now() - this.#upAt > GOOD_US;
    this.#connection = null;
    this.#failures = wasGood ? 1 : this.#failures + 1;
    this.#cancelTimer = clock.after(this.#pauseMs(), () => void this.#open());
    onDown(reason);
  }

  #pauseMs(): number {
    const doubled = BACK_OFF_MIN_MS * 2 ** Math.min(this.#failures - 1, 10);
    const jitter = 1 + JITTER * (2 * this.#random.nextUnit() - 1);
    return Math.round(Math.min(BACK_OFF_MAX_MS, doubled) * jitter);
  }
}
