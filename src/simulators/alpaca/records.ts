/**
 * What drives a simulated market: records in the order of a log, recorded or made. A log's cursor is one; the other kinds
 * are a list written by hand and an endless market drawn from a seed.
 */
import { civilDay, dayToMicros, nextTradingDay, tradingSession } from '../../domain/exchange-calendar.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { createRandom, deriveSeed, type Random } from '../../domain/random.ts';
import { SymbolDefined } from '../../events/market.events.ts';
import { copyTick, DAY_S, Tick, TickKind } from '../../events/tick.ts';

/** As `LogCursor` of the bus's ports, and no more of it than is needed. */
export interface MarketRecords {
  /** 0 at the end, 1 on a tick, 2 on an event. */
  next(): 0 | 1 | 2;
  readonly tick: Tick;
  readonly event: { readonly type: string; readonly time: number; readonly payload: unknown };
  close(): void;
}

export type OpenRecords = () => MarketRecords;

type Item = { readonly tick: Tick } | { readonly event: MarketRecords['event'] };

const define = (payload: SymbolDefined): Item => ({
  event: { type: SymbolDefined.type, time: 0, payload },
});

function walk(open: () => Iterator<Item>): OpenRecords {
  return () => {
    const items = open();
    const tick = new Tick();
    let event: MarketRecords['event'] = { type: '', time: 0, payload: null };
    return {
      next() {
        const { done, value } = items.next();
        if (done) return 0;
        if ('event' in value) {
          event = value.event;
          return 2;
        }
        copyTick(value.tick, tick);
        return 1;
      },
      tick,
      get event() {
        return event;
      },
      close() {},
    };
  };
}

/** Records written by hand; ticks in the order of their times. */
export const listedRecords = (
  symbols: readonly SymbolDefined[],
  ticks: readonly (Pick<Tick, 'kind' | 'symbolId' | 'time'> & Partial<Tick>)[],
): OpenRecords =>
  walk(function* () {
    yield* symbols.map(define);
    for (const tick of ticks) yield { tick: Object.assign(new Tick(), tick) };
  });

export interface GeneratedSymbol {
  readonly symbol: string;
  readonly calendar: CalendarName;
  readonly px: number;
  /** Mean return of a day, and its deviation. */
  readonly drift: number;
  readonly deviation: number;
}

/** Pairs that never close, and shares: both rise, so that a strategy has something to buy. */
export const demoSymbols: readonly GeneratedSymbol[] = [
  { symbol: 'BTC/USD', calendar: '24x7', px: 40_000, drift: 0.001, deviation: 0.02 },
  { symbol: 'ETH/USD', calendar: '24x7', px: 2_500, drift: 0.001, deviation: 0.025 },
  { symbol: 'SPY', calendar: 'XNYS', px: 400, drift: 0.0006, deviation: 0.009 },
  { symbol: 'QQQ', calendar: 'XNYS', px: 330, drift: 0.0008, deviation: 0.012 },
  { symbol: 'AAPL', calendar: 'XNYS', px: 170, drift: 0.0008, deviation: 0.015 },
  { symbol: 'SOL/USD', calendar: '24x7', px: 90, drift: 0.001, deviation: 0.03 },
];

/** Days of trading without an end, each an opening print and a bar, drawn from a seed. */
export function generatedRecords(options: {
  readonly seed: number;
  /** First day, YYYY-MM-DD. */
  readonly from: string;
  readonly symbols?: readonly GeneratedSymbol[];
}): OpenRecords {
  const { from, seed, symbols = demoSymbols } = options;
  return walk(function* () {
    for (const [id, { calendar, symbol }] of symbols.entries())
      yield define(definition(id, symbol, calendar));
    const walks = symbols.map((symbol, id) => new DailyWalk(id, symbol, deriveSeed(seed, id)));
    for (let day = from; ; day = nextTradingDay('24x7', day)) {
      const opening = walks.filter(({ calendar }) => tradingSession(calendar, day) !== null);
      const ticks = opening.flatMap((each) => each.day(day));
      // What closes at midnight comes after all that closed in New York, whose day it shares.
      for (const tick of ticks.sort((a, b) => a.time - b.time)) yield { tick };
    }
  });
}

const definition = (id: number, symbol: string, calendar: CalendarName): SymbolDefined => ({
  id,
  symbol,
  assetClass: calendar === '24x7' ? 'crypto' : 'equity',
  multiplier: 1,
  calendar,
  priceSource: 'bars',
  resolutionS: DAY_S,
});

class DailyWalk {
  readonly calendar: CalendarName;
  readonly #id: number;
  readonly #symbol: GeneratedSymbol;
  readonly #random: Random;
  #px: number;

  constructor(id: number, symbol: GeneratedSymbol, seed: number) {
    this.#id = id;
    this.#symbol = symbol;
    this.calendar = symbol.calendar;
    this.#px = symbol.px;
    this.#random = createRandom(seed);
  }

  day(day: string): Tick[] {
    const { deviation, drift } = this.#symbol;
    const { close: closesAt, open: opensAt } = tradingSession(this.calendar, day)!;
    const open = cents(this.#px * (1 + this.#normal() * deviation * 0.3));
    const close = cents(open * (1 + drift + this.#normal() * deviation));
    const high = cents(Math.max(open, close) * (1 + this.#random.nextUnit() * deviation));
    const low = cents(Math.min(open, close) * (1 - this.#random.nextUnit() * deviation));
    this.#px = close;
    const volume = Math.round(20_000_000 * (0.5 + this.#random.nextUnit()));
    const symbolId = this.#id;
    const print = { kind: TickKind.openPrint, symbolId, time: opensAt, recordedAt: opensAt, px: open };
    const bar = { open, high, low, close, volume, resolutionS: DAY_S, kind: TickKind.bar };
    return [
      Object.assign(new Tick(), print),
      Object.assign(new Tick(), bar, { symbolId, time: closesAt, recordedAt: closesAt }),
    ];
  }

  /** Near enough to a standard normal variable: the sum of twelve uniform ones less six. */
  #normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.#random.nextUnit();
    return sum;
  }
}

const cents = (px: number): number => Math.max(0.01, Math.round(px * 100) / 100);

/** A day so many calendar days before a moment. */
export const daysBefore = (time: number, days: number): string =>
  civilDay(dayToMicros(civilDay(time)) - days * DAY_S * 1_000_000);
