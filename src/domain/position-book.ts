/**
 * One symbol in one role: what is held at average cost, and the executions it came from, so that any of them can still be
 * taken back or corrected. Rounding rules: portfolio.ts.
 */
import { onQuantityGrid, type Side } from './instrument.ts';

export type PositionRole = 'tactical' | 'core' | 'hedge';

/** What is held of one symbol in one role. A snapshot: a later fill makes a new one. */
export interface Position {
  readonly symbol: string;
  readonly role: PositionRole;
  /** Units; negative is short. */
  readonly quantity: number;
  /** Paid for what is held, fees apart; negative is what a short brought in. */
  readonly costMicros: number;
  /** Realised in this symbol and role since the ledger began, before fees. */
  readonly realizedMicros: number;
  readonly multiplier: number;
}

/** A fill as remembered: signed quantity, what it cost (negative: brought in), its fee. */
export interface Execution {
  readonly side: Side;
  readonly quantity: number;
  readonly valueMicros: number;
  readonly feeMicros: number;
}

interface Holding {
  readonly quantity: number;
  readonly costMicros: number;
  readonly realizedMicros: number;
}

export interface BookJson extends Position {
  readonly base: Holding;
  readonly executions: readonly (Execution & { readonly executionId: string })[];
}

export const FLAT: Holding = { quantity: 0, costMicros: 0, realizedMicros: 0 };

/**
 * Executions a book keeps for busts, corrections and repeats; past twice as many the oldest are folded into its base.
 * Venues bust on the day; a thousand fills of one symbol are many days' worth.
 */
const REMEMBERED = 1_000;

function applyExecution(held: Holding, { quantity, valueMicros }: Execution): Holding {
  const total = onQuantityGrid(held.quantity + quantity);
  if (held.quantity * quantity >= 0) {
    return {
      quantity: total,
      costMicros: held.costMicros + valueMicros,
      realizedMicros: held.realizedMicros,
    };
  }
  const closed = Math.min(Math.abs(held.quantity), Math.abs(quantity));
  const released = share(held.costMicros, closed, Math.abs(held.quantity));
  const closing = share(valueMicros, closed, Math.abs(quantity));
  return {
    quantity: total,
    costMicros: held.costMicros - released + (valueMicros - closing),
    realizedMicros: held.realizedMicros - closing - released,
  };
}

const share = (micros: number, part: number, of: number): number =>
  part === of ? micros : Math.round((micros * part) / of);

/** The position with other holdings. Field by field: fills come by the million, and copying an object as it stands is slow. */
const holding = ({ symbol, role, multiplier }: Position, held: Holding): Position => ({
  symbol,
  role,
  quantity: held.quantity,
  costMicros: held.costMicros,
  realizedMicros: held.realizedMicros,
  multiplier,
});

export class PositionBook {
  /** Where it stood before the oldest remembered execution. */
  #base: Holding;
  #executions: Map<string, Execution>;
  #position: Position;

  constructor(position: Position, base = FLAT, executions = new Map<string, Execution>()) {
    this.#position = position;
    this.#base = base;
    this.#executions = executions;
  }

  get position(): Position {
    return this.#position;
  }

  execution(executionId: string): Execution | undefined {
    return this.#executions.get(executionId);
  }

  add(executionId: string, execution: Execution): void {
    this.#executions.set(executionId, execution);
    this.#position = holding(this.#position, applyExecution(this.#position, execution));
    if (this.#executions.size > 2 * REMEMBERED) this.#forgetOldest();
  }

  /** Replaces a remembered execution: the book stands as if it had been so from the start. */
  restate(executionId: string, execution: Execution): void {
    this.#executions.set(executionId, execution);
    let held = this.#base;
    for (const each of this.#executions.values()) held = applyExecution(held, each);
    this.#position = holding(this.#position, held);
  }

  /**
   * Counts all that ever happened in units of which `numerator` were `denominator` before, under the new symbol; costs
   * stay. `adjustment` then brings what is held to `quantity`.
   */
  split(
    by: { readonly symbol: string; readonly numerator: number; readonly denominator: number },
    adjustment: { readonly executionId: string; readonly quantity: number; readonly valueMicros: number },
  ): void {
    const scaled = <H extends { readonly quantity: number }>(held: H): H => ({
      ...held,
      quantity: onQuantityGrid((held.quantity * by.numerator) / by.denominator),
    });
    this.#base = scaled(this.#base);
    this.#position = { ...scaled(this.#position), symbol: by.symbol };
    let replayed = this.#base.quantity;
    for (const [executionId, execution] of this.#executions) {
      const counted = scaled(execution);
      this.#executions.set(executionId, counted);
      replayed += counted.quantity;
    }
    const { executionId, quantity, valueMicros } = adjustment;
    const step = (from: number): Execution => {
      const moved = onQuantityGrid(quantity - from);
      return { side: moved < 0 ? 'sell' : 'buy', quantity: moved, valueMicros, feeMicros: 0 };
    };
    // Parts on the quantity grid need not add up to the whole on it; a later replay must come to the same quantity.
    const remembered = step(replayed);
    if (remembered.quantity !== 0 || valueMicros !== 0) this.#executions.set(executionId, remembered);
    const moved = applyExecution(this.#position, step(this.#position.quantity));
    this.#position = holding(this.#position, moved);
  }

  toJSON(): BookJson {
    const executions = Array.from(this.#executions, ([executionId, each]) => ({ executionId, ...each }));
    return { ...this.#position, base: this.#base, executions };
  }

  static fromJSON({ base, executions, ...position }: BookJson): PositionBook {
    const remembered = executions.map(({ executionId, ...execution }) => [executionId, execution] as const);
    return new PositionBook(position, base, new Map(remembered));
  }

  #forgetOldest(): void {
    let surplus = this.#executions.size - REMEMBERED;
    for (const [executionId, execution] of this.#executions) {
      if (surplus-- === 0) break;
      this.#base = applyExecution(this.#base, execution);
      this.#executions.delete(executionId);
    }
  }
}
