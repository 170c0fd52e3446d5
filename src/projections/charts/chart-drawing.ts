/**
 * A statechart as state-machine-cat draws it. Transitions between the same two states share an arrow; what a state does
 * without being left stands in its box; what is heard in all states of a box comes from a box named "any state".
 */
import type { IState, IStateMachine, ITransition } from 'state-machine-cat';
import { inStateTexts, transitionText } from './chart-labels.ts';
import type { Chart, ChartTransition } from './chart-model.ts';
import { type DrawnState, withTagGroups } from './tag-groups.ts';

/** No path of a state has a slash. */
const INITIAL = '/initial';
const ANY = '/any';

const ARROW_TEXT_MAX = 24;

/** The arrow of one or more transitions. */
export interface Arrow {
  /** Paths of states; of `from`, the state that all of them are within. */
  readonly from: string;
  readonly to: string;
  readonly triggers: readonly string[];
}

export interface Drawing {
  readonly machine: IStateMachine;
  /** By the title that the drawing gives an arrow. */
  readonly arrows: ReadonlyMap<string, Arrow>;
}

export function drawingOf(chart: Chart): Drawing {
  const arrows = new Map<string, Arrow>();
  const transitions: ITransition[] = [];
  const arrow = (from: string, to: string, label: string): void => {
    transitions.push({ id: transitions.length + 1, from, to, label });
  };
  const connect = (state: DrawnState): void => {
    if (state.initial !== null) arrow(state.path + INITIAL, state.initial, '');
    const inside = new Set(pathsWithin(state));
    for (const [target, group] of byTarget(state)) {
      const from = inside.has(target) ? state.path + ANY : state.path;
      arrow(from, target, group.map(arrowText).join('\n'));
      const triggers = [...new Set(group.map(({ on }) => (on.kind === 'always' ? '' : on.name)))];
      arrows.set(`${from}->${target}`, { from: state.path.replace(/\/.*/, ''), to: target, triggers });
    }
    state.states.forEach(connect);
  };
  const root = withTagGroups(chart.root);
  connect(root);
  return { machine: { states: within(root), transitions }, arrows };
}

/** `said`: what the box around says for all of them already. */
function within(outer: DrawnState, said: readonly string[] = []): IState[] {
  const shared = outer.kind === 'group' ? said : sharedTexts(outer);
  const states = outer.states.map((each) => box(each, outer, shared));
  // Regions are stacked from below.
  if (outer.kind === 'parallel') states.reverse();
  // Nothing is drawn around the outermost states that could carry their words.
  const own = outer.path === '' ? inStateTexts(outer) : [];
  const texts = outer.kind === 'group' ? own : [...own, ...shared];
  const inside = new Set(pathsWithin(outer));
  if (texts.length > 0 || outer.transitions.some(({ target }) => target !== null && inside.has(target)))
    states.push({ ...plainBox(outer.path + ANY, 'any state', texts), class: 'any' });
  if (outer.initial === null) return states;
  return [{ name: outer.path + INITIAL, type: 'initial', typeExplicitlySet: true }, ...states];
}

function box(state: DrawnState, outer: DrawnState, shared: readonly string[]): IState {
  const texts = inStateTexts(state).filter((text) => !shared.includes(text));
  const region = outer.kind === 'parallel' ? ' region' : '';
  return {
    ...plainBox(state.path, state.key, texts),
    class: state.kind + region,
    ...(state.states.length === 0 ? {} : { statemachine: { states: within(state, shared) } }),
  };
}

const plainBox = (name: string, label: string, texts: readonly string[]): IState => ({
  name,
  label,
  type: 'regular',
  typeExplicitlySet: true,
  ...(texts.length === 0 ? {} : { actions: texts.map((body) => ({ type: 'activity', body })) }),
});

/** What each of the states within does without being left, said once for all of them. */
function sharedTexts({ states }: DrawnState): string[] {
  const [first, ...others] = states
    .flatMap((each) => (each.kind === 'group' ? each.states : [each]))
    .map(inStateTexts);
  return others.length === 0 ? [] : first.filter((text) => others.every((texts) => texts.includes(text)));
}

/** Broken before its guard or actions where it would be long: arrows side by side make a chart wide. */
function arrowText(transition: ChartTransition): string {
  const text = transitionText(transition);
  return text.length <= ARROW_TEXT_MAX ? text : text.replace(/ (?=\[|\/ )/g, '\n');
}

const pathsWithin = ({ states }: DrawnState): string[] =>
  states.flatMap((state) => [state.path, ...pathsWithin(state)]);

function byTarget({ transitions }: DrawnState): Map<string, ChartTransition[]> {
  const groups = new Map<string, ChartTransition[]>();
  for (const each of transitions) {
    if (each.target === null) continue;
    const group = groups.get(each.target);
    if (group === undefined) groups.set(each.target, [each]);
    else group.push(each);
  }
  return groups;
}
