import { describe, expect, test } from 'vitest';
import { CALL, OptionsFloor, PUT } from '../options-floor.ts';
import type { FloorOptions } from '../trading-floor.ts';

const MINUTE = 60_000_000;

/** 300 shares at 100 to hedge, 70,000 dollars of cash, a put at 2.10. */
const exposed = (options: FloorOptions = {}) => {
  const each = new OptionsFloor({ ...options, run: { benchmark: 'A', ...options.run } });
  each.after(30 * MINUTE).chain();
  each.hold('A', 300, 100).kernel.takeEffects();
  return each.after(MINUTE).chain();
};
const hedge = (each: OptionsFloor, quantity: number) =>
  each.decide(() =>
    each.intend({ symbol: PUT, action: 'hedge', role: 'hedge', orderType: 'limit', limitPx: 2.1, quantity }),
  );
const bought = (each: OptionsFloor, quantity: number) =>
  hedge(each, quantity).fill(each.orders().at(-1)!, 2.1, quantity) as OptionsFloor;
const units = (each: OptionsFloor) => each.actors.hedgeLimits.unitsNow(PUT);
const deltaPerPut = (each: OptionsFloor) => -each.actors.exposures.ofQuantity(PUT, 1).delta;
const roomy = { config: { hedge: { premiumMax: 1, premiumYearMax: 1 } } };

describe('contracts that may be bought', () => {
  test('take away the exposure and no more, those held and those on their way included', () => {
    const all = Math.floor(30_000 / deltaPerPut(exposed()));
    expect(all).toBeGreaterThan(5);
    expect(units(exposed(roomy))).toBe(all);
    expect(units(bought(exposed(roomy), 3))).toBe(all - 3);
    expect(units(hedge(exposed(roomy), 3) as OptionsFloor)).toBe(all - 3);
    expect(units(bought(exposed(roomy), all))).toBe(0);
  });

  test('are none where there is nothing to hedge, where nobody offers them, and of calls', () => {
    const flat = new OptionsFloor({ run: { benchmark: 'A' } }).after(30 * MINUTE).chain();
    expect(units(flat)).toBe(0);
    expect(units(exposed().after(MINUTE).chain(1_000, [3, 3.1], [2, 0]))).toBe(0);
    expect(exposed().actors.hedgeLimits.unitsNow(CALL)).toBe(0);
  });

  test('cost 3 % of the equity a hedge at most, open orders and puts that stay included', () => {
    const some = { config: { hedge: { premiumMax: 0.009 } } };
    expect(units(exposed(some))).toBe(4);
    expect(units(hedge(exposed(some), 1) as OptionsFloor)).toBe(3);
    expect(units(bought(exposed(some), 2))).toBe(2);
    const rolls = { config: { hedge: { premiumMax: 0.009, rollDays: 60 } } };
    expect(units(bought(exposed(rolls), 2))).toBe(4);
  });

  test('cost what is left of the year’s premium, whatever was sold since and in the next session', () => {
    const some = { config: { hedge: { premiumMax: 1, premiumYearMax: 0.009, rollDays: 60 } } };
    const each = bought(exposed(some), 3);
    expect(units(each)).toBe(1);
    each.decide(() =>
      each.intend({
        symbol: PUT,
        action: 'exit',
        role: 'hedge',
        side: 'sell',
        orderType: 'limit',
        limitPx: 2,
        quantity: 3,
      }),
    );
    each.fill(each.orders().at(-1)!, 2, 3);
    expect(units(each)).toBe(1);
    const room = () => each.actors.hedgeLimits.room(PUT)!.premium.year.spent;
    expect(room()).toBe(630);
    const spentLater = new OptionsFloor({ run: { benchmark: 'A' }, carried: each.carryOver() });
    spentLater.now = each.now;
    expect(spentLater.after(MINUTE).chain().actors.hedgeLimits.room(PUT)!.premium.year.spent).toBe(630);
  });

  test('are paid from cash', () => {
    const poor = { run: { cash: 30_500 }, config: { hedge: { premiumMax: 1, premiumYearMax: 1 } } };
    expect(units(exposed(poor))).toBe(2);
  });
});
