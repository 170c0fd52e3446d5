import { describe, expect, test } from 'vitest';
import { CallBudget, type CallPriority } from '../../../src/adapters/alpaca/rate-limit.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';

const START = 1_000_000_000_000;

function budgetOf(perMinute = 200, keptForCancels = 50) {
  const clock = new SteppedClock(START);
  const budget = new CallBudget({ clock, perMinute, keptForCancels });
  const granted: string[] = [];
  const ask = (priority: CallPriority, waitMs = 0, name: string = priority) =>
    void budget.turn(priority, waitMs).then((yes) => granted.push(yes ? name : `no ${name}`));
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { clock, budget, granted, ask, settle };
}

describe('the venue’s call budget', () => {
  test.each<[CallPriority, number]>([
    ['cancel', 200],
    ['submit', 150],
    ['lookup', 125],
    ['read', 100],
  ])('leaves what is more urgent its share: %s gets %d calls a minute', async (priority, count) => {
    const { ask, clock, granted, settle } = budgetOf();
    for (let call = 0; call < 210; call++) ask(priority, 1_000);
    clock.advance(1_000);
    await settle();
    expect(granted.filter((each) => each === priority)).toHaveLength(count);
  });

  test('lets cancels go when submits have used up their share', async () => {
    const { ask, granted, settle } = budgetOf(3, 1);
    for (const priority of ['submit', 'submit', 'cancel'] as const) ask(priority);
    await settle();
    expect(granted).toEqual(['submit', 'submit', 'cancel']);
  });

  test('serves by urgency, then by arrival, when a minute has passed', async () => {
    const { ask, clock, granted, settle } = budgetOf(4, 0);
    for (const name of ['1', '2', '3', '4']) ask('cancel', 0, name);
    ask('read', 100_000);
    ask('submit', 100_000, 'first submit');
    ask('submit', 100_000, 'second submit');
    ask('cancel', 100_000);
    clock.advance(60_001);
    await settle();
    expect(granted.slice(4)).toEqual(['cancel', 'first submit', 'second submit', 'read']);
  });

  test('refuses what gets no turn in its time, and counts it for nothing', async () => {
    const { ask, clock, granted, settle } = budgetOf(1, 0);
    ask('submit');
    ask('submit', 1_000);
    clock.advance(1_000);
    await settle();
    expect(granted).toEqual(['submit', 'no submit']);
    clock.advance(59_001);
    ask('submit');
    await settle();
    expect(granted).toEqual(['submit', 'no submit', 'submit']);
  });

  test('lets nothing go before the moment the venue named, and no later than a minute on', async () => {
    const { ask, budget, clock, granted, settle } = budgetOf();
    budget.refusedUntil(START + 20_000_000);
    ask('cancel', 30_000);
    clock.advance(19_999);
    await settle();
    expect(granted).toEqual([]);
    clock.advance(1);
    await settle();
    expect(granted).toEqual(['cancel']);
    budget.refusedUntil(START * 1_000);
    ask('cancel', 90_000);
    clock.advance(60_000);
    await settle();
    expect(granted).toEqual(['cancel', 'cancel']);
  });

  test('leaves no timer behind', async () => {
    const { ask, clock, settle } = budgetOf(1, 0);
    for (let call = 0; call < 3; call++) ask('submit', 500);
    clock.advance(61_000);
    await settle();
    expect(clock.pending).toBe(0);
  });
});
