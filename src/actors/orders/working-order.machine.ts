/**
 * How one order is worked where quotes are recorded: it stands at the midpoint, walks towards the far touch, follows the
 * market, and leaves or rests at its cap. Every price is an order of its own: the one before it is canceled, the answer
 * awaited, and only what is left goes out again, so that two never live at once.
 */
import { and, assign, not, setup, stateIn } from 'xstate';
import type { Config } from '../../domain/config.ts';
import { onQuantityGrid, type Side, type TickClass } from '../../domain/instrument.ts';
import { deriveSeed } from '../../domain/random.ts';
import { capOf, type TwoSided, walkPx } from '../../domain/spread-model.ts';

// --- vocabulary --------------------------------------------------------------------------------------------------

export interface WorkingInput {
  readonly side: Side;
  readonly tickClass: TickClass;
  /** Exits and hedges: they go on to the far touch and rest there. */
  readonly urgent: boolean;
  readonly quantity: number;
  readonly execution: Config['execution'];
  /** Milliseconds after which an entry that still stands is given up. */
  readonly ageMaxMs: number;
  /** The manifest's: the cadence must not be predictable, and must repeat. */
  readonly seed: number;
}

/** Why no further price is tried. */
export type GivenUp = 'patience' | 'age' | 'withdrawn';

export interface WorkingContext extends WorkingInput {
  readonly filled: number;
  readonly quote: TwoSided | null;
  /** Steps taken from the midpoint. */
  readonly steps: number;
  /** Reached once, the cap is where it stands, wherever the market goes. */
  readonly atCap: boolean;
  /** The order that stands, and what it may still trade. */
  readonly ordinal: number | null;
  readonly standingPx: number | null;
  readonly standingQty: number;
  /** With many walks at a time each waits so many times longer between steps. */
  readonly slowness: number;
  readonly givenUp: GivenUp | null;
}

export type WorkingEvent =
  | { readonly type: 'START' }
  /** The market as it is now, looked at and found fresh. */
  | { readonly type: 'MARKET'; readonly quote: TwoSided }
  | { readonly type: 'STALE' }
  | {
      readonly type: 'PLACED';
      readonly ordinal: number;
      readonly limitPx: number;
      readonly quantity: number;
      readonly slowness: number;
    }
  /** What all its orders have traded so far, and what the standing one may still trade. */
  | { readonly type: 'FILLED'; readonly filled: number; readonly standingQty: number }
  | { readonly type: 'CANCEL_ASKED' }
  | { readonly type: 'CANCEL_REJECTED' }
  /** The standing order is over, however it ended. */
  | { readonly type: 'ENDED' }
  /** A limit on calls turned it away before the venue saw it. */
  | { readonly type: 'TURNED_AWAY' }
  | { readonly type: 'WITHDRAW' }
  /** The engine was away: withdrawn, and no timer of before may fire after. */
  | { readonly type: 'INTERRUPTED' };

// --- rules -------------------------------------------------------------------------------------------------------

export const leavesOf = ({ quantity, filled }: WorkingContext): number =>
  Math.max(0, onQuantityGrid(quantity - filled));

/** Where the order belongs in the market last seen. */
export function targetOf(context: WorkingContext): number {
  const { quote, atCap, steps, execution } = context;
  return atCap ? capOf(quote!, context, execution) : walkPx(quote!, context, steps, execution);
}

const reachedCap = (context: WorkingContext): boolean =>
  context.quote !== null && targetOf(context) === capOf(context.quote, context, context.execution);

function stepDelayMs({ execution, seed, ordinal, steps, slowness }: WorkingContext): number {
  const unit = deriveSeed(seed, ordinal ?? 0, steps) / 2 ** 32;
  return slowness * execution.stepMs * (1 + execution.stepJitter * (2 * unit - 1));
}

// --- diagram -----------------------------------------------------------------------------------------------------

