import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createActor, type SnapshotFrom } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import {
  instrumentSelectorMachine,
  type PlanContext,
  type PlanName,
  planNames,
  type SelectorEvent,
} from '../../../src/actors/selection/instrument-selector.machine.ts';
import { configSchema } from '../../../src/domain/config.ts';

const rules = configSchema.parse({}).guard;
const machine = instrumentSelectorMachine(rules);

const volatility = (rank: number | null, ratio: number | null, sessions = 100): SelectorEvent => ({
  type: 'VOLATILITY',
  volatility: { atm: 0.2, rank, percentile: rank, ratio, sessions },
});
const UNKNOWN: SelectorEvent = { type: 'VOLATILITY', volatility: null };
const CALM = volatility(0.2, 1);
const BETWEEN = volatility(0.55, 1.4);
const DEAR = volatility(0.9, 1);

/** The life of one plan; the other's is the same, moved by its own events. */
const lifeOf = (plan: PlanName): SelectorEvent[] => [
  { type: `${plan}.ENTRY_DECIDED`, instrument: 'it', direction: 'long', supportedBy: ['bull'] },
  { type: `${plan}.ENTERED` },
  { type: `${plan}.NOT_FILLED` },
  { type: `${plan}.CLOSE`, close: 100, distance: 10 },
  { type: `${plan}.CLOSE`, close: 95, distance: 3 },
  { type: `${plan}.EXIT_DECIDED` },
  { type: `${plan}.EXIT_INCOMPLETE` },
  { type: `${plan}.CLOSED`, at: 7 },
  { type: `${plan}.REARMED` },
];
const guardEvents = [UNKNOWN, CALM, BETWEEN, DEAR];

type Snapshot = SnapshotFrom<typeof machine>;
interface Adjacency {
  readonly state: Snapshot;
  readonly transitions: Readonly<Record<string, { readonly event: SelectorEvent; readonly state: Snapshot }>>;
}
const graphOf = (events: readonly SelectorEvent[]) => ({
  events: [...events],
  serializeState: (state: { value: unknown; context: unknown }) =>
    JSON.stringify([state.value, state.context]),
});

const run = (sent: readonly SelectorEvent[]): Snapshot[] => {
  const actor = createActor(machine).start();
  return [
    actor.getSnapshot(),
    ...sent.map((event) => {
      actor.send(event);
      return actor.getSnapshot();
    }),
  ];
};

/** `from EVENT to` of everything that moves a region, or what it remembers. */
function movesOf(region: 'guard' | PlanName, events: readonly SelectorEvent[]): string[] {
  const moves = new Set<string>();
  for (const { state, transitions } of Object.values(
    getAdjacencyMap(machine, graphOf(events)),
  ) as Adjacency[]) {
    for (const { event, state: next } of Object.values(transitions)) {
      const changes =
        JSON.stringify([state.value, state.context]) !== JSON.stringify([next.value, next.context]);
      if (changes) moves.add(`${state.value[region]} ${event.type.split('.').at(-1)} ${next.value[region]}`);
    }
  }
  return [...moves].sort();
}

describe('every way through a plan', () => {
  test.each([...planNames])('the states and transitions of the %s plan are these', (plan) => {
    const moves = movesOf(plan, lifeOf(plan));
    expect(moves).toEqual([
      'disarmed REARMED idle',
      'entering ENTERED holding',
      'entering NOT_FILLED idle',
      'exiting CLOSED disarmed',
      'exiting EXIT_INCOMPLETE holding',
      'holding CLOSE holding',
      'holding CLOSED disarmed',
      'holding EXIT_DECIDED exiting',
      'idle ENTRY_DECIDED entering',
    ]);
    const states = Object.keys(machine.states[plan].states);
    expect([...new Set(moves.map((move) => move.split(' ')[0]))].sort()).toEqual(states.sort());
  });

  test.each([
    ['equity', 'option'],
    ['option', 'equity'],
  ] as const)('what happens to the %s plan leaves the %s plan and the guard alone', (plan, other) => {
    for (const { value, context } of run(lifeOf(plan))) {
      expect([value[other], value.guard]).toEqual(['idle', 'shut']);
      expect(context[other]).toEqual(run([])[0].context[other]);
    }
  });

  const paths = getShortestPaths(machine, graphOf(lifeOf('option'))).map(({ state, steps }) => ({
    title: steps.map(({ event }) => event.type).join(' '),
    state,
    // The first step is the machine's own start.
    sent: steps.slice(1).map(({ event }) => event),
  }));

  test.each(paths)(
    '$title: only a plan that holds or leaves has a stop, and one that ended remembers when',
    ({ state, sent }) => {
      const end = run(sent).at(-1)!;
      expect([end.value, end.context]).toEqual([state.value, state.context]);
      const { stopPx, bestClose, exitedAt, instrument } = end.context.option;
      const at = end.value.option;
      if (at !== 'holding' && at !== 'exiting') expect([stopPx, bestClose]).toEqual([null, null]);
      expect(instrument).toBe(at === 'idle' || at === 'disarmed' ? null : 'it');
      expect(exitedAt === null).toBe(!sent.some(({ type }) => type === 'option.CLOSED'));
    },
  );
});

