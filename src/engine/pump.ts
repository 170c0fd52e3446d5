/**
 * Feeds a running engine: what arrives waits in two lanes (orders and control before market data) and is drained in
 * slices that leave room for the event loop. No effect leaves before the log has made its cause durable; the disk does
 * that while the engine goes on.
 */
import type { Kernel } from '../bus/kernel.ts';
import type { EventLog } from '../bus/ports.ts';
import type { NewInput } from '../events/define-event.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { TicksConflated } from '../events/market.events.ts';
import { copyTick, Tick, TickKind } from '../events/tick.ts';

interface Provenance {
  readonly source: string;
  readonly recordedAt: number;
  readonly time?: number;
  readonly causation?: number | null;
}

/** Where what arrives goes: a session's core and its log. */
interface PumpedSession {
  readonly kernel: Kernel;
  readonly log: EventLog;
}

interface PumpParts extends PumpedSession {
  /** Carries an effect out of the process; called only after the log has flushed. */
  readonly perform: (effect: StoredEvent) => void;
  /** The log takes nothing more: whatever waits is lost, and nothing is fed again. Thrown where nobody is told. */
  readonly onFailure?: (error: unknown) => void;
  readonly symbolOf: (symbolId: number) => string;
  /** Milliseconds of draining before the event loop gets its turn. */
  readonly budgetMs?: number;
  /** Ticks waiting before quotes of one symbol are merged into the newest. */
  readonly conflateAbove?: number;
  /**
   * A quote that waited longer than this is recorded as merged and told to nobody: control inputs have moved the clock past
   * it, by which it would look as fresh as they are. None where not given.
   */
  readonly quoteWaitMaxMs?: number;
  /** Monotonic milliseconds, and how to go on after a yield; the host's where not given. */
  readonly now?: () => number;
  readonly yieldTo?: (goOn: () => void) => void;
}

interface WaitingTick {
  readonly tick: Tick;
  source: string;
  /** Older quotes this one stands for. */
  merged: number;
}

/** An input of the market lane. It answers no effect: a session may end before its turn comes. */
interface WaitingInput {
  readonly event: NewInput;
  readonly provenance: Omit<Provenance, 'causation'>;
}

const BUDGET_MS = 5;
const CONFLATE_ABOVE = 10_000;
/** The clock of the host is read once in so many records. */
const RECORDS_PER_LOOK = 64;
/** Places of fed ticks before the queue is cut. */
const CONSUMED_MAX = 10_000;
/** Fed ticks kept to be filled again: a market that never falls silent leaves no garbage, whose collection orders would wait for. */
const SPARE_MAX = 10_000;

/** A recorded input, or something to do between two of them. */
type Control = { readonly event: NewInput; readonly provenance: Provenance } | (() => void);

export class Pump {
  readonly #parts: PumpParts;
  #session: PumpedSession;
  readonly #budgetMs: number;
  readonly #conflateAbove: number;
  #control: Control[] = [];
  #market: (WaitingTick | WaitingInput | null)[] = [];
  #marketHead = 0;
  readonly #spare: WaitingTick[] = [];
  readonly #newestQuote = new Map<number, WaitingTick>();
  #scheduled = false;
  #failed = false;
  /** Effects in the order of their decisions, until their log has made them durable. */
  #leaving: StoredEvent[] = [];
  /** The flush under way, and how many of these it is for. */
  #flush: { readonly effects: number } | null = null;

  constructor(parts: PumpParts) {
    this.#parts = parts;
    this.#session = parts;
    this.#budgetMs = parts.budgetMs ?? BUDGET_MS;
    this.#conflateAbove = parts.conflateAbove ?? CONFLATE_ABOVE;
  }

  /** Of the market lane: ticks that wait, and what stands behind them. */
  get backlog(): number {
    return this.#market.length - this.#marketHead;
  }

  /** Takes a copy of a tick; under load a quote replaces the symbol's newest waiting one, and the merge is recorded. */
  offerTick(tick: Tick, source: string): void {
    const isQuote = tick.kind === TickKind.quote;
    const waiting =
      isQuote && this.backlog >= this.#conflateAbove ? this.#newestQuote.get(tick.symbolId) : undefined;
    if (waiting !== undefined && waiting.source === source) {
      copyTick(tick, waiting.tick);
      waiting.merged++;
      return;
    }
    const added = this.#spare.pop() ?? { tick: new Tick(), source, merged: 0 };
    copyTick(tick, added.tick);
    added.source = source;
    added.merged = 0;
    this.#market.push(added);
    if (isQuote) this.#newestQuote.set(tick.symbolId, added);
    this.#schedule();
  }

  /** Reports, commands and clock ticks: never merged, never behind market data. */
  offerInput(event: NewInput, provenance: Provenance): void {
    this.#control.push({ event, provenance });
    this.#schedule();
  }

