/**
 * Two runs of one market side by side: decisions are pairs where the same market input led to them, about the same thing,
 * of the same type, for the n-th time. What is left over was added or removed; a pair that settles something else has changed.
 */
import type { EventSink } from '../src/bus/ports.ts';
import { isVenuesWord } from '../src/engine/rerun.ts';
import { canonicalJson } from '../src/events/canonical.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import type { SymbolDefined } from '../src/events/market.events.ts';
import type { OrderIntended } from '../src/events/order.events.ts';
import { type Tick, tickKindName } from '../src/events/tick.ts';
import { summarizeEvent } from './event-summary.ts';

/** A decision, or what the venue said, as people read it. */
export interface Move {
  readonly seq: number;
  readonly type: string;
  /** ISO, UTC. */
  readonly time: string;
  readonly summary: string;
  /** The market input behind it: `bar of SPY`, `MarketClosed`. */
  readonly cause: string;
}

/** One place where two runs part; null on the side that has nothing there. */
export interface Parting {
  readonly base: Move | null;
  readonly variant: Move | null;
}

export interface FirstDifference extends Parting {
  /** `fill`: the venue traded otherwise; `report`: it said something else, or at another time; `decision`: the engine decided otherwise. */
  readonly kind: 'fill' | 'report' | 'decision';
  /** The first decision that differs; null where none does. */
  readonly decision: Parting | null;
}

export interface Alignment {
  readonly firstDifference: FirstDifference | null;
  readonly added: readonly Move[];
  readonly removed: readonly Move[];
  /** Pairs that settle something else. */
  readonly changed: readonly { readonly base: Move; readonly variant: Move }[];
}

/** A market input: known by its place among the ticks, or by its type, its time and its place among its like. */
interface Root {
  readonly key: string;
  readonly name: string;
}

interface Step {
  readonly event: StoredEvent;
  readonly root: Root;
  readonly key: string;
}

/** Timers are the engine's clockwork: each shows in the decision it leads to. */
const isDecided = ({ kind, type }: StoredEvent): boolean => kind === 'decision' && type !== 'TimerFired';

/** What one run decided and what its venue said, in the order of its log. Fed as a sink, or from a log's cursor. */
export class DecisionTrail implements EventSink {
  readonly decisions: Step[] = [];
  readonly reports: Step[] = [];
  readonly #symbols: string[] = [];
  /** Of each event that is no tick: its place, and the market input it goes back to. */
  readonly #seqs: number[] = [];
  readonly #roots: Root[] = [];
  readonly #subjects = new Map<number, string>();
  #last: Root = { key: '', name: '' };
  #instant = -1;
  readonly #ofInstant = new Map<string, number>();
  #tickSeq = 0;
  #tickName = '';

  tick(seq: number, { kind, symbolId }: Tick): void {
    this.#tickSeq = seq;
    this.#tickName = `${tickKindName(kind)} of ${this.#symbols[symbolId] ?? `symbol ${symbolId}`}`;
  }

  event(event: StoredEvent): void {
    const { kind, type, payload } = event;
    if (type === 'SymbolDefined') {
      const { id, symbol } = payload as SymbolDefined;
      this.#symbols[id] = symbol;
    }
    if (type === 'OrderIntended') {
      const { ordinal, symbol, action } = payload as OrderIntended;
      this.#subjects.set(ordinal, `${symbol} ${action}`);
    }
    const isReport = isVenuesWord(event);
    const root = kind === 'input' && !isReport ? this.#input(event) : this.#rootOf(event.causation);
    this.#seqs.push(event.seq);
    this.#roots.push(root);
    if (!isReport && !isDecided(event)) return;
    const step = { event, root, key: `${root.key} ${this.#subjectOf(event)} ${type}` };
    (isReport ? this.reports : this.decisions).push(step);
  }

  #input({ type, recordedAt }: StoredEvent): Root {
    if (recordedAt !== this.#instant) this.#ofInstant.clear();
    this.#instant = recordedAt;
    const n = this.#ofInstant.get(type) ?? 0;
    this.#ofInstant.set(type, n + 1);
    this.#last = { key: `${type} ${recordedAt} ${n}`, name: type };
    return this.#last;
  }

  #rootOf(causation: number | null): Root {
    if (causation === null) return this.#last;
    const before = this.#eventsBefore(causation);
    if (this.#seqs[before] === causation) return this.#roots[before];
    const name = causation === this.#tickSeq ? this.#tickName : 'market data';
    return { key: `${causation - before}`, name };
  }

