/**
 * The life of every order at the venue: taken, acknowledged, matched, changed, canceled, ended. Says each step on the stream
 * of trade updates and moves the account by executions alone. Time passes between steps, so that fills can race requests.
 */
import type { HostClock } from '../../bus/ports.ts';
import { type CalendarName, roundPassive, sideSign } from '../../domain/instrument.ts';
import { notionalMicros } from '../../domain/money.ts';
import { checkAccount } from './buying-power.ts';
import type { FaultSchedule } from './faults.ts';
import type { Match } from './matching.ts';
import { OrderMatcher } from './order-matcher.ts';
import { type NewVenueOrder, type OrderBody, readOrder, readReplacement } from './order-rules.ts';
import type { BellListener } from './session-bells.ts';
import type { SimulatedMarket } from './simulated-market.ts';
import { Refusal } from './vendor-forms.ts';
import type { Execution, VenueAccount } from './venue-account.ts';
import { isOver, leavesOf, type VenueOrder } from './venue-order.ts';

export interface DeskOptions {
  /** From the answer of a submit to the order being at its exchange, from a cancel or replacement to its end. */
  readonly ackMs: number;
  readonly cancelMs: number;
  /** Chance per quote that an order at the far side of the spread is met before it is touched. */
  readonly insideChance: number;
}

/** One message of `trade_updates`, before it is written down. */
export interface OrderUpdate {
  readonly event: string;
  readonly order: VenueOrder;
  readonly at: number;
  readonly execution?: Pick<Execution, 'id' | 'qty' | 'px'> & { readonly previousId?: string };
}

interface DeskParts {
  readonly clock: HostClock;
  readonly market: SimulatedMarket;
  readonly account: VenueAccount;
  readonly faults: FaultSchedule;
  readonly seed: number;
  readonly newId: () => string;
  readonly options: DeskOptions;
  readonly say: (update: OrderUpdate) => void;
}

