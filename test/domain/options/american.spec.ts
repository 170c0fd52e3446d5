import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { americanGreeks, americanPrice, exerciseIsRational } from '../../../src/domain/options/american.ts';
import { europeanGreeks, europeanPrice } from '../../../src/domain/options/black-scholes.ts';
import { intrinsicValue, type OptionInputs } from '../../../src/domain/options/option-inputs.ts';
import { arbitraryOption } from './arbitrary-option.ts';
import { referencePrice } from './binomial-tree.ts';

const option = (some: Partial<OptionInputs> = {}): OptionInputs => ({
  right: 'put',
  spot: 100,
  strike: 100,
  years: 0.5,
  rate: 0.05,
  dividendYield: 0.015,
  vol: 0.2,
  ...some,
});
/** What the method promises, as a fraction of the strike, where interest and dividends are slow beside volatility. */
const STATED_ERROR = 2e-5;
const runs = { numRuns: 150 };
const isOrdinary = ({ years, rate, dividendYield, vol }: OptionInputs): boolean => {
  const deviation = vol * Math.sqrt(years);
  return years > 1 / 365 && deviation <= 2 && deviation >= 2 * Math.max(rate, dividendYield) * years;
};
const ordinary = () => arbitraryOption(0.05).filter(isOrdinary);

