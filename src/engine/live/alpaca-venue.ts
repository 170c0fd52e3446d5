/** Wires a live engine to Alpaca, or to what speaks its protocols: one desk to ask, and an edge for each connection. */
import {
  AlpacaClient,
  type AlpacaCredentials,
  alpacaEndpoints,
} from '../../adapters/alpaca/alpaca-client.ts';
import { ChainPoller } from '../../adapters/alpaca/chain-poller.ts';
import { MarketEdge } from '../../adapters/alpaca/market-edge.ts';
import { TradingEdge } from '../../adapters/alpaca/trading-edge.ts';
import { AlpacaDesk } from '../../adapters/alpaca/venue-desk.ts';
import { YahooView } from '../../adapters/yahoo/yahoo-view.ts';
import type { HostClock, LiveEdge, VenueDesk } from '../../bus/ports.ts';
import { configFor, type RunSpec } from '../../domain/config.ts';
import type { FeedName } from '../../events/feed.events.ts';
import type { EdgeWiring } from './live-engine.ts';
import type { LiveSettings } from './live-settings.ts';

export interface AlpacaOptions {
  readonly mode: 'paper' | 'live';
  readonly settings: LiveSettings;
  readonly credentials: AlpacaCredentials;
  readonly clock: HostClock;
  readonly run: Pick<RunSpec, 'config' | 'instruments' | 'hedge' | 'benchmark' | 'seed'>;
  readonly fetch?: typeof fetch;
}

export interface AlpacaVenue {
  readonly desk: VenueDesk;
  edgesOf(wiring: EdgeWiring): readonly LiveEdge[];
}

export function alpacaVenue(options: AlpacaOptions): AlpacaVenue {
  const { mode, settings, credentials, clock, run, fetch } = options;
  const { optionFeed, stockFeed, trustsPartialData, venueUrl: simulatorUrl, viewUrl } = settings;
  const { callsPerMinute, callsKeptForCancels } = run.config.venue;
  const endpoints = alpacaEndpoints({ mode, stockFeed, optionFeed, simulatorUrl });
  const client = new AlpacaClient({
    credentials,
    endpoints,
    clock,
    callsPerMinute,
    callsKeptForCancels,
    fetch,
  });
  const { seed } = run;

  const edgesOf = ({ lane, known, chain, symbols, since }: EdgeWiring): LiveEdge[] => {
    const shares = symbols.filter(({ assetClass }) => assetClass === 'equity');
    const coins = symbols.filter(({ assetClass }) => assetClass === 'crypto');
    const underlyings = optionsOn(
      run,
      shares.map(({ symbol }) => symbol),
    );
    const market = { client, lane, seed, mode, stockFeed, optionFeed, trustsPartialData };
    const edges: LiveEdge[] = [new TradingEdge({ client, lane, chain, known, seed, activitiesSince: since })];
    if (shares.length > 0) edges.push(new MarketEdge({ ...market, feed: 'stocks', symbols: shares }));
    if (coins.length > 0) edges.push(new MarketEdge({ ...market, feed: 'crypto', symbols: coins }));
    if (underlyings.length > 0) {
      const { chainEveryMs } = settings;
      edges.push(new MarketEdge({ ...market, feed: 'options', symbols: [] }));
      edges.push(new ChainPoller({ client, lane, optionFeed, stockFeed, underlyings, chainEveryMs }));
    }
    // A simulated market has no prices elsewhere but from a stand-in of its own.
    if (simulatorUrl === null || viewUrl !== null) {
      const names: Partial<Record<FeedName, string[]>> = {
        stocks: shares.map(({ symbol }) => symbol),
        crypto: coins.map(({ symbol }) => symbol),
      };
      const symbolsOf = (feed: FeedName) => names[feed] ?? [];
      edges.push(new YahooView({ lane, clock, seed, symbolsOf, url: viewUrl ?? undefined }));
    }
    return edges;
  };

  /** Chains of what plans may buy options on, and of the benchmark where it is hedged with. */
  function optionsOn(
    { instruments, hedge, benchmark, config }: AlpacaOptions['run'],
    shares: readonly string[],
  ) {
    const wanted = shares.filter((symbol) => instruments === 'all' || (hedge && symbol === benchmark));
    return wanted.flatMap((symbol) => {
      const { selector, hedge: put, options } = configFor(config, symbol);
      if (options.chain === 'none') return [];
      return {
        symbol,
        daysMin: Math.min(selector.option.daysMin, put.daysMin),
        daysMax: Math.max(selector.option.daysMax, put.daysMax),
        strikeShare: settings.strikeShare,
      };
    });
  }

  return { desk: new AlpacaDesk({ client, stockFeed }), edgesOf };
}
