import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { Kernel } from '../../src/bus/kernel.ts';
import { Pump } from '../../src/engine/pump.ts';
import { ClockTicked } from '../../src/events/engine.events.ts';
import { SymbolDefined, TicksConflated } from '../../src/events/market.events.ts';
import { ChainRecorded } from '../../src/events/option.events.ts';
import { CancelAttempted } from '../../src/events/order.events.ts';
import { Tick, TickKind, tickKindName } from '../../src/events/tick.ts';
import { memoryLog } from '../../src/log/memory-log.ts';

const quote = (symbolId: number, at: number, bidPx: number): Tick =>
  Object.assign(new Tick(), {
    kind: TickKind.quote,
    symbolId,
    time: at,
    recordedAt: at,
    bidPx,
    askPx: bidPx + 1,
  });

/** A pump whose every slice is run by hand. */
function pumped(options: { budgetMs?: number; conflateAbove?: number; quoteWaitMaxMs?: number } = {}) {
  const log = memoryLog();
  const kernel = new Kernel(log);
  const performed: { seq: number; durable: number }[] = [];
  let durable = 0;
  /** Syncs that the disk has not ended. */
  const syncs: (() => void)[] = [];
  const flushing = Object.assign(Object.create(log), {
    flush: () => {
      durable = log.flush();
      return durable;
    },
    flushSoon: (done: (error: null) => void) => {
      const last = log.flush();
      syncs.push(() => {
        durable = Math.max(durable, last);
        done(null);
      });
    },
    settle: () => {},
  });
  const slices: (() => void)[] = [];
  let clockMs = 0;
  const pump = new Pump({
    kernel,
    log: flushing,
    perform: ({ seq }) => performed.push({ seq, durable }),
    symbolOf: (id) => `S${id}`,
    now: () => clockMs++,
    yieldTo: (goOn) => slices.push(goOn),
    ...options,
  });
  const runAll = () => {
    for (
      let next = slices.shift() ?? syncs.shift();
      next !== undefined;
      next = slices.shift() ?? syncs.shift()
    )
      next();
  };
  const recorded = () => {
    log.flush();
    const cursor = log.cursor();
    const rows: string[] = [];
    for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
      rows.push(
        kind === 1
          ? `${tickKindName(cursor.tick.kind)} ${cursor.tick.symbolId} ${cursor.tick.bidPx || cursor.tick.px}`
          : `${cursor.event.type} ${cursor.event.json}`,
      );
    }
    return rows;
  };
  return { pump, kernel, performed, slices, syncs, runAll, recorded };
}

