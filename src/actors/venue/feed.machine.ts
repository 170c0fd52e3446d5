/**
 * The life of one feed: connecting, live, stale once it is lost or silent in its session, failover when that lasts, and
 * recovering until what was missed is here. Its host brings the facts and publishes what follows.
 */
import { and, assign, setup } from 'xstate';

// --- vocabulary --------------------------------------------------------------------------------------------------

/** What is known of the feed at this moment. Times in microseconds. */
export interface FeedFacts {
  readonly now: number;
  /** Arrival of its newest record; 0 before the first. */
  readonly heardAt: number;
  /** Since when nothing was heard that should have been: never before the opening bell. */
  readonly quietSince: number;
  /** Its market is in session and somebody is quoted there: quiet is not normal. */
  readonly expected: boolean;
  /** The gap, should it end now, hides bars of a session. */
  readonly missed: boolean;
}

export interface FeedInput {
  /** The venue's word on our orders: caught up with by a reconciliation. */
  readonly ofOrders: boolean;
  readonly silenceMs: number;
  readonly failoverMs: number;
  readonly retryMs: number;
}

export interface FeedContext extends FeedInput {
  readonly facts: FeedFacts;
  readonly connected: boolean;
  readonly connectedAt: number;
  /** Where the gap begins; null while there is none. */
  readonly gapFrom: number | null;
  /** The gap that is being recovered from, or was the last time. */
  readonly gap: { readonly from: number; readonly to: number };
  /** Recoveries begun, and requests for bars within this one. */
  readonly recoveries: number;
  readonly attempts: number;
}

type Told<T extends string> = { readonly type: T; readonly facts: FeedFacts };

export type FeedEvent =
  | Told<'CLOCK'>
  | Told<'CONNECTED'>
  | Told<'LOST'>
  /** Its process came back, or opened it anew: nothing is connected. */
  | Told<'REOPENED'>
  | Told<'BACKFILLED'>
  | Told<'BACKFILL_FAILED'>
  | Told<'RECONCILED'>;

interface Heard {
  readonly context: FeedContext;
  readonly event: FeedEvent;
}

const NOTHING: FeedFacts = { now: 0, heardAt: 0, quietSince: 0, expected: false, missed: false };

// --- diagram -----------------------------------------------------------------------------------------------------

export const feedMachine = setup({
  types: { context: {} as FeedContext, events: {} as FeedEvent, input: {} as FeedInput },
  delays: {
    failover: ({ context }) => context.failoverMs,
    retry: ({ context }) => context.retryMs,
  },
  guards: {
    isSilent: ({ context: { facts, silenceMs } }) =>
      facts.expected && facts.now - facts.quietSince > silenceMs * 1_000,
    isConnected: ({ context }) => context.connected,
    /** Data came again; or nobody expects any, and a connection is all there can be. */
    speaksAgain: ({ context: { facts, gapFrom } }) => !facts.expected || facts.heardAt > gapFrom!,
    isBack: and(['isConnected', 'speaksAgain']),
    spoke: ({ context: { facts, connectedAt } }) => !facts.expected || facts.heardAt > connectedAt,
    ofOrders: ({ context }) => context.ofOrders,
    missedBars: ({ context }) => context.facts.missed,
  },
  actions: {
    see: assign({ facts: ({ event }: Heard) => event.facts }),
    connect: assign({ connected: true, connectedAt: ({ event }: Heard) => event.facts.now }),
    disconnect: assign({ connected: false }),
    markGap: assign({ gapFrom: ({ context }) => context.gapFrom ?? context.facts.quietSince }),
    forgetGap: assign({ gapFrom: null }),
    beginRecovery: assign({
      gap: ({ context }) => ({ from: context.gapFrom!, to: context.facts.now }),
      recoveries: ({ context }) => context.recoveries + 1,
      attempts: 0,
    }),
    countAttempt: assign({ attempts: ({ context }) => context.attempts + 1 }),
  },
}).createMachine({
  id: 'feed',
  context: ({ input }) => ({
    ...input,
    facts: NOTHING,
    connected: false,
    connectedAt: 0,
    gapFrom: null,
    gap: { from: 0, to: 0 },
    recoveries: 0,
    attempts: 0,
  }),
  initial: 'connecting',
  on: {
    CLOCK: { actions: 'see' },
    CONNECTED: { target: '.recovering', reenter: true, actions: ['see', 'connect'] },
    LOST: { target: '.stale', actions: ['see', 'disconnect'] },
    // Left before the clock moves: no timer of the time before may fire after it.
    REOPENED: { target: '.connecting', actions: ['see', 'disconnect', 'markGap'] },
  },
  states: {
    connecting: {},

    live: {
      entry: 'forgetGap',
      always: { guard: 'isSilent', target: 'stale' },
    },

    stale: {
      entry: 'markGap',
      always: { guard: 'isBack', target: 'recovering' },
      on: { LOST: { actions: ['see', 'disconnect'] } },
      after: { failover: 'failover' },
    },

    failover: {
      always: { guard: 'isBack', target: 'recovering' },
      on: { LOST: { actions: ['see', 'disconnect'] } },
    },

    recovering: {
      entry: ['markGap', 'beginRecovery'],
      initial: 'looking',
      states: {
        looking: {
          always: [
            { guard: 'ofOrders', target: 'reconciling' },
            { guard: 'missedBars', target: 'filling' },
            { target: 'listening' },
          ],
        },
        reconciling: { on: { RECONCILED: { target: '#feed.live', actions: 'see' } } },
        filling: {
          entry: 'countAttempt',
          on: {
            BACKFILLED: { target: 'listening', actions: 'see' },
            BACKFILL_FAILED: { target: 'waiting', actions: 'see' },
          },
        },
        waiting: { after: { retry: 'filling' } },
        // A feed is not live before it has said something.
        listening: { always: { guard: 'spoke', target: '#feed.live' } },
      },
    },
  },
});
