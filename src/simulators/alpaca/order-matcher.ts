/** Sets orders against the market as it goes by: first come first served, and never more than what is displayed. */
import { createRandom, deriveSeed, type Random } from '../../domain/random.ts';
import {
  isTriggered,
  type Match,
  meetInside,
  meetTrade,
  type Touch,
  takeTouch,
  touchOf,
} from './matching.ts';
import type { MarketQuote, SimulatedMarket } from './simulated-market.ts';
import { isMatched, leavesOf, type VenueOrder } from './venue-order.ts';

interface MatcherParts {
  readonly market: SimulatedMarket;
  readonly seed: number;
  /** Chance per quote that an order at the far side of the spread is met before it is touched. */
  readonly insideChance: number;
  open(): readonly VenueOrder[];
  fill(order: VenueOrder, match: Match): void;
}

export class OrderMatcher {
  readonly #parts: MatcherParts;
  readonly #random: Random;
  readonly #touches = new Map<string, Touch>();

  constructor(parts: MatcherParts) {
    this.#parts = parts;
    this.#random = createRandom(deriveSeed(parts.seed, 11));
    parts.market.listen({
      quote: (symbol, quote) => this.#onQuote(symbol, quote),
      trade: (symbol, px, size) => this.#onTrade(symbol, px, size),
      split: (symbol) => this.#touches.delete(symbol),
    });
  }

  /** What the touch gives an order now. */
  try(order: VenueOrder): void {
    const touch = this.#touchFor(order.instrument.symbol);
    if (touch === undefined || !this.#mayTrade(order)) return;
    if (order.timeInForce === 'fok') {
      const size = order.side === 'buy' ? touch.askLeft : touch.bidLeft;
      if (size < leavesOf(order)) return;
    }
    this.#fill(order, takeTouch(order, touch));
  }

  /** The whole rest at its limit or the touch; false where there is no price for it. */
  fillWhole(order: VenueOrder): boolean {
    const quote = this.#parts.market.quote(order.instrument.symbol);
    const px = order.limitPx ?? (order.side === 'buy' ? quote?.askPx : quote?.bidPx) ?? 0;
    if (px <= 0) return false;
    this.#parts.fill(order, { qty: leavesOf(order), px });
    return true;
  }

  #onQuote(symbol: string, quote: MarketQuote): void {
    this.#touches.set(symbol, touchOf(quote));
    for (const order of this.#openIn(symbol)) {
      this.try(order);
      if (this.#mayTrade(order)) {
        this.#fill(order, meetInside(order, quote, this.#random, this.#parts.insideChance));
      }
    }
  }

  #onTrade(symbol: string, px: number, size: number): void {
    let left = size;
    for (const order of this.#openIn(symbol)) {
      const match = this.#mayTrade(order) ? meetTrade(order, px, left) : null;
      left -= match?.qty ?? 0;
      this.#fill(order, match);
    }
  }

  #openIn(symbol: string): readonly VenueOrder[] {
    return this.#parts.open().filter(({ instrument }) => instrument.symbol === symbol);
  }

  #mayTrade(order: VenueOrder): boolean {
    const { market } = this.#parts;
    const { calendar, symbol } = order.instrument;
    if (!isMatched(order) || !market.isOpen(calendar) || market.isHalted(symbol)) return false;
    const quote = this.#touchFor(symbol)?.quote;
    if (!order.triggered && quote !== undefined)
      order.triggered = isTriggered(order, quote, market.lastPx(symbol));
    return order.triggered;
  }

  #touchFor(symbol: string): Touch | undefined {
    const known = this.#touches.get(symbol);
    if (known !== undefined) return known;
    const quote = this.#parts.market.quote(symbol);
    if (quote === null) return undefined;
    const touch = touchOf(quote);
    this.#touches.set(symbol, touch);
    return touch;
  }

  #fill(order: VenueOrder, match: Match | null): void {
    if (match !== null && match.qty > 0) this.#parts.fill(order, match);
  }
}
