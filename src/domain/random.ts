/**
 * Seeded randomness (xoshiro128**, Blackman and Vigna 2018): 32-bit integer steps, so that a seed means the same numbers
 * on every machine, and a state small enough to carry over from one session to the next.
 */

export type RandomState = readonly [number, number, number, number];

export interface Random {
  /** The next integer, uniform in 0..2^32 - 1. */
  nextUint32(): number;
  /** The next number, uniform in [0, 1), in steps of 2^-32. */
  nextUnit(): number;
  /** Plain integers; `createRandom` of them goes on where this one is. */
  readonly state: RandomState;
}

const rotateLeft = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

/** Spreads every bit of `x` over all 32 (the finalizer of MurmurHash3). */
function scramble(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Starts from a 32-bit seed, or goes on from the state of an earlier generator. */
export function createRandom(from: number | RandomState): Random {
  let [a, b, c, d] = typeof from === 'number' ? stateOf(from) : from;
  const nextUint32 = () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
  return {
    nextUint32,
    nextUnit: () => nextUint32() / 2 ** 32,
    get state(): RandomState {
      return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
    },
  };
}

/** Four distinct scrambles: never all zero, the one state that xoshiro cannot leave. */
const stateOf = (seed: number): RandomState => [
  deriveSeed(seed, 1),
  deriveSeed(seed, 2),
  deriveSeed(seed, 3),
  deriveSeed(seed, 4),
];

/** A seed of its own for each purpose: depends on the seed and on every number (safe integers) and their order. */
export function deriveSeed(seed: number, ...numbers: readonly number[]): number {
  let h = scramble(seed >>> 0);
  for (const number of numbers) {
    if (!Number.isSafeInteger(number))
      throw new RangeError(`a seed is derived from integers, not from ${number}`);
    const low = number >>> 0;
    const high = Math.floor(number / 2 ** 32) | 0;
    h = scramble(
      scramble(h + Math.imul(low, 0x9e3779b1) + 0x7f4a7c15) + Math.imul(high, 0x85ebca77) + 0x165667b1,
    );
  }
  return h;
}
