/** Time travel in the log of an engine that trades: while it runs, over a kill and a restart, and into the next session. */
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { stateAt } from '../../replay/state-at.ts';
import { TimeTravel } from '../../replay/time-travel.ts';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import { createRandom } from '../../src/domain/random.ts';
import { Rig } from './rig.ts';

const alwaysLong = fileURLToPath(new URL('./strategies/always-long.ts', import.meta.url));
const at = (day: string, hour: number, minute: number, second = 0): number =>
  dayToMicros(day) + (((hour + 5) * 60 + minute) * 60 + second) * 1_000_000; // winter in New York

let rig: Rig;
afterEach(() => rig.close());

/** Some moments of the log as it is now; the traveller has read it to its end. */
async function expectSame(travel: TimeTravel, count: number): Promise<void> {
  travel.advance();
  const { nextUnit } = createRandom(3);
  for (let i = 0; i < count; i++) {
    const seq = 1 + Math.floor(nextUnit() * travel.head.seq);
    const state = await stateAt(travel.path, { seq });
    const moment = travel.at({ seq });
    const alike = Object.fromEntries(
      Object.keys(state).map((key) => [key, moment[key as keyof typeof moment]]),
    );
    expect([seq, alike]).toEqual([seq, state]);
  }
  expect(travel.inexact).toBe(false);
  expect(travel.at().differsFrom).toBeNull();
}

test('a walked entry, a kill in the midst of it and the way back are found as they were', {
  timeout: 240_000,
}, async () => {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 50),
    strategy: alwaysLong,
    run: { instruments: 'equity', hedge: false },
    market: { halfSpread: 0.0002 },
    venue: { limits: { insideChance: 0 } },
  });
  await rig.skipTo(at('2026-11-17', 15, 59));
  await rig.start();
  await rig.until('the close', () => rig.ofType('MarketClosed').length === 1, 120_000);
  await rig.advance(1_000);
  await rig.stop();
  await rig.skipTo(at('2026-11-18', 9, 34, 55));
  await rig.start();
  await rig.until('a walking order', () => rig.ofType('OrderAccepted').length > 0, 60_000);
  await rig.advance(2_000);
  const travel = await TimeTravel.open(rig.logs().at(-1)!, { every: 60 });
  travel.advance();
  const accepted = rig.ofType('OrderAccepted')[0].seq;
  const walking = travel.at({ seq: accepted });
  expect(walking.walks).toHaveLength(1);
  expect(walking.walks[0]).toMatchObject({ symbol: 'SPY', side: 'buy', action: 'enter', step: 0 });
  expect(walking.walks[0].limitPx).toBe(walking.orders[0].limitPx);
  expect(walking.actors['order-worker-SPY']).toBeDefined();
  expect(walking.feeds.map(({ feed, state }) => `${feed} ${state}`)).toContain('orders live');
  await expectSame(travel, 12);
  travel.close();

  await rig.restart();
  await rig.advance(5_000);
  const after = await TimeTravel.open(rig.logs().at(-1)!, { every: 60 });
  await expectSame(after, 16);
  expect(after.at().transitions.reconciliation.length).toBeGreaterThan(1);
  after.close();
});
