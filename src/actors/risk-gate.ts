/**
 * Stands before every order: measures it against the limits and answers with the numbers. An approved order counts
 * against the limits at once, so that two intents of one instant cannot both pass one limit.
 */
import type { Kernel } from '../bus/kernel.ts';
import { type Config, configFor } from '../domain/config.ts';
import { opposite, sideSign } from '../domain/instrument.ts';
import { fromMicros, notionalMicros } from '../domain/money.ts';
import { type AccountView, entryRoomMicros } from '../domain/sizing.ts';
import type { Recorded } from '../events/envelope.ts';
import { type DecisionTest, OrderDenied, OrderIntended, RiskApproved } from '../events/order.events.ts';
import type { MarketData } from '../streams/market-data.ts';
import type { OrderBook } from './order-book.ts';
import type { Portfolio } from './portfolio.ts';
import type { Pricing } from './pricing.ts';
import type { TradingState } from './trading-state.ts';

const ACTOR = 'risk-gate';
const SECOND_US = 1_000_000;
const MINUTE_US = 60 * SECOND_US;

interface Parts {
  readonly config: Config;
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly pricing: Pricing;
  readonly tradingState: TradingState;
  /** Off: only cash is looked at (profile `plain`). */
  readonly enforced: boolean;
}

interface Recent {
  readonly at: number;
  readonly symbol: string;
  readonly key: string;
}

export class RiskGate {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  /** Intents of the last minute, oldest first. */
  #recent: Recent[] = [];

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(OrderIntended, ACTOR, (event) => this.#judge(event));
    kernel.carry(ACTOR, {
      save: () => this.#recent,
      restore: (state) => {
        this.#recent = [...(state as Recent[])];
      },
    });
  }

  /** The account as a new entry in `symbol` finds it: open orders, those before order `before` only, count as filled. */
  account(symbol: string, before = Number.POSITIVE_INFINITY): AccountView {
    const { portfolio, orders } = this.#parts;
    const equityMicros = portfolio.equityMicros();
    let openInSymbol = 0;
    let openGross = 0;
    for (const { intended, state } of orders.working()) {
      if (intended.action !== 'enter' || intended.ordinal >= before) continue;
      const ordered = this.#worth(intended, state.orderedQty, equityMicros);
      const micros = ordered - (state.filledQty === 0 ? 0 : this.#notional(intended, state.filledQty));
      openGross += micros;
      if (intended.symbol === symbol) openInSymbol += micros;
    }
    return {
      equityMicros,
      cashMicros: portfolio.cashMicros - openGross,
      symbolMicros: portfolio.exposureMicros({ symbol, role: 'tactical' }) + openInSymbol,
      grossMicros: portfolio.exposureMicros() + openGross,
    };
  }

  #judge(event: Recorded<OrderIntended>): void {
    const order = event.payload;
    while (this.#recent.length > 0 && this.#recent[0].at <= this.#kernel.now - MINUTE_US)
      this.#recent.shift();
    const tests = this.#parts.enforced ? this.#allTests(order) : this.#cashTest(order);
    const failed = tests.find((test) => !test.pass);
    const { ordinal, intent, symbol } = order;
    if (failed === undefined) this.#kernel.publish(RiskApproved.of({ ordinal, tests }));
    else {
      const reason = `${failed.test}: ${failed.value} against ${failed.limit}`;
      this.#kernel.publish(OrderDenied.of({ intent, ordinal, reason, symbol, tests }));
      this.#parts.orders.deny(ordinal);
    }
    this.#recent.push({ at: this.#kernel.now, key: duplicateKey(order), symbol });
  }

  /** What a cash account asks of any profile: a buy can be paid. A share of equity is cut to the cash at the fill. */
  #cashTest(order: OrderIntended): DecisionTest[] {
    const state = this.#stateTest(order.action !== 'enter');
    if (!state.pass) return [state]; // an operator's halt holds in every profile
    if (order.size.kind === 'fraction' || order.side === 'sell' || order.action !== 'enter') return [];
    const needed = this.#notional(order, order.size.quantity);
    const { cashMicros } = this.account(order.symbol, order.ordinal);
    return [atMost('cash', fromMicros(needed), fromMicros(cashMicros))];
  }

  #allTests(order: OrderIntended): DecisionTest[] {
    const reduces = order.action !== 'enter';
    return [
      this.#stateTest(reduces),
      ...this.#orderTests(order),
      ...this.#priceTests(order),
      ...(reduces ? [] : this.#exposureTests(order)),
    ];
  }

