/**
 * Works released intents where quotes are recorded: one machine each, fed with the market it walks in and the fate of its
 * orders. It places what the machine asks for, one order at a time, through the gate like any other.
 */
import { defineNotice, type Kernel } from '../../bus/kernel.ts';
import type { RunSpec } from '../../domain/config.ts';
import { roundPassive } from '../../domain/instrument.ts';
import { MICROS_PER_DOLLAR } from '../../domain/money.ts';
import { isInDoubt, isTerminal } from '../../domain/order-status.ts';
import { capOf, farTouch, type TwoSided } from '../../domain/spread-model.ts';
import type { EventDefinition, EventKind, PayloadOf } from '../../events/define-event.ts';
import { ClockTicked, SessionResumed, TimerFired } from '../../events/engine.events.ts';
import { MarketClosed } from '../../events/market.events.ts';
import { WalkStepped } from '../../events/option.events.ts';
import * as o from '../../events/order.events.ts';
import { type MarketData, Quoted } from '../../streams/market-data.ts';
import type { Portfolio } from '../account/portfolio.ts';
import { basisOf } from '../basis.ts';
import { firstFailing } from '../decision-tests.ts';
import { MachineHost } from '../machine-host.ts';
import type { LiveConditions } from '../venue/live-conditions.ts';
import { dropIntent, liquidityRefusal } from './intent-end.ts';
import type { IntentPace } from './intent-pace.ts';
import type { OrderBook } from './order-book.ts';
import type { Pricing } from './pricing.ts';
import type { ReleaseSize } from './release-size.ts';
import {
  type GivenUp,
  leavesOf,
  targetOf,
  type WorkingEvent,
  type WorkingInput,
  workingOrderMachine,
} from './working-order.machine.ts';

const ACTOR = 'order-worker';
const MINUTE_US = 60_000_000;
/** A cancel and a submit. */
const CALLS_PER_MOVE = 2;
const workerId = (symbol: string): string => `${ACTOR}-${symbol}`;

/** An intent is worked no more, or holds nobody up any longer. */
export const WorkSettled = defineNotice<null>('WorkSettled');

interface Parts {
  readonly run: Pick<RunSpec, 'risk' | 'seed'>;
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly pricing: Pricing;
  readonly size: ReleaseSize;
  readonly conditions: LiveConditions;
  readonly pace: IntentPace;
}

type Why = PayloadOf<typeof WalkStepped>['why'];

interface Worker {
  readonly intent: o.IntentDeferred;
  readonly input: WorkingInput;
  readonly machine: MachineHost<typeof workingOrderMachine>;
  /** The intent's place in the log, and what was read for it. */
  readonly seq: number;
  readonly basis: readonly number[];
  /** What each of its orders has traded, by ordinal. */
  readonly traded: Map<number, number>;
  /** The price it said last that it goes to, and after how many steps. */
  said: { limitPx: number; steps: number } | null;
  holdsUp: boolean;
  /** When its newest order went out, microseconds; 0 before any in this session. */
  placedAt: number;
}

/** What is worked in a symbol: its intent, the market it walks in and how far it came. Prices are dollars. */
export interface Walk {
  readonly intent: o.IntentDeferred;
  readonly state: Readonly<Record<'market' | 'pace' | 'age' | 'order', string>>;
  readonly quantity: number;
  readonly filled: number;
  /** The order that stands, and its price; null between two of them. */
  readonly ordinal: number | null;
  readonly limitPx: number | null;
  readonly quote: TwoSided | null;
  readonly capPx: number | null;
  readonly step: number;
  readonly givenUp: GivenUp | null;
}

type Saved = Pick<Worker, 'intent' | 'input' | 'said' | 'holdsUp'> & {
  readonly machine: unknown;
  readonly traded: readonly (readonly [number, number])[];
};

