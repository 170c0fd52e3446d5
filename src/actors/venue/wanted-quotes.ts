/** Keeps the option feed's subscription to what is needed: contracts held, ordered, waiting to be ordered, or chosen. */
import type { Kernel } from '../../bus/kernel.ts';
import { SelectionMade } from '../../events/decision.events.ts';
import { ClockTicked } from '../../events/engine.events.ts';
import { FeedOpened, QuotesWanted } from '../../events/feed.events.ts';
import { HedgeSized } from '../../events/option.events.ts';
import type { Portfolio } from '../account/portfolio.ts';
import type { OrderBook } from '../orders/order-book.ts';
import type { OrderWorkers } from '../orders/order-worker.ts';
import type { ReleaseDesk } from '../orders/release-desk.ts';
import type { Feeds } from './feeds.ts';

const ACTOR = 'wanted-quotes';
const HEDGE = '';

interface Parts {
  readonly feeds: Feeds;
  readonly portfolio: Portfolio;
  readonly orders: OrderBook;
  readonly workers: OrderWorkers;
  readonly desk: ReleaseDesk;
  readonly isContract: (symbol: string) => boolean;
}

interface Saved {
  readonly said: readonly string[];
  readonly chosen: readonly (readonly [of: string, contract: string])[];
}

export class WantedQuotes {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  /** What the feed was told last. */
  #said: readonly string[] = [];
  /** The contract chosen last for each symbol, and for the hedge. */
  readonly #chosen = new Map<string, string>();

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.on(SelectionMade, ACTOR, ({ payload }) => this.#choose(payload.symbol, payload.contract));
    kernel.on(HedgeSized, ACTOR, ({ payload }) => this.#choose(HEDGE, payload.contract));
    // Opened anew, nothing is subscribed there: whoever was told before belongs to a process that is gone.
    kernel.on(FeedOpened, ACTOR, ({ payload }) => {
      if (payload.feed === 'options') this.#said = [];
    });
    kernel.on(ClockTicked, ACTOR, () => this.#say());
    kernel.carry(ACTOR, {
      save: (): Saved => ({ said: this.#said, chosen: [...this.#chosen] }),
      restore: (state) => {
        const { said, chosen } = state as Saved;
        this.#said = said;
        for (const [of, contract] of chosen) this.#chosen.set(of, contract);
      },
    });
  }

  #choose(of: string, contract: string | null): void {
    if (contract === null) this.#chosen.delete(of);
    else this.#chosen.set(of, contract);
  }

  #say(): void {
    const { feeds, isContract, portfolio, orders, workers, desk } = this.#parts;
    if (feeds.state('options') === null) return;
    const all = [
      ...portfolio.positions().map(({ symbol }) => symbol),
      ...[...orders.working()].map(({ intended }) => intended.symbol),
      ...workers.intents().map(({ symbol }) => symbol),
      ...desk.symbols(),
      ...this.#chosen.values(),
    ];
    const symbols = [...new Set(all.filter(isContract))].sort();
    if (symbols.length === this.#said.length && symbols.every((each, i) => each === this.#said[i])) return;
    this.#said = symbols;
    this.#kernel.publish(QuotesWanted.of({ feed: 'options', symbols }));
  }
}
