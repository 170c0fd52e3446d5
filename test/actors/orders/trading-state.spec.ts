import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import { getShortestPaths, getSimplePaths } from 'xstate/graph';
import {
  strictest,
  type TradingRegions,
  type TradingStateEvent,
  tradingStateMachine,
} from '../../../src/actors/orders/trading-state.machine.ts';
import { SessionStarted } from '../../../src/events/engine.events.ts';
import { CancelRejected } from '../../../src/events/order.events.ts';
import { Floor } from '../trading-floor.ts';

const SECOND = 1_000_000;
const types = [
  'OPERATOR_HALT',
  'OPERATOR_REDUCE_ONLY',
  'OPERATOR_RESET',
  'LOSS_REDUCE',
  'LOSS_HALT',
  'DAY_ROLLED',
  'REJECTS_EXCEEDED',
  'VENUE_DIFFERS',
  'VENUE_AGREES',
] as const;
const events = types.map((type): TradingStateEvent => ({ type }));

/** The rule in a table of its own: what each region does on each event; what is missing stays. */
const expected: Record<
  keyof TradingRegions,
  Record<string, Partial<Record<TradingStateEvent['type'], string>>>
> = {
  operator: {
    trading: { OPERATOR_REDUCE_ONLY: 'reducing', OPERATOR_HALT: 'halted' },
    reducing: { OPERATOR_HALT: 'halted', OPERATOR_RESET: 'trading' },
    halted: { OPERATOR_RESET: 'trading' },
  },
  loss: {
    trading: { LOSS_REDUCE: 'reducing', LOSS_HALT: 'halted' },
    reducing: { LOSS_HALT: 'halted', DAY_ROLLED: 'trading' },
    halted: { DAY_ROLLED: 'trading', OPERATOR_RESET: 'trading' },
  },
  rejects: { trading: { REJECTS_EXCEEDED: 'halted' }, halted: { OPERATOR_RESET: 'trading' } },
  venue: {
    trading: { VENUE_DIFFERS: 'halted' },
    halted: { OPERATOR_RESET: 'checking' },
    checking: { VENUE_AGREES: 'trading', VENUE_DIFFERS: 'halted' },
  },
};

describe('the machine', () => {
  const paths = getShortestPaths(tradingStateMachine, { events: [...events] });

  test('reaches every combination of its regions', () => {
    const reached = new Set(paths.map(({ state }) => JSON.stringify(state.value)));
    expect(reached.size).toBe(3 * 3 * 2 * 3);
  });

  test('takes every transition as the table says, from every state it can be in, and no other', () => {
    for (const { state, steps } of paths) {
      for (const event of events) {
        const actor = createActor(tradingStateMachine).start();
        for (const { event: step } of steps)
          if ((step.type as string) !== 'xstate.init') actor.send(step as TradingStateEvent);
        expect(actor.getSnapshot().value).toEqual(state.value);
        actor.send(event);
        const before = state.value as unknown as TradingRegions;
        const wanted = Object.fromEntries(
          (['operator', 'loss', 'rejects', 'venue'] as const).map((region) => [
            region,
            expected[region][before[region]][event.type] ?? before[region],
          ]),
        );
        expect(actor.getSnapshot().value).toEqual(wanted);
      }
    }
  });

  test('once an operator halted it, trades on no path that holds no reset', () => {
    const free = events.filter(({ type }) => type !== 'OPERATOR_RESET');
    const halted = createActor(tradingStateMachine).start();
    halted.send({ type: 'OPERATOR_HALT' });
    for (const { state } of getSimplePaths(tradingStateMachine, {
      events: free,
      fromState: halted.getSnapshot(),
    })) {
      expect(strictest(state.value as unknown as TradingRegions)).toBe('halted');
    }
  });
});

/** Equity 100,000: 900 of A at 100 and cash; the day's base is the close. */
function invested(config: unknown = {}): Floor {
  const free = { risk: { symbolCap: 9, grossCap: 9, buyingPowerShare: 1, ...(config as object) } };
  const each = new Floor({ config: free, symbols: ['A', 'B'] }).print('A', 100).print('B', 10);
  each.hold('A', 500, 100).day('A', 100).closed();
  each.kernel.takeEffects();
  return each.nextDay();
}
const changes = (each: Floor) =>
  each.payloads('TradingStateChanged').map(({ from, to }) => `${from} > ${to}`);
/** The next open, with A at `px`: each dollar of A is half a per cent of equity. */
const opens = (each: Floor, px: number) => each.print('A', px).opened();

