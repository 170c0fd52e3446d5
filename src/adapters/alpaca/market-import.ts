/** Alpaca's history as an import reads it: the vendor's words for each bar, with nothing decided about them. */
import { civilDay, dayToMicros } from '../../domain/exchange-calendar.ts';
import { DAY_S } from '../../events/tick.ts';
import { isCrypto, type MarketHistory, tradingDayOf, type VendorBar } from './market-history.ts';
import { microsOf } from './market-time.ts';
import { quoted } from './stream-excerpt.ts';

interface Range {
  readonly resolution: '1d' | '1m';
  /** The first and the last trading day, YYYY-MM-DD. */
  readonly from: string;
  readonly to: string;
}

const DAY_US = 86_400_000_000;
/** A free plan refuses what all exchanges traded in the last 15 minutes. */
const NEWEST_US = 16 * 60_000_000;

export class AlpacaHistory {
  readonly name = 'alpaca';
  readonly notes = ['prices are those of Alpaca, adjusted for splits and not for dividends'];
  readonly #history: MarketHistory;
  readonly #now: () => number;

  constructor(history: MarketHistory, now: () => number) {
    this.#history = history;
    this.#now = now;
  }

  async *rows(symbol: string, { resolution, from, to }: Range) {
    // Days of New York end up to five hours after those of UTC.
    const until = Math.min(dayToMicros(to) + 2 * DAY_US, this.#now() - NEWEST_US);
    const resolutionS = resolution === '1d' ? DAY_S : 60;
    const range = { resolutionS, from: dayToMicros(from), to: until };
    for await (const { bar } of this.#history.vendorBars([symbol], range)) {
      const start = microsOf(bar.t);
      const day = Number.isNaN(start) ? null : isCrypto(symbol) ? civilDay(start) : tradingDayOf(start);
      if (day === null || (day >= from && day <= to)) {
        yield rowOf(bar, resolution === '1d' && day !== null ? day : quoted(bar.t));
      }
    }
  }
}

const rowOf = ({ o, h, l, c, v }: VendorBar['bar'], time: string) => ({
  time,
  open: cell(o),
  high: cell(h),
  low: cell(l),
  close: cell(c),
  volume: cell(v),
});

const cell = (value: unknown): string => (value == null ? '' : quoted(value));
