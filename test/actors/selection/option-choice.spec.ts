import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { chooseContract } from '../../../src/actors/selection/option-choice.ts';
import { configSchema } from '../../../src/domain/config.ts';
import { contractOf, daysToExpiry, type OptionContract } from '../../../src/domain/options/contract.ts';
import { printOcc } from '../../../src/domain/options/occ-symbol.ts';
import type { OptionChains, OptionQuote } from '../../../src/streams/option-chains.ts';

const DAY = '2024-01-02';
const config = configSchema.parse({});
const window = config.selector.option;

interface Listed {
  readonly expiry?: string;
  readonly strike: number;
  readonly delta: number;
  readonly bidPx?: number;
  readonly askPx?: number;
  readonly openInterest?: number | null;
}

/** Contracts on A with the deltas and quotes given. */
function chainOf(listed: readonly Listed[]): OptionChains {
  const contracts = new Map<string, OptionContract>();
  const bySymbol = new Map<string, Required<Listed>>();
  for (const each of listed) {
    const full = { expiry: '2024-02-16', bidPx: 4.9, askPx: 5.1, openInterest: 1_000, ...each };
    const symbol = printOcc({ root: 'A', right: 'call', expiry: full.expiry, strike: full.strike });
    contracts.set(symbol, contractOf(symbol));
    bySymbol.set(symbol, full);
  }
  const inWindow = (days: { min: number; max: number }) =>
    [...contracts.values()].filter((each) => {
      const left = daysToExpiry(each, DAY);
      return left >= days.min && left <= days.max;
    });
  const deltaOf = (symbol: string) => bySymbol.get(symbol)!.delta;
  return {
    covers: () => 'recorded',
    contract: (symbol) => contracts.get(symbol),
    listed: (_underlying, _right, days) => inWindow(days),
    aroundDelta: (_underlying, _right, days, { min, max }) =>
      inWindow(days).filter(({ symbol }) => deltaOf(symbol) >= min && deltaOf(symbol) <= max),
    quote: (symbol): OptionQuote => {
      const { bidPx, askPx, openInterest } = bySymbol.get(symbol)!;
      return { bidPx, askPx, openInterest, quotedAt: 0, underlyingPx: 100, modelled: false };
    },
    greeks: (symbol) => ({ impliedVol: 0.2, delta: deltaOf(symbol), gamma: 0, vega: 0, theta: 0 }),
    mark: () => undefined,
    volatility: () => null,
  };
}
const choose = (listed: readonly Listed[], over: object = {}) =>
  chooseContract(
    chainOf(listed),
    { underlying: 'A', right: 'call', day: DAY, window },
    configSchema.parse(over),
  );
const strikeOf = (listed: readonly Listed[], over: object = {}) =>
  choose(listed, over).taken?.contract.strike ?? null;

describe('of contracts that can be traded', () => {
  test('the delta nearest to 0.60 is taken', () => {
    const listed = [
      { strike: 95, delta: 0.68 },
      { strike: 97, delta: 0.61 },
      { strike: 99, delta: 0.53 },
    ];
    expect(strikeOf(listed)).toBe(97);
  });

  test('of two as near the sooner expiry is, then the lower strike', () => {
    const later = { expiry: '2024-03-01', strike: 90, delta: 0.6 };
    expect(strikeOf([later, { strike: 97, delta: 0.6 }])).toBe(97);
    expect(
      strikeOf([
        { strike: 98, delta: 0.6 },
        { strike: 97, delta: 0.6 },
      ]),
    ).toBe(97);
  });

  test.each([
    ['2024-01-31', 29, null],
    ['2024-02-01', 30, 97],
    ['2024-03-01', 59, 97],
    ['2024-03-04', 62, null],
  ])('one that expires on %s, in %i days: strike %s', (expiry, days, strike) => {
    expect(daysToExpiry(contractOf(printOcc({ root: 'A', right: 'call', expiry, strike: 97 })), DAY)).toBe(
      days,
    );
    expect(strikeOf([{ expiry, strike: 97, delta: 0.6 }])).toBe(strike);
  });
});

