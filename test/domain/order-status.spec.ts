import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { orderStatusLogic } from '../../src/actors/orders/order-status.actor.ts';
import {
  isInDoubt,
  isRefused,
  isTerminal,
  isWorking,
  type OrderFact,
  type OrderState,
  type OrderStatus,
  orderStatus,
  orderStatuses,
  reachableFrom,
  statusChart,
} from '../../src/domain/order-status.ts';

/**
 * RELIABILITY.md "Order statuses", typed by hand; `unknown` leads anywhere but to an order that was never sent, and every
 * order at the venue can come into doubt: a cancel without an answer, a status nobody knows, a list that lacks it.
 */
const reliability: Record<OrderStatus, readonly OrderStatus[]> = {
  initialized: ['denied', 'submitted', 'canceled', 'expired'],
  submitted: [
    'accepted',
    'rejected',
    'partiallyFilled',
    'filled',
    'canceled',
    'expired',
    'pendingUpdate',
    'pendingCancel',
    'unknown',
  ],
  accepted: [
    'partiallyFilled',
    'filled',
    'rejected',
    'canceled',
    'expired',
    'pendingUpdate',
    'pendingCancel',
    'unknown',
  ],
  partiallyFilled: [
    'partiallyFilled',
    'filled',
    'canceled',
    'expired',
    'pendingUpdate',
    'pendingCancel',
    'accepted',
    'unknown',
  ],
  pendingUpdate: [
    // back to the previous on refusal
    'submitted',
    'unknown',
    'accepted',
    'partiallyFilled',
    'filled',
    'canceled',
    'expired',
    'pendingCancel',
  ],
  pendingCancel: [
    'canceled',
    'filled',
    'partiallyFilled',
    'expired',
    // back to the previous on refusal
    'submitted',
    'accepted',
    'pendingUpdate',
    'unknown',
  ],
  unknown: [
    'denied',
    'submitted',
    'accepted',
    'partiallyFilled',
    'pendingUpdate',
    'pendingCancel',
    'filled',
    'canceled',
    'expired',
    'rejected',
    'unknown',
  ],
  denied: [],
  rejected: [],
  expired: [],
  canceled: [],
  filled: [],
};

const filled = (executionId: string, lastQty: number, lastPx = 10, leavesQty = 0): OrderFact => ({
  type: 'OrderFilled',
  payload: { executionId, lastQty, lastPx, leavesQty },
});

function given(orderedQty: number | null, ...facts: OrderFact[]): OrderState {
  return facts.reduce(
    (state: OrderState, fact) => {
      const answer = orderStatus.next(state, fact);
      if (isRefused(answer)) throw new Error(answer.refused);
      return answer;
    },
    orderStatus.initial(1, orderedQty),
  );
}

const submitted: OrderFact = { type: 'SubmitAttempted' };
const accepted: OrderFact = { type: 'OrderAccepted' };
const rejected: OrderFact = { type: 'OrderRejected' };
const canceled: OrderFact = { type: 'OrderCanceled' };
const cancelAttempted: OrderFact = { type: 'CancelAttempted' };
const cancelRejected: OrderFact = { type: 'CancelRejected' };
const updateAttempted: OrderFact = { type: 'UpdateAttempted' };
const updateRejected: OrderFact = { type: 'UpdateRejected' };
const unknown: OrderFact = { type: 'OrderOutcomeUnknown' };
const unmapped: OrderFact = { type: 'StatusUnmapped' };
const lookedUp: OrderFact = { type: 'OrderLookupRequested' };
const givenUp: OrderFact = { type: 'OrderGivenUp' };
const updated = (quantity: number): OrderFact => ({ type: 'OrderUpdated', payload: { quantity } });
const bust = (executionId: string): OrderFact => ({ type: 'TradeBusted', payload: { executionId } });

const refusal = (state: OrderState, fact: OrderFact): string => {
  const answer = orderStatus.next(state, fact);
  return isRefused(answer) ? answer.refused : `moved to ${answer.status}`;
};

describe('the order status table', () => {
  for (const from of Object.keys(reliability) as OrderStatus[]) {
    for (const to of Object.keys(reliability) as OrderStatus[]) {
      const allowed = reliability[from].includes(to);
      test(`${from} ${allowed ? 'leads' : 'does not lead'} to ${to}`, () => {
        expect(reachableFrom(from).includes(to)).toBe(allowed);
      });
    }
  }

  test('has no status that the promise does not name', () => {
    expect([...orderStatuses].sort()).toEqual(Object.keys(reliability).sort());
  });

  test('knows five terminal statuses and six that may trade', () => {
    expect(orderStatuses.filter(isTerminal)).toEqual(['denied', 'rejected', 'expired', 'canceled', 'filled']);
    expect(orderStatuses.filter(isWorking)).toEqual([
      'submitted',
      'accepted',
      'partiallyFilled',
      'pendingUpdate',
      'pendingCancel',
      'unknown',
    ]);
  });
});

