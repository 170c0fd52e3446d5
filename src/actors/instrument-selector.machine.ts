/**
 * The life of one symbol's equity plan: nothing, an entry on its way, a position with a protective stop, an exit on its
 * way, and after an exit the wait until the symbol is armed again.
 */
import { assign, setup } from 'xstate';

export interface PlanContext {
  /** Trend states the plan may stand in. */
  readonly supportedBy: readonly string[];
  /** Highest close since entry, dollars. */
  readonly highestClose: number | null;
  /** The protective stop, never lowered, dollars. */
  readonly stopPx: number | null;
  /** Close at which the last plan ended, microseconds. */
  readonly exitedAt: number | null;
}

export type PlanEvent =
  | { readonly type: 'ENTRY_DECIDED'; readonly supportedBy: readonly string[] }
  | { readonly type: 'ENTERED' }
  /** The entry ended without a fill. */
  | { readonly type: 'NOT_FILLED' }
  | { readonly type: 'CLOSE'; readonly close: number; readonly stopPx: number }
  | { readonly type: 'EXIT_DECIDED' }
  /** The exit ended and left something over. */
  | { readonly type: 'EXIT_INCOMPLETE' }
  | { readonly type: 'CLOSED'; readonly at: number }
  | { readonly type: 'REARMED' };

const higher = (standing: number | null, proposed: number): number =>
  standing === null || proposed > standing ? proposed : standing;

export const instrumentSelectorMachine = setup({
  types: { context: {} as PlanContext, events: {} as PlanEvent },
  actions: {
    remember: assign(({ event }) =>
      event.type === 'ENTRY_DECIDED' ? { supportedBy: event.supportedBy } : {},
    ),
    trail: assign(({ context, event }) =>
      event.type === 'CLOSE'
        ? {
            highestClose: higher(context.highestClose, event.close),
            stopPx: higher(context.stopPx, event.stopPx),
          }
        : {},
    ),
    end: assign(({ event }) =>
      event.type === 'CLOSED'
        ? { supportedBy: [], highestClose: null, stopPx: null, exitedAt: event.at }
        : {},
    ),
  },
}).createMachine({
  id: 'instrumentSelector',
  initial: 'idle',
  context: { supportedBy: [], highestClose: null, stopPx: null, exitedAt: null },
  states: {
    idle: { on: { ENTRY_DECIDED: { target: 'entering', actions: 'remember' } } },
    entering: {
      on: {
        ENTERED: 'holding',
        NOT_FILLED: 'idle',
      },
    },
    holding: {
      on: {
        CLOSE: { actions: 'trail' },
        EXIT_DECIDED: 'exiting',
        CLOSED: { target: 'disarmed', actions: 'end' },
      },
    },
    exiting: {
      on: {
        EXIT_INCOMPLETE: 'holding',
        CLOSED: { target: 'disarmed', actions: 'end' },
      },
    },
    disarmed: { on: { REARMED: 'idle' } },
  },
});
