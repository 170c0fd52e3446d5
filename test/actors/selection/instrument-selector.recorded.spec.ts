/** What reaches a plan between closes: quotes of the contract held, its settlement, a split, an operator's word. */
import { concatMap, from } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mergeDeep } from '../../../src/domain/config.ts';
import { dayToMicros, nextTradingDay, tradingDayAt } from '../../../src/domain/exchange-calendar.ts';
import { OptionSettled, SplitApplied, VolatilityGuardChanged } from '../../../src/events/option.events.ts';
import { OrderFilled, TradeBusted } from '../../../src/events/order.events.ts';
import { defineStrategy, eachSymbol, type Strategy } from '../../../src/streams/strategy.ts';
import { shortWindows } from '../../../src/testing/run-market.ts';
import { CALL, OptionsFloor } from '../options-floor.ts';
import type { FloorOptions } from '../trading-floor.ts';

const MINUTE = 60_000_000;
const OPEN_TO_CLOSE = 390 * MINUTE;
const DAY = 86_400_000_000;

let conviction = 0;
const believing: Strategy = defineStrategy({
  name: 'believing',
  description: 'is as sure as the test says',
  params: z.strictObject({}),
  scoresBothSides: true,
  signals: (market) =>
    eachSymbol(market, (bars, symbol) =>
      bars.pipe(
        concatMap(() =>
          from(
            symbol === 'A'
              ? [
                  { symbol, direction: 'long' as const, conviction },
                  { symbol, direction: 'short' as const, conviction: 0 },
                ]
              : [],
          ),
        ),
      ),
    ),
});

const numbers = {
  selector: { option: { daysMin: 20 } },
  regime: { trend: { band: 0, smaFast: 3, smaSlow: 8, confirmCloses: 3 }, structure: { crashSigma: 1e6 } },
  guard: { rankHistoryMin: 100, realizedFast: 2, realizedSlow: 3, crowdedRatio: 1e6, openRatio: 1e6 },
};

/** Bars of A by day, and a recorded chain of one call and one put on it. */
class ChainFloor extends OptionsFloor {
  constructor(options: FloorOptions = {}) {
    conviction = 0;
    const config = [shortWindows, numbers, options.config ?? {}].reduce<unknown>(mergeDeep, {});
    super({
      symbols: ['A'],
      strategy: believing,
      ...options,
      run: { hedge: false, ...options.run },
      config,
      priceSource: 'bars',
    });
  }

  /** The same time of the next session. */
  override nextDay(): this {
    const today = tradingDayAt('XNYS', this.now);
    const days = (dayToMicros(nextTradingDay('XNYS', today)) - dayToMicros(today)) / DAY;
    return this.after(days * DAY);
  }

  /** A session day without orders: its opening print, the chain and its bar at the close. */
  session(px: number, call: readonly [number, number] = [3, 3.1]): this {
    this.print('A', px).opened();
    return this.after(OPEN_TO_CLOSE).atClose(px, call).nextDay().after(-OPEN_TO_CLOSE);
  }

  atClose(px: number, call: readonly [number, number] = [3, 3.1]): this {
    return this.chain(1_000, call).day('A', px).closed();
  }

  /** Some weeks of slow rise to 100, and from its last close on a strong view: calls are decided on. */
  decided(): this {
    for (let i = 0; i < 12; i++) this.session(97 + i / 4 - (i % 2) / 10);
    conviction = 85;
    return this.session(100);
  }

  /** The next open has filled six calls at 3.10. */
  holding(): this {
    this.decided().print('A', 100).optionQuote(CALL, 3, 3.1).opened();
    const ordinal = this.orders().at(-1)!;
    this.kernel.takeEffects();
    return this.accept(ordinal).fill(ordinal, 3.1).after(MINUTE);
  }

  get at() {
    return this.actors.selector!.view('A').state;
  }
  exits(): string[] {
    return this.payloads('ExitTriggered').map(({ plan, reason }) => `${plan} ${reason}`);
  }
}

const floor = (options: FloorOptions = {}) => new ChainFloor(options).holding();

test('a recorded chain opens the guard, and its contract is bought at the next open', () => {
  const each = new ChainFloor().decided();
  expect(each.payloads(VolatilityGuardChanged.type).at(-1)).toMatchObject({ to: 'open' });
  expect(each.at).toEqual({ guard: 'open', equity: 'idle', option: 'entering' });
  each.print('A', 100).optionQuote(CALL, 3, 3.1).opened();
  expect(each.sent()).toEqual([`enter ${CALL}`]);
  expect(floor().at.option).toBe('holding');
});

