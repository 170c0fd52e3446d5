import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../src/domain/input-error.ts';
import { demoDatasetSource } from '../../src/engine/demo-dataset.ts';
import { type ImportRequest, importFiles } from '../../src/engine/ingest.ts';
import { copyTick, Tick, TickKind } from '../../src/events/tick.ts';
import { openLogReader } from '../../src/log/log-reader.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-ingest-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const csv = (content: string | Buffer, name = `${files++}.csv`): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

interface Imported {
  result: ReturnType<typeof importFiles>;
  ticks: Tick[];
  events: { type: string; payload: Record<string, never>; recordedAt: number; seq: number }[];
}

function load(request: Partial<ImportRequest> & { files: readonly string[] }): Imported {
  const out = join(folder, `${files++}.db`);
  const result = importFiles({ symbols: ['X'], out, ...request });
  const reader = openLogReader(request.out ?? out);
  const cursor = reader.cursor();
  const ticks: Tick[] = [];
  const events: Imported['events'] = [];
  let clock = Number.NEGATIVE_INFINITY;
  for (let what = cursor.next(); what !== 0; what = cursor.next()) {
    const at = what === 1 ? cursor.tick.recordedAt : cursor.event.recordedAt;
    expect(at).toBeGreaterThanOrEqual(clock);
    clock = at;
    if (what === 1) {
      const copy = new Tick();
      copyTick(cursor.tick, copy);
      ticks.push(copy);
    } else events.push({ ...(cursor.event as Imported['events'][number]) });
  }
  cursor.close();
  reader.close();
  expect(ticks.length + events.length).toBe(result.events);
  return { result, ticks, events };
}

const bars = (...lines: string[]) => csv(`date,open,high,low,close,volume\n${lines.join('\n')}\n`);
const iso = (time: number) => new Date(time / 1000).toISOString();
const refusal = (request: Partial<ImportRequest> & { files: readonly string[] }): string => {
  const before = readdirSync(folder);
  try {
    load(request);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect(readdirSync(folder)).toEqual(before);
    return (error as Error).message.replaceAll(`${folder}/`, '');
  }
  throw new Error('nothing was refused');
};

