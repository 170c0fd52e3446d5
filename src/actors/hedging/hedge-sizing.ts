/**
 * How much of which put: a share of the exposure, in whole contracts rounded down, unless hedges are too dear, cannot be
 * traded in an orderly way or have cost enough already. Every answer lists the tests that led to it.
 */
import { type Config, configFor } from '../../domain/config.ts';
import { tradingDayAt } from '../../domain/exchange-calendar.ts';
import { onQuantityGrid } from '../../domain/instrument.ts';
import { fromMicros } from '../../domain/money.ts';
import { comparableSpot, daysToExpiry } from '../../domain/options/contract.ts';
import { contractsWithin } from '../../domain/sizing.ts';
import type { DecisionTest } from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { OptionChains } from '../../streams/option-chains.ts';
import type { Exposures } from '../account/exposures.ts';
import type { Portfolio } from '../account/portfolio.ts';
import { atLeast, atMost, firstFailing, needs } from '../decision-tests.ts';
import { chooseContract } from '../selection/option-choice.ts';
import { type HedgeLimits, unitsOfPremium } from './hedge-limits.ts';

export interface HedgeSources {
  readonly config: Config;
  readonly benchmark: string;
  readonly market: MarketData;
  readonly options: OptionChains;
  readonly portfolio: Portfolio;
  readonly exposures: Exposures;
  readonly limits: HedgeLimits;
}

/** The numbers of a `HedgeSized`; dollars. */
export interface HedgeSizing {
  readonly contract: string | null;
  readonly quantity: number;
  readonly exposure: number;
  readonly target: number;
  readonly premium: number;
  readonly unhedged: number;
  readonly tests: DecisionTest[];
  readonly evidence: Record<string, number | null>;
}

interface Wanted {
  /** Of the benchmark. */
  readonly volatility: string;
  /** Dollars of delta that hedges which stay take away already. */
  readonly kept: number;
  readonly now: number;
}

export function sizeHedge(sources: HedgeSources, { volatility, kept, now }: Wanted): HedgeSizing {
  const { benchmark, market, options, exposures, limits, portfolio } = sources;
  const config = configFor(sources.config, benchmark);
  const { hedge } = config;
  const { delta, betaWeighted: exposure } = exposures.sum(['core', 'tactical']);
  const share = volatility === 'stressed' ? hedge.stressedShare : hedge.share;
  const target = Math.max(0, share * exposure - kept);
  const atm = options.volatility(benchmark)?.atm ?? null;
  const evidence: Record<string, number | null> = {
    atm,
    beta: delta === 0 ? null : exposure / delta,
    equity: fromMicros(portfolio.equityMicros()),
    kept,
    share,
  };
  const day = tradingDayAt(market.calendarOf(benchmark), now);
  const { daysMin, daysMax, deltaMin, deltaMax } = hedge;
  const window = { daysMin, daysMax, deltaMin, deltaMax, deltaTarget: (deltaMin + deltaMax) / 2 };
  const covers = options.covers(benchmark);
  const tests = [needs('exposure', exposure, 'above 0', exposure > 0), chainTest(covers)];
  if (covers !== 'none') tests.push(atMost('impliedVol', atm, hedge.impliedVolMax));
  const refused = (): HedgeSizing => {
    const nothing = { contract: null, quantity: 0, premium: 0, unhedged: target };
    return { ...nothing, exposure, target, tests, evidence };
  };
  if (firstFailing(tests) !== undefined) return refused();

  // A listed event is what a hedge is for: it takes no put away.
  const wanted = { underlying: benchmark, right: 'put', day, window } as const;
  const choice = chooseContract(options, wanted, { ...config, events: [] });
  tests.push(...choice.tests);
  if (choice.taken === null) return refused();
  const { contract, quote } = choice.taken;
  const room = limits.room(contract.symbol);
  const days = daysToExpiry(contract, day);
  const notionalPx = comparableSpot(contract, market.lastPx(benchmark)!);
  // Premium grows with the square root of time: so a hedge of any length is judged as one of `costDays`.
  const cost = (quote.askPx / notionalPx) * Math.sqrt(hedge.costDays / days);
  tests.push(atMost('premiumOfNotional', cost, hedge.costMax));
  if (room === null || cost > hedge.costMax) return refused();

  const { contractDelta, contractPremium, premium } = room;
  const whole = Math.floor(target / contractDelta);
  const payable = unitsOfPremium(room);
  const unitPx = quote.askPx * contract.multiplier;
  const tradable = contractsWithin(portfolio.equityMicros(), unitPx, quote.openInterest, config.risk);
  const quantity = Math.min(whole, payable, tradable);
  tests.push(
    atLeast('wholeContracts', whole, 1),
    atMost('contractsOfPremiumCaps', whole, payable),
    atMost('contractsOfOrderLimits', whole, tradable),
  );
  return {
    contract: contract.symbol,
    quantity,
    exposure,
    target,
    premium: quantity * contractPremium,
    unhedged: (whole - quantity) * contractDelta,
    tests,
    evidence: {
      ...evidence,
      askPx: quote.askPx,
      bidPx: quote.bidPx,
      cashRoom: premium.cash.limit - premium.cash.spent,
      contractDelta,
      contractPremium,
      daysToExpiry: days,
      hedgePremiumRoom: premium.hedge.limit - premium.hedge.spent,
      underlyingPx: notionalPx,
      yearPremiumRoom: premium.year.limit - premium.year.spent,
    },
  };
}

