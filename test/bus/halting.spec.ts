import { concatMap, debounceTime, map, of, Subject, scan, throwError } from 'rxjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dispatching, installDeterminismTrap } from '../../src/bus/determinism-trap.ts';
import { defineNotice, type Kernel, KernelDeadError } from '../../src/bus/kernel.ts';
import { ClockTicked } from '../../src/events/engine.events.ts';
import { CancelAttempted, IntentDropped } from '../../src/events/order.events.ts';
import { clockTick, decision, kernelWithLog, trade } from './recorder.ts';

const Changed = defineNotice<number>('Changed');
const boom = (): never => {
  throw new RangeError('boom');
};

/** Each place a part of the core can throw in. */
const places: Record<string, (kernel: Kernel, fail: () => unknown) => void> = {
  'a tick stream': (kernel, fail) => kernel.onTick('culprit', fail),
  'an event stream': (kernel, fail) => kernel.onStream(ClockTicked, 'culprit', fail),
  'an actor': (kernel, fail) => kernel.on(ClockTicked, 'culprit', fail),
  'an actor hearing a decision': (kernel, fail) => {
    kernel.on(ClockTicked, 'decider', () => kernel.publish(decision(1)));
    kernel.on(IntentDropped, 'culprit', fail);
  },
  'an actor hearing a notice': (kernel, fail) => {
    kernel.onStream(ClockTicked, 'stream', () => kernel.notify(Changed, 1));
    kernel.onNotice(Changed, 'culprit', fail);
  },
  'an actor hearing what waited for quiet': (kernel, fail) => {
    kernel.onStream(ClockTicked, 'stream', () => kernel.notifyWhenQuiet(Changed, 1));
    kernel.onNotice(Changed, 'culprit', fail);
  },
  'an operator': (kernel, fail) => {
    const values = new Subject<number>();
    kernel.listen(
      values.pipe(
        scan((sum) => sum + 1, 0),
        map(fail),
      ),
      'culprit',
      () => {},
    );
    kernel.onStream(ClockTicked, 'source', () => values.next(1));
  },
  'an inner Observable': (kernel, fail) => {
    const values = new Subject<number>();
    kernel.listen(values.pipe(concatMap(() => of(1).pipe(map(fail)))), 'culprit', () => {});
    kernel.onStream(ClockTicked, 'source', () => values.next(1));
  },
  'a subscriber': (kernel, fail) => {
    const values = new Subject<number>();
    kernel.listen(values, 'culprit', fail);
    kernel.onStream(ClockTicked, 'source', () => values.next(1));
  },
};

const feed = (kernel: Kernel, at: number): void => {
  clockTick(kernel, at);
  kernel.tick(trade(at + 1), 'feed');
};

describe('a throw', () => {
  for (const [place, wire] of Object.entries(places)) {
    test(`in ${place} is a recorded halt; inputs are still recorded, nothing is decided`, () => {
      const run = () => {
        const { kernel, log } = kernelWithLog();
        const heard: number[] = [];
        let calls = 0;
        wire(kernel, () => {
          if (++calls === 2) boom();
        });
        kernel.on(ClockTicked, 'bystander', ({ seq }) => {
          heard.push(seq);
          kernel.publish(CancelAttempted.of({ ordinal: 1, reason: 'x' }));
        });
        for (let at = 1_000; at <= 5_000; at += 1_000) feed(kernel, at);
        return { kernel, log, heard };
      };
      const { kernel, log, heard } = run();
      const halts = log.ofType('EngineHalted');
      expect(halts).toHaveLength(1);
      expect(halts[0].payload).toMatchObject({ actor: 'culprit', message: 'RangeError: boom' });
      const after = log.rows.filter(({ seq }) => seq > halts[0].seq);
      expect(after.length).toBeGreaterThanOrEqual(6);
      expect(after.every(({ event }) => event === null || event.kind === 'input')).toBe(true);
      expect(heard.every((seq) => seq < halts[0].seq)).toBe(true);
      expect(kernel.takeEffects()).toEqual([]);
      expect(dispatching.active).toBe(false);
      expect(run().log.rows).toEqual(log.rows);
    });
  }

  test('of anything at all is a halt: null, undefined, an object without a prototype, a lone surrogate', () => {
    for (const thrown of [
      null,
      undefined,
      Object.create(null),
      Symbol('s'),
      '\ud800',
      { message: 1 },
      Object.assign(new Error('x'), { name: Symbol('n') }),
    ]) {
      const { kernel, log } = kernelWithLog();
      kernel.on(ClockTicked, 'culprit', () => {
        throw thrown;
      });
      clockTick(kernel, 1);
      clockTick(kernel, 2);
      expect(log.story()).toEqual(['1 ClockTicked', '2 EngineHalted', '3 ClockTicked']);
      expect(dispatching.active).toBe(false);
    }
  });

  test('in an actor whose name is no text halts all the same', () => {
    const { kernel, log } = kernelWithLog();
    kernel.on(ClockTicked, 'strategy \udc00', boom);
    clockTick(kernel, 1);
    expect(log.story()).toEqual(['1 ClockTicked', '2 EngineHalted']);
  });

  test('the first one stands', () => {
    const { kernel, log } = kernelWithLog();
    kernel.on(ClockTicked, 'first', boom);
    kernel.on(ClockTicked, 'second', boom);
    clockTick(kernel, 1);
    kernel.halt('OTHER', 'later', new Error('later'));
    expect(log.ofType('EngineHalted')).toHaveLength(1);
    expect(kernel.halted!.payload).toMatchObject({ actor: 'first' });
  });

  test('an Observable that fails while it is wired halts, too', () => {
    const { kernel, log } = kernelWithLog();
    kernel.listen(
      throwError(() => new Error('no')),
      'culprit',
      () => {},
    );
    clockTick(kernel, 1);
    expect(log.ofType('EngineHalted')).toHaveLength(1);
  });

  test('a decision whose payload JSON cannot hold halts before it is numbered', () => {
    const { kernel, log } = kernelWithLog();
    kernel.on(ClockTicked, 'culprit', () =>
      kernel.publish(IntentDropped.of({ intent: Number.NaN, symbol: 'A', action: 'enter', reason: '' })),
    );
    clockTick(kernel, 1);
    expect(log.story()).toEqual(['1 ClockTicked', '2 EngineHalted']);
    expect(kernel.halted!.payload).toMatchObject({ message: expect.stringContaining('$.intent is NaN') });
  });
});

