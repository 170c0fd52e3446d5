import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { ExerciseStyle, OptionMarket } from '../../../src/domain/options/option-inputs.ts';
import { optionModels } from '../../../src/domain/options/option-models.ts';
import { arbitraryOption } from './arbitrary-option.ts';

const market = (some: Partial<OptionMarket> = {}): OptionMarket => ({
  right: 'call',
  spot: 100,
  strike: 100,
  years: 0.25,
  rate: 0.05,
  dividendYield: 0.02,
  ...some,
});

const GRID = {
  strike: [1, 20, 60, 80, 90, 95, 99, 100, 101, 105, 110, 125, 150, 300, 2_000],
  years: [1 / 8_760, 1 / 365, 7 / 365, 0.1, 0.5, 1, 3],
  vol: [0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 9],
  rate: [0, 0.01, 0.05, 0.15],
  dividendYield: [0, 0.02, 0.1],
};

/** Every option of the grid, every nth with `every`. */
function* grid(every = 1) {
  let count = 0;
  for (const strike of GRID.strike)
    for (const years of GRID.years)
      for (const vol of GRID.vol)
        for (const rate of GRID.rate)
          for (const dividendYield of GRID.dividendYield)
            for (const right of ['call', 'put'] as const)
              if (count++ % every === 0) yield { right, spot: 100, strike, years, vol, rate, dividendYield };
}

/** Prices, implies and prices again the whole grid. */
function roundTrips(style: ExerciseStyle, every: number) {
  const { price, impliedVol } = optionModels[style];
  const worst = { price: 0, vol: 0 };
  const without = new Set<string>();
  let solved = 0;
  for (const inputs of grid(every)) {
    const once = price(inputs);
    const implied = impliedVol(inputs, once);
    if (!implied.ok) {
      without.add(implied.reason);
      continue;
    }
    solved++;
    worst.price = Math.max(worst.price, Math.abs(price({ ...inputs, vol: implied.vol }) - once));
    const vega = Math.abs(price({ ...inputs, vol: inputs.vol * 1.001 }) - once) / (inputs.vol * 0.001);
    if (vega > 1e-2) worst.vol = Math.max(worst.vol, Math.abs(implied.vol - inputs.vol));
  }
  return { solved, worst, without: [...without].sort() };
}

describe('implied volatility', () => {
  test('of a European option gives its price back within 1e-8, over a wide grid', () => {
    const { solved, worst, without } = roundTrips('european', 1);
    expect(solved).toBeGreaterThan(14_000);
    expect(worst.price).toBeLessThan(1e-10);
    expect(worst.vol).toBeLessThan(1e-9);
    // An option deep in the money, or certain to end worthless, has no time value left in a double's 16 digits.
    expect(without).toEqual(['noTimeValue', 'zeroVega']);
  });

  test('of an American option gives its price back within 1e-8, over a wide grid', () => {
    const { solved, worst, without } = roundTrips('american', 17);
    expect(solved).toBeGreaterThan(700);
    expect(worst.price).toBeLessThan(1e-8);
    expect(without).toContain('noTimeValue');
  });

  for (const style of ['european', 'american'] as const) {
    const { price, impliedVol } = optionModels[style];
    test.prop([arbitraryOption(0.05)], { numRuns: style === 'european' ? 1_000 : 100 })(
      `of any ${style} option gives its price back within 1e-8 of spot and strike`,
      (inputs) => {
        const once = price(inputs);
        const implied = impliedVol(inputs, once);
        if (!implied.ok) return;
        const again = price({ ...inputs, vol: implied.vol });
        expect(Math.abs(again - once)).toBeLessThan(1e-10 * Math.max(inputs.spot, inputs.strike));
      },
    );

    test(`says why there is none, ${style} exercise`, () => {
      const reason = (some: Partial<OptionMarket>, of: number) => {
        const implied = impliedVol(market(some), of);
        return implied.ok ? implied.vol : implied.reason;
      };
      expect(reason({ strike: 80 }, 19)).toBe('belowIntrinsic');
      expect(reason({ right: 'put', strike: 120 }, 17)).toBe('belowIntrinsic');
      expect(reason({}, -0.01)).toBe('belowIntrinsic');
      expect(reason({ strike: 120 }, 0)).toBe('noTimeValue');
      expect(reason({}, 100)).toBe('aboveMaximum');
      expect(reason({ right: 'put' }, 100)).toBe('aboveMaximum');
      expect(reason({ years: 0 }, 5)).toBe('expired');
      expect(reason({ years: -1 }, 5)).toBe('expired');
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(reason({}, bad)).toBe('badInput');
        expect(reason({ rate: bad }, 5)).toBe('badInput');
      }
      expect(reason({ spot: 0 }, 5)).toBe('badInput');
      expect(reason({ strike: -1 }, 5)).toBe('badInput');
    });

    test(`lives through 900 % and through a tenth of a per cent, ${style} exercise`, () => {
      for (const vol of [9, 0.5, 0.001]) {
        const inputs = market({ rate: 0, dividendYield: 0 });
        const implied = impliedVol(inputs, price({ ...inputs, vol }));
        expect(implied.ok && implied.vol).toBeCloseTo(vol, 8);
      }
    });

    test(`is the same to the last bit each time, ${style} exercise`, () => {
      for (const inputs of grid(301)) {
        const of = price(inputs);
        expect(price({ ...inputs })).toBe(of);
        expect(impliedVol({ ...inputs }, of)).toEqual(impliedVol(inputs, of));
      }
    });
  }

  test('of an exercise value is none for an American option, since all small volatilities give it', () => {
    const deep = market({ right: 'put', strike: 140, vol: 0.1 } as Partial<OptionMarket>);
    expect(optionModels.american.impliedVol(deep, 40)).toEqual({ ok: false, reason: 'noTimeValue' });
    expect(optionModels.american.impliedVol(deep, 39.99)).toEqual({ ok: false, reason: 'belowIntrinsic' });
    expect(optionModels.european.impliedVol(deep, 39.99).ok).toBe(true);
  });

  test('of a price next to the maximum is none, since it no longer tells volatilities apart', () => {
    const flat = market({ rate: 0, dividendYield: 0 });
    expect(optionModels.european.impliedVol(flat, 100 - 1e-12)).toEqual({ ok: false, reason: 'zeroVega' });
  });

  test.prop([
    arbitraryOption(0.1).filter(({ years }) => years > 0.01),
    fc.double({ min: 1.001, max: 1.5, noNaN: true }),
  ])('rises with the price', (inputs, factor) => {
    const of = optionModels.european.price(inputs);
    const low = optionModels.european.impliedVol(inputs, of);
    const high = optionModels.european.impliedVol(inputs, of * factor);
    if (low.ok && high.ok) expect(high.vol).toBeGreaterThan(low.vol);
  });
});
