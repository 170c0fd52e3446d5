import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TradingEdge } from '../../../src/adapters/alpaca/trading-edge.ts';
import type { KnownOrder } from '../../../src/bus/ports.ts';
import type { OrderRejected, SubmitAttempted } from '../../../src/events/order.events.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { type Answer, CANARY, clientOf, effect, RecordingLane, until, VenueServer } from './venue-server.ts';

/** 2026-03-03, 15:00 UTC: a Tuesday's session in New York. */
const NOW = Date.UTC(2026, 2, 3, 15) * 1_000;
const CHAIN = 'paper-20260303T140000-ab12';

const terms: SubmitAttempted = {
  ordinal: 1,
  symbol: 'AAPL',
  side: 'buy',
  size: { kind: 'quantity', quantity: 100 },
  orderType: 'limit',
  limitPx: 190.05,
  stopPx: null,
  timeInForce: 'day',
};

let venue: VenueServer;
let clock: SteppedClock;
let lane: RecordingLane;
let known: KnownOrder[];
let edge: TradingEdge;

const knownOrder = (more: Partial<KnownOrder> = {}): KnownOrder => ({
  ordinal: 1,
  symbol: 'AAPL',
  side: 'buy',
  status: 'submitted',
  orderedQty: 100,
  filledQty: 0,
  avgPx: null,
  ...more,
});

const venueOrder = (more: Record<string, unknown> = {}) => ({
  id: 'v1',
  client_order_id: `${CHAIN}-1`,
  symbol: 'AAPL',
  asset_class: 'us_equity',
  side: 'buy',
  qty: '100',
  filled_qty: '0',
  filled_avg_price: null,
  type: 'limit',
  time_in_force: 'day',
  notional: null,
  limit_price: '190.05',
  status: 'new',
  submitted_at: '2026-03-03T15:00:00.1Z',
  updated_at: '2026-03-03T15:00:00.123456Z',
  ...more,
});

const raise = (message: string): never => {
  throw new Error(message);
};

const refusal = (status: number, message: string, code = status * 100_000): Answer => ({
  status,
  body: { code, message },
});

beforeEach(async () => {
  venue = new VenueServer();
  clock = new SteppedClock(NOW);
  lane = new RecordingLane();
  known = [knownOrder()];
  const url = await venue.listen();
  edge = new TradingEdge({
    client: clientOf(url, clock),
    lane,
    chain: CHAIN,
    known: () => known,
    seed: 1,
    activitiesSince: NOW - 1,
  });
});

afterEach(async () => {
  await edge.stop();
  await venue.close();
  const everything = JSON.stringify(lane.heard);
  for (const secret of [CANARY.keyId, CANARY.secret]) expect(everything).not.toContain(secret);
});

async function performs(type: string, payload: unknown, answers = 1): Promise<void> {
  const before = lane.heard.length;
  edge.perform(effect(type, payload));
  await until(() => lane.heard.length >= before + answers);
}

const submit = (more: Partial<SubmitAttempted> = {}) => performs('SubmitAttempted', { ...terms, ...more });
const cancel = () => performs('CancelAttempted', { ordinal: 1, reason: 'test' });
const lookUp = (answers = 1) => performs('OrderLookupRequested', { ordinal: 1, attempt: 1 }, answers);

