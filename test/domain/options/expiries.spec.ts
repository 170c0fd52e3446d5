import { fc, test } from '@fast-check/vitest';
import { Temporal } from 'temporal-polyfill';
import { describe, expect } from 'vitest';
import { thirdFriday, tradingSession } from '../../../src/domain/exchange-calendar.ts';
import {
  lastTradingDay,
  monthlyExpiries,
  settlementDay,
  settlementTime,
} from '../../../src/domain/options/expiries.ts';

const atClose = (expiry: string) => ({ expiry, settlesAt: 'close' as const });
const atOpen = (expiry: string) => ({ expiry, settlesAt: 'open' as const });
const newYork = (day: string, clock: string): number =>
  Temporal.ZonedDateTime.from(`${day}T${clock}[America/New_York]`).epochMilliseconds * 1000;

/** The third Friday counted on a calendar of another make. */
function temporalThirdFriday(year: number, month: number): Temporal.PlainDate {
  const first = Temporal.PlainDate.from({ year, month, day: 1 });
  return first.add({ days: ((5 - first.dayOfWeek + 7) % 7) + 14 });
}
const months = Array.from({ length: 33 * 12 }, (_, n) => ({
  year: 1998 + Math.floor(n / 12),
  month: (n % 12) + 1,
}));

// Typed from printed calendars: Good Fridays, and Juneteenth on a Friday or kept on one.
const CLOSED_THIRD_FRIDAYS = [
  ...['2000-04-21', '2003-04-18', '2008-03-21', '2014-04-18', '2019-04-19', '2022-04-15', '2025-04-18'],
  ...['2026-06-19', '2027-06-18', '2030-04-19'],
];

describe('third Fridays', () => {
  test('from 1998 to 2030 are those of another calendar', () => {
    for (const { year, month } of months) {
      expect(thirdFriday(year, month)).toBe(temporalThirdFriday(year, month).toString());
    }
  });

  test('on which New York was or will be closed are the ten of the printed list', () => {
    const fridays = months.map(({ year, month }) => thirdFriday(year, month));
    expect(fridays.filter((day) => tradingSession('XNYS', day) === null)).toEqual(CLOSED_THIRD_FRIDAYS);
  });

  test('that are closed settle on the Thursday, in the symbol and out of it', () => {
    for (const friday of CLOSED_THIRD_FRIDAYS) {
      const date = Temporal.PlainDate.from(friday);
      const thursday = date.subtract({ days: 1 }).toString();
      for (const expiry of [thursday, friday, date.add({ days: 1 }).toString()]) {
        expect(lastTradingDay(atClose(expiry))).toBe(thursday);
        expect(settlementTime(atClose(expiry))).toBe(newYork(thursday, '16:00'));
      }
    }
  });
});

describe('monthly expiries', () => {
  test('are Saturdays until January 2015 and the Friday itself, or the day before, from then on', () => {
    expect(monthlyExpiries('2014-11-01', '2015-04-30')).toEqual([
      '2014-11-22',
      '2014-12-20',
      '2015-01-17',
      '2015-02-20',
      '2015-03-20',
      '2015-04-17',
    ]);
    expect(monthlyExpiries('2008-03-01', '2008-03-31')).toEqual(['2008-03-22']);
    expect(monthlyExpiries('2019-04-01', '2019-04-30')).toEqual(['2019-04-18']);
    expect(monthlyExpiries('2026-06-01', '2026-06-30')).toEqual(['2026-06-18']);
  });

  test('come once a month from 1998 to 2030 and last trade on the third Friday or, were it closed, the day before', () => {
    const expiries = monthlyExpiries('1998-01-01', '2030-12-31');
    expect(expiries).toHaveLength(months.length);
    expiries.forEach((expiry, n) => {
      const { year, month } = months[n];
      const friday = temporalThirdFriday(year, month);
      const closed = CLOSED_THIRD_FRIDAYS.includes(friday.toString());
      expect(lastTradingDay(atClose(expiry))).toBe(friday.subtract({ days: closed ? 1 : 0 }).toString());
    });
  });

  test('include both ends and nothing outside', () => {
    expect(monthlyExpiries('2011-03-19', '2011-04-16')).toEqual(['2011-03-19', '2011-04-16']);
    expect(monthlyExpiries('2011-03-20', '2011-04-15')).toEqual([]);
    expect(monthlyExpiries('2011-12-31', '2012-01-21')).toEqual(['2012-01-21']);
    expect(monthlyExpiries('2012-02-01', '2012-01-01')).toEqual([]);
  });
});

describe('settlement', () => {
  const anyDay = fc
    .integer({ min: 0, max: 12_052 })
    .map((n) => Temporal.PlainDate.from('1998-01-01').add({ days: n }).toString());

  test.prop([anyDay])('is at the bell of the last session that is not after the expiry', (expiry) => {
    const day = settlementDay(expiry);
    expect(day <= expiry).toBe(true);
    const session = tradingSession('XNYS', day)!;
    expect([settlementTime(atOpen(expiry)), settlementTime(atClose(expiry))]).toEqual([
      session.open,
      session.close,
    ]);
    let later = Temporal.PlainDate.from(day).add({ days: 1 });
    while (later.toString() <= expiry) {
      expect(tradingSession('XNYS', later.toString())).toBeNull();
      later = later.add({ days: 1 });
    }
  });

  test('of weeklies is on the day, at 13:00 on half-days, and before a closed day', () => {
    expect(settlementTime(atClose('2024-11-22'))).toBe(newYork('2024-11-22', '16:00'));
    expect(settlementTime(atClose('2024-07-05'))).toBe(newYork('2024-07-05', '16:00'));
    expect(settlementTime(atClose('2024-11-29'))).toBe(newYork('2024-11-29', '13:00')); // after Thanksgiving
    expect(settlementTime(atClose('2014-07-04'))).toBe(newYork('2014-07-03', '13:00')); // Independence Day
    expect(settlementTime(atClose('2021-12-24'))).toBe(newYork('2021-12-23', '16:00')); // Christmas kept
    expect(settlementTime(atClose('2012-10-30'))).toBe(newYork('2012-10-26', '16:00')); // the hurricane
  });

  test('of monthlies of the Saturday era is on the Friday', () => {
    expect(lastTradingDay(atClose('2011-03-19'))).toBe('2011-03-18');
    expect(settlementTime(atClose('2011-03-19'))).toBe(newYork('2011-03-18', '16:00'));
  });

  test('at the open ends trading the session before', () => {
    expect(settlementTime(atOpen('2017-03-17'))).toBe(newYork('2017-03-17', '09:30'));
    expect(lastTradingDay(atOpen('2017-03-17'))).toBe('2017-03-16');
    // Good Friday 2014: struck on Thursday's opening print, last traded on Wednesday.
    expect(settlementTime(atOpen('2014-04-19'))).toBe(newYork('2014-04-17', '09:30'));
    expect(lastTradingDay(atOpen('2014-04-19'))).toBe('2014-04-16');
  });
});
