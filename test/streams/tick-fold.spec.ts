import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { Tick, TickKind } from '../../src/events/tick.ts';
import type { Bar } from '../../src/streams/bar.ts';
import { SymbolTable } from '../../src/streams/symbol-table.ts';
import { TickFold } from '../../src/streams/tick-fold.ts';

const MINUTE = 60_000_000;
const feed = configSchema.parse({}).feed;
type Source = 'bars' | 'trades' | 'quotes';

function foldOf(priceSource: Source = 'trades', assetClass: 'equity' | 'option' = 'equity') {
  const symbols = new SymbolTable();
  const bars: Bar[] = [];
  const rejected: string[] = [];
  const believed: [number, number][] = [];
  const listener = {
    bar: (bar: Bar) => bars.push(bar),
    print: () => {},
    quoted: () => {},
    optionQuote: ({ bidPx, askPx }: Tick) => believed.push([bidPx, askPx]),
    rejected: (_: Tick, reason: string) => rejected.push(reason),
  };
  const fold = new TickFold(symbols, feed, listener);
  const resolutionS = priceSource === 'bars' ? 60 : null;
  const definition = {
    id: 0,
    symbol: 'A',
    assetClass,
    multiplier: 1,
    calendar: 'XNYS',
    priceSource,
    resolutionS,
  } as const;
  symbols.define(definition);
  fold.define(definition);
  let seq = 0;
  const feedTick = (kind: TickKind, over: Partial<Tick> & { time: number }) =>
    fold.fold(Object.assign(new Tick(), { kind, recordedAt: over.time, ...over }), ++seq);
  const trade = (time: number, px: number, over: Partial<Tick> = {}) =>
    feedTick(TickKind.trade, { time, px, size: 1, ...over });
  const quote = (time: number, bidPx: number, askPx: number, over: Partial<Tick> = {}) =>
    feedTick(TickKind.quote, { time, bidPx, askPx, ...over });
  const bar = (time: number, px: number, over: Partial<Tick> = {}) =>
    feedTick(TickKind.bar, {
      time,
      open: px,
      high: px,
      low: px,
      close: px,
      volume: 1,
      resolutionS: 60,
      ...over,
    });
  const print = (time: number, px: number) => feedTick(TickKind.openPrint, { time, px });
  return { fold, bars, rejected, believed, trade, quote, bar, print, feedTick };
}

