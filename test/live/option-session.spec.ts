/** Two paper days with options: a chain that is polled, a contract that is chosen, quoted, bought by a walk, kept through a restart and sold. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import type { OrderFilled } from '../../src/events/order.events.ts';
import { Rig } from './rig.ts';

const alwaysLong = fileURLToPath(new URL('./strategies/always-long.ts', import.meta.url));
const at = (day: string, hour: number, minute: number): number =>
  dayToMicros(day) + ((hour + 5) * 60 + minute) * 60_000_000; // winter in New York

let rig: Rig;
afterEach(() => rig.close());

const isDone = ({ payload }: { readonly payload: unknown }) => (payload as OrderFilled).leavesQty === 0;

test('a call is chosen from the polled chain, bought by midpoint walk, quoted after a restart, and sold', async () => {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 50),
    strategy: alwaysLong,
    run: { instruments: 'all', hedge: false },
    market: { quotesPerSecond: 2 },
  });
  await rig.skipTo(at('2026-11-17', 15, 57));
  await rig.start();
  await rig.until('the close', () => rig.ofType('MarketClosed').length === 1, 200_000);
  await rig.advance(500);
  const guard = rig.ofType('VolatilityGuardChanged').map(({ payload }) => payload);
  expect(guard).toMatchObject([{ from: 'shut', to: 'open', evidence: { sessions: 1 } }]);
  const { choice, contract } = rig.ofType('SelectionMade')[0].payload as Record<string, string>;
  expect(choice).toBe('option');
  await rig.stop();

  await rig.skipTo(at('2026-11-18', 9, 34) + 50_000_000);
  await rig.start();
  await rig.until('the entry', () => rig.ofType('OrderFilled').some(isDone), 120_000);
  expect(rig.ofType('OrderIntended').map(({ payload }) => payload)).toContainEqual(
    expect.objectContaining({ symbol: contract, orderType: 'limit', side: 'buy', timeInForce: 'day' }),
  );
  const name = contract.replaceAll(' ', '');
  expect(rig.venue.account.qtyOf(name)).toBe(1);

  await rig.restart();
  // Longer than its quotes may be silent: they come again, though nothing else is wanted than before.
  await rig.advance(35_000);
  expect(rig.engine.health()).toMatchObject({ state: 'trading', feeds: { options: 'live', stocks: 'live' } });
  rig.engine.command('flatten', 'the test', null);
  await rig.until('the exit', () => rig.venue.account.qtyOf(name) === 0, 120_000);
  await rig.advance(1_000);
  expect(rig.engine.health()).toMatchObject({ positions: 0, workingOrders: 0 });
  await rig.stop();
  for (const count of rig.venue.counters.accepted.values()) expect(count).toBe(1);
  expect(await rig.replays()).toEqual([]);
}, 180_000);
