import { describe, expect, test } from 'vitest';
import { MINUTE, Venue } from './venue.ts';

const UP = { open: 100, high: 104, low: 98, close: 103 };
/** Minutes, for readability: bars end on them. */
const at = (minute: number) => minute * MINUTE;

describe('on bars at the next open', () => {
  test.each([
    ['a market buy fills at the open, told at the bar’s start', { side: 'buy' }, '1 #1 filled 10 @ 100'],
    ['a buy limit above the open fills at the open', { limitPx: 101 }, '1 #1 filled 10 @ 100'],
    [
      'a buy limit that the low trades through fills at its price at the bar’s end',
      { limitPx: 99 },
      '2 #1 filled 10 @ 99',
    ],
    ['a buy stop that the high reaches fills at its price', { stopPx: 104 }, '2 #1 filled 10 @ 104'],
    ['a buy stop that the open jumped over fills at the open', { stopPx: 99 }, '1 #1 filled 10 @ 100'],
  ] as const)('%s', (_, terms, line) => {
    const venue = new Venue();
    venue.send(at(1), terms);
    expect(venue.bar(at(2), UP).news).toEqual([line]);
  });

  test.each([
    [
      'a sell limit that the high trades through fills at its price',
      { limitPx: 103.5 },
      '3 #2 filled 10 @ 103.5',
    ],
    ['a sell limit below the open fills at the open', { limitPx: 99 }, '2 #2 filled 10 @ 100'],
    ['a sell stop that the low reaches fills at its price', { stopPx: 98 }, '3 #2 filled 10 @ 98'],
    ['a sell stop that the open jumped over fills at the open', { stopPx: 101 }, '2 #2 filled 10 @ 100'],
  ] as const)('%s', (_, terms, line) => {
    const venue = new Venue();
    venue.send(at(1));
    venue.bar(at(2), { open: 102, high: 102, low: 102, close: 102 }).send(at(2), { side: 'sell', ...terms });
    expect(venue.bar(at(3), UP).news.slice(1)).toEqual([line]);
  });

  test.each([
    ['a limit that is only touched rests', { limitPx: 98 }],
    ['a limit away from the bar rests', { limitPx: 97 }],
    ['a stop away from the bar rests', { stopPx: 105 }],
  ])('%s', (_, terms) => {
    const venue = new Venue();
    venue.send(at(1), terms);
    expect(venue.bar(at(2), UP).news).toEqual([]);
  });

  test('a touched limit fills where touching is configured', () => {
    const venue = new Venue({ config: { touchFill: true } });
    venue.send(at(1), { limitPx: 98 });
    expect(venue.bar(at(2), UP).news).toEqual(['2 #1 filled 10 @ 98']);
  });

  test('an order that arrived after the bar’s start waits for the next bar', () => {
    const venue = new Venue();
    venue.send(at(1) + 1);
    venue.bar(at(2), UP);
    expect(venue.bar(at(3), { ...UP, open: 101 }).news).toEqual(['2 #1 filled 10 @ 101']);
  });

  test('an order sent in answer to an open fill waits for the next bar', () => {
    const venue = new Venue();
    venue.send(at(1)); // the answer below is sent at minute 1, the fill's own instant
    venue.bar(at(2), UP);
    venue.send(at(2), { side: 'sell', stopPx: 99 });
    expect(venue.bar(at(3), { ...UP, low: 99 }).news.at(-1)).toBe('3 #2 filled 10 @ 99');
  });

  test('a stop fills before a limit where one bar reaches both', () => {
    const venue = new Venue();
    venue.send(at(1));
    venue.bar(at(2), { open: 100, high: 100, low: 100, close: 100 });
    venue.send(at(2), { side: 'sell', limitPx: 103 });
    venue.send(at(2), { side: 'sell', stopPx: 99 });
    expect(venue.bar(at(3), UP).news.slice(1)).toEqual([
      '3 #3 filled 10 @ 99',
      '3 #2 rejected: selling 10 ABC while holding 0 would go short, which is not allowed',
    ]);
  });

  test('no spread, tick rounding or latency is added', () => {
    const venue = new Venue({ config: { halfSpread: 0.01, submitLatencyUs: 5, reportLatencyUs: 5 } });
    venue.send(at(1));
    expect(venue.bar(at(2), { ...UP, open: 100.1234567 }).news).toEqual(['1 #1 filled 10 @ 100.1234567']);
  });

  test('prices nobody traded at fill nothing', () => {
    const venue = new Venue();
    venue.send(at(1));
    venue.bar(at(2), { open: 100, high: 90, low: 98, close: 97 }).bar(at(3), { ...UP, low: Number.NaN });
    expect(venue.bar(at(4), UP).news).toEqual(['3 #1 filled 10 @ 100']);
  });

  const FAR = { open: 1e9, high: 1e9, low: 1e9, close: 1e9 };

  test('a price ten times away from the last one fills nothing, nor does it make the next good one far', () => {
    const venue = new Venue();
    venue.bar(at(1), UP).send(at(1), { quantity: 1 });
    expect(venue.bar(at(2), FAR).bar(at(3), FAR).bar(at(4), UP).news).toEqual(['3 #1 filled 1 @ 100']);
  });

  test('a far price is believed after five in a row that agree', () => {
    const venue = new Venue();
    venue.bar(at(1), UP).send(at(1), { quantity: 1 });
    const split = { open: 5, high: 5, low: 5, close: 5 };
    for (let day = 2; day <= 6; day++) venue.bar(at(day), split);
    expect(venue.news).toEqual([]);
    expect(venue.bar(at(7), split).news).toEqual(['6 #1 filled 1 @ 5']);
  });

  test('an open a rounding away from the high still counts', () => {
    const venue = new Venue();
    venue.send(at(1));
    expect(venue.bar(at(2), { ...UP, open: 104.00001 }).news).toEqual(['1 #1 filled 10 @ 104.00001']);
  });

  test('a day that is shorter than a day starts where the one before ended', () => {
    const venue = new Venue();
    venue.bar(at(960), UP, 'ABC', 86_400).send(at(960));
    expect(venue.bar(at(2_220), UP, 'ABC', 86_400).news).toEqual(['960 #1 filled 10 @ 100']);
  });

  test('a report never goes back before what the engine has already seen', () => {
    const venue = new Venue();
    venue.send(at(1));
    venue.bar(at(2), UP, 'XYZ').bar(at(2), UP);
    expect(venue.deliver().reports.at(-1)).toMatchObject({ type: 'OrderFilled', time: at(1), at: at(2) });
  });

  test('a bar that comes twice fills nothing the second time', () => {
    const venue = new Venue();
    venue.bar(at(2), UP).send(at(1));
    expect(venue.bar(at(2), UP).news).toEqual([]);
  });
});

