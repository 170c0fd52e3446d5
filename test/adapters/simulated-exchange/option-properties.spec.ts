import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextTradingDay, tradingSession } from '../../../src/domain/exchange-calendar.ts';
import { onQuantityGrid, type Side, sideSign } from '../../../src/domain/instrument.ts';
import { notionalMicros } from '../../../src/domain/money.ts';
import { adjustForSplit, renamedBySplit } from '../../../src/domain/options/adjustment.ts';
import { type ContractTerms, contractOf, type OptionContract } from '../../../src/domain/options/contract.ts';
import { printOcc } from '../../../src/domain/options/occ-symbol.ts';
import { Ledger, type PositionRole } from '../../../src/domain/portfolio.ts';
import type { OptionSettled, SplitApplied } from '../../../src/events/option.events.ts';
import type { OrderFilled } from '../../../src/events/order.events.ts';
import { isOption, optionVenue } from './option-market.ts';
import type { Bar, Venue } from './venue.ts';

const CASH = 60_000;
const DOLLAR = 1_000_000;
const FIRST_DAY = '2020-06-08';
const DAYS = 13;

/** Two expiries, the 12th and the 19th, and three strikes on either side. */
const CONTRACTS = ['2020-06-12', '2020-06-19'].flatMap((expiry) =>
  [90, 100, 110].flatMap((strike) => [
    printOcc({ root: 'ABC', expiry, right: 'call', strike }),
    printOcc({ root: 'ABC', expiry, right: 'put', strike }),
  ]),
);

const cents = (min: number, max: number) =>
  fc.integer({ min: min * 100, max: max * 100 }).map((n) => n / 100);
const orderArb = fc.record({
  /** Shares, or a contract by its place. */
  what: fc.integer({ min: -3, max: CONTRACTS.length - 1 }),
  role: fc.constantFrom<PositionRole>('tactical', 'hedge'),
  side: fc.constantFrom<Side>('buy', 'buy', 'sell'),
  quantity: fc.integer({ min: 1, max: 4 }),
  limitPx: fc.option(cents(1, 20), { nil: null }),
  timeInForce: fc.constantFrom('day' as const, 'gtc' as const, 'ioc' as const),
});
type Order = typeof orderArb extends fc.Arbitrary<infer T> ? T : never;

const dayArb = fc.record({
  open: cents(85, 115),
  close: cents(85, 115),
  up: cents(0, 5),
  down: cents(0, 5),
  orders: fc.array(orderArb, { maxLength: 4 }),
});
const marketArb = fc.record({
  days: fc.array(dayArb, { minLength: DAYS, maxLength: DAYS }),
  split: fc.option(
    fc.record({
      before: fc.integer({ min: 1, max: 9 }),
      numerator: fc.integer({ min: 1, max: 4 }),
      denominator: fc.integer({ min: 1, max: 3 }),
    }),
    { nil: null },
  ),
  allowShort: fc.boolean(),
  declared: fc.constantFrom(0, 137, 300),
  terms: fc.record({
    style: fc.constantFrom('american' as const, 'european' as const),
    settlement: fc.constantFrom('physical' as const, 'cash' as const),
    settlesAt: fc.constantFrom('open' as const, 'close' as const),
  }),
  rate: fc.constantFrom(0, 0.05),
  dividendYield: fc.constantFrom(0, 0.05),
});
type RandomMarket = typeof marketArb extends fc.Arbitrary<infer T> ? T : never;

/** What the engine makes of the venue's reports: a ledger by role, and plain sums beside it. */
class Engine {
  readonly ledger = new Ledger(CASH * DOLLAR);
  readonly sums = new Map<string, number>();
  readonly roles = new Map<number, PositionRole>();
  cashMicros = CASH * DOLLAR;
  #read = 0;

  add(symbol: string, quantity: number): void {
    this.sums.set(symbol, onQuantityGrid((this.sums.get(symbol) ?? 0) + quantity));
  }

