import { describe, expect, test } from 'vitest';
import { CALL, OptionsFloor, PUT } from '../options-floor.ts';

const MINUTE = 60_000_000;

const floor = () => new OptionsFloor({ run: { benchmark: 'A' } }).after(30 * MINUTE).chain();

describe('what a position moves', () => {
  test('a share moves by itself, and has no premium', () => {
    expect(floor().actors.exposures.of({ symbol: 'A', role: 'core', quantity: 30 })).toEqual({
      symbol: 'A',
      underlying: 'A',
      role: 'core',
      deltaUnits: 30,
      beta: 1,
      delta: 3_000,
      betaWeighted: 3_000,
      gamma: 0,
      vega: 0,
      theta: 0,
      premium: 0,
    });
  });

  test('an option moves by its greeks times a hundred, in dollars', () => {
    const each = floor();
    const { delta, gamma, vega, theta } = each.actors.options.greeks(PUT)!;
    const put = each.actors.exposures.of({ symbol: PUT, role: 'hedge', quantity: 2 });
    expect(delta).toBeLessThan(0);
    expect(put.deltaUnits).toBeCloseTo(200 * delta, 9);
    expect(put.delta).toBeCloseTo(200 * delta * 100, 6);
    expect(put.vega).toBeCloseTo(200 * vega, 9);
    expect(put.theta).toBeCloseTo(200 * theta, 9);
    expect(put.premium).toBe(2 * 100 * 2.05);
    // A percent up is a dollar up: the dollar delta changes by gamma shares' worth.
    expect(put.gamma).toBeCloseTo(200 * gamma * 100, 6);
  });

  test('what is sold short has its greeks the other way and no premium to lose', () => {
    const { exposures } = floor().actors;
    const [long, short] = [1, -1].map((quantity) => exposures.ofQuantity(CALL, quantity));
    for (const name of ['delta', 'gamma', 'vega', 'theta'] as const) expect(short[name]).toBe(-long[name]);
    expect([long.premium, short.premium]).toEqual([305, 0]);
  });

  test('an option no volatility explains moves like its exercise', () => {
    const each = floor().after(MINUTE).chain(1_000, [0.01, 0.02], [20, 21]);
    expect(each.actors.options.greeks(CALL)).not.toBeNull();
    const stale = new OptionsFloor({ run: { benchmark: 'A' } }).after(30 * MINUTE);
    stale.quote('A', 109.99, 110.01);
    expect(stale.actors.exposures.ofQuantity(CALL, 1).deltaUnits).toBe(100);
    expect(stale.actors.exposures.ofQuantity(PUT, 1).deltaUnits).toBe(0);
  });

  test('sums are of all positions, or of roles', () => {
    const each = floor().hold('A', 10, 100) as OptionsFloor;
    each.decide(() => each.intend({ symbol: PUT, action: 'hedge', role: 'hedge', quantity: 1 }));
    each.fill(each.orders().at(-1)!, 2.1, 1);
    const { exposures } = each.actors;
    const [all, tactical, hedges] = [undefined, ['tactical'] as const, ['hedge'] as const].map((roles) =>
      exposures.sum(roles),
    );
    expect(tactical.delta).toBe(1_000);
    expect(hedges.delta).toBeLessThan(0);
    expect(all.delta).toBeCloseTo(tactical.delta + hedges.delta, 9);
    expect(exposures.all(['hedge']).map(({ symbol }) => symbol)).toEqual([PUT]);
  });
});
