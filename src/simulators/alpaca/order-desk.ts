/**
 * The life of every order at the venue: taken, acknowledged, matched, changed, canceled, ended. Says each step on the stream
 * of trade updates and moves the account by executions alone. Time passes between steps, so that fills can race requests.
 */
import type { HostClock } from '../../bus/ports.ts';
import { tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import { type CalendarName, roundPassive, sideSign } from '../../domain/instrument.ts';
import { notionalMicros } from '../../domain/money.ts';
import { createRandom, deriveSeed, type Random } from '../../domain/random.ts';
import { checkAccount } from './buying-power.ts';
import type { FaultSchedule } from './faults.ts';
import {
  isTriggered,
  type Match,
  meetInside,
  meetTrade,
  type Touch,
  takeTouch,
  touchOf,
} from './matching.ts';
import { type NewVenueOrder, type OrderBody, readOrder, readReplacement } from './order-rules.ts';
import type { MarketQuote, SimulatedMarket } from './simulated-market.ts';
import { Refusal } from './vendor-forms.ts';
import type { Execution, VenueAccount } from './venue-account.ts';
import { isMatched, isOver, leavesOf, type VenueOrder } from './venue-order.ts';

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

export class OrderDesk {
  /** Every order there ever was, oldest first. */
  readonly orders: VenueOrder[] = [];
  readonly #parts: DeskParts;
  readonly #random: Random;
  readonly #byId = new Map<string, VenueOrder>();
  readonly #byClientId = new Map<string, VenueOrder>();
  /** Newest first needs no search: open orders are few. */
  #open: VenueOrder[] = [];
  readonly #touches = new Map<string, Touch>();
  readonly #timers = new Set<() => void>();
  #lastExecution: Execution | null = null;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#random = createRandom(deriveSeed(parts.seed, 11));
    parts.market.listen({
      quote: (symbol, quote) => this.#onQuote(symbol, quote),
      trade: (symbol, px, size) => this.#onTrade(symbol, px, size),
      split: (symbol) => this.#endAll((order) => underlyingOf(order) === symbol, 'canceled'),
    });
    for (const calendar of ['XNYS', '24x7'] as const) this.#awaitBell(calendar);
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

  /** Takes an order, or throws the venue's refusal. `byHand`: nobody asked whether the account carries it. */
  submit(body: OrderBody): VenueOrder {
    const { account, market, newId } = this.#parts;
    const order = readOrder(body, (symbol) => market.instrument(symbol), newId);
    this.#mustBeNew(order.clientOrderId);
    if (order.instrument.contract !== null && order.type === 'market' && !market.isOpen('XNYS')) {
      throw new Refusal(403, 40310000, 'options market orders are only allowed during market hours');
    }
    checkAccount(order, account, market, this.#open);
    return this.#take(order, null);
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

  /** An order placed from elsewhere, such as the venue's own page. */
  placeByHand(body: OrderBody): VenueOrder {
    const { market, newId } = this.#parts;
    return this.#take(
      readOrder(body, (symbol) => market.instrument(symbol), newId),
      null,
    );
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

  #take(given: NewVenueOrder, replaces: VenueOrder | null): VenueOrder {
    const { faults, market, options } = this.#parts;
    const order = this.#make(given, replaces);
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
    this.#tryTouch(order);
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
    if (faults.happens('fillRacingCancel') && this.#fillAtOnce(order)) {
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
    this.#tryTouch(replacement);
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

  // --- the market ----------------------------------------------------------------------------------------------------

  #onQuote(symbol: string, quote: MarketQuote): void {
    this.#touches.set(symbol, touchOf(quote));
    const { insideChance } = this.#parts.options;
    for (const order of this.#open.filter((each) => each.instrument.symbol === symbol)) {
      this.#tryTouch(order);
      if (this.#mayTrade(order) && order.type !== 'market') {
        this.#fill(order, meetInside(order, quote, this.#random, insideChance));
      }
    }
  }

  #onTrade(symbol: string, px: number, size: number): void {
    for (const order of this.#open.filter((each) => each.instrument.symbol === symbol)) {
      if (this.#mayTrade(order)) this.#fill(order, meetTrade(order, px, size));
    }
  }

  #mayTrade(order: VenueOrder): boolean {
    const { market } = this.#parts;
    const { calendar, symbol } = order.instrument;
    if (!isMatched(order) || !market.isOpen(calendar) || market.isHalted(symbol)) return false;
    const quote = this.#touchFor(symbol)?.quote;
    if (!order.triggered && quote !== undefined)
      order.triggered = isTriggered(order, quote, market.lastPx(symbol));
    return order.triggered;
  }

  #touchFor(symbol: string): Touch | undefined {
    const known = this.#touches.get(symbol);
    if (known !== undefined) return known;
    const quote = this.#parts.market.quote(symbol);
    if (quote === null) return undefined;
    const touch = touchOf(quote);
    this.#touches.set(symbol, touch);
    return touch;
  }

  #tryTouch(order: VenueOrder): void {
    const touch = this.#touchFor(order.instrument.symbol);
    if (touch === undefined || !this.#mayTrade(order)) return;
    if (order.timeInForce === 'fok') {
      const size = order.side === 'buy' ? touch.askLeft : touch.bidLeft;
      if (size < leavesOf(order)) return;
    }
    this.#fill(order, takeTouch(order, touch));
  }

  /** The whole rest, at its limit or the touch; false where there is no price for it. */
  #fillAtOnce(order: VenueOrder): boolean {
    const quote = this.#parts.market.quote(order.instrument.symbol);
    const px = order.limitPx ?? (order.side === 'buy' ? quote?.askPx : quote?.bidPx) ?? 0;
    if (px <= 0) return false;
    this.#fill(order, { qty: leavesOf(order), px });
    return true;
  }

  #fill(order: VenueOrder, match: Match | null): void {
    if (match === null || match.qty <= 0) return;
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

  // --- the bells -----------------------------------------------------------------------------------------------------

  #awaitBell(calendar: CalendarName): void {
    const now = this.#parts.clock.now();
    const session = tradingSession(calendar, tradingDayAt(calendar, now + 1))!;
    const opens = now < session.open;
    const at = opens ? session.open : session.close;
    this.#after(Math.max(0, (at - now) / 1_000), () => {
      if (opens) this.#onOpen(calendar);
      else this.#onClose(calendar);
      this.#awaitBell(calendar);
    });
  }

  #onOpen(calendar: CalendarName): void {
    for (const order of [...this.#open]) {
      if (order.instrument.calendar !== calendar) continue;
      if (order.status === 'accepted' || order.status === 'done_for_day') this.#activate(order);
    }
  }

  /** What was for the day ends with it; the rest sleeps until the next. */
  #onClose(calendar: CalendarName): void {
    for (const order of [...this.#open]) {
      if (order.instrument.calendar !== calendar || calendar === '24x7') continue;
      if (order.timeInForce === 'cls') this.#fillAtOnce(order);
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
