import { describe, expect, test } from 'vitest';
import { contractOf, daysToExpiry } from '../../../src/domain/options/contract.ts';
import { explainQuietDay } from '../../../src/engine/core.ts';
import { SelectionMade } from '../../../src/events/decision.events.ts';
import { VolatilityGuardChanged } from '../../../src/events/option.events.ts';
import { IntentDeferred, OrderFilled, OrderIntended } from '../../../src/events/order.events.ts';
import { calmFall, calmRise, type Day, goOn, SelectedRun } from '../selected-market.ts';

const SURE = { long: 85 };
const run = (days: readonly Day[], options: ConstructorParameters<typeof SelectedRun>[1] = {}) =>
  new SelectedRun(days, options);
/** What happened from the first decision to trade on: day 22 is the first of conviction. */
const story = (...args: Parameters<typeof run>) =>
  run(...args)
    .story()
    .slice(1);
const selector = (numbers: object) => ({ config: { selector: numbers } });
const option = (numbers: object) => selector({ option: numbers });

const rise = (count: number, over: Partial<Day> = SURE) => goOn(calmRise(), count, 0.003, over);
const fall = (count: number, over: Partial<Day> = { short: 85 }) => goOn(calmFall(), count, -0.003, over);

describe('a strong view of a rising market', () => {
  test('buys calls at the next open, and sells them all when it has gone', () => {
    expect(story(goOn(rise(5), 4, 0.003, { long: 39 }))).toEqual([
      '23: buy 5 calls to enter',
      '27: option leaves: conviction',
      '28: sell 5 calls to exit',
    ]);
  });

  test('pays a share of the equity as premium at most, in whole contracts', () => {
    const each = run(rise(2));
    const [{ lastPx, lastQty }] = each.of(OrderFilled);
    expect(lastPx * lastQty * 100).toBeLessThanOrEqual(2_000);
    expect(lastPx * (lastQty + 1) * 100).toBeGreaterThan(2_000);
  });

  test('says of the contract why it was taken, with every number', () => {
    const made = run(rise(1)).of(SelectionMade).at(-1)!;
    expect(made).toMatchObject({ choice: 'option', direction: 'long', symbol: 'A' });
    const tests = new Map(made.tests.map((each) => [each.test, each]));
    expect(tests.get('contract')).toMatchObject({ value: made.contract, pass: true });
    for (const name of ['|delta|', 'daysToExpiry', 'spreadShare', 'openInterest', 'ivRank', 'contracts']) {
      expect(tests.get(name)).toMatchObject({ value: expect.any(Number), pass: true });
    }
    expect(made.tests.every(({ pass }) => pass)).toBe(true);
  });

  test('rests on the guard that stands, and the order on the choice', () => {
    const { events } = run(rise(2));
    const seqOf = (type: string) => events.filter((each) => each.type === type).at(-1)!.seq;
    const bases = (type: string) => events.filter((each) => each.type === type).at(-1)!.basis;
    expect(bases('SelectionMade')).toContain(seqOf('VolatilityGuardChanged'));
    expect(bases('OrderIntended')).toContain(seqOf('SelectionMade'));
  });

  test('buys the share where no whole contract is affordable', () => {
    const each = run(rise(2), option({ premiumShare: 0.001 }));
    expect(each.choices().at(-1)).toBe('equity: contracts 0 < 1: the share instead');
    expect(each.story().at(-1)).toMatch(/^23: buy \d+ shares to enter$/);
  });

  test('finds no option where a listed event lies before every expiry', () => {
    const events = (day: string) => ({ config: { events: [{ symbol: 'A', day, kind: 'earnings' }] } });
    const [without, within, past] = ['2024-01-15', '2024-02-20', '2024-06-01'].map((day) =>
      run(rise(2), events(day)).story().at(-1),
    );
    expect(without).toBe('23: buy 5 calls to enter');
    expect(within).toMatch(/shares/);
    expect(past).toBe(without);
  });

  test.each([
    { sizing: { kind: 'fixed', quantity: 2 }, bought: 2 },
    { sizing: { kind: 'percent', percent: 1 }, bought: 2 },
  ] as const)('sized $sizing.kind buys $bought contracts', ({ sizing, bought }) => {
    expect(story(rise(2), { run: { sizing } })).toEqual([`23: buy ${bought} calls to enter`]);
  });

  test('in a run on shares alone buys shares, and never learns of volatility', () => {
    const each = run(rise(2), { run: { instruments: 'equity' } });
    expect(each.choices().at(-1)).toBe(
      'equity: optionChain is none, needs recorded or modelled: the share instead',
    );
    expect(each.of(VolatilityGuardChanged)).toEqual([]);
  });
});

