import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { assign, setup } from 'xstate';
import { MachineHost } from '../../src/actors/machine-host.ts';
import { installDeterminismTrap } from '../../src/bus/determinism-trap.ts';
import { canonicalJson } from '../../src/events/canonical.ts';
import {
  ClockTicked,
  OperatorCommanded,
  SessionCarried,
  TimerFired,
} from '../../src/events/engine.events.ts';
import { clockTick, decision, kernelWithLog } from '../bus/recorder.ts';

const ID = 'kettle';
const boom = (): never => {
  throw new Error('boom');
};

/** Heats for three seconds, keeps warm for two, then is cold; every event but START can interrupt it. */
const kettle = setup({
  types: {
    context: {} as { readonly cups: number },
    events: {} as
      | { type: 'START' }
      | { type: 'POUR' }
      | { type: 'CANCEL' }
      | { type: 'BREAK' }
      | { type: 'DOUBT' }
      | { type: 'FUSE' },
  },
  actions: { pour: assign({ cups: ({ context }) => context.cups + 1 }), explode: boom },
  guards: { doubtful: boom },
  delays: { heating: 3_000, warm: 2_000 },
}).createMachine({
  id: ID,
  initial: 'cold',
  context: { cups: 0 },
  states: {
    cold: {
      on: {
        START: 'heating',
        BREAK: { actions: 'explode' },
        DOUBT: { guard: 'doubtful', target: 'heating' },
        FUSE: 'burning',
      },
    },
    heating: { after: { heating: 'warm' }, on: { CANCEL: 'cold' } },
    warm: { after: { warm: 'cold' }, on: { POUR: { actions: 'pour' }, CANCEL: 'cold' } },
    burning: { after: { 1: { target: 'cold', actions: 'explode' } } },
  },
});

type KettleEvent = { readonly type: 'START' | 'POUR' | 'CANCEL' | 'BREAK' | 'DOUBT' | 'FUSE' };
type Step = { readonly at: number; readonly type: KettleEvent['type'] | null };

/** A session around one kettle; operator commands stand for its events, by name. */
function session() {
  const { kernel, log } = kernelWithLog();
  kernel.onStream(SessionCarried, 'carry-over', ({ payload }) => kernel.restore(payload.state));
  const host = new MachineHost(kernel, ID, kettle, undefined);
  kernel.carry(ID, { save: () => host.save(), restore: (state) => host.restore(state) });
  kernel.on(OperatorCommanded, 'kitchen', ({ payload }) => {
    host.send({ type: payload.by } as KettleEvent);
  });
  const states: string[] = [];
  kernel.on(TimerFired, 'reader', ({ payload }) => {
    states.push(`${String(host.snapshot.value)} at ${payload.deadline}`);
    kernel.publish(decision(payload.n));
  });
  const run = ({ at, type }: Step) => {
    const provenance = { source: 'test', recordedAt: at };
    if (type === null) kernel.input(ClockTicked.of({}), provenance);
    else kernel.input(OperatorCommanded.of({ command: 'reset', symbol: null, by: type }), provenance);
  };
  const timers = () => log.ofType('TimerFired').map(({ payload }) => payload);
  return { kernel, log, host, states, run, timers };
}

/** Another session that takes over at quiescence, through bytes as a log would keep them. */
function rolled(from: ReturnType<typeof session>, at = from.kernel.now) {
  const state = JSON.parse(canonicalJson(from.kernel.carryOver()));
  const next = session();
  next.kernel.input(SessionCarried.of({ from: 'before', state }), { source: 'engine', recordedAt: at });
  return next;
}

const steps = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 2_500_000 }),
      type: fc.constantFrom('START', 'START', 'POUR', 'CANCEL', null) as fc.Arbitrary<Step['type']>,
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((gaps) => {
    let at = 1_000_000;
    return gaps.map(({ gap, type }) => ({ at: (at += gap), type }));
  });

