import { describe, expect, test } from 'vitest';
import { OrderRejected } from '../../../src/events/order.events.ts';
import { LiveFloor, SECOND } from '../venue/live-floor.ts';

const last = (floor: LiveFloor): number => floor.orders().at(-1)!;
const turnAway = (floor: LiveFloor) =>
  floor.input(OrderRejected.of({ ordinal: last(floor), reason: 'HTTP 429', by: 'limit' }));
const entries = (floor: LiveFloor) => floor.sent().filter((each) => each.startsWith('enter'));
const state = (floor: LiveFloor) => floor.actors.tradingState.current;

/** One entry is out, in a live session whose intents are young for `ageMs`. */
function entering(how: 'midpoint' | 'atOnce', ageMs = 60_000): LiveFloor {
  const run = { execution: how === 'midpoint' ? 'midpoint' : 'next-open' } as never;
  const floor = new LiveFloor({
    run,
    // A walk that is turned away keeps its patience, too.
    config: { risk: { intentAgeMaxMs: ageMs }, execution: { patienceMs: ageMs } },
  }).started();
  floor.decide(() => floor.defer({ intent: 1, action: 'enter', quantity: 10 })).opened();
  expect(entries(floor)).toEqual(['enter A']);
  return floor;
}

describe.each(['midpoint', 'atOnce'] as const)('an entry (%s) that a limit on calls turned away', (how) => {
  test('goes out again as another order when the pause is over, and is not counted as a rejection', () => {
    const floor = entering(how);
    for (let n = 0; n < 3; n++) {
      turnAway(floor);
      expect(entries(floor.pass(4 * SECOND))).toEqual([]);
      expect(entries(floor.pass(2 * SECOND))).toEqual(['enter A']);
    }
    expect(floor.orders()).toEqual([1, 2, 3, 4]);
    expect(floor.actors.tradingState.rejects).toEqual({ inARow: 0, thisMinute: 0 });
    expect(state(floor)).toBe('trading');
  });

  test('is sent no more once its intent is old', () => {
    const floor = entering(how, 3_000);
    turnAway(floor);
    expect(entries(floor.pass(20 * SECOND))).toEqual([]);
    expect([floor.actors.workers.works('A'), floor.actors.desk.holds('enter', 'A')]).toEqual([false, false]);
  });

  test('is over where it was the venue that refused', () => {
    const floor = entering(how);
    floor.reject(last(floor));
    expect(entries(floor.pass(20 * SECOND))).toEqual([]);
    expect(floor.actors.tradingState.rejects.inARow).toBe(1);
  });
});

test('nothing else leaves during the pause either', () => {
  const floor = entering('midpoint');
  turnAway(floor);
  floor.quoted = ['A', 'B'];
  floor.warmUp('B').pass(SECOND).sent();
  floor.decide(() => floor.intend({ symbol: 'B', quantity: 1 }));
  expect(floor.verdict()).toContain('callsTaken');
});
