import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  roundPassive,
  type Side,
  type TickClass,
  tickSize,
  tickTowards,
} from '../../src/domain/instrument.ts';
import { entryCap, modelledQuote } from '../../src/domain/spread-model.ts';

type OptionClass = Exclude<TickClass, 'shares'>;
const side = fc.constantFrom<Side>('buy', 'sell');
const optionClass = fc.constantFrom<OptionClass>('penny', 'nickel', 'pennyAll');

/** The grid counted in whole cents, as the exchanges' rule books write it. */
const ticksInCents: Record<OptionClass, [below: number, from: number]> = {
  penny: [1, 5],
  nickel: [5, 10],
  pennyAll: [1, 1],
};
const onGrid = (cents: number, tickClass: OptionClass) =>
  cents % ticksInCents[tickClass][cents < 300 ? 0 : 1] === 0;
const nearCents = fc.oneof(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 280, max: 320 }));
const offGrid = fc.oneof(
  fc.double({ min: 0.001, max: 200, noNaN: true }),
  fc.double({ min: 2.9, max: 3.1, noNaN: true }),
);

/** The grid price reached by walking cent by cent. */
function walk(cents: number, by: 1 | -1, tickClass: OptionClass): number {
  let at = cents;
  while (!onGrid(at, tickClass)) at += by;
  return at / 100;
}

describe('the grid of an option class', () => {
  test('changes its step at three dollars', () => {
    const ticks = (tickClass: TickClass) => [0.01, 2.99, 3, 50].map((px) => tickSize(px, tickClass));
    expect(ticks('penny')).toEqual([0.01, 0.01, 0.05, 0.05]);
    expect(ticks('nickel')).toEqual([0.05, 0.05, 0.1, 0.1]);
    expect(ticks('pennyAll')).toEqual([0.01, 0.01, 0.01, 0.01]);
  });

  test.prop([nearCents, optionClass])(
    'rounds every cent to the nearest price behind, exactly',
    (cents, tickClass) => {
      expect(roundPassive(cents / 100, 'buy', tickClass)).toBe(walk(cents, -1, tickClass));
      expect(roundPassive(cents / 100, 'sell', tickClass)).toBe(walk(cents, 1, tickClass));
    },
  );

  test.prop([offGrid, optionClass])('rounds any price to a neighbour on the grid', (px, tickClass) => {
    const [down, up] = [roundPassive(px, 'buy', tickClass), roundPassive(px, 'sell', tickClass)];
    expect(down).toBeLessThanOrEqual(px + 1e-6);
    expect(up).toBeGreaterThanOrEqual(px - 1e-6);
    for (const rounded of [down, up]) {
      const cents = Math.round(rounded * 100);
      expect(rounded).toBe(cents / 100);
      expect(onGrid(cents, tickClass)).toBe(true);
    }
    if (down < up) expect(tickTowards(down, 'buy', tickClass)).toBe(up);
  });

  test.prop([nearCents, side, optionClass, fc.constantFrom(-1, 1)])(
    'forgives the last binary digits of a price on it',
    (cents, on, tickClass, sign) => {
      const px = walk(cents, 1, tickClass);
      expect(roundPassive(px * (1 + sign * 4 * Number.EPSILON), on, tickClass)).toBe(px);
    },
  );

  test('is not left at its boundary', () => {
    expect([roundPassive(2.996, 'sell', 'penny'), roundPassive(2.996, 'buy', 'penny')]).toEqual([3, 2.99]);
    expect([roundPassive(3.01, 'sell', 'penny'), roundPassive(3.049, 'buy', 'penny')]).toEqual([3.05, 3]);
    expect([roundPassive(2.97, 'sell', 'nickel'), roundPassive(3.09, 'buy', 'nickel')]).toEqual([3, 3]);
  });
});

