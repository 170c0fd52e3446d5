import { describe, expect, test } from 'vitest';
import {
  CashMoved,
  ReconciliationFailed,
  SymbolChanged,
  VenueReported,
} from '../../../src/events/account.events.ts';
import { SessionResumed, SessionStarted } from '../../../src/events/engine.events.ts';
import { FeedConnected } from '../../../src/events/feed.events.ts';
import { TradeBusted, TradeCorrected } from '../../../src/events/order.events.ts';
import { Floor, type FloorOptions } from '../trading-floor.ts';

const SECOND = 1_000_000;
const DOLLAR = 1_000_000;

type Report = {
  account?: Partial<VenueReported['account']>;
  positions?: VenueReported['positions'];
  orders?: Partial<VenueReported['orders'][number]>[];
  lastOrdinal?: number;
};

/** A session on a paper account of 100,000 dollars, with A at 100. */
class Session extends Floor {
  /** `before`: what happened when no condition of a live session stood in the way yet. */
  constructor(
    mode: 'sim' | 'paper' = 'paper',
    options: FloorOptions = {},
    before: (each: Session) => void = () => {},
  ) {
    super(options);
    this.day('A', 100);
    before(this);
    this.input(
      SessionStarted.of({
        session: 's',
        continues: null,
        mode,
        run: this.run,
        symbols: [...this.symbols],
        datasets: [],
        engineVersion: '0',
        modelled: [],
      }),
    );
  }

  /** With an order for ten of A that the venue has accepted. */
  static withOrder(more: (each: Session) => void = () => {}): Session {
    return new Session('paper', {}, (each) => {
      each.decide(() => each.intend({ quantity: 10 })).accept(1);
      more(each);
      each.kernel.takeEffects();
    });
  }

  /** The venue's account: ours as it stands, but for what is said. */
  reported({ account = {}, positions, orders = [], lastOrdinal }: Report = {}): this {
    const { portfolio, orders: book } = this.actors;
    const held = portfolio.positions().map(({ symbol, quantity }) => ({ symbol, quantity, avgPx: 100 }));
    this.input(
      VenueReported.of({
        account: {
          cashMicros: portfolio.cashMicros,
          equityMicros: 0,
          buyingPowerMicros: 0,
          blocked: null,
          optionsLevel: 3,
          ...account,
        },
        positions: positions ?? held,
        orders: orders.map((over) => ({
          ordinal: null,
          clientOrderId: 'c',
          venueOrderId: 'v',
          symbol: 'A',
          side: 'buy' as const,
          quantity: 10,
          filledQty: 0,
          status: 'new',
          ...over,
        })),
        lastOrdinal: lastOrdinal ?? book.lastOrdinal,
      }),
    );
    return this;
  }

  failed(permanent = false): this {
    this.input(ReconciliationFailed.of({ reason: 'no route', permanent }));
    return this;
  }
  wait(seconds: number): this {
    return this.after(seconds * SECOND).decide(() => {});
  }
  asked(): string[] {
    return this.payloads('ReconciliationRequested').map(({ reason, attempt }) => `${reason} ${attempt}`);
  }
  /** The newest comparison: ok, and each difference in words. */
  found(): [boolean, string[]] {
    const { ok, differences } = this.payloads('Reconciled').at(-1) as {
      ok: boolean;
      differences: { what: string; symbol: string | null; ours: unknown; theirs: unknown; action: string }[];
    };
    return [
      ok,
      differences.map(({ what, symbol, ours, theirs, action }) =>
        [what, symbol ?? '', `${ours} ${theirs}`, action].filter((word) => word !== '').join(' '),
      ),
    ];
  }
  get cash(): number {
    return this.actors.portfolio.cashMicros / DOLLAR;
  }
  get equity(): number {
    return this.actors.portfolio.equityMicros() / DOLLAR;
  }
  state(): string {
    return this.actors.tradingState.current;
  }
}

