/**
 * American options: the European price plus the value of exercising early, which is the interest on the strike less the
 * dividends given up over all the time that the underlying will spend beyond the exercise boundary.
 */
import { exp, log, normalCdf } from '../math.ts';
import { europeanGreeks, europeanPrice } from './black-scholes.ts';
import {
  type BoundaryInputs,
  type ExerciseBoundary,
  exerciseBoundary,
  interpolationAt,
  logBoundaryAt,
} from './exercise-boundary.ts';
import { GAUSS_16 } from './gauss-legendre.ts';
import {
  DAYS_PER_YEAR,
  expiredGreeks,
  type Greeks,
  intrinsicValue,
  type OptionInputs,
} from './option-inputs.ts';

/** A call is a put on the strike with the share as its strike: whoever has one gives the other's dividends up. */
interface AsPut extends BoundaryInputs {
  readonly spot: number;
  readonly strike: number;
}

function asPut({ right, spot, strike, years, rate, dividendYield, vol }: OptionInputs): AsPut {
  if (right === 'put') return { spot, strike, years, rate, dividendYield, vol };
  return { spot: strike, strike: spot, years, rate: dividendYield, dividendYield: rate, vol };
}

/**
 * Dollars; never below the European price nor the intrinsic value. Error below 2e-5 of the strike where vol x sqrt(years) is
 * at most 2 and at least twice the rate and the yield times years: for all but calm or wild options of years. Elsewhere
 * below 1e-3, up to three years. A put without interest, or a call without dividends, is European; so is one whose rates
 * are negative, which is then the least it is worth.
 */
export function americanPrice(inputs: OptionInputs): number {
  const intrinsic = intrinsicValue(inputs, inputs.spot);
  if (inputs.years <= 0) return intrinsic;
  const put = asPut(inputs);
  const european = europeanPrice(inputs);
  const floor = Math.max(european, intrinsic);
  if (waitingIsFree(put)) return floor;
  if (isCertain(put)) return Math.max(floor, certainValue(put));
  const boundary = exerciseBoundary(put);
  if (isBeyond(put, boundary)) return floor;
  const price = Math.min(european + premium(put, boundary), perpetualValue(put, boundary));
  return Math.max(price, floor);
}

/** Whether a holder in the money loses by waiting: at expiry, or beyond the exercise boundary. */
export function exerciseIsRational(inputs: OptionInputs): boolean {
  const intrinsic = intrinsicValue(inputs, inputs.spot);
  if (intrinsic === 0 || inputs.years <= 0) return intrinsic > 0;
  const put = asPut(inputs);
  if (waitingIsFree(put)) return false;
  if (isCertain(put)) return certainValue(put) <= intrinsic;
  return isBeyond(put, exerciseBoundary(put));
}

/**
 * Greeks of the European price exact, those of early exercise by differences; where exercise is rational, those of the
 * exercised option.
 */
export function americanGreeks(inputs: OptionInputs): Greeks {
  if (inputs.years <= 0) return expiredGreeks(inputs);
  const put = asPut(inputs);
  if (waitingIsFree(put) || isCertain(put)) {
    if (exerciseIsRational(inputs)) return expiredGreeks(inputs);
    return { ...europeanGreeks(inputs), price: americanPrice(inputs) };
  }
  const boundary = exerciseBoundary(put);
  if (isBeyond(put, boundary)) return expiredGreeks(inputs);
  const { spot, rate, dividendYield, vol, years } = inputs;
  const european = europeanGreeks(inputs);
  const step = 0.02 * vol * Math.sqrt(years) * spot;
  const here = premium(put, boundary);
  const up = premium(asPut({ ...inputs, spot: spot + step }), boundary);
  const down = premium(asPut({ ...inputs, spot: spot - step }), boundary);
  const delta = (up - down) / (2 * step);
  const gamma = (up - 2 * here + down) / (step * step);
  // Of a position not exercised, what time takes is what curvature and carry leave over.
  const decay = rate * here - (rate - dividendYield) * spot * delta - 0.5 * vol * vol * spot * spot * gamma;
  const extra = (changed: OptionInputs): number => americanPrice(changed) - europeanPrice(changed);
  const volStep = 0.01 * vol;
  const byVol = extra({ ...inputs, vol: vol + volStep }) - extra({ ...inputs, vol: vol - volStep });
  const byRate = extra({ ...inputs, rate: rate + RATE_STEP }) - extra({ ...inputs, rate: rate - RATE_STEP });
  return {
    price: americanPrice(inputs),
    delta:
      inputs.right === 'call' ? within(0, european.delta + delta, 1) : within(-1, european.delta + delta, 0),
    gamma: european.gamma + gamma,
    vega: european.vega + byVol / (2 * volStep) / 100,
    theta: european.theta + decay / DAYS_PER_YEAR,
    rho: european.rho + byRate / (2 * RATE_STEP) / 100,
  };
}
const RATE_STEP = 0.0001;

const within = (low: number, value: number, high: number): number => Math.min(Math.max(value, low), high);

/** The strike's interest until expiry is all that early exercise can gain; here it is less than the price's rounding. */
const waitingIsFree = ({ rate, years }: AsPut): boolean => rate * years <= 1e-14;

/** Hardly any chance left: the underlying follows its forward. */
const isCertain = ({ vol, years }: AsPut): boolean => vol * Math.sqrt(years) < 1e-5;

/** The best exercise along the forward when it lies between now and expiry; those two are for the caller to compare. */
function certainValue({ spot, strike, years, rate, dividendYield }: AsPut): number {
  if (dividendYield <= rate) return 0;
  const best = log((rate * strike) / (dividendYield * spot)) / (dividendYield - rate);
  const time = Math.min(Math.max(best, 0), years);
  return strike * exp(-rate * time) - spot * exp(-dividendYield * time);
}

const now = (boundary: ExerciseBoundary): number => -Math.sqrt(boundary.squares[boundary.squares.length - 1]);

const isBeyond = ({ spot, strike }: AsPut, boundary: ExerciseBoundary): boolean =>
  log(spot / (strike * boundary.atExpiry)) <= now(boundary);

/** What the option would be worth if it never expired: the most it can be worth, above the boundary. */
function perpetualValue({ spot, strike }: AsPut, { perpetual }: ExerciseBoundary): number {
  const distance = log(spot / (strike * perpetual));
  return strike * (1 - perpetual) * exp((-distance * perpetual) / (1 - perpetual));
}

/** Value of early exercise for an underlying above the boundary. */
function premium(
  { spot, strike, years, rate, dividendYield, vol }: AsPut,
  boundary: ExerciseBoundary,
): number {
  const { nodes, weights } = GAUSS_16;
  const root = Math.sqrt(years);
  const distance = log(spot / (strike * boundary.atExpiry));
  let sum = 0;
  for (let j = 0; j < nodes.length; j++) {
    const elapsedRoot = nodes[j] * root;
    const elapsed = elapsedRoot * elapsedRoot;
    const deviation = vol * elapsedRoot;
    const beyond = logBoundaryAt(WHOLE_TIME, j, boundary.squares);
    const d1 = (distance - beyond + (rate - dividendYield) * elapsed) / deviation + deviation / 2;
    const interest = rate * strike * exp(-rate * elapsed) * normalCdf(deviation - d1);
    const dividends =
      dividendYield === 0 ? 0 : dividendYield * spot * exp(-dividendYield * elapsed) * normalCdf(-d1);
    sum += weights[j] * nodes[j] * (interest - dividends);
  }
  return Math.max(2 * years * sum, 0);
}
const WHOLE_TIME = interpolationAt(1, GAUSS_16);
