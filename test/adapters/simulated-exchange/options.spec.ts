import { describe, expect, test } from 'vitest';
import { tradingSession } from '../../../src/domain/exchange-calendar.ts';
import { CALL_100, optionVenue, PUT_100, still } from './option-market.ts';
import { MINUTE, Venue } from './venue.ts';

const DAY = '2020-06-15';
const { open: OPEN, close: CLOSE } = tradingSession('XNYS', DAY)!;
const at = (minute: number) => OPEN + minute * MINUTE;
const news = (venue: Venue) => venue.news.map((line) => line.slice(line.indexOf(' ') + 1));

describe('in a modelled chain', () => {
  test('a limit released at the open takes the far touch of the quote at the opening print', () => {
    const venue = optionVenue();
    venue.day(DAY, still(103), (now) => {
      venue.send(now, { symbol: CALL_100, quantity: 2, limitPx: 4.2 });
      venue.send(now, { symbol: CALL_100, quantity: 1, limitPx: 4 });
    });
    expect(news(venue)).toEqual(['#1 filled 2 @ 4.05']);
    expect(venue.cash).toBe(100_000 - 810);
  });

  test('an exit at the bid fills there, and a market order at the far touch', () => {
    const venue = optionVenue();
    venue.day(DAY, still(103), (now) => {
      venue.send(now, { symbol: CALL_100, quantity: 2 });
      venue.send(now, { symbol: CALL_100, quantity: 2, side: 'sell', limitPx: 3.95 });
    });
    expect(news(venue)).toEqual(['#1 filled 2 @ 4.05', '#2 filled 2 @ 3.95']);
  });

  test.each([
    ['a buy of calls', CALL_100, 'buy', { low: 101, high: 104 }, 2.05, 2.04],
    ['a sale of calls', CALL_100, 'sell', { low: 102, high: 105 }, 5.95, 5.96],
    ['a buy of puts', PUT_100, 'buy', { low: 96, high: 98 }, 3.05, 3.04],
    ['a sale of puts', PUT_100, 'sell', { low: 96, high: 104 }, 4.95, 4.96],
  ] as const)(
    '%s rests until the bar goes far enough, and fills at its limit',
    (_, symbol, side, range, fills, rests) => {
      const venue = optionVenue({ allowShort: true });
      venue.exchange.declareCore({ symbol: 'ABC', quantity: 200, px: 100 });
      const open = symbol === CALL_100 ? 103 : 97;
      venue.day(DAY, { open, close: open, ...range }, (now) => {
        venue.send(now, { symbol, side, quantity: 1, limitPx: fills });
        venue.send(now, { symbol, side, quantity: 1, limitPx: rests });
      });
      expect(news(venue)).toEqual([`#1 filled 1 @ ${fills}`]);
    },
  );

  test('an order that came during a bar does not meet it', () => {
    const venue = optionVenue();
    venue.send(at(0), { symbol: CALL_100, quantity: 1, limitPx: 2 });
    venue.bar(at(1), { ...still(103), low: 100 });
    venue.send(at(1.5), { symbol: CALL_100, quantity: 1, limitPx: 2 });
    venue.bar(at(2), { ...still(103), low: 100 });
    expect(news(venue)).toEqual(['#1 filled 1 @ 2']);
  });

  test('the open of a bar that no print opened gives its quote to orders that were there', () => {
    const venue = optionVenue();
    venue.send(at(0), { symbol: CALL_100, quantity: 1, limitPx: 9 });
    venue.bar(at(1), { ...still(103), high: 110 });
    expect(news(venue)).toEqual(['#1 filled 1 @ 4.05']);
  });

  test('quotes of the underlying move the modelled quotes at their midpoint', () => {
    const venue = optionVenue();
    venue.quote(at(0), 102.9, 103.1);
    venue.send(at(0), { symbol: CALL_100, quantity: 1, limitPx: 3.05 });
    venue.quote(at(1), 102.4, 102.6).trade(at(2), 90);
    expect(news(venue)).toEqual([]);
    expect(news(venue.quote(at(3), 101.9, 102.1))).toEqual(['#1 filled 1 @ 3.05']);
  });

  test('an order sent in answer to a quote of the underlying does not meet it', () => {
    const venue = optionVenue();
    venue.answer = () => venue.send(at(1), { symbol: CALL_100, quantity: 1 });
    expect(news(venue.quote(at(1), 99.9, 100.1))).toEqual([]);
    expect(news(venue.quote(at(2), 99.9, 100.1))).toEqual(['#1 filled 1 @ 1.05']);
  });

  test('orders of different contracts are served by arrival: the first takes what the account has', () => {
    const venue = optionVenue({ cash: 500 });
    venue.day(DAY, still(103), (now) => {
      venue.send(now, { symbol: PUT_100, quantity: 3, limitPx: 0.5 });
      venue.send(now, { symbol: CALL_100, quantity: 1, limitPx: 5 });
      venue.send(now, { symbol: CALL_100, quantity: 1, limitPx: 5 });
    });
    expect(news(venue)).toEqual([
      '#2 filled 1 @ 4.05',
      `#3 rejected: a buy of 1 ${CALL_100} at 4.05 needs 405.00 dollars; 95.00 are available`,
    ]);
  });

  test('one that was sent first but arrives later comes later', () => {
    const venue = optionVenue({ cash: 500 });
    venue.send(at(0.5), { symbol: PUT_100, quantity: 3, limitPx: 5 });
    venue.send(at(0), { symbol: CALL_100, quantity: 1, limitPx: 5 });
    venue.bar(at(2), still(103));
    expect(news(venue)[0]).toBe('#2 filled 1 @ 4.05');
  });

  test('orders carried over go on, the one that was sent first before the other', () => {
    const friday = optionVenue({ cash: 500 });
    friday.send(at(-60), { symbol: PUT_100, quantity: 1, limitPx: 3 });
    friday.send(at(-60), { symbol: CALL_100, quantity: 1, limitPx: 4.5 });
    friday.deliver();
    const venue = optionVenue({ carried: JSON.parse(JSON.stringify(friday.exchange)) });
    expect(news(venue.bar(at(1), still(103)))[0]).toBe('#1 filled 1 @ 1.05');
  });

  test('with fills at the close, market orders wait for the quote at the close', () => {
    const venue = optionVenue({ execution: 'next-close' });
    venue.day(DAY, { open: 103, low: 100, high: 106, close: 105 }, (now) =>
      venue.send(now, { symbol: CALL_100, quantity: 1 }),
    );
    expect(news(venue)).toEqual(['#1 filled 1 @ 6.05']);
  });

  test('day orders expire at the close of the underlying', () => {
    const venue = optionVenue();
    venue.day(DAY, still(103), (now) => {
      venue.send(now, { symbol: CALL_100, quantity: 1, limitPx: 1, timeInForce: 'day' });
      venue.send(now, { symbol: CALL_100, quantity: 1, limitPx: 1, timeInForce: 'gtc' });
    });
    expect(news(venue)).toEqual(['#1 expired']);
    expect(venue.reports.at(-1)?.at).toBe(CLOSE);
  });

  test('a canceled order fills no more', () => {
    const venue = optionVenue();
    venue.send(at(0), { symbol: CALL_100, quantity: 1, limitPx: 2 });
    venue.exchange.cancel(1, at(0.5));
    venue.bar(at(1), { ...still(103), low: 100 });
    expect(news(venue)).toEqual(['#1 canceled: as asked']);
  });
});

