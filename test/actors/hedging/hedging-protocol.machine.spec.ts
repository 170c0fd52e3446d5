import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createActor, type SnapshotFrom } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import {
  type HedgeEvent,
  type HedgeFacts,
  hedgingProtocolMachine,
} from '../../../src/actors/hedging/hedging-protocol.machine.ts';

const rules = { entryTries: 2, cooldownSessions: 3 };
const machine = hedgingProtocolMachine(rules);
type Snapshot = SnapshotFrom<typeof machine>;

const close = (structure: string, over: Partial<HedgeFacts> = {}): HedgeEvent => ({
  type: 'CLOSE',
  structure,
  hasChain: true,
  holdsHedge: false,
  isExpiring: false,
  ...over,
});
const held = { holdsHedge: true };
const due = { holdsHedge: true, isExpiring: true };
const closes = ['intact', 'threatened', 'broken'].flatMap((structure) => [
  close(structure),
  close(structure, held),
  close(structure, due),
]);
const events: readonly HedgeEvent[] = [
  ...closes,
  close('broken', { hasChain: false }),
  { type: 'CRASHED' },
  { type: 'ENTRY_ORDERED' },
  { type: 'EQUITY_REDUCED' },
  { type: 'COVERED' },
  { type: 'BARE' },
  { type: 'FLATTENED' },
];

const name = (event: HedgeEvent): string => {
  if (event.type !== 'CLOSE') return event.type;
  const { structure, hasChain, holdsHedge, isExpiring } = event;
  const holds = isExpiring ? ' due' : holdsHedge ? ' held' : '';
  return `${structure}${hasChain ? '' : ' without a chain'}${holds}`;
};

const run = (sent: readonly HedgeEvent[], started = createActor(machine).start()): Snapshot[] =>
  sent.map((event) => {
    started.send(event);
    return started.getSnapshot();
  });
const states = (...sent: HedgeEvent[]): string[] => run(sent).map(({ value }) => value as string);

const order: HedgeEvent = { type: 'ENTRY_ORDERED' };
const covered: HedgeEvent = { type: 'COVERED' };
const bare: HedgeEvent = { type: 'BARE' };

describe('the life of a hedge', () => {
  test('armed by a threat, entered by a break, rolled while broken, unwound when intact, then cooled down', () => {
    expect(
      states(
        close('threatened'),
        close('broken'),
        order,
        covered,
        close('broken', held),
        close('broken', due),
        covered,
        close('intact', held),
        bare,
        close('intact'),
        close('intact'),
        close('intact'),
      ),
    ).toEqual([
      'armed',
      'entering',
      'entering',
      'hedged',
      'hedged',
      'rolling',
      'hedged',
      'unwinding',
      'cooldown',
      'cooldown',
      'cooldown',
      'idle',
    ]);
  });

  test('enters straight from idle, and disarms when the threat passes', () => {
    expect(states(close('broken'))).toEqual(['entering']);
    expect(states(close('threatened'), close('threatened'), close('intact'))).toEqual([
      'armed',
      'armed',
      'idle',
    ]);
  });

  test('without a chain it stays armed through the break', () => {
    const bareBreak = close('broken', { hasChain: false });
    expect(states(bareBreak, bareBreak, close('broken'))).toEqual(['armed', 'armed', 'entering']);
  });

  test('an entry that is not filled is tried again so many times, then cools down', () => {
    expect(states(close('broken'), order, close('broken'), order, close('broken')).at(-1)).toBe('cooldown');
    expect(states(close('broken'), order, close('broken'), close('broken')).at(-1)).toBe('entering');
  });

  test('a crash enters from idle and from armed alone', () => {
    const crash: HedgeEvent = { type: 'CRASHED' };
    expect(states(crash)).toEqual(['entering']);
    expect(states(close('threatened'), crash)).toEqual(['armed', 'entering']);
    for (const before of [
      [close('broken'), covered],
      [close('broken'), covered, bare],
    ])
      expect(new Set(states(...before, crash).slice(-2)).size).toBe(1);
  });

  test('a crash that the close does not confirm goes back without a fill, and is unwound with one', () => {
    expect(states({ type: 'CRASHED' }, order, close('threatened')).at(-1)).toBe('armed');
    expect(states({ type: 'CRASHED' }, order, close('intact')).at(-1)).toBe('idle');
    expect(states({ type: 'CRASHED' }, covered, close('intact', held)).at(-1)).toBe('unwinding');
  });

  test('a roll whose sale was filled and whose purchase was not is an entry again', () => {
    const rolling = [close('broken'), covered, close('broken', due), order];
    expect(states(...rolling, close('broken')).at(-1)).toBe('entering');
    expect(states(...rolling, close('broken', due)).at(-1)).toBe('rolling');
    expect(states(...rolling, close('intact')).at(-1)).toBe('cooldown');
    expect(states(...rolling, close('intact', due)).at(-1)).toBe('unwinding');
  });

  test('a hedge that settled or was trimmed away cools down', () => {
    expect(states(close('broken'), covered, bare).at(-1)).toBe('cooldown');
  });

  test('a hedge left to expire worthless is replaced while the structure is broken, and no longer', () => {
    expect(states(close('broken'), covered, close('broken')).at(-1)).toBe('entering');
    expect(states(close('broken'), covered, close('threatened')).at(-1)).toBe('cooldown');
    expect(states(close('broken'), covered, close('intact')).at(-1)).toBe('cooldown');
  });

  test('a fill that crosses its cancel is a hedge, wherever the protocol stood', () => {
    for (const before of [[], [close('threatened')], [close('broken'), covered, bare]])
      expect(states(...before, close('intact', held)).at(-1)).toBe('hedged');
  });
});

