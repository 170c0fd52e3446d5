import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDataset } from '../../replay/dataset.ts';
import { importFiles } from '../../src/engine/ingest.ts';
import type { ChainRecorded } from '../../src/events/option.events.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { csvOf, importChain, type QuoteLine } from './chains.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-chain-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const quote = (over: Partial<QuoteLine> = {}): QuoteLine => ({
  right: 'call',
  expiry: '2011-03-18',
  day: '2011-02-01',
  strike: 100,
  bid: 2,
  ask: 2.1,
  ...over,
});
const reasonsOf = (lines: readonly Partial<QuoteLine>[]) =>
  importChain(folder, csvOf([quote({ strike: 5 }), ...lines.map(quote)])).result.rejected.map(
    ({ line, reason }) => `${line} ${reason}`,
  );

function recordsOf(path: string) {
  const reader = openLogReader(path);
  const chains = [...reader.events({ type: 'ChainRecorded' })].map((event) => ({
    at: new Date(event.recordedAt / 1_000).toISOString(),
    ...(event.payload as ChainRecorded),
  }));
  const cursor = reader.cursor();
  const quotes: [number, number, number][] = [];
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind === 1 && cursor.tick.kind === 1)
      quotes.push([cursor.tick.symbolId, cursor.tick.bidPx, cursor.tick.askPx]);
  }
  cursor.close();
  reader.close();
  return { chains, quotes };
}

describe('a chain import', () => {
  test('defines the underlying and every contract, then writes each snapshot whole and marks its end', () => {
    const text = csvOf([
      quote({ day: '2011-02-02', px: 101, bid: 3, ask: 3.2, openInterest: 7 }),
      quote({ right: 'put', bid: 1, ask: 1.05 }),
      quote(),
    ]);
    const { out, result } = importChain(folder, text);
    expect(result.symbols).toEqual(['A']);
    expect(result.rejected).toEqual([]);
    expect(result.notes[0]).toBe('2 contracts in 2 chain snapshots');
    const dataset = openDataset(out);
    expect(
      dataset.symbols.map(({ symbol, assetClass, multiplier, priceSource }) => [
        symbol,
        assetClass,
        multiplier,
        priceSource,
      ]),
    ).toEqual([
      ['A', 'equity', 1, 'bars'],
      ['A     110318C00100000', 'option', 100, 'quotes'],
      ['A     110318P00100000', 'option', 100, 'quotes'],
    ]);
    expect(dataset.contracts?.[0]).toEqual({
      symbol: 'A     110318C00100000',
      underlying: 'A',
      style: 'american',
      settlement: 'physical',
    });
    dataset.close();
    const { chains, quotes } = recordsOf(out);
    expect(chains).toEqual([
      {
        at: '2011-02-01T21:00:00.000Z',
        underlying: 'A',
        underlyingPx: 100,
        openInterest: [
          ['A     110318C00100000', 500],
          ['A     110318P00100000', 500],
        ],
      },
      {
        at: '2011-02-02T21:00:00.000Z',
        underlying: 'A',
        underlyingPx: 101,
        openInterest: [['A     110318C00100000', 7]],
      },
    ]);
    expect(quotes).toEqual([
      [1, 2, 2.1],
      [2, 1, 1.05],
      [1, 3, 3.2],
    ]);
  });

  test('takes a half-day close for quotes dated by the day alone', () => {
    const { out } = importChain(folder, csvOf([quote({ day: '2011-11-25', expiry: '2011-12-16' })]));
    expect(recordsOf(out).chains[0].at).toBe('2011-11-25T18:00:00.000Z');
  });

  test('keeps what a market can show: no bid, stubs, no quote at all, no open interest, absurd volatilities', () => {
    const lines = [
      quote({ strike: 101, bid: 0, ask: 0.05 }),
      quote({ strike: 102, bid: 0, ask: 99_999 }),
      quote({ strike: 103, bid: 0, ask: 0 }),
      quote({ strike: 104, bid: '', ask: '' }),
      quote({ strike: 105, openInterest: '' }),
      quote({ strike: 106, impliedVol: 9 }),
      quote({ strike: 107, bid: 1.2, ask: 0 }),
    ];
    const { out, result } = importChain(folder, csvOf(lines));
    expect(result.rejected).toEqual([]);
    const { chains, quotes } = recordsOf(out);
    expect(quotes.map(([, bid, ask]) => [bid, ask])).toEqual([
      [0, 0.05],
      [0, 99_999],
      [0, 0],
      [0, 0],
      [2, 2.1],
      [2, 2.1],
      [1.2, 0],
    ]);
    expect(chains[0].openInterest[4]).toEqual(['A     110318C00105000', null]);
    expect(result.notes).toContain('quotes without a bid or an ask, kept as they are: 5');
    expect(result.notes).toContain('quotes without an open interest, which no liquidity filter passes: 1');
  });

  test('lists what cannot be, each line with its reason, and keeps the rest', () => {
    expect(
      reasonsOf([
        { strike: 101, bid: 3, ask: 2 },
        { strike: 102, bid: -1 },
        { strike: 103, day: '2011-03-21' },
        { strike: 104, right: 'straddle' },
        { strike: 105, alias: 'A110318C001' },
        { strike: 106, alias: 'A110318P00106000' },
        { strike: 107, expiry: 'soon' },
        { strike: 'high' },
        { strike: 108, day: '2011-02-30' },
        { strike: 109, openInterest: 1.5 },
        { strike: 110, openInterest: -5 },
        { strike: 111, px: -3 },
        { strike: 112.0005 },
        { strike: 5 },
      ]),
    ).toEqual([
      '3 bidPx 3 is above askPx 2',
      '4 bidPx is -1; it cannot be negative',
      '5 A     110318C00103000 settled at 2011-03-18T20:00:00.000Z, before it is quoted at 2011-03-21',
      '6 right "straddle" is neither call nor put',
      expect.stringContaining('7 option symbol "A110318C001"'),
      '8 A110318P00106000 says right put, but the line says call',
      '9 expiry "soon" is no day',
      '10 strike "high" is not a number',
      '11 "2011-02-30" is no time',
      '12 openInterest 1.5 is no whole number of contracts',
      '13 openInterest is -5; it cannot be negative',
      '14 underlyingPx is -3; it cannot be negative',
      expect.stringContaining('15 strike 112.0005'),
      '16 A     110318C00005000 was already quoted at its time by line 2',
    ]);
  });

  test('reads contracts by their own symbols alone, in either spelling, and their standard terms', () => {
    const text = ['symbol,datetime,bid,ask', 'SPXW110318C01300000,2011-02-01T15:00:00Z,10,11'].join('\n');
    const padded = text.replace('SPXW110318C', 'SPXW  110318C');
    for (const [i, each] of [text, padded].entries()) {
      const { out, result } = importChain(folder, each, { name: `chain${i}` });
      expect(result.symbols).toEqual(['SPX']);
      expect(result.notes).toContain(
        'there are no prices of SPX in it: backtest it together with a dataset that has them',
      );
      const dataset = openDataset(out);
      expect(dataset.contracts).toEqual([
        { symbol: 'SPXW  110318C01300000', underlying: 'SPX', style: 'european', settlement: 'cash' },
      ]);
      dataset.close();
    }
  });

  test('gives timed prices of the underlying as trades', () => {
    const text = [
      'underlying,underlying_price,quote_datetime,expiration,strike,cp,bid,ask,open_interest',
      'A,100.5,2011-02-01 10:00:00,2011-03-18,100,C,2,2.1,10',
    ].join('\n');
    const dataset = openDataset(importChain(folder, text).out);
    expect(dataset.symbols[0]).toMatchObject({ symbol: 'A', priceSource: 'trades', resolutionS: null });
    dataset.close();
  });

  test('calls the underlying by the name the user gives, if the file holds only one', () => {
    const { result } = importChain(folder, csvOf([quote()]), { symbols: ['SP500'] });
    expect(result.symbols).toEqual(['SP500']);
    const mixed = importChain(folder, csvOf([quote(), quote({ underlying: 'B' })]), {
      symbols: ['SP500'],
      name: 'mixed',
    });
    expect(mixed.result.rejected[0].reason).toContain('its underlying is "B", but the file began with "A"');
  });

  test('says in one sentence what it cannot use at all, and leaves nothing behind', () => {
    const file = join(folder, 'a.csv');
    const out = join(folder, 'a.db');
    const refusal = (text: string, over = {}) => {
      writeFileSync(file, text);
      return () => importFiles({ files: [file], symbols: [], kind: 'options', out, ...over });
    };
    expect(refusal('date,bid,ask\n2011-02-01,1,2')).toThrow(
      'options need time, bidPx, askPx, and contract, or expiry, right and strike',
    );
    expect(refusal(csvOf([quote({ bid: 5 })]))).toThrow(
      /no line could be used; the first, .* line 2: bidPx 5/,
    );
    expect(refusal(csvOf([quote()]), { scale: 0.1 })).toThrow('--scale does not go with options');
    expect(refusal(csvOf([quote()]), { symbols: ['A', 'B'], files: [file, file] })).toThrow(
      'chains take one underlying, or none',
    );
    expect(existsSync(out)).toBe(false);
  });

  test('is told from a file of quotes by its columns', () => {
    const file = join(folder, 'a.csv');
    writeFileSync(file, csvOf([quote()]));
    const out = join(folder, 'a.db');
    expect(importFiles({ files: [file], symbols: ['A'], out }).notes[0]).toBe(
      '1 contracts in 1 chain snapshots',
    );
  });
});