describe('on recorded quotes of a contract', () => {
  const recorded = () => optionVenue({ optionQuote: () => null });
  const quote = (venue: Venue, minute: number, bid: number, ask: number, bidSize = 0, askSize = 0) =>
    venue.quote(at(minute), bid, ask, bidSize, askSize, CALL_100);

  test('a released order waits for the contract’s next quote, within the size at the touch', () => {
    const venue = recorded();
    quote(venue, -600, 3.9, 4, 50, 50);
    venue.day(DAY, still(103), (now) => {
      venue.send(now, { symbol: CALL_100, quantity: 5, limitPx: 4.5, timeInForce: 'day' });
    });
    expect(news(venue)).toEqual(['#1 expired']);
    venue.send(at(500), { symbol: CALL_100, quantity: 5, limitPx: 4.5 });
    quote(venue, 501, 4, 4.2, 9, 3);
    quote(venue, 502, 4, 4.3, 9, 3);
    expect(news(venue).slice(1)).toEqual(['#2 filled 3 @ 4.2 leaves 2', '#2 filled 2 @ 4.5']);
  });

  test('modelled quotes do not fill where recorded ones are', () => {
    const venue = optionVenue();
    quote(venue, 0, 8, 9);
    venue.send(at(0), { symbol: CALL_100, quantity: 1, limitPx: 8.5 });
    venue.bar(at(1), still(103));
    expect(news(venue)).toEqual([]);
  });

  test('a round trip costs spread and fees: 100,000 becomes 99,718 (REFERENCES.md D, LEAN’s GOOG put)', () => {
    const put = 'GOOG  160617P00750000';
    const venue = optionVenue({
      optionQuote: () => null,
      commission: { kind: 'perShare', perShare: 0, minimum: 1 },
    });
    const opened = tradingSession('XNYS', '2015-12-24')!.open;
    venue.send(opened, { symbol: put, quantity: 1 });
    venue.quote(opened + MINUTE, 54, 54.8, 1, 1, put);
    venue.send(opened + MINUTE, { symbol: put, quantity: 1, side: 'sell' });
    venue.quote(opened + 2 * MINUTE, 52, 53, 1, 1, put);
    expect(news(venue)).toEqual(['#1 filled 1 @ 54.8 fee 1', '#2 filled 1 @ 52 fee 1']);
    expect(venue.cash).toBe(99_718);
  });
});

