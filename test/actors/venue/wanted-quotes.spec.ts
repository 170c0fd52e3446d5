import { expect, test } from 'vitest';
import { SelectionMade } from '../../../src/events/decision.events.ts';
import { ClockTicked } from '../../../src/events/engine.events.ts';
import { FeedConnected, FeedOpened } from '../../../src/events/feed.events.ts';
import { HedgeSized } from '../../../src/events/option.events.ts';
import { CALL, OptionsFloor, PUT } from '../options-floor.ts';

function floor(before: (each: OptionsFloor) => unknown = () => {}): OptionsFloor {
  const each = new OptionsFloor().chain();
  each.after(400_000_000).chain();
  before(each);
  each.input(FeedOpened.of({ feed: 'options', source: 'test', tradable: true }));
  each.input(FeedConnected.of({ feed: 'options' }));
  return each;
}
const wanted = (each: OptionsFloor) => {
  each.after(250_000).input(ClockTicked.of({}));
  return each.payloads('QuotesWanted').map(({ symbols }) => symbols);
};
const selected = (contract: string | null) =>
  SelectionMade.of({
    symbol: 'A',
    choice: 'option',
    direction: 'long',
    contract,
    tests: [],
    reason: 'a test',
  });

test('contracts are wanted while they are chosen or held, and said only when that changes', () => {
  const each = floor((before) => before.hold(CALL, 1, 3));
  expect(wanted(each)).toEqual([[CALL]]);
  each.decide(() => each.kernel.publish(selected(PUT)));
  expect(wanted(each)).toEqual([[CALL], [CALL, PUT].sort()]);
  expect(wanted(each)).toHaveLength(2);
  each.decide(() => each.kernel.publish(selected(null)));
  expect(wanted(each).at(-1)).toEqual([CALL]);
});

test('a feed that is opened anew is told again, though nothing changed', () => {
  const each = floor((before) => before.hold(CALL, 1, 3));
  expect(wanted(each)).toEqual([[CALL]]);
  each.input(FeedOpened.of({ feed: 'stocks', source: 'test', tradable: true }));
  expect(wanted(each)).toHaveLength(1);
  each.input(FeedOpened.of({ feed: 'options', source: 'test', tradable: true }));
  expect(wanted(each)).toEqual([[CALL], [CALL]]);
});

test('what waits for the open and what hedges is wanted', () => {
  const each = floor();
  each.decide(() => each.defer({ intent: 1, action: 'enter', symbol: CALL }));
  expect(wanted(each)).toEqual([[CALL]]);
  const sized = {
    purpose: 'enter',
    contract: PUT,
    quantity: 1,
    exposure: 1,
    target: 1,
    premium: 1,
    unhedged: 0,
  } as const;
  each.decide(() => each.kernel.publish(HedgeSized.of({ ...sized, tests: [], evidence: {} })));
  expect(wanted(each)).toEqual([[CALL], [CALL, PUT].sort()]);
});

test('nothing is wanted of a feed that nobody opened', () => {
  const each = new OptionsFloor().chain();
  each.decide(() => each.kernel.publish(selected(PUT)));
  expect(wanted(each)).toEqual([]);
});

test('options that nobody wants may be quiet; wanted ones may be as quiet as their quotes may be old', () => {
  const each = floor();
  const after = (ms: number) => {
    each.after(ms * 1_000).input(ClockTicked.of({}));
    return each.actors.feeds.state('options');
  };
  expect(after(60_000)).toBe('live');
  each.decide(() => each.kernel.publish(selected(PUT)));
  wanted(each);
  expect(after(30_000)).toBe('live');
  expect(after(250)).toBe('stale');
});
