/**
 * A venue behind the broker port, driven by the agenda: it has no time of its own, sees each market record before and
 * after the engine does, and answers with reports to be delivered. Orders match events later than their arrival; the one
 * exception is an order released at MarketOpened, which fills at the print of that instant.
 *
 * Bars hide the order of what happened inside them, so the worst is assumed: orders trade by arrival at the open, then
 * stops before limits. An order meets a bar only if it arrived by the bar's start.
 */
import { Ledger, type LedgerJson } from '../../domain/portfolio.ts';
import { createRandom, type Random, type RandomState } from '../../domain/random.ts';
import type { NewInput } from '../../events/define-event.ts';
import {
  CancelRejected,
  OrderAccepted,
  OrderCanceled,
  OrderExpired,
  OrderRejected,
  type SubmitAttempted,
} from '../../events/order.events.ts';
import { type Tick, TickKind } from '../../events/tick.ts';
import { Account } from './account.ts';
import { Matching, type MatchingOptions } from './matching.ts';
import { type ExchangeReport, ReportQueue } from './report-queue.ts';
import {
  addByArrival,
  closeBar,
  emptyBook,
  isOfItsTime,
  isUsable,
  printOf,
  rememberPx,
  type SymbolBook,
  startOf,
} from './symbol-book.ts';
import { refusalOf, type VenueOrder, venueOrder } from './venue-order.ts';

export interface ExchangeOptions extends MatchingOptions {
  readonly seed: number;
  readonly cashMicros: number;
  readonly allowShort: boolean;
}

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
  readonly books: readonly (readonly [string, SymbolBook])[];
  readonly cancels: readonly PendingCancel[];
  readonly reports: readonly ExchangeReport[];
}

export class SimulatedExchange {
  readonly #options: ExchangeOptions;
  readonly #account: Account;
  readonly #matching: Matching;
  readonly #random: Random;
  readonly #reports = new ReportQueue();
  readonly #books = new Map<string, SymbolBook>();
  /** Working orders by ordinal. */
  readonly #orders = new Map<number, VenueOrder>();
  #cancels: PendingCancel[] = [];
  #now = 0;
  #records = 0;
  #openedAt = -1;

