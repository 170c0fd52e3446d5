/** The quote we reckon with: the market's where it is recorded, else a modelled one around the last price. */
import { roundPassive, type Side, tickSize } from './instrument.ts';

export interface TwoSided {
  readonly bidPx: number;
  readonly askPx: number;
}

/**
 * A spread of `halfSpread` (a fraction of the price) on each side, on the price grid, rounded against us. Below the
 * smallest price step there is no bid on the grid: the price itself stands in.
 */
export const modelledQuote = (px: number, halfSpread: number): TwoSided => ({
  bidPx: roundPassive(px * (1 - halfSpread), 'buy') || px,
  askPx: roundPassive(px * (1 + halfSpread), 'sell'),
});

/**
 * The worst price an entry may pay: half of the half-spread past the midpoint, or one tick past the rounded midpoint,
 * whichever is further, and never past the far touch (MISSION.md, Execution).
 */
export function entryCap({ bidPx, askPx }: TwoSided, side: Side): number {
  const midpoint = (bidPx + askPx) / 2;
  const quarter = (askPx - bidPx) / 4;
  const tick = tickSize(midpoint);
  const rounded = roundPassive(midpoint, side);
  return side === 'buy'
    ? Math.min(askPx, roundPassive(Math.max(midpoint + quarter, rounded + tick), 'buy'))
    : Math.max(bidPx, roundPassive(Math.min(midpoint - quarter, rounded - tick), 'sell'));
}

/** The price at which the other side stands. */
export const farTouch = (quote: TwoSided, side: Side): number => (side === 'buy' ? quote.askPx : quote.bidPx);
