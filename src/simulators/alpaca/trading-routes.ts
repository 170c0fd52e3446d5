/** The trading API: account, orders, positions, activities, calendar, assets and contracts, in the vendor's shapes. */
import { Hono } from 'hono';
import { nextTradingDay, tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import type { OptionContract } from '../../domain/options/contract.ts';
import { accountSums } from './buying-power.ts';
import { optionOf, type VenueInstrument, vendorSymbol } from './instruments.ts';
import { listedContracts, OPEN_INTEREST } from './option-market.ts';
import type { OrderDesk } from './order-desk.ts';
import type { OrderBody } from './order-rules.ts';
import type { SimulatedMarket } from './simulated-market.ts';
import {
  dayOf,
  decimal,
  idFor,
  momentOf,
  newYorkMinute,
  newYorkTime,
  Refusal,
  rfc3339,
} from './vendor-forms.ts';
import type { VenueAccount, VenuePosition } from './venue-account.ts';
import { isOver, orderJson, type VenueOrder } from './venue-order.ts';

export interface TradingParts {
  readonly market: SimulatedMarket;
  readonly account: VenueAccount;
  readonly desk: OrderDesk;
  readonly accountId: string;
  /** Of the venue's clock against the wall's, for whoever follows it. */
  readonly speed: number;
  skewUs(): number;
}

const ORDERS_MAX = 500;
const PAGE_MAX = 100;
const CALENDAR_DAYS_MAX = 400;

export function tradingRoutes(parts: TradingParts): Hono {
  const { account, desk, market } = parts;
  const app = new Hono();
  const now = () => market.now() + parts.skewUs();
  const json = (order: VenueOrder) => orderJson(order, parts.skewUs());

  app.get('/v2/account', (c) => c.json(accountJson(parts)));
  app.get('/v2/clock', (c) => {
    const at = market.now();
    const day = tradingDayAt('XNYS', at + 1);
    const session = tradingSession('XNYS', day)!;
    const isOpen = market.isOpen('XNYS');
    const nextOpen = isOpen ? tradingSession('XNYS', nextTradingDay('XNYS', day))!.open : session.open;
    return c.json({
      timestamp: newYorkTime(now()).replace(/(-\d\d:00)$/, `.${`${now() % 1_000_000}`.padStart(6, '0')}$1`),
      is_open: isOpen,
      next_open: newYorkTime(nextOpen),
      next_close: newYorkTime(session.close),
      simulator: { speed: parts.speed },
    });
  });
  app.get('/v2/calendar', (c) => c.json(calendarDays(c.req.query('start'), c.req.query('end'), now())));

  app.get('/v2/assets', (c) => {
    const wanted = c.req.query('asset_class');
    const found = market.instruments.filter(
      ({ assetClass }) => assetClass !== 'us_option' && (wanted === undefined || wanted === assetClass),
    );
    return c.json(found.map(assetJson));
  });
  // A crypto pair has a slash in its name, which not every client encodes.
  app.get('/v2/assets/:symbol{.+}', (c) => {
    const symbol = decodeURIComponent(c.req.param('symbol'));
    const found =
      market.instrument(symbol) ??
      market.instruments.find(
        (each) => each.symbol.replace('/', '') === symbol || idFor(each.symbol) === symbol,
      );
    if (found === undefined) throw new Refusal(404, 40410000, `asset not found for ${symbol}`);
    return c.json(assetJson(found));
  });

  app.post('/v2/orders', async (c) => c.json(json(desk.submit(await bodyOf(c.req)))));
  app.get('/v2/orders', (c) => c.json(ordersAsked(desk.orders, c.req.query()).map(json)));
  app.delete('/v2/orders', (c) => {
    const canceled = desk.open.map(({ id }) => {
      try {
        desk.cancel(id);
        return { id, status: 200 };
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return { id, status: error.status, body: error.body };
      }
    });
    return c.json(canceled, 207);
  });
  app.get('/v2/orders:by_client_order_id', (c) =>
    c.json(json(desk.byClientId(c.req.query('client_order_id') ?? ''))),
  );
  app.get('/v2/orders/:id', (c) => c.json(json(desk.byId(c.req.param('id')))));
  app.patch('/v2/orders/:id', async (c) =>
    c.json(json(desk.replace(c.req.param('id'), await bodyOf(c.req)))),
  );
  app.delete('/v2/orders/:id', (c) => {
    desk.cancel(c.req.param('id'));
    return c.body(null, 204);
  });

  app.get('/v2/positions', (c) =>
    c.json([...account.positions.values()].map((position) => positionJson(position, parts))),
  );
  app.get('/v2/positions/:symbol', (c) => {
    const symbol = decodeURIComponent(c.req.param('symbol'));
    const position = [...account.positions.values()].find(
      ({ instrument }) => instrument.symbol === symbol || instrument.symbol.replace('/', '') === symbol,
    );
    if (position === undefined) throw new Refusal(404, 40410000, 'position does not exist');
    return c.json(positionJson(position, parts));
  });

  app.get('/v2/account/activities', (c) => {
    const types = c.req.query('activity_types')?.split(',');
    return c.json(activitiesAsked(account, c.req.query(), types));
  });
  app.get('/v2/account/activities/:type', (c) =>
    c.json(activitiesAsked(account, c.req.query(), [c.req.param('type')])),
  );

  app.get('/v2/options/contracts', (c) => c.json(contractsAsked(market, c.req.query())));
  app.get('/v2/options/contracts/:symbol', (c) => {
    const symbol = c.req.param('symbol');
    const contract = market.instrument(symbol)?.contract;
    if (contract == null) throw new Refusal(404, 40410000, `option contract ${symbol} not found`);
    return c.json(contractJson(contract, market.now()));
  });
  return app;
}

async function bodyOf(request: { text(): Promise<string> }): Promise<OrderBody> {
  const text = await request.text();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as OrderBody;
  } catch {
    // Said below.
  }
  throw new Refusal(422, 40010000, 'request body format is invalid');
}

