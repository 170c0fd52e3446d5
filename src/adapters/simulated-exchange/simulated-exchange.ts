/**
 * A venue behind the broker port, driven by the agenda: it has no time of its own, sees each market record before and
 * after the engine does, and answers with reports to be delivered. Orders match events later than their arrival; the one
 * exception is an order released at MarketOpened, which fills at the print of that instant.
 *
 * Bars hide the order of what happened inside them, so the worst is assumed: orders trade by arrival at the open, then
 * stops before limits. An order meets a bar only if it arrived by the bar's start.
 *
 * Options: contracts with recorded quotes trade on them as shares do, others on modelled quotes (modelled-options.ts); how
 * positions end is in clearing-house.ts, what the account must hold to write options in account.ts.
 */
import { renamedBySplit } from '../../domain/options/adjustment.ts';
import type { OptionContract } from '../../domain/options/contract.ts';
import { Ledger, type LedgerJson, type Position } from '../../domain/portfolio.ts';
import { createRandom, type Random, type RandomState } from '../../domain/random.ts';
import type { TwoSided } from '../../domain/spread-model.ts';
import type { NewInput } from '../../events/define-event.ts';
import { OptionSettled, type SplitApplied } from '../../events/option.events.ts';
import {
  CancelRejected,
  OrderAccepted,
  OrderCanceled,
  OrderExpired,
  OrderRejected,
  type SubmitAttempted,
} from '../../events/order.events.ts';
import { type Tick, TickKind } from '../../events/tick.ts';
import { Account, type DeclaredUnits } from './account.ts';
import { ClearingHouse, type Rates } from './clearing-house.ts';
import { Matching, type MatchingOptions } from './matching.ts';
import { ModelledOptions } from './modelled-options.ts';
import { type ExchangeReport, ReportQueue } from './report-queue.ts';
import {
  closeBar,
  isOfItsTime,
  isUsable,
  middleOf,
  printOf,
  pxAfterSplit,
  rememberPx,
  startOf,
} from './symbol-book.ts';
import { type BooksJson, VenueBooks } from './venue-books.ts';
import {
  arrivedBy,
  contractRefusal,
  lastTradeTime,
  refusalOf,
  type VenueOrder,
  venueOrder,
} from './venue-order.ts';

export interface ExchangeOptions extends MatchingOptions {
  readonly seed: number;
  readonly cashMicros: number;
  /** What the account held before the first order, in place of cash alone. */
  readonly ledger?: Ledger;
  readonly allowShort: boolean;
  /** The contract behind a symbol; undefined for what is no option. */
  readonly contractOf?: (symbol: string) => OptionContract | undefined;
  /** A contract's modelled quote at this price of its underlying; null where its chain is not modelled. */
  readonly optionQuote?: (symbol: string, spot: number, at: number) => TwoSided | null;
  /** The volatility behind that quote. */
  readonly optionVol?: (symbol: string, spot: number, at: number) => number | null;
  /** What holders of options reckon with when they exercise; nothing where not given. */
  readonly ratesOf?: (underlying: string) => Rates;
  /** Told of contracts that `contractOf` may not know: those that splits made of others. */
  readonly defineContract?: (contract: OptionContract) => void;
}

const NO_RATES: Rates = { rate: 0, dividendYield: 0 };

/** A cancel on its way; whether it comes in time shows when it arrives. */
interface PendingCancel {
  readonly ordinal: number;
  readonly arrivesAt: number;
  readonly reportAt: number;
}

export interface ExchangeJson {
  readonly now: number;
  readonly records: number;
  readonly random: RandomState;
  readonly account: LedgerJson;
  readonly declared: DeclaredUnits;
  readonly books: BooksJson;
  readonly cancels: readonly PendingCancel[];
  readonly reports: readonly ExchangeReport[];
}

export class SimulatedExchange {
  readonly #options: ExchangeOptions;
  readonly #account: Account;
  readonly #matching: Matching;
  readonly #modelled: ModelledOptions;
  readonly #clearing: ClearingHouse;
  readonly #random: Random;
  readonly #reports = new ReportQueue();
  readonly #books: VenueBooks;
  #cancels: PendingCancel[] = [];
  #now = 0;
  #records = 0;
  #openedAt = -1;

