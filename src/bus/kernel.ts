/**
 * The engine's heart: numbers every event, appends it, dispatches it, and lets nothing else happen. One thread, one
 * order, no promise. What may be assumed of it is written in ARCHITECTURE.md ("The kernel's contract").
 */
import type { Observable } from 'rxjs';
import type { InspectionEvent } from 'xstate';
import { canonicalJson } from '../events/canonical.ts';
import { definitionOf } from '../events/catalogue.ts';
import type { EventDefinition, EventKind, NewDecision, NewInput } from '../events/define-event.ts';
import { EngineHalted, TimerFired } from '../events/engine.events.ts';
import { CORE_SOURCE, type Recorded, type StoredEvent } from '../events/envelope.ts';
import { narrowTick, type Tick } from '../events/tick.ts';
import { DecisionDigest } from './decision-digest.ts';
import {
  deciding,
  dispatching,
  lookingOn,
  NondeterminismError,
  withMachineClock,
} from './determinism-trap.ts';
import type { EventSink, MachineObserver } from './ports.ts';
import { type ActorClock, type Timer, VirtualClock } from './virtual-clock.ts';

/** A cascade longer than this is a loop between actors. */
export const CASCADE_MAX = 10_000;

/** A changed stream value on its way to the actors: queued like a decision, never logged. */
export interface NoticeType<P> {
  readonly notice: string;
  /** Only carries the payload's type. */
  readonly payload?: P;
}
export const defineNotice = <P>(notice: string): NoticeType<P> => ({ notice });

export interface Notice<P> {
  readonly payload: P;
  /** seq of the input (or decision) that changed the value. */
  readonly causation: number;
}

/** Where an input came from and when. */
export interface Provenance {
  readonly source: string;
  /** Microseconds; the engine's clock moves here. A smaller value than the clock's is lifted to it. */
  readonly recordedAt: number;
  /** When it happened by its venue; `recordedAt` where it has no time of its own. */
  readonly time?: number;
  /** seq of the submit or cancel this answers. */
  readonly causation?: number | null;
}

interface PublishOptions {
  /** Another cause than the event being dispatched: the bar behind a daily decision, the intent behind a release. */
  readonly causation?: number;
  /** seqs of the standing decisions that were read. */
  readonly basis?: readonly number[];
}

type Handler = (message: never) => void;
interface Listener {
  readonly actor: string;
  readonly handle: Handler;
}
type Queued =
  | { readonly event: StoredEvent }
  | { readonly notice: string; readonly message: Notice<unknown> };

/** An append failed: nothing of that event was dispatched, and the kernel takes nothing more. */
export class KernelDeadError extends Error {}

/** Part of the core that has path-dependent state to carry into the next session, as plain JSON. */
export interface Carrier {
  save(): unknown;
  restore(state: unknown): void;
}

/**
 * All that a core has come to at a quiescent point, as plain values: a fresh one goes on from there within the same
 * session. What a session hands to the next is part of it.
 */
export interface Checkpoint {
  readonly seq: number;
  readonly inputs: number;
  readonly halted: Recorded | null;
  readonly carried: Readonly<Record<string, unknown>>;
  readonly kept: Readonly<Record<string, unknown>>;
}

/** An actor's machine went from one state to another on an event of that type. */
export type MachineMoved = (actor: string, from: unknown, to: unknown, event: string) => void;

const NO_BASIS: readonly number[] = [];

export class Kernel {
  readonly clock = new VirtualClock();
  readonly digest = new DecisionDigest();
  /** Inputs recorded so far, ticks included. */
  inputs = 0;
  /** Decisions waiting to leave the process; taken by the root once they are durable (a simulation: at once). */
  #effects: StoredEvent[] = [];
  readonly #sink: EventSink;
  readonly #poisonTicks: boolean;
  #observer: MachineObserver | null;
  #seq: number;
  #cause = 0;
  #wiring = true;
  #dead: Error | null = null;
  #halted: Recorded | null = null;
  #cascade = 0;
  #queue: Queued[] = [];
  #head = 0;
  readonly #whenQuiet: Queued[] = [];
  readonly #tickStreams: { actor: string; handle: (tick: Tick, seq: number) => void }[] = [];
  readonly #streams = new Map<string, Listener[]>();
  readonly #actors = new Map<string, Listener[]>();
  readonly #carriers = new Map<string, Carrier>();
  readonly #keepers = new Map<string, Carrier>();
  /** For faces: told of each move of a machine, and nothing is decided by it. */
  machineMoved: MachineMoved | null = null;

