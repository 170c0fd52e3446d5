import { describe, expect, test } from 'vitest';
import { tradingSession } from '../../../src/domain/exchange-calendar.ts';
import { CALL_100, EXPIRY, optionVenue, PUT_100, still } from './option-market.ts';
import type { Venue, VenueOptions } from './venue.ts';

const CLOSE = tradingSession('XNYS', EXPIRY)!.close;
const news = (venue: Venue) => venue.news.map((line) => line.slice(line.indexOf(' ') + 1));

type Terms = Parameters<typeof optionVenue>[1];

/** Buys (or writes) two contracts on Monday at 103 and ends the week's Friday at `close`; a hundred dollars a contract. */
function held(
  symbol: string,
  side: 'buy' | 'sell',
  close: number,
  {
    shares = 0,
    core = 0,
    terms,
    ...options
  }: VenueOptions & { shares?: number; core?: number; terms?: Terms } = {},
): Venue {
  const venue = optionVenue({ allowShort: side === 'sell', ...options }, terms);
  if (core > 0) venue.exchange.declareCore({ symbol: 'ABC', quantity: core, px: 100 });
  venue.day('2020-06-15', still(103), (now) => {
    if (shares > 0) venue.send(now, { quantity: shares });
    venue.send(now, { symbol, side, quantity: 2 });
  });
  venue.heard.length = 0;
  return venue.day(EXPIRY, { open: 101, high: 110, low: 90, close });
}

