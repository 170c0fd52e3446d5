import { fc, test } from '@fast-check/vitest';
import { Subject } from 'rxjs';
import { describe, expect } from 'vitest';
import { CASCADE_MAX, defineNotice, type Kernel } from '../../src/bus/kernel.ts';
import { ClockTicked, EngineHalted, OperatorCommanded } from '../../src/events/engine.events.ts';
import { CancelAttempted, IntentDropped } from '../../src/events/order.events.ts';
import { clockTick, decision, kernelWithLog, trade } from './recorder.ts';

const Changed = defineNotice<string>('Changed');
const numberOf = (payload: { intent: number }) => payload.intent;

describe('the order of events', () => {
  const feeds = fc.array(
    fc.record({
      kind: fc.constantFrom('tick', 'input'),
      at: fc.integer({ min: -3_600_000_000, max: 3_600_000_000 }),
      decisions: fc.nat(3),
      delayMs: fc.nat(2_000),
    }),
    { maxLength: 40 },
  );

  test.prop([feeds])(
    'is gap-free from 1, and the clock never runs backwards however the sources do',
    (feed) => {
      const { kernel, log } = kernelWithLog();
      const clock = kernel.clockFor('sleeper');
      let planned = 0;
      const act = () => {
        for (let i = 0; i < planned; i++) kernel.publish(decision(i + 1));
      };
      kernel.onTick('stream', act);
      kernel.on(ClockTicked, 'actor', act);
      kernel.on(
        IntentDropped,
        'other',
        () =>
          void clock.setTimeout(
            () => kernel.publish(CancelAttempted.of({ ordinal: 1, reason: 'late' })),
            planned,
          ),
      );
      const start = 1_600_000_000_000_000;
      for (const { kind, at, decisions, delayMs } of feed) {
        planned = decisions * (delayMs + 1);
        planned = Math.min(planned, 50);
        if (kind === 'tick') kernel.tick(trade(start + at), 'feed');
        else clockTick(kernel, start + at);
      }
      const times = log.rows.map(({ recordedAt }) => recordedAt);
      expect(log.rows.map(({ seq }) => seq)).toEqual(times.map((_, i) => i + 1));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(kernel.seq).toBe(log.rows.length);
      for (const { seq, causation } of log.events)
        if (causation !== null) expect(causation).toBeLessThan(seq);
    },
  );

  test('goes on after the last seq of the log it continues', async () => {
    const { Kernel } = await import('../../src/bus/kernel.ts');
    const seqs: number[] = [];
    const kernel = new Kernel(
      { tick: (seq) => seqs.push(seq), event: ({ seq }) => seqs.push(seq) },
      { afterSeq: 41 },
    );
    clockTick(kernel, 1);
    kernel.tick(trade(2), 'feed');
    expect(seqs).toEqual([42, 43]);
  });

  test('lifts an input from the past to the clock, and keeps the time it claims', () => {
    const { kernel, log } = kernelWithLog();
    clockTick(kernel, 100);
    kernel.input(ClockTicked.of({}), { source: 'clock', recordedAt: 40, time: 30 });
    const tick = trade(50, { time: 20 });
    kernel.tick(tick, 'feed');
    expect(log.rows.map(({ recordedAt }) => recordedAt)).toEqual([100, 100, 100]);
    expect(log.events[1].time).toBe(30);
    expect(log.rows[2].tick!.time).toBe(20);
  });
});

