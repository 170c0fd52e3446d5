/** How the orders in a book meet what the market shows: which trade, at what price, how much, and at what fee. */
import type { Commission, Config, RunSpec } from '../../domain/config.ts';
import { onQuantityGrid, type Side } from '../../domain/instrument.ts';
import { notionalMicros } from '../../domain/money.ts';
import type { Random } from '../../domain/random.ts';
import { farTouch, type TwoSided } from '../../domain/spread-model.ts';
import type { NewInput } from '../../events/define-event.ts';
import { OrderCanceled, OrderFilled, OrderRejected } from '../../events/order.events.ts';
import { type Tick, TickKind } from '../../events/tick.ts';
import type { Account } from './account.ts';
import { orderFeeMicros } from './commission.ts';
import { known, printOf, type SymbolBook, startOf } from './symbol-book.ts';
import {
  actsAsMarket,
  arrivedBy,
  isImmediate,
  isInside,
  isMarketable,
  type Market,
  pxAtOpen,
  pxAtQuote,
  pxAtTrade,
  pxInBar,
  type VenueOrder,
} from './venue-order.ts';

export interface MatchingOptions {
  readonly execution: RunSpec['execution'];
  readonly commission: Commission;
  configOf(symbol: string): Config['exchange'];
  multiplierOf(symbol: string): number;
}

/** Where reports go: `ended` is the order's last one. */
export interface ReportSink {
  report(input: NewInput, order: VenueOrder, time: number): void;
  ended(input: NewInput, order: VenueOrder, time: number): void;
}

/** Fill price for an order; null: it meets the event without a fill; undefined: the event is not for it. */
type PxOf = (order: VenueOrder) => number | null | undefined;

export class Matching {
  readonly #options: MatchingOptions;
  readonly #account: Account;
  readonly #sink: ReportSink;
  readonly #random: Random;

  constructor(options: MatchingOptions, account: Account, random: Random, sink: ReportSink) {
    this.#options = options;
    this.#account = account;
    this.#random = random;
    this.#sink = sink;
  }

  /** The open of a bar that no print opened: all that the bar's start decides. */
  barOpen(book: SymbolBook, bar: Tick, symbol: string): void {
    this.#show(book, this.#volumeShare(symbol, bar.volume));
    const start = startOf(book, bar);
    this.#offer(book, arrivedBy(book.orders, start), this.#atOpen(symbol, bar.open), start);
  }

