import { describe, expect, test } from 'vitest';
import { tradingSession } from '../../../src/domain/exchange-calendar.ts';
import type { OptionContract } from '../../../src/domain/options/contract.ts';
import { CALL_100, EXPIRY, optionVenue, still } from './option-market.ts';
import type { Venue, VenueOptions } from './venue.ts';

const news = (venue: Venue) => venue.news.map((line) => line.slice(line.indexOf(' ') + 1));
const SPLIT_DAY = tradingSession('XNYS', '2020-06-16')!.open - 1;
const HALVED = 'ABC   200619C00050000';

/** Holds 101 shares and two calls, with orders working in each, and something else. */
function monday(options: VenueOptions = {}): Venue {
  const venue = optionVenue(options);
  venue.day('2020-06-15', still(103), (now) => {
    venue.send(now, { quantity: 101 });
    venue.send(now, { symbol: CALL_100, quantity: 2 });
    venue.send(now, { quantity: 5, limitPx: 90 });
    venue.send(now, { symbol: CALL_100, quantity: 1, limitPx: 1 });
    venue.send(now, { symbol: 'XYZ', quantity: 5, limitPx: 90 });
  });
  venue.heard.length = 0;
  return venue;
}
const split = (venue: Venue, numerator: number, denominator: number) =>
  venue.exchange.split({ symbol: 'ABC', numerator, denominator, cashInLieuPx: null }, SPLIT_DAY);

describe('a split', () => {
  test('counts shares and contracts anew', () => {
    const venue = monday();
    const { cash } = venue;
    split(venue, 2, 1);
    expect(venue.holdings).toEqual({ ABC: 202, [HALVED]: 4 });
    expect(venue.cash).toBe(cash);
  });

  test('cancels what works in the symbol and its contracts, and nothing else', () => {
    const venue = monday();
    split(venue, 2, 1);
    expect(news(venue)).toEqual([
      '#3 canceled: a split of ABC, 2 for 1',
      '#4 canceled: a split of ABC, 2 for 1',
    ]);
    expect(news(venue.bar(SPLIT_DAY + 60_000_000, still(80), 'XYZ')).at(-1)).toBe('#5 filled 5 @ 80');
  });

  test('leads to exercise by the new terms', () => {
    const venue = monday();
    split(venue, 2, 1);
    expect(news(venue.day(EXPIRY, still(52))).at(-1)).toBe(`${HALVED} exercised 4 @ 0 shares 400`);
    expect(venue.holdings).toEqual({ ABC: 602 });
  });

  test('lets the new contracts trade, and the old ones no more of what is held', () => {
    const venue = monday();
    split(venue, 2, 1);
    venue.day('2020-06-16', still(52), (now) => {
      venue.send(now, { symbol: HALVED, side: 'sell', quantity: 3 });
      venue.send(now, { symbol: CALL_100, side: 'sell', quantity: 1 });
    });
    expect(news(venue).slice(2)).toEqual([
      '#6 filled 3 @ 2.95',
      `#7 rejected: selling 1 ${CALL_100} while holding 0 would go short, which is not allowed`,
    ]);
  });

  test('into parts pays what is left of a whole share at the last price, and changes what a contract delivers', () => {
    const known: OptionContract[] = [];
    const venue = monday({ defineContract: (contract) => void known.push(contract) });
    const { cash } = venue;
    const applied = split(venue, 3, 2);
    expect(applied.cashInLieuPx).toBe(68.666667);
    expect(venue.holdings).toEqual({ ABC: 151, 'ABC1  200619C00100000': 2 });
    expect(venue.cash).toBe(cash + 34.333333);
    expect(known).toMatchObject([{ symbol: 'ABC1  200619C00100000', deliverable: 150, strike: 100 }]);
    expect(news(venue.day(EXPIRY, still(70))).at(-1)).toBe(
      'ABC1  200619C00100000 exercised 2 @ 0 shares 300',
    );
    expect(venue.holdings).toEqual({ ABC: 451 });
  });

  test('leaves the fractions of an account that holds fractions', () => {
    const venue = optionVenue();
    venue.day('2020-06-15', still(103), (now) => venue.send(now, { quantity: 1.5 }));
    expect(split(venue, 3, 2).cashInLieuPx).toBeNull();
    expect(venue.holdings).toEqual({ ABC: 2.25 });
  });

  test('makes the prices before it comparable: the first one after twenty for one is believed', () => {
    const venue = monday();
    split(venue, 20, 1);
    venue.day('2020-06-16', still(5.15), (now) => venue.send(now, { quantity: 1 }));
    expect(news(venue).at(-1)).toBe('#6 filled 1 @ 5.15');
  });

  test('survives a carry-over: the account, the new contracts and the orders go on', () => {
    const venue = monday();
    split(venue, 3, 2);
    const carried = JSON.parse(JSON.stringify(venue.exchange));
    const known: string[] = [];
    const next = optionVenue({ carried, defineContract: ({ symbol }) => void known.push(symbol) });
    expect(known).toContain('ABC1  200619C00100000');
    for (const each of [venue, next]) each.day(EXPIRY, still(70));
    expect(JSON.stringify(next.exchange)).toBe(JSON.stringify(venue.exchange));
    expect(next.holdings).toEqual({ ABC: 451 });
  });
});
