/**
 * The engine's machines in Stately's inspection protocol, for any number of viewers. A viewer gets every actor with its
 * state first, then what happens. One that reads too slowly misses messages, never the state in which they end.
 */
import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect';
import type { AnyActorLogic, AnyMachineSnapshot, InspectionEvent } from 'xstate';
import type { MachineObserver } from '../../bus/ports.ts';

/** Where messages for one viewer go. */
export interface ViewerSocket {
  /** Bytes that were sent and have not left yet. */
  readonly bufferedAmount: number;
  send(text: string): void;
}

interface Viewer {
  readonly socket: ViewerSocket;
  /** Messages left out since it fell behind; null while it keeps up. */
  missed: number | null;
}

interface Watched {
  readonly logic: AnyActorLogic;
  /** Undefined between an actor's making and its start. */
  snapshot: AnyMachineSnapshot | undefined;
}

const BUFFER_MAX = 4 * 1_048_576;
/** It has caught up when hardly anything waits any more. */
const BUFFER_LOW = 65_536;
/** Orders of unknown fate have an actor each; those of long ago are forgotten. */
const ACTORS_MAX = 1_000;
/** The deepest machine's configuration, down to what an action is told. */
const DEPTH_MAX = 20;

export class InspectorStream implements MachineObserver {
  readonly #say: (sentence: string) => void;
  readonly #watched = new Map<string, Watched>();
  readonly #viewers = new Map<ViewerSocket, Viewer>();
  /** Whom the message that is being made is for. */
  #audience: readonly Viewer[] = [];
  readonly #inspector = createInspector(
    { send: (message) => this.#deliver(message) },
    { serialize: asOwn, serializationDepthLimit: DEPTH_MAX },
  );

  /** `say` tells people. */
  constructor(say: (sentence: string) => void) {
    this.#say = say;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Somebody has missed messages and not caught up yet. */
  get isBehind(): boolean {
    return [...this.#viewers.values()].some(({ missed }) => missed !== null);
  }

  machine(actor: string, seen: InspectionEvent): void {
    try {
      this.#see(actor, seen);
    } catch (error) {
      this.#say(`the inspection ends, and the engine goes on: ${String(error)}`);
      throw error;
    }
  }

  /** A viewer that came, or one that caught up: every actor as it is now. */
  add(socket: ViewerSocket): void {
    const viewer: Viewer = { socket, missed: null };
    this.#viewers.set(socket, viewer);
    this.#tellAll(viewer);
  }

  remove(socket: ViewerSocket): void {
    this.#viewers.delete(socket);
  }

  /** To be called now and then: who fell behind goes on from the present once all it was sent has left. */
  catchUp(): void {
    for (const viewer of this.#viewers.values()) {
      if (viewer.missed === null || viewer.socket.bufferedAmount > BUFFER_LOW) continue;
      this.#say(
        `an inspector was too slow for ${viewer.missed} messages; it goes on with every actor as it is now`,
      );
      viewer.missed = null;
      this.#tellAll(viewer);
    }
  }

  #see(actor: string, seen: InspectionEvent): void {
    if (seen.type === '@xstate.actor') {
      const { logic } = seen.actorRef as unknown as { logic: AnyActorLogic };
      this.#watched.delete(actor);
      this.#watched.set(actor, { logic, snapshot: undefined });
      if (this.#watched.size > ACTORS_MAX) this.#watched.delete(this.#watched.keys().next().value!);
      if (this.#hasAudience()) this.#tellActor(actor);
    } else if (seen.type === '@xstate.event') {
      const source = seen.sourceRef === undefined ? undefined : actor;
      if (this.#hasAudience()) this.#inspector.event(actor, seen.event, { source });
    } else if (seen.type === '@xstate.snapshot') {
      const watched = this.#watched.get(actor);
      if (watched !== undefined) watched.snapshot = seen.snapshot as AnyMachineSnapshot;
      if (this.#hasAudience()) this.#inspector.snapshot(actor, seen.snapshot, { event: seen.event });
    }
  }

  /** Nothing is made for nobody. */
  #hasAudience(): boolean {
    if (this.#viewers.size === 0) return false;
    const audience: Viewer[] = [];
    for (const viewer of this.#viewers.values()) {
      if (viewer.missed !== null) viewer.missed++;
      else if (viewer.socket.bufferedAmount <= BUFFER_MAX) audience.push(viewer);
      else {
        viewer.missed = 1;
        this.#say('an inspector reads too slowly: it is left out until it has caught up');
      }
    }
    this.#audience = audience;
    return audience.length > 0;
  }

  #tellAll(viewer: Viewer): void {
    this.#audience = [viewer];
    for (const [actor, { snapshot }] of this.#watched) {
      this.#tellActor(actor);
      if (snapshot !== undefined)
        this.#inspector.snapshot(actor, snapshot, { event: { type: 'xstate.init' } });
    }
  }

  /** The context that a machine makes for itself is a function, and what it made is the better example. */
  #tellActor(actor: string): void {
    const { logic, snapshot } = this.#watched.get(actor)!;
    const { config } = logic as unknown as { config: object };
    const shown = { ...config, context: snapshot?.context ?? {} };
    const ref = { id: actor, sessionId: actor, logic: { config: shown } };
    this.#inspector.actor(ref as never, snapshot ?? { status: 'active' });
  }

  #deliver(message: StatelyInspectionEvent): void {
    const text = JSON.stringify(message);
    for (const { socket } of this.#audience) socket.send(text);
  }
}

/** An actor is known by the engine's own name for it, the same in every run, and each is the root of its system. */
function asOwn(message: StatelyInspectionEvent): StatelyInspectionEvent {
  const own = { ...message, rootId: message.sessionId };
  return own.type === '@xstate.actor' ? { ...own, name: own.sessionId } : own;
}
