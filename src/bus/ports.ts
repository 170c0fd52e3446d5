/** The interfaces between the core and its edges. Only types: whoever implements one imports this, never the core. */
import type { InspectionEvent } from 'xstate';
import type { Side } from '../domain/instrument.ts';
import type { IntelPayload } from '../domain/intel.ts';
import type { OrderStatus } from '../domain/order-status.ts';
import type { CorporateActionHeard, VenueReported } from '../events/account.events.ts';
import type { NewInput } from '../events/define-event.ts';
import type { StoredEvent } from '../events/envelope.ts';
import type { HistoryLoaded } from '../events/feed.events.ts';
import type { SymbolDefined } from '../events/market.events.ts';
import type { Tick } from '../events/tick.ts';

/**
 * Receives every event in seq order, as the kernel numbers it. The tick is reused: copy what must be kept.
 * A throw halts the engine before anything is dispatched.
 */
export interface EventSink {
  tick(seq: number, tick: Tick, source: string): void;
  event(event: StoredEvent): void;
}

/** Watches the actors' machines as they move, for an inspector. It must not touch the core; what it throws ends its watch. */
export interface MachineObserver {
  /** `actor` is the same in every run; the ids within `seen` are XState's own. */
  machine(actor: string, seen: InspectionEvent): void;
}

/** An event log open for writing. Transactions end only when `settle` or `flush` is called, which the kernel does at quiescence. */
export interface EventLog extends EventSink {
  /** The cascade is quiet: the log may end its transaction here if it is due (full block, or its interval has passed). */
  settle(): void;
  /** Commits and syncs everything appended so far; returns the last durable seq. Needed before an effect leaves. */
  flush(): number;
  /**
   * The same while the engine goes on: `done` is called on a later turn of the event loop, with what went wrong where the disk
   * refused; nothing can be appended then. Not called once the log is closed.
   */
  flushSoon(done: (error: Error | null) => void): void;
  /** Last seq that was appended, durable or not. */
  readonly lastSeq: number;
  close(): void;
}

/** Pulls a log's records in seq order. `tick` and `event` are valid until the next call. */
export interface LogCursor {
  /** Moves to the next record: 0 at the end, 1 on a tick, 2 on an event. */
  next(): 0 | 1 | 2;
  readonly seq: number;
  /** The record's source. */
  readonly source: string;
  /** One object, reused for all ticks. */
  readonly tick: Tick;
  readonly event: StoredEvent;
  close(): void;
}

// --- what a live engine talks to -----------------------------------------------------------------------------------

/** What roots wait for, outside of any dispatch. */
type Later<T> = Promise<T>; // determinism-ok: only a type, and only of what the core never sees

/** Something a company did to its shares, and the inputs that book it; none where it has a problem. */
export interface CorporateAction extends CorporateActionHeard {
  readonly inputs: readonly NewInput[];
}

/** The clock outside: wall time in integer microseconds, never stepping back, and timers on it. The core never sees one. */
export interface HostClock {
  now(): number;
  /** Runs once after so many milliseconds of this clock; the answer cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** Where adapters hand in what they learned. It stamps `recordedAt`; nothing is dispatched before the call returns. */
export interface InputLane {
  /** The tick is copied; its `recordedAt` is set by the lane. */
  tick(tick: Tick, source: string): void;
  /** `time`: when it happened by its venue, microseconds. `causation`: seq of the effect it answers. */
  input(
    event: NewInput,
    from: { readonly source: string; readonly time?: number; readonly causation?: number | null },
  ): void;
  /** Dictionary id of a symbol (OCC symbol of a contract), or undefined where it was not defined yet. */
  idOf(symbol: string): number | undefined;
  /** Defines a symbol once, as an input before anything that uses it; returns its id. */
  define(definition: Omit<SymbolDefined, 'id'>): number;
  /** Dictionary id of an exchange code or of a set of condition codes. */
  codeOf(dictionary: 'exchange' | 'conditions', code: string): number;
}

/**
 * One connection of a live engine to the world outside. It learns through the `InputLane` it was made with and acts on
 * decisions that are durable. No method throws: what fails is an input that says so.
 */
export interface LiveEdge {
  /** Types of effects it carries out; others are never given to it. */
  readonly performs: readonly string[];
  start(): void;
  /** Carries out a durable decision; what comes of it arrives on the lane, caused by its seq. */
  perform(effect: StoredEvent): void;
  /** Closes every connection; nothing is handed in after it resolves. */
  stop(): Later<void>;
}

/** An order as the engine knows it: what an adapter compares the venue's word with. */
export interface KnownOrder {
  readonly ordinal: number;
  readonly symbol: string;
  readonly side: Side;
  readonly status: OrderStatus;
  /** Null while a share of equity. */
  readonly orderedQty: number | null;
  readonly filledQty: number;
  /** Mean price of what is filled. */
  readonly avgPx: number | null;
}

/** What is asked of a venue before a session starts and between sessions. Every method may reject with `VenueError`. */
export interface VenueDesk {
  account(): Later<VenueReported['account'] & { readonly accountId: string; readonly shorting: boolean }>;
  /** The venue's own time, microseconds. `simulated`: it says it is a simulator, whose clock runs this many times as fast. */
  clock(): Later<{
    readonly now: number;
    readonly open: boolean;
    readonly simulated: { readonly speed: number } | null;
  }>;
  /** What the symbols are; rejects with `InputError` naming those the venue does not know or trade. */
  assets(symbols: readonly string[]): Later<readonly Omit<SymbolDefined, 'id'>[]>;
  /** Split-adjusted bars whose end lies in (from, to], oldest first. */
  history(
    symbols: readonly string[],
    range: { readonly resolutionS: number; readonly from: number; readonly to: number },
  ): Later<readonly Omit<HistoryLoaded, 'why'>[]>;
  /** What companies did that takes effect from one day to another (YYYY-MM-DD, both included). */
  corporateActions(
    symbols: readonly string[],
    range: { readonly from: string; readonly to: string },
  ): Later<readonly CorporateAction[]>;
  /** Asks for the cancel of every open order of a chain but resting protective stops; how many it found. Needs no session. */
  cancelAll(chain: string): Later<number>;
}

// --- the Intel Bus of this process ---------------------------------------------------------------------------------

/** Who put a value on the bus: the engine's own decision, other code of this process, or Redis. */
export type IntelOrigin = 'engine' | 'process' | 'redis';

export interface IntelEntry {
  readonly key: string;
  readonly payload: IntelPayload;
  readonly origin: IntelOrigin;
  /** Microseconds. */
  readonly heardAt: number;
  /** Microseconds: from this moment on it is not there any more. */
  readonly expiresAt: number;
}

/** The bus as its bridge to elsewhere sees it. */
export interface IntelMirror {
  /** Keeps what a bridge or the engine says, newest per key; the payload as it is kept, or why it is not. Never throws. */
  put(
    key: string,
    payload: IntelPayload,
    from: { readonly origin: IntelOrigin; readonly expiresAt: number },
  ): IntelPayload | { readonly refused: string };
  /** The newest value that has not expired. */
  read(key: string): IntelPayload | null;
  /** Hears every value as it is put; the answer ends it. */
  onChange(listener: (entry: IntelEntry) => void): () => void;
}
