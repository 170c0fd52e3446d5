/** The deterministic core, assembled: kernel, streams and actors of one session, ready for its first input. */
import { type ActorSystem, wireActors } from '../actors/actor-system.ts';
import { Kernel } from '../bus/kernel.ts';
import type { EventSink, MachineObserver } from '../bus/ports.ts';
import type { RunSpec } from '../domain/config.ts';
import { fromMicros } from '../domain/money.ts';
import type { Strategy } from '../streams/strategy.ts';
import { describeLimits } from './risk-limits.ts';
import { describeExposure, describeHedge, describePositions, describeVolatility } from './risk-state.ts';

interface CoreOptions {
  readonly sink: EventSink;
  readonly run: RunSpec;
  readonly strategy: Strategy;
  readonly symbols: readonly string[];
  /** Overwrites the reused tick after each dispatch, to catch whoever kept it. */
  readonly poisonTicks?: boolean;
  /** Watches the actors' machines; decides nothing. */
  readonly machines?: MachineObserver;
}

export interface Core {
  readonly kernel: Kernel;
  readonly run: RunSpec;
  readonly actors: ActorSystem;
}

export function createCore({ sink, run, strategy, symbols, poisonTicks, machines }: CoreOptions): Core {
  const kernel = new Kernel(sink, { poisonTicks, machines });
  return { kernel, run, actors: wireActors(kernel, run, strategy, symbols) };
}

/** The engine's whole state at this moment, as `quantos state` prints it. Dollars; times in microseconds. */
export function describeState({ kernel, run, actors }: Core) {
  const { portfolio, orders } = actors;
  return {
    seq: kernel.seq,
    time: kernel.now,
    halted: kernel.halted?.payload ?? null,
    cash: fromMicros(portfolio.cashMicros),
    equity: fromMicros(portfolio.equityMicros()),
    positions: describePositions(actors),
    exposure: describeExposure(actors),
    volatility: describeVolatility(actors),
    hedge: describeHedge(actors),
    /** The Intel Bus: what others said and we did, as long as it lives. */
    intel: [...actors.intel.entries(), ...actors.analyzer.entries()],
    limits: describeLimits(actors, run),
    orders: [...orders.working()].map(({ intended, state }) => ({
      ordinal: intended.ordinal,
      symbol: intended.symbol,
      side: intended.side,
      quantity: state.orderedQty,
      filled: state.filledQty,
      limitPx: intended.limitPx,
      stopPx: intended.stopPx,
      status: state.status,
      working: intended.action,
    })),
    actors: describeActors(actors),
  };
}

/** Where every actor's machine stands, and what the strategy thinks of each symbol. */
function describeActors(actors: ActorSystem): Record<string, { state: unknown }> {
  const { market, regimes, selector, hedging, tradingState, strategist } = actors;
  const { feeds, reconciliation, workers, unknown } = actors;
  const states: Record<string, { state: unknown }> = { 'trading-state': { state: tradingState.current } };
  if (hedging !== null) states.hedge = { state: hedging.view().state };
  for (const symbol of market.decided) {
    if (regimes !== null) states[`regime-${symbol}`] = { state: regimes.of(symbol).states };
    if (selector !== null) states[`selector-${symbol}`] = { state: selector.view(symbol).state };
    states[`conviction-${symbol}`] = {
      state: { long: strategist.newest(symbol, 'long'), short: strategist.newest(symbol, 'short') },
    };
  }
  for (const feed of feeds.opened()) states[`feed-${feed}`] = { state: feeds.state(feed) };
  if (actors.conditions.apply) states.reconciliation = { state: reconciliation.state };
  for (const { intent, state } of workers.walks()) states[`order-worker-${intent.symbol}`] = { state };
  for (const { ordinal, state } of unknown.states()) states[`unknown-orders-${ordinal}`] = { state };
  return states;
}

/** Why each symbol was left alone (or not) at its last close: the test that decided, in words. */
export function explainQuietDay({ actors }: Core): { symbol: string; choice: string; reason: string }[] {
  const { selector, market } = actors;
  if (selector === null) return [];
  return market.decided.flatMap((symbol) => {
    const { selection, state } = selector.view(symbol);
    if (selection === null) return [];
    const plans = (['equity', 'option'] as const).filter((plan) =>
      ['holding', 'exiting'].includes(state[plan]),
    );
    const held = plans.map((plan) => `${state[plan]} ${plan === 'option' ? 'an option' : 'shares'}; `);
    return [{ symbol, choice: selection.choice, reason: `${held.join('')}${selection.reason}` }];
  });
}
