/** A stop at the venue over three paper days: there with the entry's fill, taken away by a split, and there again at the open. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import { Rig } from './rig.ts';

const alwaysLong = fileURLToPath(new URL('./strategies/always-long.ts', import.meta.url));
const at = (day: string, hour: number, minute: number): number =>
  dayToMicros(day) + ((hour + 5) * 60 + minute) * 60_000_000; // winter in New York

let rig: Rig;
afterEach(() => rig.close());

const held = () => rig.venue.account.qtyOf('SPY');
const stops = () => [...rig.venue.desk.open].filter(({ type }) => type === 'stop');

test('rests from the fill on, and from the first minute after a split at the price and number it made', async () => {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 50),
    strategy: alwaysLong,
    run: { instruments: 'equity', hedge: false },
    market: { quotesPerSecond: 2 },
  });
  await rig.skipTo(at('2026-11-17', 15, 59) + 50_000_000);
  await rig.start();
  await rig.until('the close', () => rig.ofType('MarketClosed').length === 1);
  await rig.advance(500);
  await rig.stop();
  await rig.dozeTo(at('2026-11-18', 9, 34) + 50_000_000);
  await rig.start();
  const isEntered = () => held() > 0 && [...rig.venue.desk.open].every(({ side }) => side === 'sell');
  await rig.until('the entry', isEntered, 120_000);
  await rig.advance(1_500);
  const [first] = stops();
  expect(stops()).toMatchObject([{ qty: held(), side: 'sell' }]);
  await rig.stop();

  await rig.dozeTo(at('2026-11-19', 8, 0));
  rig.venue.inject({ kind: 'split', symbol: 'SPY', numerator: 2, denominator: 1 });
  expect(stops()).toEqual([]);
  await rig.dozeTo(at('2026-11-19', 9, 29) + 50_000_000);
  await rig.start();
  await rig.until('the stop', () => stops().length > 0, 30_000);
  expect(rig.clock.now()).toBeLessThan(at('2026-11-19', 9, 31));
  const [second] = stops();
  expect(second.qty).toBe(2 * first.qty);
  // Half of it, and what the close between them raised it by.
  const raised = (2 * second.stopPx!) / first.stopPx!;
  expect(raised).toBeGreaterThanOrEqual(1);
  expect(raised).toBeLessThan(1.05);
  await rig.stop();
  expect(await rig.replays()).toEqual([]);
}, 180_000);
