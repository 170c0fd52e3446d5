/**
 * What must hold of every run, whatever the market and the strategy: each rule has a name and looks at the run after
 * every record. `checkStrategy` watches all of them.
 */
import { onQuantityGrid } from '../domain/instrument.ts';
import { fromMicros } from '../domain/money.ts';
import { definitionOf } from '../events/catalogue.ts';
import { EngineHalted } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { TickRejected } from '../events/market.events.ts';
import {
  CancelAttempted,
  CancelRejected,
  OrderAccepted,
  OrderCanceled,
  OrderDenied,
  OrderExpired,
  OrderFilled,
  OrderRejected,
  RiskApproved,
  SubmitAttempted,
} from '../events/order.events.ts';
import { exposureWithinLimits, netDeltaWithinLimit, premiumWithinLimits } from './exposure-invariant.ts';
import {
  hedgesAreNotChurned,
  hedgesAreTrimmed,
  hedgesKeepToTheExposure,
  hedgesKeepToTheirPremium,
} from './hedge-invariants.ts';
import { fillsComeFromTheMarket, noDecisionKnowsTheFuture } from './look-ahead-invariants.ts';
import { limitsKeepTheirCaps, marketsAreOrderly, premiumIsAffordable } from './option-invariants.ts';
import type { Invariant, RunView } from './run-view.ts';

/** The newest event, where it is of this type. */
const eventOf = <P>(
  { record: { event } }: RunView,
  type: { readonly type: string },
): StoredEvent<P> | null => (event?.type === type.type ? (event as StoredEvent<P>) : null);

const engineNeverHalts: Invariant = {
  name: 'the engine never halts',
  check(view) {
    const halted = eventOf<{ code: string; actor: string; message: string }>(view, EngineHalted);
    return (
      halted &&
      `${halted.payload.actor} stopped the engine (${halted.payload.code}): ${halted.payload.message}`
    );
  },
};

const seqIsGapFree: Invariant = {
  name: 'seq has no gap, time never runs back, causes come first',
  check({ record, at }) {
    const { seq, event, tick } = record;
    const before = at(seq - 1);
    if (seq > 1 && before === undefined) return `seq ${seq} follows a gap`;
    if (at(seq) !== record) return `seq ${seq} is there twice`;
    const earlier = (before?.event ?? before?.tick)?.recordedAt ?? 0;
    if ((event ?? tick!).recordedAt < earlier) return `seq ${seq} was recorded before seq ${seq - 1}`;
    const late = [event?.causation ?? 0, ...(event?.basis ?? [])].find((cause) => cause >= seq);
    return late === undefined ? null : `seq ${seq} names seq ${late} as a cause, which is not before it`;
  },
};

const payloadsFitTheirSchemas: Invariant = {
  name: 'every payload fits its schema',
  check({ record: { event } }) {
    if (event === null) return null;
    const parsed = definitionOf(event.type).schema.safeParse(event.payload);
    if (parsed.success) return null;
    const { path, message } = parsed.error.issues[0];
    return `${event.type}.${path.join('.')}: ${message}`;
  },
};

const cashIsConserved: Invariant = {
  name: 'cash is the start less what was bought, plus what was sold, less fees',
  check({ engine, cashMicros }) {
    if (engine === null || engine.cashMicros === cashMicros) return null;
    return `the engine has ${fromMicros(engine.cashMicros)} dollars; its fills leave ${fromMicros(cashMicros)}`;
  },
};

/** A short that ran away costs more to buy back than there is. */
const cashIsNeverNegative: Invariant = {
  name: 'cash is never negative, unless shorts are allowed',
  check: ({ cashMicros, run }) =>
    cashMicros >= 0 || run.allowShort ? null : `the fills so far leave ${fromMicros(cashMicros)} dollars`,
};

const positionsAreSumsOfFills: Invariant = {
  name: 'a position is the sum of its fills',
  check({ engine, holdings, held }) {
    if (engine === null) return null;
    for (const { symbol, role, quantity } of holdings()) {
      const has =
        engine.positions.find((each) => each.symbol === symbol && each.role === role)?.quantity ?? 0;
      if (has !== quantity)
        return `the engine holds ${has} ${symbol} (${role}); its fills add up to ${quantity}`;
    }
    const stray = engine.positions.find(({ symbol, role, quantity }) => held(symbol, role) !== quantity);
    return stray === undefined
      ? null
      : `the engine holds ${stray.quantity} ${stray.symbol} that no fill brought`;
  },
};

const filledWithinOrdered: Invariant = {
  name: 'no order fills more than it asked for, and each execution counts once',
  check(view) {
    const fill = eventOf<OrderFilled>(view, OrderFilled);
    if (fill === null) return null;
    const { ordinal, executionId, leavesQty, symbol, side } = fill.payload;
    const order = view.orders.get(ordinal);
    if (order === undefined) return `order ${ordinal} filled, but was never intended`;
    if (view.fills.at(-1)?.event !== fill) return `execution ${executionId} was reported twice`;
    const { intended, filledQty } = order;
    if (intended.symbol !== symbol || intended.side !== side)
      return `order ${ordinal} filled as ${side} ${symbol}`;
    // A share of equity becomes a quantity with the first fill.
    const first = order.events.find(({ type }) => type === OrderFilled.type)!.payload as OrderFilled;
    const ordered =
      intended.size.kind === 'quantity' ? intended.size.quantity : first.lastQty + first.leavesQty;
    const left = onQuantityGrid(ordered - filledQty);
    if (left < 0) return `order ${ordinal} asked for ${ordered} and has ${filledQty}`;
    return left === leavesQty ? null : `order ${ordinal} leaves ${left}, its report says ${leavesQty}`;
  },
};

