/**
 * Reads the ways vendors write a moment: dates, ISO with or without a zone, compact forms, epoch seconds to nanoseconds.
 * What carries no zone is read in the zone the user names.
 */
import { Temporal } from 'temporal-polyfill';
import { dayToMicros } from '../../domain/exchange-calendar.ts';
import { InputError } from '../../domain/input-error.ts';

const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;
const DAY_US = 1_440 * MINUTE_US;

export interface TimeStamp {
  /** Microseconds UTC. */
  time: number;
  /** Midnight, as microseconds UTC, of the date as it is written (of the moment's date in the zone, for epochs). */
  day: number;
  /** No time of day was given, or midnight, as daily data is stamped. */
  dateOnly: boolean;
  /** The text says itself which zone it means. */
  zoned: boolean;
}

const CIVIL =
  /^(\d{4}([-/.]?)\d\d\2\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$/i;
const EPOCH = /^(\d{9,11})(?:\.(\d{1,9}))?$|^(\d{13}|\d{15,16}|\d{18,19})$/;

/** A reader for one file: it remembers dates and offsets, since neighbouring lines share them. */
export class TimeReader {
  /** Overwritten by each successful read. */
  readonly stamp: TimeStamp = { time: 0, day: 0, dateOnly: false, zoned: false };
  readonly #zone: string;
  /** Offsets by day of the wall clock, and by day UTC; null where the clock changes. */
  readonly #wallOffsets = new Map<number, number | null>();
  readonly #instantOffsets = new Map<number, number | null>();
  #lastDate = '';
  #lastDay = 0;

  /** `zone`: an IANA name, `UTC` or an offset such as `-05:00`. */
  constructor(zone: string) {
    try {
      Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    } catch {
      throw new InputError(`"${zone}" is no time zone: write one such as UTC or America/New_York`);
    }
    this.#zone = zone;
  }

  /** True and `stamp` filled, or false when the text is no moment. */
  read(text: string): boolean {
    const civil = CIVIL.exec(text);
    if (civil !== null) return this.#readCivil(civil);
    const epoch = EPOCH.exec(text);
    return epoch !== null && this.#readEpoch(epoch);
  }

  #readCivil(parts: RegExpExecArray): boolean {
    const [, date, separator, hour, minute, second, fraction, zone] = parts;
    if (date !== this.#lastDate && !this.#readDate(date, separator)) return false;
    const { stamp } = this;
    stamp.day = this.#lastDay;
    stamp.zoned = zone !== undefined;
    let ofDay = 0;
    if (hour !== undefined) {
      if (+hour > 24 || +minute > 59 || +(second ?? 0) > 60) return false;
      ofDay = +hour * 60 * MINUTE_US + +minute * MINUTE_US + +(second ?? 0) * SECOND_US;
      if (fraction !== undefined) ofDay += +fraction.padEnd(6, '0').slice(0, 6);
    }
    stamp.dateOnly = ofDay === 0;
    const local = this.#lastDay + ofDay;
    stamp.time =
      local -
      (zone === undefined ? this.#offset(this.#wallOffsets, local, this.#ofWall) : writtenOffset(zone));
    return true;
  }

  #readDate(date: string, separator: string): boolean {
    const at = separator === '' ? [4, 6] : [5, 8];
    try {
      this.#lastDay = dayToMicros(`${date.slice(0, 4)}-${date.slice(at[0], at[0] + 2)}-${date.slice(at[1])}`);
    } catch {
      return false;
    }
    this.#lastDate = date;
    return true;
  }

  #readEpoch(parts: RegExpExecArray): boolean {
    const [, seconds, fraction, digits] = parts;
    const { stamp } = this;
    if (seconds !== undefined)
      stamp.time = +seconds * SECOND_US + +(fraction ?? '').padEnd(6, '0').slice(0, 6);
    else if (digits.length === 13) stamp.time = +digits * 1_000;
    else stamp.time = +(digits.length > 16 ? digits.slice(0, -3) : digits);
    const local = stamp.time + this.#offset(this.#instantOffsets, stamp.time, this.#ofInstant);
    stamp.day = Math.floor(local / DAY_US) * DAY_US;
    stamp.dateOnly = local === stamp.day;
    stamp.zoned = true;
    return true;
  }

  /** Asks for an offset once a day, and for each line only on days the clock changes. */
  #offset(known: Map<number, number | null>, at: number, ask: (at: number) => number): number {
    if (this.#zone === 'UTC') return 0;
    const day = Math.floor(at / DAY_US) * DAY_US;
    let offset = known.get(day);
    if (offset === undefined) {
      const morning = ask(day);
      offset = morning === ask(day + DAY_US) ? morning : null;
      known.set(day, offset);
    }
    return offset ?? ask(at);
  }

  readonly #ofWall = (local: number): number => {
    const wall = Temporal.Instant.fromEpochMilliseconds(Math.floor(local / 1_000)).toZonedDateTimeISO('UTC');
    return wall.toPlainDateTime().toZonedDateTime(this.#zone).offsetNanoseconds / 1_000;
  };

  readonly #ofInstant = (time: number): number => {
    const instant = Temporal.Instant.fromEpochMilliseconds(Math.floor(time / 1_000));
    return instant.toZonedDateTimeISO(this.#zone).offsetNanoseconds / 1_000;
  };
}

/** `Z`, `UTC`, `+0530`, `-05:00`, `+01` in microseconds. */
function writtenOffset(zone: string): number {
  if (zone.length === 1 || /^[UG]/i.test(zone)) return 0;
  const minutes = +zone.slice(1, 3) * 60 + +(zone.slice(3).replace(':', '') || 0);
  return (zone[0] === '-' ? -minutes : minutes) * MINUTE_US;
}
