import { errors } from '@alpacahq/alpaca-trade-api';
import { afterEach, describe, expect, test } from 'vitest';
import { limitOrder, listenToOrders, openVenue, refusalOf, until, type Venue } from './simulated-market.ts';

let venue: Venue;
afterEach(() => venue?.close());

const spread = { bidPx: 400, bidSize: 300, askPx: 400.04, askSize: 200 };

describe('orders at the simulated venue, by the real client', () => {
  test('a marketable order fills at the touch up to its displayed size, and the rest waits', async () => {
    venue = await openVenue({ account: { cash: 1_000_000 } });
    const { events, updates } = await listenToOrders(venue);
    const order = await venue.submit(
      limitOrder({ qty: '300', limitPrice: '400.04', clientOrderId: 'chain-1' }),
    );
    expect(order).toMatchObject({ status: 'pending_new', clientOrderId: 'chain-1', filledQty: '0' });
    venue.clock.advance(50);
    await until(() => events().length >= 2);
    expect(events()).toEqual(['new', 'partial_fill']);
    expect(updates[1]).toMatchObject({ price: '400.04', qty: '200', positionQty: '200' });
    venue.market.post('SPY', { ...spread, askPx: 400.03, askSize: 500 });
    await until(() => events().length >= 3);
    expect(updates[2]).toMatchObject({ event: 'fill', price: '400.03', qty: '100', positionQty: '300' });
    const found = await venue.orders.getOrderByClientOrderId({ clientOrderId: 'chain-1' });
    expect(found).toMatchObject({ id: order.id, status: 'filled', filledQty: '300' });
  });

  test('an order at its own side of the spread rests until the market comes to it', async () => {
    venue = await openVenue();
    const { events } = await listenToOrders(venue);
    await venue.submit(limitOrder({ qty: '10', limitPrice: '400' }));
    venue.clock.advance(1_000);
    venue.market.post('SPY', { ...spread, bidPx: 399.98, askPx: 400 });
    await until(() => events().includes('fill'));
    expect(events()).toEqual(['new', 'fill']);
  });

  test('an order inside the spread is met by chance, at its own price', async () => {
    venue = await openVenue({ limits: { insideChance: 1 } });
    const { events, updates } = await listenToOrders(venue);
    await venue.submit(limitOrder({ qty: '10', limitPrice: '400.03' }));
    venue.clock.advance(50);
    for (let i = 0; i < 40; i++) venue.market.post('SPY', spread);
    await until(() => events().includes('fill'));
    expect(updates.at(-1)).toMatchObject({ price: '400.03', positionQty: '10' });
  });

  test('a cancel is pending first, and a second one is refused', async () => {
    venue = await openVenue();
    const { events } = await listenToOrders(venue);
    const { id } = await venue.submit(limitOrder({ limitPrice: '399' }));
    venue.clock.advance(50);
    await venue.orders.deleteOrderByOrderID({ orderId: id! });
    expect(await refusalOf(venue.orders.deleteOrderByOrderID({ orderId: id! }))).toMatchObject({
      status: 422,
    });
    venue.clock.advance(50);
    await until(() => events().includes('canceled'));
    expect(events()).toEqual(['new', 'pending_cancel', 'canceled']);
  });

  test('a fill on its way makes the cancel come to nothing', async () => {
    venue = await openVenue({ faults: [{ kind: 'fillRacingCancel' }] });
    const { events } = await listenToOrders(venue);
    const { id } = await venue.submit(limitOrder({ limitPrice: '399' }));
    venue.clock.advance(50);
    await venue.orders.deleteOrderByOrderID({ orderId: id! });
    venue.clock.advance(50);
    await until(() => events().includes('order_cancel_rejected'));
    expect(events()).toEqual(['new', 'pending_cancel', 'fill', 'order_cancel_rejected']);
  });

  test('a replacement is a new order that carries on what was filled', async () => {
    venue = await openVenue({ account: { cash: 1_000_000 } });
    const { events, updates } = await listenToOrders(venue);
    const order = await venue.submit(limitOrder({ qty: '300', limitPrice: '400.04' }));
    expect(await refusalOf(venue.replace(order.id!, { limitPrice: '400.05' }))).toMatchObject({
      status: 422,
    });
    venue.clock.advance(50);
    const next = await venue.replace(order.id!, { limitPrice: '400.05', clientOrderId: 'chain-1-2' });
    expect(next).toMatchObject({ replaces: order.id, limitPrice: '400.05', qty: '300' });
    venue.clock.advance(50);
    await until(() => events().length >= 5);
    expect(events()).toEqual(['new', 'partial_fill', 'pending_replace', 'replaced', 'new']);
    expect(updates[3].order).toMatchObject({ id: order.id, replacedBy: next.id });
    expect(updates[4].order).toMatchObject({ id: next.id, filledQty: '200', status: 'partially_filled' });
  });

  test('a day order ends at the close and a good-till-canceled one sleeps until the next opening', async () => {
    venue = await openVenue();
    const { events } = await listenToOrders(venue);
    await venue.submit(limitOrder({ limitPrice: '380' }));
    await venue.submit(limitOrder({ limitPrice: '381', timeInForce: 'gtc' }));
    venue.clock.advance(6.5 * 3_600_000);
    await until(() => events().length >= 4);
    expect(events()).toEqual(['new', 'new', 'expired', 'done_for_day']);
    venue.clock.advance(17.5 * 3_600_000);
    await until(() => events().length >= 5);
    expect(events().at(-1)).toBe('new');
  });

  test('an order sent while the market is closed waits as accepted and works from the opening', async () => {
    venue = await openVenue({ startAt: Date.parse('2024-03-13T13:20:00Z') * 1_000 });
    const { events } = await listenToOrders(venue);
    const order = await venue.submit(limitOrder({ limitPrice: '400.04' }));
    expect(order.status).toBe('accepted');
    venue.clock.advance(600_000);
    await until(() => events().includes('fill'));
    expect(events()).toEqual(['new', 'fill']);
  });

  test('a stop becomes a market order when its price is reached', async () => {
    venue = await openVenue({ account: { positions: { SPY: { qty: 10, avgPx: 390 } } } });
    const { events, updates } = await listenToOrders(venue);
    await venue.submit({
      symbol: 'SPY',
      qty: '10',
      side: 'sell',
      type: 'stop',
      timeInForce: 'gtc',
      stopPrice: '398',
    });
    venue.clock.advance(50);
    venue.market.post('SPY', { ...spread, bidPx: 397.5, askPx: 397.6 });
    await until(() => events().includes('fill'));
    expect(updates.at(-1)).toMatchObject({ price: '397.5', positionQty: '0' });
  });
});

