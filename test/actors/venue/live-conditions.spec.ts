import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { CorporateActionHeard } from '../../../src/events/account.events.ts';
import { OperatorCommanded, SessionResumed, TradingResumed } from '../../../src/events/engine.events.ts';
import { PriceBandsSet, SymbolHaltChanged } from '../../../src/events/feed.events.ts';
import { OptionsFloor } from '../options-floor.ts';
import { LiveFloor, MS, SECOND } from './live-floor.ts';

const started = (options: ConstructorParameters<typeof LiveFloor>[0] = {}) =>
  new LiveFloor(options).started();

/** Intends to buy or sell one of A at 100 and says which tests failed. */
function ask(floor: LiveFloor, action: 'enter' | 'exit' = 'enter', limitPx = 100): string[] {
  const side = action === 'enter' ? 'buy' : 'sell';
  floor.decide(() => floor.intend({ symbol: 'A', action, side, limitPx, orderType: 'limit' }));
  return floor.failing();
}

const spinOff = (symbol: string, problem: string | null = 'a spin-off is not booked here') => ({
  actionId: `spin-off ${symbol}`,
  day: '2024-01-02',
  symbol,
  what: 'a spin-off',
  problem,
});

describe('an order in a live session', () => {
  test('is approved where everything is as it should be', () => {
    expect(ask(started())).toEqual([]);
  });

  test.each<[string, (floor: LiveFloor) => void, readonly string[]]>([
    ['its feed is lost', (floor) => floor.lose('stocks'), ['feedLive']],
    ['its feed recovers', (floor) => floor.lose('stocks').connect('stocks'), ['feedLive']],
    ["the venue's word is not heard", (floor) => floor.lose('orders'), ['ordersFeedLive']],
    [
      'the engine came back and nobody has reconciled',
      (floor) => {
        floor.input(SessionResumed.of({ reason: 'killed' }));
        floor
          .connect('stocks')
          .connect('orders')
          .reconcile()
          .pass(SECOND)
          .backfill()
          .pass(250 * MS);
      },
      ['reconciled'],
    ],
    [
      'everything is taken back',
      (floor) => floor.input(OperatorCommanded.of({ command: 'withdraw', symbol: null, by: 'stop' })),
      ['reconciled'],
    ],
    [
      'its feed is only to be looked at',
      (floor) => floor.open('stocks', false).connect('stocks').pass(SECOND).backfill(),
      ['feedTradable'],
    ],
    [
      'its market halted it',
      (floor) => floor.input(SymbolHaltChanged.of({ symbol: 'A', halted: true, reason: 'LUDP' })),
      ['notHalted'],
    ],
    [
      'its company did what nobody could book',
      (floor) => floor.input(CorporateActionHeard.of(spinOff('A'))),
      ['notHalted'],
    ],
    [
      'its price is outside the bands',
      (floor) => floor.input(PriceBandsSet.of({ symbol: 'A', lowerPx: 90, upperPx: 99.5 })),
      ['withinBands'],
    ],
  ])('is denied while %s', (_, spoil, expected) => {
    const floor = started();
    spoil(floor);
    expect(ask(floor)).toEqual(expected);
  });

  test('is approved again once the halt is over, and within new bands', () => {
    const floor = started();
    for (const halted of [true, false])
      floor.input(SymbolHaltChanged.of({ symbol: 'A', halted, reason: 'LUDP' }));
    floor.input(PriceBandsSet.of({ symbol: 'A', lowerPx: 90, upperPx: 110 }));
    expect(ask(floor)).toEqual([]);
  });

  test('needs history for an entry, and none for an exit', () => {
    const floor = new LiveFloor({ symbols: ['B', 'A'] });
    floor.quoted = ['B'];
    floor.started();
    const order = { symbol: 'B', limitPx: 100, orderType: 'limit' } as const;
    floor.decide(() => floor.intend({ ...order, action: 'enter', side: 'buy' }));
    expect(floor.failing()).toContain('warmedUp');
    floor.after(6 * SECOND).quote('B', 99.99, 100.01);
    floor
      .pass(SECOND)
      .backfill()
      .pass(250 * MS);
    floor.decide(() => floor.intend({ ...order, action: 'exit', side: 'sell' }));
    expect(floor.failing()).toEqual([]);
  });

  test('is one call of the budget, of which a part is kept for cancels', () => {
    const config = { venue: { callsPerMinute: 5, callsKeptForCancels: 2 }, risk: { duplicateWindowMs: 0 } };
    const floor = started({ config });
    for (let i = 0; i < 3; i++) expect(ask(floor.pass(2 * SECOND), 'exit', 100 + i / 100)).toEqual([]);
    expect(ask(floor.pass(2 * SECOND), 'exit', 100.04)).toEqual(['callsThisMinute']);
    floor.decide(() => floor.actors.orders.cancel(1, 'a test'));
    expect(floor.sent()).toContain('cancel 1');
    floor.cancelled(1).accept(2).accept(3);
    expect(ask(floor.pass(61 * SECOND), 'exit', 100.05)).toEqual([]);
  });

  test('of one instant counts those before it', () => {
    const config = { venue: { callsPerMinute: 1, callsKeptForCancels: 0 }, risk: { duplicateWindowMs: 0 } };
    const floor = started({ config });
    floor.decide(() => {
      for (const limitPx of [100, 100.01])
        floor.intend({ symbol: 'A', action: 'exit', side: 'sell', limitPx, orderType: 'limit' });
    });
    expect(floor.sent().filter((each) => each === 'exit A')).toHaveLength(1);
  });

  test('is asked nothing of the kind in a simulation', () => {
    const floor = new LiveFloor();
    floor.quote('A', 99.99, 100.01);
    ask(floor);
    const tests = floor.payloads('RiskApproved').at(-1)!.tests as { test: string }[];
    expect(tests.map(({ test: name }) => name)).not.toContain('feedLive');
  });
});

