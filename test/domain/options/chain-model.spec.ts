import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/domain/config.ts';
import { dayToMicros } from '../../../src/domain/exchange-calendar.ts';
import { tickSize } from '../../../src/domain/instrument.ts';
import {
  listedSteps,
  modelledGreeks,
  modelledIndex,
  modelledOptionQuote,
  strikeAt,
  volOf,
} from '../../../src/domain/options/chain-model.ts';
import { intrinsic, makeContract } from '../../../src/domain/options/contract.ts';
import { settlementTime } from '../../../src/domain/options/expiries.ts';

const { options } = configSchema.parse({});
const flat = { ...options, model: { ...options.model, skew: 0 } };
const HOUR_US = 3_600_000_000;

const contractAt = (strike: number, right: 'call' | 'put', tickClass: 'penny' | 'nickel' = 'penny') =>
  makeContract({ root: 'SPY', expiry: '2011-03-18', right, strike }, { tickClass });

/** A chain's moment: price, volatility, and days left to 2011-03-18. */
const moment = fc.record({
  spot: fc.double({ min: 20, max: 500, noNaN: true }),
  atm: fc.double({ min: 0.05, max: 1.2, noNaN: true }),
  daysLeft: fc.integer({ min: 0, max: 120 }),
  right: fc.constantFrom('call', 'put'),
  moneyness: fc.double({ min: 0.6, max: 1.5, noNaN: true }),
});
const nowOf = (daysLeft: number): number =>
  dayToMicros('2011-03-18') - daysLeft * 24 * HOUR_US + 15 * HOUR_US;
const strikeOf = (spot: number, moneyness: number): number => Math.max(1, Math.round(spot * moneyness));

describe('the volatility of a contract', () => {
  test('is the one at the money for a strike at the price', () => {
    expect(volOf(0.2, 100, 100, 30 / 365, options.model)).toBe(0.2);
  });

  test('rises below the price and falls above it, by at most 1.6 and at least 0.75 times', () => {
    expect(volOf(0.2, 90, 100, 0.1, options.model)).toBeCloseTo(0.2 * (1 - 3 * Math.log(0.9)), 12);
    expect(volOf(0.2, 10, 100, 0.1, options.model)).toBeCloseTo(0.32, 12);
    expect(volOf(0.2, 300, 100, 0.1, options.model)).toBeCloseTo(0.15, 12);
  });

  test('follows the term structure, which leaves 30 days where they are', () => {
    const model = { ...options.model, termExponent: -0.25 };
    expect(volOf(0.2, 100, 100, 30 / 365, model)).toBeCloseTo(0.2, 12);
    expect(volOf(0.2, 100, 100, 60 / 365, model)).toBeCloseTo(0.2 * 2 ** -0.25, 12);
  });
});

test('the index is the exponential of the fitted sum', () => {
  const features = {
    parkinson5: 0.15,
    realized22: 0.16,
    realized66: 0.17,
    realized252: 0.18,
    return5: -0.02,
    return22: 0.01,
  };
  const sum =
    -0.155 +
    0.213 * Math.log(0.15) +
    0.153 * Math.log(0.16) +
    0.174 * Math.log(0.17) +
    0.244 * Math.log(0.18) -
    1.782 * -0.02 -
    0.719 * 0.01;
  expect(modelledIndex(features, options)).toBeCloseTo(Math.exp(sum), 12);
});

