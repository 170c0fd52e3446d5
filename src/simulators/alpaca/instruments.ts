/** What can be traded at the simulator, under the vendor's symbols: shares, crypto pairs and the contracts of their options. */
import type { CalendarName } from '../../domain/instrument.ts';
import { contractOf, type OptionContract } from '../../domain/options/contract.ts';
import { parseCompactOcc, printOcc } from '../../domain/options/occ-symbol.ts';
import type { SymbolDefined } from '../../events/market.events.ts';

export interface VenueInstrument {
  /** `SPY`, `BTC/USD`, `SPY241213C00250000`. */
  readonly symbol: string;
  readonly assetClass: 'us_equity' | 'us_option' | 'crypto';
  readonly calendar: CalendarName;
  readonly multiplier: number;
  readonly contract: OptionContract | null;
}

/** The vendor's form of a symbol of ours: contracts lose the spaces of their roots. */
export const vendorSymbol = (symbol: string): string => symbol.replaceAll(' ', '');

/** Indices are traded like shares here, so that a log of an index can be played with. */
export function instrumentOf({ assetClass, calendar, multiplier, symbol }: SymbolDefined): VenueInstrument {
  if (assetClass === 'option') return { ...optionOf(contractOf(symbol)), multiplier };
  return {
    symbol,
    assetClass: calendar === '24x7' ? 'crypto' : 'us_equity',
    calendar,
    multiplier,
    contract: null,
  };
}

export const optionOf = (contract: OptionContract): VenueInstrument => ({
  symbol: vendorSymbol(contract.symbol),
  assetClass: 'us_option',
  calendar: 'XNYS',
  multiplier: contract.multiplier,
  contract,
});

/** The contract a vendor's symbol names, or undefined where it names none. */
export function contractNamed(symbol: string): OptionContract | undefined {
  const parsed = parseCompactOcc(symbol);
  if (!parsed.ok || /\d/.test(parsed.root)) return undefined;
  return contractOf(printOcc(parsed));
}
