/**
 * What is said of single symbols: that their market halted them, the bands outside which nothing trades (of their day), and what
 * their company did that nobody here could book.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { dayToMicros } from '../../domain/exchange-calendar.ts';
import { CorporateActionHeard } from '../../events/account.events.ts';
import { OperatorCommanded } from '../../events/engine.events.ts';
import { PriceBandsSet, SymbolHaltChanged } from '../../events/feed.events.ts';
import { MarketClosed } from '../../events/market.events.ts';

const ACTOR = 'symbol-status';
/** A vendor's list is not asked for what was longer ago. */
const REMEMBERED_US = 30 * 86_400_000_000;

interface Bands {
  readonly lowerPx: number;
  readonly upperPx: number;
}

type Said = readonly (readonly [string, string])[];

interface Saved {
  readonly halts: Said;
  /** Not in logs from before they were heard of. */
  readonly actions?: Said;
  readonly unsettled?: Said;
}

export class SymbolStatus {
  readonly #halts = new Map<string, string>();
  readonly #bands = new Map<string, Bands>();
  /** Days of corporate actions by id. */
  readonly #actions = new Map<string, string>();
  /** Why a person has to look at a symbol before it is traded again. */
  readonly #unsettled = new Map<string, string>();

  constructor(kernel: Kernel) {
    kernel.onStream(SymbolHaltChanged, ACTOR, ({ payload: { symbol, halted, reason } }) => {
      if (halted) this.#halts.set(symbol, reason);
      else this.#halts.delete(symbol);
    });
    kernel.onStream(PriceBandsSet, ACTOR, ({ payload: { symbol, lowerPx, upperPx } }) => {
      this.#bands.set(symbol, { lowerPx, upperPx });
    });
    kernel.onStream(MarketClosed, ACTOR, () => this.#bands.clear());
    kernel.onStream(CorporateActionHeard, ACTOR, ({ payload }) => this.#hear(payload));
    kernel.onStream(OperatorCommanded, ACTOR, ({ payload }) => {
      if (payload.command === 'reset') this.#unsettled.clear();
    });
    kernel.carry(ACTOR, {
      save: (): Saved => ({
        halts: [...this.#halts],
        ...(this.#actions.size === 0 ? {} : { actions: [...this.#actions] }),
        ...(this.#unsettled.size === 0 ? {} : { unsettled: [...this.#unsettled] }),
      }),
      restore: (state) => {
        const { halts, actions = [], unsettled = [] } = state as Saved;
        for (const [symbol, reason] of halts) this.#halts.set(symbol, reason);
        for (const [id, day] of actions) this.#actions.set(id, day);
        for (const [symbol, problem] of unsettled) this.#unsettled.set(symbol, problem);
      },
    });
    kernel.keep(ACTOR, {
      save: () => [...this.#bands],
      restore: (kept) => {
        for (const [symbol, bands] of kept as [string, Bands][]) this.#bands.set(symbol, bands);
      },
    });
  }

  /** Why it is not traded: its market does not, or a person has to look at it first. Null while it is. */
  haltOf(symbol: string): string | null {
    return this.#halts.get(symbol) ?? this.#unsettled.get(symbol) ?? null;
  }

  /** Dollars; null where nobody set any today. */
  bandsOf(symbol: string): Bands | null {
    return this.#bands.get(symbol) ?? null;
  }

  /** Whether a corporate action is in this chain's logs, by the vendor's id. */
  knows(actionId: string): boolean {
    return this.#actions.has(actionId);
  }

  #hear({ actionId, day, symbol, problem }: CorporateActionHeard): void {
    this.#actions.set(actionId, day);
    for (const [id, before] of this.#actions) {
      if (dayToMicros(before) < dayToMicros(day) - REMEMBERED_US) this.#actions.delete(id);
    }
    if (problem !== null) this.#unsettled.set(symbol, problem);
  }
}
