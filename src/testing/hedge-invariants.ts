/** What holds of the put protocol: hedges stand against an exposure, cost no more than they may, and are not churned. */
import { configFor } from '../domain/config.ts';
import { tradingDayAt } from '../domain/exchange-calendar.ts';
import { daysToExpiry } from '../domain/options/contract.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { MarketClosed } from '../events/market.events.ts';
import { HedgeSized, HedgeStateChanged } from '../events/option.events.ts';
import { OrderFilled } from '../events/order.events.ts';
import {
  approvedOrder,
  equityOf,
  openOrders,
  underlyingOf,
  withinLimit,
  worth,
} from './exposure-invariant.ts';
import type { FillTrace, Invariant, OrderTrace, RunView } from './run-view.ts';

const ROUNDING = 1e-9;
const YEAR_US = 365 * 86_400_000_000;

/** Dollars of beta-weighted delta: of everything but hedges, and what hedges take away of it. */
function exposures({ market, holdings }: RunView): { exposure: number; covered: number } {
  let exposure = 0;
  let covered = 0;
  for (const { symbol, role, quantity } of holdings()) {
    if (quantity === 0) continue;
    const delta = market.betaWeighted(symbol, quantity);
    if (role === 'hedge') covered -= delta;
    else exposure += delta;
  }
  return { exposure, covered };
}

/** The hedge that was just approved. */
function approvedHedge(view: RunView): OrderTrace | null {
  const order = approvedOrder(view);
  return order?.intended.action === 'hedge' ? order : null;
}

export const hedgesKeepToTheExposure: Invariant = {
  name: 'no hedge goes beyond the exposure at its release',
  check(view) {
    const order = approvedHedge(view);
    if (order === null) return null;
    const { exposure, covered } = exposures(view);
    let open = 0;
    for (const [{ intended }, units] of openOrders(view, 'hedge', order)) {
      if (units !== 0) open -= view.market.betaWeighted(intended.symbol, units);
    }
    return withinLimit(order, 'hedge delta', covered + open, Math.max(0, exposure));
  },
};

/** What is left of the cost of a hedge, at the mean price of what was bought. */
function costOf(fills: readonly FillTrace[], symbol: string, multiplier: number): number {
  let [quantity, cost] = [0, 0];
  for (const { event, role } of fills) {
    if (role !== 'hedge' || event.payload.symbol !== symbol) continue;
    const { side, lastQty, lastPx } = event.payload;
    if (side === 'buy') [quantity, cost] = [quantity + lastQty, cost + lastQty * lastPx * multiplier];
    else [quantity, cost] = [quantity - lastQty, (cost * (quantity - lastQty)) / quantity];
  }
  return cost;
}

export const hedgesKeepToTheirPremium: Invariant = {
  name: 'hedges cost no more than they may at a time and within a year, open orders included',
  check(view) {
    const order = approvedHedge(view);
    if (order === null) return null;
    const { market, now, fills } = view;
    const underlying = underlyingOf(view, order.intended.symbol);
    const { hedge } = configFor(view.run.config, underlying);
    const equity = equityOf(view);
    const day = tradingDayAt(market.symbols.get(underlying)!.calendar, now);
    let open = 0;
    for (const [{ intended }, units] of openOrders(view, 'hedge', order))
      open += worth(view, intended.symbol, units, intended.limitPx);
    let held = 0;
    for (const { symbol, role, quantity } of view.holdings()) {
      const contract = market.contract(symbol);
      if (role !== 'hedge' || quantity === 0 || contract === undefined) continue;
      // What is due to be rolled makes room for what replaces it.
      if (daysToExpiry(contract, day) > hedge.rollDays) held += costOf(fills, symbol, contract.multiplier);
    }
    let ofYear = 0;
    for (const { event, role } of fills) {
      const { symbol, side, lastQty, lastPx } = event.payload;
      if (role !== 'hedge' || side !== 'buy' || event.recordedAt <= now - YEAR_US) continue;
      if (market.contract(symbol) !== undefined) ofYear += worth(view, symbol, lastQty, lastPx);
    }
    return (
      withinLimit(order, 'the premium of a hedge', held + open, hedge.premiumMax * equity) ??
      withinLimit(order, 'the premium of a year', ofYear + open, hedge.premiumYearMax * equity)
    );
  },
};

