/**
 * The venue's word on our orders as inputs, each told once: from the stream, from answers and from look-ups alike. Orders
 * are ours by their client id, `<chain>-<ordinal>`; what replaced one in place adds `.<n>` and stands for it from then on.
 */
import type { KnownOrder } from '../../bus/ports.ts';
import { onQuantityGrid, type Side } from '../../domain/instrument.ts';
import { isTerminal } from '../../domain/order-status.ts';
import type { NewInput } from '../../events/define-event.ts';
import {
  CancelRejected,
  OrderAccepted,
  OrderCanceled,
  OrderExpired,
  OrderFilled,
  OrderRejected,
  OrderUpdated,
  StatusUnmapped,
  TradeBusted,
  TradeCorrected,
  UpdateRejected,
} from '../../events/order.events.ts';
import {
  type AccountNews,
  FillAccount,
  type Restatement,
  type VenueExecution,
  type VenueSums,
} from './fill-account.ts';
import { type VenueFact, venueFactOf } from './order-status-map.ts';
import type { TradeUpdate, VenueOrder } from './venue-messages.ts';

interface Followed {
  readonly ordinal: number;
  readonly symbol: string;
  readonly side: Side;
  readonly account: FillAccount;
  /** The venue's order that stands for ours now. */
  venueOrderId: string | null;
  quantity: number | null;
  isAccepted: boolean;
  isOver: boolean;
  /** Asked for by us and not confirmed: the venue may still refuse it, whatever it answered. */
  replacement: VenueOrder | null;
  /** Replaced at the venue beyond doubt, by this one. */
  replacedBy: string | null;
}

/** What became of an order that was to end or to change. */
type Ending = 'canceled' | 'expired' | 'rejected';

export class OrderReports {
  readonly #chain: string;
  readonly #known: () => readonly KnownOrder[];
  readonly #followed = new Map<number, Followed>();
  /** Orders of the venue that stand for ours without bearing our client id. */
  readonly #ordinals = new Map<string, number>();

  constructor(chain: string, known: () => readonly KnownOrder[]) {
    this.#chain = chain;
    this.#known = known;
  }

  clientOrderId(ordinal: number, change: number | null = null): string {
    return change === null ? `${this.#chain}-${ordinal}` : `${this.#chain}-${ordinal}.${change}`;
  }

