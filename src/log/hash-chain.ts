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

/** Hash of commit `n`, which adds `batch` after the commit whose hash is `previous`. */
export function commitHash(previous: Uint8Array, n: number, batch: Batch): Buffer {
  const { first, last, rows, blocks } = batch;
  const hash = createHash('sha256').update(previous);
  let text = `[${n},${first},${last},${rows.length},[${blocks.map((block) => block.bytes.length).join(',')}]]\n`;
  for (let i = 0; i < rows.length; i++) {
    text += rowLine(rows[i]);
    if (text.length > TEXT_CHUNK) {
      hash.update(text);
      text = '';
    }
  }
  hash.update(text);
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
  const texts = `${canonicalJson(kind)},${canonicalJson(type)},${version},${time},${recordedAt},${canonicalJson(source)}`;
  return `[${seq},${texts},${causation},${canonicalJson(correlation)},${basis},${payload}]\n`;
}
