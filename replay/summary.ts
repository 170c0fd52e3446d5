/** A finished run as the document `backtest --json` prints, but for what only the caller knows (time taken, digest). */
import { fromMicros } from '../src/domain/money.ts';
import { roundTrips, type Trade } from '../src/projections/round-trips.ts';
import type { RunProjection } from '../src/projections/run-projection.ts';
import { isoDay } from '../src/projections/run-samples.ts';
import { type DecisionTable, decisionTable } from './decisions.ts';
import { type ExecutionTable, executionTable } from './execution-quality.ts';
import { type HedgeTable, hedgeTable } from './hedge-table.ts';
import {
  type Curve,
  type CurveMetrics,
  curveMetrics,
  dailyReturns,
  ratio,
  sum,
  type TradeMetrics,
  tradeMetrics,
  yearsOf,
} from './metrics.ts';
import { type BacktestingMetrics, backtestingMetrics } from './metrics-backtesting.ts';
import {
  type InstrumentRow,
  instrumentTable,
  type MonthRow,
  monthTable,
  ordersOn,
  type RegimeTable,
  regimeTable,
  type YearRow,
  yearTable,
} from './tables.ts';

export interface BenchmarkSummary extends CurveMetrics {
  readonly symbol: string;
  readonly finalEquity: number;
  /** Of the run's daily returns against the benchmark's. */
  readonly beta: number | null;
  readonly correlation: number | null;
}

export interface BacktestSummary extends CurveMetrics, TradeMetrics {
  readonly strategy: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly dataset: string;
  /** Days of the first and the last decision bar. */
  readonly from: string | null;
  readonly to: string | null;
  /** Decision bars. */
  readonly bars: number;
  readonly startCash: number;
  /** Paid in since then, less what was paid out: part of the final equity, and of no result. */
  readonly deposits: number;
  readonly finalEquity: number;
  readonly finalCash: number;
  readonly tradesPerYear: number | null;
  readonly exposure: number | null;
  readonly turnover: number | null;
  readonly fees: number;
  readonly buys: number;
  readonly sells: number;
  /** Buy and hold. */
  readonly benchmark: BenchmarkSummary | null;
  readonly regimes: RegimeTable;
  readonly instruments: Readonly<Record<string, InstrumentRow>>;
  readonly months: readonly MonthRow[];
  readonly years: readonly YearRow[];
  readonly decisions: DecisionTable;
  readonly execution: ExecutionTable;
  /** Null where the protocol was off. */
  readonly hedges: HedgeTable | null;
  /** Where the options of each symbol came from; symbols without any are left out. */
  readonly optionChains: Readonly<Record<string, 'recorded' | 'modelled'>>;
  readonly positions: readonly OpenPosition[];
  readonly trades: readonly Trade[];
  readonly compat: { readonly backtesting: BacktestingMetrics };
  readonly modelled: readonly string[];
  readonly warnings: readonly string[];
  readonly inputEvents: number;
  readonly decisionEvents: number;
}

export interface OpenPosition {
  readonly symbol: string;
  readonly role: string;
  readonly quantity: number;
  readonly avgPx: number;
  readonly value: number;
}

/** Summarizes a finished projection; throws where its log never said what was run. */
export function summarizeRun(run: RunProjection): BacktestSummary {
  const { manifest, samples, ledger, journal } = run;
  if (manifest === null)
    throw new RangeError('this log has no SessionStarted event: it is not a run of the engine');
  const { startCash } = run;
  const curve: Curve = {
    start: startCash,
    day: samples.day,
    value: samples.equity,
    drawdown: samples.drawdown,
  };
  const trades = roundTrips([...journal.opening, ...journal.fills], journal.splits);
  const own = tradeMetrics(trades);
  const years = yearsOf(curve);
  const plans = journal.fills.filter((fill) => fill.role !== 'core');
  const traded = sum(plans.map((fill) => fill.quantity * fill.px * fill.multiplier));
  const { bars } = samples;
  return {
    strategy: manifest.run.strategy.name,
    params: manifest.run.strategy.params,
    dataset: manifest.datasets.map((each) => each.name).join(', '),
    from: bars === 0 ? null : isoDay(samples.day[0]),
    to: bars === 0 ? null : isoDay(samples.lastDay),
    bars,
    startCash,
    deposits: fromMicros(run.account.depositedMicros),
    finalEquity: fromMicros(ledger.equityMicros(run.markOf)),
    ...curveMetrics(curve),
    ...own,
    tradesPerYear: ratio(own.tradeCount, years),
    exposure: ratio(samples.exposedBars, bars),
    turnover: ratio(ratio(traded / 2, sum(curve.value) / curve.value.length), years),
    fees: fromMicros(ledger.feesMicros),
    buys: ordersOn('buy', plans),
    sells: ordersOn('sell', plans),
    finalCash: fromMicros(ledger.cashMicros),
    benchmark: benchmarkOf(run, curve),
    regimes: regimeTable(run, curve, trades),
    instruments: instrumentTable(run, trades),
    months: monthTable(run, curve),
    years: yearTable(run, curve),
    decisions: decisionTable(trades),
    execution: executionTable(journal.fills),
    hedges: hedgeTable(run),
    optionChains: optionChains(run),
    positions: openPositions(run),
    trades,
    compat: { backtesting: backtestingMetrics(curve, trades) },
    modelled: manifest.modelled,
    warnings: warningsOf(run),
    inputEvents: run.inputs,
    decisionEvents: run.decisions,
  };
}

