import { describe, expect, test } from 'vitest';
import { SimulatedExchange } from '../../../src/adapters/simulated-exchange/simulated-exchange.ts';
import { contractOf } from '../../../src/domain/options/contract.ts';
import type { PositionRole } from '../../../src/domain/portfolio.ts';
import { OptionSettled, SplitApplied } from '../../../src/events/option.events.ts';
import { Floor } from '../trading-floor.ts';

const DOLLAR = 1_000_000;
const CALL = 'A     240119C00100000';

/** Two calls bought at 4 as a hedge and one as a plan, five core shares at 100; the share stands at 103. */
function floorWithCalls(): Floor {
  const floor = new Floor().day('A', 103);
  const buy = (symbol: string, quantity: number, px: number, role: PositionRole) => {
    floor.decide(() => floor.intend({ symbol, quantity, role }));
    floor.fill(floor.orders().at(-1)!, px, quantity);
  };
  buy(CALL, 2, 4, 'hedge');
  buy(CALL, 1, 4, 'tactical');
  buy('A', 5, 100, 'core');
  return floor;
}

const settled = (over: Partial<OptionSettled>) =>
  OptionSettled.of({
    settlementId: 's1',
    symbol: CALL,
    how: 'exercised',
    quantity: 3,
    optionPx: 0,
    underlying: 'A',
    underlyingPx: 103,
    strike: 100,
    shares: 300,
    ...over,
  });

const held = ({ actors }: Floor) =>
  actors.portfolio.positions().map(({ symbol, role, quantity }) => [symbol, role, quantity]);
const equity = ({ actors }: Floor) => actors.portfolio.equityMicros() / DOLLAR;

describe('the portfolio', () => {
  test('marks contracts by their chain: without any quote at what exercise is worth', () => {
    const floor = floorWithCalls();
    expect(equity(floor)).toBe(100_000 - 3 * 100 + 5 * 3);
    floor.nextDay().day('A', 106);
    expect(equity(floor)).toBe(100_000 + 3 * 200 + 5 * 6);
  });

  test('exchanges an exercised call for shares at the strike, role by role, at the same equity', () => {
    const floor = floorWithCalls();
    const before = equity(floor);
    floor.input(settled({}));
    expect(held(floor)).toEqual([
      ['A', 'core', 5],
      ['A', 'hedge', 200],
      ['A', 'tactical', 100],
    ]);
    expect(floor.actors.portfolio.avgPx('A', 'hedge')).toBe(100);
    expect(equity(floor)).toBe(before);
  });

  test('loses the premium of what expires, and hears it once', () => {
    const floor = floorWithCalls();
    const over = settled({ how: 'expired', shares: 0 });
    floor.input(over);
    floor.input(over);
    expect(held(floor)).toEqual([['A', 'core', 5]]);
    expect(floor.actors.portfolio.cashMicros).toBe((100_000 - 1_200 - 500) * DOLLAR);
  });

  test('stands after a split as the venue’s account does, and so it starts the next session', () => {
    const floor = floorWithCalls();
    const exchange = new SimulatedExchange({
      execution: 'next-open',
      commission: { kind: 'none' },
      seed: 1,
      allowShort: false,
      cashMicros: 100_000 * DOLLAR,
      configOf: () => floor.run.config.exchange,
      multiplierOf: () => 1,
      contractOf: (symbol) => (symbol.length === 21 ? contractOf(symbol) : undefined),
    });
    exchange.declareCore({ symbol: 'A', quantity: 5, px: 100 });
    const split = { symbol: 'A', numerator: 3, denominator: 2, cashInLieuPx: 69 };
    floor.nextDay().input(SplitApplied.of(exchange.split(split, floor.now)));
    const adjusted = 'A1    240119C00100000';
    expect(held(floor)).toEqual([
      ['A', 'core', 7],
      [adjusted, 'hedge', 2],
      [adjusted, 'tactical', 1],
    ]);
    const spent = (cashMicros: number) => 100_000 - cashMicros / DOLLAR;
    expect(spent(exchange.toJSON().account.cashMicros)).toBe(500 - 34.5);
    expect(spent(floor.actors.portfolio.cashMicros)).toBe(500 - 34.5 + 1_200);
    floor.day('A', 70);
    // 150 shares a contract: 105 a hundredth of it, 5 in the money.
    expect(equity(floor)).toBe(100_000 - 465.5 - 1_200 + 7 * 70 + 3 * 500);
    const next = new Floor({ carried: floor.carryOver() }).after(2 * 86_400_000_000).day('A', 72);
    expect(held(next)).toEqual(held(floor));
    expect(equity(next)).toBe(100_000 - 465.5 - 1_200 + 7 * 72 + 3 * 800);
  });
});
