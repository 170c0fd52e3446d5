/** The life of the question what the venue's account looks like: asked until it is answered, and again when it could not be. */
import { assign, setup } from 'xstate';

// --- vocabulary --------------------------------------------------------------------------------------------------

export interface ReconciliationContext {
  readonly retryMs: number;
  /** Why it is asked, and for which time since that came up. */
  readonly reason: string;
  readonly attempt: number;
  /** Questions so far. */
  readonly asked: number;
}

export type ReconciliationEvent =
  | { readonly type: 'ASK'; readonly reason: string }
  | { readonly type: 'ANSWERED' }
  | { readonly type: 'FAILED' }
  /** Asking again cannot help. */
  | { readonly type: 'REFUSED' };

// --- diagram -----------------------------------------------------------------------------------------------------

export const reconciliationMachine = setup({
  types: {
    context: {} as ReconciliationContext,
    events: {} as ReconciliationEvent,
    input: {} as { readonly retryMs: number },
  },
  delays: { retry: ({ context }) => context.retryMs },
  actions: {
    begin: assign({
      reason: ({ context, event }) => (event.type === 'ASK' ? event.reason : context.reason),
      attempt: 0,
    }),
    count: assign({
      attempt: ({ context }) => context.attempt + 1,
      asked: ({ context }) => context.asked + 1,
    }),
  },
}).createMachine({
  id: 'reconciliation',
  context: ({ input }) => ({ ...input, reason: '', attempt: 0, asked: 0 }),
  initial: 'idle',
  // What comes up while an answer is awaited is asked all the same: the answer may be from before it.
  on: {
    ASK: {
      target: '.asked',
      reenter: true,
      actions: 'begin',
    },
  },
  states: {
    idle: {},
    asked: { entry: 'count', on: { ANSWERED: 'idle', FAILED: 'waiting', REFUSED: 'idle' } },
    waiting: { on: { ANSWERED: 'idle' }, after: { retry: 'asked' } },
  },
});