/** All the starting cash in the benchmark at its first close, nothing paid, nothing sold. */
function benchmarkOf(run: RunProjection, curve: Curve): BenchmarkSummary | null {
  const marks = run.samples.benchmark;
  const first = marks.findIndex((mark) => mark > 0);
  if (first < 0 || run.benchmark === null) return null;
  const held: Curve = {
    start: marks[first],
    day: curve.day.slice(first),
    value: marks.slice(first),
    drawdown: run.samples.benchmarkDrawdown,
  };
  const metrics = curveMetrics(held);
  return {
    symbol: run.benchmark,
    finalEquity: curve.start * ((metrics.roi ?? 0) + 1),
    ...metrics,
    ...against(dailyReturns(curve), dailyReturns(held)),
  };
}

/** Slope and correlation of `own` on `other`, over the days both have, without the first (it has no return of its own). */
function against(
  own: readonly number[],
  other: readonly number[],
): { beta: number | null; correlation: number | null } {
  const n = Math.min(own.length, other.length) - 1;
  if (n < 2) return { beta: null, correlation: null };
  const a = own.slice(-n);
  const b = other.slice(-n);
  const averageA = sum(a) / n;
  const averageB = sum(b) / n;
  let both = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < n; i++) {
    both += (a[i] - averageA) * (b[i] - averageB);
    squaresA += (a[i] - averageA) ** 2;
    squaresB += (b[i] - averageB) ** 2;
  }
  return { beta: ratio(both, squaresB), correlation: ratio(both, Math.sqrt(squaresA * squaresB)) };
}

function optionChains({ manifest, options }: RunProjection): BacktestSummary['optionChains'] {
  const chains: Record<string, 'recorded' | 'modelled'> = {};
  for (const symbol of manifest?.symbols ?? []) {
    const source = options?.covers(symbol) ?? 'none';
    if (source !== 'none') chains[symbol] = source;
  }
  return chains;
}

/** What to say wherever results rest on options; null where there were none to trade. */
export function chainSentence({ optionChains }: Pick<BacktestSummary, 'optionChains'>): string | null {
  const from = (source: string) =>
    Object.keys(optionChains).filter((symbol) => optionChains[symbol] === source);
  const [recorded, modelled] = [from('recorded'), from('modelled')];
  if (recorded.length + modelled.length === 0) return null;
  if (recorded.length === 0) return 'Options: modelled chain, no recorded quotes.';
  if (modelled.length === 0) return 'Options: recorded chains.';
  return `Options: recorded chains of ${recorded.join(', ')}; modelled chains, no recorded quotes, of ${modelled.join(', ')}.`;
}

const openPositions = (run: RunProjection): OpenPosition[] =>
  run.ledger.positions().map(({ symbol, role, quantity, costMicros, multiplier }) => {
    const avgPx = fromMicros(costMicros) / quantity / multiplier;
    return { symbol, role, quantity, avgPx, value: quantity * multiplier * (run.markOf(symbol) ?? avgPx) };
  });

function warningsOf({ journal, samples }: RunProjection): string[] {
  const warnings = [...journal.notes];
  if (samples.bars === 0) warnings.push('No decision bar was reached: there is nothing to measure.');
  for (const [reason, times] of journal.denied)
    warnings.push(`${times} × order denied by the risk gate: ${reason}`);
  for (const [what, times] of journal.mishaps) warnings.push(`${times} × ${what}`);
  return warnings;
}
