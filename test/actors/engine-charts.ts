/** What can be said to each machine of the engine, so that generated paths meet all of it. */
import {
  type HedgeFacts,
  hedgingProtocolMachine,
} from '../../src/actors/hedging/hedging-protocol.machine.ts';
import { marketRegimeMachine } from '../../src/actors/market/market-regime.machine.ts';
import { tradingStateMachine } from '../../src/actors/orders/trading-state.machine.ts';
import {
  leavesOf,
  targetOf,
  type WorkingContext,
  workingOrderMachine,
} from '../../src/actors/orders/working-order.machine.ts';
import {
  instrumentSelectorMachine,
  planNames,
} from '../../src/actors/selection/instrument-selector.machine.ts';
import { type FeedContext, feedMachine } from '../../src/actors/venue/feed.machine.ts';
import {
  type ReconciliationContext,
  reconciliationMachine,
} from '../../src/actors/venue/reconciliation.machine.ts';
import { type UnknownContext, unknownOrderMachine } from '../../src/actors/venue/unknown-order.machine.ts';
import { configSchema } from '../../src/domain/config.ts';
import type { MachineName } from '../../src/projections/charts/machine-catalogue.ts';
import type { Reached, Walk } from './machine-paths.ts';

const config = configSchema.parse({
  // One close is enough where a count would only make the paths longer.
  regime: { trend: { confirmCloses: 1 }, structure: { reclaimCloses: 1 } },
  hedge: { entryTries: 2, cooldownSessions: 3 },
});

const product = <A, B>(as: readonly A[], bs: readonly B[]): [A, B][] =>
  as.flatMap((a) => bs.map((b): [A, B] => [a, b]));

/** Three trends, three volatilities and three closes around a support, and a day without any measurement. */
const readings = product(product([4, 2, 0], [0.1, 0.75, 0.95]), [105, 96.5, 80]).map(
  ([[votes, percentile], close]) => ({
    close,
    trend: {
      votesClear: votes,
      votesHeld: votes,
      smaFast: 100,
      smaSlow: 100,
      slopeFast: 0,
      slopeSlow: 0,
      adx: 20,
    },
    volatility: { realized: 0.2, percentile },
    structure: {
      support: 95,
      rangeLow: 90,
      swingLow: 94,
      smaFast: 100,
      atr: 2,
      dayReturn: 0,
      sigmaBefore: 0.01,
    },
  }),
);
const unmeasured = { close: 100, trend: undefined, volatility: undefined, structure: undefined };

const hedgeCloses = product(
  ['intact', 'threatened', 'broken'],
  [
    { holdsHedge: false, isExpiring: false },
    { holdsHedge: true, isExpiring: false },
    { holdsHedge: true, isExpiring: true },
  ],
).flatMap(([structure, held]) =>
  [true, false].map((hasChain): HedgeFacts => ({ structure, hasChain, ...held })),
);

const volatility = (rank: number, ratio: number) => ({
  atm: 0.2,
  rank,
  percentile: rank,
  ratio,
  sessions: 100,
});

const working = (urgent: boolean) => ({
  side: 'buy',
  tickClass: 'shares',
  urgent,
  quantity: 10,
  execution: config.execution,
  ageMaxMs: 900_000,
  seed: 1,
});
/** A delay that ends, as XState calls it. */
const after = (delay: string, state: string) => ({ type: `xstate.after.${delay}.workingOrder.${state}` });

function workingEvents({ value, context }: Reached): object[] {
  const order = context as WorkingContext;
  const placing = (value as { order: string }).order === 'placing';
  return [
    ...[
      'START',
      'STALE',
      'CANCEL_ASKED',
      'CANCEL_REJECTED',
      'ENDED',
      'TURNED_AWAY',
      'WITHDRAW',
      'INTERRUPTED',
    ].map((type) => ({ type })),
    { type: 'MARKET', quote: { bidPx: 100, askPx: 100.02 } },
    { type: 'MARKET', quote: { bidPx: 101, askPx: 101.02 } },
    { type: 'FILLED', filled: 10, standingQty: 0 },
    { type: 'FILLED', filled: 4, standingQty: order.standingQty },
    after('step', 'pace.walking'),
    after('patience', 'pace.patient'),
    after('age', 'age.counting'),
    after('retry', 'order.refused'),
    // Only who is asked for an order can say that one was placed.
    ...(placing
      ? [{ type: 'PLACED', ordinal: 1, limitPx: targetOf(order), quantity: leavesOf(order), slowness: 1 }]
      : []),
  ];
}

/** Quiet for too long, heard now, nothing expected, and bars missed: what a feed can be told at any moment. */
const feedFacts = product([true, false], [true, false]).flatMap(([expected, missed]) =>
  [1, 5_000_000].map((heardAt) => ({
    now: 5_000_000,
    heardAt,
    quietSince: heardAt,
    expected,
    missed,
  })),
);
const feedEvents = [
  ...['CLOCK', 'CONNECTED', 'LOST', 'REOPENED', 'BACKFILLED', 'BACKFILL_FAILED', 'RECONCILED'].flatMap(
    (type) => feedFacts.map((facts) => ({ type, facts })),
  ),
  { type: 'xstate.after.failover.feed.stale' },
  { type: 'xstate.after.retry.feed.recovering.waiting' },
];
const feed = (ofOrders: boolean) => ({ ofOrders, silenceMs: 2_000, failoverMs: 3_000, retryMs: 5_000 });

