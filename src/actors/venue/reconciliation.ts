/**
 * Compares the venue's account with ours: at the start of a live session, and whenever the venue's word on our orders was
 * not heard for a while. What it holds beyond ours is adopted and its cash is taken over; what it lacks halts trading.
 */
import type { StateValue } from 'xstate';
import type { Kernel } from '../../bus/kernel.ts';
import type { RunSpec } from '../../domain/config.ts';
import { onQuantityGrid } from '../../domain/instrument.ts';
import { fromMicros, notionalMicros, toMicros } from '../../domain/money.ts';
import { isInDoubt, isTerminal } from '../../domain/order-status.ts';
import {
  CashAligned,
  HoldingAdopted,
  Reconciled,
  ReconciliationFailed,
  ReconciliationRequested,
  VenueReported,
} from '../../events/account.events.ts';
import { OperatorCommanded, SessionResumed, SessionStarted, TimerFired } from '../../events/engine.events.ts';
import { FeedConnected } from '../../events/feed.events.ts';
import { TradeBusted, TradeCorrected } from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { Portfolio } from '../account/portfolio.ts';
import { MachineHost } from '../machine-host.ts';
import type { Order, OrderBook } from '../orders/order-book.ts';
import { reconciliationMachine } from './reconciliation.machine.ts';
import type { UnknownOrders } from './unknown-orders.ts';

const ACTOR = 'reconciliation';
/** The venue's level from which options may be bought. */
const BUYS_OPTIONS = 2;

interface Parts {
  readonly run: Pick<RunSpec, 'config' | 'instruments' | 'hedge'>;
  readonly market: MarketData;
  readonly orders: OrderBook;
  readonly portfolio: Portfolio;
  readonly unknown: UnknownOrders;
}

type Difference = Reconciled['differences'][number];

/** A difference that says nothing of what it leaves out. */
const differs = (what: Difference['what'], action: string, over: Partial<Difference>): Difference => ({
  action,
  ordinal: null,
  ours: null,
  symbol: null,
  theirs: null,
  what,
  ...over,
});

interface Kept {
  readonly live: boolean;
  readonly asked: number;
  readonly machine: unknown;
}

export class Reconciliation {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #machine: MachineHost<typeof reconciliationMachine>;
  #live = false;
  #asked = 0;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    const { retryMs } = parts.run.config.venue;
    this.#machine = new MachineHost(kernel, ACTOR, reconciliationMachine, { retryMs });
    // Nothing is carried into the next session: each asks at its start.
    kernel.on(SessionStarted, ACTOR, ({ payload }) => {
      this.#live = payload.mode !== 'sim';
      this.#ask('the session starts');
    });
    kernel.on(SessionResumed, ACTOR, () => this.#ask('the engine came back'));
    kernel.on(FeedConnected, ACTOR, ({ payload }) => {
      if (payload.feed === 'orders') this.#ask("the venue's word on our orders is heard again");
    });
    // Whether the books still knew the trade, only the account tells.
    kernel.on(TradeBusted, ACTOR, () => this.#ask('the venue took a trade back'));
    kernel.on(TradeCorrected, ACTOR, () => this.#ask('the venue corrected a trade'));
    kernel.on(OperatorCommanded, ACTOR, ({ payload: { command, by } }) => {
      if (command === 'reset') this.#ask(`reset by ${by}`);
    });
    kernel.on(VenueReported, ACTOR, ({ payload }) => {
      this.#machine.send({ type: 'ANSWERED' });
      this.#compare(payload);
    });
    kernel.on(ReconciliationFailed, ACTOR, ({ payload: { reason, permanent } }) => {
      this.#machine.send({ type: permanent ? 'REFUSED' : 'FAILED' });
      if (permanent) this.#conclude([differs('blocked', 'halted', { theirs: reason })]);
    });
    kernel.on(TimerFired, ACTOR, ({ payload }) => {
      if (payload.actor === ACTOR) this.#serve();
    });
    kernel.keep(ACTOR, {
      save: (): Kept => ({ live: this.#live, asked: this.#asked, machine: this.#machine.save() }),
      restore: (kept) => {
        const { live, asked, machine } = kept as Kept;
        this.#live = live;
        this.#asked = asked;
        this.#machine.restore(machine);
      },
    });
  }

  /** Where the comparison with the venue stands. */
  get state(): StateValue {
    return this.#machine.snapshot.value;
  }

  #ask(reason: string): void {
    if (!this.#live) return;
    this.#machine.send({ type: 'ASK', reason });
    this.#serve();
  }

  #serve(): void {
    const { asked, attempt, reason } = this.#machine.snapshot.context;
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#kernel.publish(ReconciliationRequested.of({ attempt, reason }));
  }

  // --- what is compared --------------------------------------------------------------------------------------------

  #compare(venue: VenueReported): void {
    const found = [
      ...this.#ofAccount(venue),
      ...this.#ofTheirOrders(venue),
      ...this.#ofOurOrders(venue),
      ...this.#ofShortages(venue),
    ];
    // Nothing is booked on a riddle: the person who solves it finds the books as they were.
    const settles = found.every(({ action }) => action !== 'halted');
    this.#conclude([...found, ...this.#ofHoldings(venue, settles), ...this.#ofCash(venue, settles)]);
  }

  #conclude(differences: Difference[]): void {
    const ok = differences.every(({ action }) => action !== 'halted');
    this.#kernel.publish(Reconciled.of({ differences, ok }));
  }

  *#ofAccount({ account: { blocked, optionsLevel }, lastOrdinal }: VenueReported): Iterable<Difference> {
    const { orders, run } = this.#parts;
    if (blocked !== null) yield differs('blocked', 'halted', { theirs: blocked });
    if (lastOrdinal > orders.lastOrdinal) {
      yield differs('lostTail', 'halted', { ours: orders.lastOrdinal, theirs: lastOrdinal });
    }
    if (optionsLevel < BUYS_OPTIONS && (run.instruments === 'all' || run.hedge)) {
      yield differs('optionsLevel', 'watched', { ours: BUYS_OPTIONS, theirs: optionsLevel });
    }
  }

