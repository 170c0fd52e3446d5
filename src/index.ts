/** The public face of the package: writing a strategy, reading a log with its events typed, and the Intel Bus. */
export {
  type RedisIntelOptions,
  RedisIntelPublisher,
  RedisIntelReader,
} from './adapters/redis/redis-intel.ts';
export { IntelBus, IntelPublisher, IntelReader, type IntelView } from './bus/intel-bus.ts';
export type { IntelEntry } from './bus/ports.ts';
export type { IntelPayload } from './domain/intel.ts';
export type { PublishOptions } from './domain/intel-publication.ts';
export type { StoredEvent } from './events/envelope.ts';
export { Tick, TickKind } from './events/tick.ts';
export { type LogReader, type LogRecord, openLogReader } from './log/log-reader.ts';
export type { Bar } from './streams/bar.ts';
export type { Heard, SymbolIntel } from './streams/intel-signals.ts';
export {
  type Direction,
  defineStrategy,
  eachSymbol,
  type Market,
  type ReadSignal,
  type Signal,
  type Strategy,
} from './streams/strategy.ts';
