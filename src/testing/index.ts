/** The public property-test kit, `quantos/testing`. */
export {
  type DayBar,
  datasetOf,
  type IntradayBar,
  type QuoteRecord,
  type SymbolRecords,
  type TradeRecord,
} from './dataset-of.ts';
