/** The account as the next order finds it: what is held and, counted as filled, what is still being bought. */
import { sideSign } from '../../domain/instrument.ts';
import { MICROS_PER_DOLLAR, notionalMicros } from '../../domain/money.ts';
import type { AccountView } from '../../domain/sizing.ts';
import type { OrderIntended } from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { Order, OrderBook } from '../orders/order-book.ts';
import type { Pricing } from '../orders/pricing.ts';
import type { Exposures } from './exposures.ts';
import type { Portfolio } from './portfolio.ts';

interface Parts {
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly pricing: Pricing;
  readonly exposures: Exposures;
}

export class Account {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * What limits are measured by. A symbol's exposure is tactical, with its options at their premium; hedges have a bucket
   * of their own. Of open orders those before order `before` count.
   */
  view(symbol: string, before = Number.POSITIVE_INFINITY): AccountView {
    const { portfolio, orders, pricing } = this.#parts;
    const underlying = pricing.underlyingOf(symbol);
    const equityMicros = portfolio.equityMicros();
    let symbolMicros = portfolio.exposureMicros(
      (held) => held.role === 'tactical' && pricing.underlyingOf(held.symbol) === underlying,
    );
    let openGross = 0;
    let openHedges = 0;
    for (const order of orders.working()) {
      const { action, ordinal, role } = order.intended;
      if ((action !== 'enter' && action !== 'hedge') || ordinal >= before) continue;
      const micros = this.#openMicros(order, equityMicros);
      if (role === 'hedge') openHedges += micros;
      else openGross += micros;
      if (role !== 'hedge' && pricing.underlyingOf(order.intended.symbol) === underlying)
        symbolMicros += micros;
    }
    return {
      equityMicros,
      cashMicros: portfolio.cashMicros - openGross - openHedges,
      symbolMicros,
      grossMicros: portfolio.exposureMicros(({ role }) => role !== 'hedge') + openGross,
    };
  }

  /** Net delta in dollars, open entries counted as filled. */
  netDelta(before = Number.POSITIVE_INFINITY): number {
    const { exposures, orders } = this.#parts;
    let delta = exposures.delta();
    for (const { intended, state } of orders.working()) {
      if (intended.action !== 'enter' || intended.ordinal >= before) continue;
      const quantity = state.orderedQty ?? this.unitsOf(intended, this.#parts.portfolio.equityMicros());
      delta += this.deltaOf(intended, quantity - state.filledQty);
    }
    return delta;
  }

  deltaOf({ symbol, side }: Pick<OrderIntended, 'symbol' | 'side'>, quantity: number): number {
    return this.#parts.exposures.deltaOf(symbol, sideSign(side) * quantity);
  }

  /** Units of an order; of a share of equity as many as it would buy now. */
  unitsOf(order: OrderIntended, equityMicros: number): number {
    if (order.size.kind === 'quantity') return order.size.quantity;
    const unit = this.notionalMicros(order, 1);
    return unit === 0 ? 0 : (order.size.fraction * equityMicros) / unit;
  }

  /** Micro-dollars of an order; a share of equity until its first fill has told how many units that is. */
  worthMicros(order: OrderIntended, quantity: number | null, equityMicros: number): number {
    if (quantity !== null) return this.notionalMicros(order, quantity);
    return order.size.kind === 'fraction' ? Math.round(order.size.fraction * equityMicros) : 0;
  }

  /** What the ledger cannot hold counts as all that it can: such an order is denied, and until then it is in the way. */
  notionalMicros(order: OrderIntended, quantity: number): number {
    const { market } = this.#parts;
    const px = order.limitPx ?? order.stopPx ?? market.lastPx(order.symbol) ?? 0;
    const multiplier = market.multiplierOf(order.symbol);
    if (quantity * px * multiplier >= LEDGER_MAX) return LEDGER_MAX * MICROS_PER_DOLLAR;
    return notionalMicros(quantity, px, multiplier);
  }

  #openMicros({ intended, state }: Order, equityMicros: number): number {
    const ordered = this.worthMicros(intended, state.orderedQty, equityMicros);
    return ordered - (state.filledQty === 0 ? 0 : this.notionalMicros(intended, state.filledQty));
  }
}

/** Dollars: what integer micro-dollars hold exactly. */
export const LEDGER_MAX = 9_000_000_000;
