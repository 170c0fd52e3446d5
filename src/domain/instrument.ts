/** What can be traded, and the price grid it trades on. */

export type AssetClass = 'equity' | 'index' | 'crypto' | 'option';
/** `XNYS`: New York sessions with holidays and early closes; `24x7`: the UTC day, always open. */
export type CalendarName = 'XNYS' | '24x7';
export type Side = 'buy' | 'sell';
export type TimeInForce = 'day' | 'gtc' | 'ioc' | 'fok' | 'opg' | 'cls';

export const opposite = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');
/** +1 for a buy, -1 for a sell. */
export const sideSign = (side: Side): 1 | -1 => (side === 'buy' ? 1 : -1);

/** Smallest price step, dollars: a cent, a hundredth of a cent below a dollar (Regulation NMS rule 612). */
export const tickSize = (px: number): number => (px < 1 ? 0.0001 : 0.01);

/** No unit of anything costs more, dollars: a higher price is a fault, and the ledger could not hold a hundred of it. */
export const PX_MAX = 10_000_000;

/** Rounds to the price grid on the passive side: a buy down, a sell up. */
export function roundPassive(px: number, side: Side): number {
  const steps = px < 1 ? 10_000 : 100;
  const scaled = px * steps;
  const near = Math.round(scaled);
  // A price already on the grid must not move because of its last binary digit.
  const onGrid = Math.abs(scaled - near) < 1e-6;
  return (onGrid ? near : side === 'buy' ? Math.floor(scaled) : Math.ceil(scaled)) / steps;
}

/** Quantities live on a grid of a billionth, so that 0.1 + 0.2 - 0.3 is flat. */
export const onQuantityGrid = (quantity: number): number =>
  Number.isInteger(quantity) ? quantity : Math.round(quantity * 1e9) / 1e9;
