/** The interfaces between the core and its edges. Only types: whoever implements one imports this, never the core. */
import type { StoredEvent } from '../events/envelope.ts';
import type { Tick } from '../events/tick.ts';

/**
 * Receives every event in seq order, as the kernel numbers it. The tick is reused: copy what must be kept.
 * A throw halts the engine before anything is dispatched.
 */
export interface EventSink {
  tick(seq: number, tick: Tick, source: string): void;
  event(event: StoredEvent): void;
}

/** An event log open for writing. Transactions end only when `settle` or `flush` is called, which the kernel does at quiescence. */
export interface EventLog extends EventSink {
  /** The cascade is quiet: the log may end its transaction here if it is due (full block, or its interval has passed). */
  settle(): void;
  /** Commits and syncs everything appended so far; returns the last durable seq. Needed before an effect leaves. */
  flush(): number;
  /** Last seq that was appended, durable or not. */
  readonly lastSeq: number;
  close(): void;
}

/** Pulls a log's records in seq order. `tick` and `event` are valid until the next call. */
export interface LogCursor {
  /** Moves to the next record: 0 at the end, 1 on a tick, 2 on an event. */
  next(): 0 | 1 | 2;
  readonly seq: number;
  /** The record's source. */
  readonly source: string;
  /** One object, reused for all ticks. */
  readonly tick: Tick;
  readonly event: StoredEvent;
  close(): void;
}