const graph = {
  events: [...events],
  serializeState: (state: { value: unknown; context: unknown }) =>
    JSON.stringify([state.value, state.context]),
  // Sessions and tries count on for ever; past the limits they change nothing.
  stopWhen: (state: Snapshot) => state.context.tries > 3 || state.context.sessions > 3,
};
interface Adjacency {
  readonly state: Snapshot;
  readonly transitions: Readonly<Record<string, { readonly event: HedgeEvent; readonly state: Snapshot }>>;
}

describe('every way through the protocol', () => {
  test('these are all moves between states', () => {
    const moves = new Set<string>();
    for (const { state, transitions } of Object.values(getAdjacencyMap(machine, graph)) as Adjacency[])
      for (const { event, state: next } of Object.values(transitions))
        if (state.value !== next.value) moves.add(`${state.value} (${name(event)}) ${next.value}`);
    expect([...moves].sort()).toMatchInlineSnapshot(`
      [
        "armed (CRASHED) entering",
        "armed (broken due) hedged",
        "armed (broken held) hedged",
        "armed (broken) entering",
        "armed (intact due) hedged",
        "armed (intact held) hedged",
        "armed (intact) idle",
        "armed (threatened due) hedged",
        "armed (threatened held) hedged",
        "cooldown (broken due) hedged",
        "cooldown (broken held) hedged",
        "cooldown (broken without a chain) idle",
        "cooldown (broken) idle",
        "cooldown (intact due) hedged",
        "cooldown (intact held) hedged",
        "cooldown (intact) idle",
        "cooldown (threatened due) hedged",
        "cooldown (threatened held) hedged",
        "cooldown (threatened) idle",
        "entering (COVERED) hedged",
        "entering (FLATTENED) cooldown",
        "entering (broken due) hedged",
        "entering (broken held) hedged",
        "entering (broken without a chain) cooldown",
        "entering (broken) cooldown",
        "entering (intact due) hedged",
        "entering (intact held) hedged",
        "entering (intact) idle",
        "entering (threatened due) hedged",
        "entering (threatened held) hedged",
        "entering (threatened) armed",
        "hedged (BARE) cooldown",
        "hedged (FLATTENED) unwinding",
        "hedged (broken due) rolling",
        "hedged (broken without a chain) cooldown",
        "hedged (broken) entering",
        "hedged (intact due) unwinding",
        "hedged (intact held) unwinding",
        "hedged (intact) cooldown",
        "hedged (threatened due) unwinding",
        "hedged (threatened) cooldown",
        "idle (CRASHED) entering",
        "idle (broken due) hedged",
        "idle (broken held) hedged",
        "idle (broken without a chain) armed",
        "idle (broken) entering",
        "idle (intact due) hedged",
        "idle (intact held) hedged",
        "idle (threatened due) hedged",
        "idle (threatened held) hedged",
        "idle (threatened) armed",
        "rolling (COVERED) hedged",
        "rolling (FLATTENED) unwinding",
        "rolling (broken held) hedged",
        "rolling (broken without a chain) entering",
        "rolling (broken) entering",
        "rolling (intact due) unwinding",
        "rolling (intact held) unwinding",
        "rolling (intact) cooldown",
        "rolling (threatened due) unwinding",
        "rolling (threatened held) unwinding",
        "rolling (threatened) unwinding",
        "unwinding (BARE) cooldown",
        "unwinding (broken without a chain) cooldown",
        "unwinding (broken) cooldown",
        "unwinding (intact) cooldown",
        "unwinding (threatened) cooldown",
      ]
    `);
    expect([...new Set([...moves].map((move) => move.split(' ')[0]))].sort()).toEqual(
      Object.keys(machine.states).sort(),
    );
  });

  test('every path is walked again from its own JSON', () => {
    const paths = getShortestPaths(machine, graph);
    expect(paths.length).toBeGreaterThan(20);
    for (const { state, steps } of paths) {
      const sent = steps.slice(1).map(({ event }) => event as HedgeEvent);
      const half = Math.floor(sent.length / 2);
      const first = createActor(machine).start();
      run(sent.slice(0, half), first);
      const snapshot = JSON.parse(JSON.stringify(first.getPersistedSnapshot()));
      const second = createActor(machine, { snapshot }).start();
      run(sent.slice(half), second);
      expect(second.getSnapshot().value).toEqual(state.value);
      expect(second.getSnapshot().context).toEqual(state.context);
    }
  });
});

test.prop([fc.array(fc.constantFrom(...events), { maxLength: 60 })])(
  'between two entries that a close decides lie the closes of a cooldown, or no fill at all',
  (sent) => {
    const path = run(sent);
    let coolingSince: number | null = null;
    path.forEach(({ value }, i) => {
      const before = i === 0 ? 'idle' : path[i - 1].value;
      if (value === 'cooldown' && before !== 'cooldown') coolingSince = i;
      if (value === 'idle' && before === 'cooldown') {
        const counted = sent.slice(coolingSince! + 1, i + 1).filter(({ type }) => type === 'CLOSE').length;
        expect(counted).toBeGreaterThanOrEqual(rules.cooldownSessions);
      }
      if (before === 'cooldown') expect(['cooldown', 'idle', 'hedged']).toContain(value);
    });
  },
);