describe('a limit inside a recorded spread', () => {
  const passes = (chance: number | null, seed: number, limitPx: number) => {
    const venue = optionVenue({ seed, config: { midpointFillChance: chance } });
    venue.send(at(0), { limitPx, quantity: 1 });
    for (let i = 1; i <= 20; i++) venue.quote(at(i), 99.9, 100.1, 5, 5);
    return venue.news.length;
  };

  test('fills only where a trade or the far touch reaches it', () => {
    expect(passes(null, 1, 100)).toBe(0);
    const venue = new Venue();
    venue.send(at(0), { limitPx: 100 });
    venue.send(at(0), { limitPx: 100 });
    venue.quote(at(1), 99.9, 100.1).trade(at(2), 99.99, 10).quote(at(3), 99.8, 100);
    expect(news(venue)).toEqual(['#1 filled 10 @ 100', '#2 filled 10 @ 100']);
  });

  test('may fill by the stated chance, by the seed, from the midpoint on', () => {
    const counts = Array.from({ length: 40 }, (_, seed) => passes(0.1, seed, 100));
    expect(counts).toEqual(Array.from({ length: 40 }, (_, seed) => passes(0.1, seed, 100)));
    const filled = counts.filter((count) => count > 0).length;
    // Nine in ten of forty have a quote of twenty that goes their way.
    expect(filled).toBeGreaterThan(25);
    expect(filled).toBeLessThan(40);
    expect(passes(1, 1, 99.99)).toBe(0);
    expect(passes(1, 1, 100.05)).toBe(1);
    expect(passes(0, 1, 100.05)).toBe(0);
  });

  test('never does at the bid, where a spread of one tick puts the rounded midpoint', () => {
    const venue = optionVenue({ config: { midpointFillChance: 1 } });
    venue.send(at(0), { quantity: 1, limitPx: 99.99 });
    expect(news(venue.quote(at(1), 99.99, 100, 5, 5))).toEqual([]);
  });

  test('counts the midpoint as the price grid has it', () => {
    const venue = optionVenue({ config: { midpointFillChance: 1 } }, { tickClass: 'nickel' });
    venue.send(at(0), { symbol: CALL_100, quantity: 1, limitPx: 2.05 });
    venue.send(at(0), { symbol: CALL_100, quantity: 1, limitPx: 2 });
    venue.quote(at(1), 2, 2.15, 5, 5, CALL_100);
    expect(news(venue)).toEqual(['#1 filled 1 @ 2.05']);
  });
});

describe('the venue refuses', () => {
  const refusal = (terms: Parameters<Venue['send']>[1], venue = optionVenue()) => {
    venue.day(DAY, still(103), (now) => venue.send(now, { symbol: CALL_100, quantity: 1, ...terms }));
    return news(venue).at(-1);
  };

  test('stops, parts of contracts and contracts that trade no more', () => {
    expect(refusal({ stopPx: 3 })).toBe(
      '#1 rejected: order 1 is a stop order; options take market and limit orders',
    );
    expect(refusal({ quantity: 1.5 })).toBe(
      `#1 rejected: order 1 is for 1.5 ${CALL_100}; options trade in whole contracts`,
    );
    const over = 'ABC   200612C00100000';
    expect(refusal({ symbol: over })).toBe(`#1 rejected: ${over} stopped trading at the close of 2020-06-12`);
  });

  test('to write options where shorts are not allowed', () => {
    expect(refusal({ side: 'sell' })).toBe(
      `#1 rejected: selling 1 ${CALL_100} while holding 0 would go short, which is not allowed`,
    );
  });

  test('to write calls on shares that are not there, and to sell shares that written calls may take', () => {
    const venue = optionVenue({ allowShort: true });
    venue.exchange.declareCore({ symbol: 'ABC', quantity: 150, px: 100 });
    venue.day(DAY, still(103), (now) => {
      venue.send(now, { symbol: CALL_100, quantity: 2, side: 'sell' });
      venue.send(now, { symbol: CALL_100, quantity: 1, side: 'sell' });
      venue.send(now, { quantity: 60, side: 'sell' });
      venue.send(now, { quantity: 50, side: 'sell' });
    });
    expect(news(venue)).toEqual([
      `#1 rejected: writing 2 ${CALL_100} needs 200 ABC to deliver; 150 are free`,
      '#2 filled 1 @ 3.95',
      '#3 rejected: selling 60 ABC would leave 90; written calls may have to deliver 100',
      '#4 filled 50 @ 103',
    ]);
  });

  test('to write puts whose strike the cash does not cover', () => {
    const venue = optionVenue({ allowShort: true, cash: 15_000 });
    venue.day(DAY, still(103), (now) => {
      venue.send(now, { symbol: PUT_100, quantity: 2, side: 'sell' });
      venue.send(now, { symbol: PUT_100, quantity: 1, side: 'sell' });
      venue.send(now, { quantity: 60 });
      venue.send(now, { symbol: PUT_100, quantity: 100 });
      venue.send(now, { quantity: 40 });
    });
    expect(news(venue)).toEqual([
      `#1 rejected: a sell of 2 ${PUT_100} at 0.95 needs 19810.00 dollars; 15000.00 are available`,
      '#2 filled 1 @ 0.95',
      '#3 rejected: a buy of 60 ABC at 103 needs 6180.00 dollars; 5095.00 are available',
      '#4 filled 100 @ 1.05',
      '#5 filled 40 @ 103',
    ]);
  });
});