  /** `afterSeq`: the last seq already in the log when a session goes on. */
  constructor(
    sink: EventSink,
    options: { afterSeq?: number; poisonTicks?: boolean; machines?: MachineObserver } = {},
  ) {
    this.#sink = sink;
    this.#seq = options.afterSeq ?? 0;
    this.#poisonTicks = options.poisonTicks ?? false;
    this.#observer = options.machines ?? null;
  }

  get seq(): number {
    return this.#seq;
  }
  get now(): number {
    return this.clock.now;
  }
  /** The `EngineHalted` that stopped deciding, or null. */
  get halted(): Recorded | null {
    return this.#halted;
  }
  /** seq of what is being dispatched: the cause of whatever is published now. */
  get cause(): number {
    return this.#cause;
  }

  // --- wiring: complete before the first input --------------------------------------------------------------------

  /** Streams see every tick first, in wiring order. */
  onTick(actor: string, handle: (tick: Tick, seq: number) => void): void {
    this.#assertWiring(actor);
    this.#tickStreams.push({ actor, handle });
  }

  /** A stream that folds an input event before any actor hears it. */
  onStream<P>(
    definition: EventDefinition<'input', P>,
    actor: string,
    handle: (event: Recorded<P>) => void,
  ): void {
    this.#listen(this.#streams, definition.type, actor, handle as Handler);
  }

  /** An actor hears an event type at its dispatch, in wiring order. */
  on<P>(
    definition: EventDefinition<EventKind, P>,
    actor: string,
    handle: (event: Recorded<P>) => void,
  ): void {
    this.#listen(this.#actors, definition.type, actor, handle as Handler);
  }

  onNotice<P>(type: NoticeType<P>, actor: string, handle: (notice: Notice<P>) => void): void {
    this.#listen(this.#actors, type.notice, actor, handle as Handler);
  }

