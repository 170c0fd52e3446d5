/** A log in memory, for tests and for platforms without the native database: the same batches, no disk. */
import type { EventLog, LogCursor } from '../bus/ports.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { Tick } from '../events/tick.ts';
import { type Batch, BatchBuilder, rowOf } from './batch.ts';
import { BatchCursor, type CursorOptions } from './log-cursor.ts';
import { BLOCK_EVENTS_MAX } from './market-block.ts';
import { LAYOUTS } from './tick-columns.ts';

export interface MemoryLog extends EventLog {
  /** Reads what was settled into full batches or flushed. */
  cursor(options?: CursorOptions): LogCursor;
}

export function memoryLog(): MemoryLog {
  const builder = new BatchBuilder(0);
  const batches: Batch[] = [];
  const layouts = new Map(LAYOUTS.map((each) => [each.id, each]));
  const commit = (): void => {
    if (builder.size > 0) batches.push(builder.take());
  };
  return {
    get lastSeq() {
      return builder.lastSeq;
    },
    tick: (seq: number, tick: Tick, source: string) => builder.tick(seq, tick, source),
    event: (event: StoredEvent) => builder.row(rowOf(event)),
    settle() {
      if (builder.size >= BLOCK_EVENTS_MAX) commit();
    },
    flush() {
      commit();
      return builder.lastSeq;
    },
    flushSoon(done) {
      commit();
      setImmediate(done, null);
    },
    close: commit,
    cursor(options) {
      const batchAt = (seq: number) => batches[batchIndex(batches, seq)] ?? null;
      return new BatchCursor({ name: 'the log in memory', layouts, batchAt, close: () => {} }, options);
    },
  };
}

/** Index of the first batch that ends at or after `seq`. */
function batchIndex(batches: readonly Batch[], seq: number): number {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (batches[middle].last < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