/** One machine of the engine and how it is walked. */
export interface Chart extends Walk {
  readonly name: MachineName;
  /** What no path meets, and why. */
  readonly unreachable?: Readonly<Record<string, string>>;
  /** Why its context is made by a function, where it is: all else of a configuration is JSON. */
  readonly contextIs?: string;
}

export const charts: readonly Chart[] = [
  {
    name: 'market-regime',
    machine: marketRegimeMachine(config.regime),
    events: [
      ...[...readings, unmeasured].map((reading) => ({ type: 'CLOSE', reading })),
      { type: 'SPLIT', factor: 0.5 },
    ],
    remembers: () => null,
  },
  {
    name: 'instrument-selector',
    machine: instrumentSelectorMachine(config.guard),
    events: [
      ...[null, volatility(0.2, 1), volatility(0.9, 1)].map((each) => ({
        type: 'VOLATILITY',
        volatility: each,
      })),
      ...planNames.flatMap((plan) => [
        { type: `${plan}.ENTRY_DECIDED`, instrument: 'it', direction: 'long', supportedBy: ['bull'] },
        ...['ENTERED', 'NOT_FILLED', 'EXIT_DECIDED', 'EXIT_INCOMPLETE', 'REARMED'].map((type) => ({
          type: `${plan}.${type}`,
        })),
        { type: `${plan}.CLOSE`, close: 100, distance: 10 },
        { type: `${plan}.QUOTED`, lost: true },
        { type: `${plan}.CLOSED`, at: 7 },
      ]),
      { type: 'SPLIT', factor: 0.5, contract: 'renamed' },
    ],
    remembers: () => null,
  },
  {
    name: 'hedging-protocol',
    machine: hedgingProtocolMachine(config.hedge),
    events: [
      ...hedgeCloses.map((facts) => ({ type: 'CLOSE', ...facts })),
      ...['CRASHED', 'ENTRY_ORDERED', 'EQUITY_REDUCED', 'COVERED', 'BARE', 'FLATTENED'].map((type) => ({
        type,
      })),
    ],
    remembers: ({ tries, sessions }: { tries: number; sessions: number }) => [
      Math.min(tries, 3),
      Math.min(sessions, 3),
    ],
  },
  {
    name: 'working-order',
    machine: workingOrderMachine,
    inputs: [working(false), working(true)],
    events: workingEvents,
    remembers: ({ filled, givenUp }: WorkingContext) => [filled === 10, givenUp !== null],
    contextIs: 'made of what the order is given at its start',
  },
  {
    name: 'feed',
    machine: feedMachine,
    inputs: [feed(false), feed(true)],
    events: feedEvents,
    remembers: ({ connected, gapFrom, connectedAt, attempts }: FeedContext) => [
      connected,
      gapFrom,
      connectedAt,
      Math.min(attempts, 1),
    ],
    unreachable: { 'recovering.looking': 'left at once, for what there is to wait for' },
    contextIs: 'made of what the feed is given at its start',
  },
  {
    name: 'unknown-order',
    machine: unknownOrderMachine,
    inputs: [{ lookups: 2, lookupEveryMs: 2_000, retryMs: 5_000 }],
    events: [
      ...['DOUBTED', 'NOT_FOUND', 'LOOKUP_FAILED', 'RESENT', 'GIVEN_UP', 'FOUND', 'APPEARED'],
      ...['CANCEL_ASKED', 'CANCEL_REFUSED', 'ENDED', 'RESUMED', 'CLOCK'],
      'xstate.after.patience.unknownOrder.looking.asked',
      'xstate.after.lookup.unknownOrder.looking.waiting',
      'xstate.after.retry.unknownOrder.refused',
      'xstate.after.patience.unknownOrder.canceling',
    ].map((type) => ({ type })),
    remembers: ({ misses }: UnknownContext) => misses,
    contextIs: 'made of what is configured for its symbol',
  },
  {
    name: 'reconciliation',
    machine: reconciliationMachine,
    inputs: [{ retryMs: 5_000 }],
    events: [
      { type: 'ASK', reason: 'a test' },
      ...['ANSWERED', 'FAILED', 'REFUSED', 'xstate.after.retry.reconciliation.waiting'].map((type) => ({
        type,
      })),
    ],
    remembers: ({ reason }: ReconciliationContext) => reason,
    contextIs: 'made of what is configured',
  },
  {
    name: 'trading-state',
    machine: tradingStateMachine,
    events: [
      ...['OPERATOR_HALT', 'OPERATOR_REDUCE_ONLY', 'OPERATOR_RESET'],
      ...['LOSS_REDUCE', 'LOSS_HALT', 'DAY_ROLLED', 'REJECTS_EXCEEDED'],
      ...['VENUE_DIFFERS', 'VENUE_AGREES'],
    ].map((type) => ({ type })),
  },
];
