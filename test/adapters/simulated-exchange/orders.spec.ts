import { describe, expect, test } from 'vitest';
import { MINUTE, Venue } from './venue.ts';

const at = (minute: number) => minute * MINUTE;
const FLAT = { open: 100, high: 100, low: 100, close: 100 };

describe('cancels', () => {
  test('a working order is canceled', () => {
    const venue = new Venue();
    venue.send(at(1), { limitPx: 90 });
    venue.exchange.cancel(1, at(2));
    expect(venue.bar(at(3), { ...FLAT, low: 80 }).news).toEqual(['2 #1 canceled: as asked']);
  });

  test('an order that is over refuses its cancel', () => {
    const venue = new Venue();
    venue.send(at(1));
    venue.bar(at(2), FLAT).exchange.cancel(1, at(2));
    expect(venue.news.at(-1)).toBe('2 #1 cancelrejected: order 1 is not working at the venue');
  });

  test('a fill that comes while the cancel is on its way stands, and the cancel is refused', () => {
    const venue = new Venue({
      execution: 'midpoint',
      config: { submitLatencyUs: MINUTE, reportLatencyUs: MINUTE },
    });
    venue.send(at(1), { limitPx: 100 });
    venue.exchange.cancel(1, at(2.5));
    venue.quote(at(3), 99, 100);
    expect(venue.quote(at(4), 99, 100).news).toEqual([
      '4 #1 filled 10 @ 100',
      '4.5 #1 cancelrejected: order 1 is not working at the venue',
    ]);
  });

  test('a cancel that arrives before the quote wins', () => {
    const venue = new Venue({
      execution: 'midpoint',
      config: { submitLatencyUs: MINUTE, reportLatencyUs: MINUTE },
    });
    venue.send(at(1), { limitPx: 100 });
    venue.exchange.cancel(1, at(1.5));
    expect(venue.quote(at(2.5), 99, 100).news).toEqual(['3.5 #1 canceled: as asked']);
  });

  test('a cancel that arrives before a bar’s open wins, and is reported without another event', () => {
    const config = { submitLatencyUs: MINUTE / 2, reportLatencyUs: 5 * MINUTE };
    const venue = new Venue({ execution: 'midpoint', config });
    venue.send(at(1), { limitPx: 100 });
    venue.exchange.cancel(1, at(1));
    expect(venue.news).toEqual(['6.5 #1 canceled: as asked']);
    venue.send(at(7));
    venue.exchange.cancel(2, at(7));
    expect(venue.bar(at(9), FLAT).news.at(-1)).toBe('12.5 #2 canceled: as asked');
    venue.send(at(20), { limitPx: 90 });
    venue.deliver().exchange.cancel(3, at(30));
    expect(venue.news.at(-1)).toBe('35.5 #3 canceled: as asked');
  });

  test('orders trade in order of arrival, whatever the jitter', () => {
    const config = { submitLatencyUs: 10, latencyJitterUs: MINUTE, volumeShare: 1 };
    const venue = new Venue({ execution: 'midpoint', config, cash: 1_000_000 });
    for (let i = 0; i < 20; i++) venue.send(at(1));
    for (let minute = 4; minute < 30; minute++) venue.bar(at(minute), { ...FLAT, volume: 10 });
    const reports = venue.deliver().reports.sort((a, b) => a.time - b.time);
    const ordinals = (wanted: string) =>
      reports.flatMap(({ type, ordinal }) => (type === wanted ? [ordinal] : []));
    expect(ordinals('OrderFilled')).toEqual(ordinals('OrderAccepted'));
    expect(ordinals('OrderFilled')).not.toEqual(ordinals('OrderFilled').toSorted((a, b) => a - b));
  });

  test('a cancel does not overtake its order, whatever the jitter', () => {
    const venue = new Venue({
      execution: 'midpoint',
      config: { submitLatencyUs: 10, latencyJitterUs: MINUTE },
    });
    for (let i = 0; i < 50; i++) venue.exchange.cancel(venue.send(at(1), { limitPx: 90 }), at(1));
    const arrival = new Map<number, number>();
    for (const { type, ordinal, time } of venue
      .deliver()
      .reports.sort((a, b) => a.type.localeCompare(b.type))) {
      if (type === 'OrderAccepted') arrival.set(ordinal, time);
      else expect([type, time >= arrival.get(ordinal)!]).toEqual(['OrderCanceled', true]);
    }
  });
});

