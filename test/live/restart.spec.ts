/** What becomes of orders when their engine is stopped, or is suddenly no more. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import type { HistoryLoaded } from '../../src/events/feed.events.ts';
import { Rig } from './rig.ts';

const alwaysLong = fileURLToPath(new URL('./strategies/always-long.ts', import.meta.url));
const MINUTE_US = 60_000_000;
const at = (day: string, hour: number, minute: number): number =>
  dayToMicros(day) + ((hour + 5) * 60 + minute) * MINUTE_US;

let rig: Rig;
afterEach(() => rig.close());

/** An engine with an entry that stands at the venue, in the morning of the second day. */
async function withOrder(settings: { readonly onStop: 'cancel' | 'leave' }): Promise<void> {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 50),
    strategy: alwaysLong,
    run: { instruments: 'equity', hedge: false },
    // A wide, slow market: an order stands inside it until somebody moves.
    market: { halfSpread: 0.0009, quotesPerSecond: 1 },
    venue: { limits: { insideChance: 0 } },
    settings,
  });
  await rig.skipTo(at('2026-11-17', 15, 59) + 40_000_000);
  await rig.start();
  await rig.until('the close', () => rig.ofType('MarketClosed').length === 1);
  await rig.advance(500);
  await rig.stop();
  await rig.skipTo(at('2026-11-18', 9, 34) + 55_000_000);
  await rig.start();
  const stands = () =>
    [...rig.engine.session!.core.actors.orders.working()].some(({ state }) => state.status === 'accepted');
  await rig.until('an order', stands, 30_000);
}

test('an engine that is stopped takes its entry back first', async () => {
  await withOrder({ onStop: 'cancel' });
  rig.venue.market.halt('SPY', true); // nothing trades any more
  await rig.stop();
  expect(rig.venue.counters.liveOrders).toEqual([]);
  expect(rig.venue.account.qtyOf('SPY')).toBe(0);
  const [{ seq }] = rig.ofType('OperatorCommanded').slice(-1);
  expect(rig.ofType('CancelAttempted').map(({ causation }) => causation)).toContain(seq);
  expect(await rig.replays()).toEqual([]);
}, 60_000);

test('a day that an engine did not hear to its end is closed on all its minutes', async () => {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 40),
    strategy: alwaysLong,
    run: { instruments: 'equity', hedge: false },
    market: { quotesPerSecond: 1 },
  });
  await rig.skipTo(at('2026-11-17', 15, 44));
  await rig.start();
  await rig.advance(90_000);
  await rig.kill();
  await rig.skipTo(at('2026-11-17', 16, 20));
  await rig.start();
  await rig.until('the close', () => rig.ofType('MarketClosed').length === 1);
  const types = rig.events.map(({ type }) => type);
  expect(types.lastIndexOf('HistoryLoaded')).toBeLessThan(types.indexOf('MarketClosed'));
  const { payload } = rig.ofType('BackfillEnded').at(-1)!;
  expect(payload).toMatchObject({ feed: 'stocks', failed: null });
  const told = (ofResolutionS: number) =>
    rig.ofType('HistoryLoaded').flatMap(({ payload }) => {
      const { resolutionS, bars } = payload as HistoryLoaded;
      return resolutionS === ofResolutionS ? bars.filter(({ time }) => time > at('2026-11-17', 15, 46)) : [];
    });
  expect(told(60).length).toBeGreaterThan(10);
  const close = at('2026-11-17', 16, 0);
  // The day itself is told once, by its close.
  expect(told(86_400)).toEqual([]);
  const { market } = rig.engine.session!.core.actors;
  expect(market.lastDay('SPY')).toMatchObject({ time: close });
  expect(market.history('SPY').time.ago(1)).toBeLessThan(close);
  expect(rig.ofType('SelectionMade').length).toBeGreaterThan(0);
  expect(await rig.replays()).toEqual([]);
}, 60_000);

test('an engine that is killed finds its order again, and sends none twice', async () => {
  await withOrder({ onStop: 'cancel' });
  await rig.restart();
  await rig.until('trading', () => rig.engine.health().state === 'trading', 30_000);
  await rig.advance(10_000);
  for (const count of rig.venue.counters.accepted.values()) expect(count).toBe(1);
  expect(rig.venue.counters.liveOrders.length).toBeLessThanOrEqual(1);
  expect(rig.engine.health().state).toBe('trading');
  await rig.stop();
  expect(rig.venue.counters.liveOrders).toEqual([]);
  expect(await rig.replays()).toEqual([]);
}, 60_000);
