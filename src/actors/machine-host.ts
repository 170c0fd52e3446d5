/**
 * Runs one XState machine inside the kernel: on the kernel's clock, with its failures turned into a recorded halt. The
 * machine stays pure; whoever owns the host reads its snapshots and publishes what follows from them.
 */
import {
  type Actor,
  type AnyStateMachine,
  createActor,
  type EventFromLogic,
  type InputFrom,
  type Snapshot,
  type SnapshotFrom,
} from 'xstate';
import type { Kernel } from '../bus/kernel.ts';

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
    this.#actor.send(event);
    const after = this.#actor.getSnapshot() as Snapshot<unknown>;
    if (after.status === 'error') {
      throw new Error(`${this.#id} failed on ${(event as { type: string }).type}: ${String(after.error)}`);
    }
    return after as SnapshotFrom<M>;
  }

  /** The machine's state as plain JSON. */
  save(): unknown {
    return JSON.parse(JSON.stringify(this.#actor.getPersistedSnapshot()));
  }

  restore(saved: unknown): void {
    this.#actor.stop();
    this.#actor = this.#start(saved as Snapshot<unknown>);
  }

  #start(snapshot?: Snapshot<unknown>): Actor<M> {
    const id = this.#id;
    const options = { id, systemId: id, clock: this.#kernel.clockFor(id), input: this.#input, snapshot };
    const actor = createActor(this.#machine, options as never) as Actor<M>;
    // Without an observer XState rethrows in a later macrotask; `send` looks at the status instead.
    actor.subscribe({ error: () => {} }); // determinism-ok: an XState actor, not an Observable
    actor.start();
    return actor;
  }
}
