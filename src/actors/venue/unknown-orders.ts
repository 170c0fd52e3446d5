/**
 * Finds out what became of orders whose fate nobody knows, one machine each. Until then their symbols are frozen: an order
 * that may live is not followed by another.
 */
import type { StateValue } from 'xstate';
import type { Kernel } from '../../bus/kernel.ts';
import { type Config, configFor } from '../../domain/config.ts';
import { isInDoubt, isTerminal, type OrderStatus } from '../../domain/order-status.ts';
import type { EventDefinition, EventKind } from '../../events/define-event.ts';
import { ClockTicked, SessionResumed, TimerFired } from '../../events/engine.events.ts';
import * as o from '../../events/order.events.ts';
import { MachineHost } from '../machine-host.ts';
import type { Order, OrderBook } from '../orders/order-book.ts';
import { type UnknownEvent, unknownOrderMachine } from './unknown-order.machine.ts';

const ACTOR = 'unknown-orders';
const machineId = (ordinal: number): string => `${ACTOR}-${ordinal}`;

/** Asked of the venue, and the answer is still to come. */
const UNANSWERED: readonly OrderStatus[] = ['submitted', 'pendingCancel', 'pendingUpdate'];

interface Parts {
  readonly config: Config;
  readonly orders: OrderBook;
  /** Whether the moment allows to send an order that was approved before. */
  readonly mayResend: (order: Order) => boolean;
  /** A simulated venue answers everything. */
  readonly isLive: () => boolean;
}

interface Tracked {
  readonly ordinal: number;
  readonly symbol: string;
  readonly machine: MachineHost<typeof unknownOrderMachine>;
  /** Look-ups published. */
  asked: number;
}

interface Kept {
  readonly unanswered: readonly (readonly [ordinal: number, since: number])[];
  readonly resuming: boolean;
}

type Saved = Pick<Tracked, 'ordinal' | 'symbol' | 'asked'> & { readonly machine: unknown };

