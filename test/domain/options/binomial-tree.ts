/**
 * The reference for American prices: the binomial tree of Cox, Ross and Rubinstein with Black-Scholes prices a step before
 * expiry, extrapolated from two sizes (BBSR of Broadie and Detemple, 1996). Another method altogether than the one it checks.
 */
import { europeanPrice } from '../../../src/domain/options/black-scholes.ts';
import type { OptionInputs } from '../../../src/domain/options/option-inputs.ts';

export const referencePrice = (inputs: OptionInputs, steps: number): number =>
  2 * treePrice(inputs, steps) - treePrice(inputs, steps / 2);

function treePrice(inputs: OptionInputs, steps: number): number {
  const { right, spot, strike, years, rate, dividendYield, vol } = inputs;
  const step = years / steps;
  const up = Math.exp(vol * Math.sqrt(step));
  const chance = (Math.exp((rate - dividendYield) * step) - 1 / up) / (up - 1 / up);
  if (!(chance > 0 && chance < 1))
    throw new RangeError(`${steps} steps are too few for a volatility of ${vol}`);
  const discount = Math.exp(-rate * step);
  const ifUp = discount * chance;
  const ifDown = discount * (1 - chance);
  const sign = right === 'call' ? 1 : -1;
  const values = new Float64Array(steps);
  for (let i = 0; i < steps; i++) {
    const px = spot * up ** (2 * i - (steps - 1));
    values[i] = Math.max(europeanPrice({ ...inputs, spot: px, years: step }), sign * (px - strike));
  }
  for (let level = steps - 2; level >= 0; level--) {
    let px = spot * up ** -level;
    for (let i = 0; i <= level; i++) {
      const held = ifUp * values[i + 1] + ifDown * values[i];
      const exercised = sign * (px - strike);
      values[i] = Math.max(held, exercised);
      px *= up * up;
    }
  }
  return values[0];
}