describe('on bars at the next close', () => {
  test('a market order fills at the bar’s close, just before the bar', () => {
    const venue = new Venue({ execution: 'next-close' });
    venue.send(at(1));
    expect(venue.bar(at(2), UP).news).toEqual(['2 #1 filled 10 @ 103']);
  });

  test('a market order released at the open waits for that session’s close', () => {
    const venue = new Venue({ execution: 'next-close' });
    venue.print(at(600), 100).exchange.opened(at(600));
    venue.send(at(600));
    expect(venue.bar(at(990), UP, 'ABC', 86_400).news).toEqual(['990 #1 filled 10 @ 103']);
  });
});

describe('on bars under the modelled spread', () => {
  const midpoint = { execution: 'midpoint', config: { halfSpread: 0.001 } } as const;

  test.each([
    ['a market buy pays the half-spread, rounded up to the cent', {}, '1 #1 filled 10 @ 100.11'],
    ['a limit beyond the touch fills at the touch', { limitPx: 101 }, '1 #1 filled 10 @ 100.11'],
    [
      'a limit inside the spread waits until it is traded through',
      { limitPx: 100.05 },
      '2 #1 filled 10 @ 100.05',
    ],
    ['a stop fills worse than its price', { stopPx: 103 }, '2 #1 filled 10 @ 103.11'],
  ])('%s', (_, terms, line) => {
    const venue = new Venue(midpoint);
    venue.send(at(1), terms);
    expect(venue.bar(at(2), { ...UP, open: 100.004 }).news).toEqual([line]);
  });

  test('a market sell gets the half-spread less, rounded down to the cent', () => {
    const venue = new Venue(midpoint);
    venue.send(at(1));
    venue.bar(at(2), UP).send(at(2), { side: 'sell' });
    expect(venue.bar(at(3), { ...UP, open: 100.004 }).news.at(-1)).toBe('2 #2 filled 10 @ 99.9');
  });

  test('an order in the air at the bar’s start misses its open', () => {
    const venue = new Venue({
      execution: 'midpoint',
      config: { submitLatencyUs: MINUTE, reportLatencyUs: MINUTE / 2 },
    });
    venue.send(at(1));
    venue.bar(at(2), UP).bar(at(3), UP);
    expect(venue.deliver().heard).toEqual(['2.5 #1 accepted', '2.5 #1 filled 10 @ 100.01']);
  });
});

