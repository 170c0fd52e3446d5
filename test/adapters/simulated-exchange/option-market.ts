/** Contracts on ABC, and a market for them that anybody can check in the head: a dollar above exercise, a dime wide. */
import { type ContractTerms, contractOf, intrinsic } from '../../../src/domain/options/contract.ts';
import { settlementTime } from '../../../src/domain/options/expiries.ts';
import { Venue, type VenueOptions } from './venue.ts';

/** The third Friday of June 2020. */
export const EXPIRY = '2020-06-19';
export const CALL_100 = 'ABC   200619C00100000';
export const PUT_100 = 'ABC   200619P00100000';

export const isOption = (symbol: string): boolean => symbol.length === 21;

export function optionVenue(options: VenueOptions = {}, terms: Partial<ContractTerms> = {}): Venue {
  const contract =
    options.contractOf ?? ((symbol: string) => (isOption(symbol) ? contractOf(symbol, terms) : undefined));
  return new Venue({
    contractOf: contract,
    optionQuote: (symbol, spot, at) => {
      const of = contract(symbol)!;
      if (at >= settlementTime(of)) return null;
      const middle = Math.round(intrinsic(of, spot) * 100 + 100);
      return { bidPx: (middle - 5) / 100, askPx: (middle + 5) / 100 };
    },
    ...options,
  });
}

/** A day on which nothing happens at this price. */
export const still = (px: number) => ({ open: px, high: px, low: px, close: px });
