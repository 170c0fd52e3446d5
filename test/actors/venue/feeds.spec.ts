import { describe, expect, test } from 'vitest';
import { tradingSession } from '../../../src/domain/exchange-calendar.ts';
import { SessionResumed } from '../../../src/events/engine.events.ts';
import { BackfillEnded } from '../../../src/events/feed.events.ts';
import { SymbolDefined } from '../../../src/events/market.events.ts';
import { LiveFloor, MS, SECOND } from './live-floor.ts';

const started = () => new LiveFloor().started();
const HOUR = 3_600 * SECOND;

describe('a feed in its session', () => {
  test('is live once it is connected, was filled up and has spoken', () => {
    const floor = new LiveFloor();
    floor.after(HOUR).open('stocks');
    expect(floor.state('stocks')).toBe('connecting');
    floor.connect('stocks');
    expect(floor.state('stocks')).toBe('recovering');
    floor.pass(SECOND);
    expect(floor.state('stocks')).toBe('recovering');
    floor.backfill();
    expect(floor.state('stocks')).toBe('live');
    const { open } = tradingSession('XNYS', '2024-01-02')!;
    expect(floor.payloads('BackfillRequested')).toMatchObject([
      { feed: 'stocks', from: open, to: open + HOUR, symbols: ['A', 'B'], attempt: 1 },
    ]);
  });

  test('stays live while it is heard, and is stale two seconds and one tick of the clock after', () => {
    const floor = started().pass(60 * SECOND);
    expect(floor.state('stocks')).toBe('live');
    floor.quoted = [];
    floor.pass(2 * SECOND);
    expect(floor.state('stocks')).toBe('live');
    floor.pass(250 * MS);
    expect(floor.state('stocks')).toBe('stale');
  });

  test('is stale at once when it is lost, and fails over when that lasts', () => {
    const floor = started().lose('stocks');
    expect(floor.state('stocks')).toBe('stale');
    floor.quoted = [];
    floor.pass(2_750 * MS);
    expect(floor.state('stocks')).toBe('stale');
    floor.pass(250 * MS);
    expect(floor.state('stocks')).toBe('failover');
    expect(floor.payloads('FeedStatusChanged').at(-2)!.reason).toBe('closed (1006)');
  });

  test('comes back by its own data where the connection was never lost, and its gap is on record', () => {
    const floor = started();
    const last = floor.now;
    floor.quoted = [];
    floor.pass(10 * SECOND);
    floor.quoted = ['A'];
    floor.pass(250 * MS);
    expect(floor.state('stocks')).toBe('recovering');
    expect(floor.payloads('FeedGapDetected').at(-1)).toMatchObject({ from: last, to: floor.now });
    expect(floor.backfill().state('stocks')).toBe('live');
  });

  test('does not believe data of a connection that was lost', () => {
    const floor = started().lose('stocks').pass(SECOND);
    expect(floor.state('stocks')).toBe('stale');
  });

  test('asks for the bars again when they could not be had, and waits for those it asked for', () => {
    const floor = started().lose('stocks').pass(SECOND).connect('stocks').backfill('the vendor is down');
    floor.pass(4_750 * MS);
    expect(floor.payloads('BackfillRequested').at(-1)!.attempt).toBe(1);
    floor.pass(250 * MS);
    const [first, second] = floor.payloads('BackfillRequested').slice(-2);
    expect(second).toEqual({ ...first, attempt: 2 });
    expect(floor.backfill().state('stocks')).toBe('live');
  });

  test('takes no answer to an earlier gap for one to this', () => {
    const floor = started().lose('stocks').pass(SECOND).connect('stocks');
    const { from, to } = floor.payloads('BackfillRequested').at(-1)! as { from: number; to: number };
    floor.lose('stocks').pass(SECOND).connect('stocks');
    const second = floor.payloads('BackfillRequested').at(-1)!;
    expect(second).toMatchObject({ from, to: floor.now, attempt: 1 });
    floor.pass(SECOND);
    floor.input(BackfillEnded.of({ feed: 'stocks', from, to, bars: 3, missing: [], failed: null }));
    expect(floor.pass(SECOND).state('stocks')).toBe('recovering');
    expect(floor.backfill().state('stocks')).toBe('live');
  });

  test('is connecting again after the engine was away, with no timer that could fire when the clock moves', () => {
    const floor = started().lose('stocks');
    floor.input(SessionResumed.of({ reason: 'killed' }));
    expect([floor.state('stocks'), floor.state('orders')]).toEqual(['connecting', 'connecting']);
    expect(floor.kernel.clock.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    floor.after(60 * SECOND).connect('stocks');
    expect(floor.payloads('BackfillRequested').at(-1)).toMatchObject({ to: floor.now });
  });
});

describe('quiet', () => {
  const at = (moment: string) => Date.parse(moment) * 1_000;
  const opened = (moment: string) => {
    const floor = new LiveFloor();
    floor.now = at(moment);
    floor.quoted = [];
    return floor.open('stocks').connect('stocks');
  };

  test.each([
    ['before the opening bell', '2024-01-02T13:00:00Z'],
    ['after the close', '2024-01-02T21:00:01Z'],
    ['on a weekend', '2024-01-06T17:00:00Z'],
    ['after the close of a half-day', '2024-07-03T17:00:01Z'],
    ['on a holiday', '2024-07-04T16:00:00Z'],
  ])('%s is normal', (_, moment) => {
    const floor = opened(moment).pass(60 * SECOND);
    expect(floor.moves('stocks')).toEqual(['connecting live']);
    expect(floor.payloads('FeedGapDetected')).toEqual([]);
  });

  test('that lasts from before the bell is counted from the bell on', () => {
    const floor = opened('2024-01-02T14:29:00Z').pass(60 * SECOND);
    expect(floor.pass(2 * SECOND).state('stocks')).toBe('live');
    expect(floor.pass(250 * MS).state('stocks')).toBe('stale');
  });

  test('of a line that died in the session stops mattering at the close', () => {
    const floor = started();
    floor.now = at('2024-01-02T20:59:50Z');
    floor
      .pass(250 * MS)
      .backfill()
      .pass(250 * MS);
    floor.quoted = [];
    floor.pass(5 * SECOND);
    expect(floor.state('stocks')).toBe('stale');
    floor.pass(10 * SECOND).backfill();
    expect(floor.state('stocks')).toBe('live');
  });

  test('of crypto is never normal', () => {
    const floor = new LiveFloor();
    const terms = { assetClass: 'crypto', multiplier: 1, calendar: '24x7', priceSource: 'quotes' } as const;
    floor.input(SymbolDefined.of({ id: 1, symbol: 'B', resolutionS: null, ...terms }));
    floor.now = at('2024-01-06T23:59:57Z');
    floor.quoted = ['B'];
    floor.open('crypto').connect('crypto').pass(SECOND).backfill();
    expect(floor.state('crypto')).toBe('live');
    floor.quoted = [];
    expect(floor.pass(2_250 * MS).state('crypto')).toBe('stale');
  });

  test('of the word on our orders is normal, and its return waits for a reconciliation', () => {
    const floor = new LiveFloor().open('orders').connect('orders');
    expect(floor.state('orders')).toBe('recovering');
    floor.pass(60 * SECOND);
    expect(floor.state('orders')).toBe('recovering');
    expect(
      floor
        .reconcile()
        .pass(60 * SECOND)
        .state('orders'),
    ).toBe('live');
  });
});

test('a session that goes on in another log keeps its feeds and their gaps', () => {
  const before = started().lose('stocks').pass(SECOND);
  const floor = new LiveFloor({ carried: before.carryOver() });
  floor.now = before.now;
  expect(floor.state('stocks')).toBe('stale');
  const lost = before.payloads('FeedStatusChanged').length;
  expect(lost).toBeGreaterThan(0);
  floor.connect('stocks');
  expect(floor.payloads('BackfillRequested')).toMatchObject([{ attempt: 1, to: floor.now }]);
});