export const workingOrderMachine = setup({
  types: {
    context: {} as WorkingContext,
    events: {} as WorkingEvent,
    input: {} as WorkingInput,
  },
  delays: {
    step: ({ context }) => stepDelayMs(context),
    patience: ({ context }) => context.execution.patienceMs,
    age: ({ context }) => context.ageMaxMs,
    retry: ({ context }) => context.execution.stepMs,
  },
  guards: {
    fresh: stateIn({ market: 'fresh' }),
    standsAtCap: ({ context }) => reachedCap(context),
    isEntry: ({ context }) => !context.urgent,
    nothingLeft: ({ context }) => leavesOf(context) === 0,
    givenUp: ({ context }) => context.givenUp !== null,
    /** The market moved, or a step was taken. */
    misplaced: ({ context }) => targetOf(context) !== context.standingPx,
    /** A fill that crossed a cancel left less to do than stands. */
    tooMuch: ({ context }) => context.standingQty > leavesOf(context),
    over: stateIn({ order: 'done' }),
    notGivenUp: not('givenUp'),
    misplacedInFresh: and(['fresh', 'misplaced']),
  },
  actions: {
    see: assign({ quote: ({ event, context }) => (event.type === 'MARKET' ? event.quote : context.quote) }),
    step: assign({ steps: ({ context }) => context.steps + 1 }),
    stayAtCap: assign({ atCap: true }),
    place: assign(({ event, context }) =>
      event.type === 'PLACED'
        ? {
            ordinal: event.ordinal,
            standingPx: event.limitPx,
            standingQty: event.quantity,
            slowness: event.slowness,
          }
        : context,
    ),
    count: assign(({ event, context }) =>
      event.type === 'FILLED' ? { filled: event.filled, standingQty: event.standingQty } : context,
    ),
    clear: assign({ standingPx: null, standingQty: 0 }),
    giveUp: assign({ givenUp: (_, params: { why: GivenUp }) => params.why }),
  },
}).createMachine({
  id: 'workingOrder',
  type: 'parallel',
  context: ({ input }) => ({
    ...input,
    filled: 0,
    quote: null,
    steps: 0,
    atCap: false,
    ordinal: null,
    standingPx: null,
    standingQty: 0,
    slowness: 1,
    givenUp: null,
  }),
  states: {
    market: {
      initial: 'unseen',
      on: { MARKET: { target: '.fresh', actions: 'see' }, STALE: '.stale' },
      states: { unseen: {}, fresh: {}, stale: {} },
    },

    pace: {
      initial: 'idle',
      states: {
        idle: { on: { PLACED: 'walking' }, always: { guard: 'over', target: 'ended' } },
        walking: {
          on: { INTERRUPTED: 'ended' },
          always: [
            { guard: 'over', target: 'ended' },
            { guard: 'standsAtCap', target: 'patient' },
          ],
          after: { step: 'due' },
        },
        // A step is taken in a market just looked at; on a stale one it waits.
        due: {
          always: { guard: 'over', target: 'ended' },
          on: { MARKET: { target: 'walking', actions: 'step' } },
        },
        patient: {
          entry: 'stayAtCap',
          on: { INTERRUPTED: 'ended' },
          always: { guard: 'over', target: 'ended' },
          after: {
            patience: [
              {
                guard: 'isEntry',
                target: 'resting',
                actions: { type: 'giveUp', params: { why: 'patience' } },
              },
              { target: 'resting' },
            ],
          },
        },
        resting: { always: { guard: 'over', target: 'ended' } },
        ended: { type: 'final' },
      },
    },

    // An entry that stands for long without moving (nobody quotes) was decided for another market.
    age: {
      initial: 'idle',
      states: {
        idle: { on: { START: 'counting' } },
        counting: {
          on: { INTERRUPTED: 'ended' },
          always: { guard: 'over', target: 'ended' },
          after: {
            age: [
              { guard: 'isEntry', target: 'ended', actions: { type: 'giveUp', params: { why: 'age' } } },
              { target: 'ended' },
            ],
          },
        },
        ended: { type: 'final' },
      },
    },

    order: {
      initial: 'waiting',
      on: {
        FILLED: { actions: 'count' },
        WITHDRAW: { guard: 'notGivenUp', actions: { type: 'giveUp', params: { why: 'withdrawn' } } },
        INTERRUPTED: { guard: 'notGivenUp', actions: { type: 'giveUp', params: { why: 'withdrawn' } } },
      },
      states: {
        // Nothing stands.
        waiting: {
          always: [
            { guard: 'nothingLeft', target: 'done' },
            { guard: 'givenUp', target: 'done' },
            { guard: 'fresh', target: 'placing' },
          ],
        },
        // The next order is asked for.
        placing: {
          always: { guard: 'givenUp', target: 'done' },
          on: { PLACED: { target: 'standing', actions: 'place' }, STALE: 'waiting' },
        },
        standing: {
          always: [
            { guard: 'givenUp', target: 'leaving' },
            { guard: 'tooMuch', target: 'replacing' },
            { guard: 'misplacedInFresh', target: 'replacing' },
          ],
          // Filled, or taken away from outside: nobody asked for another.
          on: { ENDED: 'done', TURNED_AWAY: { target: 'waiting', actions: 'clear' } },
        },
        // A cancel is asked for, then on its way.
        replacing: {
          on: { CANCEL_ASKED: 'canceling', ENDED: { target: 'waiting', actions: 'clear' } },
        },
        canceling: {
          on: { CANCEL_REJECTED: 'refused', ENDED: { target: 'waiting', actions: 'clear' } },
        },
        // Too late to cancel: what it traded is on its way; if nothing comes, it is asked again.
        refused: {
          on: {
            ENDED: { target: 'waiting', actions: 'clear' },
            INTERRUPTED: { target: 'standing', actions: { type: 'giveUp', params: { why: 'withdrawn' } } },
          },
          after: { retry: 'standing' },
        },
        leaving: { on: { CANCEL_ASKED: 'ending', ENDED: 'done' } },
        ending: { on: { CANCEL_REJECTED: 'refused', ENDED: 'done' } },
        done: { entry: 'clear', type: 'final' },
      },
    },
  },
});
