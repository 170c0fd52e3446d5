/**
 * Orders in contracts whose chain nobody recorded. They meet the quotes that the model gives for what the underlying
 * shows: its prints, trades and quotes as they come, and of a bar its open and its extremes. Modelled quotes have no size.
 */
import type { OptionContract } from '../../domain/options/contract.ts';
import { farTouch, type TwoSided } from '../../domain/spread-model.ts';
import type { Tick } from '../../events/tick.ts';
import type { Matching } from './matching.ts';
import type { SymbolBook } from './symbol-book.ts';
import { actsAsMarket, type VenueOrder } from './venue-order.ts';

interface Parts {
  readonly matching: Matching;
  readonly bookOf: (symbol: string) => SymbolBook;
  /** Null where the chain is not modelled, or the contract has expired. */
  readonly quoteOf: (symbol: string, spot: number, at: number) => TwoSided | null;
  /** Market orders wait for the close of the bar. */
  readonly waitForClose: boolean;
}

const NONE: readonly VenueOrder[] = [];

export class ModelledOptions {
  readonly #parts: Parts;
  /** Working orders in any contract, by its underlying, then by arrival. */
  readonly #orders = new Map<string, VenueOrder[]>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  add(order: VenueOrder, { underlying }: OptionContract): void {
    const orders = [...this.on(underlying), order];
    this.#orders.set(
      underlying,
      orders.sort((a, b) => a.arrivesAt - b.arrivesAt),
    );
  }

  remove(order: VenueOrder, { underlying }: OptionContract): void {
    const left = this.on(underlying).filter((each) => each !== order);
    if (left.length === 0) this.#orders.delete(underlying);
    else this.#orders.set(underlying, left);
  }

  /** Working orders in contracts on this symbol. */
  on(underlying: string): readonly VenueOrder[] {
    return this.#orders.get(underlying) ?? NONE;
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
    const { matching, bookOf, waitForClose } = this.#parts;
    for (const order of orders) {
      if (actsAsMarket(order)) {
        if (waitForClose) this.#meetOne(order, bar.close, bar.time);
        continue;
      }
      const { right } = bookOf(order.symbol).contract!;
      // Calls are cheapest at the low and dearest at the high, puts the other way round.
      const cheapest = right === 'call' ? bar.low : bar.high;
      const dearest = right === 'call' ? bar.high : bar.low;
      const quote = this.#quoteOf(order, order.side === 'buy' ? cheapest : dearest, bar.time);
      if (quote === null) continue;
      matching.modelledInBar(bookOf(order.symbol), order, farTouch(quote, order.side), bar.time);
    }
  }

  #meetOne(order: VenueOrder, spot: number, at: number): void {
    const quote = this.#quoteOf(order, spot, at);
    if (quote !== null) this.#parts.matching.modelled(this.#parts.bookOf(order.symbol), order, quote, at);
  }

  #quoteOf({ symbol }: VenueOrder, spot: number, at: number): TwoSided | null {
    return this.#parts.bookOf(symbol).quoted ? null : this.#parts.quoteOf(symbol, spot, at);
  }
}
