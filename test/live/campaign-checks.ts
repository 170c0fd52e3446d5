/**
 * What must be true of a live session whatever went wrong in it, told from outside: from its logs, from the venue's own
 * books and from the requests on the wire. Each broken promise is one sentence.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reconciled } from '../../src/events/account.events.ts';
import { SessionResumed, SessionStarted, TradingResumed } from '../../src/events/engine.events.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import {
  FeedConnected,
  FeedLost,
  type FeedName,
  FeedOpened,
  FeedStatusChanged,
} from '../../src/events/feed.events.ts';
import * as o from '../../src/events/order.events.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import type { VenueOrder } from '../../src/simulators/alpaca/venue-order.ts';

export interface Violation {
  readonly invariant: string;
  readonly what: string;
}

/** An order of ours, as all logs together tell it. */
export interface LoggedOrder {
  readonly ordinal: number;
  readonly symbol: string;
  /** What it stands for: an intent is worked by one order after the other, never by two. */
  readonly intent: string;
  approvals: number;
  submits: number;
  /** Look-ups without a result since it was last sent. */
  misses: number;
  /** The venue's last word that ended it, or our giving up. */
  end: string | null;
  readonly fills: Map<string, number>;
}

/** Silence that makes a feed stale, one beat of the clock, and a step of the rig's. */
const SILENCE_US = 2_000_000 + 250_000 + 50_000;
const LOOKUPS = 5;
const ENDS = [o.OrderRejected, o.OrderCanceled, o.OrderExpired, o.OrderGivenUp, o.OrderDenied].map(
  ({ type }) => type,
);

/** Folds every log of a chain of sessions, oldest first. */
export class LogChecks {
  readonly orders = new Map<number, LoggedOrder>();
  readonly violations: Violation[] = [];
  readonly counts = new Map<string, number>();
  readonly #feedOf: (symbol: string) => FeedName;
  readonly #feeds = new Map<string, string>();
  readonly #heardAt = new Map<string, number>();
  #resumed = false;
  /** The venue's account was compared since its word on our orders was last away. */
  #compared = false;

  /** `feedOf`: what a symbol's price rests on. */
  constructor(feedOf: (symbol: string) => FeedName) {
    this.#feedOf = feedOf;
  }

  read(path: string): void {
    const reader = openLogReader(path);
    const cursor = reader.cursor({});
    try {
      for (let record = cursor.next(); record !== 0; record = cursor.next()) {
        if (record === 1) this.#heardAt.set(cursor.source, cursor.tick.recordedAt);
        else this.#see(cursor.event);
      }
    } finally {
      cursor.close();
      reader.close();
    }
  }

  #see({ type, payload, recordedAt, seq }: StoredEvent): void {
    this.counts.set(type, (this.counts.get(type) ?? 0) + 1);
    switch (type) {
      case SessionStarted.type:
      case SessionResumed.type:
        this.#resumed = false;
        return;
      case TradingResumed.type:
        this.#resumed = true;
        return;
      case FeedConnected.type:
      case FeedLost.type:
        if ((payload as { feed: FeedName }).feed === 'orders') this.#compared = false;
        return;
      case Reconciled.type:
        this.#compared = true;
        return;
      case FeedOpened.type:
        this.#feeds.set((payload as { feed: string }).feed, 'connecting');
        return;
      case FeedStatusChanged.type: {
        const { feed, to } = payload as FeedStatusChanged;
        this.#feeds.set(feed, to);
        return;
      }
      case o.OrderIntended.type: {
        const { intent, ordinal, symbol } = payload as o.OrderIntended;
        if (this.orders.has(ordinal))
          this.#broken('one use of an ordinal', `order ${ordinal} is intended twice`);
        const named = intent === null ? `order ${ordinal}` : `intent ${intent}`;
        this.orders.set(ordinal, {
          approvals: 0,
          end: null,
          fills: new Map(),
          intent: named,
          misses: 0,
          ordinal,
          submits: 0,
          symbol,
        });
        return;
      }
    }
    const { ordinal } = payload as { ordinal?: number | null };
    const order = ordinal == null ? undefined : this.orders.get(ordinal);
    if (order !== undefined) this.#follow(order, type, payload, recordedAt, seq);
  }

  #follow(order: LoggedOrder, type: string, payload: unknown, at: number, seq: number): void {
    const { ordinal } = order;
    switch (type) {
      case o.RiskApproved.type:
        order.approvals++;
        return this.#mayTrade(order, 'approved', at, seq);
      case o.SubmitAttempted.type:
        if (order.approvals !== 1)
          this.#broken(
            'approval before submit',
            `order ${ordinal} is sent with ${order.approvals} approvals`,
          );
        if (order.end !== null)
          this.#broken('terminal stays terminal', `order ${ordinal} is sent after ${order.end} (seq ${seq})`);
        if (order.submits > 0 && order.misses < LOOKUPS) {
          const what = `order ${ordinal} is sent again after ${order.misses} look-ups without a result (seq ${seq})`;
          this.#broken('no blind retry', what);
        }
        if (++order.submits > 2)
          this.#broken('no blind retry', `order ${ordinal} is sent ${order.submits} times`);
        order.misses = 0;
        return this.#mayTrade(order, 'sent', at, seq);
      case o.OrderNotFound.type:
        order.misses++;
        return;
      case o.OrderAccepted.type:
        order.misses = 0;
        return;
      case o.OrderFilled.type: {
        const { executionId, lastQty } = payload as o.OrderFilled;
        order.misses = 0;
        if (order.fills.has(executionId))
          this.#broken(
            'each execution once',
            `execution ${executionId} of order ${ordinal} comes twice (seq ${seq})`,
          );
        order.fills.set(executionId, lastQty);
        return;
      }
      case o.TradeBusted.type:
        order.fills.set((payload as { executionId: string }).executionId, 0);
        return;
      case o.TradeCorrected.type: {
        const { executionId, lastQty } = payload as { executionId: string; lastQty: number };
        order.fills.set(executionId, lastQty);
        return;
      }
    }
    if (ENDS.includes(type)) order.end = type;
  }

  #mayTrade({ ordinal, symbol }: LoggedOrder, what: string, at: number, seq: number): void {
    const feed = this.#feedOf(symbol);
    const broken = (why: string) =>
      this.#broken('no decision while stale', `order ${ordinal} is ${what} while ${why} (seq ${seq})`);
    if (!this.#resumed) broken('the engine has not reconciled');
    if (!this.#compared) broken('nobody has compared the accounts since orders were not heard');
    for (const each of [feed, 'orders']) {
      const state = this.#feeds.get(each) ?? 'unopened';
      if (state !== 'live') broken(`feed ${each} is ${state}`);
    }
    const silence = at - (this.#heardAt.get(`alpaca-${feed}`) ?? 0);
    if (silence > SILENCE_US) broken(`nothing was heard on ${feed} for ${silence / 1_000} ms`);
  }

  #broken(invariant: string, what: string): void {
    this.violations.push({ invariant, what });
  }
}

