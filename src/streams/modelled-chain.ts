/** The chain of one underlying that nobody recorded: a pure function of its price, its volatility and the moment. */
import type { OptionsConfig } from '../domain/config.ts';
import { civilDay, dayToMicros, tradingDayAt } from '../domain/exchange-calendar.ts';
import { listedSteps, modelledGreeks, modelledOptionQuote, strikeAt } from '../domain/options/chain-model.ts';
import { daysToExpiry, type OptionContract, yearsToExpiry } from '../domain/options/contract.ts';
import { type ContractCatalogue, rootOf } from '../domain/options/contract-catalogue.ts';
import { monthlyExpiries } from '../domain/options/expiries.ts';
import { type OptionRight, printOcc } from '../domain/options/occ-symbol.ts';
import type { ContractGreeks, DaysToExpiry, DeltaRange, OptionQuote } from './option-chains.ts';

const DAY_US = 86_400_000_000;

/** All that a modelled chain depends on. */
export interface ChainMoment {
  /** Price of the underlying, dollars. */
  readonly spot: number;
  /** At-the-money volatility at 30 days. */
  readonly atm: number;
  readonly now: number;
}

/** Listed contracts of one expiry and right, by strike, as asked for last. */
interface Strikes {
  first: number;
  last: number;
  listed: readonly OptionContract[];
  readonly bySteps: Map<number, OptionContract>;
}

export class ModelledChain {
  readonly #root: string;
  readonly #catalogue: ContractCatalogue;
  readonly #config: OptionsConfig;
  readonly #strikes = new Map<string, Strikes>();
  #day = '';
  #expiries = new Map<string, readonly string[]>();

  constructor(underlying: string, catalogue: ContractCatalogue, config: OptionsConfig) {
    this.#root = rootOf(underlying)!;
    this.#catalogue = catalogue;
    this.#config = config;
  }

  listed(right: OptionRight, days: DaysToExpiry, { spot, now }: ChainMoment): readonly OptionContract[] {
    const lists = this.#expiriesWithin(days, now).map((expiry) => this.#listedOf(expiry, right, spot));
    return lists.length === 1 ? lists[0] : lists.flat();
  }

  /** Deltas of one expiry fall with the strike, so the range is found by halving. */
  aroundDelta(
    right: OptionRight,
    days: DaysToExpiry,
    { min, max }: DeltaRange,
    { spot, atm, now }: ChainMoment,
  ): readonly OptionContract[] {
    const sizeOf = (contract: OptionContract) =>
      Math.abs(modelledGreeks(contract, spot, atm, now, this.#config).delta);
    return this.#expiriesWithin(days, now).flatMap((expiry) => {
      const strikes = this.#listedOf(expiry, right, spot);
      const [from, to] =
        right === 'call'
          ? [
              firstWhere(strikes, (each) => sizeOf(each) <= max),
              firstWhere(strikes, (each) => sizeOf(each) < min),
            ]
          : [
              firstWhere(strikes, (each) => sizeOf(each) >= min),
              firstWhere(strikes, (each) => sizeOf(each) > max),
            ];
      return strikes.slice(from, to);
    });
  }

  quote(contract: OptionContract, { spot, atm, now }: ChainMoment): OptionQuote | null {
    const quote = modelledOptionQuote(contract, spot, atm, now, this.#config);
    if (quote === null) return null;
    const { openInterest } = this.#config.model;
    return { ...quote, quotedAt: now, underlyingPx: spot, openInterest, modelled: true };
  }

  greeks(contract: OptionContract, { spot, atm, now }: ChainMoment): ContractGreeks | null {
    return yearsToExpiry(contract, now) > 0 ? modelledGreeks(contract, spot, atm, now, this.#config) : null;
  }

  #expiriesWithin({ min, max }: DaysToExpiry, now: number): readonly string[] {
    const day = tradingDayAt('XNYS', now);
    if (day !== this.#day) {
      this.#day = day;
      this.#expiries = new Map();
    }
    const key = `${min} ${max}`;
    let expiries = this.#expiries.get(key);
    if (expiries === undefined) {
      // A Saturday's expiry settles on the Friday before it, within the days asked for.
      expiries = monthlyExpiries(dayAfter(day, min), dayAfter(day, max + 1)).filter((expiry) => {
        const left = daysToExpiry({ expiry } as OptionContract, day);
        return left >= min && left <= max;
      });
      this.#expiries.set(key, expiries);
    }
    return expiries;
  }

  #listedOf(expiry: string, right: OptionRight, spot: number): readonly OptionContract[] {
    const key = `${expiry} ${right}`;
    let strikes = this.#strikes.get(key);
    if (strikes === undefined) {
      this.#strikes.set(key, (strikes = { first: 0, last: -1, listed: [], bySteps: new Map() }));
    }
    const { strikeStep } = this.#config.model;
    const { first, last } = listedSteps(spot, strikeStep);
    if (first === strikes.first && last === strikes.last) return strikes.listed;
    const listed: OptionContract[] = [];
    for (let steps = first; steps <= last; steps++) {
      let contract = strikes.bySteps.get(steps);
      if (contract === undefined) {
        const fields = { root: this.#root, expiry, right, strike: strikeAt(steps, strikeStep) };
        contract = this.#catalogue.get(printOcc(fields))!;
        strikes.bySteps.set(steps, contract);
      }
      listed.push(contract);
    }
    strikes.first = first;
    strikes.last = last;
    return (strikes.listed = listed);
  }
}

const dayAfter = (day: string, days: number): string => civilDay(dayToMicros(day) + days * DAY_US);

/** The index of the first contract that has a property which all after it have, too. */
function firstWhere(
  contracts: readonly OptionContract[],
  has: (contract: OptionContract) => boolean,
): number {
  let low = 0;
  let high = contracts.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (has(contracts[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