describe('an order', () => {
  test('counts its fills and their mean price', () => {
    const state = given(10, submitted, accepted, filled('a', 4, 10, 6), filled('b', 6, 11));
    expect(state).toMatchObject({ status: 'filled', filledQty: 10, avgPx: 10.6 });
  });

  test('sized as a fraction learns its quantity from the first fill', () => {
    expect(given(null, submitted, accepted, filled('a', 4, 10, 6))).toMatchObject({
      orderedQty: 10,
      status: 'partiallyFilled',
    });
  });

  test('is partially filled when the fill comes before the acceptance, which then changes nothing', () => {
    const state = given(10, submitted, filled('a', 4, 10, 6));
    expect(refusal(state, accepted)).toBe('order 1 (partiallyFilled): OrderAccepted does not apply');
  });

  test('returns to what it was when its cancel is refused', () => {
    expect(given(10, submitted, cancelAttempted, cancelRejected).status).toBe('submitted');
    expect(given(10, submitted, accepted, cancelAttempted, cancelRejected).status).toBe('accepted');
  });

  test('returns step by step when a cancel was sent over a pending update', () => {
    const pending = given(10, submitted, accepted, updateAttempted, cancelAttempted);
    expect(pending).toMatchObject({ status: 'pendingCancel', previous: ['accepted', 'pendingUpdate'] });
    expect(given(10, submitted, accepted, updateAttempted, cancelAttempted, cancelRejected)).toMatchObject({
      status: 'pendingUpdate',
      previous: ['accepted'],
    });
    expect(
      given(10, submitted, accepted, updateAttempted, cancelAttempted, updateRejected, cancelRejected).status,
    ).toBe('accepted');
  });

  test('accepted while its cancel is under way returns to accepted when the cancel is refused', () => {
    const state = given(10, submitted, cancelAttempted, accepted);
    expect(state).toMatchObject({ status: 'pendingCancel', previous: ['accepted'] });
  });

  test('rejected while its cancel is under way is rejected', () => {
    expect(given(10, submitted, cancelAttempted, rejected)).toMatchObject({
      status: 'rejected',
      previous: [],
    });
  });

  test('is not asked twice for the same cancel', () => {
    const state = given(10, submitted, accepted, cancelAttempted);
    expect(refusal(state, cancelAttempted)).toBe(
      'order 1 (pendingCancel): CancelAttempted while another request is pending',
    );
  });

  test('canceled stays canceled while a late fill still counts', () => {
    const state = given(10, submitted, accepted, canceled, filled('late', 3, 10, 7));
    expect(state).toMatchObject({ status: 'canceled', filledQty: 3 });
  });

  test('rejected counts a fill that proves the rejection wrong: the ledger has it, and a restart must not infer it again', () => {
    const state = given(10, submitted, rejected, filled('late', 10));
    expect(state).toMatchObject({ status: 'rejected', filledQty: 10 });
  });

  test('filled stays filled while a bust takes its quantity back', () => {
    const state = given(10, submitted, accepted, filled('a', 10), bust('a'));
    expect(state).toMatchObject({ status: 'filled', filledQty: 0, avgPx: null });
  });

  test('takes a corrected quantity and price in place of the old', () => {
    const state = given(10, submitted, accepted, filled('a', 4, 10, 6), {
      type: 'TradeCorrected',
      payload: { executionId: 'a', lastQty: 5, lastPx: 9 },
    });
    expect(state).toMatchObject({ filledQty: 5, avgPx: 9 });
  });

  test('refuses a repeated execution, also one that was busted', () => {
    const state = given(10, submitted, accepted, filled('a', 4, 10, 6), bust('a'));
    expect(refusal(state, filled('a', 4, 10, 6))).toBe(
      'order 1 (partiallyFilled): execution a is already counted',
    );
  });

  test('refuses to fill beyond what was ordered', () => {
    const state = given(10, submitted, accepted, filled('a', 4, 10, 6));
    expect(refusal(state, filled('b', 7))).toBe(
      'order 1 (partiallyFilled): fills of 11 exceed the ordered 10',
    );
  });

  test('refuses a bust of an execution it never saw', () => {
    expect(refusal(given(10, submitted), bust('x'))).toBe('order 1 (submitted): execution x is not known');
  });

  test('comes into doubt from wherever it is at the venue, and forgets what was asked of it', () => {
    for (const doubt of [unknown, unmapped, lookedUp]) {
      for (const asked of [[], [accepted], [accepted, cancelAttempted], [accepted, updateAttempted]]) {
        expect(given(10, submitted, ...asked, doubt)).toMatchObject({ status: 'unknown', previous: [] });
      }
      expect(given(10, submitted, filled('a', 4, 10, 6), doubt)).toMatchObject({
        status: 'unknown',
        filledQty: 4,
      });
    }
  });

  test('is given up only while in doubt, and stays canceled when it appears after all', () => {
    expect(refusal(given(10, submitted, accepted), givenUp)).toContain('OrderGivenUp does not apply');
    const over = given(10, submitted, unknown, givenUp);
    expect(over.status).toBe('canceled');
    expect(refusal(over, accepted)).toBe('order 1 (canceled): OrderAccepted does not apply');
    expect(given(10, submitted, unknown, givenUp, filled('a', 4, 10, 6))).toMatchObject({
      status: 'canceled',
      filledQty: 4,
    });
  });

  test('is given up also where a cancel was sent into the dark', () => {
    expect(isInDoubt(given(10, submitted, unknown, cancelAttempted))).toBe(true);
    expect(given(10, submitted, unknown, cancelAttempted, givenUp).status).toBe('canceled');
  });

  test('may be sent again while in doubt', () => {
    expect(given(10, submitted, unknown, submitted, accepted).status).toBe('accepted');
  });

  test('changed in place is for its new quantity, also where the answer was found by a look-up', () => {
    expect(given(10, submitted, accepted, updateAttempted, updated(6))).toMatchObject({
      status: 'accepted',
      orderedQty: 6,
    });
    expect(given(10, submitted, accepted, updateAttempted, unknown, updated(6))).toMatchObject({
      status: 'accepted',
      orderedQty: 6,
    });
    expect(refusal(given(10, submitted, filled('a', 4, 10, 6), updateAttempted), updated(3))).toContain(
      '4 are filled; it cannot be for 3',
    );
  });

  test('adds decimal fills without a remainder', () => {
    expect(given(0.3, submitted, filled('a', 0.1, 10, 0.2), filled('b', 0.2)).status).toBe('filled');
  });
});

