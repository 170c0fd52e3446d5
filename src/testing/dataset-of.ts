/**
 * Market data written down in a test, as a dataset the engine reads: the same records an import makes, in a log in memory.
 * Nothing is checked or repaired: what a feed may send, a test may send.
 */
import { createHash } from 'node:crypto';
import { sessionOfDayOrDefault } from '../domain/exchange-calendar.ts';
import type { AssetClass, CalendarName } from '../domain/instrument.ts';
import type { Dataset } from '../engine/market-source.ts';
import { canonicalJson } from '../events/canonical.ts';
import { definitionOf as eventDefinitionOf } from '../events/catalogue.ts';
import type { NewInput } from '../events/define-event.ts';
import { SymbolDefined } from '../events/market.events.ts';
import { copyTick, DAY_S, narrowTick, Tick, TickKind } from '../events/tick.ts';
import { memoryLog } from '../log/memory-log.ts';

/** When a record arrives, integer microseconds UTC; where not given, at its own time. */
interface Arrival {
  readonly recordedAt?: number;
}

/** Dollars; `volume` in units, 0 where not given. */
interface Prices {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume?: number;
}

/** A session day (YYYY-MM-DD): becomes its opening print at the calendar's open and its bar at the close. */
export interface DayBar extends Prices, Arrival {
  readonly day: string;
}

/** A shorter bar; `time` is its end, integer microseconds UTC. */
export interface IntradayBar extends Prices, Arrival {
  readonly time: number;
}

export interface TradeRecord extends Arrival {
  readonly time: number;
  readonly px: number;
  readonly size?: number;
}

/** A side nobody quotes has price 0. */
export interface QuoteRecord extends Arrival {
  readonly time: number;
  readonly bidPx: number;
  readonly askPx: number;
  readonly bidSize?: number;
  readonly askSize?: number;
}

/** The records of one symbol. What it is priced by: bars where they are given, else trades, else quotes. */
export interface SymbolRecords {
  readonly bars?: readonly (DayBar | IntradayBar)[];
  readonly trades?: readonly TradeRecord[];
  readonly quotes?: readonly QuoteRecord[];
  /** Length of an intraday bar in seconds; 60 where not given. */
  readonly resolutionS?: number;
  /** `equity` where not given. */
  readonly assetClass?: AssetClass;
  /** `24x7` for crypto and `XNYS` for the rest, where not given. */
  readonly calendar?: CalendarName;
  /** 1 where not given. */
  readonly multiplier?: number;
}

/** What another system said, as a recorded session holds it (`IntelReceived` and its relatives); `at` in microseconds. */
export interface SaidRecord {
  readonly at: number;
  readonly event: NewInput;
}

const SOURCE = 'file';

/**
 * The records of several symbols, by symbol, as one dataset in order of arrival; at one instant by the order of the
 * symbols given, and within a symbol bars, trades, quotes as they are listed; what was said comes before the records of its
 * instant. It can be read any number of times.
 * Throws RangeError for a day that is none.
 */
export function datasetOf(
  symbols: Readonly<Record<string, SymbolRecords>>,
  name = 'in memory',
  said: readonly SaidRecord[] = [],
): Dataset {
  const definitions = Object.entries(symbols).map(([symbol, records], id) =>
    definitionOf(id, symbol, records),
  );
  const ticks = Object.values(symbols)
    .flatMap((records, id) => ticksOf(id, records, definitions[id].calendar))
    .sort((a, b) => a.recordedAt - b.recordedAt);
  const log = memoryLog();
  const write = (event: NewInput, at: number) =>
    log.event({
      ...event,
      seq: log.lastSeq + 1,
      time: at,
      recordedAt: at,
      source: SOURCE,
      causation: null,
      correlation: eventDefinitionOf(event.type).correlate(event.payload),
      basis: [],
      json: canonicalJson(event.payload),
    });
  const at = ticks[0]?.recordedAt ?? 0;
  for (const definition of definitions) write(SymbolDefined.of(definition), at);
  const waiting = [...said].sort((a, b) => a.at - b.at);
  for (const tick of ticks) {
    while (waiting[0] !== undefined && waiting[0].at <= tick.recordedAt) {
      const { at: saidAt, event } = waiting.shift()!;
      write(event, saidAt);
    }
    log.tick(log.lastSeq + 1, tick, SOURCE);
  }
  log.flush();
  return {
    name,
    head: digestOf(definitions, ticks, said),
    records: log.lastSeq,
    symbols: definitions,
    open: () => log.cursor(),
  };
}

const isDay = (bar: DayBar | IntradayBar): bar is DayBar => 'day' in bar;

function definitionOf(id: number, symbol: string, records: SymbolRecords): SymbolDefined {
  const { bars, trades, assetClass = 'equity', resolutionS = 60 } = records;
  const days = bars?.[0] !== undefined && isDay(bars[0]);
  return {
    id,
    symbol,
    assetClass,
    multiplier: records.multiplier ?? 1,
    calendar: records.calendar ?? (assetClass === 'crypto' ? '24x7' : 'XNYS'),
    priceSource: bars !== undefined ? 'bars' : trades !== undefined ? 'trades' : 'quotes',
    resolutionS: bars === undefined ? null : days ? DAY_S : resolutionS,
  };
}

function ticksOf(symbolId: number, records: SymbolRecords, calendar: CalendarName): Tick[] {
  const { bars = [], trades = [], quotes = [], resolutionS = 60 } = records;
  const tick = (kind: TickKind, fields: Partial<Tick> & { time: number }): Tick => {
    const made = Object.assign(new Tick(), { kind, symbolId, ...fields });
    made.recordedAt = fields.recordedAt ?? fields.time;
    const own = new Tick();
    copyTick(made, own);
    narrowTick(own);
    return own;
  };
  return [
    ...bars.flatMap((bar) => {
      if (!isDay(bar)) return tick(TickKind.bar, { ...bar, resolutionS });
      const { day, ...prices } = bar;
      const { open, close } = sessionOfDayOrDefault(calendar, day);
      const print = tick(TickKind.openPrint, { time: open, px: bar.open });
      return [print, tick(TickKind.bar, { ...prices, time: close, resolutionS: DAY_S })];
    }),
    ...trades.map((trade) => tick(TickKind.trade, trade)),
    ...quotes.map((quote) => tick(TickKind.quote, quote)),
  ];
}

/** Stands for a log's chain head: equal records, equal digest. Prices may be NaN, which JSON cannot say. */
function digestOf(
  definitions: readonly SymbolDefined[],
  ticks: readonly Tick[],
  said: readonly SaidRecord[],
): string {
  const hash = createHash('sha256').update(canonicalJson([definitions, said]));
  for (const tick of ticks) hash.update(`\n${Object.values(tick).join(' ')}`);
  return hash.digest('hex');
}