function accountJson({ account, accountId, desk, market, skewUs }: TradingParts): Record<string, unknown> {
  const sums = accountSums(account, market, desk.open);
  const { multiplier, optionsLevel, shorting } = account.options;
  const money = (dollars: number) => decimal(Math.round(dollars * 1e6) / 1e6);
  const blocked = account.blocked !== null;
  const created = rfc3339(market.now() + skewUs() - 86_400_000_000);
  return {
    id: accountId,
    account_number: `PA${accountId.slice(0, 8).toUpperCase()}`,
    status: 'ACTIVE',
    crypto_status: 'ACTIVE',
    currency: 'USD',
    cash: money(sums.cash),
    equity: money(sums.equity),
    portfolio_value: money(sums.equity),
    last_equity: money(sums.equity),
    buying_power: money(sums.buyingPower),
    regt_buying_power: money(sums.buyingPower),
    daytrading_buying_power: '0',
    non_marginable_buying_power: money(sums.cashPower),
    options_buying_power: money(sums.cashPower),
    options_approved_level: optionsLevel,
    options_trading_level: optionsLevel,
    long_market_value: money(sums.longValue),
    short_market_value: money(sums.shortValue),
    initial_margin: money((sums.longValue - sums.shortValue) / multiplier),
    maintenance_margin: '0',
    last_maintenance_margin: '0',
    accrued_fees: '0',
    sma: '0',
    multiplier: `${multiplier}`,
    shorting_enabled: shorting,
    pattern_day_trader: false,
    daytrade_count: 0,
    account_blocked: blocked,
    trading_blocked: blocked,
    transfers_blocked: false,
    trade_suspended_by_user: false,
    created_at: created,
    balance_asof: dayOf(market.now()),
  };
}

