/**
 * The life of an order as one table: which fact leads from which status to which. The reducer, the statechart and the
 * path tests are all made from it. Terminal stays terminal, but the venue may still correct quantities there.
 */
import { onQuantityGrid } from './instrument.ts';

export type OrderStatus =
  | 'initialized'
  | 'denied'
  | 'submitted'
  | 'accepted'
  | 'partiallyFilled'
  | 'pendingUpdate'
  | 'pendingCancel'
  | 'filled'
  | 'canceled'
  | 'expired'
  | 'rejected'
  | 'unknown';

/** A fill as the order counts it; a busted one keeps its id with nothing left of it. */
export interface Execution {
  readonly executionId: string;
  readonly lastQty: number;
  readonly lastPx: number;
}

/** What can happen to an order: the events of that name, of which only these fields matter here. */
export type OrderFact =
  | {
      readonly type:
        | 'OrderDenied'
        | 'SubmitAttempted'
        | 'OrderAccepted'
        | 'OrderRejected'
        | 'OrderCanceled'
        | 'OrderExpired'
        | 'CancelAttempted'
        | 'CancelRejected'
        | 'UpdateAttempted'
        | 'UpdateRejected'
        | 'OrderOutcomeUnknown'
        | 'StatusUnmapped'
        | 'OrderLookupRequested'
        | 'OrderGivenUp';
    }
  | { readonly type: 'OrderUpdated'; readonly payload: { readonly quantity: number } }
  | { readonly type: 'OrderFilled'; readonly payload: Execution & { readonly leavesQty: number } }
  | { readonly type: 'TradeBusted'; readonly payload: { readonly executionId: string } }
  | { readonly type: 'TradeCorrected'; readonly payload: Execution };
export type OrderFactType = OrderFact['type'];

/** `previous`: back to the status that was left for a pending one. `fill`: filled when nothing is left, else partially. */
type Target = OrderStatus | 'previous' | 'fill';

const ends = { OrderCanceled: 'canceled', OrderExpired: 'expired' } as const;
const attempts = { UpdateAttempted: 'pendingUpdate', CancelAttempted: 'pendingCancel' } as const;
/** What is looked up is in doubt, also where nobody said so: an order that the venue's own list lacks. */
const doubts = {
  OrderOutcomeUnknown: 'unknown',
  StatusUnmapped: 'unknown',
  OrderLookupRequested: 'unknown',
} as const;

const orderTable: Readonly<Record<OrderStatus, Readonly<Partial<Record<OrderFactType, Target>>>>> = {
  initialized: { OrderDenied: 'denied', SubmitAttempted: 'submitted', ...ends },
  submitted: {
    OrderAccepted: 'accepted',
    OrderRejected: 'rejected',
    OrderFilled: 'fill',
    ...ends,
    ...attempts,
    ...doubts,
  },
  accepted: { OrderRejected: 'rejected', OrderFilled: 'fill', ...ends, ...attempts, ...doubts },
  partiallyFilled: { OrderFilled: 'fill', OrderUpdated: 'accepted', ...ends, ...attempts, ...doubts },
  pendingUpdate: {
    UpdateRejected: 'previous',
    OrderUpdated: 'accepted',
    OrderFilled: 'fill',
    CancelAttempted: 'pendingCancel',
    ...ends,
    ...doubts,
  },
  pendingCancel: { CancelRejected: 'previous', OrderFilled: 'fill', ...ends, ...doubts },
  // Reconciliation may find anything but that the order was never sent.
  unknown: {
    OrderDenied: 'denied',
    SubmitAttempted: 'submitted',
    OrderAccepted: 'accepted',
    OrderRejected: 'rejected',
    OrderUpdated: 'accepted',
    OrderFilled: 'fill',
    OrderGivenUp: 'canceled',
    ...ends,
    ...attempts,
    ...doubts,
  },
  denied: {},
  rejected: {},
  expired: {},
  canceled: {},
  filled: {},
};

export const orderStatuses = Object.keys(orderTable) as readonly OrderStatus[];

