/** How much of each risk limit is used at this moment: what the gate would measure before the next order. */
import type { ActorSystem } from '../actors/actor-system.ts';
import { type Config, configFor, type RunSpec } from '../domain/config.ts';
import { fromMicros } from '../domain/money.ts';

/** In the order of a page. */
export const limitNames = [
  'symbolExposure',
  'grossExposure',
  'netDelta',
  'buyingPower',
  'portfolioHeat',
  'dailyLossReduce',
  'dailyLossHalt',
  'intentsThisMinute',
  'rejectsInARow',
  'rejectsThisMinute',
  'venueCallsThisMinute',
  'hedgePremiumOfYear',
] as const;
export type LimitName = (typeof limitNames)[number];

/** Open orders count as filled, as they do at the gate. */
export interface LimitBar {
  readonly name: LimitName;
  /** For limits by symbol; else null. */
  readonly symbol: string | null;
  readonly used: number;
  readonly limit: number;
  readonly unit: 'share' | 'dollars' | 'count';
  /** False where the run does not enforce it (profile `plain`, `--risk off`): shown, and nothing is denied by it. */
  readonly enforced: boolean;
}

/** Of more symbols than this only those are told of which something is held or ordered. */
const SYMBOLS_MAX = 20;

type Bar = Omit<LimitBar, 'symbol' | 'enforced'> & { readonly symbol?: string };

export function describeLimits(actors: ActorSystem, run: RunSpec): LimitBar[] {
  return [...exposures(actors, run.config), ...rates(actors, run)].map((bar) => ({
    symbol: null,
    enforced: run.risk,
    ...bar,
  }));
}

function* exposures(
  { account, heat, market, portfolio, pricing }: ActorSystem,
  { risk }: Config,
): Iterable<Bar> {
  const { decided } = market;
  for (const symbol of decided) {
    const { symbolMicros, equityMicros } = account.view(symbol);
    const used = symbolMicros / equityMicros;
    if (decided.length > SYMBOLS_MAX && used === 0) continue;
    const limit = pricing.configOf(symbol).risk.symbolCap;
    yield { name: 'symbolExposure', symbol, used, limit, unit: 'share' };
  }
  const { grossMicros, equityMicros, cashMicros } = account.view(decided[0] ?? '');
  yield { name: 'grossExposure', used: grossMicros / equityMicros, limit: risk.grossCap, unit: 'share' };
  const netDelta = Math.abs(account.netDelta()) / fromMicros(equityMicros);
  yield { name: 'netDelta', used: netDelta, limit: risk.netDeltaCap, unit: 'share' };
  const cash = portfolio.cashMicros;
  const payable = Math.max(0, fromMicros(risk.buyingPowerShare * cash));
  yield { name: 'buyingPower', used: fromMicros(cash - cashMicros), limit: payable, unit: 'dollars' };
  yield { name: 'portfolioHeat', used: heat.value, limit: risk.heatPause, unit: 'share' };
}

function* rates(actors: ActorSystem, { config, benchmark }: RunSpec): Iterable<Bar> {
  const { tradingState, pace, conditions, hedging, hedgeLimits } = actors;
  const { risk } = config;
  const lost = Math.max(0, tradingState.loss.share);
  yield { name: 'dailyLossReduce', used: lost, limit: risk.dailyLossReduce, unit: 'share' };
  yield { name: 'dailyLossHalt', used: lost, limit: risk.dailyLossHalt, unit: 'share' };
  const intents = pace.intentsThisMinute;
  yield { name: 'intentsThisMinute', used: intents, limit: risk.intentsPerMinute, unit: 'count' };
  const { inARow, thisMinute } = tradingState.rejects;
  yield { name: 'rejectsInARow', used: inARow, limit: risk.rejectsInARow, unit: 'count' };
  yield { name: 'rejectsThisMinute', used: thisMinute, limit: risk.rejectsPerMinute, unit: 'count' };
  if (conditions.apply) {
    const { made, most } = conditions.calls;
    yield { name: 'venueCallsThisMinute', used: made, limit: most, unit: 'count' };
  }
  if (hedging === null || benchmark === null) return;
  const { spent, limit } = hedgeLimits.ofYear(configFor(config, benchmark).hedge);
  yield { name: 'hedgePremiumOfYear', used: spent, limit, unit: 'dollars' };
}
