/** Gauss-Legendre quadrature on 0..1: sums that integrate polynomials of degree 2n - 1 exactly. */

export interface Quadrature {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/** From the positive halves of the rule on -1..1: the roots of Legendre's polynomial and their weights. */
function onUnitInterval(half: readonly (readonly [root: number, weight: number])[]): Quadrature {
  const left = half.map(([root, weight]) => [(1 - root) / 2, weight / 2]).reverse();
  const right = half.map(([root, weight]) => [(1 + root) / 2, weight / 2]);
  const both = [...left, ...right];
  return { nodes: both.map(([node]) => node), weights: both.map(([, weight]) => weight) };
}

export const GAUSS_8 = onUnitInterval([
  [0.1834346424956498, 0.362683783378362],
  [0.525532409916329, 0.31370664587788727],
  [0.7966664774136267, 0.22238103445337448],
  [0.9602898564975363, 0.10122853629037626],
]);

export const GAUSS_16 = onUnitInterval([
  [0.09501250983763744, 0.1894506104550685],
  [0.2816035507792589, 0.18260341504492358],
  [0.45801677765722737, 0.16915651939500254],
  [0.6178762444026438, 0.14959598881657674],
  [0.755404408355003, 0.12462897125553388],
  [0.8656312023878318, 0.09515851168249279],
  [0.9445750230732326, 0.062253523938647894],
  [0.9894009349916499, 0.027152459411754096],
]);
