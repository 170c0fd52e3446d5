/** One paper day in which an order is worked as the market asks: in part, at another price, to the end, and out again. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { whatIf } from '../../replay/what-if.ts';
import { why } from '../../replay/why.ts';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import type { PayloadOf } from '../../src/events/define-event.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import type { CancelAttempted, OrderFilled, OrderIntended } from '../../src/events/order.events.ts';
import { Rig } from './rig.ts';

const alwaysLong = fileURLToPath(new URL('./strategies/always-long.ts', import.meta.url));
const at = (day: string, hour: number, minute: number, second = 0): number =>
  dayToMicros(day) + (((hour + 5) * 60 + minute) * 60 + second) * 1_000_000; // winter in New York

let rig: Rig;
afterEach(() => rig.close());

const fills = (): OrderFilled[] => rig.ofType('OrderFilled').map(({ payload }) => payload as OrderFilled);
const intended = (): OrderIntended[] =>
  rig.ofType('OrderIntended').map(({ payload }) => payload as OrderIntended);
const entries = (): OrderIntended[] => intended().filter(({ action }) => action === 'enter');

/** Somebody offers so many shares at the price of our order, for a moment. */
function offer(px: number, size: number): void {
  const bidPx = Math.round((px - 0.02) * 100) / 100;
  rig.venue.market.post('SPY', { askPx: px, askSize: size, bidPx, bidSize: size });
}

test('an entry filled in part follows the market at another price, is filled, and goes out again; the day proves itself', async () => {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 50),
    strategy: alwaysLong,
    // Calls enough to follow every quote.
    run: { instruments: 'equity', hedge: false, config: { venue: { callsPerMinute: 100_000 } } },
    market: { halfSpread: 0.0002 },
    venue: { limits: { insideChance: 0 } },
  });
  await rig.skipTo(at('2026-11-17', 15, 59));
  await rig.start();
  await rig.until('the close', () => rig.ofType('MarketClosed').length === 1, 120_000);
  await rig.advance(2_000);
  await rig.stop();
  await rig.skipTo(at('2026-11-18', 9, 34, 55));
  await rig.start();

  const works = (): OrderIntended | undefined => {
    const last = entries().at(-1);
    const accepted = rig.ofType('OrderAccepted').some((each) => ordinalOf(each) === last?.ordinal);
    return accepted ? last : undefined;
  };
  await rig.until('the first price', () => works() !== undefined, 30_000);
  const first = works()!;
  offer(first.limitPx!, 3);
  await rig.until('a part of it', () => fills().length === 1, 5_000);
  expect(fills()[0]).toMatchObject({ ordinal: first.ordinal, lastQty: 3, lastPx: first.limitPx });
  expect(fills()[0].leavesQty).toBeGreaterThan(0);

  await rig.until('another price', () => works() !== undefined && works()!.ordinal > first.ordinal, 30_000);
  const canceled = rig
    .ofType('CancelAttempted')
    .map(({ payload }) => payload as PayloadOf<typeof CancelAttempted>);
  expect(canceled.map(({ ordinal }) => ordinal)).toContain(first.ordinal);
  const second = works()!;
  expect(second.size).toEqual({ kind: 'quantity', quantity: fills()[0].leavesQty });
  offer(second.limitPx!, 10_000);
  await rig.until('the rest of it', () => fills().some(({ leavesQty }) => leavesQty === 0), 5_000);
  const bought = fills().reduce((sum, { lastQty }) => sum + lastQty, 0);
  expect(bought).toBe(3 + fills()[0].leavesQty);
  expect(rig.venue.account.qtyOf('SPY')).toBe(bought);

  await rig.advance(2_000);
  rig.engine.command('flatten', 'the test', null);
  const exit = (): OrderIntended | undefined => intended().findLast(({ action }) => action === 'exit');
  await rig.until('the exit is out', () => exit() !== undefined, 10_000);
  await rig.until('nothing is left', () => rig.venue.account.qtyOf('SPY') === 0, 60_000);
  await rig.advance(1_000);
  expect(rig.engine.health()).toMatchObject({ positions: 0, workingOrders: 0 });
  await rig.stop();

  // Whatever filled can be asked for its reason, down to the close that decided it.
  const [filledFirst] = rig.ofType('OrderFilled');
  const chain = why(rig.logs().at(-1)!, filledFirst.seq).map(({ type }) => type);
  expect(chain.slice(-4)).toEqual(['OrderIntended', 'RiskApproved', 'SubmitAttempted', 'OrderFilled']);

  for (const times of rig.venue.counters.accepted.values()) expect(times).toBe(1);
  expect(await rig.replays()).toEqual([]);

  // Nobody offers a part of it at the simulated venue: that is where the two part, and no decision before.
  const { firstDifference } = await whatIf(rig.logs().at(-1)!);
  expect(firstDifference).toMatchObject({
    kind: 'fill',
    base: {
      type: 'OrderFilled',
      summary: `order ${first.ordinal}: buy 3 SPY at ${first.limitPx}, ${fills()[0].leavesQty} left`,
    },
  });
  const { decision } = firstDifference!;
  // Filled as a whole there, the entry has ended: its stop is what is decided next, and here a walk goes on.
  expect(decision).toMatchObject({ base: null, variant: { type: 'IntentDeferred' } });
}, 180_000);

const ordinalOf = ({ payload }: StoredEvent): number => (payload as { ordinal: number }).ordinal;
