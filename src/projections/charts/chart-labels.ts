/** The words on a chart, the same in every picture: UML's `event [guard] / actions`. */
import type { ChartNamed, ChartState, ChartTransition } from './chart-model.ts';

/** A name and what it is told: `giveUp(age)`. */
function namedText({ name, params }: ChartNamed): string {
  const told = Object.values(params).map(String);
  return told.length === 0 ? name : `${name}(${told.join(', ')})`;
}

function triggerText({ on }: ChartTransition): string {
  if (on.kind === 'event') return on.name;
  return on.kind === 'after' ? `after ${on.name}` : '';
}

export function transitionText(transition: ChartTransition): string {
  const { guard, actions } = transition;
  const parts = [
    triggerText(transition),
    guard === null ? '' : `[${namedText(guard)}]`,
    actions.length === 0 ? '' : `/ ${actions.map(namedText).join(', ')}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

type Doing = Pick<ChartState, 'entry' | 'exit' | 'transitions'>;

/** What a state does of itself and without being left, a line each. */
export function inStateTexts({ entry, exit, transitions }: Doing): string[] {
  return [
    ...entry.map((action) => `entry / ${namedText(action)}`),
    ...transitions.filter(({ target }) => target === null).map(transitionText),
    ...exit.map((action) => `exit / ${namedText(action)}`),
  ];
}
