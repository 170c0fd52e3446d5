/**
 * Random options, from an hour to three years, from deep in to deep out of the money; with
 * a least volatility of 0 also without any.
 */
import { fc } from '@fast-check/vitest';
import type { OptionInputs } from '../../../src/domain/options/option-inputs.ts';

const double = (min: number, max: number) => fc.double({ min, max, noNaN: true });

export function arbitraryOption(volMin = 0.01): fc.Arbitrary<OptionInputs> {
  return fc
    .record({
      right: fc.constantFrom('call' as const, 'put' as const),
      spot: double(1, 5_000),
      moneyness: double(-1.5, 1.5),
      years: double(1 / 8_760, 3),
      rate: double(0, 0.1),
      dividendYield: fc.oneof(fc.constant(0), double(0, 0.1)),
      vol: volMin === 0 ? fc.oneof(fc.constant(0), double(1e-6, 3)) : double(volMin, 3),
    })
    .map(({ moneyness, ...rest }) => ({ ...rest, strike: rest.spot * Math.exp(moneyness) }));
}
