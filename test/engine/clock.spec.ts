/** Whose clock says what: the host's may jump, New York's changes twice a year, and the calendar has short days. */
import { describe, expect, test } from 'vitest';
import { createCore } from '../../src/engine/core.ts';
import { feed, RecordedDecisions } from '../../src/engine/recompute.ts';
import { SessionStarted } from '../../src/events/engine.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { SymbolDefined } from '../../src/events/market.events.ts';
import { Tick, TickKind } from '../../src/events/tick.ts';
import { memoryLog } from '../../src/log/memory-log.ts';
import { datasetOf, type SymbolRecords } from '../../src/testing/dataset-of.ts';
import { type RunOptions, runEngine, runSpec, strategyOf } from './engine-run.ts';
import { newYork, quotesOf, tradingDays } from './markets.ts';

const HOUR = 3_600_000_000;
const MINUTE = 60_000_000;
const prices = { open: 100, high: 101, low: 99, close: 100 };

/** MarketOpened and MarketClosed of a run over these records: type, day and the microsecond they stand at. */
const momentsOf = (records: SymbolRecords, options: RunOptions = {}) =>
  runEngine([datasetOf({ AAA: records })], options)
    .events.filter(({ type }) => type === 'MarketOpened' || type === 'MarketClosed')
    .map(({ type, recordedAt, time, payload }) => {
      expect(time).toBe(recordedAt);
      return [type, (payload as { day: string }).day, recordedAt];
    });

/** Minute bars of a day, from its bell to its close. */
const minutes = (from: number, to: number) =>
  Array.from({ length: Math.round((to - from) / MINUTE) }, (_, i) => ({
    ...prices,
    time: from + (i + 1) * MINUTE,
  }));

const days = [
  { what: 'the Friday before summer time', day: '2019-03-08', open: [9, 30], close: [16, 0], offset: -5 },
  { what: 'the Monday after it began', day: '2019-03-11', open: [9, 30], close: [16, 0], offset: -4 },
  { what: 'the Friday before winter time', day: '2019-11-01', open: [9, 30], close: [16, 0], offset: -4 },
  { what: 'the Monday after it began again', day: '2019-11-04', open: [9, 30], close: [16, 0], offset: -5 },
  { what: 'the half-day after Thanksgiving', day: '2019-11-29', open: [9, 30], close: [13, 0], offset: -5 },
  { what: 'the half-day of Christmas Eve', day: '2019-12-24', open: [9, 30], close: [13, 0], offset: -5 },
  {
    what: 'the half-day before Independence Day',
    day: '2019-07-03',
    open: [9, 30],
    close: [13, 0],
    offset: -4,
  },
  { what: 'a leap day', day: '2024-02-29', open: [9, 30], close: [16, 0], offset: -5 },
  {
    what: 'the first day of March of a leap year',
    day: '2024-03-01',
    open: [9, 30],
    close: [16, 0],
    offset: -5,
  },
  { what: 'spring by the rules before 2007', day: '2006-03-13', open: [9, 30], close: [16, 0], offset: -5 },
  {
    what: 'a Saturday that has data all the same',
    day: '2019-06-15',
    open: [9, 30],
    close: [16, 0],
    offset: -4,
  },
] as const;

describe.each(days)('$what ($day)', ({ day, open, close, offset }) => {
  const bell = newYork(day, open[0], open[1], offset);
  const end = newYork(day, close[0], close[1], offset);

  test('a daily bar opens at the bell and closes at the calendar’s close', () => {
    expect(momentsOf({ bars: [{ day, ...prices }] })).toEqual([
      ['MarketOpened', day, bell],
      ['MarketClosed', day, end],
    ]);
  });

  const hasMinutes = day !== '2019-06-15' ? test : () => {};
  hasMinutes('minutes open five minutes after the bell and close at the close', () => {
    const options: RunOptions = { profile: 'plain', strategy: 'buy-and-hold' };
    expect(momentsOf({ bars: minutes(bell, end), resolutionS: 60 }, options)).toEqual([
      ['MarketOpened', day, bell + 5 * MINUTE],
      ['MarketClosed', day, end],
    ]);
  });
});

test('a year of days has as many openings as closes, none twice, in order', () => {
  const year = tradingDays('2019-12-31', 253);
  const moments = momentsOf({ bars: year.map((day) => ({ day, ...prices })) });
  expect(moments.map(([type, day]) => `${type} ${day}`)).toEqual(
    year.flatMap((day) => [`MarketOpened ${day}`, `MarketClosed ${day}`]),
  );
  const times = moments.map(([, , at]) => at as number);
  expect([...times].sort((a, b) => a - b)).toEqual(times);
});

