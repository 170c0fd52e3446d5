import { ignoreElements, merge, NEVER, tap } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { previousTradingDay, tradingSession } from '../../src/domain/exchange-calendar.ts';
import { FeedOpened, HistoryLoaded } from '../../src/events/feed.events.ts';
import { SplitApplied } from '../../src/events/option.events.ts';
import { DAY_S, TickKind } from '../../src/events/tick.ts';
import { defineStrategy, type Strategy } from '../../src/streams/strategy.ts';
import { Floor, type FloorOptions } from '../actors/trading-floor.ts';

const MINUTE = 60_000_000;
const { open, close } = tradingSession('XNYS', '2024-01-02')!;

/** A strategy that remembers the closes it was told. */
function listener() {
  const told: number[] = [];
  const strategy = defineStrategy({
    name: 'listener',
    description: 'remembers closes',
    params: z.strictObject({}),
    warmUpBars: () => 3,
    signals: (market) =>
      merge(
        NEVER,
        ...market.symbols.map((symbol) =>
          market.bars(symbol).pipe(
            tap((bar) => told.push(bar.close)),
            ignoreElements(),
          ),
        ),
      ),
  }) as Strategy;
  return { told, strategy };
}

const bar = (time: number, px: number, volume = 100) => ({
  time,
  open: px,
  high: px + 1,
  low: px - 1,
  close: px,
  volume,
});

/** The last `count` session days before 2 January 2024, closing at 1, 2, 3 ... dollars more than `from`. */
function days(count: number, from: number) {
  const bars: ReturnType<typeof bar>[] = [];
  let day = '2024-01-02';
  for (let i = count; i > 0; i--) {
    day = previousTradingDay('XNYS', day);
    bars.unshift(bar(tradingSession('XNYS', day)!.close, from + i));
  }
  return bars;
}

const load = (
  floor: Floor,
  bars: ReturnType<typeof bar>[],
  resolutionS = DAY_S,
  why: 'warmUp' | 'backfill' = 'warmUp',
) => floor.input(HistoryLoaded.of({ symbol: 'A', resolutionS, why, source: 'vendor', bars }));

const floorOf = (options: FloorOptions = {}) => {
  const { told, strategy } = listener();
  return { told, floor: new Floor({ strategy, symbols: ['A'], ...options }) };
};

describe('history from before the session', () => {
  test('warms up histories and strategies, and publishes nothing', () => {
    const { told, floor } = floorOf();
    load(floor, days(5, 100));
    expect(told).toEqual([101, 102, 103, 104, 105]);
    expect([...'01234'].map((ago) => floor.actors.market.history('A').close.ago(Number(ago)))).toEqual(
      [...told].reverse(),
    );
    expect(floor.log.events.filter(({ kind }) => kind === 'decision')).toEqual([]);
  });

  test('moves the regimes as their closes would have, and says so to nobody', () => {
    const { floor } = floorOf();
    load(floor, days(400, 100));
    expect(floor.actors.regimes!.of('A').states.trend).toBe('bull');
    expect(floor.payloads('RegimeChanged')).toEqual([]);
    const lived = floorOf().floor;
    for (const each of days(400, 100)) {
      lived.now = each.time;
      lived.tick('A', TickKind.bar, { ...each, resolutionS: DAY_S });
    }
    expect(floor.actors.regimes!.of('A').states).toEqual(lived.actors.regimes!.of('A').states);
  });

  test('is ignored where it is not newer than what is there, or not over yet', () => {
    const { told, floor } = floorOf();
    load(floor, days(5, 100));
    load(floor, [...days(3, 500), bar(close, 700)]);
    expect(told).toHaveLength(5);
    expect(floor.actors.market.lastDay('A')!.close).toBe(105);
  });

  test('is enough once it holds what decisions rest on', () => {
    const { floor } = floorOf({ run: { profile: 'plain' } });
    load(floor, days(2, 100));
    expect(floor.actors.market.warmedUp('A')).toBe(false);
    load(floor, days(1, 200));
    expect(floor.actors.market.warmedUp('A')).toBe(false);
    floor.day('A', 100);
    expect(floor.actors.market.warmedUp('A')).toBe(true);
  });
});

