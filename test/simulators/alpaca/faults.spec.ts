import { afterEach, describe, expect, test } from 'vitest';
import {
  drawFaults,
  type Fault,
  type FaultInput,
  parseFaults,
} from '../../../src/simulators/alpaca/faults.ts';
import {
  limitOrder,
  listenToOrders,
  openVenue,
  refusalOf,
  settle,
  until,
  type Venue,
} from './simulated-market.ts';

let venue: Venue;
afterEach(() => venue?.close());

const isAccepted = () => venue.simulator.counters.accepted.has('chain-1');
const order = limitOrder({ clientOrderId: 'chain-1', limitPrice: '399' });

describe('what befalls a submit', () => {
  test.each<[FaultInput, number | undefined, boolean]>([
    [{ kind: 'dropAck' }, undefined, true],
    [{ kind: 'reset' }, undefined, false],
    [{ kind: 'cutBody' }, undefined, true],
    [{ kind: 'gatewayAfter' }, 504, true],
    [{ kind: 'gatewayBefore' }, 504, false],
    [{ kind: 'tooMany' }, 429, false],
  ])('%o: its sender hears %s, and that it was accepted is %s', async (fault, status, accepted) => {
    venue = await openVenue({ faults: [fault] });
    expect((await refusalOf(venue.submit(order))).status).toBe(status);
    expect(isAccepted()).toBe(accepted);
    const { clientOrderId } = await venue.submit({ ...order, clientOrderId: 'chain-2' });
    expect(clientOrderId).toBe('chain-2');
  });

  test('accepted late: after the sender was told of a time-out', async () => {
    venue = await openVenue({ faults: [{ kind: 'acceptLate', afterMs: 3_000 }] });
    expect(await refusalOf(venue.submit(order))).toMatchObject({ status: 504 });
    venue.clock.advance(2_999);
    await settle();
    expect(isAccepted()).toBe(false);
    venue.clock.advance(1);
    await until(isAccepted);
  });

  test('a hanging request is never answered, and is not work in progress', async () => {
    venue = await openVenue({ faults: [{ kind: 'hang' }] });
    let answered = false;
    void venue.submit(order).then(
      () => (answered = true),
      () => {},
    );
    await until(() => venue.simulator.counters.requestsServed === 1);
    venue.clock.advance(60_000);
    await settle();
    expect({ answered, open: venue.simulator.counters.requestsOpen }).toEqual({ answered: false, open: 0 });
  });

  test('the n-th of its kind is the one: others pass', async () => {
    venue = await openVenue({ faults: [{ kind: 'gatewayBefore', route: 'lookup', nth: 2 }] });
    await venue.submit(order);
    const lookUp = () => venue.orders.getOrderByClientOrderId({ clientOrderId: 'chain-1' });
    await lookUp();
    expect(await refusalOf(lookUp())).toMatchObject({ status: 504 });
    await lookUp();
  });
});

describe('what befalls an order and its updates', () => {
  const filled = async (...faults: FaultInput[]) => {
    venue = await openVenue({ faults });
    const heard = await listenToOrders(venue);
    await venue.submit(limitOrder({ limitPrice: '400.04' }));
    venue.clock.advance(50);
    return heard;
  };

  test.each<[FaultInput, readonly string[]]>([
    [{ kind: 'duplicateUpdate', nth: 2 }, ['new', 'fill', 'fill']],
    [{ kind: 'reorderUpdate' }, ['fill', 'new']],
    [{ kind: 'missUpdate' }, ['fill']],
    [{ kind: 'rejectOrder' }, ['rejected']],
    [{ kind: 'orderStatus', status: 'teleported' }, ['teleported']],
  ])('%o: %j', async (fault, expected) => {
    const { events } = await filled(fault);
    await until(() => events().length >= expected.length);
    expect(events()).toEqual(expected);
  });

  test('a trade is corrected, then taken back, and the account follows', async () => {
    const { events, updates } = await filled();
    await until(() => events().includes('fill'));
    const { account } = venue.simulator;
    venue.simulator.inject({ kind: 'correctTrade', byPx: -0.04 });
    expect(account.cashMicros).toBe(99_600_000_000);
    venue.simulator.inject({ kind: 'bustTrade' });
    expect({ cash: account.cashMicros, held: account.qtyOf('SPY') }).toEqual({
      cash: 100_000_000_000,
      held: 0,
    });
    await until(() => events().includes('trade_bust'));
    expect(updates.at(-2)).toMatchObject({ event: 'trade_correct', price: '400' });
    expect(updates.at(-1)).toMatchObject({ previous_execution_id: updates.at(-2)!.executionId });
  });
});