  /** The only way to an Observable in the core: a throw in it or in the handler halts, on replay as live. */
  listen<T>(values: Observable<T>, actor: string, handle: (value: T) => void): void {
    this.#assertWiring(actor);
    const hear = (value: T): void => {
      // A timer or promise of the host brought it: no input of the log would, on replay.
      if (!dispatching.active && !this.#wiring)
        throw new NondeterminismError('a value came while nothing was dispatched');
      handle(value);
    };
    deciding(() =>
      values.subscribe({
        next: (value) => this.#insideObservable(() => this.#guard(actor, () => hear(value))),
        error: (error) => this.#insideObservable(() => this.#haltFor(error, actor, 'STREAM_FAILED')),
      }),
    );
  }

  /** A clock for one actor's XState `after`. */
  clockFor(actor: string): ActorClock {
    return {
      setTimeout: (fire, delayMs) => {
        if (this.#wiring)
          throw new Error(`"${actor}" armed a timer before the first input gave the clock its time`);
        return this.clock.arm(actor, delayMs * 1_000, this.#cause, () =>
          withMachineClock(this.now / 1_000, fire),
        );
      },
      clearTimeout: (timer) => this.clock.cancel(timer as Timer),
    };
  }

  /** What a machine is watched by; undefined where nobody looks: it then tells nothing at all. */
  watchOf(actor: string): ((seen: InspectionEvent) => void) | undefined {
    if (this.#observer === null) return undefined;
    return (seen) =>
      lookingOn(() => {
        try {
          this.#observer?.machine(actor, seen);
        } catch {
          // Whoever looks on never stops a decision.
          this.#observer = null;
        }
      });
  }

  carry(actor: string, carrier: Carrier): void {
    this.#assertWiring(actor);
    if (this.#carriers.has(actor)) throw new Error(`two carriers are named "${actor}"`);
    this.#carriers.set(actor, carrier);
  }

  /**
   * State that ends with the session and that only the session itself can go on with: the next one begins without it. A part
   * that carries, too, is given back that first.
   */
  keep(actor: string, keeper: Carrier): void {
    this.#assertWiring(actor);
    if (this.#keepers.has(actor)) throw new Error(`two keepers are named "${actor}"`);
    this.#keepers.set(actor, keeper);
  }

  /** The path-dependent state of every part, by name: the payload of the next session's `SessionCarried`. */
  carryOver(): Record<string, unknown> {
    const { now, order } = this.clock;
    const state: Record<string, unknown> = { clock: { now, order, ordinals: this.clock.ordinals() } };
    for (const [name, carrier] of [...this.#carriers].sort(([a], [b]) => (a < b ? -1 : 1))) {
      state[name] = carrier.save();
    }
    return state;
  }

  restore(state: Readonly<Record<string, unknown>>): void {
    this.#restoreClock(state);
    for (const [name, carrier] of this.#carriers) if (name in state) carrier.restore(state[name]);
  }

  /** Between two inputs. */
  checkpoint(): Checkpoint {
    const kept = Array.from(this.#keepers, ([name, keeper]) => [name, keeper.save()] as const);
    return {
      seq: this.#seq,
      inputs: this.inputs,
      halted: this.#halted,
      carried: this.carryOver(),
      kept: Object.fromEntries(kept),
    };
  }

  /**
   * Brings a fresh core to where another one of the same session stood. What it decides from then on is the same, but for
   * the seqs of decisions before the checkpoint, which nobody names any more.
   */
  resume({ seq, inputs, halted, carried, kept }: Checkpoint): void {
    this.#assertWiring('a checkpoint');
    this.#wiring = false;
    this.#seq = seq;
    this.inputs = inputs;
    this.#restoreClock(carried);
    this.#begin(seq);
    try {
      for (const name of new Set([...this.#carriers.keys(), ...this.#keepers.keys()])) {
        if (name in carried) this.#carriers.get(name)?.restore(carried[name]);
        if (name in kept) this.#keepers.get(name)?.restore(kept[name]);
      }
    } finally {
      this.#end();
    }
    this.#halted = halted;
  }

  #restoreClock(state: Readonly<Record<string, unknown>>): void {
    const clock = state.clock as { now: number; order?: number; ordinals: Record<string, number> };
    this.clock.now = Math.max(this.clock.now, clock.now);
    this.clock.order = Math.max(this.clock.order, clock.order ?? 0);
    for (const actor of Object.keys(clock.ordinals)) this.clock.setOrdinal(actor, clock.ordinals[actor]);
  }

  // --- inputs -----------------------------------------------------------------------------------------------------

  /** Records one market tick and dispatches it to quiescence. The tick is the caller's to reuse afterwards. */
  tick(tick: Tick, source: string): void {
    this.#advance(tick.recordedAt);
    tick.recordedAt = this.clock.now;
    narrowTick(tick);
    const seq = this.#number();
    try {
      this.#sink.tick(seq, tick, source);
    } catch (error) {
      this.#die(error);
    }
    this.inputs++;
    if (this.#halted === null) {
      this.#begin(seq);
      for (const stream of this.#tickStreams) {
        try {
          stream.handle(tick, seq);
        } catch (error) {
          this.#haltFor(error, stream.actor);
          break;
        }
      }
      if (this.#queue.length > 0 || this.#whenQuiet.length > 0) this.#drain();
      this.#end();
    }
    if (this.#poisonTicks) poison(tick);
  }

  /** Records one input event and dispatches it to quiescence; returns its seq. */
  input(event: NewInput, provenance: Provenance): number {
    this.#advance(provenance.recordedAt);
    const time = provenance.time ?? this.clock.now;
    const stored = this.#append(event, time, provenance.source, provenance.causation ?? null, NO_BASIS);
    this.inputs++;
    if (this.#halted === null) {
      this.#begin(stored.seq);
      this.#deliver(this.#streams.get(stored.type), stored);
      this.#queue.push({ event: stored });
      this.#drain();
      this.#end();
    }
    return stored.seq;
  }

  /** Fires what is due by `to`, exactly as an input of that moment would have found it: a simulation need not wait for one. */
  elapse(to: number): void {
    this.#advance(to);
  }

  // --- from inside ------------------------------------------------------------------------------------------------

  /** Appends a decision and queues it; returns its seq, or 0 when deciding has stopped. Never dispatches. */
  publish(decision: NewDecision, options: PublishOptions = {}): number {
    if (this.#halted !== null) return 0;
    const causation = options.causation ?? this.#cause;
    const stored = this.#append(decision, this.clock.now, CORE_SOURCE, causation, options.basis ?? NO_BASIS);
    this.#queue.push({ event: stored });
    if (definitionOf(decision.type).effect) this.#effects.push(stored);
    return stored.seq;
  }

  /** Queues a changed stream value for the actors. */
  notify<P>(type: NoticeType<P>, payload: P): void {
    this.#queue.push({ notice: type.notice, message: { payload, causation: this.#cause } });
  }

  /** Queues a notice for when this cascade is otherwise quiet: a day is decided after all its facts are folded. */
  notifyWhenQuiet<P>(type: NoticeType<P>, payload: P): void {
    this.#whenQuiet.push({ notice: type.notice, message: { payload, causation: this.#cause } });
  }

  /** Stops deciding; inputs are still recorded. The first halt stands. */
  halt(code: string, actor: string, error: unknown): void {
    if (this.#halted !== null) return;
    const event = EngineHalted.of({
      code,
      actor: actor.toWellFormed(),
      message: describe(error).toWellFormed(),
    });
    this.#halted = this.#append(event, this.clock.now, CORE_SOURCE, this.#cause || null, NO_BASIS);
    this.#queue = [];
    this.#head = 0;
    this.#whenQuiet.length = 0;
    this.#effects.length = 0; // a submit of the broken cascade must not leave; reconciliation finds it unsent
  }

  /** Takes the effects of the cascades since the last call, oldest first. */
  takeEffects(): readonly StoredEvent[] {
    if (this.#effects.length === 0) return NO_EFFECTS;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  // --- how it works -----------------------------------------------------------------------------------------------

  #append(
    event: NewInput | NewDecision,
    time: number,
    source: string,
    causation: number | null,
    basis: readonly number[],
  ): StoredEvent {
    const json = canonicalJson(event.payload);
    const { type, kind, version, payload } = event;
    const correlation = definitionOf(type).correlate(payload);
    const seq = this.#number();
    const recordedAt = this.clock.now;
    const stored: StoredEvent = {
      seq,
      kind,
      type,
      version,
      time,
      recordedAt,
      source,
      causation,
      correlation,
      basis,
      payload,
      json,
    };
    const deciding = dispatching.active;
    dispatching.active = false; // a log may look at its own clock
    try {
      this.#sink.event(stored);
    } catch (error) {
      this.#die(error);
    }
    dispatching.active = deciding;
    if (kind === 'decision') this.digest.add(stored);
    return stored;
  }

  #number(): number {
    if (this.#dead !== null) throw this.#dead;
    return ++this.#seq;
  }

  #die(error: unknown): never {
    dispatching.active = false;
    const message = error instanceof Error ? error.message : String(error);
    this.#dead = new KernelDeadError(`the log does not take events any more: ${message}`, { cause: error });
    this.#queue = [];
    this.#head = 0;
    this.#effects.length = 0;
    throw this.#dead;
  }

  /** Fires what is due at the clock's next moment or before, each timer to quiescence, then moves the clock there. */
  #advance(recordedAt: number): void {
    if (dispatching.active)
      throw new Error('an input came while another was dispatched: inputs come from outside only');
    this.#wiring = false;
    if (this.#dead !== null) throw this.#dead;
    // biome-ignore lint/complexity/useMathMinMax: a source's NaN must not become the clock
    const moment = recordedAt >= this.clock.now ? recordedAt : this.clock.now;
    let atOneInstant = 0;
    while (this.clock.nextDeadline <= moment && this.#halted === null) {
      const before = this.clock.now;
      const timer = this.clock.takeDue(moment)!;
      atOneInstant = this.clock.now > before ? 1 : atOneInstant + 1;
      if (atOneInstant > CASCADE_MAX) {
        return this.halt(
          'CASCADE',
          timer.actor,
          new Error(`more than ${CASCADE_MAX} timers fired without time passing`),
        );
      }
      this.#fire(timer);
    }
    this.clock.now = moment;
  }

  #fire(timer: Timer): void {
    const { actor, n, deadline } = timer;
    this.#begin(timer.armedBy);
    const fired = this.publish(TimerFired.of({ actor, n, deadline }));
    this.#cause = fired;
    this.#guard(actor, timer.fire);
    this.#drain();
    this.#end();
  }

  #begin(seq: number): void {
    this.#cause = seq;
    this.#cascade = 0;
    dispatching.active = true;
  }

  #end(): void {
    dispatching.active = false;
    if (this.#dead !== null) throw this.#dead;
  }

  #drain(): void {
    for (;;) {
      while (this.#head < this.#queue.length) {
        if (++this.#cascade > CASCADE_MAX) {
          this.halt('CASCADE', 'kernel', new Error(`one input caused more than ${CASCADE_MAX} events`));
          return;
        }
        const next = this.#queue[this.#head++];
        if ('event' in next) {
          this.#cause = next.event.seq;
          this.#deliver(this.#actors.get(next.event.type), next.event);
        } else {
          this.#cause = next.message.causation;
          this.#deliver(this.#actors.get(next.notice), next.message);
        }
      }
      this.#queue.length = 0;
      this.#head = 0;
      const quiet = this.#whenQuiet.shift();
      if (quiet === undefined) return;
      this.#queue.push(quiet);
    }
  }

  #deliver(listeners: readonly Listener[] | undefined, message: unknown): void {
    if (listeners === undefined) return;
    for (const listener of listeners) {
      if (this.#halted !== null) return;
      try {
        listener.handle(message as never);
      } catch (error) {
        this.#haltFor(error, listener.actor);
      }
    }
  }

  #guard(actor: string, run: () => void): void {
    if (this.#halted !== null) return;
    try {
      run();
    } catch (error) {
      this.#haltFor(error, actor);
    }
  }

  #haltFor(error: unknown, actor: string, code = 'HANDLER_THREW'): void {
    if (this.#dead !== null) throw this.#dead;
    this.halt(error instanceof NondeterminismError ? 'NONDETERMINISM' : code, actor, error);
  }

  /** RxJS would rethrow a failed append in a later macrotask; the end of the cascade throws it instead. */
  #insideObservable(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (error !== this.#dead) throw error;
    }
  }

  #listen(registry: Map<string, Listener[]>, type: string, actor: string, handle: Handler): void {
    this.#assertWiring(actor);
    const listeners = registry.get(type);
    if (listeners === undefined) registry.set(type, [{ actor, handle }]);
    else listeners.push({ actor, handle });
  }

  #assertWiring(actor: string): void {
    if (!this.#wiring)
      throw new Error(`"${actor}" was wired after the first input; wiring must be complete before it`);
  }
}

const NO_EFFECTS: readonly StoredEvent[] = [];

/** Anything can be thrown, also what refuses to be text. */
function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return 'an error that cannot be shown as text';
  }
}

/** Whoever kept the tick instead of copying it reads NaN at once, in tests. */
function poison(tick: Tick): void {
  tick.time = tick.recordedAt = tick.symbolId = Number.NaN;
  tick.bidPx = tick.askPx = tick.bidSize = tick.askSize = tick.px = tick.size = Number.NaN;
  tick.open = tick.high = tick.low = tick.close = tick.volume = tick.vwap = Number.NaN;
}