describe('the venue is asked', () => {
  test('when a session starts, and never in a simulation', () => {
    expect(new Session().asked()).toEqual(['the session starts 1']);
    const simulated = new Session('sim').command('reset');
    simulated.input(FeedConnected.of({ feed: 'orders' }));
    expect(simulated.asked()).toEqual([]);
  });

  test('when it takes a trade back or corrects it, known to the books or not', () => {
    const each = new Session().reported();
    each.input(TradeBusted.of({ ordinal: 7, executionId: 'of a day before', reason: 'erroneous' }));
    each.reported({ positions: [{ symbol: 'A', quantity: 5, avgPx: 100 }] });
    expect(each.found()).toEqual([true, ['holding A 0 5 adopted', 'cash 99500 100000 aligned']]);
    const corrected = { ordinal: 7, executionId: 'e', lastQty: 1, lastPx: 2, feeMicros: 0 };
    each.input(TradeCorrected.of(corrected));
    expect(each.asked().slice(1)).toEqual(['the venue took a trade back 1', 'the venue corrected a trade 1']);
  });

  test('when the engine comes back, when its word is heard again, and after a reset', () => {
    const each = new Session().reported();
    each.input(SessionResumed.of({ reason: 'killed' }));
    each.reported().input(FeedConnected.of({ feed: 'orders' }));
    each.reported().input(FeedConnected.of({ feed: 'stocks' }));
    each.command('reset');
    expect(each.asked().slice(1)).toEqual([
      'the engine came back 1',
      "the venue's word on our orders is heard again 1",
      'reset by tester 1',
    ]);
  });

  test('again five seconds after it could not answer, until it does', () => {
    const each = new Session().failed();
    expect(each.wait(4.9).asked()).toHaveLength(1);
    expect(each.wait(0.1).asked().at(-1)).toBe('the session starts 2');
    each.failed().wait(5).reported();
    expect(each.wait(60).asked()).toHaveLength(3);
    expect(each.found()).toEqual([true, []]);
  });

  test('no more where asking cannot help: trading is halted', () => {
    const each = new Session().failed(true);
    expect(each.wait(60).asked()).toHaveLength(1);
    expect(each.found()).toEqual([false, ['blocked null no route halted']]);
    expect(each.state()).toBe('halted');
  });
});