  /** Null: no order of this chain of sessions. */
  ordinalOf({ clientOrderId, replaces, venueOrderId }: VenueOrder): number | null {
    const linked = this.#ordinals.get(venueOrderId) ?? (replaces && this.#ordinals.get(replaces));
    if (linked) return linked;
    if (!clientOrderId.startsWith(`${this.#chain}-`)) return null;
    const ordinal = /^([1-9]\d{0,14})(\.\d+)?$/.exec(clientOrderId.slice(this.#chain.length + 1))?.[1];
    return ordinal === undefined ? null : Number(ordinal);
  }

  /** The venue's id of the order that stands for ours now; null where it has not told us. */
  venueOrderIdOf(ordinal: number): string | null {
    return this.#followed.get(ordinal)?.venueOrderId ?? null;
  }

  filledQty(ordinal: number): number {
    return this.#follow(ordinal)?.account.total.qty ?? 0;
  }

  /** The venue took a change of a working order; whether it happens is reported later. */
  replacementTaken(ordinal: number, replacement: VenueOrder): void {
    this.#ordinals.set(replacement.venueOrderId, ordinal);
    const followed = this.#follow(ordinal);
    if (followed !== undefined) followed.replacement = replacement;
  }

  /** An order as the venue has it now. `asked`: it answers a question, so that its state is told even where it was before. */
  order(order: VenueOrder, asked: boolean): readonly NewInput[] {
    const ordinal = this.ordinalOf(order);
    const followed = ordinal === null ? undefined : this.#follow(ordinal);
    if (followed === undefined) return [];
    const fact = venueFactOf(order.status);
    if (fact === undefined) return [unmapped(followed.ordinal, order.status, order)];
    const linked = this.#link(followed, order, fact);
    if (linked.isVoid) return linked.inputs;
    const news = followed.account.sums(sumsOf(order));
    return [
      ...linked.inputs,
      ...this.#fills(followed, news),
      ...this.#state(followed, order, fact, asked, null),
    ];
  }

  update(update: TradeUpdate): readonly NewInput[] {
    const { event, order } = update;
    const ordinal = this.ordinalOf(order);
    if (ordinal === null) return [];
    const fact = venueFactOf(event);
    if (fact === undefined) return [unmapped(ordinal, event, order)];
    const followed = this.#follow(ordinal);
    if (followed === undefined) return restatedOfOld(ordinal, update, fact);
    const linked = this.#link(followed, order, fact);
    if (linked.isVoid) return linked.inputs;
    const fills = this.#fills(followed, this.#newsOf(followed, update, fact), update.reason);
    return [...linked.inputs, ...fills, ...this.#state(followed, order, fact, false, update.reason)];
  }

  #newsOf({ account }: Followed, update: TradeUpdate, fact: VenueFact): AccountNews {
    const sums = sumsOf(update.order);
    const execution = executionOf(update);
    if (fact === 'execution' && execution !== null) return account.execution(execution, sums);
    const id = update.previousExecutionId ?? update.executionId;
    // An order that is over may not count as updated: its sums are as new as what is said of it.
    const after = { ...sums, asOf: Math.max(sums.asOf, update.time) };
    if (fact === 'bust' && id !== null) return account.restated(id, null, after);
    if (fact === 'correction' && id !== null && execution !== null) {
      return account.restated(id, execution, after);
    }
    return account.sums(sums);
  }

  /** Known to the engine, or no state is told of it: an order of a lost tail has no place in the ledger. */
  #follow(ordinal: number): Followed | undefined {
    const followed = this.#followed.get(ordinal);
    if (followed !== undefined) return followed;
    const known = this.#known().find((each) => each.ordinal === ordinal);
    if (known === undefined) return undefined;
    const { avgPx, filledQty, orderedQty, side, status, symbol } = known;
    const fresh: Followed = {
      ordinal,
      symbol,
      side,
      account: new FillAccount({ filledQty, avgPx }),
      venueOrderId: null,
      quantity: orderedQty,
      isAccepted: status !== 'submitted' && status !== 'unknown',
      isOver: isTerminal(status),
      replacement: null,
      replacedBy: null,
    };
    this.#followed.set(ordinal, fresh);
    return fresh;
  }

  /** Which of the venue's orders stands for ours. `isVoid`: this one never will. */
  #link(
    followed: Followed,
    order: VenueOrder,
    fact: VenueFact,
  ): { readonly inputs: readonly NewInput[]; readonly isVoid: boolean } {
    this.#ordinals.set(order.venueOrderId, followed.ordinal);
    const current = followed.venueOrderId;
    if (current === null || current === order.venueOrderId) {
      followed.venueOrderId = order.venueOrderId;
      followed.quantity = order.quantity ?? followed.quantity;
      return { inputs: [], isVoid: false };
    }
    const isCertain = followed.replacedBy === order.venueOrderId;
    const isAsked = followed.replacement?.venueOrderId === order.venueOrderId;
    // A late word on an order that was replaced since: its fills count.
    if (!isCertain && !isAsked && order.replaces !== current) return { inputs: [], isVoid: false };
    followed.account.replacedBy(sumsOf(order));
    if (!isCertain && isEnding(fact) && order.filledQty === 0) {
      followed.replacement = null;
      const reason = `the venue did not change the order: its replacement was ${fact}`;
      return { inputs: [UpdateRejected.of({ ordinal: followed.ordinal, reason })], isVoid: true };
    }
    // Taken, yet perhaps refused by the market.
    if (order.status === 'accepted' || order.status.startsWith('pending_'))
      return { inputs: [], isVoid: true };
    return { inputs: this.#replace(followed, order), isVoid: false };
  }

  #replace(followed: Followed, by: VenueOrder): readonly NewInput[] {
    followed.replacement = null;
    followed.venueOrderId = by.venueOrderId;
    followed.quantity = by.quantity ?? followed.quantity;
    const { ordinal, quantity } = followed;
    if (quantity === null || by.limitPx === null) return [];
    return [OrderUpdated.of({ ordinal, quantity, limitPx: by.limitPx, venueOrderId: by.venueOrderId })];
  }

