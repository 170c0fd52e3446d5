/** A run cut three ways: by the regime its days began in, by what was traded, and by calendar month. */
import { fromMicros, notionalMicros } from '../src/domain/money.ts';
import type { Trade } from '../src/projections/round-trips.ts';
import { regimeRegions } from '../src/projections/run-journal.ts';
import type { RunProjection } from '../src/projections/run-projection.ts';
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

export function instrumentTable(run: RunProjection, trades: readonly Trade[]): Record<string, InstrumentRow> {
  const fillsOf = bySymbol(run.journal.fills);
  const tradesOf = bySymbol(trades);
  const coreOf = bySymbol(run.account.core);
  const table: Record<string, InstrumentRow> = {};
  for (const symbol of [...new Set([...fillsOf.keys(), ...coreOf.keys()])].sort()) {
    const fills = fillsOf.get(symbol) ?? [];
    // What came in less what went out, by role; then what is still held, at its mark.
    const micros = { tactical: 0, core: 0, hedge: 0 };
    for (const { role, side, quantity, px, multiplier, feeMicros } of fills) {
      const value = notionalMicros(quantity, px, multiplier);
      micros[role] += (side === 'sell' ? value : -value) - feeMicros;
    }
    for (const { quantity, px } of coreOf.get(symbol) ?? []) {
      micros.core -= notionalMicros(quantity, px, run.multiplierOf(symbol));
    }
    for (const position of run.ledger.positions()) {
      if (position.symbol !== symbol) continue;
      const mark = run.markOf(symbol);
      const { quantity, costMicros, multiplier } = position;
      micros[position.role] += mark === undefined ? costMicros : notionalMicros(quantity, mark, multiplier);
    }
    table[symbol] = {
      ...tradeMetrics(tradesOf.get(symbol) ?? []),
      buys: ordersOn('buy', fills),
      sells: ordersOn('sell', fills),
      fees: fromMicros(fills.reduce((total, fill) => total + fill.feeMicros, 0)),
      pnl: fromMicros(micros.tactical + micros.core + micros.hedge),
      corePnl: fromMicros(micros.core),
      hedgePnl: fromMicros(micros.hedge),
    };
  }
  return table;
}

function bySymbol<T extends { readonly symbol: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.symbol);
    if (group === undefined) groups.set(item.symbol, [item]);
    else group.push(item);
  }
  return groups;
}

/** Orders that traded at all on one side, core holdings apart. */
export function ordersOn(side: 'buy' | 'sell', fills: RunProjection['journal']['fills']): number {
  return new Set(fills.filter((fill) => fill.side === side).map((fill) => fill.ordinal)).size;
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

const compound = (returns: readonly number[]): number | null =>
  returns.length === 0 ? null : returns.reduce((growth, each) => growth * (1 + each), 1) - 1;
