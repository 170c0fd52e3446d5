import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onQuantityGrid, type Side, sideSign } from '../../src/domain/instrument.ts';
import type { LedgerFill, LedgerSettlement, LedgerSplit } from '../../src/domain/ledger-entries.ts';
import { Ledger, type PositionRole } from '../../src/domain/portfolio.ts';

const DOLLAR = 1_000_000;
const START = 1_000_000 * DOLLAR;
const CALL = 'ABC   200619C00100000';
const PUT = 'ABC   200619P00100000';
let ids = 0;

function fill(
  symbol: string,
  side: Side,
  quantity: number,
  px: number,
  more: Partial<LedgerFill> = {},
): LedgerFill {
  const multiplier = symbol === 'ABC' ? 1 : 100;
  ids += 1;
  return {
    executionId: `x${ids}`,
    symbol,
    role: 'tactical',
    side,
    quantity,
    px,
    feeMicros: 0,
    multiplier,
    ...more,
  };
}

function settlement(
  symbol: string,
  quantity: number,
  more: Partial<LedgerSettlement> = {},
): LedgerSettlement {
  ids += 1;
  return {
    settlementId: `s${ids}`,
    symbol,
    quantity,
    optionPx: 0,
    multiplier: 100,
    strike: 100,
    underlying: 'ABC',
    shares: 0,
    underlyingMultiplier: 1,
    ...more,
  };
}

const split = (numerator: number, denominator: number, more: Partial<LedgerSplit> = {}): LedgerSplit => ({
  symbol: 'ABC',
  numerator,
  denominator,
  cashInLieuPx: null,
  renamed: () => undefined,
  ...more,
});

function ledgerAfter(...fills: LedgerFill[]): Ledger {
  const ledger = new Ledger(START);
  for (const each of fills) ledger.fill(each);
  return ledger;
}

const held = (ledger: Ledger) =>
  ledger
    .positions()
    .map(({ symbol, role, quantity, costMicros }) => [symbol, role, quantity, costMicros / DOLLAR]);
const spent = (ledger: Ledger) => (START - ledger.cashMicros) / DOLLAR;