describe('minutes built of trades', () => {
  test.prop([
    fc.array(
      fc.record({
        gap: fc.nat(45_000_000),
        px: fc.integer({ min: 90, max: 110 }),
        size: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 1, maxLength: 80 },
    ),
  ])('hold open, high, low, close and volume of exactly their own trades', (trades) => {
    const { bars, rejected, trade, fold } = foldOf();
    const minutes = new Map<number, { px: number[]; volume: number }>();
    let time = 1_000 * MINUTE;
    for (const { gap, px, size } of trades) {
      time += gap;
      trade(time, px, { size });
      const end = Math.floor(time / MINUTE) * MINUTE + MINUTE;
      const minute = minutes.get(end) ?? { px: [], volume: 0 };
      minute.px.push(px);
      minute.volume += size;
      minutes.set(end, minute);
    }
    fold.closeBars(time + MINUTE);
    expect(rejected).toEqual([]);
    expect(bars.map(({ seq, symbol, resolutionS, ...bar }) => bar)).toEqual(
      [...minutes].map(([end, { px, volume }]) => ({
        time: end,
        open: px[0],
        high: Math.max(...px),
        low: Math.min(...px),
        close: px.at(-1),
        volume,
      })),
    );
  });

  test('a trade reported out of order within its minute widens it and is neither its close nor the last price', () => {
    const { fold, bars, trade } = foldOf();
    trade(MINUTE + 20, 10);
    trade(MINUTE + 10, 12);
    expect(fold.lastPx[0]).toBe(10);
    fold.closeBars(2 * MINUTE);
    expect(bars[0]).toMatchObject({ open: 10, high: 12, close: 10, volume: 2 });
  });

  test('a trade of a minute that is over is late: it is recorded and changes nothing', () => {
    const { bars, rejected, trade, fold } = foldOf();
    trade(MINUTE + 10, 10);
    fold.closeBars(2 * MINUTE);
    trade(MINUTE + 50, 12);
    expect(rejected).toEqual(['late']);
    expect([bars.length, fold.lastPx[0]]).toEqual([1, 10]);
  });

  test('a trade of a silent minute before the one being built is late, too: it never widens a later one', () => {
    const { bars, rejected, trade, fold } = foldOf();
    trade(MINUTE + 10, 10);
    trade(5 * MINUTE + 10, 10);
    trade(3 * MINUTE + 10, 15);
    fold.closeBars(6 * MINUTE);
    expect(rejected).toEqual(['late']);
    expect(bars.map(({ time, high }) => [time, high])).toEqual([
      [2 * MINUTE, 10],
      [6 * MINUTE, 10],
    ]);
  });

  test('a vendor bar beside them is not a second source of bars', () => {
    const { bars, trade, bar, fold } = foldOf();
    trade(MINUTE + 10, 10);
    bar(2 * MINUTE, 11);
    trade(2 * MINUTE + 10, 10);
    fold.closeBars(3 * MINUTE);
    expect(bars.map(({ time, close }) => [time, close])).toEqual([
      [2 * MINUTE, 10],
      [3 * MINUTE, 10],
    ]);
  });
});

describe('a quote', () => {
  test('reported out of order is not the market of now', () => {
    const { fold, quote } = foldOf('quotes');
    quote(MINUTE + 20, 10, 10.02);
    quote(MINUTE + 10, 11, 11.02);
    expect([fold.bidPx[0], fold.askPx[0], fold.lastPx[0]]).toEqual([10, 10.02, 10.01]);
  });

  test('crossed is refused, locked is not; a side nobody quotes is a market without a price', () => {
    const { fold, rejected, quote } = foldOf('quotes');
    quote(MINUTE, 10, 9.99);
    quote(MINUTE, 10, 10);
    quote(MINUTE, 0, 10);
    expect(rejected).toEqual(['crossed']);
    expect([fold.bidPx[0], fold.lastPx[0]]).toEqual([0, 10]);
  });
});

describe('what cannot be trusted touches nothing', () => {
  const spoiled = [
    ...['px', 'size', 'time'].map((field) => ['trades', field]),
    ...['bidPx', 'askPx', 'time'].map((field) => ['quotes', field]),
    ...['open', 'high', 'low', 'close', 'volume', 'time'].map((field) => ['bars', field]),
  ] as [Source, keyof Tick][];
  for (const [source, field] of spoiled) {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1]) {
      test(`${source}: ${value} for ${field} moves no price and builds no bar`, () => {
        const { fold, bars, rejected, trade, quote, bar } = foldOf(source);
        const send = {
          trades: trade,
          bars: bar,
          quotes: (at: number, px: number, over?: Partial<Tick>) => quote(at, px, px, over),
        }[source];
        send(10 * MINUTE, 10);
        fold.closeBars(11 * MINUTE);
        const before = [fold.lastPx[0], fold.bidPx[0], fold.askPx[0], bars.length];
        send(12 * MINUTE, 10.5, { recordedAt: 12 * MINUTE, [field]: value });
        fold.closeBars(14 * MINUTE);
        expect(rejected).toHaveLength(1);
        expect([fold.lastPx[0], fold.bidPx[0], fold.askPx[0], bars.length]).toEqual(before);
      });
    }
  }

  test('a record without a time is refused, and those after it are still told late from new', () => {
    const { rejected, bars, bar, trade, quote } = foldOf('bars');
    bar(10 * MINUTE, 10);
    bar(Number.NaN, 10, { recordedAt: 11 * MINUTE });
    trade(Number.NaN, 10, { recordedAt: 11 * MINUTE });
    quote(Number.NaN, 10, 10, { recordedAt: 11 * MINUTE });
    bar(10 * MINUTE, 10);
    bar(9 * MINUTE, 10);
    expect(rejected).toEqual(['notFinite', 'notFinite', 'notFinite', 'duplicate', 'late']);
    expect(bars).toHaveLength(1);
  });

  test('records dated in the future do not make the quote of before one of now', () => {
    const { fold, quote } = foldOf('quotes');
    quote(10 * MINUTE, 99, 101);
    quote(70 * MINUTE, 79, 81, { recordedAt: 11 * MINUTE });
    expect(fold.heardOn('stocks')).toBe(10 * MINUTE);
    quote(11 * MINUTE, 98, 100);
    expect(fold.heardOn('stocks')).toBe(11 * MINUTE);
  });

  test('a record dated in the future, beyond a second of tolerance, is refused', () => {
    const { rejected, trade } = foldOf();
    trade(10 * MINUTE, 10);
    trade(10 * MINUTE + 1_000_000, 10, { recordedAt: 10 * MINUTE });
    trade(10 * MINUTE + 1_000_001, 10, { recordedAt: 10 * MINUTE });
    expect(rejected).toEqual(['fromTheFuture']);
  });

  test('a price ten times away is refused until the market insists: five in a row that agree', () => {
    const { fold, rejected, trade } = foldOf();
    trade(MINUTE, 10);
    for (let i = 1; i <= 4; i++) trade(MINUTE + i, 100 + i);
    expect([rejected, fold.lastPx[0]]).toEqual([
      ['farFromLast', 'farFromLast', 'farFromLast', 'farFromLast'],
      10,
    ]);
    trade(MINUTE + 5, 103);
    expect(fold.lastPx[0]).toBe(103);
  });

  test('prices far away that contradict each other, or a good one between them, start the count anew', () => {
    const { fold, trade } = foldOf();
    trade(MINUTE, 10);
    for (let i = 1; i <= 20; i++) trade(MINUTE + i, i % 2 === 0 ? 1_000 : 100_000);
    for (let i = 21; i <= 40; i++) trade(MINUTE + i, i % 4 === 0 ? 10 : 1_000);
    expect(fold.lastPx[0]).toBe(10);
  });

  test('an unknown symbol is reported', () => {
    const { rejected, trade } = foldOf();
    trade(MINUTE, 10, { symbolId: 7 });
    trade(MINUTE, 10, { symbolId: Number.NaN });
    expect(rejected).toEqual(['unknownSymbol', 'unknownSymbol']);
  });

  test('a vendor bar is taken once, in order', () => {
    const { rejected, bars, bar } = foldOf('bars');
    for (const at of [2, 3, 3, 2, 4]) bar(at * MINUTE, 10);
    expect(rejected).toEqual(['duplicate', 'late']);
    expect(bars.map(({ time }) => time / MINUTE)).toEqual([2, 3, 4]);
  });
});

