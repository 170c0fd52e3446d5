/**
 * Wires the core's parts in the order in which they hear: the book and the ledger first, then what judges, then what
 * acts. The wiring is all there is to a profile.
 */
import type { Kernel } from '../bus/kernel.ts';
import { type Config, configFor, type RunSpec } from '../domain/config.ts';
import { toMicros } from '../domain/money.ts';
import { SessionCarried } from '../events/engine.events.ts';
import { convictionBars } from '../streams/conviction.ts';
import { IntelSignals } from '../streams/intel-signals.ts';
import { MarketData } from '../streams/market-data.ts';
import type { OptionChains } from '../streams/option-chains.ts';
import { regimeBars } from '../streams/regime-readings.ts';
import { wireChains } from '../streams/session-chains.ts';
import type { Strategy } from '../streams/strategy.ts';
import { Account } from './account/account.ts';
import { Exposures } from './account/exposures.ts';
import { Portfolio } from './account/portfolio.ts';
import { HedgeLimits } from './hedging/hedge-limits.ts';
import { HedgingProtocol } from './hedging/hedging-protocol.ts';
import { Analyzer } from './intel/analyzer.ts';
import { ConfluenceMatrix } from './intel/confluence-matrix.ts';
import { PortfolioHeat } from './intel/portfolio-heat.ts';
import { Regimes } from './market/regimes.ts';
import { Strategist } from './market/strategist.ts';
import { ExitRetries } from './orders/exit-retries.ts';
import { IntentPace } from './orders/intent-pace.ts';
import { type Order, OrderBook } from './orders/order-book.ts';
import { OrderWorkers } from './orders/order-worker.ts';
import { Pricing } from './orders/pricing.ts';
import { ReleaseDesk } from './orders/release-desk.ts';
import { ReleaseSize } from './orders/release-size.ts';
import { RiskGate } from './orders/risk-gate.ts';
import { TradingState } from './orders/trading-state.ts';
import { InstrumentSelector } from './selection/instrument-selector.ts';
import { RestingStops } from './selection/resting-stops.ts';
import { SignalFollower } from './selection/signal-follower.ts';
import { Feeds } from './venue/feeds.ts';
import { LiveConditions } from './venue/live-conditions.ts';
import { withdrawOnLoss } from './venue/lost-feeds.ts';
import { Reconciliation } from './venue/reconciliation.ts';
import { SymbolStatus } from './venue/symbol-status.ts';
import { UnknownOrders } from './venue/unknown-orders.ts';
import { WantedQuotes } from './venue/wanted-quotes.ts';

export interface ActorSystem {
  readonly market: MarketData;
  readonly options: OptionChains;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly account: Account;
  readonly exposures: Exposures;
  readonly hedgeLimits: HedgeLimits;
  readonly tradingState: TradingState;
  readonly unknown: UnknownOrders;
  readonly strategist: Strategist;
  readonly feeds: Feeds;
  readonly reconciliation: Reconciliation;
  readonly conditions: LiveConditions;
  readonly status: SymbolStatus;
  readonly pricing: Pricing;
  readonly pace: IntentPace;
  readonly workers: OrderWorkers;
  readonly desk: ReleaseDesk;
  readonly intel: IntelSignals;
  readonly matrix: ConfluenceMatrix;
  readonly heat: PortfolioHeat;
  readonly analyzer: Analyzer;
  /** Null in profile `plain`, which reads no regimes and makes no plans. */
  readonly regimes: Regimes | null;
  readonly selector: InstrumentSelector | null;
  /** Null where nothing is hedged. */
  readonly hedging: HedgingProtocol | null;
}

/** Bars of history beyond what is known to be needed: strategies of users warm up with them, too. */
const HISTORY_MARGIN = 30;

/** Decision bars that the engine's own rules look back over. */
const barsOf = ({ regime, conviction, selector, guard, hedge }: Config): number =>
  Math.max(
    regimeBars(regime),
    convictionBars(conviction),
    selector.atrBars + 1,
    selector.rearmBars,
    guard.realizedFast + 1,
    guard.realizedSlow + 1,
    hedge.betaBars + 1,
  );

/** Decision bars that the rules and the strategy look back over. */
function neededBars(run: RunSpec, strategy: Strategy, symbols: readonly string[]): number {
  const params = strategy.params.parse(run.strategy.params);
  const ofRules = symbols.map((symbol) => barsOf(configFor(run.config, symbol)));
  return Math.max(...ofRules, strategy.warmUpBars?.(params) ?? 0);
}

/** Decision bars that are kept of each symbol: what lies further back is known to nobody. */
export const historyBars = (run: RunSpec, strategy: Strategy, symbols: readonly string[]): number =>
  neededBars(run, strategy, symbols) + HISTORY_MARGIN;