describe('a settlement', () => {
  test('that expires a contract realises its whole premium', () => {
    const ledger = ledgerAfter(fill(CALL, 'buy', 2, 4.05));
    expect(ledger.settle(settlement(CALL, 2))).toEqual({ realizedMicros: -810 * DOLLAR, applied: true });
    expect(ledger.positions()).toEqual([]);
    expect(spent(ledger)).toBe(810);
  });

  test('in cash pays the option’s price, to a writer from the account', () => {
    const ledger = ledgerAfter(fill(CALL, 'buy', 2, 4), fill(PUT, 'sell', 1, 3));
    expect(ledger.settle(settlement(CALL, 2, { optionPx: 5 })).realizedMicros).toBe(200 * DOLLAR);
    expect(ledger.settle(settlement(PUT, -1, { optionPx: 1.25 })).realizedMicros).toBe(175 * DOLLAR);
    expect(spent(ledger)).toBe(-375);
  });

  test('by exercise brings the shares in at the strike, in the role that held the option', () => {
    const ledger = ledgerAfter(fill(CALL, 'buy', 2, 4, { role: 'hedge' }));
    ledger.settle(settlement(CALL, 2, { shares: 200 }));
    expect(held(ledger)).toEqual([['ABC', 'hedge', 200, 20_000]]);
    expect(spent(ledger)).toBe(20_800);
  });

  test('by assignment takes shares away and realises them against what they cost', () => {
    const ledger = ledgerAfter(fill('ABC', 'buy', 150, 90), fill(CALL, 'sell', 1, 4));
    const { realizedMicros } = ledger.settle(settlement(CALL, -1, { shares: -100 }));
    expect(realizedMicros).toBe((400 + 1_000) * DOLLAR);
    expect(held(ledger)).toEqual([['ABC', 'tactical', 50, 4_500]]);
  });

  test('ends every role with its share of what is delivered', () => {
    const ledger = ledgerAfter(
      fill(PUT, 'buy', 2, 4),
      fill(PUT, 'buy', 3, 5, { role: 'hedge' }),
      fill('ABC', 'buy', 700, 90, { role: 'core' }),
    );
    ledger.settle(settlement(PUT, 5, { shares: -500 }));
    expect(held(ledger)).toEqual([
      ['ABC', 'core', 700, 63_000],
      ['ABC', 'hedge', -300, -30_000],
      ['ABC', 'tactical', -200, -20_000],
    ]);
  });

  test('of a part takes from one role after the other, on the side that ends', () => {
    const ledger = ledgerAfter(
      fill(CALL, 'sell', 2, 4, { role: 'core' }),
      fill(CALL, 'buy', 1, 4, { role: 'hedge' }),
      fill(CALL, 'sell', 3, 4),
    );
    ledger.settle(settlement(CALL, -3, { shares: -300 }));
    expect(held(ledger).map(([symbol, role, quantity]) => [symbol, role, quantity])).toEqual([
      ['ABC', 'core', -200],
      ['ABC', 'tactical', -100],
      [CALL, 'hedge', 1],
      [CALL, 'tactical', -2],
    ]);
  });

  test('of more than is held waits for the fill that is still to come', () => {
    const ledger = ledgerAfter(fill(CALL, 'buy', 1, 4));
    ledger.settle(settlement(CALL, 2));
    expect(held(ledger)).toEqual([[CALL, 'tactical', -1, 0]]);
    ledger.fill(fill(CALL, 'buy', 1, 4));
    expect(ledger.positions()).toEqual([]);
    expect(spent(ledger)).toBe(800);
  });

  test('pays for a deliverable that a split left uneven with strike times multiplier', () => {
    const ledger = ledgerAfter(fill(CALL, 'buy', 1, 4));
    ledger.settle(settlement(CALL, 1, { shares: 150 }));
    expect(held(ledger)).toEqual([['ABC', 'tactical', 150, 10_000]]);
  });

  test('is applied once, also after a carry-over', () => {
    const ledger = ledgerAfter(fill(CALL, 'buy', 2, 4));
    const once = settlement(CALL, 2, { shares: 200 });
    ledger.settle(once);
    expect(ledger.settle(once)).toEqual({ realizedMicros: 0, applied: false });
    const carried = Ledger.fromJSON(JSON.parse(JSON.stringify(ledger)));
    expect(carried.settle(once).applied).toBe(false);
    expect(held(carried)).toEqual([['ABC', 'tactical', 200, 20_000]]);
  });

  test('stands when a fill before it is busted or corrected', () => {
    const [first, second] = [fill(CALL, 'buy', 2, 4), fill(CALL, 'buy', 1, 5)];
    const ledger = ledgerAfter(first, second);
    ledger.settle(settlement(CALL, 3, { shares: 300 }));
    ledger.correct({ executionId: first.executionId, lastQty: 2, lastPx: 3, feeMicros: 7 });
    expect(held(ledger)).toEqual([['ABC', 'tactical', 300, 30_000]]);
    expect(spent(ledger)).toBe(600 + 500 + 30_000 + 7 / DOLLAR);
    ledger.bust(second.executionId);
    expect(held(ledger)).toEqual([
      ['ABC', 'tactical', 300, 30_000],
      [CALL, 'tactical', -1, 0],
    ]);
    expect(spent(ledger)).toBe(600 + 30_000 + 7 / DOLLAR);
  });
});

