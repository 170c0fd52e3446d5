import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CsvOptions, inspectCsv } from '../../../src/adapters/files/csv-format.ts';
import { csvTicks } from '../../../src/adapters/files/csv-ticks.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-csv-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const csv = (content: string | Buffer): string => {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, content);
  return path;
};
const bars = (...lines: string[]) => csv(`date,open,high,low,close,volume\n${lines.join('\n')}\n`);

function load({ files, ...options }: { files: readonly string[] } & Partial<CsvOptions>) {
  const rejected: { line: number; reason: string }[] = [];
  const formats = files.map((file) => inspectCsv(file, { tz: 'UTC', ...options }));
  const ticks = [
    ...csvTicks(formats, {
      symbol: 'X',
      symbolId: 0,
      calendar: 'XNYS',
      stamps: 'start',
      scale: 1,
      widenRange: false,
      reject: (_, line, reason) => rejected.push({ line, reason }),
      codeId: () => 1,
      dayOutsideCalendar: () => {},
      rangeWidened: () => {},
    }),
  ];
  return { ticks, rejected };
}

describe('minute bars', () => {
  const minutes = 'time,o,h,l,c,v\n2024-03-01T09:30:00,1,2,1,2,5\n2024-03-01T09:31:00,1,2,1,2,5\n';
  test('are read the same from every delimiter, header and packing', () => {
    const expected = load({ files: [csv(minutes)] }).ticks;
    const variants = [
      minutes.replaceAll(',', ';'),
      minutes.replaceAll(',', '\t'),
      minutes.replaceAll(',', '|'),
      minutes.replaceAll('\n', '\r\n'),
      `\ufeff${minutes}`,
      minutes.replace('time,o,h,l,c,v', '"Date","Open","High","Low","Close/Last","Volume"'),
      minutes.replace('time,o,h,l,c,v', '<TIMESTAMP>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>'),
      minutes.replace('time,', ','),
      minutes
        .replace('time,o,h,l,c,v\n', '')
        .replaceAll('-', '')
        .replaceAll('T', ' ')
        .replaceAll(':', '')
        .replaceAll(',', ';'),
      minutes.replace('time', 'Date,Time').replaceAll('T0', ',0'),
      minutes.replaceAll('2024-03-01T09:30:00', '1709285400').replaceAll('2024-03-01T09:31:00', '1709285460'),
      minutes.replace(/(\S+),(\d),(\d),(\d),(\d),(\d)/g, '"$1","$2","$3","$4","$5","$6"'),
      gzipSync(minutes),
    ];
    for (const variant of variants) {
      expect([`${variant}`, load({ files: [csv(variant)] }).ticks]).toEqual([`${variant}`, expected]);
    }
  });
  test('continue over several files, in any order, and may come newest first', () => {
    const lines = Array.from({ length: 6 }, (_, i) => `2024-03-01 09:3${i},1,2,1,${i === 0 ? 1 : 2},${i}`);
    const whole = load({ files: [bars(...lines)] }).ticks;
    expect(load({ files: [bars(...lines.slice(3)), bars(...lines.slice(0, 3))] }).ticks).toEqual(whole);
    expect(load({ files: [bars(...[...lines].reverse())] }).ticks).toEqual(whole);
  });
  test('take their columns from a mapping, by name or by number', () => {
    const odd = csv('when,a,b,c,d\n2024-03-01 09:30,1,4,0.5,2\n2024-03-01 09:31,1,4,0.5,2\n');
    const named = { time: 'When', open: 'a', high: 'b', low: 'c', close: 'd' };
    expect(load({ files: [odd], columns: named }).ticks[0]).toMatchObject({
      open: 1,
      high: 4,
      low: 0.5,
      close: 2,
    });
    const bare = csv('1,4,0.5,2,2024-03-01 09:30\n1,4,0.5,2,2024-03-01 09:31\n');
    const numbered = { time: '5', open: '1', high: '2', low: '3', close: '4' };
    expect(load({ files: [bare], columns: numbered }).ticks[0]).toMatchObject({
      open: 1,
      high: 4,
      low: 0.5,
      close: 2,
    });
  });
});

