import { marketData, streaming } from '@alpacahq/alpaca-trade-api';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CREDENTIALS, openVenue, settle, until, type Venue } from './simulated-market.ts';

let venue: Venue;
const streams: streaming.MarketDataStream[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.disconnect();
  await venue?.close();
});

/** A stream of the real package, with what it heard; connected and subscribed, or refused. */
async function dataStream(
  path: string,
  subscribe: (stream: streaming.MarketDataStream) => void,
  credentials = CREDENTIALS,
) {
  const stream = new streaming.StockDataStream({
    credentials,
    url: `${venue.url.replace('http', 'ws')}${path}`,
    reconnect: false,
    pingIntervalMs: 0,
  });
  streams.push(stream);
  const heard = {
    quotes: [] as streaming.StreamQuote[],
    errors: [] as string[],
    closed: false,
    subscribed: false,
  };
  stream.onQuote((quote) => heard.quotes.push(quote));
  stream.onError((error) => heard.errors.push(error));
  stream.onDisconnect(() => (heard.closed = true));
  stream.on(streaming.EVENT.SUBSCRIPTION, () => (heard.subscribed = true));
  subscribe(stream);
  stream.connect();
  await until(() => heard.subscribed || heard.closed || heard.errors.length > 0);
  return { stream, heard };
}

describe('streams of market data, by the real client', () => {
  test('quotes of what was subscribed arrive in msgpack with their time to the microsecond', async () => {
    venue = await openVenue();
    const { heard } = await dataStream('/v2/iex', (stream) => stream.subscribeForQuotes(['SPY']));
    venue.clock.advance(0.123);
    venue.market.post('SPY', { bidPx: 401, bidSize: 100, askPx: 401.02, askSize: 300 });
    venue.market.post('BTC/USD', { bidPx: 41_000, bidSize: 1, askPx: 41_010, askSize: 1 });
    await until(() => heard.quotes.length > 0);
    await settle();
    expect(heard.quotes).toHaveLength(1);
    expect(heard.quotes[0]).toMatchObject({ symbol: 'SPY', bidPrice: 401, askPrice: 401.02, askSize: 300 });
    expect(heard.quotes[0].timestampRaw).toBe('2024-03-13T13:35:00.000123000Z');
  });

  test('options are quoted once they are subscribed', async () => {
    venue = await openVenue({ generated: true });
    const { heard } = await dataStream('/v1beta1/indicative', (stream) =>
      stream.subscribeForQuotes(['SPY240419C00290000']),
    );
    venue.clock.advance(3_000);
    await until(() => heard.quotes.length > 0);
    expect(heard.quotes[0].askPrice).toBeGreaterThan(heard.quotes[0].bidPrice);
  });

  test('a second connection is refused with 406 while the first one lives', async () => {
    venue = await openVenue();
    const first = await dataStream('/v2/iex', (stream) => stream.subscribeForQuotes(['SPY']));
    const second = await dataStream('/v2/iex', () => {});
    expect(second.heard.errors).toEqual(['connection limit exceeded']);
    first.stream.disconnect();
    await until(() => venue.simulator.streams.stocks.sockets.length === 0);
    const third = await dataStream('/v2/iex', (stream) => stream.subscribeForQuotes(['SPY']));
    expect(third.heard).toMatchObject({ subscribed: true, errors: [] });
  });

  test('wrong keys are refused with 402', async () => {
    venue = await openVenue();
    const { heard } = await dataStream('/v2/iex', () => {}, { keyId: 'OTHER', secret: 'other' });
    expect(heard.errors).toEqual(['auth failed']);
  });

  test('more symbols than the plan has are refused, and none of them is subscribed', async () => {
    venue = await openVenue({ limits: { stockSymbols: 1 } });
    const { heard, stream } = await dataStream('/v2/iex', (it) => it.subscribeForQuotes(['SPY']));
    stream.subscribeForQuotes(['QQQ']);
    await until(() => heard.errors.length > 0);
    expect(heard.errors).toEqual(['symbol limit exceeded']);
  });

  test('who does not authenticate in ten seconds is let go', async () => {
    venue = await openVenue();
    const socket = new WebSocket(`${venue.url.replace('http', 'ws')}/v2/iex`);
    const said: unknown[] = [];
    let closed = false;
    socket.addEventListener('message', ({ data }) => said.push(...JSON.parse(String(data))));
    socket.addEventListener('close', () => (closed = true));
    await until(() => said.length > 0);
    venue.clock.advance(10_000);
    await until(() => closed);
    expect(said).toEqual([
      { T: 'success', msg: 'connected' },
      { T: 'error', code: 404, msg: 'auth timeout' },
    ]);
  });
});

