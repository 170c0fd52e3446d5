/**
 * A statechart as a Mermaid `stateDiagram-v2`, parallel regions included. States are declared before they are led to, and
 * a transition stands in the innermost state that both of its ends are in, as Mermaid wants it.
 */
import { inStateTexts, transitionText } from './chart-labels.ts';
import { type Chart, type ChartState, chartOf } from './chart-model.ts';
import type { MachineName } from './machine-catalogue.ts';

/** Lines of the states' transitions, by the path of the state that they stand in. */
type Arrows = ReadonlyMap<string, readonly string[]>;

export function chartMermaid(name: MachineName): string {
  const chart = chartOf(name);
  const lines = ['stateDiagram-v2', `%% ${chart.description}`, 'direction LR', ...body(chart)];
  return `${lines.join('\n')}\n`;
}

function body({ id, root }: Chart): string[] {
  const arrows = arrowsOf(root);
  const loose = inStateTexts(root);
  if (root.kind !== 'parallel') return inside(root, arrows, loose);
  // Regions can only stand within a state, and what concerns them all in a note beside it.
  return [`state "${id}" as ${id} {`, ...inside(root, arrows).map(indented), '}', ...note(id, loose)];
}

/** What stands between the braces of a state. `loose`: what it does itself, where no state is drawn around. */
function inside(outer: ChartState, arrows: Arrows, loose: readonly string[] = []): string[] {
  const any = idOf(anyOf(outer.path));
  const within = arrows.get(outer.path) ?? [];
  const leadsAnywhere = loose.length > 0 || within.some((line) => line.startsWith(`${any} `));
  const regions = outer.states.map((state) => declared(state, arrows));
  return [
    ...(leadsAnywhere ? [`state "any state" as ${any}`, ...described(any, loose)] : []),
    ...(outer.kind === 'parallel' ? separated(regions) : regions.flat()),
    ...(outer.initial === null ? [] : [`[*] --> ${idOf(outer.initial)}`]),
    ...within,
    ...outer.states.filter(({ kind }) => kind === 'final').map(({ path }) => `${idOf(path)} --> [*]`),
  ];
}

function declared(state: ChartState, arrows: Arrows): string[] {
  const id = idOf(state.path);
  const texts = inStateTexts(state);
  if (state.states.length === 0) return [`state "${state.key}" as ${id}`, ...described(id, texts)];
  return [`state "${state.key}" as ${id} {`, ...inside(state, arrows).map(indented), '}', ...note(id, texts)];
}

function arrowsOf(root: ChartState): Arrows {
  const arrows = new Map<string, string[]>();
  const connect = (state: ChartState): void => {
    for (const each of state.transitions) {
      if (each.target === null) continue;
      const inward = each.target !== state.path && isWithin(each.target, state.path);
      const from = inward ? anyOf(state.path) : state.path;
      const where = inward ? state.path : commonOf(outerOf(state.path), outerOf(each.target));
      const text = transitionText(each);
      const line = `${idOf(from)} --> ${idOf(each.target)}${text === '' ? '' : ` : ${text}`}`;
      arrows.set(where, [...(arrows.get(where) ?? []), line]);
    }
    state.states.forEach(connect);
  };
  connect(root);
  return arrows;
}

const described = (id: string, texts: readonly string[]): string[] => texts.map((text) => `${id} : ${text}`);

const note = (id: string, texts: readonly string[]): string[] =>
  texts.length === 0 ? [] : [`note right of ${id}`, ...texts.map(indented), 'end note'];

const separated = (regions: readonly (readonly string[])[]): string[] =>
  regions.flatMap((region, i) => (i === 0 ? region : ['--', ...region]));

const indented = (line: string): string => `  ${line}`;

/** Keys of states have no underscore. */
const idOf = (path: string): string => path.replaceAll('.', '_');
const anyOf = (path: string): string => (path === '' ? 'anyState' : `${path}.anyState`);

const isWithin = (path: string, outer: string): boolean =>
  outer === '' || path === outer || path.startsWith(`${outer}.`);

const outerOf = (path: string): string => path.split('.').slice(0, -1).join('.');

/** Path of the innermost state that both paths are, or are within. */
const commonOf = (a: string, b: string): string => (isWithin(b, a) ? a : commonOf(outerOf(a), b));
