/** A statechart as plain data: states in their nesting, and transitions with what triggers, guards and follows them. */
import type { AnyStateNode } from 'xstate';
import { entryOf, type MachineName } from './machine-catalogue.ts';

/** `after` names the delay, `always` has no name: it is taken as soon as its guard holds. */
export type ChartTrigger =
  | { readonly kind: 'event'; readonly name: string }
  | { readonly kind: 'after'; readonly name: string }
  | { readonly kind: 'always' };

/** A guard or an action by its name, and what it is told. */
export interface ChartNamed {
  readonly name: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ChartTransition {
  readonly on: ChartTrigger;
  readonly guard: ChartNamed | null;
  /** Path of the state it leads to; null where the machine stays and only acts. */
  readonly target: string | null;
  readonly actions: readonly ChartNamed[];
  /** Whether a state that is left for itself is entered anew. */
  readonly reenter: boolean;
}

export interface ChartState {
  /** Keys from the outermost state inwards, `recovering.looking`: what `data-state` says in the picture. */
  readonly path: string;
  readonly key: string;
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final';
  /** Path of the state that is entered first; null but in a compound state. */
  readonly initial: string | null;
  readonly tags: readonly string[];
  readonly entry: readonly ChartNamed[];
  readonly exit: readonly ChartNamed[];
  readonly transitions: readonly ChartTransition[];
  readonly states: readonly ChartState[];
}

export interface Chart {
  readonly name: MachineName;
  readonly description: string;
  /** XState's own id of the machine, with which ids of its states begin. */
  readonly id: string;
  /** The machine itself as a state: its path is empty, and no picture draws it. */
  readonly root: ChartState;
}

/** XState's parsed transitions, as far as a chart shows them. */
interface ParsedTransition {
  readonly eventType: string;
  readonly delay?: string | number;
  readonly guard?: unknown;
  readonly target?: readonly AnyStateNode[];
  readonly actions: readonly unknown[];
  readonly reenter: boolean;
}

const AFTER = 'xstate.after.';

const charts = new Map<MachineName, Chart>();

export function chartOf(name: MachineName): Chart {
  const known = charts.get(name);
  if (known !== undefined) return known;
  const { description, machine } = entryOf(name);
  const chart = { name, description, id: machine.id, root: stateOf(machine.root) };
  charts.set(name, chart);
  return chart;
}

/** All states but the machine itself, outer ones before what is in them. */
export function statesOf({ root }: Chart): ChartState[] {
  const within = (state: ChartState): ChartState[] => [state, ...state.states.flatMap(within)];
  return root.states.flatMap(within);
}

/**
 * Paths of the states that are live for an XState state value, outer ones included: `{ order: 'placing' }` gives `order`
 * and `order.placing`. States that this version's chart does not have are left out: a log may be of an older one.
 */
export function litStates(name: MachineName, value: unknown): string[] {
  const known = new Set(statesOf(chartOf(name)).map(({ path }) => path));
  return pathsIn(value, '').filter((path) => known.has(path));
}

function pathsIn(value: unknown, within: string): string[] {
  if (typeof value === 'string') return [within + value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    within + key,
    ...pathsIn(inner, `${within + key}.`),
  ]);
}

const pathOf = (node: AnyStateNode): string => node.path.join('.');

function stateOf(node: AnyStateNode): ChartState {
  const { initial } = node.config;
  return {
    path: pathOf(node),
    key: node.key,
    kind: node.type as ChartState['kind'],
    initial: initial === undefined ? null : pathOf(node.states[String(initial)]),
    tags: node.tags,
    entry: namedIn(node.entry),
    exit: namedIn(node.exit),
    transitions: transitionsOf(node).map(transitionOf),
    states: Object.values(node.states).map(stateOf),
  };
}

/** What happens of itself first, then what is heard, then what time brings. */
function transitionsOf(node: AnyStateNode): ParsedTransition[] {
  const heard = [...node.transitions.values()].flat().filter(({ eventType }) => !eventType.startsWith(AFTER));
  return [...(node.always ?? []), ...heard, ...node.after] as unknown as ParsedTransition[];
}

function transitionOf({
  eventType,
  delay,
  guard,
  target,
  actions,
  reenter,
}: ParsedTransition): ChartTransition {
  return {
    on:
      delay !== undefined
        ? { kind: 'after', name: String(delay) }
        : eventType === ''
          ? { kind: 'always' }
          : { kind: 'event', name: eventType },
    guard: guard === undefined ? null : named(guard),
    target: target === undefined || target.length === 0 ? null : pathOf(target[0]),
    actions: namedIn(actions),
    reenter,
  };
}

/** XState's own actions that arm and cancel delays are functions: the transition says it already. */
const namedIn = (actions: readonly unknown[]): ChartNamed[] =>
  actions.filter((action) => typeof action !== 'function').map(named);

function named(item: unknown): ChartNamed {
  if (typeof item === 'string') return { name: item, params: {} };
  const { type, params = {} } = item as { type: string; params?: Readonly<Record<string, unknown>> };
  return { name: type, params };
}
