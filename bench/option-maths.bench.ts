/** Option maths as the selector uses it: whole chains, every contract of them, calls and puts of all expiries in turn. */
import { exp } from '../src/domain/math.ts';
import type { OptionInputs } from '../src/domain/options/option-inputs.ts';
import { optionModels } from '../src/domain/options/option-models.ts';
import { type Benchmark, cpuSecondsOf, median } from './benchmark.ts';

/** Strikes a dollar apart, five expiries, and a smile, so that no two options are alike. */
function chain(): OptionInputs[] {
  const options: OptionInputs[] = [];
  for (const days of [7, 30, 45, 60, 180])
    for (let strike = 350; strike <= 550; strike++)
      for (const right of ['call', 'put'] as const) {
        const vol = 0.16 * exp((450 - strike) / 450) + days / 10_000;
        options.push({ right, spot: 450, strike, years: days / 365, rate: 0.05, dividendYield: 0.015, vol });
      }
  return options;
}

export const optionMaths: Benchmark = {
  name: 'option-maths',
  about: 'prices and implied volatilities of whole option chains, European and American',
  async run({ small }) {
    const options = chain();
    const { european, american } = optionModels;
    const prices = options.map((each) => ({
      inputs: each,
      european: european.price(each),
      american: american.price(each),
    }));
    const rates: [name: string, unit: string, limit: number | null, rounds: number, work: () => void][] = [
      [
        'European prices',
        'prices/s',
        1_000_000,
        400,
        () => options.forEach((each) => void european.price(each)),
      ],
      [
        'European implied volatilities',
        'volatilities/s',
        300_000,
        200,
        () => prices.forEach(({ inputs, european: price }) => void european.impliedVol(inputs, price)),
      ],
      ['European greeks', 'greeks/s', null, 200, () => options.forEach((each) => void european.greeks(each))],
      ['American prices', 'prices/s', null, 10, () => options.forEach((each) => void american.price(each))],
      [
        'American implied volatilities',
        'volatilities/s',
        null,
        2,
        () => prices.forEach(({ inputs, american: price }) => void american.impliedVol(inputs, price)),
      ],
    ];
    const measurements = [];
    for (const [name, unit, limit, rounds, work] of rates) {
      const turns = small ? 1 : rounds;
      const turn = () => cpuSecondsOf(() => Array.from({ length: turns }, work));
      await turn();
      const value =
        (turns * options.length) / Math.max(median([await turn(), await turn(), await turn()]), 1e-6);
      measurements.push({
        name: `${this.name}: ${name}`,
        value,
        unit,
        limit,
        peer: null,
        ratio: limit === null ? null : value / limit,
        goal: limit === null ? null : '>= 1',
      });
    }
    return measurements;
  },
};
