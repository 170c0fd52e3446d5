/**
 * The chain that proves a log: every commit's SHA-256 covers the hash before it and the exact bytes it added.
 * docs/log-format.md gives the framing for other readers.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../events/canonical.ts';
import type { Batch, StoredRow } from './batch.ts';

/** Hash of commit 0: what the log said of itself before its first event. */
export function genesisHash(
  meta: Readonly<Record<string, string>>,
  layouts: readonly (readonly [number, string])[],
): Buffer {
  return createHash('sha256')
    .update(`quantos-log\n${canonicalJson(meta)}\n${canonicalJson(layouts)}\n`)
    .digest();
}

/** Longer texts are slower to join and to encode. */
const TEXT_CHUNK = 1 << 15;

/** The lines of a commit's rows as bytes: what the hash needs of a row, so that the row itself need not be kept. */
export class RowLines {
  count = 0;
  #bytes = Buffer.allocUnsafe(4 * TEXT_CHUNK);
  #length = 0;
  #text = '';

  add(row: StoredRow): void {
    this.count++;
    this.#text += rowLine(row);
    if (this.#text.length > TEXT_CHUNK) this.#encode();
  }

  /** Valid until the next line is added. */
  bytes(): Uint8Array {
    this.#encode();
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.count = 0;
    this.#length = 0;
  }

  #encode(): void {
    const most = this.#length + 3 * this.#text.length;
    if (most > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * most);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#length += this.#bytes.write(this.#text, this.#length);
    this.#text = '';
  }
}

/** Hash of commit `n`, which adds these rows and blocks after the commit whose hash is `previous`. */
export function commitHash(
  previous: Uint8Array,
  n: number,
  { first, last, blocks }: Omit<Batch, 'rows'>,
  lines: RowLines,
): Buffer {
  const sizes = blocks.map((block) => block.bytes.length).join(',');
  const hash = createHash('sha256')
    .update(previous)
    .update(`[${n},${first},${last},${lines.count},[${sizes}]]\n`)
    .update(lines.bytes());
  for (const block of blocks) hash.update(block.bytes);
  return hash.digest();
}

/** The row as a canonical JSON array of its columns, so that no two rows share their bytes. */
function rowLine(row: StoredRow): string {
  const [seq, kind, type, version, time, recordedAt, source, causation, correlation, basis, payload] = row;
  // One flipped bit of a record's header turns a text into a blob of the same bytes, which would read the same here.
  if (typeof payload !== 'string' || (basis !== null && typeof basis !== 'string')) {
    throw new TypeError(`seq ${seq} holds a blob where a text was written`);
  }
  const texts = `${quoted(kind)}${quoted(type)}${version},${time},${recordedAt},${quoted(source)}`;
  return `[${seq},${texts}${causation},${canonicalJson(correlation)},${basis},${payload}]\n`;
}

/** Kinds, types and sources: a few names, in every line. */
const names = new Map<string, string>();
const NAMES_MAX = 1_000;

/** With the comma that follows it. */
function quoted(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const json = `${canonicalJson(name)},`;
  if (names.size < NAMES_MAX) names.set(name, json);
  return json;
}