test('a market that never closes ends its day at midnight UTC, on the leap day too', () => {
  const from = Date.UTC(2024, 1, 28) * 1_000;
  const bars = Array.from({ length: 72 }, (_, i) => ({ ...prices, time: from + (i + 1) * HOUR }));
  const moments = momentsOf({ bars, resolutionS: 3_600, assetClass: 'crypto' });
  const closes = moments.filter(([type]) => type === 'MarketClosed');
  expect(closes).toEqual([
    ['MarketClosed', '2024-02-28', from + 24 * HOUR],
    ['MarketClosed', '2024-02-29', from + 48 * HOUR],
    ['MarketClosed', '2024-03-01', from + 72 * HOUR],
  ]);
});

describe('the host’s clock', () => {
  const options: RunOptions = { profile: 'plain', strategy: 'sma-cross', params: { fast: 3, slow: 9 } };
  const quotes = quotesOf(9, tradingDays('2018-12-31', 1), 20);

  /** Feeds quotes to a core by hand, arriving when the host's clock says so. */
  function session(arrival: (time: number, i: number) => number) {
    const log = memoryLog();
    const events: StoredEvent[] = [];
    const sink = {
      tick: log.tick,
      event: (event: StoredEvent) => {
        log.event(event);
        events.push(event);
      },
    };
    const run = runSpec(options);
    const core = createCore({ sink, run, strategy: strategyOf('sma-cross'), symbols: ['AAA'] });
    const { symbols } = datasetOf({ AAA: { quotes } });
    const provenance = { source: 'test', recordedAt: arrival(quotes[0].time, 0) };
    core.kernel.input(
      SessionStarted.of({
        session: 'clock',
        continues: null,
        mode: 'paper',
        run,
        symbols: ['AAA'],
        datasets: [],
        engineVersion: 'test',
        modelled: [],
      }),
      provenance,
    );
    core.kernel.input(SymbolDefined.of(symbols[0]), provenance);
    quotes.forEach((quote, i) => {
      const tick = Object.assign(new Tick(), {
        kind: TickKind.quote,
        ...quote,
        recordedAt: arrival(quote.time, i),
      });
      core.kernel.tick(tick, 'feed');
    });
    log.flush();
    const clock: number[] = [];
    const cursor = log.cursor();
    for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
      clock.push(kind === 1 ? cursor.tick.recordedAt : cursor.event.recordedAt);
    }
    return { core, log, clock, decisions: events.filter(({ kind }) => kind === 'decision') };
  }

  const jumpAt = Math.floor(quotes.length / 2);
  const arrivals = {
    'steps back an hour': (time: number, i: number) => (i < jumpAt ? time + 1_000 : time + 1_000 - HOUR),
    'steps on an hour': (time: number, i: number) => (i < jumpAt ? time + 1_000 : time + 1_000 + HOUR),
    'steps on an hour and back': (time: number, i: number) =>
      i % 50 === 25 ? time + 1_000 + HOUR : time + 1_000,
  };
  const steady = session((time) => time + 1_000);

  test.each(Object.keys(arrivals) as (keyof typeof arrivals)[])(
    '%s: the engine’s never goes back, and the replay is identical',
    (name) => {
      const { core, log, clock, decisions } = session(arrivals[name]);
      expect(core.kernel.halted).toBeNull();
      for (let i = 1; i < clock.length; i++) expect(clock[i]).toBeGreaterThanOrEqual(clock[i - 1]);
      const seen = (all: readonly StoredEvent[]) =>
        all.filter(({ type }) => type === 'ConvictionChanged').map(({ json }) => json);
      const reasons = decisions
        .filter(({ type }) => type === 'TickRejected')
        .map(({ payload }) => (payload as { reason: string }).reason);
      if (name === 'steps back an hour') {
        // The engine's clock stands still for that hour; what the venue sends meanwhile claims to be of the future.
        expect(new Set(reasons)).toEqual(new Set(['fromTheFuture']));
        expect(seen(decisions)).toEqual(seen(steady.decisions).slice(0, seen(decisions).length));
      } else {
        // Bars are built by the venue's time, so the same crossings are seen.
        expect(reasons).toEqual([]);
        expect(seen(decisions)).toEqual(seen(steady.decisions));
      }
      expect(seen(decisions).length).toBeGreaterThan(10);
      const recorded = new RecordedDecisions();
      const again = createCore({
        sink: recorded,
        run: runSpec(options),
        strategy: strategyOf('sma-cross'),
        symbols: ['AAA'],
      });
      feed(log.cursor(), again, recorded);
      recorded.finish();
      expect(again.kernel.digest.hex()).toBe(core.kernel.digest.hex());
    },
  );

  test('a dataset that was recorded while it jumped can be run', () => {
    const stepped = quotes.map((quote, i) => ({
      ...quote,
      recordedAt: arrivals['steps on an hour'](quote.time, i),
    }));
    const run = runEngine([datasetOf({ AAA: { quotes: stepped } })], options);
    expect(run.result.core.kernel.halted).toBeNull();
    expect(run.decisions.length).toBeGreaterThan(10);
  });
});
