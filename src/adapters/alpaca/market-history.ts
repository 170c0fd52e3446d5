/**
 * Bars from before now, page by page: what a session warms up with, what fills a gap, what an import writes down. Shares are
 * adjusted for splits; what a bar holds that is no bar is reported and left out.
 */
import { marketData } from '@alpacahq/alpaca-trade-api';
import { z } from 'zod';
import { civilDay, newYorkOffsetUs, sessionOfDayOrDefault } from '../../domain/exchange-calendar.ts';
import { VenueError } from '../../domain/venue-error.ts';
import type { HistoryBar, HistoryLoaded } from '../../events/feed.events.ts';
import { DAY_S } from '../../events/tick.ts';
import type { AlpacaClient } from './alpaca-client.ts';
import { microsOf } from './market-time.ts';
import { quoted } from './stream-excerpt.ts';

interface HistoryOptions {
  /** Which trades of shares count: `iex` has those of one exchange, `sip` all; a free plan has no `sip` of the last 15 minutes. */
  readonly stockFeed: 'iex' | 'sip';
  /** What was no bar. */
  readonly rejected: (reason: string, bar: unknown) => void;
  /** How long a page may wait for its turn and for its answer. */
  readonly patienceMs?: number;
}

/** Ends of bars lie in (from, to], microseconds. */
export interface HistoryRange {
  readonly resolutionS: number;
  readonly from: number;
  readonly to: number;
}

/** A bar as the vendor sent it. */
export interface VendorBar {
  readonly symbol: string;
  readonly bar: Readonly<Record<string, unknown>>;
}

const page = z.looseObject({
  bars: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))).nullish(),
  next_page_token: z.string().nullish(),
});

const PAGE_BARS = 10_000;
/** Names in one request: an address has to stay short. */
const SYMBOLS_A_CALL = 100;
/** Two years of minutes are 20 pages; a server that never ends is at fault. */
const PAGES_MAX = 5_000;
const DAY_US = DAY_S * 1_000_000;

export const isCrypto = (symbol: string): boolean => symbol.includes('/');

export class MarketHistory {
  readonly #client: AlpacaClient;
  readonly #options: HistoryOptions;
  readonly #stocks: marketData.StockApi;
  readonly #crypto: marketData.CryptoApi;

  constructor(client: AlpacaClient, options: HistoryOptions) {
    this.#client = client;
    this.#options = options;
    this.#stocks = new marketData.StockApi(client.data);
    this.#crypto = new marketData.CryptoApi(client.data);
  }

  /** One entry for each symbol in the order asked, oldest bar first; rejects with `VenueError`. */
  async load(
    symbols: readonly string[],
    range: HistoryRange,
  ): Promise<readonly Omit<HistoryLoaded, 'why'>[]> {
    const bars = new Map<string, HistoryBar[]>(symbols.map((symbol) => [symbol, []]));
    for await (const { symbol, bar } of this.vendorBars(symbols, range)) {
      const own = bars.get(symbol);
      const read = readBar(symbol, bar, range.resolutionS);
      if (typeof read === 'string') this.#options.rejected(`a bar of ${symbol}: ${read}`, bar);
      else if (own === undefined) this.#options.rejected(`a bar of ${symbol}, which was not asked for`, bar);
      else if (read.time <= (own.at(-1)?.time ?? Number.NEGATIVE_INFINITY))
        this.#options.rejected(`a bar of ${symbol} that is not later than the one before it`, bar);
      else if (read.time > range.from && read.time <= range.to) own.push(read);
    }
    return symbols.map((symbol) => ({
      symbol,
      resolutionS: range.resolutionS,
      source: isCrypto(symbol) ? 'alpaca-crypto' : 'alpaca-stocks',
      bars: bars.get(symbol)!,
    }));
  }

  /** As they come: by symbol, oldest first; a little before and after the range too. */
  async *vendorBars(symbols: readonly string[], range: HistoryRange): AsyncGenerator<VendorBar> {
    for (const kind of [isCrypto, (symbol: string) => !isCrypto(symbol)]) {
      const own = symbols.filter(kind);
      for (let i = 0; i < own.length; i += SYMBOLS_A_CALL) {
        yield* this.#pages(own.slice(i, i + SYMBOLS_A_CALL), range);
      }
    }
  }

  async *#pages(symbols: readonly string[], range: HistoryRange): AsyncGenerator<VendorBar> {
    let pageToken: string | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const { bars, next_page_token } = await this.#page(symbols, range, pageToken);
      for (const [symbol, own] of Object.entries(bars ?? {})) {
        for (const bar of own) yield { symbol, bar };
      }
      if (next_page_token == null || next_page_token === '') return;
      if (next_page_token === pageToken) break;
      pageToken = next_page_token;
    }
    throw new VenueError('unreadable', `history of ${symbols.join(', ')}: its pages do not end`);
  }

  #page(symbols: readonly string[], { resolutionS, from, to }: HistoryRange, pageToken: string | undefined) {
    // The vendor dates a bar by its start, a day by a midnight: a day more finds every bar that ends within.
    const earlier = resolutionS === DAY_S ? 2 * DAY_US : resolutionS * 1_000_000;
    const request = {
      symbols: symbols.join(','),
      timeframe: timeframeOf(resolutionS),
      start: new Date((from - earlier) / 1_000),
      end: new Date(to / 1_000),
      limit: PAGE_BARS,
      pageToken,
    };
    return this.#client.read({
      what: `history of ${symbols.slice(0, 5).join(', ')}${symbols.length > 5 ? ` and ${symbols.length - 5} more` : ''}`,
      priority: 'data',
      schema: page,
      timeoutMs: this.#options.patienceMs,
      send: (init) =>
        isCrypto(symbols[0])
          ? this.#crypto.cryptoBarsRaw({ ...request, loc: 'us' }, init)
          : this.#stocks.stockBarsRaw(
              { ...request, adjustment: 'split', feed: this.#options.stockFeed },
              init,
            ),
    });
  }
}

/** The vendor takes minutes up to 59, then hours, then days. */
function timeframeOf(resolutionS: number): string {
  if (resolutionS === DAY_S) return '1Day';
  if (resolutionS % 3_600 === 0) return `${resolutionS / 3_600}Hour`;
  return `${resolutionS / 60}Min`;
}

/** A bar with its end as its time, or why it is none. */
function readBar(symbol: string, raw: VendorBar['bar'], resolutionS: number): HistoryBar | string {
  const start = microsOf(raw.t);
  if (Number.isNaN(start)) return `its time is ${quoted(raw.t)}`;
  const prices = [raw.o, raw.h, raw.l, raw.c];
  if (!prices.every((px) => typeof px === 'number' && px > 0 && px < Number.POSITIVE_INFINITY)) {
    return `its prices are ${quoted(prices)}`;
  }
  const { v } = raw;
  if (!(typeof v === 'number' && v >= 0 && v < Number.POSITIVE_INFINITY)) return `its volume is ${quoted(v)}`;
  const [open, high, low, close] = prices as number[];
  return { time: endOf(symbol, start, resolutionS), open, high, low, close, volume: v };
}

function endOf(symbol: string, start: number, resolutionS: number): number {
  if (resolutionS !== DAY_S) return start + resolutionS * 1_000_000;
  return isCrypto(symbol)
    ? sessionOfDayOrDefault('24x7', civilDay(start)).close
    : sessionOfDayOrDefault('XNYS', tradingDayOf(start)).close;
}

/** The day of a share's daily bar, which the vendor dates by its midnight in New York. */
export const tradingDayOf = (start: number): string => civilDay(start + newYorkOffsetUs(start));
