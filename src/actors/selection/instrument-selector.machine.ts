/**
 * One symbol's selector in three parallel regions: whether speculative premium is affordable, and the lives of an equity
 * plan and of an option plan. A plan is nothing, an entry on its way, a position, an exit on its way, and after an exit
 * the wait until the symbol is armed again.
 */
import { assign, setup } from 'xstate';
import type { Config } from '../../domain/config.ts';
import { roundPassive } from '../../domain/instrument.ts';
import type { ImpliedVolatility } from '../../streams/option-chains.ts';
import { type GuardState, isCrowded, isRelaxed, isUnknown } from './volatility-guard.ts';

export const planNames = ['equity', 'option'] as const;
export type PlanName = (typeof planNames)[number];
export type PlanDirection = 'long' | 'short';
export type PlanState = 'idle' | 'entering' | 'holding' | 'exiting' | 'disarmed';

export interface PlanContext {
  /** What the plan trades: the symbol itself, or a contract on it; null without a plan. */
  readonly instrument: string | null;
  /** `short` gains when the symbol falls: a put's view. */
  readonly direction: PlanDirection;
  /** Trend states the plan may stand in. */
  readonly supportedBy: readonly string[];
  /** The symbol's highest close since entry, dollars; the lowest of a short view. */
  readonly bestClose: number | null;
  /** The symbol's price at which the plan gives up, never moved away from the market, dollars. */
  readonly stopPx: number | null;
  /** Fresh quotes in a row at which too much was lost: of an option's premium, or a share beyond its stop. */
  readonly lossQuotes: number;
  /** When the last plan ended, microseconds. */
  readonly exitedAt: number | null;
}

/** Where a symbol's guard and plans stand. */
export interface SelectorView {
  readonly state: { readonly guard: GuardState } & Readonly<Record<PlanName, PlanState>>;
  readonly plans: SelectorContext;
}

export type SelectorContext = Readonly<Record<PlanName, PlanContext>>;

/** What happens to one plan; its name stands before the type: `option.ENTERED`. */
type OfPlan<T extends { readonly type: string }> = T extends { readonly type: infer Type extends string }
  ? Omit<T, 'type'> & { readonly type: `${PlanName}.${Type}` }
  : never;

export type SelectorEvent =
  | { readonly type: 'VOLATILITY'; readonly volatility: ImpliedVolatility | null }
  | OfPlan<
      | {
          readonly type: 'ENTRY_DECIDED';
          readonly instrument: string;
          readonly direction: PlanDirection;
          readonly supportedBy: readonly string[];
        }
      | { readonly type: 'ENTERED' }
      /** The entry ended without a fill. */
      | { readonly type: 'NOT_FILLED' }
      /** `distance`: dollars between the best close and the stop. */
      | { readonly type: 'CLOSE'; readonly close: number; readonly distance: number }
      /** A fresh quote of what is held, and whether too much is lost at it. */
      | { readonly type: 'QUOTED'; readonly lost: boolean }
      | { readonly type: 'EXIT_DECIDED' }
      /** The exit ended and left something over. */
      | { readonly type: 'EXIT_INCOMPLETE' }
      | { readonly type: 'CLOSED'; readonly at: number }
      | { readonly type: 'REARMED' }
    >
  /** Prices of the symbol are `factor` of what they were; the contract has a new name. */
  | { readonly type: 'SPLIT'; readonly factor: number; readonly contract: string | null };

const noPlan: PlanContext = {
  instrument: null,
  direction: 'long',
  supportedBy: [],
  bestClose: null,
  stopPx: null,
  lossQuotes: 0,
  exitedAt: null,
};

const LEAST_PX = 0.0001;

const better = (direction: PlanDirection, standing: number | null, proposed: number): number =>
  standing === null
    ? proposed
    : direction === 'long'
      ? Math.max(standing, proposed)
      : Math.min(standing, proposed);

/** Below the best close of a long view, above that of a short one, on the share's price grid. */
const stopBehind = (direction: PlanDirection, bestClose: number, distance: number): number =>
  direction === 'long'
    ? roundPassive(Math.max(bestClose - distance, LEAST_PX), 'buy')
    : roundPassive(bestClose + distance, 'sell');

function trailed(
  plan: PlanContext,
  { close, distance }: { readonly close: number; readonly distance: number },
): PlanContext {
  const bestClose = better(plan.direction, plan.bestClose, close);
  const stopPx = better(plan.direction, plan.stopPx, stopBehind(plan.direction, bestClose, distance));
  return { ...plan, bestClose, stopPx };
}

