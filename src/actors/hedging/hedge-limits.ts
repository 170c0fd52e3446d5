/**
 * How far a hedge may go at this moment: never beyond the exposure it stands against, nor beyond the premium it may cost.
 * Asked when a hedge is sized, when it is released and when the gate judges it; open orders count as filled.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { type Config, configFor } from '../../domain/config.ts';
import { tradingDayAt } from '../../domain/exchange-calendar.ts';
import { fromMicros, notionalMicros } from '../../domain/money.ts';
import { daysToExpiry, type OptionContract } from '../../domain/options/contract.ts';
import { type DecisionTest, OrderFilled } from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { OptionChains } from '../../streams/option-chains.ts';
import type { Exposures } from '../account/exposures.ts';
import type { Portfolio } from '../account/portfolio.ts';
import { atMost } from '../decision-tests.ts';
import type { OrderBook } from '../orders/order-book.ts';

const ACTOR = 'hedge-limits';
const YEAR_US = 365 * 86_400_000_000;

interface Parts {
  readonly config: Config;
  readonly market: MarketData;
  readonly options: OptionChains;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly exposures: Exposures;
}

interface Spent {
  readonly at: number;
  readonly micros: number;
}

/** Dollars. */
export interface HedgeRoom {
  /** Beta-weighted net delta of everything but hedges; not positive where there is nothing to hedge. */
  readonly exposure: number;
  /** Of it, what hedges take away, open orders included. */
  readonly covered: number;
  /** What one contract takes away, and costs at the offer. */
  readonly contractDelta: number;
  readonly contractPremium: number;
  /** Of this hedge, of 365 days and of the account: what is spent, open orders included, and the most that may be. */
  readonly premium: Readonly<Record<'hedge' | 'year' | 'cash', { spent: number; limit: number }>>;
}