export class OrderWorkers {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  /** By symbol: a newer decision waits until the older one has left. */
  readonly #workers = new Map<string, Worker>();
  readonly #byOrder = new Map<number, Worker>();

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    const ofOrder = (definition: unknown, handle: (worker: Worker, ordinal: number) => void) =>
      kernel.on(definition as EventDefinition<EventKind, { ordinal: number }>, ACTOR, ({ payload }) => {
        const worker = this.#byOrder.get(payload.ordinal);
        if (worker !== undefined) handle(worker, payload.ordinal);
      });
    for (const report of [o.OrderFilled, o.TradeBusted, o.TradeCorrected]) {
      ofOrder(report, (worker, ordinal) => this.#onTraded(worker, ordinal));
    }
    for (const end of [o.OrderCanceled, o.OrderExpired, o.OrderDenied]) {
      ofOrder(end, (worker, ordinal) => this.#onEnded(worker, ordinal));
    }
    // Turned away by a limit on calls, it goes on as soon as calls are taken again, priced anew and while it is young.
    kernel.on(o.OrderRejected, ACTOR, ({ payload: { ordinal, by } }) => {
      const worker = this.#byOrder.get(ordinal);
      if (worker === undefined) return;
      const stands = worker.machine.snapshot.value.order === 'standing';
      this.#onEnded(worker, ordinal, by === 'limit' && stands ? 'TURNED_AWAY' : 'ENDED');
    });
    // It may yet appear and trade: nothing follows it.
    ofOrder(o.OrderGivenUp, (worker, ordinal) => {
      this.#send(worker, { type: 'WITHDRAW' });
      this.#onEnded(worker, ordinal);
    });
    ofOrder(o.CancelRejected, (worker, ordinal) => {
      if (ordinal === worker.machine.snapshot.context.ordinal)
        this.#send(worker, { type: 'CANCEL_REJECTED' });
    });
    // What was to be canceled before it had left.
    ofOrder(o.RiskApproved, (worker) => this.#serve(worker));
    kernel.on(TimerFired, ACTOR, ({ payload }) => {
      const symbol = payload.actor.slice(ACTOR.length + 1);
      const worker = payload.actor.startsWith(ACTOR) ? this.#workers.get(symbol) : undefined;
      if (worker !== undefined) this.#look(worker);
    });
    kernel.on(ClockTicked, ACTOR, () => {
      for (const worker of [...this.#workers.values()]) this.#look(worker);
    });
    kernel.onNotice(Quoted, ACTOR, ({ payload }) => this.#onQuoted(payload));
    kernel.on(MarketClosed, ACTOR, ({ payload }) => this.#close(payload.calendar));
    kernel.on(SessionResumed, ACTOR, () => {
      for (const worker of [...this.#workers.values()]) this.#send(worker, { type: 'INTERRUPTED' });
    });
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (saved) => this.#restore(saved as Saved[]) });
    kernel.keep(ACTOR, {
      save: () => Array.from(this.#workers.values(), ({ intent, placedAt }) => [intent.symbol, placedAt]),
      restore: (kept) => {
        for (const [symbol, placedAt] of kept as [string, number][]) {
          this.#workers.get(symbol)!.placedAt = placedAt;
        }
      },
    });
  }

  works(symbol: string): boolean {
    return this.#workers.has(symbol);
  }

  /** The intents that are being worked. */
  intents(): readonly o.IntentDeferred[] {
    return [...this.#workers.values()].map(({ intent }) => intent);
  }

  /** Every walk as it stands now, in the order in which they began. */
  walks(): Walk[] {
    return Array.from(this.#workers.values(), ({ intent, machine }) => {
      const { value, context } = machine.snapshot;
      const { quote, execution, standingPx, ordinal } = context;
      return {
        intent,
        state: value,
        quantity: context.quantity,
        filled: context.filled,
        ordinal: standingPx === null ? null : ordinal,
        limitPx: standingPx,
        quote,
        capPx: quote === null ? null : capOf(quote, context, execution),
        step: context.steps,
        givenUp: context.givenUp,
      };
    });
  }

  /** Whether something of an earlier kind is still on its way, so that this one has to wait. */
  holdUp({ action }: o.IntentDeferred): boolean {
    const rank = o.intentActions.indexOf(action);
    for (const { intent, holdsUp } of this.#workers.values()) {
      if (holdsUp && o.intentActions.indexOf(intent.action) < rank) return true;
    }
    return false;
  }

  /** `px` is what a unit costs at worst. */
  start(
    intent: o.IntentDeferred,
    size: o.OrderSize,
    px: number,
    origin: { readonly seq: number; readonly basis: readonly number[] },
  ): void {
    const { pricing, run } = this.#parts;
    const { symbol, side, action } = intent;
    const { execution, risk } = pricing.configOf(symbol);
    const input: WorkingInput = {
      side,
      tickClass: pricing.tickClass(symbol),
      urgent: action !== 'enter',
      quantity: this.#units(symbol, size, px),
      execution,
      ageMaxMs: risk.intentAgeMaxMs,
      seed: run.seed,
    };
    const machine = new MachineHost(this.#kernel, workerId(symbol), workingOrderMachine, input);
    const worker: Worker = {
      intent,
      input,
      machine,
      ...origin,
      traded: new Map(),
      said: null,
      holdsUp: true,
      placedAt: 0,
    };
    this.#workers.set(symbol, worker);
    this.#watch(symbol);
    machine.send({ type: 'START' });
    this.#look(worker);
  }

  /** Takes back what is worked in a symbol: no further order, and the one that stands is canceled. */
  withdraw(symbol: string): void {
    const worker = this.#workers.get(symbol);
    if (worker !== undefined) this.#send(worker, { type: 'WITHDRAW' });
  }

  /** A share of equity is walked as the units it buys at the worst price. */
  #units(symbol: string, size: o.OrderSize, px: number): number {
    if (size.kind === 'quantity') return size.quantity;
    const { portfolio, market } = this.#parts;
    const unitMicros = px * market.multiplierOf(symbol) * MICROS_PER_DOLLAR;
    return Math.floor((size.fraction * portfolio.equityMicros()) / unitMicros);
  }

  // --- what it hears -----------------------------------------------------------------------------------------------

  /** Told only what could move the order: a touch that changed, or the first quote after a silence. */
  #onQuoted(symbol: string): void {
    for (const worker of [...this.#workers.values()]) {
      if (worker.intent.symbol === symbol) {
        if (!this.#seesTheSame(worker)) this.#look(worker);
      } else if (this.#parts.pricing.underlyingOf(worker.intent.symbol) === symbol) this.#look(worker);
    }
  }

  #seesTheSame({ intent, input, machine }: Worker): boolean {
    const { context, value } = machine.snapshot;
    const quote = this.#parts.pricing.quote(intent.symbol);
    if (value.market !== 'fresh' || value.pace === 'due' || quote === null) return false;
    return samePrices(context.quote!, quote, input);
  }

  #look(worker: Worker): void {
    this.#see(worker);
    this.#serve(worker);
  }

  /** Shows the machine the market of now; true where an order can be priced by it. */
  #see(worker: Worker): boolean {
    const { pricing, orders } = this.#parts;
    const { intent, machine } = worker;
    const { context, value } = machine.snapshot;
    const quote = pricing.quote(intent.symbol);
    const fresh =
      quote !== null &&
      firstFailing(pricing.freshness(intent.symbol)) === undefined &&
      !this.#isHeldBack(intent, quote);
    // An order nobody knows the fate of stands until that is found out.
    const standing = context.ordinal === null ? undefined : orders.get(context.ordinal);
    const unknown = standing !== undefined && isInDoubt(standing.state);
    if (fresh && !unknown && (quote.bidPx > 0 || intent.action === 'exit')) {
      if (this.#movedJustNow(worker)) return true;
      const { bidPx, askPx } = quote;
      machine.send({ type: 'MARKET', quote: { bidPx, askPx } });
      return true;
    }
    if (value.market === 'fresh') this.#say(worker, 'stale', context.standingPx);
    if (value.market !== 'stale') machine.send({ type: 'STALE' });
    return false;
  }

  /**
   * A venue lets us call it so many times a minute, and every move is a cancel and a submit: all walks together follow the
   * market with half of what is not kept for cancels, so that an exit always finds calls left. Simulated venues count none.
   */
  #movedJustNow({ intent, machine, placedAt }: Worker): boolean {
    const { conditions, pricing } = this.#parts;
    const { order, market, pace } = machine.snapshot.value;
    if (!conditions.apply || order !== 'standing' || market !== 'fresh' || pace === 'due') return false;
    const { callsPerMinute, callsKeptForCancels } = pricing.configOf(intent.symbol).venue;
    const movesPerMinute = (callsPerMinute - callsKeptForCancels) / 2 / CALLS_PER_MOVE;
    return this.#kernel.now - placedAt < (MINUTE_US * this.#workers.size) / movesPerMinute;
  }

  /** A market that no order may meet now is as good as a stale one: the far touch is the worst the walk comes to. */
  #isHeldBack({ symbol, action, side }: o.IntentDeferred, { bidPx, askPx }: TwoSided): boolean {
    const limitPx = side === 'buy' ? askPx : bidPx;
    return this.#parts.conditions.failing({ symbol, action, limitPx }) !== undefined;
  }

  #onTraded(worker: Worker, ordinal: number): void {
    const { state } = this.#parts.orders.get(ordinal)!;
    worker.traded.set(ordinal, state.filledQty);
    let filled = 0;
    for (const quantity of worker.traded.values()) filled += quantity;
    const { ordinal: current, standingQty } = worker.machine.snapshot.context;
    const stands = ordinal === current && state.orderedQty !== null;
    const leaves = stands ? state.orderedQty! - state.filledQty : standingQty;
    this.#send(worker, { type: 'FILLED', filled, standingQty: leaves });
    this.#onEnded(worker, ordinal);
  }

  #onEnded(worker: Worker, ordinal: number, type: 'ENDED' | 'TURNED_AWAY' = 'ENDED'): void {
    if (ordinal !== worker.machine.snapshot.context.ordinal) return;
    if (isTerminal(this.#parts.orders.get(ordinal)!.state.status)) this.#send(worker, { type });
  }

  /** What stands expires at the venue; what waits for a market has none any more. */
  #close(calendar: string): void {
    for (const worker of [...this.#workers.values()]) {
      const { symbol } = worker.intent;
      if (this.#parts.market.calendarOf(symbol) === calendar) this.withdraw(symbol);
    }
  }

  // --- what it does ------------------------------------------------------------------------------------------------

  #send(worker: Worker, event: WorkingEvent): void {
    worker.machine.send(event);
    this.#serve(worker);
  }

  /** Does what the machine asks for, and tells who waits. */
  #serve(worker: Worker): void {
    const { value } = worker.machine.snapshot;
    switch (value.order) {
      case 'placing':
        return this.#see(worker) ? this.#place(worker) : this.#settle(worker);
      case 'replacing':
      case 'leaving':
        this.#cancel(worker);
        break;
      case 'done':
        return this.#leave(worker);
    }
    this.#settle(worker);
  }

  #settle(worker: Worker): void {
    const { market, pace } = worker.machine.snapshot.value;
    const holdsUp = market !== 'stale' && pace !== 'resting';
    if (worker.holdsUp && !holdsUp) this.#kernel.notify(WorkSettled, null);
    worker.holdsUp = holdsUp;
  }

  #place(worker: Worker): void {
    const { intent, machine, seq, basis } = worker;
    const { context } = machine.snapshot;
    const quantity = this.#quantityNow(worker);
    if (quantity === null) return this.#send(worker, { type: 'WITHDRAW' });
    const limitPx = targetOf(context);
    const { action, role, side, symbol, reason } = intent;
    const { bidPx, askPx } = context.quote!;
    const terms = {
      action,
      askPx,
      bidPx,
      intent: intent.intent,
      limitPx,
      orderType: 'limit',
      reason,
      role,
      side,
      size: { kind: 'quantity', quantity },
      stopPx: null,
      symbol,
      // A market that never closes has no day's end for an order to expire at.
      timeInForce: this.#parts.market.calendarOf(symbol) === '24x7' ? 'gtc' : 'day',
    } as const;
    // The next look finds it less soon; who waits behind it goes first.
    if (this.#parts.pace.tooSoon(terms) !== undefined) return this.#send(worker, { type: 'STALE' });
    if (worker.said?.limitPx !== limitPx) this.#say(worker, this.#why(worker, limitPx), limitPx);
    const first = worker.traded.size === 0;
    const ordinal = this.#parts.orders.intend(
      terms,
      first && seq > 0 ? { basis, causation: seq } : { basis: basisOf([...basis, seq]) },
    );
    worker.placedAt = this.#kernel.now;
    worker.traded.set(ordinal, 0);
    this.#byOrder.set(ordinal, worker);
    this.#send(worker, { type: 'PLACED', ordinal, limitPx, quantity, slowness: this.#slowness() });
  }

  /** What of the rest may still go out; null where nothing may, with the reason in the log. */
  #quantityNow({ intent, machine }: Worker): number | null {
    const { pricing, size, run } = this.#parts;
    const { context } = machine.snapshot;
    const refusal = run.risk ? liquidityRefusal(this.#kernel, pricing, intent, this.#kernel.cause) : null;
    if (refusal !== null) return this.#drop(intent, refusal.reason);
    const leaves = leavesOf(context);
    const worst = capOf(context.quote!, context, context.execution);
    const now = size.of({ ...intent, size: { kind: 'quantity', quantity: leaves } }, worst);
    if (typeof now === 'string') return this.#drop(intent, now);
    return Math.min(leaves, this.#units(intent.symbol, now, worst));
  }

  #drop(intent: o.IntentDeferred, reason: string): null {
    dropIntent(this.#kernel, intent, reason, this.#kernel.cause);
    return null;
  }

  /** A cancel on its way is not asked twice; an order that has not left yet is canceled when it has. */
  #cancel(worker: Worker): void {
    const { orders } = this.#parts;
    const { context, value } = worker.machine.snapshot;
    const { status } = orders.get(context.ordinal!)!.state;
    if (status === 'initialized' || isTerminal(status)) return;
    if (value.order === 'replacing') {
      const limitPx = targetOf(context);
      this.#say(worker, this.#why(worker, limitPx), limitPx);
      orders.cancel(context.ordinal!, `moves to ${limitPx}`);
    } else {
      if (context.givenUp === 'patience') this.#say(worker, 'patience', context.standingPx);
      orders.cancel(context.ordinal!, GIVEN_UP[context.givenUp!]);
    }
    this.#send(worker, { type: 'CANCEL_ASKED' });
  }

  #leave({ intent, traded, machine }: Worker): void {
    const { symbol } = intent;
    const { givenUp } = machine.snapshot.context;
    this.#workers.delete(symbol);
    for (const ordinal of traded.keys()) this.#byOrder.delete(ordinal);
    this.#watch(symbol);
    if (traded.size === 0 && givenUp !== null) this.#drop(intent, GIVEN_UP[givenUp]);
    this.#kernel.notify(WorkSettled, null);
  }

  #watch(symbol: string): void {
    const { market, pricing } = this.#parts;
    for (const each of [symbol, pricing.underlyingOf(symbol)]) {
      let watched = false;
      for (const other of this.#workers.keys()) {
        if (other === each || pricing.underlyingOf(other) === each) watched = true;
      }
      market.watch(ACTOR, each, watched);
    }
  }

  #slowness(): number {
    let walking = 0;
    let most = 1;
    for (const { machine } of this.#workers.values()) {
      const { value, context } = machine.snapshot;
      most = context.execution.walksMax;
      if (value.pace !== 'resting' && value.pace !== 'ended') walking++;
    }
    return Math.ceil(walking / most);
  }

  #why({ said, machine, input }: Worker, limitPx: number): Why {
    const { quote, steps } = machine.snapshot.context;
    if (said === null) return 'start';
    if (limitPx === farTouch(quote!, input.side, input.tickClass)) return 'touch';
    return steps > said.steps ? 'step' : 'follow';
  }