describe('a modelled quote', () => {
  test('is gone once its contract has settled', () => {
    const contract = contractAt(100, 'call');
    const end = settlementTime(contract);
    expect(modelledOptionQuote(contract, 120, 0.2, end - 1, options)).not.toBeNull();
    expect(modelledOptionQuote(contract, 120, 0.2, end, options)).toBeNull();
  });

  test('has no bid where it is worth less than half a spread', () => {
    const quote = modelledOptionQuote(contractAt(150, 'call'), 100, 0.2, nowOf(10), options);
    expect(quote).toEqual({ bidPx: 0, askPx: 0.03 });
  });

  property.prop([moment, fc.constantFrom('penny', 'nickel')])(
    'keeps its half spread on both sides, on the price grid, and never bids below zero',
    ({ spot, atm, daysLeft, right, moneyness }, tickClass) => {
      const contract = contractAt(strikeOf(spot, moneyness), right as 'call', tickClass as 'penny');
      const quote = modelledOptionQuote(contract, spot, atm, nowOf(daysLeft), options)!;
      const { price } = modelledGreeks(contract, spot, atm, nowOf(daysLeft), options);
      const half = Math.max(0.025, 0.01 * price);
      // What lies within a millionth of a tick of the grid is on it (instrument.ts).
      const onGrid = 1e-6 * tickSize(quote.askPx, contract.tickClass);
      expect(quote.bidPx).toBeGreaterThanOrEqual(0);
      expect(quote.bidPx).toBeLessThanOrEqual(Math.max(0, price - half) + onGrid);
      expect(quote.askPx).toBeGreaterThanOrEqual(price + half - onGrid);
      for (const px of [quote.bidPx, quote.askPx]) {
        const ticks = px / tickSize(px, contract.tickClass);
        expect(Math.abs(ticks - Math.round(ticks))).toBeLessThan(1e-6);
      }
      // Never more than a tick of rounding on each side.
      expect(quote.askPx - quote.bidPx).toBeLessThan(
        2 * half + 2 * tickSize(quote.askPx, contract.tickClass),
      );
    },
  );

  property.prop([moment])(
    'holds its price between exercise and the share (or the strike)',
    ({ spot, atm, daysLeft, right, moneyness }) => {
      const contract = contractAt(strikeOf(spot, moneyness), right as 'call');
      const { price } = modelledGreeks(contract, spot, atm, nowOf(daysLeft), options);
      expect(price).toBeGreaterThanOrEqual(intrinsic(contract, spot) - 1e-9);
      expect(price).toBeLessThanOrEqual(right === 'call' ? spot : contract.strike);
    },
  );

  property.prop([moment])(
    'keeps call and put of a strike at parity within their spreads',
    ({ spot, atm, daysLeft, moneyness }) => {
      const strike = strikeOf(spot, moneyness);
      const [call, put] = (['call', 'put'] as const).map(
        (right) => modelledOptionQuote(contractAt(strike, right), spot, atm, nowOf(daysLeft), options)!,
      );
      const forward = spot - strike;
      expect(call.askPx - put.bidPx).toBeGreaterThanOrEqual(forward - 1e-9);
      expect(call.bidPx - put.askPx).toBeLessThanOrEqual(forward + 1e-9);
    },
  );

  property.prop([moment])(
    'makes calls cheaper and puts dearer from strike to strike, without a skew',
    ({ spot, atm, daysLeft, right, moneyness }) => {
      const strike = strikeOf(spot, moneyness);
      const quoteAt = (k: number) =>
        modelledOptionQuote(contractAt(k, right as 'call'), spot, atm, nowOf(daysLeft), flat)!;
      const [lower, upper] = [quoteAt(strike), quoteAt(strike + 1)];
      const [dearer, cheaper] = right === 'call' ? [lower, upper] : [upper, lower];
      expect(dearer.bidPx).toBeGreaterThanOrEqual(cheaper.bidPx);
      expect(dearer.askPx).toBeGreaterThanOrEqual(cheaper.askPx);
    },
  );

  property.prop([
    fc.double({ min: 50, max: 400, noNaN: true }),
    fc.double({ min: 0.08, max: 0.6, noNaN: true }),
  ])(
    'is also monotone in the strike with the default skew, over the listed strikes of a month or two',
    (spot, atm) => {
      const { first, last } = listedSteps(spot, 1);
      for (const right of ['call', 'put'] as const) {
        const prices: number[] = [];
        for (let steps = first; steps <= last; steps++) {
          const contract = contractAt(strikeAt(steps, 1), right);
          prices.push(modelledGreeks(contract, spot, atm, nowOf(45), options).price);
        }
        const ordered = right === 'call' ? prices.toReversed() : prices;
        for (let i = 1; i < ordered.length; i++)
          expect(ordered[i]).toBeGreaterThanOrEqual(ordered[i - 1] - 1e-9);
      }
    },
  );
});

test('strikes are listed on the step, from 30 % below the price to 30 % above it', () => {
  expect(listedSteps(100, 1)).toEqual({ first: 70, last: 130 });
  const { first, last } = listedSteps(101.37, 2.5);
  expect([strikeAt(first, 2.5), strikeAt(last, 2.5)]).toEqual([72.5, 130]);
  expect(listedSteps(0.5, 1)).toEqual({ first: 1, last: 0 });
});
