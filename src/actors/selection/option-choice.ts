/**
 * Which contract of a chain, and why not another: the nearest to the wanted delta within the days and deltas asked for
 * that can be traded in an orderly way and does not live through a listed event.
 */
import type { Config } from '../../domain/config.ts';
import { dayToMicros } from '../../domain/exchange-calendar.ts';
import { optionLiquidity } from '../../domain/liquidity.ts';
import { daysToExpiry, type OptionContract } from '../../domain/options/contract.ts';
import type { DecisionTest } from '../../events/order.events.ts';
import type { OptionChains, OptionQuote } from '../../streams/option-chains.ts';
import { atLeast, firstFailing, needs } from '../decision-tests.ts';

/** Contracts passed over that are named beside the one that is taken. */
const PASSED_OVER_MAX = 3;

/** Sizes of delta and calendar days to expiry. */
export interface ContractWindow {
  readonly daysMin: number;
  readonly daysMax: number;
  readonly deltaMin: number;
  readonly deltaMax: number;
  readonly deltaTarget: number;
}

interface ContractWanted {
  readonly underlying: string;
  readonly right: 'call' | 'put';
  /** Today, by the underlying's calendar. */
  readonly day: string;
  readonly window: ContractWindow;
}

export interface ContractChoice {
  /** The one taken, with its quote; null where none will do. */
  readonly taken: { readonly contract: OptionContract; readonly quote: OptionQuote } | null;
  readonly tests: DecisionTest[];
  /** Why contracts nearer to the wanted delta were not: the first test each failed. */
  readonly passedOver: DecisionTest[];
}

interface Candidate {
  readonly contract: OptionContract;
  readonly quote: OptionQuote | null;
  /** Its size; 0..1. */
  readonly delta: number;
}

/** `config` is the underlying's own. Quotes are judged as they stand: how old they may be is asked at the release. */
export function chooseContract(
  chains: OptionChains,
  { underlying, right, day, window }: ContractWanted,
  config: Config,
): ContractChoice {
  const { daysMin, daysMax, deltaMin, deltaMax, deltaTarget } = window;
  const days = { min: daysMin, max: daysMax };
  const candidates = chains
    .aroundDelta(underlying, right, days, { min: deltaMin, max: deltaMax })
    .map((contract) => candidateOf(chains, contract))
    .sort(nearestTo(deltaTarget));
  const tests = [
    atLeast('contractsListed', chains.listed(underlying, right, days).length, 1),
    atLeast('contractsInDeltaRange', candidates.length, 1),
  ];
  const passedOver: DecisionTest[] = [];
  for (const { contract, quote, delta } of candidates) {
    const asked = testsOf({ contract, quote, delta }, day, window, config);
    const failed = firstFailing(asked);
    if (failed === undefined) {
      const taken = { contract, quote: quote! };
      return { taken, tests: [...tests, contractTest(contract.symbol, right, window), ...asked], passedOver };
    }
    if (passedOver.length < PASSED_OVER_MAX) {
      passedOver.push({ ...failed, test: `${failed.test} of ${contract.symbol}` });
    }
  }
  return { taken: null, tests: [...tests, contractTest(null, right, window)], passedOver };
}

function contractTest(symbol: string | null, right: string, window: ContractWindow): DecisionTest {
  const { daysMin, daysMax, deltaMin, deltaMax } = window;
  const wanted = `a liquid ${right}, delta ${deltaMin} to ${deltaMax}, ${daysMin} to ${daysMax} days`;
  return needs('contract', symbol ?? 'none', wanted, symbol !== null);
}

function candidateOf(chains: OptionChains, contract: OptionContract): Candidate {
  const quote = chains.quote(contract.symbol);
  const greeks = quote === null ? null : chains.greeks(contract.symbol);
  return { contract, quote, delta: greeks === null ? 0 : Math.abs(greeks.delta) };
}

/** Then the nearer expiry, then the lower strike: the chain's own order. */
const nearestTo =
  (target: number) =>
  (a: Candidate, b: Candidate): number =>
    Math.abs(a.delta - target) - Math.abs(b.delta - target) ||
    dayToMicros(a.contract.expiry) - dayToMicros(b.contract.expiry) ||
    a.contract.strike - b.contract.strike;

function testsOf(
  { contract, quote, delta }: Candidate,
  day: string,
  { daysMin, daysMax, deltaMin, deltaMax }: ContractWindow,
  config: Config,
): DecisionTest[] {
  const days = daysToExpiry(contract, day);
  return [
    needs('|delta|', delta, `${deltaMin} to ${deltaMax}`, delta >= deltaMin && delta <= deltaMax),
    needs('daysToExpiry', days, `${daysMin} to ${daysMax}`, days >= daysMin && days <= daysMax),
    ...optionLiquidity(quote, null, config),
    eventTest(contract, day, config.events),
  ];
}

/** An event between today's close and the expiry takes its volatility out of the premium (IV crush). */
function eventTest(contract: OptionContract, day: string, events: Config['events']): DecisionTest {
  const within = events.find(
    (event) =>
      event.symbol === contract.underlying && event.day > day && daysToExpiry(contract, event.day) >= 0,
  );
  const value = within === undefined ? 'none' : `${within.kind} on ${within.day}`;
  return needs('eventBeforeExpiry', value, 'none', within === undefined);
}