const anyFact: fc.Arbitrary<OrderFact> = fc.oneof(
  fc.constantFrom(
    submitted,
    accepted,
    rejected,
    canceled,
    cancelAttempted,
    cancelRejected,
    updateAttempted,
    updateRejected,
    { type: 'OrderDenied' } as const,
    { type: 'OrderExpired' } as const,
    unknown,
    unmapped,
    lookedUp,
    givenUp,
  ),
  fc.record({
    type: fc.constant('OrderUpdated' as const),
    payload: fc.record({ quantity: fc.integer({ min: 1, max: 20 }) }),
  }),
  fc
    .record({ executionId: fc.constantFrom('a', 'b', 'c', 'd'), lastQty: fc.integer({ min: 1, max: 8 }) })
    .chain((each) =>
      fc.constantFrom<OrderFact>(filled(each.executionId, each.lastQty), bust(each.executionId), {
        type: 'TradeCorrected',
        payload: { ...each, lastPx: 12 },
      }),
    ),
);

describe('under any sequence of facts', () => {
  test('filled never exceeds ordered, terminal stays terminal, and every move is in the table', () => {
    fc.assert(
      fc.property(fc.array(anyFact, { maxLength: 40 }), (facts) => {
        let state = orderStatus.initial(1, 10);
        for (const fact of facts) {
          const answer = orderStatus.next(state, fact);
          if (isRefused(answer)) continue;
          expect(answer.filledQty).toBeLessThanOrEqual(answer.orderedQty!);
          expect(answer.previous.length).toBeLessThanOrEqual(2);
          if (isTerminal(state.status)) expect(answer.status).toBe(state.status);
          if (answer.status !== state.status) {
            // A report that crosses a request is judged by a status beneath the pending one.
            const judges = [state.status, ...state.previous];
            expect(judges.some((from) => reachableFrom(from).includes(answer.status))).toBe(true);
          }
          state = answer;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the statechart', () => {
  test('is plain JSON that XState accepts, with the same transitions as the table', () => {
    const chart = statusChart();
    expect(JSON.parse(JSON.stringify(chart))).toEqual(chart);
    const machine = createMachine(chart);
    for (const status of orderStatuses) {
      const node = machine.states[status as keyof typeof machine.states];
      const targets = [...node.transitions.values()]
        .flat()
        .flatMap((each) => each.target?.map(({ key }) => key) ?? []);
      expect([...new Set(targets)].sort()).toEqual([...reliability[status]].sort());
    }
  });

  test('shows that a fill moves a canceled order nowhere', () => {
    expect(statusChart().states.canceled.on.OrderFilled).toEqual([{ actions: 'adjustQuantities' }]);
  });
});

describe('the order status actor', () => {
  test('follows the table and ignores what it refuses', () => {
    const actor = createActor(orderStatusLogic, { id: 'order-7', input: { ordinal: 7, orderedQty: 10 } });
    actor.start();
    for (const fact of [submitted, cancelRejected, accepted, filled('a', 10)]) actor.send(fact);
    expect(actor.getSnapshot().context).toMatchObject({ ordinal: 7, status: 'filled' });
  });
});
