/** An engine's word on itself, where a test needs one. */
import type { EngineHealth } from '../../src/engine/live/engine-health.ts';

export const health = (over: Partial<EngineHealth>): EngineHealth => ({
  state: 'trading',
  why: '',
  session: 'paper-20261122T223801-k3f9',
  seq: 12,
  time: 1_000_000,
  lagUs: 250,
  backlog: 0,
  feeds: { stocks: 'live', orders: 'live' },
  tradingState: 'trading',
  cash: 1_000,
  equity: 2_000,
  positions: 1,
  workingOrders: 0,
  counts: {},
  ...over,
});
