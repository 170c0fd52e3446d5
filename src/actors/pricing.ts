/** The two-sided price the actors reckon with: the market's where quotes are recorded, else the spread model's. */
import type { Config } from '../domain/config.ts';
import { configFor } from '../domain/config.ts';
import { modelledQuote, type TwoSided } from '../domain/spread-model.ts';
import type { MarketData } from '../streams/market-data.ts';

export interface Quote extends TwoSided {
  /** Arrival of the market's quote; 0 for a modelled one. */
  readonly quotedAt: number;
}

export class Pricing {
  readonly #market: MarketData;
  readonly #config: Config;

  constructor(market: MarketData, config: Config) {
    this.#market = market;
    this.#config = config;
  }

  /** Bar mode: no quotes are recorded for this symbol, so quote freshness cannot be asked. */
  barMode(symbol: string): boolean {
    return this.#market.symbols.get(symbol)?.priceSource !== 'quotes';
  }

  quote(symbol: string): Quote | null {
    if (!this.barMode(symbol)) return this.#market.quote(symbol);
    const px = this.#market.lastPx(symbol);
    if (px === undefined) return null;
    return { ...modelledQuote(px, configFor(this.#config, symbol).exchange.halfSpread), quotedAt: 0 };
  }
}
