/**
 * What Alpaca would refuse, refused before it costs a call: its rules by kind of instrument, and its ban on trading against
 * one's own working order. Sources: its order and options documentation.
 */
import type { KnownOrder } from '../../bus/ports.ts';
import { isDay, tradingSession } from '../../domain/exchange-calendar.ts';
import { roundPassive, type TickClass } from '../../domain/instrument.ts';
import { settlementDay } from '../../domain/options/expiries.ts';
import { type OccFields, parseOcc } from '../../domain/options/occ-symbol.ts';
import { isWorking } from '../../domain/order-status.ts';
import type { SubmitAttempted } from '../../events/order.events.ts';

export interface VenueRules {
  /** Microseconds. */
  readonly now: number;
  readonly clientOrderId: string;
  /** Null until the venue was asked. */
  readonly account: { readonly blocked: string | null; readonly optionsLevel: number } | null;
  readonly known: readonly KnownOrder[];
}

const CLIENT_ORDER_ID_MAX = 128;
const MINUTE_US = 60_000_000;
/** Options that expire today are traded until so long before the close; broad funds a little longer. */
const LAST_MINUTES = 45;
const LAST_MINUTES_OF_BROAD_FUNDS = 30;
const BROAD_FUNDS: ReadonlySet<string> = new Set(['SPY', 'QQQ', 'IWM', 'DIA']);

/** Why the venue would not take it, as one sentence; null where nothing is known against it. */
export function refusalOf(order: SubmitAttempted, rules: VenueRules): string | null {
  const { account, clientOrderId } = rules;
  if (clientOrderId.length > CLIENT_ORDER_ID_MAX) {
    return `client order id ${clientOrderId} has ${clientOrderId.length} characters; the venue takes ${CLIENT_ORDER_ID_MAX}`;
  }
  if (account !== null && account.blocked !== null) return account.blocked;
  if (order.size.kind === 'fraction') {
    return `a size of ${order.size.fraction} of equity cannot be sent; the venue takes units`;
  }
  if (order.orderType === 'limit' && order.limitPx === null) return 'a limit order has a limit price';
  if (order.orderType === 'stop' && order.stopPx === null) return 'a stop order has a stop price';
  return refusalByKind(order, order.size.quantity, rules) ?? againstOwn(order, rules.known);
}

function refusalByKind(order: SubmitAttempted, quantity: number, rules: VenueRules): string | null {
  const option = parseOcc(order.symbol);
  if (option.ok) return optionRefusal(order, quantity, option, rules);
  return order.symbol.includes('/') ? cryptoRefusal(order) : shareRefusal(order, quantity);
}

function optionRefusal(
  order: SubmitAttempted,
  quantity: number,
  { expiry, root }: OccFields,
  { account, now }: VenueRules,
): string | null {
  const { orderType, side, timeInForce } = order;
  if (timeInForce !== 'day') return `options are day orders at this venue, not ${timeInForce}`;
  if (orderType === 'stop') return 'options take market and limit orders at this venue, no stops';
  if (!Number.isInteger(quantity)) return `options trade in whole contracts, not ${quantity}`;
  // Every class trades in cents at least; which trade in nickels the venue knows.
  const offGrid = offGridPx(order, 'pennyAll');
  if (offGrid !== null) return `options trade in whole cents at least, not at ${offGrid}`;
  const needed = side === 'buy' ? 2 : 1;
  if (account !== null && account.optionsLevel < needed) {
    return `options level ${account.optionsLevel} does not allow to ${side} options; that takes level ${needed}`;
  }
  return pastLastMinutes(root, expiry, now);
}

function pastLastMinutes(root: string, expiry: string, now: number): string | null {
  const session = isDay(expiry) ? tradingSession('XNYS', settlementDay(expiry)) : null;
  if (session === null) return null;
  const minutes = BROAD_FUNDS.has(root) ? LAST_MINUTES_OF_BROAD_FUNDS : LAST_MINUTES;
  if (now < session.close - minutes * MINUTE_US) return null;
  return `contracts that expire on ${expiry} are not traded in the last ${minutes} minutes before that day's close`;
}

function cryptoRefusal({ orderType, timeInForce }: SubmitAttempted): string | null {
  if (timeInForce !== 'gtc' && timeInForce !== 'ioc') {
    return `crypto orders are gtc or ioc at this venue, not ${timeInForce}`;
  }
  if (orderType === 'stop') return 'crypto takes market and limit orders at this venue, no plain stops';
  return null;
}

function shareRefusal(order: SubmitAttempted, quantity: number): string | null {
  const { orderType, timeInForce } = order;
  if (!Number.isInteger(quantity)) {
    if (timeInForce !== 'day') return `fractions of shares are day orders at this venue, not ${timeInForce}`;
    if (orderType === 'stop')
      return 'fractions of shares take market and limit orders at this venue, no stops';
  }
  if ((timeInForce === 'opg' || timeInForce === 'cls') && orderType === 'stop') {
    return `an order of the ${timeInForce === 'opg' ? 'opening' : 'closing'} auction is market or limit, no stop`;
  }
  const offGrid = offGridPx(order, 'shares');
  if (offGrid === null) return null;
  return `shares trade in cents from a dollar up and in hundredths of a cent below, not at ${offGrid}`;
}

function offGridPx({ limitPx, side, stopPx }: SubmitAttempted, tickClass: TickClass): number | null {
  const off = (px: number | null) => px !== null && Math.abs(roundPassive(px, side, tickClass) - px) > 1e-9;
  if (off(limitPx)) return limitPx;
  return off(stopPx) ? stopPx : null;
}

/** The venue takes it for a wash trade, whatever the prices. */
function againstOwn(order: SubmitAttempted, known: readonly KnownOrder[]): string | null {
  const own = known.find(
    (each) =>
      each.symbol === order.symbol &&
      each.side !== order.side &&
      each.ordinal !== order.ordinal &&
      isWorking(each.status),
  );
  if (own === undefined) return null;
  return `our order ${own.ordinal} to ${own.side} ${order.symbol} is working; the venue takes none on the other side`;
}
