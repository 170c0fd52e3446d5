/** Why nothing more was done at the end: for each symbol, the failing test that came nearest to passing. */
import type { DecisionTest } from '../../src/events/order.events.ts';
import type { RunProjection } from '../../src/projections/run-projection.ts';
import { amount } from '../format.ts';

export interface QuietRow {
  readonly symbol: string;
  readonly choice: string;
  readonly since: number;
  readonly conviction: number | null;
  /** `conviction 57 < 60`, or null where no test fails. */
  readonly nearest: string | null;
  readonly reason: string;
}

export function quietRows({ journal }: RunProjection): QuietRow[] {
  const rows = [...journal.selections].map(([symbol, { time, payload }]) => {
    const nearest = nearestFailing(payload.tests);
    return {
      symbol,
      choice: payload.choice,
      since: time,
      conviction: journal.convictions.get(symbol)?.payload.conviction ?? null,
      nearest: nearest === null ? null : sentenceOf(nearest),
      reason: payload.reason,
    };
  });
  return rows.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
}

/** The failing test whose value lies nearest to its limit, relative to the limit; tests without numbers come last. */
export function nearestFailing(tests: readonly DecisionTest[]): DecisionTest | null {
  let nearest: DecisionTest | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const test of tests) {
    if (test.pass) continue;
    const distance = distanceOf(test);
    if (nearest !== null && distance >= least) continue;
    nearest = test;
    least = distance;
  }
  return nearest;
}

const distanceOf = ({ value, limit }: DecisionTest): number =>
  typeof value === 'number' && typeof limit === 'number'
    ? Math.abs(value - limit) / Math.max(Math.abs(limit), 1e-9)
    : Number.POSITIVE_INFINITY;

function sentenceOf({ test, value, limit }: DecisionTest): string {
  if (typeof value === 'number' && typeof limit === 'number') {
    return `${test} ${amount(value)} ${value < limit ? '<' : '>'} ${amount(limit)}`;
  }
  return `${test}: ${value ?? 'unknown'}, wanted ${limit ?? 'known'}`;
}