describe('history over REST, by the real client', () => {
  const settings = () => new marketData.Configuration({ basePath: venue.url, ...CREDENTIALS, timeoutMs: 0 });

  test('bars come in pages, oldest first, and none of the future', async () => {
    venue = await openVenue({ generated: true });
    const api = new marketData.StockApi(settings());
    const asked = { symbols: 'AAPL,SPY', timeframe: '1Day', start: new Date('2024-01-01'), limit: 7 };
    const days = new Map<string, string[]>();
    let token: string | undefined;
    do {
      const { bars, nextPageToken } = await api.stockBars({ ...asked, pageToken: token });
      for (const [symbol, page] of Object.entries(bars)) {
        days.set(symbol, [...(days.get(symbol) ?? []), ...page.map(({ t }) => String(t))]);
      }
      token = nextPageToken ?? undefined;
    } while (token !== undefined);
    expect([...days.keys()]).toEqual(['AAPL', 'SPY']);
    expect(days.get('SPY')).toEqual([...days.get('SPY')!].sort());
    expect(days.get('SPY')).toHaveLength(49);
    expect(days.get('SPY')!.at(-1)).toMatch(/^2024-03-12T04:00:00/);
  });

  test('bars of before a split are divided where that is asked for', async () => {
    venue = await openVenue({ generated: true });
    const api = new marketData.StockApi(settings());
    const lastClose = async (adjustment: 'raw' | 'split') => {
      const asked = { symbols: 'SPY', timeframe: '1Day', start: new Date('2024-03-12'), adjustment };
      return (await api.stockBars(asked as never)).bars.SPY[0].c;
    };
    const before = await lastClose('raw');
    venue.simulator.inject({ kind: 'split', symbol: 'SPY', numerator: 4, denominator: 1 });
    expect(await lastClose('raw')).toBe(before);
    expect(await lastClose('split')).toBeCloseTo(before / 4, 9);
  });

  test('a snapshot of shares holds the price and the quote of now, and leaves out what is not known', async () => {
    venue = await openVenue({ generated: true });
    venue.market.post('SPY', { bidPx: 400, bidSize: 300, askPx: 400.04, askSize: 200 });
    const api = new marketData.StockApi(settings());
    const snapshots = await api.stockSnapshots({ symbols: 'SPY,NOPE' });
    expect(Object.keys(snapshots)).toEqual(['SPY']);
    expect(snapshots.SPY).toMatchObject({
      latestTrade: { p: venue.market.lastPx('SPY') },
      latestQuote: { bp: 400, ap: 400.04 },
    });
  });

  test('a chain snapshot holds two-sided quotes and greeks of what the filters leave', async () => {
    venue = await openVenue({ generated: true });
    const spot = venue.market.lastPx('SPY')!;
    const api = new marketData.OptionApi(settings());
    const { snapshots } = await api.optionChain({
      underlyingSymbol: 'SPY',
      type: 'put',
      strikePriceGte: spot * 0.9,
      strikePriceLte: spot,
      expirationDateGte: new Date('2024-04-01'),
      expirationDateLte: new Date('2024-04-30'),
    });
    const symbols = Object.keys(snapshots);
    expect(symbols.length).toBeGreaterThan(3);
    expect(symbols.every((symbol) => symbol.startsWith('SPY240419P'))).toBe(true);
    for (const { greeks, impliedVolatility, latestQuote } of Object.values(snapshots)) {
      expect(latestQuote!.ap).toBeGreaterThan(latestQuote!.bp);
      expect(greeks!.delta).toBeLessThan(0);
      expect(impliedVolatility).toBeGreaterThan(0);
    }
  });
});
