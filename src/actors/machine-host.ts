/**
 * Runs one XState machine inside the kernel: on the kernel's clock, with its failures turned into a recorded halt. The
 * machine stays pure; whoever owns the host reads its snapshots and publishes what follows from them.
 */
import {
  type Actor,
  type AnyEventObject,
  type AnyStateMachine,
  createActor,
  type EventFromLogic,
  type InputFrom,
  type Snapshot,
  type SnapshotFrom,
} from 'xstate';
import { withMachineClock } from '../bus/determinism-trap.ts';
import type { Kernel } from '../bus/kernel.ts';
import type { ActorClock } from '../bus/virtual-clock.ts';

/** A delayed transition that was armed when the session ended. XState's own snapshots leave these out. */
interface SavedTimer {
  readonly id: string;
  readonly event: AnyEventObject;
  /** Its ordinal within the actor, by which `TimerFired` names it. */
  readonly n: number;
  /** Microseconds. */
  readonly deadline: number;
  /** Its place among the timers of all actors; logs from before it was kept have none. */
  readonly order?: number;
}

interface SavedMachine {
  readonly snapshot: unknown;
  readonly timers: readonly SavedTimer[];
}

/** What XState keeps of what it has scheduled; not in its public types. */
interface Scheduling {
  readonly scheduler: {
    schedule(source: unknown, target: unknown, event: AnyEventObject, delayMs: number, id: string): void;
  };
  getSnapshot(): {
    readonly _scheduledEvents: Readonly<
      Record<string, { readonly id: string; readonly event: AnyEventObject }>
    >;
  };
}

export class MachineHost<M extends AnyStateMachine> {
  readonly #machine: M;
  readonly #kernel: Kernel;
  readonly #id: string;
  readonly #input: InputFrom<M>;
  #actor: Actor<M>;

  constructor(kernel: Kernel, id: string, machine: M, input: InputFrom<M>) {
    this.#kernel = kernel;
    this.#machine = machine;
    this.#id = id;
    this.#input = input;
    this.#actor = this.#start();
  }

  get snapshot(): SnapshotFrom<M> {
    return this.#actor.getSnapshot() as SnapshotFrom<M>;
  }

  /** Sends an event and returns the snapshot it led to. A failure inside the machine halts the engine. */
  send(event: EventFromLogic<M>): SnapshotFrom<M> {
    const { type } = event as { type: string };
    this.#telling(type, () => this.#inMachine(() => this.#actor.send(event)));
    this.#assertAlive(this.#actor, `on ${type}`);
    return this.snapshot;
  }

  /** The machine's state and its armed timers as plain JSON. */
  save(): SavedMachine {
    const scheduled = Object.values(
      (this.#actor.system as unknown as Scheduling).getSnapshot()._scheduledEvents,
    );
    const armed = this.#kernel.clock.armedBy(this.#id); // both in arming order
    return {
      snapshot: JSON.parse(JSON.stringify(this.#actor.getPersistedSnapshot())),
      timers: scheduled.map(({ id, event }, i) => ({
        id,
        event,
        n: armed[i].n,
        deadline: armed[i].deadline,
        order: armed[i].order,
      })),
    };
  }

  restore(saved: unknown): void {
    const { snapshot, timers } = saved as SavedMachine;
    const { clock } = this.#kernel;
    this.#actor.stop();
    const last = clock.ordinalOf(this.#id);
    this.#actor = this.#start(snapshot as Snapshot<unknown>);
    const { scheduler } = this.#actor.system as unknown as Scheduling;
    const armedSoFar = clock.order;
    for (const { id, event, n, deadline, order } of timers) {
      clock.setOrdinal(this.#id, n - 1);
      if (order !== undefined) clock.order = order - 1;
      this.#inMachine(() =>
        scheduler.schedule(this.#actor, this.#actor, event, (deadline - clock.now) / 1_000, id),
      );
    }
    clock.setOrdinal(this.#id, last);
    clock.order = Math.max(clock.order, armedSoFar);
  }

  /** Tells whoever watches the machines where the step led. */
  #telling(event: string, step: () => void): void {
    const told = this.#kernel.machineMoved;
    if (told === null) return step();
    const from = (this.#actor.getSnapshot() as { readonly value: unknown }).value;
    step();
    const to = (this.#actor.getSnapshot() as { readonly value: unknown }).value;
    if (from !== to) told(this.#id, from, to, event);
  }

  #inMachine(step: () => void): void {
    withMachineClock(this.#kernel.now / 1_000, step);
  }

  /** XState swallows what a machine throws and stops it: whoever made it move has to look. */
  #assertAlive(actor: Actor<M>, when: string): void {
    const { status, error } = actor.getSnapshot() as { status: string; error: unknown };
    if (status === 'error') throw new Error(`${this.#id} failed ${when}: ${String(error)}`);
  }

  #clock(): ActorClock {
    const clock = this.#kernel.clockFor(this.#id);
    const watched = (fire: () => void) => () => {
      this.#telling('a delay ended', fire);
      this.#assertAlive(this.#actor, 'when a delay ended');
    };
    return {
      setTimeout: (fire, delayMs) => clock.setTimeout(watched(fire), delayMs),
      clearTimeout: (timer) => clock.clearTimeout(timer),
    };
  }

  #start(snapshot?: Snapshot<unknown>): Actor<M> {
    const id = this.#id;
    const inspect = this.#kernel.watchOf(id);
    const options = { id, systemId: id, clock: this.#clock(), input: this.#input, snapshot, inspect };
    const actor = createActor(this.#machine, options as never) as Actor<M>;
    // Without an observer XState rethrows in a later macrotask; we look at the status instead.
    actor.subscribe({ error: () => {} }); // determinism-ok: an XState actor, not an Observable
    this.#inMachine(() => actor.start());
    this.#assertAlive(actor, 'at its start');
    return actor;
  }
}
