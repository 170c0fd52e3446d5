/** What `quantos state` says of risk: positions with what they move with, their sums, volatility and the guard, the hedge. */
import type { ActorSystem } from '../actors/actor-system.ts';
import { fromMicros, notionalMicros } from '../domain/money.ts';

/** Positions with their greeks. Dollars. */
export function describePositions({ portfolio, market, options, exposures }: ActorSystem) {
  return portfolio.positions().map((position) => {
    const { symbol, role, quantity, multiplier } = position;
    const contract = options.contract(symbol);
    const lastPx = market.lastPx(symbol) ?? null;
    const { underlying, delta, deltaUnits, betaWeighted, gamma, vega, theta, premium } =
      exposures.of(position);
    return {
      symbol,
      quantity,
      avgPx: portfolio.avgPx(symbol, role),
      role,
      lastPx,
      value: lastPx === null ? null : fromMicros(notionalMicros(quantity, lastPx, multiplier)),
      unrealized: fromMicros(portfolio.unrealizedMicros(position)),
      realized: fromMicros(position.realizedMicros),
      underlying,
      instrument: contract?.right ?? ('equity' as const),
      expiry: contract?.expiry ?? null,
      strike: contract?.strike ?? null,
      impliedVol: contract === undefined ? null : (options.greeks(symbol)?.impliedVol ?? null),
      deltaUnits,
      delta,
      betaWeightedDelta: betaWeighted,
      gamma,
      vega,
      theta,
      premium,
    };
  });
}

const UNITS = {
  delta: 'dollars: delta x price of the underlying',
  betaWeightedDelta: 'the same in dollars of the benchmark',
  gamma: 'dollars of delta for a rise of 1 %',
  vega: 'dollars for a volatility point',
  theta: 'dollars a calendar day',
  premiumAtRisk: 'dollars that bought options can still lose',
} as const;

/** Sums over the account, dollars. `buyingPower` is the cash that no open order has claimed. */
export function describeExposure({ exposures, account, market }: ActorSystem) {
  const all = exposures.sum();
  const { cashMicros } = account.view(market.decided[0] ?? '');
  return {
    buyingPower: Math.max(0, fromMicros(cashMicros)),
    netDelta: all.delta,
    betaWeightedDelta: all.betaWeighted,
    hedgeDelta: exposures.sum(['hedge']).betaWeighted,
    gamma: all.gamma,
    vega: all.vega,
    theta: all.theta,
    premiumAtRisk: all.premium,
    units: UNITS,
  };
}

/** By symbol that has a chain: how dear its options are, and whether the guard lets premium be bought. */
export function describeVolatility({ market, options, selector }: ActorSystem) {
  const covered = market.decided.filter((symbol) => options.covers(symbol) !== 'none');
  return Object.fromEntries(
    covered.map((symbol) => {
      const none = { atm: null, rank: null, percentile: null, ratio: null, sessions: 0 };
      const measured = options.volatility(symbol) ?? none;
      const guard = selector?.view(symbol).state.guard ?? null;
      return [symbol, { chain: options.covers(symbol), guard, ...measured }];
    }),
  );
}

/** The put protocol; null where nothing is hedged. */
export function describeHedge({ hedging }: ActorSystem) {
  if (hedging === null) return null;
  const { state, sized } = hedging.view();
  if (sized === null) return { state, sized };
  const { contract, quantity, exposure, target, premium, unhedged } = sized;
  return { state, sized: { contract, quantity, exposure, target, premium, unhedged } };
}