describe('the guard', () => {
  const crowded = goOn(rise(1, { long: 0, vix: 40 }), 3, 0.003, SURE);

  test('crowded, lets the choice fall to the share, and says by which numbers', () => {
    const each = run(crowded);
    expect(each.choices().at(-1)).toBe('equity: volatilityGuard is crowded, needs open: the share instead');
    expect(each.story().at(-1)).toMatch(/^24: buy \d+ shares to enter$/);
    const changed = each.of(VolatilityGuardChanged).at(-1)!;
    expect(changed).toMatchObject({ from: 'open', to: 'crowded', evidence: { rank: 1, sessions: 23 } });
    expect(changed.tests.filter(({ pass }) => !pass)).toEqual([
      { test: 'ivRank', value: 1, limit: 0.6, pass: false },
    ]);
  });

  test('that crowds while calls are held leaves them, and buys shares beside them', () => {
    expect(story(goOn(rise(3), 3, 0.003, { vix: 40 }))).toEqual([
      '23: buy 5 calls to enter',
      '25: guard crowded',
      expect.stringMatching(/^26: buy \d+ shares to enter$/),
    ]);
  });

  test('with a rank between its limits stays what it was', () => {
    const coming = (vix: number) => goOn(goOn(rise(1, { vix: 40 }), 1, 0.003, { vix }), 1, 0.003);
    const states = (days: Day[]) =>
      run(days)
        .of(VolatilityGuardChanged)
        .map(({ to }) => to);
    expect(states(coming(31))).toEqual(['open', 'crowded']);
    expect(states(coming(29))).toEqual(['open', 'crowded', 'open']);
  });
});

describe('calls that are held', () => {
  test('are sold when the market closes four average ranges below its highest close', () => {
    const days = goOn(goOn(rise(4), 1, -0.03), 2, 0.003);
    const each = run(days, { config: { regime: { structure: { crashSigma: 1e6 } } } });
    expect(each.story().slice(1, 4)).toEqual([
      '23: buy 5 calls to enter',
      '26: option leaves: protectiveStop',
      '27: sell 5 calls to exit',
    ]);
  });

  test('are sold at seven days to expiry', () => {
    const each = run(goOn(calmRise(), 45, [0.003, -0.002], SURE), selector({ stopAtr: 50 }));
    const left = each.story().findIndex((line) => line.endsWith('expiry'));
    const [day] = each.story()[left].split(':');
    const { symbol } = each.of(OrderIntended)[0];
    const days = daysToExpiry(contractOf(symbol), each.days[Number(day)]);
    expect(days).toBeLessThanOrEqual(7);
    expect(days).toBeGreaterThan(3);
    expect(each.story()[left + 1]).toBe(`${Number(day) + 1}: sell 5 calls to exit`);
  });

  test('are sold after two closes at which half of the premium is lost, not after one', () => {
    const numbers = selector({ stopAtr: 50 });
    const dip = goOn(rise(3), 1, -0.05);
    const back = run(goOn(dip, 3, 0.03), numbers);
    expect(back.story().join()).not.toContain('leaves');
    const lasting = run(goOn(dip, 2, 0), numbers);
    expect(lasting.story().slice(1)).toEqual([
      '23: buy 5 calls to enter',
      '26: option leaves: premiumLoss',
      '27: sell 5 calls to exit',
    ]);
  });

  test('are sold when the trend that carries them ends', () => {
    const numbers = { config: { selector: { stopAtr: 50, option: { premiumLoss: 0.99 } } } };
    const each = run(goOn(rise(4), 8, -0.004), numbers);
    expect(
      each
        .story()
        .slice(1)
        .map((line) => line.slice(4)),
    ).toEqual(['buy 5 calls to enter', 'option leaves: regime', 'sell 5 calls to exit']);
  });

  test('wait after an exit for a new high, while the share takes their place', () => {
    const days = goOn(goOn(rise(5), 2, -0.001, { long: 39 }), 2, -0.0005, SURE);
    // In some weeks no third Friday lies 30 to 60 days ahead.
    const numbers = selector({ rearmBars: 5, option: { daysMin: 20 } });
    const waiting = run(days, numbers);
    expect(waiting.choices().at(-1)).toBe(
      'equity: optionArmed is not yet, needs a 5-bar closing high or 5 days since the exit: the share instead',
    );
    const chosen = (more: Day[], rearmBars: number) =>
      run(more, selector({ rearmBars, option: { daysMin: 20 } }))
        .choices()
        .at(-1);
    expect(chosen(goOn(days, 1, 0.02), 5)).toMatch(/^option: /);
    // Or until five days have gone by, wherever the market is.
    expect(chosen(days, 20)).toMatch(/^equity: optionArmed is not yet/);
    expect(chosen(goOn(days, 3, [-0.0002, 0.0001]), 20)).toMatch(/^option: /);
  });

  test('in a run without exits only leave at the word of the strategy, or before they expire', () => {
    const days = goOn(goOn(goOn(rise(4), 1, -0.06), 3, -0.01), 40, 0.001);
    const lines = story(days, { run: { exits: false } });
    expect(lines.filter((line) => line.includes('option leaves'))[0]).toMatch(/option leaves: expiry$/);
  });

  test('are sold at the last open of a run that is to end flat, with the shares beside them', () => {
    const each = run(goOn(rise(3), 3, 0.003, { vix: 40 }), { run: { finalize: true } });
    expect(each.story().slice(-5)).toEqual([
      '27: equity leaves: finalize',
      '27: option leaves: finalize',
      expect.stringMatching(/^27: sell \d+ shares to exit$/),
      '27: sell 5 calls to exit',
      '27: dropped: the position is already closed',
    ]);
  });
});