  #eventsBefore(seq: number): number {
    let low = 0;
    let high = this.#seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#seqs[middle] < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Orders are counted anew in every run: they are known by what they are for. */
  #subjectOf({ payload, correlation }: StoredEvent): string {
    const { ordinal, symbol, underlying } = payload as Record<string, string | number | null | undefined>;
    const ofOrder = typeof ordinal === 'number' ? this.#subjects.get(ordinal) : undefined;
    return ofOrder ?? String(symbol ?? underlying ?? correlation?.replace(/-\d+$/, '') ?? '');
  }
}

type Pair = readonly [base: Step | null, variant: Step | null];

export function alignDecisions(base: DecisionTrail, variant: DecisionTrail): Alignment {
  const decisions = paired(base.decisions, variant.decisions);
  const differing = decisions.filter(([a, b]) => a === null || b === null || decideOtherwise(a, b));
  const reports = paired(base.reports, variant.reports).filter(
    ([a, b]) => a === null || b === null || said(a) !== said(b),
  );
  const isFill = ([a, b]: Pair) => (a ?? b)!.event.type === 'OrderFilled';
  const both = differing.filter(
    (pair): pair is readonly [Step, Step] => pair[0] !== null && pair[1] !== null,
  );
  return {
    firstDifference: firstOf(earliest(differing), earliest(reports), earliest(reports.filter(isFill))),
    added: differing.flatMap(([a, b]) => (a === null ? [moveOf(b!)] : [])),
    removed: differing.flatMap(([a, b]) => (b === null ? [moveOf(a!)] : [])),
    changed: both.map(([a, b]) => ({ base: moveOf(a), variant: moveOf(b) })),
  };
}

function firstOf(decision: Pair | null, report: Pair | null, fill: Pair | null): FirstDifference | null {
  const parted = decision && partingOf(decision);
  const precedes = (pair: Pair | null): pair is Pair =>
    pair !== null && (decision === null || compare(pair, decision) < 0);
  if (precedes(fill)) return { kind: 'fill', ...partingOf(fill), decision: parted };
  if (parted === null) return null;
  if (precedes(report)) return { kind: 'report', ...partingOf(report), decision: parted };
  return { kind: 'decision', ...parted, decision: parted };
}

/** The n-th of one key with the n-th of the same key, in the order of the base; what the variant has more comes last. */
function paired(base: readonly Step[], variant: readonly Step[]): Pair[] {
  const waiting = new Map<string, Step[]>();
  for (const step of variant) {
    const same = waiting.get(step.key);
    if (same === undefined) waiting.set(step.key, [step]);
    else same.push(step);
  }
  for (const same of waiting.values()) same.reverse();
  const pairs: Pair[] = base.map((step) => [step, waiting.get(step.key)?.pop() ?? null]);
  const left = new Set([...waiting.values()].flat());
  for (const step of variant) if (left.has(step)) pairs.push([null, step]);
  return pairs;
}

/** What a decision settles. Its numbers of orders and intents count anew in every run, and its reasons only explain it. */
function decideOtherwise(a: Step, b: Step): boolean {
  return a.event.json !== b.event.json && substance(a) !== substance(b);
}

const substance = ({ event }: Step): string => {
  const { ordinal, intent, tests, evidence, reason, ...rest } = event.payload as Record<string, unknown>;
  return canonicalJson(rest);
};

/** What a report says and when it came, apart from the names a venue gives. */
const said = ({ event }: Step): string =>
  `${event.recordedAt} ${event.json.replace(/"(ordinal|executionId|venueOrderId|reason)":("(\\.|[^"\\])*"|\d+),?/g, '')}`;

const earliest = (pairs: readonly Pair[]): Pair | null =>
  pairs.reduce<Pair | null>(
    (first, pair) => (first === null || compare(pair, first) < 0 ? pair : first),
    null,
  );

const timeOf = ([a, b]: Pair): number =>
  Math.min(a?.event.recordedAt ?? Number.POSITIVE_INFINITY, b?.event.recordedAt ?? Number.POSITIVE_INFINITY);

/** By time; at one instant by their places in a log that has both. */
function compare(one: Pair, other: Pair): number {
  const byTime = timeOf(one) - timeOf(other);
  if (byTime !== 0) return byTime;
  for (const side of [0, 1] as const) {
    const [a, b] = [one[side], other[side]];
    if (a !== null && b !== null) return a.event.seq - b.event.seq;
  }
  return 0;
}

const partingOf = ([base, variant]: Pair): Parting => ({
  base: base && moveOf(base),
  variant: variant && moveOf(variant),
});

const moveOf = ({ event, root }: Step): Move => ({
  seq: event.seq,
  type: event.type,
  time: new Date(event.recordedAt / 1_000).toISOString(),
  summary: summarizeEvent(event),
  cause: root.name,
});
