/**
 * What a scan of a log writes down on its way, so that a moment's questions need no search: where each type of event
 * stands, the decisions that stand per subject, what caused what, and how every actor's machine moved.
 */
import type { ConvictionChanged, RegimeChanged, TradingStateChanged } from '../src/events/decision.events.ts';
import type { PayloadOf } from '../src/events/define-event.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import type { FeedOpened, FeedStatusChanged } from '../src/events/feed.events.ts';
import type { HedgeStateChanged } from '../src/events/option.events.ts';

/** Numbers that only grow, as many as there are. */
export class SeqList {
  #values = new Float64Array(16);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  at(i: number): number {
    return this.#values[i];
  }

  /** How many are at or below a value. */
  countUpTo(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#values[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The last at or below a value, or null. */
  lastUpTo(value: number): number | null {
    const count = this.countUpTo(value);
    return count === 0 ? null : this.#values[count - 1];
  }
}

interface Move {
  readonly seq: number;
  /** Microseconds. */
  readonly timeUs: number;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** Machines whose moves are decisions in the log, with reasons of their own; others are watched. */
const SPOKEN = /^(regime-|feed-|trading-state$|hedging-protocol$)/;

export class LogIndex {
  readonly #types = new Map<string, SeqList>();
  readonly #standing = new Map<string, SeqList>();
  readonly #moves = new Map<string, Move[]>();
  /** Causes and effects side by side, in the order of the effects. */
  readonly #causes = new SeqList();
  readonly #effects = new SeqList();
  /** Places in `#effects` by cause, of the first so many; the rest is looked through. */
  #byCause = new Uint32Array(0);

  note(event: StoredEvent): void {
    const { seq, type, causation } = event;
    listOf(this.#types, type).push(seq);
    if (causation !== null) {
      this.#causes.push(causation);
      this.#effects.push(seq);
    }
    this.#noteStanding(event);
  }

  /** A machine moved that says nothing of it in the log. */
  moved(actor: string, move: Move): void {
    if (!SPOKEN.test(actor)) this.#move(actor, move);
  }

  /** Seqs of a type's events, oldest first. */
  ofType(type: string): SeqList | undefined {
    return this.#types.get(type);
  }

  /** The last decision about a subject at or before a seq. */
  standing(subject: string, seq: number): number | null {
    return this.#standing.get(subject)?.lastUpTo(seq) ?? null;
  }

  /** The last moves of every actor at or before a seq, newest first. */
  movesUpTo(seq: number, most: number): Record<string, Move[]> {
    const found: Record<string, Move[]> = {};
    for (const actor of [...this.#moves.keys()].sort()) {
      const moves = this.#moves.get(actor)!;
      let end = moves.length;
      if (end > 0 && moves[end - 1].seq > seq) end = firstAfter(moves, seq);
      if (end > 0) found[actor] = moves.slice(Math.max(0, end - most), end).reverse();
    }
    return found;
  }

  /** Seqs of the events that one caused, oldest first. */
  effectsOf(seq: number): number[] {
    this.#sortCauses();
    const found: number[] = [];
    const causeAt = (i: number) => this.#causes.at(this.#byCause[i]);
    let low = 0;
    let high = this.#byCause.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (causeAt(middle) < seq) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < this.#byCause.length && causeAt(i) === seq; i++) {
      found.push(this.#effects.at(this.#byCause[i]));
    }
    for (let i = this.#byCause.length; i < this.#causes.length; i++) {
      if (this.#causes.at(i) === seq) found.push(this.#effects.at(i));
    }
    return found;
  }

  /** What came since the last time is looked through until it is much. */
  #sortCauses(): void {
    const { length } = this.#causes;
    if (length - this.#byCause.length < 50_000) return;
    const order = Uint32Array.from({ length }, (_, i) => i);
    this.#byCause = order.sort((a, b) => this.#causes.at(a) - this.#causes.at(b) || a - b);
  }

  #noteStanding(event: StoredEvent): void {
    const { seq, type } = event;
    const stands = (subject: string) => listOf(this.#standing, subject).push(seq);
    switch (type) {
      case 'ConvictionChanged': {
        const { symbol, direction } = event.payload as ConvictionChanged;
        stands(`conviction ${symbol}`);
        stands(`conviction ${symbol} ${direction}`);
        return;
      }
      case 'SelectionMade':
      case 'VolatilityGuardChanged':
        stands(`${type} ${(event.payload as { symbol: string }).symbol}`);
        return;
      case 'RegimeChanged': {
        const { symbol, region, from, to } = event.payload as RegimeChanged;
        stands(`regime ${symbol} ${region}`);
        return this.#spoke(event, `regime-${symbol}`, { from, to }, `${region} by its close`);
      }
      case 'HedgeSized':
        stands(type);
        return;
      case 'HedgeStateChanged': {
        const { from, to, reason } = event.payload as PayloadOf<typeof HedgeStateChanged>;
        stands(type);
        return this.#spoke(event, 'hedge', { from, to }, reason);
      }
      case 'TradingStateChanged': {
        const { from, to, reason } = event.payload as PayloadOf<typeof TradingStateChanged>;
        stands(type);
        return this.#spoke(event, 'trading-state', { from, to }, reason);
      }
      case 'FeedOpened':
        stands(`opened ${(event.payload as PayloadOf<typeof FeedOpened>).feed}`);
        return;
      case 'FeedStatusChanged': {
        const { feed, from, to, reason } = event.payload as PayloadOf<typeof FeedStatusChanged>;
        stands(`feed ${feed}`);
        return this.#spoke(event, `feed-${feed}`, { from, to }, reason);
      }
    }
  }

  #spoke(
    { seq, recordedAt }: StoredEvent,
    actor: string,
    { from, to }: Pick<Move, 'from' | 'to'>,
    reason: string,
  ): void {
    this.#move(actor, { seq, timeUs: recordedAt, from, to, reason });
  }

  #move(actor: string, move: Move): void {
    const moves = this.#moves.get(actor);
    if (moves === undefined) this.#moves.set(actor, [move]);
    else moves.push(move);
  }
}

function listOf(lists: Map<string, SeqList>, key: string): SeqList {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = new SeqList()));
  return list;
}

function firstAfter(moves: readonly Move[], seq: number): number {
  let low = 0;
  let high = moves.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (moves[middle].seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The states that changed, in words: `idle` or, of parallel regions, `order standing, pace walking`. */
export function movedStates(from: unknown, to: unknown): { readonly from: string; readonly to: string } {
  if (!isRegions(from) || !isRegions(to)) return { from: leaf(from), to: leaf(to) };
  const changed = Object.keys(to).filter((region) => leaf(from[region]) !== leaf(to[region]));
  const words = (of: Record<string, unknown>) =>
    changed.map((each) => `${each} ${leaf(of[each])}`).join(', ');
  return { from: words(from), to: words(to) };
}

const isRegions = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 1;

const leaf = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? Object.entries(value)
        .map(([name, inner]) => `${name}.${leaf(inner)}`)
        .join(', ')
    : String(value);
