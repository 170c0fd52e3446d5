/**
 * The price of the underlying at which an American put is exercised, over the time to expiry, by the spectral collocation
 * of Andersen, Lake and Offengenden, "High Performance American Option Pricing" (2016): their fixed point A, with
 * polynomials of degree 6 and quadratures of 8 points. Strike 1; the boundary scales with the strike.
 */
import { exp, log, millsRatio, normalCdf, normalPdf } from '../math.ts';
import { GAUSS_8, type Quadrature } from './gauss-legendre.ts';

export interface BoundaryInputs {
  readonly years: number;
  /** Above 0: without interest a put is never exercised early. */
  readonly rate: number;
  readonly dividendYield: number;
  readonly vol: number;
}

export interface ExerciseBoundary {
  /** Where it starts, at expiry: below it a day's interest exceeds a day's dividends. */
  readonly atExpiry: number;
  /** ln(boundary / atExpiry), squared, at the collocation times; unlike the boundary itself this is nearly a polynomial. */
  readonly squares: Float64Array;
}

/** Chebyshev's extreme points on -1..1; the time to expiry at each is years x ((1 + point) / 2)^2. */
const POINTS = [-1, -Math.sqrt(3) / 2, -0.5, 0, 0.5, Math.sqrt(3) / 2, 1];
const DEGREE = POINTS.length - 1;
/** Square roots of the collocation times but the first, which is expiry, as fractions of the longest. */
const ROOTS = POINTS.slice(1).map((point) => (1 + point) / 2);
const PASSES = 5;

/**
 * For each node of a quadrature over time, the weights that give `squares` there. A node v stands for an elapsed time of
 * (v root)^2, which takes out the square-root singularity of the integrands at 0.
 */
export function interpolationAt(root: number, { nodes }: Quadrature): Float64Array {
  const weights = new Float64Array(nodes.length * DEGREE);
  for (const [j, node] of nodes.entries()) {
    const point = 2 * root * Math.sqrt(1 - node * node) - 1;
    // The barycentric formula; the square at expiry is 0 and counts in the sum only.
    const terms = POINTS.map((each, k) => ((k % 2 === 0 ? 1 : -1) / (point - each)) * (k % DEGREE === 0 ? 0.5 : 1));
    const sum = terms.reduce((total, term) => total + term, 0);
    for (let k = 1; k <= DEGREE; k++) weights[j * DEGREE + k - 1] = terms[k] / sum;
  }
  return weights;
}
const INTERPOLATIONS = ROOTS.map((root) => interpolationAt(root, GAUSS_8));

/** ln(boundary / atExpiry) at node j of a quadrature. */
export function logBoundaryAt(weights: Float64Array, j: number, squares: Float64Array): number {
  let square = 0;
  for (let k = 0; k < DEGREE; k++) square += weights[j * DEGREE + k] * squares[k];
  return -Math.sqrt(Math.max(square, 0));
}

export function exerciseBoundary(inputs: BoundaryInputs): ExerciseBoundary {
  const { rate, dividendYield, years } = inputs;
  const atExpiry = dividendYield > rate ? rate / dividendYield : 1;
  const squares = new Float64Array(DEGREE);
  for (let i = 0; i < DEGREE; i++) {
    const guess = log(Math.min(firstGuess(inputs, ROOTS[i] * ROOTS[i] * years) / atExpiry, 1));
    squares[i] = guess * guess;
  }
  for (let pass = 0; pass < PASSES; pass++) {
    for (let i = 0; i < DEGREE; i++) squares[i] = improvedSquare(inputs, atExpiry, squares, i);
  }
  return { atExpiry, squares };
}

/** Smooth pasting at collocation time i, solved for the boundary outside the integrals. */
function improvedSquare(
  { years, rate, dividendYield, vol }: BoundaryInputs,
  atExpiry: number,
  squares: Float64Array,
  i: number,
): number {
  const root = ROOTS[i] * Math.sqrt(years);
  const weights = INTERPOLATIONS[i];
  const carry = rate - dividendYield;
  const here = -Math.sqrt(squares[i]);
  let interest = 0;
  let dividends = 0;
  for (let j = 0; j < GAUSS_8.nodes.length; j++) {
    const elapsedRoot = GAUSS_8.nodes[j] * root;
    const elapsed = elapsedRoot * elapsedRoot;
    const deviation = vol * elapsedRoot;
    const d1 = (here - logBoundaryAt(weights, j, squares) + carry * elapsed) / deviation + deviation / 2;
    interest += GAUSS_8.weights[j] * exp(-rate * elapsed) * normalPdf(d1 - deviation);
    if (dividendYield !== 0) {
      const density = normalPdf(d1);
      const tail = density * millsRatio(Math.abs(d1));
      const weight = GAUSS_8.weights[j] * exp(-dividendYield * elapsed);
      dividends += weight * ((d1 < 0 ? tail : 1 - tail) * deviation + density);
    }
  }
  const time = root * root;
  const deviation = vol * root;
  const d1 = (here + log(atExpiry) + carry * time) / deviation + deviation / 2;
  // Both sides times vol x root.
  const numerator = exp(-rate * time) * normalPdf(d1 - deviation) + 2 * rate * time * interest;
  const denominator =
    exp(-dividendYield * time) * (normalPdf(d1) + normalCdf(d1) * deviation) + 2 * dividendYield * time * dividends;
  const ratio = numerator / (denominator * atExpiry);
  if (!(ratio > 0)) return squares[i];
  const improved = log(Math.min(ratio, 1));
  return improved * improved;
}

/** The flat boundary of Bjerksund and Stensland (1993) for this time alone, taken to the put by symmetry. */
function firstGuess({ rate, dividendYield, vol }: BoundaryInputs, years: number): number {
  const variance = vol * vol;
  const drift = (dividendYield - rate) / variance - 0.5;
  const beta = Math.sqrt(drift * drift + (2 * dividendYield) / variance) - drift;
  const perpetual = beta / (beta - 1);
  const atExpiry = Math.max(1, dividendYield / rate);
  const spread = (dividendYield - rate) * years + 2 * vol * Math.sqrt(years);
  const share = 1 - exp((-spread * atExpiry) / (perpetual - atExpiry));
  return 1 / (atExpiry + (perpetual - atExpiry) * share);
}