describe('a contract that cannot be traded is passed over, and said', () => {
  const second = { strike: 99, delta: 0.55 };
  test.each([
    ['spreadShare', { bidPx: 4, askPx: 5 }],
    ['spreadDollars', { bidPx: 19.7, askPx: 20.3 }],
    ['openInterest', { openInterest: 99 }],
    ['openInterest', { openInterest: null }],
    ['bothSidesQuoted', { bidPx: 0 }],
    ['notCrossed', { bidPx: 5.2, askPx: 5.1 }],
  ])('for its %s: %j', (name, quote) => {
    const { taken, passedOver } = choose([{ strike: 97, delta: 0.6, ...quote }, second]);
    expect(taken!.contract.strike).toBe(99);
    expect(passedOver.map(({ test: each }) => each)).toEqual([`${name} of A     240216C00097000`]);
    expect(choose([{ strike: 97, delta: 0.6, ...quote }]).taken).toBeNull();
  });

  test('with none left, what was wanted is said', () => {
    const { taken, tests } = choose([{ strike: 97, delta: 0.6, openInterest: null }]);
    expect(taken).toBeNull();
    expect(tests.at(-1)).toEqual({
      test: 'contract',
      value: 'none',
      limit: 'a liquid call, delta 0.5 to 0.7, 30 to 60 days',
      pass: false,
    });
    expect(choose([]).tests[0]).toEqual({ test: 'contractsListed', value: 0, limit: 1, pass: false });
  });
});

describe('a listed event', () => {
  const near = { strike: 97, delta: 0.6 };
  const far = { expiry: '2024-03-01', strike: 97, delta: 0.6 };
  const on = (day: string, symbol = 'A') => ({ events: [{ symbol, day, kind: 'earnings' }] });

  test.each([
    ['2024-01-02', '2024-02-16'],
    ['2024-01-03', null],
    ['2024-02-16', null],
    ['2024-02-17', '2024-02-16'],
  ])('on %s leaves the contract %s of those that expire on 2024-02-16', (day, expiry) => {
    expect(choose([near], on(day)).taken?.contract.expiry ?? null).toBe(expiry);
  });

  test('takes away only the contracts that live through it, and only those of its symbol', () => {
    expect(choose([far, near], on('2024-02-20')).taken!.contract.expiry).toBe('2024-02-16');
    expect(choose([near], on('2024-01-10', 'B')).taken!.contract.expiry).toBe('2024-02-16');
    expect(choose([near], on('2024-01-10')).passedOver[0]).toMatchObject({ value: 'earnings on 2024-01-10' });
  });
});

/** Nickels around a tradable market, now and then without a side, crossed, or far too wide. */
const nickels = (min: number, max: number) => fc.integer({ min, max }).map((steps) => steps / 20);
const anyListed: fc.Arbitrary<Listed> = fc
  .record({
    expiry: fc.constantFrom('2024-01-19', '2024-02-02', '2024-02-16', '2024-03-01', '2024-03-15'),
    strike: fc.integer({ min: 50, max: 150 }),
    delta: fc.double({ min: 0.4, max: 0.8, noNaN: true }),
    bidPx: fc.oneof(nickels(20, 400), fc.constant(0)),
    spread: nickels(-1, 12),
    openInterest: fc.option(fc.integer({ min: 50, max: 300 })),
  })
  .map(({ spread, ...each }) => ({ ...each, askPx: Math.round((each.bidPx + spread) * 20) / 20 }));

test.prop([
  fc.uniqueArray(anyListed, { maxLength: 12, selector: ({ expiry, strike }) => `${expiry} ${strike}` }),
  fc.option(fc.constantFrom('2024-01-10', '2024-02-10', '2024-03-10')),
])('a chosen contract is always in the window, liquid, and clear of events', (listed, event) => {
  const events = event === null ? [] : [{ symbol: 'A', day: event, kind: 'earnings' }];
  const { taken, tests } = choose(listed, { events });
  if (taken === null) {
    expect(tests.some(({ pass }) => !pass)).toBe(true);
    return;
  }
  const { contract, quote } = taken;
  const days = daysToExpiry(contract, DAY);
  const spread = Math.round((quote.askPx - quote.bidPx) * 1e9) / 1e9;
  const midpoint = (quote.askPx + quote.bidPx) / 2;
  expect(days >= 30 && days <= 60).toBe(true);
  expect(quote.bidPx > 0 && spread > 0 && spread <= 0.1 * midpoint + 1e-9).toBe(true);
  expect(spread).toBeLessThanOrEqual(Math.max(0.5, 0.02 * midpoint));
  expect(quote.openInterest).toBeGreaterThanOrEqual(100);
  expect(event === null || contract.expiry < event).toBe(true);
  expect(tests.every(({ pass }) => pass)).toBe(true);
});
