/** The selector's rules as lists of tests, so that every choice can be read: what was asked, what was found. */
import type { Config } from '../domain/config.ts';
import type { DecisionTest } from '../events/order.events.ts';

/** What is known of one symbol at a close. */
export interface SelectionFacts {
  readonly longConviction: number;
  readonly shortConviction: number;
  readonly trend: string;
  readonly structure: string;
  /** Whether a plan may be entered again after the last exit. */
  readonly armed: boolean;
  /** Whole units the plan may risk, before the account's limits; null where there is no stop distance yet. */
  readonly units: number | null;
}

export interface Selection {
  readonly choice: 'equity' | 'nothing';
  readonly tests: DecisionTest[];
  /** The test that decided, in words. */
  readonly reason: string;
  /** Trend states that support the plan. */
  readonly supportedBy: readonly string[];
}

const test = (
  name: string,
  value: DecisionTest['value'],
  limit: DecisionTest['limit'],
  pass: boolean,
): DecisionTest => ({
  limit,
  pass,
  test: name,
  value,
});

const words = ({ test: name, value, limit }: DecisionTest): string =>
  typeof value === 'number' && typeof limit === 'number'
    ? `${name} ${Math.round(value * 100) / 100} < ${limit}`
    : `${name} is ${value}, needs ${limit}`;

/**
 * Equity from a conviction of 60 in a bull trend, or from the option threshold in any but a bear trend where no option
 * can be had. Nothing while the structure is broken. Long only (MISSION.md, Smart selector).
 */
export function select(facts: SelectionFacts, rules: Config['selector']): Selection {
  const strong = facts.longConviction >= rules.optionConviction;
  const bearish = facts.shortConviction >= rules.optionConviction && facts.trend === 'bear';
  const supportedBy = facts.trend === 'bull' || !strong ? ['bull'] : ['bull', 'range'];
  const tests = [
    test(
      'history',
      facts.trend === 'warmingUp' || facts.structure === 'warmingUp' ? 'warming up' : 'enough',
      'enough',
      facts.trend !== 'warmingUp' && facts.structure !== 'warmingUp',
    ),
    ...(bearish ? [test('instrumentForBearishView', 'no option chain', 'a liquid put', false)] : []),
    test('structure', facts.structure, 'intact or threatened', facts.structure !== 'broken'),
    test(
      'conviction',
      facts.longConviction,
      rules.equityConviction,
      facts.longConviction >= rules.equityConviction,
    ),
    test('trend', facts.trend, supportedBy.join(' or '), supportedBy.includes(facts.trend)),
    test('armed', facts.armed, true, facts.armed),
    test('units', facts.units, 1, facts.units !== null && facts.units >= 1),
  ];
  const failed = tests.find((each) => !each.pass);
  if (failed !== undefined) return { choice: 'nothing', tests, reason: words(failed), supportedBy };
  if (strong) tests.push(test('optionChain', 'none', 'recorded or modelled', false));
  const why = strong
    ? 'no option chain: the share instead'
    : `conviction ${Math.round(facts.longConviction)} in a bull trend`;
  return { choice: 'equity', tests, reason: why, supportedBy };
}

/** The plan's own reasons to leave; the first that fails names the exit. */
export function exitTests(
  facts: Pick<SelectionFacts, 'longConviction' | 'trend'>,
  supportedBy: readonly string[],
  rules: Config['selector'],
): { readonly reason: 'conviction' | 'regime' | null; readonly tests: DecisionTest[] } {
  const conviction = test(
    'conviction',
    facts.longConviction,
    rules.exitConviction,
    facts.longConviction >= rules.exitConviction,
  );
  const regime = test('trend', facts.trend, supportedBy.join(' or '), supportedBy.includes(facts.trend));
  const reason = !conviction.pass ? 'conviction' : !regime.pass ? 'regime' : null;
  return { reason, tests: [conviction, regime] };
}
