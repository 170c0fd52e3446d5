import { expect, test } from 'vitest';
import { ConvictionChanged } from '../../src/events/decision.events.ts';
import { CoreDeclared, EngineHalted } from '../../src/events/engine.events.ts';
import { TickRejected } from '../../src/events/market.events.ts';
import { CancelRejected, OrderCanceled, OrderDenied } from '../../src/events/order.events.ts';
import { DAY_US, ForgedRun } from './forged-run.ts';

const conviction = (over: Partial<ConvictionChanged> = {}) =>
  ConvictionChanged.of({
    strategy: 's',
    symbol: 'AAA',
    direction: 'long',
    conviction: 80,
    components: [],
    omitted: [],
    evidence: {},
    ...over,
  });

const breaks = (
  forge: (run: ForgedRun) => void,
  options: ConstructorParameters<typeof ForgedRun>[0] = {},
) => {
  const run = new ForgedRun(options);
  forge(run);
  return [...new Set(run.broken)];
};

test('a run as it should be breaks nothing', () => {
  const forge = (run: ForgedRun) => {
    run.filledOrder(1);
    run.filledOrder(2, { side: 'sell', lastPx: 100 }, { action: 'exit', side: 'sell' });
  };
  expect(breaks(forge)).toEqual([]);
  expect(breaks(forge, { profile: 'quantos' })).toEqual([]);
});

test('a halt of the engine is found', () => {
  const halted = EngineHalted.of({ code: 'HANDLER_THREW', actor: 'a', message: 'm' });
  expect(breaks((run) => run.event(halted))).toEqual(['the engine never halts']);
});

test('a gap in seq, a clock that runs back and a cause that comes later are found', () => {
  const name = ['seq has no gap, time never runs back, causes come first'];
  expect(breaks((run) => run.event(conviction(), { seq: 7 }))).toEqual(name);
  expect(breaks((run) => run.event(conviction(), { causation: 2 }))).toEqual(name);
  expect(
    breaks((run) => {
      run.bar(100);
      run.now -= 1;
      run.event(conviction());
    }),
  ).toEqual(name);
});

test('a conviction of 101 is found, and NaN', () => {
  for (const value of [101, Number.NaN]) {
    expect(breaks((run) => run.event(conviction({ conviction: value })))).toEqual([
      'every payload fits its schema',
    ]);
  }
});

test('books that lost a micro-dollar or a unit are found, and a position from nowhere', () => {
  const books = { cashMicros: 100_000_000_000, positions: [] };
  expect(breaks((run) => run.event(conviction(), { books }))).toEqual([]);
  const short = { ...books, cashMicros: books.cashMicros - 1 };
  expect(breaks((run) => run.event(conviction(), { books: short }))).toEqual([
    'cash is the start less what was bought, plus what was sold, less fees',
  ]);
  const position = {
    symbol: 'AAA',
    role: 'tactical',
    quantity: 9,
    costMicros: 0,
    realizedMicros: 0,
    multiplier: 1,
  } as const;
  const after = { cashMicros: 99_000_000_000, positions: [position] };
  const name = ['a position is the sum of its fills'];
  const forge = (run: ForgedRun) => {
    run.filledOrder();
    run.event(conviction(), { books: after });
  };
  expect(breaks(forge)).toEqual(name);
  expect(breaks((run) => run.event(conviction(), { books: { ...books, positions: [position] } }))).toEqual(
    name,
  );
});

test('money spent that was not there is found, unless shorts are allowed', () => {
  const forge = (run: ForgedRun) => run.event(CoreDeclared.of({ symbol: 'AAA', quantity: 1_001, px: 100 }));
  expect(breaks(forge)).toEqual(['cash is never negative, unless shorts are allowed']);
  expect(breaks(forge, { allowShort: true })).toEqual([]);
});

test('an order that fills too much, leaves the wrong rest or fills twice is found', () => {
  const name = 'no order fills more than it asked for, and each execution counts once';
  expect(breaks((run) => run.filledOrder(1, { lastQty: 11 }))).toContain(name);
  expect(breaks((run) => run.filledOrder(1, { lastQty: 4, leavesQty: 5 }))).toContain(name);
  expect(breaks((run) => run.filledOrder(1, { lastQty: 4, leavesQty: 6 }))).toEqual([]);
  const twice = (run: ForgedRun) => {
    run.filledOrder(1, { lastQty: 4, leavesQty: 6 });
    run.fill(1, { lastQty: 4, leavesQty: 2 });
  };
  expect(breaks(twice)).toContain(name);
});

