/**
 * Holds what was decided until its market opens and releases it: exits first, then hedges, entries and protective stops,
 * by symbol, so that rolls and reversals work. An order at one price is filled before the next leaves; what is worked on
 * quotes holds up only what comes after its kind.
 */
import { defineNotice, type Kernel } from '../../bus/kernel.ts';
import type { RunSpec } from '../../domain/config.ts';
import { isOpenAt } from '../../domain/exchange-calendar.ts';
import type { Side } from '../../domain/instrument.ts';
import { isTerminal } from '../../domain/order-status.ts';
import { capOf } from '../../domain/spread-model.ts';
import type { EventDefinition, EventKind } from '../../events/define-event.ts';
import { ClockTicked, OperatorCommanded } from '../../events/engine.events.ts';
import { MarketOpened } from '../../events/market.events.ts';
import * as o from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import { words } from '../decision-tests.ts';
import type { LiveConditions } from '../venue/live-conditions.ts';
import { dropIntent, liquidityRefusal } from './intent-end.ts';
import type { IntentPace } from './intent-pace.ts';
import type { OrderBook } from './order-book.ts';
import { type OrderWorkers, WorkSettled } from './order-worker.ts';
import type { Pricing } from './pricing.ts';
import type { ReleaseSize } from './release-size.ts';

const ACTOR = 'release-desk';
/** What was asked for within one instant is released together, in its order. */
const ReleaseAsked = defineNotice<null>('ReleaseAsked');

interface Deferred {
  readonly intent: o.IntentDeferred;
  readonly seq: number;
  readonly basis: readonly number[];
  /** When its market opened, microseconds: from there on it ages. */
  readonly releasedAt: number;
}

type Priced = Pick<o.OrderIntended, 'orderType' | 'limitPx' | 'bidPx' | 'askPx'>;

interface Parts {
  readonly run: Pick<RunSpec, 'execution' | 'risk' | 'config'>;
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly pricing: Pricing;
  readonly size: ReleaseSize;
  readonly workers: OrderWorkers;
  readonly conditions: LiveConditions;
  readonly pace: IntentPace;
}

interface Saved {
  readonly lastIntent: number;
  readonly waiting: readonly o.IntentDeferred[];
  readonly queue: readonly { readonly intent: o.IntentDeferred; readonly releasedAt: number }[];
  readonly current: number | null;
}