export class OrderDesk implements BellListener {
  /** Every order there ever was, oldest first. */
  readonly orders: VenueOrder[] = [];
  readonly #parts: DeskParts;
  readonly #matcher: OrderMatcher;
  readonly #byId = new Map<string, VenueOrder>();
  readonly #byClientId = new Map<string, VenueOrder>();
  #open: VenueOrder[] = [];
  readonly #timers = new Set<() => void>();
  #lastExecution: Execution | null = null;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { market, options, seed } = parts;
    this.#matcher = new OrderMatcher({
      market,
      seed,
      insideChance: options.insideChance,
      open: () => this.#open,
      fill: (order, match) => this.#fill(order, match),
    });
    market.listen({
      split: (symbol) => this.#endAll((order) => underlyingOf(order) === symbol, 'canceled'),
    });
  }

  get open(): readonly VenueOrder[] {
    return this.#open;
  }

  byId(id: string): VenueOrder {
    const order = this.#byId.get(id);
    if (order === undefined) throw new Refusal(404, 40410000, `order not found for ${id}`);
    return order;
  }

  byClientId(clientOrderId: string): VenueOrder {
    const order = this.#byClientId.get(clientOrderId);
    if (order === undefined) throw new Refusal(404, 40410000, `order not found for ${clientOrderId}`);
    return order;
  }

  // --- requests ----------------------------------------------------------------------------------------------------

  /** Takes an order, or throws the venue's refusal. */
  submit(body: OrderBody): VenueOrder {
    const { account, market, newId } = this.#parts;
    const order = readOrder(body, (symbol) => market.instrument(symbol), newId);
    this.#mustBeNew(order.clientOrderId);
    if (order.instrument.contract !== null && order.type === 'market' && !market.isOpen('XNYS')) {
      throw new Refusal(403, 40310000, 'options market orders are only allowed during market hours');
    }
    checkAccount(order, account, market, this.#open);
    return this.#take(order);
  }

  cancel(id: string): void {
    const order = this.byId(id);
    if (isOver(order) || ['pending_cancel', 'pending_replace'].includes(order.status)) {
      throw new Refusal(422, 42210000, `order is already in "${order.status}" state`);
    }
    this.#pend(order, 'pending_cancel');
    const { cancelMs } = this.#parts.options;
    this.#after(cancelMs, () => this.#endCancel(order));
  }

  /** The new order; whether it comes to stand for the old one is said on the stream. */
  replace(id: string, body: OrderBody): VenueOrder {
    const { account, faults, market, newId, options } = this.#parts;
    const order = this.byId(id);
    if (isOver(order)) throw new Refusal(422, 42210000, `order is already in "${order.status}" state`);
    if (order.status !== 'new' && order.status !== 'partially_filled') {
      throw new Refusal(422, 42210000, `cannot replace order in ${order.status} status`);
    }
    const changed = readReplacement(order, body, newId);
    this.#mustBeNew(changed.clientOrderId);
    const others = this.#open.filter((each) => each !== order);
    checkAccount({ ...changed, qty: changed.qty - order.filledQty }, account, market, others);
    const replacement = this.#make(changed, order);
    replacement.status = 'pending_new';
    this.#pend(order, 'pending_replace');
    this.#after(options.cancelMs, () =>
      this.#endReplace(order, replacement, faults.happens('rejectReplace')),
    );
    return replacement;
  }

  /** An order placed from elsewhere, such as the venue's own page; nobody asks whether the account carries it. */
  placeByHand(body: OrderBody): VenueOrder {
    const { market, newId } = this.#parts;
    return this.#take(readOrder(body, (symbol) => market.instrument(symbol), newId));
  }

  /** Takes the last execution back (`px` null), or corrects its price. */
  restate(byPx: number | null): void {
    const last = this.#lastExecution;
    if (last === null) return;
    const { account, clock, newId } = this.#parts;
    const { order, px, qty } = last;
    const { instrument, side } = order;
    const toPx = byPx === null ? null : Math.max(0.01, Math.round((px + byPx) * 10_000) / 10_000);
    const value = (at: number) => sideSign(side) * notionalMicros(qty, at, instrument.multiplier);
    account.cashMicros += value(px) - (toPx === null ? 0 : value(toPx));
    if (toPx === null) account.move(instrument, -sideSign(side) * qty, px);
    order.paid -= qty * px - qty * (toPx ?? 0);
    if (toPx === null) order.filledQty -= qty;
    const id = newId();
    const execution = { id, qty, px: toPx ?? px, previousId: last.id };
    this.#lastExecution = toPx === null ? null : { ...last, id, px: toPx };
    this.#say(toPx === null ? 'trade_bust' : 'trade_correct', order, execution, clock.now());
  }

  stop(): void {
    for (const disarm of this.#timers) disarm();
    this.#timers.clear();
  }

  // --- steps -------------------------------------------------------------------------------------------------------

  #mustBeNew(clientOrderId: string): void {
    if (this.#byClientId.has(clientOrderId)) {
      throw new Refusal(422, 40010001, 'client_order_id must be unique');
    }
  }

  #make(given: NewVenueOrder, replaces: VenueOrder | null): VenueOrder {
    const { clock, market, newId } = this.#parts;
    const now = clock.now();
    const order: VenueOrder = {
      clientOrderId: given.clientOrderId,
      instrument: given.instrument,
      side: given.side,
      type: given.type,
      timeInForce: given.timeInForce,
      qty: given.qty,
      limitPx: given.limitPx,
      stopPx: given.stopPx,
      extendedHours: given.extendedHours,
      positionIntent: given.positionIntent,
      id: newId(),
      createdAt: now,
      replaces: replaces?.id ?? null,
      status: 'accepted',
      statusBefore: 'accepted',
      filledQty: replaces?.filledQty ?? 0,
      paid: replaces?.paid ?? 0,
      triggered: false,
      replacedBy: null,
      updatedAt: now,
      filledAt: null,
      canceledAt: null,
      expiredAt: null,
      replacedAt: null,
      failedAt: null,
    };
    this.orders.push(order);
    this.#byId.set(order.id, order);
    this.#byClientId.set(order.clientOrderId, order);
    market.watch(order.instrument.symbol);
    return order;
  }

  #take(given: NewVenueOrder): VenueOrder {
    const { faults, market, options } = this.#parts;
    const order = this.#make(given, null);
    const fault = faults.order();
    this.#open.push(order);
    if (fault?.kind === 'orderStatus') this.#after(options.ackMs, () => this.#move(order, fault.status));
    else if (fault?.kind === 'rejectOrder' || !isOnGrid(order)) {
      order.status = 'pending_new';
      this.#after(options.ackMs, () => this.#end(order, 'rejected'));
    } else if (market.isOpen(order.instrument.calendar)) {
      order.status = 'pending_new';
      this.#after(options.ackMs, () => this.#activate(order));
    } else if (order.timeInForce === 'ioc' || order.timeInForce === 'fok') {
      this.#after(options.ackMs, () => this.#end(order, 'canceled'));
    }
    return order;
  }

  /** It is at its exchange. */
  #activate(order: VenueOrder): void {
    if (isOver(order)) return;
    if (order.status === 'pending_cancel' || order.status === 'pending_replace') order.statusBefore = 'new';
    else order.status = 'new';
    this.#say('new', order);
    this.#matcher.try(order);
    if (['ioc', 'fok', 'opg'].includes(order.timeInForce) && !isOver(order)) this.#end(order, 'canceled');
  }

  #pend(order: VenueOrder, status: 'pending_cancel' | 'pending_replace'): void {
    order.statusBefore = order.status;
    this.#move(order, status);
  }

  #endCancel(order: VenueOrder): void {
    if (order.status !== 'pending_cancel') {
      if (order.status === 'filled') this.#say('order_cancel_rejected', order);
      return;
    }
    const { faults } = this.#parts;
    if (faults.happens('rejectCancel')) {
      order.status = order.statusBefore;
      this.#say('order_cancel_rejected', order);
      return;
    }
    if (faults.happens('fillRacingCancel') && this.#matcher.fillWhole(order)) {
      this.#say('order_cancel_rejected', order);
      return;
    }
    this.#end(order, 'canceled');
  }

  #endReplace(order: VenueOrder, replacement: VenueOrder, refused: boolean): void {
    if (order.status !== 'pending_replace' || refused || replacement.qty <= order.filledQty) {
      if (order.status === 'pending_replace') order.status = order.statusBefore;
      replacement.status = 'rejected';
      replacement.failedAt = this.#parts.clock.now();
      this.#say('order_replace_rejected', order);
      return;
    }
    // What was filled while the request was on its way counts for the new order, too.
    replacement.filledQty = order.filledQty;
    replacement.paid = order.paid;
    order.replacedBy = replacement.id;
    order.replacedAt = this.#parts.clock.now();
    this.#end(order, 'replaced');
    this.#open.push(replacement);
    replacement.status = replacement.filledQty > 0 ? 'partially_filled' : 'new';
    this.#say('new', replacement);
    this.#matcher.try(replacement);
  }

  #move(order: VenueOrder, status: string): void {
    order.status = status;
    order.updatedAt = this.#parts.clock.now();
    this.#say(status, order);
  }

  #end(order: VenueOrder, status: 'canceled' | 'expired' | 'rejected' | 'replaced'): void {
    if (isOver(order)) return;
    const now = this.#parts.clock.now();
    if (status === 'canceled') order.canceledAt = now;
    if (status === 'expired') order.expiredAt = now;
    if (status === 'rejected') order.failedAt = now;
    this.#open = this.#open.filter((each) => each !== order);
    this.#move(order, status);
  }

  #endAll(which: (order: VenueOrder) => boolean, status: 'canceled' | 'expired'): void {
    for (const order of this.#open.filter(which)) this.#end(order, status);
  }

  // --- executions and bells --------------------------------------------------------------------------------

  #fill(order: VenueOrder, match: Match): void {
    const { account, clock, newId } = this.#parts;
    const now = clock.now();
    const { px, qty } = match;
    order.filledQty = Math.round((order.filledQty + qty) * 1e9) / 1e9;
    order.paid += qty * px;
    order.updatedAt = now;
    const whole = leavesOf(order) === 0;
    if (whole) {
      order.filledAt = now;
      order.status = 'filled';
      this.#open = this.#open.filter((each) => each !== order);
    } else if (order.status === 'new') order.status = 'partially_filled';
    else if (order.statusBefore === 'new') order.statusBefore = 'partially_filled';
    const execution = { id: newId(), order, qty, px, at: now };
    this.#lastExecution = execution;
    account.executed(execution);
    this.#say(whole ? 'fill' : 'partial_fill', order, execution, now);
  }

  opened(calendar: CalendarName): void {
    for (const order of [...this.#open]) {
      if (order.instrument.calendar !== calendar) continue;
      if (order.status === 'accepted' || order.status === 'done_for_day') this.#activate(order);
    }
  }

  /** What was for the day ends with it; the rest sleeps until the next. */
  closed(calendar: CalendarName): void {
    for (const order of [...this.#open]) {
      if (order.instrument.calendar !== calendar || calendar === '24x7') continue;
      if (order.timeInForce === 'cls') this.#matcher.fillWhole(order);
      if (isOver(order) || order.status === 'accepted') continue;
      if (order.timeInForce === 'gtc') this.#move(order, 'done_for_day');
      else {
        if (order.filledQty > 0) this.#move(order, 'done_for_day');
        this.#end(order, 'expired');
      }
    }
  }

  #after(ms: number, run: () => void): void {
    const disarm = this.#parts.clock.after(ms, () => {
      this.#timers.delete(disarm);
      run();
    });
    this.#timers.add(disarm);
  }

  #say(
    event: string,
    order: VenueOrder,
    execution?: OrderUpdate['execution'],
    at = this.#parts.clock.now(),
  ): void {
    this.#parts.say({ event, order, at, execution });
  }
}

const underlyingOf = ({ instrument }: VenueOrder): string =>
  instrument.contract?.underlying ?? instrument.symbol;

/** Exchanges refuse prices off their class's grid, after the venue took the order. */
const isOnGrid = ({ instrument: { contract }, limitPx, side }: VenueOrder): boolean =>
  contract === null || limitPx === null || roundPassive(limitPx, side, contract.tickClass) === limitPx;
