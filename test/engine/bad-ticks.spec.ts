/** What a broken feed may send: it is recorded, refused by name, and changes no decision. */
import { describe, expect, test } from 'vitest';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { copyTick, Tick, TickKind } from '../../src/events/tick.ts';
import { datasetOf, type SymbolRecords } from '../../src/testing/dataset-of.ts';
import { countsOf, firstDifference, type RunOptions, runEngine } from './engine-run.ts';
import { intradayBars, quotesOf, tradingDays, wanderingDays } from './markets.ts';

const HOUR = 3_600_000_000;
const rejections = (decisions: readonly StoredEvent[]) =>
  decisions.filter(({ type }) => type === 'TickRejected');
const others = (decisions: readonly StoredEvent[]) => decisions.filter(({ type }) => type !== 'TickRejected');

/** Every tick of one kind that a session's log holds. */
function recorded(run: ReturnType<typeof runEngine>, kind: TickKind): Tick[] {
  const ticks: Tick[] = [];
  const cursor = run.sessions[0].log.cursor();
  for (let what = cursor.next(); what !== 0; what = cursor.next()) {
    if (what !== 1 || cursor.tick.kind !== kind) continue;
    const copy = new Tick();
    copyTick(cursor.tick, copy);
    ticks.push(copy);
  }
  return ticks;
}

/** Runs the market with and without the bad ticks and compares all but the rejections. */
function refused(good: SymbolRecords, bad: SymbolRecords, options: RunOptions) {
  const clean = runEngine([datasetOf({ AAA: good })], options);
  const dirty = runEngine([datasetOf({ AAA: bad })], options);
  expect(countsOf(clean.decisions).OrderIntended).toBeGreaterThan(20);
  expect(rejections(clean.decisions)).toEqual([]);
  expect(firstDifference(others(dirty.decisions), clean.decisions)).toBeNull();
  const facts = (run: typeof clean) =>
    run.events.filter(({ type }) => type === 'OrderFilled').map(({ json }) => json);
  expect(facts(dirty)).toEqual(facts(clean));
  return {
    dirty,
    reasons: rejections(dirty.decisions).map(({ payload }) => (payload as { reason: string }).reason),
  };
}

/** Puts one bad record after every n-th good one. */
function sprinkle<T>(
  good: readonly T[],
  n: number,
  bad: (record: T, index: number) => T,
): { all: T[]; bad: number } {
  const all: T[] = [];
  let count = 0;
  good.forEach((record, i) => {
    all.push(record);
    if (i % n === n - 1) {
      all.push(bad(record, i));
      count++;
    }
  });
  return { all, bad: count };
}

describe('bars', () => {
  const options: RunOptions = {
    profile: 'plain',
    strategy: 'sma-cross',
    params: { fast: 3, slow: 12 },
    sizing: { kind: 'fixed', quantity: 10 },
  };
  const bars = intradayBars(8, tradingDays('2018-12-31', 40));
  type Bar = (typeof bars)[number];
  const late = (bar: Bar, time: number): Bar => ({ ...bar, time, recordedAt: bar.time });
  const cases: Record<string, [reason: string, bad: (bar: Bar) => Bar]> = {
    NaN: ['notFinite', (bar) => ({ ...bar, time: bar.time + 1, close: Number.NaN })],
    'an infinity': ['notFinite', (bar) => ({ ...bar, time: bar.time + 1, high: Number.POSITIVE_INFINITY })],
    'a negative infinity': [
      'notFinite',
      (bar) => ({ ...bar, time: bar.time + 1, low: Number.NEGATIVE_INFINITY }),
    ],
    zero: ['notPositive', (bar) => ({ ...bar, time: bar.time + 1, low: 0 })],
    '-0': ['notPositive', (bar) => ({ ...bar, time: bar.time + 1, low: -0 })],
    'a negative price': ['notPositive', (bar) => ({ ...bar, time: bar.time + 1, low: -bar.low })],
    'an open outside its range': [
      'inconsistentBar',
      (bar) => ({ ...bar, time: bar.time + 1, open: bar.high * 1.01 }),
    ],
    'a price 10^9 times away': [
      'farFromLast',
      (bar) => ({
        time: bar.time + 1,
        open: 1e9 * bar.open,
        high: 1e9 * bar.high,
        low: 1e9 * bar.low,
        close: 1e9 * bar.close,
      }),
    ],
    'a bar twice': ['duplicate', (bar) => ({ ...bar })],
    'a bar out of order': ['late', (bar) => late(bar, bar.time - 1)],
    'a bar an hour late': ['late', (bar) => late(bar, bar.time - HOUR)],
    'a bar from the future': ['fromTheFuture', (bar) => late({ ...bar, close: bar.low }, bar.time + HOUR)],
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const [reason, bad] = cases[name];
    const { all, bad: count } = sprinkle(bars, 7, bad);
    const { reasons, dirty } = refused(
      { bars, resolutionS: 1_800 },
      { bars: all, resolutionS: 1_800 },
      options,
    );
    expect(reasons).toEqual(new Array(count).fill(reason));
    expect(recorded(dirty, TickKind.bar)).toHaveLength(all.length);
  });

  test('NaN and infinities can be read back as they came', () => {
    const { all } = sprinkle(bars.slice(0, 20), 5, (bar) => ({
      ...bar,
      close: Number.NaN,
      high: Number.NEGATIVE_INFINITY,
    }));
    const run = runEngine([datasetOf({ AAA: { bars: all, resolutionS: 1_800 } })], options);
    const odd = recorded(run, TickKind.bar).filter(({ close }) => Number.isNaN(close));
    expect(odd).toHaveLength(4);
    expect(odd[0].high).toBe(Number.NEGATIVE_INFINITY);
    expect(rejections(run.decisions)[0].payload).toMatchObject({
      values: { close: 'NaN', high: '-Infinity' },
    });
  });
});

