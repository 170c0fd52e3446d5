/** What the session before handed over, as far as a report needs it: read out of the states of the parts that wrote them. */
import type { LedgerJson } from '../domain/portfolio.ts';
import type { SessionCarried } from '../events/engine.events.ts';
import type { OrderIntended } from '../events/order.events.ts';
import type { SavedChains } from '../streams/session-chains.ts';
import type { RegimeNow } from './run-records.ts';

export interface CarriedState {
  readonly books: LedgerJson;
  /** Orders that may still trade. */
  readonly orders: readonly OrderIntended[];
  readonly regimes: ReadonlyMap<string, RegimeNow>;
  readonly chains: SavedChains | null;
  /** Last price, dollars; NaN where there was none. */
  readonly pxOf: (symbol: string) => number;
}

interface States {
  readonly portfolio: LedgerJson;
  readonly 'order-book': { readonly open: readonly { readonly intended: OrderIntended }[] };
  readonly 'market-data': Readonly<Record<string, { readonly fold: readonly [lastPx: number] }>>;
  readonly 'option-chains'?: SavedChains;
}

const REGIME = 'regime-';

export function carriedState(state: SessionCarried['state']): CarriedState {
  const states = state as unknown as States;
  const regimes = Object.keys(state)
    .filter((part) => part.startsWith(REGIME))
    .map((part): [string, RegimeNow] => [part.slice(REGIME.length), regimeIn(state[part])]);
  return {
    books: states.portfolio,
    orders: states['order-book'].open.map(({ intended }) => intended),
    regimes: new Map(regimes),
    chains: states['option-chains'] ?? null,
    pxOf: (symbol) => states['market-data'][symbol]?.fold[0] || Number.NaN,
  };
}

/** A region that has not spoken yet is null. */
function regimeIn(machine: unknown): RegimeNow {
  const { trend, volatility, structure } = (machine as { readonly snapshot: { readonly value: RegimeNow } })
    .snapshot.value;
  const spoken = (each: string | null) => (each === 'warmingUp' ? null : each);
  return { trend: spoken(trend), volatility: spoken(volatility), structure: spoken(structure) };
}