const scaled = (plan: PlanContext, factor: number, instrument: string | null): PlanContext => ({
  ...plan,
  instrument,
  bestClose: plan.bestClose === null ? null : plan.bestClose * factor,
  stopPx:
    plan.stopPx === null
      ? null
      : roundPassive(plan.stopPx * factor, plan.direction === 'long' ? 'buy' : 'sell'),
});

/** Which plan an action is for. */
type Of = { readonly plan: PlanName };

/** The same life for both plans, each moved by its own events. */
const planLife = <P extends PlanName>(plan: P) => {
  const params = { plan };
  const end = { target: 'disarmed', actions: { type: 'end', params } } as const;
  return {
    initial: 'idle',
    states: {
      idle: {
        on: { [`${plan}.ENTRY_DECIDED`]: { target: 'entering', actions: { type: 'remember', params } } },
      },
      entering: {
        on: {
          [`${plan}.ENTERED`]: 'holding',
          [`${plan}.NOT_FILLED`]: { target: 'idle', actions: { type: 'forget', params } },
        },
      },
      holding: {
        on: {
          [`${plan}.CLOSE`]: { actions: { type: 'trail', params } },
          [`${plan}.QUOTED`]: { actions: { type: 'countLoss', params } },
          [`${plan}.EXIT_DECIDED`]: 'exiting',
          [`${plan}.CLOSED`]: end,
        },
      },
      exiting: { on: { [`${plan}.EXIT_INCOMPLETE`]: 'holding', [`${plan}.CLOSED`]: end } },
      disarmed: { on: { [`${plan}.REARMED`]: 'idle' } },
    },
  } as const;
};

export const instrumentSelectorMachine = (rules: Config['guard']) =>
  setup({
    types: { context: {} as SelectorContext, events: {} as SelectorEvent },
    guards: {
      isUnknown: ({ event }) => event.type === 'VOLATILITY' && isUnknown(event.volatility),
      isCrowded: ({ event }) => event.type === 'VOLATILITY' && isCrowded(event.volatility, rules),
      isRelaxed: ({ event }) => event.type === 'VOLATILITY' && isRelaxed(event.volatility, rules),
      isKnown: ({ event }) => event.type === 'VOLATILITY' && !isUnknown(event.volatility),
    },
    actions: {
      remember: assign(({ context, event }, { plan }: Of) => {
        if (!('instrument' in event)) return {};
        const { instrument, direction, supportedBy } = event;
        return { [plan]: { ...context[plan], instrument, direction, supportedBy } };
      }),
      forget: assign(({ context }, { plan }: Of) => ({
        [plan]: { ...noPlan, exitedAt: context[plan].exitedAt },
      })),
      trail: assign(({ context, event }, { plan }: Of) =>
        'distance' in event ? { [plan]: trailed(context[plan], event) } : {},
      ),
      countLoss: assign(({ context, event }, { plan }: Of) =>
        'lost' in event
          ? { [plan]: { ...context[plan], lossQuotes: event.lost ? context[plan].lossQuotes + 1 : 0 } }
          : {},
      ),
      end: assign(({ event }, { plan }: Of) =>
        'at' in event ? { [plan]: { ...noPlan, exitedAt: event.at } } : {},
      ),
      rescale: assign(({ context: { equity, option }, event }) =>
        'factor' in event
          ? {
              equity: scaled(equity, event.factor, equity.instrument),
              option: scaled(option, event.factor, event.contract),
            }
          : {},
      ),
    },
  }).createMachine({
    id: 'instrumentSelector',
    context: { equity: noPlan, option: noPlan },
    type: 'parallel',
    on: { SPLIT: { actions: 'rescale' } },
    states: {
      guard: {
        initial: 'shut',
        states: {
          shut: {
            on: {
              VOLATILITY: [
                { target: 'crowded', guard: 'isCrowded' },
                { target: 'open', guard: 'isKnown' },
              ],
            },
          },
          open: {
            on: {
              VOLATILITY: [
                { target: 'shut', guard: 'isUnknown' },
                { target: 'crowded', guard: 'isCrowded' },
              ],
            },
          },
          crowded: {
            on: {
              VOLATILITY: [
                { target: 'shut', guard: 'isUnknown' },
                { target: 'open', guard: 'isRelaxed' },
              ],
            },
          },
        },
      },
      equity: planLife('equity'),
      option: planLife('option'),
    },
  });
