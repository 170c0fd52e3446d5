/**
 * The feeds of a live session, one machine each: judged by the clock, since silence is no event. It says what changed, what
 * was missed, and which bars of it are to be fetched. A simulation opens none, and nothing here ever speaks in it.
 */
import type { Kernel } from '../../bus/kernel.ts';
import type { Config } from '../../domain/config.ts';
import { tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { Reconciled } from '../../events/account.events.ts';
import { ClockTicked, SessionResumed, TimerFired } from '../../events/engine.events.ts';
import {
  BackfillEnded,
  BackfillRequested,
  FeedConnected,
  FeedGapDetected,
  FeedLost,
  type FeedName,
  FeedOpened,
  type FeedState,
  FeedStatusChanged,
  QuotesWanted,
} from '../../events/feed.events.ts';
import { calendarOfFeed, type DataFeed } from '../../streams/data-feeds.ts';
import type { MarketData } from '../../streams/market-data.ts';
import { MachineHost } from '../machine-host.ts';
import { type FeedEvent, type FeedFacts, feedMachine } from './feed.machine.ts';

const ACTOR = 'feeds';

interface Parts {
  readonly config: Config;
  readonly market: MarketData;
  readonly contractOf: (symbol: string) => { readonly underlying: string } | undefined;
}

interface Opened {
  readonly feed: FeedName;
  tradable: boolean;
  readonly machine: MachineHost<typeof feedMachine>;
  /** What was published of it last. */
  said: { state: FeedState; recoveries: number; attempts: number };
}

interface Saved {
  readonly opened: readonly (Pick<Opened, 'feed' | 'tradable'> & { readonly machine: unknown })[];
  readonly wanted: number;
  readonly wantedAt: number;
}

export class Feeds {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #opened = new Map<FeedName, Opened>();
  /** Contracts whose quotes were asked for last, and when that changed: where none is, none is expected. */
  #wanted = 0;
  #wantedAt = 0;

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(FeedOpened, ACTOR, ({ payload }) => this.#open(payload.feed, payload.tradable));
    kernel.on(FeedConnected, ACTOR, ({ payload }) => this.#tell(payload.feed, 'CONNECTED', 'connected'));
    kernel.on(FeedLost, ACTOR, ({ payload: { feed, reason, code } }) =>
      this.#tell(feed, 'LOST', code === null ? reason : `${reason} (${code})`),
    );
    kernel.on(BackfillEnded, ACTOR, ({ payload: { feed, from, to, failed } }) => {
      const asked = this.#opened.get(feed)?.machine.snapshot.context.gap;
      if (asked?.from !== from || asked.to !== to) return; // of an earlier gap
      this.#tell(feed, failed === null ? 'BACKFILLED' : 'BACKFILL_FAILED');
    });
    kernel.on(Reconciled, ACTOR, () => this.#tell('orders', 'RECONCILED'));
    kernel.on(QuotesWanted, ACTOR, ({ payload }) => {
      this.#wanted = payload.symbols.length;
      this.#wantedAt = kernel.now;
    });
    kernel.on(ClockTicked, ACTOR, () => {
      for (const feed of this.#opened.keys()) this.#tell(feed, 'CLOCK');
    });
    kernel.on(SessionResumed, ACTOR, () => {
      for (const feed of this.#opened.keys()) this.#tell(feed, 'REOPENED', 'the engine came back');
    });
    kernel.on(TimerFired, ACTOR, ({ payload }) => {
      for (const opened of this.#opened.values()) if (payload.actor === idOf(opened.feed)) this.#say(opened);
    });
    kernel.carry(ACTOR, { save: () => this.#save(), restore: (state) => this.#restore(state as Saved) });
  }

  /** Null for a feed the session does not use. */
  state(feed: FeedName): FeedState | null {
    return this.#opened.get(feed)?.said.state ?? null;
  }

  /** Those that the session uses, as they were opened. */
  opened(): readonly FeedName[] {
    return [...this.#opened.keys()];
  }

  isTradable(feed: FeedName): boolean {
    return this.#opened.get(feed)?.tradable ?? false;
  }

  /** The feeds that a symbol's price rests on: an option's, and its underlying's. */
  behind(symbol: string): readonly DataFeed[] {
    const { contractOf, market } = this.#parts;
    const underlying = contractOf(symbol)?.underlying;
    const own = market.feedOf(symbol);
    return underlying === undefined ? [own] : [own, market.feedOf(underlying)];
  }

  /** Opened again is opened anew: whatever was connected before belongs to a process that is gone. */
  #open(feed: FeedName, tradable: boolean): void {
    const known = this.#opened.get(feed);
    if (known === undefined) this.#opened.set(feed, this.#start(feed, tradable));
    else {
      known.tradable = tradable;
      this.#tell(feed, 'REOPENED', 'opened anew');
    }
  }

  #start(feed: FeedName, tradable: boolean): Opened {
    const { venue, liquidity } = this.#parts.config;
    const { failoverMs, retryMs } = venue;
    const machine = new MachineHost(this.#kernel, idOf(feed), feedMachine, {
      ofOrders: feed === 'orders',
      // A few contracts may be quiet for long: their feed is as old as a quote of theirs may become.
      silenceMs: feed === 'options' ? liquidity.optionQuoteAgeMaxMs : venue.silenceMs,
      failoverMs,
      retryMs,
    });
    return { feed, tradable, machine, said: { state: 'connecting', recoveries: 0, attempts: 0 } };
  }

  #tell(feed: FeedName, type: FeedEvent['type'], reason = ''): void {
    const opened = this.#opened.get(feed);
    if (opened === undefined) return;
    opened.machine.send({ type, facts: this.#facts(opened) });
    this.#say(opened, reason);
  }

  #facts({ feed, machine }: Opened): FeedFacts {
    const { now } = this.#kernel;
    if (feed === 'orders') return { now, heardAt: 0, quietSince: now, expected: false, missed: false };
    const heardAt = this.#parts.market.heardOn(feed);
    const calendar = calendarOfFeed(feed);
    const { open } = tradingSession(calendar, tradingDayAt(calendar, now))!;
    const inSession = calendar === '24x7' || now > open;
    const awaited = feed === 'options' ? Math.max(open, this.#wantedAt) : open;
    const since = calendar === '24x7' && heardAt > 0 ? heardAt : Math.max(heardAt, awaited);
    const quietSince = inSession ? since : now;
    const from = machine.snapshot.context.gapFrom ?? quietSince;
    return {
      now,
      heardAt,
      quietSince,
      expected: inSession && (feed !== 'options' || this.#wanted > 0),
      // Nobody decides by bars of options: there is nothing to fetch.
      missed: feed !== 'options' && touchesSession(calendar, from, now),
    };
  }

  /** Publishes what the machine came to since it was last looked at. */
  #say(opened: Opened, reason = ''): void {
    const { feed, machine, said } = opened;
    const { value, context } = machine.snapshot;
    const { gap, recoveries, attempts } = context;
    const state = (typeof value === 'string' ? value : 'recovering') as FeedState;
    opened.said = { state, recoveries, attempts };
    const why = reason === '' ? this.#reasonOf(opened, state) : reason;
    if (state !== said.state) {
      this.#kernel.publish(FeedStatusChanged.of({ feed, from: said.state, reason: why, to: state }));
    }
    const recovers = recoveries !== said.recoveries;
    if (recovers && touchesSession(calendarOfFeed(feed), gap.from, gap.to)) {
      this.#kernel.publish(FeedGapDetected.of({ feed, ...gap, reason: why }));
    }
    if (attempts > 0 && (recovers || attempts !== said.attempts)) {
      const symbols = feed === 'orders' ? [] : [...this.#parts.market.symbolsOn(feed)];
      this.#kernel.publish(BackfillRequested.of({ attempt: attempts, feed, ...gap, symbols }));
    }
  }

  #reasonOf({ machine }: Opened, to: FeedState): string {
    const { silenceMs, failoverMs } = machine.snapshot.context;
    const reasons: Record<FeedState, string> = {
      connecting: 'opened',
      live: 'caught up',
      stale: `nothing heard for more than ${silenceMs} ms`,
      failover: `still nothing after ${failoverMs} ms`,
      recovering: 'data came again',
    };
    return reasons[to];
  }

  #save(): Saved {
    const opened = [...this.#opened.values()].map(({ feed, tradable, machine }) => ({
      feed,
      tradable,
      machine: machine.save(),
    }));
    return { opened, wanted: this.#wanted, wantedAt: this.#wantedAt };
  }

  #restore({ opened, wanted, wantedAt }: Saved): void {
    this.#wanted = wanted;
    this.#wantedAt = wantedAt;
    for (const { feed, tradable, machine } of opened) {
      const restored = this.#start(feed, tradable);
      restored.machine.restore(machine);
      const { value, context } = restored.machine.snapshot;
      const { recoveries, attempts } = context;
      const state = (typeof value === 'string' ? value : 'recovering') as FeedState;
      restored.said = { state, recoveries, attempts };
      this.#opened.set(feed, restored);
    }
  }
}

const idOf = (feed: FeedName): string => `feed-${feed}`;

/** Whether some of the time from one moment to another lies in a session. */
const touchesSession = (calendar: CalendarName, from: number, to: number): boolean =>
  from < to && tradingSession(calendar, tradingDayAt(calendar, from + 1))!.open < to;