test('a fill or a cancel after the end of an order is found', () => {
  const late = (run: ForgedRun) => {
    const intended = run.order(1, {}, run.bar(100));
    run.approve(1);
    run.send(intended);
    run.event(OrderCanceled.of({ ordinal: 1, reason: 'test' }));
    run.now += DAY_US / 2;
    run.fill(1);
  };
  expect(breaks(late)).toContain('an order that is over stays over');
  const denied = (run: ForgedRun) => {
    const intended = run.order(1);
    run.approve(1);
    run.event(OrderDenied.of({ ordinal: 1, intent: null, symbol: 'AAA', reason: 'test', tests: [] }));
    run.send(intended);
  };
  expect(breaks(denied)).toEqual(['an order that is over stays over']);
});

test('an order that leaves without approval, twice, or larger than approved is found', () => {
  const name = ['no order is sent without the approval of the risk gate'];
  expect(breaks((run) => run.send(run.order(1)))).toEqual(name);
  const twice = (run: ForgedRun) => {
    const intended = run.order(1);
    run.approve(1);
    run.send(intended);
    run.send(intended);
  };
  expect(breaks(twice)).toEqual(name);
  const larger = (run: ForgedRun) => {
    const intended = run.order(1);
    run.approve(1);
    run.send({ ...intended, size: { kind: 'quantity', quantity: 11 } });
  };
  expect(breaks(larger)).toEqual(name);
});

test('two entries that pass one limit together are found, and only where the limits count', () => {
  const forge = (run: ForgedRun) => {
    run.bar(100);
    for (const ordinal of [1, 2]) {
      run.order(ordinal, { size: { kind: 'quantity', quantity: 250 } });
      run.approve(ordinal);
    }
  };
  expect(breaks(forge, { profile: 'quantos' })).toEqual([
    'an approved entry keeps the exposure limits, open orders included',
  ]);
  expect(breaks(forge)).toEqual([]);
});

test('a decision that rests on a rejected tick is found', () => {
  const forge = (run: ForgedRun) => {
    const causation = run.bar(1e9);
    run.event(TickRejected.of({ symbol: 'AAA', tick: 'bar', reason: 'farFromLast', values: {} }), {
      causation,
    });
    run.event(conviction(), { causation });
  };
  expect(breaks(forge)).toEqual(['nothing is decided from a rejected tick']);
});

test('a fill at the bar it was decided on, or at a price of no later bar, is found', () => {
  const atOnce = (run: ForgedRun) => {
    const intended = run.order(1, {}, run.bar(100));
    run.approve(1);
    run.send(intended);
    run.fill(1);
    run.bar(100);
  };
  expect(breaks(atOnce)).toContain('a fill comes later than the bar it was decided on');
  const name = ['a fill has a price of a record that came after its decision'];
  expect(breaks((run) => run.filledOrder(1, { lastPx: 101 }))).toEqual(name);
});

test('a sale of a core holding, or of more than is held, is found', () => {
  const name = ['a core holding is never sold, and nothing is sold that is not held'];
  const sell = { side: 'sell', action: 'exit' } as const;
  expect(breaks((run) => run.filledOrder(1, { side: 'sell' }, sell))).toEqual(name);
  expect(breaks((run) => run.filledOrder(1, { side: 'sell' }, sell), { allowShort: true })).toEqual([]);
  const core = (run: ForgedRun) => {
    run.event(CoreDeclared.of({ symbol: 'AAA', quantity: 10, px: 100 }));
    run.filledOrder(1, { side: 'sell' }, { ...sell, role: 'core' });
  };
  expect(breaks(core)).toEqual(name);
});

test('a cancel refused while the order works is found', () => {
  const forge = (run: ForgedRun) => {
    const intended = run.order(1);
    run.approve(1);
    run.send(intended);
    run.event(CancelRejected.of({ ordinal: 1, reason: 'test' }));
  };
  expect(breaks(forge)).toEqual(['the venue refuses a cancel only for an order that is over']);
});
