import { describe, expect, test } from 'vitest';
import { SessionResumed } from '../../../src/events/engine.events.ts';
import { FeedOpened } from '../../../src/events/feed.events.ts';
import * as o from '../../../src/events/order.events.ts';
import { Floor, type FloorOptions } from '../trading-floor.ts';

const SECOND = 1_000_000;
const FILL = {
  ordinal: 1,
  executionId: 'x1',
  symbol: 'A',
  side: 'buy',
  lastQty: 4,
  lastPx: 100,
  feeMicros: 0,
} as const;

/** One order that was sent, and of which nothing was heard. */
class Dark extends Floor {
  constructor(options: FloorOptions = {}) {
    super(options);
    if (options.carried !== undefined) return;
    this.day('A', 100).decide(() => this.intend({ quantity: 10 }));
    this.kernel.takeEffects();
  }

  unknown(ordinal = 1): this {
    this.input(o.OrderOutcomeUnknown.of({ ordinal, reason: '504' }));
    return this;
  }
  notFound(ordinal = 1): this {
    this.input(o.OrderNotFound.of({ ordinal }));
    return this;
  }
  failed(ordinal = 1): this {
    this.input(o.OrderLookupFailed.of({ ordinal, reason: '503' }));
    return this;
  }
  refused(ordinal = 1): this {
    this.input(o.CancelRejected.of({ ordinal, reason: 'busy' }));
    return this;
  }
  wait(seconds: number): this {
    return this.after(seconds * SECOND).decide(() => {});
  }
  /** Nothing is found, as often as it is asked for. */
  missing(times = 5): this {
    for (let i = 0; i < times; i++) this.notFound().wait(2);
    return this;
  }
  /** What left, by type. */
  left(): string[] {
    return this.kernel.takeEffects().map(({ type }) => type);
  }
  status(ordinal = 1): string {
    return this.actors.orders.get(ordinal)!.state.status;
  }
  frozen(): boolean {
    return this.actors.unknown.frozen('A');
  }
}