  /** Open at the venue: not ours, of a tail that this log has lost, or over for us. */
  *#ofTheirOrders(venue: VenueReported): Iterable<Difference> {
    const { orders } = this.#parts;
    for (const { ordinal, symbol, status } of venue.orders) {
      const difference = { ordinal, symbol, theirs: status };
      if (ordinal === null) {
        yield differs('foreignOrder', 'watched', difference);
        continue;
      }
      if (ordinal > orders.lastOrdinal) {
        yield differs('lostTail', 'halted', { ...difference, ours: orders.lastOrdinal });
        continue;
      }
      const ours = orders.get(ordinal)?.state.status ?? 'forgotten';
      if (ours !== 'forgotten' && !isTerminal(ours)) continue;
      orders.cancelOnSight(ordinal, `it is ${ours} for us, and the venue has it open`);
      yield differs('foreignOrder', 'canceled', { ...difference, ours });
    }
  }

  /** What we hold for working is looked up where the venue's list lacks it. */
  *#ofOurOrders(venue: VenueReported): Iterable<Difference> {
    const { orders, unknown } = this.#parts;
    const open = new Set(venue.orders.map(({ ordinal }) => ordinal));
    for (const order of [...orders.working()]) {
      const { ordinal, symbol } = order.intended;
      if (open.has(ordinal) || isOnItsWay(order)) continue;
      const ours = order.state.status;
      unknown.lookUp(order);
      yield differs('missingOrder', 'watched', { ordinal, ours, symbol });
    }
  }

  // --- what is held ------------------------------------------------------------------------------------------------

  *#ofShortages(venue: VenueReported): Iterable<Difference> {
    for (const { symbol, ours, theirs } of this.#unequal(venue)) {
      if (!isSurplus(ours, theirs)) yield differs('shortage', 'halted', { ours, symbol, theirs });
    }
  }

  *#ofHoldings(venue: VenueReported, settles: boolean): Iterable<Difference> {
    for (const { symbol, ours, theirs, px } of this.#unequal(venue)) {
      if (!isSurplus(ours, theirs)) continue;
      const quantity = onQuantityGrid(theirs - ours);
      if (settles) this.#kernel.publish(HoldingAdopted.of({ px, quantity, symbol }));
      yield differs('holding', settles ? 'adopted' : 'watched', { ours, symbol, theirs });
    }
  }

  /** After what was adopted is paid for. */
  *#ofCash(venue: VenueReported, settles: boolean): Iterable<Difference> {
    const { market, portfolio, run } = this.#parts;
    let ours = portfolio.cashMicros;
    for (const { symbol, ours: held, theirs, px } of this.#unequal(venue)) {
      if (isSurplus(held, theirs)) {
        ours -= notionalMicros(onQuantityGrid(theirs - held), px, market.multiplierOf(symbol));
      }
    }
    const theirs = venue.account.cashMicros;
    const deltaMicros = theirs - ours;
    if (deltaMicros === 0) return;
    if (settles) this.#kernel.publish(CashAligned.of({ deltaMicros }));
    if (Math.abs(deltaMicros) <= toMicros(run.config.venue.cashTolerance)) return;
    const dollars = { ours: fromMicros(ours), theirs: fromMicros(theirs) };
    yield differs('cash', settles ? 'aligned' : 'watched', dollars);
  }

  /** Symbols of which the venue holds something else than we do, over all roles, in code-unit order. */
  #unequal(venue: VenueReported): { symbol: string; ours: number; theirs: number; px: number }[] {
    const held = new Map<string, { ours: number; theirs: number; px: number }>();
    for (const { symbol, quantity, avgPx, lastPx } of venue.positions) {
      // At today's price, so that what it gained or lost before it came is no profit or loss of the day.
      const px = lastPx ?? this.#parts.market.lastPx(symbol) ?? avgPx;
      held.set(symbol, { ours: 0, theirs: quantity, px });
    }
    for (const { symbol, quantity } of this.#parts.portfolio.positions()) {
      const { ours, ...rest } = held.get(symbol) ?? { ours: 0, theirs: 0, px: 0 };
      held.set(symbol, { ...rest, ours: onQuantityGrid(ours + quantity) });
    }
    return [...held]
      .map(([symbol, each]) => ({ symbol, ...each }))
      .filter(({ ours, theirs }) => onQuantityGrid(ours - theirs) !== 0)
      .sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  }
}

/** The venue holds more than we do, and we are not short of it: a holding that no order of ours made. */
const isSurplus = (ours: number, theirs: number): boolean => ours >= 0 && theirs > ours;

/** Not sent yet, sent with the answer on its way, or looked up already. */
const isOnItsWay = ({ state }: Order): boolean =>
  state.status === 'initialized' || state.status === 'submitted' || isInDoubt(state);
