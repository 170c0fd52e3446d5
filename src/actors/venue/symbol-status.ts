/** What a market says of single symbols: halts, and the bands outside which nothing trades. Bands are of their day. */
import type { Kernel } from '../../bus/kernel.ts';
import { PriceBandsSet, SymbolHaltChanged } from '../../events/feed.events.ts';
import { MarketClosed } from '../../events/market.events.ts';

const ACTOR = 'symbol-status';

interface Bands {
  readonly lowerPx: number;
  readonly upperPx: number;
}

interface Saved {
  readonly halts: readonly (readonly [symbol: string, reason: string])[];
}

export class SymbolStatus {
  readonly #halts = new Map<string, string>();
  readonly #bands = new Map<string, Bands>();

  constructor(kernel: Kernel) {
    kernel.onStream(SymbolHaltChanged, ACTOR, ({ payload: { symbol, halted, reason } }) => {
      if (halted) this.#halts.set(symbol, reason);
      else this.#halts.delete(symbol);
    });
    kernel.onStream(PriceBandsSet, ACTOR, ({ payload: { symbol, lowerPx, upperPx } }) => {
      this.#bands.set(symbol, { lowerPx, upperPx });
    });
    kernel.onStream(MarketClosed, ACTOR, () => this.#bands.clear());
    kernel.carry(ACTOR, {
      save: (): Saved => ({ halts: [...this.#halts] }),
      restore: (state) => {
        for (const [symbol, reason] of (state as Saved).halts) this.#halts.set(symbol, reason);
      },
    });
    kernel.keep(ACTOR, {
      save: () => [...this.#bands],
      restore: (kept) => {
        for (const [symbol, bands] of kept as [string, Bands][]) this.#bands.set(symbol, bands);
      },
    });
  }

  /** Why its market does not trade it; null while it does. */
  haltOf(symbol: string): string | null {
    return this.#halts.get(symbol) ?? null;
  }

  /** Dollars; null where nobody set any today. */
  bandsOf(symbol: string): Bands | null {
    return this.#bands.get(symbol) ?? null;
  }
}
