import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MarketEdge } from '../../../src/adapters/alpaca/market-edge.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { CREDENTIALS, clientOf, effect, KeepingLane, MarketServer, stamp, until } from './market-server.ts';

const START = Date.UTC(2024, 3, 22, 14) * 1_000;
const MINUTE = 60_000_000;
const SPY_CALL = 'SPY   240426C00500000';
const SPY_PUT = 'SPY   240426P00480000';

let server: MarketServer;
let lane: KeepingLane;
let clock: SteppedClock;
let url: string;
const edges: MarketEdge[] = [];

beforeEach(async () => {
  server = new MarketServer();
  url = await server.listen();
  clock = new SteppedClock(START);
  lane = new KeepingLane('AAPL', 'SPY', 'BTC/USD', SPY_CALL, SPY_PUT);
});

afterEach(async () => {
  await Promise.all(edges.splice(0).map((each) => each.stop()));
  await server.close();
});

function edge(options: Partial<ConstructorParameters<typeof MarketEdge>[0]> = {}): MarketEdge {
  const made = new MarketEdge({
    feed: 'stocks',
    client: clientOf(url, clock),
    lane,
    seed: 1,
    symbols: [
      { symbol: 'AAPL', priceSource: 'quotes' },
      { symbol: 'SPY', priceSource: 'bars' },
    ],
    mode: 'paper',
    stockFeed: 'iex',
    optionFeed: 'indicative',
    ...options,
  });
  edges.push(made);
  return made;
}

const connected = () => until(() => lane.types().includes('FeedConnected'));

describe('a feed of market data', () => {
  test('opens, subscribes to what its symbols need, and says when it is connected', async () => {
    edge().start();
    await connected();
    expect(lane.types()).toEqual(['FeedOpened', 'FeedConnected']);
    expect(lane.payloads('FeedOpened')).toEqual([
      { feed: 'stocks', source: 'alpaca-stocks', tradable: true },
    ]);
    expect(server.heard[0][1]).toEqual({
      action: 'subscribe',
      quotes: ['AAPL', 'SPY'],
      bars: ['SPY'],
      statuses: ['AAPL', 'SPY'],
      lulds: ['AAPL', 'SPY'],
    });
  });

  test('its quotes are ticks, also where bad frames stand beside them', async () => {
    edge().start();
    await connected();
    const quote = {
      T: 'q',
      S: 'AAPL',
      bx: 'V',
      bp: 1,
      bs: 1,
      ax: 'V',
      ap: 2,
      as: 1,
      c: ['R'],
      t: stamp(START + 1_000),
    };
    server.send(quote, { ...quote, t: 'soon' }, { T: '?' }, { ...quote, bp: 1.5 });
    await until(() => lane.ticks.length === 2);
    expect(lane.ticks.map(({ bidPx, time }) => [bidPx, time])).toEqual([
      [1, START + 1_000],
      [1.5, START + 1_000],
    ]);
    expect(lane.payloads('MessageRejected')).toHaveLength(2);
  });

  test('a loss is reported with the code of the vendor, and without a key', async () => {
    edge().start();
    await connected();
    server.send({ T: 'error', code: 407, msg: `slow client ${CREDENTIALS.keyId}` });
    await until(() => lane.types().includes('FeedLost'));
    expect(lane.payloads('FeedLost')).toEqual([
      { feed: 'stocks', reason: 'the venue said: slow client *** (407)', code: 407 },
    ]);
  });

  test.each([
    ['stocks', 'iex', 'live', false, false],
    ['stocks', 'iex', 'live', true, true],
    ['stocks', 'sip', 'live', false, true],
    ['stocks', 'iex', 'paper', false, true],
    ['options', 'indicative', 'live', false, false],
    ['options', 'opra', 'live', false, true],
    ['crypto', 'us', 'live', false, true],
  ] as const)('%s of %s in %s, trusted %s, are tradable: %s', (feed, vendorFeed, mode, trusts, tradable) => {
    edge({
      feed,
      mode,
      symbols: [],
      stockFeed: vendorFeed === 'sip' ? 'sip' : 'iex',
      optionFeed: vendorFeed === 'opra' ? 'opra' : 'indicative',
      trustsPartialData: trusts,
    }).start();
    expect(lane.payloads('FeedOpened')).toMatchObject([{ feed, tradable }]);
  });

  test('more symbols than the plan has room for are refused before anything is opened', () => {
    const symbols = Array.from({ length: 31 }, (_, i) => ({
      symbol: `S${i}`,
      priceSource: 'quotes' as const,
    }));
    expect(() => edge({ symbols })).toThrow(InputError);
    expect(() => edge({ symbols })).toThrow(/31 symbols for the iex stream, which has room for 30/);
    expect(() => edge({ symbols, stockFeed: 'sip' })).not.toThrow();
  });
});