describe('a split', () => {
  const renamed: LedgerSplit['renamed'] = (symbol) =>
    symbol === CALL ? { symbol: 'ABC   200619C00050000', factor: 2 } : undefined;

  test('multiplies the shares and leaves what they cost', () => {
    const ledger = ledgerAfter(fill('ABC', 'buy', 10, 100), fill('XYZ', 'buy', 5, 1, { multiplier: 1 }));
    ledger.split(split(4, 1));
    expect(held(ledger)).toEqual([
      ['ABC', 'tactical', 40, 1_000],
      ['XYZ', 'tactical', 5, 5],
    ]);
    expect(ledger.realizedMicros).toBe(0);
  });

  test('gives contracts their new name and number', () => {
    const ledger = ledgerAfter(fill(CALL, 'buy', 3, 4), fill(PUT, 'buy', 1, 2));
    ledger.split(split(2, 1, { renamed }));
    expect(held(ledger)).toEqual([
      ['ABC   200619C00050000', 'tactical', 6, 1_200],
      [PUT, 'tactical', 1, 200],
    ]);
    expect(ledger.position(CALL, 'tactical')).toBeUndefined();
  });

  test('leaves fractions in the books where no price is given for them', () => {
    const ledger = ledgerAfter(fill('ABC', 'buy', 5, 100));
    ledger.split(split(3, 2));
    expect(held(ledger)).toEqual([['ABC', 'tactical', 7.5, 500]]);
  });

  test('pays fractions out at the price given, and realises them', () => {
    const ledger = ledgerAfter(fill('ABC', 'buy', 5, 99));
    ledger.split(split(3, 2, { cashInLieuPx: 70 }));
    expect(held(ledger)).toEqual([['ABC', 'tactical', 7, 462]]);
    expect(ledger.realizedMicros).toBe((35 - 33) * DOLLAR);
    expect(spent(ledger)).toBe(495 - 35);
  });

  test('buys a short’s fraction back', () => {
    const ledger = ledgerAfter(fill('ABC', 'sell', 5, 100));
    ledger.split(split(1, 2, { cashInLieuPx: 190 }));
    expect(held(ledger)).toEqual([['ABC', 'tactical', -2, -400]]);
    expect(spent(ledger)).toBe(-500 + 95);
  });

  test('pays out only what the roles together leave of a whole share', () => {
    const ledger = ledgerAfter(fill('ABC', 'buy', 1, 90, { role: 'core' }), fill('ABC', 'buy', 1, 90));
    ledger.split(split(3, 2, { cashInLieuPx: 60 }));
    expect(held(ledger).map(([, role, quantity]) => [role, quantity])).toEqual([
      ['core', 1],
      ['tactical', 2],
    ]);
    expect(spent(ledger)).toBe(180);
  });

  test('lets a fill before it be busted, in units of after it', () => {
    const fills = [1, 1, 1].map(() => fill('ABC', 'buy', 1, 30));
    const ledger = ledgerAfter(...fills);
    ledger.split(split(1, 3));
    expect(held(ledger)).toEqual([['ABC', 'tactical', 1, 90]]);
    ledger.bust(fills[0].executionId);
    expect(held(ledger)).toEqual([['ABC', 'tactical', 0.666666667, 60]]);
    ledger.bust(fills[1].executionId);
    ledger.bust(fills[2].executionId);
    expect(spent(ledger)).toBe(0);
  });

  test('keeps repeats of what came before it out', () => {
    const [shares, calls] = [fill('ABC', 'buy', 10, 100), fill(CALL, 'buy', 3, 4)];
    const ledger = ledgerAfter(shares, calls);
    ledger.split(split(2, 1, { renamed }));
    expect(ledger.fill(shares).applied).toBe(false);
    expect(ledger.position('ABC', 'tactical')?.quantity).toBe(20);
  });

  test('that gives two contracts one name is refused', () => {
    const ledger = ledgerAfter(fill(CALL, 'buy', 3, 4), fill(PUT, 'buy', 1, 2));
    const toOne = (symbol: string) =>
      symbol === 'ABC' ? undefined : { symbol: 'ABC   200619C00050000', factor: 2 };
    expect(() => ledger.split(split(2, 1, { renamed: toOne }))).toThrow(
      'the split of ABC gives two of its contracts one name',
    );
  });
});

type Step =
  | { do: 'fill'; fill: LedgerFill }
  | { do: 'bust' | 'correct'; of: number; quantity: number; px: number }
  | { do: 'settle'; symbol: string; surplus: number; optionPx: number; delivers: boolean }
  | { do: 'split'; numerator: number; denominator: number; cashInLieuPx: number | null };

const SYMBOLS = ['ABC', CALL, PUT];
const cents = (max: number) => fc.integer({ min: 1, max: max * 100 }).map((n) => n / 100);
const stepArb: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        symbol: fc.constantFrom(...SYMBOLS),
        role: fc.constantFrom<PositionRole>('tactical', 'core', 'hedge'),
        side: fc.constantFrom<Side>('buy', 'sell'),
        quantity: fc.integer({ min: 1, max: 300 }),
        px: cents(1_000),
        feeMicros: fc.integer({ min: 0, max: 5_000_000 }),
      })
      .map(({ symbol, side, quantity, px, ...more }) => ({
        do: 'fill' as const,
        fill: fill(symbol, side, quantity, px, more),
      })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom<'bust' | 'correct'>('bust', 'correct'),
      of: fc.nat(60),
      quantity: fc.integer({ min: 1, max: 50 }),
      px: cents(500),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      symbol: fc.constantFrom(CALL, PUT),
      surplus: fc.constantFrom(0, 0, 0, -2, 3),
      optionPx: fc.oneof(fc.constant(0), cents(90)),
      delivers: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('split' as const),
      numerator: fc.integer({ min: 1, max: 7 }),
      denominator: fc.integer({ min: 1, max: 7 }),
      cashInLieuPx: fc.option(cents(500), { nil: null }),
    }),
  },
);