describe("the day's loss", () => {
  test('reduces at 2 %, not before', () => {
    expect(changes(opens(invested(), 96.01))).toEqual([]);
    const each = opens(invested(), 96);
    expect(changes(each)).toEqual(['trading > reducing']);
    expect(each.payloads('TradingStateChanged')[0].tests).toMatchObject([
      { test: 'dailyLoss', limit: 0.02, pass: false },
    ]);
  });

  test('halts at 4 %, not before', () => {
    expect(changes(opens(invested(), 92.01))).toEqual(['trading > reducing']);
    expect(changes(opens(invested(), 92))).toEqual(['trading > halted']);
  });

  test('at a limit of any size counts from exactly there', () => {
    for (const [limit, px] of [
      [0.1, 80],
      [0.3, 40],
      [0.07, 86],
      [0.29, 42],
    ] as const) {
      expect(changes(opens(invested({ dailyLossReduce: limit, dailyLossHalt: 1 }), px))).toEqual([
        'trading > reducing',
      ]);
    }
  });

  test('first reduces, then halts; a recovery does not lift it, the next day does', () => {
    const each = opens(invested(), 96);
    opens(each.after(SECOND), 92);
    opens(each.after(SECOND), 100);
    expect(changes(each)).toEqual(['trading > reducing', 'reducing > halted']);
    each.after(SECOND).day('A', 92).closed();
    expect(changes(each).at(-1)).toBe('halted > trading');
    opens(each.nextDay(), 92);
    expect(changes(each)).toHaveLength(3);
  });

  test('halting cancels what works, but leaves a protective stop: it only reduces', () => {
    const each = invested();
    each
      .decide(() =>
        each.intend({ action: 'protect', side: 'sell', quantity: 500, orderType: 'stop', stopPx: 50 }),
      )
      .accept(2);
    each.decide(() => each.intend({ symbol: 'B', quantity: 5 })).accept(3);
    each.kernel.takeEffects();
    expect(opens(each, 92).sent()).toEqual(['cancel 3']);
  });
});

describe('a venue that rejects', () => {
  const rejects = (each: Floor, n: number, gap: number) => {
    for (let i = 0; i < n; i++) {
      each.after(gap).decide(() => each.intend({ quantity: i + 1 }));
      each.reject(each.orders().at(-1)!);
    }
    return each;
  };

  test('three times in a row halts', () => {
    expect(changes(rejects(invested(), 2, 100 * SECOND))).toEqual([]);
    expect(changes(rejects(invested(), 3, 100 * SECOND))).toEqual(['trading > halted']);
  });

  test('five times a minute halts, though it accepts in between', () => {
    const mixed = (gap: number) => {
      const each = invested();
      for (let i = 0; i < 5; i++) {
        rejects(each, 1, gap);
        each
          .decide(() => each.intend({ quantity: 10 + i }))
          .accept(each.orders().at(-1)!)
          .cancelled(each.orders().at(-1)!);
      }
      return each;
    };
    expect(changes(mixed(14 * SECOND))).toEqual(['trading > halted']);
    expect(changes(mixed(15 * SECOND))).toEqual([]);
  });

  test('is counted anew after an operator has reset it', () => {
    const each = rejects(invested(), 3, 100 * SECOND).command('reset');
    expect(changes(each)).toEqual(['trading > halted', 'halted > trading']);
    expect(changes(rejects(each, 2, 100 * SECOND))).toHaveLength(2);
    expect(changes(rejects(each, 1, 100 * SECOND))).toEqual([
      'trading > halted',
      'halted > trading',
      'trading > halted',
    ]);
  });
});

describe('an operator', () => {
  test('halts: what works is canceled, protective stops too, and nothing new leaves', () => {
    const each = invested();
    each
      .decide(() =>
        each.intend({ action: 'protect', side: 'sell', quantity: 500, orderType: 'stop', stopPx: 50 }),
      )
      .accept(2);
    each.kernel.takeEffects();
    expect(each.command('halt').sent()).toEqual(['cancel 2']);
    each.decide(() => each.intend({ symbol: 'B' }));
    expect(each.sent()).toEqual([]);
  });

  test('is latched: no day, price or second command lifts it, only a reset', () => {
    const each = invested().command('halt').command('reduceOnly');
    each.day('A', 100).closed();
    opens(each.nextDay(), 120);
    expect(each.actors.tradingState.current).toBe('halted');
    expect(changes(each)).toEqual(['trading > halted']);
    expect(each.command('reset').actors.tradingState.current).toBe('trading');
  });

  for (const profile of ['quantos', 'plain'] as const) {
    test(`stays latched in the next session, in profile ${profile}`, () => {
      const first = new Floor({ run: { profile } }).command('halt');
      const second = new Floor({ run: { profile }, carried: first.carryOver() });
      expect(second.actors.tradingState.current).toBe('halted');
    });
  }
});

