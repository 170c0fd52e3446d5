/**
 * Sees to it in a live session that the shares of a plan have their stop at the venue at every moment at which it could
 * rest there: from the end of the entry on, and again at once after a split, or whatever else, has taken it away.
 * Simulated stops act from the bar after the entry, as bars demand, and nothing is asked for here.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { onQuantityGrid } from '../../domain/instrument.ts';
import type { OrderStatus } from '../../domain/order-status.ts';
import { firstFailing } from '../decision-tests.ts';
import type { ExitRetries } from '../orders/exit-retries.ts';
import type { Order, OrderBook } from '../orders/order-book.ts';
import type { OrderWorkers } from '../orders/order-worker.ts';
import type { Pricing } from '../orders/pricing.ts';
import type { ReleaseDesk } from '../orders/release-desk.ts';
import type { TradingState } from '../orders/trading-state.ts';
import type { LiveConditions } from '../venue/live-conditions.ts';

/** What the venue takes away again and again is asked for less and less often, up to this. */
const PAUSE_MAX_US = 60_000_000;
const DOUBLINGS_MAX = 10;
/** The venue has it, and nothing is on its way to it. */
const RESTS: readonly OrderStatus[] = ['accepted', 'partiallyFilled'];

interface Parts {
  readonly retryMs: number;
  readonly conditions: LiveConditions;
  readonly tradingState: TradingState;
  readonly pricing: Pricing;
  readonly orders: OrderBook;
  readonly workers: OrderWorkers;
  readonly desk: ReleaseDesk;
  readonly retries: ExitRetries;
}

/** A stop as it was last asked for, and how often within a short time. */
interface Asked {
  readonly at: number;
  readonly tries: number;
}

export class RestingStops {
  readonly #kernel: Kernel;
  readonly #parts: Parts;
  readonly #asked = new Map<string, Asked>();

  constructor(kernel: Kernel, parts: Parts) {
    this.#kernel = kernel;
    this.#parts = parts;
    kernel.keep('resting-stops', {
      save: () => [...this.#asked],
      restore: (kept) => {
        for (const [symbol, asked] of kept as [string, Asked][]) this.#asked.set(symbol, asked);
      },
    });
  }

  get apply(): boolean {
    return this.#parts.conditions.apply;
  }

  /** Whether a stop for `quantity` shares at `stopPx` is to be asked for now. */
  isMissing(symbol: string, quantity: number, stopPx: number): boolean {
    const { conditions, pricing, tradingState } = this.#parts;
    if (!this.isIdle(symbol) || this.#rests(symbol, quantity, stopPx)) return false;
    if (this.#kernel.now < this.#askableAt(symbol)) return false;
    const protect = { symbol, action: 'protect' } as const;
    if (!tradingState.allows('protect') || conditions.failing(protect) !== undefined) return false;
    // The gate would deny it for an old quote.
    return pricing.quote(symbol) !== null && firstFailing(pricing.freshness(symbol)) === undefined;
  }

  /** The venue takes no stop beside an order on the other side: the entry ends first, as does any order on its way. */
  isIdle(symbol: string): boolean {
    const { desk, retries, workers } = this.#parts;
    if (workers.works(symbol) || retries.wants('protect', symbol)) return false;
    const isOnItsWay = ({ intent, released }: ReturnType<ReleaseDesk['held']>[number]) =>
      intent.symbol === symbol && (released || intent.action !== 'protect');
    if (desk.held().some(isOnItsWay)) return false;
    const stands = (order: Order) =>
      order.intended.action === 'protect' && RESTS.includes(order.state.status);
    return this.#ofSymbol(symbol).every(stands);
  }

  asked(symbol: string): void {
    const { now } = this.#kernel;
    const before = this.#asked.get(symbol);
    const again = before !== undefined && now - before.at <= 2 * PAUSE_MAX_US;
    this.#asked.set(symbol, { at: now, tries: again ? before.tries + 1 : 0 });
  }

  #askableAt(symbol: string): number {
    const before = this.#asked.get(symbol);
    if (before === undefined) return 0;
    const pauseUs = this.#parts.retryMs * 1_000 * (1 << Math.min(before.tries, DOUBLINGS_MAX));
    return before.at + Math.min(pauseUs, PAUSE_MAX_US);
  }

  /** One that the last close moved may go on resting at its old price until the open that it waits for. */
  #rests(symbol: string, quantity: number, stopPx: number): boolean {
    const waits = this.#parts.desk.holds('protect', symbol);
    return this.#ofSymbol(symbol).some(({ intended, state }) => {
      const leaves = state.orderedQty === null ? null : onQuantityGrid(state.orderedQty - state.filledQty);
      return (waits || intended.stopPx === stopPx) && leaves === quantity;
    });
  }

  #ofSymbol(symbol: string): Order[] {
    return [...this.#parts.orders.working()].filter(({ intended }) => intended.symbol === symbol);
  }
}