describe('an order of unknown fate', () => {
  test('freezes its symbol, and no other, and is looked up at once', () => {
    const each = new Dark().unknown();
    expect(each.status()).toBe('unknown');
    expect([each.frozen(), each.actors.unknown.frozen('B')]).toEqual([true, false]);
    expect(each.left()).toEqual(['OrderLookupRequested']);
  });

  test('is looked up again two seconds after an answer that found nothing', () => {
    const each = new Dark().unknown().notFound();
    each.left();
    expect(each.wait(1.9).left()).toEqual([]);
    expect(each.wait(0.1).left()).toEqual(['OrderLookupRequested']);
    expect(each.payloads('OrderLookupRequested').map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test('is looked up anew where no answer comes at all', () => {
    const each = new Dark().unknown();
    each.left();
    expect(each.wait(9.9).left()).toEqual([]);
    expect(each.wait(0.1).left()).toEqual(['OrderLookupRequested']);
  });

  test('found working lives on as any other, and its symbol is free', () => {
    const each = new Dark().unknown().notFound().accept(1);
    expect([each.status(), each.frozen()]).toEqual(['accepted', false]);
    each.left();
    expect(each.wait(60).left()).toEqual([]);
  });

  test('found filled has moved the ledger', () => {
    const each = new Dark().unknown().fill(1, 100);
    expect([each.status(), each.frozen()]).toEqual(['filled', false]);
    expect(each.actors.portfolio.quantity('A')).toBe(10);
  });

  test('is sent once more under its own ordinal after five look-ups found nothing', () => {
    const each = new Dark().unknown().missing(4);
    expect(each.left()).not.toContain('SubmitAttempted');
    each.notFound();
    expect(each.left()).toEqual(['SubmitAttempted']);
    expect(each.payloads('SubmitAttempted').map(({ ordinal }) => ordinal)).toEqual([1, 1]);
    expect([each.status(), each.frozen()]).toEqual(['submitted', true]);
    expect(each.accept(1).frozen()).toBe(false);
  });

  test('is not counted as missing by look-ups that failed', () => {
    const each = new Dark().unknown();
    for (let i = 0; i < 20; i++) each.failed().wait(2);
    expect(each.payloads('SubmitAttempted')).toHaveLength(1);
    expect(each.frozen()).toBe(true);
    each.missing(5);
    expect(each.payloads('SubmitAttempted')).toHaveLength(2);
  });

  test('is given up when it cannot be found after the second time either', () => {
    const each = new Dark().unknown().missing().unknown().missing();
    expect(each.payloads('SubmitAttempted')).toHaveLength(2);
    expect(each.payloads('OrderGivenUp')).toMatchObject([{ ordinal: 1 }]);
    expect([each.status(), each.frozen()]).toEqual(['canceled', false]);
  });

  const notWanted: [string, (each: Dark) => Dark, FloorOptions?][] = [
    ['whose intent has grown old', (each) => each, { config: { risk: { intentAgeMaxMs: 5_000 } } }],
    ['while trading is halted', (each) => each.command('halt')],
    ['that was to be canceled', (each) => each.decide(() => void each.actors.orders.cancel(1, 'a test'))],
    ['the venue once had', (each) => each.accept(1)],
  ];
  for (const [what, prepare, options] of notWanted) {
    test(`${what} is not sent again, but given up`, () => {
      const each = prepare(new Dark(options)).unknown().missing();
      expect(each.payloads('SubmitAttempted')).toHaveLength(1);
      expect(each.payloads('OrderGivenUp')).toHaveLength(1);
      expect(each.status()).toBe('canceled');
    });
  }

  test('whose cancel got lost is asked for its cancel again when it is found', () => {
    const each = new Dark().accept(1);
    each.decide(() => each.actors.orders.cancel(1, 'a test')).left();
    expect(each.unknown().left()).toEqual(['OrderLookupRequested']);
    expect(each.accept(1).left()).toEqual(['CancelAttempted']);
    expect(each.status()).toBe('pendingCancel');
  });

  test('may be canceled in the dark, and stays looked up', () => {
    const each = new Dark().unknown();
    each.decide(() => each.actors.orders.cancel(1, 'a test'));
    expect([each.status(), each.frozen()]).toEqual(['pendingCancel', true]);
    each.refused().missing();
    expect([each.status(), each.frozen()]).toEqual(['canceled', false]);
  });

  test('has a status no table knows as long as the venue says nothing better', () => {
    const each = new Dark().accept(1);
    const unmapped = o.StatusUnmapped.of({ ordinal: 1, status: 'calculated', venueOrderId: 'v1' });
    each.input(unmapped);
    expect(each.status()).toBe('unknown');
    each.left();
    each.input(unmapped);
    expect(each.wait(2).left()).toEqual(['OrderLookupRequested']);
    expect(each.accept(1).frozen()).toBe(false);
  });
});

describe('a request that is never answered', () => {
  const live = (prepare: (each: Dark) => Dark): Dark => {
    const each = prepare(new Dark());
    each.input(FeedOpened.of({ feed: 'orders', source: 'the venue', tradable: true }));
    return each;
  };
  const canceled = (each: Dark): Dark =>
    each.accept(1).decide(() => void each.actors.orders.cancel(1, 'a test'));

  test.each<[string, (each: Dark) => Dark]>([
    ['submit', (each) => each],
    ['cancel', canceled],
  ])('a %s is looked up when all look-ups would have been answered', (_, prepare) => {
    const each = live(prepare).wait(0);
    each.left();
    expect(each.wait(9.9).left()).toEqual([]);
    expect(each.wait(0.1).left()).toEqual(['OrderLookupRequested']);
    expect([each.status(), each.frozen()]).toEqual(['unknown', true]);
  });

  test('a cancel that the venue took and forgot is asked again, as often as it takes', () => {
    const each = live(canceled).wait(0);
    for (let i = 0; i < 3; i++) {
      each.wait(10).left();
      expect(each.accept(1).left()).toEqual(['CancelAttempted']);
      each.wait(0);
    }
    expect(each.cancelled(1).wait(60).left()).toEqual([]);
  });

  test('a submit that was sent twice is looked up, too', () => {
    const each = live((dark) => dark.unknown().missing()).wait(0);
    expect(each.status()).toBe('submitted');
    each.left();
    expect(each.wait(10).left()).toEqual(['OrderLookupRequested']);
  });

  test('is looked up in the next session, where it was left behind by the one before', () => {
    const first = live(canceled);
    const second = new Dark({ carried: first.carryOver() });
    second.now = first.now;
    second.input(FeedOpened.of({ feed: 'orders', source: 'the venue', tradable: true }));
    expect(second.wait(0).wait(10).left()).toEqual(['OrderLookupRequested']);
    expect(second.accept(1).left()).toEqual(['CancelAttempted']);
  });

  test('of an order given up is asked again', () => {
    const each = live((dark) => dark.unknown().missing().unknown().missing().accept(1));
    each.left();
    expect(each.wait(10).left()).toEqual(['CancelAttempted']);
  });
});

describe('an order that was given up', () => {
  const givenUp = (): Dark => {
    const each = new Dark().unknown().missing().unknown().missing();
    each.left();
    return each;
  };

  test('is canceled on sight, and its symbol is frozen while it lives', () => {
    const each = givenUp().accept(1);
    expect(each.left()).toEqual(['CancelAttempted']);
    expect([each.status(), each.frozen()]).toEqual(['canceled', true]);
    expect(each.cancelled(1).frozen()).toBe(false);
  });

  test('moves the ledger by what it trades all the same', () => {
    const each = givenUp().fill(1, 100, 4, 6);
    expect(each.left()).toEqual(['CancelAttempted']);
    each.fill(1, 100, 6, 0);
    expect(each.actors.portfolio.quantity('A')).toBe(10);
    expect([each.status(), each.frozen()]).toEqual(['canceled', false]);
  });

  test('is asked for its cancel until the venue says that it is over', () => {
    const each = givenUp().accept(1);
    each.left();
    expect(each.refused().wait(4.9).left()).toEqual([]);
    expect(each.wait(0.1).left()).toEqual(['CancelAttempted']);
    each.cancelled(1);
    expect(each.wait(60).left()).toEqual([]);
  });

  test('is still watched for in the next session', () => {
    const first = givenUp();
    const second = new Dark({ carried: first.carryOver() });
    second.now = first.now;
    // Whoever carries the venue's word tells of known orders only.
    expect(second.actors.orders.known()).toMatchObject([{ ordinal: 1, symbol: 'A', status: 'canceled' }]);
    expect(second.accept(1).left()).toEqual(['CancelAttempted']);
    second.input(o.OrderFilled.of({ ...FILL, leavesQty: 6 }));
    expect(second.actors.portfolio.quantity('A')).toBe(4);
    expect(second.status()).toBe('canceled');
  });
});

describe('a restart', () => {
  const resumed = (each: Dark): Dark => {
    each.input(SessionResumed.of({ reason: 'killed' }));
    each.left();
    return each;
  };

  test('looks up whatever was asked and not answered, once the clock has moved', () => {
    for (const prepare of [
      (each: Dark) => each,
      (each: Dark) => each.accept(1).decide(() => each.actors.orders.cancel(1, 'a test')),
    ]) {
      const each = resumed(prepare(new Dark()));
      expect(each.wait(3_600).left()).toEqual(['OrderLookupRequested']);
      expect(each.status()).toBe('unknown');
    }
  });

  test('after an hour asks once, and not for every two seconds of it', () => {
    const each = resumed(new Dark().unknown().notFound());
    expect(each.wait(3_600).left()).toEqual(['OrderLookupRequested']);
  });

  test('asks once more for a cancel in the dark that may have been lost with the process', () => {
    const each = new Dark().unknown();
    each.decide(() => each.actors.orders.cancel(1, 'a test'));
    expect(resumed(each).wait(1).left()).toEqual(['OrderLookupRequested']);
    expect(each.accept(1).left()).toEqual(['CancelAttempted']);
    each.cancelled(1);
    expect([each.status(), each.frozen()]).toEqual(['canceled', false]);
  });

  test('leaves alone what the venue had confirmed', () => {
    expect(resumed(new Dark().accept(1)).wait(3_600).left()).toEqual([]);
  });

  test('goes on counting in the next session where the last one stopped', () => {
    const first = new Dark().unknown().missing(3);
    const second = new Dark({ carried: first.carryOver() });
    second.now = first.now;
    expect(second.frozen()).toBe(true);
    second.missing(2);
    expect(second.payloads('SubmitAttempted')).toMatchObject([{ ordinal: 1 }]);
  });
});
