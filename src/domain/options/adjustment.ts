/**
 * What a split of the underlying makes of an option contract, by the clearing house's rule since 2007 (OCC By-Laws,
 * Article VI, Section 11A, as amended by SR-OCC-2006-01, 72 FR 7701), used for earlier splits too.
 */
import type { OptionContract } from './contract.ts';
import { printOcc } from './occ-symbol.ts';

/** New shares for old ones: 3 for 2 is `{ numerator: 3, denominator: 2 }`, a reverse split 1 for 10 `{ 1, 10 }`. */
export interface SplitRatio {
  readonly numerator: number;
  readonly denominator: number;
}

export interface AdjustedContract {
  readonly contract: OptionContract;
  /** Contracts held afterwards for one held before. */
  readonly quantityFactor: number;
}

/** Strikes are carried to the cent (700 after 3 for 1 is 233.33), and none becomes 0. */
const dividedStrike = (strike: number, by: number): number =>
  Math.max(1, Math.round((strike * 100) / by + 1e-9)) / 100;

function renamed(
  contract: OptionContract,
  change: Partial<Pick<OptionContract, 'root' | 'strike' | 'deliverable'>>,
): OptionContract {
  const changed = { ...contract, ...change };
  return { ...changed, symbol: printOcc(changed) };
}

/** The number behind the root of a contract that is no longer standard: AAPL, AAPL1, AAPL2. */
function nextRoot(root: string): string {
  const [, name, digit] = /^(.*?)(\d?)$/.exec(root)!;
  const next = Number(digit) + 1;
  if (next > 9 || name.length > 5) {
    throw new RangeError(`root "${root}" has no adjusted name: it is 1 to 5 characters and a digit up to 9`);
  }
  return `${name}${next}`;
}

/**
 * A split into whole shares multiplies the contracts and divides the strike. Any other leaves their number, strike and
 * multiplier, and changes what one delivers and its root; where OCC then pays cash for a fraction of a share, the
 * fraction stays here, which is worth the same. Throws RangeError for a ratio that is not of positive integers.
 */
export function adjustForSplit(contract: OptionContract, split: SplitRatio): AdjustedContract {
  const { numerator, denominator } = split;
  if (![numerator, denominator].every((n) => Number.isSafeInteger(n) && n > 0)) {
    throw new RangeError(`a split of ${numerator} for ${denominator}: both are whole shares, 1 or more`);
  }
  if (numerator % denominator === 0) {
    const factor = numerator / denominator;
    const strike = factor === 1 ? contract.strike : dividedStrike(contract.strike, factor);
    return { contract: renamed(contract, { strike }), quantityFactor: factor };
  }
  const deliverable = (contract.deliverable * numerator) / denominator;
  return { contract: renamed(contract, { root: nextRoot(contract.root), deliverable }), quantityFactor: 1 };
}

/** What a split of `symbol` makes of another symbol; undefined for what is no contract on it. */
export const renamedBySplit =
  (
    split: SplitRatio & { readonly symbol: string },
    contractOf: (symbol: string) => OptionContract | undefined,
  ) =>
  (symbol: string): { readonly symbol: string; readonly factor: number } | undefined => {
    const contract = contractOf(symbol);
    if (contract === undefined || contract.underlying !== split.symbol) return undefined;
    const adjusted = adjustForSplit(contract, split);
    return { symbol: adjusted.contract.symbol, factor: adjusted.quantityFactor };
  };
