/** An order as the venue keeps it, and as its JSON shows it. */
import type { Side } from '../../domain/instrument.ts';
import type { VenueInstrument } from './instruments.ts';
import { decimal, idFor, rfc3339 } from './vendor-forms.ts';

export const orderTypes = ['market', 'limit', 'stop', 'stop_limit'] as const;
export type VenueOrderType = (typeof orderTypes)[number];
export type VenueTimeInForce = 'day' | 'gtc' | 'opg' | 'cls' | 'ioc' | 'fok';

export interface VenueOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly instrument: VenueInstrument;
  readonly side: Side;
  readonly type: VenueOrderType;
  readonly timeInForce: VenueTimeInForce;
  readonly qty: number;
  readonly limitPx: number | null;
  readonly stopPx: number | null;
  readonly extendedHours: boolean;
  readonly positionIntent: string | null;
  readonly createdAt: number;
  readonly replaces: string | null;
  /** The venue's word, which may be any: see `faults`. */
  status: string;
  /** What a request that came to nothing leads back to. */
  statusBefore: string;
  filledQty: number;
  /** Dollars, without a contract's multiplier. */
  paid: number;
  /** A stop that was reached works on as a market or limit order. */
  triggered: boolean;
  replacedBy: string | null;
  updatedAt: number;
  filledAt: number | null;
  canceledAt: number | null;
  expiredAt: number | null;
  replacedAt: number | null;
  failedAt: number | null;
}

const OVER: ReadonlySet<string> = new Set(['filled', 'canceled', 'expired', 'replaced', 'rejected']);
/** Where matching may find it. A cancel or replacement on its way does not keep a fill from happening. */
const MATCHED: ReadonlySet<string> = new Set([
  'new',
  'partially_filled',
  'pending_cancel',
  'pending_replace',
  'stopped',
]);

export const isOver = ({ status }: VenueOrder): boolean => OVER.has(status);
export const isMatched = ({ status }: VenueOrder): boolean => MATCHED.has(status);
export const leavesOf = ({ filledQty, qty }: VenueOrder): number => Math.round((qty - filledQty) * 1e9) / 1e9;

const moment = (time: number | null): string | null => (time === null ? null : rfc3339(time));
const px = (value: number | null): string | null => (value === null ? null : decimal(value));

export function orderJson(order: VenueOrder, skewUs: number): Record<string, unknown> {
  const { filledQty, instrument } = order;
  const at = (time: number | null) => moment(time === null ? null : time + skewUs);
  return {
    id: order.id,
    client_order_id: order.clientOrderId,
    created_at: at(order.createdAt),
    updated_at: at(order.updatedAt),
    submitted_at: at(order.createdAt),
    filled_at: at(order.filledAt),
    expired_at: at(order.expiredAt),
    canceled_at: at(order.canceledAt),
    failed_at: at(order.failedAt),
    replaced_at: at(order.replacedAt),
    replaced_by: order.replacedBy,
    replaces: order.replaces,
    asset_id: idFor(instrument.symbol),
    symbol: instrument.symbol,
    asset_class: instrument.assetClass,
    notional: null,
    qty: decimal(order.qty),
    filled_qty: decimal(filledQty),
    filled_avg_price: filledQty === 0 ? null : decimal(order.paid / filledQty),
    order_class: instrument.assetClass === 'us_option' ? 'simple' : '',
    order_type: order.type,
    type: order.type,
    side: order.side,
    position_intent: order.positionIntent,
    time_in_force: order.timeInForce,
    limit_price: px(order.limitPx),
    stop_price: px(order.stopPx),
    status: order.status,
    extended_hours: order.extendedHours,
    legs: null,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    subtag: null,
    source: null,
  };
}