  #stateTest(reduces: boolean): DecisionTest {
    const state = this.#parts.tradingState.current;
    const pass = state === 'trading' || (state === 'reducing' && reduces);
    return { limit: reduces ? 'trading or reducing' : 'trading', pass, test: 'tradingState', value: state };
  }

  #orderTests(order: OrderIntended): DecisionTest[] {
    const now = this.#kernel.now;
    const { risk } = configFor(this.#parts.config, order.symbol);
    const window = now - risk.duplicateWindowMs * 1_000;
    const duplicates = this.#recent.filter(
      ({ at, key }) => at > window && key === duplicateKey(order),
    ).length;
    const opposing = this.#working(order, (other) => other.side === opposite(order.side));
    const sameIntent = this.#working(
      order,
      (other) => order.intent !== null && other.intent === order.intent,
    );
    const tests = [
      atMost('duplicates', duplicates, 0),
      atMost('liveOrdersOfIntent', sameIntent, 0),
      atMost('ownOrdersOnTheOtherSide', opposing, 0),
    ];
    if (this.#parts.pricing.barMode(order.symbol)) return tests;
    const inSecond = this.#recent.filter(
      ({ at, symbol }) => at > now - SECOND_US && symbol === order.symbol,
    ).length;
    return [
      ...tests,
      atMost('intentsThisSecond', inSecond + 1, risk.intentsPerSecondPerSymbol),
      atMost('intentsThisMinute', this.#recent.length + 1, risk.intentsPerMinute),
    ];
  }

  #priceTests(order: OrderIntended): DecisionTest[] {
    const { pricing, config } = this.#parts;
    const { risk } = configFor(config, order.symbol);
    const quote = pricing.quote(order.symbol);
    if (quote === null) return [{ limit: 'a two-sided quote', pass: false, test: 'quote', value: null }];
    const tests: DecisionTest[] = [];
    if (!pricing.barMode(order.symbol)) {
      const ageMs = (this.#kernel.now - quote.quotedAt) / 1_000;
      tests.push(atMost('quoteAgeMs', ageMs, risk.quoteAgeMaxMs));
    }
    if (order.limitPx !== null) {
      const midpoint = (quote.bidPx + quote.askPx) / 2;
      const beyond = (sideSign(order.side) * (order.limitPx - midpoint)) / midpoint;
      tests.push(atMost('priceCollar', beyond, risk.collarShares));
    }
    return tests;
  }

  #exposureTests(order: OrderIntended): DecisionTest[] {
    const { config, market, portfolio } = this.#parts;
    const { risk } = configFor(config, order.symbol);
    const account = this.account(order.symbol, order.ordinal);
    const { size } = order;
    const equity = account.equityMicros;
    const needed = this.#worth(order, size.kind === 'quantity' ? size.quantity : null, equity);
    const tests = [
      atMost('symbolExposure', (account.symbolMicros + needed) / equity, risk.symbolCap),
      atMost('grossExposure', (account.grossMicros + needed) / equity, risk.grossCap),
      atMost(
        'buyingPower',
        fromMicros(needed),
        fromMicros(Math.max(0, risk.buyingPowerShare * account.cashMicros)),
      ),
      atMost('notional', fromMicros(needed), fromMicros(entryRoomMicros(account, risk))),
    ];
    const volume = market.averageVolume(order.symbol);
    if (volume !== null) {
      const units = size.kind === 'quantity' ? size.quantity : needed / this.#notional(order, 1);
      tests.push(atMost('shareOfVolume', units / volume, risk.volumeShareMax));
    }
    const heat = portfolio.positions().length / risk.heatCapacity;
    tests.push({ limit: risk.heatPause, pass: heat < risk.heatPause, test: 'portfolioHeat', value: heat });
    return tests;
  }

  #working(order: OrderIntended, matches: (other: OrderIntended) => boolean): number {
    let count = 0;
    for (const { intended } of this.#parts.orders.working()) {
      if (intended.ordinal < order.ordinal && intended.symbol === order.symbol && matches(intended)) count++;
    }
    return count;
  }

  /** Micro-dollars of an order; a share of equity until its first fill has told how many units that is. */
  #worth(order: OrderIntended, quantity: number | null, equityMicros: number): number {
    if (quantity !== null) return this.#notional(order, quantity);
    return order.size.kind === 'fraction' ? Math.round(order.size.fraction * equityMicros) : 0;
  }

  #notional(order: OrderIntended, quantity: number): number {
    const px = order.limitPx ?? order.stopPx ?? this.#parts.market.lastPx(order.symbol) ?? 0;
    return notionalMicros(quantity, px, this.#parts.market.multiplierOf(order.symbol));
  }
}

const atMost = (test: string, value: number, limit: number): DecisionTest => ({
  limit,
  pass: value <= limit,
  test,
  value,
});

const duplicateKey = ({ symbol, side, size, limitPx, stopPx, orderType }: OrderIntended): string =>
  `${symbol} ${side} ${size.kind === 'quantity' ? size.quantity : size.fraction} ${orderType} ${limitPx ?? ''} ${stopPx ?? ''}`;
