/**
 * An option contract: what its symbol says and the terms the symbol leaves out, which follow from the underlying; what
 * it is worth at exercise, and how long it has to live.
 */
import { dayToMicros } from '../exchange-calendar.ts';
import type { TickClass } from '../instrument.ts';
import { settlementDay, settlementTime } from './expiries.ts';
import { type OccFields, parseOcc, printOcc } from './occ-symbol.ts';

export interface ContractTerms {
  readonly underlying: string;
  /** Dollars for a dollar of premium, and of strike. */
  readonly multiplier: number;
  /** Units of the underlying behind one contract; differs from the multiplier only after an uneven split. */
  readonly deliverable: number;
  readonly style: 'american' | 'european';
  readonly settlement: 'physical' | 'cash';
  /** At which print of the settlement day the payoff is struck; what settles at the open last trades the session before. */
  readonly settlesAt: 'open' | 'close';
  readonly tickClass: Exclude<TickClass, 'shares'>;
}

export interface OptionContract extends OccFields, ContractTerms {
  /** The 21-character OCC form. */
  readonly symbol: string;
}

/** Index options are European and pay cash, but for the S&P 100's American ones (contract specifications of Cboe and Nasdaq). */
const index = (
  underlying: string,
  settlesAt: 'open' | 'close',
  style: 'american' | 'european' = 'european',
): Partial<ContractTerms> => ({ underlying, settlesAt, style, settlement: 'cash' });

const INDEX_TERMS: ReadonlyMap<string, Partial<ContractTerms>> = new Map([
  ['SPX', index('SPX', 'open')],
  ['SPXW', index('SPX', 'close')],
  ['XSP', index('XSP', 'close')],
  ['NDX', index('NDX', 'open')],
  ['NDXP', index('NDX', 'close')],
  ['RUT', index('RUT', 'open')],
  ['RUTW', index('RUT', 'close')],
  ['DJX', index('DJX', 'open')],
  ['VIX', index('VIX', 'open')],
  ['VIXW', index('VIX', 'open')],
  ['XEO', index('OEX', 'close')],
  ['OEX', index('OEX', 'close', 'american')],
]);

const PENNY_EVERYWHERE: ReadonlySet<string> = new Set(['SPY', 'QQQ', 'IWM']);

/** Terms by root. Where a class is not known to trade in pennies it gets nickels, prices that every class accepts. */
export const standardTerms = (root: string): ContractTerms => ({
  underlying: root,
  multiplier: 100,
  deliverable: 100,
  style: 'american',
  settlement: 'physical',
  settlesAt: 'close',
  tickClass: PENNY_EVERYWHERE.has(root) ? 'pennyAll' : 'nickel',
  ...INDEX_TERMS.get(root),
});

/**
 * Standard terms, with what is known better. Throws RangeError for fields no symbol can hold, and for the root of an
 * adjusted contract unless both its underlying and its deliverable are given.
 */
export function makeContract(fields: OccFields, terms: Partial<ContractTerms> = {}): OptionContract {
  const { root, expiry, right, strike } = fields;
  if (/\d/.test(root) && (terms.underlying === undefined || terms.deliverable === undefined)) {
    throw new RangeError(`root "${root}" is not standard: give the underlying and what a contract delivers`);
  }
  return { symbol: printOcc(fields), root, expiry, right, strike, ...standardTerms(root), ...terms };
}

/** The contract of a 21-character symbol. Throws RangeError with the reason where there is none. */
export function contractOf(symbol: string, terms: Partial<ContractTerms> = {}): OptionContract {
  const parsed = parseOcc(symbol);
  if (!parsed.ok) throw new RangeError(parsed.reason);
  return makeContract(parsed, terms);
}

/** What the deliverable costs, per dollar of multiplier: the price to set against strike and premium. */
export const comparableSpot = ({ deliverable, multiplier }: OptionContract, spot: number): number =>
  deliverable === multiplier ? spot : (spot * deliverable) / multiplier;

/** Dollars of premium that exercise is worth at this price of the underlying. */
export function intrinsic(contract: OptionContract, spot: number): number {
  const above = comparableSpot(contract, spot) - contract.strike;
  return Math.max(0, contract.right === 'call' ? above : -above);
}

const DAY_US = 86_400_000_000;
const YEAR_US = 365 * DAY_US;

/** Years of 365 days from `now`, microseconds, to the settlement; 0 from then on. */
export const yearsToExpiry = (contract: OptionContract, now: number): number =>
  Math.max(0, settlementTime(contract) - now) / YEAR_US;

/** Calendar days from `day` to the settlement day; negative afterwards. */
export const daysToExpiry = ({ expiry }: OptionContract, day: string): number =>
  (dayToMicros(settlementDay(expiry)) - dayToMicros(day)) / DAY_US;
