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

/** An execution of ours that stands for some of the venue's. `asOf`: what happened by then is in it. */
interface Inferred {
  readonly executionId: string;
  readonly asOf: number;
}

const NOTHING: Amount = { qty: 0, paid: 0 };

export class FillAccount {
  /** What the engine counts, by the id it knows. */
  readonly #counted = new Map<string, Amount>();
  readonly #inferred: Inferred[] = [];
  /** Executions that sums already held when they were heard of. */
  readonly #contained = new Map<string, Amount>();
  /** Executions that were taken back or corrected before they were heard of: the sums hold what is left of them. */
  readonly #settled = new Set<string>();
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
    return { restated: [], fills: this.#catchUp() };
  }

  /** One execution, with the sums after it. */
  execution({ executionId, px, qty }: VenueExecution, said: VenueSums): AccountNews {
    this.#hear(said);
    if (this.#isKnown(executionId)) return { restated: [], fills: this.#catchUp() };
    const now = this.#amountOf(said);
    if (said.asOf < this.#restatedAt || now.qty <= this.#total.qty) {
      this.#contained.set(executionId, { qty, paid: qty * px });
      return { restated: [], fills: this.#catchUp() };
    }
    const before = { qty: onQuantityGrid(now.qty - qty), paid: now.paid - qty * px };
    const missed = this.#infer(said, before);
    return { restated: [], fills: [...missed, this.#count(executionId, { qty, paid: qty * px })] };
  }

  /** The venue corrects an execution, perhaps under a new id, or takes it back (`now` null). `was` where it says so. */
  restated(
    id: string,
    change: { readonly was: VenueExecution | null; readonly now: VenueExecution | null },
    said: VenueSums,
  ): AccountNews {
    const { now, was } = change;
    this.#hear(said);
    this.#restatedAt = Math.max(this.#restatedAt, said.asOf);
    const firstId = this.#firstIds.get(id) ?? id;
    if (now !== null && now.executionId !== id) {
      if (this.#firstIds.has(now.executionId)) return { restated: [], fills: this.#catchUp() };
      this.#firstIds.set(now.executionId, firstId);
    }
    const after = now === null ? NOTHING : { qty: now.qty, paid: now.qty * now.px };
    const restated = this.#restate(firstId, was === null ? null : amountOf(was), after, said);
    return { restated, fills: this.#catchUp() };
  }

  #restate(id: string, was: Amount | null, after: Amount, said: VenueSums): readonly Restatement[] {
    const counted = this.#counted.get(id);
    if (counted !== undefined) return this.#change(id, counted, after);
    if (this.#settled.has(id)) return [];
    const before = this.#contained.get(id) ?? was;
    this.#contained.set(id, after);
    this.#settled.add(id);
    // What was inferred from later sums holds the correction already.
    const inferred = this.#inferred.findLast((each) => each.asOf < said.asOf);
    if (inferred !== undefined && before !== null) {
      const whole = this.#counted.get(inferred.executionId)!;
      return this.#change(inferred.executionId, whole, {
        qty: onQuantityGrid(Math.max(0, whole.qty + after.qty - before.qty)),
        paid: whole.paid + after.paid - before.paid,
      });
    }
    // From before this process: the engine knows the execution, or refuses it.
    if (!this.#isResumed || before === null) return [];
    this.#counted.set(id, before);
    return this.#change(id, before, after);
  }

  #change(executionId: string, before: Amount, after: Amount): readonly Restatement[] {
    if (before.qty === after.qty && before.paid === after.paid) return [];
    this.#counted.set(executionId, after);
    this.#add({ qty: after.qty - before.qty, paid: after.paid - before.paid });
    const lastPx = after.qty === 0 ? 0 : after.paid / after.qty;
    return [{ executionId, lastQty: after.qty, lastPx }];
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
    else if (said.asOf === newest.asOf && said.filledQty > newest.filledQty) this.#newest = said;
  }

  #catchUp(): readonly CountedFill[] {
    const newest = this.#newest!;
    return newest.asOf < this.#restatedAt ? [] : this.#infer(newest, this.#amountOf(newest));
  }

  /** What lies between what was counted and `upTo`, as one execution. */
  #infer({ asOf, venueOrderId }: VenueSums, upTo: Amount): readonly CountedFill[] {
    const qty = onQuantityGrid(upTo.qty - this.#total.qty);
    if (qty <= 0) return [];
    const name = `inferred-${venueOrderId}-${upTo.qty}`;
    const executionId = this.#counted.has(name) ? `${name}-${asOf}` : name;
    this.#inferred.push({ executionId, asOf });
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

const amountOf = ({ px, qty }: VenueExecution): Amount => ({ qty, paid: qty * px });