  constructor(options: ExchangeOptions, carried?: ExchangeJson) {
    this.#options = options;
    this.#account = new Account(
      carried === undefined ? new Ledger(options.cashMicros) : Ledger.fromJSON(carried.account),
      options.allowShort,
    );
    this.#matching = new Matching(options, this.#account, {
      report: (input, order, time) => this.#report(input, order, time),
      ended: (input, order, time) => this.#finish(input, order, time),
    });
    this.#random = createRandom(carried?.random ?? options.seed);
    if (carried === undefined) return;
    this.#now = carried.now;
    this.#records = carried.records;
    this.#cancels = [...carried.cancels];
    for (const report of carried.reports) this.#reports.add(report);
    for (const [symbol, book] of carried.books) {
      const orders = book.orders.map((order) => ({ ...order }));
      this.#books.set(symbol, { ...book, orders });
      for (const order of orders) this.#orders.set(order.ordinal, order);
    }
  }

  /** The order leaves the engine at `at`. */
  submit(order: SubmitAttempted, at: number): void {
    this.#advance(at);
    const { ordinal, symbol } = order;
    const arrivesAt = at + this.#delay(symbol, 'submitLatencyUs', at);
    const refusal = refusalOf(order);
    if (refusal !== null)
      return this.#report(OrderRejected.of({ ordinal, reason: refusal }), order, arrivesAt);
    const arriving = venueOrder(order, arrivesAt, this.#records);
    const book = this.#bookOf(symbol);
    this.#orders.set(ordinal, arriving);
    addByArrival(book, arriving);
    this.#report(OrderAccepted.of({ ordinal, venueOrderId: `sim-${ordinal}` }), order, arrivesAt);
    if (at === this.#openedAt && book.print?.at === at) {
      this.#matching.released(book, arriving, book.print);
    }
  }

  cancel(ordinal: number, at: number): void {
    const order = this.#orders.get(ordinal);
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
    if (this.#orders.size === 0 || tick.kind !== TickKind.bar) return;
    const book = this.#books.get(symbol);
    if (book === undefined || book.orders.length === 0 || book.quoted) return;
    if (!isUsable(book, tick) || tick.time <= book.lastBarEnd) return;
    if (!isOfItsTime(book, tick, Math.max(this.#now, tick.recordedAt))) return;
    if (printOf(book, tick) === null) {
      this.#settleCancels(startOf(book, tick));
      this.#matching.barOpen(book, tick, symbol);
    }
    this.#settleCancels(tick.time);
    this.#matching.barRest(book, tick, symbol);
  }

  /** The record has been given to the engine: quotes, trades and opening prints meet the orders that were there before. */
  after(tick: Tick, symbol: string): void {
    if (tick.recordedAt > this.#now) this.#now = tick.recordedAt;
    const book = this.#bookOf(symbol);
    if (!isOfItsTime(book, tick, this.#now)) return;
    const usable = tick.kind !== TickKind.bar && isUsable(book, tick);
    rememberPx(book, tick);
    if (tick.kind === TickKind.bar) return closeBar(book, tick);
    book.lastTime = tick.time;
    if (!usable) return;
    if (tick.kind === TickKind.quote) book.quoted = true;
    if (tick.kind === TickKind.openPrint) book.print = { at: tick.time, px: tick.px };
    else if (book.orders.length === 0) return;
    this.#settleCancels(tick.time);
    // At one instant, an order sent in answer to this very record does not meet it.
    const there = book.orders.filter(
      ({ arrivesAt, sentAfter }) =>
        arrivesAt < tick.time || (arrivesAt === tick.time && sentAfter < this.#records),
    );
    this.#matching.record(book, tick, symbol, there);
  }

  /** MarketOpened has been dispatched: what is submitted at this instant meets this instant's prints. */
  opened(at: number): void {
    this.#advance(at);
    this.#openedAt = at;
  }

  /** The calendar of these symbols closed: day orders expire; one sent at the close itself is for the next day. */
  closed(symbols: Iterable<string>, at: number): void {
    this.#advance(at);
    for (const symbol of symbols) {
      for (const order of this.#books.get(symbol)?.orders.slice() ?? []) {
        if (order.timeInForce !== 'day' || order.arrivesAt >= at) continue;
        this.#finish(OrderExpired.of({ ordinal: order.ordinal }), order, at);
      }
    }
  }

  /** A declared holding is bought from the account's cash, without an order. */
  declareCore(core: { readonly symbol: string; readonly quantity: number; readonly px: number }): void {
    this.#account.declareCore({ ...core, multiplier: this.#options.multiplierOf(core.symbol) });
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
      books: [...this.#books].sort(([a], [b]) => (a < b ? -1 : 1)),
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
      const order = this.#orders.get(ordinal);
      const at = Math.max(this.#now, reportAt);
      if (order === undefined) {
        const reason = `order ${ordinal} is not working at the venue`;
        this.#reports.add({ input: CancelRejected.of({ ordinal, reason }), at, time, ordinal });
      } else {
        this.#remove(order);
        this.#reports.add({ input: OrderCanceled.of({ ordinal, reason: 'as asked' }), at, time, ordinal });
      }
    }
  }

  #report(input: NewInput, { ordinal, symbol }: { ordinal: number; symbol: string }, time: number): void {
    const at = Math.max(this.#now, time + this.#delay(symbol, 'reportLatencyUs', time));
    this.#reports.add({ input, at, time, ordinal });
  }

  #finish(input: NewInput, order: VenueOrder, time: number): void {
    this.#remove(order);
    this.#report(input, order, time);
  }

  #remove(order: VenueOrder): void {
    const { orders } = this.#bookOf(order.symbol);
    orders.splice(orders.indexOf(order), 1);
    this.#orders.delete(order.ordinal);
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

  #bookOf(symbol: string): SymbolBook {
    let book = this.#books.get(symbol);
    if (book === undefined) this.#books.set(symbol, (book = emptyBook()));
    return book;
  }
}
