/** The selector's rules as lists of tests, so that every choice can be read: what was asked, what was found. */
import type { Config } from '../../domain/config.ts';
import type { ExitTriggered } from '../../events/decision.events.ts';
import type { PayloadOf } from '../../events/define-event.ts';
import type { DecisionTest } from '../../events/order.events.ts';
import type { ChainSource, ImpliedVolatility } from '../../streams/option-chains.ts';
import { atLeast, atMost, firstFailing, needs, words } from '../decision-tests.ts';
import type { Scenario } from '../intel/confluence-matrix.ts';
import type { PlanDirection } from './instrument-selector.machine.ts';
import { type GuardState, guardTests } from './volatility-guard.ts';

/** A contract looked for, and how many of it the plan may buy: the tests of both, and of contracts passed over. */
export interface ContractFound {
  readonly contract: string | null;
  readonly quantity: number;
  readonly tests: readonly DecisionTest[];
  readonly passedOver: readonly DecisionTest[];
}

/** What is known of one symbol at a close. */
export interface SelectionFacts {
  /** Whether the day's bar is that of the whole market; empty in simulations, where it always is. */
  readonly feeds: readonly DecisionTest[];
  /** What volume and sentiment made of the day together; null for nothing. */
  readonly scenario: Scenario | null;
  readonly longConviction: number;
  readonly shortConviction: number;
  readonly trend: string;
  readonly structure: string;
  readonly chain: ChainSource;
  readonly guard: GuardState;
  readonly volatility: ImpliedVolatility | null;
  /** Whether the equity plan may be entered again after its last exit. */
  readonly armed: boolean;
  /** Whole units the equity plan may risk, before the account's limits; null where there is no stop distance yet. */
  readonly units: number | null;
  /** The same of the option plan. */
  readonly optionArmed: boolean;
  /** What a living option plan trades, and for which view. */
  readonly heldOption: { readonly contract: string; readonly direction: PlanDirection } | null;
  /** Asked only when everything else speaks for an option: a chain is long. */
  readonly findContract: (right: 'call' | 'put') => ContractFound;
}

export interface Selection {
  readonly choice: 'option' | 'equity' | 'nothing';
  /** `short` is a view that only a put can take. */
  readonly direction: PlanDirection;
  readonly contract: string | null;
  /** Contracts to buy; 0 where none are. */
  readonly contracts: number;
  readonly tests: DecisionTest[];
  /** The test that decided; null where all passed. */
  readonly deciding: string | null;
  /** In one sentence. */
  readonly reason: string;
  /** Trend states that support the plan. */
  readonly supportedBy: readonly string[];
}

type Rules = Pick<Config, 'selector' | 'guard' | 'intel'>;

/** The side that the market is on: shorts are a bear market's view. */
export function select(facts: SelectionFacts, rules: Rules): Selection {
  const short = facts.trend === 'bear' && facts.shortConviction > facts.longConviction;
  return short ? selectShort(facts, rules) : selectLong(facts, rules);
}

/**
 * An option at a conviction of 80 while volatility is affordable and a contract is to be had; shares from 60 in a bull
 * trend, or at 80 in any but a bear trend where a test takes the option away. Nothing while the structure is broken
 * (MISSION.md, Smart selector).
 */
function selectLong(found: SelectionFacts, rules: Rules): Selection {
  const { optionConviction, equityConviction } = rules.selector;
  const facts = { ...found, longConviction: convictionOf(found, rules) };
  const strong = facts.longConviction >= optionConviction;
  const supportedBy = facts.trend === 'bull' || !strong ? ['bull'] : ['bull', 'range'];
  const view = [
    ...facts.feeds,
    historyTest(facts),
    ...scenarioTests(facts),
    needs('structure', facts.structure, 'intact or threatened', facts.structure !== 'broken'),
    atLeast('conviction', facts.longConviction, equityConviction),
    needs('trend', facts.trend, supportedBy.join(' or '), supportedBy.includes(facts.trend)),
  ];
  const common = { direction: 'long', supportedBy } as const;
  if (firstFailing(view) !== undefined) return nothing(common, view);
  const option = askForOption(facts, 'call', rules, [
    atLeast('optionConviction', facts.longConviction, optionConviction),
  ]);
  if (option.refusedBy === undefined) return optionChosen(common, view, option, facts.longConviction);
  const equity = [armedTest('armed', facts.armed, 'high', rules.selector), atLeast('units', facts.units, 1)];
  const tests = [...view, ...option.tests, ...equity];
  if (firstFailing(equity) !== undefined) return { ...nothing(common, equity), tests };
  const reason = strong
    ? `${words(option.refusedBy)}: the share instead`
    : `conviction ${Math.round(facts.longConviction)} in a bull trend`;
  const share = { choice: 'equity', contract: null, contracts: 0 } as const;
  return { ...common, ...share, tests, deciding: option.refusedBy.test, reason };
}

