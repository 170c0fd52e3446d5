/** A log's records, ticks and events alike, as `log` prints and exports them. */
import { summarizeEvent, summarizeTick } from '../../replay/event-summary.ts';
import { InputError } from '../domain/input-error.ts';
import { nearest } from '../domain/nearest.ts';
import { allDefinitions } from '../events/catalogue.ts';
import { SymbolDefined } from '../events/market.events.ts';
import { TickKind, tickKindName } from '../events/tick.ts';
import type { LogReader } from '../log/log-reader.ts';
import { tickFields } from '../log/log-sql.ts';

export interface LogRecordView {
  readonly seq: number;
  readonly kind: 'tick' | 'input' | 'decision';
  /** Event type, or the kind of tick. */
  readonly type: string;
  /** Microseconds. */
  readonly time: number;
  readonly recordedAt: number;
  readonly source: string;
  readonly causation: number | null;
  readonly correlation: string | null;
  readonly basis: readonly number[];
  readonly payload: unknown;
  summary(): string;
}

const TYPES = [...allDefinitions.map(({ type }) => type), ...Object.keys(TickKind)];

/** An event type or a kind of tick, however it is capitalised. */
export function recordType(text: string): string {
  const found = TYPES.find((type) => type.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(text, TYPES);
  throw new InputError(
    `--type is "${text}"; ${near === null ? `write one of ${TYPES.join(', ')}` : `did you mean ${near}?`}`,
  );
}

export interface RecordFilter {
  /** As `recordType` returns it. */
  readonly type?: string;
  /** Everything that belongs to this order. */
  readonly order?: number;
  /** Places in the log, inclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Market times, microseconds, inclusive. */
  readonly since?: number;
  readonly until?: number;
}

export function* logRecords(reader: LogReader, filter: RecordFilter): Generator<LogRecordView> {
  const { type, from, to, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = filter;
  const order = filter.order === undefined ? undefined : `order-${filter.order}`;
  const nameOf = symbolNames(reader);
  const wanted = (name: string, time: number, correlation: string | null) =>
    (type === undefined || name === type) &&
    (order === undefined || correlation === order) &&
    time >= since &&
    time <= until;
  const cursor = reader.cursor({ from, to });
  try {
    for (let what = cursor.next(); what !== 0; what = cursor.next()) {
      if (what === 2) {
        const { event } = cursor;
        if (!wanted(event.type, event.time, event.correlation)) continue;
        const { seq, kind, time, recordedAt, source, causation, correlation, basis, payload } = event;
        yield {
          seq,
          kind,
          type: event.type,
          time,
          recordedAt,
          source,
          causation,
          correlation,
          basis,
          payload,
          summary: () => summarizeEvent(event),
        };
      } else {
        const { seq, tick, source } = cursor;
        const name = tickKindName(tick.kind);
        if (!wanted(name, tick.time, null)) continue;
        const symbol = nameOf(tick.symbolId);
        const { time, recordedAt } = tick;
        const payload = { symbol, ...tickFields(tick) };
        yield {
          seq,
          kind: 'tick',
          type: name,
          time,
          recordedAt,
          source,
          causation: null,
          correlation: null,
          basis: [],
          payload,
          summary: () => summarizeTick(tick, symbol),
        };
      }
    }
  } finally {
    cursor.close();
  }
}

/** Names arrive while a log grows, so an unknown id asks again. */
function symbolNames(reader: LogReader): (id: number) => string {
  const names = new Map<number, string>();
  return (id) => {
    if (!names.has(id)) {
      for (const { payload } of reader.events({ type: SymbolDefined.type })) {
        const { id: known, symbol } = payload as SymbolDefined;
        names.set(known, symbol);
      }
    }
    return names.get(id) ?? `#${id}`;
  };
}