  #say(worker: Worker, why: Why, limitPx: number | null): void {
    const { context } = worker.machine.snapshot;
    const { quote, steps, ordinal, standingPx, execution } = context;
    if (limitPx === null || quote === null) return;
    if (why !== 'stale' && why !== 'patience') worker.said = { limitPx, steps };
    this.#kernel.publish(
      WalkStepped.of({
        ...quote,
        capPx: capOf(quote, context, execution),
        intent: worker.intent.intent,
        limitPx,
        ordinal: standingPx === null ? null : ordinal,
        step: steps,
        why,
      }),
    );
  }

  #save(): Saved[] {
    return [...this.#workers.values()].map(({ intent, input, machine, traded, said, holdsUp }) => ({
      intent,
      input,
      machine: machine.save(),
      traded: [...traded],
      said,
      holdsUp,
    }));
  }

  #restore(saved: readonly Saved[]): void {
    for (const { intent, input, machine: state, traded, said, holdsUp } of saved) {
      const machine = new MachineHost(this.#kernel, workerId(intent.symbol), workingOrderMachine, input);
      machine.restore(state);
      const worker = {
        intent,
        input,
        machine,
        seq: 0,
        basis: [],
        traded: new Map(traded),
        said,
        holdsUp,
        placedAt: 0,
      };
      this.#workers.set(intent.symbol, worker);
      for (const [ordinal] of traded) this.#byOrder.set(ordinal, worker);
      this.#watch(intent.symbol);
    }
  }
}

const GIVEN_UP = {
  patience: 'nobody came to the cap',
  age: 'older than an intent may become',
  withdrawn: 'withdrawn before it was done',
} as const;

/** Bid, midpoint and ask, rounded to the grid an order can follow them on. */
function samePrices(a: TwoSided, b: TwoSided, { side, tickClass }: WorkingInput): boolean {
  const same = (x: number, y: number) =>
    roundPassive(x, side, tickClass) === roundPassive(y, side, tickClass);
  const mid = ({ bidPx, askPx }: TwoSided) => (bidPx + askPx) / 2;
  return same(a.bidPx, b.bidPx) && same(a.askPx, b.askPx) && same(mid(a), mid(b));
}