  /** What says something of the ticks handed in before it: it stands behind them, as the end of a chain behind its quotes. */
  offerBehindTicks(event: NewInput, provenance: WaitingInput['provenance']): void {
    this.#market.push({ event, provenance });
    this.#schedule();
  }

  /** Runs in its turn, when everything before it has been dispatched and nothing else is. */
  offerTask(run: () => void): void {
    this.#control.push(run);
    this.#schedule();
  }

  /** What comes from now on belongs to another session; only between inputs. A seq is a place in one log: what waits forgets its cause. */
  continueIn(session: PumpedSession): void {
    this.#session = session;
    this.#control = this.#control.map((each) =>
      typeof each === 'function' ? each : { ...each, provenance: { ...each.provenance, causation: null } },
    );
  }

  /** Effects that wait for the disk. */
  get leaving(): number {
    return this.#leaving.length;
  }

  /** Drains until empty or out of budget, then yields. */
  drain(): void {
    this.#unlessFailed(() => this.#drain());
  }

  /** Makes everything recorded durable at once and lets its effects leave, outside of any input. */
  commit(): void {
    const { kernel, log } = this.#session;
    log.flush();
    const leaving = [...this.#leaving, ...kernel.takeEffects()];
    this.#leaving = [];
    this.#flush = null;
    for (const effect of leaving) this.#parts.perform(effect);
  }

  #unlessFailed(run: () => void): void {
    if (this.#failed) return;
    try {
      run();
    } catch (error) {
      if (this.#failed) return;
      this.#failed = true;
      if (this.#parts.onFailure === undefined) throw error;
      this.#parts.onFailure(error);
    }
  }

  #drain(): void {
    const now = this.#parts.now ?? (() => performance.now());
    const until = now() + this.#budgetMs;
    for (let done = 1; this.#step(); done++) {
      if (done % RECORDS_PER_LOOK === 0 && now() >= until) break;
    }
    // The log's own commits are due here, and not between records of which the next may become an order.
    this.#commitSoon();
    this.#session.log.settle();
    if (this.#control.length > 0 || this.backlog > 0) this.#schedule();
  }

  /** One flush at a time, for all effects of the slices before it. */
  #commitSoon(): void {
    if (this.#leaving.length === 0 || this.#flush !== null) return;
    const flush = { effects: this.#leaving.length };
    this.#flush = flush;
    this.#session.log.flushSoon((error) =>
      this.#unlessFailed(() => {
        if (error !== null) throw error;
        // Unless whoever committed at once was faster.
        if (this.#flush === flush) this.#onDurable(flush.effects);
      }),
    );
  }

  #onDurable(effects: number): void {
    this.#flush = null;
    for (const effect of this.#leaving.splice(0, effects)) this.#parts.perform(effect);
    this.#commitSoon();
  }

  #step(): boolean {
    const next = this.#control.shift();
    if (next !== undefined) {
      if (typeof next === 'function') {
        if (this.#leaving.length > 0) this.commit(); // it may end the session whose effects these are
        next();
      } else {
        this.#session.kernel.input(next.event, next.provenance);
        this.#afterCascade();
      }
      return true;
    }
    if (this.backlog === 0) return false;
    const waiting = this.#market[this.#marketHead]!;
    this.#market[this.#marketHead++] = null;
    this.#feed(waiting);
    if ('tick' in waiting && this.#spare.length < SPARE_MAX) this.#spare.push(waiting);
    // A market that never falls silent must not keep what it said.
    if (this.#marketHead === this.#market.length || this.#marketHead === CONSUMED_MAX) {
      this.#market = this.#market.slice(this.#marketHead);
      this.#marketHead = 0;
    }
    return true;
  }

  #feed(waiting: WaitingTick | WaitingInput): void {
    const { kernel } = this.#session;
    if ('event' in waiting) {
      kernel.input(waiting.event, waiting.provenance);
      return this.#afterCascade();
    }
    const { tick, source, merged } = waiting;
    if (this.#newestQuote.get(tick.symbolId) === waiting) this.#newestQuote.delete(tick.symbolId);
    const waitMaxUs = (this.#parts.quoteWaitMaxMs ?? Number.POSITIVE_INFINITY) * 1_000;
    const isLate = tick.kind === TickKind.quote && kernel.now - tick.recordedAt > waitMaxUs;
    const count = isLate ? merged + 1 : merged;
    if (count > 0) {
      const conflated = TicksConflated.of({ count, symbol: this.#parts.symbolOf(tick.symbolId) });
      kernel.input(conflated, { source, recordedAt: tick.recordedAt });
    }
    if (!isLate) kernel.tick(tick, source);
    this.#afterCascade();
  }

  #afterCascade(): void {
    for (const effect of this.#session.kernel.takeEffects()) this.#leaving.push(effect);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const goOn = () => {
      this.#scheduled = false;
      this.drain();
    };
    const yieldTo = this.#parts.yieldTo ?? ((run: () => void) => void setImmediate(run));
    yieldTo(goOn);
  }
}
