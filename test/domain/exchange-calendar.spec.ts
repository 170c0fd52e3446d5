import { readFileSync } from 'node:fs';
import { fc, test } from '@fast-check/vitest';
import { Temporal } from 'temporal-polyfill';
import { describe, expect } from 'vitest';
import {
  civilDay,
  dayToMicros,
  newYorkOffsetUs,
  nextTradingDay,
  previousTradingDay,
  sessionOfDayOrDefault,
  tradingDayAt,
  tradingSession,
  yearMonthOf,
} from '../../src/domain/exchange-calendar.ts';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;

const oracleOffsetUs = (time: number): number =>
  Temporal.Instant.fromEpochMilliseconds(time / 1000).toZonedDateTimeISO('America/New_York')
    .offsetNanoseconds / 1000;

const newYork = (day: string, clock: string): number =>
  Temporal.ZonedDateTime.from(`${day}T${clock}[America/New_York]`).epochMilliseconds * 1000;

/** Weekdays from..to on which New York stays closed. */
function closures(from: string, to: string): string[] {
  const closed: string[] = [];
  for (let time = dayToMicros(from); time <= dayToMicros(to); time += DAY_US) {
    const weekday = (time / DAY_US + 4) % 7;
    const day = civilDay(time);
    if (weekday !== 0 && weekday !== 6 && tradingSession('XNYS', day) === null) closed.push(day);
  }
  return closed;
}

const earlyCloses = (year: number): string[] => {
  const days: string[] = [];
  for (let time = dayToMicros(`${year}-01-01`); time <= dayToMicros(`${year}-12-31`); time += DAY_US) {
    if (tradingSession('XNYS', civilDay(time))?.earlyClose) days.push(civilDay(time).slice(5));
  }
  return days;
};

const anyDay = fc.integer({ min: 10_227, max: 22_279 }).map((n) => civilDay(n * DAY_US)); // 1998..2030
const anyTime = fc.integer({ min: 10_227 * 86_400, max: 22_279 * 86_400 }).map((s) => s * 1_000_000);
const anyCalendar = fc.constantFrom('XNYS' as const, '24x7' as const);

describe('dates', () => {
  test.prop([fc.integer({ min: -25_000, max: 47_000 })])('agree with Temporal in both directions', (n) => {
    const expected = Temporal.PlainDate.from('1970-01-01').add({ days: n });
    expect(civilDay(n * DAY_US)).toBe(expected.toString());
    expect(dayToMicros(expected.toString())).toBe(n * DAY_US);
    expect(yearMonthOf(n * DAY_US + DAY_US - 1)).toEqual({ year: expected.year, month: expected.month });
  });
  test('that do not exist are refused', () => {
    for (const day of ['2023-02-29', '2024-13-01', '2024-1-1', '20240101', '']) {
      expect(() => dayToMicros(day)).toThrow(`"${day}" is no day`);
    }
  });
});

describe("New York's clock", () => {
  test('agrees with the time-zone database every hour around each switch, 1990 to 2037', () => {
    for (let year = 1990; year <= 2037; year++) {
      for (const [from, to] of [
        ['03-06', '04-10'],
        ['10-23', '11-09'],
      ]) {
        const end = dayToMicros(`${year}-${to}`);
        for (let time = dayToMicros(`${year}-${from}`); time < end; time += DAY_US) {
          // Whole days are compared at midnight; where the day's offset changes, every hour of it.
          const step = oracleOffsetUs(time) === oracleOffsetUs(time + DAY_US) ? DAY_US : HOUR_US / 2;
          for (let at = time; at < time + DAY_US; at += step) {
            if (newYorkOffsetUs(at) !== oracleOffsetUs(at))
              expect(new Date(at / 1000).toISOString()).toBe('equal');
          }
        }
      }
    }
  });
  test.prop([anyTime])('agrees with the time-zone database at any moment', (time) => {
    expect(newYorkOffsetUs(time)).toBe(oracleOffsetUs(time));
  });
});

