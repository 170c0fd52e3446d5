/** What holds of options and of every price sent: when premium may be bought, in which market, and how far a limit goes. */
import { configFor } from '../domain/config.ts';
import { roundPassive, sideSign, tickTowards } from '../domain/instrument.ts';
import { VolatilityGuardChanged } from '../events/option.events.ts';
import { IntentDeferred, OrderIntended } from '../events/order.events.ts';
import { underlyingOf } from './exposure-invariant.ts';
import type { Invariant, RunView } from './run-view.ts';

const ROUNDING = 1e-9;

function intendedOrder({ record: { event } }: RunView): OrderIntended | null {
  return event?.type === OrderIntended.type ? (event.payload as OrderIntended) : null;
}

export const premiumIsAffordable: Invariant = {
  name: 'no option is bought on a view while volatility is crowded or unknown',
  check(view) {
    const { event } = view.record;
    if (event?.type !== IntentDeferred.type && event?.type !== OrderIntended.type) return null;
    const { action, symbol } = event.payload as IntentDeferred;
    const contract = view.market.contract(symbol);
    if (action !== 'enter' || contract === undefined) return null;
    const { underlying, right } = contract;
    const guard = view
      .events<{ symbol: string; to: string }>(VolatilityGuardChanged)
      .findLast(({ payload }) => payload.symbol === underlying)?.payload.to;
    if (guard !== 'open') return `${symbol} is bought while the guard of ${underlying} is ${guard ?? 'shut'}`;
    if (event.type !== IntentDeferred.type) return null;
    const { guard: rules, selector } = configFor(view.run.config, underlying);
    const volatility = view.market.volatility(underlying);
    if (volatility === null || volatility.ratio === null)
      return `${symbol} is bought at a volatility nobody knows`;
    const { rank, ratio } = volatility;
    if (ratio >= rules.crowdedRatio || (rank !== null && rank >= rules.crowdedRank))
      return `${symbol} is bought at a rank of ${rank} and a ratio of ${ratio}`;
    const { putRankMax, putRatioMax } = selector.option;
    if (right === 'put' && (ratio > putRatioMax || (rank !== null && rank > putRankMax)))
      return `the put ${symbol} is bought at a rank of ${rank} and a ratio of ${ratio}`;
    return null;
  },
};

export const marketsAreOrderly: Invariant = {
  name: 'entries and hedges leave only where the instrument can be traded in an orderly way',
  check(view) {
    const order = intendedOrder(view);
    if (order === null || !view.run.risk || (order.action !== 'enter' && order.action !== 'hedge'))
      return null;
    const { symbol, ordinal } = order;
    const { market } = view;
    const isOption = market.contract(symbol) !== undefined;
    const quoted = market.symbols.get(underlyingOf(view, symbol))?.priceSource === 'quotes';
    if (!isOption && !quoted) return null; // the spread of bars is modelled: it says nothing of a market
    const { liquidity, risk } = configFor(view.run.config, underlyingOf(view, symbol));
    const quote = market.quote(symbol);
    const says = (why: string) => `order ${ordinal} for ${symbol} leaves though ${why}`;
    if (quote === null || !(quote.bidPx > 0 && quote.askPx > 0)) return says('a side is not quoted');
    const { bidPx, askPx, openInterest = null, modelled = false } = quote;
    const spread = askPx - bidPx;
    const midpoint = (bidPx + askPx) / 2;
    if (spread < 0 || (isOption && spread === 0)) return says(`it is quoted ${bidPx} / ${askPx}`);
    const silentMs = (view.now - market.heardAt(underlyingOf(view, symbol))) / 1_000;
    if (quoted && !modelled && silentMs > risk.quoteAgeMaxMs)
      return says(`nothing was heard for ${silentMs} ms`);
    if (!isOption) {
      const bps = (10_000 * spread) / midpoint;
      return bps <= liquidity.shareSpreadBps + ROUNDING ? null : says(`its spread is ${bps} basis points`);
    }
    const dollars = Math.max(liquidity.optionSpreadDollars, liquidity.optionSpreadWide * midpoint);
    if (spread > liquidity.optionSpreadShare * midpoint + ROUNDING || spread > dollars + ROUNDING)
      return says(`its spread is ${spread} around ${midpoint}`);
    if (openInterest === null || openInterest < liquidity.openInterestMin)
      return says(`its open interest is ${openInterest}`);
    const ageMs = (view.now - quote.quotedAt) / 1_000;
    return !quoted || modelled || ageMs <= liquidity.optionQuoteAgeMaxMs
      ? null
      : says(`its quote is ${ageMs} ms old`);
  },
};

export const limitsKeepTheirCaps: Invariant = {
  name: 'no limit crosses the far touch, and no entry goes beyond its cap',
  check(view) {
    const order = intendedOrder(view);
    if (order === null || order.limitPx === null || order.bidPx === null || order.askPx === null) return null;
    const { symbol, side, action, limitPx, bidPx, askPx, ordinal } = order;
    const { market, run } = view;
    const contract = market.contract(symbol);
    const quote = market.quote(symbol);
    if (quote !== null && (quote.bidPx !== bidPx || quote.askPx !== askPx))
      return `order ${ordinal} was priced by ${bidPx} / ${askPx}; ${symbol} is quoted ${quote.bidPx} / ${quote.askPx}`;
    const touch = side === 'buy' ? askPx : bidPx;
    const sign = sideSign(side);
    const beyond = (px: number) => sign * (limitPx - px) > ROUNDING;
    if (beyond(touch))
      return `order ${ordinal} to ${side} ${symbol} at ${limitPx} crosses the touch at ${touch}`;
    if (action !== 'enter') return null;
    const { capShare } = configFor(run.config, underlyingOf(view, symbol)).execution;
    const tickClass = contract?.tickClass ?? 'shares';
    const midpoint = (bidPx + askPx) / 2;
    const onePast = tickTowards(roundPassive(midpoint, side, tickClass), side, tickClass);
    const share = midpoint + (sign * capShare * (askPx - bidPx)) / 2;
    const cap = sign * Math.max(sign * share, sign * onePast);
    return beyond(cap)
      ? `order ${ordinal} to ${side} ${symbol} at ${limitPx} goes beyond its cap of ${cap}`
      : null;
  },
};
