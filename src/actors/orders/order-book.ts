/**
 * Every order of the session and where it stands, by the status table. It turns approvals into submit attempts and
 * cancels what has to go; the venue's reports arrive here before anyone else hears them.
 */
import type { Kernel } from '../../bus/kernel.ts';
import type { KnownOrder } from '../../bus/ports.ts';
import {
  isInDoubt,
  isRefused,
  isTerminal,
  isWorking,
  type OrderFact,
  type OrderFactType,
  type OrderState,
  orderStatus,
} from '../../domain/order-status.ts';
import { SymbolChanged } from '../../events/account.events.ts';
import type { EventDefinition, EventKind } from '../../events/define-event.ts';
import type { Recorded } from '../../events/envelope.ts';
import * as o from '../../events/order.events.ts';

const ACTOR = 'order-book';

/**
 * Ended orders that are remembered for what is still said of them. Fills that come later yet move the ledger as tactical
 * ones; at the venue's limit on calls this is more than an hour of the busiest day.
 */
const ENDED_MAX = 10_000;

export interface Order {
  /** As it was intended; price and symbol as they became. */
  intended: o.OrderIntended;
  /** Places in this log of its newest submit and cancel, which the venue's word on it answers; 0 where there is none. */
  submitSeq: number;
  cancelSeq: number;
  /** When it was intended, microseconds. */
  readonly intendedAt: number;
  state: OrderState;
  /** The venue has spoken of it: it cannot be lost on the way. */
  confirmed: boolean;
  /** Why it is to be canceled, until the venue refuses to. */
  cancelReason: string | null;
  /** The venue did not know it: should it appear all the same, it must be known for ours, in later sessions, too. */
  isGivenUp: boolean;
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
  /** Logs from before live sessions have only the first two of each. */
  readonly open: readonly (Pick<Order, 'intended' | 'state'> &
    Partial<Pick<Order, 'intendedAt' | 'confirmed' | 'cancelReason' | 'isGivenUp'>>)[];
}

/** What is still said of orders that ended in this session. */
interface Kept {
  /** Ordinals in the order of their ends. */
  readonly ended: readonly number[];
  /** By so many ordinals together: most of them stay as they are from one checkpoint to the next. */
  readonly blocks: Readonly<Record<string, readonly Order[]>>;
  readonly seqs: readonly (readonly [ordinal: number, submitSeq: number, cancelSeq: number])[];
}
const BLOCK = 256;

/** What shows that the venue has, or had, the order. */
const CONFIRMS: readonly OrderFactType[] = ['OrderAccepted', 'OrderFilled', 'OrderUpdated'];

