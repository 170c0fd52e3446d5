/** A log's events as a page lists them, and one event with everything that led to it and came of it. */
import { InputError } from '../src/domain/input-error.ts';
import { nearest } from '../src/domain/nearest.ts';
import { allDefinitions } from '../src/events/catalogue.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import { tickKindName } from '../src/events/tick.ts';
import type { LogReader } from '../src/log/log-reader.ts';
import { tickFields } from '../src/log/log-sql.ts';
import { isoOf } from './describe-moment.ts';
import { summarizeEvent, summarizeTick } from './event-summary.ts';
import type { LogIndex } from './log-index.ts';
import {
  EFFECTS_MAX,
  type EventDetail,
  type EventLine,
  type EventPage,
  type EventQuery,
} from './log-view.ts';
import { causalChain, type Link } from './why.ts';

const LIMIT = 100;
const LIMIT_MAX = 500;
/** Events that one search looks through; the answer says where to go on. */
const SEARCHED_MAX = 50_000;

export interface EventSources {
  readonly reader: LogReader;
  readonly index: LogIndex;
  /** As far as the log was read. */
  readonly head: number;
  readonly symbols: ReadonlyMap<number, string>;
}

export function eventPage(sources: EventSources, query: EventQuery): EventPage {
  const { head } = sources;
  const limit = query.limit ?? LIMIT;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new InputError(`a page has 1 to ${LIMIT_MAX} events, not ${limit}`);
  for (const type of query.types ?? []) requireType(type);
  const found =
    query.after === undefined
      ? older(sources, query, query.before ?? head + 1, limit)
      : newer(sources, query, query.after, limit);
  return { ...found, head };
}

function requireType(type: string): void {
  const types = allDefinitions.map((each) => each.type);
  if (types.includes(type)) return;
  const near = nearest(type, types);
  throw new InputError(`there is no event "${type}"${near === null ? '' : `; did you mean ${near}?`}`);
}

type Found = Pick<EventPage, 'events' | 'older'>;

function older(sources: EventSources, query: EventQuery, before: number, limit: number): Found {
  const events: EventLine[] = [];
  const matches = matcher(query.search);
  let looked = 0;
  for (const event of backwards(sources, query, Math.min(before, sources.head + 1))) {
    if (events.length === limit || looked++ === SEARCHED_MAX) return { events, older: event.seq + 1 };
    if (matches(event)) events.push(lineOf(event));
  }
  return { events, older: null };
}

function newer(sources: EventSources, query: EventQuery, after: number, limit: number): Found {
  const { reader, head } = sources;
  const matches = matcher(query.search);
  const types = query.types === undefined ? null : new Set(query.types);
  const events: EventLine[] = [];
  for (const event of reader.events({ from: after + 1, to: head })) {
    if (events.length === limit) break;
    if ((types === null || types.has(event.type)) && matches(event)) events.unshift(lineOf(event));
  }
  return { events, older: after + 1 };
}

/** By the index where only some types are wanted: a rare one is not searched for among millions. */
function* backwards(
  { reader, index }: EventSources,
  { types }: EventQuery,
  before: number,
): Iterable<StoredEvent> {
  if (types === undefined || types.length === 0) return yield* reader.eventsBefore(before);
  const lists = types.flatMap((type) => index.ofType(type) ?? []);
  const left = lists.map((list) => list.countUpTo(before - 1));
  for (;;) {
    let newest = -1;
    for (let i = 0; i < lists.length; i++) {
      if (left[i] === 0) continue;
      if (newest < 0 || lists[i].at(left[i] - 1) > lists[newest].at(left[newest] - 1)) newest = i;
    }
    if (newest < 0) return;
    yield reader.event(lists[newest].at(--left[newest]))!.event!;
  }
}

function matcher(search: string | undefined): (event: StoredEvent) => boolean {
  const words = (search ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return () => true;
  return ({ type, correlation, json }) => {
    const text = `${type} ${correlation ?? ''} ${json}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

function lineOf(event: StoredEvent): EventLine {
  const { seq, type, kind, recordedAt, source, correlation, causation } = event;
  return {
    seq,
    type,
    kind,
    time: isoOf(recordedAt),
    source,
    correlation,
    causation,
    summary: summarizeEvent(event),
  };
}

export function eventDetail(sources: EventSources, seq: number): EventDetail {
  const { reader, index, symbols, head } = sources;
  const record = Number.isSafeInteger(seq) && seq >= 1 && seq <= head ? reader.event(seq) : null;
  if (record === null) throw new InputError(`${reader.path} has seq 1 to ${head}; ${seq} is not in it`);
  const chain = causalChain(reader, symbols, seq);
  const effects = index.effectsOf(seq);
  const about = {
    chain,
    effects: effects.slice(0, EFFECTS_MAX).map((each) => linkOf(reader.event(each)!.event!)),
    effectCount: effects.length,
    source: record.source,
  };
  if (record.event !== null) {
    const { type, kind, version, time, recordedAt, correlation, causation, payload } = record.event;
    const summary = summarizeEvent(record.event);
    const own = { seq, type, kind, version, time: isoOf(time), recordedAt: isoOf(recordedAt), summary };
    return { ...own, correlation, causation, payload, ...about };
  }
  const { tick } = record;
  const symbol = symbols.get(tick.symbolId) ?? `#${tick.symbolId}`;
  return {
    seq,
    type: tickKindName(tick.kind),
    kind: null,
    version: null,
    time: isoOf(tick.time),
    recordedAt: isoOf(tick.recordedAt),
    summary: summarizeTick(tick, symbol),
    correlation: null,
    causation: null,
    payload: { symbol, ...tickFields(tick) },
    ...about,
  };
}

const linkOf = (event: StoredEvent): Link => {
  const { seq, type, time } = event;
  return { seq, type, time: isoOf(time), summary: summarizeEvent(event) };
};
