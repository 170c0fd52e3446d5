import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createActor, type SnapshotFrom } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import { instrumentSelectorMachine, type PlanEvent } from '../../src/actors/instrument-selector.machine.ts';

const events: readonly PlanEvent[] = [
  { type: 'ENTRY_DECIDED', supportedBy: ['bull'] },
  { type: 'ENTERED' },
  { type: 'NOT_FILLED' },
  { type: 'CLOSE', close: 100, stopPx: 90 },
  { type: 'CLOSE', close: 95, stopPx: 97 },
  { type: 'EXIT_DECIDED' },
  { type: 'EXIT_INCOMPLETE' },
  { type: 'CLOSED', at: 7 },
  { type: 'REARMED' },
];
/** Snapshots that differ in nothing a plan is made of are one. */
const graph = {
  events: [...events],
  serializeState: (state: { value: unknown; context: unknown }) =>
    JSON.stringify([state.value, state.context]),
};

type Snapshot = SnapshotFrom<typeof instrumentSelectorMachine>;
interface Adjacency {
  readonly state: Snapshot;
  readonly transitions: Readonly<Record<string, { readonly event: PlanEvent; readonly state: Snapshot }>>;
}

const run = (sent: readonly PlanEvent[]) => {
  const actor = createActor(instrumentSelectorMachine).start();
  const step = (event: PlanEvent) => {
    actor.send(event);
    return actor.getSnapshot();
  };
  return [actor.getSnapshot(), ...sent.map(step)];
};

describe('every way through a plan', () => {
  test('its states and transitions are these, and every other event leaves it as it is', () => {
    const moves = new Set<string>();
    const adjacency = Object.values(getAdjacencyMap(instrumentSelectorMachine, graph)) as Adjacency[];
    for (const { state, transitions } of adjacency) {
      for (const { event, state: next } of Object.values(transitions)) {
        const changes =
          state.value !== next.value || JSON.stringify(state.context) !== JSON.stringify(next.context);
        if (changes) moves.add(`${state.value} ${event.type} ${next.value}`);
      }
    }
    expect([...moves].sort()).toEqual([
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
    const states = Object.keys(instrumentSelectorMachine.states);
    expect([...new Set([...moves].map((move) => move.split(' ')[0]))].sort()).toEqual(states.sort());
  });

  const paths = getShortestPaths(instrumentSelectorMachine, graph).map(({ state, steps }) => ({
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
      const { stopPx, highestClose, exitedAt } = end.context;
      if (end.value !== 'holding' && end.value !== 'exiting')
        expect([stopPx, highestClose]).toEqual([null, null]);
      if (end.value === 'disarmed') expect(end.context).toMatchObject({ supportedBy: [], exitedAt: 7 });
      expect(exitedAt === null).toBe(!sent.some(({ type }) => type === 'CLOSED'));
    },
  );
});

const px = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const anyEvent: fc.Arbitrary<PlanEvent> = fc.oneof(
  fc.constantFrom(...events),
  fc.record({ type: fc.constant('CLOSE' as const), close: px, stopPx: px }),
);
/** Most random sequences never enter: these begin with a position. */
const held: readonly PlanEvent[] = [{ type: 'ENTRY_DECIDED', supportedBy: ['bull'] }, { type: 'ENTERED' }];

test.prop([fc.array(anyEvent, { maxLength: 30 })])(
  'a stop is never lowered while its position lives',
  (rest) => {
    run([...held, ...rest]).reduce((before, after) => {
      const { stopPx, highestClose } = before.context;
      if (stopPx !== null && after.value !== 'disarmed') {
        expect(after.context.stopPx).toBeGreaterThanOrEqual(stopPx);
        expect(after.context.highestClose).toBeGreaterThanOrEqual(highestClose!);
      }
      return after;
    });
  },
);

test('a stop follows the highest stop proposed, through an exit that was not filled', () => {
  const closes = [90, 80, 120, 110].map((stopPx) => ({ type: 'CLOSE', close: stopPx + 5, stopPx }) as const);
  const exit = [{ type: 'EXIT_DECIDED' }, { type: 'EXIT_INCOMPLETE' }] as const;
  const stops = run([...held, ...closes, ...exit]).map(({ context }) => context.stopPx);
  expect(stops).toEqual([null, null, null, 90, 90, 120, 120, 120, 120]);
});

test('the next position starts without the stop of the one before', () => {
  const again: PlanEvent[] = [{ type: 'CLOSE', close: 50, stopPx: 45 }];
  const first: PlanEvent[] = [
    { type: 'CLOSE', close: 500, stopPx: 450 },
    { type: 'CLOSED', at: 7 },
  ];
  const end = run([...held, ...first, { type: 'REARMED' }, ...held, ...again]).at(-1)!;
  expect(end.context).toMatchObject({ stopPx: 45, highestClose: 50, exitedAt: 7, supportedBy: ['bull'] });
});
