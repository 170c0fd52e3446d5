/** What was decided and how it ended: one row for each kind of thing bought, and within it one for each way out. */
import { type HoldingKind, holdingKind, holdingKinds } from '../src/projections/profit-by-kind.ts';
import type { Trade } from '../src/projections/round-trips.ts';
import { mean, type TradeMetrics, tradeMetrics } from './metrics.ts';

export interface OutcomeRow {
  readonly tradeCount: number;
  readonly winRate: number | null;
  /** Net, dollars. */
  readonly pnl: number;
  /** Calendar days from the first fill to the last. */
  readonly averageDays: number | null;
}

export interface DecisionRow extends OutcomeRow, TradeMetrics {
  /** Dollars paid at entry: premium, or the value of shares. */
  readonly spent: number;
  readonly byExit: Readonly<Record<string, OutcomeRow>>;
}
/** By kind: shares, calls, puts, hedges; kinds that were never traded are left out. */
export type DecisionTable = Readonly<Partial<Record<HoldingKind, DecisionRow>>>;

const DAY_US = 86_400_000_000;

const kindOfTrade = ({ role, instrument }: Pick<Trade, 'role' | 'instrument'>): HoldingKind =>
  holdingKind(role, instrument === 'equity' ? undefined : instrument);

export function decisionTable(trades: readonly Trade[]): DecisionTable {
  const byKind = groupedBy(trades, kindOfTrade);
  const kinds = holdingKinds.filter((kind) => byKind.has(kind));
  return Object.fromEntries(kinds.map((kind) => [kind, rowOf(byKind.get(kind)!)]));
}

function rowOf(trades: readonly Trade[]): DecisionRow {
  const byExit = [...groupedBy(trades, ({ exitReason }) => exitReason || 'unknown')];
  byExit.sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return {
    ...tradeMetrics(trades),
    ...outcomeOf(trades),
    spent: trades.reduce(
      (sum, { pnl, returnOnEntry }) => sum + (returnOnEntry === 0 ? 0 : pnl / returnOnEntry),
      0,
    ),
    byExit: Object.fromEntries(byExit.map(([reason, each]) => [reason, outcomeOf(each)])),
  };
}

const outcomeOf = (trades: readonly Trade[]): OutcomeRow => ({
  tradeCount: trades.length,
  winRate: tradeMetrics(trades).winRate,
  pnl: trades.reduce((sum, { pnl }) => sum + pnl, 0),
  averageDays: mean(trades.map(({ entryTime, exitTime }) => (exitTime - entryTime) / DAY_US)),
});

function groupedBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