describe('bars longer than a day', () => {
  test('are refused, since no session could hold them', () => {
    const weeks = Array.from(
      { length: 8 },
      (_, i) => `${new Date(Date.UTC(2024, 0, 5 + 7 * i)).toISOString().slice(0, 10)},1,1,1,1,1`,
    );
    expect(() => load({ files: [bars(...weeks)] })).toThrow('holds bars 7 days apart');
  });
});

describe('a bad line', () => {
  test('is one from before the clock begins', () => {
    const { ticks, rejected } = load({
      files: [bars('1969-12-31,1,1,1,1,1', '1970-01-02,1,1,1,1,1', '1970-01-05,1,1,1,1,1')],
    });
    expect(rejected).toEqual([
      { line: 2, reason: '"1969-12-31" is before 1970-01-02, where the clock begins' },
    ]);
    expect(ticks).toHaveLength(4);
  });

  test('keeps its number in a file of several megabytes', () => {
    const lines = Array.from(
      { length: 70_000 },
      (_, i) => `${1_709_285_400 + 60 * i},100.25,100.5,100,100.25,${i}`,
    );
    lines[65_000] = 'nonsense';
    const { ticks, rejected } = load({ files: [bars(...lines)] });
    expect(rejected).toEqual([{ line: 65_002, reason: '"nonsense" is no time' }]);
    expect(ticks).toHaveLength(69_999);
    expect(ticks.at(-1)!.volume).toBe(69_999);
  });
  test('dated far ahead does not cost the lines after it', () => {
    const file = bars(
      '2024-07-01,1,1,1,1,1',
      '2042-07-02,1,1,1,1,1',
      '2024-07-03,1,1,1,1,1',
      '2024-07-05,1,1,1,1,1',
    );
    const { rejected, ticks } = load({ files: [file] });
    expect(rejected.map(({ line }) => line)).toEqual([3]);
    expect(ticks).toHaveLength(6);
  });
  test('differing in its last digits only is no bad line', () => {
    const { ticks, rejected } = load({ files: [bars('2024-07-01,10,12,9,12.000001,1')] });
    expect(rejected).toEqual([]);
    expect(ticks[1].high).toBe(12.000001);
  });
  test('never hides a good one: whatever is mixed in, every other line is kept in order', () => {
    const junk = fc.constantFrom(
      'nonsense',
      '2024-07-01 09:30,x,1,1,1,1',
      ',,,,,',
      '2024-07-01 09:30,1,0,1,1,1',
      '2024-07-01,"',
    );
    fc.assert(
      fc.property(fc.array(fc.option(junk, { nil: null }), { minLength: 2, maxLength: 30 }), (slots) => {
        const lines = slots.map((slot, i) => slot ?? `2024-07-01 10:${`${i}`.padStart(2, '0')},1,1,1,1,${i}`);
        const good = slots.flatMap((slot, i) => (slot === null ? [i] : []));
        fc.pre(good.length > 0);
        const { ticks, rejected } = load({ files: [bars(...lines)], resolutionS: 60 });
        expect(ticks.map((tick) => tick.volume)).toEqual(good);
        expect(rejected).toHaveLength(slots.length - good.length);
      }),
      { numRuns: 25 },
    );
  });
  test('out of order is the one that the next line contradicts', () => {
    const days = (...dates: string[]) => bars(...dates.map((date) => `2024-07-${date},1,1,1,1,1`));
    const wrong = (...dates: string[]) => load({ files: [days(...dates)] }).rejected.map(({ line }) => line);
    expect(wrong('01', '03', '02', '05')).toEqual([4]);
    expect(wrong('01', '30', '02', '03')).toEqual([3]);
    expect(wrong('30', '01', '02', '03')).toEqual([2]);
    expect(wrong('01', '02', '03', '02')).toEqual([5]);
    expect(wrong('02', '03', '01', '05')).toEqual([4]);
    expect(wrong('01', '02', '02', '03')).toEqual([4]);
  });
});