describe('what the simulated venue refuses', () => {
  test.each([
    ['a symbol it does not know', { symbol: 'NOPE' }, 422, 42210000],
    ['a quantity of nothing', { qty: '0' }, 422, 40010001],
    ['a price between two cents', { limitPrice: '400.001' }, 422, 42210000],
    ['more than the buying power', { qty: '900' }, 403, 40310000],
    ['an order class it has not', { orderClass: 'bracket' }, 422, 42210000],
    [
      'an option order that outlives the day',
      { symbol: 'SPY240419C00400000', timeInForce: 'gtc' },
      422,
      42210000,
    ],
    ['an uncovered option', { symbol: 'SPY240419C00400000', side: 'sell', limitPrice: '5' }, 403, 40310000],
  ])('%s', async (_, change, status, code) => {
    venue = await openVenue();
    expect(await refusalOf(venue.submit(limitOrder(change)))).toMatchObject({ status, code });
  });

  test('a client order id that was ever used', async () => {
    venue = await openVenue();
    const { id } = await venue.submit(limitOrder({ clientOrderId: 'chain-1', limitPrice: '390' }));
    venue.clock.advance(50);
    await venue.orders.deleteOrderByOrderID({ orderId: id! });
    venue.clock.advance(50);
    const again = venue.submit(limitOrder({ clientOrderId: 'chain-1' }));
    expect(await refusalOf(again)).toMatchObject({ status: 422, code: 40010001 });
    expect(venue.simulator.counters.accepted).toEqual(new Map([['chain-1', 1]]));
  });

  test('an order that would trade with our own on the other side', async () => {
    venue = await openVenue({ account: { positions: { SPY: { qty: 100, avgPx: 390 } } } });
    await venue.submit(limitOrder({ limitPrice: '399' }));
    const sell = venue.submit(limitOrder({ side: 'sell', limitPrice: '398' }));
    expect(await refusalOf(sell)).toMatchObject({
      status: 403,
      message: expect.stringContaining('wash trade'),
    });
    await venue.submit(limitOrder({ side: 'sell', limitPrice: '402' }));
  });

  test('to sell more than is held and free', async () => {
    venue = await openVenue({ account: { positions: { SPY: { qty: 10, avgPx: 390 } } } });
    await venue.submit(limitOrder({ side: 'sell', qty: '6', limitPrice: '410' }));
    const more = venue.submit(limitOrder({ side: 'sell', qty: '5', limitPrice: '411' }));
    expect(await refusalOf(more)).toMatchObject({
      status: 403,
      message: expect.stringContaining('available: 4'),
    });
  });

  test('what it never heard of', async () => {
    venue = await openVenue();
    const unknown = venue.orders.getOrderByClientOrderId({ clientOrderId: 'chain-9' });
    await expect(unknown).rejects.toBeInstanceOf(errors.NotFoundError);
  });

  test('wrong keys, over REST and on every stream', async () => {
    venue = await openVenue({ keyId: 'OTHER' });
    expect(await refusalOf(venue.submit(limitOrder({})))).toMatchObject({ status: 401 });
    expect(await listenToOrders(venue)).toMatchObject({ authenticated: false });
  });

  test('the call after the limit of a minute, and serves the next minute', async () => {
    venue = await openVenue({ limits: { callsPerMinute: 3 } });
    for (let i = 0; i < 3; i++) await venue.orders.getAllOrders();
    const one = await venue.orders.getAllOrders().catch((error: unknown) => error);
    expect(one).toBeInstanceOf(errors.RateLimitError);
    venue.clock.advance(60_000);
    await venue.orders.getAllOrders();
  });
});

