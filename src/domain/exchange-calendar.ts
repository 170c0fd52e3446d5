/**
 * When markets are open: New York sessions by the rules of each era and a table of what no rule foresees (exact from
 * 1998, announced through 2030), and the UTC day for markets that never close. Written as rules because the core may
 * ask no time-zone API. Days are `YYYY-MM-DD`, times integer microseconds UTC.
 */
import type { CalendarName } from './instrument.ts';

export interface Session {
  readonly open: number;
  readonly close: number;
  /** The bell rings at 13:00. */
  readonly earlyClose: boolean;
}

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;
const DAY_US = 24 * HOUR_US;

// Days are counted from 1970-01-01 inside this file.

/** The proleptic Gregorian calendar; years begin in March, so that the leap day is a year's last. */
function dayNumber(year: number, month: number, day: number): number {
  const early = month <= 2 ? 1 : 0;
  const y = year - early;
  const m = month + 12 * early - 3;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return 365 * y + leaps + Math.floor((153 * m + 2) / 5) + day - 719_469;
}

function dateOf(number: number): { year: number; month: number; day: number } {
  const shifted = number + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * ofYear + 2) / 153);
  const month = m < 10 ? m + 3 : m - 9;
  return {
    year: yearOfEra + 400 * era + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * m + 2) / 5) + 1,
  };
}

/** 0 is Sunday. */
const weekday = (number: number): number => (((number + 4) % 7) + 7) % 7;
const SUNDAY = 0;
const MONDAY = 1;
const THURSDAY = 4;
const FRIDAY = 5;
const SATURDAY = 6;

/** The first such weekday on or after a date: `onOrAfter(2024, 11, 22, THURSDAY)` is Thanksgiving. */
function onOrAfter(year: number, month: number, day: number, which: number): number {
  const from = dayNumber(year, month, day);
  return from + ((which - weekday(from) + 7) % 7);
}

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`);

function dayText(number: number): string {
  const { year, month, day } = dateOf(number);
  return `${`${year}`.padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** NaN for what is no day. */
function readDay(day: string): number {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day);
  const number = parts === null ? Number.NaN : dayNumber(+parts[1], +parts[2], +parts[3]);
  return parts !== null && dayText(number) === day ? number : Number.NaN;
}

function parseDay(day: string): number {
  const number = readDay(day);
  if (Number.isNaN(number)) throw new RangeError(`"${day}" is no day; write YYYY-MM-DD`);
  return number;
}

/** Whether this is a date of the calendar, written YYYY-MM-DD. */
export const isDay = (text: string): boolean => !Number.isNaN(readDay(text));

/** Midnight UTC at the start of a day. Throws RangeError for what is no day. */
export const dayToMicros = (day: string): number => parseDay(day) * DAY_US;

/** The UTC day of a moment. */
export const civilDay = (time: number): string => dayText(Math.floor(time / DAY_US));

export function yearMonthOf(time: number): { year: number; month: number } {
  const { year, month } = dateOf(Math.floor(time / DAY_US));
  return { year, month };
}

/** The Friday that falls on the 15th to the 21st, trading day or not. */
export const thirdFriday = (year: number, month: number): string =>
  dayText(onOrAfter(year, month, 15, FRIDAY));

// ---- New York's clock

interface Summer {
  readonly from: number;
  readonly until: number;
}
const summers = new Map<number, Summer>();

/** The days daylight saving begins and ends: Uniform Time Act as amended for 1987, Energy Policy Act for 2007. */
function summerOf(year: number): Summer {
  let summer = summers.get(year);
  if (summer === undefined) {
    summer =
      year < 2007
        ? { from: onOrAfter(year, 4, 1, SUNDAY), until: onOrAfter(year, 10, 25, SUNDAY) }
        : { from: onOrAfter(year, 3, 8, SUNDAY), until: onOrAfter(year, 11, 1, SUNDAY) };
    summers.set(year, summer);
  }
  return summer;
}