export class UnknownOrders {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #tracked = new Map<number, Tracked>();
  /** Since when the venue owes an answer, by ordinal. */
  #unanswered = new Map<number, number>();
  /** The process came back and the clock has not moved yet: timers armed now would all fire at once when it does. */
  #resuming = false;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    const ofOrder = (definitions: readonly unknown[], handle: (ordinal: number, payload: never) => void) => {
      for (const definition of definitions as readonly EventDefinition<
        EventKind,
        { ordinal: number | null }
      >[])
        kernel.on(definition, ACTOR, ({ payload }) => {
          if (payload.ordinal !== null) handle(payload.ordinal, payload as never);
        });
    };
    ofOrder([o.OrderOutcomeUnknown, o.StatusUnmapped], (ordinal) => this.#onDoubt(ordinal));
    ofOrder([o.OrderAccepted, o.OrderUpdated], (ordinal) => this.#onFound(ordinal, true));
    ofOrder([o.OrderRejected, o.OrderCanceled, o.OrderExpired], (ordinal) => this.#onFound(ordinal, false));
    ofOrder([o.OrderFilled], (ordinal, { leavesQty }: o.OrderFilled) =>
      this.#onFound(ordinal, leavesQty > 0),
    );
    ofOrder([o.OrderNotFound], (ordinal) => this.#tell(ordinal, { type: 'NOT_FOUND' }));
    ofOrder([o.OrderLookupFailed], (ordinal) => this.#tell(ordinal, { type: 'LOOKUP_FAILED' }));
    ofOrder([o.CancelRejected], (ordinal) => this.#tell(ordinal, { type: 'CANCEL_REFUSED' }));
    kernel.on(TimerFired, ACTOR, ({ payload: { actor } }) => {
      if (!actor.startsWith(`${ACTOR}-`)) return;
      const tracked = this.#tracked.get(Number(actor.slice(ACTOR.length + 1)));
      if (tracked !== undefined) this.#serve(tracked);
    });
    kernel.on(SessionResumed, ACTOR, () => this.#resume());
    kernel.on(ClockTicked, ACTOR, () => {
      if (parts.isLive()) this.#missAnswers();
      if (!this.#resuming) return;
      this.#resuming = false;
      for (const { ordinal } of [...this.#tracked.values()]) this.#tell(ordinal, { type: 'CLOCK' });
    });
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (saved) => this.#restore(saved as Saved[]) });
    kernel.keep(ACTOR, {
      save: (): Kept => ({ unanswered: [...this.#unanswered], resuming: this.#resuming }),
      restore: (kept) => {
        const { unanswered, resuming } = kept as Kept;
        this.#unanswered = new Map(unanswered);
        this.#resuming = resuming;
      },
    });
  }

  /** Orders whose fate is being found out, by ordinal. */
  states(): { ordinal: number; symbol: string; state: StateValue }[] {
    return Array.from(this.#tracked.values(), ({ ordinal, symbol, machine }) => {
      return { ordinal, symbol, state: machine.snapshot.value };
    });
  }

  /** An order in this symbol may live without our knowing: no other may be sent. */
  frozen(symbol: string): boolean {
    for (const tracked of this.#tracked.values()) {
      if (tracked.symbol === symbol && !tracked.machine.snapshot.matches('givenUp')) return true;
    }
    return false;
  }

  /** For an order that we hold for working and the venue's own list lacks. */
  lookUp({ intended: { ordinal } }: Order): void {
    if (this.#tracked.has(ordinal)) this.#tell(ordinal, { type: 'DOUBTED' });
    else this.#serve(this.#track(ordinal));
  }

  // --- what it hears -----------------------------------------------------------------------------------------------

  #onDoubt(ordinal: number): void {
    const tracked = this.#tracked.get(ordinal);
    const order = this.#parts.orders.get(ordinal);
    if (tracked === undefined) {
      if (order !== undefined && isInDoubt(order.state)) this.#serve(this.#track(ordinal));
      return;
    }
    // An answer that says nothing; of an order given up, that something of its name is there.
    const { machine } = tracked;
    if (machine.snapshot.matches('looking')) this.#tell(ordinal, { type: 'LOOKUP_FAILED' });
    else if (machine.snapshot.matches('canceling')) this.#tell(ordinal, { type: 'CANCEL_REFUSED' });
    else this.#tell(ordinal, { type: 'DOUBTED' });
  }

  #onFound(ordinal: number, lives: boolean): void {
    const order = this.#parts.orders.get(ordinal);
    // Given up is over for us: what is said of it now is of an order that should not be.
    if (order === undefined || isTerminal(order.state.status)) {
      this.#tell(ordinal, { type: lives ? 'APPEARED' : 'ENDED' });
    }
    if (!this.#tracked.has(ordinal) || order === undefined || isInDoubt(order.state)) return;
    this.#tell(ordinal, { type: 'FOUND' });
    // The cancel may be what got lost.
    if (order.cancelReason !== null) this.#parts.orders.cancel(ordinal, order.cancelReason);
  }

  #tell(ordinal: number, event: UnknownEvent): void {
    const tracked = this.#tracked.get(ordinal);
    if (tracked === undefined) return;
    tracked.machine.send(event);
    this.#serve(tracked);
  }

  /** What was asked before the stop may have been answered to nobody. */
  #resume(): void {
    this.#resuming = true;
    for (const { ordinal } of [...this.#tracked.values()]) this.#tell(ordinal, { type: 'RESUMED' });
    for (const { intended, state } of [...this.#parts.orders.working()]) {
      if (UNANSWERED.includes(state.status) && !this.#tracked.has(intended.ordinal))
        this.#track(intended.ordinal);
    }
  }

  /** A cancel may be taken and forgotten, and an answer lost with the session before: what stays open is looked up. */
  #missAnswers(): void {
    const { config, orders } = this.#parts;
    const { now } = this.#kernel;
    const before = this.#unanswered;
    this.#unanswered = new Map();
    for (const order of [...orders.working()]) {
      const { ordinal, symbol } = order.intended;
      if (!UNANSWERED.includes(order.state.status)) continue;
      const since = before.get(ordinal) ?? now;
      const { lookups, lookupEveryMs } = configFor(config, symbol).venue;
      if (now - since < lookups * lookupEveryMs * 1_000) this.#unanswered.set(ordinal, since);
      else this.lookUp(order);
    }
  }

  // --- what it does ------------------------------------------------------------------------------------------------

  #track(ordinal: number): Tracked {
    const { symbol } = this.#parts.orders.get(ordinal)!.intended;
    const tracked = { asked: 0, machine: this.#machine(ordinal, symbol), ordinal, symbol };
    this.#tracked.set(ordinal, tracked);
    tracked.machine.send({ type: this.#resuming ? 'RESUMED' : 'DOUBTED' });
    return tracked;
  }

  #machine(ordinal: number, symbol: string): MachineHost<typeof unknownOrderMachine> {
    const { lookups, lookupEveryMs, retryMs } = configFor(this.#parts.config, symbol).venue;
    const input = { lookupEveryMs, lookups, retryMs };
    return new MachineHost(this.#kernel, machineId(ordinal), unknownOrderMachine, input);
  }

  /** Does what the machine asks for. */
  #serve(tracked: Tracked): void {
    const { ordinal, machine } = tracked;
    const { orders } = this.#parts;
    const { value, context } = machine.snapshot;
    switch (typeof value === 'string' ? value : 'looking') {
      case 'looking':
        if (context.attempts === tracked.asked) return;
        tracked.asked = context.attempts;
        return orders.lookUp(ordinal, context.attempts);
      case 'missing':
        return this.#decide(tracked);
      case 'appeared':
        orders.cancelOnSight(ordinal, 'it was given up');
        machine.send({ type: 'CANCEL_ASKED' });
        return;
      case 'over':
        this.#tracked.delete(ordinal);
    }
  }

  #decide({ ordinal, machine }: Tracked): void {
    const { orders } = this.#parts;
    const obstacle = this.#obstacle(orders.get(ordinal)!, machine.snapshot.context.resent);
    if (obstacle === null) orders.resubmit(ordinal);
    else orders.giveUp(ordinal, `the venue does not know it, and ${obstacle}`);
    machine.send({ type: obstacle === null ? 'RESENT' : 'GIVEN_UP' });
  }

  /** Why an order that never arrived is not sent again; null where it may be. */
  #obstacle(order: Order, resent: boolean): string | null {
    const { intended, intendedAt, state, confirmed, cancelReason } = order;
    const { intentAgeMaxMs } = configFor(this.#parts.config, intended.symbol).risk;
    if (resent) return 'it was sent twice';
    if (confirmed) return 'once it did';
    if (cancelReason !== null || state.status !== 'unknown') return 'it is not wanted any more';
    if (this.#kernel.now - intendedAt >= intentAgeMaxMs * 1_000) return 'it is too old to be sent again';
    return this.#parts.mayResend(order) ? null : 'nothing may be sent now';
  }

  #save(): Saved[] {
    return Array.from(this.#tracked.values(), ({ ordinal, symbol, asked, machine }) => {
      return { asked, machine: machine.save(), ordinal, symbol };
    });
  }

  #restore(saved: readonly Saved[]): void {
    for (const { ordinal, symbol, asked, machine: state } of saved) {
      const machine = this.#machine(ordinal, symbol);
      machine.restore(state);
      this.#tracked.set(ordinal, { asked, machine, ordinal, symbol });
    }
  }
}
