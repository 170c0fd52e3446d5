/** Brings together what the selector's rules ask of one symbol at a close: scores, regimes, prices, its chain, the account. */
import { type Config, configFor, type RunSpec } from '../../domain/config.ts';
import { isOpenAt, tradingDayAt } from '../../domain/exchange-calendar.ts';
import { daysToExpiry } from '../../domain/options/contract.ts';
import { riskSizedUnits, unitsWithin } from '../../domain/sizing.ts';
import { atr, highest, lowest } from '../../streams/indicators.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { ChainSource, ImpliedVolatility, OptionChains } from '../../streams/option-chains.ts';
import type { Portfolio } from '../account/portfolio.ts';
import { atLeast } from '../decision-tests.ts';
import type { ConfluenceMatrix } from '../intel/confluence-matrix.ts';
import type { Regimes } from '../market/regimes.ts';
import type { Strategist } from '../market/strategist.ts';
import type { LiveConditions } from '../venue/live-conditions.ts';
import type { PlanContext, PlanDirection, PlanName, SelectorView } from './instrument-selector.machine.ts';
import { chooseContract } from './option-choice.ts';
import type { ContractFound, ExitFacts, SelectionFacts } from './selection-rules.ts';

const DAY_US = 86_400_000_000;

export interface FactSources {
  readonly run: Pick<RunSpec, 'instruments' | 'sizing'>;
  readonly config: Config;
  readonly market: MarketData;
  readonly options: OptionChains;
  readonly portfolio: Portfolio;
  readonly regimes: Regimes;
  readonly strategist: Strategist;
  readonly matrix: ConfluenceMatrix;
  readonly conditions: LiveConditions;
}

export class FactFinder {
  readonly #sources: FactSources;

  constructor(sources: FactSources) {
    this.#sources = sources;
  }

