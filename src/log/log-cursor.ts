/** Walks batches record by record: the one cursor of every log, wherever its batches come from. */
import type { LogCursor } from '../bus/ports.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { Tick } from '../events/tick.ts';
import { type Batch, currentEventOf, eventOf, type StoredRow } from './batch.ts';
import { asDamage, LogError } from './log-error.ts';
import { BlockReader } from './market-block.ts';
import type { ColumnLayout } from './tick-columns.ts';

export interface BatchSource {
  /** The name of the log, for messages. */
  readonly name: string;
  readonly layouts: ReadonlyMap<number, ColumnLayout>;
  /** The batch that holds `seq`, or null when the log ends before it. */
  batchAt(seq: number): Batch | null;
  close(): void;
}

export interface CursorOptions {
  /** First seq, 1 unless told. */
  readonly from?: number;
  /** Last seq; the end of the log unless told. */
  readonly to?: number;
  /** Events exactly as stored, without lifting older versions. */
  readonly asStored?: boolean;
}

/** At the end `next` returns 0, and goes on when it is called after the log has grown. */
export class BatchCursor implements LogCursor {
  seq: number;
  source = '';
  readonly tick = new Tick();
  readonly #log: BatchSource;
  readonly #to: number;
  readonly #lift: (row: StoredRow) => StoredEvent;
  #rows: readonly StoredRow[] = [];
  #rowAt = 0;
  #blocks: BlockReader[] = [];
  #blockAt = 0;
  #block: BlockReader | null = null;
  #blockFirst = Number.POSITIVE_INFINITY;
  #blockLast = Number.POSITIVE_INFINITY;
  #batchLast: number;
  #row: StoredRow | null = null;
  #event: StoredEvent | null = null;

  constructor(log: BatchSource, options: CursorOptions = {}) {
    this.#log = log;
    this.seq = (options.from ?? 1) - 1;
    this.#to = options.to ?? Number.POSITIVE_INFINITY;
    this.#lift = options.asStored ? eventOf : currentEventOf;
    this.#batchLast = this.seq;
  }

  next(): 0 | 1 | 2 {
    if (this.seq === this.#batchLast && !this.#load()) return 0;
    const seq = this.seq + 1;
    if (seq > this.#to) return 0;
    this.seq = seq;
    if (seq > this.#blockLast) this.#useBlock(this.#blockAt + 1);
    if (seq >= this.#blockFirst) {
      const source = (this.#block as BlockReader).next(this.tick);
      if (source !== null) {
        this.source = source;
        return 1;
      }
    }
    const row = this.#rows[this.#rowAt++];
    if (row === undefined || row[0] !== seq) throw this.#gap();
    this.source = row[6];
    this.#row = row;
    this.#event = null;
    return 2;
  }

  /** The current event; meaningful after `next` returned 2. */
  get event(): StoredEvent {
    if (this.#row === null) throw new Error('the cursor stands on no event');
    return (this.#event ??= this.#lift(this.#row));
  }

  close(): void {
    this.#log.close();
  }

  #gap(): LogError {
    return new LogError(
      'damaged',
      `${this.#log.name}, seq ${this.seq},`,
      'is a gap: neither a row nor a tick stands there',
    );
  }

  #load(): boolean {
    const seq = this.seq + 1;
    const batch = this.#log.batchAt(seq);
    if (batch === null) return false;
    const where = `${this.#log.name}, seq ${batch.first} to ${batch.last},`;
    try {
      this.#blocks = batch.blocks.map((block) => new BlockReader(block, this.#log.layouts));
    } catch (error) {
      throw asDamage(error, where);
    }
    const records = this.#blocks.reduce((sum, block) => sum + block.ticks, batch.rows.length);
    if (records !== batch.last - batch.first + 1) {
      throw new LogError('damaged', where, `has a gap: it holds ${records} records`);
    }
    this.#rows = batch.rows;
    this.#rowAt = 0;
    this.#batchLast = batch.last;
    this.#useBlock(0);
    if (seq > batch.first) this.#skipTo(seq);
    return true;
  }

  #skipTo(seq: number): void {
    while (this.#rowAt < this.#rows.length && this.#rows[this.#rowAt][0] < seq) this.#rowAt++;
    while (seq > this.#blockLast) this.#useBlock(this.#blockAt + 1);
    if (seq > this.#blockFirst) (this.#block as BlockReader).seek(seq);
  }

  #useBlock(index: number): void {
    this.#blockAt = index;
    this.#block = this.#blocks[index] ?? null;
    this.#blockFirst = this.#block?.first ?? Number.POSITIVE_INFINITY;
    this.#blockLast = this.#block?.last ?? Number.POSITIVE_INFINITY;
  }
}
