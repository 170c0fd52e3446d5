/** What can be traded, and the price grid it trades on. */

export type AssetClass = 'equity' | 'index' | 'crypto' | 'option';
/** `XNYS`: New York sessions with holidays and early closes; `24x7`: the UTC day, always open. */
export type CalendarName = 'XNYS' | '24x7';
export type Side = 'buy' | 'sell';
export type TimeInForce = 'day' | 'gtc' | 'ioc' | 'fok' | 'opg' | 'cls';

export const opposite = (side: Side): Side => (side === 'buy' ? 'sell' : 'buy');
/** +1 for a buy, -1 for a sell. */
export const sideSign = (side: Side): 1 | -1 => (side === 'buy' ? 1 : -1);

/**
 * Which price grid an instrument trades on. `shares`: a cent, a hundredth of a cent below a dollar (Regulation NMS rule
 * 612). Options by class: `penny` a cent below three dollars and five from there, `nickel` five and ten cents,
 * `pennyAll` a cent everywhere (SPY, QQQ, IWM).
 */
export type TickClass = 'shares' | 'penny' | 'nickel' | 'pennyAll';

/** Steps in a dollar: a price is a whole number of them divided by this, which no binary digit spoils. */
const STEPS: Record<TickClass, { readonly boundary: number; readonly below: number; readonly from: number }> =
  {
    shares: { boundary: 1, below: 10_000, from: 100 },
    penny: { boundary: 3, below: 100, from: 20 },
    nickel: { boundary: 3, below: 20, from: 10 },
    pennyAll: { boundary: 0, below: 100, from: 100 },
  };

function stepsPerDollar(px: number, tickClass: TickClass): number {
  const { boundary, below, from } = STEPS[tickClass];
  return px < boundary ? below : from;
}

/** Smallest price step at this price, dollars. */
export const tickSize = (px: number, tickClass: TickClass = 'shares'): number =>
  1 / stepsPerDollar(px, tickClass);

/** No unit of anything costs more, dollars: a higher price is a fault, and the ledger could not hold a hundred of it. */
export const PX_MAX = 10_000_000;

/** Rounds to the price grid on the passive side: a buy down, a sell up. */
export function roundPassive(px: number, side: Side, tickClass: TickClass = 'shares'): number {
  const steps = stepsPerDollar(px, tickClass);
  const scaled = px * steps;
  const near = Math.round(scaled);
  // A price already on the grid must not move because of its last binary digit.
  const onGrid = Math.abs(scaled - near) < 1e-6;
  return (onGrid ? near : side === 'buy' ? Math.floor(scaled) : Math.ceil(scaled)) / steps;
}

/** One tick less passive, from a price on the grid: from 3.00 a penny class goes up to 3.05 but down to 2.99. */
export function tickTowards(px: number, side: Side, tickClass: TickClass = 'shares'): number {
  const { boundary, below, from } = STEPS[tickClass];
  const steps = px < boundary || (px === boundary && side === 'sell') ? below : from;
  return (Math.round(px * steps) + (side === 'buy' ? 1 : -1)) / steps;
}

/** Quantities live on a grid of a billionth, so that 0.1 + 0.2 - 0.3 is flat. */
export const onQuantityGrid = (quantity: number): number =>
  Number.isInteger(quantity) ? quantity : Math.round(quantity * 1e9) / 1e9;
