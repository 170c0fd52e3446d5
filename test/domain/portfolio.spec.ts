import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onQuantityGrid, type Side, sideSign } from '../../src/domain/instrument.ts';
import type { LedgerFill } from '../../src/domain/ledger-entries.ts';
import { Ledger, type Position, type PositionRole } from '../../src/domain/portfolio.ts';

const DOLLAR = 1_000_000;
let executions = 0;

function fillOf(side: Side, quantity: number, px: number, more: Partial<LedgerFill> = {}): LedgerFill {
  executions += 1;
  return {
    executionId: `x${executions}`,
    symbol: 'ABC',
    role: 'tactical',
    side,
    quantity,
    px,
    feeMicros: 0,
    multiplier: 1,
    ...more,
  };
}

function ledgerAfter(...fills: LedgerFill[]): Ledger {
  const ledger = new Ledger(10_000 * DOLLAR);
  for (const fill of fills) ledger.fill(fill);
  return ledger;
}

const held = (ledger: Ledger) => {
  const position = ledger.position('ABC', 'tactical');
  return position && [position.quantity, position.costMicros / DOLLAR];
};

describe('a ledger', () => {
  test('holds at average cost and realises against it', () => {
    const ledger = ledgerAfter(fillOf('buy', 10, 100), fillOf('buy', 10, 110));
    expect(held(ledger)).toEqual([20, 2100]);
    expect(ledger.fill(fillOf('sell', 5, 120))).toEqual({ realizedMicros: 75 * DOLLAR, applied: true });
    expect(held(ledger)).toEqual([15, 1575]);
    expect(ledger.cashMicros).toBe((10_000 - 2_100 + 600) * DOLLAR);
  });

  test('shorts at a negative cost and realises when it buys back', () => {
    const ledger = ledgerAfter(fillOf('sell', 10, 50));
    expect(held(ledger)).toEqual([-10, -500]);
    expect(ledger.fill(fillOf('buy', 10, 45)).realizedMicros).toBe(50 * DOLLAR);
    expect(ledger.positions()).toEqual([]);
  });

  test('closes and reopens where a fill crosses zero', () => {
    const ledger = ledgerAfter(fillOf('buy', 10, 100));
    expect(ledger.fill(fillOf('sell', 15, 90)).realizedMicros).toBe(-100 * DOLLAR);
    expect(held(ledger)).toEqual([-5, -450]);
  });

  test('counts a contract multiplier', () => {
    const ledger = ledgerAfter(fillOf('buy', 1, 54.8, { multiplier: 100, feeMicros: DOLLAR }));
    ledger.fill(fillOf('sell', 1, 52, { multiplier: 100, feeMicros: DOLLAR }));
    // REFERENCES.md D: 100,000 becomes 99,718.
    expect(ledger.cashMicros).toBe((10_000 - 282) * DOLLAR);
    expect(ledger.feesMicros).toBe(2 * DOLLAR);
    expect(ledger.realizedMicros).toBe(-280 * DOLLAR);
  });

  test('refuses a symbol whose multiplier changes', () => {
    const ledger = ledgerAfter(fillOf('buy', 1, 5, { multiplier: 100 }));
    expect(() => ledger.fill(fillOf('buy', 1, 5))).toThrow(
      'a fill of ABC has multiplier 1; the ledger holds it with 100',
    );
  });

  test('keeps roles apart and lists them by symbol, then role', () => {
    const ledger = ledgerAfter(fillOf('buy', 1, 10), fillOf('buy', 2, 10, { symbol: 'AAA' }));
    ledger.declareCore({ symbol: 'ABC', quantity: 6, px: 100, multiplier: 1 });
    expect(ledger.positions().map(({ symbol, role, quantity }) => [symbol, role, quantity])).toEqual([
      ['AAA', 'tactical', 2],
      ['ABC', 'core', 6],
      ['ABC', 'tactical', 1],
    ]);
    expect(ledger.cashMicros).toBe((10_000 - 630) * DOLLAR);
  });

  test('takes another declared holding after it was carried over', () => {
    const ledger = new Ledger(10_000 * DOLLAR);
    const core = { symbol: 'ABC', quantity: 6, px: 100, multiplier: 1 };
    ledger.declareCore(core);
    const carried = Ledger.fromJSON(JSON.parse(JSON.stringify(ledger)));
    carried.declareCore(core);
    expect(carried.position('ABC', 'core')?.quantity).toBe(12);
  });

  test('values positions at their marks, and at cost where there is none', () => {
    const ledger = ledgerAfter(fillOf('buy', 10, 100), fillOf('sell', 3, 20, { symbol: 'XYZ' }));
    expect(ledger.equityMicros((symbol) => (symbol === 'ABC' ? 101 : 19))).toBe(10_013 * DOLLAR);
    expect(ledger.equityMicros(() => undefined)).toBe(10_000 * DOLLAR);
  });

  test('adds up exposure of longs and shorts, by role and by symbol', () => {
    const ledger = ledgerAfter(
      fillOf('buy', 10, 100),
      fillOf('sell', 3, 20, { symbol: 'XYZ', role: 'hedge' }),
    );
    const markOf = (symbol: string) => (symbol === 'ABC' ? 101 : 19);
    expect(ledger.exposureMicros(markOf)).toBe(1_067 * DOLLAR);
    expect(ledger.exposureMicros(markOf, ({ role }) => role === 'hedge')).toBe(57 * DOLLAR);
    expect(ledger.exposureMicros(markOf, ({ symbol }) => symbol === 'ABC')).toBe(1_010 * DOLLAR);
    const abcHedge = ({ symbol, role }: Position) => symbol === 'ABC' && role === 'hedge';
    expect(ledger.exposureMicros(markOf, abcHedge)).toBe(0);
  });

  test('ignores a repeated execution', () => {
    const fill = fillOf('buy', 10, 100);
    const ledger = ledgerAfter(fill);
    expect(ledger.fill(fill)).toEqual({ realizedMicros: 0, applied: false });
    expect(held(ledger)).toEqual([10, 1000]);
  });

  test('is flat after decimal quantities cancel out', () => {
    const ledger = ledgerAfter(fillOf('buy', 0.1, 10), fillOf('buy', 0.2, 10), fillOf('sell', 0.3, 10));
    expect(ledger.positions()).toEqual([]);
  });

  test('stands after a bust as if the fill had never been, with its fee returned', () => {
    const [first, second] = [
      fillOf('buy', 10, 100, { feeMicros: 7 }),
      fillOf('sell', 10, 110, { feeMicros: 9 }),
    ];
    const ledger = ledgerAfter(first, second);
    expect(ledger.bust(second.executionId)).toEqual({ realizedMicros: -100 * DOLLAR, applied: true });
    expect(held(ledger)).toEqual([10, 1000]);
    expect(ledger.feesMicros).toBe(7);
    expect(ledger.fill(second).applied).toBe(false);
  });

  test('stands after a correction as if the fill had been so from the start', () => {
    const [first, second] = [fillOf('buy', 10, 100), fillOf('sell', 5, 110)];
    const ledger = ledgerAfter(first, second);
    ledger.correct({ executionId: first.executionId, lastQty: 12, lastPx: 90, feeMicros: 3 });
    expect(held(ledger)).toEqual([7, 630]);
    expect(ledger.realizedMicros).toBe(100 * DOLLAR);
    expect(ledger.cashMicros).toBe((10_000 - 1080 + 550) * DOLLAR - 3);
  });

  test('cannot bust what it does not remember', () => {
    expect(ledgerAfter().bust('nothing')).toEqual({ realizedMicros: 0, applied: false });
  });

  test('remembers at least the last thousand executions of a symbol, and never more than two thousand', () => {
    const fills = Array.from({ length: 3_500 }, (_, i) =>
      fillOf(i % 2 ? 'sell' : 'buy', 1 + (i % 3), 10 + (i % 7)),
    );
    const ledger = ledgerAfter(...fills);
    const without = ledgerAfter(...fills.filter((_, i) => i !== 2_600));
    expect(ledger.toJSON().books[0].executions.length).toBeLessThanOrEqual(2_000);
    expect(ledger.bust(fills[2_600].executionId).applied).toBe(true);
    expect(ledger.cashMicros).toBe(without.cashMicros);
    expect(ledger.positions()).toEqual(without.positions());
  });
});

