import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  type ContractFound,
  type ExitFacts,
  exitTests,
  type SelectionFacts,
  select,
} from '../../../src/actors/selection/selection-rules.ts';
import { configSchema } from '../../../src/domain/config.ts';

const rules = configSchema.parse({});
const CALL = 'A     240216C00100000';
const found: ContractFound = {
  contract: CALL,
  quantity: 2,
  tests: [{ test: 'contract', value: CALL, limit: 'any', pass: true }],
  passedOver: [{ test: 'spread of another', value: 1, limit: 0.5, pass: false }],
};
const notFound: ContractFound = {
  contract: null,
  quantity: 0,
  tests: [{ test: 'contract', value: 'none', limit: 'a liquid call', pass: false }],
  passedOver: [],
};

/** A calm bull market with a chain; conviction is what a test is about. */
const facts = (over: Partial<SelectionFacts> = {}): SelectionFacts => ({
  feeds: [],
  scenario: null,
  longConviction: 85,
  shortConviction: 5,
  trend: 'bull',
  structure: 'intact',
  chain: 'modelled',
  guard: 'open',
  volatility: { atm: 0.2, rank: 0.3, percentile: 0.3, ratio: 1.1, sessions: 252 },
  armed: true,
  units: 100,
  heldOption: null,
  optionArmed: true,
  findContract: () => found,
  ...over,
});
const bearish = (over: Partial<SelectionFacts> = {}): SelectionFacts =>
  facts({ longConviction: 5, shortConviction: 90, trend: 'bear', ...over });
const chosen = (each: SelectionFacts) => {
  const { choice, reason } = select(each, rules);
  return `${choice}: ${reason}`;
};

describe('a conviction of 80', () => {
  test('buys a call while volatility is affordable, and shows contracts passed over', () => {
    const selection = select(facts(), rules);
    expect(selection).toMatchObject({ choice: 'option', direction: 'long', contract: CALL, contracts: 2 });
    expect(selection.reason).toBe(`conviction 85 and affordable volatility: the call ${CALL}`);
    expect(selection.tests.at(-1)!.test).toBe('spread of another');
    expect(selection.deciding).toBeNull();
  });

  test.each([
    [{ guard: 'crowded' }, 'equity: volatilityGuard is crowded, needs open: the share instead'],
    [{ guard: 'shut', volatility: null }, 'equity: volatilityGuard is shut, needs open: the share instead'],
    [{ chain: 'none' }, 'equity: optionChain is none, needs recorded or modelled: the share instead'],
    [
      { optionArmed: false },
      'equity: optionArmed is not yet, needs a 20-bar closing high or 30 days since the exit: the share instead',
    ],
    [{ findContract: () => notFound }, 'equity: contract is none, needs a liquid call: the share instead'],
    [{ structure: 'broken' }, 'nothing: structure is broken, needs intact or threatened'],
    [{ structure: 'warmingUp' }, 'nothing: history is warming up, needs enough'],
    [{ trend: 'bear' }, 'nothing: trend is bear, needs bull or range'],
    [{ guard: 'crowded', units: 0 }, 'nothing: units 0 < 1'],
    [
      { guard: 'crowded', armed: false },
      'nothing: armed is not yet, needs a 20-bar closing high or 30 days since the exit',
    ],
  ] as const)('%j: %s', (over, sentence) => {
    expect(chosen(facts(over))).toBe(sentence);
  });

  test('in a range stands on bull and range alike, for options and for shares', () => {
    expect(select(facts({ trend: 'range' }), rules)).toMatchObject({
      choice: 'option',
      supportedBy: ['bull', 'range'],
    });
    expect(select(facts({ trend: 'range', guard: 'crowded' }), rules)).toMatchObject({
      choice: 'equity',
      supportedBy: ['bull', 'range'],
    });
  });

  test('keeps the contract of a living plan without looking for another', () => {
    const held = facts({
      heldOption: { contract: 'held', direction: 'long' },
      findContract: () => {
        throw new Error('looked');
      },
    });
    expect(select(held, rules)).toMatchObject({ choice: 'option', contract: 'held', contracts: 0 });
  });
});

test('a view is not taken by the option of the other one, which has to go first', () => {
  const put = facts({ trend: 'range', heldOption: { contract: 'a put', direction: 'short' } });
  expect(chosen(put)).toBe('equity: optionPlan is a put, needs none, or a call: the share instead');
  const call = bearish({ heldOption: { contract: 'a call', direction: 'long' } });
  expect(chosen(call)).toBe('nothing: optionPlan is a call, needs none, or a put');
});

