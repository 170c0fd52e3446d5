/**
 * Stands before every order: measures it against the limits and answers with the numbers. An approved order counts
 * against the limits at once, so that two intents of one instant cannot both pass one limit.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import { opposite, sideSign, tickSize } from '../../domain/instrument.ts';
import { fromMicros } from '../../domain/money.ts';
import { entryRoomMicros } from '../../domain/sizing.ts';
import type { Recorded } from '../../events/envelope.ts';
import { type DecisionTest, OrderDenied, OrderIntended, RiskApproved } from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { OptionChains } from '../../streams/option-chains.ts';
import { type Account, LEDGER_MAX } from '../account/account.ts';
import type { Portfolio } from '../account/portfolio.ts';
import { atLeast, atMost, firstFailing, needs } from '../decision-tests.ts';
import type { HedgeLimits } from '../hedging/hedge-limits.ts';
import type { PortfolioHeat } from '../intel/portfolio-heat.ts';
import type { LiveConditions } from '../venue/live-conditions.ts';
import type { IntentPace } from './intent-pace.ts';
import type { OrderBook } from './order-book.ts';
import type { Pricing } from './pricing.ts';
import type { TradingState } from './trading-state.ts';

const ACTOR = 'risk-gate';
const MINUTE_US = 60_000_000;

interface Parts {
  readonly market: MarketData;
  readonly options: OptionChains;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly pricing: Pricing;
  readonly account: Account;
  readonly hedgeLimits: HedgeLimits;
  readonly tradingState: TradingState;
  readonly conditions: LiveConditions;
  readonly pace: IntentPace;
  readonly heat: PortfolioHeat;
  /** Off: only cash is looked at (profile `plain`). */
  readonly enforced: boolean;
}

