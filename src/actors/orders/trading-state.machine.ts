/**
 * What the engine may do: trade, only reduce, or nothing. Three independent reasons can hold it back: an operator, the
 * day's loss, and a venue that keeps rejecting. The strictest of them rules.
 */
import { setup } from 'xstate';

export type TradingState = 'trading' | 'reducing' | 'halted';

export type TradingStateEvent =
  | { readonly type: 'OPERATOR_HALT' }
  | { readonly type: 'OPERATOR_REDUCE_ONLY' }
  | { readonly type: 'OPERATOR_RESET' }
  | { readonly type: 'LOSS_REDUCE' }
  | { readonly type: 'LOSS_HALT' }
  /** A new trading day counts its loss from zero. */
  | { readonly type: 'DAY_ROLLED' }
  | { readonly type: 'REJECTS_EXCEEDED' };

export const tradingStateMachine = setup({ types: { events: {} as TradingStateEvent } }).createMachine({
  id: 'tradingState',
  type: 'parallel',
  states: {
    operator: {
      initial: 'trading',
      states: {
        trading: { on: { OPERATOR_REDUCE_ONLY: 'reducing', OPERATOR_HALT: 'halted' } },
        reducing: { on: { OPERATOR_HALT: 'halted', OPERATOR_RESET: 'trading' } },
        // Latched: only a reset by hand leads out.
        halted: { on: { OPERATOR_RESET: 'trading' } },
      },
    },
    loss: {
      initial: 'trading',
      states: {
        trading: { on: { LOSS_REDUCE: 'reducing', LOSS_HALT: 'halted' } },
        reducing: { on: { LOSS_HALT: 'halted', DAY_ROLLED: 'trading' } },
        halted: { on: { DAY_ROLLED: 'trading', OPERATOR_RESET: 'trading' } },
      },
    },
    rejects: {
      initial: 'trading',
      states: {
        trading: { on: { REJECTS_EXCEEDED: 'halted' } },
        halted: { on: { OPERATOR_RESET: 'trading' } },
      },
    },
  },
});

export interface TradingRegions {
  readonly operator: TradingState;
  readonly loss: TradingState;
  readonly rejects: TradingState;
}

/** The strictest of the three regions. */
export function strictest({ operator, loss, rejects }: TradingRegions): TradingState {
  const all = [operator, loss, rejects];
  return all.includes('halted') ? 'halted' : all.includes('reducing') ? 'reducing' : 'trading';
}