describe('what befalls a connection', () => {
  const connected = async (fault: FaultInput) => {
    venue = await openVenue();
    const heard = await listenToOrders(venue);
    let closed = false;
    heard.stream.onDisconnect(() => (closed = true));
    venue.simulator.inject(fault);
    return { ...heard, isClosed: () => closed };
  };

  test.each<FaultInput>([
    { kind: 'disconnect', stream: 'orders' },
    { kind: 'cutFrame', stream: 'orders' },
    { kind: 'slowClient', stream: 'orders' },
    { kind: 'revokeKeys' },
    { kind: 'outage', forMs: 1_000 },
  ])('%o ends it', async (fault) => {
    const { isClosed } = await connected(fault);
    await until(isClosed);
  });

  test('half-open: it stays, and nothing more comes over it', async () => {
    const { events, isClosed } = await connected({ kind: 'halfOpen', stream: 'orders' });
    const sent = venue.simulator.counters.framesSent;
    await venue.submit(limitOrder({ limitPrice: '400.04' }));
    venue.clock.advance(50);
    await settle();
    expect({ events: events(), closed: isClosed() }).toEqual({ events: [], closed: false });
    expect(venue.simulator.counters.framesSent).toBe(sent);
  });

  test('an outage refuses everything, and is over after its time', async () => {
    await connected({ kind: 'outage', forMs: 1_000 });
    expect((await refusalOf(venue.orders.getAllOrders())).status).toBeUndefined();
    venue.clock.advance(1_000);
    await venue.orders.getAllOrders();
    expect(await listenToOrders(venue)).toMatchObject({ authenticated: true });
  });

  test('revoked keys are refused until they are good again', async () => {
    await connected({ kind: 'revokeKeys', forMs: 5_000 });
    expect(await refusalOf(venue.orders.getAllOrders())).toMatchObject({ status: 401 });
    expect(await listenToOrders(venue)).toMatchObject({ authenticated: false });
    venue.clock.advance(5_000);
    await venue.orders.getAllOrders();
  });

  test('a connection limit refuses the next connection and lets the one after it in', async () => {
    venue = await openVenue({ faults: [{ kind: 'connectionLimit', stream: 'orders' }] });
    expect(await listenToOrders(venue)).toMatchObject({ authenticated: false });
    expect(await listenToOrders(venue)).toMatchObject({ authenticated: true });
  });
});