describe('a walk at a venue that counts calls', () => {
  /** A market that moves four times a second, for a minute, with a venue that answers at once: the calls it was asked. */
  function callsInAMinute(floor: LiveFloor): number {
    let calls = 0;
    floor.quoted = [];
    for (let i = 0; i < 240; i++) {
      floor.after(250 * MS).quote('A', 100 + (i % 7) / 100, 100.3 + (i % 7) / 100);
      for (const effect of floor.kernel.takeEffects()) {
        const { ordinal } = effect.payload as { ordinal?: number };
        if (effect.type === 'SubmitAttempted') floor.accept(ordinal!);
        else if (effect.type === 'CancelAttempted') floor.cancelled(ordinal!);
        else continue;
        calls += 1;
      }
      floor.clock();
    }
    return calls;
  }

  const exiting = (): LiveFloor => {
    const floor = started()
      .hold('A', 10, 100)
      .pass(6 * SECOND);
    floor.kernel.takeEffects();
    floor.decide(() => floor.defer({ intent: 1, action: 'exit', quantity: 10 }));
    return floor.opened();
  };

  test('follows the market with half of the calls, so that another exit finds some left', () => {
    const calls = callsInAMinute(exiting());
    expect(calls).toBeGreaterThan(40);
    expect(calls).toBeLessThanOrEqual(75);
  });
});

