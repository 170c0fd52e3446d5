/** One symbol's bars: as recorded, and as they come about from what is played; asked for in any of the vendor's time frames. */
import {
  newYorkOffsetUs,
  sessionOfDayOrDefault,
  tradingDayAt,
  tradingSession,
} from '../../domain/exchange-calendar.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { DAY_S } from '../../events/tick.ts';

/** `from` and `to` in microseconds; the vendor names a bar by its start. */
export interface MarketBar {
  readonly from: number;
  readonly to: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

const US = 1_000_000;
const MINUTE_US = 60 * US;

export class BarHistory {
  readonly #calendar: CalendarName;
  readonly #intraday: MarketBar[] = [];
  readonly #days = new Map<string, MarketBar>();
  /** What happened before and after a split in one currency: earlier prices are divided by these. */
  readonly #splits: { readonly at: number; readonly ratio: number }[] = [];
  #minute: MarketBar | null = null;

  constructor(calendar: CalendarName) {
    this.#calendar = calendar;
  }

  /** A recorded bar, at its end. */
  recorded(bar: MarketBar, resolutionS: number): void {
    if (resolutionS < DAY_S) this.#append(bar);
    else this.#days.set(tradingDayAt(this.#calendar, bar.to), this.#dayBar(bar));
  }

  /** A price of the market; the answer is the minute that it ended, if it did. */
  price(px: number, size: number, at: number): MarketBar | null {
    const from = Math.floor(at / MINUTE_US) * MINUTE_US;
    const last = this.#minute;
    if (last !== null && last.from === from) {
      extend(last, px, px, px, size);
      return null;
    }
    this.#minute = { from, to: from + MINUTE_US, open: px, high: px, low: px, close: px, volume: size };
    if (last !== null) this.#append(last);
    return last;
  }

  /** The minute that is over by `now`, once: where nobody trades after it, the clock ends it. */
  over(now: number): MarketBar | null {
    const last = this.#minute;
    if (last === null || last.to > now) return null;
    this.#minute = null;
    this.#append(last);
    return last;
  }

  split(at: number, ratio: number): void {
    this.#splits.push({ at, ratio });
  }

  /** Bars of so many seconds that ended by `now` and start in [from, to], oldest first. */
  bars(resolutionS: number, from: number, to: number, now: number, adjusted: boolean): MarketBar[] {
    const found = resolutionS >= DAY_S ? this.#allDays() : this.#aggregated(resolutionS);
    return found
      .filter((bar) => bar.from >= from && bar.from <= to && bar.to <= now)
      .map((bar) => (adjusted ? this.#adjusted(bar) : bar));
  }

  /** The last day that is over. */
  lastDay(now: number): MarketBar | undefined {
    return this.#allDays().findLast((bar) => bar.to <= now);
  }

  #append(bar: MarketBar): void {
    this.#intraday.push(bar);
    const session = this.#sessionOf(bar);
    if (session === null) return;
    const day = this.#days.get(session.day);
    if (day === undefined) this.#days.set(session.day, { ...bar, from: session.from, to: session.to });
    else if (!this.#isRecorded(day)) extend(day, bar.high, bar.low, bar.close, bar.volume);
  }

  readonly #recordedDays = new WeakSet<MarketBar>();
  #isRecorded(day: MarketBar): boolean {
    return this.#recordedDays.has(day);
  }

  #dayBar(bar: MarketBar): MarketBar {
    const day = tradingDayAt(this.#calendar, bar.to);
    const { close } = sessionOfDayOrDefault(this.#calendar, day);
    const made = { ...bar, from: startOfDay(this.#calendar, close), to: close };
    this.#recordedDays.add(made);
    return made;
  }

  #sessionOf(bar: MarketBar): { day: string; from: number; to: number } | null {
    const day = tradingDayAt(this.#calendar, bar.to);
    const session = tradingSession(this.#calendar, day);
    if (session === null || bar.from < session.open || bar.to > session.close) return null;
    return { day, from: startOfDay(this.#calendar, session.close), to: session.close };
  }

  #allDays(): MarketBar[] {
    return [...this.#days.values()].sort((a, b) => a.from - b.from);
  }

  #aggregated(resolutionS: number): MarketBar[] {
    const length = resolutionS * US;
    const bars: MarketBar[] = [];
    for (const bar of this.#intraday) {
      const from = Math.floor(bar.from / length) * length;
      const last = bars.at(-1);
      if (last !== undefined && last.from === from) extend(last, bar.high, bar.low, bar.close, bar.volume);
      else bars.push({ ...bar, from, to: Math.max(bar.to, from + length) });
    }
    return bars;
  }

  #adjusted(bar: MarketBar): MarketBar {
    let ratio = 1;
    for (const split of this.#splits) if (bar.from < split.at) ratio *= split.ratio;
    if (ratio === 1) return bar;
    const { close, high, low, open, volume } = bar;
    return {
      ...bar,
      open: open / ratio,
      high: high / ratio,
      low: low / ratio,
      close: close / ratio,
      volume: volume * ratio,
    };
  }
}

const DAY_US = DAY_S * US;

/** Days are named by their midnight: UTC's, or New York's. */
function startOfDay(calendar: CalendarName, close: number): number {
  if (calendar === '24x7') return close - DAY_US;
  const offset = newYorkOffsetUs(close);
  return Math.floor((close + offset) / DAY_US) * DAY_US - offset;
}

function extend(bar: MarketBar, high: number, low: number, close: number, volume: number): void {
  bar.high = Math.max(bar.high, high);
  bar.low = Math.min(bar.low, low);
  bar.close = close;
  bar.volume += volume;
}
