/**
 * What a live session has to know before any order leaves: that its feeds, its venue and the symbol are in a state in which
 * an order means what was decided. Asked by the gate, and by whoever waits instead of being denied. Nothing in simulations.
 */
import type { Kernel } from '../../bus/kernel.ts';
import type { Config } from '../../domain/config.ts';
import { isOpenAt } from '../../domain/exchange-calendar.ts';
import type { EventDefinition } from '../../events/define-event.ts';
import {
  OperatorCommanded,
  SessionResumed,
  SessionStarted,
  TradingResumed,
} from '../../events/engine.events.ts';
import { FeedOpened } from '../../events/feed.events.ts';
import {
  CancelAttempted,
  type DecisionTest,
  type OrderIntended,
  OrderRejected,
  SubmitAttempted,
  UpdateAttempted,
} from '../../events/order.events.ts';
import type { MarketData } from '../../streams/market-data.ts';
import { atMost, firstFailing, needs } from '../decision-tests.ts';
import type { OrderBook } from '../orders/order-book.ts';
import type { Pricing } from '../orders/pricing.ts';
import type { Feeds } from './feeds.ts';
import type { SymbolStatus } from './symbol-status.ts';

const ACTOR = 'live-conditions';
const MINUTE_US = 60_000_000;

/** Whether the fate of an order in a symbol is being found out. */
export interface FrozenSymbols {
  frozen(symbol: string): boolean;
}

interface Parts {
  readonly config: Config['venue'];
  readonly market: MarketData;
  readonly pricing: Pricing;
  readonly orders: OrderBook;
  readonly feeds: Feeds;
  readonly status: SymbolStatus;
  readonly unknown: FrozenSymbols | null;
}

/** An order, or what will become one: it has no ordinal and no price yet. */
type Asked = Pick<OrderIntended, 'symbol' | 'action'> & Partial<Pick<OrderIntended, 'ordinal' | 'limitPx'>>;

interface Kept {
  readonly applies: boolean;
  readonly reconciled: boolean;
  readonly limitedUntil?: number;
}

