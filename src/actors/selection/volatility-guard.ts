/**
 * When speculative premium is affordable (MISSION.md, Volatility guard): crowded at a high rank or ratio of implied
 * volatility, open again only where both have come down further. The rules; the states stand in the selector's machine.
 */
import type { Config } from '../../domain/config.ts';
import type { DecisionTest } from '../../events/order.events.ts';
import type { ImpliedVolatility } from '../../streams/option-chains.ts';
import { atMost, needs } from '../decision-tests.ts';

export type GuardState = 'shut' | 'open' | 'crowded';
type Rules = Config['guard'];

const below = (test: string, value: number, limit: number): DecisionTest =>
  needs(test, value, limit, value < limit);

/** The rank, where there is enough history for one to mean anything. */
const usableRank = ({ rank, sessions }: ImpliedVolatility, { rankHistoryMin }: Rules): number | null =>
  sessions >= rankHistoryMin ? rank : null;

/** Without implied volatility, or anything to compare it with, nobody knows what is dear. */
export const isUnknown = (volatility: ImpliedVolatility | null): boolean =>
  (volatility?.ratio ?? null) === null;

export function isCrowded(volatility: ImpliedVolatility | null, rules: Rules): boolean {
  if (volatility === null || volatility.ratio === null) return false;
  const rank = usableRank(volatility, rules);
  return (rank !== null && rank >= rules.crowdedRank) || volatility.ratio >= rules.crowdedRatio;
}

export function isRelaxed(volatility: ImpliedVolatility | null, rules: Rules): boolean {
  if (volatility === null || volatility.ratio === null) return false;
  const rank = usableRank(volatility, rules);
  return (rank === null || rank <= rules.openRank) && volatility.ratio <= rules.openRatio;
}

/** What a guard that stands at `from` asks at a close; it is open afterwards where all that count passed. */
export function guardTests(
  from: GuardState,
  volatility: ImpliedVolatility | null,
  rules: Rules,
): DecisionTest[] {
  if (volatility === null) return [needs('impliedVolatility', null, 'known', false)];
  const { ratio, sessions } = volatility;
  if (ratio === null) return [needs('ivRatio', null, 'known', false)];
  const rank = usableRank(volatility, rules);
  const crowded = from === 'crowded';
  const ofRatio = crowded
    ? atMost('ivRatio', ratio, rules.openRatio)
    : below('ivRatio', ratio, rules.crowdedRatio);
  if (rank === null) {
    const limit = `${rules.rankHistoryMin} for a rank: the ratio decides alone`;
    return [ofRatio, needs('ivHistory', sessions, limit, true)];
  }
  const ofRank = crowded ? atMost('ivRank', rank, rules.openRank) : below('ivRank', rank, rules.crowdedRank);
  return [ofRank, ofRatio];
}