describe('bars of a gap', () => {
  const live = () => {
    const { floor } = floorOf({ priceSource: 'trades' });
    floor.input(FeedOpened.of({ feed: 'stocks', source: 'test', tradable: true }));
    return floor;
  };
  const trade = (floor: Floor, minute: number, px: number) => {
    floor.now = open + minute * MINUTE + 1;
    floor.tick('A', TickKind.trade, { px, size: 10 });
  };
  const closed = (floor: Floor) => {
    floor.now = close;
    floor.closed();
    return floor.actors.market.lastDay('A')!;
  };

  test('complete the day, whose own minutes are counted once', () => {
    const floor = live();
    trade(floor, 0, 100);
    trade(floor, 30, 104);
    floor.now += MINUTE;
    const gap = [1, 2, 3].map((end) => bar(open + end * MINUTE, 100 + 10 * end, 50));
    load(floor, gap, 60, 'backfill');
    load(floor, gap, 60, 'backfill');
    expect(closed(floor)).toMatchObject({
      open: 100,
      high: 131,
      low: 100,
      close: 104,
      volume: 10 + 50 + 50 + 10,
    });
  });

  test('that a vendor streamed, gave again, or gave only for the gap are the volume of the day once each', () => {
    const { floor } = floorOf({ priceSource: 'bars', barSeconds: 60 });
    floor.input(FeedOpened.of({ feed: 'stocks', source: 'test', tradable: true }));
    const minute = (end: number, volume: number) => {
      floor.now = open + end * MINUTE;
      floor.tick('A', TickKind.bar, { ...bar(floor.now, 100, volume), resolutionS: 60 });
    };
    minute(1, 50);
    minute(2, 60);
    floor.now = open + 5 * MINUTE;
    const gap = [1, 2, 3, 4].map((end) => bar(open + end * MINUTE, 100, 50));
    load(floor, gap, 60, 'backfill');
    minute(5, 70);
    minute(5, 70);
    expect(closed(floor)).toMatchObject({ volume: 50 + 60 + 50 + 50 + 70 });
    expect(floor.payloads('TickRejected')).toMatchObject([{ reason: 'duplicate' }]);
  });

  test('give the day its open and its close where the engine was away', () => {
    const floor = live();
    trade(floor, 30, 104);
    load(floor, [bar(open + MINUTE, 90, 50)], 60, 'backfill');
    floor.now = close - MINUTE;
    load(floor, [bar(close - MINUTE, 95, 50)], 60, 'backfill');
    expect(closed(floor)).toMatchObject({ open: 90, close: 95, high: 104, low: 89, volume: 110 });
  });

  test('of another session are not of this day', () => {
    const floor = live();
    floor.now = open + MINUTE;
    load(floor, [bar(open - MINUTE, 50), bar(open - 20 * 3_600_000_000, 50)], 60, 'backfill');
    trade(floor, 2, 100);
    expect(closed(floor)).toMatchObject({ low: 100, high: 100 });
  });

  test('that come after a session went on in another log are known there', () => {
    const floor = live();
    trade(floor, 0, 100);
    trade(floor, 1, 100);
    const { floor: next } = floorOf({ priceSource: 'trades', carried: floor.carryOver() });
    next.now = floor.now;
    load(next, [bar(open + MINUTE, 100, 50), bar(open + 2 * MINUTE, 100, 50)], 60, 'backfill');
    expect(closed(next)).toMatchObject({ volume: 10 + 50 });
  });
});

describe('a split', () => {
  const split = (floor: Floor) =>
    floor.input(SplitApplied.of({ symbol: 'A', numerator: 4, denominator: 1, cashInLieuPx: null }));

  test('rescales every price kept, and the strategy is told its bars at the new ones without a word from it', () => {
    const { told, floor } = floorOf();
    load(floor, days(4, 400));
    floor.day('A', 440, 1_000);
    told.length = 0;
    split(floor);
    expect(told).toEqual([401, 402, 403, 404, 440].map((px) => px / 4));
    const { market } = floor.actors;
    expect(market.lastPx('A')).toBe(110);
    expect(market.lastDay('A')).toMatchObject({ close: 110, volume: 4_000 });
    expect(market.history('A').close.ago(4)).toBe(100.25);
    expect(floor.payloads('ConvictionChanged')).toEqual([]);
  });

  test('leaves no fall in the returns', () => {
    const { floor } = floorOf();
    floor.day('A', 400);
    split(floor);
    floor.nextDay().day('A', 100);
    expect(floor.actors.market.history('A').logReturn.ago(0)).toBe(0);
  });

  test('in the middle of a day rescales what is built of it', () => {
    const { floor } = floorOf({ priceSource: 'trades' });
    floor.now = open + 1;
    floor.tick('A', TickKind.trade, { px: 400, size: 10 });
    floor.after(MINUTE).tick('A', TickKind.trade, { px: 404, size: 10 });
    split(floor);
    floor.after(1).tick('A', TickKind.trade, { px: 101, size: 10 });
    floor.now = close;
    floor.closed();
    expect(floor.actors.market.lastDay('A')).toMatchObject({
      open: 100,
      high: 101,
      low: 100,
      close: 101,
      volume: 90,
    });
    expect(floor.payloads('TickRejected')).toEqual([]);
  });
});
