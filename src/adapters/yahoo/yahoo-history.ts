/**
 * Yahoo's history as an import reads it. Its prices are adjusted for splits already, so a split in the range is noted and
 * not recorded as an event, which would adjust twice; dividends are not in the prices and are noted with their sum.
 */
import { civilDay, dayToMicros, newYorkOffsetUs } from '../../domain/exchange-calendar.ts';
import { InputError } from '../../domain/input-error.ts';
import { type AskChart, openYahoo, type YahooOptions } from './yahoo-chart.ts';
import { yahooSymbolOf } from './yahoo-symbol.ts';

interface Range {
  readonly resolution: '1d' | '1m';
  /** The first and the last trading day, YYYY-MM-DD. */
  readonly from: string;
  readonly to: string;
}

type Chart = Awaited<ReturnType<AskChart>>;

const DAY_US = 86_400_000_000;
const MINUTE_US = 60_000_000;
/** More minutes are not given at once. */
const MINUTES_PAGE_US = 7 * DAY_US;
/** Twenty years of days in one answer take a while. */
const TIMEOUT_MS = 30_000;

export class YahooHistory {
  readonly name = 'yahoo';
  readonly #ask: AskChart;
  readonly #now: () => number;
  readonly #notes = new Set(['prices are those of Yahoo, adjusted for splits and not for dividends']);

  constructor(options: YahooOptions) {
    this.#ask = openYahoo({ timeoutMs: TIMEOUT_MS, ...options });
    this.#now = () => options.clock.now();
  }

  /** Complete once the rows were read. */
  get notes(): readonly string[] {
    return [...this.#notes];
  }

  async *rows(symbol: string, { resolution, from, to }: Range) {
    const yahooSymbol = yahooSymbolOf(symbol) ?? symbol;
    const [begin, end] = [dayToMicros(from), Math.min(dayToMicros(to) + 2 * DAY_US, this.#now())];
    const pageUs = resolution === '1d' ? Number.POSITIVE_INFINITY : MINUTES_PAGE_US;
    const actions = new CorporateActions(symbol);
    let last = Number.NEGATIVE_INFINITY;
    for (let at = begin; at < end; at += pageUs) {
      const page = { from: at, to: Math.min(at + pageUs, end), interval: resolution };
      const chart = await this.#ask(yahooSymbol, page);
      requireOurMarket(symbol, chart);
      const offsetOf = isCoin(chart) ? () => 0 : newYorkOffsetUs;
      const inRange = (time: number) => {
        const day = civilDay(time + offsetOf(time));
        return day >= from && day <= to;
      };
      actions.add(chart, inRange);
      const { timestamp = [], indicators } = chart;
      const { open, high, low, close, volume } = indicators.quote[0] ?? NO_PRICES;
      for (const [i, seconds] of timestamp.entries()) {
        const time = seconds * 1_000_000;
        // Pages overlap at their ends, and what is still being made is no bar.
        if (time <= last || !inRange(time) || this.#isUnfinished(chart, resolution, time)) continue;
        last = time;
        yield {
          time: resolution === '1d' ? civilDay(time + offsetOf(time)) : new Date(time / 1_000).toISOString(),
          open: cell(open[i]),
          high: cell(high[i]),
          low: cell(low[i]),
          close: cell(close[i]),
          volume: cell(volume[i]),
        };
      }
    }
    for (const note of actions.notes()) this.#notes.add(note);
  }

  #isUnfinished({ meta }: Chart, resolution: '1d' | '1m', time: number): boolean {
    const now = this.#now();
    if (resolution === '1m') return time + MINUTE_US > now;
    const { start, end } = meta.currentTradingPeriod.regular;
    return time >= start.getTime() * 1_000 && now < end.getTime() * 1_000;
  }
}

const NO_PRICES = { open: [], high: [], low: [], close: [], volume: [] };

/** What Yahoo leaves out stays out, and is refused with its line. */
const cell = (value: number | null | undefined): string => (value == null ? '' : `${value}`);

const isCoin = ({ meta }: Chart): boolean => meta.instrumentType === 'CRYPTOCURRENCY';

function requireOurMarket(symbol: string, chart: Chart): void {
  const { currency, exchangeTimezoneName } = chart.meta;
  if (!isCoin(chart) && exchangeTimezoneName !== 'America/New_York') {
    throw new InputError(
      `${symbol} trades in ${exchangeTimezoneName}; the calendars are New York's and that of coins`,
    );
  }
  if (currency !== 'USD') throw new InputError(`${symbol} is priced in ${currency}; accounts are in dollars`);
}

/** What happened to the shares in the range, each told once. */
class CorporateActions {
  readonly #symbol: string;
  readonly #splits = new Map<string, string>();
  readonly #dividends = new Map<string, number>();

  constructor(symbol: string) {
    this.#symbol = symbol;
  }

  add({ events }: Chart, inRange: (time: number) => boolean): void {
    for (const { date, numerator, denominator } of Object.values(events?.splits ?? {})) {
      const time = date.getTime() * 1_000;
      if (inRange(time)) this.#splits.set(civilDay(time), `${numerator} for ${denominator}`);
    }
    for (const { date, amount } of Object.values(events?.dividends ?? {})) {
      const time = date.getTime() * 1_000;
      if (inRange(time)) this.#dividends.set(civilDay(time), amount);
    }
  }

  notes(): string[] {
    const notes: string[] = [];
    for (const [day, ratio] of this.#splits) {
      notes.push(`${this.#symbol} split ${ratio} on ${day}: earlier prices are adjusted for it`);
    }
    if (this.#dividends.size > 0) {
      let sum = 0;
      for (const amount of this.#dividends.values()) sum += amount;
      const count = this.#dividends.size;
      const paid = `${count} ${count === 1 ? 'dividend' : 'dividends'}, ${Math.round(sum * 1e4) / 1e4} dollars a share in all`;
      notes.push(`${this.#symbol} paid ${paid}: not in the prices`);
    }
    return notes;
  }
}