describe('an American price', () => {
  test('is that of Broadie and Detemple (1996), table 1: calls of six months, strike 100, their true values', () => {
    const table: readonly (readonly [
      vol: number,
      rate: number,
      dividendYield: number,
      prices: readonly number[],
    ])[] = [
      [0.2, 0.03, 0.07, [0.219, 1.386, 4.783, 11.098, 20]],
      [0.4, 0.03, 0.07, [2.689, 5.722, 10.239, 16.181, 23.36]],
      [0.3, 0, 0.07, [1.037, 3.123, 7.035, 12.955, 20.717]],
      [0.3, 0.07, 0.03, [1.664, 4.495, 9.251, 15.798, 23.706]],
    ];
    for (const [vol, rate, dividendYield, prices] of table) {
      for (const [i, published] of prices.entries()) {
        const price = americanPrice(option({ right: 'call', spot: 80 + 10 * i, vol, rate, dividendYield }));
        expect(Math.abs(price - published)).toBeLessThan(STATED_ERROR * 100 + 0.0005);
      }
    }
  });

  test('has the premium that Andersen, Lake and Offengenden (2016) compute for equal rate and yield', () => {
    const inputs = option({ years: 1, rate: 0.05, dividendYield: 0.05, vol: 0.25 });
    expect(Math.abs(americanPrice(inputs) - europeanPrice(inputs) - 0.106952702747)).toBeLessThan(0.0001);
  });

  test('is within its stated error of a binomial tree of 20,000 steps', () => {
    for (const inputs of [
      option(),
      option({ spot: 90, vol: 0.35, years: 2, dividendYield: 0 }),
      option({ right: 'call', spot: 108, rate: 0.02, dividendYield: 0.06, years: 1 }),
    ]) {
      expect(Math.abs(americanPrice(inputs) - referencePrice(inputs, 20_000))).toBeLessThan(
        STATED_ERROR * 100,
      );
    }
  });

  test.prop([ordinary()], { numRuns: 60 })(
    'is within its stated error of a smaller tree, for any option',
    (inputs) => {
      const error = Math.abs(americanPrice(inputs) - referencePrice(inputs, 800));
      // The tree has an error of its own.
      expect(error).toBeLessThan(2 * STATED_ERROR * Math.max(inputs.strike, inputs.spot));
    },
  );

  test('is within a thousandth of the strike for calm options of years', () => {
    for (const years of [0.5, 1, 2, 3])
      for (const vol of [0.03, 0.05, 0.075])
        for (const strike of [97, 100, 103]) {
          const calm = option({ years, strike, vol, rate: 0.05, dividendYield: 0 });
          expect(Math.abs(americanPrice(calm) - referencePrice(calm, 1_000))).toBeLessThan(0.001 * strike);
        }
  });

  test.prop([arbitraryOption(0)], runs)(
    'is at least the European price and the exercise value, and below its maximum',
    (inputs) => {
      const price = americanPrice(inputs);
      expect(price).toBeGreaterThanOrEqual(europeanPrice(inputs));
      expect(price).toBeGreaterThanOrEqual(intrinsicValue(inputs, inputs.spot));
      expect(price).toBeLessThanOrEqual(
        (inputs.right === 'call' ? inputs.spot : inputs.strike) * (1 + 1e-14),
      );
    },
  );

  test.prop([ordinary(), fc.double({ min: 1.001, max: 2, noNaN: true })], runs)(
    'moves with spot, against the strike and with volatility and time, within its stated error',
    (inputs, factor) => {
      const { spot, strike, vol, years, right } = inputs;
      const sign = right === 'call' ? 1 : -1;
      const slack = 2 * STATED_ERROR * Math.max(spot, strike) * factor;
      const price = americanPrice(inputs);
      expect(sign * (americanPrice({ ...inputs, spot: spot * factor }) - price)).toBeGreaterThan(-slack);
      expect(sign * (americanPrice({ ...inputs, strike: strike * factor }) - price)).toBeLessThan(slack);
      expect(americanPrice({ ...inputs, vol: vol * factor })).toBeGreaterThan(price - slack);
      expect(americanPrice({ ...inputs, years: years * factor })).toBeGreaterThan(price - slack);
    },
  );

  test.prop([arbitraryOption()], runs)(
    'is European for a call without dividends, and for a put without interest',
    (inputs) => {
      const call: OptionInputs = { ...inputs, right: 'call', dividendYield: 0 };
      expect(americanPrice(call)).toBe(Math.max(europeanPrice(call), intrinsicValue(call, call.spot)));
      expect(exerciseIsRational(call)).toBe(false);
      const put: OptionInputs = { ...inputs, right: 'put', rate: 0 };
      expect(americanPrice(put)).toBe(Math.max(europeanPrice(put), intrinsicValue(put, put.spot)));
      expect(exerciseIsRational(put)).toBe(false);
    },
  );

  test.prop([arbitraryOption()], runs)(
    'of a call is that of a put with share and strike, rate and yield exchanged',
    (inputs) => {
      const { spot, strike, rate, dividendYield } = inputs;
      const call = americanPrice({ ...inputs, right: 'call' });
      const put = americanPrice({
        ...inputs,
        right: 'put',
        spot: strike,
        strike: spot,
        rate: dividendYield,
        dividendYield: rate,
      });
      expect(Math.abs(call - put)).toBeLessThan(1e-12 * Math.max(spot, strike));
    },
  );

  test('without volatility is the best exercise along the forward', () => {
    // Deep in the money with a yield below the rate: the call waits until the yield outweighs the strike's interest.
    const waits = option({
      right: 'call',
      vol: 0,
      spot: 100,
      strike: 90,
      rate: 0.05,
      dividendYield: 0.048,
      years: 10,
    });
    const values = Array.from({ length: 10_001 }, (_, i) => {
      const time = i / 1_000;
      return 100 * Math.exp(-0.048 * time) - 90 * Math.exp(-0.05 * time);
    });
    expect(americanPrice(waits)).toBeCloseTo(Math.max(...values), 4);
    expect(americanPrice(option({ vol: 0, spot: 90 }))).toBe(10);
  });

  test('of an expired option is what exercise gives', () => {
    expect(americanPrice(option({ years: 0, spot: 92.5 }))).toBe(7.5);
    expect(americanPrice(option({ years: -1, spot: 107.5 }))).toBe(0);
  });
});