export class OrderBook {
  readonly #kernel: Kernel;
  readonly #orders = new Map<number, Order>();
  /** Orders that may trade, by ordinal. */
  readonly #working = new Map<number, Order>();
  /** Ended ones, in the order of their ends. */
  readonly #ended = new Set<number>();
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
      o.OrderUpdated,
      o.UpdateRejected,
      o.OrderOutcomeUnknown,
      o.StatusUnmapped,
      o.TradeBusted,
      o.TradeCorrected,
    ];
    for (const fact of facts as readonly EventDefinition<EventKind, OfOrder>[]) this.#folds(fact);
    kernel.on(o.OrderUpdated, ACTOR, ({ payload }) => this.#reprice(payload));
    kernel.on(SymbolChanged, ACTOR, ({ payload }) => this.#rename(payload));
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
    kernel.keep(ACTOR, { save: () => this.#keep(), restore: (kept) => this.#remember(kept as Kept) });
  }

  get(ordinal: number): Order | undefined {
    return this.#orders.get(ordinal);
  }

  /** The newest ordinal of this chain of sessions; 0 before the first. */
  get lastOrdinal(): number {
    return this.#lastOrdinal;
  }

  /** Every order that is remembered, as an adapter compares it with the venue's word. */
  known(): KnownOrder[] {
    return Array.from(this.#orders.values(), ({ intended: { ordinal, symbol, side }, state }) => {
      const { status, orderedQty, filledQty, avgPx } = state;
      return { ordinal, symbol, side, status, orderedQty, filledQty, avgPx };
    });
  }

  /** Orders that may still trade, by ordinal. */
  working(): IterableIterator<Order> {
    return this.#working.values();
  }

  hasWorking(symbol: string, counts: (intended: o.OrderIntended) => boolean = () => true): boolean {
    for (const { intended } of this.#working.values()) {
      if (intended.symbol === symbol && counts(intended)) return true;
    }
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
    this.#kernel.publish(o.OrderIntended.of(intended), options);
    const quantity = size.kind === 'quantity' ? size.quantity : null;
    const order = {
      intended,
      submitSeq: 0,
      cancelSeq: 0,
      intendedAt: this.#kernel.now,
      state: orderStatus.initial(ordinal, quantity),
      confirmed: false,
      cancelReason: null,
      isGivenUp: false,
    };
    this.#orders.set(ordinal, order);
    this.#working.set(ordinal, order);
    return ordinal;
  }

  /** Asks the venue to cancel; false where the order is over or a cancel is already on its way. */
  cancel(ordinal: number, reason: string): boolean {
    const order = this.#working.get(ordinal);
    if (order === undefined || !isWorking(order.state.status) || order.state.status === 'pendingCancel')
      return false;
    order.cancelSeq = this.#kernel.publish(o.CancelAttempted.of({ ordinal, reason }));
    order.cancelReason = reason;
    this.#apply(order, { type: 'CancelAttempted' });
    return true;
  }

  /** Asks the venue to cancel what is over for us and lives there all the same. */
  cancelOnSight(ordinal: number, reason: string): void {
    this.#kernel.publish(o.CancelAttempted.of({ ordinal, reason }));
  }

  /** Asks the venue what became of an order; from now on it is in doubt, and so is any request on its way to it. */
  lookUp(ordinal: number, attempt: number): void {
    const order = this.#working.get(ordinal)!;
    this.#kernel.publish(o.OrderLookupRequested.of({ attempt, ordinal }));
    if (order.state.status !== 'unknown') this.#apply(order, { type: 'OrderLookupRequested' });
  }

  /** Sends an order in doubt once more under its own ordinal: should the venue have it after all, it refuses the second. */
  resubmit(ordinal: number): void {
    this.#send(this.#working.get(ordinal)!);
  }

  /** Counts an order that the venue does not know as canceled. */
  giveUp(ordinal: number, reason: string): void {
    this.#kernel.publish(o.OrderGivenUp.of({ ordinal, reason }));
    const order = this.#working.get(ordinal)!;
    order.isGivenUp = true;
    this.#apply(order, { type: 'OrderGivenUp' });
  }

  /** Folds a denial at its publication, so that the next intent of the same instant finds the limits free again. */
  deny(ordinal: number): void {
    this.#apply(this.#orders.get(ordinal)!, { type: 'OrderDenied' });
  }

  #submit(event: Recorded<{ ordinal: number }>): void {
    this.#send(this.#orders.get(event.payload.ordinal)!);
  }

  #send(order: Order): void {
    const { limitPx, ordinal, orderType, side, size, stopPx, symbol, timeInForce } = order.intended;
    order.submitSeq = this.#kernel.publish(
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
    if (CONFIRMS.includes(fact.type)) order.confirmed = true;
    // Refused for want of the order, it is as unwanted as before.
    if (fact.type === 'CancelRejected' && !isInDoubt(next)) order.cancelReason = null;
    if (isTerminal(next.status) && this.#working.delete(next.ordinal)) this.#forget(next.ordinal);
  }

  #forget(ended: number): void {
    this.#ended.add(ended);
    if (this.#ended.size <= ENDED_MAX) return;
    const [oldest] = this.#ended;
    this.#ended.delete(oldest);
    this.#orders.delete(oldest);
  }

  #reprice({ ordinal, limitPx }: { readonly ordinal: number; readonly limitPx: number }): void {
    const order = this.#working.get(ordinal);
    if (order !== undefined) order.intended = { ...order.intended, limitPx };
  }

  #rename({ from, to }: SymbolChanged): void {
    for (const order of this.#working.values()) {
      if (order.intended.symbol === from) order.intended = { ...order.intended, symbol: to };
    }
  }

  #save(): Saved {
    const kept = [...this.#orders.values()].filter(
      (order) => order.isGivenUp || this.#working.has(order.intended.ordinal),
    );
    return {
      lastOrdinal: this.#lastOrdinal,
      open: kept.map(({ submitSeq: _, cancelSeq: __, ...order }) => order),
    };
  }

  #keep(): Kept {
    const blocks: Record<string, Order[]> = {};
    const seqs: [number, number, number][] = [];
    for (const order of this.#orders.values()) {
      const { ordinal } = order.intended;
      if (this.#ended.has(ordinal)) (blocks[`${Math.floor(ordinal / BLOCK)}`] ??= []).push(order);
      else seqs.push([ordinal, order.submitSeq, order.cancelSeq]);
    }
    return { ended: [...this.#ended], blocks, seqs };
  }

  #remember({ ended, blocks, seqs }: Kept): void {
    const orders = new Map(
      Object.values(blocks).flatMap((all) => all.map((each) => [each.intended.ordinal, each])),
    );
    for (const [ordinal, order] of this.#working) orders.set(ordinal, order);
    this.#orders.clear();
    for (const ordinal of [...orders.keys()].sort((a, b) => a - b))
      this.#orders.set(ordinal, orders.get(ordinal)!);
    this.#ended.clear();
    for (const ordinal of ended) this.#ended.add(ordinal);
    for (const [ordinal, submitSeq, cancelSeq] of seqs) {
      Object.assign(this.#orders.get(ordinal)!, { submitSeq, cancelSeq });
    }
  }

  #restore(saved: Saved): void {
    this.#lastOrdinal = saved.lastOrdinal;
    for (const each of saved.open) {
      const { ordinal } = each.intended;
      const asBefore = { intendedAt: 0, confirmed: true, cancelReason: null, isGivenUp: false };
      const order = { ...asBefore, ...each, submitSeq: 0, cancelSeq: 0 };
      this.#orders.set(ordinal, order);
      if (isTerminal(order.state.status)) this.#ended.add(ordinal);
      else this.#working.set(ordinal, order);
    }
  }
}
