/** All books of the venue, and where its working orders are: by ordinal, and by the underlying of their contracts. */
import { adjustForSplit, type SplitRatio } from '../../domain/options/adjustment.ts';
import type { OptionContract } from '../../domain/options/contract.ts';
import { addByArrival, emptyBook, type SymbolBook, splitPrices } from './symbol-book.ts';
import type { VenueOrder } from './venue-order.ts';

export type BooksJson = readonly (readonly [string, SymbolBook])[];

const NONE: readonly VenueOrder[] = [];

export class VenueBooks {
  readonly #contractOf: (symbol: string) => OptionContract | undefined;
  readonly #books = new Map<string, SymbolBook>();
  readonly #orders = new Map<number, VenueOrder>();
  /** Working orders in contracts, by underlying, then by arrival. */
  readonly #inContracts = new Map<string, readonly VenueOrder[]>();

  constructor(contractOf: (symbol: string) => OptionContract | undefined, carried: BooksJson = []) {
    this.#contractOf = contractOf;
    for (const [symbol, book] of carried) this.#books.set(symbol, { ...book, orders: [] });
    const orders = carried.flatMap(([, book]) => book.orders);
    // Of one instant, the order that was sent first is served first.
    for (const order of orders.sort((a, b) => a.ordinal - b.ordinal)) this.add({ ...order });
  }

  /** Working orders. */
  get working(): number {
    return this.#orders.size;
  }

  /** The book of a symbol that has been seen. */
  get(symbol: string): SymbolBook | undefined {
    return this.#books.get(symbol);
  }

  /** The book of a symbol, a new one where it has not been seen. */
  of(symbol: string): SymbolBook {
    let book = this.#books.get(symbol);
    if (book === undefined) {
      book = emptyBook(this.#contractOf(symbol) ?? null);
      this.#books.set(symbol, book);
    }
    return book;
  }

  contracts(): readonly OptionContract[] {
    return [...this.#books.values()].flatMap(({ contract }) => (contract === null ? [] : [contract]));
  }

  order(ordinal: number): VenueOrder | undefined {
    return this.#orders.get(ordinal);
  }

  orders(): readonly VenueOrder[] {
    return [...this.#orders.values()];
  }

  /** Working orders in contracts on this symbol. */
  onUnderlying(symbol: string): readonly VenueOrder[] {
    return this.#inContracts.get(symbol) ?? NONE;
  }

  add(order: VenueOrder): void {
    const book = this.of(order.symbol);
    this.#orders.set(order.ordinal, order);
    addByArrival(book.orders, order);
    if (book.contract === null) return;
    const { underlying } = book.contract;
    const orders = [...this.onUnderlying(underlying)];
    addByArrival(orders, order);
    this.#inContracts.set(underlying, orders);
  }

  remove(order: VenueOrder): void {
    const { orders, contract } = this.of(order.symbol);
    orders.splice(orders.indexOf(order), 1);
    this.#orders.delete(order.ordinal);
    if (contract === null) return;
    const left = this.onUnderlying(contract.underlying).filter((each) => each !== order);
    if (left.length > 0) this.#inContracts.set(contract.underlying, left);
    else this.#inContracts.delete(contract.underlying);
  }

  /** Prices of the symbol count anew, and new contracts take the place of those on it, in which no order works any more. */
  split(split: SplitRatio & { readonly symbol: string }): void {
    splitPrices(this.of(split.symbol), split);
    const old = this.contracts().filter(({ underlying }) => underlying === split.symbol);
    for (const { symbol } of old) this.#books.delete(symbol);
    for (const each of old) {
      const { contract } = adjustForSplit(each, split);
      this.#books.set(contract.symbol, emptyBook(contract));
    }
  }

  toJSON(): BooksJson {
    return [...this.#books].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