describe('what befalls account and market', () => {
  test('a blocked account takes no order, and says so', async () => {
    venue = await openVenue({ faults: [{ kind: 'blockAccount', forMs: 1_000 }] });
    expect(await refusalOf(venue.submit(order))).toMatchObject({ status: 403 });
    expect(await get('/v2/account')).toMatchObject({ account_blocked: true, trading_blocked: true });
    venue.clock.advance(1_000);
    await venue.submit(order);
  });

  test('nothing trades in a halted symbol', async () => {
    venue = await openVenue({ faults: [{ kind: 'halt', symbol: 'SPY', forMs: 60_000 }] });
    const { events } = await listenToOrders(venue);
    await venue.submit(limitOrder({ limitPrice: '400.04' }));
    venue.clock.advance(59_000);
    expect(venue.simulator.desk.open).toHaveLength(1);
    venue.clock.advance(1_000);
    venue.market.post('SPY', { bidPx: 400, bidSize: 300, askPx: 400.04, askSize: 200 });
    await until(() => events().includes('fill'));
  });

  test('a frozen stream says nothing of a market that goes on', async () => {
    venue = await openVenue({ generated: true, faults: [{ kind: 'freeze', forMs: 5_000 }] });
    const before = venue.market.quote('SPY');
    venue.clock.advance(1_000);
    expect(venue.market.quote('SPY')).not.toEqual(before);
    expect(venue.simulator.streams.stocks.frozen).toBe(true);
    venue.clock.advance(4_000);
    expect(venue.simulator.streams.stocks.frozen).toBe(false);
  });

  test('every time the venue says is off by a clock skew', async () => {
    venue = await openVenue({ faults: [{ kind: 'clockSkew', byMs: 300_000 }] });
    expect(await get('/v2/clock')).toMatchObject({ timestamp: '2024-03-13T09:40:00.000000-04:00' });
  });

  test('an order and a position come from another hand', async () => {
    venue = await openVenue({
      faults: [
        { kind: 'foreignOrder', symbol: 'SPY', side: 'buy', qty: 5, limitPx: 399 },
        { kind: 'moveByHand', symbol: 'SPY', qty: 7 },
      ],
    });
    expect(await get('/v2/positions')).toMatchObject([{ symbol: 'SPY', qty: '7' }]);
    expect(await venue.orders.getAllOrders()).toMatchObject([{ qty: '5', limitPrice: '399' }]);
  });

  test('a dividend is announced and paid, a split multiplies units and cancels orders', async () => {
    venue = await openVenue({ account: { positions: { SPY: { qty: 10, avgPx: 390 } } } });
    await venue.submit(order);
    venue.simulator.inject({ kind: 'dividend', symbol: 'SPY', perShare: 1.5 });
    venue.simulator.inject({ kind: 'split', symbol: 'SPY', numerator: 2, denominator: 1 });
    expect(venue.simulator.account.cashMicros).toBe(100_015_000_000);
    expect(await get('/v2/account/activities/DIV')).toMatchObject([{ net_amount: '15', symbol: 'SPY' }]);
    const announced = await get('/v1/corporate-actions?symbols=SPY&start=2024-03-13&end=2024-03-13');
    expect(announced.corporate_actions).toMatchObject({
      cash_dividends: [{ rate: 1.5 }],
      forward_splits: [{ new_rate: 2, old_rate: 1 }],
    });
    expect(await get('/v2/positions')).toMatchObject([{ qty: '20', avg_entry_price: '195' }]);
    expect(venue.simulator.desk.open).toEqual([]);
  });
});

async function get(path: string): Promise<Record<string, unknown>> {
  const headers = { 'APCA-API-KEY-ID': 'SIMULATOR', 'APCA-API-SECRET-KEY': 'simulator' };
  return (await fetch(`${venue.url}${path}`, { headers })).json() as Promise<Record<string, unknown>>;
}

describe('drawn faults', () => {
  const plan = { durationMs: 60_000, symbols: ['SPY'] };
  const kinds = (faults: readonly Fault[]) => new Set(faults.map(({ kind }) => kind));

  test('a seed always draws the same, and some classes are absent', () => {
    expect(drawFaults(5, plan)).toEqual(drawFaults(5, plan));
    expect(kinds(drawFaults(5, plan))).not.toEqual(kinds(drawFaults(6, plan)));
  });

  test('over many seeds every class that needs no person to settle it occurs', () => {
    const drawn = new Set<string>();
    for (let seed = 0; seed < 200; seed++) for (const kind of kinds(drawFaults(seed, plan))) drawn.add(kind);
    expect([...drawn].sort()).toEqual(
      [
        ...[
          'acceptLate',
          'connectionLimit',
          'cutBody',
          'cutFrame',
          'disconnect',
          'dropAck',
          'duplicateUpdate',
        ],
        ...[
          'fillRacingCancel',
          'freeze',
          'garbage',
          'gatewayAfter',
          'gatewayBefore',
          'halfOpen',
          'halt',
          'hang',
        ],
        ...['luld', 'missUpdate', 'orderStatus', 'outage', 'rejectCancel', 'rejectOrder', 'rejectReplace'],
        ...['reorderUpdate', 'reset', 'slow', 'slowClient', 'tooMany'],
      ].sort(),
    );
  });

  test('a fault that is written wrong is refused in one sentence', () => {
    expect(() => parseFaults([{ kind: 'halt', symbol: 'SPY' }], 'faults.json')).toThrow(
      /^faults.json: .*forMs is missing/,
    );
  });
});
