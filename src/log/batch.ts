/** What one transaction holds, as it is hashed and stored: rows, and the blocks of ticks between them. */

import { canonicalJson } from '../events/canonical.ts';
import { definitionOf, UnknownEventError, upcast } from '../events/catalogue.ts';
import type { EventKind } from '../events/define-event.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { Tick } from '../events/tick.ts';
import { LogError } from './log-error.ts';
import { BlockBuilder, type MarketBlock } from './market-block.ts';

/** A row of `events` exactly as stored, in the table's column order. */
export type StoredRow = readonly [
  seq: number,
  kind: EventKind,
  type: string,
  version: number,
  time: number,
  recordedAt: number,
  source: string,
  causation: number | null,
  correlation: string | null,
  basis: string | null,
  payload: string,
];

export interface Batch {
  readonly first: number;
  readonly last: number;
  readonly rows: readonly StoredRow[];
  readonly blocks: readonly MarketBlock[];
}

export const rowOf = (event: StoredEvent): StoredRow => [
  event.seq,
  event.kind,
  event.type,
  event.version,
  event.time,
  event.recordedAt,
  event.source,
  event.causation,
  event.correlation,
  event.basis.length === 0 ? null : `[${event.basis.join(',')}]`,
  event.json,
];

/** Most readers compare or skip: a payload is parsed when it is first asked for. An own property, so that copies have it. */
const LAZY_PAYLOAD: PropertyDescriptor & ThisType<{ readonly json: string }> = {
  enumerable: true,
  configurable: true,
  get() {
    const value: unknown = JSON.parse(this.json);
    Object.defineProperty(this, 'payload', { value, enumerable: true });
    return value;
  },
};

/** The event a row holds, as stored. */
export function eventOf(row: StoredRow): StoredEvent {
  const [seq, kind, type, version, time, recordedAt, source, causation, correlation, basisJson, json] = row;
  const basis: number[] = basisJson === null ? [] : JSON.parse(basisJson);
  const event = { seq, kind, type, version, time, recordedAt, source, causation, correlation, basis, json };
  return Object.defineProperty(event, 'payload', LAZY_PAYLOAD) as typeof event & { payload: unknown };
}

/** The event a row holds, in the shape this engine gives its type today. */
export function currentEventOf(row: StoredRow): StoredEvent {
  const event = eventOf(row);
  try {
    const { version } = definitionOf(event.type);
    if (event.version === version) return event;
    const payload = upcast(event.type, event.version, event.payload);
    return { ...event, version, payload, json: canonicalJson(payload) };
  } catch (error) {
    if (!(error instanceof UnknownEventError)) throw error;
    throw new LogError('newer', `seq ${event.seq}`, `cannot be read: ${error.message}`, error);
  }
}

/** Collects what is appended between two commits. */
export class BatchBuilder {
  #first: number;
  #last: number;
  #rows: StoredRow[] = [];
  #block = new BlockBuilder();
  #blocks: MarketBlock[] = [];

  /** Continues after `lastSeq`. */
  constructor(lastSeq: number) {
    this.#first = lastSeq + 1;
    this.#last = lastSeq;
  }

  get lastSeq(): number {
    return this.#last;
  }

  /** Ticks and rows since the last batch. */
  get size(): number {
    return this.#last - this.#first + 1;
  }

  /** Rows that wait to be taken. */
  get waitingRows(): number {
    return this.#rows.length;
  }

  tick(seq: number, tick: Tick, source: string): void {
    if (seq !== this.#last + 1) throw gap(seq, this.#last);
    if (!fitsColumns(tick))
      throw new RangeError(`tick ${seq} has an id or a bar length that its column cannot hold`);
    if (!this.#block.add(seq, tick, source)) {
      this.#blocks.push(this.#block.take());
      this.#block.add(seq, tick, source);
    }
    this.#last = seq;
  }

  row(row: StoredRow): void {
    if (row[0] !== this.#last + 1) throw gap(row[0], this.#last);
    this.#rows.push(row);
    this.#last = row[0];
  }

  /** Rows since the last call, ahead of the rest of their batch. */
  takeRows(): readonly StoredRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  /** Everything since the last call; the builder goes on after it. */
  take(): Batch {
    if (this.#block.first > 0) this.#blocks.push(this.#block.take());
    const batch = { first: this.#first, last: this.#last, rows: this.takeRows(), blocks: this.#blocks };
    this.#blocks = [];
    this.#first = this.#last + 1;
    return batch;
  }
}

const gap = (seq: number, last: number): RangeError =>
  new RangeError(`seq ${seq} was appended after ${last}; the next one is ${last + 1}`);

/** Typed arrays would wrap a number that does not fit, in silence. */
const fitsColumns = (tick: Tick): boolean =>
  tick.symbolId >>> 0 === tick.symbolId &&
  tick.resolutionS >>> 0 === tick.resolutionS &&
  (tick.conditionsId & 0xffff) === tick.conditionsId &&
  (tick.exchangeId & 0xff) === tick.exchangeId;