describe('the close', () => {
  test('ends day orders, but neither good-till-canceled ones nor one sent at the close itself', () => {
    const venue = new Venue();
    venue.send(at(1), { limitPx: 90, timeInForce: 'day' });
    venue.send(at(1), { limitPx: 90 });
    venue.send(at(9), { limitPx: 90, timeInForce: 'day' });
    venue.exchange.closed(['ABC', 'XYZ'], at(9));
    expect(venue.news).toEqual(['9 #1 expired']);
  });

  test('ends nothing of another calendar', () => {
    const venue = new Venue();
    venue.send(at(1), { limitPx: 90, timeInForce: 'day' });
    venue.exchange.closed(['XYZ'], at(9));
    expect(venue.news).toEqual([]);
  });
});

describe('commissions', () => {
  test('a percentage is of the value traded', () => {
    const venue = new Venue({ commission: { kind: 'percent', rate: 0.001 } });
    venue.send(at(1), { quantity: 7 });
    // 7 x 123.456789 x 0.001 = 0.864197523, rounded to the micro-dollar
    expect(venue.bar(at(2), { open: 123.456789, high: 130, low: 120, close: 125 }).news).toEqual([
      '1 #1 filled 7 @ 123.456789 fee 0.864198',
    ]);
  });

  test('a minimum is charged once an order, not once a fill', () => {
    const commission = { kind: 'perShare', perShare: 0.01, minimum: 1 } as const;
    const venue = new Venue({ commission, config: { volumeShare: 1 } });
    venue.send(at(1), { quantity: 150 });
    for (const minute of [2, 3, 4]) venue.bar(at(minute), { ...FLAT, volume: 50 });
    expect(venue.news).toEqual([
      '1 #1 filled 50 @ 100 fee 1 leaves 100',
      '2 #1 filled 50 @ 100 leaves 50',
      '3 #1 filled 50 @ 100 fee 0.5',
    ]);
  });
});

describe('a size that is a fraction of the account', () => {
  test.each([
    ['buys whole units of what is available', 1, 30, { kind: 'none' }, 333],
    ['buys one unit less than an exact multiple, as backtesting.py does', 1, 25, { kind: 'none' }, 399],
    ['takes its share only', 0.5, 30, { kind: 'none' }, 166],
    ['leaves room for a percentage', 1, 30, { kind: 'percent', rate: 0.01 }, 330],
    ['leaves room for a fee a share', 1, 30, { kind: 'perShare', perShare: 0.05, minimum: 0 }, 332],
    ['leaves room for the minimum', 1, 30, { kind: 'perShare', perShare: 0.001, minimum: 40 }, 331],
  ] as const)('%s', (_, fraction, px, commission, units) => {
    const venue = new Venue({ cash: 10_000, commission });
    venue.send(at(1), { fraction });
    venue.bar(at(2), { open: px, high: px, low: px, close: px });
    expect(venue.news[0]).toContain(`#1 filled ${units} @`);
  });

  test('is resolved after the exit that was sent before it', () => {
    const venue = new Venue({ cash: 1_000, allowShort: true });
    venue.send(at(1), { quantity: 9 });
    venue.bar(at(2), FLAT);
    venue.send(at(2), { side: 'sell', quantity: 9 });
    venue.send(at(2), { side: 'sell', fraction: 1 });
    // 1,000 - 9 x 100 + 9 x 110 = 1,090 available at 110: 9 units
    expect(venue.bar(at(3), { open: 110, high: 110, low: 110, close: 110 }).news.slice(1)).toEqual([
      '2 #2 filled 9 @ 110',
      '2 #3 filled 9 @ 110',
    ]);
  });

  test('keeps the quantity it resolved to while it fills in parts', () => {
    const venue = new Venue({ cash: 1_050, config: { volumeShare: 1 } });
    venue.send(at(1), { fraction: 1 });
    venue.bar(at(2), { ...FLAT, volume: 4 }).bar(at(3), { ...FLAT, volume: 40 });
    expect(venue.news).toEqual(['1 #1 filled 4 @ 100 leaves 6', '2 #1 filled 6 @ 100']);
  });

  test('is rejected where it does not buy one unit', () => {
    const venue = new Venue({ cash: 99 });
    venue.send(at(1), { fraction: 1 });
    expect(venue.bar(at(2), FLAT).news).toEqual([
      '1 #1 rejected: 1 of the account does not buy one ABC at 100',
    ]);
  });
});

