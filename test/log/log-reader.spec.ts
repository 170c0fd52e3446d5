/** Random access, filters and SQL over a log. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EventLog } from '../../src/bus/ports.ts';
import { canonicalJson } from '../../src/events/canonical.ts';
import { SymbolDefined } from '../../src/events/market.events.ts';
import { Tick, TickKind } from '../../src/events/tick.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { queryLog } from '../../src/log/log-sql.ts';
import { createLog } from '../../src/log/log-writer.ts';
import { someRecords } from '../contracts/log-records.ts';
import { finishedLog, withFolder } from './sample-log.ts';

test('any record is found by its seq', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path, 3, 40);
    const reader = openLogReader(path);
    for (const record of someRecords(120)) {
      const { seq, source, tick = null, event = null } = record;
      expect(reader.event(seq)).toEqual({ seq, source, tick, event });
    }
    expect(reader.event(0)).toBe(null);
    expect(reader.event(121)).toBe(null);
    reader.close();
  });
});

test('events are filtered by type, kind and range', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path, 3, 1_000);
    const reader = openLogReader(path);
    const seqs = (filter: Parameters<typeof reader.events>[0]) =>
      [...reader.events(filter)].map((event) => event.seq);
    expect(seqs({ from: 1, to: 20 })).toEqual([4, 7, 12, 15, 20]);
    expect(seqs({ type: 'OrderDenied', to: 30 })).toEqual([7, 15, 23]);
    expect(seqs({ kind: 'input', from: 2_990 })).toEqual([2_996]);
    expect(seqs({})).toHaveLength(750);
    reader.close();
  });
});

test('a payload is there however the event is copied', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path, 1, 10);
    const reader = openLogReader(path);
    const [event] = reader.events({ type: 'OrderDenied' });
    expect({ ...event }.payload).toEqual(JSON.parse(event.json));
    expect(event.payload).toBe(event.payload);
    reader.close();
  });
});

function logWithSymbols(path: string): EventLog {
  const log = createLog(path, { session: 'test' });
  const payload = {
    id: 1,
    symbol: 'SPY',
    assetClass: 'equity',
    multiplier: 1,
    calendar: 'XNYS',
    priceSource: 'quotes',
    resolutionS: null,
  } as const;
  const { kind, type, version } = SymbolDefined.of(payload);
  const around = {
    seq: 1,
    time: 5,
    recordedAt: 6,
    source: 'import',
    causation: null,
    correlation: null,
    basis: [],
  };
  log.event({ ...around, kind, type, version, payload, json: canonicalJson(payload) });
  log.tick(
    2,
    Object.assign(new Tick(), { symbolId: 1, time: 7, recordedAt: 8, bidPx: 1.25, askPx: 1.5, bidSize: 3 }),
    'feed',
  );
  log.tick(3, Object.assign(new Tick(), { kind: TickKind.trade, symbolId: 2, px: 9.5, size: 10 }), 'feed');
  log.flush();
  return log;
}

test('ticks are rows in SQL, with their symbols, beside the events', () => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    const log = logWithSymbols(path);
    expect(queryLog(path, 'SELECT seq, kind, symbol, time, bidPx, askPx, px FROM ticks')).toEqual({
      columns: ['seq', 'kind', 'symbol', 'time', 'bidPx', 'askPx', 'px'],
      rows: [
        [2, 'quote', 'SPY', 7, 1.25, 1.5, null],
        [3, 'trade', '#2', 0, null, null, 9.5],
      ],
    });
    expect(queryLog(path, 'SELECT count(*) FROM ticks(3, 3)').rows).toEqual([[1]]);
    expect(queryLog(path, 'SELECT e.type, t.px FROM events e JOIN ticks(3) t').rows).toEqual([
      ['SymbolDefined', 9.5],
    ]);
    log.close();
  });
});

test.each([
  ['DELETE FROM events', /only a statement that returns rows/],
  ["ATTACH 'other.db' AS other", /only a statement that returns rows/],
  ['INSERT INTO meta VALUES (1, 2) RETURNING key', /only a statement that returns rows/],
  ['PRAGMA user_version = 3', /only a statement that returns rows/],
  ['SELEC 1', /cannot answer: near "SELEC": syntax error/],
])('SQL that does not only read is refused: %s', (sql, message) => {
  withFolder((folder) => {
    const path = join(folder, 'run.db');
    finishedLog(path, 1, 10);
    expect(() => queryLog(path, sql)).toThrow(message);
  });
});
