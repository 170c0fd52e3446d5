/**
 * Judges what stands in the keys that the engine hears, and hands it in: a valid value once, a value that does not count
 * once until its bytes change, and the gauges when they change and every minute that they are seen again. Never throws.
 */
import type { InputLane, IntelMirror, IntelOrigin } from '../../bus/ports.ts';
import {
  consumedKeys,
  FEAR_GREED_KEY,
  INTEL_BYTES_MAX,
  INTEL_TTL_S,
  PARTNER_KEY,
  publishedKeys,
  readIntel,
  readPayload,
} from '../../domain/intel.ts';
import {
  type GaugeRead,
  type ReadGauge,
  readFearGreed,
  readPartnerCount,
} from '../../domain/intel-gauges.ts';
import { isConsumed } from '../../domain/intel-publication.ts';
import type { NewInput } from '../../events/define-event.ts';
import {
  FearGreedReported,
  IntelReceived,
  IntelRejected,
  PartnerPositionsReported,
} from '../../events/intel.events.ts';
import type { KeyContent } from './key-watch.ts';

export interface IntelInboxOptions {
  readonly lane: InputLane;
  readonly mirror: IntelMirror;
  /** Microseconds. */
  readonly now: () => number;
  /** Our own name on the bus: what it says is not handed back in. */
  readonly sourceSystem: string;
}

export const INTEL_SOURCE = 'intel-bus';

/** Everything that is looked at; the engine's own keys are mirrored, since others may write them, too. */
export const watchedKeys: readonly string[] = [
  ...new Set([...consumedKeys, ...publishedKeys, FEAR_GREED_KEY, PARTNER_KEY]),
];

type Transport = 'redis' | 'process';

const EXCERPT_MAX = 200;
const AGAIN_US = 60_000_000;
const isGauge = (key: string): boolean => key === FEAR_GREED_KEY || key === PARTNER_KEY;

export class IntelInbox {
  readonly #options: IntelInboxOptions;
  /** What was judged last, by key. */
  readonly #seen = new Map<string, string>();
  readonly #said = new Map<string, { readonly value: number; readonly at: number }>();

  constructor(options: IntelInboxOptions) {
    this.#options = options;
  }

  /** We wrote it, or handed it in from within this process: its echo tells nothing. */
  knows(key: string, text: string): void {
    this.#seen.set(key, text);
  }

  /** `ttlMs`: milliseconds it still lives, null for ever. */
  heard(key: string, content: KeyContent, ttlMs: number | null, via: Transport): void {
    const isText = 'bytes' in content;
    const text = isText ? textOf(content.bytes) : `(${kindOf(content)})`;
    try {
      if (key === PARTNER_KEY && 'count' in content) this.#counted(content.count, ttlMs, via);
      else if (!isText) this.#reject(key, `it is ${kindOf(content)}, not text`, text, via);
      else if (isGauge(key)) this.#gauge(key, text, ttlMs, via);
      else this.#signal(key, text, ttlMs, via);
    } catch (error) {
      this.#reject(key, `it cannot be read: ${(error as Error).message}`, text, via);
    }
  }

  #signal(key: string, text: string, ttlMs: number | null, via: Transport): void {
    if (this.#seen.get(key) === text) return;
    const { now, sourceSystem } = this.#options;
    const at = now();
    const ttlS = ttlMs === null ? null : ttlMs / 1_000;
    if (!isConsumed(key)) {
      this.#seen.set(key, text);
      this.#mirror(key, text, at, ttlS, via);
      return;
    }
    const read = readIntel(key, text, at, ttlS);
    if ('refused' in read) return this.#reject(key, read.refused, text, via);
    this.#seen.set(key, text);
    this.#mirror(key, text, at, ttlS, via);
    if (via === 'redis' && read.sourceSystem === sourceSystem) return;
    const { signal, timestampS, confidence, expiresAt } = read;
    const received = { signal, sourceSystem: read.sourceSystem, timestampS, confidence, expiresAt, via };
    this.#input(IntelReceived.of(received));
  }

  #gauge(key: string, text: string, ttlMs: number | null, via: Transport): void {
    const read = key === FEAR_GREED_KEY ? readFearGreed : readPartnerCount;
    const said: GaugeRead = read(text, this.#options.now(), ttlMs === null ? null : ttlMs / 1_000);
    if ('refused' in said) return this.#reject(key, said.refused, text, via);
    this.#seen.delete(key);
    this.#report(key, said, via);
  }

  #counted(count: number, ttlMs: number | null, via: Transport): void {
    const now = this.#options.now();
    const lives = Math.min(INTEL_TTL_S * 1_000, ttlMs ?? Number.POSITIVE_INFINITY);
    this.#report(
      PARTNER_KEY,
      { value: count, source: null, expiresAt: now + Math.round(lives * 1_000) },
      via,
    );
  }

  #report(key: string, { value, source, expiresAt }: ReadGauge, via: Transport): void {
    const now = this.#options.now();
    const last = this.#said.get(key);
    if (last?.value === value && now - last.at < AGAIN_US) return;
    this.#said.set(key, { value, at: now });
    const from = source ?? via;
    this.#input(
      key === FEAR_GREED_KEY
        ? FearGreedReported.of({ value, source: from, expiresAt })
        : PartnerPositionsReported.of({ count: value, source: from, expiresAt }),
    );
  }

  #reject(key: string, reason: string, text: string, via: Transport): void {
    if (this.#seen.get(key) === text) return;
    this.#seen.set(key, text);
    this.#input(IntelRejected.of({ key, reason, excerpt: excerptOf(text), via }));
  }

  /**
   * A bridge's own publications stand on the bus already; and a server that was stopped may still carry out what was sent
   * to it before.
   */
  #mirror(key: string, text: string, at: number, ttlS: number | null, via: Transport): void {
    if (via === 'process') return;
    const { mirror } = this.#options;
    const read = readPayload(text, at);
    if ('refused' in read || read.timestamp < (mirror.read(key)?.timestamp ?? 0)) return;
    const ends = Math.min(read.timestamp + INTEL_TTL_S, at / 1e6 + (ttlS ?? INTEL_TTL_S));
    const origin: IntelOrigin = via;
    mirror.put(key, read, { origin, expiresAt: Math.round(ends * 1e6) });
  }

  #input(event: NewInput): void {
    this.#options.lane.input(event, { source: INTEL_SOURCE });
  }
}

const kindOf = (content: KeyContent): string =>
  'type' in content ? `a ${content.type}` : 'a list, a set or a hash';

/** Bytes that are no UTF-8 become text that is no JSON. */
function textOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  // So many bytes may be fewer characters: it was longer all the same.
  return bytes.length > INTEL_BYTES_MAX ? text.padEnd(INTEL_BYTES_MAX + 1) : text;
}

/** Printable, well-formed and short: it ends in logs and on terminals. */
const excerptOf = (text: string): string =>
  text
    .slice(0, EXCERPT_MAX)
    .replace(/\p{Cc}/gu, ' ')
    .toWellFormed();