describe('at the close of the expiry', () => {
  test('a long call in the money is exercised: the shares come in at the strike', () => {
    const venue = held(CALL_100, 'buy', 104);
    expect(news(venue)).toEqual([`${CALL_100} exercised 2 @ 0 shares 200`].map((line) => `${line}`));
    expect(venue.holdings).toEqual({ ABC: 200 });
    expect(venue.cash).toBe(100_000 - 2 * 405 - 20_000);
  });

  test('it is known after the closing print and before the close is decided', () => {
    const [settled] = held(CALL_100, 'buy', 104).reports.slice(-1);
    expect(settled).toMatchObject({ type: 'OptionSettled', at: CLOSE, time: CLOSE });
    expect(settled.payload).toMatchObject({ underlyingPx: 104, strike: 100, how: 'exercised' });
  });

  test.each([
    [100.01, 'exercised'],
    [100.009, 'expired'],
    [100, 'expired'],
    [95, 'expired'],
  ])('a call struck at 100 with the underlying at %f is %s', (close, how) => {
    expect(news(held(CALL_100, 'buy', close))[0]).toContain(` ${how} 2 @ 0 `);
  });

  test('a long put sells the shares that are there', () => {
    const venue = held(PUT_100, 'buy', 96, { shares: 300 });
    expect(news(venue)).toEqual([`${PUT_100} exercised 2 @ 0 shares -200`]);
    expect(venue.holdings).toEqual({ ABC: 100 });
    expect(venue.cash).toBe(100_000 - 30_900 - 2 * 105 + 20_000);
  });

  test('a long put does not deliver a declared holding: it is closed out', () => {
    const venue = held(PUT_100, 'buy', 96, { core: 300 });
    expect(news(venue)).toEqual([`${PUT_100} cashSettled 2 @ 4 shares 0`]);
    expect(venue.holdings).toEqual({ ABC: 300 });
    const both = held(PUT_100, 'buy', 96, { core: 300, shares: 200 });
    expect(news(both)).toEqual([`${PUT_100} exercised 2 @ 0 shares -200`]);
    expect(both.holdings).toEqual({ ABC: 300 });
    const carried = JSON.parse(JSON.stringify(both.exchange));
    expect(optionVenue({ carried }).exchange.toJSON()).toEqual(carried);
  });

  test('a put on shares that are not there is closed out at what exercise is worth, and so is a call nobody can pay', () => {
    const put = held(PUT_100, 'buy', 96);
    expect(news(put)).toEqual([`${PUT_100} cashSettled 2 @ 4 shares 0`]);
    expect(put.cash).toBe(100_000 - 2 * 105 + 800);
    const call = held(CALL_100, 'buy', 104, { cash: 15_000 });
    expect(news(call)).toEqual([`${CALL_100} cashSettled 2 @ 4 shares 0`]);
    expect(call.holdings).toEqual({});
  });

  test('a written put in the money is assigned: the shares come in', () => {
    const venue = held(PUT_100, 'sell', 96);
    expect(news(venue)).toEqual([`${PUT_100} assigned -2 @ 0 shares 200`]);
    expect(venue.holdings).toEqual({ ABC: 200 });
    expect(venue.cash).toBe(100_000 + 190 - 20_000);
  });

  test('a written call in the money is assigned: the shares go', () => {
    const venue = held(CALL_100, 'sell', 104, { shares: 250 });
    expect(news(venue)).toEqual([`${CALL_100} assigned -2 @ 0 shares -200`]);
    expect(venue.holdings).toEqual({ ABC: 50 });
  });

  test('what settles in cash pays its intrinsic value, whoever holds it', () => {
    const terms: Terms = { settlement: 'cash', style: 'european' };
    const long = held(CALL_100, 'buy', 104.25, { terms });
    expect(news(long)).toEqual([`${CALL_100} cashSettled 2 @ 4.25 shares 0`]);
    expect(long.cash).toBe(100_000 - 810 + 850);
    const written = held(PUT_100, 'sell', 95.5, { terms });
    expect(news(written)).toEqual([`${PUT_100} cashSettled -2 @ 4.5 shares 0`]);
    expect(written.cash).toBe(100_000 + 190 - 900);
  });

  test('every working order in the contract expires', () => {
    const venue = optionVenue();
    venue.day('2020-06-15', still(103), (now) =>
      venue.send(now, { symbol: CALL_100, quantity: 2, limitPx: 0.5, timeInForce: 'gtc' }),
    );
    expect(news(venue.day(EXPIRY, still(103)))).toEqual(['#1 expired']);
    venue.send(CLOSE, { symbol: CALL_100, quantity: 1 });
    expect(news(venue).at(-1)).toContain('stopped trading at the close of 2020-06-19');
  });

  test('a half-day ends it at one o’clock', () => {
    const symbol = 'ABC   201127C00100000'; // the Friday after Thanksgiving
    const venue = optionVenue();
    venue.day('2020-11-25', still(103), (now) => venue.send(now, { symbol, quantity: 1 }));
    venue.day('2020-11-27', still(103));
    const settled = venue.reports.at(-1)!;
    expect(settled.type).toBe('OptionSettled');
    expect(new Date(settled.at / 1_000).toISOString()).toBe('2020-11-27T18:00:00.000Z');
  });

  test('a day without data settles at the next close there is, at its price', () => {
    const venue = optionVenue();
    venue.day('2020-06-15', still(103), (now) => venue.send(now, { symbol: CALL_100, quantity: 1 }));
    venue.day('2020-06-22', still(105));
    expect(venue.reports.at(-1)).toMatchObject({ type: 'OptionSettled', time: CLOSE });
    expect(venue.holdings).toEqual({ ABC: 100 });
  });

  test('nothing settles where the underlying was never seen, until a chain states its price', () => {
    const venue = optionVenue({ optionQuote: () => null }, { settlement: 'cash' });
    venue.send(CLOSE - 10, { symbol: CALL_100, quantity: 1 });
    venue.quote(CLOSE - 5, 3, 4, 0, 0, CALL_100);
    venue.exchange.closed([CALL_100], CLOSE);
    expect(venue.holdings).toEqual({ [CALL_100]: 1 });
    venue.exchange.stated('ABC', 103.5);
    venue.exchange.closed([CALL_100], CLOSE + 1);
    expect(news(venue).at(-1)).toBe(`${CALL_100} cashSettled 1 @ 3.5 shares 0`);
  });

  test('a settlement does not overtake the report of a fill in its contract', () => {
    const venue = optionVenue({
      execution: 'midpoint',
      config: { reportLatencyUs: 500 },
      optionQuote: () => null,
    });
    venue.quote(CLOSE - 300, 102.9, 103.1);
    venue.send(CLOSE - 200, { symbol: CALL_100, quantity: 1 });
    venue.quote(CLOSE - 100, 3, 4, 0, 0, CALL_100);
    venue.exchange.closed(['ABC'], CLOSE);
    expect(venue.deliver().reports.map(({ type, at }) => [type, at - CLOSE])).toEqual([
      ['OrderAccepted', 300],
      ['OrderFilled', 400],
      ['OptionSettled', 400],
    ]);
  });
});