describe('dispatch', () => {
  test('publishing appends and queues; nobody hears it before the handler has returned', () => {
    const { kernel, log } = kernelWithLog();
    const heard: string[] = [];
    kernel.on(ClockTicked, 'first', () => {
      const seq = kernel.publish(decision(1));
      expect(seq).toBe(2);
      expect(log.story()).toEqual(['1 ClockTicked', '2 IntentDropped']);
      heard.push('first is done');
    });
    kernel.on(ClockTicked, 'second', () => heard.push('second hears the input'));
    kernel.on(IntentDropped, 'third', () => heard.push('third hears the decision'));
    clockTick(kernel, 1);
    expect(heard).toEqual(['first is done', 'second hears the input', 'third hears the decision']);
  });

  test('streams fold an input before any actor hears it, in the order they were wired', () => {
    const { kernel } = kernelWithLog();
    const heard: string[] = [];
    kernel.on(ClockTicked, 'actor', () => heard.push('actor'));
    kernel.onStream(ClockTicked, 'late stream', () => heard.push('stream 1'));
    kernel.onStream(ClockTicked, 'later stream', () => heard.push('stream 2'));
    clockTick(kernel, 1);
    expect(heard).toEqual(['stream 1', 'stream 2', 'actor']);
  });

  test('what streams decide is heard before the input itself is, since it was queued first', () => {
    const { kernel } = kernelWithLog();
    const heard: string[] = [];
    kernel.onStream(ClockTicked, 'stream', () => {
      kernel.publish(decision(1));
      kernel.notify(Changed, 'notice');
    });
    kernel.on(ClockTicked, 'actor', () => heard.push('input'));
    kernel.on(IntentDropped, 'actor', () => heard.push('decision'));
    kernel.onNotice(Changed, 'actor', ({ payload }) => heard.push(payload));
    clockTick(kernel, 1);
    expect(heard).toEqual(['decision', 'notice', 'input']);
  });

  test('the queue is first in, first out: a cascade goes breadth first', () => {
    const { kernel, log } = kernelWithLog();
    kernel.on(ClockTicked, 'root', () => {
      kernel.publish(decision(1));
      kernel.publish(decision(2));
    });
    kernel.on(IntentDropped, 'tree', ({ payload }) => {
      if (numberOf(payload) > 2) return;
      kernel.publish(decision(10 * payload.intent + 1));
      kernel.publish(decision(10 * payload.intent + 2));
    });
    clockTick(kernel, 1);
    const intents = log.ofType('IntentDropped');
    expect(intents.map(({ payload }) => numberOf(payload as never))).toEqual([1, 2, 11, 12, 21, 22]);
    expect(intents.map(({ causation }) => causation)).toEqual([1, 1, 2, 2, 3, 3]);
  });

  test('a notice is queued like a decision, is never logged, and passes its cause on', () => {
    const { kernel, log } = kernelWithLog();
    kernel.onTick('stream', () => kernel.notify(Changed, 'moved'));
    kernel.onNotice(Changed, 'actor', ({ causation }) => {
      expect(kernel.cause).toBe(causation);
      kernel.publish(decision(causation));
    });
    clockTick(kernel, 1);
    kernel.tick(trade(2), 'feed');
    expect(log.story()).toEqual(['1 ClockTicked', '2 tick', '3 IntentDropped']);
    expect(log.events[1].causation).toBe(2);
  });

  test('what waits for quiet comes after the whole cascade, one at a time, each cascade before the next', () => {
    const { kernel } = kernelWithLog();
    const heard: string[] = [];
    kernel.on(ClockTicked, 'root', () => {
      kernel.notifyWhenQuiet(Changed, 'quiet 1');
      kernel.notifyWhenQuiet(Changed, 'quiet 2');
      kernel.publish(decision(1));
    });
    kernel.on(IntentDropped, 'tree', ({ payload }) => {
      heard.push(`decision ${payload.intent}`);
      if (payload.intent < 3) kernel.publish(decision(payload.intent + 1));
    });
    kernel.onNotice(Changed, 'actor', ({ payload }) => {
      heard.push(payload);
      kernel.publish(decision(payload === 'quiet 1' ? 7 : 8));
    });
    clockTick(kernel, 1);
    expect(heard).toEqual([
      'decision 1',
      'decision 2',
      'decision 3',
      'quiet 1',
      'decision 7',
      'quiet 2',
      'decision 8',
    ]);
  });

  test('a decision may name another cause and the standing decisions it read', () => {
    const { kernel, log } = kernelWithLog();
    kernel.on(ClockTicked, 'actor', () => kernel.publish(decision(1), { causation: 1, basis: [1, 2] }));
    clockTick(kernel, 1);
    clockTick(kernel, 2);
    expect(log.ofType('IntentDropped').map(({ causation, basis }) => [causation, basis])).toEqual([
      [1, [1, 2]],
      [1, [1, 2]],
    ]);
  });

  test('an input during dispatch is refused: decisions go onto the queue, inputs come from outside', () => {
    const { kernel, log } = kernelWithLog();
    kernel.on(ClockTicked, 'meddler', () => {
      clockTick(kernel, 5);
    });
    clockTick(kernel, 1);
    expect(log.story()).toEqual(['1 ClockTicked', '2 EngineHalted']);
    expect(kernel.halted!.payload).toMatchObject({ code: 'HANDLER_THREW', actor: 'meddler' });
  });

  test(`a cascade of more than ${CASCADE_MAX} events halts`, () => {
    const { kernel, log } = kernelWithLog();
    let wanted = CASCADE_MAX - 1;
    kernel.on(ClockTicked, 'root', () => {
      for (let n = 1; n <= wanted; n++) kernel.publish(decision(n));
    });
    clockTick(kernel, 1);
    expect(kernel.halted).toBeNull();
    wanted++;
    clockTick(kernel, 2);
    expect(kernel.halted!.payload).toMatchObject({ code: 'CASCADE', actor: 'kernel' });
    const before = log.rows.length;
    clockTick(kernel, 3);
    expect(log.rows.length).toBe(before + 1);
  });

  test('two actors that answer each other for ever are stopped', () => {
    const { kernel } = kernelWithLog();
    kernel.on(ClockTicked, 'ping', () => kernel.publish(decision(1)));
    kernel.on(IntentDropped, 'pong', () => kernel.publish(decision(1)));
    clockTick(kernel, 1);
    expect(kernel.halted!.payload).toMatchObject({ code: 'CASCADE' });
  });
});

