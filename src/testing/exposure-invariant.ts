/** The account's limits, reckoned here from the log alone at the moment an entry is approved. */
import { configFor } from '../domain/config.ts';
import { fromMicros, notionalMicros } from '../domain/money.ts';
import { RiskApproved } from '../events/order.events.ts';
import type { Invariant, OrderTrace, RunView } from './run-view.ts';

/** Sums of the same numbers in another order. */
const ROUNDING = 1e-9;

/** Orders are over once one of these names them; a fill's own last report is told by what it leaves. */
const OVER: readonly string[] = ['OrderDenied', 'OrderRejected', 'OrderCanceled', 'OrderExpired'];

export const exposureWithinLimits: Invariant = {
  name: 'an approved entry keeps the exposure limits, open orders included',
  check(view) {
    const { event } = view.record;
    if (event?.type !== RiskApproved.type || !view.run.risk) return null;
    const order = view.orders.get((event.payload as { ordinal: number }).ordinal)!;
    const { action, symbol, size } = order.intended;
    if (action !== 'enter' || size.kind !== 'quantity') return null;
    const { risk } = configFor(view.run.config, symbol);
    let equity = view.cashMicros;
    let gross = 0;
    let ofSymbol = 0;
    for (const held of view.holdings()) {
      const value = valueMicros(view, held.symbol, held.quantity, view.lastPx(held.symbol));
      equity += value;
      gross += Math.abs(value);
      if (held.symbol === symbol && held.role === 'tactical') ofSymbol += Math.abs(value);
    }
    for (const other of view.orders.values()) {
      const open = openMicros(view, other);
      gross += open;
      if (other.intended.symbol === symbol) ofSymbol += open;
    }
    const dollars = (micros: number) => fromMicros(micros).toFixed(2);
    const broken = (what: string, value: number, cap: number) =>
      value <= cap * equity * (1 + ROUNDING)
        ? null
        : `order ${order.intended.ordinal} takes ${what} to ${dollars(value)} dollars; ${cap} of ${dollars(equity)} is the limit`;
    return broken(symbol, ofSymbol, risk.symbolCap) ?? broken('all positions', gross, risk.grossCap);
  },
};

function valueMicros(view: RunView, symbol: string, quantity: number, px: number | undefined): number {
  return quantity === 0 || px === undefined
    ? 0
    : notionalMicros(quantity, px, view.symbols.get(symbol)?.multiplier ?? 1);
}

/** What an entry that may still trade would add. */
function openMicros(view: RunView, { intended, events, filledQty }: OrderTrace): number {
  if (intended.action !== 'enter' || intended.size.kind !== 'quantity') return 0;
  if (events.some(({ type }) => OVER.includes(type))) return 0;
  const px = intended.limitPx ?? view.lastPx(intended.symbol);
  return valueMicros(view, intended.symbol, intended.size.quantity - filledQty, px);
}