describe('options at the simulated venue', () => {
  /** The Friday the contracts end on; SPY stays at 400.02. */
  const LAST_DAY = Date.parse('2024-03-15T13:35:00Z') * 1_000;
  const positions = {
    SPY240315C00390000: { qty: 2, avgPx: 9 },
    SPY240315P00390000: { qty: 3, avgPx: 1 },
    SPY240315C00395000: { qty: -1, avgPx: 4 },
  };

  test('what is in the money at the last close becomes shares at the strike, the rest is gone', async () => {
    venue = await openVenue({ startAt: LAST_DAY, account: { positions } });
    venue.clock.advance(7 * 3_600_000);
    const { account } = venue.simulator;
    expect([...account.positions.values()].map(({ instrument, qty }) => [instrument.symbol, qty])).toEqual([
      ['SPY', 100],
    ]);
    expect(account.cashMicros).toBe((100_000 - 2 * 39_000 + 39_500) * 1e6);
    expect(account.activities.map(({ json, type }) => [type, json.qty])).toEqual([
      ...[
        ['OPEXC', '-2'],
        ['OPTRD', '200'],
      ],
      ['OPEXP', '-3'],
      ...[
        ['OPASN', '1'],
        ['OPTRD', '-100'],
      ],
    ]);
  });

  test('a contract is bought for its premium times its multiplier', async () => {
    venue = await openVenue({ limits: { ackMs: 1 } });
    const symbol = 'SPY240419C00400000';
    const { events } = await listenToOrders(venue);
    await venue.submit(limitOrder({ symbol, qty: '2', limitPrice: '30' }));
    venue.clock.advance(1);
    await until(() => events().includes('fill'));
    const { account } = venue.simulator;
    const { avgPx, qty } = account.positions.get(symbol)!;
    expect(qty).toBe(2);
    expect(account.cashMicros).toBe(100_000 * 1e6 - Math.round(avgPx * 1e6) * 200);
  });
});
