/**
 * The same run by the formulas of backtesting.py 0.6, so that results compare to the last digit. They differ from ours in
 * returns (n - 1, the first row is the base), compounding (geometric), and trades (returns instead of money).
 */
import type { Trade } from '../src/projections/round-trips.ts';
import {
  type Curve,
  compoundRate,
  downsideDeviation,
  finite,
  mean,
  periodsPerYear,
  ratio,
  sampleDeviation,
  sum,
  yearsOf,
} from './metrics.ts';

export interface BacktestingMetrics {
  readonly annualReturn: number | null;
  readonly volatility: number | null;
  readonly cagr: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  readonly maxDrawdown: number | null;
  readonly maxDrawdownDays: number | null;
  readonly winRate: number | null;
  readonly profitFactor: number | null;
  readonly expectancy: number | null;
}

export function backtestingMetrics(curve: Curve, trades: readonly Trade[]): BacktestingMetrics {
  const closes = curve.value;
  const first = closes[0];
  const last = closes[closes.length - 1];
  const returns = closes.slice(1).map((value, i) => value / closes[i] - 1);
  const periods = periodsPerYear(curve.day);
  const years = yearsOf(curve);
  const growth = geometricGrowth(closes);
  const deviation = sampleDeviation(returns);
  const annualReturn = growth === null ? null : finite(growth ** periods - 1);
  const volatility =
    growth === null || deviation === null
      ? null
      : finite(Math.sqrt((deviation ** 2 + growth ** 2) ** periods - growth ** (2 * periods)));
  const empty = closes.length === 0;
  const tradeReturns = trades.map((trade) => trade.returnOnEntry);
  return {
    annualReturn,
    volatility,
    cagr: compoundRate(first, last, years),
    sharpe: ratio(annualReturn, volatility),
    sortino: ratio(annualReturn, downsideDeviation(returns), 1 / Math.sqrt(periods)),
    calmar: ratio(annualReturn, curve.drawdown.depth),
    maxDrawdown: empty ? null : curve.drawdown.depth,
    maxDrawdownDays: empty ? null : curve.drawdown.days,
    winRate: trades.length === 0 ? null : trades.filter((trade) => trade.pnl > 0).length / trades.length,
    profitFactor: ratio(sum(tradeReturns.filter((r) => r > 0)), -sum(tradeReturns.filter((r) => r < 0))),
    expectancy: mean(tradeReturns),
  };
}

/** The mean daily growth factor, compounded; null for fewer than two days or where equity was lost whole. */
function geometricGrowth(closes: readonly number[]): number | null {
  if (closes.length < 2) return null;
  let logs = 0;
  for (let i = 1; i < closes.length; i++) {
    if (closes[i] <= 0 || closes[i - 1] <= 0) return null;
    logs += Math.log(closes[i] / closes[i - 1]);
  }
  return Math.exp(logs / (closes.length - 1));
}
