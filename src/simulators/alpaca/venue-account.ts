/**
 * The account at the venue: cash, positions and every activity that moved them, exact to the micro-dollar. It believes what
 * it is told; who may trade what is settled before.
 */
import { type Side, sideSign } from '../../domain/instrument.ts';
import { fromMicros, notionalMicros, toMicros } from '../../domain/money.ts';
import type { VenueInstrument } from './instruments.ts';
import { dayOf, decimal, rfc3339 } from './vendor-forms.ts';
import { leavesOf, type VenueOrder } from './venue-order.ts';

export interface AccountOptions {
  /** Dollars it begins with. */
  readonly cash?: number;
  /** Buying power for a dollar of equity, of shares. */
  readonly multiplier?: 1 | 2 | 4;
  /** 0: none, 1: covered, 2: long options, 3: spreads. */
  readonly optionsLevel?: 0 | 1 | 2 | 3;
  readonly shorting?: boolean;
  /** What it holds at the start, by vendor's symbol. */
  readonly positions?: Readonly<Record<string, { readonly qty: number; readonly avgPx: number }>>;
}

export interface VenuePosition {
  readonly instrument: VenueInstrument;
  /** Signed: negative is short. */
  qty: number;
  /** Dollars a unit, mean of the entries. */
  avgPx: number;
}

export interface Activity {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Execution {
  readonly id: string;
  readonly order: VenueOrder;
  readonly qty: number;
  readonly px: number;
  readonly at: number;
}

export class VenueAccount {
  readonly options: Required<Omit<AccountOptions, 'positions'>>;
  readonly positions = new Map<string, VenuePosition>();
  readonly activities: Activity[] = [];
  cashMicros: number;
  /** Why it may not trade, or null. */
  blocked: string | null = null;
  readonly #newId: () => string;

  constructor(
    options: AccountOptions,
    instrument: (symbol: string) => VenueInstrument | undefined,
    newId: () => string,
  ) {
    const { cash = 100_000, multiplier = 2, optionsLevel = 3, positions = {}, shorting = true } = options;
    this.options = { cash, multiplier, optionsLevel, shorting };
    this.cashMicros = toMicros(cash);
    this.#newId = newId;
    for (const [symbol, { avgPx, qty }] of Object.entries(positions)) {
      const known = instrument(symbol);
      if (known !== undefined) this.positions.set(symbol, { instrument: known, qty, avgPx });
    }
  }

  qtyOf(symbol: string): number {
    return this.positions.get(symbol)?.qty ?? 0;
  }

  /** An execution moves cash and position, and is an activity. The order has been told already. */
  executed({ at, order, px, qty }: Execution): void {
    const { instrument, side } = order;
    const { multiplier, symbol } = instrument;
    this.cashMicros -= sideSign(side) * notionalMicros(qty, px, multiplier);
    this.move(instrument, sideSign(side) * qty, px);
    const leaves = leavesOf(order);
    this.record('FILL', at, {
      transaction_time: rfc3339(at),
      type: leaves === 0 ? 'fill' : 'partial_fill',
      price: decimal(px),
      qty: decimal(qty),
      side: side satisfies Side,
      symbol,
      leaves_qty: decimal(leaves),
      order_id: order.id,
      cum_qty: decimal(order.filledQty),
      order_status: order.status,
    });
  }

  /** Units come or go at a price; cash stays as it is. */
  move(instrument: VenueInstrument, units: number, px: number): void {
    const { symbol } = instrument;
    const held = this.positions.get(symbol) ?? { instrument, qty: 0, avgPx: 0 };
    const qty = Math.round((held.qty + units) * 1e9) / 1e9;
    const grows = held.qty * units >= 0;
    const turns = held.qty * qty < 0;
    const avgPx = grows
      ? (Math.abs(held.qty) * held.avgPx + Math.abs(units) * px) / Math.max(1e-9, Math.abs(qty))
      : turns
        ? px
        : held.avgPx;
    if (qty === 0) this.positions.delete(symbol);
    else this.positions.set(symbol, { instrument, qty, avgPx });
  }

  /** Cash that comes (or goes) without a trade, with its activity. */
  paid(type: string, micros: number, at: number, more: Record<string, unknown>): void {
    this.cashMicros += micros;
    this.record(type, at, {
      date: dayOf(at),
      net_amount: decimal(fromMicros(micros)),
      description: '',
      status: 'executed',
      ...more,
    });
  }

  record(type: string, at: number, more: Record<string, unknown>): void {
    const stamp = rfc3339(at).replace(/\D/g, '').slice(0, 17);
    const id = `${stamp}::${this.#newId()}`;
    this.activities.push({
      id,
      type,
      at,
      json: { id, activity_type: type, created_at: rfc3339(at), ...more },
    });
  }
}
