/** Our symbols in Yahoo's spelling: `BTC/USD` is `BTC-USD`, `BRK.B` is `BRK-B`, contracts lose their padding. */
import { parseOcc } from '../../domain/options/occ-symbol.ts';

/** Indices have names of their own there. */
const INDICES: Readonly<Record<string, string>> = {
  SPX: '^GSPC',
  VIX: '^VIX',
  NDX: '^NDX',
  RUT: '^RUT',
  DJI: '^DJI',
  COMP: '^IXIC',
};

/** Null for a symbol of no form we know: then nothing is asked. */
export function yahooSymbolOf(symbol: string): string | null {
  if (Object.hasOwn(INDICES, symbol)) return INDICES[symbol];
  if (/^[A-Z0-9]{2,10}\/[A-Z]{3,5}$/.test(symbol)) return symbol.replace('/', '-');
  if (/^[A-Z]{1,5}([.][A-Z])?$/.test(symbol)) return symbol.replace('.', '-');
  return parseOcc(symbol).ok ? symbol.replaceAll(' ', '') : null;
}
