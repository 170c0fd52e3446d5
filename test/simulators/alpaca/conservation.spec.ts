import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { sideSign } from '../../../src/domain/instrument.ts';
import { FaultSchedule } from '../../../src/simulators/alpaca/faults.ts';
import { OrderDesk, type OrderUpdate } from '../../../src/simulators/alpaca/order-desk.ts';
import { SessionBells } from '../../../src/simulators/alpaca/session-bells.ts';
import { idMaker, Refusal } from '../../../src/simulators/alpaca/vendor-forms.ts';
import { VenueAccount } from '../../../src/simulators/alpaca/venue-account.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { generatedMarket, MORNING } from './simulated-market.ts';

const SYMBOLS = ['SPY', 'AAPL', 'BTC/USD', 'SPY240419C00290000'] as const;

/** What a client may do, with the time it takes until the next thing. */
const step = fc.record({
  what: fc.constantFrom('submit', 'submit', 'cancel', 'replace', 'bust', 'correct', 'race'),
  symbol: fc.constantFrom(...SYMBOLS),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  type: fc.constantFrom('limit', 'limit', 'market'),
  qty: fc.integer({ min: 1, max: 900 }),
  /** Ticks from the midpoint. */
  away: fc.integer({ min: -20, max: 20 }),
  which: fc.nat(20),
  waitMs: fc.constantFrom(0, 10, 25, 60, 1_000, 20_000, 25_000_000),
});

test.prop([fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat()], { numRuns: 20 })(
  'whatever is ordered, cash is what executions left of it and positions are their sums, to the micro-dollar',
  (steps, seed) => {
    const clock = new SteppedClock(MORNING);
    const market = generatedMarket(clock, seed, 0.2);
    const updates: OrderUpdate[] = [];
    const newId = idMaker(seed);
    const faults = new FaultSchedule(clock, () => {});
    const account = new VenueAccount(
      { cash: 1_000_000, multiplier: 4 },
      (each) => market.instrument(each),
      newId,
    );
    const options = { ackMs: 20, cancelMs: 30, insideChance: 0.3 };
    const desk = new OrderDesk({
      clock,
      market,
      account,
      faults,
      seed,
      newId,
      options,
      say: (update) => updates.push(update),
    });
    const bells = new SessionBells(clock, [desk]);
    market.start();
    bells.start();
    for (const each of steps) {
      attempt(desk, faults, market.lastPx(each.symbol) ?? 1, each);
      clock.advance(each.waitMs);
    }
    market.stop();
    desk.stop();
    bells.stop();

    const executions = new Map<string, { units: number; micros: number; symbol: string }>();
    for (const { event, execution, order } of updates) {
      if (execution === undefined) continue;
      if (execution.previousId !== undefined) executions.delete(execution.previousId);
      if (event === 'trade_bust') continue;
      const { multiplier, symbol } = order.instrument;
      const units = sideSign(order.side) * execution.qty;
      const micros =
        Math.round(execution.qty * Math.round(execution.px * 1e6) * multiplier) * sideSign(order.side);
      executions.set(execution.id, { units, micros, symbol });
    }
    const all = [...executions.values()];
    const spent = all.reduce((sum, { micros }) => sum + micros, 0);
    expect(account.cashMicros).toBe(1_000_000_000_000 - spent);
    for (const symbol of SYMBOLS) {
      const units = all.filter((each) => each.symbol === symbol).reduce((sum, each) => sum + each.units, 0);
      expect(account.qtyOf(symbol)).toBeCloseTo(units, 9);
    }
    for (const order of desk.orders) expect(order.filledQty).toBeLessThanOrEqual(order.qty);
    expect(new Set(desk.orders.map(({ clientOrderId }) => clientOrderId)).size).toBe(desk.orders.length);
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function attempt(desk: OrderDesk, faults: FaultSchedule, px: number, step: Step): void {
  const { away, qty, side, symbol, type, what, which } = step;
  const crypto = symbol === 'BTC/USD';
  const option = symbol.length > 10;
  const limit_price = Math.max(
    0.05,
    Math.round((px + away * (option ? 0.1 : px / 10_000)) * 10) / 10,
  ).toFixed(2);
  const target = desk.orders.at(-1 - (which % Math.max(1, desk.orders.length)));
  try {
    if (what === 'submit') {
      desk.submit({
        symbol,
        side,
        type,
        qty: `${crypto ? qty / 1_000 : option ? 1 + (qty % 80) : qty}`,
        time_in_force: crypto ? 'gtc' : 'day',
        ...(type === 'limit' ? { limit_price } : {}),
      });
    } else if (what === 'bust') desk.restate(null);
    else if (what === 'correct') desk.restate(0.01);
    else if (what === 'race') faults.add({ kind: 'fillRacingCancel' });
    else if (target !== undefined && what === 'cancel') desk.cancel(target.id);
    else if (target !== undefined) desk.replace(target.id, { limit_price });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}