const quantityOf = (ledger: Ledger, symbol: string): number =>
  onQuantityGrid(
    ledger
      .positions()
      .filter((each) => each.symbol === symbol)
      .reduce((sum, { quantity }) => sum + quantity, 0),
  );

/** Plays the steps; returns the cash that every step by itself should have left. */
function play(ledger: Ledger, steps: readonly Step[]): number {
  const standing: LedgerFill[] = [];
  let cash = START;
  const value = ({ symbol, side, quantity, px, feeMicros }: LedgerFill) =>
    -sideSign(side) * quantity * Math.round(px * DOLLAR) * (symbol === 'ABC' ? 1 : 100) - feeMicros;
  for (const step of steps) {
    switch (step.do) {
      case 'fill':
        if (!ledger.fill(step.fill).applied) break;
        standing.push(step.fill);
        cash += value(step.fill);
        break;
      case 'bust':
      case 'correct': {
        if (standing.length === 0) break;
        const at = step.of % standing.length;
        const isBust = step.do === 'bust';
        const now = {
          ...standing[at],
          quantity: isBust ? 0 : step.quantity,
          px: step.px,
          feeMicros: isBust ? 0 : 11,
        };
        if (isBust) ledger.bust(now.executionId);
        else
          ledger.correct({
            executionId: now.executionId,
            lastQty: now.quantity,
            lastPx: now.px,
            feeMicros: 11,
          });
        cash += value(now) - value(standing[at]);
        standing[at] = now;
        break;
      }
      case 'settle': {
        const quantity = quantityOf(ledger, step.symbol) + step.surplus;
        if (quantity === 0) break;
        const shares = step.delivers ? quantity * (step.symbol === CALL ? 100 : -100) : 0;
        ledger.settle(settlement(step.symbol, quantity, { optionPx: step.optionPx, shares }));
        cash += quantity * Math.round(step.optionPx * DOLLAR) * 100 - shares * 100 * DOLLAR;
        break;
      }
      case 'split': {
        const counted = (quantityOf(ledger, 'ABC') * step.numerator) / step.denominator;
        const fraction = onQuantityGrid(counted - Math.trunc(onQuantityGrid(counted)));
        ledger.split(split(step.numerator, step.denominator, { cashInLieuPx: step.cashInLieuPx }));
        if (step.cashInLieuPx === null) expect(quantityOf(ledger, 'ABC')).toBeCloseTo(counted, 6);
        else {
          expect(Number.isInteger(quantityOf(ledger, 'ABC'))).toBe(true);
          cash += Math.round(fraction * Math.round(step.cashInLieuPx * DOLLAR));
        }
      }
    }
  }
  return cash;
}

describe('under any fills, busts, corrections, settlements and splits', () => {
  const steps = fc.array(stepArb, { maxLength: 60 });

  test('cash = start + realised - fees - cost of open positions, exactly', () => {
    fc.assert(
      fc.property(steps, (played) => {
        const ledger = new Ledger(START);
        play(ledger, played);
        const cost = ledger.positions().reduce((sum, each) => sum + each.costMicros, 0);
        expect(ledger.cashMicros).toBe(START + ledger.realizedMicros - ledger.feesMicros - cost);
      }),
      { numRuns: 500 },
    );
  });

  test('cash is what fills, settlements and fractions paid out come to', () => {
    fc.assert(
      fc.property(steps, (played) => {
        const ledger = new Ledger(START);
        const cash = play(ledger, played);
        // Half a micro of a fraction may round either way.
        const splits = played.filter((each) => each.do === 'split').length;
        expect(Math.abs(ledger.cashMicros - cash)).toBeLessThanOrEqual(splits);
      }),
      { numRuns: 500 },
    );
  });

  test('what a settlement ends in full is held no more, in any role', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(CALL, PUT), (played, symbol) => {
        const ledger = new Ledger(START);
        play(ledger, played);
        const quantity = quantityOf(ledger, symbol);
        if (quantity === 0) return;
        ledger.settle(settlement(symbol, quantity));
        expect(ledger.positions().filter((each) => each.symbol === symbol)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('a ledger carried over as JSON goes on like the one that never stopped', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const ledger = new Ledger(START);
        play(ledger, before);
        const carried = Ledger.fromJSON(JSON.parse(JSON.stringify(ledger)));
        const firstId = ids;
        play(ledger, after);
        ids = firstId;
        play(carried, after);
        expect(JSON.stringify(carried)).toBe(JSON.stringify(ledger));
        expect(carried.realizedMicros).toBe(ledger.realizedMicros);
      }),
      { numRuns: 300 },
    );
  });
});
