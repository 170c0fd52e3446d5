import { describe, expect, test } from 'vitest';
import { SessionResumed } from '../../../src/events/engine.events.ts';
import { OrderExpired } from '../../../src/events/order.events.ts';
import { holding } from '../selection/held-shares.ts';
import { LiveFloor, SECOND } from '../venue/live-floor.ts';

/** Ten shares are to be sold, and an order for that is out. */
function selling(): LiveFloor {
  const floor = holding(false);
  floor.command('flatten');
  floor.pass(SECOND);
  expect(asked(floor)).toEqual(['exit A']);
  return floor;
}
/** Orders that left since the last look. */
const asked = (floor: LiveFloor) => floor.sent().filter((each) => /^(exit|protect) /.test(each));
const last = (floor: LiveFloor): number => floor.orders().at(-1)!;
const equity = (floor: LiveFloor) => floor.actors.selector!.view('A').state.equity;

const ends: readonly [string, (floor: LiveFloor) => void][] = [
  ['rejected by the venue', (floor) => floor.reject(last(floor))],
  ['canceled by the venue', (floor) => floor.cancelled(last(floor))],
  ['expired', (floor) => floor.input(OrderExpired.of({ ordinal: last(floor) }))],
];

describe('an exit of which an order ended without a fill', () => {
  test.each(ends)('%s, is asked for again after a pause', (_, end) => {
    const floor = selling();
    end(floor);
    floor.pass(4 * SECOND);
    expect(asked(floor)).toEqual([]);
    floor.pass(2 * SECOND);
    expect(asked(floor)).toEqual(['exit A']);
    floor.fill(last(floor), 99.99);
    expect(equity(floor)).not.toBe('exiting');
    floor.pass(60 * SECOND);
    expect(asked(floor)).toEqual([]);
  });

  test('waits longer each time', () => {
    const floor = selling();
    for (const pause of [5, 10, 20]) {
      floor.cancelled(last(floor)).pass((pause - 1) * SECOND);
      expect(asked(floor)).toEqual([]);
      floor.pass(2 * SECOND);
      expect(asked(floor)).toEqual(['exit A']);
    }
  });

  test('sells only what is left', () => {
    const floor = selling();
    floor.fill(last(floor), 99.99, 4, 6).cancelled(last(floor));
    floor.pass(6 * SECOND);
    expect(floor.intended(last(floor)).quantity).toBe(6);
  });

  test('sells what its entry bought while it was taken back, but no more than that', () => {
    const floor = holding(false);
    floor.decide(() => floor.intend({ quantity: 12 }));
    const entry = last(floor);
    floor.accept(entry).sent();
    floor.command('flatten').pass(SECOND);
    expect(floor.sent()).toEqual([`cancel ${entry}`]);
    floor.fill(entry, 100, 4, 8).cancelled(entry).pass(SECOND);
    const exits = () => floor.orders().map((each) => floor.intended(each));
    expect(exits().at(-1)).toMatchObject({ action: 'exit', quantity: 10 });
    floor.fill(last(floor), 99.99).pass(6 * SECOND);
    expect(exits().at(-1)).toMatchObject({ action: 'exit', quantity: 4 });
    floor.fill(last(floor), 99.99);
    const before = floor.orders().length;
    floor.pass(60 * SECOND);
    expect(floor.orders()).toHaveLength(before);
    expect(equity(floor)).not.toBe('exiting');
  });

  test('leaves alone what an entry buys that went out after it', () => {
    const floor = selling();
    floor.fill(last(floor), 99.99, 4, 6).cancelled(last(floor));
    floor.decide(() => floor.intend({ quantity: 12 }));
    floor.accept(last(floor)).fill(last(floor), 100, 12);
    floor.pass(6 * SECOND);
    expect(floor.intended(last(floor))).toMatchObject({ action: 'exit', quantity: 6 });
  });

  test('is not tried while nothing may leave, and then it is', () => {
    const floor = selling();
    floor.command('halt').cancelled(last(floor));
    floor.sent();
    floor.pass(120 * SECOND);
    expect([asked(floor), floor.payloads('OrderDenied')]).toEqual([[], []]);
    floor.command('reset').pass(SECOND);
    expect(asked(floor)).toEqual(['exit A']);
  });

  test('goes on after the process came back, which takes orders that were worked back', () => {
    const floor = selling();
    floor.accept(last(floor));
    floor.input(SessionResumed.of({ reason: 'a test' }));
    floor.started();
    floor.cancelled(last(floor));
    floor.sent();
    floor.pass(6 * SECOND);
    expect(asked(floor)).toEqual(['exit A']);
  });

  test('an operator wanted is asked for in the next session; another is decided anew by the close', () => {
    const floor = selling();
    // Of part of a day nothing is decided.
    floor.cancelled(last(floor));
    floor.lose('stocks').closed();
    floor.connect('stocks').pass(SECOND);
    floor.backfill().pass(6 * SECOND);
    expect(asked(floor)).toEqual(['exit A']);

    const stopped = holding(false);
    for (const px of [94, 94, 94]) stopped.after(1_000).quote('A', px - 0.02, px);
    stopped.sent();
    expect(stopped.payloads('ExitTriggered')).toMatchObject([{ reason: 'protectiveStop' }]);
    stopped.cancelled(last(stopped)).closed();
    const before = stopped.orders().length;
    stopped.pass(6 * SECOND);
    expect(stopped.orders()).toHaveLength(before);
  });
});

test('a stop that the venue refused is put back; one that made way is not', () => {
  const put = (end: (floor: LiveFloor, ordinal: number) => void) => {
    // No plan holds these: only what was asked for is looked after.
    const floor = new LiveFloor()
      .started()
      .hold('A', 10, 100)
      .pass(2 * SECOND);
    const size = { kind: 'quantity', quantity: 10 } as const;
    const stop = {
      action: 'protect',
      role: 'tactical',
      symbol: 'A',
      side: 'sell',
      orderType: 'stop',
    } as const;
    const terms = { ...stop, size, limitPx: null, stopPx: 95, timeInForce: 'gtc', reason: 'a test' } as const;
    floor.decide(() => floor.actors.desk.request(terms, { basis: [] }));
    floor.sent();
    end(floor, last(floor));
    floor.pass(6 * SECOND);
    return floor.sent();
  };
  expect(put((floor, ordinal) => floor.reject(ordinal))).toEqual(['protect A']);
  expect(put((floor, ordinal) => floor.cancelled(ordinal))).toEqual([]);
});
