/** What the log keeps around every payload: its place, its clock, where it came from and what caused it. */
import type { EventKind } from './define-event.ts';

/** One event as numbered and appended. All times are integer microseconds since 1970, UTC. */
export interface Recorded<P = unknown> {
  /** Position in the log, from 1, gap-free over ticks and events together. */
  readonly seq: number;
  readonly kind: EventKind;
  readonly type: string;
  readonly version: number;
  /** When it happened, by its venue; explains and builds bars, never moves the clock. */
  readonly time: number;
  /** When the engine learned it; never decreasing in seq. */
  readonly recordedAt: number;
  /** Who said it: a feed, an exchange, an operator; `core` for decisions. */
  readonly source: string;
  /** seq of the event that caused it; null for a root input. */
  readonly causation: number | null;
  /** The story it belongs to (`order-12`), or null. */
  readonly correlation: string | null;
  /** seqs of the standing decisions that were read to make it. */
  readonly basis: readonly number[];
  readonly payload: P;
}

/** A recorded event with the canonical bytes of its payload, as sinks and cursors carry it. */
export interface StoredEvent<P = unknown> extends Recorded<P> {
  /** RFC 8785 canonical JSON of the payload. */
  readonly json: string;
}

export const CORE_SOURCE = 'core';