describe('the pump', () => {
  it('lets no quote look fresher than its receipt by more than it may wait, and records what waited longer', () => {
    const { pump, runAll, recorded } = pumped({ quoteWaitMaxMs: 1_000 });
    const trade = Object.assign(quote(0, 1_000_000, 7), { kind: TickKind.trade, px: 7, size: 1 });
    pump.offerTick(quote(0, 1_000_000, 1), 'feed');
    pump.offerTick(trade, 'feed');
    pump.offerTick(quote(1, 2_000_000, 2), 'feed');
    pump.offerTick(quote(0, 2_500_000, 3), 'feed');
    pump.offerInput(ClockTicked.of({}), { source: 'clock', recordedAt: 3_000_000 });
    runAll();
    expect(recorded()).toEqual([
      'ClockTicked {}',
      `${TicksConflated.type} {"count":1,"symbol":"S0"}`,
      'trade 0 7', // told however late: bars are made of trades
      'quote 1 2',
      'quote 0 3',
    ]);
  });

  it('makes the cause durable before its effect leaves', () => {
    const { pump, kernel, performed, runAll } = pumped();
    kernel.on(
      ClockTicked,
      'canceler',
      () => void kernel.publish(CancelAttempted.of({ ordinal: 1, reason: 'test' })),
    );
    pump.offerInput(ClockTicked.of({}), { source: 'clock', recordedAt: 1 });
    runAll();
    expect(performed).toEqual([{ seq: 2, durable: 2 }]);
  });

  test.prop([fc.array(fc.constantFrom('decide', 'slice', 'sync', 'commit'), { maxLength: 60 })])(
    'lets each effect leave once, in the order of decisions, and never before its cause is durable',
    (steps) => {
      const { pump, kernel, performed, slices, syncs, runAll } = pumped();
      const decided: number[] = [];
      kernel.on(ClockTicked, 'canceler', () => {
        decided.push(kernel.publish(CancelAttempted.of({ ordinal: 1, reason: 'test' })));
      });
      let at = 0;
      for (const step of steps) {
        if (step === 'decide') pump.offerInput(ClockTicked.of({}), { source: 'clock', recordedAt: ++at });
        else if (step === 'commit') pump.commit();
        else (step === 'slice' ? slices : syncs).shift()?.();
        expect(syncs.length).toBeLessThanOrEqual(1 + steps.filter((each) => each === 'commit').length);
      }
      runAll();
      expect(performed.map(({ seq }) => seq)).toEqual(decided);
      for (const { seq, durable } of performed) expect(seq).toBeLessThanOrEqual(durable);
      expect(pump.leaving).toBe(0);
    },
  );

  it('lets reports and control pass the market data that waits', () => {
    const { pump, runAll, recorded } = pumped();
    pump.offerTick(quote(0, 1, 10), 'feed');
    pump.offerTick(quote(0, 2, 11), 'feed');
    pump.offerInput(ClockTicked.of({}), { source: 'clock', recordedAt: 3 });
    runAll();
    expect(recorded()).toEqual(['ClockTicked {}', 'quote 0 10', 'quote 0 11']);
  });

  it('keeps what stands behind ticks there, and lets control pass both', () => {
    const { pump, runAll, recorded } = pumped();
    const chain = ChainRecorded.of({ underlying: 'A', underlyingPx: null, openInterest: [] });
    pump.offerTick(quote(0, 1, 10), 'feed');
    pump.offerBehindTicks(chain, { source: 'feed', recordedAt: 2 });
    pump.offerTick(quote(0, 3, 11), 'feed');
    pump.offerInput(ClockTicked.of({}), { source: 'clock', recordedAt: 4 });
    runAll();
    expect(recorded()).toEqual([
      'ClockTicked {}',
      'quote 0 10',
      'ChainRecorded {"openInterest":[],"underlying":"A","underlyingPx":null}',
      'quote 0 11',
    ]);
  });

  it('merges quotes of one symbol above its limit, and records how many', () => {
    const { pump, runAll, recorded } = pumped({ conflateAbove: 2 });
    for (const [symbol, px] of [
      [0, 10],
      [1, 20],
      [0, 11],
      [0, 12],
      [1, 21],
    ] as const) {
      pump.offerTick(quote(symbol, px, px), 'feed');
    }
    runAll();
    expect(recorded()).toEqual([
      `${TicksConflated.type} {"count":2,"symbol":"S0"}`,
      'quote 0 12',
      `${TicksConflated.type} {"count":1,"symbol":"S1"}`,
      'quote 1 21',
    ]);
  });

  it('keeps a copy: the caller may reuse its tick at once', () => {
    const { pump, runAll, recorded } = pumped();
    const tick = quote(0, 1, 10);
    pump.offerTick(tick, 'feed');
    tick.bidPx = 99;
    runAll();
    expect(recorded()).toEqual(['quote 0 10']);
  });

  test.prop([fc.integer({ min: 1, max: 5 }), fc.array(fc.boolean(), { minLength: 1, maxLength: 400 })])(
    'loses nothing and keeps each lane in order, whatever the budget and wherever it yields',
    (budgetMs, arrivals) => {
      const { pump, slices, runAll, recorded } = pumped({ budgetMs });
      let at = 0;
      for (const isTick of arrivals) {
        at++;
        if (isTick) pump.offerTick(quote(0, at, at), 'feed');
        else
          pump.offerInput(SymbolDefined.of({ ...definition, id: at }), { source: 'engine', recordedAt: at });
        if (at % 7 === 0) slices.shift()?.();
      }
      runAll();
      const rows = recorded();
      expect(rows.length).toBe(arrivals.length);
      expect(rows.filter((row) => row.startsWith('quote')).map((row) => Number(row.split(' ')[2]))).toEqual(
        arrivals.flatMap((isTick, i) => (isTick ? [i + 1] : [])),
      );
    },
  );
});

const definition = {
  id: 0,
  symbol: 'S',
  assetClass: 'equity',
  multiplier: 1,
  calendar: 'XNYS',
  priceSource: 'quotes',
  resolutionS: null,
} as const;