export class RiskGate {
  readonly #kernel: Kernel;
  readonly #parts: Parts;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(OrderIntended, ACTOR, (event) => this.#judge(event));
  }

  #judge(event: Recorded<OrderIntended>): void {
    const order = event.payload;
    const tests = this.#tests(order);
    const failed = firstFailing(tests);
    const { ordinal, intent, symbol } = order;
    if (failed === undefined) this.#kernel.publish(RiskApproved.of({ ordinal, tests }));
    else {
      const reason = `${failed.test}: ${failed.value} against ${failed.limit}`;
      this.#kernel.publish(OrderDenied.of({ intent, ordinal, reason, symbol, tests }));
      this.#parts.orders.deny(ordinal);
    }
    if (this.#parts.enforced) this.#parts.pace.remember(order);
  }

  #tests(order: OrderIntended): DecisionTest[] {
    const { account, conditions, enforced } = this.#parts;
    const dollars = fromMicros(account.notionalMicros(order, account.unitsOf(order, 0)));
    if (dollars >= LEDGER_MAX)
      return [{ limit: LEDGER_MAX, pass: false, test: 'orderValue', value: 'more than the ledger can hold' }];
    return [...conditions.tests(order), ...(enforced ? this.#allTests(order) : this.#cashTest(order))];
  }

  /** What a cash account asks of any profile: a buy can be paid. A share of equity is cut to the cash at the fill. */
  #cashTest(order: OrderIntended): DecisionTest[] {
    const state = this.#stateTest(order);
    if (!state.pass) return [state]; // an operator's halt holds in every profile
    if (order.size.kind === 'fraction' || order.side === 'sell' || order.action !== 'enter') return [];
    const { account } = this.#parts;
    const needed = account.notionalMicros(order, order.size.quantity);
    const { cashMicros } = account.view(order.symbol, order.ordinal);
    return [atMost('cash', fromMicros(needed), fromMicros(cashMicros))];
  }

  #allTests(order: OrderIntended): DecisionTest[] {
    const reduces = order.action !== 'enter';
    return [
      this.#stateTest(order),
      ...this.#orderTests(order),
      ...this.#priceTests(order),
      ...(order.action === 'hedge' ? this.#hedgeTests(order) : reduces ? [] : this.#exposureTests(order)),
    ];
  }

  #stateTest({ action }: OrderIntended): DecisionTest {
    const { tradingState } = this.#parts;
    const limit = action === 'enter' ? 'trading' : 'trading or reducing';
    return needs('tradingState', tradingState.current, limit, tradingState.allows(action));
  }

  #orderTests(order: OrderIntended): DecisionTest[] {
    const { pace } = this.#parts;
    const opposing = this.#working(order, (other) => other.side === opposite(order.side));
    const sameIntent = this.#working(
      order,
      (other) => order.intent !== null && other.intent === order.intent,
    );
    return [
      pace.duplicateTest(order),
      atMost('liveOrdersOfIntent', sameIntent, 0),
      atMost('ownOrdersOnTheOtherSide', opposing, 0),
      ...pace.rateTests(order),
    ];
  }

  #priceTests(order: OrderIntended): DecisionTest[] {
    const { pricing } = this.#parts;
    const { symbol, limitPx, side } = order;
    const { risk } = pricing.configOf(symbol);
    const quote = pricing.quote(symbol);
    if (quote === null) return [{ limit: 'a two-sided quote', pass: false, test: 'quote', value: null }];
    const tests: DecisionTest[] = [...pricing.freshness(symbol), ...this.#sessionTests(order)];
    if (limitPx === null) return tests;
    const midpoint = (quote.bidPx + quote.askPx) / 2;
    const beyond = sideSign(side) * (limitPx - midpoint);
    if (pricing.contract(symbol) === undefined)
      return [...tests, atMost('priceCollar', beyond / midpoint, risk.collarShares)];
    const oneTickPast = (quote.askPx - quote.bidPx) / 2 + tickSize(midpoint, pricing.tickClass(symbol));
    const collar = Math.max(oneTickPast, risk.collarOptions * midpoint);
    return [...tests, atMost('priceCollar', beyond, collar)];
  }

  /** Spreads are wide when the bell has just rung, and before it rings again: no entry into an option there. */
  #sessionTests({ symbol, action }: OrderIntended): DecisionTest[] {
    const { pricing, market } = this.#parts;
    if (action !== 'enter' || pricing.contract(symbol) === undefined || pricing.barMode(symbol)) return [];
    const { now } = this.#kernel;
    const { execution } = pricing.configOf(symbol);
    const calendar = market.calendarOf(symbol);
    const session = tradingSession(calendar, tradingDayAt(calendar, now))!;
    return [
      atLeast('minutesSinceOpen', (now - session.open) / MINUTE_US, execution.openingPauseMin),
      atLeast('minutesToClose', (session.close - now) / MINUTE_US, execution.closingPauseMin),
    ];
  }

  #hedgeTests(order: OrderIntended): DecisionTest[] {
    const { symbol, size, ordinal } = order;
    const quantity = size.kind === 'quantity' ? size.quantity : 0;
    return [
      ...this.#parts.hedgeLimits.tests(symbol, quantity, ordinal),
      ...this.#premiumTests(order, quantity),
    ];
  }

  #premiumTests(order: OrderIntended, quantity: number): DecisionTest[] {
    const { account, options, portfolio, pricing } = this.#parts;
    if (pricing.contract(order.symbol) === undefined) return [];
    const { risk } = pricing.configOf(order.symbol);
    const openInterest = options.quote(order.symbol)?.openInterest ?? null;
    const premium = account.notionalMicros(order, quantity) / portfolio.equityMicros();
    return [
      atMost('premium', premium, risk.premiumMax),
      atMost(
        'shareOfOpenInterest',
        openInterest === null || openInterest === 0 ? null : quantity / openInterest,
        risk.openInterestShareMax,
      ),
    ];
  }

  #exposureTests(order: OrderIntended): DecisionTest[] {
    const { account, heat, market, pricing } = this.#parts;
    const { symbol, size } = order;
    const { risk } = pricing.configOf(symbol);
    const view = account.view(symbol, order.ordinal);
    const equity = view.equityMicros;
    const needed = account.worthMicros(order, size.kind === 'quantity' ? size.quantity : null, equity);
    const units = account.unitsOf(order, equity);
    const tests = [
      atMost('symbolExposure', (view.symbolMicros + needed) / equity, risk.symbolCap),
      atMost('grossExposure', (view.grossMicros + needed) / equity, risk.grossCap),
      atMost(
        'buyingPower',
        fromMicros(needed),
        fromMicros(Math.max(0, risk.buyingPowerShare * view.cashMicros)),
      ),
      atMost('notional', fromMicros(needed), fromMicros(entryRoomMicros(view, risk))),
      this.#netDeltaTest(order, units, fromMicros(equity)),
      ...this.#premiumTests(order, units),
    ];
    const volume = market.averageVolume(symbol);
    if (volume !== null && pricing.contract(symbol) === undefined)
      tests.push(atMost('shareOfVolume', units / volume, risk.volumeShareMax));
    return [...tests, ...heat.tests(risk)];
  }

  /** An order that brings the net delta nearer to nothing passes from beyond the cap, too. */
  #netDeltaTest(order: OrderIntended, units: number, equity: number): DecisionTest {
    const { account, pricing } = this.#parts;
    const { netDeltaCap } = pricing.configOf(order.symbol).risk;
    const before = account.netDelta(order.ordinal);
    const after = before + account.deltaOf(order, units);
    const test = atMost('netDelta', Math.abs(after) / equity, netDeltaCap);
    return { ...test, pass: test.pass || Math.abs(after) <= Math.abs(before) };
  }

  #working(order: OrderIntended, matches: (other: OrderIntended) => boolean): number {
    let count = 0;
    for (const { intended } of this.#parts.orders.working()) {
      if (intended.ordinal < order.ordinal && intended.symbol === order.symbol && matches(intended)) count++;
    }
    return count;
  }
}