/** A dip that was an overreaction, or a breakout that was confirmed, is a view of the day: its conviction at least. */
function convictionOf({ longConviction, scenario }: SelectionFacts, { intel }: Rules): number {
  const isLong = scenario === 'overreactionDip' || scenario === 'confirmedBreakout';
  return isLong ? Math.max(longConviction, intel.scenarioConviction) : longConviction;
}

/** Nobody buys the dip of a death spiral. On a day without a scenario nothing is said of any. */
const scenarioTests = ({ scenario }: SelectionFacts): DecisionTest[] =>
  scenario === null ? [] : [needs('confluence', scenario, 'no deathSpiral', scenario !== 'deathSpiral')];

/**
 * A falling market's view is a put or nothing: equity is never sold short. Beside their own limits on rank and ratio
 * puts obey the guard, since no speculative premium is bought while volatility is crowded; with the guard's default
 * limits that makes the put's rank test the milder one, and its ratio test the stricter.
 */
function selectShort(facts: SelectionFacts, rules: Rules): Selection {
  const { optionConviction, option } = rules.selector;
  const view = [
    ...facts.feeds,
    historyTest(facts),
    atLeast('shortConviction', facts.shortConviction, optionConviction),
  ];
  const common = { direction: 'short', supportedBy: ['bear'] } as const;
  if (firstFailing(view) !== undefined) return nothing(common, view);
  const { rank = null, ratio = null } = facts.volatility ?? {};
  const asked = askForOption(facts, 'put', rules, [
    // Too short a history has no rank, and the ratio decides alone.
    ...(rank === null ? [] : [atMost('putRank', rank, option.putRankMax)]),
    ...(ratio === null ? [] : [atMost('putRatio', ratio, option.putRatioMax)]),
  ]);
  if (asked.refusedBy !== undefined) return nothing(common, [...view, ...asked.tests]);
  return optionChosen(common, view, asked, facts.shortConviction);
}

interface OptionAsked {
  readonly tests: readonly DecisionTest[];
  readonly refusedBy: DecisionTest | undefined;
  readonly contract: string | null;
  readonly contracts: number;
}

/** A living plan keeps its contract; a new one looks for it when nothing else stands against an option. */
function askForOption(
  facts: SelectionFacts,
  right: 'call' | 'put',
  { guard, selector }: Rules,
  ofView: readonly DecisionTest[],
): OptionAsked {
  const { chain, volatility, heldOption } = facts;
  const direction = right === 'call' ? 'long' : 'short';
  const answer = (tests: readonly DecisionTest[], contract: string | null = null, contracts = 0) => ({
    tests,
    refusedBy: firstFailing(tests),
    contract,
    contracts,
  });
  const sourced = [...ofView, needs('optionChain', chain, 'recorded or modelled', chain !== 'none')];
  if (firstFailing(sourced) !== undefined) return answer(sourced);
  const armed = heldOption !== null || facts.optionArmed;
  const affordable = [
    ...sourced,
    needs('volatilityGuard', facts.guard, 'open', facts.guard === 'open'),
    ...guardTests(facts.guard, volatility, guard),
    armedTest('optionArmed', armed, right === 'call' ? 'high' : 'low', selector),
  ];
  if (firstFailing(affordable) !== undefined) return answer(affordable);
  if (heldOption !== null) {
    const { contract } = heldOption;
    const same = heldOption.direction === direction;
    return answer([...affordable, needs('optionPlan', contract, `none, or a ${right}`, same)], contract);
  }
  const found = facts.findContract(right);
  const asked = answer([...affordable, ...found.tests], found.contract, found.quantity);
  return { ...asked, tests: [...asked.tests, ...found.passedOver] };
}

