import { describe, expect, test } from 'vitest';
import { CALL, OptionsFloor, PUT } from '../options-floor.ts';
import type { FloorOptions } from '../trading-floor.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

/** Half an hour into the session: a share at 100, a call at 3.05, a put at 2.05, 100,000 dollars. */
const floor = (options: FloorOptions = {}, openInterest: number | null = 1_000) =>
  new OptionsFloor(options).after(30 * MINUTE).chain(openInterest);
const intend = (each: OptionsFloor, terms: Parameters<OptionsFloor['intend']>[0]) =>
  each.decide(() => each.intend({ symbol: CALL, orderType: 'limit', limitPx: 3, ...terms })).verdict();
const dropped = (each: OptionsFloor) => each.payloads('IntentDropped').map(({ reason }) => reason);

describe('the gate, asked for an option', () => {
  test('lets premium of 3 % of equity pass, and no more', () => {
    expect(intend(floor(), { quantity: 10 })).toBe('approved');
    expect(intend(floor(), { quantity: 11 })).toBe('premium: 0.033 against 0.03');
  });

  test('lets a twentieth of the open interest pass, and nothing where nobody said how much there is', () => {
    expect(intend(floor({}, 200), { quantity: 10 })).toBe('approved');
    expect(intend(floor({}, 180), { quantity: 10 })).toMatch(/^shareOfOpenInterest: 0\.0555/);
    expect(intend(floor({}, null), { quantity: 1 })).toBe('shareOfOpenInterest: null against 0.05');
  });

  test('holds the price within half the spread and a tick, or 3 % of the midpoint', () => {
    expect(intend(floor(), { limitPx: 3.15 })).toBe('approved');
    expect(intend(floor(), { limitPx: 3.2 })).toMatch(/^priceCollar: 0\.15\d* against 0\.1/);
  });

  test('counts premium under the cap of its underlying', () => {
    const risk = { symbolCap: 0.05, premiumMax: 1, openInterestShareMax: 1 };
    const each = floor({ config: { risk } });
    expect(intend(each, { quantity: 10 })).toBe('approved');
    each.after(10 * SECOND).chain();
    const share = () => each.decide(() => each.intend({ symbol: 'A', quantity: 21 })).verdict();
    expect(share()).toBe('symbolExposure: 0.051 against 0.05');
    each
      .fill(1, 3, 10)
      .after(10 * SECOND)
      .chain();
    expect(share()).toMatch(/^symbolExposure: 0\.05\d* against 0\.05$/);
  });

  test('measures net delta with open orders', () => {
    const risk = { netDeltaCap: 0.3, premiumMax: 1 };
    const each = floor({ config: { risk } });
    expect(intend(each, { quantity: 4 })).toBe('approved');
    each.after(10 * SECOND).chain();
    expect(intend(each, { quantity: 5 })).toMatch(/^netDelta: 0\.\d+ against 0\.3$/);
    // A put takes delta away: it passes from beyond the cap, too.
    expect(intend(each, { symbol: PUT, limitPx: 2, quantity: 1 })).toBe('approved');
  });

  test('lets nobody enter in the first five and the last ten minutes', () => {
    const at = (minutes: number) => intend(new OptionsFloor().after(minutes * MINUTE).chain(), {});
    expect(at(4)).toBe('minutesSinceOpen: 4 against 5');
    expect(at(5)).toBe('approved');
    expect(at(380)).toBe('approved');
    expect(at(381)).toBe('minutesToClose: 9 against 10');
    const exit = new OptionsFloor().after(385 * MINUTE).chain();
    expect(intend(exit, { action: 'exit', side: 'sell' })).toBe('approved');
  });

  test('refuses a contract quoted before its underlying moved, or too long ago', () => {
    const moved = floor().after(SECOND).quote('A', 100.1, 100.12) as OptionsFloor;
    expect(intend(moved, {})).toMatch(/^underlyingMoveBps: 11/);
    const old = floor()
      .after(31 * SECOND)
      .quote('A', 99.99, 100.01) as OptionsFloor;
    expect(intend(old, {})).toBe('quoteAgeMs: 31000 against 30000');
  });

  test('denies an order beyond what the ledger holds with a sentence', () => {
    const verdict = (each: OptionsFloor, quantity: number) =>
      each.decide(() => each.intend({ symbol: 'A', quantity })).verdict();
    expect(verdict(floor(), 1e15)).toBe('orderValue: more than the ledger can hold against 9000000000');
    expect(verdict(floor({ run: { profile: 'plain', risk: false } }), 1e300)).toMatch(/^orderValue/);
    const each = floor();
    each.decide(() => {
      each.intend({ symbol: 'A', quantity: 1e300 });
      each.intend({ symbol: 'B', quantity: 1 });
    });
    expect(each.kernel.halted).toBeNull();
  });
});