describe('early exercise', () => {
  test('is rational just where the option is worth no more than exercising it', () => {
    // The boundary of this put is 84.2: found by halving on a tree of 4,000 steps.
    let low = 60;
    let high = 100;
    for (let i = 0; i < 12; i++) {
      const spot = (low + high) / 2;
      const held = referencePrice(option({ spot }), 1_000);
      if (held - (100 - spot) > 1e-4) high = spot;
      else low = spot;
    }
    expect(exerciseIsRational(option({ spot: low - 0.3 }))).toBe(true);
    expect(exerciseIsRational(option({ spot: high + 0.3 }))).toBe(false);
  });

  test.prop([ordinary()], runs)(
    'never gives more than the price, and is worth the price where rational',
    (inputs) => {
      if (exerciseIsRational(inputs)) expect(americanPrice(inputs)).toBe(intrinsicValue(inputs, inputs.spot));
    },
  );

  test.prop([ordinary(), fc.double({ min: 1.001, max: 1.5, noNaN: true })], runs)(
    'stays rational deeper in the money',
    (inputs, factor) => {
      const deeper = inputs.right === 'call' ? inputs.spot * factor : inputs.spot / factor;
      if (exerciseIsRational(inputs)) expect(exerciseIsRational({ ...inputs, spot: deeper })).toBe(true);
    },
  );

  test('is always rational at expiry in the money, never out of it', () => {
    expect(exerciseIsRational(option({ years: 0, spot: 99.99 }))).toBe(true);
    expect(exerciseIsRational(option({ years: 0, spot: 100 }))).toBe(false);
    expect(exerciseIsRational(option({ spot: 101, years: 1 / 365 }))).toBe(false);
  });

  test('is rational for a deep call on the eve of its expiry only where the dividend exceeds the interest', () => {
    const eve = option({ right: 'call', spot: 140, years: 1 / 365 });
    expect(exerciseIsRational({ ...eve, dividendYield: 0.1 })).toBe(true);
    expect(exerciseIsRational({ ...eve, dividendYield: 0.03 })).toBe(false);
  });
});

describe('American greeks', () => {
  test('are the derivatives of the reference price', () => {
    const h = { spot: 1, vol: 0.005, years: 0.01, rate: 0.002 };
    for (const inputs of [
      option(),
      option({ spot: 90 }),
      option({ spot: 112, vol: 0.4, years: 1.5 }),
      option({ right: 'call', spot: 110, rate: 0.03, dividendYield: 0.07, vol: 0.3 }),
    ]) {
      const at = (changed: Partial<OptionInputs>) => referencePrice({ ...inputs, ...changed }, 1_000);
      const slope = (key: keyof typeof h) =>
        (at({ [key]: inputs[key] + h[key] }) - at({ [key]: inputs[key] - h[key] })) / (2 * h[key]);
      const greeks = americanGreeks(inputs);
      expect(greeks.price).toBe(americanPrice(inputs));
      expect(Math.abs(greeks.delta - slope('spot'))).toBeLessThan(0.001);
      const curve = at({ spot: inputs.spot + 1 }) - 2 * at({}) + at({ spot: inputs.spot - 1 });
      expect(Math.abs(greeks.gamma / curve - 1)).toBeLessThan(0.02);
      expect(Math.abs(greeks.vega - slope('vol') / 100)).toBeLessThan(0.003);
      expect(Math.abs(greeks.theta + slope('years') / 365)).toBeLessThan(0.0003);
      expect(Math.abs(greeks.rho - slope('rate') / 100)).toBeLessThan(0.003);
    }
  });

  test('are the European ones where exercise never pays', () => {
    const call = option({ right: 'call', dividendYield: 0 });
    expect(americanGreeks(call)).toEqual(europeanGreeks(call));
  });

  test('are those of the exercised option where exercise is rational', () => {
    expect(americanGreeks(option({ spot: 70 }))).toEqual({
      price: 30,
      delta: -1,
      gamma: 0,
      vega: 0,
      theta: 0,
      rho: 0,
    });
  });

  test.prop([arbitraryOption(0)], runs)('are finite and have the signs of their right', (inputs) => {
    const greeks = americanGreeks(inputs);
    for (const [name, value] of Object.entries(greeks)) expect(Number.isFinite(value), name).toBe(true);
    const sign = inputs.right === 'call' ? 1 : -1;
    expect(sign * greeks.delta).toBeGreaterThanOrEqual(0);
    expect(sign * greeks.delta).toBeLessThanOrEqual(1);
  });
});