describe('an append that fails', () => {
  const feeds: ((kernel: Kernel) => void)[] = [
    (kernel) => clockTick(kernel, 1_000),
    (kernel) => kernel.tick(trade(2_000), 'feed'),
    (kernel) => clockTick(kernel, 3_000),
  ];
  /** Every input leads to a stream value, a decision and a timer; `heard` is what any listener was told. */
  const wire = (kernel: Kernel): number[] => {
    const heard: number[] = [];
    const values = new Subject<number>();
    kernel.onTick('stream', (_, seq) => {
      heard.push(seq);
      values.next(seq);
    });
    kernel.listen(values, 'listener', () => kernel.publish(CancelAttempted.of({ ordinal: 1, reason: 'x' })));
    kernel.on(ClockTicked, 'actor', ({ seq }) => {
      heard.push(seq);
      kernel.publish(decision(1));
      kernel.clockFor('sleeper').setTimeout(() => kernel.publish(decision(2)), 0.5);
    });
    for (const type of [IntentDropped, CancelAttempted] as const) {
      kernel.on(type as typeof CancelAttempted, 'other', ({ seq }) => void heard.push(seq));
    }
    return heard;
  };
  /** The last seq of each input's cascade where nothing fails. */
  const endings = (() => {
    const { kernel } = kernelWithLog();
    wire(kernel);
    return feeds.map((each) => {
      each(kernel);
      return kernel.seq;
    });
  })();
  const total = endings.at(-1)!;

  for (let failAt = 1; failAt <= total; failAt++) {
    test(`at event ${failAt} of ${total} kills the kernel: nothing is heard that is not in the log`, () => {
      const { kernel, log } = kernelWithLog();
      const heard = wire(kernel);
      log.failAt = failAt;
      const answers = feeds.map((each) => {
        try {
          each(kernel);
          return `${log.rows.length} are in the log`;
        } catch (error) {
          return error instanceof KernelDeadError ? 'dead' : error;
        }
      });
      const whole = endings.filter((seq) => seq < failAt).map((seq) => `${seq} are in the log`);
      expect(answers).toEqual([...whole, ...feeds.slice(whole.length).map(() => 'dead')]);
      expect(log.rows).toHaveLength(failAt - 1);
      expect(heard.every((seq) => seq < failAt)).toBe(true);
      log.failAt = 0;
      const told = heard.length;
      for (const each of feeds)
        expect(() => each(kernel)).toThrow(/the log does not take events any more: no space left/);
      expect(heard).toHaveLength(told);
      expect(log.rows).toHaveLength(failAt - 1);
      expect(kernel.takeEffects()).toEqual([]);
      expect(dispatching.active).toBe(false);
    });
  }

  test('while a halt is recorded kills the kernel, from inside an Observable, too', () => {
    for (const wireFailure of Object.values(places)) {
      const { kernel, log } = kernelWithLog();
      wireFailure(kernel, boom);
      const types: string[] = [];
      const append = log.event.bind(log);
      log.event = (event) => {
        types.push(event.type);
        if (event.type === 'EngineHalted') throw new Error('disk full');
        append(event);
      };
      const first =
        wireFailure === places['a tick stream']
          ? () => kernel.tick(trade(1_000), 'feed')
          : () => clockTick(kernel, 1_000);
      expect(first).toThrow(KernelDeadError);
      expect(() => feed(kernel, 2_000)).toThrow(KernelDeadError);
      expect(types.filter((type) => type === 'EngineHalted')).toHaveLength(1);
    }
  });
});

