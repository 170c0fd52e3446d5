/** The tests that decisions are made of: what was asked, what was found, and the sentence that says so. */
import type { DecisionTest } from '../events/order.events.ts';

type Value = DecisionTest['value'];

/** A number that is not known fails. */
export const atLeast = (test: string, value: number | null, limit: number): DecisionTest => ({
  limit,
  pass: value !== null && value >= limit,
  test,
  value,
});

export const atMost = (test: string, value: number | null, limit: number): DecisionTest => ({
  limit,
  pass: value !== null && value <= limit,
  test,
  value,
});

export const needs = (test: string, value: Value, limit: Value, pass: boolean): DecisionTest => ({
  limit,
  pass,
  test,
  value,
});

export const firstFailing = (tests: readonly DecisionTest[]): DecisionTest | undefined =>
  tests.find(({ pass }) => !pass);

/** A test that failed, in words: `conviction 57 < 60`, `trend is range, needs bull`. */
export const words = ({ test, value, limit }: DecisionTest): string =>
  typeof value === 'number' && typeof limit === 'number'
    ? `${test} ${Math.round(value * 100) / 100} ${value < limit ? '<' : value > limit ? '>' : '='} ${limit}`
    : `${test} is ${value ?? 'unknown'}, needs ${limit}`;
