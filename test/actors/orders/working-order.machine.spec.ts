import { describe, expect, test } from 'vitest';
import { createActor } from 'xstate';
import { type WorkingInput, workingOrderMachine } from '../../../src/actors/orders/working-order.machine.ts';
import { configSchema } from '../../../src/domain/config.ts';

const { execution } = configSchema.parse({});
const input = (urgent: boolean): WorkingInput => ({
  side: 'buy',
  tickClass: 'shares',
  urgent,
  quantity: 10,
  execution,
  ageMaxMs: 900_000,
  seed: 1,
});

const still = { setTimeout: () => 0, clearTimeout: () => {} };
const NEAR = { bidPx: 100, askPx: 100.02 };

describe('an order', () => {
  const start = (urgent = false) =>
    createActor(workingOrderMachine, { clock: still, input: input(urgent) }).start();
  const at = (actor: ReturnType<typeof start>) => actor.getSnapshot().value.order;
  const placed = { type: 'PLACED', ordinal: 1, limitPx: 100.01, quantity: 10, slowness: 1 } as const;

  test('is asked for only in a market that was looked at', () => {
    const actor = start();
    actor.send({ type: 'START' });
    expect(at(actor)).toBe('waiting');
    actor.send({ type: 'STALE' });
    expect(at(actor)).toBe('waiting');
    actor.send({ type: 'MARKET', quote: NEAR });
    expect(at(actor)).toBe('placing');
  });

  test('waits differently from one to the next, and always by a third more or less', () => {
    const waits: number[] = [];
    const clock = { setTimeout: (_: () => void, ms: number) => waits.push(ms), clearTimeout: () => {} };
    for (let seed = 0; seed < 200; seed++) {
      const actor = createActor(workingOrderMachine, { clock, input: { ...input(true), seed } }).start();
      actor.send({ type: 'MARKET', quote: NEAR });
      actor.send({ ...placed, ordinal: seed + 1 });
    }
    const steps = waits.filter((ms) => ms <= 4_000);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...steps)).toBeLessThanOrEqual(4_000);
    expect(new Set(steps).size).toBeGreaterThan(150);
  });

  test('leaves no timer behind when it is done', () => {
    const armed = new Set<object>();
    const clock = {
      setTimeout: () => {
        const timer = {};
        armed.add(timer);
        return timer;
      },
      clearTimeout: (timer: unknown) => void armed.delete(timer as object),
    };
    const actor = createActor(workingOrderMachine, { clock: clock as never, input: input(true) }).start();
    actor.send({ type: 'START' });
    actor.send({ type: 'MARKET', quote: NEAR });
    actor.send(placed);
    expect(armed.size).toBe(2);
    actor.send({ type: 'FILLED', filled: 10, standingQty: 0 });
    actor.send({ type: 'ENDED' });
    expect(at(actor)).toBe('done');
    expect(armed.size).toBe(0);
  });
});
