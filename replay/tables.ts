/** A run cut in ways: by the regime its days began in, by what was traded, by calendar month and by year. */
import { fromMicros, notionalMicros } from '../src/domain/money.ts';
import type { OptionContract } from '../src/domain/options/contract.ts';
import type { PositionRole } from '../src/domain/portfolio.ts';
import { type HoldingKind, holdingKinds } from '../src/projections/profit-by-kind.ts';
import type { Trade } from '../src/projections/round-trips.ts';
import type { RunProjection } from '../src/projections/run-projection.ts';
import { flowMicros, regimeRegions } from '../src/projections/run-records.ts';
import { isoDay } from '../src/projections/run-samples.ts';
import { type Curve, periodsPerYear, sampleDeviation, type TradeMetrics, tradeMetrics } from './metrics.ts';

export interface RegimeRow extends TradeMetrics {
  readonly days: number;
  /** Share of all days. */
  readonly share: number;
  /** Of those days alone, compounded; buy and hold's beside it. */
  readonly roi: number | null;
  readonly benchmarkRoi: number | null;
  readonly volatility: number | null;
  /** Net profit of the trades entered in it, dollars. */
  readonly pnl: number;
}
/** By region, then by state; a day or trade before the first word of a region is `unknown`. */
export type RegimeTable = Readonly<Record<string, Readonly<Record<string, RegimeRow>>>>;

export interface InstrumentRow extends TradeMetrics {
  readonly underlying: string;
  /** A symbol's own row holds its shares, core holdings and hedges without options included. */
  readonly kind: 'shares' | 'calls' | 'puts' | 'hedges';
  readonly buys: number;
  readonly sells: number;
  readonly fees: number;
  /** Everything it earned, open positions at their marks, after fees: the rows add up to the run's profit. */
  readonly pnl: number;
  readonly corePnl: number;
  readonly hedgePnl: number;
}

export interface MonthRow {
  /** YYYY-MM. */
  readonly month: string;
  readonly roi: number;
  readonly benchmarkRoi: number | null;
}

/** The symbol whose regime is the market's: the benchmark, or else the first symbol that has one. */
export function regimeSymbol({ benchmark, journal }: RunProjection): string | null {
  if (benchmark !== null && journal.regimes.has(benchmark)) return benchmark;
  return journal.regimes.keys().next().value ?? null;
}

export function regimeTable(run: RunProjection, curve: Curve, trades: readonly Trade[]): RegimeTable {
  const symbol = regimeSymbol(run);
  if (symbol === null) return {};
  const changes = run.journal.regimeChanges.filter((change) => change.symbol === symbol);
  const { time: times, benchmark: marks } = run.samples;
  const closes = curve.value;
  const periods = periodsPerYear(curve.day);
  const table: Record<string, Record<string, RegimeRow>> = {};
  for (const region of regimeRegions) {
    const returnsIn = new Map<string, { own: number[]; benchmark: number[] }>();
    let next = 0;
    let state = 'unknown';
    for (let i = 0; i < closes.length; i++) {
      // A day belongs to the regime it began in: what was known at the close before.
      while (i > 0 && next < changes.length && changes[next].time <= times[i - 1]) {
        state = changes[next++].now[region] ?? 'unknown';
      }
      const returns = returnsIn.get(state) ?? { own: [], benchmark: [] };
      returnsIn.set(state, returns);
      returns.own.push(closes[i] / (i === 0 ? curve.start : closes[i - 1]) - 1);
      if (i > 0 && marks[i - 1] > 0) returns.benchmark.push(marks[i] / marks[i - 1] - 1);
    }
    table[region] = {};
    for (const [state, returns] of returnsIn) {
      const entered = trades.filter((trade) => (trade.regimeAtEntry?.[region] ?? 'unknown') === state);
      const deviation = sampleDeviation(returns.own);
      table[region][state] = {
        days: returns.own.length,
        share: returns.own.length / closes.length,
        roi: compound(returns.own),
        benchmarkRoi: compound(returns.benchmark),
        volatility: deviation === null ? null : deviation * Math.sqrt(periods),
        pnl: entered.reduce((total, trade) => total + trade.pnl, 0),
        ...tradeMetrics(entered),
      };
    }
  }
  return table;
}

/** Where a position counts: a symbol's own row, or that of one kind of option on it: `SPY calls`, `SPY puts`, `SPY hedge`. */
interface Row {
  readonly underlying: string;
  readonly kind: InstrumentRow['kind'];
}

const nameOf = ({ underlying, kind }: Row): string =>
  kind === 'shares' ? underlying : `${underlying} ${kind === 'hedges' ? 'hedge' : kind}`;

const rowOf = (
  symbol: string,
  role: PositionRole,
  contract: Pick<OptionContract, 'underlying' | 'right'> | null,
): Row =>
  contract === null
    ? { underlying: symbol, kind: 'shares' }
    : { underlying: contract.underlying, kind: role === 'hedge' ? 'hedges' : `${contract.right}s` };

interface RowTally extends Row {
  readonly fills: RunProjection['journal']['fills'];
  readonly trades: Trade[];
  /** What came in less what went out, and what is still held at its mark. */
  readonly micros: Record<PositionRole, number>;
}

