import { describe, expect, test } from 'vitest';
import { type AnyStateNode, createActor, type SnapshotFrom } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import {
  leavesOf,
  targetOf,
  type WorkingEvent,
  type WorkingInput,
  workingOrderMachine,
} from '../../src/actors/working-order.machine.ts';
import { configSchema } from '../../src/domain/config.ts';

const { execution } = configSchema.parse({});
const input = (urgent: boolean): WorkingInput => ({
  side: 'buy',
  tickClass: 'shares',
  urgent,
  quantity: 10,
  execution,
  ageMaxMs: 900_000,
  seed: 1,
});

type Snapshot = SnapshotFrom<typeof workingOrderMachine>;
const still = { setTimeout: () => 0, clearTimeout: () => {} };
const NEAR = { bidPx: 100, askPx: 100.02 };
const AWAY = { bidPx: 101, askPx: 101.02 };
/** A delay that ends, as XState calls it. */
const after = (delay: string, region: string, state: string) =>
  ({ type: `xstate.after.${delay}.workingOrder.${region}.${state}` }) as unknown as WorkingEvent;

/** What a host could say next. */
function eventsAt({ value, context }: Snapshot): WorkingEvent[] {
  const leaves = leavesOf(context);
  const events: WorkingEvent[] = [
    { type: 'START' },
    { type: 'MARKET', quote: NEAR },
    { type: 'MARKET', quote: AWAY },
    { type: 'STALE' },
    { type: 'CANCEL_ASKED' },
    { type: 'CANCEL_REJECTED' },
    { type: 'ENDED' },
    { type: 'WITHDRAW' },
    { type: 'FILLED', filled: 10, standingQty: 0 },
    { type: 'FILLED', filled: 4, standingQty: context.standingQty },
    after('step', 'pace', 'walking'),
    after('patience', 'pace', 'patient'),
    after('age', 'age', 'counting'),
    after('retry', 'order', 'refused'),
  ];
  if (value.order === 'placing') {
    const limitPx = targetOf(context);
    events.push({ type: 'PLACED', ordinal: 1, limitPx, quantity: leaves, slowness: 1 });
  }
  return events;
}

const serializeState = ({ value, context }: { value: unknown; context: unknown }) => {
  const { filled, givenUp } = context as Snapshot['context'];
  return JSON.stringify([value, filled === 10, givenUp !== null]);
};

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

interface Taken {
  readonly source: AnyStateNode;
  readonly eventType: string;
  readonly target?: readonly AnyStateNode[];
  readonly guard?: unknown;
}
const nameOf = ({ source, eventType, target, guard }: Taken): string => {
  const to = target?.map(({ key }) => key).join() ?? 'itself';
  const when = typeof guard === 'string' ? ` when ${guard}` : '';
  return `${source.path.join('.')} ${eventType} -> ${to}${when}`;
};

/** Walks every shortest path and one event further, and says which states and transitions were met. */
function explore(urgent: boolean) {
  const states = new Set<string>();
  const transitions = new Set<string>();
  const paths = getShortestPaths(workingOrderMachine, {
    input: input(urgent),
    events: eventsAt as never,
    serializeState: serializeState as never,
    limit: 100_000,
  });
  for (const { state, steps } of paths) {
    const reached = state as unknown as Snapshot;
    for (const [region, at] of Object.entries(reached.value)) states.add(`${region}.${at}`);
    const path = steps.slice(1).map(({ event }) => event as WorkingEvent);
    for (const further of eventsAt(reached)) {
      const actor = createActor(workingOrderMachine, {
        clock: still,
        input: input(urgent),
        inspect: (event) => {
          if (event.type !== '@xstate.microstep') return;
          for (const each of event._transitions as unknown as Taken[]) transitions.add(nameOf(each));
        },
      }).start();
      for (const event of [...path, further]) actor.send(event);
    }
  }
  return { states, transitions };
}

const all = nodesOf(workingOrderMachine.root);
const defined = new Set(
  all.flatMap((node) =>
    [...node.transitions.values(), node.always ?? []].flat().map((each) => nameOf(each as never)),
  ),
);
const entries = explore(false);
const exits = explore(true);

describe('generated paths', () => {
  test('reach every state of every region', () => {
    const leaves = all.filter((node) => node.type === 'atomic' || node.type === 'final');
    const reached = new Set([...entries.states, ...exits.states]);
    expect(leaves.map(({ path }) => path.join('.')).filter((path) => !reached.has(path))).toEqual([]);
  });

  test('take every transition', () => {
    const taken = new Set([...entries.transitions, ...exits.transitions]);
    expect([...defined].filter((each) => !taken.has(each))).toEqual([]);
    expect(defined.size).toBeGreaterThan(35);
  });
});

describe('an order', () => {
  const start = (urgent = false) =>
    createActor(workingOrderMachine, { clock: still, input: input(urgent) }).start();
  const at = (actor: ReturnType<typeof start>) => actor.getSnapshot().value.order;
  const placed = { type: 'PLACED', ordinal: 1, limitPx: 100.01, quantity: 10, slowness: 1 } as const;

  test('is asked for only in a market that was looked at', () => {
    const actor = start();
    actor.send({ type: 'START' });
    expect(at(actor)).toBe('waiting');
    actor.send({ type: 'STALE' });
    expect(at(actor)).toBe('waiting');
    actor.send({ type: 'MARKET', quote: NEAR });
    expect(at(actor)).toBe('placing');
  });

  test('waits differently from one to the next, and always by a third more or less', () => {
    const waits: number[] = [];
    const clock = { setTimeout: (_: () => void, ms: number) => waits.push(ms), clearTimeout: () => {} };
    for (let seed = 0; seed < 200; seed++) {
      const actor = createActor(workingOrderMachine, { clock, input: { ...input(true), seed } }).start();
      actor.send({ type: 'MARKET', quote: NEAR });
      actor.send({ ...placed, ordinal: seed + 1 });
    }
    const steps = waits.filter((ms) => ms <= 4_000);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...steps)).toBeLessThanOrEqual(4_000);
    expect(new Set(steps).size).toBeGreaterThan(150);
  });

  test('leaves no timer behind when it is done', () => {
    const armed = new Set<object>();
    const clock = {
      setTimeout: () => {
        const timer = {};
        armed.add(timer);
        return timer;
      },
      clearTimeout: (timer: unknown) => void armed.delete(timer as object),
    };
    const actor = createActor(workingOrderMachine, { clock: clock as never, input: input(true) }).start();
    actor.send({ type: 'START' });
    actor.send({ type: 'MARKET', quote: NEAR });
    actor.send(placed);
    expect(armed.size).toBe(2);
    actor.send({ type: 'FILLED', filled: 10, standingQty: 0 });
    actor.send({ type: 'ENDED' });
    expect(at(actor)).toBe('done');
    expect(armed.size).toBe(0);
  });
});