test("the loss' base and the rejects are carried into the next session", () => {
  const first = opens(invested(), 99);
  for (let i = 0; i < 2; i++) {
    first.after(100 * SECOND).decide(() => first.intend({ quantity: i + 1 }));
    first.reject(first.orders().at(-1)!);
  }
  const config = { risk: { symbolCap: 9, grossCap: 9, buyingPowerShare: 1 } };
  const second = new Floor({ config, carried: first.carryOver() });
  second.now = first.now;
  expect(changes(opens(second, 96))).toEqual(['trading > reducing']);
  second.command('reset');
});

describe('in a live session', () => {
  const started = (each: Floor): Floor => {
    const { run, symbols } = each;
    const manifest = { session: 's', continues: null, mode: 'paper', run } as const;
    const rest = { datasets: [], engineVersion: '0', modelled: [], symbols: [...symbols] };
    each.input(SessionStarted.of({ ...manifest, ...rest }));
    each.kernel.takeEffects();
    return each;
  };
  const live = (): Floor => started(invested());
  const canceled = (each: Floor) =>
    each.kernel.takeEffects().flatMap(({ type, payload }) => {
      return type === 'CancelAttempted' ? [(payload as { ordinal: number }).ordinal] : [];
    });
  const refuse = (each: Floor, ordinal: number) =>
    each.input(CancelRejected.of({ ordinal, reason: 'pending' }));

  test("the halt for a day's loss outlives the night, and a reset counts from where the account is", () => {
    const each = opens(live(), 92);
    each.after(SECOND).day('A', 92).closed();
    opens(each.nextDay(), 92);
    expect(changes(each)).toEqual(['trading > halted']);
    opens(each.command('reset').after(SECOND), 92);
    expect(changes(each)).toEqual(['trading > halted', 'halted > trading']);
    opens(each.after(SECOND), 87.7);
    expect(changes(each).at(-1)).toBe('trading > reducing');
  });

  test('a loss that only reduced is forgiven overnight', () => {
    const each = opens(live(), 96);
    each.after(SECOND).day('A', 96).closed();
    expect(changes(each)).toEqual(['trading > reducing', 'reducing > trading']);
  });

  test("a reset of another halt leaves the day's loss as it counts", () => {
    const each = opens(live(), 97).command('halt').command('reset');
    opens(each.after(SECOND), 96);
    expect(changes(each).at(-1)).toBe('trading > reducing');
  });

  const working = (): Floor => {
    const each = invested();
    each.decide(() => each.intend({ symbol: 'B', quantity: 5 })).accept(2);
    each
      .decide(() =>
        each.intend({ action: 'protect', side: 'sell', quantity: 500, orderType: 'stop', stopPx: 50 }),
      )
      .accept(3);
    return started(each);
  };

  test('the kill switch asks again for what the venue would not cancel, within its five seconds', () => {
    const each = working().command('halt');
    expect(canceled(each)).toEqual([2, 3]);
    each.cancelled(2);
    refuse(each, 3);
    each.after(1.9 * SECOND).decide(() => {});
    expect(canceled(each)).toEqual([]);
    each.after(0.1 * SECOND).decide(() => {});
    expect(canceled(each)).toEqual([3]);
    each.cancelled(3);
    each.after(60 * SECOND).decide(() => {});
    expect(canceled(each)).toEqual([]);
  });

  test('the kill switch asks again for what the venue said to cancel and did not', () => {
    const each = working().command('halt');
    expect(canceled(each)).toEqual([2, 3]);
    each.cancelled(2);
    each.after(2 * SECOND).decide(() => {});
    expect(canceled(each)).toEqual([3]);
    each.after(SECOND).decide(() => {});
    expect(canceled(each)).toEqual([]);
  });

  test("after a day's loss stops stay, until an operator halts", () => {
    const each = opens(working(), 92);
    expect(canceled(each)).toEqual([2]);
    each.cancelled(2);
    each.after(10 * SECOND).decide(() => {});
    expect(canceled(each)).toEqual([]);
    each.command('halt');
    expect(canceled(each)).toEqual([3]);
  });
});

test('what a session before the venue region left behind is taken up with the venue trusted', () => {
  const first = new Floor().command('halt');
  const carried = first.carryOver();
  const saved = carried.state['trading-state'] as {
    machine: { snapshot: { value: Record<string, string> } };
  };
  delete saved.machine.snapshot.value.venue;
  const second = new Floor({ carried });
  expect(second.actors.tradingState.current).toBe('halted');
  expect(second.command('reset').actors.tradingState.current).toBe('trading');
});
