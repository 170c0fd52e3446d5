/**
 * Feeds a running engine: what arrives waits in two lanes (orders and control before market data) and is drained in
 * slices that leave room for the event loop. No effect leaves before the log has made its cause durable.
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

interface PumpParts {
  readonly kernel: Kernel;
  readonly log: EventLog;
  /** Carries an effect out of the process; called only after the log has flushed. */
  readonly perform: (effect: StoredEvent) => void;
  readonly symbolOf: (symbolId: number) => string;
  /** Milliseconds of draining before the event loop gets its turn. */
  readonly budgetMs?: number;
  /** Ticks waiting before quotes of one symbol are merged into the newest. */
  readonly conflateAbove?: number;
  /** Monotonic milliseconds, and how to go on after a yield; the host's where not given. */
  readonly now?: () => number;
  readonly yieldTo?: (goOn: () => void) => void;
}

interface WaitingTick {
  readonly tick: Tick;
  readonly source: string;
  /** Older quotes this one stands for. */
  merged: number;
}

const BUDGET_MS = 5;
const CONFLATE_ABOVE = 10_000;
/** The clock of the host is read once in so many records. */
const RECORDS_PER_LOOK = 64;

export class Pump {
  readonly #parts: PumpParts;
  readonly #budgetMs: number;
  readonly #conflateAbove: number;
  #control: { readonly event: NewInput; readonly provenance: Provenance }[] = [];
  #market: WaitingTick[] = [];
  #marketHead = 0;
  readonly #newestQuote = new Map<number, WaitingTick>();
  #scheduled = false;

  constructor(parts: PumpParts) {
    this.#parts = parts;
    this.#budgetMs = parts.budgetMs ?? BUDGET_MS;
    this.#conflateAbove = parts.conflateAbove ?? CONFLATE_ABOVE;
  }

  /** Ticks that wait. */
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
    const copy = new Tick();
    copyTick(tick, copy);
    const added = { tick: copy, source, merged: 0 };
    this.#market.push(added);
    if (isQuote) this.#newestQuote.set(tick.symbolId, added);
    this.#schedule();
  }

  /** Reports, commands and clock ticks: never merged, never behind market data. */
  offerInput(event: NewInput, provenance: Provenance): void {
    this.#control.push({ event, provenance });
    this.#schedule();
  }

  /** Drains until empty or out of budget, then yields. */
  drain(): void {
    const now = this.#parts.now ?? (() => performance.now());
    const until = now() + this.#budgetMs;
    for (let done = 1; this.#step(); done++) {
      if (done % RECORDS_PER_LOOK === 0 && now() >= until) break;
    }
    if (this.#control.length > 0 || this.backlog > 0) this.#schedule();
  }

  #step(): boolean {
    const next = this.#control.shift();
    if (next !== undefined) {
      this.#parts.kernel.input(next.event, next.provenance);
      this.#afterCascade();
      return true;
    }
    if (this.backlog === 0) return false;
    this.#feed(this.#market[this.#marketHead++]);
    if (this.#marketHead === this.#market.length) {
      this.#market = [];
      this.#marketHead = 0;
    }
    return true;
  }

  #feed(waiting: WaitingTick): void {
    const { kernel, symbolOf } = this.#parts;
    const { tick, source, merged } = waiting;
    if (this.#newestQuote.get(tick.symbolId) === waiting) this.#newestQuote.delete(tick.symbolId);
    if (merged > 0) {
      const conflated = TicksConflated.of({ count: merged, symbol: symbolOf(tick.symbolId) });
      kernel.input(conflated, { source, recordedAt: tick.recordedAt });
    }
    kernel.tick(tick, source);
    this.#afterCascade();
  }

  #afterCascade(): void {
    const { kernel, log, perform } = this.#parts;
    const effects = kernel.takeEffects();
    if (effects.length === 0) return log.settle();
    log.flush();
    for (const effect of effects) perform(effect);
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
