/**
 * One of the vendor's market data streams as an edge of the engine: shares, options or crypto. It opens the feed, reports
 * that it came and went, and fetches on demand the bars of a gap or the quotes of other contracts.
 */
import type { InputLane, LiveEdge } from '../../bus/ports.ts';
import { InputError } from '../../domain/input-error.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import {
  BackfillEnded,
  BackfillRequested,
  FeedConnected,
  FeedLost,
  FeedOpened,
  HistoryLoaded,
  QuotesWanted,
} from '../../events/feed.events.ts';
import type { SymbolDefined } from '../../events/market.events.ts';
import type { AlpacaClient } from './alpaca-client.ts';
import { MarketHistory } from './market-history.ts';
import { MarketMapper, type MarketSource, vendorSymbolOf } from './market-mapper.ts';
import { StreamConnection, type Subscription } from './stream-connection.ts';

interface MarketEdgeOptions {
  readonly feed: 'stocks' | 'options' | 'crypto';
  readonly client: AlpacaClient;
  readonly lane: InputLane;
  readonly seed: number;
  /** What to hear from the start; contracts of options are asked for as they are needed. */
  readonly symbols: readonly Pick<SymbolDefined, 'symbol' | 'priceSource'>[];
  readonly mode: 'paper' | 'live';
  /** As the client's endpoints have them. */
  readonly stockFeed: 'iex' | 'sip';
  readonly optionFeed: 'indicative' | 'opra';
  /** Symbols that one connection may quote, where the plan is another than the usual one of the feed. */
  readonly symbolsMax?: number;
  /** Real money may rest on the data of one exchange (`iex`) and on derived quotes (`indicative`). */
  readonly trustsPartialData?: boolean;
}

/** What the plan that includes a feed lets one connection quote. */
const SYMBOLS_MAX = { iex: 30, sip: Number.POSITIVE_INFINITY, indicative: 200, opra: 1_000, us: 30 };
/** They do not show the whole market. */
const PARTIAL: ReadonlySet<string> = new Set(['iex', 'indicative']);

type Backfill = StoredEvent<BackfillRequested>;
type Wanted = StoredEvent<{ readonly feed: string; readonly symbols: readonly string[] }>;

const GAP_RESOLUTION_S = 60;

export class MarketEdge implements LiveEdge {
  readonly performs: readonly string[];
  readonly #options: MarketEdgeOptions;
  readonly #source: MarketSource;
  readonly #mapper: MarketMapper;
  readonly #history: MarketHistory;
  readonly #connection: StreamConnection;
  readonly #symbolsMax: number;
  readonly #tradable: boolean;
  #stopped = false;