type Step =
  | { do: 'fill'; fill: LedgerFill }
  | { do: 'bust' | 'correct'; of: number; quantity: number; px: number };

const fillArb = fc.record({
  executionId: fc.uuid(),
  symbol: fc.constantFrom('AAA', 'BBB'),
  role: fc.constantFrom<PositionRole>('tactical', 'core', 'hedge'),
  side: fc.constantFrom<Side>('buy', 'sell'),
  quantity: fc.oneof(
    fc.integer({ min: 1, max: 500 }),
    fc.integer({ min: 1, max: 9_999 }).map((n) => n / 1_000),
  ),
  px: fc.integer({ min: 1, max: 10_000_000 }).map((n) => n / 10_000),
  feeMicros: fc.integer({ min: 0, max: 5_000_000 }),
  multiplier: fc.constant(1),
});
const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fillArb.map((fill): Step => ({ do: 'fill', fill })) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom<'bust' | 'correct'>('bust', 'correct'),
      of: fc.nat(60),
      quantity: fc.integer({ min: 1, max: 50 }),
      px: fc.integer({ min: 1, max: 500 }),
    }),
  },
);

/** Plays the steps; returns the fills as they finally stand. */
function play(ledger: Ledger, steps: readonly Step[], standing: LedgerFill[] = []): LedgerFill[] {
  for (const step of steps) {
    if (step.do === 'fill') {
      if (ledger.fill(step.fill).applied) standing.push(step.fill);
      continue;
    }
    if (standing.length === 0) continue;
    const at = step.of % standing.length;
    const { executionId } = standing[at];
    const quantity = step.do === 'bust' ? 0 : step.quantity;
    if (step.do === 'bust') ledger.bust(executionId);
    else ledger.correct({ executionId, lastQty: step.quantity, lastPx: step.px, feeMicros: 11 });
    standing[at] = { ...standing[at], quantity, px: step.px, feeMicros: step.do === 'bust' ? 0 : 11 };
  }
  return standing;
}