describe('half of the premium lost at the bid', () => {
  const bids = (each: ChainFloor, ...quotes: [number, number][]) => {
    for (const quote of quotes) each.after(1_000_000).optionQuote(CALL, ...quote);
    return each;
  };

  test('on two quotes in a row sells at once, within the session', () => {
    const each = bids(floor(), [1.55, 1.65]);
    expect(each.exits()).toEqual([]);
    bids(each, [1.5, 1.6]);
    expect(each.exits()).toEqual(['option premiumLoss']);
    expect(each.sent()).toEqual([`exit ${CALL}`]);
    expect(each.at.option).toBe('exiting');
  });

  test('on one quote, or on two with a better one between, does nothing', () => {
    expect(bids(floor(), [1.5, 1.6], [1.6, 1.7], [1.5, 1.6]).exits()).toEqual([]);
  });

  test('a quote without a bid is none: a stub at the open sells nothing', () => {
    expect(bids(floor(), [0, 9], [0, 9], [0, 0.05]).exits()).toEqual([]);
  });

  test('is not asked in a run without exits', () => {
    const each = bids(floor({ run: { exits: false } }), [1, 1.1], [1, 1.1]);
    expect(each.exits()).toEqual([]);
  });

  test('is heard by the session that carries on', () => {
    const before = bids(floor(), [1.5, 1.6]);
    const config = before.run.config;
    const after = new ChainFloor({ carried: before.carryOver(), config, run: { config } });
    after.now = before.now;
    expect(after.at.option).toBe('holding');
    bids(after, [1.5, 1.6]);
    expect(after.exits()).toEqual(['option premiumLoss']);
  });

  test('is not heard any more once the calls are sold', () => {
    const each = bids(floor(), [1.5, 1.6], [1.5, 1.6]);
    const exit = each.orders().at(-1)!;
    each.accept(exit).fill(exit, 1.5);
    expect(each.at.option).toBe('disarmed');
    bids(each, [1, 1.1], [1, 1.1]);
    expect(each.exits()).toHaveLength(1);
  });
});

describe('an operator who flattens', () => {
  test.each([null, 'A', CALL])('%s sells the calls at once', (symbol) => {
    const each = floor().command('flatten', symbol);
    expect(each.exits()).toEqual(['option operator']);
    expect(each.sent()).toEqual([`exit ${CALL}`]);
  });

  test('another symbol changes nothing', () => {
    expect(floor().command('flatten', 'B').exits()).toEqual([]);
  });
});

test('a fill that is taken back leaves no plan without a position', () => {
  const each = floor();
  const { executionId, ordinal } = each.payloads(OrderFilled.type).at(-1) as unknown as OrderFilled;
  each.input(TradeBusted.of({ ordinal, executionId, reason: 'an error' }));
  expect(each.at.option).toBe('holding');
  conviction = 0;
  each.atClose(99);
  expect(each.at.option).toBe('disarmed');
});

describe('an exit that was not filled', () => {
  test('leaves the plan holding, and is decided again at the close', () => {
    const each = floor();
    conviction = 10;
    each.atClose(100);
    expect(each.at.option).toBe('exiting');
    each.nextDay().print('A', 100).optionQuote(CALL, 3, 3.1).opened();
    const exit = each.orders().at(-1)!;
    each.accept(exit).cancelled(exit).atClose(100);
    expect(each.exits()).toEqual(['option conviction', 'option conviction']);
  });
});

describe('a settlement', () => {
  const settled = (each: ChainFloor, how: OptionSettled['how'], shares: number) => {
    const terms = { quantity: 6, optionPx: 0, underlying: 'A', underlyingPx: 104, strike: 100, shares };
    each.input(OptionSettled.of({ settlementId: 's1', symbol: CALL, how, ...terms }));
    return each;
  };

  test('ends the plan', () => {
    const each = settled(floor(), 'expired', 0);
    expect(each.at.option).toBe('disarmed');
    expect(each.exits()).toEqual([]);
  });

  test('by exercise sells the shares at the next open, and only those', () => {
    const each = floor();
    each.decide(() => each.intend({ symbol: 'A', quantity: 7 }));
    each.fill(each.orders().at(-1)!, 100, 7);
    settled(each, 'exercised', 600).nextDay().print('A', 104).opened();
    const { action, side, quantity, role } = each.intended(each.orders().at(-1)!);
    expect([action, side, quantity, role]).toEqual(['exit', 'sell', 600, 'tactical']);
  });

  test('of another contract changes nothing', () => {
    const each = floor();
    const terms = { quantity: 1, optionPx: 0, underlying: 'A', underlyingPx: 104, strike: 98, shares: 0 };
    each.input(
      OptionSettled.of({ settlementId: 's', symbol: 'A     240216P00098000', how: 'expired', ...terms }),
    );
    expect(each.at.option).toBe('holding');
  });
});

describe('a split', () => {
  const FOUR_TO_ONE = { symbol: 'A', numerator: 4, denominator: 1, cashInLieuPx: null };
  const RENAMED = 'A     240216C00025000';

  test('renames the contract, and the exit sells what is held under its new name', () => {
    const each = floor();
    each.input(SplitApplied.of(FOUR_TO_ONE));
    expect(each.actors.selector!.view('A').plans.option.instrument).toBe(RENAMED);
    each.command('flatten');
    expect(each.at.option).toBe('exiting');
    expect(each.payloads('IntentDeferred').at(-1)).toMatchObject({
      symbol: RENAMED,
      action: 'exit',
      size: { kind: 'quantity', quantity: 24 },
    });
  });

  test('withdraws an entry that waits: what it was for is no more', () => {
    const each = new ChainFloor().decided();
    each.input(SplitApplied.of(FOUR_TO_ONE));
    expect(each.payloads('IntentDropped').at(-1)).toMatchObject({
      symbol: CALL,
      reason: 'a split changed what it is for',
    });
  });

  test('of another symbol changes nothing', () => {
    const each = floor();
    each.input(SplitApplied.of({ ...FOUR_TO_ONE, symbol: 'B' }));
    expect(each.actors.selector!.view('A').plans.option.instrument).toBe(CALL);
  });
});
