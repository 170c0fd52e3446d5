import { fc, test } from '@fast-check/vitest';
import { Temporal } from 'temporal-polyfill';
import { describe, expect } from 'vitest';
import { TimeReader } from '../../../src/adapters/files/time-stamp.ts';

const read = (text: string, zone = 'UTC') => {
  const reader = new TimeReader(zone);
  return reader.read(text) ? { ...reader.stamp } : null;
};
const iso = (text: string, zone?: string) => {
  const stamp = read(text, zone);
  return stamp === null ? null : new Date(stamp.time / 1000).toISOString();
};

describe('a moment', () => {
  test('is read in every form vendors write', () => {
    for (const text of [
      '2011-03-01T09:01:00Z',
      '2011-03-01 09:01',
      '2011-03-01 09:01:00.000000',
      '2011-03-01 09:01:00 UTC',
      '2011-03-01T10:01:00+01:00',
      '2011-03-01T04:01:00-0500',
      '2011/03/01 09:01:00',
      '2011.03.01 09:01',
      '20110301 090100',
      '20110301T090100Z',
      '20110301090100',
      '201103010901',
      '1298970060',
      '1298970060.000',
      '1298970060000',
      '1298970060000000',
      '1298970060000000000',
    ]) {
      expect([text, iso(text)]).toEqual([text, '2011-03-01T09:01:00.000Z']);
    }
  });
  test('keeps microseconds and drops what is finer', () => {
    expect(read('2018-01-02T04:05:44.750999')!.time % 1_000_000).toBe(750_999);
    expect(read('2018-01-02T04:05:44.750999999')!.time % 1_000_000).toBe(750_999);
    expect(read('1298970060123456789')!.time).toBe(1_298_970_060_123_456);
  });
  test('says whether it is a date only, and which date was written', () => {
    expect(read('2004-08-19')).toMatchObject({
      dateOnly: true,
      zoned: false,
      day: Date.UTC(2004, 7, 19) * 1000,
    });
    expect(read('20040819')).toMatchObject({ dateOnly: true });
    expect(read('2004-08-19 09:30')).toMatchObject({ dateOnly: false });
    expect(read('2004-08-19 00:00:00-04:00')).toMatchObject({
      dateOnly: true,
      zoned: true,
      day: Date.UTC(2004, 7, 19) * 1000,
    });
    expect(read('1577975400', 'America/New_York')).toMatchObject({ day: Date.UTC(2020, 0, 2) * 1000 });
  });
  test('that does not exist or is no moment is refused', () => {
    for (const text of [
      '',
      'abc',
      '2011-02-30',
      '2011-13-01',
      '03/01/2011',
      '2011-03-01 25:00',
      '2011-03-01 09:61',
      '17.24',
      '-5',
    ]) {
      expect([text, read(text)]).toEqual([text, null]);
    }
  });
});

describe('a zone', () => {
  test.prop([
    fc.integer({ min: 631_152_000, max: 1_924_992_000 }),
    fc.constantFrom('America/New_York', 'Europe/London', 'Australia/Lord_Howe', 'Asia/Kolkata'),
  ])('applies to times without one, also on the days its clock changes', (seconds, zone) => {
    const wall = Temporal.Instant.fromEpochMilliseconds(seconds * 1000).toZonedDateTimeISO(zone);
    const text = wall.toPlainDateTime().toString({ smallestUnit: 'second' });
    const expected = wall.toPlainDateTime().toZonedDateTime(zone).epochMilliseconds * 1000;
    expect(read(text, zone)!.time).toBe(expected);
  });
  test('moves the close with daylight saving', () => {
    expect(iso('2011-03-11 16:00', 'America/New_York')).toBe('2011-03-11T21:00:00.000Z');
    expect(iso('2011-03-13 01:59', 'America/New_York')).toBe('2011-03-13T06:59:00.000Z');
    expect(iso('2011-03-13 03:00', 'America/New_York')).toBe('2011-03-13T07:00:00.000Z');
    expect(iso('2011-03-14 16:00', 'America/New_York')).toBe('2011-03-14T20:00:00.000Z');
  });
  test('that nobody knows is refused with an example', () => {
    expect(() => new TimeReader('Mars/Olympus')).toThrow(
      '"Mars/Olympus" is no time zone: write one such as UTC',
    );
  });
});