  hear({ reports }: Venue): void {
    for (const { type, payload } of reports.slice(this.#read)) {
      if (type === 'OrderFilled') this.#fill(payload as unknown as OrderFilled);
      if (type === 'OptionSettled') this.#settle(payload as unknown as OptionSettled);
    }
    this.#read = reports.length;
  }

  declare(symbol: string, quantity: number, px: number): void {
    this.ledger.declareCore({ symbol, quantity, px, multiplier: 1 });
    this.add(symbol, quantity);
    this.cashMicros -= notionalMicros(quantity, px);
  }

  split(split: SplitApplied, contract: (symbol: string) => OptionContract | undefined): void {
    const renamed = renamedBySplit(split, contract);
    this.ledger.split({ ...split, renamed });
    const before = [...this.sums];
    this.sums.clear();
    for (const [symbol, quantity] of before) {
      const by = renamed(symbol);
      if (by !== undefined) this.add(by.symbol, quantity * by.factor);
      else if (symbol === split.symbol) {
        const exact = onQuantityGrid((quantity * split.numerator) / split.denominator);
        const whole = split.cashInLieuPx === null ? exact : Math.trunc(exact);
        this.add(symbol, whole);
        this.cashMicros -= notionalMicros(whole - exact, split.cashInLieuPx ?? 0);
      }
    }
  }

  #fill({ executionId, symbol, side, ordinal, lastQty, lastPx, feeMicros }: OrderFilled): void {
    const multiplier = isOption(symbol) ? 100 : 1;
    const role = this.roles.get(ordinal)!;
    this.ledger.fill({
      executionId,
      symbol,
      side,
      role,
      quantity: lastQty,
      px: lastPx,
      feeMicros,
      multiplier,
    });
    this.add(symbol, sideSign(side) * lastQty);
    this.cashMicros -= sideSign(side) * notionalMicros(lastQty, lastPx, multiplier) + feeMicros;
  }

  #settle(settled: OptionSettled): void {
    const { symbol, quantity, optionPx, strike, shares, underlying } = settled;
    this.ledger.settle({ ...settled, multiplier: 100, underlyingMultiplier: 1 });
    this.add(symbol, -quantity);
    this.add(underlying, shares);
    this.cashMicros += notionalMicros(quantity, optionPx, 100);
    if (shares !== 0) this.cashMicros -= Math.sign(shares) * notionalMicros(Math.abs(quantity), strike, 100);
  }
}

/** Trades the days; `quiet` looks at the books whenever nothing is on its way. */
function trade(market: RandomMarket, quiet: (venue: Venue, engine: Engine, day: string) => void = () => {}) {
  const { split, allowShort, declared, rate, dividendYield } = market;
  const terms: Partial<ContractTerms> = market.terms;
  const adjusted = new Map<string, OptionContract>();
  const contract = (symbol: string) =>
    adjusted.get(symbol) ?? (isOption(symbol) ? contractOf(symbol, terms) : undefined);
  const venue = optionVenue(
    {
      allowShort,
      cash: CASH,
      commission: { kind: 'perShare', perShare: 0.65, minimum: 1 },
      contractOf: contract,
      optionVol: () => 0.3,
      ratesOf: () => ({ rate, dividendYield }),
    },
    terms,
  );
  const engine = new Engine();
  if (declared > 0) {
    venue.exchange.declareCore({ symbol: 'ABC', quantity: declared, px: 100 });
    engine.declare('ABC', declared, 100);
  }
  let names = CONTRACTS;
  let scale = 1;
  let day = FIRST_DAY;
  market.days.forEach(({ open, close, up, down, orders }, i) => {
    const { open: opensAt } = tradingSession('XNYS', day)!;
    if (split?.before === i) {
      const { numerator, denominator } = split;
      const given = { symbol: 'ABC', numerator, denominator, cashInLieuPx: null };
      const applied = venue.exchange.split(given, opensAt - 1);
      venue.deliver(opensAt - 1);
      engine.hear(venue);
      engine.split(applied, contract);
      names = names.map((symbol) => {
        const after = adjustForSplit(contract(symbol)!, applied).contract;
        adjusted.set(after.symbol, after);
        return after.symbol;
      });
      scale = denominator / numerator;
    }
    const px = (value: number) => Math.round(value * scale * 100) / 100;
    const bar: Bar = {
      open: px(open),
      close: px(close),
      high: px(Math.max(open, close) + up),
      low: px(Math.min(open, close) - down),
    };
    const send = (now: number, { what, role, quantity, ...rest }: Order) => {
      const isShare = what < 0;
      const terms = {
        ...rest,
        symbol: isShare ? 'ABC' : names[what],
        quantity: isShare ? quantity * 40 : quantity,
      };
      if (isShare && rest.limitPx !== null) terms.limitPx = rest.limitPx * 5;
      engine.roles.set(venue.send(now, terms), role);
    };
    venue.day(day, bar, (now) => {
      for (const order of orders) send(now, order);
    });
    engine.hear(venue);
    quiet(venue, engine, day);
    day = nextTradingDay('XNYS', day);
  });
  return { venue, engine };
}

