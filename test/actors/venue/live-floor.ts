/** A trading floor as a live session has it: feeds that are opened, connected and quoted by hand, and a clock that ticks. */

import { NEVER } from 'rxjs';
import { z } from 'zod';
import { historyBars } from '../../../src/actors/actor-system.ts';
import { previousTradingDay, tradingSession } from '../../../src/domain/exchange-calendar.ts';
import { Reconciled } from '../../../src/events/account.events.ts';
import { ClockTicked, TradingResumed } from '../../../src/events/engine.events.ts';
import * as f from '../../../src/events/feed.events.ts';
import { CancelAttempted, CancelRejected } from '../../../src/events/order.events.ts';
import { DAY_S } from '../../../src/events/tick.ts';
import { defineStrategy, type Strategy } from '../../../src/streams/strategy.ts';
import { Floor, type FloorOptions } from '../trading-floor.ts';

export const MS = 1_000;
export const SECOND = 1_000_000;
const TICK = 250 * MS;

const silent = defineStrategy({
  name: 'silent',
  description: 'says nothing',
  params: z.strictObject({}),
  signals: () => NEVER,
}) as Strategy;

export class LiveFloor extends Floor {
  /** Symbols that are quoted while time passes; an empty list is a dead line. */
  quoted: string[] = ['A'];

  constructor(options: FloorOptions = {}) {
    const config = { execution: { stepJitter: 0 }, liquidity: { shareSpreadBps: 100 } };
    const over = options.config as object | undefined;
    super({ priceSource: 'quotes', ...options, config: { ...config, ...over } });
    this.warmUp('A');
  }

  /** As many session days as decisions rest on, all at 100. */
  warmUp(symbol: string): this {
    const bars: f.HistoryBar[] = [];
    let day = '2024-01-02';
    for (let i = 0; i < historyBars(this.run, silent, this.symbols); i++) {
      day = previousTradingDay('XNYS', day);
      const time = tradingSession('XNYS', day)!.close;
      bars.unshift({ time, open: 100, high: 101, low: 99, close: 100, volume: 1e9 });
    }
    const history = { symbol, resolutionS: DAY_S, why: 'warmUp', source: 'vendor', bars } as const;
    this.input(f.HistoryLoaded.of(history));
    return this;
  }

  open(feed: f.FeedName, tradable = true): this {
    this.input(f.FeedOpened.of({ feed, source: `the ${feed}`, tradable }));
    return this;
  }

  connect(feed: f.FeedName): this {
    this.input(f.FeedConnected.of({ feed }));
    return this;
  }

  lose(feed: f.FeedName): this {
    this.input(f.FeedLost.of({ feed, reason: 'closed', code: 1006 }));
    return this;
  }

  reconcile(): this {
    this.input(Reconciled.of({ ok: true, differences: [] }) as never);
    return this;
  }

  /** Answers the newest request for bars, where there is one. */
  backfill(failed: string | null = null): this {
    const asked = this.payloads('BackfillRequested').at(-1) as f.BackfillRequested | undefined;
    if (asked === undefined) return this;
    const { feed, from, to } = asked;
    this.input(f.BackfillEnded.of({ feed, from, to, bars: 0, missing: [], failed }));
    return this;
  }

  clock(): this {
    this.input(ClockTicked.of({}));
    return this;
  }

  /** The clock ticks four times a second, and what is quoted is quoted each time. */
  pass(us: number): this {
    for (let left = us; left > 0; left -= TICK) {
      this.after(Math.min(left, TICK));
      for (const symbol of this.quoted) this.quote(symbol, 99.99, 100.01);
      this.clock();
    }
    return this;
  }

  /** Both feeds live, the account reconciled: what an order needs. */
  started(): this {
    this.open('stocks').open('orders').connect('stocks').connect('orders').reconcile();
    this.pass(TICK);
    this.backfill();
    this.input(TradingResumed.of({}));
    return this;
  }

  state(feed: f.FeedName): string | null {
    return this.actors.feeds.state(feed);
  }

  /** The venue refuses to cancel. */
  refuse(ordinal: number): this {
    this.input(CancelRejected.of({ ordinal, reason: 'busy' }));
    return this;
  }

  /** `action symbol` of what left, `cancel n`, and other effects by their type. */
  override sent(): string[] {
    return this.kernel.takeEffects().map(({ type, payload }) => {
      const { ordinal } = payload as { ordinal?: number };
      if (ordinal === undefined) return type;
      const { action, symbol } = this.intended(ordinal);
      return type === CancelAttempted.type ? `cancel ${ordinal}` : `${action} ${symbol}`;
    });
  }

  /** Every move of a feed: `live stale`. */
  moves(feed: f.FeedName): string[] {
    return this.payloads('FeedStatusChanged').flatMap((each) =>
      each.feed === feed ? [`${each.from} ${each.to}`] : [],
    );
  }

  /** The names of an approved order's tests that failed, or of the newest denial's. */
  failing(): string[] {
    const verdict = this.log.events
      .filter(({ type }) => type === 'RiskApproved' || type === 'OrderDenied')
      .at(-1)!;
    const { tests } = verdict.payload as { tests: { test: string; pass: boolean }[] };
    return tests.filter(({ pass }) => !pass).map(({ test }) => test);
  }
}