  /** Throws InputError for more symbols than the plan has room for. */
  constructor(options: MarketEdgeOptions) {
    const { client, feed, lane, mode, seed, stockFeed, symbols } = options;
    const vendorFeed = { stocks: stockFeed, options: options.optionFeed, crypto: 'us' as const }[feed];
    const symbolsMax = options.symbolsMax ?? SYMBOLS_MAX[vendorFeed];
    if (symbols.length > symbolsMax) {
      throw new InputError(
        `${symbols.length} symbols for the ${vendorFeed} stream, which has room for ${symbolsMax}: trade fewer, or raise its limit where your plan has room for more`,
      );
    }
    this.#options = options;
    this.#symbolsMax = symbolsMax;
    this.#tradable = mode === 'paper' || !PARTIAL.has(vendorFeed) || (options.trustsPartialData ?? false);
    this.performs =
      feed === 'options' ? [BackfillRequested.type, QuotesWanted.type] : [BackfillRequested.type];
    this.#source = `alpaca-${feed}`;
    const redact = (text: string) => client.redact(text);
    this.#mapper = new MarketMapper({ source: this.#source, lane, redact });
    this.#history = new MarketHistory(client, {
      stockFeed,
      rejected: (reason, bar) => this.#mapper.reject(reason, bar),
    });
    const { cryptoStreamUrl, optionsStreamUrl, stocksStreamUrl } = client.endpoints;
    const url = { stocks: stocksStreamUrl, options: optionsStreamUrl, crypto: cryptoStreamUrl }[feed];
    const { keyId, secret } = client.credentials();
    this.#connection = new StreamConnection(
      { protocol: 'data', url, keyId, secret, clock: client.clock, seed },
      {
        connected: () => lane.input(FeedConnected.of({ feed }), { source: this.#source }),
        lost: (reason, code, final) => {
          const said = final ? `${reason}; it is not tried again` : reason;
          lane.input(FeedLost.of({ feed, reason: redact(said), code }), { source: this.#source });
        },
        message: (frame) => this.#mapper.frame(frame),
        rejected: (reason, frame) => this.#mapper.reject(reason, frame),
      },
    );
  }

  start(): void {
    const { feed, lane, symbols } = this.#options;
    const source = this.#source;
    lane.input(FeedOpened.of({ feed, source, tradable: this.#tradable }), { source });
    this.#connection.subscribe(subscriptionOf(feed, symbols));
    this.#connection.start();
  }

  perform(effect: StoredEvent): void {
    if ((effect.payload as { readonly feed: string }).feed !== this.#options.feed) return;
    if (effect.type === QuotesWanted.type) this.#quote(effect as Wanted);
    else if (effect.type === BackfillRequested.type) void this.#backfill(effect as Backfill);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#connection.stop();
  }

  #quote({ payload: { symbols } }: Wanted): void {
    const symbolsMax = this.#symbolsMax;
    if (symbols.length > symbolsMax) {
      const reason = `${symbols.length} symbols are to be quoted, and the plan has room for ${symbolsMax}: the last ${symbols.length - symbolsMax} are not`;
      this.#mapper.reject(reason, symbols.slice(symbolsMax));
    }
    const quoted = symbols.slice(0, symbolsMax);
    const names = quoted.map((symbol) => ({ symbol, priceSource: 'quotes' as const }));
    this.#connection.subscribe(subscriptionOf('options', names));
  }

  async #backfill({ seq, payload: { feed, from, symbols, to } }: Backfill): Promise<void> {
    let bars = 0;
    let missing: string[] = [];
    let failed: string | null = null;
    const { lane } = this.#options;
    const cause = { source: this.#source, causation: seq };
    // Bars of options decide nothing: the next chain makes up for a gap in their quotes.
    if (feed !== 'options') {
      try {
        const loaded = await this.#history.load(symbols, { resolutionS: GAP_RESOLUTION_S, from, to });
        if (this.#stopped) return;
        for (const each of loaded.filter((symbol) => symbol.bars.length > 0)) {
          bars += each.bars.length;
          lane.input(HistoryLoaded.of({ ...each, why: 'backfill' }), cause);
        }
        missing = loaded.filter((each) => each.bars.length === 0).map(({ symbol }) => symbol);
      } catch (error) {
        failed = error instanceof Error ? error.message : String(error);
      }
    }
    if (this.#stopped) return;
    lane.input(BackfillEnded.of({ feed, from, to, bars, missing, failed }), cause);
  }
}

/** Quotes of everything; trades or bars where prices are made of them; halts and bands, which only shares have. */
function subscriptionOf(
  feed: MarketEdgeOptions['feed'],
  symbols: MarketEdgeOptions['symbols'],
): Subscription {
  const names = (only?: SymbolDefined['priceSource']) =>
    symbols
      .filter(({ priceSource }) => only === undefined || priceSource === only)
      .map(({ symbol }) => (feed === 'options' ? vendorSymbolOf(symbol) : symbol));
  if (feed === 'options') return { quotes: names() };
  const prices = { quotes: names(), trades: names('trades'), bars: names('bars') };
  return feed === 'stocks' ? { ...prices, statuses: names(), lulds: names() } : prices;
}