  rules(symbol: string): Config {
    return configFor(this.#sources.config, symbol);
  }

  /** Where options on the symbol come from for plans; hedges may have a chain where plans have none. */
  chain(symbol: string): ChainSource {
    const { run, options } = this.#sources;
    return run.instruments === 'all' ? options.covers(symbol) : 'none';
  }

  volatility(symbol: string): ImpliedVolatility | null {
    return this.chain(symbol) === 'none' ? null : this.#sources.options.volatility(symbol);
  }

  conviction(symbol: string, direction: PlanDirection): number {
    return this.#sources.strategist.newest(symbol, direction) ?? 0;
  }

  selection(symbol: string, { state, plans }: SelectorView, now: number): SelectionFacts {
    const { trend, structure } = this.#sources.regimes.of(symbol).states;
    const armed = (plan: PlanName, direction: PlanDirection) =>
      state[plan] !== 'disarmed' || this.#rearms(symbol, direction, plans[plan].exitedAt!, now);
    const contract = plans.option.instrument;
    return {
      feeds: this.#sources.conditions.feedTests(symbol),
      scenario: this.#sources.matrix.of(symbol)?.scenario ?? null,
      longConviction: this.conviction(symbol, 'long'),
      shortConviction: this.conviction(symbol, 'short'),
      trend,
      structure,
      chain: this.chain(symbol),
      guard: state.guard,
      volatility: this.volatility(symbol),
      armed: armed('equity', 'long'),
      units: this.#units(symbol),
      // A bear market's options are puts: the next one waits for a new low, as a call waits for a new high.
      optionArmed: armed('option', trend === 'bear' ? 'short' : 'long'),
      heldOption: contract === null ? null : { contract, direction: plans.option.direction },
      findContract: (right) => this.#findContract(symbol, right, now),
    };
  }

  exit(symbol: string, plan: PlanContext, now: number): ExitFacts {
    const { market, options, regimes } = this.#sources;
    const { instrument, direction, supportedBy, stopPx, lossQuotes } = plan;
    const contract = instrument === symbol ? undefined : options.contract(instrument!)!;
    const rests = contract === undefined && this.restsStops(symbol);
    return {
      conviction: this.conviction(symbol, direction),
      trend: regimes.of(symbol).states.trend,
      supportedBy,
      stop: rests ? null : { direction, close: market.history(symbol).close.ago(0), stopPx },
      option:
        contract === undefined
          ? null
          : { daysToExpiry: daysToExpiry(contract, this.#today(symbol, now)), lossQuotes },
    };
  }

  /** Whether a symbol's protective stops rest at the venue. Live, none takes a plain stop for coins: the engine watches them. */
  restsStops(symbol: string): boolean {
    const { market, conditions } = this.#sources;
    const isCoin = market.symbols.get(symbol)?.assetClass === 'crypto';
    return this.rules(symbol).venue.restingStops && !(isCoin && conditions.apply);
  }

  /** Dollars between the best close and the protective stop; null while there are too few bars. */
  stopDistance(symbol: string): number | null {
    const { atrBars, stopAtr } = this.rules(symbol).selector;
    const range = atr(this.#sources.market.history(symbol), atrBars);
    return range === undefined || range === 0 ? null : stopAtr * range;
  }

  /**
   * Whether so much of the premium paid is lost at the bid; null where the quote does not say. An empty side is no price:
   * a stub at the open must not sell a sound position, and what nobody bids for could not be sold.
   */
  premiumLost(symbol: string, contract: string): boolean | null {
    const quote = this.#sources.options.quote(contract);
    if (quote === null || !(quote.bidPx > 0 && quote.askPx > quote.bidPx)) return null;
    const { premiumLoss } = this.rules(symbol).selector.option;
    return quote.bidPx <= (1 - premiumLoss) * this.#sources.portfolio.avgPx(contract);
  }

  /**
   * Whether a share trades beyond its stop; null where the quote does not say. Its better side has to be there: a stub far
   * from the market is no reason to sell, nor is a quote outside the session, in which no stop would act either.
   */
  stopCrossed(symbol: string, { stopPx }: PlanContext, now: number): boolean | null {
    const { market } = this.#sources;
    const quote = market.quote(symbol);
    if (stopPx === null || quote === null || !isOpenAt(market.calendarOf(symbol), now)) return null;
    return quote.askPx <= stopPx;
  }

  /** A new close beyond the last bars' in the plan's direction, or enough days since the exit. */
  #rearms(symbol: string, direction: PlanDirection, exitedAt: number, now: number): boolean {
    const { rearmBars, rearmDays } = this.rules(symbol).selector;
    if (now - exitedAt >= rearmDays * DAY_US) return true;
    const closes = this.#sources.market.history(symbol).close;
    return closes.ago(0) === (direction === 'long' ? highest : lowest)(closes, rearmBars);
  }

  #units(symbol: string): number | null {
    const distance = this.stopDistance(symbol);
    if (distance === null) return null;
    const { riskPerTrade } = this.rules(symbol).selector;
    return riskSizedUnits(this.#sources.portfolio.equityMicros(), riskPerTrade, distance);
  }

  #findContract(symbol: string, right: 'call' | 'put', now: number): ContractFound {
    const config = this.rules(symbol);
    const wanted = {
      underlying: symbol,
      right,
      day: this.#today(symbol, now),
      window: config.selector.option,
    };
    const { taken, tests, passedOver } = chooseContract(this.#sources.options, wanted, config);
    if (taken === null) return { contract: null, quantity: 0, tests, passedOver };
    const { contract, quote } = taken;
    const quantity = this.#contracts(symbol, quote.askPx * contract.multiplier);
    return {
      contract: contract.symbol,
      quantity,
      tests: [...tests, atLeast('contracts', quantity, 1)],
      passedOver,
    };
  }

  /**
   * Contracts of an entry: a share of the equity as premium. `--sizing percent` is that share, as it is the money put
   * into shares; `fixed` is that many contracts, whatever they cost. The risk gate's limit on premium holds for all.
   */
  #contracts(symbol: string, premiumPx: number): number {
    const { sizing } = this.#sources.run;
    if (sizing.kind === 'fixed') return Math.floor(sizing.quantity);
    const share =
      sizing.kind === 'percent' ? sizing.percent / 100 : this.rules(symbol).selector.option.premiumShare;
    return unitsWithin(share * this.#sources.portfolio.equityMicros(), premiumPx);
  }

  #today(symbol: string, now: number): string {
    return tradingDayAt(this.#sources.market.calendarOf(symbol), now);
  }
}
