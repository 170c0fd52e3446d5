/**
 * Looks at a few keys for as long as a connection lives: told by Redis where it notifies of changes, else by asking every
 * second. A value is read up to its first 64 KB and not beyond: whatever stands there, no more crosses the wire.
 */
import type { HostClock } from '../../bus/ports.ts';
import { INTEL_BYTES_MAX } from '../../domain/intel.ts';
import type { RedisAddress } from './redis-address.ts';
import { RedisConnection, type Reply } from './redis-connection.ts';

/** What stands in a key: bytes, or how many things where it is a list, a set or a hash. */
export type KeyContent =
  | { readonly bytes: Uint8Array }
  | { readonly count: number }
  | { readonly type: string };

export interface KeyWatchOptions {
  readonly keys: readonly string[];
  readonly address: RedisAddress;
  readonly clock: HostClock;
  /** Also where it is what it was. `ttlMs`: milliseconds the key still lives, null for ever. Not called for a key that is not there. */
  readonly onContent: (key: string, content: KeyContent, ttlMs: number | null) => void;
  /** After each look at everything. */
  readonly onRound?: () => void;
  readonly onFault: (reason: string) => void;
  readonly pollMs?: number;
  readonly timeoutMs?: number;
}

const POLL_MS = 1_000;
/** Notifications may be lost, and tell nothing of keys that stay as they are. */
const NOTIFIED_POLL_MS = 30_000;
const LISTEN_AGAIN_MS = 30_000;
/** Changes within so long are one look. */
const GATHER_MS = 20;
/** Whoever changes keys more often than this a second is looked at every second like a server that does not notify. */
const NOTICES_MAX = 500;
const GONE = -2;

export class KeyWatch {
  readonly #options: KeyWatchOptions;
  readonly #connection: RedisConnection;
  #listening: RedisConnection | null = null;
  readonly #changed = new Set<string>();
  #asking = false;
  #stopped = false;
  #noticeAt = 0;
  #notices = 0;
  #cancelPoll: () => void = () => {};
  #cancelListen: () => void = () => {};
  #cancelGather: (() => void) | null = null;

  constructor(connection: RedisConnection, options: KeyWatchOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Whether Redis tells of changes. */
  get isNotified(): boolean {
    return this.#listening !== null;
  }

  start(): void {
    void this.#look(this.#options.keys);
    void this.#listen();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelPoll();
    this.#cancelListen();
    this.#cancelGather?.();
    this.#listening?.close();
    this.#listening = null;
  }

  /** Subscribes where the server is set up for it; its configuration is never changed. */
  async #listen(): Promise<void> {
    const { address, keys, timeoutMs } = this.#options;
    try {
      const [reply] = await this.#connection.ask((commands) =>
        commands.config('GET', 'notify-keyspace-events'),
      );
      // A user who may not ask is one for whom we ask every second.
      if (!tellsOfKeys(reply) || this.#stopped) return;
      const prefix = `__keyspace@${address.database}__:`;
      const listening = await RedisConnection.open(address, {
        timeoutMs,
        onEnd: () => this.#deafened(),
      });
      if (this.#stopped) return listening.close();
      await listening.subscribe(
        keys.map((key) => prefix + key),
        (channel) => this.#notice(channel.slice(prefix.length)),
      );
      if (this.#stopped) return listening.close();
      this.#listening = listening;
      // What changed while nobody listened yet.
      void this.#look(keys);
    } catch {
      this.#deafened();
    }
  }

  /** Asking does as well, until listening works again. */
  #deafened(): void {
    this.#listening = null;
    this.#poll();
    this.#cancelListen();
    if (!this.#stopped)
      this.#cancelListen = this.#options.clock.after(LISTEN_AGAIN_MS, () => void this.#listen());
  }

  #notice(key: string): void {
    const now = performance.now();
    if (now - this.#noticeAt > 1_000) {
      this.#noticeAt = now;
      this.#notices = 0;
    }
    if (++this.#notices > NOTICES_MAX) {
      this.#listening?.close();
      this.#deafened();
      return;
    }
    this.#changed.add(key);
    this.#cancelGather ??= this.#options.clock.after(GATHER_MS, () => {
      this.#cancelGather = null;
      if (!this.#asking) void this.#look([...this.#changed]);
    });
  }

  #poll(): void {
    const { clock, keys, pollMs = POLL_MS } = this.#options;
    this.#cancelPoll();
    if (this.#stopped) return;
    const waitMs = this.isNotified ? NOTIFIED_POLL_MS : pollMs;
    this.#cancelPoll = clock.after(waitMs, () => void this.#look(keys));
  }

  async #look(keys: readonly string[]): Promise<void> {
    if (this.#stopped) return;
    for (const key of keys) this.#changed.add(key);
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#changed.size > 0 && !this.#stopped) {
        const wanted = [...this.#changed];
        this.#changed.clear();
        await this.#read(wanted);
      }
      if (!this.#stopped) this.#options.onRound?.();
    } catch {
      // The connection ended, and says so itself.
    }
    this.#asking = false;
    this.#poll();
  }

  async #read(keys: readonly string[]): Promise<void> {
    const replies = await this.#connection.ask((commands) => {
      for (const key of keys) commands.getrangeBuffer(key, 0, INTEL_BYTES_MAX).pttl(key);
    });
    const others: string[] = [];
    for (const [i, key] of keys.entries()) {
      const content = replies[2 * i];
      const ttl = replies[2 * i + 1];
      if ('fault' in content || 'fault' in ttl) {
        const fault = 'fault' in content ? content.fault : (ttl as { fault: string }).fault;
        if (fault.startsWith('WRONGTYPE')) others.push(key);
        else this.#options.onFault(fault);
      } else this.#tell(key, { bytes: content.value as Buffer }, ttl);
    }
    if (others.length > 0) await this.#count(others);
  }

  /** Keys that hold no text: what they are, and how much of it. */
  async #count(keys: readonly string[]): Promise<void> {
    const replies = await this.#connection.ask((commands) => {
      for (const key of keys) commands.type(key).llen(key).scard(key).hlen(key).zcard(key).pttl(key);
    });
    for (const [i, key] of keys.entries()) {
      const [type, ...rest] = replies.slice(6 * i, 6 * i + 6);
      const ttl = rest.pop()!;
      // All but one of them do not fit the key's type.
      const count = rest.find((each) => 'value' in each);
      const name = 'value' in type ? String(type.value) : 'something else';
      const content =
        count === undefined ? { type: name } : { count: Number((count as { value: unknown }).value) };
      this.#tell(key, content, ttl);
    }
  }

  #tell(key: string, content: KeyContent, ttl: Reply): void {
    const ms = 'value' in ttl ? Number(ttl.value) : Number.NaN;
    if (this.#stopped || Number.isNaN(ms) || ms === GONE) return;
    this.#options.onContent(key, content, ms < 0 ? null : ms);
  }
}

/** `K` (by key) and the classes of events that writing a text is among; all of them are `A`. */
function tellsOfKeys(reply: Reply): boolean {
  if ('fault' in reply || !Array.isArray(reply.value)) return false;
  const flags = String(reply.value[1] ?? '');
  return flags.includes('K') && (flags.includes('A') || flags.includes('$'));
}