export class LiveConditions {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  #applies = false;
  #reconciled = false;
  /** When the venue was called within the last minute, oldest first. */
  #calls: number[] = [];
  /** Until when nothing new is sent, since a limit on calls has turned an order away; microseconds. */
  #limitedUntil = 0;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.onStream(SessionStarted, ACTOR, ({ payload }) => {
      this.#applies = payload.mode !== 'sim';
      this.#reconciled = false;
    });
    kernel.onStream(FeedOpened, ACTOR, () => {
      this.#applies = true;
    });
    kernel.onStream(SessionResumed, ACTOR, () => {
      this.#reconciled = false;
    });
    // Who takes everything back sends nothing new: what waited behind it would go out otherwise.
    kernel.onStream(OperatorCommanded, ACTOR, ({ payload }) => {
      if (payload.command === 'withdraw') this.#reconciled = false;
    });
    kernel.onStream(TradingResumed, ACTOR, () => {
      this.#reconciled = true;
    });
    kernel.on(OrderRejected, ACTOR, ({ payload: { by } }) => {
      if (by === 'limit') this.#limitedUntil = kernel.now + parts.config.retryMs * 1_000;
    });
    const calls: readonly unknown[] = [SubmitAttempted, UpdateAttempted, CancelAttempted];
    for (const call of calls as readonly EventDefinition[]) kernel.on(call, ACTOR, () => this.#count());
    kernel.carry(ACTOR, {
      save: () => this.#calls,
      restore: (state) => {
        this.#calls = [...(state as number[])];
      },
    });
    kernel.keep(ACTOR, {
      save: (): Kept => ({
        applies: this.#applies,
        reconciled: this.#reconciled,
        limitedUntil: this.#limitedUntil,
      }),
      restore: (kept) => {
        const { limitedUntil = 0, ...rest } = kept as Kept;
        ({ applies: this.#applies, reconciled: this.#reconciled } = rest);
        this.#limitedUntil = limitedUntil;
      },
    });
  }

  /** False in a simulation. */
  get apply(): boolean {
    return this.#applies;
  }

  /** The condition that stands in the way, or undefined. */
  failing(asked: Asked): DecisionTest | undefined {
    return this.#applies ? firstFailing(this.tests(asked)) : undefined;
  }

  /** Whether an order of unknown fate may be sent once more: its symbol is frozen for its own sake. */
  mayResend(asked: Asked): boolean {
    return this.tests(asked).every(({ pass, test }) => pass || test === 'symbolFrozen');
  }

  tests(asked: Asked): DecisionTest[] {
    if (!this.#applies) return [];
    const { market, pricing, unknown } = this.#parts;
    const { symbol, action } = asked;
    const tests = [
      needs('reconciled', this.#reconciled, true, this.#reconciled),
      this.#ordersFeedTest(),
      ...this.feedTests(symbol),
      ...this.#statusTests(asked),
      this.#marketOpenTest(symbol),
    ];
    // What has to go goes; what is new rests on history.
    if (action === 'enter') {
      const isWarm = market.warmedUp(pricing.underlyingOf(symbol));
      tests.push(needs('warmedUp', isWarm, true, isWarm));
    }
    const isFrozen = unknown?.frozen(symbol) ?? false;
    tests.push(needs('symbolFrozen', isFrozen, false, !isFrozen), this.#callsTest(asked));
    // Said only where it stands in the way: a limit that turned nothing away is no condition.
    if (this.#kernel.now < this.#limitedUntil) tests.push(needs('callsTaken', false, true, false));
    return tests;
  }

  #ordersFeedTest(): DecisionTest {
    const state = this.#parts.feeds.state('orders');
    return needs('ordersFeedLive', state, 'live', state === 'live');
  }

  /** Whether the market of a symbol is heard: without that neither its quotes nor its day are the market's. */
  feedTests(symbol: string): DecisionTest[] {
    if (!this.#applies) return [];
    const { feeds } = this.#parts;
    return feeds.behind(symbol).flatMap((feed) => {
      const state = feeds.state(feed);
      const tradable = feeds.isTradable(feed);
      return [
        needs('feedLive', `${feed} ${state ?? 'not opened'}`, `${feed} live`, state === 'live'),
        needs('feedTradable', tradable ? feed : `${feed} to look at`, feed, tradable),
      ];
    });
  }

  /** An option is halted with its underlying; bands are of shares alone. */
  #statusTests({ symbol, limitPx = null }: Asked): DecisionTest[] {
    const { pricing, status } = this.#parts;
    const halt = status.haltOf(symbol) ?? status.haltOf(pricing.underlyingOf(symbol));
    const tests = [needs('notHalted', halt, 'no halt', halt === null)];
    const bands = status.bandsOf(symbol);
    if (bands === null || limitPx === null) return tests;
    const { lowerPx, upperPx } = bands;
    const pass = limitPx >= lowerPx && limitPx <= upperPx;
    return [...tests, needs('withinBands', limitPx, `${lowerPx} to ${upperPx}`, pass)];
  }

  #marketOpenTest(symbol: string): DecisionTest {
    const isOpen = isOpenAt(this.#parts.market.calendarOf(symbol), this.#kernel.now);
    return needs('marketOpen', isOpen, true, isOpen);
  }

  /** Calls of the last minute, and the most that orders may make of them. */
  get calls(): { readonly made: number; readonly most: number } {
    const { callsPerMinute, callsKeptForCancels } = this.#parts.config;
    const since = this.#kernel.now - MINUTE_US;
    const made = this.#calls.filter((at) => at > since).length;
    return { made, most: callsPerMinute - callsKeptForCancels };
  }

  /** Orders of this instant that are intended and have not left count as calls. */
  #callsTest({ ordinal = Number.POSITIVE_INFINITY }: Asked): DecisionTest {
    const { config, orders } = this.#parts;
    this.#forgetTheOld();
    let calls = this.#calls.length + 1;
    for (const { intended, state } of orders.working()) {
      if (state.status === 'initialized' && intended.ordinal < ordinal) calls++;
    }
    return atMost('callsThisMinute', calls, config.callsPerMinute - config.callsKeptForCancels);
  }

  #count(): void {
    if (!this.#applies) return;
    this.#forgetTheOld();
    this.#calls.push(this.#kernel.now);
  }

  #forgetTheOld(): void {
    const since = this.#kernel.now - MINUTE_US;
    while (this.#calls.length > 0 && this.#calls[0] <= since) this.#calls.shift();
  }
}
