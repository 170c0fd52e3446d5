/** The venue's own books: what the account may still open, and how many units a fraction of it buys. */
import type { Commission } from '../../domain/config.ts';
import type { Side } from '../../domain/instrument.ts';
import { fromMicros, notionalMicros, toMicros } from '../../domain/money.ts';
import type { Ledger, LedgerJson, Position, PositionRole } from '../../domain/portfolio.ts';
import { orderFeeMicros, unitCost } from './commission.ts';

const dollars = (micros: number): string => fromMicros(micros).toFixed(2);

/** backtesting.py shrinks the fraction by one binary digit, so that rounding never buys a unit too many. */
const SHRINK = 1 - 2.2e-16;

/** A venue knows no roles: what is declared and what is traded are one position. */
const ROLE: PositionRole = 'core';

interface Trade {
  readonly symbol: string;
  readonly side: Side;
  readonly quantity: number;
  readonly px: number;
  readonly feeMicros: number;
  readonly multiplier: number;
}

export class Account {
  readonly #ledger: Ledger;
  readonly #allowShort: boolean;

  constructor(ledger: Ledger, allowShort: boolean) {
    this.#ledger = ledger;
    this.#allowShort = allowShort;
  }

  /** A short ties up what it brought in and as much again: without margin, longs and shorts cost alike. */
  get availableMicros(): number {
    let available = this.#ledger.cashMicros;
    for (const { costMicros } of this.#ledger.positions()) if (costMicros < 0) available += 2 * costMicros;
    return available;
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
    if (opening === 0) return null;
    if (side === 'sell' && !this.#allowShort) {
      return `selling ${quantity} ${symbol} while holding ${quantityHeld} would go short, which is not allowed`;
    }
    const available = this.availableMicros + (closing === 0 ? 0 : freedMicros(held!, side, closing, px));
    const needed = notionalMicros(opening, px, multiplier) + feeMicros;
    if (needed <= available) return null;
    return `a ${side} of ${opening} ${symbol} at ${px} needs ${dollars(needed)} dollars; ${dollars(available)} are available`;
  }

  fill(executionId: string, { symbol, side, quantity, px, feeMicros, multiplier }: Trade): void {
    this.#ledger.fill({ executionId, symbol, role: ROLE, side, quantity, px, feeMicros, multiplier });
  }

  declareCore(core: { symbol: string; quantity: number; px: number; multiplier: number }): void {
    this.#ledger.declareCore(core);
  }

  toJSON(): LedgerJson {
    return this.#ledger.toJSON();
  }
}

/** What closing adds to the money available: the proceeds of a long; for a short the double hold, less what it costs. */
function freedMicros(held: Position, side: Side, closing: number, px: number): number {
  const value = notionalMicros(closing, px, held.multiplier);
  if (side === 'sell') return value;
  return Math.round((-2 * held.costMicros * closing) / -held.quantity) - value;
}