describe('a conviction of 60 to 80', () => {
  test.each([
    [{ longConviction: 60 }, 'equity: conviction 60 in a bull trend'],
    [{ longConviction: 79.9 }, 'equity: conviction 80 in a bull trend'],
    [{ longConviction: 59.9 }, 'nothing: conviction 59.9 < 60'],
    [{ longConviction: 70, trend: 'range' }, 'nothing: trend is range, needs bull'],
  ] as const)('%j: %s', (over, sentence) => {
    expect(chosen(facts(over))).toBe(sentence);
  });
});

describe('a bearish conviction of 80 in a bear trend', () => {
  test('buys a put, also while the structure is broken', () => {
    const asked: string[] = [];
    const findContract = (right: 'call' | 'put') => {
      asked.push(right);
      return found;
    };
    expect(select(bearish({ structure: 'broken', findContract }), rules)).toMatchObject({
      choice: 'option',
      direction: 'short',
      supportedBy: ['bear'],
    });
    expect(asked).toEqual(['put']);
  });

  test.each([
    [{ shortConviction: 79 }, 'nothing: shortConviction 79 < 80'],
    [{ guard: 'crowded' }, 'nothing: volatilityGuard is crowded, needs open'],
    [
      { volatility: { atm: 0.2, rank: 0.81, percentile: 0, ratio: 1, sessions: 252 } },
      'nothing: putRank 0.81 > 0.8',
    ],
    [
      { volatility: { atm: 0.2, rank: 0.1, percentile: 0, ratio: 1.31, sessions: 252 } },
      'nothing: putRatio 1.31 > 1.3',
    ],
    [{ chain: 'none' }, 'nothing: optionChain is none, needs recorded or modelled'],
    [{ findContract: () => notFound }, 'nothing: contract is none, needs a liquid call'],
  ] as const)('%j: %s', (over, sentence) => {
    expect(chosen(bearish(over))).toBe(sentence);
  });

  test('with a short history of volatility is judged by the ratio alone', () => {
    const volatility = { atm: 0.2, rank: null, percentile: null, ratio: 1.2, sessions: 20 };
    const { choice, tests } = select(bearish({ volatility }), rules);
    expect(choice).toBe('option');
    expect(tests.find(({ test: name }) => name === 'ivHistory')).toEqual({
      test: 'ivHistory',
      value: 20,
      limit: '60 for a rank: the ratio decides alone',
      pass: true,
    });
  });
});

describe('what volume and sentiment make of the day', () => {
  test.each(['overreactionDip', 'confirmedBreakout'] as const)(
    '%s lifts a weak view to that of a share',
    (scenario) => {
      expect(chosen(facts({ longConviction: 45 }))).toBe('nothing: conviction 45 < 60');
      const lifted = select(facts({ longConviction: 45, scenario }), rules);
      expect([lifted.choice, lifted.reason]).toEqual(['equity', 'conviction 60 in a bull trend']);
      expect(lifted.tests).toContainEqual({
        test: 'confluence',
        value: scenario,
        limit: 'no deathSpiral',
        pass: true,
      });
      expect(chosen(facts({ scenario }))).toBe(chosen(facts())); // a strong view is as strong as it was
    },
  );

  test('a death spiral buys no dip, however strong the view', () => {
    expect(chosen(facts({ longConviction: 99, scenario: 'deathSpiral' }))).toBe(
      'nothing: confluence is deathSpiral, needs no deathSpiral',
    );
    expect(select(bearish({ scenario: 'deathSpiral' }), rules).choice).toBe('option'); // a put buys none
  });
});

const heard = (pass: boolean) => ({ test: 'feedLive', value: 'stocks', limit: 'stocks live', pass });

const anyFacts: fc.Arbitrary<SelectionFacts> = fc.record({
  feeds: fc.constantFrom([], [heard(true)], [heard(false)]),
  scenario: fc.constantFrom(
    null,
    'overreactionDip' as const,
    'confirmedBreakout' as const,
    'deathSpiral' as const,
  ),
  longConviction: fc.double({ min: 0, max: 100, noNaN: true }),
  shortConviction: fc.double({ min: 0, max: 100, noNaN: true }),
  trend: fc.constantFrom('warmingUp', 'bull', 'bear', 'range'),
  structure: fc.constantFrom('warmingUp', 'intact', 'threatened', 'broken'),
  chain: fc.constantFrom('recorded' as const, 'modelled' as const, 'none' as const),
  guard: fc.constantFrom('shut' as const, 'open' as const, 'crowded' as const),
  volatility: fc.option(
    fc.record({
      atm: fc.constant(0.2),
      rank: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      percentile: fc.constant(null),
      ratio: fc.option(fc.double({ min: 0.5, max: 2, noNaN: true })),
      sessions: fc.integer({ min: 1, max: 252 }),
    }),
  ),
  armed: fc.boolean(),
  units: fc.option(fc.integer({ min: 0, max: 50 })),
  heldOption: fc.option(
    fc.record({
      contract: fc.constant('held'),
      direction: fc.constantFrom('long' as const, 'short' as const),
    }),
  ),
  optionArmed: fc.boolean(),
  findContract: fc.constantFrom(
    () => found,
    () => notFound,
  ),
});