describe('losing a feed', () => {
  const released = (action: 'enter' | 'exit') => {
    const floor = started();
    if (action === 'exit') floor.hold('A', 10, 100).pass(6 * SECOND);
    floor.kernel.takeEffects();
    floor.decide(() => floor.defer({ intent: 1, action, quantity: 10 }));
    return floor.opened();
  };

  test('cancels an entry that is worked on it, in the same cascade', () => {
    const floor = released('enter');
    expect(floor.sent()).toEqual(['enter A']);
    floor.accept(1).lose('stocks');
    expect(floor.sent()).toEqual(['FeedStatusChanged', 'cancel 1']);
    floor.cancelled(1).pass(60 * SECOND);
    expect(floor.payloads('OrderIntended')).toHaveLength(1);
  });

  test('leaves an exit where it stands, unmoved until the feed is live again', () => {
    const floor = released('exit');
    const standing = floor.orders().at(-1)!;
    floor
      .accept(standing)
      .lose('stocks')
      .pass(60 * SECOND);
    expect(floor.sent().filter((each) => each.startsWith('cancel'))).toEqual([]);
    expect(floor.actors.orders.get(standing)!.state.status).toBe('accepted');
    floor
      .connect('stocks')
      .backfill()
      .pass(20 * SECOND);
    expect(floor.sent()).toContain(`cancel ${standing}`);
  });

  test('cancels plain entries, and neither exits nor stops', () => {
    const floor = started();
    floor.decide(() => {
      floor.intend({ symbol: 'A', action: 'enter', limitPx: 99, orderType: 'limit' });
      floor.intend({ symbol: 'A', action: 'protect', side: 'sell', stopPx: 90, orderType: 'stop' });
    });
    const [entry] = floor.orders();
    for (const ordinal of floor.orders()) floor.accept(ordinal);
    floor.sent();
    expect(floor.lose('stocks').sent()).toEqual(['FeedStatusChanged', `cancel ${entry}`]);
  });

  test('of the orders cancels what works only where that is configured, and never a stop', () => {
    for (const cancelOnDisconnect of [false, true]) {
      const floor = started({ config: { venue: { cancelOnDisconnect } } });
      floor.decide(() =>
        floor.intend({ symbol: 'A', action: 'exit', side: 'sell', limitPx: 101, orderType: 'limit' }),
      );
      floor.decide(() =>
        floor.intend({ symbol: 'A', action: 'protect', side: 'sell', stopPx: 90, orderType: 'stop' }),
      );
      for (const ordinal of floor.orders()) floor.accept(ordinal);
      floor.sent();
      const canceled = floor
        .lose('orders')
        .sent()
        .filter((each) => each.startsWith('cancel'));
      expect(canceled).toEqual(cancelOnDisconnect ? ['cancel 1'] : []);
    }
  });
});

describe('what waits', () => {
  test('is held back while its feed is away and goes out when it is live, without a denial', () => {
    const floor = started().lose('stocks');
    floor.decide(() => floor.defer({ intent: 1, action: 'enter', quantity: 10 }));
    floor.opened().pass(60 * SECOND);
    expect(floor.payloads('OrderIntended')).toEqual([]);
    floor.connect('stocks').backfill().pass(SECOND);
    expect(floor.sent()).toContain('enter A');
    expect(floor.payloads('OrderDenied')).toEqual([]);
  });

  test('lets what can go pass, and is dropped when it has grown too old', () => {
    const floor = new LiveFloor({ config: { risk: { intentAgeMaxMs: 20_000 } } });
    floor.warmUp('B').quoted = ['A', 'B'];
    floor.started();
    floor.input(SymbolHaltChanged.of({ symbol: 'A', halted: true, reason: 'news' }));
    floor.decide(() => {
      floor.defer({ intent: 1, symbol: 'A', action: 'enter', quantity: 10 });
      floor.defer({ intent: 2, symbol: 'B', action: 'enter', quantity: 10 });
    });
    floor.opened().pass(SECOND);
    expect(floor.sent().filter((each) => each.startsWith('enter'))).toEqual(['enter B']);
    floor.pass(20 * SECOND);
    expect(floor.payloads('IntentDropped')).toMatchObject([
      { intent: 1, reason: expect.stringMatching(/ms old; at most 20000; notHalted is news/) },
    ]);
  });

  test('is not asked to be canceled again at once when a live venue refuses', () => {
    const floor = started();
    floor.decide(() =>
      floor.intend({ symbol: 'A', action: 'exit', side: 'sell', limitPx: 101, orderType: 'limit' }),
    );
    floor
      .accept(1)
      .pass(6 * SECOND)
      .sent();
    floor.decide(() => floor.defer({ intent: 1, action: 'exit', quantity: 1 }));
    const cancels = () => floor.sent().filter((each) => each === 'cancel 1').length;
    expect(floor.opened() && cancels()).toBe(1);
    floor.refuse(1).pass(4_750 * MS);
    expect(cancels()).toBe(0);
    floor.pass(250 * MS);
    expect(cancels()).toBe(1);
  });
});

