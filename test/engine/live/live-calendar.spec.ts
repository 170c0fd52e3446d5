import { expect, it } from 'vitest';
import { dayToMicros } from '../../../src/domain/exchange-calendar.ts';
import type { CalendarName } from '../../../src/domain/instrument.ts';
import { LiveCalendar } from '../../../src/engine/live/live-calendar.ts';
import { MarketClosed, MarketOpened } from '../../../src/events/market.events.ts';

const SECOND_US = 1_000_000;

/** What rings between two moments, four times a second: day, kind, and seconds after the first. */
function ringing(name: CalendarName, from: number, seconds: number): string[] {
  const calendar = new LiveCalendar();
  const rung: string[] = [];
  for (let now = from; now <= from + seconds * SECOND_US; now += SECOND_US / 4) {
    const due = calendar.due(name, now);
    if (due === null) continue;
    const { kind, day } = due;
    calendar.see((kind === 'open' ? MarketOpened : MarketClosed).of({ calendar: name, day }));
    rung.push(`${day} ${kind} ${(now - from) / SECOND_US}`);
  }
  return rung;
}

it('closes a day that never ends before the next one opens', () => {
  expect(ringing('24x7', dayToMicros('2026-11-18') - 10 * SECOND_US, 30)).toEqual([
    '2026-11-17 open 0',
    '2026-11-17 close 15',
    '2026-11-18 open 15.25',
  ]);
});

it('closes New York once the last bar is here, and opens it when spreads have settled', () => {
  const close = dayToMicros('2026-11-17') + 21 * 3_600 * SECOND_US;
  expect(ringing('XNYS', close - SECOND_US, 17 * 3_600 + 3_600)).toEqual([
    '2026-11-17 open 0',
    '2026-11-17 close 6',
    `2026-11-18 open ${17.5 * 3_600 + 5 * 60 + 1}`,
  ]);
});