interface Kept {
  readonly refusedAt: readonly (readonly [ordinal: number, at: number])[];
  readonly sent: readonly (readonly [ordinal: number, sent: Deferred])[];
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
  /** Entries and hedges that went out as one order, by ordinal, until the venue has spoken. */
  readonly #sent = new Map<number, Deferred>();
  /** When a live venue refused to cancel an order, by ordinal: it is not asked again at once. */
  readonly #refusedAt = new Map<number, number>();

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(MarketOpened, ACTOR, ({ payload }) => this.#open(payload.calendar));
    kernel.onNotice(ReleaseAsked, ACTOR, () => this.#pump());
    kernel.onNotice(WorkSettled, ACTOR, () => this.#pump());
    kernel.on(o.OrderAccepted, ACTOR, ({ payload }) => this.#onAccepted(payload.ordinal));
    kernel.on(OperatorCommanded, ACTOR, ({ payload: { command, symbol } }) => {
      if (command === 'flatten') this.#withdrawOpening(symbol);
    });
    kernel.on(o.CancelRejected, ACTOR, ({ payload }) => {
      if (parts.conditions.apply) this.#refusedAt.set(payload.ordinal, kernel.now);
    });
    kernel.on(o.OrderRejected, ACTOR, ({ payload: { ordinal, by } }) => {
      const sent = this.#sent.get(ordinal);
      if (sent !== undefined && by === 'limit') this.#queue = [...this.#queue, sent].sort(inReleaseOrder);
    });
    // What is held back in a live session is looked at again with the clock.
    kernel.on(ClockTicked, ACTOR, () => {
      if (parts.conditions.apply) this.#pump();
    });
    const moves: readonly unknown[] = [
      o.OrderFilled,
      o.OrderCanceled,
      o.OrderRejected,
      o.OrderExpired,
      o.OrderDenied,
      o.OrderGivenUp,
      o.CancelRejected,
    ];
    for (const moved of moves as readonly EventDefinition[]) kernel.on(moved, ACTOR, () => this.#pump());
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
    const isHeard: readonly unknown[] = [o.OrderAccepted, ...moves];
    for (const heard of isHeard as readonly EventDefinition<EventKind, { ordinal: number | null }>[]) {
      kernel.on(heard, ACTOR, ({ payload }) => {
        if (payload.ordinal !== null) this.#sent.delete(payload.ordinal);
      });
    }
    kernel.keep(ACTOR, {
      save: (): Kept => ({ refusedAt: [...this.#refusedAt], sent: [...this.#sent] }),
      restore: (kept) => {
        const { refusedAt, sent } = kept as Kept;
        for (const [ordinal, at] of refusedAt) this.#refusedAt.set(ordinal, at);
        for (const [ordinal, each] of sent) this.#sent.set(ordinal, each);
      },
    });
  }

  /** Decides an intent for the next open; the desk holds it at once, everyone else hears it at its dispatch. */
  defer(
    terms: Omit<o.IntentDeferred, 'intent'>,
    options: { causation?: number; basis: readonly number[] },
  ): number {
    const { action, limitPx, orderType, reason, role, side, size, stopPx, symbol, timeInForce } = terms;
    // Keys in the order of their canonical bytes, as everywhere: others would have to be sorted.
    const intent: o.IntentDeferred = {
      action,
      intent: ++this.#lastIntent,
      limitPx,
      orderType,
      reason,
      role,
      side,
      size,
      stopPx,
      symbol,
      timeInForce,
    };
    const seq = this.#kernel.publish(o.IntentDeferred.of(intent), options);
    this.#waiting.push({ intent, seq, basis: options.basis, releasedAt: 0 });
    return intent.intent;
  }

  /** Decides an intent for now, behind what is being released; for the next open where the market is closed. */
  request(
    terms: Omit<o.IntentDeferred, 'intent'>,
    options: { causation?: number; basis: readonly number[] },
  ): number {
    const intent = this.defer(terms, options);
    const { now } = this.#kernel;
    if (!isOpenAt(this.#parts.market.calendarOf(terms.symbol), now)) return intent;
    const asked = this.#waiting.pop()!;
    this.#queue = [...this.#queue, { ...asked, releasedAt: now }].sort(inReleaseOrder);
    this.#kernel.notifyWhenQuiet(ReleaseAsked, null);
    return intent;
  }

  /** Whether such an intent for a symbol has not gone out yet. */
  holds(action: o.IntentAction, symbol: string): boolean {
    const isIt = ({ intent }: Deferred) => intent.action === action && intent.symbol === symbol;
    return this.#waiting.some(isIt) || this.#queue.some(isIt);
  }

  /** The side of an entry that waits for the open, or null. */
  waitingEntry(symbol: string): Side | null {
    const isEntry = ({ intent }: Deferred) => intent.action === 'enter' && intent.symbol === symbol;
    return this.#waiting.find(isEntry)?.intent.side ?? null;
  }

  /** Drops the entries, or what else of one kind, of a symbol that wait for the open. */
  withdraw(action: o.IntentAction, symbol: string, reason: string): void {
    const withdrawn = this.#waiting.filter(
      ({ intent }) => intent.action === action && intent.symbol === symbol,
    );
    this.#waiting = this.#waiting.filter((each) => !withdrawn.includes(each));
    for (const { intent, seq } of withdrawn) this.#drop(intent, reason, seq);
  }

  /** What has not gone out yet; `released`: its market is open, and it waits for its turn. */
  held(): { intent: o.IntentDeferred; released: boolean }[] {
    return [
      ...this.#queue.map(({ intent }) => ({ intent, released: true })),
      ...this.#waiting.map(({ intent }) => ({ intent, released: false })),
    ];
  }

  /** Symbols of what has not gone out yet. */
  symbols(): readonly string[] {
    return [...this.#waiting, ...this.#queue].map(({ intent }) => intent.symbol);
  }

  /** Everything (of a symbol and its options) is to be closed: nothing that opens may go out any more. */
  #withdrawOpening(only: string | null): void {
    const { pricing, workers } = this.#parts;
    const opens = ({ action, symbol }: o.IntentDeferred) =>
      (action === 'enter' || action === 'hedge') &&
      (only === null || only === symbol || only === pricing.underlyingOf(symbol));
    const withdrawn = [...this.#queue, ...this.#waiting].filter(({ intent }) => opens(intent));
    this.#queue = this.#queue.filter((each) => !withdrawn.includes(each));
    this.#waiting = this.#waiting.filter((each) => !withdrawn.includes(each));
    for (const { intent, seq } of withdrawn) this.#drop(intent, 'everything is to be closed', seq);
    for (const intent of workers.intents()) if (opens(intent)) workers.withdraw(intent.symbol);
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
    const { orders, workers } = this.#parts;
    for (;;) {
      if (this.#current !== null) {
        if (!isTerminal(orders.get(this.#current)!.state.status)) return;
        this.#current = null;
      }
      const next = this.#queue.findIndex((each) => !this.#isHeldBack(each));
      if (next < 0) return;
      const head = this.#queue[next];
      // What is too old is only dropped: nothing makes way for it.
      if (!this.#isTooOld(head) && (workers.holdUp(head.intent) || this.#frees(head.intent))) return;
      this.#queue.splice(next, 1);
      this.#release(head);
    }
  }

  /** What would only be denied waits for its feed or its venue, as does what a refused cancel is in the way of, unless it has grown too old. */
  #isHeldBack(each: Deferred): boolean {
    if (this.#isTooOld(each)) return false;
    const { orders } = this.#parts;
    const isInTheWay = ({ symbol, ordinal }: o.OrderIntended) =>
      symbol === each.intent.symbol && this.#refusedLately(ordinal);
    if (this.#refusedAt.size > 0 && [...orders.working()].some(({ intended }) => isInTheWay(intended)))
      return true;
    return this.#obstacle(each.intent) !== undefined;
  }

  /** What a live session would deny it for now; one that is worked waits by itself for its turn. */
  #obstacle(intent: o.IntentDeferred): o.DecisionTest | undefined {
    const { conditions, pace } = this.#parts;
    return conditions.failing(intent) ?? (this.#isWorked(intent) ? undefined : pace.tooSoon(intent));
  }

  #isTooOld({ intent, releasedAt }: Deferred): boolean {
    const ageMs = (this.#kernel.now - releasedAt) / 1_000;
    return ageMs > this.#parts.pricing.configOf(intent.symbol).risk.intentAgeMaxMs;
  }

  /** Cancels our own working orders in the symbol first; true while one of them still works. */
  #frees({ symbol }: o.IntentDeferred): boolean {
    const { orders, workers } = this.#parts;
    const reason = 'makes way for a newer decision';
    workers.withdraw(symbol);
    for (const { intended } of [...orders.working()]) {
      if (intended.symbol === symbol) orders.cancel(intended.ordinal, reason);
    }
    return orders.hasWorking(symbol) || workers.works(symbol);
  }

  #refusedLately(ordinal: number): boolean {
    const refusedAt = this.#refusedAt.get(ordinal);
    const { retryMs } = this.#parts.run.config.venue;
    return refusedAt !== undefined && this.#kernel.now - refusedAt < retryMs * 1_000;
  }

  #release(waited: Deferred): void {
    const { intent, seq, basis, releasedAt } = waited;
    const { orders, pricing, workers, run } = this.#parts;
    const { symbol } = intent;
    if (this.#isTooOld(waited)) {
      const ageMs = (this.#kernel.now - releasedAt) / 1_000;
      const { intentAgeMaxMs } = pricing.configOf(symbol).risk;
      const held = this.#obstacle(intent);
      const why = held === undefined ? '' : `; ${words(held)}`;
      return this.#drop(intent, `${ageMs} ms old; at most ${intentAgeMaxMs}${why}`, seq);
    }
    const refusal = run.risk ? liquidityRefusal(this.#kernel, pricing, intent, seq) : null;
    if (refusal !== null) return this.#drop(intent, refusal.reason, refusal.seq);
    const unitPx = this.#unitPx(intent);
    const closes = intent.action === 'exit' || intent.action === 'protect';
    if (unitPx === null && !closes) return this.#drop(intent, `no price for ${symbol} yet`, seq);
    const size = this.#parts.size.of(intent, unitPx ?? 0);
    if (typeof size === 'string') return this.#drop(intent, size, seq);
    if (this.#isWorked(intent)) return workers.start(intent, size, unitPx ?? 0, { seq, basis });
    const priced = this.#priceNow(intent, unitPx);
    if (priced === null) return this.#drop(intent, `no price for ${symbol} yet`, seq);
    const { action, role, side, stopPx, timeInForce, reason } = intent;
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
    // What closes is asked for again by those who look after it.
    if (this.#parts.conditions.apply && (action === 'enter' || action === 'hedge'))
      this.#sent.set(this.#current, waited);
  }

  /** On quotes an order is worked; on bars it goes out once, at its worst price. */
  #isWorked({ symbol, orderType }: o.IntentDeferred): boolean {
    const { run, pricing } = this.#parts;
    return run.execution === 'midpoint' && orderType !== 'stop' && !pricing.barMode(symbol);
  }

  #priceNow(intent: o.IntentDeferred, unitPx: number | null): Priced | null {
    const unpriced = { askPx: null, bidPx: null, limitPx: null };
    if (intent.orderType === 'stop') return { ...unpriced, orderType: 'stop' };
    if (this.#parts.run.execution !== 'midpoint') return { ...unpriced, orderType: 'market' };
    const quote = this.#parts.pricing.quote(intent.symbol);
    if (quote === null) return null;
    const { askPx, bidPx } = quote;
    return { askPx, bidPx, limitPx: unitPx, orderType: 'limit' };
  }

  /** What a unit costs at worst: the cap of an entry, the far touch of all else. */
  #unitPx({ symbol, side, action }: o.IntentDeferred): number | null {
    const { run, pricing, market } = this.#parts;
    const quote = pricing.quote(symbol);
    if (quote === null) return null;
    if (run.execution !== 'midpoint') return market.lastPx(symbol)!;
    const walked = { side, tickClass: pricing.tickClass(symbol), urgent: action !== 'enter' };
    return capOf(quote, walked, pricing.configOf(symbol).execution);
  }

  #trades(ordinal: number): boolean {
    const { intended } = this.#parts.orders.get(ordinal)!;
    if (intended.orderType === 'stop') return false;
    if (intended.limitPx === null) return true;
    const quote = this.#parts.pricing.quote(intended.symbol);
    if (quote === null) return false;
    return intended.side === 'buy' ? intended.limitPx >= quote.askPx : intended.limitPx <= quote.bidPx;
  }

  #drop(intent: o.IntentDeferred, reason: string, causation: number): void {
    dropIntent(this.#kernel, intent, reason, causation);
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

const inReleaseOrder = (a: Deferred, b: Deferred): number =>
  o.intentActions.indexOf(a.intent.action) - o.intentActions.indexOf(b.intent.action) ||
  (a.intent.symbol < b.intent.symbol
    ? -1
    : a.intent.symbol > b.intent.symbol
      ? 1
      : a.intent.intent - b.intent.intent);
