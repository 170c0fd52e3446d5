/**
 * The options of a run, from its log: what they were worth, by the same code as in the core, and how dear options on each
 * symbol were at every close.
 */
import type { OptionContract } from '../domain/options/contract.ts';
import type { SessionStarted } from '../events/engine.events.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { ContractDefined } from '../events/option.events.ts';
import type { Tick } from '../events/tick.ts';
import { BarWindow } from '../streams/indicators.ts';
import type { ChainSource } from '../streams/option-chains.ts';
import { realizedVolatility } from '../streams/realized-volatility.ts';
import { type SavedChains, SessionChains } from '../streams/session-chains.ts';

/** A year's volatilities, as fractions, at the close of one day (since 1970). */
export interface VolatilityRow {
  readonly day: number;
  readonly atm: number;
  /** Where `atm` stands in its own history, 0..1; null with too little of it. */
  readonly rank: number | null;
  /** Of the last twenty days; null before there are as many. */
  readonly realized: number | null;
}

/** Underlyings whose volatility is kept for charts; of more, the first. */
const UNDERLYINGS_KEPT = 16;
const REALIZED_DAYS = 20;

export class RunOptions {
  /** By underlying. */
  readonly volatility = new Map<string, VolatilityRow[]>();
  readonly #chains: SessionChains;
  readonly #spotOf: (symbol: string) => number | undefined;
  readonly #closes = new Map<string, BarWindow>();
  readonly #defined = new Set<string>();
  #now = 0;

  constructor({ run, symbols }: SessionStarted, spotOf: (symbol: string) => number | undefined) {
    this.#spotOf = spotOf;
    const { realizedFast, realizedSlow } = run.config.guard;
    const days = Math.max(REALIZED_DAYS, realizedFast, realizedSlow) + 1;
    for (const symbol of symbols.slice(0, UNDERLYINGS_KEPT)) this.#closes.set(symbol, new BarWindow(days));
    this.#chains = new SessionChains(run, symbols, {
      now: () => this.#now,
      spotOf,
      realized: (underlying, n) => {
        const closes = this.#closes.get(underlying);
        return closes && realizedVolatility(closes, n);
      },
    });
  }

  /** What the session before knew of chains. */
  carry(state: SavedChains): void {
    this.#chains.restore(state);
  }

  /** Every event, so that time passes. */
  hear(event: StoredEvent): void {
    this.#now = event.recordedAt;
    if (event.type === ContractDefined.type) {
      // A session that continues another defines its contracts again; their quotes are known here.
      const { symbol } = event.payload as ContractDefined;
      if (this.#defined.has(symbol)) return;
      this.#defined.add(symbol);
    }
    this.#chains.hear(event);
  }

  quoted(symbol: string, tick: Pick<Tick, 'bidPx' | 'askPx' | 'time' | 'recordedAt'>): void {
    this.#chains.quoted(symbol, tick);
  }

  contract(symbol: string): OptionContract | undefined {
    return this.#chains.contract(symbol);
  }

  mark(symbol: string): number | undefined {
    return this.#chains.mark(symbol);
  }

  covers(underlying: string): ChainSource {
    return this.#chains.covers(underlying);
  }

  /** All bars of a day are in. */
  close(day: number): void {
    for (const [symbol, closes] of this.#closes) {
      const close = this.#spotOf(symbol);
      if (close === undefined || this.#chains.covers(symbol) === 'none') continue;
      closes.push({ high: close, low: close, close, volume: 0 });
      const volatility = this.#chains.volatility(symbol);
      if (volatility === null) continue;
      const rows = this.volatility.get(symbol) ?? [];
      this.volatility.set(symbol, rows);
      const realized = realizedVolatility(closes, REALIZED_DAYS) ?? null;
      rows.push({ day, atm: volatility.atm, rank: volatility.rank, realized });
    }
  }
}
