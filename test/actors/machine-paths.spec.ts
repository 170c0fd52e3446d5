/**
 * Every statechart of the engine, walked along paths that `xstate/graph` generates from the chart itself: all its states
 * and transitions are met, but for those listed here with the reason why nothing can meet them.
 */
import { describe, expect, test } from 'vitest';
import { createActor, createMachine, type InspectionEvent } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { orderStatusLogic } from '../../src/actors/orders/order-status.actor.ts';
import {
  isRefused,
  type OrderFact,
  type OrderState,
  orderStatus,
  statusChart,
} from '../../src/domain/order-status.ts';
import { charts } from './engine-charts.ts';
import { cover, notPlain } from './machine-paths.ts';

describe.each(charts)('the chart of the $name', ({ unreachable = {}, contextIs, ...walk }) => {
  test('has every state and transition on some path', () => {
    const { unmet, states, transitions } = cover(walk);
    expect(unmet).toEqual(Object.keys(unreachable));
    expect([states, transitions].every((count) => count > 2)).toBe(true);
  });

  test('is plain JSON but for named implementations', () => {
    expect(notPlain(walk.machine.config)).toEqual(contextIs === undefined ? [] : ['context']);
  });
});

describe('the chart of the order statuses', () => {
  const execution = (executionId: string, lastQty: number) => ({ executionId, lastQty, lastPx: 10 });
  const facts: readonly OrderFact[] = [
    ...(
      [
        'OrderDenied',
        'SubmitAttempted',
        'OrderAccepted',
        'OrderRejected',
        'OrderCanceled',
        'OrderExpired',
        'CancelAttempted',
        'CancelRejected',
        'UpdateAttempted',
        'UpdateRejected',
        'OrderOutcomeUnknown',
        'StatusUnmapped',
        'OrderLookupRequested',
        'OrderGivenUp',
      ] as const
    ).map((type) => ({ type })),
    { type: 'OrderUpdated', payload: { quantity: 10 } },
    { type: 'OrderFilled', payload: { ...execution('a', 4), leavesQty: 6 } },
    { type: 'OrderFilled', payload: { ...execution('b', 6), leavesQty: 0 } },
    { type: 'OrderFilled', payload: { ...execution('c', 10), leavesQty: 0 } },
    { type: 'TradeBusted', payload: { executionId: 'a' } },
    { type: 'TradeBusted', payload: { executionId: 'c' } },
    { type: 'TradeCorrected', payload: execution('a', 3) },
  ];
  /** The chart's guards ask what the reducer knows: here they are told where it went. */
  const chart = createMachine(statusChart() as never).provide({
    guards: {
      nothingLeft: ({ event }: { event: { to: string } }) => event.to === 'filled',
      cameFrom: ({ event }: { event: { to: string } }, { status }: { status: string }) => event.to === status,
    },
    actions: { adjustQuantities: () => {} },
  } as never);
  const paths = getShortestPaths(orderStatusLogic, {
    input: { ordinal: 1, orderedQty: 10 },
    events: [...facts],
    serializeState: (state) => {
      const { status, previous, executions } = (state as unknown as { context: OrderState }).context;
      return JSON.stringify([
        status,
        previous,
        executions.map(({ executionId, lastQty }) => [executionId, lastQty]),
      ]);
    },
    limit: 100_000,
  });
  /** Steps of the reducer that the chart does not show, and the transitions of the chart that some step takes. */
  const beneath = new Set<string>();
  const taken = new Set<unknown>();
  const visited = new Set<string>();
  for (const { state } of paths) {
    const order = (state as unknown as { context: OrderState }).context;
    visited.add(order.status);
    for (const fact of facts) {
      const answer = orderStatus.next(order, fact);
      if (isRefused(answer)) continue;
      const snapshot = chart.resolveState({ value: order.status } as never);
      const actor = createActor(chart, {
        snapshot,
        inspect: (seen: InspectionEvent) => {
          if (seen.type === '@xstate.microstep') for (const each of seen._transitions) taken.add(each);
        },
      } as never).start();
      actor.send({ type: fact.type, to: answer.status } as never);
      if (actor.getSnapshot().value !== answer.status)
        beneath.add(`${order.status} (${fact.type}) ${answer.status}`);
      actor.stop();
    }
  }

  test('has every status and transition on some path of the reducer, but for busts of what was never executed', () => {
    const all = Object.values(chart.states).flatMap((node) => [...node.transitions.values()].flat());
    const unmet = all.filter((each) => !taken.has(each));
    const neverExecuted = ['initialized'].flatMap((status) => [
      `${status} (TradeBusted)`,
      `${status} (TradeCorrected)`,
    ]);
    expect(unmet.map(({ source, eventType }) => `${source.key} (${eventType})`)).toEqual(neverExecuted);
    expect([...visited].sort()).toEqual(Object.keys(chart.states).sort());
    expect(all.length).toBeGreaterThan(60);
  });

  test('shows every step but reports that crossed a request: they are judged by the status it was made in', () => {
    expect([...beneath].sort()).toEqual([
      'pendingCancel (OrderDenied) denied',
      'pendingCancel (OrderGivenUp) canceled',
      'pendingCancel (OrderRejected) rejected',
      'pendingCancel (UpdateRejected) unknown',
      'pendingUpdate (OrderDenied) denied',
      'pendingUpdate (OrderGivenUp) canceled',
      'pendingUpdate (OrderRejected) rejected',
    ]);
  });

  test('is plain JSON but for named implementations', () => {
    expect(notPlain(statusChart())).toEqual([]);
  });
});