describe('under any fills, busts and corrections', () => {
  const START = 1_000_000 * DOLLAR;

  test('cash = start + realised - fees - cost of open positions, exactly', () => {
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 60 }), (steps) => {
        const ledger = new Ledger(START);
        play(ledger, steps);
        const cost = ledger.positions().reduce((sum, each) => sum + each.costMicros, 0);
        expect(ledger.cashMicros).toBe(START + ledger.realizedMicros - ledger.feesMicros - cost);
      }),
      { numRuns: 500 },
    );
  });

  test('a position is the sum of its fills, and cash what they cost', () => {
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 60 }), (steps) => {
        const ledger = new Ledger(START);
        const standing = play(ledger, steps);
        const sums = new Map<string, number>();
        let cash = START;
        for (const { symbol, role, side, quantity, px, feeMicros } of standing) {
          const key = `${symbol} ${role}`;
          sums.set(key, onQuantityGrid((sums.get(key) ?? 0) + sideSign(side) * quantity));
          cash -= sideSign(side) * Math.round(quantity * Math.round(px * DOLLAR)) + feeMicros;
        }
        for (const [key, sum] of sums) {
          const [symbol, role] = key.split(' ');
          expect(ledger.position(symbol, role as PositionRole)?.quantity ?? 0).toBe(sum);
        }
        expect(ledger.cashMicros).toBe(cash);
      }),
      { numRuns: 500 },
    );
  });

  test('a ledger carried over as JSON goes on like the one that never stopped', () => {
    fc.assert(
      fc.property(
        fc.array(stepArb, { maxLength: 30 }),
        fc.array(stepArb, { maxLength: 30 }),
        (before, after) => {
          const ledger = new Ledger(START);
          const standing = play(ledger, before);
          const carried = Ledger.fromJSON(JSON.parse(JSON.stringify(ledger)));
          expect(carried.positions()).toEqual(ledger.positions());
          play(ledger, after, [...standing]);
          play(carried, after, [...standing]);
          expect(JSON.stringify(carried)).toBe(JSON.stringify(ledger));
          expect(carried.realizedMicros).toBe(ledger.realizedMicros);
        },
      ),
      { numRuns: 300 },
    );
  });
});