describe('what differs', () => {
  test('a holding that no order of ours made is adopted as core at its price, and equity stays the venue’s', () => {
    const each = new Session().reported({
      account: { cashMicros: 60_000 * DOLLAR },
      positions: [{ symbol: 'B', quantity: 100, avgPx: 300, lastPx: 400 }],
    });
    expect(each.found()).toEqual([true, ['holding B 0 100 adopted']]);
    expect(each.actors.portfolio.quantity('B', 'core')).toBe(100);
    expect([each.cash, each.equity]).toEqual([60_000, 100_000]);
    expect(each.payloads('CashAligned')).toEqual([]);
  });

  test('what the venue holds beyond our plan’s position becomes core', () => {
    const each = new Session();
    each.hold('A', 10, 100).reported({
      account: { cashMicros: 98_500 * DOLLAR },
      positions: [{ symbol: 'A', quantity: 15, avgPx: 100 }],
    });
    expect(each.found()).toEqual([true, ['holding A 10 15 adopted']]);
    expect(each.actors.portfolio.quantity('A', 'core')).toBe(5);
    expect(each.actors.portfolio.quantity('A')).toBe(10);
    expect(each.cash).toBe(98_500);
  });

  test('cash is taken over, and named where it is more than a cent', () => {
    const each = new Session().reported({ account: { cashMicros: 100_000 * DOLLAR + 10_000 } });
    expect(each.found()).toEqual([true, []]);
    expect(each.cash).toBe(100_000.01);
    each.reported({ account: { cashMicros: 90_000 * DOLLAR } });
    expect(each.found()).toEqual([true, ['cash 100000.01 90000 aligned']]);
    expect(each.cash).toBe(90_000);
  });

  const halting: [string, (each: Session) => Report, string][] = [
    ['fewer units than ours', () => ({ positions: [] }), 'shortage A 10 0 halted'],
    [
      'a short position',
      () => ({ positions: [{ symbol: 'A', quantity: -3, avgPx: 100 }] }),
      'shortage A 10 -3 halted',
    ],
    ['an order that this log does not know', () => ({ lastOrdinal: 7 }), 'lostTail 1 7 halted'],
    [
      'an open order that this log does not know',
      () => ({ orders: [{ ordinal: 9 }] }),
      'lostTail A 1 new halted',
    ],
    ['a blocked account', () => ({ account: { blocked: 'margin call' } }), 'blocked null margin call halted'],
  ];
  for (const [what, report, difference] of halting) {
    test(`${what} halts, and the books stay as they are`, () => {
      const each = new Session();
      each.hold('A', 10, 100);
      const { account, ...over } = report(each);
      each.reported({ account: { cashMicros: 1, ...account }, ...over });
      expect(each.found()).toEqual([false, [difference, 'cash 99000 0.000001 watched']]);
      expect([each.state(), each.cash]).toEqual(['halted', 99_000]);
    });
  }

  test('a halt by it is lifted by a reset and a venue that agrees, in this order only', () => {
    const each = new Session();
    each.hold('A', 10, 100).reported({ positions: [] }).reported();
    expect(each.state()).toBe('halted');
    each.command('reset');
    expect(each.state()).toBe('halted');
    each.reported({ positions: [] });
    expect(each.command('reset').reported().state()).toBe('trading');
  });

  test('a foreign order is watched', () => {
    const each = new Session().reported({ orders: [{}] });
    expect(each.found()).toEqual([true, ['foreignOrder A null new watched']]);
  });

  test('an order that is over for us and open at the venue is canceled on sight', () => {
    const each = Session.withOrder((before) => before.cancelled(1));
    each.kernel.takeEffects();
    each.reported({ orders: [{ ordinal: 1 }] });
    expect(each.found()).toEqual([true, ['foreignOrder A canceled new canceled']]);
    expect(each.kernel.takeEffects().map(({ type }) => type)).toEqual(['CancelAttempted', 'Reconciled']);
  });

  test('an order that works for us and is not at the venue is looked up; one on its way is not', () => {
    const each = Session.withOrder((before) => before.decide(() => before.intend({ quantity: 11 })));
    each.reported();
    expect(each.actors.orders.get(2)!.state.status).toBe('submitted');
    expect(each.found()).toEqual([true, ['missingOrder A accepted null watched']]);
    expect(each.payloads('OrderLookupRequested')).toMatchObject([{ ordinal: 1 }]);
    each.reported({ orders: [{ ordinal: 1 }] });
    expect(each.found()).toEqual([true, []]);
  });

  test('an account that may not buy options is named', () => {
    const each = new Session().reported({ account: { optionsLevel: 1 } });
    expect(each.found()).toEqual([true, ['optionsLevel 2 1 watched']]);
  });
});

describe('cash and names', () => {
  const moved = (activityId: string, kind: CashMoved['kind'], dollars: number) =>
    CashMoved.of({ activityId, kind, micros: dollars * DOLLAR, note: '', symbol: null });

  test('a dividend is cash, once', () => {
    const each = new Session();
    each.input(moved('d1', 'dividend', 12));
    each.input(moved('d1', 'dividend', 12));
    expect(each.cash).toBe(100_012);
    const second = new Session('paper', { carried: each.carryOver() });
    second.input(moved('d1', 'dividend', 12));
    expect(second.cash).toBe(100_012);
  });

  test('what is paid out is no loss of the day, what is lost after it is', () => {
    const each = new Session();
    each.hold('A', 300, 100);
    each.input(moved('w1', 'transfer', -10_000));
    each.print('A', 100).opened();
    expect(each.state()).toBe('trading');
    each.print('A', 94).opened();
    expect(each.state()).toBe('reducing');
  });

  test('a company’s new symbol takes over its position and its orders', () => {
    const each = Session.withOrder((before) => before.fill(1, 100, 4, 6));
    each.input(SymbolChanged.of({ from: 'A', to: 'B' }));
    expect([each.actors.portfolio.quantity('A'), each.actors.portfolio.quantity('B')]).toEqual([0, 4]);
    expect(each.actors.orders.known()).toMatchObject([{ ordinal: 1, symbol: 'B', filledQty: 4 }]);
  });
});
