/** What a run's journal keeps: regimes at their moments, fills with their reasons, what splits made of positions. */
import type { Side } from '../domain/instrument.ts';
import { notionalMicros } from '../domain/money.ts';
import type { OptionContract } from '../domain/options/contract.ts';
import type { PositionRole } from '../domain/portfolio.ts';

/** A symbol's regime at one moment; a region that never spoke is null. */
export interface RegimeNow {
  readonly trend: string | null;
  readonly volatility: string | null;
  readonly structure: string | null;
}
export const regimeRegions = ['trend', 'volatility', 'structure'] as const;

export interface RegimeChange {
  readonly time: number;
  readonly symbol: string;
  readonly now: RegimeNow;
}

/** When an intent was released, and the quote it met; nulls where it needed none. */
export interface Released {
  readonly time: number;
  readonly bidPx: number | null;
  readonly askPx: number | null;
}

/** An execution, or what a clearing house's settlement came to. */
export interface FillRecord {
  readonly seq: number;
  /** Null for a settlement. */
  readonly ordinal: number | null;
  /** The intent its order worked for, which other orders may have worked for, too; null where there was none. */
  readonly intent: number | null;
  readonly released: Released | null;
  readonly executionId: string;
  readonly time: number;
  /** Index of the sample the fill falls into. */
  readonly bar: number;
  readonly symbol: string;
  /** The option's terms; null for anything else. */
  readonly contract: OptionContract | null;
  readonly role: PositionRole;
  readonly side: Side;
  readonly quantity: number;
  readonly px: number;
  readonly feeMicros: number;
  readonly multiplier: number;
  /** How an option was settled; else the plan's exit reason for an exit, else the order's. */
  readonly reason: string;
  readonly regime: RegimeNow | null;
}

/** Of the fill: what came into the cash, micro-dollars after its fee. */
export const flowMicros = ({ side, quantity, px, multiplier, feeMicros }: FillRecord): number =>
  (side === 'sell' ? 1 : -1) * notionalMicros(quantity, px, multiplier) - feeMicros;

/** What a split made of one position. */
export interface SplitMove {
  readonly role: PositionRole;
  readonly from: string;
  readonly to: string;
  /** New units for an old one, and those held now, negative when short. */
  readonly factor: number;
  readonly quantity: number;
  /** Paid out for fractions. */
  readonly cashMicros: number;
}

export interface SplitRecord {
  readonly seq: number;
  readonly time: number;
  readonly bar: number;
  readonly moves: readonly SplitMove[];
}