describe('what would hide a cause', () => {
  let remove: () => void;
  beforeEach(() => {
    remove = installDeterminismTrap();
  });
  afterEach(() => remove());

  const hidden: Record<string, () => unknown> = {
    setTimeout: () => setTimeout(() => {}, 0),
    setInterval: () => setInterval(() => {}, 1_000),
    setImmediate: () => setImmediate(() => {}),
    'Promise.then': () => Promise.resolve().then(() => {}),
    'Promise.catch': () => Promise.resolve().catch(() => {}),
    'Promise.finally': () => Promise.resolve().finally(() => {}),
    queueMicrotask: () => queueMicrotask(() => {}),
    'process.nextTick': () => process.nextTick(() => {}),
    'Date.now': () => Date.now(),
    'new Date()': () => new Date(),
    'Date()': () => Date(),
    'Reflect.construct(Date)': () => Reflect.construct(Date, []),
    'a subclass of Date': () => new (class extends Date {})(),
    'the constructor of a date': () => new (new Date(0).constructor as DateConstructor)(),
    'Math.random': () => Math.random(),
    'performance.now': () => performance.now(),
    'process.hrtime': () => process.hrtime(),
    'process.hrtime.bigint': () => process.hrtime.bigint(),
    'crypto.randomUUID': () => crypto.randomUUID(),
    'crypto.getRandomValues': () => crypto.getRandomValues(new Uint8Array(1)),
  };
  for (const [name, call] of Object.entries(hidden)) {
    test(`${name} throws while deciding, in an actor and in an operator, and works before and after`, () => {
      for (const place of ['an actor', 'an operator', 'a subscriber', 'a tick stream']) {
        const cleanup: unknown[] = [call()];
        const { kernel } = kernelWithLog();
        places[place](kernel, call);
        feed(kernel, 1_000);
        expect(kernel.halted?.payload, place).toMatchObject({ code: 'NONDETERMINISM', actor: 'culprit' });
        cleanup.push(call());
        for (const each of cleanup.filter((made) => typeof made === 'object')) {
          clearTimeout(each as NodeJS.Timeout);
          clearImmediate(each as NodeJS.Immediate);
        }
      }
    });
  }

  test('a debounceTime in a stream is caught at its first value', () => {
    const { kernel } = kernelWithLog();
    const values = new Subject<number>();
    kernel.listen(values.pipe(debounceTime(100)), 'culprit', () => {});
    kernel.onStream(ClockTicked, 'source', () => values.next(1));
    clockTick(kernel, 1_000);
    expect(kernel.halted?.payload).toMatchObject({ code: 'NONDETERMINISM', actor: 'culprit' });
  });

  test('a value that arrives outside of any dispatch is caught: no recorded input brought it', () => {
    const { kernel } = kernelWithLog();
    const values = new Subject<number>();
    kernel.listen(values, 'culprit', () => kernel.notify(Changed, 1));
    clockTick(kernel, 1_000);
    values.next(1); // as an interval of the host would
    expect(kernel.halted?.payload).toMatchObject({ code: 'NONDETERMINISM', actor: 'culprit' });
  });

  test('a date of a given time, and arithmetic on it, are allowed', () => {
    const { kernel } = kernelWithLog();
    let year = 0;
    kernel.on(ClockTicked, 'reader', ({ recordedAt }) => {
      year = new Date(recordedAt / 1_000).getUTCFullYear();
    });
    clockTick(kernel, 1_600_000_000_000_000);
    expect(kernel.halted).toBeNull();
    expect(year).toBe(2020);
  });

  test('nested installations share one patch, and the last removal restores the host', () => {
    const patched = Math.random;
    const again = installDeterminismTrap();
    expect(Math.random).toBe(patched);
    again();
    again();
    expect(Math.random).toBe(patched);
    remove();
    expect(Math.random).not.toBe(patched);
    expect(Object.getOwnPropertyDescriptor(Math, 'random')!.value).toBe(Math.random);
    remove = installDeterminismTrap();
  });

  test('what the sink does while a decision is appended is not deciding: a log may look at its own clock', () => {
    const { kernel, log } = kernelWithLog();
    const append = log.event.bind(log);
    log.event = (event) => {
      performance.now();
      append(event);
    };
    kernel.on(ClockTicked, 'actor', () => kernel.publish(decision(1)));
    clockTick(kernel, 1_000);
    expect(log.story()).toEqual(['1 ClockTicked', '2 IntentDropped']);
  });
});

test('the kernel leaves no observer unhandled: nothing is thrown later', async () => {
  const uncaught = vi.fn();
  process.on('uncaughtException', uncaught);
  try {
    for (const wire of Object.values(places)) {
      const { kernel } = kernelWithLog();
      wire(kernel, boom);
      feed(kernel, 1_000);
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(uncaught).not.toHaveBeenCalled();
  } finally {
    process.off('uncaughtException', uncaught);
  }
});
