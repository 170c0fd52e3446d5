import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { defineNotice, type Kernel } from '../../src/bus/kernel.ts';
import { ClockTicked, TimerFired } from '../../src/events/engine.events.ts';
import { OrderAccepted } from '../../src/events/order.events.ts';
import { clockTick, decision, kernelWithLog, trade } from './recorder.ts';

const Changed = defineNotice<number>('Changed');
const fired = (payload: unknown) => {
  const { actor, n, deadline } = payload as { actor: string; n: number; deadline: number };
  return `${actor} ${n} at ${deadline}`;
};

/** Arms what `plan` says (actor, milliseconds) at every clock tick at time 1,000. */
function arming(kernel: Kernel, plan: readonly (readonly [actor: string, delayMs: number])[]): unknown[] {
  const timers: unknown[] = [];
  kernel.on(ClockTicked, 'armer', ({ recordedAt }) => {
    if (recordedAt !== 1_000) return;
    for (const [actor, delayMs] of plan) timers.push(kernel.clockFor(actor).setTimeout(() => {}, delayMs));
  });
  return timers;
}

describe('timers', () => {
  test.prop([fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(20)), { maxLength: 30 })])(
    'fire by deadline, and at one deadline in the order they were armed',
    (plan) => {
      const { kernel, log } = kernelWithLog();
      arming(kernel, plan);
      clockTick(kernel, 1_000);
      clockTick(kernel, 50_000);
      const ordinals = new Map<string, number>();
      const expected = plan
        .map(([actor, delayMs]) => {
          ordinals.set(actor, (ordinals.get(actor) ?? 0) + 1);
          return { actor, n: ordinals.get(actor)!, deadline: 1_000 + delayMs * 1_000 };
        })
        .sort((a, b) => a.deadline - b.deadline); // stable: arming order stays
      expect(log.ofType('TimerFired').map(({ payload }) => payload)).toEqual(expected);
      for (const event of log.ofType('TimerFired')) {
        expect(event.causation).toBe(1);
        expect(event.recordedAt).toBe((event.payload as { deadline: number }).deadline);
      }
    },
  );

  test.prop([fc.array(fc.nat(20), { minLength: 1, maxLength: 20 }), fc.array(fc.nat(19))])(
    'that were canceled never fire, and the others are not moved',
    (delays, canceled) => {
      const { kernel, log } = kernelWithLog();
      const timers = arming(
        kernel,
        delays.map((delayMs) => ['a', delayMs] as const),
      );
      clockTick(kernel, 1_000);
      for (const i of canceled) if (i < timers.length) kernel.clockFor('a').clearTimeout(timers[i]);
      clockTick(kernel, 50_000);
      const left = delays
        .map((delayMs, i) => ({ n: i + 1, deadline: 1_000 + delayMs * 1_000 }))
        .filter((_, i) => !canceled.includes(i))
        .sort((a, b) => a.deadline - b.deadline);
      expect(log.ofType('TimerFired').map(({ payload }) => payload)).toEqual(
        left.map((each) => ({ actor: 'a', ...each })),
      );
    },
  );

  test('fire before the input of the same instant, each to quiescence, and not one microsecond earlier', () => {
    const { kernel, log } = kernelWithLog();
    arming(kernel, [
      ['a', 1],
      ['b', 1],
    ]);
    kernel.on(TimerFired, 'reader', ({ payload }) => kernel.publish(decision(payload.actor === 'a' ? 1 : 2)));
    clockTick(kernel, 1_000);
    clockTick(kernel, 1_999);
    expect(log.story()).toHaveLength(2);
    clockTick(kernel, 2_000);
    expect(log.story().slice(2)).toEqual([
      '3 TimerFired',
      '4 IntentDropped',
      '5 TimerFired',
      '6 IntentDropped',
      '7 ClockTicked',
    ]);
    expect(log.events[3].causation).toBe(3);
  });

  test('chained delays fire at their own deadlines, also when one input passes both', () => {
    const { kernel, log } = kernelWithLog();
    const clock = kernel.clockFor('chain');
    kernel.on(ClockTicked, 'armer', ({ recordedAt }) => {
      if (recordedAt === 1_000) clock.setTimeout(() => clock.setTimeout(() => {}, 5), 2);
    });
    clockTick(kernel, 1_000);
    clockTick(kernel, 1_000_000);
    expect(log.ofType('TimerFired').map(({ payload }) => fired(payload))).toEqual([
      'chain 1 at 3000',
      'chain 2 at 8000',
    ]);
    expect(log.ofType('TimerFired').map(({ recordedAt, causation }) => [recordedAt, causation])).toEqual([
      [3_000, 1],
      [8_000, 2],
    ]);
  });

  test('a tick dated in the future fires none: only its arrival counts', () => {
    const { kernel, log } = kernelWithLog();
    arming(kernel, [['a', 1]]);
    clockTick(kernel, 1_000);
    kernel.tick(trade(1_500, { time: 9_000_000_000 }), 'feed');
    kernel.input(ClockTicked.of({}), { source: 'clock', recordedAt: 1_600, time: 9_000_000_000 });
    expect(log.story()).toEqual(['1 ClockTicked', '2 tick', '3 ClockTicked']);
    expect(kernel.now).toBe(1_600);
  });

  test('a timer, a report and a tick of one microsecond come in that order when they are fed so, the timer first', () => {
    const { kernel, log } = kernelWithLog();
    arming(kernel, [['a', 1]]);
    kernel.onTick('stream', () => kernel.notify(Changed, 1));
    kernel.onNotice(Changed, 'actor', () => kernel.publish(decision(3)));
    kernel.on(OrderAccepted, 'actor', () => kernel.publish(decision(2)));
    kernel.on(TimerFired, 'actor', () => kernel.publish(decision(1)));
    clockTick(kernel, 1_000);
    kernel.input(OrderAccepted.of({ ordinal: 1, venueOrderId: 'v' }), { source: 'venue', recordedAt: 2_000 });
    kernel.tick(trade(2_000), 'feed');
    expect(log.story().slice(1)).toEqual([
      '2 TimerFired',
      '3 IntentDropped',
      '4 OrderAccepted',
      '5 IntentDropped',
      '6 tick',
      '7 IntentDropped',
    ]);
    expect(log.rows.slice(1).every(({ recordedAt }) => recordedAt === 2_000)).toBe(true);
  });

  test('due at the clock fire before an input that was lifted to it, as they do when its log is replayed', () => {
    const { kernel, log } = kernelWithLog();
    arming(kernel, [['a', 0]]);
    clockTick(kernel, 1_000);
    clockTick(kernel, 400);
    expect(log.story()).toEqual(['1 ClockTicked', '2 TimerFired', '3 ClockTicked']);
  });

  test('that arm themselves again without delay halt instead of standing still for ever', () => {
    const { kernel } = kernelWithLog();
    const clock = kernel.clockFor('spinner');
    const spin = (): unknown => clock.setTimeout(spin, 0);
    kernel.on(ClockTicked, 'armer', spin);
    clockTick(kernel, 1_000);
    clockTick(kernel, 2_000);
    expect(kernel.halted!.payload).toMatchObject({ code: 'CASCADE', actor: 'spinner' });
  });

  test('with a delay may fire as often as a long silence holds', () => {
    const { kernel, log } = kernelWithLog();
    const clock = kernel.clockFor('beat');
    const beat = (): unknown => clock.setTimeout(beat, 1);
    kernel.onStream(ClockTicked, 'armer', () => (kernel.seq === 1 ? beat() : undefined));
    clockTick(kernel, 1_000);
    clockTick(kernel, 12_001_000);
    expect(kernel.halted).toBeNull();
    expect(log.ofType('TimerFired')).toHaveLength(12_000);
  });

  test('a throw in a timer halts in the name of its actor, and no timer fires after it', () => {
    const { kernel, log } = kernelWithLog();
    const clock = kernel.clockFor('bomb');
    kernel.on(ClockTicked, 'armer', () => {
      clock.setTimeout(() => {
        throw new TypeError('boom');
      }, 1);
      clock.setTimeout(() => {}, 2);
    });
    clockTick(kernel, 1_000);
    clockTick(kernel, 9_000);
    expect(log.story()).toEqual(['1 ClockTicked', '2 TimerFired', '3 EngineHalted', '4 ClockTicked']);
    expect(log.events[2].payload).toEqual({
      code: 'HANDLER_THREW',
      actor: 'bomb',
      message: 'TypeError: boom',
    });
    expect(log.events[2].causation).toBe(2);
    expect(log.events[2].recordedAt).toBe(2_000);
  });
});