const spx = (name: string) =>
  fileURLToPath(new URL(`../../../shared/data/spx-options/${name}`, import.meta.url));

describe('the SPX files of the shared data', () => {
  const test2017 = spx('test_data_options.csv');
  test.skipIf(!existsSync(test2017))(
    'test_data_options.csv gives every line but those quoted after their morning settlement',
    () => {
      const out = join(folder, 'spx.db');
      const { rejected, notes } = importFiles({ files: [test2017], symbols: [], kind: 'options', out });
      const lines = readFileSync(test2017, 'utf8').trim().split('\n').length - 1;
      expect(rejected).toHaveLength(6);
      for (const { reason } of rejected) expect(reason).toMatch(/settled at .*, before it is quoted/);
      const { quotes, chains } = recordsOf(out);
      expect(quotes).toHaveLength(lines - rejected.length);
      expect(chains).toHaveLength(95);
      expect(notes[0]).toBe('6 contracts in 95 chain snapshots');
      expect(chains[0]).toMatchObject({
        at: '2017-01-03T21:00:00.000Z',
        underlying: 'SPX',
        underlyingPx: 2257.83,
      });
    },
  );

  const gz2014 = spx('options_data.csv.gz');
  test.skipIf(!existsSync(gz2014))(
    'options_data.csv.gz is read as it is, with its nameless first column',
    () => {
      const out = join(folder, 'spx.db');
      const { rejected, symbols } = importFiles({ files: [gz2014], symbols: [], out, kind: 'options' });
      expect([rejected, symbols]).toEqual([[], ['SPX']]);
      expect(recordsOf(out).quotes).toHaveLength(244);
    },
  );
});
