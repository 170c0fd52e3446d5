/**
 * Every order of the session and where it stands, by the status table. It turns approvals into submit attempts and
 * cancels what has to go; the venue's reports arrive here before anyone else hears them.
 */
import type { Kernel } from '../../bus/kernel.ts';
import {
  isRefused,
  isTerminal,
  isWorking,
  type OrderFact,
  type OrderState,
  orderStatus,
} from '../../domain/order-status.ts';
import type { EventDefinition, EventKind } from '../../events/define-event.ts';
import type { Recorded } from '../../events/envelope.ts';
import * as o from '../../events/order.events.ts';

const ACTOR = 'order-book';

export interface Order {
  readonly intended: o.OrderIntended;
  /** seq of the `OrderIntended`. */
  readonly intendedSeq: number;
  state: OrderState;
}

/** What an order is to be; where it is priced by a quote, that quote. */
type OrderTerms = Omit<o.OrderIntended, 'ordinal' | 'bidPx' | 'askPx'> &
  Partial<Pick<o.OrderIntended, 'bidPx' | 'askPx'>>;

/** Every event of an order's life names it. */
interface OfOrder {
  readonly ordinal: number | null;
}

interface Saved {
  readonly lastOrdinal: number;
  readonly open: readonly { intended: o.OrderIntended; state: OrderState }[];
}

export class OrderBook {
  readonly #kernel: Kernel;
  readonly #orders = new Map<number, Order>();
  /** Orders that may trade, by ordinal. */
  readonly #working = new Map<number, Order>();
  #lastOrdinal = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.on(o.RiskApproved, ACTOR, (event) => this.#submit(event));
    const facts: readonly unknown[] = [
      o.OrderAccepted,
      o.OrderRejected,
      o.OrderFilled,
      o.OrderCanceled,
      o.OrderExpired,
      o.CancelRejected,
      o.OrderOutcomeUnknown,
      o.TradeBusted,
      o.TradeCorrected,
    ];
    for (const fact of facts as readonly EventDefinition<EventKind, OfOrder>[]) this.#folds(fact);
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
  }

  get(ordinal: number): Order | undefined {
    return this.#orders.get(ordinal);
  }

  /** Orders that may still trade, by ordinal. */
  working(): IterableIterator<Order> {
    return this.#working.values();
  }

  hasWorking(symbol: string): boolean {
    for (const order of this.#working.values()) if (order.intended.symbol === symbol) return true;
    return false;
  }

  /** Publishes an order intent under the next ordinal; the book knows it at once, everyone else at its dispatch. */
  intend(terms: OrderTerms, options: { causation?: number; basis?: readonly number[] } = {}): number {
    const ordinal = ++this.#lastOrdinal;
    const { action, intent, limitPx, orderType, reason, role, side, size, stopPx, symbol, timeInForce } =
      terms;
    const { askPx = null, bidPx = null } = terms;
    // Keys in the order of their canonical bytes, as everywhere: others would have to be sorted.
    const intended: o.OrderIntended = {
      action,
      askPx,
      bidPx,
      intent,
      limitPx,
      orderType,
      ordinal,
      reason,
      role,
      side,
      size,
      stopPx,
      symbol,
      timeInForce,
    };
    const intendedSeq = this.#kernel.publish(o.OrderIntended.of(intended), options);
    const quantity = size.kind === 'quantity' ? size.quantity : null;
    const order = { intended, intendedSeq, state: orderStatus.initial(ordinal, quantity) };
    this.#orders.set(ordinal, order);
    this.#working.set(ordinal, order);
    return ordinal;
  }

  /** Asks the venue to cancel; false where the order is over or a cancel is already on its way. */
  cancel(ordinal: number, reason: string): boolean {
    const order = this.#working.get(ordinal);
    if (order === undefined || !isWorking(order.state.status) || order.state.status === 'pendingCancel')
      return false;
    this.#kernel.publish(o.CancelAttempted.of({ ordinal, reason }));
    this.#apply(order, { type: 'CancelAttempted' });
    return true;
  }

  /** Folds a denial at its publication, so that the next intent of the same instant finds the limits free again. */
  deny(ordinal: number): void {
    this.#apply(this.#orders.get(ordinal)!, { type: 'OrderDenied' });
  }

  #submit(event: Recorded<{ ordinal: number }>): void {
    const order = this.#orders.get(event.payload.ordinal)!;
    const { limitPx, ordinal, orderType, side, size, stopPx, symbol, timeInForce } = order.intended;
    this.#kernel.publish(
      o.SubmitAttempted.of({ limitPx, orderType, ordinal, side, size, stopPx, symbol, timeInForce }),
    );
    this.#apply(order, { type: 'SubmitAttempted' });
  }

  #folds(definition: EventDefinition<EventKind, OfOrder>): void {
    this.#kernel.on(definition, ACTOR, (event) => {
      const order = event.payload.ordinal === null ? undefined : this.#orders.get(event.payload.ordinal);
      if (order !== undefined)
        this.#apply(order, { type: event.type, payload: event.payload } as unknown as OrderFact);
    });
  }

  /** A refused fact (a repeated execution, a report after the end) is in the log and changes nothing. */
  #apply(order: Order, fact: OrderFact): void {
    const next = orderStatus.next(order.state, fact);
    if (isRefused(next)) return;
    order.state = next;
    if (isTerminal(next.status)) this.#working.delete(next.ordinal);
  }

  #save(): Saved {
    const open = [...this.#working.values()].map(({ intended, state }) => ({ intended, state }));
    return { lastOrdinal: this.#lastOrdinal, open };
  }

  #restore(saved: Saved): void {
    this.#lastOrdinal = saved.lastOrdinal;
    for (const { intended, state } of saved.open) {
      const order = { intended, intendedSeq: 0, state };
      this.#orders.set(intended.ordinal, order);
      this.#working.set(intended.ordinal, order);
    }
  }
}