describe('the options that are quoted', () => {
  test('follow what is wanted, in the form of the vendor', async () => {
    const options = edge({ feed: 'options', symbols: [] });
    options.start();
    await connected();
    options.perform(effect('QuotesWanted', { feed: 'options', symbols: [SPY_CALL] }));
    options.perform(effect('QuotesWanted', { feed: 'stocks', symbols: ['AAPL'] }));
    options.perform(effect('QuotesWanted', { feed: 'options', symbols: [SPY_PUT] }));
    await until(() => server.heard[0].length === 4);
    expect(server.heard[0].slice(1)).toEqual([
      { action: 'subscribe', quotes: ['SPY240426C00500000'] },
      { action: 'unsubscribe', quotes: ['SPY240426C00500000'] },
      { action: 'subscribe', quotes: ['SPY240426P00480000'] },
    ]);
  });

  test('are the first that the plan has room for, and the rest is said', async () => {
    const options = edge({ feed: 'options', symbols: [], symbolsMax: 1 });
    options.start();
    await connected();
    options.perform(effect('QuotesWanted', { feed: 'options', symbols: [SPY_CALL, SPY_PUT] }));
    await until(() => server.heard[0].length === 2);
    expect(server.heard[0][1]).toEqual({ action: 'subscribe', quotes: ['SPY240426C00500000'] });
    expect(lane.payloads('MessageRejected')[0].reason).toMatch(/^2 symbols are to be quoted, .* room for 1/);
  });
});

describe('a gap', () => {
  const wanted = {
    feed: 'stocks',
    symbols: ['AAPL', 'SPY'],
    from: START,
    to: START + 3 * MINUTE,
    attempt: 1,
  };
  const bar = (minute: number, close = 10) => ({
    t: new Date((START + minute * MINUTE) / 1_000).toISOString(),
    o: 10,
    h: 11,
    l: 9,
    c: close,
    v: 100,
    n: 3,
    vw: 10,
  });

  test('is filled with the minutes that end in it, page by page, and its end names who had none', async () => {
    server.rest = (asked) =>
      asked.searchParams.has('page_token')
        ? { bars: { AAPL: [bar(1), bar(2, Number.NaN), bar(2), bar(3)] }, next_page_token: null }
        : { bars: { AAPL: [bar(-1), bar(0)] }, next_page_token: 'more' };
    const stocks = edge();
    const request = effect('BackfillRequested', wanted);
    stocks.perform(request);
    await until(() => lane.types().includes('BackfillEnded'));
    expect(lane.types()).toEqual(['MessageRejected', 'HistoryLoaded', 'BackfillEnded']);
    expect(lane.events.map(({ causation }) => causation)).toEqual([null, request.seq, request.seq]);
    const [{ bars, why, resolutionS, symbol }] = lane.payloads('HistoryLoaded');
    expect({ why, resolutionS, symbol }).toEqual({ why: 'backfill', resolutionS: 60, symbol: 'AAPL' });
    expect(bars.map(({ time }: { time: number }) => (time - START) / MINUTE)).toEqual([1, 2, 3]);
    const { feed, from, to } = wanted;
    expect(lane.payloads('BackfillEnded')).toEqual([
      { feed, from, to, bars: 3, missing: ['SPY'], failed: null },
    ]);
    const [first] = server.asked;
    expect(first.pathname).toBe('/v2/stocks/bars');
    expect(Object.fromEntries(first.searchParams)).toMatchObject({
      symbols: 'AAPL,SPY',
      timeframe: '1Min',
      adjustment: 'split',
      feed: 'iex',
      limit: '10000',
    });
  });

  test('that cannot be filled says why', async () => {
    server.rest = () => 403;
    edge().perform(effect('BackfillRequested', wanted));
    await until(() => lane.types().includes('BackfillEnded'));
    expect(lane.payloads('BackfillEnded')).toMatchObject([{ bars: 0, missing: [] }]);
    expect(lane.payloads('BackfillEnded')[0].failed).toMatch(/^history of AAPL, SPY: HTTP 403, status 403/);
  });

  test('of another feed is none of its business', async () => {
    edge().perform(effect('BackfillRequested', { ...wanted, feed: 'crypto' }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.asked).toEqual([]);
  });

  test('in crypto is asked for where crypto is, and one in options ends at once', async () => {
    server.rest = () => ({ bars: { 'BTC/USD': [bar(1)] }, next_page_token: null });
    edge({ feed: 'crypto', symbols: [] }).perform(
      effect('BackfillRequested', { ...wanted, feed: 'crypto', symbols: ['BTC/USD'] }),
    );
    edge({ feed: 'options', symbols: [] }).perform(
      effect('BackfillRequested', { ...wanted, feed: 'options', symbols: [SPY_CALL] }),
    );
    await until(() => lane.payloads('BackfillEnded').length === 2);
    expect(server.asked.map(({ pathname }) => pathname)).toEqual(['/v1beta3/crypto/us/bars']);
    expect(lane.payloads('HistoryLoaded')).toMatchObject([{ source: 'alpaca-crypto', symbol: 'BTC/USD' }]);
  });
});