describe('a submit', () => {
  test('carries our id and terms, and its answer is the acceptance it caused', async () => {
    venue.on('POST /v2/orders', { status: 200, body: venueOrder({ status: 'pending_new' }) });
    await submit();
    expect(venue.requests[0]!.body).toEqual({
      symbol: 'AAPL',
      qty: '100',
      side: 'buy',
      type: 'limit',
      time_in_force: 'day',
      limit_price: '190.05',
      client_order_id: `${CHAIN}-1`,
    });
    expect(venue.requests[0]!.headers['apca-api-key-id']).toBe(CANARY.keyId);
    expect(lane.heard).toMatchObject([
      {
        event: { type: 'OrderAccepted', payload: { ordinal: 1, venueOrderId: 'v1' } },
        causation: expect.any(Number),
      },
    ]);
  });

  test.each<[string, Answer]>([
    ['is cut off', 'drop'],
    ['is a 504', refusal(504, 'gateway timeout')],
    ['is a 500', refusal(500, 'internal error')],
    ['is a 408', refusal(408, 'too slow')],
    ['is a 425', refusal(425, 'too early')],
    ['is no JSON', { status: 200, body: '<html>' }],
    ['is a refusal nobody can read', { status: 403, body: '<html>denied</html>' }],
    ['is no order', { status: 200, body: { hello: 'world' } }],
    ['is about another order', { status: 200, body: venueOrder({ client_order_id: 'another' }) }],
    ['says that our id is taken', refusal(422, 'client_order_id must be unique', 40010001)],
  ])('whose answer %s is of unknown outcome, and is not sent again', async (_, answer) => {
    venue.on('POST /v2/orders', answer);
    await submit();
    clock.advance(60_000);
    expect(lane.said()).toEqual(['OrderOutcomeUnknown']);
    expect(venue.count('POST /v2/orders')).toBe(1);
  });

  test('that was decided before a pause of the process is not sent into another market', async () => {
    venue.on('POST /v2/orders', { status: 200, body: venueOrder() });
    edge.perform(effect('SubmitAttempted', terms, NOW - 5_000_001));
    await until(() => lane.heard.length === 1);
    expect(lane.payloads('OrderRejected')).toEqual([
      { ordinal: 1, by: 'engine', reason: expect.stringMatching(/^not sent: decided 5\.\d+ s ago/) },
    ]);
    edge.perform(effect('SubmitAttempted', terms, NOW - 5_000_000));
    await until(() => lane.heard.length === 2);
    expect(venue.count('POST /v2/orders')).toBe(1);
  });

  test('does not leave an edge that was stopped', async () => {
    venue.on('POST /v2/orders', { status: 200, body: venueOrder() });
    await edge.stop();
    edge.perform(effect('SubmitAttempted', terms));
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(venue.requests).toEqual([]);
  });

  test('that fails by a fault of ours is of unknown outcome, and what follows it has its turn', async () => {
    venue.on('POST /v2/orders', { status: 200, body: venueOrder() });
    const orders = known;
    Object.defineProperty(orders, 'find', { get: () => raise('a fault'), configurable: true });
    await submit();
    expect(lane.said()).toEqual(['OrderOutcomeUnknown']);
    Reflect.deleteProperty(orders, 'find');
    await submit();
    expect(lane.said()).toEqual(['OrderOutcomeUnknown', 'OrderAccepted']);
  });

  test('without an answer is of unknown outcome when its time is up', async () => {
    venue.on('POST /v2/orders', 'hang');
    edge.perform(effect('SubmitAttempted', terms));
    await until(() => venue.requests.length === 1);
    clock.advance(5_000);
    await until(() => lane.heard.length === 1);
    expect(lane.payloads('OrderOutcomeUnknown')).toEqual([
      { ordinal: 1, reason: 'submit of order 1: no answer within 5000 ms' },
    ]);
    clock.advance(60_000);
    expect(venue.requests).toHaveLength(1);
  });

  test.each([
    [403, 'insufficient buying power'],
    [422, 'asset is not tradable'],
    [401, 'unauthorized.'],
    [429, 'too many requests'],
  ])('refused with %d is rejected in the venue’s words', async (status, message) => {
    venue.on('POST /v2/orders', refusal(status, message));
    await submit();
    const [rejected] = lane.payloads<OrderRejected>('OrderRejected');
    expect(rejected!.reason).toContain(message);
    // The gate before its order entry is not the venue's judgement.
    expect(rejected!.by).toBe(status === 429 ? 'limit' : undefined);
    expect(venue.requests).toHaveLength(1);
  });

  test.each([
    [403, 'insufficient buying power'],
    [429, 'too many requests'],
  ])(
    'refused with %i after one of unknown outcome is unknown, too: the first may live, or come late',
    async (status, message) => {
      venue.on('POST /v2/orders', 'drop');
      await submit();
      venue.on('POST /v2/orders', refusal(status, message));
      await submit();
      expect(lane.said()).toEqual(['OrderOutcomeUnknown', 'OrderOutcomeUnknown']);
    },
  );

  test('the venue would refuse is rejected without a call', async () => {
    await submit({ orderType: 'limit', limitPx: 190.051 });
    const [rejected] = lane.payloads<OrderRejected>('OrderRejected');
    expect(rejected).toMatchObject({ by: 'engine', reason: expect.stringContaining('190.051') });
    expect(venue.requests).toHaveLength(0);
  });

  test('that gets no turn within a second is rejected, not sent late', async () => {
    venue.on('POST /v2/orders', {
      status: 429,
      body: { message: 'slow down' },
      headers: { 'X-RateLimit-Reset': String(NOW / 1e6 + 30) },
    });
    await submit();
    edge.perform(effect('SubmitAttempted', terms));
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1_000);
    await until(() => lane.heard.length === 2);
    const [, second] = lane.payloads<OrderRejected>('OrderRejected');
    expect(second).toMatchObject({ by: 'limit', reason: expect.stringContaining('call budget') });
    expect(venue.requests).toHaveLength(1);
  });
});