describe('daily bars', () => {
  test("become an open print at the session's open and a bar at its close, earlier on half-days", () => {
    const { ticks } = load({ files: [bars('2024-07-02,10,12,9,11,1000', '2024-07-03,11,13,10,12,500')] });
    expect(
      ticks.map((tick) => [
        tick.kind,
        iso(tick.time),
        tick.kind === TickKind.openPrint ? tick.px : tick.close,
      ]),
    ).toEqual([
      [TickKind.openPrint, '2024-07-02T13:30:00.000Z', 10],
      [TickKind.bar, '2024-07-02T20:00:00.000Z', 11],
      [TickKind.openPrint, '2024-07-03T13:30:00.000Z', 11],
      [TickKind.bar, '2024-07-03T17:00:00.000Z', 12],
    ]);
    expect(ticks[1]).toMatchObject({ open: 10, high: 12, low: 9, volume: 1000, resolutionS: 86_400 });
  });
  test('of a day the calendar calls closed keep the usual hours, and the summary says so', () => {
    const { ticks, result } = load({ files: [bars('2006-01-02,10,12,9,11,0', '2006-01-03,11,13,10,12,0')] });
    expect(ticks.map((tick) => iso(tick.time)).slice(0, 2)).toEqual([
      '2006-01-02T14:30:00.000Z',
      '2006-01-02T21:00:00.000Z',
    ]);
    expect(result.notes).toEqual([
      'days the calendar calls closed keep the hours 09:30 to 16:00: 1, the first 2006-01-02',
    ]);
  });
  test('of a market that never closes span the UTC day', () => {
    const { ticks } = load({
      assetClass: 'crypto',
      files: [bars('2024-07-06,10,12,9,11,1', '2024-07-07,10,12,9,11,1')],
    });
    expect(ticks.map((tick) => iso(tick.time).slice(5, 16))).toEqual([
      '07-06T00:00',
      '07-07T00:00',
      '07-07T00:00',
      '07-08T00:00',
    ]);
  });
  test('keep the date as it is written, whatever zone stands beside it', () => {
    const { ticks } = load({
      files: [bars('2024-03-08 00:00:00-05:00,10,12,9,11,1', '2024-03-11 00:00:00-04:00,10,12,9,11,1')],
    });
    expect(ticks.map((tick) => iso(tick.time).slice(5, 16))).toEqual([
      '03-08T14:30',
      '03-08T21:00',
      '03-11T13:30',
      '03-11T20:00',
    ]);
  });
  test('of two symbols are merged by time, each naming its symbol before the first tick', () => {
    const a = bars('2024-07-01,1,1,1,1,1', '2024-07-02,2,2,2,2,1');
    const b = bars('2024-07-02,3,3,3,3,1', '2024-07-05,4,4,4,4,1');
    const { ticks, events, result } = load({ files: [a, b], symbols: ['A', 'B'] });
    expect(
      ticks.map((tick) => `${'AB'[tick.symbolId]}${tick.kind === TickKind.bar ? tick.close : 'o'}`).join(' '),
    ).toBe('Ao A1 Ao Bo A2 B3 Bo B4');
    expect(events.map(({ type }) => type)).toEqual(['SymbolDefined', 'SymbolDefined', 'DatasetSummarized']);
    expect(events.slice(0, 2).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(result.symbols).toEqual(['A', 'B']);
  });
  test('are multiplied by the scale, to a micro-dollar', () => {
    const { ticks, events } = load({
      scale: 0.1,
      files: [bars('2024-07-01,1469.25,1478,1438.359985,1455.219971,1')],
    });
    expect(ticks[1]).toMatchObject({ open: 146.925, high: 147.8, low: 143.835999, close: 145.521997 });
    expect(events.at(-1)!.payload).toMatchObject({ scale: 0.1, symbols: [{ symbol: 'X', records: 1 }] });
  });
});

describe('intraday bars', () => {
  const minutes = 'time,o,h,l,c,v\n2024-03-01T09:30:00,1,2,1,2,5\n2024-03-01T09:31:00,1,2,1,2,5\n';
  test('are known at their end: a start stamp moves by their length, an end stamp stays', () => {
    const zone = { tz: 'America/New_York' };
    expect(iso(load({ files: [csv(minutes)], ...zone }).ticks[0].time)).toBe('2024-03-01T14:31:00.000Z');
    expect(iso(load({ files: [csv(minutes)], ...zone, stamps: 'end' }).ticks[0].time)).toBe(
      '2024-03-01T14:30:00.000Z',
    );
    expect(load({ files: [csv(minutes)], resolution: '1h' }).ticks[0].resolutionS).toBe(3_600);
  });
});

describe('a bad line', () => {
  test('is refused with its number and reason, recorded in the dataset, and the good ones stay', () => {
    const file = bars(
      '2024-07-01,10,12,9,11,1',
      '2024-07-02,NaN,12,9,11,1',
      '2024-07-02,-10,12,9,11,1',
      '2024-07-02,10,12,0,11,1',
      '2024-07-02,10,8,9,8.5,1',
      '2024-07-02,13,12,9,11,1',
      '2024-07-02,10,12,9,11,-1',
      '2024-07-02,10,12',
      'yesterday,10,12,9,11,1',
      '2024-07-01,10,12,9,11,2',
      '2024-06-28,10,12,9,11,1',
      '"2024-07-02,10,12,9,11,1',
      '2024-07-03,10,12,9,11,1',
    );
    const { result, ticks, events } = load({ files: [file] });
    expect(result.rejected.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
      '3: open "NaN" is not a number',
      '4: open is -10; prices are above zero',
      '5: low is 0; prices are above zero',
      '6: high 8 is below low 9',
      '7: open 13 lies outside low 9 and high 12',
      '8: volume is -1; it cannot be negative',
      '9: low is missing',
      '10: "yesterday" is no time',
      '11: the time 2024-07-01T00:00:00.000Z was already given by line 2',
      "12: the time 2024-06-28T00:00:00.000Z is out of order beside line 2's 2024-07-01T00:00:00.000Z",
      expect.stringMatching(/^13: its quotes do not close/),
    ]);
    expect(ticks).toHaveLength(4);
    expect(events.filter(({ type }) => type === 'LineRejected')).toHaveLength(11);
    expect(events.at(-1)!.payload).toMatchObject({ rejected: 11 });
  });
  test('of an index, with its open outside the range, widens the range instead', () => {
    const { ticks, result } = load({ assetClass: 'index', files: [bars('2024-07-01,13,12,9,11,1')] });
    expect(ticks[1]).toMatchObject({ open: 13, high: 13, low: 9, close: 11 });
    expect(result.notes).toEqual(['bars whose open or close lay outside low and high were widened: 1']);
  });
});

