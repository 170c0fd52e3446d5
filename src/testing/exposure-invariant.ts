/** The account's limits, reckoned here from the log alone at the moment an order is approved. */
import { configFor } from '../domain/config.ts';
import { sideSign } from '../domain/instrument.ts';
import { fromMicros, notionalMicros } from '../domain/money.ts';
import {
  OrderCanceled,
  OrderDenied,
  OrderExpired,
  OrderRejected,
  RiskApproved,
} from '../events/order.events.ts';
import type { Invariant, OrderTrace, RunView } from './run-view.ts';

/** Sums of the same numbers in another order. */
const ROUNDING = 1e-9;

/** Orders are over once one of these names them; a fill's own last report is told by what it leaves. */
const OVER: readonly string[] = [OrderDenied, OrderRejected, OrderCanceled, OrderExpired].map(
  ({ type }) => type,
);

/** Null where a limit is kept, else the sentence that says it is not. */
export const withinLimit = (order: OrderTrace, what: string, value: number, limit: number): string | null =>
  value <= limit + ROUNDING * Math.abs(limit) + ROUNDING
    ? null
    : `order ${order.intended.ordinal} takes ${what} to ${value.toFixed(2)} dollars; ${limit.toFixed(2)} is the limit`;

/** The order that was just approved, where the limits of the risk gate count. */
export function approvedOrder({ record: { event }, run, orders }: RunView): OrderTrace | null {
  if (event?.type !== RiskApproved.type || !run.risk) return null;
  return orders.get((event.payload as { ordinal: number }).ordinal)!;
}

/** Units that an order may still trade. */
function openUnits({ intended, events, filledQty }: OrderTrace): number {
  if (intended.size.kind !== 'quantity' || events.some(({ type }) => OVER.includes(type))) return 0;
  return intended.size.quantity - filledQty;
}

/** Dollars that `quantity` units are worth; 0 where nobody knows a price. */
export const worth = ({ market }: RunView, symbol: string, quantity: number, px?: number | null): number =>
  quantity === 0
    ? 0
    : fromMicros(notionalMicros(quantity, px ?? market.lastPx(symbol) ?? 0, market.multiplierOf(symbol)));

export function equityOf(view: RunView): number {
  let equity = fromMicros(view.cashMicros);
  for (const { symbol, quantity } of view.holdings()) equity += worth(view, symbol, quantity);
  return equity;
}

export const underlyingOf = ({ market }: RunView, symbol: string): string =>
  market.contract(symbol)?.underlying ?? symbol;

/** Orders of an action up to this one, with the units they still may trade. */
export function* openOrders(
  view: RunView,
  action: string,
  upTo: OrderTrace,
): Generator<[OrderTrace, number]> {
  for (const order of view.orders.values()) {
    const { ordinal } = order.intended;
    if (order.intended.action === action && ordinal <= upTo.intended.ordinal) yield [order, openUnits(order)];
  }
}

/** Options count by their premium, under the symbol they are on; hedges have a bucket of their own. */
export const exposureWithinLimits: Invariant = {
  name: 'an approved entry keeps the exposure limits, open orders included',
  check(view) {
    const order = approvedOrder(view);
    if (order === null || order.intended.action !== 'enter' || order.intended.size.kind !== 'quantity')
      return null;
    const symbol = underlyingOf(view, order.intended.symbol);
    const { risk } = configFor(view.run.config, symbol);
    const equity = equityOf(view);
    let gross = 0;
    let ofSymbol = 0;
    for (const held of view.holdings()) {
      if (held.role === 'hedge') continue;
      const value = Math.abs(worth(view, held.symbol, held.quantity));
      gross += value;
      if (held.role === 'tactical' && underlyingOf(view, held.symbol) === symbol) ofSymbol += value;
    }
    for (const [{ intended }, units] of openOrders(view, 'enter', order)) {
      const value = worth(view, intended.symbol, units, intended.limitPx);
      gross += value;
      if (underlyingOf(view, intended.symbol) === symbol) ofSymbol += value;
    }
    return (
      withinLimit(order, symbol, ofSymbol, risk.symbolCap * equity) ??
      withinLimit(order, 'all positions', gross, risk.grossCap * equity)
    );
  },
};

export const netDeltaWithinLimit: Invariant = {
  name: 'an approved entry keeps the net delta within its cap, or brings it nearer to nothing',
  check(view) {
    const order = approvedOrder(view);
    if (order === null || order.intended.action !== 'enter' || order.intended.size.kind !== 'quantity')
      return null;
    const { market } = view;
    const { netDeltaCap } = configFor(view.run.config, underlyingOf(view, order.intended.symbol)).risk;
    let delta = 0;
    for (const { symbol, quantity } of view.holdings()) {
      if (quantity !== 0) delta += market.delta(symbol, quantity);
    }
    let before = delta;
    for (const [each, units] of openOrders(view, 'enter', order)) {
      if (units === 0) continue;
      before = delta;
      delta += market.delta(each.intended.symbol, sideSign(each.intended.side) * units);
    }
    const limit = Math.max(netDeltaCap * equityOf(view), Math.abs(before));
    return withinLimit(order, 'net delta', Math.abs(delta), limit);
  },
};

export const premiumWithinLimits: Invariant = {
  name: 'the premium of an approved order, and its share of the open interest, keep their limits',
  check(view) {
    const order = approvedOrder(view);
    if (order === null || order.intended.size.kind !== 'quantity') return null;
    const { symbol, action, limitPx, size } = order.intended;
    if ((action !== 'enter' && action !== 'hedge') || view.market.contract(symbol) === undefined) return null;
    const { risk } = configFor(view.run.config, underlyingOf(view, symbol));
    const openInterest = view.market.quote(symbol)?.openInterest ?? 0;
    const premium = worth(view, symbol, size.quantity, limitPx);
    if (size.quantity > risk.openInterestShareMax * openInterest)
      return `order ${order.intended.ordinal} is for ${size.quantity} contracts of an open interest of ${openInterest}`;
    return withinLimit(order, 'its premium', premium, risk.premiumMax * equityOf(view));
  },
};
