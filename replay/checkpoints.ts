/**
 * Where a session stood at some of its quiescent points, packed small: what is the same as in the checkpoint before is kept
 * once. There are never more than a few hundred: beyond that every second one goes, and they come half as often.
 */
import { deserialize, serialize } from 'node:v8';

/** A value's own bytes, or its parts by name. */
type Packed = Uint8Array | PackedParts;
type PackedParts = Map<string, Packed>;

/** Parts of parts are packed apart down to here: a symbol's bars change once a day, its last price with every tick. */
const DEPTH = 4;

interface Held {
  /** Last record of the log that is in it. */
  readonly position: number;
  /** The engine's clock there, microseconds. */
  readonly timeUs: number;
  readonly packed: Packed;
}

interface Bounds {
  readonly countMax?: number;
  readonly bytesMax?: number;
}

export class Checkpoints<T extends object> {
  readonly #countMax: number;
  readonly #bytesMax: number;
  /** Oldest first. */
  #held: Held[] = [];
  #bytes = 0;
  /** How many times as far apart they are as at first. */
  spacing = 1;

  constructor({ countMax = 256, bytesMax = 200_000_000 }: Bounds = {}) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#held.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Later ones only; the state may change afterwards. */
  add(position: number, timeUs: number, state: T): void {
    const before = this.#held.at(-1)?.packed;
    const packed = pack(state, before, DEPTH, (bytes) => {
      this.#bytes += bytes;
    });
    this.#held.push({ position, timeUs, packed });
    while (this.#held.length > 1 && (this.#held.length > this.#countMax || this.#bytes > this.#bytesMax))
      this.#thin();
  }

  /** The newest one at or before a place in the log, or a moment. */
  before(target: { readonly position?: number; readonly timeUs?: number }): Found<T> | null {
    const { position = Number.POSITIVE_INFINITY, timeUs = Number.POSITIVE_INFINITY } = target;
    let low = 0;
    let high = this.#held.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const each = this.#held[middle];
      if (each.position <= position && each.timeUs <= timeUs) low = middle + 1;
      else high = middle;
    }
    const found = this.#held[low - 1];
    return found === undefined
      ? null
      : { position: found.position, timeUs: found.timeUs, state: () => unpack(found.packed) as T };
  }

  #thin(): void {
    this.#held = this.#held.filter((_, i) => i % 2 === 0);
    this.spacing *= 2;
    const counted = new Set<Uint8Array>();
    for (const { packed } of this.#held) collect(packed, counted);
    this.#bytes = 0;
    for (const buffer of counted) this.#bytes += buffer.length;
  }
}

export interface Found<T> {
  readonly position: number;
  readonly timeUs: number;
  state(): T;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function pack(
  value: unknown,
  before: Packed | undefined,
  depth: number,
  counted: (bytes: number) => void,
): Packed {
  if (depth > 0 && isRecord(value)) {
    const known = before instanceof Map ? before : undefined;
    return new Map(
      Object.keys(value).map((key) => [key, pack(value[key], known?.get(key), depth - 1, counted)]),
    );
  }
  // Not JSON: it has no infinities, no -0 and nothing undefined.
  const bytes = serialize(value);
  if (before instanceof Uint8Array && bytes.equals(before)) return before;
  counted(bytes.length);
  return bytes;
}

const unpack = (packed: Packed): unknown =>
  packed instanceof Map
    ? Object.fromEntries(Array.from(packed, ([key, each]) => [key, unpack(each)]))
    : deserialize(packed);

function collect(packed: Packed, into: Set<Uint8Array>): void {
  if (packed instanceof Map) for (const each of packed.values()) collect(each, into);
  else into.add(packed);
}