describe('wiring', () => {
  const wirings: [string, (kernel: Kernel) => void][] = [
    ['a tick stream', (kernel) => kernel.onTick('late', () => {})],
    ['an event stream', (kernel) => kernel.onStream(ClockTicked, 'late', () => {})],
    ['an actor', (kernel) => kernel.on(ClockTicked, 'late', () => {})],
    ['a listener of notices', (kernel) => kernel.onNotice(Changed, 'late', () => {})],
    ['an observer', (kernel) => kernel.listen(new Subject(), 'late', () => {})],
    ['a carrier', (kernel) => kernel.carry('late', { save: () => null, restore: () => {} })],
  ];
  for (const [what, wire] of wirings) {
    test(`${what} wired after the first input is refused`, () => {
      const { kernel } = kernelWithLog();
      wire(kernel);
      kernel.tick(trade(1), 'feed');
      expect(() => wire(kernel)).toThrow(/"late" was wired after the first input/);
    });
  }

  test('two carriers of one name are refused, since one state would overwrite the other', () => {
    const { kernel } = kernelWithLog();
    kernel.carry('twin', { save: () => null, restore: () => {} });
    expect(() => kernel.carry('twin', { save: () => null, restore: () => {} })).toThrow(/"twin"/);
  });
});

describe('effects', () => {
  test('leave through takeEffects only, oldest first, once', () => {
    const { kernel } = kernelWithLog();
    kernel.on(OperatorCommanded, 'book', () => {
      kernel.publish(CancelAttempted.of({ ordinal: 2, reason: 'x' }));
      kernel.publish(decision(1));
      kernel.publish(CancelAttempted.of({ ordinal: 1, reason: 'x' }));
    });
    const command = OperatorCommanded.of({ command: 'halt', symbol: null, by: 'me' });
    kernel.input(command, { source: 'operator', recordedAt: 1 });
    kernel.input(command, { source: 'operator', recordedAt: 2 });
    const ordinals = kernel.takeEffects().map(({ payload }) => (payload as { ordinal: number }).ordinal);
    expect(ordinals).toEqual([2, 1, 2, 1]);
    expect(kernel.takeEffects()).toEqual([]);
  });

  test('of a cascade that halts never leave', () => {
    const { kernel, log } = kernelWithLog();
    kernel.on(ClockTicked, 'book', () => kernel.publish(CancelAttempted.of({ ordinal: 1, reason: 'x' })));
    kernel.on(CancelAttempted, 'broken', () => {
      throw new Error('broken');
    });
    clockTick(kernel, 1);
    expect(log.story()).toEqual(['1 ClockTicked', '2 CancelAttempted', `3 ${EngineHalted.type}`]);
    expect(kernel.takeEffects()).toEqual([]);
  });
});

describe('inputs and decisions', () => {
  test('are different types: the compiler refuses the one for the other', () => {
    const { kernel } = kernelWithLog();
    const provenance = { source: 'x', recordedAt: 1 };
    const misuse = () => {
      // @ts-expect-error a decision was made inside: it cannot be recorded as something that came from outside
      kernel.input(decision(1), provenance);
      // @ts-expect-error an input came from outside: nobody inside can decide it
      kernel.publish(ClockTicked.of({}));
      // @ts-expect-error only inputs are folded by streams
      kernel.onStream(IntentDropped, 'stream', () => {});
    };
    expect(misuse).toBeTypeOf('function');
  });
});
