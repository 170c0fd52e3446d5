/** A run beside the same run with one part of it changed. */
import type { RunProjection } from '../src/projections/run-projection.ts';
import type { BacktestSummary } from './summary.ts';

export interface Twin {
  /** What was changed: `hedge=off`. */
  readonly label: string;
  readonly summary: BacktestSummary;
  readonly projection: RunProjection;
}

const NAMES: Readonly<Record<string, string>> = {
  'hedge=off': 'without hedge',
  'hedge=on': 'with hedge',
  'instruments=equity': 'shares only',
  'instruments=all': 'with options',
  'exits=off': 'without exits',
  'exits=on': 'with exits',
  'risk=off': 'without limits',
  'risk=on': 'with limits',
};

/** The changed run in words, for the head of a column. */
export const twinName = ({ label }: Pick<Twin, 'label'>): string => NAMES[label] ?? label;

/** What `--json` says of the changed run. */
export function twinMetrics({ label, summary }: Pick<Twin, 'label' | 'summary'>) {
  const { finalEquity, roi, cagr, volatility, sharpe, sortino, calmar, maxDrawdown, maxDrawdownDays } =
    summary;
  const { tradeCount, winRate, profitFactor, expectancy, exposure, turnover, fees, years } = summary;
  return {
    label,
    finalEquity,
    roi,
    cagr,
    volatility,
    sharpe,
    sortino,
    calmar,
    maxDrawdown,
    maxDrawdownDays,
    tradeCount,
    winRate,
    profitFactor,
    expectancy,
    exposure,
    turnover,
    fees,
    years: years.map(({ year, roi }) => ({ year, roi })),
  };
}