describe('a look-up', () => {
  beforeEach(() => {
    known = [knownOrder({ status: 'unknown' })];
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    ['working', {}, ['OrderAccepted']],
    [
      'partly filled',
      { status: 'partially_filled', filled_qty: '40', filled_avg_price: '190' },
      ['OrderFilled', 'OrderAccepted'],
    ],
    ['filled', { status: 'filled', filled_qty: '100', filled_avg_price: '190' }, ['OrderFilled']],
    [
      'partly filled and canceled',
      { status: 'canceled', filled_qty: '40', filled_avg_price: '190' },
      ['OrderFilled', 'OrderCanceled'],
    ],
    ['rejected', { status: 'rejected' }, ['OrderRejected']],
    ['expired', { status: 'expired' }, ['OrderExpired']],
    ['in a state nobody knows', { status: 'quantum' }, ['StatusUnmapped']],
  ])('of an order that is %s tells what was missed', async (_, more, said) => {
    venue.on('GET /v2/orders:by_client_order_id', { status: 200, body: venueOrder(more) });
    await lookUp(said.length);
    expect(lane.said()).toEqual(said);
    expect(venue.requests[0]!.query.get('client_order_id')).toBe(`${CHAIN}-1`);
  });

  test('of an order the venue does not have says so', async () => {
    await lookUp();
    expect(lane.said()).toEqual(['OrderNotFound']);
  });

  test('that fails twice says nothing of the order', async () => {
    venue.on('GET /v2/orders:by_client_order_id', refusal(503, 'unavailable'));
    edge.perform(effect('OrderLookupRequested', { ordinal: 1, attempt: 1 }));
    await until(() => venue.requests.length === 1 && clock.pending > 0);
    while (lane.heard.length === 0) {
      clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(lane.said()).toEqual(['OrderLookupFailed']);
    expect(venue.requests).toHaveLength(2);
  });

  test('follows an order that was replaced to what stands for it', async () => {
    venue
      .on('GET /v2/orders:by_client_order_id', {
        status: 200,
        body: venueOrder({ status: 'replaced', replaced_by: 'v2' }),
      })
      .on('GET /v2/orders/v2', {
        status: 200,
        body: venueOrder({ id: 'v2', replaces: 'v1', client_order_id: 'made-up', limit_price: '190.1' }),
      });
    await lookUp(2);
    expect(lane.said()).toEqual(['OrderUpdated', 'OrderAccepted']);
  });
});

describe('a cancel', () => {
  beforeEach(async () => {
    venue.on('POST /v2/orders', { status: 200, body: venueOrder() });
    await submit();
  });

  test('goes to the venue’s own id and waits for the stream to confirm', async () => {
    venue.on('DELETE /v2/orders/v1', { status: 204 });
    edge.perform(effect('CancelAttempted', { ordinal: 1, reason: 'test' }));
    await until(() => venue.count('DELETE /v2/orders/v1') === 1);
    expect(lane.said()).toEqual(['OrderAccepted']);
  });

  test.each<[string, number, Record<string, unknown>, string]>([
    ['filled before', 422, { status: 'filled', filled_qty: '100', filled_avg_price: '190' }, 'OrderFilled'],
    ['canceled before', 422, { status: 'canceled' }, 'OrderCanceled'],
    ['being replaced', 422, { status: 'pending_replace' }, 'CancelRejected'],
  ])('of an order that was %s tells its true state', async (_, status, more, said) => {
    venue.on('DELETE /v2/orders/v1', refusal(status, 'order is not cancelable'));
    venue.on('GET /v2/orders:by_client_order_id', { status: 200, body: venueOrder(more) });
    await cancel();
    expect(lane.said()).toEqual(['OrderAccepted', said]);
  });

  test('of an order the venue does not know is of unknown outcome', async () => {
    await cancel();
    expect(lane.said()).toEqual(['OrderAccepted', 'OrderOutcomeUnknown']);
  });

  test('whose answer is lost is of unknown outcome, and is not sent again', async () => {
    venue.on('DELETE /v2/orders/v1', 'drop');
    await cancel();
    expect(lane.said()).toEqual(['OrderAccepted', 'OrderOutcomeUnknown']);
    expect(venue.count('DELETE /v2/orders/v1')).toBe(1);
  });
});

test('a cancel waits for the answer to its submit', async () => {
  let answered = false;
  venue.on('POST /v2/orders', () => {
    answered = true;
    return { status: 200, body: venueOrder() };
  });
  venue.on('DELETE /v2/orders/v1', () => ({ status: answered ? 204 : 500 }));
  edge.perform(effect('SubmitAttempted', terms));
  edge.perform(effect('CancelAttempted', { ordinal: 1, reason: 'test' }));
  await until(() => venue.requests.length === 2);
  expect(venue.requests.map(({ method }) => method)).toEqual(['POST', 'DELETE']);
});

test('a cancel after a restart finds the venue’s id by our own', async () => {
  known = [knownOrder({ status: 'accepted' })];
  venue.on('GET /v2/orders:by_client_order_id', { status: 200, body: venueOrder() });
  venue.on('DELETE /v2/orders/v1', { status: 204 });
  edge.perform(effect('CancelAttempted', { ordinal: 1, reason: 'test' }));
  await until(() => venue.count('DELETE /v2/orders/v1') === 1);
});

describe('a change in place', () => {
  const change = { ordinal: 1, quantity: 100, limitPx: 190.1, reason: 'step' };

  beforeEach(async () => {
    venue.on('POST /v2/orders', { status: 200, body: venueOrder() });
    venue.on('PATCH /v2/orders/v1', ({ body }) => ({
      status: 200,
      body: venueOrder({
        id: 'v2',
        replaces: 'v1',
        status: 'accepted',
        limit_price: '190.1',
        client_order_id: body.client_order_id,
      }),
    }));
    await submit();
    edge.start();
    await until(() => lane.said().includes('FeedConnected'));
    lane.heard.length = 0;
  });

  async function changed(): Promise<void> {
    edge.perform(effect('UpdateAttempted', change));
    await until(() => venue.count('PATCH /v2/orders/v1') === 1);
    // The answer has to be read before the stream goes on.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  test('has happened when the venue says so, not when it answers', async () => {
    await changed();
    expect(lane.said()).toEqual([]);
    venue.tell({ event: 'replaced', order: venueOrder({ status: 'replaced', replaced_by: 'v2' }) });
    await until(() => lane.heard.length > 0);
    expect(lane.payloads('OrderUpdated')).toEqual([
      { ordinal: 1, quantity: 100, limitPx: 190.1, venueOrderId: 'v2' },
    ]);
  });

  test('leaves nothing to say for the order before, but for its fills', async () => {
    await changed();
    venue.tell({ event: 'replaced', order: venueOrder({ status: 'replaced', replaced_by: 'v2' }) });
    venue.tell({ event: 'expired', order: venueOrder({ status: 'expired' }) });
    venue.tell({ event: 'canceled', order: venueOrder({ id: 'v2', replaces: 'v1', status: 'canceled' }) });
    await until(() => lane.said().includes('OrderCanceled'));
    expect(lane.said()).toEqual(['OrderUpdated', 'OrderCanceled']);
  });

  test('that is taken and not confirmed is none yet', async () => {
    await changed();
    venue.tell({
      event: 'pending_new',
      order: venueOrder({ id: 'v2', replaces: 'v1', status: 'pending_new' }),
    });
    venue.tell({
      event: 'new',
      order: venueOrder({ id: 'v2', replaces: 'v1', status: 'new', limit_price: '190.1' }),
    });
    await until(() => lane.heard.length > 0);
    expect(lane.heard).toHaveLength(1);
    expect(lane.payloads('OrderUpdated')).toMatchObject([{ limitPx: 190.1, venueOrderId: 'v2' }]);
  });

  test('is refused when its replacement is: the order before may be filled', async () => {
    await changed();
    venue.tell({ event: 'rejected', order: venueOrder({ id: 'v2', replaces: 'v1', status: 'rejected' }) });
    venue.tell({
      event: 'fill',
      execution_id: 'e1',
      price: '190.05',
      qty: '100',
      order: venueOrder({ status: 'filled', filled_qty: '100', filled_avg_price: '190.05' }),
    });
    await until(() => lane.heard.length === 2);
    expect(lane.said()).toEqual(['UpdateRejected', 'OrderFilled']);
  });

  test('of a partly filled order is refused without a call', async () => {
    venue.tell({
      event: 'partial_fill',
      execution_id: 'e1',
      price: '190',
      qty: '40',
      order: venueOrder({ filled_qty: '40', filled_avg_price: '190' }),
    });
    await until(() => lane.heard.length === 1);
    await performs('UpdateAttempted', change);
    expect(lane.said()).toEqual(['OrderFilled', 'UpdateRejected']);
    expect(venue.count('PATCH /v2/orders/v1')).toBe(0);
  });
});

