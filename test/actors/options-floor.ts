/** A trading floor on which one underlying has a recorded chain. */

import { SymbolDefined } from '../../src/events/market.events.ts';
import { ChainRecorded, ContractDefined } from '../../src/events/option.events.ts';
import { Tick, TickKind } from '../../src/events/tick.ts';
import { Floor, type FloorOptions } from './trading-floor.ts';

export const CALL = 'A     240216C00100000';
export const PUT = 'A     240216P00098000';
const contracts = [CALL, PUT];

export class OptionsFloor extends Floor {
  constructor(options: FloorOptions = {}) {
    super({ priceSource: 'quotes', ...options });
    contracts.forEach((symbol, i) => {
      const id = 10 + i;
      const rest = { assetClass: 'option', multiplier: 100, calendar: 'XNYS', resolutionS: null } as const;
      this.input(SymbolDefined.of({ id, symbol, priceSource: 'quotes', ...rest }));
      this.input(ContractDefined.of({ symbol, underlying: 'A', style: 'american', settlement: 'physical' }));
    });
  }

  /** The underlying, then both contracts, then the end of the chain with its open interest. */
  chain(
    openInterest: number | null = 1_000,
    call: readonly [number, number] = [3, 3.1],
    put: readonly [number, number] = [2, 2.1],
  ): this {
    this.quote('A', 99.99, 100.01);
    this.optionQuote(CALL, ...call).optionQuote(PUT, ...put);
    const known = contracts.map((symbol) => [symbol, openInterest] as [string, number | null]);
    this.input(ChainRecorded.of({ underlying: 'A', underlyingPx: 100, openInterest: known }));
    return this;
  }

  optionQuote(symbol: string, bidPx: number, askPx: number): this {
    const symbolId = 10 + contracts.indexOf(symbol);
    const kind = TickKind.quote;
    const tick = {
      kind,
      symbolId,
      bidPx,
      askPx,
      bidSize: 10,
      askSize: 10,
      time: this.now,
      recordedAt: this.now,
    };
    this.kernel.tick(Object.assign(new Tick(), tick), 'feed');
    return this;
  }
}
