/** Ticks and events for log tests: fixed samples, arbitrary ones, and the comparison of what was written with what is read. */
import fc from 'fast-check';
import type { EventLog, LogCursor } from '../../src/bus/ports.ts';
import { canonicalJson } from '../../src/events/canonical.ts';
import { ClockTicked, SessionResumed } from '../../src/events/engine.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { OrderDenied } from '../../src/events/order.events.ts';
import { copyTick, narrowTick, Tick, TickKind } from '../../src/events/tick.ts';

/** A plain copy of one record, ready for `toEqual`. */
export type TestRecord =
  | { seq: number; source: string; tick: Tick; event?: undefined }
  | { seq: number; source: string; event: StoredEvent; tick?: undefined };

function freshTick(from: Tick): Tick {
  const copy = new Tick();
  copyTick(from, copy);
  return copy;
}

export function appendRecord(log: EventLog, record: TestRecord): void {
  if (record.tick !== undefined) log.tick(record.seq, record.tick, record.source);
  else log.event(record.event);
}

export function readRecords(cursor: LogCursor): TestRecord[] {
  const records: TestRecord[] = [];
  for (;;) {
    const kind = cursor.next();
    if (kind === 0) return records;
    const { seq, source } = cursor;
    records.push(
      kind === 1
        ? { seq, source, tick: freshTick(cursor.tick) }
        : { seq, source, event: { ...cursor.event } },
    );
  }
}

/** The same records with seq 1, 2, 3, ... */
export const withSeqs = (records: readonly TestRecord[]): TestRecord[] =>
  records.map((record, i) => {
    const seq = i + 1;
    if (record.tick !== undefined) return { ...record, seq };
    return { seq, source: record.source, event: { ...record.event, seq } };
  });

const event = (
  fields: Partial<StoredEvent>,
  made: { kind: 'input' | 'decision'; type: string; version: number; payload: unknown },
) => {
  const stored: StoredEvent = {
    seq: 0,
    time: 0,
    recordedAt: 0,
    source: 'core',
    causation: null,
    correlation: null,
    basis: [],
    ...fields,
    kind: made.kind,
    type: made.type,
    version: made.version,
    payload: made.payload,
    json: canonicalJson(made.payload),
  };
  return { seq: stored.seq, source: stored.source, event: stored };
};

/** `count` records: three quotes, a trade, a bar, an opening print and two kinds of event, over and over. */
export function someRecords(count: number, from = 1): TestRecord[] {
  const records: TestRecord[] = [];
  for (let seq = from; seq < from + count; seq++) records.push(sample(seq));
  return records;
}

function sample(seq: number): TestRecord {
  const at = { seq, time: 1_700_000_000_000_000 + seq, recordedAt: 1_700_000_000_000_500 + seq };
  switch (seq % 8) {
    case 4:
      return event({ ...at, source: 'clock' }, ClockTicked.of({}));
    case 7: {
      const denied = OrderDenied.of({
        ordinal: seq,
        intent: null,
        symbol: 'SPY',
        reason: 'symbolCap',
        tests: [],
      });
      return event(
        { ...at, causation: seq - 1, correlation: `order-${seq}`, basis: [seq - 3, seq - 2] },
        denied,
      );
    }
  }
  const tick = Object.assign(new Tick(), { time: at.time, recordedAt: at.recordedAt });
  tick.symbolId = seq % 5;
  switch (seq % 8) {
    case 3:
      Object.assign(tick, {
        kind: TickKind.trade,
        px: 100 + seq / 100,
        size: 0.1,
        exchangeId: 7,
        conditionsId: 300,
      });
      break;
    case 5:
      Object.assign(tick, {
        kind: TickKind.bar,
        open: 1,
        high: 3,
        low: 0.5,
        close: 2,
        volume: 1e9 + 1,
        vwap: 1.7,
        resolutionS: 60,
      });
      break;
    case 6:
      Object.assign(tick, { kind: TickKind.openPrint, px: 99.99 });
      break;
    default:
      Object.assign(tick, {
        bidPx: 99.9,
        askPx: 100.1,
        bidSize: 300,
        askSize: seq,
        exchangeId: 255,
        conditionsId: 65_535,
      });
  }
  return { seq, source: seq % 3 === 0 ? 'feed-b' : 'feed', tick: freshTick(tick) };
}

const price = fc.double();
const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const source = fc.string({ unit: 'grapheme', maxLength: 8 });
const wellFormed = fc.string({ unit: 'grapheme' });

const arbitraryTick: fc.Arbitrary<TestRecord> = fc
  .record({
    source,
    fields: fc.record({
      kind: fc.constantFrom(...Object.values(TickKind)),
      time,
      recordedAt: time,
      symbolId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      ...Object.fromEntries(
        [
          'bidPx',
          'askPx',
          'bidSize',
          'askSize',
          'px',
          'size',
          'open',
          'high',
          'low',
          'close',
          'volume',
          'vwap',
        ].map((name) => [name, price]),
      ),
      resolutionS: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      exchangeId: fc.integer({ min: 0, max: 255 }),
      conditionsId: fc.integer({ min: 0, max: 65_535 }),
    }),
  })
  .map(({ source, fields }) => {
    const tick = freshTick(Object.assign(new Tick(), fields));
    narrowTick(tick);
    return { seq: 0, source, tick };
  });

const arbitraryEvent: fc.Arbitrary<TestRecord> = fc
  .record({
    source,
    time,
    recordedAt: time,
    causation: fc.option(fc.nat()),
    correlation: fc.option(wellFormed),
    basis: fc.array(fc.nat(), { maxLength: 4 }),
    reason: wellFormed,
  })
  .map(({ reason, ...fields }) => event(fields, SessionResumed.of({ reason })));

export const arbitraryRecords = fc.array(fc.oneof(arbitraryTick, arbitraryEvent), { maxLength: 60 });
