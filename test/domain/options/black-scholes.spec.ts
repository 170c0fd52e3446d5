import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { europeanGreeks, europeanPrice } from '../../../src/domain/options/black-scholes.ts';
import type { OptionInputs } from '../../../src/domain/options/option-inputs.ts';
import { arbitraryOption } from './arbitrary-option.ts';

const option = (some: Partial<OptionInputs> = {}): OptionInputs => ({
  right: 'call',
  spot: 100,
  strike: 100,
  years: 1,
  rate: 0.05,
  dividendYield: 0,
  vol: 0.2,
  ...some,
});
const runs = { numRuns: 500 };
const size = ({ spot, strike }: OptionInputs) => Math.max(spot, strike);

describe('a European price', () => {
  test('is that of the textbooks', () => {
    // Hull, Options, Futures and Other Derivatives, example 15.6; Haug, The Complete Guide to Option Pricing Formulas, 1.1.1, 1.1.4.
    const hull = option({ spot: 42, strike: 40, years: 0.5, rate: 0.1 });
    expect(europeanPrice(hull)).toBeCloseTo(4.76, 2);
    expect(europeanPrice({ ...hull, right: 'put' })).toBeCloseTo(0.81, 2);
    expect(europeanPrice(option({ spot: 60, strike: 65, years: 0.25, rate: 0.08, vol: 0.3 }))).toBeCloseTo(
      2.1334,
      4,
    );
    const haug = option({ right: 'put', strike: 95, years: 0.5, rate: 0.1, dividendYield: 0.05 });
    expect(europeanPrice(haug)).toBeCloseTo(2.4648, 4);
  });

  test('keeps its digits far from the money, where differences of tails lose them', () => {
    // mpmath 1.3, 50 digits.
    for (const [inputs, exact] of [
      [
        { right: 'call', spot: 100, strike: 150, years: 0.25, rate: 0.05, dividendYield: 0, vol: 0.1 },
        1.45015692965789e-15,
      ],
      [
        { right: 'put', spot: 100, strike: 40, years: 0.5, rate: 0.03, dividendYield: 0.01, vol: 0.2 },
        3.72069607185685e-11,
      ],
      [
        { right: 'call', spot: 100, strike: 101, years: 0.001, rate: 0, dividendYield: 0, vol: 0.05 },
        3.75059391892201e-12,
      ],
      [
        {
          right: 'put',
          spot: 4500,
          strike: 3000,
          years: 0.015625,
          rate: 0.05,
          dividendYield: 0.015,
          vol: 0.3,
        },
        1.60401903961378e-26,
      ],
    ] as const) {
      expect(Math.abs(europeanPrice(inputs) / exact - 1)).toBeLessThan(1e-11);
    }
  });

  test.prop([arbitraryOption()], runs)('obeys put-call parity', (inputs) => {
    const { spot, strike, years, rate, dividendYield } = inputs;
    const call = europeanPrice({ ...inputs, right: 'call' });
    const put = europeanPrice({ ...inputs, right: 'put' });
    const forward = spot * Math.exp(-dividendYield * years) - strike * Math.exp(-rate * years);
    expect(Math.abs(call - put - forward)).toBeLessThan(1e-14 * size(inputs));
  });

  test.prop([arbitraryOption(0)], runs)(
    'lies between its forward intrinsic value and its maximum',
    (inputs) => {
      const { right, spot, strike, years, rate, dividendYield } = inputs;
      const presentSpot = spot * Math.exp(-dividendYield * years);
      const presentStrike = strike * Math.exp(-rate * years);
      const forward = right === 'call' ? presentSpot - presentStrike : presentStrike - presentSpot;
      const price = europeanPrice(inputs);
      const slack = 1e-14 * size(inputs);
      expect(price).toBeGreaterThanOrEqual(Math.max(forward - slack, 0));
      expect(price).toBeLessThanOrEqual((right === 'call' ? presentSpot : presentStrike) + slack);
    },
  );

  test.prop([arbitraryOption(), fc.double({ min: 1.0001, max: 2, noNaN: true })], runs)(
    'moves with spot, against the strike and with volatility, a put the other way round but for volatility',
    (inputs, factor) => {
      const { spot, strike, vol, right } = inputs;
      const sign = right === 'call' ? 1 : -1;
      const slack = 1e-14 * size(inputs) * factor;
      const price = europeanPrice(inputs);
      const dearer = europeanPrice({ ...inputs, spot: spot * factor }) - price;
      const higher = europeanPrice({ ...inputs, strike: strike * factor }) - price;
      expect(sign * dearer).toBeGreaterThanOrEqual(-slack);
      expect(sign * higher).toBeLessThanOrEqual(slack);
      expect(europeanPrice({ ...inputs, vol: vol * factor })).toBeGreaterThanOrEqual(price - slack);
    },
  );

  test.prop([arbitraryOption(), fc.double({ min: 0.001, max: 0.2, noNaN: true })], runs)(
    'is convex in the strike: no butterfly is free',
    (inputs, wing) => {
      const at = (factor: number) => europeanPrice({ ...inputs, strike: inputs.strike * factor });
      expect(at(1 - wing) + at(1 + wing) - 2 * at(1)).toBeGreaterThan(-1e-13 * size(inputs));
    },
  );

  test('on the expiry day closes in on what exercise gives, and is that from the bell on', () => {
    const atMoney = [1, 1 / 24, 1 / 1_440, 0].map((days) =>
      europeanPrice(option({ years: days / 365, rate: 0 })),
    );
    expect(atMoney).toEqual([...atMoney].sort((a, b) => b - a));
    expect(atMoney[0]).toBeCloseTo(0.4176, 4);
    expect(atMoney[3]).toBe(0);
    for (const years of [0, -1e-6, -3]) {
      expect(europeanPrice(option({ spot: 107.5, years }))).toBe(7.5);
      expect(europeanPrice(option({ spot: 107.5, years, right: 'put' }))).toBe(0);
    }
  });

  test('without volatility is the present value of a certain exercise', () => {
    const certain = option({ vol: 0, rate: 0.05, dividendYield: 0.02, strike: 90 });
    expect(europeanPrice(certain)).toBeCloseTo(100 * Math.exp(-0.02) - 90 * Math.exp(-0.05), 12);
    expect(europeanPrice({ ...certain, right: 'put' })).toBe(0);
  });
});

