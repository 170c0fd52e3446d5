/**
 * Holds what was decided at the close and releases it at the open: exits first, then hedges, entries and protective
 * stops, by symbol, each filled before the next leaves, so that rolls and reversals work.
 */
import type { Kernel } from '../bus/kernel.ts';
import { type Config, configFor, type RunSpec } from '../domain/config.ts';
import type { Side } from '../domain/instrument.ts';
import { MICROS_PER_DOLLAR } from '../domain/money.ts';
import { isTerminal } from '../domain/order-status.ts';
import { entryRoomMicros, unitsWithin } from '../domain/sizing.ts';
import { entryCap, farTouch } from '../domain/spread-model.ts';
import type { EventDefinition } from '../events/define-event.ts';
import { MarketOpened } from '../events/market.events.ts';
import * as o from '../events/order.events.ts';
import type { MarketData } from '../streams/market-data.ts';
import type { OrderBook } from './order-book.ts';
import type { Portfolio } from './portfolio.ts';
import type { Pricing, Quote } from './pricing.ts';
import type { RiskGate } from './risk-gate.ts';

const ACTOR = 'release-desk';

interface Deferred {
  readonly intent: o.IntentDeferred;
  readonly seq: number;
  readonly basis: readonly number[];
  /** When its market opened, microseconds: from there on it ages. */
  readonly releasedAt: number;
}

interface Parts {
  readonly run: Pick<RunSpec, 'execution' | 'risk'>;
  readonly config: Config;
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly pricing: Pricing;
  readonly gate: RiskGate;
}

interface Saved {
  readonly lastIntent: number;
  readonly waiting: readonly o.IntentDeferred[];
  readonly queue: readonly { readonly intent: o.IntentDeferred; readonly releasedAt: number }[];
  readonly current: number | null;
}

