/** An order as the venue keeps it, and the price at which it would trade against what the market shows. */
import { civilDay, tradingSession } from '../../domain/exchange-calendar.ts';
import { roundPassive, type Side, type TickClass, type TimeInForce } from '../../domain/instrument.ts';
import type { OptionContract } from '../../domain/options/contract.ts';
import { lastTradingDay } from '../../domain/options/expiries.ts';
import { farTouch, modelledQuote, type TwoSided } from '../../domain/spread-model.ts';
import type { SubmitAttempted } from '../../events/order.events.ts';

/** Plain data: it is carried over from session to session as it stands. */
export interface VenueOrder extends Omit<SubmitAttempted, 'size'> {
  /** Ordered units; null while the size is a fraction that no fill has resolved yet. */
  quantity: number | null;
  readonly fraction: number | null;
  /** When it reaches the book. */
  readonly arrivesAt: number;
  /** Market records the venue had seen when it was sent. */
  readonly sentAfter: number;
  filledQty: number;
  tradedMicros: number;
  feesMicros: number;
  fills: number;
  /** A stop that was reached: a market order from there on. */
  triggered: boolean;
  /** It has stood against a market event: no longer arriving. */
  met: boolean;
}

/** The market as it is taken to be where no quotes are recorded. */
export interface Market {
  /** Null: prices stand exactly as recorded. */
  readonly halfSpread: number | null;
  /** A limit fills where the price only touches it. */
  readonly touchFill: boolean;
}

/** Why the venue does not take an order at all, or null. */
export function refusalOf({
  ordinal,
  orderType,
  limitPx,
  stopPx,
  timeInForce,
}: SubmitAttempted): string | null {
  if (orderType === 'limit' && limitPx === null) return `order ${ordinal} is a limit order without limitPx`;
  if (orderType === 'stop' && stopPx === null) return `order ${ordinal} is a stop order without stopPx`;
  if (timeInForce === 'opg' || timeInForce === 'cls') {
    return `order ${ordinal} is ${timeInForce}; the simulated exchange takes day, gtc, ioc and fok`;
  }
  return null;
}

/** The moment a contract stops trading: the close of its last session. */
export const lastTradeTime = (contract: OptionContract): number =>
  tradingSession('XNYS', lastTradingDay(contract))!.close;

/** Why the venue does not take an order for this contract, or null. */
export function contractRefusal(order: SubmitAttempted, contract: OptionContract, at: number): string | null {
  const { ordinal, orderType, size, symbol } = order;
  if (orderType === 'stop') return `order ${ordinal} is a stop order; options take market and limit orders`;
  if (size.kind === 'quantity' && !Number.isInteger(size.quantity)) {
    return `order ${ordinal} is for ${size.quantity} ${symbol}; options trade in whole contracts`;
  }
  const last = lastTradeTime(contract);
  return at < last ? null : `${symbol} stopped trading at the close of ${civilDay(last)}`;
}

export function venueOrder(order: SubmitAttempted, arrivesAt: number, sentAfter: number): VenueOrder {
  const { size } = order;
  return {
    ordinal: order.ordinal,
    symbol: order.symbol,
    side: order.side,
    orderType: order.orderType,
    limitPx: order.limitPx,
    stopPx: order.stopPx,
    timeInForce: order.timeInForce,
    quantity: size.kind === 'quantity' ? size.quantity : null,
    fraction: size.kind === 'fraction' ? size.fraction : null,
    arrivesAt,
    sentAfter,
    filledQty: 0,
    tradedMicros: 0,
    feesMicros: 0,
    fills: 0,
    triggered: false,
    met: false,
  };
}

/** Price that a buy (sell) pays (gets) for taking liquidity at `px`: worse by the half-spread, rounded away from us. */
function touchOf(px: number, side: Side, halfSpread: number | null): number {
  return halfSpread === null ? px : farTouch(modelledQuote(px, halfSpread), side);
}

export const arrivedBy = (orders: readonly VenueOrder[], time: number): readonly VenueOrder[] =>
  orders.filter(({ arrivesAt }) => arrivesAt <= time);

