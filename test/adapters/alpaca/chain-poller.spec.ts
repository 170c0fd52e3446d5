import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ChainPoller } from '../../../src/adapters/alpaca/chain-poller.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { clientOf, KeepingLane, MarketServer, until } from './market-server.ts';

// Monday, ten in New York.
const TEN = Date.UTC(2024, 3, 22, 14) * 1_000;
const EVERY_MS = 60_000;
const CALL = 'SPY   240426C00500000';

let server: MarketServer;
let lane: KeepingLane;
let clock: SteppedClock;
let poller: ChainPoller;
/** Changed by tests before a poll. */
let contracts: Record<string, unknown>[];
let snapshots: Record<string, unknown>;
let broken: string | null;

beforeEach(async () => {
  server = new MarketServer();
  lane = new KeepingLane('SPY');
  broken = null;
  contracts = [
    contract('SPY240426C00500000'),
    contract('SPY240426P00500000', { open_interest: null }),
    contract('SPY240426C00505000', { open_interest_date: '2024-04-01' }),
    contract('SPY1240426C00500000'),
    contract('SPY240426C00515000', { size: '150' }),
    contract('SPY240426C00520000', { tradable: false }),
  ];
  snapshots = Object.fromEntries(contracts.map(({ symbol }) => [symbol, { latestQuote: quote() }]));
  server.rest = ({ pathname, searchParams }) => {
    if (broken !== null && pathname.startsWith(broken)) return 500;
    if (pathname === '/v2/stocks/snapshots') return { SPY: { latestTrade: { p: 500 } } };
    if (pathname === '/v2/options/contracts') return { option_contracts: contracts, next_page_token: null };
    const entries = Object.entries(snapshots);
    const isFirst = !searchParams.has('page_token');
    return {
      snapshots: Object.fromEntries(isFirst ? entries.slice(0, 2) : entries.slice(2)),
      next_page_token: isFirst ? 'rest' : null,
    };
  };
});

afterEach(async () => {
  await poller.stop();
  await server.close();
});

const contract = (symbol: string, more: Record<string, unknown> = {}) => ({
  symbol,
  style: 'american',
  size: '100',
  tradable: true,
  open_interest: '237',
  open_interest_date: '2024-04-19',
  ...more,
});

const quote = (t = '2024-04-22T13:59:59.992734208Z') => ({
  ap: 4.3,
  as: 91,
  ax: 'B',
  bp: 4.15,
  bs: 16,
  bx: 'C',
  c: 'A',
  t,
});

async function polls(at = TEN): Promise<void> {
  clock = new SteppedClock(at);
  poller = new ChainPoller({
    client: clientOf(await server.listen(), clock),
    lane,
    optionFeed: 'indicative',
    stockFeed: 'iex',
    underlyings: [{ symbol: 'SPY', daysMin: 0, daysMax: 60, strikeShare: 0.1 }],
    chainEveryMs: EVERY_MS,
  });
  poller.start();
}

const chains = () => lane.payloads('ChainRecorded');
const asked = (path: string) => server.asked.filter(({ pathname }) => pathname === path);

describe('the chain of an underlying', () => {
  test('is defined, quoted and recorded whole, with the open interest of the last days', async () => {
    await polls();
    await until(() => chains().length === 1);
    expect(lane.types().slice(0, 2)).toEqual(['SymbolDefined', 'ContractDefined']);
    expect(lane.payloads('SymbolDefined')[0]).toMatchObject({
      symbol: CALL,
      multiplier: 100,
      priceSource: 'quotes',
    });
    expect(lane.payloads('ContractDefined')[0]).toEqual({
      symbol: CALL,
      underlying: 'SPY',
      style: 'american',
      settlement: 'physical',
    });
    expect(lane.ticks).toHaveLength(3);
    expect(lane.ticks[0]).toMatchObject({
      bidPx: 4.15,
      askPx: 4.3,
      time: Date.UTC(2024, 3, 22, 13, 59, 59) * 1_000 + 992_734,
    });
    expect(chains()).toEqual([
      {
        underlying: 'SPY',
        underlyingPx: null,
        openInterest: [
          [CALL, 237],
          ['SPY   240426P00500000', null],
          ['SPY   240426C00505000', null],
        ],
      },
    ]);
    expect(lane.payloads('MessageRejected')).toEqual([]);
  });

  test('is asked for within its window of days and strikes', async () => {
    await polls();
    await until(() => chains().length === 1);
    const [{ searchParams }] = asked('/v1beta1/options/snapshots/SPY');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      feed: 'indicative',
      strike_price_gte: '450',
      strike_price_lte: '550',
      expiration_date_gte: '2024-04-22',
      expiration_date_lte: '2024-06-21',
    });
  });

  test('comes again and again, its contracts defined once and asked for once an hour', async () => {
    await polls();
    for (let round = 1; round <= 62; round++) {
      await until(() => chains().length === round && clock.pending === 1);
      clock.advance(EVERY_MS);
    }
    expect(lane.payloads('ContractDefined')).toHaveLength(3);
    expect(asked('/v2/options/contracts')).toHaveLength(2);
  });

  test('leaves out what was last quoted before the session', async () => {
    snapshots.SPY240426C00500000 = { latestQuote: quote('2024-04-19T19:59:59Z') };
    await polls();
    await until(() => chains().length === 1);
    expect(chains()[0].openInterest).toHaveLength(2);
  });

  test('is left alone outside the session', async () => {
    await polls(Date.UTC(2024, 3, 20, 14) * 1_000);
    clock.advance(10 * EVERY_MS);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.asked).toEqual([]);
  });

  test.each(['/v2/stocks', '/v2/options', '/v1beta1'])(
    'that fails at %s is recorded as failed and never as empty, and tried less often',
    async (path) => {
      broken = path;
      await polls();
      const failures = () => lane.payloads('MessageRejected').length;
      const next = async (count: number) => {
        // Each request is asked once more, a quarter of a second later.
        await until(() => clock.pending > 0);
        for (let turn = 0; turn < 200 && failures() < count; turn++) {
          clock.advance(100);
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        expect(failures()).toBe(count);
      };
      await next(1);
      await until(() => clock.pending === 1);
      expect(lane.payloads('MessageRejected')[0].reason).toMatch(/could not be fetched: .*HTTP 500/);
      expect(chains()).toEqual([]);
      expect(lane.ticks).toEqual([]);
      const before = server.asked.length;
      clock.advance(EVERY_MS);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(server.asked.length).toBe(before);
      broken = null;
      clock.advance(EVERY_MS);
      await until(() => chains().length === 1);
    },
  );

  test('has its broken entries refused one by one', async () => {
    contracts.push({ symbol: 7 }, contract('SPY240426C00530000', { open_interest: '' }), contract('SPY'));
    snapshots.SPY240426P00500000 = { latestQuote: { ...quote(), bp: 'much' } };
    await polls();
    await until(() => chains().length === 1);
    expect(lane.payloads('MessageRejected')).toHaveLength(4);
    expect(lane.ticks).toHaveLength(2);
  });
});
