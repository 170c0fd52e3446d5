/**
 * What of one order was filled, as far as the engine was told. The venue repeats, reorders and drops its updates, but each
 * carries the order's cumulative quantity and mean price: where those lie ahead of us, what is missing is told as one
 * inferred execution, and the true ones that arrive later are known to be part of it.
 */
import { onQuantityGrid } from '../../domain/instrument.ts';

/** One execution as the engine is to count it. */
export interface CountedFill {
  readonly executionId: string;
  readonly lastQty: number;
  readonly lastPx: number;
  /** Filled of the order with this one. */
  readonly filledQty: number;
}

/** An execution the engine counts and is to count otherwise; `lastQty` 0 where the venue took it back. */
export interface Restatement {
  readonly executionId: string;
  readonly lastQty: number;
  readonly lastPx: number;
}

/** An order's sums at one moment of its venue. `avgPx` is null while nothing is filled. */
export interface VenueSums {
  readonly venueOrderId: string;
  readonly filledQty: number;
  readonly avgPx: number | null;
  /** Microseconds: sums of before a correction are not news after it. */
  readonly asOf: number;
}

export interface VenueExecution {
  readonly executionId: string;
  readonly qty: number;
  readonly px: number;
}

export interface AccountNews {
  readonly restated: readonly Restatement[];
  readonly fills: readonly CountedFill[];
}

/** Units, and dollars without a contract's multiplier. */
interface Amount {
  readonly qty: number;
  readonly paid: number;
}

const NOTHING: Amount = { qty: 0, paid: 0 };
/** Dollars by which a mean price may be off. */
const ROUNDING = 1e-4;

export class FillAccount {
  /** What the engine counts, by the id it knows. */
  readonly #counted = new Map<string, Amount>();
  /** Ids of executions of ours that stand for some of the venue's. */
  readonly #inferred: string[] = [];
  /** Executions that were in the sums already when they were heard of, or were restated before. */
  readonly #contained = new Set<string>();
  /** A corrected execution has a new id: the one it began with. */
  readonly #firstIds = new Map<string, string>();
  /** An order that replaced another at the venue may count from nothing again: this much came before it. */
  readonly #bases = new Map<string, Amount>();
  readonly #isResumed: boolean;
  #total: Amount;
  #newest: VenueSums | null = null;
  #restatedAt = Number.NEGATIVE_INFINITY;

  /** `before`: what the engine knew of the order when this process first heard of it. */
  constructor(before: { readonly filledQty: number; readonly avgPx: number | null }) {
    this.#isResumed = before.filledQty > 0;
    this.#total = { qty: before.filledQty, paid: before.filledQty * (before.avgPx ?? 0) };
  }

  get total(): Amount {
    return this.#total;
  }