export class ReleaseDesk {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  #lastIntent = 0;
  /** Decided, waiting for their market to open. */
  #waiting: Deferred[] = [];
  /** Being released now, in order. */
  #queue: Deferred[] = [];
  /** The order that has to finish (or rest) before the next may leave. */
  #current: number | null = null;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(MarketOpened, ACTOR, ({ payload }) => this.#open(payload.calendar));
    kernel.on(o.OrderAccepted, ACTOR, ({ payload }) => this.#onAccepted(payload.ordinal));
    const moves: readonly unknown[] = [
      o.OrderFilled,
      o.OrderCanceled,
      o.OrderRejected,
      o.OrderExpired,
      o.OrderDenied,
      o.CancelRejected,
    ];
    for (const moved of moves as readonly EventDefinition[]) kernel.on(moved, ACTOR, () => this.#pump());
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
  }

  /** Decides an intent for the next open; the desk holds it at once, everyone else hears it at its dispatch. */
  defer(
    terms: Omit<o.IntentDeferred, 'intent'>,
    options: { causation?: number; basis: readonly number[] },
  ): number {
    const intent: o.IntentDeferred = { intent: ++this.#lastIntent, ...terms };
    const seq = this.#kernel.publish(o.IntentDeferred.of(intent), options);
    this.#waiting.push({ intent, seq, basis: options.basis, releasedAt: 0 });
    return intent.intent;
  }

  /** The side of an entry that waits for the open, or null. */
  waitingEntry(symbol: string): Side | null {
    return this.#waiting.find(({ intent }) => isEntry(intent, symbol))?.intent.side ?? null;
  }

  /** Drops the entries of a symbol that wait for the open. */
  withdrawEntries(symbol: string, reason: string): void {
    const withdrawn = this.#waiting.filter(({ intent }) => isEntry(intent, symbol));
    this.#waiting = this.#waiting.filter((each) => !withdrawn.includes(each));
    for (const { intent, seq } of withdrawn) this.#drop(intent, reason, seq);
  }

  #open(calendar: string): void {
    const { market } = this.#parts;
    const released = this.#waiting.filter(({ intent }) => market.calendarOf(intent.symbol) === calendar);
    if (released.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => !released.includes(each));
    const now = released.map((each) => ({ ...each, releasedAt: this.#kernel.now }));
    this.#queue = [...this.#queue, ...now].sort(inReleaseOrder);
    this.#pump();
  }

  /** An order that rests holds nobody up; one that will trade at once does. */
  #onAccepted(ordinal: number): void {
    if (ordinal !== this.#current) return;
    if (!this.#trades(ordinal)) this.#current = null;
    this.#pump();
  }

  #pump(): void {
    const { orders } = this.#parts;
    for (;;) {
      if (this.#current !== null) {
        if (!isTerminal(orders.get(this.#current)!.state.status)) return;
        this.#current = null;
      }
      const head = this.#queue[0];
      if (head === undefined || this.#frees(head.intent)) return;
      this.#queue.shift();
      this.#release(head);
    }
  }

  /** Cancels our own working orders in the symbol first; true while one of them still works. */
  #frees({ symbol }: o.IntentDeferred): boolean {
    const { orders } = this.#parts;
    for (const { intended } of [...orders.working()]) {
      if (intended.symbol === symbol) orders.cancel(intended.ordinal, 'makes way for a newer decision');
    }
    return orders.hasWorking(symbol);
  }

  #release({ intent, seq, basis, releasedAt }: Deferred): void {
    const { orders, config } = this.#parts;
    const ageMs = (this.#kernel.now - releasedAt) / 1_000;
    const { intentAgeMaxMs } = configFor(config, intent.symbol).risk;
    if (ageMs > intentAgeMaxMs) return this.#drop(intent, `${ageMs} ms old; at most ${intentAgeMaxMs}`, seq);
    const size = this.#sizeNow(intent);
    if (typeof size === 'string') return this.#drop(intent, size, seq);
    const priced = this.#priceNow(intent);
    if (priced === null) return this.#drop(intent, `no price for ${intent.symbol} yet`, seq);
    const { action, role, symbol, side, stopPx, timeInForce, reason } = intent;
    const terms = {
      action,
      intent: intent.intent,
      ...priced,
      reason,
      role,
      side,
      size,
      stopPx,
      symbol,
      timeInForce,
    };
    this.#current = orders.intend(terms, { causation: seq, basis });
  }

  /** What is left of the intent now: the whole position to leave or protect, and for an entry what the limits allow. */
  #sizeNow({ action, symbol, side, size, role }: o.IntentDeferred): o.OrderSize | string {
    const { portfolio, pricing, run, gate, config, market } = this.#parts;
    const held = portfolio.quantity(symbol, role);
    if (action === 'exit' || action === 'protect') {
      if (held === 0 || held > 0 !== (side === 'sell')) return 'the position is already closed';
      return { kind: 'quantity', quantity: Math.abs(held) };
    }
    if (!run.risk) return size;
    const quote = pricing.quote(symbol);
    if (quote === null) return `no price for ${symbol} yet`;
    const { risk } = configFor(config, symbol);
    const unitPx = this.#entryPx(symbol, side, quote) * market.multiplierOf(symbol);
    const account = gate.account(symbol);
    const roomMicros = entryRoomMicros(account, risk);
    const volume = market.averageVolume(symbol);
    if (size.kind === 'fraction') {
      const volumeMicros =
        volume === null ? roomMicros : volume * risk.volumeShareMax * unitPx * MICROS_PER_DOLLAR;
      const share = Math.floor((1e6 * Math.min(roomMicros, volumeMicros)) / account.equityMicros) / 1e6;
      return share > 0
        ? { kind: 'fraction', fraction: Math.min(size.fraction, share) }
        : 'the limits leave no room';
    }
    const room = unitsWithin(roomMicros, unitPx);
    const ofVolume = volume === null ? size.quantity : Math.floor(volume * risk.volumeShareMax);
    const quantity = Math.min(size.quantity, room, ofVolume);
    return quantity >= 1 ? { kind: 'quantity', quantity } : 'the limits leave no room for one unit';
  }

  #priceNow(intent: o.IntentDeferred): Pick<o.OrderIntended, 'orderType' | 'limitPx'> | null {
    if (intent.orderType === 'stop') return { limitPx: null, orderType: 'stop' };
    if (this.#parts.run.execution !== 'midpoint') return { limitPx: null, orderType: 'market' };
    const quote = this.#parts.pricing.quote(intent.symbol);
    if (quote === null) return null;
    const { symbol, side, action } = intent;
    const limitPx = action === 'enter' ? this.#entryPx(symbol, side, quote) : farTouch(quote, side);
    return { limitPx, orderType: 'limit' };
  }

  #entryPx(symbol: string, side: 'buy' | 'sell', quote: Quote): number {
    if (this.#parts.run.execution === 'midpoint') return entryCap(quote, side);
    return this.#parts.market.lastPx(symbol)!;
  }

  #trades(ordinal: number): boolean {
    const { intended } = this.#parts.orders.get(ordinal)!;
    if (intended.orderType === 'stop') return false;
    if (intended.limitPx === null) return true;
    const quote = this.#parts.pricing.quote(intended.symbol);
    if (quote === null) return false;
    return intended.side === 'buy' ? intended.limitPx >= quote.askPx : intended.limitPx <= quote.bidPx;
  }

  #drop({ intent, symbol, action }: o.IntentDeferred, reason: string, causation: number): void {
    this.#kernel.publish(o.IntentDropped.of({ action, intent, reason, symbol }), { causation });
  }

  #save(): Saved {
    return {
      lastIntent: this.#lastIntent,
      waiting: this.#waiting.map(({ intent }) => intent),
      queue: this.#queue.map(({ intent, releasedAt }) => ({ intent, releasedAt })),
      current: this.#current,
    };
  }

  #restore(saved: Saved): void {
    this.#lastIntent = saved.lastIntent;
    const origin = { seq: this.#kernel.cause, basis: [] };
    this.#waiting = saved.waiting.map((intent) => ({ ...origin, intent, releasedAt: 0 }));
    this.#queue = saved.queue.map((each) => ({ ...origin, ...each }));
    this.#current = saved.current;
  }
}

const isEntry = (intent: o.IntentDeferred, symbol: string): boolean =>
  intent.action === 'enter' && intent.symbol === symbol;

const inReleaseOrder = (a: Deferred, b: Deferred): number =>
  o.intentActions.indexOf(a.intent.action) - o.intentActions.indexOf(b.intent.action) ||
  (a.intent.symbol < b.intent.symbol
    ? -1
    : a.intent.symbol > b.intent.symbol
      ? 1
      : a.intent.intent - b.intent.intent);
