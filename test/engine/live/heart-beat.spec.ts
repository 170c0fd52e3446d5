import { expect, test } from 'vitest';
import { dayToMicros } from '../../../src/domain/exchange-calendar.ts';
import { HeartBeat } from '../../../src/engine/live/heart-beat.ts';
import type { LiveLane } from '../../../src/engine/live/input-lane.ts';
import { LiveCalendar } from '../../../src/engine/live/live-calendar.ts';
import type { NewInput } from '../../../src/events/define-event.ts';
import { MarketOpened } from '../../../src/events/market.events.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';

const HOUR_US = 3_600_000_000;
/** A Tuesday, half an hour after New York's close. */
const EVENING = dayToMicros('2026-11-17') + 21.5 * HOUR_US;

/** An engine that comes back to a day it has opened. */
function comingBack(mayClose: () => boolean) {
  const clock = new SteppedClock(EVENING);
  const calendar = new LiveCalendar();
  calendar.see(MarketOpened.of({ calendar: 'XNYS', day: '2026-11-17' }));
  const closes: number[] = [];
  const say = ({ type }: NewInput) => {
    if (type === 'MarketClosed') closes.push((clock.now() - EVENING) / 1_000_000);
  };
  const lane = { say } as LiveLane;
  const calendars = ['XNYS'] as const;
  const rest = { calendars, mayOpen: () => true, onBeat: () => {}, onDayClosed: () => {} };
  new HeartBeat({ clock, lane, calendar, mayClose, ...rest }).start();
  return { clock, closes };
}

test('a day is closed once its feeds have caught up', () => {
  let caughtUp = false;
  const { clock, closes } = comingBack(() => caughtUp);
  clock.advance(10_000);
  expect(closes).toEqual([]);
  caughtUp = true;
  clock.advance(10_000);
  expect(closes).toEqual([10.25]);
});

test('a feed that does not catch up keeps no day open for more than a minute', () => {
  const { clock, closes } = comingBack(() => false);
  clock.advance(120_000);
  expect(closes).toEqual([60.25]);
});