/** Acts only on the first market event it meets. */
export const isImmediate = (timeInForce: TimeInForce): boolean =>
  timeInForce === 'ioc' || timeInForce === 'fok';

export const actsAsMarket = (order: VenueOrder): boolean => order.orderType === 'market' || order.triggered;

/** True where `px` reaches a stop: at or below for a sell, at or above for a buy. */
const reachesStop = (order: VenueOrder, px: number): boolean =>
  order.side === 'sell' ? px <= order.stopPx! : px >= order.stopPx!;

/** True where a trade at `px` fills a resting limit: strictly through it, or on it where touching is enough. */
const tradesThrough = (order: VenueOrder, px: number, touchFill: boolean): boolean =>
  (order.side === 'buy' ? px < order.limitPx! : px > order.limitPx!) || (touchFill && px === order.limitPx);

/** True where taking at `touch` is within the limit. */
export const isMarketable = (order: VenueOrder, touch: number): boolean =>
  order.side === 'buy' ? touch <= order.limitPx! : touch >= order.limitPx!;

/** Fill price at an opening price, or null. A stop that the open jumped over trades at the open, as does a better limit. */
export function pxAtOpen(order: VenueOrder, open: number, { halfSpread, touchFill }: Market): number | null {
  const touch = touchOf(open, order.side, halfSpread);
  if (actsAsMarket(order)) return touch;
  if (order.orderType === 'stop') return reachesStop(order, open) ? touch : null;
  const fills = halfSpread === null ? tradesThrough(order, open, touchFill) : isMarketable(order, touch);
  return fills ? touch : null;
}

/** Fill price inside a bar, after its open, or null. */
export function pxInBar(
  order: VenueOrder,
  bar: { readonly low: number; readonly high: number },
  { halfSpread, touchFill }: Market,
): number | null {
  if (order.orderType === 'stop') {
    const reached = !order.triggered && reachesStop(order, order.side === 'sell' ? bar.low : bar.high);
    return reached ? touchOf(order.stopPx!, order.side, halfSpread) : null;
  }
  if (order.orderType !== 'limit') return null;
  return tradesThrough(order, order.side === 'buy' ? bar.low : bar.high, touchFill) ? order.limitPx : null;
}

/**
 * Fill price against a recorded far touch, or null. A limit pays the touch when it arrives, its own price once it rests.
 * The far touch is also what reaches a stop: a sell's at the bid, a buy's at the ask.
 */
export function pxAtQuote(order: VenueOrder, farPx: number): number | null {
  if (actsAsMarket(order)) return farPx;
  if (order.orderType === 'stop') return reachesStop(order, farPx) ? farPx : null;
  if (!isMarketable(order, farPx)) return null;
  return order.met ? order.limitPx : farPx;
}

/** True for a limit inside the spread, at the midpoint (as prices go: rounded on its passive side) or beyond it. */
export function isInside(order: VenueOrder, { bidPx, askPx }: TwoSided, tickClass: TickClass): boolean {
  const { limitPx, side } = order;
  if (limitPx === null || !(bidPx > 0 && bidPx < limitPx && limitPx < askPx)) return false;
  const midpoint = roundPassive((bidPx + askPx) / 2, side, tickClass);
  return side === 'buy' ? limitPx >= midpoint : limitPx <= midpoint;
}

/** Fill price at a trade, or null; undefined where quotes are recorded and the order waits for one of them. */
export function pxAtTrade(
  order: VenueOrder,
  px: number,
  { halfSpread, touchFill }: Market,
  quoted: boolean,
): number | null | undefined {
  if (order.orderType === 'limit') {
    if (tradesThrough(order, px, touchFill) && !(quoted && isImmediate(order.timeInForce)))
      return order.limitPx;
    return quoted ? undefined : null;
  }
  if (order.orderType === 'stop' && reachesStop(order, px)) order.triggered = true;
  if (quoted) return undefined;
  return actsAsMarket(order) ? touchOf(px, order.side, halfSpread) : null;
}
