/**
 * Option chains while live: the vendor streams quotes of a few contracts, and snapshots of all of them over REST. Each
 * underlying's chain is fetched again and again during the session: new contracts, quotes, and at last what makes it whole.
 */
import { marketData } from '@alpacahq/alpaca-trade-api';
import { z } from 'zod';
import type { InputLane, LiveEdge } from '../../bus/ports.ts';
import { civilDay, dayToMicros, tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import { ChainRecorded, ContractDefined } from '../../events/option.events.ts';
import type { AlpacaClient } from './alpaca-client.ts';
import { ChainContracts, type ChainWindow, type ListedContract } from './chain-contracts.ts';
import { MarketMapper, vendorSymbolOf } from './market-mapper.ts';
import { microsOf } from './market-time.ts';

export interface ChainUnderlying {
  readonly symbol: string;
  readonly daysMin: number;
  readonly daysMax: number;
  /** How far strikes may lie from the underlying's price, as a share of it. */
  readonly strikeShare: number;
}

interface ChainPollerOptions {
  readonly client: AlpacaClient;
  readonly lane: InputLane;
  readonly optionFeed: 'indicative' | 'opra';
  readonly stockFeed: 'iex' | 'sip';
  readonly underlyings: readonly ChainUnderlying[];
  readonly chainEveryMs: number;
}

const SOURCE = 'alpaca-options';
const DAY_US = 86_400_000_000;
const PAGE_CONTRACTS = 1_000;
const PAGES_MAX = 100;
/** After failures the pause grows to this many times its usual length. */
const BACK_OFF_MAX = 16;

const latestPx = z.looseObject({ latestTrade: z.looseObject({ p: z.number().positive() }).nullish() });
const stockPrices = z.record(z.string(), latestPx);
const chainPage = z.looseObject({
  snapshots: z
    .record(z.string(), z.looseObject({ latestQuote: z.record(z.string(), z.unknown()).nullish() }))
    .nullish(),
  next_page_token: z.string().nullish(),
});

export class ChainPoller implements LiveEdge {
  readonly performs: readonly string[] = [];
  readonly #options: ChainPollerOptions;
  readonly #mapper: MarketMapper;
  readonly #contracts: ChainContracts;
  readonly #stocks: marketData.StockApi;
  readonly #chains: marketData.OptionApi;
  #backOff = 1;
  #cancel = () => {};
  #stopped = false;

  constructor(options: ChainPollerOptions) {
    const { client, lane } = options;
    this.#options = options;
    this.#mapper = new MarketMapper({ source: SOURCE, lane, redact: (text) => client.redact(text) });
    this.#contracts = new ChainContracts(client, (reason, contract) => this.#mapper.reject(reason, contract));
    this.#stocks = new marketData.StockApi(client.data);
    this.#chains = new marketData.OptionApi(client.data);
  }

  start(): void {
    void this.#poll();
  }

  perform(): void {}

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
  }

  async #poll(): Promise<void> {
    const { chainEveryMs, client, underlyings } = this.#options;
    const open = openOf(client.clock.now());
    if (open !== null && underlyings.length > 0) {
      const whole = await this.#round(open);
      this.#backOff = whole ? 1 : Math.min(BACK_OFF_MAX, this.#backOff * 2);
    }
    if (!this.#stopped) {
      this.#cancel = client.clock.after(chainEveryMs * this.#backOff, () => void this.#poll());
    }
  }

  /** True where every chain came in whole. */
  async #round(open: number): Promise<boolean> {
    const { client, stockFeed, underlyings } = this.#options;
    const symbols = underlyings.map(({ symbol }) => symbol).join(',');
    const prices = await this.#attempt('prices of underlyings', () =>
      client.read({
        what: 'prices of underlyings',
        priority: 'data',
        schema: stockPrices,
        send: (init) => this.#stocks.stockSnapshotsRaw({ symbols, feed: stockFeed }, init),
      }),
    );
    let whole = prices !== null;
    for (const underlying of prices === null ? [] : underlyings) {
      const { symbol } = underlying;
      const px = Object.hasOwn(prices!, symbol) ? prices![symbol].latestTrade?.p : undefined;
      if (px === undefined) {
        this.#mapper.reject(`no chain of ${symbol}: the venue has no price of it`, symbol);
        whole = false;
      } else {
        const done = await this.#attempt(`the chain of ${symbol}`, () => this.#chain(underlying, px, open));
        whole &&= done !== null;
      }
      if (this.#stopped) return whole;
    }
    return whole;
  }

  /** What is fetched, or null after recording why there is nothing. */
  async #attempt<T>(what: string, run: () => Promise<T>): Promise<T | null> {
    try {
      return await run();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!this.#stopped) this.#mapper.reject(`${what} could not be fetched: ${reason}`, what);
      return null;
    }
  }

  /** All of it is fetched before any of it is handed in: half a chain is none. */
  async #chain(underlying: ChainUnderlying, px: number, open: number): Promise<true> {
    const { symbol, daysMin, daysMax, strikeShare } = underlying;
    const today = dayToMicros(tradingDayAt('XNYS', open));
    const window: ChainWindow = {
      underlying: symbol,
      expiryFrom: civilDay(today + daysMin * DAY_US),
      expiryTo: civilDay(today + daysMax * DAY_US),
      strikeFrom: px * (1 - strikeShare),
      strikeTo: px * (1 + strikeShare),
    };
    const contracts = await this.#contracts.listed(window);
    const quotes = await this.#quotes(window);
    if (!this.#stopped) this.#handIn(symbol, contracts, quotes, open);
    return true;
  }

  #handIn(
    underlying: string,
    contracts: readonly ListedContract[],
    quotes: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
    open: number,
  ): void {
    const { lane } = this.#options;
    const openInterest: [string, number | null][] = [];
    for (const { symbol, style, settlement, multiplier, openInterest: count } of contracts) {
      const name = vendorSymbolOf(symbol);
      const quote = quotes.get(name);
      if (quote === undefined) continue;
      // What was quoted before the session is no market of today.
      if (microsOf(quote.t) < open) continue;
      if (lane.idOf(symbol) === undefined) {
        lane.define({
          symbol,
          assetClass: 'option',
          multiplier,
          calendar: 'XNYS',
          priceSource: 'quotes',
          resolutionS: null,
        });
        lane.input(ContractDefined.of({ symbol, underlying, style, settlement }), { source: SOURCE });
      }
      this.#mapper.frame({ ...quote, T: 'q', S: name });
      openInterest.push([symbol, count]);
    }
    lane.input(ChainRecorded.of({ underlying, underlyingPx: null, openInterest }), { source: SOURCE });
  }

  /** The newest quote of every contract in the window, by the vendor's symbol. */
  async #quotes(window: ChainWindow): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
    const { client, optionFeed } = this.#options;
    const quotes = new Map<string, Readonly<Record<string, unknown>>>();
    let pageToken: string | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const token = pageToken;
      const { snapshots, next_page_token } = await client.read({
        what: `the chain of ${window.underlying}`,
        priority: 'data',
        schema: chainPage,
        send: (init) =>
          this.#chains.optionChainRaw(
            {
              underlyingSymbol: window.underlying,
              feed: optionFeed,
              limit: PAGE_CONTRACTS,
              pageToken: token,
              strikePriceGte: window.strikeFrom,
              strikePriceLte: window.strikeTo,
              expirationDateGte: new Date(window.expiryFrom),
              expirationDateLte: new Date(window.expiryTo),
            },
            init,
          ),
      });
      for (const [symbol, { latestQuote }] of Object.entries(snapshots ?? {})) {
        if (latestQuote != null) quotes.set(symbol, latestQuote);
      }
      if (next_page_token == null || next_page_token === '') return quotes;
      pageToken = next_page_token;
    }
    throw new Error(`its pages do not end`);
  }
}

/** When the session of this moment opened; null outside of it. */
function openOf(now: number): number | null {
  const session = tradingSession('XNYS', tradingDayAt('XNYS', now));
  return session !== null && now >= session.open && now < session.close ? session.open : null;
}
