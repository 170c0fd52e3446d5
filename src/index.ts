/** The public face of the package: writing a strategy, and reading a log with its events typed. */
export type { StoredEvent } from './events/envelope.ts';
export { Tick, TickKind } from './events/tick.ts';
export { type LogReader, type LogRecord, openLogReader } from './log/log-reader.ts';
export type { Bar } from './streams/bar.ts';
export {
  type Direction,
  defineStrategy,
  eachSymbol,
  type Market,
  type Signal,
  type Strategy,
} from './streams/strategy.ts';
