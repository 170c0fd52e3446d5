/**
 * The numbers a run is judged by, by the specification in docs/metrics.md. Fractions are fractions, money is dollars,
 * and what is undefined is null: never NaN, never a convenient zero.
 */
import type { Drawdown } from '../src/projections/drawdown.ts';
import type { Trade } from '../src/projections/round-trips.ts';

const DAYS_PER_YEAR = 365.25;

/** An equity curve by trading day (since 1970), what it started from, and its drawdown, which looks at every bar. */
export interface Curve {
  readonly start: number;
  readonly day: readonly number[];
  readonly value: readonly number[];
  readonly drawdown: Pick<Drawdown, 'depth' | 'days'>;
}

export interface CurveMetrics {
  readonly roi: number | null;
  readonly cagr: number | null;
  readonly volatility: number | null;
  readonly sharpe: number | null;
  readonly sortino: number | null;
  readonly calmar: number | null;
  readonly maxDrawdown: number | null;
  readonly maxDrawdownDays: number | null;
}

export interface TradeMetrics {
  readonly tradeCount: number;
  readonly winRate: number | null;
  readonly profitFactor: number | null;
  readonly expectancy: number | null;
}

export function curveMetrics(curve: Curve): CurveMetrics {
  const n = curve.value.length;
  if (n === 0) {
    const none = { roi: null, cagr: null, volatility: null, sharpe: null, sortino: null, calmar: null };
    return { ...none, maxDrawdown: null, maxDrawdownDays: null };
  }
  const end = curve.value[n - 1];
  const years = yearsOf(curve);
  const daily = dailyReturns(curve);
  const periods = periodsPerYear(curve.day);
  const average = mean(daily);
  const deviation = sampleDeviation(daily);
  const downside = downsideDeviation(daily);
  const { depth, days } = curve.drawdown;
  const cagr = compoundRate(curve.start, end, years);
  return {
    roi: end / curve.start - 1,
    cagr,
    volatility: deviation === null ? null : deviation * Math.sqrt(periods),
    sharpe: ratio(average, deviation, Math.sqrt(periods)),
    sortino: ratio(average, downside, Math.sqrt(periods)),
    calmar: ratio(cagr, depth),
    maxDrawdown: depth,
    maxDrawdownDays: days,
  };
}

export function tradeMetrics(trades: readonly Pick<Trade, 'pnl'>[]): TradeMetrics {
  const pnls = trades.map((trade) => trade.pnl);
  const gains = sum(pnls.filter((pnl) => pnl > 0));
  const losses = -sum(pnls.filter((pnl) => pnl < 0));
  return {
    tradeCount: pnls.length,
    winRate: pnls.length === 0 ? null : pnls.filter((pnl) => pnl > 0).length / pnls.length,
    profitFactor: ratio(gains, losses),
    expectancy: mean(pnls),
  };
}

/** Calendar years from the first row's day to the last's. */
export const yearsOf = ({ day }: Curve): number =>
  day.length === 0 ? 0 : (day[day.length - 1] - day[0]) / DAYS_PER_YEAR;

/** One arithmetic return a trading day; the first is measured from the curve's start. */
export function dailyReturns(curve: Curve): number[] {
  let before = curve.start;
  return curve.value.map((value) => {
    const change = value / before - 1;
    before = value;
    return change;
  });
}

/** 365 where the rows trade through weekends (a market that never closes), else 252. */
export function periodsPerYear(day: readonly number[]): 252 | 365 {
  let weekend = 0;
  // 1970-01-01 was a Thursday: with Monday as 0, Saturday is 5 and Sunday 6.
  for (const each of day) if ((each + 3) % 7 >= 5) weekend += 1;
  return weekend > (2 / 7) * 0.6 * day.length ? 365 : 252;
}

/** The constant yearly rate that leads from `start` to `end`; null without time or with nothing left. */
export const compoundRate = (start: number, end: number, years: number): number | null =>
  years > 0 && end > 0 ? finite((end / start) ** (1 / years) - 1) : null;

/** A quotient, scaled; null where the divisor is 0 or either side is undefined. */
export const ratio = (over: number | null, under: number | null, scale = 1): number | null =>
  over === null || under === null || under === 0 ? null : finite((over / under) * scale);

/** A number no one could print (a day's gain annualised can overflow) is undefined. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

export function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

export const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : sum(values) / values.length;

/** Standard deviation with n - 1; null for fewer than two values. */
export function sampleDeviation(values: readonly number[]): number | null {
  const average = mean(values);
  if (average === null || values.length < 2) return null;
  let squares = 0;
  for (const value of values) squares += (value - average) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** Root of the mean squared loss, over all values. */
export function downsideDeviation(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  let squares = 0;
  for (const value of values) squares += Math.min(value, 0) ** 2;
  return Math.sqrt(squares / values.length);
}