describe('at an opening print', () => {
  test('a resting order fills at the print, and the bar does not open again', () => {
    const venue = new Venue();
    venue.send(at(500));
    venue.print(at(600), 99);
    expect(venue.bar(at(990), UP, 'ABC', 86_400).news).toEqual(['600 #1 filled 10 @ 99']);
  });

  test('orders released at MarketOpened fill at that print, one after the other', () => {
    const venue = new Venue({ allowShort: true, cash: 1_050 });
    venue.print(at(600), 100).exchange.opened(at(600));
    venue.send(at(600), { fraction: 1 });
    venue.deliver(at(600)).send(at(600), { side: 'sell', quantity: 10 });
    venue.deliver(at(600)).send(at(600), { side: 'sell', fraction: 1 });
    expect(venue.news).toEqual([
      '600 #1 filled 10 @ 100',
      '600 #2 filled 10 @ 100',
      '600 #3 filled 10 @ 100',
    ]);
  });

  test('the print is the open, whatever the bar says it was', () => {
    const venue = new Venue();
    venue.send(at(500), { limitPx: 99 });
    venue.print(at(2_040), 99.5);
    expect(venue.bar(at(2_430), { ...UP, open: 98.5 }, 'ABC', 86_400).news).toEqual([
      '2430 #1 filled 10 @ 99',
    ]);
  });

  test('an order sent in answer to the print itself waits', () => {
    const venue = new Venue();
    venue.answer = () => venue.send(at(600));
    expect(venue.print(at(600), 100).news).toEqual([]);
  });

  test('an order sent at the print’s instant but before MarketOpened waits', () => {
    const venue = new Venue();
    venue.print(at(600), 100).send(at(600));
    expect(venue.news).toEqual([]);
  });

  test('an order released at MarketOpened misses no latency: it was in the auction', () => {
    const venue = new Venue({
      execution: 'midpoint',
      config: { submitLatencyUs: 50, reportLatencyUs: 50, halfSpread: 0 },
    });
    venue.print(at(600), 100).exchange.opened(at(600));
    venue.send(at(600));
    expect(venue.news).toEqual(['600 #1 filled 10 @ 100']);
  });

  test('a stop placed at the open acts within the session’s bar', () => {
    const venue = new Venue();
    venue.print(at(600), 100).exchange.opened(at(600));
    venue.send(at(600));
    venue.deliver(at(600)).send(at(600), { side: 'sell', stopPx: 99 });
    expect(venue.bar(at(990), UP, 'ABC', 86_400).news.at(-1)).toBe('990 #2 filled 10 @ 99');
  });

  test('a print from before the bar’s start is not the bar’s open', () => {
    const venue = new Venue();
    venue.print(at(600), 90).send(at(650));
    expect(venue.bar(at(661), UP).news).toEqual(['660 #1 filled 10 @ 100']);
  });

  test('the previous bar’s volume stands for what the print offers', () => {
    const venue = new Venue({ config: { volumeShare: 0.1 } });
    venue.bar(at(100), { ...UP, volume: 60 }).send(at(500));
    venue.print(at(600), 100).bar(at(990), { ...UP, volume: 1_000 }, 'ABC', 86_400);
    expect(venue.print(at(2_040), 101).news).toEqual([
      '600 #1 filled 6 @ 100 leaves 4',
      '2040 #1 filled 4 @ 101',
    ]);
  });
});

describe('the share of a bar’s volume', () => {
  const share = { config: { volumeShare: 0.1 } };

  test('limits a fill, and the rest goes on at the next bar', () => {
    const venue = new Venue(share);
    venue.send(at(1));
    venue.bar(at(2), { ...UP, volume: 45 }).bar(at(3), { ...UP, volume: 1_000 });
    expect(venue.news).toEqual(['1 #1 filled 4 @ 100 leaves 6', '2 #1 filled 6 @ 100']);
  });

  test('is shared by our orders in order of arrival', () => {
    const venue = new Venue(share);
    venue.send(at(1), { quantity: 3 });
    venue.send(at(1), { quantity: 3 });
    expect(venue.bar(at(2), { ...UP, volume: 45 }).news).toEqual([
      '1 #1 filled 3 @ 100',
      '1 #2 filled 1 @ 100 leaves 2',
    ]);
  });

  test('is no limit where the volume is not known', () => {
    const venue = new Venue(share);
    venue.send(at(1));
    expect(venue.bar(at(2), UP).news).toEqual(['1 #1 filled 10 @ 100']);
  });

  test('lets decimal orders take decimal parts', () => {
    const venue = new Venue(share);
    venue.send(at(1), { quantity: 1.5 });
    expect(venue.bar(at(2), { ...UP, volume: 3 }).news).toEqual(['1 #1 filled 0.3 @ 100 leaves 1.2']);
  });

  test('keeps a reached stop going as a market order', () => {
    const venue = new Venue(share);
    venue.send(at(1), { stopPx: 103 });
    venue.bar(at(2), { ...UP, volume: 45 });
    expect(venue.bar(at(3), { ...UP, open: 99 }).news).toEqual([
      '2 #1 filled 4 @ 103 leaves 6',
      '2 #1 filled 6 @ 99',
    ]);
  });

  test('cancels what an immediate order could not get', () => {
    const venue = new Venue(share);
    venue.send(at(1), { timeInForce: 'ioc' });
    expect(venue.bar(at(2), { ...UP, volume: 45 }).news).toEqual([
      '1 #1 filled 4 @ 100 leaves 6',
      '1 #1 canceled: ioc: the market did not take the rest at once',
    ]);
  });

  test('fills an all-or-nothing order wholly or not at all', () => {
    const venue = new Venue(share);
    venue.send(at(1), { timeInForce: 'fok' });
    venue.send(at(1), { timeInForce: 'fok', quantity: 4 });
    expect(venue.bar(at(2), { ...UP, volume: 45 }).news).toEqual([
      '1 #1 canceled: fok: the market did not take it at once',
      '1 #2 filled 4 @ 100',
    ]);
  });
});
