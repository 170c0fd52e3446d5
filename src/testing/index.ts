/**
 * The public property-test kit, `quantos/testing`: random markets, the engine's invariants, and the check of a strategy
 * against both.
 */
export { arbitraryMarket, arbitraryYears, type MarketOptions, type TestMarket } from './arbitrary-market.ts';
export { type CheckOptions, type CheckResult, checkStrategy, StrategyCheckFailed } from './check-strategy.ts';
export {
  type DayBar,
  datasetOf,
  type IntradayBar,
  type QuoteRecord,
  type SymbolRecords,
  type TradeRecord,
} from './dataset-of.ts';
export { engineInvariants } from './invariants.ts';
export { marketTable } from './market-table.ts';
export { shortWindows } from './run-market.ts';
export type {
  EngineBooks,
  FillTrace,
  Holding,
  Invariant,
  OrderTrace,
  RunRecord,
  RunView,
} from './run-view.ts';