const TERMINAL = orderStatuses.filter((status) => Object.keys(orderTable[status]).length === 0);
const PENDING = orderStatuses.filter((status) => Object.values(orderTable[status]).includes('previous'));
/** Over for us, yet a fill that crossed the end, or follows a bust, still counts: the ledger has it, too. */
const MAY_STILL_FILL: readonly OrderStatus[] = ['canceled', 'expired', 'filled', 'rejected'];

export const isTerminal = (status: OrderStatus): boolean => TERMINAL.includes(status);
/** May trade at the venue: sent, and not known to be over. */
export const isWorking = (status: OrderStatus): boolean => status !== 'initialized' && !isTerminal(status);
/** Nobody knows whether it lives: also where a cancel is on its way to it. */
export const isInDoubt = ({ status, previous }: OrderState): boolean =>
  status === 'unknown' || previous.includes('unknown');
const isPending = (status: OrderStatus): boolean => PENDING.includes(status);

export interface OrderState {
  readonly ordinal: number;
  readonly status: OrderStatus;
  /** What a refused update or cancel leads back to; the innermost last, empty unless something is pending. */
  readonly previous: readonly OrderStatus[];
  /** Null while the size is a fraction of equity: the first fill resolves it. */
  readonly orderedQty: number | null;
  readonly filledQty: number;
  /** Mean price of what is filled; null before any. */
  readonly avgPx: number | null;
  readonly executions: readonly Execution[];
}

/** A fact the order cannot take, and why; the order stays as it is. */
export interface Refused {
  readonly refused: string;
}

export const isRefused = (answer: OrderState | Refused): answer is Refused => 'refused' in answer;

const initial = (ordinal: number, orderedQty: number | null): OrderState => ({
  ordinal,
  status: 'initialized',
  previous: [],
  orderedQty,
  filledQty: 0,
  avgPx: null,
  executions: [],
});

/** Applies a fact. Pure: the answer is the new state or a refusal. */
function next(state: OrderState, fact: OrderFact): OrderState | Refused {
  switch (fact.type) {
    case 'OrderFilled':
      return fill(state, fact.payload);
    case 'TradeBusted':
      return restate(state, { ...fact.payload, lastQty: 0, lastPx: 0 });
    case 'TradeCorrected':
      return restate(state, fact.payload);
    case 'OrderUpdated':
      return resize(state, fact.payload.quantity);
    default:
      return move(state, fact.type);
  }
}

export const orderStatus = { initial, next };

const refuse = (state: OrderState, why: string): Refused => ({
  refused: `order ${state.ordinal} (${state.status}): ${why}`,
});

function move(state: OrderState, fact: OrderFactType): OrderState | Refused {
  const { status, previous } = state;
  const target = orderTable[status][fact];
  if (target === 'previous') return { ...state, status: previous.at(-1)!, previous: previous.slice(0, -1) };
  if (target === 'fill') {
    const open = state.orderedQty === null || state.filledQty < state.orderedQty;
    return { ...state, status: open ? 'partiallyFilled' : 'filled', previous: [] };
  }
  if (target !== undefined)
    return { ...state, status: target, previous: isPending(target) ? [...previous, status] : [] };
  return isPending(status) ? moveBeneath(state, fact) : refuse(state, `${fact} does not apply`);
}

/**
 * Reports cross our requests: an acceptance or rejection of the submit may arrive with a cancel on its way. The fact is
 * then judged by the status the request was made in; if the order still works, the request stays pending.
 */
function moveBeneath(state: OrderState, fact: OrderFactType): OrderState | Refused {
  const { status, previous } = state;
  if (fact in attempts) return refuse(state, `${fact} while another request is pending`);
  const beneath = move({ ...state, status: previous.at(-1)!, previous: previous.slice(0, -1) }, fact);
  if (isRefused(beneath)) return refuse(state, `${fact} does not apply`);
  if (isTerminal(beneath.status) || beneath.status === 'unknown') return beneath;
  return { ...beneath, status, previous: [...beneath.previous, beneath.status] };
}

