import { describe, expect, test } from 'vitest';
import { MINUTE, Venue } from './venue.ts';

const at = (minute: number) => minute * MINUTE;

describe('on quotes', () => {
  test('a market order fills at the far touch of the next quote', () => {
    const venue = new Venue({ allowShort: true });
    venue.send(at(1));
    venue.send(at(1), { side: 'sell' });
    expect(venue.quote(at(2), 99.98, 100.02).news).toEqual([
      '2 #1 filled 10 @ 100.02',
      '2 #2 filled 10 @ 99.98',
    ]);
  });

  test('an order sent in answer to a quote does not meet that quote', () => {
    const venue = new Venue();
    venue.answer = () => venue.send(at(1));
    expect(venue.quote(at(1), 99, 100).news).toEqual([]);
    expect(venue.quote(at(1), 99, 101).news).toEqual(['1 #1 filled 10 @ 101']);
  });

  test('a partial fill goes on at the quotes that follow, within their sizes', () => {
    const venue = new Venue();
    venue.send(at(1));
    venue.quote(at(2), 99, 100, 50, 4).quote(at(3), 99, 101, 50, 5).quote(at(4), 99, 102, 50, 5);
    expect(venue.news).toEqual([
      '2 #1 filled 4 @ 100 leaves 6',
      '3 #1 filled 5 @ 101 leaves 1',
      '4 #1 filled 1 @ 102',
    ]);
  });

  test('a size is shared by our orders', () => {
    const venue = new Venue();
    venue.send(at(1), { quantity: 3 });
    venue.send(at(1), { quantity: 3 });
    expect(venue.quote(at(2), 99, 100, 9, 5).news).toEqual([
      '2 #1 filled 3 @ 100',
      '2 #2 filled 2 @ 100 leaves 1',
    ]);
  });

  test('a limit that arrives marketable pays the touch, one that rested pays its own price', () => {
    const venue = new Venue();
    venue.send(at(1), { limitPx: 100.5 });
    venue.send(at(1), { limitPx: 99.5 });
    venue.quote(at(2), 99.9, 100).quote(at(3), 99.3, 99.4);
    expect(venue.news).toEqual(['2 #1 filled 10 @ 100', '3 #2 filled 10 @ 99.5']);
  });

  test('a limit fills when the far touch reaches it exactly', () => {
    const venue = new Venue();
    venue.send(at(1), { limitPx: 100 });
    expect(venue.quote(at(2), 99, 100).news).toEqual(['2 #1 filled 10 @ 100']);
  });

  test('a sell stop goes when the bid reaches it, a buy stop when the ask does', () => {
    const venue = new Venue({ allowShort: true });
    venue.send(at(1), { side: 'sell', stopPx: 99 });
    venue.send(at(1), { stopPx: 101 });
    venue.quote(at(2), 99.01, 99.1).quote(at(3), 98.9, 99.2).quote(at(4), 100, 101);
    expect(venue.news).toEqual(['3 #1 filled 10 @ 98.9', '4 #2 filled 10 @ 101']);
  });

  test('a one-sided quote fills only the side it shows, a crossed one nothing', () => {
    const venue = new Venue();
    venue.send(at(1));
    venue.quote(at(2), 99, 0).quote(at(3), 101, 100).quote(at(4), Number.NaN, 100);
    expect(venue.news).toEqual([]);
    expect(venue.quote(at(5), 0, 100).news).toEqual(['5 #1 filled 10 @ 100']);
  });

  test('an immediate order takes what the first quote has', () => {
    const venue = new Venue();
    venue.send(at(1), { timeInForce: 'ioc', limitPx: 99 });
    venue.send(at(1), { timeInForce: 'fok' });
    expect(venue.quote(at(2), 99, 100, 9, 9).news).toEqual([
      '2 #1 canceled: ioc: the market did not take it at once',
      '2 #2 canceled: fok: the market did not take it at once',
    ]);
  });

  test('a bar of a quoted symbol fills nothing', () => {
    const venue = new Venue();
    venue.quote(at(1), 99, 100).send(at(1));
    expect(venue.bar(at(2), { open: 100, high: 101, low: 98, close: 100 }).news).toEqual([]);
  });

  test('latency there and back moves arrival and report', () => {
    const config = { submitLatencyUs: MINUTE, reportLatencyUs: MINUTE / 2 };
    const venue = new Venue({ execution: 'midpoint', config });
    venue.send(at(1));
    venue.quote(at(1.9), 99, 100).quote(at(2), 99, 101);
    expect(venue.deliver().heard).toEqual(['2.5 #1 accepted', '2.5 #1 filled 10 @ 101']);
  });
});

describe('on trades', () => {
  test('a limit fills at its price when the market trades through it, not when it touches', () => {
    const venue = new Venue();
    venue.send(at(1), { limitPx: 100 });
    venue.trade(at(2), 100);
    expect(venue.news).toEqual([]);
    expect(venue.trade(at(3), 99.99, 4).news).toEqual(['3 #1 filled 4 @ 100 leaves 6']);
  });

  test('a touch fills where configured', () => {
    const venue = new Venue({ config: { touchFill: true } });
    venue.send(at(1), { limitPx: 100 });
    expect(venue.trade(at(2), 100).news).toEqual(['2 #1 filled 10 @ 100']);
  });

  test('a market order fills at the next trade where no quotes are recorded', () => {
    const venue = new Venue({ execution: 'midpoint', config: { halfSpread: 0.001 } });
    venue.send(at(1));
    expect(venue.trade(at(2), 100).news).toEqual(['2 #1 filled 10 @ 100.1']);
  });

  test('where quotes are recorded a trade sets off the stop and the next quote fills it', () => {
    const venue = new Venue();
    venue.quote(at(1), 99, 100).send(at(1), { stopPx: 101 });
    venue.trade(at(2), 101);
    expect(venue.news).toEqual([]);
    expect(venue.quote(at(3), 99, 100.5).news).toEqual(['3 #1 filled 10 @ 100.5']);
  });

  test('where quotes are recorded an order that arrives waits for one, whatever trades meanwhile', () => {
    const venue = new Venue();
    venue.quote(at(1), 99, 100).send(at(1), { limitPx: 101, timeInForce: 'ioc' });
    venue.send(at(1), { limitPx: 100.8 });
    venue.trade(at(2), 100.9).trade(at(3), 102);
    expect(venue.news).toEqual([]);
    expect(venue.quote(at(4), 99, 100.5).news).toEqual(['4 #1 filled 10 @ 100.5', '4 #2 filled 10 @ 100.5']);
  });
});