const RUNS = { numRuns: 200 };
const sorted = (sums: Iterable<readonly [string, number]>) =>
  Object.fromEntries([...sums].filter(([, quantity]) => quantity !== 0).sort(([a], [b]) => (a < b ? -1 : 1)));
const byRole = (ledger: Ledger): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const { symbol, quantity } of ledger.positions()) {
    sums.set(symbol, onQuantityGrid((sums.get(symbol) ?? 0) + quantity));
  }
  return sums;
};

describe('over random markets with options, expiries and splits', () => {
  test('the venue’s account, the core’s ledger and the plain sum of reports hold the same, to the micro-dollar', () => {
    fc.assert(
      fc.property(marketArb, (market) => {
        trade(market, ({ exchange, holdings }, { ledger, sums, cashMicros }) => {
          const { account } = exchange.toJSON();
          expect(sorted(Object.entries(holdings))).toEqual(sorted(sums));
          expect(sorted(byRole(ledger))).toEqual(sorted(sums));
          expect(account.cashMicros).toBe(cashMicros);
          expect(ledger.cashMicros).toBe(cashMicros);
          const cost = ledger.positions().reduce((sum, each) => sum + each.costMicros, 0);
          expect(cashMicros).toBe(CASH * DOLLAR + ledger.realizedMicros - ledger.feesMicros - cost);
        });
      }),
      RUNS,
    );
  });

  test('nothing is held in a contract after it has expired, and no order works in it', () => {
    fc.assert(
      fc.property(marketArb, (market) => {
        trade(market, ({ exchange, holdings }, _, day) => {
          const over = (symbol: string) =>
            isOption(symbol) && `20${symbol.slice(6, 12)}` <= day.replaceAll('-', '');
          expect(Object.keys(holdings).filter(over)).toEqual([]);
          for (const [symbol, book] of exchange.toJSON().books)
            if (over(symbol)) expect(book.orders).toEqual([]);
        });
      }),
      RUNS,
    );
  });

  test('an account that may not be short never is, and never owes money', () => {
    fc.assert(
      fc.property(marketArb, (market) => {
        trade({ ...market, allowShort: false }, ({ exchange, holdings }) => {
          expect(Object.values(holdings).filter((quantity) => quantity < 0)).toEqual([]);
          expect(exchange.toJSON().account.cashMicros).toBeGreaterThanOrEqual(0);
        });
      }),
      RUNS,
    );
  });

  test('each order ends once, each settlement has its own name', () => {
    fc.assert(
      fc.property(marketArb, (market) => {
        const { venue } = trade(market);
        const over = new Set<number>();
        const names = new Set<unknown>();
        for (const { type, ordinal, payload } of venue.reports) {
          if (type === 'OptionSettled') {
            expect(names.has(payload.settlementId)).toBe(false);
            names.add(payload.settlementId);
            continue;
          }
          expect(over.has(ordinal)).toBe(false);
          const isEnd = ['OrderCanceled', 'OrderRejected', 'OrderExpired'].includes(type);
          if (isEnd || (type === 'OrderFilled' && payload.leavesQty === 0)) over.add(ordinal);
        }
      }),
      RUNS,
    );
  });

  test('no contract trades beyond its limit or its bar’s reach', () => {
    fc.assert(
      fc.property(marketArb, (market) => {
        const { venue } = trade({ ...market, split: null });
        const limits = new Map<number, number | null>();
        let ordinal = 0;
        for (const { orders } of market.days) {
          for (const { what, limitPx } of orders) limits.set(++ordinal, what < 0 ? null : limitPx);
        }
        for (const { type, payload } of venue.reports) {
          const { lastPx, side, ordinal: of } = payload as unknown as OrderFilled;
          const limitPx = type === 'OrderFilled' ? (limits.get(of) ?? null) : null;
          if (limitPx === null) continue;
          expect(side === 'buy' ? lastPx <= limitPx : lastPx >= limitPx).toBe(true);
        }
      }),
      RUNS,
    );
  });
});