describe('what settles at the open', () => {
  const TERMS: Terms = { settlesAt: 'open', settlement: 'cash', style: 'european' };

  test('pays by the opening print of the settlement day, before the open is decided', () => {
    const venue = held(CALL_100, 'buy', 150, { terms: TERMS });
    expect(news(venue)).toEqual([`${CALL_100} cashSettled 2 @ 1 shares 0`]);
    expect(venue.reports.at(-1)?.at).toBe(tradingSession('XNYS', EXPIRY)!.open);
  });

  test('pays by the print also where the open is decided minutes later', () => {
    const { open } = tradingSession('XNYS', EXPIRY)!;
    const venue = optionVenue({}, TERMS);
    venue.day('2020-06-15', still(103), (now) => venue.send(now, { symbol: CALL_100, quantity: 1 }));
    venue.print(open, 102).bar(open + 300_000_000, { ...still(107), low: 102 }, 'ABC', 300);
    venue.exchange.opened(open + 300_000_000, ['ABC']);
    expect(news(venue).at(-1)).toBe(`${CALL_100} cashSettled 1 @ 2 shares 0`);
  });

  test('trades no more from the close of the session before', () => {
    const venue = optionVenue({}, TERMS);
    venue.day('2020-06-18', still(103), (now) =>
      venue.send(now, { symbol: CALL_100, quantity: 1, limitPx: 1, timeInForce: 'gtc' }),
    );
    expect(news(venue)).toEqual(['#1 expired']);
    venue.day(EXPIRY, still(103), (now) => venue.send(now, { symbol: CALL_100, quantity: 1 }));
    expect(news(venue).at(-1)).toBe(`#2 rejected: ${CALL_100} stopped trading at the close of 2020-06-18`);
  });
});

describe('before the expiry', () => {
  /** One contract traded on Friday; then Monday ends at `px` in a market like this. */
  function monday(side: 'buy' | 'sell', symbol: string, px: number, market: VenueOptions, terms: Terms = {}) {
    const friday = optionVenue({ allowShort: true }, terms);
    friday.exchange.declareCore({ symbol: 'ABC', quantity: 200, px: 100 });
    friday.day('2020-06-12', still(px), (now) => friday.send(now, { symbol, side, quantity: 1 }));
    const carried = JSON.parse(JSON.stringify(friday.exchange));
    return optionVenue({ allowShort: true, ...market, carried }, terms).day('2020-06-15', still(px));
  }
  const market = (vol: number | null, rate: number, dividendYield: number): VenueOptions => ({
    optionVol: () => vol,
    ratesOf: () => ({ rate, dividendYield }),
  });

  test('a written put is assigned where interest on its strike is worth more than waiting', () => {
    const venue = monday('sell', PUT_100, 60, market(0.5, 0.05, 0));
    expect(news(venue)).toEqual([`${PUT_100} assigned -1 @ 0 shares 100`]);
    expect(venue.holdings).toEqual({ ABC: 300 });
  });

  test('a written call is assigned where dividends of the shares are worth more than waiting', () => {
    const venue = monday('sell', CALL_100, 140, market(0.5, 0, 0.05));
    expect(news(venue)).toEqual([`${CALL_100} assigned -1 @ 0 shares -100`]);
  });

  test('what settles in cash is assigned in cash', () => {
    const venue = monday('sell', PUT_100, 60, market(0.5, 0.05, 0), { settlement: 'cash' });
    expect(news(venue)).toEqual([`${PUT_100} cashSettled -1 @ 40 shares 0`]);
  });

  test.each([
    ['its holder earns nothing by it', market(0.5, 0, 0), {}, 60],
    ['the underlying may still come back', market(5, 0.05, 0), {}, 60],
    ['it is out of the money', market(0.5, 0.05, 0), {}, 101],
    ['it is European', market(0.5, 0.05, 0), { style: 'european' } as Terms, 60],
    ['nobody knows its volatility', market(null, 0.05, 0), {}, 60],
  ])('a written put is not assigned where %s', (_, quoted, terms, px) => {
    expect(news(monday('sell', PUT_100, px, quoted, terms))).toEqual([]);
  });

  test.each([
    ['holds no time value', 39.9, 40, [`${PUT_100} assigned -1 @ 0 shares 100`]],
    ['holds time value', 41, 43, []],
    ['has no bid', 0, 40, []],
  ])('a recorded quote tells: one that %s', (_, bidPx, askPx, expected) => {
    const venue = optionVenue({ allowShort: true, ...market(5, 0.05, 0) });
    const friday = tradingSession('XNYS', '2020-06-12')!.open;
    venue.quote(friday, 41, 43, 0, 0, PUT_100);
    venue.send(friday, { symbol: PUT_100, side: 'sell', quantity: 1 });
    venue.quote(friday + 1, 41, 43, 0, 0, PUT_100);
    venue.quote(friday + 2, bidPx, askPx, 0, 0, PUT_100);
    venue.deliver().heard.length = 0;
    expect(news(venue.day('2020-06-12', still(60)))).toEqual(expected);
  });

  test('a long holder never exercises', () => {
    expect(news(monday('buy', PUT_100, 60, market(0.5, 0.05, 0)))).toEqual([]);
  });
});
