/** Holds what a core decides against what a log has, and says where they part instead of ending there. */
import { Difference, RecordedDecisions } from '../src/engine/recompute.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import type { Comparison } from './session-player.ts';

/** Row by row, seqs and causes included: for a core that was fed the log from its beginning. */
export class RowComparison implements Comparison {
  readonly #recorded = new RecordedDecisions();
  /** The first seq at which they differ; nothing is compared after it. */
  differsFrom: number | null = null;

  nextInput(seq: number): void {
    this.#try(() => this.#recorded.nextInput(seq));
  }
  add(event: StoredEvent): void {
    this.#try(() => this.#recorded.add(event));
  }
  tick(seq: number): void {
    this.#try(() => this.#recorded.tick(seq));
  }
  event(event: StoredEvent): void {
    this.#try(() => this.#recorded.event(event));
  }

  #try(compare: () => void): void {
    if (this.differsFrom !== null) return;
    try {
      compare();
    } catch (error) {
      if (!(error instanceof Difference)) throw error;
      this.differsFrom = error.where.seq;
    }
  }
}

/** By type, moment and content: a core that went on from a checkpoint names no decision from before it. */
export class ContentComparison implements Comparison {
  #recorded: StoredEvent[] = [];
  #made: StoredEvent[] = [];
  same = true;

  nextInput(): void {
    if (this.#made.length > 0) this.same = false;
  }

  add(event: StoredEvent): void {
    const made = this.#made.shift();
    if (made === undefined) this.#recorded.push(event);
    else this.#compare(event, made);
  }

  tick(): void {
    this.#atInput();
  }

  event(event: StoredEvent): void {
    if (event.kind === 'input') return this.#atInput();
    const recorded = this.#recorded.shift();
    if (recorded === undefined) this.#made.push(event);
    else this.#compare(recorded, event);
  }

  #atInput(): void {
    if (this.#recorded.length > 0) this.same = false;
  }

  #compare(recorded: StoredEvent, made: StoredEvent): void {
    const { type, json, recordedAt } = recorded;
    if (made.type !== type || made.json !== json || made.recordedAt !== recordedAt) this.same = false;
  }
}
