/** Option chains nobody recorded: which contracts are listed on a symbol and how they are quoted, by the domain's model. */
import { configSchema } from '../../domain/config.ts';
import { log } from '../../domain/math.ts';
import {
  listedSteps,
  modelledGreeks,
  modelledOptionQuote,
  strikeAt,
} from '../../domain/options/chain-model.ts';
import { makeContract, type OptionContract } from '../../domain/options/contract.ts';
import { rootOf } from '../../domain/options/contract-catalogue.ts';
import { monthlyExpiries, settlementTime } from '../../domain/options/expiries.ts';
import type { MarketBar } from './bar-history.ts';
import { daysBefore } from './records.ts';
import { dayOf } from './vendor-forms.ts';

const { options: OPTIONS } = configSchema.parse({});
/** The price at the middle of the strikes, over this many strikes a dollar step gets wider. */
const STRIKES = 60;
const MONTHS_AHEAD_DAYS = 200;

/** Every contract listed on a symbol at this price, by expiry, strike and right. */
export function listedContracts(underlying: string, spot: number, now: number): OptionContract[] {
  const root = rootOf(underlying);
  if (root === null || /\d/.test(root)) return [];
  const step = strikeStep(spot);
  const { first, last } = listedSteps(spot, step);
  const contracts: OptionContract[] = [];
  for (const expiry of monthlyExpiries(dayOf(now), daysBefore(now, -MONTHS_AHEAD_DAYS))) {
    for (let steps = first; steps <= last; steps++) {
      for (const right of ['call', 'put'] as const) {
        const contract = makeContract({ root, expiry, right, strike: strikeAt(steps, step) }, { underlying });
        if (settlementTime(contract) > now) contracts.push(contract);
      }
    }
  }
  return contracts;
}

/** The standard steps of strikes, the narrowest that keeps a month readable. */
function strikeStep(spot: number): number {
  const widest = (spot * 0.6) / STRIKES;
  return [0.5, 1, 2.5, 5, 10, 25, 50, 100].find((step) => step >= widest) ?? 250;
}

/** A year's volatility from the last month of days, a fifth where there are none. */
export function volatilityOf(days: readonly MarketBar[]): number {
  const closes = days.slice(-23).map(({ close }) => close);
  let squares = 0;
  for (let i = 1; i < closes.length; i++) squares += log(closes[i] / closes[i - 1]) ** 2;
  const daily = closes.length < 5 ? 0.2 / Math.sqrt(252) : Math.sqrt(squares / (closes.length - 1));
  return Math.min(1.5, Math.max(0.08, daily * Math.sqrt(252)));
}

export const optionQuote = (contract: OptionContract, spot: number, vol: number, now: number) =>
  modelledOptionQuote(contract, spot, vol, now, OPTIONS);

export const optionGreeks = (contract: OptionContract, spot: number, vol: number, now: number) =>
  modelledGreeks(contract, spot, vol, now, OPTIONS);

export const OPEN_INTEREST = OPTIONS.model.openInterest;