describe('one tick on', () => {
  test('takes the step of the side it goes to', () => {
    expect([tickTowards(3, 'buy', 'penny'), tickTowards(3, 'sell', 'penny')]).toEqual([3.05, 2.99]);
    expect([tickTowards(3, 'buy', 'nickel'), tickTowards(3, 'sell', 'nickel')]).toEqual([3.1, 2.95]);
    expect([tickTowards(2.99, 'buy', 'penny'), tickTowards(3.05, 'sell', 'penny')]).toEqual([3, 3]);
    expect([tickTowards(1, 'buy'), tickTowards(1, 'sell'), tickTowards(0.9999, 'buy')]).toEqual([
      1.01, 0.9999, 1,
    ]);
  });

  test.prop([nearCents, side, optionClass])('and one tick back is where it was', (cents, on, tickClass) => {
    const px = walk(cents, 1, tickClass);
    const there = tickTowards(px, on, tickClass);
    expect(tickTowards(there, on === 'buy' ? 'sell' : 'buy', tickClass)).toBe(px);
    expect(Math.sign(there - px)).toBe(on === 'buy' ? 1 : -1);
  });
});

describe('the cap of an option entry', () => {
  const quote = fc
    .tuple(nearCents, nearCents, optionClass)
    .map(([a, b, tickClass]) => ({ tickClass, ends: [walk(a, 1, tickClass), walk(b, 1, tickClass)] }))
    .map(({ tickClass, ends }) => ({ tickClass, bidPx: Math.min(...ends), askPx: Math.max(...ends) }));

  test.prop([quote, side])('is on the grid and between the midpoint and the far touch', (q, on) => {
    const cap = entryCap(q, on, q.tickClass);
    expect(roundPassive(cap, on, q.tickClass)).toBe(cap);
    const midpoint = (q.bidPx + q.askPx) / 2;
    const [from, to] = on === 'buy' ? [midpoint, q.askPx] : [q.bidPx, midpoint];
    expect(cap).toBeGreaterThanOrEqual(from - 1e-9);
    expect(cap).toBeLessThanOrEqual(to + 1e-9);
  });

  test('goes one tick of its class past the rounded midpoint where the spread is narrow', () => {
    expect(entryCap({ bidPx: 2.9, askPx: 3.0 }, 'buy', 'nickel')).toBe(3);
    expect(entryCap({ bidPx: 4.9, askPx: 5.1 }, 'buy', 'nickel')).toBe(5.1);
    expect(entryCap({ bidPx: 4.95, askPx: 5.05 }, 'buy', 'penny')).toBe(5.05);
    expect(entryCap({ bidPx: 4.95, askPx: 5.05 }, 'buy', 'pennyAll')).toBe(5.02);
    // A midpoint of three dollars: what lies below is counted in cents.
    expect(entryCap({ bidPx: 2.95, askPx: 3.05 }, 'sell', 'penny')).toBe(2.98);
    expect(entryCap({ bidPx: 2.98, askPx: 3.02 }, 'sell', 'penny')).toBe(2.99);
  });
});

describe('the modelled quote of an option', () => {
  test.prop([offGrid, fc.double({ min: 0, max: 3, noNaN: true }), optionClass])(
    'holds the price, on the grid',
    (px, half, tickClass) => {
      const { bidPx, askPx } = modelledQuote(px, half, tickClass);
      expect(bidPx).toBeGreaterThanOrEqual(0);
      expect(bidPx).toBeLessThanOrEqual(px + 1e-6);
      expect(askPx).toBeGreaterThanOrEqual(px - 1e-6);
      expect(roundPassive(bidPx, 'sell', tickClass)).toBe(bidPx);
      expect(roundPassive(askPx, 'buy', tickClass)).toBe(askPx);
    },
  );

  test('has no bid where nothing is worth a tick', () => {
    expect(modelledQuote(0.03, 0.025 / 0.03, 'pennyAll')).toEqual({ bidPx: 0, askPx: 0.06 });
    expect(modelledQuote(0.01, 2.5, 'nickel')).toEqual({ bidPx: 0, askPx: 0.05 });
  });
});
