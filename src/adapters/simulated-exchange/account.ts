/** The venue's own books: what the account may still open, and how many units a fraction of it buys. */
import type { Commission } from '../../domain/config.ts';
import { onQuantityGrid, type Side } from '../../domain/instrument.ts';
import type { LedgerSettlement, LedgerSplit } from '../../domain/ledger-entries.ts';
import { fromMicros, notionalMicros, toMicros } from '../../domain/money.ts';
import type { OptionContract } from '../../domain/options/contract.ts';
import type { Ledger, LedgerJson, Position, PositionRole } from '../../domain/portfolio.ts';
import { orderFeeMicros, unitCost } from './commission.ts';

const dollars = (micros: number): string => fromMicros(micros).toFixed(2);

/** backtesting.py shrinks the fraction by one binary digit, so that rounding never buys a unit too many. */
const SHRINK = 1 - 2.2e-16;

/** A venue knows no roles: what is declared and what is traded are one position. */
const ROLE: PositionRole = 'core';

export interface Trade {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: number;
  readonly px: number;
  readonly feeMicros: number;
  readonly multiplier: number;
}

export type DeclaredUnits = readonly (readonly [string, number])[];

interface Parts {
  readonly ledger: Ledger;
  readonly allowShort: boolean;
  readonly contractOf: (symbol: string) => OptionContract | null;
  readonly declared: DeclaredUnits;
}

export class Account {
  readonly #ledger: Ledger;
  readonly #allowShort: boolean;
  readonly #contractOf: (symbol: string) => OptionContract | null;
  /** Units of each symbol that were declared, not traded. */
  readonly #declared: Map<string, number>;

  constructor({ ledger, allowShort, contractOf, declared }: Parts) {
    this.#ledger = ledger;
    this.#allowShort = allowShort;
    this.#contractOf = contractOf;
    this.#declared = new Map(declared);
  }

  /**
   * A short ties up what it brought in and as much again: without margin, longs and shorts cost alike. A written put ties
   * up its strike, a written call the shares it may have to deliver.
   */
  get availableMicros(): number {
    let available = this.#ledger.cashMicros;
    for (const { costMicros, quantity, symbol } of this.#ledger.positions()) {
      if (quantity >= 0) continue;
      const contract = this.#contractOf(symbol);
      if (contract === null) available += 2 * costMicros;
      else if (contract.right === 'put') {
        available += notionalMicros(quantity, contract.strike, contract.multiplier);
      }
    }
    return available;
  }

  get cashMicros(): number {
    return this.#ledger.cashMicros;
  }

  positions(): readonly Position[] {
    return this.#ledger.positions();
  }

  /** Whole units that a share of what is available buys at `px`, fees included. */
  unitsOf(fraction: number, px: number, multiplier: number, commission: Commission): number {
    const budget = fromMicros(this.availableMicros) * fraction * SHRINK;
    const cost = unitCost(commission, px, multiplier);
    // The remainder is exact where the quotient may round up to a unit too many.
    let units = Math.round((budget - (budget % cost)) / cost);
    if (commission.kind === 'perShare') {
      units = Math.min(units, Math.floor((budget - commission.minimum) / (px * multiplier)));
    }
    while (units > 0) {
      const value = notionalMicros(units, px, multiplier);
      // Only the rounding to micro-dollars can still be in the way.
      if (value + orderFeeMicros(commission, units, value) <= toMicros(budget)) break;
      units -= 1;
    }
    return Math.max(units, 0);
  }