describe('the account', () => {
  test('does not buy with money it has not got', () => {
    const venue = new Venue({ cash: 999 });
    venue.send(at(1));
    expect(venue.bar(at(2), FLAT).news).toEqual([
      '1 #1 rejected: a buy of 10 ABC at 100 needs 1000.00 dollars; 999.00 are available',
    ]);
  });

  test('cancels the rest of an order that has become too dear', () => {
    const venue = new Venue({ cash: 1_000, config: { volumeShare: 1 } });
    venue.send(at(1));
    venue.bar(at(2), { ...FLAT, volume: 5 }).bar(at(3), { open: 101, high: 101, low: 101, close: 101 });
    expect(venue.news.at(-1)).toBe(
      '2 #1 canceled: a buy of 5 ABC at 101 needs 505.00 dollars; 500.00 are available',
    );
  });

  test('does not go short unless allowed', () => {
    const venue = new Venue();
    venue.send(at(1), { side: 'sell' });
    expect(venue.bar(at(2), FLAT).news).toEqual([
      '1 #1 rejected: selling 10 ABC while holding 0 would go short, which is not allowed',
    ]);
  });

  test('shorts no more than it could buy, and may always close', () => {
    const venue = new Venue({ cash: 1_000, allowShort: true });
    venue.send(at(1), { side: 'sell' });
    venue.bar(at(2), FLAT).send(at(2), { side: 'sell', quantity: 1 });
    venue.send(at(2));
    expect(venue.bar(at(3), { open: 300, high: 300, low: 300, close: 300 }).news).toEqual([
      '1 #1 filled 10 @ 100',
      '2 #2 rejected: a sell of 1 ABC at 300 needs 300.00 dollars; 0.00 are available',
      '2 #3 filled 10 @ 300',
    ]);
  });

  test('reverses with what closing frees', () => {
    const venue = new Venue({ cash: 1_000, allowShort: true });
    venue.send(at(1));
    venue.bar(at(2), FLAT).send(at(2), { side: 'sell', quantity: 20 });
    venue.bar(at(3), FLAT).send(at(3), { quantity: 20 });
    venue.bar(at(4), FLAT).send(at(4), { side: 'sell', quantity: 21 });
    expect(venue.bar(at(5), FLAT).news).toEqual([
      '1 #1 filled 10 @ 100',
      '2 #2 filled 20 @ 100',
      '3 #3 filled 20 @ 100',
      '4 #4 rejected: a sell of 11 ABC at 100 needs 1100.00 dollars; 1000.00 are available',
    ]);
  });

  test('holds what was declared as core, and pays for it', () => {
    const venue = new Venue({ cash: 1_000 });
    venue.exchange.declareCore({ symbol: 'ABC', quantity: 6, px: 100 });
    venue.send(at(1), { quantity: 5 });
    venue.send(at(1), { side: 'sell', quantity: 6 });
    expect(venue.bar(at(2), FLAT).news).toEqual([
      '1 #1 rejected: a buy of 5 ABC at 100 needs 500.00 dollars; 400.00 are available',
      '1 #2 filled 6 @ 100',
    ]);
  });
});

describe('an order that cannot be', () => {
  test.each([
    [{ orderType: 'limit' }, 'order 1 is a limit order without limitPx'],
    [{ orderType: 'stop' }, 'order 1 is a stop order without stopPx'],
    [{ timeInForce: 'cls' }, 'order 1 is cls; the simulated exchange takes day, gtc, ioc and fok'],
  ] as const)('is rejected at once: %j', (terms, reason) => {
    const venue = new Venue();
    venue.send(at(1), terms);
    expect(venue.deliver().heard).toEqual([`1 #1 rejected: ${reason}`]);
  });
});

describe('a venue carried over to the next session', () => {
  test('goes on as if it had never stopped', () => {
    const options = {
      execution: 'midpoint',
      config: { submitLatencyUs: 1_000, reportLatencyUs: 2_000, latencyJitterUs: 9_000, volumeShare: 1 },
      cash: 5_000,
    } as const;
    const day = (venue: Venue, from: number) => {
      venue.send(at(from), { ordinal: from * 10 + 1 });
      venue.send(at(from), { ordinal: from * 10 + 2, limitPx: 99 });
      venue.bar(at(from + 2), { ...FLAT, volume: 7 });
      venue.exchange.cancel(from * 10 + 2, at(from + 2) - 500);
    };
    const whole = new Venue(options);
    day(whole, 1);
    const carried = JSON.parse(JSON.stringify(whole.exchange));
    const next = new Venue({ ...options, carried });
    const before = whole.heard.length;
    for (const venue of [whole, next]) {
      day(venue, 4);
      venue.bar(at(9), { ...FLAT, low: 90, volume: 100 }).deliver();
    }
    expect(next.heard).toEqual(whole.heard.slice(before));
    expect(next.heard.length).toBeGreaterThan(4);
    expect(JSON.stringify(next.exchange)).toBe(JSON.stringify(whole.exchange));
  });
});