describe('a machine with delays', () => {
  test('runs on the engine clock: each delay ends at its own deadline', () => {
    const { run, states, timers, host } = session();
    run({ at: 1_000_000, type: 'START' });
    run({ at: 3_999_999, type: null });
    expect(host.snapshot.value).toBe('heating');
    run({ at: 99_000_000, type: null });
    expect(states).toEqual(['warm at 4000000', 'cold at 6000000']);
    expect(timers()).toEqual([
      { actor: ID, n: 1, deadline: 4_000_000 },
      { actor: ID, n: 2, deadline: 6_000_000 },
    ]);
  });

  test('does not see the wall clock: its runs are alike with the trap and without it', () => {
    const remove = installDeterminismTrap();
    try {
      const { run, timers, kernel } = session();
      run({ at: 1_000_000, type: 'START' });
      run({ at: 9_000_000, type: null });
      expect(kernel.halted).toBeNull();
      expect(timers()).toHaveLength(2);
    } finally {
      remove();
    }
  });

  test.prop([steps, fc.array(fc.nat(24), { maxLength: 4 })])(
    'rolled into new sessions at any moments fires what one session fires, under the same ordinals',
    (script, rolls) => {
      const one = session();
      let many = session();
      const timers: unknown[] = [];
      const states: string[] = [];
      script.forEach((step, i) => {
        one.run(step);
        many.run(step);
        if (!rolls.includes(i)) return;
        timers.push(...many.timers());
        states.push(...many.states);
        many = rolled(many);
      });
      const end = { at: script.at(-1)!.at + 60_000_000, type: null };
      one.run(end);
      many.run(end);
      expect([...timers, ...many.timers()]).toEqual(one.timers());
      expect([...states, ...many.states]).toEqual(one.states);
      expect(many.host.snapshot.value).toEqual(one.host.snapshot.value);
      expect(many.host.snapshot.context).toEqual(one.host.snapshot.context);
    },
  );

  test('whose delay is canceled after a roll never ends it', () => {
    const first = session();
    first.run({ at: 1_000_000, type: 'START' });
    const second = rolled(first);
    second.run({ at: 2_000_000, type: 'CANCEL' });
    second.run({ at: 60_000_000, type: null });
    expect(second.timers()).toEqual([]);
    expect(second.host.snapshot.value).toBe('cold');
  });

  test('whose deadline passed between two sessions still fires with that deadline', () => {
    const first = session();
    first.run({ at: 1_000_000, type: 'START' });
    const second = rolled(first, 50_000_000);
    clockTick(second.kernel, 50_000_001);
    expect(second.timers()).toEqual([{ actor: ID, n: 1, deadline: 4_000_000 }]);
    const times = second.log.rows.map(({ recordedAt }) => recordedAt);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test('after a roll is caused by the event that armed it in this log', () => {
    const first = session();
    first.run({ at: 1_000_000, type: 'START' });
    const second = rolled(first);
    second.run({ at: 4_500_000, type: null });
    expect(second.log.ofType('TimerFired').map(({ causation }) => causation)).toEqual([1]);
  });
});

describe('a machine that fails', () => {
  for (const [where, script] of [
    ['an action', [{ at: 1_000, type: 'BREAK' }]],
    ['a guard', [{ at: 1_000, type: 'DOUBT' }]],
    [
      'the action of a delay',
      [
        { at: 1_000, type: 'FUSE' },
        { at: 5_000, type: null },
      ],
    ],
  ] as const) {
    test(`in ${where} is a recorded halt, and inputs are still recorded`, () => {
      const { kernel, log, run } = session();
      for (const step of script) run(step);
      run({ at: 9_000, type: 'START' });
      const halts = log.ofType('EngineHalted');
      expect(halts).toHaveLength(1);
      expect((halts[0].payload as { message: string }).message).toContain('boom');
      expect(kernel.halted!.payload).toMatchObject({ code: 'HANDLER_THREW' });
      expect(log.story().at(-1)).toMatch(/OperatorCommanded$/);
    });
  }

  test('at its start is refused when it is wired', () => {
    const broken = setup({ actions: { explode: boom } }).createMachine({ id: 'broken', entry: 'explode' });
    const { kernel } = kernelWithLog();
    expect(() => new MachineHost(kernel, 'broken', broken, undefined)).toThrow(/broken failed.*boom/);
  });

  test('by waiting before there is a clock is refused when it is wired', () => {
    const eager = setup({}).createMachine({
      id: 'eager',
      initial: 'a',
      states: { a: { after: { 5: 'b' } }, b: {} },
    });
    const { kernel } = kernelWithLog();
    expect(() => new MachineHost(kernel, 'eager', eager, undefined)).toThrow(/before the first input/);
  });

  test('to understand what was carried over halts instead of starting anew', () => {
    const { kernel, log } = session();
    const state = {
      clock: { now: 5, ordinals: {} },
      [ID]: {
        snapshot: { status: 'active', value: 'melted', context: { cups: 1 }, children: {}, historyValue: {} },
        timers: [],
      },
    };
    kernel.input(SessionCarried.of({ from: 'x', state }), { source: 'engine', recordedAt: 10 });
    expect(log.ofType('EngineHalted')).toHaveLength(1);
  });
});