function positionJson(
  { avgPx, instrument, qty }: VenuePosition,
  { desk, market }: TradingParts,
): Record<string, unknown> {
  const { assetClass, multiplier, symbol } = instrument;
  const px = market.lastPx(symbol) ?? avgPx;
  const last = market.history(symbol)?.lastDay(market.now())?.close ?? px;
  const value = qty * px * multiplier;
  const basis = qty * avgPx * multiplier;
  const side = qty > 0 ? 'sell' : 'buy';
  const held = desk.open
    .filter((order) => order.instrument.symbol === symbol && order.side === side)
    .reduce((sum, order) => sum + order.qty - order.filledQty, 0);
  return {
    asset_id: idFor(symbol),
    // Positions in pairs are written without the slash that orders have.
    symbol: symbol.replace('/', ''),
    exchange: assetClass === 'crypto' ? 'CRYPTO' : assetClass === 'us_option' ? '' : 'ARCA',
    asset_class: assetClass,
    asset_marginable: assetClass === 'us_equity',
    qty: decimal(qty),
    qty_available: decimal(Math.sign(qty) * Math.max(0, Math.abs(qty) - held)),
    side: qty > 0 ? 'long' : 'short',
    avg_entry_price: decimal(avgPx),
    market_value: decimal(value),
    cost_basis: decimal(basis),
    unrealized_pl: decimal(value - basis),
    unrealized_plpc: decimal(basis === 0 ? 0 : (value - basis) / Math.abs(basis)),
    unrealized_intraday_pl: decimal(qty * (px - last) * multiplier),
    unrealized_intraday_plpc: decimal((px - last) / last),
    current_price: decimal(px),
    lastday_price: decimal(last),
    change_today: decimal((px - last) / last),
  };
}

function assetJson({ assetClass, symbol }: VenueInstrument): Record<string, unknown> {
  const shares = assetClass === 'us_equity';
  return {
    id: idFor(symbol),
    class: assetClass,
    exchange: shares ? 'ARCA' : assetClass === 'crypto' ? 'CRYPTO' : '',
    symbol,
    name: `${symbol} (simulated)`,
    status: 'active',
    tradable: true,
    marginable: shares,
    maintenance_margin_requirement: shares ? 30 : 100,
    shortable: shares,
    easy_to_borrow: shares,
    fractionable: assetClass !== 'us_option',
    attributes: shares ? ['has_options'] : [],
    ...(assetClass === 'crypto'
      ? { min_order_size: '0.000000001', min_trade_increment: '0.000000001', price_increment: '0.01' }
      : {}),
  };
}

type Query = Readonly<Record<string, string | undefined>>;

function ordersAsked(orders: readonly VenueOrder[], query: Query): VenueOrder[] {
  const status = query.status ?? 'open';
  if (!['open', 'closed', 'all'].includes(status))
    throw new Refusal(422, 42210000, `invalid status: ${status}`);
  const limit = limitOf(query.limit, 50, ORDERS_MAX);
  const after = momentOf('after', query.after) ?? Number.NEGATIVE_INFINITY;
  const until = momentOf('until', query.until) ?? Number.POSITIVE_INFINITY;
  const symbols = query.symbols === undefined ? null : new Set(query.symbols.split(',').flatMap(bothForms));
  const placeOf = (id: string | undefined) =>
    id === undefined ? -1 : orders.findIndex((each) => each.id === id);
  const afterPlace = placeOf(query.after_order_id);
  const beforePlace = query.before_order_id === undefined ? orders.length : placeOf(query.before_order_id);
  const found = orders.filter(
    (order, place) =>
      (status === 'all' || (status === 'open') !== isOver(order)) &&
      order.createdAt > after &&
      order.createdAt < until &&
      place > afterPlace &&
      place < beforePlace &&
      (symbols === null || symbols.has(order.instrument.symbol)) &&
      (query.side === undefined || query.side === order.side),
  );
  return (query.direction === 'asc' ? found : found.reverse()).slice(0, limit);
}

/** Filters may name a pair with or without its slash. */
const bothForms = (symbol: string): string[] => [symbol, symbol.replace(/^(.+?)(USD[CT]?|BTC)$/, '$1/$2')];

function limitOf(text: string | undefined, usual: number, most: number): number {
  if (text === undefined) return usual;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > most) {
    throw new Refusal(422, 42210000, `limit must be between 1 and ${most}`);
  }
  return limit;
}