describe('quotes', () => {
  const options: RunOptions = {
    profile: 'plain',
    strategy: 'sma-cross',
    params: { fast: 5, slow: 20 },
    sizing: { kind: 'fixed', quantity: 10 },
    execution: 'midpoint',
    config: { exchange: { submitLatencyUs: 30_000_000, reportLatencyUs: 5_000_000 } },
  };
  const quotes = quotesOf(9, tradingDays('2018-12-31', 3), 45);
  type Quote = (typeof quotes)[number];
  const cases: Record<string, [reason: string, bad: (quote: Quote) => Quote]> = {
    NaN: ['notFinite', (quote) => ({ ...quote, time: quote.time + 1, bidPx: Number.NaN })],
    'an infinity': [
      'notFinite',
      (quote) => ({ ...quote, time: quote.time + 1, askPx: Number.POSITIVE_INFINITY }),
    ],
    'both sides -0': ['notPositive', (quote) => ({ ...quote, time: quote.time + 1, bidPx: -0, askPx: -0 })],
    'a negative price': ['notPositive', (quote) => ({ ...quote, time: quote.time + 1, bidPx: -1 })],
    'a crossed market': ['crossed', (quote) => ({ ...quote, time: quote.time + 1, bidPx: quote.askPx + 1 })],
    'a price 10^9 times away': [
      'farFromLast',
      (quote) => ({ ...quote, time: quote.time + 1, bidPx: quote.bidPx * 1e9, askPx: quote.askPx * 1e9 }),
    ],
    'a price 10^9 times away below': [
      'farFromLast',
      (quote) => ({ ...quote, time: quote.time + 1, bidPx: quote.bidPx / 1e9, askPx: quote.askPx / 1e9 }),
    ],
    'an hour late': [
      'late',
      (quote) => ({
        ...quote,
        time: quote.time - HOUR,
        recordedAt: quote.time + 1,
        bidPx: 1.5 * quote.bidPx,
        askPx: 1.5 * quote.askPx,
      }),
    ],
    'from the future': [
      'fromTheFuture',
      (quote) => ({
        ...quote,
        time: quote.time + HOUR,
        recordedAt: quote.time + 1,
        bidPx: 1.5 * quote.bidPx,
        askPx: 1.5 * quote.askPx,
      }),
    ],
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const [reason, bad] = cases[name];
    const { all, bad: count } = sprinkle(quotes, 6, bad);
    const { reasons, dirty } = refused({ quotes }, { quotes: all }, options);
    expect(reasons).toEqual(new Array(count).fill(reason));
    expect(recorded(dirty, TickKind.quote)).toHaveLength(all.length);
  });

  test('a quote that others have overtaken is not the market of now', () => {
    const { all } = sprinkle(quotes, 6, (quote) => ({
      ...quote,
      time: quote.time - 1,
      recordedAt: quote.time + 1,
      bidPx: 1.01 * quote.bidPx,
      askPx: 1.01 * quote.askPx,
    }));
    refused({ quotes }, { quotes: all }, options);
  });

  test('a quote sent twice is no fault and no news', () => {
    const { all } = sprinkle(quotes, 6, (quote) => ({ ...quote, recordedAt: quote.time + 1 }));
    expect(refused({ quotes }, { quotes: all }, options).reasons).toEqual([]);
  });
});

test('daily prices of the whole pipeline stand bad bars on every day', () => {
  const bars = wanderingDays(4, tradingDays('2013-12-31', 500));
  const far = (px: number) => px * 1e9;
  const { all } = sprinkle(bars, 1, (bar, i) =>
    i % 3 === 0
      ? { ...bar, close: Number.NaN, open: Number.NaN }
      : i % 3 === 1
        ? { ...bar, low: -1, open: -1 }
        : { ...bar, open: far(bar.open), high: far(bar.high), low: far(bar.low), close: far(bar.close) },
  );
  const { reasons } = refused({ bars }, { bars: all }, {});
  expect(reasons.length).toBeGreaterThan(500);
});

test('a core holding is bought at the first good price', () => {
  const bars = wanderingDays(4, tradingDays('2013-12-31', 20));
  const options: RunOptions = { core: [{ symbol: 'AAA', fraction: 0.5 }] };
  const declared = (days: typeof bars) =>
    runEngine([datasetOf({ AAA: { bars: days } })], options)
      .events.filter(({ type }) => type === 'CoreDeclared')
      .map(({ json }) => json);
  const before = { ...bars[0], open: Number.NaN, close: -1, day: '2013-12-30' };
  expect(declared(bars)).toHaveLength(1);
  expect(declared([before, ...bars])).toEqual(declared(bars));
});
