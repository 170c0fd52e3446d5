/** A simulated venue in the test's own process: a market written by hand or drawn from a seed, a stepped clock, the real client package. */
import { streaming, trading } from '@alpacahq/alpaca-trade-api';
import { TickKind } from '../../../src/events/tick.ts';
import {
  AlpacaSimulator,
  type AlpacaSimulatorOptions,
  SIMULATOR_KEY_ID,
  SIMULATOR_SECRET,
} from '../../../src/simulators/alpaca/alpaca-simulator.ts';
import { daysBefore, generatedRecords, listedRecords } from '../../../src/simulators/alpaca/records.ts';
import { SimulatedMarket } from '../../../src/simulators/alpaca/simulated-market.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';

const at = (text: string): number => Date.parse(text) * 1_000;

/** A Wednesday, five minutes into New York's session. */
export const MORNING = at('2024-03-13T13:35:00Z');
export const CREDENTIALS = { keyId: SIMULATOR_KEY_ID, secret: SIMULATOR_SECRET };

/** SPY at 400.00 x 400.04, 300 and 200 shares, and nothing that moves it but `market.post`. */
function quietMarket(clock: SteppedClock): SimulatedMarket {
  const spy = {
    id: 0,
    symbol: 'SPY',
    assetClass: 'equity',
    multiplier: 1,
    calendar: 'XNYS',
    priceSource: 'quotes',
    resolutionS: null,
  } as const;
  const btc = { ...spy, id: 1, symbol: 'BTC/USD', assetClass: 'crypto', calendar: '24x7' } as const;
  const time = clock.now() - 1_000_000;
  const spyQuote = { bidPx: 400, bidSize: 300, askPx: 400.04, askSize: 200 };
  const btcQuote = { bidPx: 40_000, bidSize: 2, askPx: 40_010, askSize: 2 };
  const records = listedRecords(
    [spy, btc],
    [
      { kind: TickKind.quote, symbolId: 0, time, ...spyQuote },
      { kind: TickKind.quote, symbolId: 1, time, ...btcQuote },
    ],
  );
  return new SimulatedMarket({ clock, records });
}

/** Two pairs and three shares that walk by themselves, with more than a year of days behind them. */
export const generatedMarket = (clock: SteppedClock, seed = 1, quotesPerSecond = 4): SimulatedMarket =>
  new SimulatedMarket({
    clock,
    seed,
    quotesPerSecond,
    records: generatedRecords({ seed, from: daysBefore(clock.now(), 500) }),
  });

export type Venue = Awaited<ReturnType<typeof openVenue>>;

export async function openVenue(
  options: Partial<AlpacaSimulatorOptions> & { readonly startAt?: number; readonly generated?: boolean } = {},
) {
  const { generated = false, startAt = MORNING, ...rest } = options;
  const clock = new SteppedClock(startAt);
  const market = generated ? generatedMarket(clock) : quietMarket(clock);
  // Nothing is met inside the spread unless a test says so: chance has no place in an example.
  const limits = { insideChance: 0, ...rest.limits };
  const simulator = new AlpacaSimulator({ clock, market, ...rest, limits });
  const { close, url } = await simulator.listen(0);
  const settings = new trading.Configuration({ basePath: url, ...CREDENTIALS, timeoutMs: 0 });
  const orders = new trading.OrdersApi(settings);
  return {
    clock,
    market,
    simulator,
    url,
    close,
    orders,
    settings,
    submit: (order: object) => orders.postOrder({ postOrderRequest: order as trading.PostOrderRequest }),
    replace: (orderId: string, changes: object) =>
      orders.patchOrderByOrderId({ orderId, patchOrderRequest: changes as trading.PatchOrderRequest }),
  };
}

export const limitOrder = (change: object) => ({
  symbol: 'SPY',
  qty: '1',
  side: 'buy',
  type: 'limit',
  timeInForce: 'day',
  limitPrice: '400',
  ...change,
});

/** What the venue answered instead of doing it. */
export const refusalOf = (
  request: Promise<unknown>,
): Promise<{ status?: number; code?: unknown; message: string }> =>
  request.then(
    () => Promise.reject(new Error('it was not refused')),
    (error) => error,
  );

/** Lets requests and frames that are under way arrive. */
export async function settle(rounds = 40): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise((done) => setImmediate(done));
}

/** Waits until something has come over the wire; a test that waits in vain ends with its time-out. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await settle(1);
}

/** The venue's word on our orders, as the package hears it. */
export async function listenToOrders({ url }: Pick<Venue, 'url'>, credentials = CREDENTIALS) {
  const updates: streaming.TradeUpdate[] = [];
  const stream = new streaming.TradingStream({
    credentials,
    url: `${url.replace('http', 'ws')}/stream`,
    reconnect: false,
    pingIntervalMs: 0,
  });
  let listening = false;
  stream.on(streaming.EVENT.SUBSCRIPTION, () => (listening = true));
  stream.onTradeUpdate((update) => updates.push(update));
  stream.subscribeTradeUpdates();
  stream.connect();
  const { authenticated } = await stream.whenAuthenticated();
  if (authenticated) await until(() => listening);
  return { stream, updates, authenticated, events: () => updates.map(({ event }) => event) };
}