  constructor(options: ExchangeOptions, carried?: ExchangeJson) {
    this.#options = options;
    this.#books = new VenueBooks((symbol) => options.contractOf?.(symbol), carried?.books);
    this.#account = new Account({
      ledger:
        carried === undefined
          ? (options.ledger ?? new Ledger(options.cashMicros))
          : Ledger.fromJSON(carried.account),
      allowShort: options.allowShort,
      contractOf: (symbol) => this.#books.of(symbol).contract,
      declared: carried?.declared ?? [],
    });
    this.#random = createRandom(carried?.random ?? options.seed);
    this.#matching = new Matching(options, this.#account, this.#random, {
      report: (input, order, time) => this.#report(input, order, time),
      ended: (input, order, time) => this.#finish(input, order, time),
    });
    this.#modelled = new ModelledOptions({
      matching: this.#matching,
      books: this.#books,
      quoteOf: (symbol, spot, at) => options.optionQuote?.(symbol, spot, at) ?? null,
      waitForClose: options.execution === 'next-close',
    });
    this.#clearing = new ClearingHouse({
      account: this.#account,
      books: this.#books,
      multiplierOf: (symbol) => options.multiplierOf(symbol),
      modelledVol: (symbol, spot, at) => options.optionVol?.(symbol, spot, at) ?? null,
      ratesOf: options.ratesOf ?? (() => NO_RATES),
      settled: (settlement, time) => this.#settled(settlement, time),
    });
    if (carried === undefined) return;
    this.#now = carried.now;
    this.#records = carried.records;
    this.#cancels = [...carried.cancels];
    for (const report of carried.reports) this.#reports.add(report);
    this.#defineContracts();
  }

  /** The order leaves the engine at `at`. */
  submit(order: SubmitAttempted, at: number): void {
    this.#advance(at);
    const { ordinal, symbol } = order;
    const arrivesAt = at + this.#delay(symbol, 'submitLatencyUs', at);
    const book = this.#books.of(symbol);
    const { contract } = book;
    const { print } = contract === null ? book : this.#books.of(contract.underlying);
    const refusal =
      refusalOf(order) ?? (contract === null ? null : contractRefusal(order, contract, arrivesAt));
    if (refusal !== null)
      return this.#report(OrderRejected.of({ ordinal, reason: refusal }), order, arrivesAt);
    const arriving = venueOrder(order, arrivesAt, this.#records);
    this.#books.add(arriving);
    this.#report(OrderAccepted.of({ ordinal, venueOrderId: `sim-${ordinal}` }), order, arrivesAt);
    if (at !== this.#openedAt || print?.at !== at) return;
    if (contract === null) this.#matching.released(book, arriving, print);
    else this.#modelled.meet([arriving], print.px, at);
  }

  cancel(ordinal: number, at: number): void {
    const order = this.#books.order(ordinal);
    // A cancel does not overtake its order; where there is none any more, the answer needs no way.
    const delay = (leg: 'submitLatencyUs' | 'reportLatencyUs') =>
      order === undefined ? 0 : this.#delay(order.symbol, leg, at);
    const arrivesAt = Math.max(at + delay('submitLatencyUs'), order?.arrivesAt ?? at);
    this.#cancels.push({ ordinal, arrivesAt, reportAt: arrivesAt + delay('reportLatencyUs') });
    this.#advance(at);
  }

  /** The next market record, before the engine sees it: bars fill what must be reported before they are known. */
  before(tick: Tick, symbol: string): void {
    this.#records += 1;
    if (this.#books.working === 0 || tick.kind !== TickKind.bar) return;
    const book = this.#books.get(symbol);
    if (book === undefined || book.quoted) return;
    if (book.orders.length === 0 && this.#books.onUnderlying(symbol).length === 0) return;
    if (!isUsable(book, tick) || tick.time <= book.lastBarEnd) return;
    if (!isOfItsTime(book, tick, Math.max(this.#now, tick.recordedAt))) return;
    if (printOf(book, tick) === null) {
      this.#settleCancels(startOf(book, tick));
      this.#matching.barOpen(book, tick, symbol);
      const start = startOf(book, tick);
      this.#modelled.meet(arrivedBy(this.#books.onUnderlying(symbol), start), tick.open, start);
    }
    this.#settleCancels(tick.time);
    this.#matching.barRest(book, tick, symbol);
    const start = printOf(book, tick)?.at ?? startOf(book, tick);
    this.#modelled.barRest(arrivedBy(this.#books.onUnderlying(symbol), start), tick);
  }

  /** The record has been given to the engine: quotes, trades and opening prints meet the orders that were there before. */
  after(tick: Tick, symbol: string): void {
    if (tick.recordedAt > this.#now) this.#now = tick.recordedAt;
    const book = this.#books.of(symbol);
    if (!isOfItsTime(book, tick, this.#now)) return;
    const usable = tick.kind !== TickKind.bar && isUsable(book, tick);
    rememberPx(book, tick);
    if (tick.kind === TickKind.bar) return closeBar(book, tick);
    book.lastTime = tick.time;
    if (!usable) return;
    if (tick.kind === TickKind.quote) {
      book.quoted = true;
      if (book.contract !== null) book.quote = { bidPx: tick.bidPx, askPx: tick.askPx };
    }
    if (tick.kind === TickKind.openPrint) book.print = { at: tick.time, px: tick.px };
    else if (book.orders.length === 0 && this.#books.onUnderlying(symbol).length === 0) return;
    this.#settleCancels(tick.time);
    // At one instant, an order sent in answer to this very record does not meet it.
    const wasThere = ({ arrivesAt, sentAfter }: VenueOrder) =>
      arrivesAt < tick.time || (arrivesAt === tick.time && sentAfter < this.#records);
    this.#matching.record(book, tick, symbol, book.orders.filter(wasThere));
    if (tick.kind === TickKind.trade && book.quoted) return;
    const spot = tick.kind === TickKind.quote ? middleOf(tick) : tick.px;
    this.#modelled.meet(this.#books.onUnderlying(symbol).filter(wasThere), spot, tick.time);
  }

  /** What a recorded chain says its underlying costs, where the underlying itself has no records. */
  stated(underlying: string, px: number): void {
    const book = this.#books.of(underlying);
    if (book.lastTime === 0 && book.lastBarEnd === 0) book.lastPx = px;
  }

  /**
   * The calendar of these symbols opens: what is submitted at this instant meets this instant's prints. Contracts that
   * settle at them are settled before anything is decided.
   */
  opened(at: number, symbols: readonly string[] = []): void {
    this.#advance(at);
    this.#openedAt = at;
    this.#clearing.settle(symbols, at, false);
  }

  /**
   * The calendar of these symbols closed, and the closing prints are known: day orders expire (one sent at the close itself
   * is for the next day), and so does every order in a contract that trades no more; then contracts are settled, so that
   * the close's decisions see what became of them.
   */
  closed(symbols: readonly string[], at: number): void {
    this.#advance(at);
    for (const symbol of symbols) {
      this.#expire(this.#books.get(symbol)?.orders.slice() ?? [], at);
      this.#expire(this.#books.onUnderlying(symbol), at);
    }
    this.#clearing.settle(symbols, at, true);
  }

  /**
   * A split takes effect: the account counts anew, and working orders in the symbol and its contracts are canceled, as
   * brokers do whose clients should name new prices. Returns it with the price at which a fraction of a share is paid
   * out, the last one before the split where none is given and the account held whole shares.
   */
  split(split: SplitApplied, at: number): SplitApplied {
    this.#advance(at);
    const { symbol, numerator, denominator } = split;
    const reason = `a split of ${symbol}, ${numerator} for ${denominator}`;
    const book = this.#books.of(symbol);
    for (const order of [...book.orders, ...this.#books.onUnderlying(symbol)]) {
      this.#finish(OrderCanceled.of({ ordinal: order.ordinal, reason }), order, at);
    }
    const isWhole = Number.isInteger(this.#account.quantity(symbol)) && book.lastPx > 0;
    const lastPx = isWhole ? pxAfterSplit(book.lastPx, split) : null;
    const applied = { ...split, cashInLieuPx: split.cashInLieuPx ?? lastPx };
    const contractOf = (each: string) => this.#books.of(each).contract ?? undefined;
    this.#account.split({ ...applied, renamed: renamedBySplit(applied, contractOf) });
    this.#books.split(applied);
    this.#defineContracts();
    return applied;
  }

  /** A declared holding is bought from the account's cash, without an order. */
  declareCore(core: { readonly symbol: string; readonly quantity: number; readonly px: number }): void {
    this.#account.declareCore({ ...core, multiplier: this.#options.multiplierOf(core.symbol) });
  }

  /** What the account holds, and the cash beside it. */
  account(): { readonly cashMicros: number; readonly positions: readonly Position[] } {
    return { cashMicros: this.#account.cashMicros, positions: this.#account.positions() };
  }

  /** Orders that may still trade. */
  working(): readonly VenueOrder[] {
    return this.#books.orders();
  }

  /** When the next report is due; infinity when none is. */
  nextAt(): number {
    let at = this.#reports.nextAt;
    for (let i = 0; i < this.#cancels.length; i++) at = Math.min(at, this.#cancels[i].reportAt);
    return at;
  }

  take(): ExchangeReport {
    this.#advance(this.nextAt());
    return this.#reports.take();
  }

  toJSON(): ExchangeJson {
    return {
      now: this.#now,
      records: this.#records,
      random: this.#random.state,
      account: this.#account.toJSON(),
      declared: this.#account.declared,
      books: this.#books.toJSON(),
      cancels: this.#cancels,
      reports: this.#reports.toJSON(),
    };
  }

  #advance(to: number): void {
    if (to > this.#now) this.#now = to;
    this.#settleCancels(to);
  }

  #settleCancels(upTo: number): void {
    if (this.#cancels.length === 0) return;
    const due = this.#cancels.filter(({ arrivesAt }) => arrivesAt <= upTo);
    this.#cancels = this.#cancels.filter(({ arrivesAt }) => arrivesAt > upTo);
    for (const { ordinal, arrivesAt: time, reportAt } of due.sort((a, b) => a.arrivesAt - b.arrivesAt)) {
      const order = this.#books.order(ordinal);
      // No answer overtakes what the venue reported of the order before.
      const at = Math.max(this.#now, reportAt, this.#reports.lastAt(ordinal));
      if (order === undefined) {
        const reason = `order ${ordinal} is not working at the venue`;
        this.#reports.add({ input: CancelRejected.of({ ordinal, reason }), at, time, ordinal });
      } else {
        this.#books.remove(order);
        this.#reports.add({ input: OrderCanceled.of({ ordinal, reason: 'as asked' }), at, time, ordinal });
      }
    }
  }

  #defineContracts(): void {
    for (const contract of this.#books.contracts()) this.#options.defineContract?.(contract);
  }

  #expire(orders: readonly VenueOrder[], at: number): void {
    for (const order of orders) {
      const { contract } = this.#books.of(order.symbol);
      const isOver = contract !== null && lastTradeTime(contract) <= at;
      if (!isOver && (order.timeInForce !== 'day' || order.arrivesAt >= at)) continue;
      this.#finish(OrderExpired.of({ ordinal: order.ordinal }), order, at);
    }
  }

  /** A settlement does not overtake the last fills in its contract. */
  #settled(settlement: OptionSettled, time: number): void {
    const at = Math.max(this.#now, this.#reports.lastFillAt(settlement.symbol));
    this.#reports.add({ input: OptionSettled.of(settlement), at, time, ordinal: null });
  }

  #report(input: NewInput, { ordinal, symbol }: { ordinal: number; symbol: string }, time: number): void {
    const at = Math.max(this.#now, time + this.#delay(symbol, 'reportLatencyUs', time));
    this.#reports.add({ input, at, time, ordinal });
  }

  #finish(input: NewInput, order: VenueOrder, time: number): void {
    this.#books.remove(order);
    this.#report(input, order, time);
  }

  /** Only the midpoint execution models a way to the venue, and what happens at the open's own instant knows none. */
  #delay(symbol: string, leg: 'submitLatencyUs' | 'reportLatencyUs', time: number): number {
    if (this.#options.execution !== 'midpoint' || time === this.#openedAt) return 0;
    const config = this.#options.configOf(symbol);
    const { latencyJitterUs } = config;
    return (
      config[leg] + (latencyJitterUs === 0 ? 0 : Math.floor(this.#random.nextUnit() * (latencyJitterUs + 1)))
    );
  }
}
