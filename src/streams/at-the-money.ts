/** At-the-money volatility at 30 days out of a chain: interpolated between strikes, then between expiries in variance. */
import { exp } from '../domain/math.ts';

export interface AtStrike {
  readonly strike: number;
  /** Asked only where it matters, since solving for it costs; null where the quote gives none. */
  vol(): number | null;
}

/** One expiry's quotes by ascending strike, calls and puts side by side. */
export interface ExpiryVols {
  /** Price of the underlying when they were quoted. */
  readonly spot: number;
  readonly years: number;
  readonly strikes: readonly AtStrike[];
}

const YEARS_30_DAYS = 30 / 365;
/** Strikes further than this share from the forward are not at the money. */
const REACH = 0.1;
/** An expiry alone stands for 30 days from a week to three months away, days. */
const ALONE = { min: 7 / 365, max: 90 / 365 };

/** `carry` is rate less dividend yield, which makes the forward. Null where no two-sided quotes lie near enough. */
export function atTheMoney(expiries: readonly ExpiryVols[], carry: number): number | null {
  let before: { years: number; vol: number } | null = null;
  let after: { years: number; vol: number } | null = null;
  for (const each of expiries) {
    const { years } = each;
    if (years <= YEARS_30_DAYS ? years <= (before?.years ?? 0) : years >= (after?.years ?? Infinity))
      continue;
    const vol = volAtForward(each, carry);
    if (vol === null) continue;
    if (years <= YEARS_30_DAYS) before = { years, vol };
    else after = { years, vol };
  }
  if (before === null || after === null) {
    const only = before ?? after;
    return only !== null && only.years >= ALONE.min && only.years <= ALONE.max ? only.vol : null;
  }
  const variance = ({ years, vol }: { years: number; vol: number }) => vol * vol * years;
  const share = (YEARS_30_DAYS - before.years) / (after.years - before.years);
  const total = variance(before) + share * (variance(after) - variance(before));
  return Math.sqrt(total / YEARS_30_DAYS);
}

/** Between the nearest usable strikes on both sides of the forward; on one side only, the nearest. */
function volAtForward({ spot, years, strikes }: ExpiryVols, carry: number): number | null {
  if (!(spot > 0)) return null;
  const forward = spot * exp(carry * years);
  const above = strikes.findIndex(({ strike }) => strike > forward);
  const split = above < 0 ? strikes.length : above;
  const below = nearestVol(strikes, split - 1, -1, forward);
  const over = nearestVol(strikes, split, 1, forward);
  if (below === null || over === null) return (below ?? over)?.vol ?? null;
  const share = (forward - below.strike) / (over.strike - below.strike);
  return below.vol + share * (over.vol - below.vol);
}

/** Call and put of a strike are averaged: what a wrong rate or dividend does to one, it does to the other the other way. */
function nearestVol(
  strikes: readonly AtStrike[],
  from: number,
  step: 1 | -1,
  forward: number,
): { strike: number; vol: number } | null {
  let sum = 0;
  let count = 0;
  let at = Number.NaN;
  for (let i = from; i >= 0 && i < strikes.length; i += step) {
    const { strike } = strikes[i];
    if (count > 0 && strike !== at) break;
    if (Math.abs(strike - forward) > REACH * forward) break;
    const vol = strikes[i].vol();
    if (vol === null) continue;
    sum += vol;
    count += 1;
    at = strike;
  }
  return count === 0 ? null : { strike: at, vol: sum / count };
}
