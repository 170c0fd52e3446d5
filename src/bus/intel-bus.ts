/**
 * The Intel Bus within this process: the newest value of each key, kept in memory until it expires. Reading never waits;
 * whether Redis is there is its bridge's business. No method throws: what cannot stand on the bus is refused in a sentence.
 */
import { INTEL_TTL_S, type IntelPayload, keyFault } from '../domain/intel.ts';
import {
  type IntelRefusal,
  keptPayload,
  type PublishOptions,
  payloadOf,
} from '../domain/intel-publication.ts';
import type { IntelEntry, IntelMirror, IntelOrigin } from './ports.ts';

/** Somebody who invents keys must not grow the process. */
const KEYS_MAX = 256;

/** An entry with its age and what is left of it, seconds: for a page. */
export interface IntelView extends IntelEntry {
  /** Since its writer made it. */
  readonly ageS: number;
  readonly ttlS: number;
}

export class IntelBus implements IntelMirror {
  readonly #now: () => number;
  readonly #entries = new Map<string, IntelEntry>();
  readonly #listeners = new Set<(entry: IntelEntry) => void>();

  /** `now`: microseconds since 1970, of whatever clock its user lives by. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get now(): number {
    return this.#now();
  }

  put(
    key: string,
    payload: IntelPayload,
    { origin, expiresAt }: { readonly origin: IntelOrigin; readonly expiresAt: number },
  ): IntelPayload | IntelRefusal {
    const now = this.#now();
    const fault = keyFault(key) ?? this.#roomFault(key, now);
    if (fault !== null) return { refused: fault };
    const copy = keptPayload(payload);
    if ('refused' in copy) return copy;
    const entry = Object.freeze({ key, payload: copy, origin, heardAt: now, expiresAt });
    this.#entries.set(key, entry);
    for (const listener of this.#listeners) {
      try {
        listener(entry);
      } catch {
        // A listener's fault is not the publisher's.
      }
    }
    return copy;
  }

  /** The newest value that has not expired. */
  read(key: string): IntelPayload | null {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.expiresAt <= this.#now() ? null : entry.payload;
  }

  /** Everything that has not expired, by key. */
  entries(): readonly IntelView[] {
    const now = this.#now();
    this.#drop(now);
    return [...this.#entries.values()]
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map((entry) => ({
        ...entry,
        ageS: Math.max(0, now / 1e6 - entry.payload.timestamp),
        ttlS: (entry.expiresAt - now) / 1e6,
      }));
  }

  onChange(listener: (entry: IntelEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #roomFault(key: string, now: number): string | null {
    if (this.#entries.has(key) || this.#entries.size < KEYS_MAX) return null;
    this.#drop(now);
    return this.#entries.size < KEYS_MAX ? null : `the bus holds ${KEYS_MAX} keys, which is all it can`;
  }

  #drop(now: number): void {
    for (const [key, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(key);
  }
}

/** Puts values on the bus; whoever carries it to Redis does so from there. */
export class IntelPublisher {
  readonly #bus: IntelBus;

  constructor(bus: IntelBus) {
    this.#bus = bus;
  }

  /** The payload as it stands on the bus now, or why it does not. Never throws, never waits. */
  publish(key: string, value: unknown, options: PublishOptions): IntelPayload | IntelRefusal {
    const { now } = this.#bus;
    const made = payloadOf(key, value, options, now);
    if ('refused' in made) return made;
    const { ttlSeconds = INTEL_TTL_S } = options;
    return this.#bus.put(key, made, { origin: 'process', expiresAt: now + ttlSeconds * 1_000_000 });
  }
}

/** Looks at the bus. */
export class IntelReader {
  readonly #bus: IntelBus;

  constructor(bus: IntelBus) {
    this.#bus = bus;
  }

  /** The newest payload, or null where there is none or it expired. Never throws, never waits. */
  read(key: string): IntelPayload | null {
    return this.#bus.read(key);
  }
}