describe('the desk, releasing an option', () => {
  // A class nobody knows trades in dimes from three dollars on.
  test('works it from the midpoint on its own grid', () => {
    const each = floor();
    each.decide(() => each.defer({ intent: 1, symbol: CALL, quantity: 5 }));
    each.opened();
    expect(each.intended(1)).toMatchObject({ symbol: CALL, limitPx: 3, quantity: 5 });
  });

  test('trims it to the premium, the open interest and the room of its underlying', () => {
    const each = floor();
    each.decide(() => each.defer({ intent: 1, symbol: CALL, quantity: 50 }));
    expect(each.opened().intended(1).quantity).toBe(9);
    expect(each.verdict()).toBe('approved');
    const thin = floor({}, 120);
    thin.decide(() => thin.defer({ intent: 1, symbol: CALL, quantity: 50 }));
    expect(thin.opened().intended(1).quantity).toBe(6);
  });

  for (const [what, openInterest, call, reason] of [
    ['a spread of more than a tenth', 1_000, [2.9, 3.3], 'not liquid: spreadShare 0.13 > 0.1'],
    ['nobody bidding', 1_000, [0, 0.3], 'not liquid: bothSidesQuoted is 0 / 0.3, needs a bid and an ask'],
    ['a stub quote', 1_000, [0, 99], 'not liquid: bothSidesQuoted is 0 / 99, needs a bid and an ask'],
    ['little open interest', 99, [3, 3.1], 'not liquid: openInterest 99 < 100'],
    ['unknown open interest', null, [3, 3.1], 'not liquid: openInterest is unknown, needs 100'],
  ] as const) {
    test(`drops an entry with ${what}, and says why`, () => {
      const each = new OptionsFloor().after(30 * MINUTE).chain(openInterest, call);
      each.decide(() => each.defer({ intent: 1, symbol: CALL, quantity: 1 }));
      each.opened();
      expect(each.orders()).toEqual([]);
      expect(dropped(each)).toEqual([reason]);
      expect(each.payloads('LiquidityFailed')).toMatchObject([{ symbol: CALL, action: 'enter', intent: 1 }]);
    });
  }

  test('lets an exit go at the smallest price where nobody bids, and waits at a stub', () => {
    const held = (call: [number, number]) => {
      const each = floor();
      each
        .decide(() => each.intend({ symbol: CALL, orderType: 'limit', limitPx: 3, quantity: 2 }))
        .fill(1, 3);
      each.after(10 * SECOND).chain(1_000, call);
      each.decide(() => each.defer({ intent: 1, symbol: CALL, action: 'exit', quantity: 2 }));
      return each.opened();
    };
    expect(held([0, 0.05]).intended(2)).toMatchObject({ side: 'sell', limitPx: 0.05 });
    expect(held([0, 99]).orders()).toEqual([1]);
  });

  test('is not held up by a share order, nor holds one up', () => {
    const each = floor().hold('A', 10, 100);
    each.kernel.takeEffects();
    each.after(10 * SECOND).chain();
    each.decide(() => each.defer({ intent: 1, symbol: CALL, quantity: 1 }));
    each.opened();
    each.after(2 * SECOND).chain();
    each.decide(() => each.defer({ intent: 2, action: 'exit', quantity: 10 }));
    each.opened();
    expect(each.sent()).toEqual([`enter ${CALL}`, 'exit A']);
  });
});

describe('a hedge', () => {
  const hedge = (quantity: number) =>
    ({ symbol: PUT, action: 'hedge', role: 'hedge', limitPx: 2.1, quantity }) as const;
  const exposed = (options: FloorOptions = {}) => {
    const each = floor({ ...options, run: { benchmark: 'A' } });
    each.hold('A', 300, 100).kernel.takeEffects();
    return each.after(10 * SECOND).chain() as OptionsFloor;
  };

  test('counts as reducing: it passes under reduce-only and heat, not under halt', () => {
    const reducing = exposed().command('reduceOnly') as OptionsFloor;
    expect(intend(reducing, hedge(1))).toBe('approved');
    expect(intend(exposed({ config: { risk: { heatCapacity: 1 } } }), hedge(1))).toBe('approved');
    const halted = exposed().command('halt') as OptionsFloor;
    expect(intend(halted, hedge(1))).toBe('tradingState: halted against trading or reducing');
  });

  test('beyond the exposure is denied by the gate, and trimmed by the desk', () => {
    const deltaPerPut = -exposed().actors.exposures.ofQuantity(PUT, 1).delta;
    const most = Math.floor(30_000 / deltaPerPut);
    expect(intend(exposed(), hedge(most))).toBe('approved');
    expect(intend(exposed(), hedge(most + 1))).toMatch(/^hedgeDelta/);
    const each = exposed();
    each.decide(() => each.defer({ intent: 1, side: 'buy', ...hedge(50), limitPx: null }));
    each.opened();
    expect(each.intended(2).quantity).toBe(most);
  });
});