const newest = <P>(events: readonly StoredEvent<P>[]): StoredEvent<P> | undefined => events.at(-1);

export const hedgesAreTrimmed: Invariant = {
  name: 'a close that finds too much hedged trims it to the exposure',
  check(view) {
    const { benchmark, config } = view.run;
    if (view.engine === null || benchmark === null) return null;
    const closed = newest(view.events<{ calendar: string }>(MarketClosed));
    if (closed === undefined || closed.payload.calendar !== view.market.symbols.get(benchmark)?.calendar)
      return null;
    if (newest(view.events<{ to: string }>(HedgeStateChanged))?.payload.to !== 'hedged') return null;
    for (let { seq } = view.record; seq > closed.seq; seq--) {
      if (view.at(seq)!.event?.kind !== 'decision') return null; // long past the close
    }
    const { hedge } = configFor(config, benchmark);
    const { exposure, covered } = exposures(view);
    const target = Math.max(0, exposure);
    if (covered <= hedge.trimAbove * target * (1 + ROUNDING) + ROUNDING) return null;
    const trims = view
      .events<{ purpose: string; contract: string; quantity: number }>(HedgeSized)
      .filter(({ seq, payload }) => seq > closed.seq && payload.purpose === 'trim');
    const sold = new Map(trims.map(({ payload }) => [payload.contract, payload.quantity]));
    let left = covered;
    let sellable = 0;
    for (const { symbol, role, quantity } of view.holdings()) {
      if (role !== 'hedge' || quantity <= 0 || view.market.contract(symbol) === undefined) continue;
      const units = sold.get(symbol) ?? 0;
      left += units === 0 ? 0 : view.market.betaWeighted(symbol, units);
      if ((view.market.quote(symbol)?.bidPx ?? 0) > 0) sellable += quantity - units;
    }
    if (left <= target * (1 + ROUNDING) + ROUNDING || sellable === 0) return null;
    return `hedges take ${left.toFixed(2)} dollars away from an exposure of ${exposure.toFixed(2)} after the close at seq ${closed.seq}`;
  },
};

/** Sessions at least between two purchases: a cooldown, or the life of a put until it is rolled, holidays allowed for. */
export const hedgesAreNotChurned: Invariant = {
  name: 'between two purchases of hedges lies a cooldown, or the life of a put',
  check(view) {
    const { event } = view.record;
    if (event?.type !== OrderFilled.type || view.run.benchmark === null) return null;
    const intentOf = ({ event: { payload } }: FillTrace) => {
      const { action, intent } = view.orders.get(payload.ordinal)!.intended;
      return action === 'hedge' ? intent : null;
    };
    const newestFill = view.fills.at(-1);
    if (newestFill?.event !== event || intentOf(newestFill) === null) return null;
    const before = view.fills.findLast((each) => ![null, intentOf(newestFill)].includes(intentOf(each)));
    if (before === undefined) return null;
    const { hedge } = configFor(view.run.config, view.run.benchmark);
    const life = Math.floor(((hedge.daysMin - hedge.rollDays) * 5) / 7) - 2;
    const { calendar } = view.market.symbols.get(view.run.benchmark)!;
    const closes = view
      .events<{ calendar: string }>(MarketClosed)
      .filter(({ seq, payload }) => seq > before.event.seq && payload.calendar === calendar).length;
    const least = Math.min(hedge.cooldownSessions, life);
    return closes >= least
      ? null
      : `hedges are bought again after ${closes} sessions; at least ${least} lie between`;
  },
};
