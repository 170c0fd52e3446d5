/** What a running engine says of itself: folded from the events it records, asked by health checks, metrics and people. */
import { fromMicros } from '../../domain/money.ts';
import { EngineHalted, SessionResumed, SessionStarted, TradingResumed } from '../../events/engine.events.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { FeedOpened, type FeedState, FeedStatusChanged } from '../../events/feed.events.ts';
import type { Core } from '../core.ts';

/** `recovering` its log, `reconciling` with the venue, then `trading`; `halted` records and decides nothing; `failed` cannot record. */
export type EngineState =
  | 'recovering'
  | 'reconciling'
  | 'trading'
  | 'halted'
  | 'stopping'
  | 'stopped'
  | 'failed';

export interface EngineHealth {
  readonly state: EngineState;
  /** Why it is in that state, for people; empty where that goes without saying. */
  readonly why: string;
  readonly session: string | null;
  readonly seq: number;
  /** Microseconds: the core's clock, and how far the host's is ahead of it. */
  readonly time: number;
  readonly lagUs: number;
  /** Ticks that wait. */
  readonly backlog: number;
  readonly feeds: Readonly<Record<string, FeedState>>;
  readonly tradingState: string | null;
  /** Dollars. */
  readonly cash: number | null;
  readonly equity: number | null;
  readonly positions: number;
  readonly workingOrders: number;
  /** Events by type since the process began. */
  readonly counts: Readonly<Record<string, number>>;
}

export class HealthAccount {
  readonly #feeds = new Map<string, FeedState>();
  readonly #counts = new Map<string, number>();
  /** What the log says of the engine's state; null before its first session. */
  state: 'reconciling' | 'trading' | 'halted' | null = null;
  why = '';

  see({ type, payload }: Pick<StoredEvent, 'type' | 'payload'>): void {
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
    switch (type) {
      case SessionStarted.type:
      case SessionResumed.type:
        this.state = 'reconciling';
        return;
      case TradingResumed.type:
        this.state = 'trading';
        return;
      case EngineHalted.type: {
        const { code, actor, message } = payload as { code: string; actor: string; message: string };
        this.state = 'halted';
        this.why = `${actor} (${code}): ${message}`;
        return;
      }
      case FeedOpened.type:
        this.#feeds.set((payload as { feed: string }).feed, 'connecting');
        return;
      case FeedStatusChanged.type: {
        const { feed, to } = payload as FeedStatusChanged;
        this.#feeds.set(feed, to);
      }
    }
  }

  describe(
    core: Core | null,
    process: Pick<EngineHealth, 'state' | 'why' | 'session' | 'backlog'> & { readonly now: number },
  ): EngineHealth {
    const { now, ...rest } = process;
    const time = core?.kernel.now ?? 0;
    const { portfolio, orders, tradingState } = core?.actors ?? {};
    return {
      ...rest,
      seq: core?.kernel.seq ?? 0,
      time,
      lagUs: time === 0 ? 0 : Math.max(0, now - time),
      feeds: Object.fromEntries(this.#feeds),
      tradingState: tradingState?.current ?? null,
      cash: portfolio === undefined ? null : fromMicros(portfolio.cashMicros),
      equity: portfolio === undefined ? null : fromMicros(portfolio.equityMicros()),
      positions: portfolio?.positions().length ?? 0,
      workingOrders: orders === undefined ? 0 : [...orders.working()].length,
      counts: Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }
}
