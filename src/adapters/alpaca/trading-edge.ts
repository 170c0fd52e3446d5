/**
 * Carries out what the core decided about orders, by the submit protocol: each order is sent once, and whatever gets no
 * readable answer is of unknown outcome, for the core to look up. It decides nothing and repeats nothing that changes
 * something at the venue.
 */
import type { HostClock, InputLane, KnownOrder, LiveEdge } from '../../bus/ports.ts';
import { VenueError } from '../../domain/venue-error.ts';
import { ReconciliationFailed, ReconciliationRequested } from '../../events/account.events.ts';
import type { NewInput } from '../../events/define-event.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { FeedConnected, FeedLost, FeedOpened, MessageRejected } from '../../events/feed.events.ts';
import {
  CancelAttempted,
  CancelRejected,
  OrderLookupFailed,
  OrderLookupRequested,
  OrderNotFound,
  OrderOutcomeUnknown,
  OrderRejected,
  SubmitAttempted,
  UpdateAttempted,
  UpdateRejected,
} from '../../events/order.events.ts';
import type { AlpacaClient } from './alpaca-client.ts';
import { OrderReports } from './order-reports.ts';
import { venueFactOf } from './order-status-map.ts';
import { StreamConnection } from './stream-connection.ts';
import { excerptOf } from './stream-excerpt.ts';
import { seeAccount } from './trading-reconciliation.ts';
import { VenueCalls } from './venue-calls.ts';
import { tradeUpdateSchema, type VenueAccount, type VenueOrder } from './venue-messages.ts';
import { refusalOf } from './venue-refusals.ts';

const SOURCE = 'alpaca-orders';
const EXCERPT_MAX = 200;
/** A process that was suspended wakes up with decisions of before. */
const DECIDED_MAX_US = 5_000_000;
/** Replacements of replacements that a look-up follows. */
const LINKS_MAX = 20;

export interface TradingEdgeOptions {
  readonly client: AlpacaClient;
  readonly lane: InputLane;
  /** Name of the chain of sessions: its orders are ours. */
  readonly chain: string;
  readonly known: () => readonly KnownOrder[];
  /** Of the pauses between attempts to connect. */
  readonly seed: number;
  /** Cash and settlements after this moment are told; microseconds. */
  readonly activitiesSince: number;
}

type Handle = (event: NewInput, time?: number) => void;

export class TradingEdge implements LiveEdge {
  readonly performs: readonly string[] = [
    SubmitAttempted,
    CancelAttempted,
    UpdateAttempted,
    OrderLookupRequested,
    ReconciliationRequested,
  ].map(({ type }) => type);
  readonly #options: TradingEdgeOptions;
  readonly #clock: HostClock;
  readonly #calls: VenueCalls;
  readonly #reports: OrderReports;
  readonly #stream: StreamConnection;
  /** What is under way for each order: a cancel waits for the answer to its submit. */
  readonly #underWay = new Map<number, Promise<void>>();
  /** Orders that may exist at the venue although their submit failed: a refusal of the next one proves nothing. */
  readonly #doubtful = new Set<number>();
  #account: VenueAccount | null = null;
  #heard = 0;
  #isStopped = false;

