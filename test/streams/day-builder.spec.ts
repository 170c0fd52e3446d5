import { expect, test } from 'vitest';
import type { CalendarName } from '../../src/domain/instrument.ts';
import { DAY_S } from '../../src/events/tick.ts';
import type { Bar } from '../../src/streams/bar.ts';
import { DayBuilder } from '../../src/streams/day-builder.ts';

const micros = (utc: string) => Date.parse(`${utc}Z`) * 1_000;

/** A minute that ends at `utc`, around `px`. */
const minute = (utc: string, px: number, seq = 1): Bar => ({
  symbol: 'A',
  time: micros(utc),
  open: px,
  high: px + 1,
  low: px - 1,
  close: px + 0.5,
  volume: 10,
  resolutionS: 60,
  seq,
});

function built(day: string, bars: readonly Bar[], calendar: CalendarName = 'XNYS'): Bar | null {
  const builder = new DayBuilder(calendar);
  for (const bar of bars) builder.add(bar);
  return builder.close(day);
}

test('a day opens with its first minute, closes with its last, and is stamped with the close of the session', () => {
  const bars = [
    minute('2024-01-02T14:31', 50, 1),
    minute('2024-01-02T16:00', 70, 2),
    minute('2024-01-02T20:58', 40, 3),
  ];
  expect(built('2024-01-02', bars)).toEqual({
    symbol: 'A',
    time: micros('2024-01-02T21:00'),
    open: 50,
    high: 71,
    low: 39,
    close: 40.5,
    volume: 30,
    resolutionS: DAY_S,
    seq: 3,
  });
});

test.each([
  ['winter', '2024-01-02', '14:30', '14:31'],
  ['summer', '2024-07-02', '13:30', '13:31'],
  ['the first session of daylight saving', '2024-03-11', '13:30', '13:31'],
])(
  'in %s a minute that ends with the opening bell is of the pre-market, the next is not',
  (_, day, bell, first) => {
    const early = [minute(`${day}T09:00`, 900), minute(`${day}T${bell}`, 1)];
    expect(built(day, early)).toBeNull();
    expect(built(day, [...early, minute(`${day}T${first}`, 50)])).toMatchObject({
      open: 50,
      high: 51,
      low: 49,
      volume: 10,
    });
  },
);

test('a half-day ends at one: the minute at its close counts, what comes after belongs to no day', () => {
  const day = [minute('2020-11-27T14:31', 50), minute('2020-11-27T18:00', 60)];
  const after = [
    minute('2020-11-27T18:01', 900),
    minute('2020-11-27T21:00', 1),
    minute('2020-11-28T15:00', 800),
  ];
  expect(built('2020-11-27', [...day, ...after])).toMatchObject({
    time: micros('2020-11-27T18:00'),
    high: 61,
    low: 49,
    close: 60.5,
    volume: 20,
  });
});

test('the evening before and the weekend leave the next session alone', () => {
  const builder = new DayBuilder('XNYS');
  builder.add(minute('2024-01-05T20:00', 50));
  builder.add(minute('2024-01-05T22:00', 900));
  expect(builder.close('2024-01-05')).toMatchObject({ open: 50, high: 51 });
  builder.add(minute('2024-01-07T12:00', 900));
  builder.add(minute('2024-01-08T14:31', 70));
  expect(builder.close('2024-01-08')).toMatchObject({
    time: micros('2024-01-08T21:00'),
    open: 70,
    high: 71,
    low: 69,
  });
});

test('a session without a trade has no day, and the day before is not told again', () => {
  const builder = new DayBuilder('XNYS');
  builder.add(minute('2024-01-02T15:00', 50));
  expect(builder.close('2024-01-02')).not.toBeNull();
  expect(builder.close('2024-01-03')).toBeNull();
});

test('a day of a market that never closes ends with the minute stamped at midnight', () => {
  const bars = [minute('2024-01-06T00:01', 50), minute('2024-01-07T00:00', 60)];
  const day = built('2024-01-06', bars, '24x7');
  expect(day).toMatchObject({ time: micros('2024-01-07T00:00'), open: 50, close: 60.5, volume: 20 });
});

test('a day cut in two by the end of a session of the engine is the same day', () => {
  const bars = ['14:00', '14:31', '15:00', '18:00', '18:30'].map((at, i) =>
    minute(`2020-11-27T${at}`, 50 + i, i),
  );
  const whole = built('2020-11-27', bars);
  for (let cut = 0; cut <= bars.length; cut++) {
    const before = new DayBuilder('XNYS');
    for (const bar of bars.slice(0, cut)) before.add(bar);
    const after = new DayBuilder('XNYS');
    after.restore(JSON.parse(JSON.stringify(before.save())));
    for (const bar of bars.slice(cut)) after.add(bar);
    expect(after.close('2020-11-27')).toEqual(whole);
  }
});