describe('New York sessions', () => {
  test('are exactly the days of the S&P 500 file of vega-datasets, 2000 to 2020', () => {
    const url = new URL('../../node_modules/vega-datasets/data/sp500-2000.csv', import.meta.url);
    const days = readFileSync(url, 'utf8')
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.slice(0, 10));
    expect(days).toHaveLength(5105);
    let day = days[0];
    expect(tradingSession('XNYS', day)).not.toBeNull();
    for (const expected of days.slice(1)) {
      day = nextTradingDay('XNYS', day);
      expect(day).toBe(expected);
    }
  });
  test('keep the holidays the exchange published for 1998, 2022 and 2027', () => {
    expect(closures('1998-01-01', '1998-12-31').map((day) => day.slice(5))).toEqual([
      '01-01',
      '01-19',
      '02-16',
      '04-10',
      '05-25',
      '07-03',
      '09-07',
      '11-26',
      '12-25',
    ]);
    expect(closures('2022-01-01', '2022-12-31').map((day) => day.slice(5))).toEqual([
      '01-17',
      '02-21',
      '04-15',
      '05-30',
      '06-20',
      '07-04',
      '09-05',
      '11-24',
      '12-26',
    ]);
    expect(closures('2027-01-01', '2027-12-31').map((day) => day.slice(5))).toEqual([
      '01-01',
      '01-18',
      '02-15',
      '03-26',
      '05-31',
      '06-18',
      '07-05',
      '09-06',
      '11-25',
      '12-24',
    ]);
  });
  test("stay closed for attacks, storms and presidents' funerals, and open on New Year's Eve before a Saturday", () => {
    for (const day of [
      '2001-09-11',
      '2001-09-14',
      '2004-06-11',
      '2007-01-02',
      '2012-10-30',
      '2018-12-05',
      '2025-01-09',
    ]) {
      expect([day, tradingSession('XNYS', day)]).toEqual([day, null]);
    }
    for (const day of ['1999-12-31', '2004-12-31', '2010-12-31', '2021-12-31', '2021-06-18']) {
      expect([day, tradingSession('XNYS', day)]).not.toEqual([day, null]);
    }
  });
  test('end at 13:00 on the days the exchange shortened', () => {
    expect(earlyCloses(1998)).toEqual(['11-27', '12-24']);
    expect(earlyCloses(1999)).toEqual(['11-26', '12-31']);
    expect(earlyCloses(2000)).toEqual(['07-03', '11-24']);
    expect(earlyCloses(2002)).toEqual(['07-05', '11-29', '12-24']);
    expect(earlyCloses(2003)).toEqual(['07-03', '11-28', '12-24', '12-26']);
    expect(earlyCloses(2010)).toEqual(['11-26']);
    expect(earlyCloses(2012)).toEqual(['07-03', '11-23', '12-24']);
    expect(earlyCloses(2013)).toEqual(['07-03', '11-29', '12-24']);
    expect(earlyCloses(2019)).toEqual(['07-03', '11-29', '12-24']);
    expect(earlyCloses(2020)).toEqual(['11-27', '12-24']);
    expect(earlyCloses(2025)).toEqual(['07-03', '11-28', '12-24']);
    expect(earlyCloses(2026)).toEqual(['11-27', '12-24']);
    expect(earlyCloses(2028)).toEqual(['07-03', '11-24']);
  });
  test('run from 09:30 to 16:00 on the wall clock, summer and winter', () => {
    expect(tradingSession('XNYS', '2024-03-08')).toEqual({
      open: newYork('2024-03-08', '09:30'),
      close: newYork('2024-03-08', '16:00'),
      earlyClose: false,
    });
    expect(tradingSession('XNYS', '2024-03-11')?.open).toBe(newYork('2024-03-11', '09:30'));
    expect(tradingSession('XNYS', '2006-10-30')?.close).toBe(newYork('2006-10-30', '16:00'));
    expect(tradingSession('XNYS', '2024-11-29')?.close).toBe(newYork('2024-11-29', '13:00'));
    expect(tradingSession('XNYS', '2002-09-11')?.open).toBe(newYork('2002-09-11', '12:00'));
  });
  test('lend their usual hours to data of a closed day, with a flag', () => {
    expect(sessionOfDayOrDefault('XNYS', '2006-01-02')).toEqual({
      open: newYork('2006-01-02', '09:30'),
      close: newYork('2006-01-02', '16:00'),
      earlyClose: false,
      closedByCalendar: true,
    });
    expect(sessionOfDayOrDefault('XNYS', '2006-01-03').closedByCalendar).toBe(false);
  });
});

describe('trading days', () => {
  test('begin after the close before and include their own close', () => {
    const close = newYork('2024-07-03', '13:00');
    expect(tradingDayAt('XNYS', close)).toBe('2024-07-03');
    expect(tradingDayAt('XNYS', close + 1)).toBe('2024-07-05');
    expect(tradingDayAt('XNYS', close)).toBe('2024-07-03');
    expect(tradingDayAt('XNYS', newYork('2024-07-04', '12:00'))).toBe('2024-07-05');
    expect(tradingDayAt('XNYS', newYork('2024-07-05', '16:00'))).toBe('2024-07-05');
    expect(tradingDayAt('XNYS', newYork('2024-07-06', '12:00'))).toBe('2024-07-08');
    expect(tradingDayAt('24x7', dayToMicros('2024-07-07'))).toBe('2024-07-06');
    expect(tradingDayAt('24x7', dayToMicros('2024-07-07') + 1)).toBe('2024-07-07');
  });
  test.prop([anyCalendar, anyTime])(
    'lie between two closes at any moment, asked in any order',
    (calendar, time) => {
      const day = tradingDayAt(calendar, time);
      expect(tradingSession(calendar, day)!.close).toBeGreaterThanOrEqual(time);
      expect(tradingSession(calendar, previousTradingDay(calendar, day))!.close).toBeLessThan(time);
    },
  );
  test.prop([anyCalendar, anyDay])('step forth and back to the same day', (calendar, day) => {
    const next = nextTradingDay(calendar, day);
    expect(next > day).toBe(true);
    expect(tradingSession(calendar, next)).not.toBeNull();
    const back = previousTradingDay(calendar, next);
    expect(tradingSession(calendar, day) === null ? back < day : back === day).toBe(true);
  });
});