describe('European greeks', () => {
  test.prop([arbitraryOption(0.05).filter(({ years }) => years > 1 / 365)], runs)(
    'are the derivatives of the price, in the units they state',
    (inputs) => {
      const { spot, vol, years, rate } = inputs;
      const greeks = europeanGreeks(inputs);
      const at = (changed: Partial<OptionInputs>) => europeanPrice({ ...inputs, ...changed });
      const slope = (key: 'spot' | 'vol' | 'years' | 'rate', h: number) =>
        (at({ [key]: inputs[key] + h }) - at({ [key]: inputs[key] - h })) / (2 * h);
      const near = (actual: number, expected: number, scale: number) =>
        expect(Math.abs(actual - expected)).toBeLessThan(scale);
      const h = spot * Math.min(vol * Math.sqrt(years), 1) * 1e-3;
      expect(greeks.price).toBe(europeanPrice(inputs));
      near(greeks.delta, slope('spot', h), 1e-5);
      near(
        greeks.gamma,
        (at({ spot: spot + h }) - 2 * greeks.price + at({ spot: spot - h })) / (h * h),
        1e-4 / h,
      );
      near(greeks.vega * 100, slope('vol', vol * 1e-4), 1e-4 * size(inputs));
      near(greeks.theta * 365, -slope('years', years * 1e-4), (1e-4 * size(inputs)) / years);
      near(
        greeks.rho * 100,
        slope('rate', Math.min(1e-5, 1e-3 / (1 + rate))),
        1e-4 * size(inputs) * (1 + years),
      );
    },
  );

  test('are finite at every corner, and hold no -0', () => {
    for (const right of ['call', 'put'] as const)
      for (const spot of [1e-9, 50, 100, 1e9])
        for (const years of [-1, 0, 1e-12, 1 / 365, 50])
          for (const vol of [0, 1e-9, 0.2, 9, 1e3])
            for (const rate of [-0.02, 0, 0.05]) {
              const greeks = europeanGreeks(option({ right, spot, years, vol, rate }));
              for (const [name, value] of Object.entries(greeks)) {
                const where = `${name} at ${JSON.stringify({ right, spot, years, vol, rate })}`;
                expect(Number.isFinite(value), where).toBe(true);
                expect(Object.is(value, -0), where).toBe(false);
              }
            }
  });

  test('of an expired option are those of what exercise leaves', () => {
    const expired = option({ spot: 107.5, years: 0 });
    const nothing = { gamma: 0, vega: 0, theta: 0, rho: 0 };
    expect(europeanGreeks(expired)).toEqual({ price: 7.5, delta: 1, ...nothing });
    expect(europeanGreeks({ ...expired, right: 'put' })).toEqual({ price: 0, delta: 0, ...nothing });
    expect(europeanGreeks({ ...expired, spot: 100 })).toEqual({ price: 0, delta: 0, ...nothing });
  });
});