describe('whatever the order in which feeds are opened, lost, heard and left alone', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({
        do: fc.constantFrom('open' as const, 'connect' as const, 'lose' as const),
        feed: fc.constantFrom('stocks' as const, 'orders' as const),
      }),
      fc.record({
        do: fc.constant('pass' as const),
        ms: fc.integer({ min: 1, max: 9_000 }),
        quoted: fc.boolean(),
      }),
      fc.record({ do: fc.constantFrom('backfill' as const, 'reconcile' as const, 'resume' as const) }),
      fc.record({ do: fc.constantFrom('enter' as const, 'exit' as const) }),
    ),
    { maxLength: 60 },
  );

  property.prop([steps])('no order is approved on a feed that is not live', (each) => {
    const floor = new LiveFloor().open('stocks').open('orders');
    for (const step of each) {
      if (step.do === 'pass') {
        floor.quoted = step.quoted ? ['A'] : [];
        floor.pass(step.ms * MS);
      } else if (step.do === 'backfill') {
        if (floor.payloads('BackfillRequested').length > 0) floor.backfill();
      } else if (step.do === 'reconcile') floor.reconcile();
      else if (step.do === 'resume') floor.input(TradingResumed.of({}));
      else if (step.do === 'enter' || step.do === 'exit') {
        const live = floor.state('stocks') === 'live' && floor.state('orders') === 'live';
        const before = floor.payloads('RiskApproved').length;
        ask(floor, step.do);
        if (floor.payloads('RiskApproved').length > before) expect(live).toBe(true);
      } else if ('feed' in step) floor[step.do](step.feed);
    }
  });
});

test('an option rests on its own feed and on that of its underlying', () => {
  const floor = new OptionsFloor();
  expect(floor.actors.feeds.behind('A     240216C00100000')).toEqual(['options', 'stocks']);
  expect(floor.actors.feeds.behind('A')).toEqual(['stocks']);
});

describe('what a company did and nobody could book', () => {
  test('holds its own symbol back until a reset, in the next session, too', () => {
    const floor = started();
    floor.input(CorporateActionHeard.of(spinOff('A')));
    floor.input(CorporateActionHeard.of(spinOff('B', null)));
    const { status } = floor.actors;
    expect([status.haltOf('A'), status.haltOf('B')]).toEqual(['a spin-off is not booked here', null]);
    const next = new LiveFloor({ carried: floor.carryOver() });
    expect(next.actors.status.haltOf('A')).toBe('a spin-off is not booked here');
    expect(next.actors.status.knows('spin-off B')).toBe(true);
    next.command('reset');
    expect(next.actors.status.haltOf('A')).toBeNull();
  });

  test('is remembered for a month', () => {
    const floor = started();
    const hear = (actionId: string, day: string) =>
      floor.input(CorporateActionHeard.of({ ...spinOff('A', null), actionId, day }));
    hear('old', '2024-01-02');
    hear('new', '2024-02-01');
    expect(floor.actors.status.knows('old')).toBe(true);
    hear('newer', '2024-02-02');
    expect(['old', 'new', 'newer'].map((id) => floor.actors.status.knows(id))).toEqual([false, true, true]);
  });
});
