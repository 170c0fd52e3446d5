/**
 * What the engine may do: trade, only reduce, or nothing. Four independent reasons can hold it back: an operator, the
 * day's loss, a venue that keeps rejecting, and one whose account is not ours. The strictest of them rules.
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
  | { readonly type: 'REJECTS_EXCEEDED' }
  /** The venue's account was compared with ours. */
  | { readonly type: 'VENUE_DIFFERS' }
  | { readonly type: 'VENUE_AGREES' };

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
    venue: {
      initial: 'trading',
      states: {
        trading: { on: { VENUE_DIFFERS: 'halted' } },
        // A person says that it is settled; the venue has to say so, too.
        halted: { on: { OPERATOR_RESET: 'checking' } },
        checking: { on: { VENUE_AGREES: 'trading', VENUE_DIFFERS: 'halted' } },
      },
    },
  },
});

export interface TradingRegions {
  readonly operator: TradingState;
  readonly loss: TradingState;
  readonly rejects: TradingState;
  readonly venue: TradingState | 'checking';
}

/** The strictest of the regions. */
export function strictest({ operator, loss, rejects, venue }: TradingRegions): TradingState {
  const all = [operator, loss, rejects, venue];
  if (all.includes('halted') || venue === 'checking') return 'halted';
  return all.includes('reducing') ? 'reducing' : 'trading';
}