function activitiesAsked(account: VenueAccount, query: Query, types: readonly string[] | undefined) {
  const size = limitOf(query.page_size, PAGE_MAX, PAGE_MAX);
  const after = momentOf('after', query.after) ?? Number.NEGATIVE_INFINITY;
  const until = momentOf('until', query.until) ?? Number.POSITIVE_INFINITY;
  const found = account.activities.filter(
    ({ at, type }) =>
      at > after &&
      at < until &&
      (types === undefined || types.includes(type)) &&
      (query.category === undefined || (query.category === 'trade_activity') === (type === 'FILL')) &&
      (query.date === undefined || dayOf(at) === query.date.slice(0, 10)),
  );
  const ordered = query.direction === 'asc' ? found : found.reverse();
  const from =
    query.page_token === undefined ? 0 : ordered.findIndex(({ id }) => id === query.page_token) + 1;
  return ordered.slice(from, from + size).map((activity) => activity.json);
}

function calendarDays(start: string | undefined, end: string | undefined, now: number) {
  const from = start?.slice(0, 10) ?? dayOf(now);
  const to = end?.slice(0, 10) ?? dayOf(now + 365 * 86_400_000_000);
  const days: Record<string, string>[] = [];
  let day = tradingSession('XNYS', from) === null ? nextTradingDay('XNYS', from) : from;
  for (; day <= to && days.length < CALENDAR_DAYS_MAX; day = nextTradingDay('XNYS', day)) {
    const { close, open } = tradingSession('XNYS', day)!;
    days.push({
      date: day,
      open: newYorkMinute(open),
      close: newYorkMinute(close),
      session_open: '0400',
      session_close: '2000',
      settlement_date: nextTradingDay('XNYS', day),
    });
  }
  return days;
}

function contractsAsked(market: SimulatedMarket, query: Query) {
  const limit = limitOf(query.limit, 100, 10_000);
  const now = market.now();
  const latest = query.expiration_date_lte ?? query.expiration_date ?? dayOf(now + 9 * 86_400_000_000);
  const found = (query.underlying_symbols ?? '')
    .split(',')
    .flatMap((underlying) => contractsOn(market, underlying))
    .filter(
      ({ expiry, right, strike, style }) =>
        expiry <= latest &&
        expiry >= (query.expiration_date_gte ?? query.expiration_date ?? '') &&
        (query.type === undefined || query.type === right) &&
        (query.style === undefined || query.style === style) &&
        strike >= Number(query.strike_price_gte ?? 0) &&
        strike <= Number(query.strike_price_lte ?? Number.POSITIVE_INFINITY),
    );
  const from =
    query.page_token === undefined ? 0 : Number(Buffer.from(query.page_token, 'base64').toString());
  if (!Number.isInteger(from)) throw new Refusal(422, 42210000, 'invalid page token');
  const page = found.slice(from, from + limit);
  const rest = from + limit < found.length;
  return {
    option_contracts: page.map((contract) => contractJson(contract, now)),
    next_page_token: rest ? Buffer.from(`${from + limit}`).toString('base64') : null,
  };
}

/** Recorded contracts where the log has some, else those a venue would list. */
export function contractsOn(market: SimulatedMarket, underlying: string): readonly OptionContract[] {
  const recorded = market.instruments.flatMap(({ contract }) =>
    contract !== null && contract.underlying === underlying ? [contract] : [],
  );
  if (recorded.length > 0) return recorded.filter(({ expiry }) => expiry >= dayOf(market.now()));
  const instrument = market.instrument(underlying);
  const spot = market.lastPx(underlying);
  if (instrument?.assetClass !== 'us_equity' || spot === null) return [];
  return listedContracts(underlying, spot, market.now());
}

function contractJson(contract: OptionContract, now: number): Record<string, unknown> {
  const { deliverable, expiry, multiplier, right, root, strike, style, underlying } = contract;
  const { symbol } = optionOf(contract);
  return {
    id: idFor(symbol),
    symbol,
    name: `${underlying} ${expiry} ${decimal(strike)} ${right}`,
    status: expiry >= dayOf(now) ? 'active' : 'inactive',
    tradable: expiry >= dayOf(now),
    expiration_date: expiry,
    root_symbol: root,
    underlying_symbol: vendorSymbol(underlying),
    underlying_asset_id: idFor(underlying),
    type: right,
    style,
    strike_price: decimal(strike),
    multiplier: decimal(multiplier),
    size: decimal(deliverable),
    open_interest: `${OPEN_INTEREST}`,
    open_interest_date: dayOf(now - 86_400_000_000),
    close_price: null,
    close_price_date: null,
    ppind: true,
  };
}
