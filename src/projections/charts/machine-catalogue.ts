/**
 * Every statechart of the engine by name, as its exports know it: what it decides, its XState machine with named
 * implementations, and which running actors are of it. Numbers that a rule needs are the configuration's defaults.
 */
import { type AnyStateMachine, createMachine } from 'xstate';
import { hedgingProtocolMachine } from '../../actors/hedging/hedging-protocol.machine.ts';
import { marketRegimeMachine } from '../../actors/market/market-regime.machine.ts';
import { tradingStateMachine } from '../../actors/orders/trading-state.machine.ts';
import { type WorkingInput, workingOrderMachine } from '../../actors/orders/working-order.machine.ts';
import { instrumentSelectorMachine } from '../../actors/selection/instrument-selector.machine.ts';
import { type FeedInput, feedMachine } from '../../actors/venue/feed.machine.ts';
import { reconciliationMachine } from '../../actors/venue/reconciliation.machine.ts';
import { type UnknownInput, unknownOrderMachine } from '../../actors/venue/unknown-order.machine.ts';
import { configSchema } from '../../domain/config.ts';
import { InputError } from '../../domain/input-error.ts';
import { statusChart } from '../../domain/order-status.ts';

export const machineNames = [
  'market-regime',
  'instrument-selector',
  'hedging-protocol',
  'trading-state',
  'working-order',
  'order-status',
  'feed',
  'reconciliation',
  'unknown-order',
] as const;
export type MachineName = (typeof machineNames)[number];

export interface CatalogueEntry {
  /** One sentence. */
  readonly description: string;
  readonly machine: AnyStateMachine;
  /** An example of what the machine is given at its start; undefined where it is given nothing. */
  readonly input?: unknown;
  /** What the ids of its running actors begin with, or are; null where orders, not actors, live by it. */
  readonly actors: string | null;
}

const { regime, guard, hedge, execution, risk, venue } = configSchema.parse({});

const workingInput: WorkingInput = {
  side: 'buy',
  tickClass: 'shares',
  urgent: false,
  quantity: 100,
  execution,
  ageMaxMs: risk.intentAgeMaxMs,
  seed: 1,
};
const { silenceMs, failoverMs, retryMs, lookups, lookupEveryMs } = venue;
const feedInput: FeedInput = { ofOrders: false, silenceMs, failoverMs, retryMs };
const unknownInput: UnknownInput = { lookups, lookupEveryMs, retryMs };

const catalogue: Readonly<Record<MachineName, CatalogueEntry>> = {
  'market-regime': {
    description: "A symbol's trend, volatility and structure, judged anew at every daily close.",
    machine: marketRegimeMachine(regime),
    actors: 'regime-*',
  },
  'instrument-selector': {
    description:
      "Whether a symbol's options are affordable, and the lives of its equity and its option plan.",
    machine: instrumentSelectorMachine(guard),
    actors: 'selector-*',
  },
  'hedging-protocol': {
    description:
      "The portfolio's put protection: armed, entered, rolled and unwound by the benchmark's structure.",
    machine: hedgingProtocolMachine(hedge),
    actors: 'hedging-protocol',
  },
  'trading-state': {
    description: 'Whether the engine trades, only reduces or stands still, for four independent reasons.',
    machine: tradingStateMachine,
    actors: 'trading-state',
  },
  'working-order': {
    description: 'One order walked from the midpoint towards the far touch, never two of it at a time.',
    machine: workingOrderMachine,
    input: workingInput,
    actors: 'order-worker-*',
  },
  'order-status': {
    description: "An order's status by the venue's word, from its intent to its end.",
    machine: createMachine(statusChart() as never),
    actors: null,
  },
  feed: {
    description: 'One connection to a venue: live, stale, failed over, and recovering what was missed.',
    machine: feedMachine,
    input: feedInput,
    actors: 'feed-*',
  },
  reconciliation: {
    description: "The question what the venue's account looks like, asked until it is answered.",
    machine: reconciliationMachine,
    input: { retryMs },
    actors: 'reconciliation',
  },
  'unknown-order': {
    description: 'An order of unknown fate: looked up, sent once more or given up, and canceled on sight.',
    machine: unknownOrderMachine,
    input: unknownInput,
    actors: 'unknown-orders-*',
  },
};

/** A name as it was typed. Throws InputError that lists what there is. */
export function machineName(text: string): MachineName {
  const name = machineNames.find((each) => each === text);
  if (name === undefined) {
    throw new InputError(`there is no machine "${text}"; there are ${machineNames.join(', ')}`);
  }
  return name;
}

export const entryOf = (name: MachineName): CatalogueEntry => catalogue[name];

/** Of which chart a running actor is, by its id (`regime-SPY`); null where it is of none. */
export function machineOfActor(id: string): MachineName | null {
  const isOf = (actors: string | null): boolean =>
    actors !== null && (actors.endsWith('*') ? id.startsWith(actors.slice(0, -1)) : id === actors);
  return machineNames.find((name) => isOf(catalogue[name].actors)) ?? null;
}