type Common = Pick<Selection, 'direction' | 'supportedBy'>;

function nothing(common: Common, tests: readonly DecisionTest[]): Selection {
  const failed = firstFailing(tests)!;
  const none = { choice: 'nothing', contract: null, contracts: 0 } as const;
  return { ...common, ...none, tests: [...tests], deciding: failed.test, reason: words(failed) };
}

function optionChosen(
  common: Common,
  view: readonly DecisionTest[],
  { tests, contract, contracts }: OptionAsked,
  conviction: number,
): Selection {
  const right = common.direction === 'long' ? 'call' : 'put';
  const reason = `conviction ${Math.round(conviction)} and affordable volatility: the ${right} ${contract}`;
  return {
    ...common,
    choice: 'option',
    contract,
    contracts,
    tests: [...view, ...tests],
    deciding: null,
    reason,
  };
}

function historyTest({ trend, structure }: SelectionFacts): DecisionTest {
  const enough = trend !== 'warmingUp' && structure !== 'warmingUp';
  return needs('history', enough ? 'enough' : 'warming up', 'enough', enough);
}

/** After an exit a plan waits for the market to show that it goes on. */
function armedTest(
  name: string,
  armed: boolean,
  extreme: 'high' | 'low',
  { rearmBars, rearmDays }: Config['selector'],
): DecisionTest {
  const limit = `a ${rearmBars}-bar closing ${extreme} or ${rearmDays} days since the exit`;
  return needs(name, armed ? 'yes' : 'not yet', limit, armed);
}

export type ExitReason = PayloadOf<typeof ExitTriggered>['reason'];

/** What a plan asks of a close before it stays. */
export interface ExitFacts {
  /** Of the plan's own side. */
  readonly conviction: number;
  readonly trend: string;
  readonly supportedBy: readonly string[];
  /** Null where the stop rests at the venue. */
  readonly stop: {
    readonly direction: PlanDirection;
    readonly close: number;
    readonly stopPx: number | null;
  } | null;
  /** Only of an option plan. */
  readonly option: {
    readonly daysToExpiry: number;
    readonly lossQuotes: number;
  } | null;
}

/** The plan's own reasons to leave, in the order in which they count. */
export function exitTests(
  { conviction, trend, supportedBy, stop, option }: ExitFacts,
  rules: Config['selector'],
): { readonly reasons: readonly ExitReason[]; readonly tests: DecisionTest[] } {
  const asked: [ExitReason, DecisionTest][] = [
    ['conviction', atLeast('conviction', conviction, rules.exitConviction)],
    ['regime', needs('trend', trend, supportedBy.join(' or '), supportedBy.includes(trend))],
  ];
  if (stop !== null) {
    const { direction, close, stopPx } = stop;
    const stands = stopPx === null || (direction === 'long' ? close > stopPx : close < stopPx);
    asked.push(['protectiveStop', needs('protectiveStop', close, stopPx, stands)]);
  }
  if (option !== null) {
    const { daysToExpiry, lossQuotes } = option;
    const { exitDays, premiumLossQuotes } = rules.option;
    asked.push(
      ['expiry', needs('daysToExpiry', daysToExpiry, exitDays, daysToExpiry > exitDays)],
      ['premiumLoss', lossTest(lossQuotes, premiumLossQuotes)],
    );
  }
  const failed = asked.filter(([, { pass }]) => !pass);
  return { reasons: failed.map(([reason]) => reason), tests: asked.map(([, test]) => test) };
}

/** Fresh quotes in a row at whose bid too much of the premium was lost. */
export const lossTest = (quotes: number, limit: number): DecisionTest =>
  needs('premiumLossQuotes', quotes, limit, quotes < limit);

/** Fresh quotes in a row beyond a share's stop: of one bad print alone nothing is sold. */
export const stopTest = (quotes: number): DecisionTest =>
  needs('quotesBeyondStop', quotes, STOP_QUOTES, quotes < STOP_QUOTES);

const STOP_QUOTES = 2;
