/** How many units an entry may be: what the plan risks, and the room the account's limits leave. */
import type { Config } from './config.ts';
import { MICROS_PER_DOLLAR } from './money.ts';

/** The account at one moment, micro-dollars; exposures count open orders. */
export interface AccountView {
  readonly equityMicros: number;
  readonly cashMicros: number;
  /** Tactical exposure in the symbol. */
  readonly symbolMicros: number;
  /** Everything held, core included. */
  readonly grossMicros: number;
}

/** Micro-dollars a new entry may be worth by the symbol cap, the gross cap and the buying power; 0 where none is left. */
export function entryRoomMicros(account: AccountView, risk: Config['risk']): number {
  const { equityMicros, cashMicros, symbolMicros, grossMicros } = account;
  return Math.max(
    0,
    Math.min(
      risk.symbolCap * equityMicros - symbolMicros,
      risk.grossCap * equityMicros - grossMicros,
      risk.buyingPowerShare * cashMicros,
    ),
  );
}

/** Whole contracts that the limits of one option order allow: its premium and its share of the open interest. */
export function contractsWithin(
  equityMicros: number,
  contractPx: number,
  openInterest: number | null,
  { premiumMax, openInterestShareMax }: Config['risk'],
): number {
  return Math.floor(
    Math.min(unitsWithin(premiumMax * equityMicros, contractPx), openInterestShareMax * (openInterest ?? 0)),
  );
}

/** Whole units that lose `riskPerTrade` of the equity between entry and stop, `stopDistance` dollars apart. */
export const riskSizedUnits = (equityMicros: number, riskPerTrade: number, stopDistance: number): number =>
  Math.floor((riskPerTrade * equityMicros) / (stopDistance * MICROS_PER_DOLLAR));

/** Whole units of `px` dollars that fit into the room. */
export const unitsWithin = (roomMicros: number, px: number): number =>
  Math.floor(roomMicros / (px * MICROS_PER_DOLLAR));
