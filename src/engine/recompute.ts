/**
 * Feeds a recorded session's inputs to a fresh core and holds what it decides against what was recorded, row by row, in
 * the order of the log: a replay does it for a proof, a restart to come back to where the engine stopped.
 */
import type { EventSink, LogCursor } from '../bus/ports.ts';
import type { NewInput } from '../events/define-event.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { Core } from './core.ts';

export class Difference extends Error {
  readonly where: {
    readonly seq: number;
    readonly what: string;
    readonly recorded: string | null;
    readonly recomputed: string | null;
  };

  constructor(seq: number, what: string, recorded: StoredEvent | null, recomputed: StoredEvent | null) {
    super(`seq ${seq} ${what}`);
    this.where = {
      seq,
      what,
      recorded: recorded && rowText(recorded),
      recomputed: recomputed && rowText(recomputed),
    };
  }
}

/** A carried session's state would fill pages. */
const cut = (json: string): string => (json.length <= 2_000 ? json : `${json.slice(0, 2_000)}…`);

const rowText = ({ type, recordedAt, causation, basis, json }: StoredEvent): string =>
  `${type} at ${recordedAt}, caused by ${causation}, basis ${JSON.stringify(basis)}: ${cut(json)}`;

/** What differs between two rows, in words, or null. */
export function differs(recorded: StoredEvent, recomputed: StoredEvent): string | null {
  if (recorded.type !== recomputed.type)
    return `is ${recorded.type} in the log, ${recomputed.type} recomputed`;
  for (const field of [
    'seq',
    'json',
    'recordedAt',
    'time',
    'causation',
    'kind',
    'correlation',
    'source',
    'version',
  ] as const) {
    if (recorded[field] !== recomputed[field]) {
      return `${recorded.type}: ${field === 'json' ? 'payload' : field} differs`;
    }
  }
  return recorded.basis.join() === recomputed.basis.join() ? null : `${recorded.type}: basis differs`;
}

/** The sink of a replayed core: takes what it decides and holds it against what was recorded. */
export class RecordedDecisions implements EventSink {
  #recorded: StoredEvent[] = [];
  #recomputed: StoredEvent[] = [];
  #inputSeq = 0;

  /** A decision as the log has it. */
  add(event: StoredEvent): void {
    const recomputed = this.#recomputed.shift();
    if (recomputed === undefined) this.#recorded.push(event);
    else compare(event, recomputed);
  }

  /** The next input comes from this place in the log. */
  nextInput(seq: number): void {
    if (this.#recomputed.length > 0) {
      throw new Difference(
        this.#recomputed[0].seq,
        'was decided now but not then',
        null,
        this.#recomputed[0],
      );
    }
    this.#inputSeq = seq;
  }

  tick(seq: number): void {
    this.#inputAt(seq);
  }

  event(event: StoredEvent): void {
    if (event.kind === 'input') return this.#inputAt(event.seq);
    const recorded = this.#recorded.shift();
    if (recorded === undefined) this.#recomputed.push(event);
    else compare(recorded, event);
  }

  /** The log is at its end: nothing may be left over on either side. */
  finish(): void {
    this.nextInput(this.#inputSeq);
    this.#nothingRecordedLeft();
  }

  #inputAt(seq: number): void {
    this.#nothingRecordedLeft();
    if (seq === this.#inputSeq) return;
    throw new Difference(
      this.#inputSeq,
      `is an input in the log; recomputed it stands at ${seq}`,
      null,
      null,
    );
  }

  #nothingRecordedLeft(): void {
    if (this.#recorded.length === 0) return;
    throw new Difference(this.#recorded[0].seq, 'was decided then but not now', this.#recorded[0], null);
  }
}

function compare(recorded: StoredEvent, recomputed: StoredEvent): void {
  const difference = differs(recorded, recomputed);
  if (difference !== null) throw new Difference(recorded.seq, difference, recorded, recomputed);
}

/** Feeds a session's inputs to a fresh core up to and including the cascade of the input at `upTo`. */
export function feed(
  cursor: LogCursor,
  core: Core,
  recorded: Pick<RecordedDecisions, 'nextInput' | 'add'>,
  stops: {
    readonly upTo?: number;
    readonly upToTime?: number;
    readonly onRecord?: (seq: number) => void;
  } = {},
): void {
  const { kernel } = core;
  const { upTo = Number.POSITIVE_INFINITY, upToTime = Number.POSITIVE_INFINITY, onRecord } = stops;
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind === 1) {
      const { tick } = cursor;
      if (cursor.seq > upTo || tick.recordedAt > upToTime) return;
      recorded.nextInput(cursor.seq);
      kernel.tick(tick, cursor.source);
    } else if (cursor.event.kind === 'input') {
      const { seq, source, recordedAt, time, causation } = cursor.event;
      if (seq > upTo || recordedAt > upToTime) return;
      recorded.nextInput(seq);
      kernel.input(cursor.event as NewInput, { source, recordedAt, time, causation });
    } else if (cursor.seq <= upTo) {
      recorded.add(cursor.event);
    }
    onRecord?.(cursor.seq);
  }
}