describe('the stream', () => {
  beforeEach(async () => {
    edge.start();
    await until(() => lane.said().includes('FeedConnected'));
    lane.heard.length = 0;
  });

  test('authenticates and listens before it counts as connected', () => {
    expect(venue.frames).toMatchObject([{ action: 'authenticate' }, { action: 'listen' }]);
  });

  test('tells an order’s life once, however often it is repeated', async () => {
    const life = [
      { event: 'new', order: venueOrder() },
      {
        event: 'partial_fill',
        execution_id: 'e1',
        price: '190',
        qty: '40',
        order: venueOrder({ status: 'partially_filled', filled_qty: '40', filled_avg_price: '190' }),
      },
      {
        event: 'canceled',
        timestamp: '2026-03-03T15:00:09.5Z',
        order: venueOrder({ status: 'canceled', filled_qty: '40', filled_avg_price: '190' }),
      },
    ];
    for (const update of [...life, ...life]) venue.tell(update);
    venue.tell({ event: 'quantum', order: venueOrder() });
    await until(() => lane.said().includes('StatusUnmapped'));
    expect(lane.said()).toEqual(['OrderAccepted', 'OrderFilled', 'OrderCanceled', 'StatusUnmapped']);
    expect(lane.payloads('OrderFilled')).toEqual([
      {
        ordinal: 1,
        executionId: 'e1',
        symbol: 'AAPL',
        side: 'buy',
        lastQty: 40,
        lastPx: 190,
        leavesQty: 60,
        feeMicros: 0,
      },
    ]);
    expect(lane.heard[2]!.time).toBe((Date.UTC(2026, 2, 3, 15, 0, 9) + 500) * 1_000);
  });

  test('tells of busts and corrections by execution', async () => {
    const sums = (filled: string, avg: string, second: number) =>
      venueOrder({
        status: 'partially_filled',
        filled_qty: filled,
        filled_avg_price: avg,
        updated_at: `2026-03-03T15:01:0${second}Z`,
      });
    venue.tell({
      event: 'partial_fill',
      execution_id: 'e1',
      price: '190',
      qty: '40',
      order: sums('40', '190', 1),
    });
    venue.tell({
      event: 'partial_fill',
      execution_id: 'e2',
      price: '191',
      qty: '10',
      order: sums('50', '190.2', 2),
    });
    venue.tell({
      event: 'trade_correct',
      execution_id: 'e3',
      previous_execution_id: 'e1',
      price: '189',
      qty: '40',
      order: sums('50', '189.4', 3),
    });
    venue.tell({
      event: 'trade_bust',
      execution_id: 'e2',
      price: '191',
      qty: '10',
      order: sums('40', '189', 4),
    });
    await until(() => lane.said().includes('TradeBusted'));
    expect(lane.said()).toEqual(['OrderFilled', 'OrderFilled', 'TradeCorrected', 'TradeBusted']);
    expect(lane.payloads('TradeCorrected')).toMatchObject([{ executionId: 'e1', lastQty: 40, lastPx: 189 }]);
    expect(lane.payloads('TradeBusted')).toMatchObject([{ executionId: 'e2' }]);
  });

  test('believes a bust of an order that is over and does not count as updated', async () => {
    const done = (filled: string) => {
      const over = { status: 'filled', filled_avg_price: '190', updated_at: '2026-03-03T15:01:01Z' };
      return venueOrder({ ...over, filled_qty: filled });
    };
    venue.tell({
      event: 'fill',
      execution_id: 'e1',
      price: '190',
      qty: '100',
      timestamp: '2026-03-03T15:01:01Z',
      order: done('100'),
    });
    venue.tell({
      event: 'trade_bust',
      execution_id: 'e1',
      price: '190',
      qty: '100',
      timestamp: '2026-03-03T15:02:00Z',
      order: done('0'),
    });
    venue.tell({ event: 'new', order: venueOrder({ id: 'v2', client_order_id: 'by-hand' }) });
    await until(() => lane.said().includes('TradeBusted'));
    expect(lane.said()).toEqual(['OrderFilled', 'TradeBusted']);
  });

  test('tells of busts and corrections of orders that only the ledger still knows', async () => {
    const old = (ordinal: number) =>
      venueOrder({ id: `v${ordinal}`, client_order_id: `${CHAIN}-${ordinal}`, status: 'filled' });
    const restated = { price: '189', qty: '40' };
    venue.tell({ event: 'fill', execution_id: 'e7', ...restated, order: old(7) });
    venue.tell({ event: 'trade_bust', execution_id: 'e7', ...restated, order: old(7) });
    const ids = { execution_id: 'e9', previous_execution_id: 'e8' };
    venue.tell({ event: 'trade_correct', ...ids, ...restated, order: old(8) });
    await until(() => lane.heard.length > 1);
    expect(lane.said()).toEqual(['TradeBusted', 'TradeCorrected']);
    expect(lane.payloads('TradeBusted')).toMatchObject([{ ordinal: 7, executionId: 'e7' }]);
    const [corrected] = lane.payloads('TradeCorrected');
    expect(corrected).toMatchObject({ ordinal: 8, executionId: 'e8', lastQty: 40, lastPx: 189 });
  });

  test('says nothing of orders that are not ours, or that the log does not know', async () => {
    venue.tell({ event: 'new', order: venueOrder({ client_order_id: 'by-hand' }) });
    venue.tell({ event: 'new', order: venueOrder({ id: 'v9', client_order_id: `${CHAIN}-9` }) });
    venue.tell({ event: 'new', order: venueOrder() });
    await until(() => lane.heard.length > 0);
    expect(lane.payloads('OrderAccepted')).toEqual([{ ordinal: 1, venueOrderId: 'v1' }]);
  });

  test('a message that is no update is rejected with a reason and an excerpt', async () => {
    venue.tell({ event: 'fill', order: { id: 'v1', echoed: CANARY } });
    await until(() => lane.heard.length > 0);
    expect(lane.payloads<{ reason: string }>('MessageRejected')[0]!.reason).toContain('client_order_id');
  });

  test('a lost connection is said, and the next one too', async () => {
    venue.cut();
    await until(() => lane.said().includes('FeedLost'));
    clock.advance(1_000);
    await until(() => lane.said().includes('FeedConnected'));
    expect(lane.said()).toEqual(['FeedLost', 'FeedConnected']);
  });
});

