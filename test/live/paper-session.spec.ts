/** A paper day from end to end: real client, real sockets, the simulated venue. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import type { OrderFilled } from '../../src/events/order.events.ts';
import { Rig } from './rig.ts';

const alwaysLong = fileURLToPath(new URL('./strategies/always-long.ts', import.meta.url));
const MINUTE_US = 60_000_000;
const at = (day: string, hour: number, minute: number): number =>
  // Winter in New York.
  dayToMicros(day) + ((hour + 5) * 60 + minute) * MINUTE_US;

let rig: Rig;
afterEach(() => rig.close());

test('a paper session warms up, enters by midpoint walk, exits, and replays identically', async () => {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 50),
    strategy: alwaysLong,
    run: { instruments: 'equity', hedge: false },
  });
  await rig.skipTo(at('2026-11-17', 15, 59));
  await rig.start();
  await rig.advance(5_000);
  expect(rig.engine.health()).toMatchObject({ state: 'trading', feeds: { orders: 'live', stocks: 'live' } });
  await rig.until('the close', () => rig.ofType('MarketClosed').length === 1, 180_000);
  await rig.advance(2_000);
  expect(rig.ofType('IntentDeferred')).toHaveLength(1);
  await rig.stop();

  await rig.skipTo(at('2026-11-18', 9, 34) + 50_000_000);
  await rig.start();
  const filled = () =>
    rig.ofType('OrderFilled').reduce((sum, { payload }) => sum + (payload as OrderFilled).lastQty, 0);
  await rig.until('the entry', () => rig.ofType('OrderFilled').some(isDone), 120_000);
  const bought = filled();
  expect(rig.engine.health()).toMatchObject({ positions: 1 });
  expect(rig.venue.account.qtyOf('SPY')).toBe(bought);

  await rig.advance(2_000); // one intent a second in a symbol
  rig.engine.command('flatten', 'the test', null);
  await rig.until('the exit', () => rig.venue.account.qtyOf('SPY') === 0, 120_000);
  await rig.advance(1_000);
  expect(rig.engine.health()).toMatchObject({ positions: 0, workingOrders: 0 });
  await rig.stop();
  for (const count of rig.venue.counters.accepted.values()) expect(count).toBe(1);
  expect(await rig.replays()).toEqual([]);
}, 120_000);

/** Nothing of the order is left to trade. */
const isDone = ({ payload }: { readonly payload: unknown }) => (payload as OrderFilled).leavesQty === 0;
