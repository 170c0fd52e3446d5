/** The recorded chain of one underlying: contracts that have been quoted, their newest quotes, and what these imply. */
import type { OptionsConfig } from '../domain/config.ts';
import { tradingDayAt } from '../domain/exchange-calendar.ts';
import {
  comparableSpot,
  daysToExpiry,
  type OptionContract,
  yearsToExpiry,
} from '../domain/options/contract.ts';
import type { OptionRight } from '../domain/options/occ-symbol.ts';
import { optionModels } from '../domain/options/option-models.ts';
import type { TwoSided } from '../domain/spread-model.ts';
import { type AtStrike, atTheMoney, type ExpiryVols } from './at-the-money.ts';
import type { ContractGreeks, DaysToExpiry, OptionQuote } from './option-chains.ts';

interface Quoted {
  readonly contract: OptionContract;
  bidPx: number;
  askPx: number;
  time: number;
  /** Arrival, microseconds; 0 before the first quote. */
  quotedAt: number;
  underlyingPx: number;
  openInterest: number | null;
  /** Of the midpoint; undefined until somebody asks, null where there is none. */
  vol: number | null | undefined;
}

/** A contract's state as a session carries it over. */
export type SavedQuote = readonly [
  bidPx: number,
  askPx: number,
  time: number,
  quotedAt: number,
  underlyingPx: number,
  openInterest: number | null,
];

export interface SavedChain {
  readonly snapshotAt: number;
  readonly quotes: Readonly<Record<string, SavedQuote>>;
}

/** A snapshot tells of quotes of long ago as the newest there are: beyond what clocks differ by, age is the venue's to say. */
const CLOCKS_APART_US = 1_000_000;

const NO_QUOTE: SavedQuote = [0, 0, 0, 0, 0, null];

/** A spread wider than this share of the midpoint tells nothing of volatility: a stub, or nobody's market. */
const STUB_SPREAD = 1;

export class RecordedChain {
  readonly #config: OptionsConfig;
  readonly #bySymbol = new Map<string, Quoted>();
  /** By expiry, then strike. */
  #ordered: Quoted[] | null = null;
  #snapshotAt: number;

  /** `snapshotAt`: when the last snapshot of the session before was complete. */
  constructor(config: OptionsConfig, snapshotAt = 0) {
    this.#config = config;
    this.#snapshotAt = snapshotAt;
  }

