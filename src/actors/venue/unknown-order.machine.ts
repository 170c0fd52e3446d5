/**
 * What is done about an order whose fate nobody knows: it is looked up, sent once more if the venue never had it and it is
 * still wanted, else given up and canceled on sight. Its host asks, sends and judges; nothing here is final but the venue's word.
 */
import { assign, setup } from 'xstate';

// --- vocabulary --------------------------------------------------------------------------------------------------

export interface UnknownInput {
  /** Look-ups that find nothing before the order counts as not there. */
  readonly lookups: number;
  readonly lookupEveryMs: number;
  readonly retryMs: number;
}

export interface UnknownContext extends UnknownInput {
  /** Look-ups asked for so far. */
  readonly attempts: number;
  /** Look-ups in a row that found nothing. */
  readonly misses: number;
  /** It was sent a second time; there is no third. */
  readonly resent: boolean;
}

export type UnknownEvent =
  /** Something happened that puts its fate in doubt; the first one starts. */
  | { readonly type: 'DOUBTED' }
  | { readonly type: 'NOT_FOUND' }
  | { readonly type: 'LOOKUP_FAILED' }
  | { readonly type: 'RESENT' }
  | { readonly type: 'GIVEN_UP' }
  /** The venue has it, or had it: what follows is its life as any other's. */
  | { readonly type: 'FOUND' }
  /** Given up, and at the venue it lives. */
  | { readonly type: 'APPEARED' }
  | { readonly type: 'CANCEL_ASKED' }
  | { readonly type: 'CANCEL_REFUSED' }
  /** Given up, and the venue says that it is over. */
  | { readonly type: 'ENDED' }
  /** The process came back, and what was asked has no answer; no timer of before may fire after it. */
  | { readonly type: 'RESUMED' }
  | { readonly type: 'CLOCK' };

// --- diagram -----------------------------------------------------------------------------------------------------

export const unknownOrderMachine = setup({
  types: { context: {} as UnknownContext, events: {} as UnknownEvent, input: {} as UnknownInput },
  delays: {
    lookup: ({ context }) => context.lookupEveryMs,
    /** What is not answered in the time of all look-ups is asked anew. */
    patience: ({ context }) => context.lookups * context.lookupEveryMs,
    retry: ({ context }) => context.retryMs,
  },
  guards: {
    isLastMiss: ({ context }) => context.misses + 1 >= context.lookups,
  },
  actions: {
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
    countMiss: assign({ misses: ({ context }) => context.misses + 1 }),
    countAnew: assign({ misses: 0 }),
    markResent: assign({ resent: true }),
  },
}).createMachine({
  id: 'unknownOrder',
  context: ({ input }) => ({ ...input, attempts: 0, misses: 0, resent: false }),
  initial: 'new',
  states: {
    new: { on: { DOUBTED: 'looking', RESUMED: 'paused' } },

    looking: {
      initial: 'asked',
      on: { FOUND: 'over', RESUMED: 'paused' },
      states: {
        asked: {
          entry: 'countAttempt',
          on: {
            NOT_FOUND: [
              { guard: 'isLastMiss', target: '#unknownOrder.missing', actions: 'countMiss' },
              { target: 'waiting', actions: 'countMiss' },
            ],
            LOOKUP_FAILED: 'waiting',
          },
          after: { patience: { target: 'asked', reenter: true } },
        },
        waiting: { after: { lookup: 'asked' } },
      },
    },

    paused: { on: { CLOCK: 'looking', FOUND: 'over' } },

    // The venue does not know it: the host sends it again, or gives it up.
    missing: {
      entry: 'countAnew',
      on: { RESENT: { target: 'resent', actions: 'markResent' }, GIVEN_UP: 'givenUp' },
    },

    resent: { on: { DOUBTED: 'looking', RESUMED: 'paused', FOUND: 'over' } },

    givenUp: { on: { APPEARED: 'appeared', ENDED: 'over' } },

    // Lives where it should not: the host asks for its cancel until the venue says that it is over.
    appeared: { on: { CANCEL_ASKED: 'canceling', ENDED: 'over' } },
    canceling: {
      on: { CANCEL_REFUSED: 'refused', NOT_FOUND: 'givenUp', RESUMED: 'interrupted', ENDED: 'over' },
      after: { patience: 'appeared' },
    },
    refused: { on: { RESUMED: 'interrupted', ENDED: 'over' }, after: { retry: 'appeared' } },
    interrupted: { on: { CLOCK: 'appeared', ENDED: 'over' } },

    over: {},
  },
});
