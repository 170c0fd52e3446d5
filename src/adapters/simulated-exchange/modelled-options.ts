/**
 * Orders in contracts whose chain nobody recorded. They meet the quotes that the model gives for what the underlying
 * shows: its prints, trades and quotes as they come, and of a bar its open and its extremes. Modelled quotes have no size.
 */
import { farTouch, type TwoSided } from '../../domain/spread-model.ts';
import type { Tick } from '../../events/tick.ts';
import type { Matching } from './matching.ts';
import type { VenueBooks } from './venue-books.ts';
import { actsAsMarket, type VenueOrder } from './venue-order.ts';

interface Parts {
  readonly matching: Matching;
  readonly books: VenueBooks;
  /** Null where the chain is not modelled, or the contract has expired. */
  readonly quoteOf: (symbol: string, spot: number, at: number) => TwoSided | null;
  /** Market orders wait for the close of the bar. */
  readonly waitForClose: boolean;
}

export class ModelledOptions {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The underlying stands at `spot`: at an open, or at a record of its own. */
  meet(orders: readonly VenueOrder[], spot: number, at: number): void {
    for (const order of orders) {
      if (this.#parts.waitForClose && actsAsMarket(order)) continue;
      this.#meetOne(order, spot, at);
    }
  }

  /** The rest of the underlying's bar, for orders that were there when it began; time and volatility are those of its end. */
  barRest(orders: readonly VenueOrder[], bar: Tick): void {
    const { matching, books, waitForClose } = this.#parts;
    for (const order of orders) {
      if (actsAsMarket(order)) {
        if (waitForClose) this.#meetOne(order, bar.close, bar.time);
        continue;
      }
      const { right } = books.of(order.symbol).contract!;
      // Calls are cheapest at the low and dearest at the high, puts the other way round.
      const cheapest = right === 'call' ? bar.low : bar.high;
      const dearest = right === 'call' ? bar.high : bar.low;
      const quote = this.#quoteOf(order, order.side === 'buy' ? cheapest : dearest, bar.time);
      if (quote === null) continue;
      matching.modelledInBar(books.of(order.symbol), order, farTouch(quote, order.side), bar.time);
    }
  }

  #meetOne(order: VenueOrder, spot: number, at: number): void {
    const quote = this.#quoteOf(order, spot, at);
    if (quote !== null) this.#parts.matching.modelled(this.#parts.books.of(order.symbol), order, quote, at);
  }

  #quoteOf({ symbol }: VenueOrder, spot: number, at: number): TwoSided | null {
    return this.#parts.books.of(symbol).quoted ? null : this.#parts.quoteOf(symbol, spot, at);
  }
}
