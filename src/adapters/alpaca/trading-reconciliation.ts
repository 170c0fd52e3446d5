/**
 * The whole account at one moment. Its answers come one after the other while the market trades: they are taken together
 * only if no order changed meanwhile, neither at the venue nor by what its stream told us.
 */
import type { KnownOrder } from '../../bus/ports.ts';
import { toMicros } from '../../domain/money.ts';
import { isWorking } from '../../domain/order-status.ts';
import { VenueError } from '../../domain/venue-error.ts';
import { VenueReported } from '../../events/account.events.ts';
import type { NewInput } from '../../events/define-event.ts';
import type { OrderReports } from './order-reports.ts';
import { inputOfActivity } from './venue-activities.ts';
import type { VenueCalls } from './venue-calls.ts';
import type { VenueAccount, VenueOrder } from './venue-messages.ts';

const ROUNDS_MAX = 5;

export interface AccountSight {
  readonly account: VenueAccount;
  /** What the engine missed of its own orders, then of its cash, then the account as it stands. */
  readonly inputs: readonly NewInput[];
}

interface Sources {
  readonly calls: VenueCalls;
  readonly reports: OrderReports;
  readonly known: () => readonly KnownOrder[];
  /** Activities after this moment, microseconds. */
  readonly activitiesSince: number;
  /** Counts what the stream told; a change means that the account moved while it was read. */
  readonly heard: () => number;
}

export async function seeAccount(sources: Sources): Promise<AccountSight> {
  const { calls, heard } = sources;
  const activities = await calls.activities(sources.activitiesSince);
  let before = '';
  for (let round = 0; round <= ROUNDS_MAX; round++) {
    const heardBefore = heard();
    const positions = await calls.positions();
    const account = await calls.account();
    const open = await calls.openOrders();
    const newest = await calls.newestOrders();
    const missing = await workingElsewhere(sources, [...open, ...newest]);
    const orders = bySending([...missing, ...newest, ...open]);
    const seen = JSON.stringify(
      orders.map(({ filledQty, status, venueOrderId }) => [venueOrderId, status, filledQty]),
    );
    // The orders of the round before frame this round's account between two equal sights of them.
    const isStill = seen === before && heard() === heardBefore;
    before = seen;
    if (!isStill) continue;
    return {
      account,
      inputs: [
        ...missedReports(sources, orders),
        ...activities.map(inputOfActivity).filter((input) => input !== null),
        reported(sources.reports, account, positions, open, orders),
      ],
    };
  }
  throw new VenueError('unavailable', `the account changed ${ROUNDS_MAX} times while it was read`);
}

/** Orders that we hold for working and that are neither open nor recent at the venue: perhaps closed long ago. */
async function workingElsewhere(
  { calls, known, reports }: Sources,
  orders: readonly VenueOrder[],
): Promise<readonly VenueOrder[]> {
  const seen = new Set(orders.map((order) => reports.ordinalOf(order)));
  const found: VenueOrder[] = [];
  for (const { ordinal, status } of known()) {
    if (!isWorking(status) || seen.has(ordinal)) continue;
    try {
      found.push(await calls.orderByClientId(reports.clientOrderId(ordinal)));
    } catch (error) {
      if (!(error instanceof VenueError) || error.code !== 'notFound') throw error;
    }
  }
  return found;
}

/** Each order once: an order is open and among the newest. */
const bySending = (orders: readonly VenueOrder[]): readonly VenueOrder[] => [
  ...new Map(orders.map((order) => [order.venueOrderId, order])).values(),
];

function missedReports({ known, reports }: Sources, orders: readonly VenueOrder[]): readonly NewInput[] {
  const unsettled = new Set(
    known()
      .filter(({ status }) => status === 'submitted' || status === 'unknown' || status.startsWith('pending'))
      .map(({ ordinal }) => ordinal),
  );
  return orders.flatMap((order) => {
    const ordinal = reports.ordinalOf(order);
    return ordinal === null ? [] : reports.order(order, unsettled.has(ordinal));
  });
}

function reported(
  reports: OrderReports,
  account: VenueAccount,
  positions: Awaited<ReturnType<VenueCalls['positions']>>,
  open: readonly VenueOrder[],
  orders: readonly VenueOrder[],
): NewInput {
  const { blocked, buyingPower, cash, equity, optionsLevel } = account;
  return VenueReported.of({
    account: {
      cashMicros: toMicros(cash),
      equityMicros: toMicros(equity),
      buyingPowerMicros: toMicros(buyingPower),
      blocked,
      optionsLevel,
    },
    positions: positions.filter(({ quantity }) => quantity !== 0),
    orders: open.flatMap((order) => {
      const { clientOrderId, filledQty, quantity, side, status, symbol, venueOrderId } = order;
      // Amounts of dollars and parents of several legs stand for no quantity of one symbol.
      if (symbol === null || side === null || quantity === null || quantity <= 0) return [];
      const ordinal = reports.ordinalOf(order);
      return [{ ordinal, clientOrderId, venueOrderId, symbol, side, quantity, filledQty, status }];
    }),
    lastOrdinal: orders.reduce((last, order) => Math.max(last, reports.ordinalOf(order) ?? 0), 0),
  });
}