describe('whatever the facts', () => {
  test.prop([anyFacts])(
    'no option is chosen but behind an open guard, over a chain, by a strong view',
    (each) => {
      const { choice, direction, contract } = select(each, rules);
      expect(contract === null).toBe(choice !== 'option');
      if (choice !== 'option') return;
      expect([each.guard, each.chain === 'none']).toEqual(['open', false]);
      expect(direction === 'long' ? each.longConviction : each.shortConviction).toBeGreaterThanOrEqual(80);
      if (direction === 'long') expect(each.structure).not.toBe('broken');
      else expect(each.trend).toBe('bear');
    },
  );

  test.prop([anyFacts])('a chain is searched only where nothing else stands against an option', (each) => {
    let searched = false;
    const watched = {
      ...each,
      findContract: (right: 'call' | 'put') => {
        searched = true;
        return each.findContract(right);
      },
    };
    const { tests } = select(watched, rules);
    const names = new Set(tests.map(({ test: name }) => name));
    expect(searched).toBe(names.has('contract'));
    if (searched) expect(each.guard === 'open' && each.optionArmed && each.heldOption === null).toBe(true);
  });

  test.prop([anyFacts])(
    'shares are only ever bought for a long view, and the reason names what decided',
    (each) => {
      const { choice, direction, deciding, tests } = select(each, rules);
      if (each.feeds.some(({ pass }) => !pass)) expect([choice, deciding]).toEqual(['nothing', 'feedLive']);
      if (choice === 'equity') expect([direction, each.structure === 'broken']).toEqual(['long', false]);
      if (each.scenario === 'deathSpiral' && choice !== 'nothing') expect(direction).toBe('short');
      if (deciding !== null) expect(tests.find(({ test: name }) => name === deciding)!.pass).toBe(false);
      else expect(choice).toBe('option');
    },
  );
});

describe('a plan leaves', () => {
  const stays = {
    conviction: 40,
    trend: 'bull',
    supportedBy: ['bull'],
    stop: { direction: 'long', close: 100, stopPx: 99 },
    option: { daysToExpiry: 8, lossQuotes: 1 },
  } as const;
  const reasonsOf = (over: object, plan: object = {}) => {
    const [stop, option] = [stays.stop, stays.option].map((each) => ({ ...each, ...plan }));
    return exitTests({ ...stays, ...over, stop, option } as ExitFacts, rules.selector).reasons;
  };

  test.each([
    ['stays', {}, {}, []],
    ['below a conviction of 40', { conviction: 39.9 }, {}, ['conviction']],
    ['in a trend that does not support it', { trend: 'range' }, {}, ['regime']],
    ['at its stop', {}, { close: 99 }, ['protectiveStop']],
    ['at a put stop from below', {}, { direction: 'short', close: 99 }, ['protectiveStop']],
    ['not at a put stop from above it', {}, { direction: 'short', close: 98 }, []],
    ['with seven days to live', {}, { daysToExpiry: 7 }, ['expiry']],
    ['after two losing quotes', {}, { lossQuotes: 2 }, ['premiumLoss']],
    [
      'for several reasons, conviction first',
      { conviction: 0, trend: 'bear' },
      { lossQuotes: 9 },
      ['conviction', 'regime', 'premiumLoss'],
    ],
  ] as const)('%s', (_, over, option, reasons) => {
    expect(reasonsOf(over, option)).toEqual(reasons);
  });

  test('of shares asks for conviction and trend only, where their stop rests at the venue', () => {
    const testsOf = (stop: ExitFacts['stop']) =>
      exitTests({ ...stays, option: null, stop }, rules.selector).tests.map(({ test: name }) => name);
    expect(testsOf(null)).toEqual(['conviction', 'trend']);
    expect(testsOf(stays.stop)).toEqual(['conviction', 'trend', 'protectiveStop']);
  });
});