describe('quotes and trades', () => {
  const quotes =
    'DT,EX,BID,BIDSIZ,OFR,OFRSIZ,SYMBOL\n2018-01-02T09:30:00.5,P,10,1,11,2,XXX\n2018-01-02T09:30:00.5,Q,0,0,11,2,XXX\n2018-01-02T09:31:00,Z,0,0,0,0,XXX\n';
  const trades = 'DT,EX,SYMBOL,COND,SIZE,PRICE,CORR\n2018-01-02T09:30:00.4,Q,XXX,FTI,2,10.5,0\n';
  test('share a dataset, name exchanges and conditions before use, and keep one-sided quotes', () => {
    const { ticks, events, result } = load({ files: [csv(quotes), csv(trades)] });
    expect(ticks.map((tick) => [tick.kind, tick.exchangeId, tick.conditionsId])).toEqual([
      [TickKind.trade, 2, 1],
      [TickKind.quote, 1, 0],
      [TickKind.quote, 2, 0],
    ]);
    expect(ticks[2]).toMatchObject({ bidPx: 0, askPx: 11, askSize: 2 });
    const codes = events.filter(({ type }) => type === 'CodeDefined').map(({ payload }) => payload);
    expect(codes).toEqual([
      { dictionary: 'exchange', id: 1, code: 'P' },
      { dictionary: 'exchange', id: 2, code: 'Q' },
      { dictionary: 'conditions', id: 1, code: 'FTI' },
    ]);
    expect(events[0].payload).toMatchObject({ priceSource: 'trades', resolutionS: null });
    expect(result.rejected).toEqual([
      { file: expect.any(String), line: 4, reason: 'neither bidPx nor askPx is above zero' },
    ]);
  });
});

describe('input that cannot be imported', () => {
  test('is refused in one sentence, and nothing is left behind', () => {
    expect(refusal({ files: [join(folder, 'none.csv')] })).toBe('none.csv does not exist: check the path');
    expect(refusal({ files: [csv('', 'empty.csv')] })).toContain('empty.csv is empty');
    expect(refusal({ files: [csv('date,open,high,low,close\n', 'head.csv')] })).toContain(
      'a header and nothing else',
    );
    expect(refusal({ files: [csv(Buffer.from([1, 0, 2, 0]), 'b.csv')] })).toContain('b.csv is no text file');
    expect(refusal({ files: [csv(Buffer.concat([gzipSync('a').subarray(0, 12)]), 'c.gz')] })).toContain(
      'damaged gzip',
    );
    expect(refusal({ files: [csv('once upon a time', 'd.csv')] })).toContain('has no columns separated by');
    expect(refusal({ files: [csv('date,price,x\n2024-01-01,1,1\n', 'w.csv')], kind: 'bars' })).toBe(
      'w.csv, line 1: found the columns date, price, x, but bars need time, open, high, low, close: map them with --columns field=COLUMN,...',
    );
    expect(refusal({ files: [csv('a,b\n1,2\n', 'w2.csv')] })).toContain('quotes need time, bidPx, askPx');
    expect(refusal({ files: [bars('x,1,1,1,1,1')] })).toContain('"x" is no time; write 2024-03-01');
    expect(refusal({ files: [bars('2024-07-01,x,1,1,1,1')] })).toMatch(
      /no line for X could be used; the first, .* line 2: open "x" is not a number/,
    );
    expect(refusal({ files: [bars('2024-07-01 09:30,1,1,1,1,1')] })).toContain('give --resolution');
    expect(refusal({ files: [csv('date,price\n2024-01-01,1\n')] })).toContain('trades need a time of day');
    expect(
      refusal({ files: [csv('symbol,date,price\nA,2024-01-01 10:00,1\nX,2024-01-01 10:00,1\n')] }),
    ).toContain('split it by symbol');
  });
  test('includes options that make no sense', () => {
    const file = bars('2024-07-01,1,1,1,1,1');
    expect(refusal({ files: [file], resolution: '2w' })).toContain('--resolution is "2w"; write');
    expect(refusal({ files: [file], resolution: '1m' })).toContain('can only be 1d');
    expect(refusal({ files: [file], tz: 'Nowhere' })).toContain('"Nowhere" is no time zone');
    expect(refusal({ files: [file], columns: { opne: 'open' } })).toContain(
      'the fields are time, clock, open',
    );
    expect(refusal({ files: [file], columns: { open: 'Opening' } })).toContain(
      'no column "Opening" for open; it has date, open',
    );
    expect(refusal({ files: [file], kind: 'options' })).toContain(
      'but options need time, bidPx, askPx, and contract',
    );
    expect(refusal({ files: [file], symbols: ['A', 'B'] })).toContain('2 symbols for 1 files');
    expect(refusal({ files: [file], symbols: [''] })).toContain('1 to 64 characters');
    expect(refusal({ files: [file], scale: 0 })).toContain('--scale is 0');
    expect(refusal({ files: [] })).toContain('no file to import');
    expect(refusal({ files: [file], out: join(folder, 'nowhere', 'x.db') })).toContain(
      'the folder of nowhere/x.db does not exist',
    );
  });
  test('never touches a dataset that exists, unless told to', () => {
    const out = join(folder, 'kept.db');
    const one = bars('2024-07-01,1,1,1,1,1');
    load({ files: [one], out });
    expect(refusal({ files: [one], out })).toContain('kept.db exists already');
    expect(() => load({ files: [join(folder, 'none.csv')], out, overwrite: true })).toThrow(InputError);
    expect(existsSync(out)).toBe(true);
    expect(load({ files: [bars('2024-07-02,1,1,1,1,1')], out, overwrite: true }).ticks).toHaveLength(2);
  });
});

