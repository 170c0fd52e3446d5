import { afterEach, describe, expect, test } from 'vitest';
import { listenToOrders, openVenue, settle, until, type Venue } from './simulated-market.ts';

let venue: Venue;
afterEach(() => venue?.close());

const limit = (qty: string, limitPrice: string, more: object = {}) => ({
  symbol: 'SPY',
  qty,
  side: 'buy' as const,
  type: 'limit' as const,
  timeInForce: 'day' as const,
  limitPrice,
  ...more,
});

const submit = (order: object) => venue.orders.postOrder({ postOrderRequest: order as never });

describe('orders at the simulated venue, by the real client', () => {
  test('a marketable order fills at the touch up to its displayed size, and the rest waits', async () => {
    venue = await openVenue();
    const { events, updates } = await listenToOrders(venue);
    const order = await submit(limit('300', '400.04', { clientOrderId: 'chain-1' }));
    expect(order).toMatchObject({ status: 'pending_new', clientOrderId: 'chain-1', filledQty: '0' });
    venue.clock.advance(50);
    await until(() => events().length >= 2);
    expect(events()).toEqual(['new', 'partial_fill']);
    expect(updates[1]).toMatchObject({ price: '400.04', qty: '200', positionQty: '200' });
    venue.market.post('SPY', { bidPx: 400, bidSize: 300, askPx: 400.03, askSize: 500 });
    await until(() => events().length >= 3);
    expect(updates[2]).toMatchObject({ event: 'fill', price: '400.03', qty: '100', positionQty: '300' });
    const found = await venue.orders.getOrderByClientOrderId({ clientOrderId: 'chain-1' });
    expect(found).toMatchObject({ id: order.id, status: 'filled', filledQty: '300' });
    await settle();
  });
});
