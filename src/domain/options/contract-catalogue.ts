/**
 * Every option contract a session can meet, by its symbol: recorded ones with the terms they were recorded with, others
 * with those the configuration gives options on their underlying.
 */
import { type Config, configFor, type OptionsConfig } from '../config.ts';
import { adjustForSplit, type SplitRatio } from './adjustment.ts';
import {
  type ContractTerms,
  contractOf,
  makeContract,
  type OptionContract,
  standardTerms,
} from './contract.ts';
import { type OccFields, parseOcc } from './occ-symbol.ts';

const ROOT = /^[0-9]?[A-Z][A-Z0-9]{0,5}$/;

/** The root that options on a symbol carry: BRK.B has BRKB, spy has SPY. Null where no root can be made of it. */
export function rootOf(underlying: string): string | null {
  const root = underlying.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return ROOT.test(root) ? root : null;
}

const OCC_LENGTH = 21;

/** What the class of a root is known to have, overridden by what the configuration says. */
export function termsOf(root: string, underlying: string, options: OptionsConfig): ContractTerms {
  const known = standardTerms(root);
  const multiplier = options.multiplier ?? known.multiplier;
  return {
    ...known,
    underlying,
    multiplier,
    deliverable: multiplier,
    style: options.style ?? known.style,
    settlement: options.settlement ?? known.settlement,
    tickClass: options.tickClass ?? known.tickClass,
  };
}

export type RecordedTerms = Pick<ContractTerms, 'underlying' | 'style' | 'settlement' | 'multiplier'>;

export class ContractCatalogue {
  readonly #config: Config;
  readonly #underlyings = new Map<string, string>();
  readonly #contracts = new Map<string, OptionContract | undefined>();

  /** Of two underlyings with one root the first has it. */
  constructor(config: Config, underlyings: readonly string[]) {
    this.#config = config;
    for (const underlying of underlyings) {
      const root = rootOf(underlying);
      if (root !== null && !this.#underlyings.has(root)) this.#underlyings.set(root, underlying);
    }
  }

  /** Whether options on it can be named. */
  names(underlying: string): boolean {
    const root = rootOf(underlying);
    return root !== null && this.#underlyings.get(root) === underlying;
  }

  get(symbol: string): OptionContract | undefined {
    if (symbol.length !== OCC_LENGTH) return undefined;
    const known = this.#contracts.get(symbol);
    if (known !== undefined || this.#contracts.has(symbol)) return known;
    const parsed = parseOcc(symbol);
    const contract = parsed.ok ? this.#make(parsed) : undefined;
    this.#contracts.set(symbol, contract);
    return contract;
  }

  /** A recorded contract, with the terms it was recorded with. Throws RangeError where its symbol is none. */
  add(symbol: string, terms: RecordedTerms): OptionContract {
    const contract = contractOf(symbol, { ...terms, deliverable: terms.multiplier });
    this.#contracts.set(symbol, contract);
    return contract;
  }

  /** A contract with the terms it has now, such as a split gave it. */
  define(contract: OptionContract): void {
    this.#contracts.set(contract.symbol, contract);
  }

  /** A split on this day makes new contracts of those on the symbol that were met so far and have not expired. */
  split(split: SplitRatio & { readonly symbol: string }, day: string): void {
    for (const contract of [...this.#contracts.values()]) {
      if (contract === undefined || contract.underlying !== split.symbol || contract.expiry < day) continue;
      this.define(adjustForSplit(contract, split).contract);
    }
  }

  /** Contracts whose symbols do not say what they deliver. */
  adjusted(): readonly OptionContract[] {
    return [...this.#contracts.values()].filter(
      (each) => each !== undefined && each.deliverable !== each.multiplier,
    ) as OptionContract[];
  }

  /** Contracts met so far that a later split makes others of, or whose symbols do not say what they deliver. */
  met(day: string): readonly OptionContract[] {
    return [...this.#contracts.values()].filter(
      (each) => each !== undefined && (each.expiry >= day || each.deliverable !== each.multiplier),
    ) as OptionContract[];
  }

  #make({ root, expiry, right, strike }: OccFields): OptionContract | undefined {
    const fields = { root, expiry, right, strike };
    const underlying = this.#underlyings.get(root);
    if (underlying === undefined) return /\d/.test(root) ? undefined : makeContract(fields);
    return makeContract(fields, termsOf(root, underlying, configFor(this.#config, underlying).options));
  }
}