  constructor(options: TradingEdgeOptions) {
    const { chain, client, known, seed } = options;
    this.#options = options;
    this.#clock = client.clock;
    this.#calls = new VenueCalls(client);
    this.#reports = new OrderReports(chain, known);
    this.#stream = new StreamConnection(
      {
        protocol: 'orders',
        url: client.endpoints.ordersStreamUrl,
        ...client.credentials(),
        clock: client.clock,
        seed,
      },
      {
        connected: () => this.#hand(FeedConnected.of({ feed: 'orders' })),
        lost: (reason, code) =>
          this.#hand(FeedLost.of({ feed: 'orders', reason: client.redact(reason), code })),
        message: (frame) => this.#hear(frame),
        rejected: (reason, frame) => this.#reject(reason, frame),
      },
    );
  }

  start(): void {
    this.#hand(FeedOpened.of({ feed: 'orders', source: SOURCE, tradable: true }));
    this.#stream.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#stream.stop();
  }

  perform(effect: StoredEvent): void {
    const hand: Handle = (event, time) => this.#hand(event, time, effect.seq);
    switch (effect.type) {
      case SubmitAttempted.type:
        return this.#inTurn(effect.payload as SubmitAttempted, (order) =>
          this.#submit(order, effect.recordedAt, hand),
        );
      case CancelAttempted.type:
        return this.#inTurn(effect.payload as OfOrder, ({ ordinal }) => this.#cancel(ordinal, hand));
      case UpdateAttempted.type:
        return this.#inTurn(effect.payload as Change, (to) => this.#update(to, effect.seq, hand));
      case OrderLookupRequested.type:
        return this.#inTurn(effect.payload as OfOrder, ({ ordinal }) => this.#lookUp(ordinal, hand));
      case ReconciliationRequested.type:
        void this.#reconcile(hand);
    }
  }

  #inTurn<T extends OfOrder>(payload: T, run: (payload: T) => Promise<void>): void {
    const before = this.#underWay.get(payload.ordinal) ?? Promise.resolve();
    const mine = before
      .then(() => (this.#isStopped ? undefined : run(payload)))
      .catch((thrown) => {
        const { ordinal } = payload;
        this.#hand(OrderOutcomeUnknown.of({ ordinal, reason: venueErrorOf(thrown).message }));
      });
    this.#underWay.set(payload.ordinal, mine);
    void mine.then(() => {
      if (this.#underWay.get(payload.ordinal) === mine) this.#underWay.delete(payload.ordinal);
    });
  }

  async #submit(order: SubmitAttempted, decidedAt: number, hand: Handle): Promise<void> {
    const { ordinal, size } = order;
    const clientOrderId = this.#reports.clientOrderId(ordinal);
    const known = this.#options.known();
    const now = this.#clock.now();
    const refusal =
      now - decidedAt > DECIDED_MAX_US
        ? `decided ${(now - decidedAt) / 1e6} s ago, for a market that is gone`
        : refusalOf(order, { now, clientOrderId, account: this.#account, known });
    if (refusal !== null || size.kind !== 'quantity') {
      return hand(OrderRejected.of({ ordinal, reason: `not sent: ${refusal}`, by: 'engine' }));
    }
    const unknown = (reason: string) => {
      this.#doubtful.add(ordinal);
      hand(OrderOutcomeUnknown.of({ ordinal, reason }));
    };
    try {
      const taken = await this.#calls.submit({ ...order, size }, clientOrderId);
      if (taken.clientOrderId === clientOrderId) return this.#report(taken, true, hand);
      unknown(`submit of order ${ordinal}: the answer is about another order, ${taken.clientOrderId}`);
    } catch (thrown) {
      const error = venueErrorOf(thrown);
      const isTaken =
        /client.?order.?id/i.test(error.message) && /unique|exist|duplicate/i.test(error.message);
      // 429 comes from the gate before the venue's order entry: what it turns away was not taken.
      if ((error.transient && error.code !== 'rateLimited') || isTaken) return unknown(error.message);
      // The one sent before may be what the refusal is about (its buying power is in use by it), or come later still.
      if (this.#doubtful.has(ordinal)) return unknown(error.message);
      const by = error.code === 'rateLimited' ? ({ by: 'limit' } as const) : {};
      hand(OrderRejected.of({ ordinal, reason: error.message, ...by }));
    }
  }

  async #cancel(ordinal: number, hand: Handle): Promise<void> {
    const unknown = (reason: string) => hand(OrderOutcomeUnknown.of({ ordinal, reason }));
    const refused = (reason: string) => hand(CancelRejected.of({ ordinal, reason }));
    try {
      const venueOrderId = this.#reports.venueOrderIdOf(ordinal) ?? (await this.#venueOrderId(ordinal, hand));
      if (venueOrderId !== null) await this.#calls.cancel(ordinal, venueOrderId);
    } catch (thrown) {
      const error = venueErrorOf(thrown);
      if (error.code === 'rateLimited') return refused(error.message);
      if (error.transient) return unknown(error.message);
      if (error.code !== 'notFound' && error.code !== 'invalid') return refused(error.message);
      await this.#stateAfterRefusedCancel(ordinal, error.message, hand);
    }
  }

  /** Of an order that only our own id is known of; null where it is over already. */
  async #venueOrderId(ordinal: number, hand: Handle): Promise<string | null> {
    const order = await this.#reportState(ordinal, hand);
    const fact = venueFactOf(order.status);
    return fact === undefined || fact === 'alive' ? order.venueOrderId : null;
  }

  /** The venue has no such order to cancel, or not any more: its state says why. */
  async #stateAfterRefusedCancel(ordinal: number, reason: string, hand: Handle): Promise<void> {
    try {
      const { status } = await this.#found(ordinal);
      if (status === 'pending_replace') {
        return hand(CancelRejected.of({ ordinal, reason: `${reason}; the order is being replaced` }));
      }
      const order = await this.#reportState(ordinal, hand);
      const isWorking = venueFactOf(order.status) === 'alive' && order.status !== 'pending_cancel';
      if (isWorking) hand(CancelRejected.of({ ordinal, reason: `${reason}; the order is ${order.status}` }));
    } catch (thrown) {
      hand(OrderOutcomeUnknown.of({ ordinal, reason: `${reason}; ${venueErrorOf(thrown).message}` }));
    }
  }

  async #update({ limitPx, ordinal, quantity }: Change, seq: number, hand: Handle): Promise<void> {
    const refused = (reason: string) => hand(UpdateRejected.of({ ordinal, reason }));
    // The venue's replacements are at fault after partial fills.
    if (this.#reports.filledQty(ordinal) > 0) {
      return refused('not sent: part of the order is filled; cancel it and send the rest anew');
    }
    const venueOrderId = this.#reports.venueOrderIdOf(ordinal);
    if (venueOrderId === null) return refused('not sent: the venue has not told its id of the order');
    try {
      const clientOrderId = this.#reports.clientOrderId(ordinal, seq);
      const replacement = await this.#calls.update(venueOrderId, { quantity, limitPx, clientOrderId });
      this.#reports.replacementTaken(ordinal, replacement);
    } catch (thrown) {
      const error = venueErrorOf(thrown);
      if (error.transient && error.code !== 'rateLimited') {
        return hand(OrderOutcomeUnknown.of({ ordinal, reason: error.message }));
      }
      refused(error.message);
    }
  }

  async #lookUp(ordinal: number, hand: Handle): Promise<void> {
    this.#doubtful.add(ordinal);
    try {
      await this.#reportState(ordinal, hand);
    } catch (thrown) {
      const error = venueErrorOf(thrown);
      if (error.code === 'notFound') return hand(OrderNotFound.of({ ordinal }));
      hand(OrderLookupFailed.of({ ordinal, reason: error.message }));
    }
  }

  /** Looks an order up by our own id, tells what it is, and what stands for it where it was replaced. */
  async #reportState(ordinal: number, hand: Handle): Promise<VenueOrder> {
    let order = await this.#found(ordinal);
    for (let links = 0; order.replacedBy !== null && links < LINKS_MAX; links++) {
      this.#report(order, false, hand);
      order = await this.#calls.orderById(order.replacedBy);
    }
    this.#report(order, true, hand);
    return order;
  }

  #found(ordinal: number): Promise<VenueOrder> {
    return this.#calls.orderByClientId(this.#reports.clientOrderId(ordinal));
  }

  #report(order: VenueOrder, asked: boolean, hand: Handle): void {
    for (const input of this.#reports.order(order, asked)) hand(input, order.asOf);
  }

  async #reconcile(hand: Handle): Promise<void> {
    try {
      const { activitiesSince, known } = this.#options;
      const { account, inputs } = await seeAccount({
        calls: this.#calls,
        reports: this.#reports,
        known,
        activitiesSince,
        heard: () => this.#heard,
      });
      this.#account = account;
      for (const input of inputs) hand(input);
    } catch (thrown) {
      const { code, message } = venueErrorOf(thrown);
      const permanent = code === 'unauthorised' || code === 'forbidden';
      hand(ReconciliationFailed.of({ reason: message, permanent }));
    }
  }

  #hear(frame: unknown): void {
    this.#heard += 1;
    const read = tradeUpdateSchema.safeParse(frame);
    if (!read.success) {
      const [issue] = read.error.issues;
      return this.#reject(`trade update: ${issue?.path.join('.')}: ${issue?.message}`, frame);
    }
    const update = read.data;
    for (const input of this.#reports.update(update)) this.#hand(input, update.time);
    this.#followReplacement(update.order);
  }

  /** Replaced by other hands than ours: what stands for the order now is known by the venue's id alone. */
  #followReplacement(order: VenueOrder): void {
    const ordinal = this.#reports.ordinalOf(order);
    if (ordinal === null || order.replacedBy === null) return;
    if (this.#reports.venueOrderIdOf(ordinal) !== order.venueOrderId) return;
    this.#inTurn({ ordinal }, () => this.#lookUp(ordinal, (event, time) => this.#hand(event, time)));
  }

  #reject(reason: string, frame: unknown): void {
    const { client } = this.#options;
    const excerpt = client.redact(excerptOf(frame)).slice(0, EXCERPT_MAX);
    this.#hand(MessageRejected.of({ source: SOURCE, reason: client.redact(reason), excerpt }));
  }

  #hand(event: NewInput, time?: number, causation: number | null = null): void {
    if (this.#isStopped) return;
    this.#options.lane.input(event, { source: SOURCE, time: time || this.#clock.now(), causation });
  }
}

interface OfOrder {
  readonly ordinal: number;
}

interface Change extends OfOrder {
  readonly quantity: number;
  readonly limitPx: number;
}

/** A fault of ours is handled as an answer nobody could read: it says nothing of what the venue did. */
const venueErrorOf = (thrown: unknown): VenueError =>
  thrown instanceof VenueError ? thrown : new VenueError('unreadable', `a fault: ${String(thrown)}`);
