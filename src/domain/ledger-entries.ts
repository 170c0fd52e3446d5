/** What is posted to a ledger beside declared holdings: fills, corrections, cash without a trade, the ends of options, splits. */
import type { Side } from './instrument.ts';
import type { PositionRole } from './position-book.ts';

export interface LedgerFill {
  /** Unique at its venue; a repeated one changes nothing. */
  readonly executionId: string;
  readonly symbol: string;
  readonly role: PositionRole;
  readonly side: Side;
  readonly quantity: number;
  readonly px: number;
  readonly feeMicros: number;
  readonly multiplier: number;
}

export interface LedgerCorrection {
  readonly executionId: string;
  readonly lastQty: number;
  readonly lastPx: number;
  readonly feeMicros: number;
}

/** Cash that comes, or goes where negative, without a trade. */
export interface LedgerReceipt {
  /** Unique at its venue; a repeated one changes nothing. Null where it has none and is always counted. */
  readonly id: string | null;
  readonly micros: number;
  /** Paid in or out by the owner, and no result of the account's. */
  readonly isTransfer: boolean;
}

/** The end of a position in a contract, or of part of it, as the clearing house states it (`OptionSettled`). */
export interface LedgerSettlement {
  /** Unique; a repeated one changes nothing. */
  readonly settlementId: string;
  readonly symbol: string;
  /** Contracts that end over all roles: positive of a long position, negative of a short one. */
  readonly quantity: number;
  readonly optionPx: number;
  /** Dollars for a dollar of premium and of strike. */
  readonly multiplier: number;
  readonly strike: number;
  readonly underlying: string;
  /** Units of the underlying bought (negative: sold) at the strike; 0 where none change hands. */
  readonly shares: number;
  readonly underlyingMultiplier: number;
}

/** A split of a symbol: `numerator` new units for `denominator` old ones. */
export interface LedgerSplit {
  readonly symbol: string;
  readonly numerator: number;
  readonly denominator: number;
  /** Dollars a new unit at which what is left of a whole one is paid out; null leaves it in the books. */
  readonly cashInLieuPx: number | null;
  /** What becomes of another symbol: the new name of a contract on this one, and contracts for one held before. */
  renamed(symbol: string): { readonly symbol: string; readonly factor: number } | undefined;
}
