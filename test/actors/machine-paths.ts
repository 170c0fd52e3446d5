/** Walks a statechart along generated paths and says which of its own states and transitions they never met. */
import {
  type AnyStateMachine,
  type AnyStateNode,
  createActor,
  type InspectionEvent,
  type Snapshot,
} from 'xstate';
import { getShortestPaths } from 'xstate/graph';

/** A state that a path can reach: its value and what it remembers. */
export interface Reached {
  readonly value: unknown;
  readonly context: unknown;
}

export interface Walk {
  readonly machine: AnyStateMachine;
  /** One walk for each; a machine without input is walked once. */
  readonly inputs?: readonly unknown[];
  /** Samples of every event, or what can be said in a state. */
  readonly events: readonly object[] | ((at: Reached) => readonly object[]);
  /** What tells states apart beside their values: counts that go on for ever are left out, or cut. */
  readonly remembers?: (context: never) => unknown;
}

interface Transition {
  readonly source: AnyStateNode;
  readonly eventType: string;
  readonly target?: readonly AnyStateNode[];
  readonly guard?: unknown;
}

const still = { setTimeout: () => 0, clearTimeout: () => {} };

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap(nodesOf),
];

const transitionsOf = (node: AnyStateNode): Transition[] =>
  [...node.transitions.values(), node.always ?? []].flat() as unknown as Transition[];

/** In words, and alone with them: where the same event leads to the same state twice, their order tells them apart. */
function nameOf({ source, eventType, target }: Transition, place: number): string {
  const to = target?.map(({ path }) => path.join('.')).join() ?? 'itself';
  const on = eventType === '' ? 'always' : eventType;
  return `${source.path.join('.') || 'anywhere'} (${on} ${place}) ${to}`;
}

/** Every transition of a machine, by the object XState itself takes. */
function transitionsByName(machine: AnyStateMachine): Map<string, Transition> {
  const all = new Map<string, Transition>();
  for (const node of nodesOf(machine.root)) {
    const places = new Map<string, number>();
    for (const each of transitionsOf(node)) {
      const place = (places.get(each.eventType) ?? 0) + 1;
      places.set(each.eventType, place);
      all.set(nameOf(each, place), each);
    }
  }
  return all;
}

export interface Coverage {
  readonly states: number;
  readonly transitions: number;
  /** Of the machine's own, those that no path met. */
  readonly unmet: readonly string[];
}

/** Goes to every state along a shortest path and says everything there once. */
export function cover({
  machine,
  inputs = [undefined],
  events,
  remembers = (context) => context,
}: Walk): Coverage {
  const met = new Set<unknown>();
  const sampled = typeof events === 'function' ? events : () => events;
  const serialize = ({ value, context }: Reached) => JSON.stringify([value, remembers(context as never)]);
  for (const input of inputs) {
    const paths = getShortestPaths(machine, {
      input,
      events: ((at: Reached) => [...sampled(at)]) as never,
      serializeState: serialize as never,
      limit: 100_000,
    });
    for (const { state } of paths) {
      const { value, context } = state as unknown as Reached;
      const snapshot = machine.resolveState({ value, context } as never) as unknown as Snapshot<unknown>;
      for (const node of (snapshot as unknown as { _nodes: readonly AnyStateNode[] })._nodes) met.add(node);
      for (const event of sampled({ value, context })) {
        const actor = createActor(machine, {
          clock: still,
          input,
          snapshot,
          inspect: (seen: InspectionEvent) => {
            if (seen.type !== '@xstate.microstep') return;
            for (const each of seen._transitions) met.add(each);
          },
        } as never).start();
        actor.send(event as never);
        const { status, error } = actor.getSnapshot() as { status: string; error?: unknown };
        if (status === 'error') throw error;
        actor.stop();
      }
    }
  }
  const nodes = nodesOf(machine.root);
  const transitions = transitionsByName(machine);
  const unmet = [
    ...nodes.filter((node) => !met.has(node)).map(({ path }) => path.join('.')),
    ...[...transitions].filter(([, each]) => !met.has(each)).map(([name]) => name),
  ];
  return { states: nodes.length - 1, transitions: transitions.size, unmet };
}

/** Where a configuration holds what no JSON can: a function that no name stands for, or a number that is none. */
export function notPlain(config: unknown, path = ''): string[] {
  if (config === undefined || config === null || ['string', 'boolean'].includes(typeof config)) return [];
  if (typeof config === 'number') return Number.isFinite(config) ? [] : [path];
  if (typeof config !== 'object') return [path];
  return Object.entries(config).flatMap(([key, value]) =>
    notPlain(value, path === '' ? key : `${path}.${key}`),
  );
}
