/** Nobody trades on what is not known yet: a fill comes after the bar it was decided on, at a price of a later record. */
import { configFor } from '../domain/config.ts';
import { modelledOptionQuote } from '../domain/options/chain-model.ts';
import { SessionEnded } from '../events/engine.events.ts';
import { OrderFilled, SubmitAttempted } from '../events/order.events.ts';
import { barStart, DAY_S, type Tick, TickKind } from '../events/tick.ts';
import { underlyingOf } from './exposure-invariant.ts';
import type { FillTrace, Invariant, RunRecord, RunView } from './run-view.ts';

export const noDecisionKnowsTheFuture: Invariant = {
  name: 'a fill comes later than the bar it was decided on',
  check(view) {
    const { event } = view.record;
    if (event?.type !== OrderFilled.type) return null;
    const { tick } = rootOf(view, (event.payload as OrderFilled).ordinal);
    if (tick?.kind !== TickKind.bar) return null;
    // A shorter bar ends at the very moment at which the next one opens.
    const later = tick.resolutionS === DAY_S ? event.time > tick.time : event.time >= tick.time;
    return later
      ? null
      : `the fill happened at ${event.time}, its decision rests on the bar that ends at ${tick.time}`;
  },
};

export const fillsComeFromTheMarket: Invariant = {
  name: 'a fill has a price of a record that came after its decision',
  check(view) {
    const { event, tick } = view.record;
    const ended = event?.type === SessionEnded.type;
    if (tick?.kind !== TickKind.bar && !ended) return null;
    const symbol = tick === null ? null : view.symbolOf(tick);
    // A bar's fills are reported just before it, so those since the tick before are judged now.
    for (let i = view.fills.length - 1; i >= 0; i--) {
      const fill = view.fills[i];
      const priced = pricedBy(view, fill.event.payload.symbol);
      const ticks = view.ticks(priced);
      const [before] = ended ? ticks.slice(-1) : ticks.slice(-2);
      if (fill.event.seq < (before?.seq ?? 0)) break;
      if (symbol !== null && priced !== symbol) continue;
      if (!ticks.some((each) => explains(view, each, fill))) {
        const { ordinal, lastPx } = fill.event.payload;
        return `order ${ordinal} filled at ${lastPx}, which is no price of a record after its decision`;
      }
    }
    return null;
  },
};

function explains(view: RunView, { seq, tick }: RunRecord, { event }: FillTrace): boolean {
  const root = rootOf(view, event.payload.ordinal);
  const { symbol, lastPx } = event.payload;
  // What an operator asks for at an opening fills at that opening.
  if (seq <= root.seq && (root.tick !== null || tick!.recordedAt < root.event!.recordedAt)) return false;
  const range = rangeOf(tick!, event.time);
  if (range === null) return false;
  if (pricedBy(view, symbol) !== symbol) return isModelledPx(view, event, range);
  const { halfSpread } = configFor(view.run.config, symbol).exchange;
  const spread = view.run.execution === 'midpoint' ? lastPx * halfSpread + 0.01 : 0;
  return lastPx >= range[0] - spread && lastPx <= range[1] + spread;
}

/** Whose records a fill's price comes from: a modelled option's from its underlying's. */
const pricedBy = (view: RunView, symbol: string): string =>
  view.ticks(symbol).length > 0 ? symbol : underlyingOf(view, symbol);

/**
 * Within what the chain model quotes from one end of the underlying's range to the other, or at the limit of an order that
 * the market went through.
 */
function isModelledPx(
  view: RunView,
  { payload, time }: FillTrace['event'],
  spots: readonly number[],
): boolean {
  const { market, run, orders } = view;
  const { symbol, lastPx, side, ordinal } = payload;
  const contract = market.contract(symbol)!;
  const { options } = configFor(run.config, contract.underlying);
  const { atm } = market.volatility(contract.underlying)!;
  const quotes = spots.map((spot) => modelledOptionQuote(contract, spot, atm, time, options));
  if (quotes.includes(null)) return false;
  const lowest = Math.min(...quotes.map((each) => (side === 'buy' ? each!.askPx : each!.bidPx)));
  const highest = Math.max(...quotes.map((each) => (side === 'buy' ? each!.askPx : each!.bidPx)));
  const atLimit = lastPx === orders.get(ordinal)!.intended.limitPx;
  const reached = side === 'buy' ? lastPx >= lowest : lastPx <= highest;
  return reached && (atLimit || (side === 'buy' ? lastPx <= highest : lastPx >= lowest));
}

/** The prices a record shows for a moment; null where it shows none. */
function rangeOf(tick: Tick, time: number): readonly [low: number, high: number] | null {
  if (tick.kind === TickKind.bar) {
    return time >= barStart(tick) && time <= tick.time ? [tick.low, tick.high] : null;
  }
  if (tick.time !== time) return null;
  return tick.kind === TickKind.quote ? [tick.bidPx, tick.askPx] : [tick.px, tick.px];
}

/** What an order goes back to: the tick, or the operator's word, at the start of its causes. */
function rootOf(view: RunView, ordinal: number): RunRecord {
  const sent = view.orders.get(ordinal)!.events.find(({ type }) => type === SubmitAttempted.type)!;
  let root = view.at(sent.seq)!;
  while (root.event?.causation != null) root = view.at(root.event.causation)!;
  return root;
}
