import { describe, expect, test } from 'vitest';
import { tradingSession } from '../../../src/domain/exchange-calendar.ts';
import type { LiveFloor } from '../venue/live-floor.ts';
import { holding } from './held-shares.ts';

const { close } = tradingSession('XNYS', '2024-01-02')!;
const MINUTE = 60_000_000;

/** Nobody believes in the shares any more when the day ends. */
function closes(spoil: (floor: LiveFloor) => void): LiveFloor {
  const floor = holding(true);
  floor.now = close - MINUTE;
  floor.pass(MINUTE / 2);
  spoil(floor);
  floor.quoted = [];
  floor.now = close;
  floor.closed();
  return floor;
}
const deciding = (floor: LiveFloor) => floor.actors.selector!.view('A').selection!.deciding;
const exits = (floor: LiveFloor) => floor.payloads('ExitTriggered').map(({ reason }) => reason);
const deferred = (floor: LiveFloor) => floor.payloads('IntentDeferred').map(({ action }) => action);

describe('a close of which the market was not heard to the end', () => {
  const partial = closes((floor) => floor.lose('stocks'));

  test('chooses nothing, and says which feed was missing', () => {
    expect(deciding(partial)).toBe('feedLive');
    const { tests } = partial.payloads('SelectionMade').at(-1) as { tests: object[] };
    expect(tests).toContainEqual({
      test: 'feedLive',
      value: 'stocks failover',
      limit: 'stocks live',
      pass: false,
    });
  });

  test('ends no plan by its conviction, and protects what is held', () => {
    expect([exits(partial), deferred(partial)]).toEqual([[], ['protect']]);
  });

  test('is followed by a whole day, on which the plan may leave', () => {
    const floor = closes((each) => each.lose('stocks'));
    floor.connect('stocks');
    floor.now += 18 * 60 * MINUTE;
    floor.quoted = ['A'];
    floor.pass(MINUTE).backfill().pass(MINUTE);
    expect(floor.state('stocks')).toBe('live');
    floor.closed();
    expect(exits(floor)).toEqual(['conviction']);
  });
});

test('a whole day is decided on as ever', () => {
  const whole = closes(() => {});
  expect(deciding(whole)).not.toBe('feedLive');
  expect([exits(whole), deferred(whole)]).toEqual([['conviction'], ['protect', 'exit']]);
});
