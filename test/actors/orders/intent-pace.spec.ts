import { describe, expect, test } from 'vitest';
import type { IntentDeferred } from '../../../src/events/order.events.ts';
import { holding } from '../selection/held-shares.ts';
import { LiveFloor, SECOND } from '../venue/live-floor.ts';

const TICK = SECOND / 4;

/** Asks for shares of a symbol, now. */
function ask(floor: LiveFloor, over: Partial<IntentDeferred> = {}): void {
  const terms = {
    ...{ action: 'enter', role: 'tactical', symbol: 'A', side: 'buy', orderType: 'limit' },
    ...{ size: { kind: 'quantity', quantity: 10 }, limitPx: null, stopPx: null },
    ...{ timeInForce: 'day', reason: 'a test', ...over },
  } as const;
  floor.decide(() => floor.actors.desk.request(terms as never, { basis: [] }));
}

const denials = (floor: LiveFloor) => floor.payloads('OrderDenied');
const dropped = (floor: LiveFloor) => floor.payloads('IntentDropped');

describe('in a live session, what comes too soon', () => {
  test('waits: an exit within the second of an entry goes out in the next one, and closes the plan', () => {
    const floor = holding(false);
    ask(floor, { size: { kind: 'quantity', quantity: 1 } });
    floor.fill(floor.orders().at(-1)!, 100).after(TICK).clock();
    floor.sent();
    floor.command('flatten');
    floor.pass(TICK);
    expect([floor.sent(), denials(floor), dropped(floor)]).toEqual([[], [], []]);
    floor.pass(SECOND);
    expect(floor.sent()).toEqual(['exit A']);
    expect([denials(floor), dropped(floor)]).toEqual([[], []]);
  });

  test('waits, too, while the minute is full, and as long as it looks like a repeat', () => {
    const config = { risk: { intentsPerMinute: 2 } };
    const floor = new LiveFloor({ config }).started();
    ask(floor);
    const [first] = floor.orders();
    floor.fill(first, floor.intended(first).limitPx!).pass(2 * SECOND);
    ask(floor);
    floor.pass(2 * SECOND);
    expect(floor.orders()).toHaveLength(1); // the same again within 5 s
    floor.pass(2 * SECOND);
    expect(floor.orders()).toHaveLength(2);
    floor.fill(2, floor.intended(2).limitPx!).pass(SECOND);
    ask(floor, { action: 'exit', side: 'sell' });
    floor.pass(30 * SECOND);
    expect(floor.orders()).toHaveLength(2);
    floor.pass(30 * SECOND);
    expect(floor.orders()).toHaveLength(3);
    expect([denials(floor), dropped(floor)]).toEqual([[], []]);
  });

  test('waits where it is not worked but sent once: a stop', () => {
    const floor = new LiveFloor().started();
    ask(floor);
    floor.fill(1, 100).after(TICK);
    ask(floor, { action: 'protect', side: 'sell', orderType: 'stop', stopPx: 95, timeInForce: 'gtc' });
    floor.clock();
    expect(floor.orders()).toEqual([1]);
    floor.pass(SECOND);
    expect(floor.intended(2)).toMatchObject({ action: 'protect', stopPx: 95 });
    expect([denials(floor), dropped(floor)]).toEqual([[], []]);
  });

  test('waits no longer than an intent may', () => {
    const config = { risk: { intentsPerMinute: 1, intentAgeMaxMs: 5_000 } };
    const floor = new LiveFloor({ config }).started();
    ask(floor);
    floor.fill(1, 100).pass(SECOND);
    ask(floor, { size: { kind: 'quantity', quantity: 5 } });
    floor.pass(6 * SECOND);
    expect(floor.orders()).toEqual([1]);
    expect(dropped(floor)).toMatchObject([{ reason: 'older than an intent may become' }]);
    floor.pass(60 * SECOND);
    expect(floor.orders()).toEqual([1]);
  });
});