  /** Why the account cannot make this trade, or null. Closing is always allowed; only what opens needs money. */
  refusal({ symbol, side, quantity, px, feeMicros, multiplier }: Trade): string | null {
    const held = this.#ledger.position(symbol, ROLE);
    const quantityHeld = held?.quantity ?? 0;
    const opposing = side === 'buy' ? -quantityHeld : quantityHeld;
    const closing = Math.min(quantity, Math.max(opposing, 0));
    const opening = quantity - closing;
    if (side === 'sell' && this.#allowShort) {
      const left = quantityHeld - quantity;
      const owed = this.#owedUnits(symbol);
      if (owed > 0 && left < owed) {
        return `selling ${quantity} ${symbol} would leave ${left}; written calls may have to deliver ${owed}`;
      }
    }
    if (opening === 0) return null;
    if (side === 'sell' && !this.#allowShort) {
      return `selling ${quantity} ${symbol} while holding ${quantityHeld} would go short, which is not allowed`;
    }
    const contract = side === 'sell' ? this.#contractOf(symbol) : null;
    if (contract?.right === 'call') return this.#uncovered(contract, opening);
    // A long position is worth its proceeds when it closes; a short frees its hold.
    const freed = closing === 0 ? 0 : freedMicros(held!, side, closing, px, this.#contractOf(symbol));
    const available = this.availableMicros + freed;
    const premium = notionalMicros(opening, px, multiplier);
    const needed =
      feeMicros +
      (contract === null ? premium : notionalMicros(opening, contract.strike, multiplier) - premium);
    if (needed <= available) return null;
    return `a ${side} of ${opening} ${symbol} at ${px} needs ${dollars(needed)} dollars; ${dollars(available)} are available`;
  }

  fill(executionId: string, { symbol, side, quantity, px, feeMicros, multiplier }: Trade): void {
    this.#ledger.fill({ executionId, symbol, role: ROLE, side, quantity, px, feeMicros, multiplier });
  }

  settle(settlement: LedgerSettlement): void {
    this.#ledger.settle(settlement);
  }

  split(split: LedgerSplit): void {
    this.#ledger.split(split);
    const declared = this.#declared.get(split.symbol);
    if (declared === undefined) return;
    const counted = onQuantityGrid((declared * split.numerator) / split.denominator);
    this.#declared.set(split.symbol, Math.min(counted, this.quantity(split.symbol)));
  }

  /** Units held, negative when short; 0 when flat. */
  quantity(symbol: string): number {
    return this.#ledger.position(symbol, ROLE)?.quantity ?? 0;
  }

  declareCore(core: { symbol: string; quantity: number; px: number; multiplier: number }): void {
    this.#ledger.declareCore(core);
    this.#declared.set(core.symbol, (this.#declared.get(core.symbol) ?? 0) + core.quantity);
  }

  /** Whether an exercise that sells these units leaves alone what was declared. */
  maySell(symbol: string, units: number): boolean {
    const declared = this.#declared.get(symbol) ?? 0;
    return declared === 0 || units <= this.quantity(symbol) - declared;
  }

  get declared(): DeclaredUnits {
    return [...this.#declared];
  }

  toJSON(): LedgerJson {
    return this.#ledger.toJSON();
  }

  /** Why this many more calls cannot be written: the account must hold what they deliver. */
  #uncovered({ underlying, deliverable, symbol }: OptionContract, opening: number): string | null {
    const free = this.quantity(underlying) - this.#owedUnits(underlying);
    const needed = opening * deliverable;
    if (needed <= free) return null;
    return `writing ${opening} ${symbol} needs ${needed} ${underlying} to deliver; ${Math.max(free, 0)} are free`;
  }

  /** Units of a symbol that written calls may have to deliver. */
  #owedUnits(underlying: string): number {
    let owed = 0;
    for (const { quantity, symbol } of this.#ledger.positions()) {
      const contract = quantity < 0 ? this.#contractOf(symbol) : null;
      if (contract?.right === 'call' && contract.underlying === underlying) {
        owed -= quantity * contract.deliverable;
      }
    }
    return owed;
  }
}

/** What closing adds to the money available: the proceeds of a long; for a short what it ties up, less what it costs. */
function freedMicros(
  held: Position,
  side: Side,
  closing: number,
  px: number,
  contract: OptionContract | null,
): number {
  const value = notionalMicros(closing, px, held.multiplier);
  if (side === 'sell') return value;
  if (contract !== null) {
    const tied = contract.right === 'put' ? notionalMicros(closing, contract.strike, contract.multiplier) : 0;
    return tied - value;
  }
  return Math.round((-2 * held.costMicros * closing) / -held.quantity) - value;
}