/** Shares of a position to sell. */
interface ShareSale {
  readonly symbol: string;
  readonly quantity: number;
  readonly held: number;
}

/** Tactical shares that rise with the market, in proportion, until what is unhedged is gone; core holdings never. */
export function sharesToSell({ exposures, options, market }: HedgeSources, unhedged: number): ShareSale[] {
  const rising = exposures
    .all(['tactical'])
    .filter(({ symbol, betaWeighted }) => options.contract(symbol) === undefined && betaWeighted > 0);
  const total = rising.reduce((sum, { betaWeighted }) => sum + betaWeighted, 0);
  const share = Math.min(1, unhedged / total);
  return rising.flatMap(({ symbol, deltaUnits }) => {
    const held = deltaUnits / market.multiplierOf(symbol);
    const part = Number.isInteger(held) ? Math.floor(share * held) : onQuantityGrid(share * held);
    const quantity = share === 1 ? held : part;
    return quantity > 0 ? [{ symbol, quantity, held }] : [];
  });
}

export interface PutSale extends HedgeSizing {
  readonly contract: string;
}

/** What to sell of the puts held so that no more is hedged than there is; nothing up to `trimAbove` of it. */
export function putsToTrim(
  { exposures, config, benchmark }: HedgeSources,
  puts: readonly { readonly contract: string; readonly quantity: number }[],
): PutSale[] {
  const { trimAbove } = configFor(config, benchmark).hedge;
  const exposure = exposures.sum(['core', 'tactical']).betaWeighted;
  const target = Math.max(0, exposure);
  const hedged = 0 - exposures.sum(['hedge']).betaWeighted;
  if (hedged <= trimAbove * target) return [];
  const tests = [atMost('hedgeDelta', hedged, trimAbove * target)];
  let excess = hedged - target;
  return puts.flatMap(({ contract, quantity: held }) => {
    const contractDelta = 0 - exposures.ofQuantity(contract, 1).betaWeighted;
    const surplus = contractDelta > 0 ? Math.ceil(excess / contractDelta - 1e-9) : 0;
    const quantity = Math.min(held, Math.max(0, surplus));
    if (quantity < 1) return [];
    excess -= quantity * contractDelta;
    const evidence = { contractDelta, hedged, held };
    return [{ contract, quantity, exposure, target, premium: 0, unhedged: 0, tests, evidence }];
  });
}

const chainTest = (covers: string): DecisionTest =>
  needs('chain', covers, 'recorded or modelled', covers !== 'none');