  /** Another order of the venue stands for this one from now on: does it count on from there, or from nothing? */
  replacedBy({ filledQty, venueOrderId }: VenueSums): void {
    if (this.#bases.has(venueOrderId)) return;
    this.#bases.set(venueOrderId, filledQty >= this.#total.qty ? NOTHING : this.#total);
  }

  /** The order's sums, from a look-up or beside an update that tells of no execution. */
  sums(said: VenueSums): AccountNews {
    this.#hear(said);
    return this.#align([]);
  }

  /** One execution, with the sums after it. */
  execution({ executionId, px, qty }: VenueExecution, said: VenueSums): AccountNews {
    this.#hear(said);
    if (this.#isKnown(executionId)) return this.#align([]);
    const now = this.#amountOf(said);
    if (said.asOf < this.#restatedAt || now.qty <= this.#total.qty) {
      this.#contained.add(executionId);
      return this.#align([]);
    }
    const before = { qty: onQuantityGrid(now.qty - qty), paid: now.paid - qty * px };
    const missed = this.#infer(said, before);
    return { restated: [], fills: [...missed, this.#count(executionId, { qty, paid: qty * px })] };
  }

  /** The venue corrects an execution, perhaps under a new id, or takes it back (`now` null); with the sums after it. */
  restated(id: string, now: VenueExecution | null, said: VenueSums): AccountNews {
    // Of the same moment as the execution, a restatement has the last word.
    if (said.asOf >= (this.#newest?.asOf ?? 0)) this.#newest = said;
    const firstId = this.#firstIds.get(id) ?? id;
    if (now !== null && now.executionId !== id) {
      if (this.#firstIds.has(now.executionId)) return this.#align([]);
      this.#firstIds.set(now.executionId, firstId);
    }
    this.#restatedAt = Math.max(this.#restatedAt, said.asOf);
    const after = now === null ? NOTHING : { qty: now.qty, paid: now.qty * now.px };
    const before = this.#counted.get(firstId);
    if (before !== undefined) return this.#align(this.#change(firstId, before, after));
    this.#contained.add(firstId);
    if (!this.#isResumed || this.#inferred.length > 0) return this.#align([]);
    // From before this process: the engine knows the execution, or refuses it.
    this.#counted.set(firstId, after);
    this.#total = this.#amountOf(this.#newest!);
    return { restated: [restatementOf(firstId, after)], fills: [] };
  }

  #change(executionId: string, before: Amount, after: Amount): readonly Restatement[] {
    if (before.qty === after.qty && before.paid === after.paid) return [];
    this.#counted.set(executionId, after);
    this.#add({ qty: after.qty - before.qty, paid: after.paid - before.paid });
    return [restatementOf(executionId, after)];
  }

  #isKnown(executionId: string): boolean {
    return (
      this.#counted.has(executionId) || this.#contained.has(executionId) || this.#firstIds.has(executionId)
    );
  }

  #amountOf({ avgPx, filledQty, venueOrderId }: VenueSums): Amount {
    const base = this.#bases.get(venueOrderId) ?? NOTHING;
    return { qty: onQuantityGrid(base.qty + filledQty), paid: base.paid + filledQty * (avgPx ?? 0) };
  }

  #hear(said: VenueSums): void {
    const newest = this.#newest;
    if (newest === null || said.asOf > newest.asOf) this.#newest = said;
    else if (said.asOf === newest.asOf && said.asOf > this.#restatedAt && said.filledQty > newest.filledQty)
      this.#newest = said;
  }

  /** Brings what was counted up to the newest sums, which hold all that happened by then. */
  #align(restated: readonly Restatement[]): AccountNews {
    const upTo = this.#amountOf(this.#newest!);
    const isMore = upTo.qty > this.#total.qty && upTo.paid > this.#total.paid;
    const realigned = isMore ? [] : this.#realign(upTo);
    return { restated: [...restated, ...realigned], fills: this.#infer(this.#newest!, upTo) };
  }

  /** A correction of what is part of an inferred execution shows in the sums alone: the latest inferred give way first. */
  #realign(upTo: Amount): readonly Restatement[] {
    if (this.#restatedAt === Number.NEGATIVE_INFINITY) return [];
    const restated: Restatement[] = [];
    for (const executionId of this.#inferred.toReversed()) {
      const qty = onQuantityGrid(upTo.qty - this.#total.qty);
      const paid = upTo.paid - this.#total.paid;
      if (qty === 0 && Math.abs(paid) <= upTo.qty * ROUNDING) break;
      const before = this.#counted.get(executionId)!;
      const rest = { qty: onQuantityGrid(before.qty + qty), paid: before.paid + paid };
      const isSome = rest.qty > 0 && rest.paid > 0;
      restated.push(...this.#change(executionId, before, isSome ? rest : NOTHING));
    }
    return restated;
  }

  /** What lies between what was counted and `upTo`, as one execution. */
  #infer({ asOf, venueOrderId }: VenueSums, upTo: Amount): readonly CountedFill[] {
    const qty = onQuantityGrid(upTo.qty - this.#total.qty);
    if (qty <= 0) return [];
    const name = `inferred-${venueOrderId}-${upTo.qty}`;
    const executionId = this.#counted.has(name) ? `${name}-${asOf}` : name;
    this.#inferred.push(executionId);
    // A mean price rounded by the venue may leave nothing for a small rest.
    const rest = upTo.paid - this.#total.paid;
    return [this.#count(executionId, { qty, paid: rest > 0 ? rest : (qty * upTo.paid) / upTo.qty })];
  }

  #count(executionId: string, amount: Amount): CountedFill {
    this.#counted.set(executionId, amount);
    this.#add(amount);
    const { paid, qty } = amount;
    return { executionId, lastQty: qty, lastPx: paid / qty, filledQty: this.#total.qty };
  }

  #add({ paid, qty }: Amount): void {
    this.#total = { qty: onQuantityGrid(this.#total.qty + qty), paid: this.#total.paid + paid };
  }
}

const restatementOf = (executionId: string, { paid, qty }: Amount): Restatement => ({
  executionId,
  lastQty: qty,
  lastPx: qty === 0 ? 0 : paid / qty,
});