  /** The rest of a bar, reported at its end. */
  barRest(book: SymbolBook, bar: Tick, symbol: string): void {
    const market = this.#marketOf(symbol);
    const start = printOf(book, bar)?.at ?? startOf(book, bar);
    const inBar = (order: VenueOrder) => pxInBar(order, bar, market);
    book.offered = this.#volumeShare(symbol, bar.volume);
    if (book.orders.length === 0) return; // the open took them all
    this.#offer(
      book,
      arrivedBy(book.orders, start),
      (order) => (order.orderType === 'stop' ? inBar(order) : undefined),
      bar.time,
    );
    this.#offer(
      book,
      arrivedBy(book.orders, start),
      (order) => (order.orderType === 'limit' ? inBar(order) : undefined),
      bar.time,
    );
    if (this.#options.execution !== 'next-close') return;
    this.#offer(
      book,
      arrivedBy(book.orders, start),
      (order) => (actsAsMarket(order) ? bar.close : undefined),
      bar.time,
    );
  }

  /** A quote, a trade or an opening print, seen by orders that were there before it. */
  record(book: SymbolBook, tick: Tick, symbol: string, orders: readonly VenueOrder[]): void {
    const market = this.#marketOf(symbol);
    switch (tick.kind) {
      case TickKind.openPrint:
        this.#show(book, this.#volumeShare(symbol, book.lastVolume));
        return this.#offer(book, orders, this.#atOpen(symbol, tick.px), tick.time);
      case TickKind.trade:
        this.#show(book, known(tick.size));
        return this.#offer(
          book,
          orders,
          (order) => pxAtTrade(order, tick.px, market, book.quoted),
          tick.time,
        );
      case TickKind.quote: {
        const { midpointFillChance } = this.#options.configOf(symbol);
        this.#atTouch(book, orders, 'buy', tick, tick.askSize, tick.time, midpointFillChance);
        return this.#atTouch(book, orders, 'sell', tick, tick.bidSize, tick.time, midpointFillChance);
      }
    }
  }

  /** A modelled quote shows no sizes: it takes whatever meets it. */
  modelled(book: SymbolBook, order: VenueOrder, quote: TwoSided, time: number): void {
    this.#atTouch(book, [order], order.side, quote, 0, time, null);
  }

  /** A resting limit within a bar, against the quote at the bar's extreme: its own price, where the far touch reaches it. */
  modelledInBar(book: SymbolBook, order: VenueOrder, farPx: number, time: number): void {
    this.#show(book, null);
    const reached = farPx > 0 && isMarketable(order, farPx);
    this.#offer(book, [order], () => (reached ? order.limitPx : undefined), time);
  }

  /** An order released at MarketOpened meets the print of that instant. */
  released(book: SymbolBook, order: VenueOrder, print: { readonly at: number; readonly px: number }): void {
    this.#offer(book, [order], this.#atOpen(order.symbol, print.px), print.at);
  }

  #atTouch(
    book: SymbolBook,
    orders: readonly VenueOrder[],
    side: Side,
    quote: TwoSided,
    size: number,
    time: number,
    midpointFillChance: number | null,
  ): void {
    if ((side === 'buy' ? quote.askPx : quote.bidPx) === 0) return; // nobody is there to trade with
    const px = farTouch(quote, side);
    this.#show(book, known(size));
    const byChance = (order: VenueOrder) =>
      midpointFillChance !== null &&
      isInside(order, quote, book.contract?.tickClass ?? 'shares') &&
      this.#random.nextUnit() < midpointFillChance
        ? order.limitPx
        : null;
    const pxOf = (order: VenueOrder) => pxAtQuote(order, px) ?? byChance(order);
    this.#offer(book, orders, (order) => (order.side === side ? pxOf(order) : undefined), time);
  }

  #atOpen(symbol: string, open: number): PxOf {
    const market = this.#marketOf(symbol);
    const waitForClose = this.#options.execution === 'next-close';
    return (order) => (waitForClose && actsAsMarket(order) ? undefined : pxAtOpen(order, open, market));
  }

  #show(book: SymbolBook, units: number | null): void {
    book.offered = units;
    book.taken = 0;
  }

  /** Units of a bar that our orders may take; null where its volume is not known, or not limited. */
  #volumeShare(symbol: string, volume: number): number | null {
    const { volumeShare } = this.#options.configOf(symbol);
    return volumeShare === null || known(volume) === null ? null : volume * volumeShare;
  }

  #marketOf(symbol: string): Market {
    const { halfSpread, touchFill } = this.#options.configOf(symbol);
    return { halfSpread: this.#options.execution === 'midpoint' ? halfSpread : null, touchFill };
  }

  #offer(book: SymbolBook, orders: readonly VenueOrder[], pxOf: PxOf, time: number): void {
    for (const order of orders) {
      const px = pxOf(order);
      if (px === undefined) continue;
      order.met = true;
      if (px !== null) {
        order.triggered = order.orderType === 'stop';
        if (this.#trade(book, order, px, time)) continue;
      }
      if (!isImmediate(order.timeInForce)) continue;
      const reason = `${order.timeInForce}: the market did not take ${order.filledQty > 0 ? 'the rest' : 'it'} at once`;
      this.#sink.ended(OrderCanceled.of({ ordinal: order.ordinal, reason }), order, time);
    }
  }

  /** Trades what the event offers; true when the order is over. */
  #trade(book: SymbolBook, order: VenueOrder, px: number, time: number): boolean {
    const { commission } = this.#options;
    const { ordinal, symbol, side } = order;
    const multiplier = book.contract?.multiplier ?? this.#options.multiplierOf(symbol);
    const quantity = order.quantity ?? this.#account.unitsOf(order.fraction!, px, multiplier, commission);
    if (quantity === 0) {
      const reason = `${order.fraction} of the account does not buy one ${symbol} at ${px}`;
      this.#sink.ended(OrderRejected.of({ ordinal, reason }), order, time);
      return true;
    }
    const lastQty = this.#takes(book, order, quantity);
    if (lastQty <= 0) return false;
    const filledQty = onQuantityGrid(order.filledQty + lastQty);
    const tradedMicros = order.tradedMicros + notionalMicros(lastQty, px, multiplier);
    const feeMicros = orderFeeMicros(commission, filledQty, tradedMicros) - order.feesMicros;
    const trade = { symbol, side, quantity: lastQty, px, feeMicros, multiplier };
    const reason = this.#account.refusal(trade);
    if (reason !== null) {
      const end = order.fills === 0 ? OrderRejected : OrderCanceled;
      this.#sink.ended(end.of({ ordinal, reason }), order, time);
      return true;
    }
    order.quantity = quantity;
    order.filledQty = filledQty;
    order.tradedMicros = tradedMicros;
    order.feesMicros += feeMicros;
    order.fills += 1;
    book.taken = onQuantityGrid(book.taken + lastQty);
    const executionId = `sim-${ordinal}-${order.fills}`;
    this.#account.fill(executionId, trade);
    const leavesQty = onQuantityGrid(quantity - filledQty);
    const fill = OrderFilled.of({
      executionId,
      feeMicros,
      lastPx: px,
      lastQty,
      leavesQty,
      ordinal,
      side,
      symbol,
    });
    if (leavesQty === 0) this.#sink.ended(fill, order, time);
    else this.#sink.report(fill, order, time);
    return leavesQty === 0;
  }

  /** Units of the order that trade now: what it leaves, within what is offered; whole ones unless it asks for parts. */
  #takes(book: SymbolBook, order: VenueOrder, quantity: number): number {
    const leaves = onQuantityGrid(quantity - order.filledQty);
    if (book.offered === null) return leaves;
    const free = book.offered - book.taken;
    const takes = Math.min(leaves, Number.isInteger(quantity) ? Math.floor(free) : onQuantityGrid(free));
    return order.timeInForce === 'fok' && takes < leaves ? 0 : takes;
  }
}
