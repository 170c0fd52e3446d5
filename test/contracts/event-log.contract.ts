/** What every event log promises, run over each implementation. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventLog, LogCursor } from '../../src/bus/ports.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { Tick } from '../../src/events/tick.ts';
import type { CursorOptions } from '../../src/log/log-cursor.ts';
import {
  appendRecord,
  arbitraryRecords,
  readRecords,
  someRecords,
  type TestRecord,
  withSeqs,
} from './log-records.ts';

export interface LogUnderTest {
  readonly log: EventLog;
  cursor(options?: CursorOptions): LogCursor;
  dispose(): void;
}

export function testEventLog(open: () => LogUnderTest): void {
  const withLog = (body: (subject: LogUnderTest) => void): void => {
    const subject = open();
    try {
      body(subject);
    } finally {
      subject.dispose();
    }
  };
  const appendAll = (log: EventLog, records: readonly TestRecord[]): void => {
    for (const record of records) appendRecord(log, record);
  };

  test('what was flushed is read back, record for record', () => {
    withLog(({ log, cursor }) => {
      const records = someRecords(500);
      appendAll(log, records);
      expect(log.lastSeq).toBe(500);
      expect(log.flush()).toBe(500);
      expect(readRecords(cursor())).toEqual(records);
    });
  });

  test('what is flushed soon can be read when that is told, which is on a later turn', async () => {
    const { log, cursor, dispose } = open();
    try {
      const records = someRecords(120);
      let isTold = false;
      appendAll(log, records.slice(0, 100));
      const told = new Promise<void>((resolve) => {
        log.flushSoon((error) => {
          expect(error).toBeNull();
          isTold = true;
          resolve();
        });
      });
      expect(isTold).toBe(false);
      appendAll(log, records.slice(100));
      await told;
      expect(readRecords(cursor({ to: 100 }))).toEqual(records.slice(0, 100));
      expect(log.flush()).toBe(120);
      expect(readRecords(cursor())).toEqual(records);
    } finally {
      dispose();
    }
  });

  test('every tick and event survives, however they mix and wherever commits fall', () => {
    fc.assert(
      fc.property(fc.array(arbitraryRecords), (groups) => {
        withLog(({ log, cursor }) => {
          const records = withSeqs(groups.flat());
          let at = 0;
          for (const group of groups) {
            appendAll(log, records.slice(at, (at += group.length)));
            expect(log.flush()).toBe(at);
          }
          expect(readRecords(cursor())).toEqual(records);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('a cursor may start and end anywhere', () => {
    withLog(({ log, cursor }) => {
      const records = someRecords(300);
      for (let at = 0; at < 300; at += 50) {
        appendAll(log, records.slice(at, at + 50));
        log.flush();
      }
      for (const [from, to] of [
        [1, 300],
        [2, 2],
        [50, 51],
        [51, 120],
        [299, 400],
        [301, 400],
      ]) {
        expect(readRecords(cursor({ from, to }))).toEqual(records.slice(from - 1, to));
      }
    });
  });

  test('a cursor at the end goes on when the log has grown', () => {
    withLog(({ log, cursor }) => {
      const records = someRecords(40);
      const reading = cursor();
      expect(reading.next()).toBe(0);
      appendAll(log, records.slice(0, 25));
      log.flush();
      expect(readRecords(reading)).toEqual(records.slice(0, 25));
      appendAll(log, records.slice(25));
      log.flush();
      expect(readRecords(reading)).toEqual(records.slice(25));
    });
  });

  test('a batch longer than a block is read back whole', () => {
    withLog(({ log, cursor }) => {
      const tick = new Tick();
      for (let seq = 1; seq <= 150_000; seq++) {
        tick.time = tick.recordedAt = seq;
        log.tick(seq, tick, 'feed');
      }
      log.flush();
      const reading = cursor();
      let wrong = 0;
      while (reading.next() === 1) if (reading.tick.time !== reading.seq) wrong++;
      expect([reading.seq, wrong]).toEqual([150_000, 0]);
    });
  });

  test('more sources than a block has sections are kept apart', () => {
    withLog(({ log, cursor }) => {
      const tick = new Tick();
      for (let seq = 1; seq <= 600; seq++) log.tick(seq, tick, `feed ${seq}`);
      log.flush();
      const reading = cursor();
      while (reading.next() === 1) expect(reading.source).toBe(`feed ${reading.seq}`);
      expect(reading.seq).toBe(600);
    });
  });

  test('an event of a type or version that only a newer engine knows is refused with a sentence', () => {
    for (const [change, message] of [
      [
        { version: 2 },
        /seq 4 cannot be read: ClockTicked has version 2; this engine knows up to 1: use a newer quantos/,
      ],
      [{ type: 'MoonPhaseChanged' }, /seq 4 cannot be read: unknown event type "MoonPhaseChanged"/],
    ] as const) {
      withLog(({ log, cursor }) => {
        const records = someRecords(4);
        appendAll(log, records.slice(0, 3));
        log.event({ ...(records[3].event as StoredEvent), ...change });
        log.flush();
        expect(() => readRecords(cursor())).toThrow(message);
        expect(readRecords(cursor({ from: 4, asStored: true }))).toMatchObject([{ event: change }]);
      });
    }
  });

  test('a gap in seq is refused', () => {
    withLog(({ log }) => {
      log.tick(1, new Tick(), 'feed');
      expect(() => log.tick(3, new Tick(), 'feed')).toThrow(/seq 3 was appended after 1; the next one is 2/);
    });
  });

  test('an id that its column cannot hold is refused, not wrapped', () => {
    for (const field of ['symbolId', 'conditionsId', 'exchangeId', 'resolutionS'] as const) {
      withLog(({ log }) => {
        const tick = new Tick();
        tick[field] = 2 ** 32;
        expect(() => log.tick(1, tick, 'feed')).toThrow(/column cannot hold/);
      });
    }
  });
}