const shared = new URL('../../../shared/data/', import.meta.url);
const real = (name: string) => fileURLToPath(new URL(name, shared));
const here = test.skipIf(!existsSync(shared));

describe('real data', () => {
  test('the S&P 500 of the demo: 5,105 days, every one a session', () => {
    const { result, ticks } = load({ files: [demoDatasetSource()] });
    expect(result).toMatchObject({ events: 2 * 5105 + 2, rejected: [], notes: [] });
    expect([iso(result.from), iso(result.to)]).toEqual([
      '2000-01-03T14:30:00.000Z',
      '2020-04-17T20:00:00.000Z',
    ]);
    expect(ticks.at(-1)!.volume).toBe(5_792_140_000);
  });
  here('../shared spy-minute: headerless minutes whose regular close moves with daylight saving', () => {
    const { result, ticks } = load({ files: [real('spy-minute/nt-spy-minute-2011-03.csv')] });
    expect(ticks).toHaveLength(17_577);
    expect(result.rejected).toEqual([]);
    expect(ticks[0]).toMatchObject({ resolutionS: 60, open: 133.9, close: 133.98, volume: 3778 });
    expect(iso(ticks[0].time)).toBe('2011-03-01T09:02:00.000Z');
  });
  here('../shared btc-minute: gzip, 45,031 minutes', () => {
    const { result, ticks } = load({
      files: [real('btc-minute/btc-perp-2022-01.csv.gz')],
      assetClass: 'crypto',
    });
    expect(ticks).toHaveLength(45_031);
    expect(result.rejected).toEqual([]);
  });
  here('../shared taq: 66,695 quotes and 39,470 trades of one day in Eastern time', () => {
    const taq = [real('taq/quotes-2018-01-02.csv.gz'), real('taq/trades-2018-01-02.csv.gz')];
    const { result, ticks, events } = load({ files: taq, tz: 'America/New_York' });
    expect(ticks.filter(({ kind }) => kind === TickKind.trade)).toHaveLength(39_470);
    expect(ticks.filter(({ kind }) => kind === TickKind.quote).length + result.rejected.length).toBe(66_695);
    expect(new Set(result.rejected.map(({ reason }) => reason))).toEqual(
      new Set(['neither bidPx nor askPx is above zero']),
    );
    expect(iso(result.from)).toBe('2018-01-02T09:04:13.125Z');
    expect(events.filter(({ type }) => type === 'CodeDefined').length).toBeGreaterThan(30);
  });
  here('../shared parity: GOOG and the index of 2006, whose European holidays differ', () => {
    expect(load({ files: [real('parity/goog-daily.csv')] }).ticks).toHaveLength(2 * 2148);
    const { result, ticks } = load({ files: [real('parity/index-2006-daily.csv')], assetClass: 'index' });
    expect(ticks).toHaveLength(2 * 255);
    expect(result.notes[0]).toContain('the first 2006-01-02');
  });
  here(
    '../shared vix-daily: 47 rows have an open outside their range; an index keeps them, a share does not',
    () => {
      const file = real('vix-daily/vix-daily.csv');
      expect(load({ files: [file] }).result.rejected).toHaveLength(47);
      const { result, ticks } = load({ files: [file], assetClass: 'index' });
      expect(result.rejected).toEqual([]);
      expect(ticks).toHaveLength(2 * 7556);
    },
  );
});