export class HedgeLimits {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  /** Premium of the last 365 days, oldest first. */
  #spent: Spent[] = [];

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(OrderFilled, ACTOR, ({ payload, recordedAt }) => {
      const { ordinal, symbol, side, lastQty, lastPx } = payload;
      const contract = parts.options.contract(symbol);
      if (side !== 'buy' || contract === undefined || parts.orders.get(ordinal)?.intended.role !== 'hedge')
        return;
      const recent = this.#spent.filter(({ at }) => at > recordedAt - YEAR_US);
      const micros = notionalMicros(lastQty, lastPx, contract.multiplier);
      this.#spent = [...recent, { at: recordedAt, micros }];
    });
    kernel.carry(ACTOR, {
      save: () => this.#spent,
      restore: (state) => {
        this.#spent = [...(state as Spent[])];
      },
    });
  }

  /** The room for puts of this contract; of open orders those before order `before` count. Null where nobody offers any. */
  room(symbol: string, before = Number.POSITIVE_INFINITY): HedgeRoom | null {
    const { config, market, options, portfolio, exposures } = this.#parts;
    const contract = options.contract(symbol);
    const askPx = options.quote(symbol)?.askPx ?? 0;
    const contractDelta = 0 - exposures.ofQuantity(symbol, 1).betaWeighted;
    if (contract === undefined || askPx === 0 || contractDelta <= 0) return null;
    const { hedge } = configFor(config, contract.underlying);
    const day = tradingDayAt(market.calendarOf(contract.underlying), this.#kernel.now);
    const open = this.#open(before);
    const held = portfolio.positions().filter(({ role }) => role === 'hedge');
    // What is due to be rolled makes room for what replaces it.
    const kept = held.filter((each) => {
      const put = options.contract(each.symbol);
      return put !== undefined && !isDueToRoll(put, day, hedge);
    });
    const equity = fromMicros(portfolio.equityMicros());
    const ofYear = this.#spent.filter(({ at }) => at > this.#kernel.now - YEAR_US);
    const spentBy = (micros: readonly number[]) => fromMicros(micros.reduce((sum, each) => sum + each, 0));
    return {
      exposure: exposures.sum(['core', 'tactical']).betaWeighted,
      covered: open.delta - exposures.sum(['hedge']).betaWeighted,
      contractDelta,
      contractPremium: fromMicros(notionalMicros(1, askPx, contract.multiplier)),
      premium: {
        hedge: {
          spent: spentBy(kept.map(({ costMicros }) => costMicros)) + open.premium,
          limit: hedge.premiumMax * equity,
        },
        year: {
          spent: spentBy(ofYear.map(({ micros }) => micros)) + open.premium,
          limit: hedge.premiumYearMax * equity,
        },
        cash: { spent: open.premium, limit: fromMicros(portfolio.cashMicros) },
      },
    };
  }

  /** Dollars of premium that hedges took within 365 days, open orders included, and the most that they may. */
  ofYear({ premiumYearMax }: Config['hedge']): { readonly spent: number; readonly limit: number } {
    const since = this.#kernel.now - YEAR_US;
    const micros = this.#spent.filter(({ at }) => at > since).reduce((sum, each) => sum + each.micros, 0);
    const { premium } = this.#open(Number.POSITIVE_INFINITY);
    const equity = fromMicros(this.#parts.portfolio.equityMicros());
    return { spent: fromMicros(micros) + premium, limit: premiumYearMax * equity };
  }

  /** Contracts that may be bought now. */
  unitsNow(symbol: string, before?: number): number {
    const room = this.room(symbol, before);
    return room === null ? 0 : Math.min(unitsOfDelta(room), unitsOfPremium(room));
  }

  /** What the gate asks of a hedge order. */
  tests(symbol: string, quantity: number, before: number): DecisionTest[] {
    const room = this.room(symbol, before);
    if (room === null) return [{ limit: 'an offer', pass: false, test: 'hedgeQuote', value: null }];
    const { exposure, covered, contractDelta, contractPremium, premium } = room;
    const cost = quantity * contractPremium;
    return [
      atMost('hedgeDelta', covered + quantity * contractDelta, Math.max(0, exposure)),
      atMost('hedgePremium', premium.hedge.spent + cost, premium.hedge.limit),
      atMost('hedgePremiumOfYear', premium.year.spent + cost, premium.year.limit),
      atMost('hedgeCash', premium.cash.spent + cost, premium.cash.limit),
    ];
  }

  /** Hedges on their way: what they will take away, and cost. */
  #open(before: number): { delta: number; premium: number } {
    const { orders, options, exposures } = this.#parts;
    let delta = 0;
    let premium = 0;
    for (const { intended, state } of orders.working()) {
      const { symbol, ordinal, action, size, limitPx } = intended;
      if (action !== 'hedge' || ordinal >= before || size.kind !== 'quantity') continue;
      const leaves = size.quantity - state.filledQty;
      delta -= exposures.ofQuantity(symbol, leaves).betaWeighted;
      const px = limitPx ?? options.quote(symbol)?.askPx ?? 0;
      premium += leaves * px * (options.contract(symbol)?.multiplier ?? 1);
    }
    return { delta, premium };
  }
}

/** Its last days have come: while the structure stays broken another one takes its place. */
export const isDueToRoll = (put: OptionContract, day: string, { rollDays }: Config['hedge']): boolean =>
  daysToExpiry(put, day) <= rollDays;

/** Whole contracts until the hedges take away the whole exposure. */
const unitsOfDelta = ({ exposure, covered, contractDelta }: HedgeRoom): number =>
  wholeUnits((exposure - covered) / contractDelta);

/** Whole contracts that the premium caps and the cash pay. */
export function unitsOfPremium({ contractPremium, premium }: HedgeRoom): number {
  const rooms = [premium.hedge, premium.year, premium.cash].map(({ spent, limit }) => limit - spent);
  return wholeUnits(Math.min(...rooms) / contractPremium);
}

/** A last contract that fits by a rounding error alone is left out, as the gate would add up otherwise. */
const wholeUnits = (units: number): number => Math.max(0, Math.floor(units - 1e-9));