test.prop([
  fc.array(
    fc.record({
      gap: fc.integer({ min: -20_000_000, max: 45_000_000 }),
      px: fc.integer({ min: 90, max: 110 }),
    }),
    { minLength: 2, maxLength: 40 },
  ),
  fc.nat(39),
])('a fold restored in the middle goes on as the one it was saved from', (trades, cut) => {
  const one = foldOf();
  let other = foldOf();
  const others: Bar[] = [];
  let time = 1_000 * MINUTE;
  trades.forEach(({ gap, px }, i) => {
    time += gap;
    one.trade(time, px, { recordedAt: time + MINUTE });
    other.trade(time, px, { recordedAt: time + MINUTE });
    if (i !== cut) return;
    others.push(...other.bars);
    const next = foldOf();
    next.fold.restore('A', JSON.parse(JSON.stringify(other.fold.save('A'))));
    other = next;
  });
  one.fold.closeBars(time + 9 * MINUTE);
  other.fold.closeBars(time + 9 * MINUTE);
  const bare = (bars: readonly Bar[]) => bars.map(({ seq, ...bar }) => bar);
  expect(bare([...others, ...other.bars])).toEqual(bare(one.bars));
  expect(other.fold.lastPx[0]).toBe(one.fold.lastPx[0]);
});

describe('quotes of an option', () => {
  test('are believed however far from the last, and on one side or none', () => {
    const { fold, bars, rejected, believed, quote } = foldOf('quotes', 'option');
    const quotes: [number, number][] = [
      [0.05, 0.1],
      [12, 12.5],
      [0, 99_999],
      [0, 0],
      [3, 0],
    ];
    quotes.forEach(([bid, ask], i) => {
      quote((i + 1) * MINUTE, bid, ask);
    });
    fold.closeBars(60 * MINUTE);
    expect(believed).toEqual(quotes);
    expect([bars, rejected]).toEqual([[], []]);
  });

  test('are refused where they are no prices', () => {
    const { rejected, believed, quote, trade } = foldOf('quotes', 'option');
    quote(MINUTE, Number.NaN, 1);
    quote(MINUTE, 1, Number.POSITIVE_INFINITY);
    quote(MINUTE, -1, 1);
    quote(MINUTE, 2, 1);
    quote(MINUTE, 1, 1e9);
    trade(MINUTE, 1);
    expect(rejected).toEqual(['notFinite', 'notFinite', 'notPositive', 'crossed', 'farFromLast']);
    expect(believed).toEqual([]);
  });
});

describe('what is heard late', () => {
  test('a live quote that was long on its way is as old as its venue says', () => {
    const { fold, quote } = foldOf('quotes');
    fold.live = true;
    quote(10 * MINUTE, 10, 11);
    expect(fold.heardOn('stocks')).toBe(10 * MINUTE);
    quote(10 * MINUTE + 2_000_000, 10, 11, { recordedAt: 11 * MINUTE });
    expect(fold.heardOn('stocks')).toBe(10 * MINUTE + 3_000_000);
    expect(fold.quotedAt[0]).toBe(10 * MINUTE + 3_000_000);
  });

  test('a second on its way is none', () => {
    const { fold, quote } = foldOf('quotes');
    fold.live = true;
    quote(10 * MINUTE, 10, 11, { recordedAt: 10 * MINUTE + 1_000_000 });
    expect(fold.heardOn('stocks')).toBe(10 * MINUTE + 1_000_000);
  });

  test('a simulation hears by arrival: its latencies are modelled', () => {
    const { fold, quote } = foldOf('quotes');
    quote(10 * MINUTE, 10, 11, { recordedAt: 11 * MINUTE });
    expect(fold.heardOn('stocks')).toBe(11 * MINUTE);
  });
});
