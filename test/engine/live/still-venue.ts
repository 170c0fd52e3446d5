/** A venue in memory on which nothing moves unless a test moves it: what a live engine's own life is tested with. */
import type { HostClock, InputLane, KnownOrder, LiveEdge, VenueDesk } from '../../../src/bus/ports.ts';
import type { EdgeWiring } from '../../../src/engine/live/live-engine.ts';
import { VenueReported } from '../../../src/events/account.events.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import { FeedConnected, FeedOpened } from '../../../src/events/feed.events.ts';

const ACCOUNT = {
  cashMicros: 100_000_000_000,
  equityMicros: 100_000_000_000,
  buyingPowerMicros: 100_000_000_000,
  blocked: null as string | null,
  optionsLevel: 2,
};

export class StillVenue implements VenueDesk {
  readonly #clock: HostClock;
  accountState = { ...ACCOUNT };
  /** Effects that reached it, oldest first. */
  readonly performed: StoredEvent[] = [];
  /** What the next desk calls throw, by name. */
  readonly fails = new Map<keyof VenueDesk, Error>();
  lane: InputLane | null = null;
  known: (() => readonly KnownOrder[]) | null = null;
  /** Whether a reconciliation is answered. */
  answers = true;
  chain = '';

  constructor(clock: HostClock) {
    this.#clock = clock;
  }

  /** What had been handed over when its edge was told to stop. */
  performedBeforeStop: readonly StoredEvent[] = [];

  readonly edgesOf = ({ lane, known, chain }: EdgeWiring): LiveEdge[] => {
    this.lane = lane;
    this.known = known;
    this.chain = chain;
    return [
      {
        performs: ['ReconciliationRequested', 'SubmitAttempted', 'CancelAttempted', 'OrderLookupRequested'],
        start: () => {
          lane.input(FeedOpened.of({ feed: 'orders', source: 'still-venue', tradable: true }), FROM);
          lane.input(FeedConnected.of({ feed: 'orders' }), FROM);
        },
        perform: (effect) => {
          this.performed.push(effect);
          if (effect.type === 'ReconciliationRequested' && this.answers) this.report(effect.seq);
        },
        stop: async () => {
          this.performedBeforeStop = [...this.performed];
        },
      },
    ];
  };

  /** Says what the account holds: nothing but cash. */
  report(causation: number): void {
    const reported = VenueReported.of({
      account: this.accountState,
      positions: [],
      orders: [],
      lastOrdinal: 0,
    });
    this.#clock.after(10, () => this.lane!.input(reported, { ...FROM, causation }));
  }

  account = async () => {
    this.#failing('account');
    return { ...this.accountState, accountId: 'A-1', shorting: false };
  };

  clock = async () => ({ now: this.#clock.now(), open: true, simulated: null });

  assets = async (symbols: readonly string[]) => {
    this.#failing('assets');
    return symbols.map((symbol) => ({
      symbol,
      assetClass: 'equity' as const,
      multiplier: 1,
      calendar: 'XNYS' as const,
      priceSource: 'trades' as const,
      resolutionS: null,
    }));
  };

  history = async () => [];

  corporateActions = async () => [];

  /** Orders that stand there, and what was asked of them. */
  open = 0;
  readonly cleared: string[] = [];

  cancelAll = async (chain: string) => {
    this.#failing('cancelAll');
    this.cleared.push(chain);
    const found = this.open;
    this.open = 0;
    return found;
  };

  #failing(call: keyof VenueDesk): void {
    const error = this.fails.get(call);
    if (error !== undefined) throw error;
  }
}

const FROM = { source: 'still-venue' };