  /** `carried`: its newest quote in the session before. */
  add(contract: OptionContract, carried: SavedQuote = NO_QUOTE): void {
    if (this.#bySymbol.has(contract.symbol)) return;
    const [bidPx, askPx, time, quotedAt, underlyingPx, openInterest] = carried;
    this.#bySymbol.set(contract.symbol, {
      contract,
      bidPx,
      askPx,
      time,
      quotedAt,
      underlyingPx,
      openInterest,
      vol: undefined,
    });
    this.#ordered = null;
  }

  /** A good quote, or a side that went away; one reported out of order is not the market of now. */
  quoted(symbol: string, { bidPx, askPx }: TwoSided, time: number, at: number, underlyingPx: number): void {
    const quoted = this.#bySymbol.get(symbol)!;
    if (time < quoted.time) return;
    quoted.bidPx = bidPx;
    quoted.askPx = askPx;
    quoted.time = time;
    quoted.quotedAt = at;
    quoted.underlyingPx = underlyingPx;
    quoted.vol = undefined;
  }

  /** The snapshot is complete; returns its at-the-money volatility at 30 days, or null where it has none. */
  snapshot(
    openInterest: readonly (readonly [string, number | null])[],
    underlyingPx: number | null,
    at: number,
  ): number | null {
    for (const [symbol, count] of openInterest) {
      const quoted = this.#bySymbol.get(symbol);
      if (quoted === undefined) continue;
      quoted.openInterest = count;
      if (underlyingPx !== null && quoted.quotedAt === at && quoted.underlyingPx !== underlyingPx) {
        quoted.underlyingPx = underlyingPx;
        quoted.vol = undefined;
      }
    }
    const fresh = this.#inOrder().filter(({ quotedAt }) => quotedAt > this.#snapshotAt);
    this.#snapshotAt = at;
    const { rate, dividendYield } = this.#config;
    return atTheMoney(this.#volsByExpiry(fresh, at), rate - dividendYield);
  }

  listed(right: OptionRight, { min, max }: DaysToExpiry, now: number): readonly OptionContract[] {
    const day = tradingDayAt('XNYS', now);
    const listed: OptionContract[] = [];
    for (const { contract, quotedAt } of this.#inOrder()) {
      if (contract.right !== right || quotedAt === 0 || yearsToExpiry(contract, now) === 0) continue;
      const left = daysToExpiry(contract, day);
      if (left >= min && left <= max) listed.push(contract);
    }
    return listed;
  }

  quote(contract: OptionContract, now: number): OptionQuote | null {
    const quoted = this.#bySymbol.get(contract.symbol);
    if (quoted === undefined || quoted.quotedAt === 0 || yearsToExpiry(contract, now) === 0) return null;
    const { bidPx, askPx, time, underlyingPx, openInterest } = quoted;
    const quotedAt = Math.min(quoted.quotedAt, time + CLOCKS_APART_US);
    return { bidPx, askPx, quotedAt, underlyingPx, openInterest, modelled: false };
  }

  /** At the volatility of the newest quote and today's price of the underlying. */
  greeks(contract: OptionContract, spot: number, now: number): ContractGreeks | null {
    const quoted = this.#bySymbol.get(contract.symbol);
    const years = yearsToExpiry(contract, now);
    if (quoted === undefined || years === 0) return null;
    const impliedVol = this.#volOf(quoted);
    if (impliedVol === null) return null;
    const { right, strike } = contract;
    const { rate, dividendYield } = this.#config;
    const market = { right, strike, spot: comparableSpot(contract, spot), years, rate, dividendYield };
    return { ...optionModels[contract.style].greeks({ ...market, vol: impliedVol }), impliedVol };
  }

  save(): SavedChain {
    const quotes = this.#inOrder()
      .filter(({ quotedAt }) => quotedAt > 0)
      .map(({ contract, bidPx, askPx, time, quotedAt, underlyingPx, openInterest }) => [
        contract.symbol,
        [bidPx, askPx, time, quotedAt, underlyingPx, openInterest] as const,
      ]);
    return { snapshotAt: this.#snapshotAt, quotes: Object.fromEntries(quotes) };
  }

  /** Every contract with what is known of it, in the order in which they came. */
  all(): readonly (readonly [OptionContract, SavedQuote])[] {
    return Array.from(this.#bySymbol.values(), (each) => {
      const { contract, bidPx, askPx, time, quotedAt, underlyingPx, openInterest } = each;
      return [contract, [bidPx, askPx, time, quotedAt, underlyingPx, openInterest]] as const;
    });
  }

  get snapshotAt(): number {
    return this.#snapshotAt;
  }

  #inOrder(): readonly Quoted[] {
    return (this.#ordered ??= [...this.#bySymbol.values()].sort(
      ({ contract: a }, { contract: b }) =>
        compare(a.expiry, b.expiry) || a.strike - b.strike || compare(a.symbol, b.symbol),
    ));
  }

  /** By expiry and settlement: on a third Friday some contracts settle in the morning and others at the close. */
  #volsByExpiry(quotes: readonly Quoted[], now: number): ExpiryVols[] {
    const expiries = new Map<string, { spot: number; years: number; strikes: AtStrike[] }>();
    for (const quoted of quotes) {
      const { contract } = quoted;
      const years = yearsToExpiry(contract, now);
      // Adjusted contracts deliver something else: their strikes say nothing of the share's volatility.
      if (years === 0 || contract.deliverable !== contract.multiplier) continue;
      const key = `${contract.expiry} ${contract.settlesAt}`;
      let expiry = expiries.get(key);
      if (expiry === undefined) {
        expiries.set(key, (expiry = { spot: quoted.underlyingPx, years, strikes: [] }));
      }
      expiry.strikes.push({ strike: contract.strike, vol: () => this.#volOf(quoted) });
    }
    return [...expiries.values()];
  }

  #volOf(quoted: Quoted): number | null {
    if (quoted.vol !== undefined) return quoted.vol;
    const { contract, bidPx, askPx, underlyingPx, quotedAt } = quoted;
    quoted.vol = null;
    const midpoint = (bidPx + askPx) / 2;
    if (!(bidPx > 0 && askPx - bidPx <= STUB_SPREAD * midpoint && underlyingPx > 0)) return null;
    const { right, strike, style } = contract;
    const { rate, dividendYield } = this.#config;
    const spot = comparableSpot(contract, underlyingPx);
    const years = yearsToExpiry(contract, quotedAt);
    const found = optionModels[style].impliedVol(
      { right, strike, spot, years, rate, dividendYield },
      midpoint,
    );
    if (found.ok) quoted.vol = found.vol;
    return quoted.vol;
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