describe('the guard', () => {
  test('its states and transitions are these: crowded only opens once both have come down', () => {
    expect(movesOf('guard', guardEvents)).toEqual([
      'crowded VOLATILITY open',
      'crowded VOLATILITY shut',
      'open VOLATILITY crowded',
      'open VOLATILITY shut',
      'shut VOLATILITY crowded',
      'shut VOLATILITY open',
    ]);
    expect(run([CALM, BETWEEN, DEAR, BETWEEN, CALM, UNKNOWN]).map(({ value }) => value.guard)).toEqual([
      'shut',
      'open',
      'open',
      'crowded',
      'crowded',
      'open',
      'shut',
    ]);
  });

  test.each([
    { rank: 0.6, ratio: 1, from: CALM, to: 'crowded' },
    { rank: 0.599, ratio: 1.499, from: CALM, to: 'open' },
    { rank: 0, ratio: 1.5, from: CALM, to: 'crowded' },
    { rank: 0.5, ratio: 1.3, from: DEAR, to: 'open' },
    { rank: 0.501, ratio: 1, from: DEAR, to: 'crowded' },
    { rank: 0, ratio: 1.301, from: DEAR, to: 'crowded' },
    { rank: null, ratio: 1.499, from: CALM, to: 'open' },
    { rank: null, ratio: 1.3, from: DEAR, to: 'open' },
    { rank: 0.1, ratio: null, from: CALM, to: 'shut' },
  ] as const)('at rank $rank and ratio $ratio it is $to', ({ rank, ratio, from, to }) => {
    expect(run([from, volatility(rank, ratio)]).at(-1)!.value.guard).toBe(to);
  });

  test('a rank of fewer than 60 days is none, and the ratio decides alone', () => {
    expect(run([volatility(0.9, 1, 59)]).at(-1)!.value.guard).toBe('open');
    expect(run([volatility(0.9, 1, 60)]).at(-1)!.value.guard).toBe('crowded');
    expect(run([volatility(0, 1.5, 59)]).at(-1)!.value.guard).toBe('crowded');
  });

  const anyRank = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null });
  const anyReading = fc.tuple(
    anyRank,
    fc.double({ min: 0.3, max: 3, noNaN: true }),
    fc.integer({ min: 1, max: 252 }),
  );
  test.prop([fc.array(anyReading, { maxLength: 40 })])('never moves twice at the same close', (readings) => {
    const closes = readings.flatMap((each) => [volatility(...each), volatility(...each)]);
    const states = run(closes).slice(1);
    for (let i = 0; i < states.length; i += 2) expect(states[i + 1].value.guard).toBe(states[i].value.guard);
  });
});

const px = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const closeOf = (plan: PlanName) =>
  fc.record({ type: fc.constant(`${plan}.CLOSE` as const), close: px, distance: px });
/** Most random sequences never enter: these begin with a position. */
const held = (plan: PlanName, direction: PlanContext['direction']): SelectorEvent[] => [
  { type: `${plan}.ENTRY_DECIDED`, instrument: 'it', direction, supportedBy: ['bull'] },
  { type: `${plan}.ENTERED` },
];

