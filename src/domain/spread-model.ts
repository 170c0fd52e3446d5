/** The quote we reckon with: the market's where it is recorded, else a modelled one around the last price. */
import type { Config } from './config.ts';
import { roundPassive, type Side, sideSign, type TickClass, tickSize, tickTowards } from './instrument.ts';

type WalkRules = Pick<Config['execution'], 'stepShare' | 'capShare'>;

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
export function entryCap(
  { bidPx, askPx }: TwoSided,
  side: Side,
  tickClass: TickClass = 'shares',
  capShare = 0.5,
): number {
  const midpoint = (bidPx + askPx) / 2;
  const share = (capShare * (askPx - bidPx)) / 2;
  const onePast = tickTowards(roundPassive(midpoint, side, tickClass), side, tickClass);
  return side === 'buy'
    ? roundPassive(Math.min(askPx, Math.max(midpoint + share, onePast)), 'buy', tickClass)
    : roundPassive(Math.max(bidPx, Math.min(midpoint - share, onePast)), 'sell', tickClass);
}

/** The price at which the other side stands, on the grid; where nobody bids, the smallest price there is. */
export function farTouch({ bidPx, askPx }: TwoSided, side: Side, tickClass: TickClass = 'shares'): number {
  if (side === 'sell' && bidPx === 0) return tickSize(0, tickClass);
  return roundPassive(side === 'buy' ? askPx : bidPx, side, tickClass);
}

/** An order that is worked; `urgent` ones (exits and hedges) go on to the far touch. */
interface Walked {
  readonly side: Side;
  readonly tickClass: TickClass;
  readonly urgent: boolean;
}

/** The worst price an order may stand at (MISSION.md, Execution). */
export const capOf = (quote: TwoSided, { side, tickClass, urgent }: Walked, rules: WalkRules): number =>
  urgent ? farTouch(quote, side, tickClass) : entryCap(quote, side, tickClass, rules.capShare);

/**
 * Where an order stands after so many steps: at the midpoint, rounded to the passive side, then towards the far touch by
 * a share of the half-spread or a tick, whichever is more, and never beyond its cap.
 */
export function walkPx(quote: TwoSided, walked: Walked, steps: number, rules: WalkRules): number {
  const { side, tickClass } = walked;
  const { bidPx, askPx } = quote;
  const cap = capOf(quote, walked, rules);
  const sign = sideSign(side);
  const midpoint = (bidPx + askPx) / 2;
  const stride = (sign * rules.stepShare * (askPx - bidPx)) / 2;
  let px = Math.max(roundPassive(midpoint, side, tickClass), tickSize(0, tickClass));
  for (let step = 0; step < steps && sign * (cap - px) > 0; step++) {
    const strided = roundPassive(px + stride, side, tickClass);
    const oneTick = tickTowards(px, side, tickClass);
    px = sign * (strided - oneTick) > 0 ? strided : oneTick;
  }
  return sign * (cap - px) > 0 ? px : cap;
}
