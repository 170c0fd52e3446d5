/** The market data API: bars, latest quotes, snapshots of option chains and corporate actions, in the vendor's shapes. */
import { Hono } from 'hono';
import type { MarketBar } from './bar-history.ts';
import { optionOf } from './instruments.ts';
import { optionGreeks } from './option-market.ts';
import type { MarketQuote, SimulatedMarket } from './simulated-market.ts';
import { contractsOn } from './trading-routes.ts';
import { dayOf, momentOf, Refusal, rfc3339 } from './vendor-forms.ts';

/** What was announced, by the kinds of the vendor's list (`cash_dividends`, `forward_splits`, ...). */
export interface CorporateAction {
  readonly kind: string;
  readonly symbol: string;
  readonly day: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface DataParts {
  readonly market: SimulatedMarket;
  readonly corporateActions: readonly CorporateAction[];
  skewUs(): number;
}

type Query = Readonly<Record<string, string | undefined>>;

const DAY_US = 86_400_000_000;
const UNITS: Readonly<Record<string, number>> = {
  Min: 60,
  T: 60,
  Hour: 3_600,
  H: 3_600,
  Day: 86_400,
  D: 86_400,
};

/** Seconds of `5Min`, `1Hour`, `1Day`. */
function resolutionOf(timeframe: string | undefined): number {
  const parts = /^(\d+)(Min|T|Hour|H|Day|D)$/.exec(timeframe ?? '');
  if (parts === null) throw new Refusal(422, 42210000, `invalid timeframe: ${timeframe}`);
  return Number(parts[1]) * UNITS[parts[2]];
}

const barJson = ({ close, from, high, low, open, volume }: MarketBar) => ({
  t: rfc3339(from).replace('.000000Z', 'Z'),
  o: open,
  h: high,
  l: low,
  c: close,
  v: volume,
  n: 1,
  vw: Math.round(((open + high + low + close) / 4) * 1e6) / 1e6,
});

/** Pages go through the symbols one after the other: a token names the symbol and the last bar's start. */
function barsPage(market: SimulatedMarket, symbols: readonly string[], query: Query) {
  const resolutionS = resolutionOf(query.timeframe);
  const now = market.now();
  const from = momentOf('start', query.start) ?? Math.floor(now / DAY_US) * DAY_US;
  const to = momentOf('end', query.end) ?? now;
  const limit = Number(query.limit ?? 1_000);
  if (!(limit >= 1 && limit <= 10_000)) throw new Refusal(422, 42210000, 'limit must be between 1 and 10000');
  const adjusted = !['raw', 'dividend', undefined].includes(query.adjustment);
  const all = [...symbols].sort().flatMap((symbol) => {
    const bars = market.history(symbol)?.bars(resolutionS, from, to, now, adjusted) ?? [];
    return (query.sort === 'desc' ? bars.reverse() : bars).map((bar) => ({ symbol, bar }));
  });
  const first = query.page_token === undefined ? 0 : placeAfter(all, query.page_token);
  const page = all.slice(first, first + limit);
  const last = first + limit < all.length ? page.at(-1) : undefined;
  const bars: Record<string, unknown[]> = {};
  for (const { bar, symbol } of page) (bars[symbol] ??= []).push(barJson(bar));
  const token = last === undefined ? null : Buffer.from(`${last.symbol}|${last.bar.from}`).toString('base64');
  return { bars, next_page_token: token };
}

function placeAfter(all: readonly { symbol: string; bar: MarketBar }[], token: string): number {
  const [symbol, start] = Buffer.from(token, 'base64').toString().split('|');
  const place = all.findIndex(({ bar, symbol: each }) => each === symbol && bar.from === Number(start));
  if (place < 0) throw new Refusal(422, 42210000, 'invalid page token');
  return place + 1;
}

const listOf = (text: string | undefined): string[] => {
  const symbols = (text ?? '').split(',').filter((each) => each !== '');
  if (symbols.length === 0) throw new Refusal(422, 42210000, 'symbols is required');
  return symbols;
};

export function dataRoutes({ corporateActions, market, skewUs }: DataParts): Hono {
  const app = new Hono();
  const quoteJson = ({ askPx, askSize, at, bidPx, bidSize }: MarketQuote, more: Record<string, unknown>) => ({
    t: rfc3339(at + skewUs()),
    ...more,
    bp: bidPx,
    bs: bidSize,
    ap: askPx,
    as: askSize,
  });
  const latest = (symbols: readonly string[], more: Record<string, unknown>) => {
    const found = symbols.flatMap((symbol) => {
      const quote = market.quote(symbol);
      return quote === null ? [] : [[symbol, quoteJson(quote, more)]];
    });
    return Object.fromEntries(found);
  };
  const shares = { bx: 'V', ax: 'V', c: ['R'], z: 'B' };
  const contracts = { bx: 'V', ax: 'V', c: ' ' };

  app.get('/v2/stocks/bars', (c) => c.json(barsPage(market, listOf(c.req.query('symbols')), c.req.query())));
  app.get('/v2/stocks/quotes/latest', (c) =>
    c.json({ quotes: latest(listOf(c.req.query('symbols')), shares) }),
  );
  app.get('/v2/stocks/snapshots', (c) => {
    const symbols = listOf(c.req.query('symbols'));
    const quotes = latest(symbols, shares);
    const found = symbols.flatMap((symbol) => {
      const px = market.lastPx(symbol);
      if (px === null) return [];
      const latestTrade = {
        t: rfc3339(market.now() + skewUs()),
        x: 'V',
        p: px,
        s: 100,
        c: ['@'],
        i: 1,
        z: 'B',
      };
      return [[symbol, { latestTrade, latestQuote: quotes[symbol] ?? null }]];
    });
    return c.json(Object.fromEntries(found));
  });
  app.get('/v2/stocks/:symbol/bars', (c) => {
    const symbol = c.req.param('symbol');
    const { bars, next_page_token } = barsPage(market, [symbol], c.req.query());
    return c.json({ symbol, bars: bars[symbol] ?? [], next_page_token });
  });
  app.get('/v2/stocks/:symbol/quotes/latest', (c) => {
    const symbol = c.req.param('symbol');
    return c.json({ symbol, quote: latest([symbol], shares)[symbol] ?? null });
  });
  app.get('/v1beta3/crypto/us/bars', (c) =>
    c.json(barsPage(market, listOf(c.req.query('symbols')), c.req.query())),
  );
  app.get('/v1beta3/crypto/us/latest/quotes', (c) =>
    c.json({ quotes: latest(listOf(c.req.query('symbols')), {}) }),
  );
  app.get('/v1beta1/options/quotes/latest', (c) =>
    c.json({ quotes: latest(listOf(c.req.query('symbols')), contracts) }),
  );
  app.get('/v1beta1/options/snapshots', (c) => {
    const found = listOf(c.req.query('symbols')).flatMap((symbol) => {
      const snapshot = snapshotOf(symbol);
      return snapshot === null ? [] : [[symbol, snapshot]];
    });
    return c.json({ snapshots: Object.fromEntries(found), next_page_token: null });
  });
  app.get('/v1beta1/options/snapshots/:underlying', (c) => {
    const query: Query = c.req.query();
    const limit = Number(query.limit ?? 100);
    if (!(limit >= 1 && limit <= 1_000)) throw new Refusal(422, 42210000, 'limit must be between 1 and 1000');
    const asked = contractsOn(market, c.req.param('underlying'))
      .filter(
        ({ expiry, right, root, strike }) =>
          (query.type === undefined || query.type === right) &&
          (query.root_symbol === undefined || query.root_symbol === root) &&
          (query.expiration_date === undefined || query.expiration_date === expiry) &&
          expiry >= (query.expiration_date_gte ?? '') &&
          expiry <= (query.expiration_date_lte ?? '9') &&
          strike >= Number(query.strike_price_gte ?? 0) &&
          strike <= Number(query.strike_price_lte ?? Number.POSITIVE_INFINITY),
      )
      .map((contract) => optionOf(contract).symbol)
      .sort();
    const after = query.page_token === undefined ? '' : Buffer.from(query.page_token, 'base64').toString();
    const rest = asked.filter((symbol) => symbol > after);
    const page = rest.slice(0, limit);
    const found = page.flatMap((symbol) => {
      const snapshot = snapshotOf(symbol);
      return snapshot === null ? [] : [[symbol, snapshot]];
    });
    const token = rest.length > limit ? Buffer.from(page.at(-1)!).toString('base64') : null;
    return c.json({ snapshots: Object.fromEntries(found), next_page_token: token });
  });
  app.get('/v1/corporate-actions', (c) => {
    const query: Query = c.req.query();
    const symbols = query.symbols?.split(',');
    const types = query.types?.split(',');
    const from = query.start ?? dayOf(market.now());
    const to = query.end ?? dayOf(market.now());
    const found: Record<string, unknown[]> = {};
    for (const { day, json, kind, symbol } of corporateActions) {
      if (symbols !== undefined && !symbols.includes(symbol)) continue;
      if (types !== undefined && !types.includes(kind.replace(/s$/, ''))) continue;
      if (day >= from && day <= to) (found[kind] ??= []).push(json);
    }
    return c.json({ corporate_actions: found, next_page_token: null });
  });

  function snapshotOf(symbol: string): Record<string, unknown> | null {
    const contract = market.instrument(symbol)?.contract;
    const quote = market.quote(symbol);
    if (contract == null || quote === null) return null;
    const spot = market.lastPx(contract.underlying);
    const said = { latestQuote: quoteJson(quote, contracts) };
    if (spot === null) return said;
    const vol = market.volatility(contract.underlying);
    const { delta, gamma, impliedVol, rho, theta, vega } = optionGreeks(contract, spot, vol, market.now());
    return { ...said, greeks: { delta, gamma, rho, theta, vega }, impliedVolatility: impliedVol };
  }
  return app;
}
