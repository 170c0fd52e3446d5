/** One session of a live engine, from its manifest to its seal: a core, the log it writes, and what follows both. */
import type { EventLog, EventSink, MachineObserver } from '../../bus/ports.ts';
import type { NewInput } from '../../events/define-event.ts';
import { SessionCarried, SessionEnded, SessionStarted } from '../../events/engine.events.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import type { Tick } from '../../events/tick.ts';
import { createLog } from '../../log/log-writer.ts';
import type { Strategy } from '../../streams/strategy.ts';
import { type Core, createCore } from '../core.ts';
import { nameText, type SessionName } from './session-files.ts';

export const ENGINE_SOURCE = 'engine';

export interface LiveSession {
  readonly name: SessionName;
  readonly path: string;
  readonly manifest: SessionStarted;
  readonly core: Core;
  readonly log: EventLog;
}

/** Shows each event, once it is appended, to whoever keeps an account of the session. */
export class SeenSink implements EventSink {
  /** A replay's comparison at first, then the log. */
  target: EventSink;
  readonly #see: (event: StoredEvent) => void;

  constructor(target: EventSink, see: (event: StoredEvent) => void) {
    this.target = target;
    this.#see = see;
  }

  tick(seq: number, tick: Tick, source: string): void {
    this.target.tick(seq, tick, source);
  }

  event(event: StoredEvent): void {
    this.target.event(event);
    this.#see(event);
  }
}

interface Beginning {
  readonly name: SessionName;
  readonly path: string;
  readonly manifest: SessionStarted;
  readonly carried: SessionCarried | null;
  readonly definitions: readonly NewInput[];
  readonly strategy: Strategy;
  /** Microseconds. */
  readonly now: number;
  readonly see: (event: StoredEvent) => void;
  readonly machines?: MachineObserver;
}

/** Begins a session; nothing of it is durable, and none of its effects has left, before the caller commits. */
export function beginSession(beginning: Beginning): LiveSession {
  const { name, path, manifest, carried, definitions, strategy, now, see, machines } = beginning;
  const log = createLog(path, { session: nameText(name) });
  const sink = new SeenSink(log, see);
  const core = createCore({ sink, run: manifest.run, strategy, symbols: manifest.symbols, machines });
  const provenance = { source: ENGINE_SOURCE, recordedAt: now };
  core.kernel.input(SessionStarted.of(manifest), provenance);
  if (carried !== null) core.kernel.input(SessionCarried.of(carried), provenance);
  for (const definition of definitions) core.kernel.input(definition, provenance);
  return { name, path, manifest, core, log };
}

/** What the session leaves to the next one. */
export const carriedFrom = ({ name, core }: Pick<LiveSession, 'name' | 'core'>): SessionCarried => ({
  from: nameText(name),
  state: core.kernel.carryOver(),
});

/** Ends a session for good: its log takes nothing more. */
export function endSession({ core, log }: LiveSession, reason: string): void {
  const { kernel } = core;
  kernel.input(SessionEnded.of({ reason }), { source: ENGINE_SOURCE, recordedAt: kernel.now });
  kernel.takeEffects();
  log.close();
}
