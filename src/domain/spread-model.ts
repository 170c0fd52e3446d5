/** The quote we reckon with: the market's where it is recorded, else a modelled one around the last price. */
import { roundPassive, type Side, type TickClass, tickTowards } from './instrument.ts';

export interface TwoSided {
  readonly bidPx: number;
  readonly askPx: number;
}

/**
 * A spread of `halfSpread` (a fraction of the price) on each side, on the price grid, rounded against us. Where that
 * leaves no bid on the grid, an option has none (0), as worthless ones do; for shares the price itself stands in.
 */
export function modelledQuote(px: number, halfSpread: number, tickClass: TickClass = 'shares'): TwoSided {
  const bidPx = roundPassive(Math.max(0, px * (1 - halfSpread)), 'buy', tickClass);
  return {
    bidPx: bidPx === 0 && tickClass === 'shares' ? px : bidPx,
    askPx: roundPassive(px * (1 + halfSpread), 'sell', tickClass),
  };
}

/**
 * The worst price an entry may pay: half of the half-spread past the midpoint, or one tick past the rounded midpoint,
 * whichever is further, and never past the far touch (MISSION.md, Execution).
 */
export function entryCap({ bidPx, askPx }: TwoSided, side: Side, tickClass: TickClass = 'shares'): number {
  const midpoint = (bidPx + askPx) / 2;
  const quarter = (askPx - bidPx) / 4;
  const onePast = tickTowards(roundPassive(midpoint, side, tickClass), side, tickClass);
  return side === 'buy'
    ? Math.min(askPx, roundPassive(Math.max(midpoint + quarter, onePast), 'buy', tickClass))
    : Math.max(bidPx, roundPassive(Math.min(midpoint - quarter, onePast), 'sell', tickClass));
}

/** The price at which the other side stands. */
export const farTouch = (quote: TwoSided, side: Side): number => (side === 'buy' ? quote.askPx : quote.bidPx);