/** What to add to UTC for New York's wall clock, in microseconds (negative). Right from 1987 on. */
export function newYorkOffsetUs(time: number): number {
  const { from, until } = summerOf(dateOf(Math.floor(time / DAY_US)).year);
  // Clocks move at 02:00 local: 07:00 UTC in spring, 06:00 UTC in autumn.
  const summer = time >= from * DAY_US + 7 * HOUR_US && time < until * DAY_US + 6 * HOUR_US;
  return summer ? -4 * HOUR_US : -5 * HOUR_US;
}

function newYorkMoment(number: number, minutes: number): number {
  const { from, until } = summerOf(dateOf(number).year);
  const offset = number >= from && number < until ? 4 : 5;
  return number * DAY_US + offset * HOUR_US + minutes * MINUTE_US;
}

// ---- New York Stock Exchange

const OPEN = 9 * 60 + 30;
const CLOSE = 16 * 60;
const EARLY_CLOSE = 13 * 60;

const daySet = (days: readonly string[]): ReadonlySet<number> => new Set(days.map(parseDay));

const SPECIAL_CLOSURES = daySet([
  // The attacks of September 11.
  ...['2001-09-11', '2001-09-12', '2001-09-13', '2001-09-14'],
  // Mourning Presidents Reagan, Ford, Bush and Carter.
  ...['2004-06-11', '2007-01-02', '2018-12-05', '2025-01-09'],
  // Hurricane Sandy.
  ...['2012-10-29', '2012-10-30'],
]);

const SPECIAL_EARLY_CLOSES = daySet(['1999-12-31', '2002-07-05', '2003-12-26']);

/** Trading began at noon on the first anniversary of September 11. */
const SPECIAL_OPENS: ReadonlyMap<number, number> = new Map([[parseDay('2002-09-11'), 12 * 60]]);

/** Easter Sunday by the anonymous Gregorian computus. */
function easter(year: number): number {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const moonShift = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3);
  const epact = (19 * golden + century - Math.floor(century / 4) - moonShift + 15) % 30;
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor((year % 100) / 4) - epact - (year % 4)) % 7;
  const late = Math.floor((golden + 11 * epact + 22 * toSunday) / 451);
  return dayNumber(year, 3, 22) + epact + toSunday - 7 * late;
}

/** A fixed holiday on a Saturday is kept on Friday, on a Sunday on Monday (NYSE rule 7.2). */
function observed(year: number, month: number, day: number): number {
  const number = dayNumber(year, month, day);
  return number + (weekday(number) === SATURDAY ? -1 : weekday(number) === SUNDAY ? 1 : 0);
}

function holidaysOf(year: number): ReadonlySet<number> {
  const newYear = dayNumber(year, 1, 1);
  const days = [
    // New Year's Day; on a Saturday it is not kept, since the Friday before ends the accounting year.
    weekday(newYear) === SUNDAY ? newYear + 1 : newYear,
    onOrAfter(year, 2, 15, MONDAY), // Washington's Birthday
    easter(year) - 2, // Good Friday
    onOrAfter(year, 5, 25, MONDAY), // Memorial Day
    observed(year, 7, 4), // Independence Day
    onOrAfter(year, 9, 1, MONDAY), // Labor Day
    onOrAfter(year, 11, 22, THURSDAY), // Thanksgiving
    observed(year, 12, 25), // Christmas
  ];
  if (year >= 1998) days.push(onOrAfter(year, 1, 15, MONDAY)); // Martin Luther King Day
  if (year >= 2022) days.push(observed(year, 6, 19)); // Juneteenth
  return new Set(days);
}
const holidays = new Map<number, ReadonlySet<number>>();

function isHoliday(number: number, year: number): boolean {
  let ofYear = holidays.get(year);
  if (ofYear === undefined) holidays.set(year, (ofYear = holidaysOf(year)));
  return ofYear.has(number);
}