describe('the stop', () => {
  test.prop([
    fc.constantFrom(...planNames),
    fc.constantFrom('long' as const, 'short' as const),
    fc.array(fc.oneof(fc.constantFrom(...lifeOf('option')), closeOf('option'), closeOf('equity')), {
      maxLength: 30,
    }),
  ])('never moves away from the market while its position lives', (plan, direction, rest) => {
    const sign = direction === 'long' ? 1 : -1;
    run([...held(plan, direction), ...rest]).reduce((before, after) => {
      const { stopPx, bestClose } = before.context[plan];
      const lives = ['holding', 'exiting'].includes(after.value[plan]);
      if (stopPx !== null && lives) {
        expect(sign * after.context[plan].stopPx!).toBeGreaterThanOrEqual(sign * stopPx);
        expect(sign * after.context[plan].bestClose!).toBeGreaterThanOrEqual(sign * bestClose!);
      }
      return after;
    });
  });

  test('of a long plan follows the highest close, through an exit that was not filled', () => {
    const closes = [90, 80, 120, 110].map((close) => ({ type: 'equity.CLOSE', close, distance: 5 }) as const);
    const exit = [{ type: 'equity.EXIT_DECIDED' }, { type: 'equity.EXIT_INCOMPLETE' }] as const;
    const stops = run([...held('equity', 'long'), ...closes, ...exit]).map(
      ({ context }) => context.equity.stopPx,
    );
    expect(stops).toEqual([null, null, null, 85, 85, 115, 115, 115, 115]);
  });

  test('of a put stands above the lowest close', () => {
    const closes = [90, 80, 120, 70].map((close) => ({ type: 'option.CLOSE', close, distance: 5 }) as const);
    const stops = run([...held('option', 'short'), ...closes]).map(({ context }) => context.option.stopPx);
    expect(stops).toEqual([null, null, null, 95, 85, 85, 75]);
  });

  test('of the next position starts without the stop of the one before', () => {
    const [, entered] = held('option', 'long');
    const end = run([
      ...held('option', 'short'),
      { type: 'option.CLOSE', close: 50, distance: 5 },
      { type: 'option.QUOTED', lost: true },
      { type: 'option.CLOSED', at: 7 },
      { type: 'option.REARMED' },
      ...held('option', 'long'),
      entered,
    ]).at(-1)!;
    expect(end.context.option).toEqual({
      instrument: 'it',
      direction: 'long',
      supportedBy: ['bull'],
      bestClose: null,
      stopPx: null,
      lossQuotes: 0,
      exitedAt: 7,
    });
  });

  test('of a share below a tick is a tick: a wide distance leaves no negative price', () => {
    const end = run([...held('equity', 'long'), { type: 'equity.CLOSE', close: 3, distance: 9 }]).at(-1)!;
    expect(end.context.equity.stopPx).toBe(0.0001);
  });
});

test('losing quotes count in a row only, while the option is held', () => {
  const quotes = [true, true, false, true].map((lost) => ({ type: 'option.QUOTED', lost }) as const);
  const counts = run([...held('option', 'long'), ...quotes]).map(({ context }) => context.option.lossQuotes);
  expect(counts).toEqual([0, 0, 0, 1, 2, 0, 1]);
  expect(run(quotes).at(-1)!.context.option.lossQuotes).toBe(0);
});

test('a split scales what both plans remember in dollars, and renames the contract', () => {
  const end = run([
    ...held('equity', 'long'),
    { type: 'equity.CLOSE', close: 400, distance: 20 },
    ...held('option', 'short'),
    { type: 'option.CLOSE', close: 400, distance: 21 },
    { type: 'SPLIT', factor: 1 / 4, contract: 'renamed' },
  ]).at(-1)!;
  expect(end.context.equity).toMatchObject({ instrument: 'it', bestClose: 100, stopPx: 95 });
  expect(end.context.option).toMatchObject({ instrument: 'renamed', bestClose: 100, stopPx: 105.25 });
  expect(end.value).toMatchObject({ equity: 'holding', option: 'holding' });
});

test('its diagram is plain JSON but for the functions that its names stand for', () => {
  expect(JSON.parse(JSON.stringify(machine.config))).toEqual(machine.config);
});