export function instrumentTable(run: RunProjection, trades: readonly Trade[]): Record<string, InstrumentRow> {
  const { journal, account, ledger } = run;
  const tallies = new Map<string, RowTally>();
  const tallyOf = (row: Row): RowTally => {
    let tally = tallies.get(nameOf(row));
    if (tally === undefined) {
      tally = { ...row, fills: [], trades: [], micros: { tactical: 0, core: 0, hedge: 0 } };
      tallies.set(nameOf(row), tally);
    }
    return tally;
  };
  for (const fill of journal.fills) {
    const tally = tallyOf(rowOf(fill.symbol, fill.role, fill.contract));
    tally.fills.push(fill);
    tally.micros[fill.role] += flowMicros(fill);
  }
  for (const opened of journal.opening) {
    tallyOf(rowOf(opened.symbol, opened.role, opened.contract)).micros[opened.role] += flowMicros(opened);
  }
  for (const { symbol, role, micros } of account.received) {
    tallyOf(rowOf(symbol ?? 'cash', role, null)).micros[role] += micros;
  }
  for (const { symbol, quantity, px } of account.core) {
    const { micros } = tallyOf(rowOf(symbol, 'core', null));
    micros.core -= notionalMicros(quantity, px, run.multiplierOf(symbol));
  }
  for (const { from, role, cashMicros } of journal.splits.flatMap(({ moves }) => moves)) {
    if (cashMicros !== 0) tallyOf(rowOf(from, role, null)).micros[role] += cashMicros;
  }
  for (const { symbol, role, quantity, costMicros, multiplier } of ledger.positions()) {
    const { micros } = tallyOf(rowOf(symbol, role, run.options?.contract(symbol) ?? null));
    const mark = run.markOf(symbol);
    micros[role] += mark === undefined ? costMicros : notionalMicros(quantity, mark, multiplier);
  }
  for (const trade of trades) {
    const { symbol, role, underlying, instrument } = trade;
    const contract = instrument === 'equity' ? null : { underlying, right: instrument };
    tallyOf(rowOf(symbol, role, contract)).trades.push(trade);
  }
  const rows = [...tallies].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    rows.map(([name, { underlying, kind, fills, micros, ...tally }]): [string, InstrumentRow] => [
      name,
      {
        underlying,
        kind,
        ...tradeMetrics(tally.trades),
        buys: ordersOn('buy', fills),
        sells: ordersOn('sell', fills),
        fees: fromMicros(fills.reduce((total, fill) => total + fill.feeMicros, 0)),
        pnl: fromMicros(micros.tactical + micros.core + micros.hedge),
        corePnl: fromMicros(micros.core),
        hedgePnl: fromMicros(micros.hedge),
      },
    ]),
  );
}

/** Orders that traded at all on one side; settlements are none. */
export function ordersOn(side: 'buy' | 'sell', fills: RunProjection['journal']['fills']): number {
  const ordinals = fills.filter((fill) => fill.side === side && fill.ordinal !== null);
  return new Set(ordinals.map(({ ordinal }) => ordinal)).size;
}

export function monthTable(run: RunProjection, curve: Curve): MonthRow[] {
  const marks = run.samples.benchmark;
  const rows: MonthRow[] = [];
  let before = curve.start;
  let markBefore = marks[0];
  curve.day.forEach((day, i) => {
    const month = isoDay(day).slice(0, 7);
    if (i + 1 < curve.day.length && isoDay(curve.day[i + 1]).startsWith(month)) return;
    const benchmarkRoi = markBefore > 0 ? marks[i] / markBefore - 1 : null;
    rows.push({ month, roi: curve.value[i] / before - 1, benchmarkRoi });
    before = curve.value[i];
    markBefore = marks[i];
  });
  return rows;
}

export interface YearRow extends Readonly<Record<HoldingKind, number>> {
  /** YYYY. */
  readonly year: string;
  readonly roi: number;
  readonly benchmarkRoi: number | null;
  /** Dollars earned, open positions at their marks; of it by kind in the fields of their names. */
  readonly pnl: number;
}

/** Empty in profile `plain`, where all is shares. */
export function yearTable(run: RunProjection, curve: Curve): YearRow[] {
  const profits = run.account.profits?.rows ?? [];
  const marks = run.samples.benchmark;
  const rows: YearRow[] = [];
  let from = -1;
  profits.forEach((profit, i) => {
    const year = isoDay(curve.day[i]).slice(0, 4);
    if (i + 1 < profits.length && isoDay(curve.day[i + 1]).startsWith(year)) return;
    const equityBefore = from < 0 ? curve.start : curve.value[from];
    const markBefore = marks[Math.max(0, from)];
    const earned = holdingKinds.map((kind) => [
      kind,
      fromMicros(profit[kind] - (profits[from]?.[kind] ?? 0)),
    ]);
    rows.push({
      year,
      roi: curve.value[i] / equityBefore - 1,
      benchmarkRoi: markBefore > 0 ? marks[i] / markBefore - 1 : null,
      pnl: curve.value[i] - equityBefore,
      ...(Object.fromEntries(earned) as Record<HoldingKind, number>),
    });
    from = i;
  });
  return rows;
}

const compound = (returns: readonly number[]): number | null =>
  returns.length === 0 ? null : returns.reduce((growth, each) => growth * (1 + each), 1) - 1;
