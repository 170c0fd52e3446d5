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
  /** Where it would lie without expiry, below all of it. */
  readonly perpetual: number;
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
const NODES = GAUSS_8.nodes.length;
const PASSES = 6;

/**
 * For each node of a quadrature over time, the weights that give `squares` there. A node v stands for an elapsed time of
 * (v root)^2, which takes out the square-root singularity of the integrands at 0.
 */
export function interpolationAt(root: number, { nodes }: Quadrature): Float64Array {
  const weights = new Float64Array(nodes.length * DEGREE);
  for (const [j, node] of nodes.entries()) {
    const point = 2 * root * Math.sqrt(1 - node * node) - 1;
    // The barycentric formula; the square at expiry is 0 and counts in the sum only.
    const terms = POINTS.map(
      (each, k) => ((k % 2 === 0 ? 1 : -1) / (point - each)) * (k % DEGREE === 0 ? 0.5 : 1),
    );
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
  const { rate, dividendYield, years, vol } = inputs;
  const atExpiry = dividendYield > rate ? rate / dividendYield : 1;
  const perpetual = perpetualBoundary(inputs);
  const lowest = log(perpetual / atExpiry);
  const squares = new Float64Array(DEGREE);
  const discounts = new Float64Array(2 * DEGREE * NODES);
  for (let i = 0; i < DEGREE; i++) {
    const time = ROOTS[i] * ROOTS[i] * years;
    // Bjerksund and Stensland (1993) approach the perpetual boundary like this, where rate and yield are equal.
    const share = 1 - exp((2 * vol * Math.sqrt(time)) / (1 - exp(-lowest)));
    const guess = -log(1 + (exp(-lowest) - 1) * share);
    squares[i] = guess * guess;
    for (let j = 0; j < NODES; j++) {
      const elapsed = GAUSS_8.nodes[j] * GAUSS_8.nodes[j] * time;
      const at = 2 * (i * NODES + j);
      discounts[at] = GAUSS_8.weights[j] * exp(-rate * elapsed);
      discounts[at + 1] = dividendYield === 0 ? 0 : GAUSS_8.weights[j] * exp(-dividendYield * elapsed);
    }
  }
  for (let pass = 0; pass < PASSES; pass++) {
    // In place: a later time is improved with what its earlier ones have become.
    for (let i = 0; i < DEGREE; i++)
      squares[i] = improvedSquare(inputs, atExpiry, lowest, squares, discounts, i);
  }
  return { perpetual, atExpiry, squares };
}

/** Smooth pasting at collocation time i, solved for the boundary outside the integrals. */
function improvedSquare(
  { years, rate, dividendYield, vol }: BoundaryInputs,
  atExpiry: number,
  lowest: number,
  squares: Float64Array,
  discounts: Float64Array,
  i: number,
): number {
  const root = ROOTS[i] * Math.sqrt(years);
  const weights = INTERPOLATIONS[i];
  const carry = rate - dividendYield;
  const here = -Math.sqrt(squares[i]);
  let interest = 0;
  let dividends = 0;
  for (let j = 0; j < NODES; j++) {
    const elapsedRoot = GAUSS_8.nodes[j] * root;
    const deviation = vol * elapsedRoot;
    const moved = here - logBoundaryAt(weights, j, squares) + carry * elapsedRoot * elapsedRoot;
    const d1 = moved / deviation + deviation / 2;
    const at = 2 * (i * NODES + j);
    interest += discounts[at] * normalPdf(d1 - deviation);
    if (dividendYield !== 0) {
      const density = normalPdf(d1);
      const tail = density * millsRatio(Math.abs(d1));
      dividends += discounts[at + 1] * ((d1 < 0 ? tail : 1 - tail) * deviation + density);
    }
  }
  const time = root * root;
  const deviation = vol * root;
  const d1 = (here + log(atExpiry) + carry * time) / deviation + deviation / 2;
  // Both sides times vol x root.
  const numerator = exp(-rate * time) * normalPdf(d1 - deviation) + 2 * rate * time * interest;
  const denominator =
    exp(-dividendYield * time) * (normalPdf(d1) + normalCdf(d1) * deviation) +
    2 * dividendYield * time * dividends;
  const ratio = numerator / (denominator * atExpiry);
  if (!(ratio > 0)) return squares[i];
  // It falls with the time left, towards the perpetual one; where rounding or a coarse guess says otherwise, that holds.
  const sooner = i === 0 ? 0 : -Math.sqrt(squares[i - 1]);
  const improved = Math.max(Math.min(log(ratio), sooner), lowest);
  return improved * improved;
}

function perpetualBoundary({ rate, dividendYield, vol }: BoundaryInputs): number {
  const variance = vol * vol;
  const half = variance / 2 + dividendYield - rate;
  const root = Math.sqrt(half * half + 2 * variance * rate);
  const odds = half > 0 ? (2 * rate) / (half + root) : (root - half) / variance;
  return odds / (1 + odds);
}