/** What the venue holds against what the logs say of it. `posts`: submits on the wire, by client order id. */
export function* ofVenueOrders(
  venueOrders: readonly VenueOrder[],
  logged: ReadonlyMap<number, LoggedOrder>,
  chains: readonly string[],
  posts: ReadonlyMap<string, number>,
): Generator<Violation> {
  const byIntent = new Map<string, VenueOrder[]>();
  const seen = new Set<string>();
  for (const order of venueOrders) {
    const { clientOrderId, filledQty } = order;
    if (seen.has(clientOrderId))
      yield { invariant: 'one order per client id', what: `${clientOrderId} stands for two venue orders` };
    seen.add(clientOrderId);
    const chain = chains.find((each) => clientOrderId.startsWith(`${each}-`));
    const ours = chain === undefined ? undefined : logged.get(Number(clientOrderId.slice(chain.length + 1)));
    if (ours === undefined) {
      yield { invariant: 'every venue order is in the log', what: `${clientOrderId} is in no log` };
      continue;
    }
    if (ours.end === o.OrderRejected.type && order.status !== 'rejected') {
      const what = `${clientOrderId} is rejected for us and ${order.status} at the venue`;
      yield { invariant: 'rejected is the word of the venue', what };
    }
    byIntent.set(ours.intent, [...(byIntent.get(ours.intent) ?? []), order]);
    const filled = Array.from(ours.fills.values()).reduce((sum, qty) => sum + qty, 0);
    if (Math.abs(filled - filledQty) > 1e-6) {
      const what = `order ${ours.ordinal} traded ${filledQty} at the venue and ${filled} in the log`;
      yield { invariant: 'fills agree', what };
    }
  }
  for (const [intent, orders] of byIntent) {
    orders.sort((a, b) => a.createdAt - b.createdAt);
    for (const [at, order] of orders.entries()) {
      const before = orders.slice(0, at).find((each) => endOf(each) > order.createdAt);
      if (before !== undefined) {
        const what = `${before.clientOrderId} and ${order.clientOrderId} of ${intent} lived at the same time`;
        yield { invariant: 'one live order per intent', what };
      }
    }
  }
  for (const [clientOrderId, count] of posts) {
    const chain = chains.find((each) => clientOrderId.startsWith(`${each}-`));
    const ordinal = chain === undefined ? Number.NaN : Number(clientOrderId.slice(chain.length + 1));
    const submits = logged.get(ordinal)?.submits ?? 0;
    if (count > submits) {
      const what = `${clientOrderId} went out ${count} times for ${submits} submit attempts in the log`;
      yield { invariant: 'no request without its attempt', what };
    }
  }
}

const endOf = ({ canceledAt, expiredAt, failedAt, filledAt, replacedAt }: VenueOrder): number =>
  canceledAt ?? expiredAt ?? failedAt ?? filledAt ?? replacedAt ?? Number.POSITIVE_INFINITY;

/** Secrets as they could stand anywhere: plain, in a URL, in base64. */
export function* ofSecrets(
  secrets: readonly string[],
  folder: string,
  said: readonly string[],
): Generator<Violation> {
  const forms = secrets.flatMap((each) => [
    each,
    encodeURIComponent(each),
    Buffer.from(each).toString('base64').replace(/=+$/, ''),
  ]);
  const holds = (where: string, content: Buffer | string): Violation | null =>
    forms.some((form) => content.includes(form))
      ? { invariant: 'secrets nowhere', what: `a key stands in ${where}` }
      : null;
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const found = holds(file.name, readFileSync(join(file.parentPath, file.name)));
    if (found !== null) yield found;
  }
  for (const text of said) {
    const found = holds(text.slice(0, 40), text);
    if (found !== null) yield found;
  }
}