export function wireActors(
  kernel: Kernel,
  run: RunSpec,
  strategy: Strategy,
  symbols: readonly string[],
): ActorSystem {
  const { config } = run;
  const whole = run.profile === 'quantos';
  const sorted = [...symbols].sort();
  const configOf = (symbol: string) => configFor(config, symbol);
  const params = strategy.params.parse(run.strategy.params);
  const market = new MarketData(kernel, {
    feed: config.feed,
    symbols: sorted,
    decisionBars: whole ? 'day' : 'dataset',
    wantsDays: whole,
    historyBars: historyBars(run, strategy, sorted),
    // Profile `plain` has no rules of its own.
    warmUpBars: whole ? neededBars(run, strategy, sorted) : (strategy.warmUpBars?.(params) ?? 0),
  });
  const options = wireChains(kernel, market, run, sorted);
  const intel = new IntelSignals(kernel);
  kernel.onStream(SessionCarried, 'carry-over', ({ payload }) => kernel.restore(payload.state));

  const orders = new OrderBook(kernel);
  const markOf = (symbol: string) => market.lastPx(symbol);
  const portfolio = new Portfolio(
    kernel,
    toMicros(run.cash),
    orders,
    markOf,
    (symbol) => market.multiplierOf(symbol),
    (symbol) => options.contract(symbol),
  );
  const exposures = new Exposures({ config, benchmark: run.benchmark, market, options, portfolio });
  const hedgeLimits = new HedgeLimits(kernel, { config, market, options, orders, portfolio, exposures });
  const tradingState = new TradingState(kernel, config.risk, portfolio, orders, run.risk);
  const pricing = new Pricing({ kernel, market, options, config });
  const contractOf = (symbol: string) => options.contract(symbol);
  const feeds = new Feeds(kernel, { config, market, contractOf });
  const status = new SymbolStatus(kernel);
  const ofVenue = { config: config.venue, feeds, orders };
  const mayResend = ({ intended }: Order): boolean =>
    tradingState.allows(intended.action) && conditions.mayResend(intended);
  const isLive = (): boolean => conditions.apply;
  const unknown = new UnknownOrders(kernel, { config, orders, mayResend, isLive });
  const conditions = new LiveConditions(kernel, { ...ofVenue, market, pricing, status, unknown });
  const reconciliation = new Reconciliation(kernel, { run, market, orders, portfolio, unknown });
  const account = new Account({ market, orders, portfolio, pricing, exposures });
  const heat = new PortfolioHeat({ config, portfolio, intel });
  const regimes = whole ? new Regimes(kernel, market, config, sorted) : null;
  const strategist = new Strategist(kernel, market, { strategy, params, symbols: sorted, intel, configOf });
  const matrix = new ConfluenceMatrix(kernel, { config, market, intel });
  const pace = new IntentPace(kernel, { pricing, applies: () => run.risk && conditions.apply });
  new RiskGate(kernel, {
    market,
    options,
    orders,
    portfolio,
    pricing,
    account,
    hedgeLimits,
    tradingState,
    conditions,
    pace,
    heat,
    enforced: run.risk,
  });
  const size = new ReleaseSize({ run, market, options, portfolio, pricing, account, hedgeLimits });
  const ofDesk = { run, market, orders, pricing, size, conditions, pace };
  const workers = new OrderWorkers(kernel, { ...ofDesk, portfolio });
  const desk = new ReleaseDesk(kernel, { ...ofDesk, workers });
  const ofExits = { orders, tradingState, conditions, workers, desk };
  const retries = new ExitRetries(kernel, { ...ofExits, run, market, portfolio });
  const { retryMs } = config.venue;
  const stops = new RestingStops(kernel, { ...ofExits, retryMs, pricing, retries });
  withdrawOnLoss(kernel, { ...ofVenue, workers });
  const isContract = (symbol: string) => contractOf(symbol) !== undefined;
  new WantedQuotes(kernel, { feeds, portfolio, orders, workers, desk, isContract });
  const parts = {
    run,
    config,
    symbols: sorted,
    market,
    options,
    orders,
    portfolio,
    strategist,
    matrix,
    desk,
  };
  const selector =
    regimes === null ? null : new InstrumentSelector(kernel, { ...parts, regimes, conditions, stops });
  if (selector === null) new SignalFollower(kernel, parts);
  const { benchmark } = run;
  const hedges = run.hedge && regimes !== null && benchmark !== null && sorted.includes(benchmark);
  const hedging = hedges
    ? new HedgingProtocol(kernel, { ...parts, benchmark, regimes, exposures, limits: hedgeLimits })
    : null;
  const analyzer = new Analyzer(kernel, { ...parts, benchmark, heat, feeds, regimes });
  return {
    intel,
    matrix,
    heat,
    analyzer,
    market,
    options,
    orders,
    portfolio,
    account,
    exposures,
    hedgeLimits,
    tradingState,
    unknown,
    strategist,
    feeds,
    reconciliation,
    conditions,
    status,
    pricing,
    pace,
    workers,
    desk,
    regimes,
    selector,
    hedging,
  };
}