const ENDS = [OrderDenied, OrderRejected, OrderCanceled, OrderExpired].map(({ type }) => type);
const STEPS = [SubmitAttempted, OrderAccepted, OrderFilled, CancelAttempted].map(({ type }) => type);

const terminalStaysTerminal: Invariant = {
  name: 'an order that is over stays over',
  check({ record: { event }, orders }) {
    if (event === null || ![...ENDS, ...STEPS].includes(event.type)) return null;
    const order = orders.get((event.payload as { ordinal: number | null }).ordinal ?? 0);
    const end = order?.events.find(
      ({ type, payload }) =>
        ENDS.includes(type) || (type === OrderFilled.type && (payload as OrderFilled).leavesQty === 0),
    );
    if (order === undefined || end === undefined || end === event) return null;
    return `${event.type} for order ${order.intended.ordinal}, which ended with ${end.type} at seq ${end.seq}`;
  },
};

const everyOrderIsApproved: Invariant = {
  name: 'no order is sent without the approval of the risk gate',
  check(view) {
    const sent = eventOf<SubmitAttempted>(view, SubmitAttempted);
    if (sent === null) return null;
    const { ordinal } = sent.payload;
    const order = view.orders.get(ordinal);
    if (order?.events.some(({ type }) => type === RiskApproved.type) !== true)
      return `order ${ordinal} was never approved`;
    if (order.events.filter(({ type }) => type === SubmitAttempted.type).length > 1)
      return `order ${ordinal} was sent twice`;
    const { symbol, side, size } = order.intended;
    const same =
      sent.payload.symbol === symbol &&
      sent.payload.side === side &&
      sizeOf(sent.payload.size) === sizeOf(size);
    return same
      ? null
      : `order ${ordinal} was approved as ${side} ${sizeOf(size)} ${symbol} and sent as something else`;
  },
};

const sizeOf = (size: SubmitAttempted['size']): string =>
  size.kind === 'quantity' ? `${size.quantity}` : `${size.fraction} of equity`;

const noDecisionFromRejectedTicks: Invariant = {
  name: 'nothing is decided from a rejected tick',
  check({ record: { event }, rejected }) {
    if (event === null || event.kind !== 'decision' || event.type === TickRejected.type) return null;
    const bad = [event.causation ?? 0, ...event.basis].find(rejected);
    return bad === undefined ? null : `${event.type} rests on the tick at seq ${bad}, which was rejected`;
  },
};

const coreIsNeverSold: Invariant = {
  name: 'a core holding is never sold, and nothing is sold that is not held',
  check(view) {
    const sent = eventOf<SubmitAttempted>(view, SubmitAttempted);
    if (sent !== null && view.orders.get(sent.payload.ordinal)?.intended.role === 'core') {
      return `order ${sent.payload.ordinal} trades the core holding of ${sent.payload.symbol}`;
    }
    const fill = eventOf<OrderFilled>(view, OrderFilled);
    if (fill === null || view.run.allowShort) return null;
    const { symbol, ordinal, side } = fill.payload;
    if (side === 'buy') return null;
    const held = view.held(symbol, view.fills.at(-1)!.role);
    return held >= 0 ? null : `order ${ordinal} sold ${-held} ${symbol} more than was held`;
  },
};

/** A cancel that crossed the end of its order is answered after it. */
const cancelsAreAnswered: Invariant = {
  name: 'the venue refuses a cancel only for an order that is over',
  check(view) {
    const refused = eventOf<{ ordinal: number }>(view, CancelRejected);
    if (refused === null) return null;
    const order = view.orders.get(refused.payload.ordinal);
    const over = order?.events.some(
      ({ type, payload }) =>
        ENDS.includes(type) || (type === OrderFilled.type && (payload as OrderFilled).leavesQty === 0),
    );
    return over ? null : `the cancel of order ${refused.payload.ordinal} was refused while it works`;
  },
};

/** All rules of the engine itself; that a run replays identically is checked at its end. */
export const engineInvariants: readonly Invariant[] = [
  engineNeverHalts,
  seqIsGapFree,
  payloadsFitTheirSchemas,
  cashIsConserved,
  cashIsNeverNegative,
  positionsAreSumsOfFills,
  filledWithinOrdered,
  terminalStaysTerminal,
  everyOrderIsApproved,
  exposureWithinLimits,
  netDeltaWithinLimit,
  premiumWithinLimits,
  premiumIsAffordable,
  marketsAreOrderly,
  limitsKeepTheirCaps,
  hedgesKeepToTheExposure,
  hedgesKeepToTheirPremium,
  hedgesAreTrimmed,
  hedgesAreNotChurned,
  noDecisionFromRejectedTicks,
  noDecisionKnowsTheFuture,
  fillsComeFromTheMarket,
  coreIsNeverSold,
  cancelsAreAnswered,
];
