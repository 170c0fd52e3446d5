/**
 * The two-sided price the actors reckon with: the market's where quotes are recorded, else the spread model's or the
 * modelled chain's; and whether that market can be traded in an orderly way.
 */
import type { Kernel } from '../../bus/kernel.ts';
import { type Config, configFor } from '../../domain/config.ts';
import { type TickClass, tickSize } from '../../domain/instrument.ts';
import {
  channelFreshness,
  type LiquidityTest,
  optionFreshness,
  optionLiquidity,
  shareLiquidity,
} from '../../domain/liquidity.ts';
import type { OptionContract } from '../../domain/options/contract.ts';
import { modelledQuote, type TwoSided } from '../../domain/spread-model.ts';
import type { MarketData } from '../../streams/market-data.ts';
import type { OptionChains, OptionQuote } from '../../streams/option-chains.ts';

interface Parts {
  readonly kernel: Pick<Kernel, 'now'>;
  readonly market: MarketData;
  readonly options: OptionChains;
  readonly config: Config;
}

export class Pricing {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The contract behind an option's symbol; undefined for anything else. */
  contract(symbol: string): OptionContract | undefined {
    return this.#parts.options.contract(symbol);
  }

  /** What limits by symbol are counted under: an option's underlying. */
  underlyingOf(symbol: string): string {
    return this.contract(symbol)?.underlying ?? symbol;
  }

  tickClass(symbol: string): TickClass {
    return this.contract(symbol)?.tickClass ?? 'shares';
  }

  /** The configuration of a symbol; a contract has its underlying's. */
  configOf(symbol: string): Config {
    return configFor(this.#parts.config, this.underlyingOf(symbol));
  }

  /** Bar mode: nobody quotes this symbol, or what it depends on, so that how fresh a price is cannot be asked. */
  barMode(symbol: string): boolean {
    const { options, market } = this.#parts;
    if (market.isLive) return false;
    const contract = this.contract(symbol);
    if (contract === undefined) return market.symbols.get(symbol)?.priceSource !== 'quotes';
    return options.covers(contract.underlying) !== 'recorded' || this.barMode(contract.underlying);
  }

  /**
   * Null where there is no price. Only an option may be without a bid (0), as worthless ones are; with an offer far above
   * nothing it is a stub, made by a machine that must quote.
   */
  quote(symbol: string): TwoSided | null {
    const { options, market } = this.#parts;
    const contract = this.contract(symbol);
    if (contract !== undefined) {
      const quote = options.quote(symbol);
      if (quote === null || quote.askPx < tickSize(0, contract.tickClass)) return null;
      const { optionSpreadDollars } = this.configOf(symbol).liquidity;
      return quote.bidPx === 0 && quote.askPx > optionSpreadDollars ? null : quote;
    }
    if (!this.barMode(symbol)) return market.quote(symbol);
    const px = market.lastPx(symbol);
    return px === undefined ? null : modelledQuote(px, this.configOf(symbol).exchange.halfSpread);
  }

  /** Whether the quote is of now: asked of every order; empty in bar mode, where it cannot be asked. */
  freshness(symbol: string): LiquidityTest[] {
    if (this.barMode(symbol)) return [];
    const { options } = this.#parts;
    const config = this.configOf(symbol);
    const contract = this.contract(symbol);
    if (contract === undefined) return channelFreshness(this.#silentMs(symbol), config);
    const quote = options.quote(symbol);
    return quote === null ? [] : optionFreshness(this.#ageOf(contract, quote), config);
  }

  /** What an entry or a hedge must pass. A modelled share spread says nothing of the market: it is not asked. */
  liquidity(symbol: string): LiquidityTest[] {
    const { market, options } = this.#parts;
    const config = this.configOf(symbol);
    const contract = this.contract(symbol);
    const barMode = this.barMode(symbol);
    if (contract === undefined) {
      return barMode ? [] : shareLiquidity(market.quote(symbol), this.#silentMs(symbol), config);
    }
    const quote = options.quote(symbol);
    const age = quote === null || barMode ? null : this.#ageOf(contract, quote);
    return optionLiquidity(quote, age, config);
  }

  #ageOf({ underlying }: OptionContract, quote: OptionQuote): Parameters<typeof optionFreshness>[0] {
    const { kernel, market } = this.#parts;
    return {
      channelSilentMs: this.#silentMs(underlying),
      quoteAgeMs: (kernel.now - quote.quotedAt) / 1_000,
      underlyingPxNow: market.lastPx(underlying) ?? Number.NaN,
      underlyingPxThen: quote.underlyingPx,
    };
  }

  #silentMs(symbol: string): number {
    const { kernel, market } = this.#parts;
    const heardAt = Math.max(market.heardAt(symbol), market.quote(symbol)?.quotedAt ?? 0);
    return (kernel.now - heardAt) / 1_000;
  }
}
