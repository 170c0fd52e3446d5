/** How many orders stand in which status, folded from the events of a running engine. */
import {
  isRefused,
  isTerminal,
  type OrderFact,
  type OrderState,
  orderStatus,
} from '../domain/order-status.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { OrderIntended } from '../events/order.events.ts';

export class OrderStatuses {
  readonly #open = new Map<number, OrderState>();
  readonly #counts = new Map<string, number>();

  event({ type, payload }: StoredEvent): void {
    const { ordinal } = payload as { ordinal?: number | null };
    if (typeof ordinal !== 'number') return;
    if (type === OrderIntended.type) {
      const { size } = payload as OrderIntended;
      this.#enter(orderStatus.initial(ordinal, size.kind === 'quantity' ? size.quantity : null));
      return;
    }
    const state = this.#open.get(ordinal);
    if (state === undefined) return;
    const next = orderStatus.next(state, { type, payload } as OrderFact);
    if (isRefused(next)) return;
    this.#count(state.status, -1);
    this.#enter(next);
  }

  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** What is over is counted and forgotten: a process that runs for months must not keep its orders. */
  #enter(state: OrderState): void {
    this.#count(state.status, 1);
    if (isTerminal(state.status)) this.#open.delete(state.ordinal);
    else this.#open.set(state.ordinal, state);
  }

  #count(status: string, by: number): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + by);
  }
}