function fill(state: OrderState, report: Execution & { leavesQty: number }): OrderState | Refused {
  const { executionId, lastQty, lastPx, leavesQty } = report;
  if (state.executions.some((known) => known.executionId === executionId)) {
    return refuse(state, `execution ${executionId} is already counted`);
  }
  const counted = count(state, [...state.executions, { executionId, lastQty, lastPx }]);
  if (isRefused(counted)) return counted;
  if (isTerminal(state.status)) {
    return MAY_STILL_FILL.includes(state.status) ? counted : refuse(state, 'OrderFilled does not apply');
  }
  const resolved = counted.orderedQty ?? onQuantityGrid(counted.filledQty + leavesQty);
  return move({ ...counted, orderedQty: resolved }, 'OrderFilled');
}

function resize(state: OrderState, quantity: number): OrderState | Refused {
  const updated = move(state, 'OrderUpdated');
  if (isRefused(updated)) return updated;
  if (quantity < state.filledQty)
    return refuse(state, `${state.filledQty} are filled; it cannot be for ${quantity}`);
  return { ...updated, orderedQty: quantity };
}

function restate(state: OrderState, { executionId, lastQty, lastPx }: Execution): OrderState | Refused {
  if (!state.executions.some((known) => known.executionId === executionId)) {
    return refuse(state, `execution ${executionId} is not known`);
  }
  const executions = state.executions.map((known) =>
    known.executionId === executionId ? { executionId, lastQty, lastPx } : known,
  );
  return count(state, executions);
}

function count(state: OrderState, executions: readonly Execution[]): OrderState | Refused {
  let filledQty = 0;
  let paid = 0;
  for (const { lastQty, lastPx } of executions) {
    filledQty = onQuantityGrid(filledQty + lastQty);
    paid += lastQty * lastPx;
  }
  if (state.orderedQty !== null && filledQty > onQuantityGrid(state.orderedQty)) {
    return refuse(state, `fills of ${filledQty} exceed the ordered ${state.orderedQty}`);
  }
  return { ...state, executions, filledQty, avgPx: filledQty === 0 ? null : paid / filledQty };
}

/** Statuses that a status leads to, by the table; where `previous` leads is every status the pending one is entered from. */
export function reachableFrom(status: OrderStatus): readonly OrderStatus[] {
  const targets = Object.values(orderTable[status]).flatMap((target) => expand(status, target));
  return orderStatuses.filter((each) => targets.includes(each));
}

function expand(status: OrderStatus, target: Target): readonly OrderStatus[] {
  if (target === 'fill') return ['partiallyFilled', 'filled'];
  if (target === 'previous') return entrancesOf(status);
  return [target];
}

const entrancesOf = (status: OrderStatus): readonly OrderStatus[] =>
  orderStatuses.filter((from) => Object.values(orderTable[from]).includes(status));

interface ChartTransition {
  readonly target?: OrderStatus;
  readonly guard?: { readonly type: string; readonly params?: { readonly status: OrderStatus } };
  readonly actions?: string;
}

/** The table as XState configuration, plain JSON: for the visualizer and for generated paths. */
export function statusChart() {
  const states = orderStatuses.map((status) => {
    const on = Object.entries(orderTable[status]).map(([fact, target]) => [
      fact,
      chartTransitions(status, target),
    ]);
    const adjusts = ['TradeBusted', 'TradeCorrected'].map((fact) => [
      fact,
      [{ actions: 'adjustQuantities' }],
    ]);
    const late = MAY_STILL_FILL.includes(status) ? [['OrderFilled', [{ actions: 'adjustQuantities' }]]] : [];
    const tags = isTerminal(status) ? ['terminal'] : isWorking(status) ? ['working'] : [];
    return [status, { tags, on: Object.fromEntries([...on, ...adjusts, ...late]) }];
  });
  return { id: 'order', initial: 'initialized' as const, states: Object.fromEntries(states) };
}

function chartTransitions(status: OrderStatus, target: Target): readonly ChartTransition[] {
  if (target === 'fill')
    return [{ target: 'filled', guard: { type: 'nothingLeft' } }, { target: 'partiallyFilled' }];
  if (target !== 'previous') return [{ target }];
  return entrancesOf(status).map((from) => ({
    target: from,
    guard: { type: 'cameFrom', params: { status: from } },
  }));
}