function closesEarly(number: number, year: number): boolean {
  if (number === onOrAfter(year, 11, 22, THURSDAY) + 1 || number === dayNumber(year, 12, 24)) return true;
  // July 3, but before 2013 not a Wednesday: with the holiday on Thursday, the Friday was short (2002).
  if (number === dayNumber(year, 7, 3)) return year >= 2013 || weekday(number) !== THURSDAY - 1;
  return SPECIAL_EARLY_CLOSES.has(number);
}

function newYorkSession(number: number): Session | null {
  const day = weekday(number);
  if (day === SATURDAY || day === SUNDAY || SPECIAL_CLOSURES.has(number)) return null;
  const { year } = dateOf(number);
  if (isHoliday(number, year)) return null;
  const earlyClose = closesEarly(number, year);
  return {
    open: newYorkMoment(number, SPECIAL_OPENS.get(number) ?? OPEN),
    close: newYorkMoment(number, earlyClose ? EARLY_CLOSE : CLOSE),
    earlyClose,
  };
}
const newYorkSessions = new Map<number, Session | null>();

function sessionOf(calendar: CalendarName, number: number): Session | null {
  if (calendar === '24x7') return { open: number * DAY_US, close: (number + 1) * DAY_US, earlyClose: false };
  let session = newYorkSessions.get(number);
  if (session === undefined) newYorkSessions.set(number, (session = newYorkSession(number)));
  return session;
}

// ---- What the engine asks

/** The regular session of a day, or null where the market stays closed. */
export const tradingSession = (calendar: CalendarName, day: string): Session | null =>
  sessionOf(calendar, parseDay(day));

/** For data that exists on a day the calendar calls closed: the usual hours, and the flag to warn by. */
export function sessionOfDayOrDefault(
  calendar: CalendarName,
  day: string,
): Session & { readonly closedByCalendar: boolean } {
  const number = parseDay(day);
  const session = sessionOf(calendar, number);
  if (session !== null) return { ...session, closedByCalendar: false };
  return {
    open: newYorkMoment(number, OPEN),
    close: newYorkMoment(number, CLOSE),
    earlyClose: false,
    closedByCalendar: true,
  };
}

function step(calendar: CalendarName, number: number, by: 1 | -1): number {
  let next = number + by;
  while (sessionOf(calendar, next) === null) next += by;
  return next;
}

/** The first trading day after this one, which need not be a trading day itself. */
export const nextTradingDay = (calendar: CalendarName, day: string): string =>
  dayText(step(calendar, parseDay(day), 1));

export const previousTradingDay = (calendar: CalendarName, day: string): string =>
  dayText(step(calendar, parseDay(day), -1));

/**
 * The trading day a moment belongs to: it lasts from just after one close up to and including the next, so that the bar
 * stamped at the close, the evening before and the weekend before all have their place.
 */
export function tradingDayAt(calendar: CalendarName, time: number): string {
  const latest = latestDay[calendar];
  if (time > latest.after && time <= latest.until) return latest.day;
  let number = Math.floor(time / DAY_US) - 1;
  while ((sessionOf(calendar, number)?.close ?? Number.NEGATIVE_INFINITY) < time) number += 1;
  const previous = sessionOf(calendar, step(calendar, number, -1))!;
  const found = { after: previous.close, until: sessionOf(calendar, number)!.close, day: dayText(number) };
  latestDay[calendar] = found;
  return found.day;
}

/** Whether a market trades at a moment, from its open to just before its close. Without a bell it always does, at midnight too. */
export function isOpenAt(calendar: CalendarName, time: number): boolean {
  const { open, close } = tradingSession(calendar, tradingDayAt(calendar, time))!;
  return calendar === '24x7' || (time >= open && time < close);
}

/** The answer of the last question: ticks come in order, so it nearly always serves the next one too. */
const nothing = { after: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY, day: '' };
const latestDay: Record<CalendarName, typeof nothing> = { XNYS: nothing, '24x7': nothing };
