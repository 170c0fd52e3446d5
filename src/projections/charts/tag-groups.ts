/**
 * States that share a tag and lead the same ways, for a drawing: they stand in a box that is named like the tag, and what
 * all of them do is drawn once, from the box. A box is no state, and so has a path that no state can have.
 */
import type { ChartState, ChartTransition } from './chart-model.ts';

/** A state of the chart, or a box around some. */
export interface DrawnState extends Omit<ChartState, 'kind' | 'states'> {
  readonly kind: ChartState['kind'] | 'group';
  readonly states: readonly DrawnState[];
}

/** With fewer, a box is more to read than it saves. */
const GROUP_MIN = 3;

export function withTagGroups(state: ChartState): DrawnState {
  const states = state.states.map(withTagGroups);
  const tags = [...new Set(states.flatMap((each) => each.tags))];
  return {
    ...state,
    states: tags.reduce<readonly DrawnState[]>((all, tag) => grouped(all, tag, state.path), states),
  };
}

function grouped(states: readonly DrawnState[], tag: string, outer: string): readonly DrawnState[] {
  const members = states.filter(({ tags }) => tags.includes(tag));
  const shared = members.length < GROUP_MIN ? [] : sharedBy(members);
  if (shared.length === 0) return states;
  const group: DrawnState = {
    path: `${outer}/${tag}`,
    key: tag,
    kind: 'group',
    initial: null,
    tags: [],
    entry: [],
    exit: [],
    transitions: shared,
    states: members.map((member) => ({
      ...member,
      transitions: member.transitions.filter((each) => !shared.some((other) => same(each, other))),
    })),
  };
  const first = states.indexOf(members[0]);
  const others = (part: readonly DrawnState[]) => part.filter((each) => !members.includes(each));
  return [...others(states.slice(0, first)), group, ...others(states.slice(first))];
}

function sharedBy([first, ...others]: readonly DrawnState[]): ChartTransition[] {
  return first.transitions.filter(
    (each) =>
      each.target !== null &&
      others.every(({ transitions }) => transitions.some((other) => same(each, other))),
  );
}

const same = (a: ChartTransition, b: ChartTransition): boolean => JSON.stringify(a) === JSON.stringify(b);
