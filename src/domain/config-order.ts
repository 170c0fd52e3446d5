/** Pairs of settings that only make sense in one order: each alone is valid, together they would never act, or act at once. */
import type { Config } from './config.ts';

type Rule = readonly [smaller: string, larger: string, relation: 'below' | 'at most'];

const RULES: readonly Rule[] = [
  ['regime.trend.smaFast', 'regime.trend.smaSlow', 'below'],
  ['regime.volatility.elevatedOut', 'regime.volatility.elevatedIn', 'at most'],
  ['regime.volatility.stressedOut', 'regime.volatility.stressedIn', 'at most'],
  ['regime.volatility.elevatedIn', 'regime.volatility.stressedIn', 'at most'],
  ['regime.structure.threatenedAtr', 'regime.structure.clearAtr', 'at most'],
  ['selector.exitConviction', 'selector.equityConviction', 'at most'],
  ['selector.equityConviction', 'selector.optionConviction', 'at most'],
  ['selector.option.daysMin', 'selector.option.daysMax', 'at most'],
  ['selector.option.exitDays', 'selector.option.daysMin', 'below'],
  ['selector.option.deltaMin', 'selector.option.deltaMax', 'at most'],
  ['guard.openRank', 'guard.crowdedRank', 'at most'],
  ['guard.openRatio', 'guard.crowdedRatio', 'at most'],
  ['hedge.daysMin', 'hedge.daysMax', 'at most'],
  ['hedge.rollDays', 'hedge.daysMin', 'below'],
  ['hedge.deltaMin', 'hedge.deltaMax', 'at most'],
  ['risk.dailyLossReduce', 'risk.dailyLossHalt', 'at most'],
  ['options.model.skewMin', 'options.model.skewMax', 'at most'],
  ['venue.callsKeptForCancels', 'venue.callsPerMinute', 'below'],
];

/** The first pair that stands in the wrong order, as the end of a sentence, or null. */
export function wrongOrder(config: Config): string | null {
  for (const [smaller, larger, relation] of RULES) {
    const low = valueAt(config, smaller);
    const high = valueAt(config, larger);
    if (relation === 'below' ? low < high : low <= high) continue;
    return `${smaller} is ${low} and ${larger} is ${high}; the first must be ${relation} the second`;
  }
  return null;
}

const valueAt = (config: Config, path: string): number =>
  path.split('.').reduce((at: unknown, name) => (at as Record<string, unknown>)[name], config) as number;