  #fills(followed: Followed, news: AccountNews, reason: string | null = null): readonly NewInput[] {
    const { ordinal, quantity, side, symbol } = followed;
    const restated = news.restated.map(({ executionId, lastPx, lastQty }) =>
      restatement(ordinal, { executionId, lastPx, lastQty }, reason),
    );
    const fills = news.fills.map(({ executionId, filledQty, lastPx, lastQty }) => {
      const leavesQty = Math.max(0, onQuantityGrid((quantity ?? filledQty) - filledQty));
      return OrderFilled.of({ ordinal, executionId, symbol, side, lastQty, lastPx, leavesQty, feeMicros: 0 });
    });
    if (fills.length > 0) followed.isAccepted = true;
    return [...restated, ...fills];
  }

  #state(
    followed: Followed,
    order: VenueOrder,
    fact: VenueFact,
    asked: boolean,
    reason: string | null,
  ): readonly NewInput[] {
    const { ordinal, replacement } = followed;
    const { venueOrderId } = order;
    if (fact === 'replaced') {
      if (venueOrderId === followed.venueOrderId) followed.replacedBy = order.replacedBy;
      return replacement !== null && replacement.venueOrderId === order.replacedBy
        ? this.#replace(followed, replacement)
        : [];
    }
    // What an order says that was replaced since is no word on the one that stands for ours.
    if (venueOrderId !== followed.venueOrderId) return [];
    if (fact === 'cancelRejected') {
      return [CancelRejected.of({ ordinal, reason: reason ?? 'the venue refused to cancel' })];
    }
    if (fact === 'updateRejected') {
      followed.replacement = null;
      return [UpdateRejected.of({ ordinal, reason: reason ?? 'the venue refused to change the order' })];
    }
    if (isEnding(fact)) {
      if (followed.isOver && !asked) return [];
      followed.isOver = true;
      return [ended(ordinal, fact, reason)];
    }
    if (fact === 'done' || (followed.isAccepted && !asked)) return [];
    followed.isAccepted = true;
    return [OrderAccepted.of({ ordinal, venueOrderId })];
  }
}

function restatement(
  ordinal: number,
  { executionId, lastPx, lastQty }: Restatement,
  reason: string | null,
): NewInput {
  return lastQty === 0
    ? TradeBusted.of({ ordinal, executionId, reason: reason ?? 'the venue took the trade back' })
    : TradeCorrected.of({ ordinal, executionId, lastQty, lastPx, feeMicros: 0 });
}

/** Of an order of sessions before, of which only the ledger remembers what it traded. */
function restatedOfOld(ordinal: number, update: TradeUpdate, fact: VenueFact): readonly NewInput[] {
  const executionId = update.previousExecutionId ?? update.executionId;
  if (executionId === null) return [];
  if (fact === 'bust') return [restatement(ordinal, { executionId, lastPx: 0, lastQty: 0 }, update.reason)];
  const now = fact === 'correction' ? executionOf(update) : null;
  if (now === null) return [];
  return [restatement(ordinal, { executionId, lastPx: now.px, lastQty: now.qty }, update.reason)];
}

const isEnding = (fact: VenueFact): fact is Ending =>
  fact === 'canceled' || fact === 'expired' || fact === 'rejected';

function ended(ordinal: number, how: Ending, reason: string | null): NewInput {
  if (how === 'expired') return OrderExpired.of({ ordinal });
  if (how === 'canceled') return OrderCanceled.of({ ordinal, reason: reason ?? 'canceled at the venue' });
  return OrderRejected.of({ ordinal, reason: reason ?? 'rejected by the venue, which gave no reason' });
}

const unmapped = (ordinal: number, status: string, { venueOrderId }: VenueOrder): NewInput =>
  StatusUnmapped.of({ ordinal, status, venueOrderId });

const sumsOf = ({ asOf, avgPx, filledQty, venueOrderId }: VenueOrder): VenueSums => ({
  venueOrderId,
  filledQty,
  avgPx,
  asOf,
});

/** Null where the update lacks what makes an execution: the order's sums tell it then. */
function executionOf({ executionId, px, qty }: TradeUpdate): VenueExecution | null {
  if (executionId === null || px === null || qty === null || !(px > 0 && qty > 0)) return null;
  return { executionId, qty, px };
}
