/**
 * What the market gives an order: the touch up to its displayed size, a trade that goes through its price, and now and then
 * somebody who meets it inside the spread. Pure: state of the book in, an execution or nothing out.
 */
import type { Random } from '../../domain/random.ts';
import type { MarketQuote } from './simulated-market.ts';
import { leavesOf, type VenueOrder } from './venue-order.ts';

export interface Match {
  readonly qty: number;
  readonly px: number;
}

/** The quote with what our orders left of its sizes. */
export interface Touch {
  readonly quote: MarketQuote;
  bidLeft: number;
  askLeft: number;
}

export const touchOf = (quote: MarketQuote): Touch => ({
  quote,
  bidLeft: quote.bidSize,
  askLeft: quote.askSize,
});

/** A stop is reached when the market trades or is offered at its price or beyond. */
export function isTriggered(
  order: VenueOrder,
  { askPx, bidPx }: MarketQuote,
  lastPx: number | null,
): boolean {
  if (order.stopPx === null) return true;
  if (order.side === 'buy') return (askPx > 0 && askPx >= order.stopPx) || (lastPx ?? 0) >= order.stopPx;
  return (bidPx > 0 && bidPx <= order.stopPx) || (lastPx ?? Number.POSITIVE_INFINITY) <= order.stopPx;
}

/** What it may cost at most: nothing holds a market order, nor a stop that became one. */
const boundOf = ({ limitPx, side, type }: VenueOrder): number => {
  if (type === 'market' || type === 'stop' || limitPx === null)
    return side === 'buy' ? Number.POSITIVE_INFINITY : 0;
  return limitPx;
};

/** Trades against the other side's touch; takes what it uses out of the displayed size. */
export function takeTouch(order: VenueOrder, touch: Touch): Match | null {
  const buys = order.side === 'buy';
  const px = buys ? touch.quote.askPx : touch.quote.bidPx;
  const size = buys ? touch.askLeft : touch.bidLeft;
  const bound = boundOf(order);
  if (px <= 0 || size <= 0 || (buys ? px > bound : px < bound)) return null;
  const qty = wholeUnits(order, Math.min(size, leavesOf(order)));
  if (qty <= 0) return null;
  if (buys) touch.askLeft -= qty;
  else touch.bidLeft -= qty;
  return { qty, px };
}

/** Somebody trades with an order that rests inside the spread, at its price: by chance, in whole or in part. */
export function meetInside(
  order: VenueOrder,
  { askPx, bidPx, askSize, bidSize }: MarketQuote,
  random: Random,
  chance: number,
): Match | null {
  const { limitPx } = order;
  if (limitPx === null || askPx <= 0 || limitPx < bidPx || limitPx > askPx) return null;
  // Nearer to the other side is nearer to a trade; joining its own side is no more than waiting in the queue.
  const way = (limitPx - bidPx) / Math.max(1e-9, askPx - bidPx);
  const share = order.side === 'buy' ? way : 1 - way;
  if (random.nextUnit() >= chance * share) return null;
  const offered = random.nextUnit() < 0.3 ? leavesOf(order) / 2 : leavesOf(order);
  const size = Math.max(askSize, bidSize);
  const qty = Math.max(smallest(order), wholeUnits(order, Math.min(offered, size)));
  return { qty: Math.min(qty, leavesOf(order)), px: limitPx };
}

/** A print at or through a resting order's limit fills it at its limit. */
export function meetTrade(order: VenueOrder, px: number, size: number): Match | null {
  const { limitPx, side } = order;
  if (limitPx === null || (side === 'buy' ? px > limitPx : px < limitPx)) return null;
  const qty = wholeUnits(order, Math.min(size, leavesOf(order)));
  return qty > 0 ? { qty, px: limitPx } : null;
}

const smallest = (order: VenueOrder): number => (isWhole(order) ? 1 : leavesOf(order));
const isWhole = ({ instrument, qty }: VenueOrder): boolean =>
  instrument.assetClass !== 'crypto' && Number.isInteger(qty);

const wholeUnits = (order: VenueOrder, qty: number): number =>
  isWhole(order) ? Math.floor(qty) : Math.round(qty * 1e9) / 1e9;
