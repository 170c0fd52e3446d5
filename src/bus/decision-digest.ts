/**
 * SHA-256 over what was decided: type, version, clock and payload of each decision, in order. It leaves out seq,
 * causation and session, so it also compares runs whose logs differ in irrelevant inputs.
 */
import { createHash } from 'node:crypto';
import type { StoredEvent } from '../events/envelope.ts';

const BATCH_CHARS = 65_536;

export class DecisionDigest {
  readonly #hash = createHash('sha256');
  #batch = '';
  count = 0;

  add(decision: Pick<StoredEvent, 'type' | 'version' | 'recordedAt' | 'json'>): void {
    this.count++;
    // Canonical JSON escapes control characters, so these separators cannot occur inside a field.
    this.#batch += `${decision.type}\x1f${decision.version}\x1f${decision.recordedAt}\x1f${decision.json}\n`;
    if (this.#batch.length >= BATCH_CHARS) this.#take();
  }

  /** The digest of all decisions so far, hex; more may follow. */
  hex(): string {
    this.#take();
    return this.#hash.copy().digest('hex');
  }

  #take(): void {
    this.#hash.update(this.#batch);
    this.#batch = '';
  }
}