describe('a reconciliation', () => {
  const account = {
    id: 'a1',
    status: 'ACTIVE',
    cash: '50000.12',
    equity: '69000.5',
    buying_power: '100000',
    trading_blocked: false,
    options_trading_level: 2,
  };
  let orders: unknown[];

  beforeEach(() => {
    orders = [];
    venue
      .on('GET /v2/account', { status: 200, body: account })
      .on('GET /v2/positions', { status: 200, body: [] })
      .on('GET /v2/account/activities', { status: 200, body: [] })
      .on('GET /v2/orders', ({ query }) => ({
        status: 200,
        body:
          query.get('status') === 'open'
            ? orders.filter((each) => (each as { status: string }).status === 'new')
            : orders,
      }));
  });

  const reconcile = (answers: number) =>
    performs('ReconciliationRequested', { reason: 'start', attempt: 1 }, answers);

  test('tells what was missed before the account as it stands', async () => {
    known = [knownOrder({ status: 'accepted' })];
    orders = [
      venueOrder({ id: 'v7', client_order_id: 'by-hand' }),
      venueOrder({ id: 'v8', client_order_id: `${CHAIN}-8` }),
      venueOrder({ status: 'filled', filled_qty: '100', filled_avg_price: '190' }),
    ];
    venue
      .on('GET /v2/positions', {
        status: 200,
        body: [
          { symbol: 'AAPL', asset_class: 'us_equity', qty: '100', side: 'long', avg_entry_price: '190' },
          { symbol: 'BTCUSD', asset_class: 'crypto', qty: '0.5', side: 'long', avg_entry_price: '60000' },
          {
            symbol: 'SPY260320P00500000',
            asset_class: 'us_option',
            qty: '-2',
            side: 'short',
            avg_entry_price: '3.1',
          },
        ],
      })
      .on('GET /v2/account/activities', {
        status: 200,
        body: [
          {
            id: 'd1',
            activity_type: 'DIV',
            symbol: 'AAPL',
            net_amount: '12.5',
            status: 'executed',
            date: '2026-03-02',
          },
          {
            id: 'x1',
            activity_type: 'OPEXC',
            symbol: 'SPY260220C00500000',
            qty: '-2',
            net_amount: '0',
            date: '2026-02-20',
          },
          { id: 't1', activity_type: 'OPTRD', symbol: 'SPY', qty: '200', net_amount: '-100000' },
        ],
      });
    await reconcile(4);
    expect(lane.said()).toEqual(['OrderFilled', 'CashMoved', 'OptionSettled', 'VenueReported']);
    expect(lane.payloads('CashMoved')).toMatchObject([
      { activityId: 'd1', kind: 'dividend', micros: 12_500_000 },
    ]);
    expect(lane.payloads('OptionSettled')).toMatchObject([
      {
        symbol: 'SPY   260220C00500000',
        how: 'exercised',
        quantity: 2,
        shares: 200,
        strike: 500,
        underlying: 'SPY',
      },
    ]);
    expect(lane.payloads('VenueReported')).toMatchObject([
      {
        account: { cashMicros: 50_000_120_000, equityMicros: 69_000_500_000, blocked: null, optionsLevel: 2 },
        positions: [
          { symbol: 'AAPL', quantity: 100 },
          { symbol: 'BTC/USD', quantity: 0.5 },
          { symbol: 'SPY   260320P00500000', quantity: -2 },
        ],
        orders: [
          { ordinal: null, clientOrderId: 'by-hand' },
          { ordinal: 8, venueOrderId: 'v8' },
        ],
        lastOrdinal: 8,
      },
    ]);
  });

  test('looks up what we hold for working and the venue lists nowhere', async () => {
    known = [knownOrder({ status: 'accepted' }), knownOrder({ ordinal: 2, status: 'accepted' })];
    venue.on('GET /v2/orders:by_client_order_id', ({ query }) =>
      query.get('client_order_id') === `${CHAIN}-1`
        ? { status: 200, body: venueOrder({ status: 'expired' }) }
        : refusal(404, 'order not found'),
    );
    await reconcile(2);
    expect(lane.said()).toEqual(['OrderExpired', 'VenueReported']);
  });

  test('reads again while orders change: positions and orders belong to one moment', async () => {
    known = [knownOrder({ status: 'accepted' })];
    let reads = 0;
    venue.on('GET /v2/orders', ({ query }) => {
      if (query.get('status') === 'open') return { status: 200, body: [] };
      reads += 1;
      const filled = Math.min(reads, 3) * 10;
      return {
        status: 200,
        body: [venueOrder({ status: 'partially_filled', filled_qty: `${filled}`, filled_avg_price: '190' })],
      };
    });
    await reconcile(2);
    expect(lane.payloads('OrderFilled')).toMatchObject([{ lastQty: 30 }]);
    expect(reads).toBe(4);
  });

  test('reads again when the stream tells of a fill meanwhile', async () => {
    known = [knownOrder({ status: 'accepted' })];
    edge.start();
    await until(() => lane.said().includes('FeedConnected'));
    orders = [venueOrder()];
    let reads = 0;
    venue.on('GET /v2/positions', async () => {
      reads += 1;
      if (reads === 2) {
        const order = venueOrder({ filled_qty: '40', filled_avg_price: '190' });
        venue.tell({ event: 'partial_fill', execution_id: 'e1', price: '190', qty: '40', order });
        await until(() => lane.said().includes('OrderFilled'));
      }
      return { status: 200, body: [] };
    });
    edge.perform(effect('ReconciliationRequested', { reason: 'start', attempt: 1 }));
    await until(() => lane.said().includes('VenueReported'));
    expect(reads).toBe(3);
  });

  test.each([
    [401, true],
    [403, true],
    [500, false],
  ])('that fails with %d says whether asking again can help', async (status, permanent) => {
    venue.on('GET /v2/account', refusal(status, `no: ${CANARY.secret}`));
    edge.perform(effect('ReconciliationRequested', { reason: 'start', attempt: 1 }));
    while (lane.heard.length === 0) {
      clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(lane.payloads('ReconciliationFailed')).toMatchObject([{ permanent }]);
  });

  test('of a blocked account lets no order out afterwards', async () => {
    venue.on('GET /v2/account', { status: 200, body: { ...account, trading_blocked: true } });
    await reconcile(1);
    await submit();
    expect(lane.payloads('OrderRejected')).toEqual([
      { ordinal: 1, by: 'engine', reason: 'not sent: the account is blocked for trading' },
    ]);
    expect(venue.count('POST /v2/orders')).toBe(0);
  });
});

test('nothing is handed in after a stop', async () => {
  venue.on('POST /v2/orders', 'hang');
  edge.perform(effect('SubmitAttempted', terms));
  await until(() => venue.requests.length === 1);
  await edge.stop();
  clock.advance(10_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lane.heard).toEqual([]);
});
