/**
 * How the world reaches a running core: stamps what edges hand in, numbers their symbols and codes, and hands durable
 * effects to whoever performs them. It outlives the sessions of its process.
 */
import type { HostClock, InputLane, LiveEdge } from '../../bus/ports.ts';
import { definitionOf } from '../../events/catalogue.ts';
import type { NewInput } from '../../events/define-event.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { SymbolDefined } from '../../events/market.events.ts';
import { ChainRecorded } from '../../events/option.events.ts';
import { OrderCanceled } from '../../events/order.events.ts';
import type { Tick } from '../../events/tick.ts';
import { Pump } from '../pump.ts';
import type { Dictionary } from './dictionary.ts';
import { ENGINE_SOURCE, type LiveSession } from './live-session.ts';

interface LaneParts {
  readonly clock: HostClock;
  readonly session: LiveSession;
  readonly dictionary: Dictionary;
  /** Sees each effect as it has left, under the seq by which edges know it. */
  readonly onEffect: (effect: StoredEvent) => void;
  readonly onFailure: (error: unknown) => void;
}

export class LiveLane implements InputLane {
  readonly #clock: HostClock;
  readonly #dictionary: Dictionary;
  readonly #onEffect: (effect: StoredEvent) => void;
  readonly #pump: Pump;
  /** More than one edge may act on a decision: each connection closes its own gap. */
  readonly #performers = new Map<string, LiveEdge[]>();
  #session: LiveSession;
  #open = true;
  /**
   * What edges know an effect by is its seq counted through all sessions of this process: an answer that comes after a
   * roll must not point at something else in the new log.
   */
  #earlierSeqs = 0;

  constructor({ clock, session, dictionary, onEffect, onFailure }: LaneParts) {
    this.#clock = clock;
    this.#dictionary = dictionary;
    this.#session = session;
    this.#onEffect = onEffect;
    this.#pump = new Pump({
      kernel: session.core.kernel,
      log: session.log,
      perform: (effect) => this.#perform(effect),
      symbolOf: (id) => dictionary.symbolOf(id),
      quoteWaitMaxMs: session.manifest.run.config.venue.silenceMs / 2,
      onFailure,
    });
  }

  /** From now on these carry out what they say they perform. */
  connect(edges: readonly LiveEdge[]): void {
    for (const edge of edges) {
      for (const type of edge.performs)
        this.#performers.set(type, [...(this.#performers.get(type) ?? []), edge]);
    }
  }

  // --- for edges -----------------------------------------------------------------------------------------------------

  tick(tick: Tick, source: string): void {
    if (!this.#open) return;
    tick.recordedAt = this.#clock.now();
    this.#pump.offerTick(tick, source);
  }

  input(event: NewInput, from: Parameters<InputLane['input']>[1]): void {
    if (!this.#open) return;
    const { source, time, causation = null } = from;
    if (event.type === ChainRecorded.type) {
      return this.#pump.offerBehindTicks(event, { source, recordedAt: this.#clock.now(), time });
    }
    const asked = causation === null ? this.#requestOf(event) : causation - this.#earlierSeqs;
    this.#pump.offerInput(event, {
      source,
      recordedAt: this.#clock.now(),
      time,
      causation: asked > 0 ? asked : null,
    });
  }

  /** What the venue says of an order unasked answers the submit or the cancel that this log holds; 0 where it holds none. */
  #requestOf({ type, payload }: NewInput): number {
    if (!definitionOf(type).report) return 0;
    const { ordinal } = payload as { readonly ordinal?: number | null };
    const order = this.#session.core.actors.orders.get(ordinal ?? 0);
    if (order === undefined) return 0;
    return (type === OrderCanceled.type && order.cancelSeq) || order.submitSeq;
  }

  idOf(symbol: string): number | undefined {
    return this.#dictionary.idOf(symbol);
  }

  define(definition: Omit<SymbolDefined, 'id'>): number {
    const defined = this.#dictionary.define(definition);
    if (defined !== null) this.say(SymbolDefined.of(defined));
    return this.#dictionary.idOf(definition.symbol)!;
  }

  codeOf(dictionary: 'exchange' | 'conditions', code: string): number {
    const { id, defined } = this.#dictionary.code(dictionary, code);
    if (defined !== null) this.say(defined);
    return id;
  }

  // --- for the engine ------------------------------------------------------------------------------------------------

  /** Records something of the engine's own. */
  say(event: NewInput, source = ENGINE_SOURCE): void {
    this.input(event, { source });
  }

  /** Runs once everything handed in before has been dispatched. */
  whenReached(run: () => void): void {
    this.#pump.offerTask(run);
  }

  /** Makes durable what was recorded outside of the lane, and lets its effects leave. */
  commit(): void {
    this.#pump.commit();
  }

  /** Goes on in another session; only from within `whenReached`. */
  continueIn(session: LiveSession): void {
    this.#earlierSeqs += this.#session.core.kernel.seq;
    this.#session = session;
    this.#pump.continueIn({ kernel: session.core.kernel, log: session.log });
  }

  /** Ticks that wait for their turn. */
  get backlog(): number {
    return this.#pump.backlog;
  }

  /** Effects that wait for the disk. */
  get leaving(): number {
    return this.#open ? this.#pump.leaving : 0;
  }

  /** Takes nothing more from anybody, and lets nothing out. */
  close(): void {
    this.#open = false;
    this.#performers.clear();
  }

  #perform(effect: StoredEvent): void {
    const seen = this.#earlierSeqs === 0 ? effect : { ...effect, seq: effect.seq + this.#earlierSeqs };
    for (const edge of this.#performers.get(effect.type) ?? []) edge.perform(seen);
    this.#onEffect(seen);
  }
}