describe('a strong view of a falling market', () => {
  test('buys puts, and sells them when the market closes back above its stop', () => {
    const numbers = selector({ stopAtr: 2 });
    expect(story(goOn(fall(5), 4, [0.02, 0.001]), numbers).slice(0, 3)).toEqual([
      '23: buy 5 puts to enter',
      '27: option leaves: protectiveStop',
      '28: sell 5 puts to exit',
    ]);
  });

  test('waits after an exit for a new low', () => {
    const numbers = selector({ rearmBars: 5, rearmDays: 30, option: { daysMin: 20 } });
    const days = goOn(goOn(fall(5), 2, 0.001, { short: 39 }), 2, 0.0005, { short: 85 });
    expect(run(days, numbers).choices().at(-1)).toBe(
      'nothing: optionArmed is not yet, needs a 5-bar closing low or 30 days since the exit',
    );
    expect(
      run(goOn(days, 1, -0.02), numbers)
        .choices()
        .at(-1),
    ).toMatch(/^option: .* put /);
  });

  test('stands aside while volatility is crowded: equity is never sold short', () => {
    const each = run(goOn(fall(1, { vix: 25.4 }), 3, -0.003, { short: 90 }));
    expect(each.choices().at(-1)).toBe('nothing: volatilityGuard is crowded, needs open');
    expect(each.of(OrderIntended)).toEqual([]);
  });
});

test('an entry that the limits leave no room for puts the plan back, and is tried again', () => {
  const each = run(rise(3), { config: { risk: { premiumMax: 0.001 } } });
  expect(each.story().slice(1)).toEqual([
    '23: dropped: the limits leave no room for one unit',
    '24: dropped: the limits leave no room for one unit',
  ]);
});

test('each close that finds another contract says so before it decides to buy it', () => {
  const each = run(goOn(calmRise(), 3, 0.02, SURE), { config: { risk: { premiumMax: 0.001 } } });
  const bought = each.of(IntentDeferred).map(({ symbol }) => symbol);
  const chosen = each.of(SelectionMade).flatMap(({ contract }) => contract ?? []);
  expect(new Set(bought).size).toBe(3);
  expect(chosen).toEqual(bought);
});

test('a quiet day explains itself for both plans', () => {
  const sentence = (days: Day[]) => explainQuietDay(run(days).core)[0].reason;
  expect(sentence(calmRise())).toBe('conviction 0 < 60');
  expect(sentence(rise(3, { long: 57 }))).toBe('conviction 57 < 60');
  expect(sentence(goOn(rise(3), 3, 0.003, { vix: 40 }))).toBe(
    'holding shares; holding an option; volatilityGuard is crowded, needs open: the share instead',
  );
});

test('daily sessions decide what one session decides', () => {
  const days = goOn(
    goOn(goOn(goOn(rise(6), 3, 0.003, { vix: 40 }), 8, -0.012, { long: 10, short: 85, vix: 22 }), 6, 0.02, {
      long: 90,
      short: 0,
    }),
    20,
    [0.004, -0.002],
  );
  const numbers = { config: { guard: { crowdedRank: 0.9, openRank: 0.8 } } };
  const [one, rolled] = (['none', 'daily'] as const).map((roll) => run(days, { ...numbers, run: { roll } }));
  expect(rolled.story()).toEqual(one.story());
  expect(rolled.choices()).toEqual(one.choices());
  expect(one.story().join()).toMatch(/calls.*puts.*calls/);
});
