/** What the report's charts draw, thinned to what a screen can show: drawdowns keep their deepest, prices their reach. */
import { DAY_S } from '../../src/events/tick.ts';
import type { FillRecord, RegimeNow } from '../../src/projections/run-journal.ts';
import type { RunProjection } from '../../src/projections/run-projection.ts';
import { regimeSymbol } from '../tables.ts';

const PRICE_POINTS = 40_000;
const SYMBOLS_SHOWN = 12;
const FILLS_MARKED = 1_500;

export interface CurveData {
  /** Seconds since 1970; midnight UTC of the trading day for daily rows. */
  readonly t: number[];
  readonly equity: number[];
  readonly hold: (number | null)[];
  /** Fractions at or below zero, the deepest of each point. */
  readonly drawdown: number[];
  readonly holdDrawdown: (number | null)[];
}

export interface PriceData {
  readonly symbol: string;
  readonly t: number[];
  readonly close: number[];
  readonly high: number[];
  readonly low: number[];
  /** From, to, trend, is the structure broken. */
  readonly regimes: [number, number, string, 0 | 1][];
  /** Time, price, 1 for a buy and -1 for a sell, 1 for a hedge. */
  readonly fills: [number, number, 1 | -1, 0 | 1][];
  readonly fillCount: number;
}

export interface ChartData {
  readonly curve: CurveData;
  readonly prices: PriceData[];
  readonly daily: boolean;
  /** Symbols left out of the price charts. */
  readonly hidden: number;
}

export function chartData(run: RunProjection): ChartData {
  const daily = !run.intraday;
  const x = (time: number) => (daily ? run.dayOf(time) * DAY_S : Math.round(time / 1e6));
  const shown = symbolsByInterest(run);
  const most = Math.floor(PRICE_POINTS / Math.max(5, shown.length));
  return {
    daily,
    curve: curveData(run, x),
    prices: shown.slice(0, SYMBOLS_SHOWN).map((symbol) => priceData(run, symbol, most, x)),
    hidden: Math.max(0, shown.length - SYMBOLS_SHOWN),
  };
}

/** The market's own chart first, then whatever traded most. */
function symbolsByInterest(run: RunProjection): string[] {
  const fills = new Map<string, number>();
  for (const { symbol } of run.journal.fills) fills.set(symbol, (fills.get(symbol) ?? 0) + 1);
  const charted = [...run.prices].filter(([, series]) => series.length > 0).map(([symbol]) => symbol);
  const rank = (symbol: string) =>
    symbol === run.benchmark ? Number.POSITIVE_INFINITY : (fills.get(symbol) ?? 0);
  return charted
    .sort((a, b) => rank(b) - rank(a) || (a < b ? -1 : 1))
    .filter((symbol, i) => i === 0 || fills.has(symbol));
}

function curveData(run: RunProjection, x: (time: number) => number): CurveData {
  const { equityCurve, benchmarkCurve } = run.samples;
  const data: CurveData = { t: [], equity: [], hold: [], drawdown: [], holdDrawdown: [] };
  const start = run.manifest?.run.cash ?? 1;
  let first = Number.NaN;
  let peak = start;
  let holdPeak = 0;
  for (let i = 0; i < equityCurve.length; i++) {
    const mark = benchmarkCurve.closeAt(i);
    // A point that joins bars before and after the benchmark's first price has no lowest price.
    const known = benchmarkCurve.lowAt(i) > 0;
    if (known && Number.isNaN(first)) first = mark;
    data.t.push(x(equityCurve.timeAt(i)));
    data.equity.push(rounded(equityCurve.closeAt(i), 2));
    data.hold.push(known ? rounded((mark / first) * start, 2) : null);
    data.drawdown.push(rounded(Math.min(0, equityCurve.lowAt(i) / peak - 1), 5));
    peak = Math.max(peak, equityCurve.highAt(i));
    data.holdDrawdown.push(
      known ? rounded(Math.min(0, benchmarkCurve.lowAt(i) / (holdPeak || mark) - 1), 5) : null,
    );
    if (known) holdPeak = Math.max(holdPeak, benchmarkCurve.highAt(i));
  }
  return data;
}

function priceData(run: RunProjection, symbol: string, most: number, x: (time: number) => number): PriceData {
  const series = run.prices.get(symbol)!;
  const fills = run.journal.fills.filter((fill) => fill.symbol === symbol);
  const data: PriceData = {
    symbol,
    t: [],
    close: [],
    high: [],
    low: [],
    regimes: regimeSpans(run, symbol, x),
    fills: fills.length > FILLS_MARKED ? [] : fills.map((fill) => marker(fill, x)),
    fillCount: fills.length,
  };
  const n = series.length;
  const every = Math.max(1, Math.ceil(n / most));
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    high = Math.max(high, series.highAt(i));
    low = Math.min(low, series.lowAt(i));
    if ((i + 1) % every !== 0 && i !== n - 1) continue;
    data.t.push(x(series.timeAt(i)));
    data.close.push(rounded(series.closeAt(i), 4));
    data.high.push(rounded(high, 4));
    data.low.push(rounded(low, 4));
    high = Number.NEGATIVE_INFINITY;
    low = Number.POSITIVE_INFINITY;
  }
  return data;
}

const marker = (fill: FillRecord, x: (time: number) => number): PriceData['fills'][number] => [
  x(fill.time),
  rounded(fill.px, 4),
  fill.side === 'buy' ? 1 : -1,
  fill.role === 'hedge' ? 1 : 0,
];

/** The symbol's own regimes, or the market's where it has none. Spans of equal looks are one span. */
function regimeSpans(run: RunProjection, symbol: string, x: (time: number) => number): PriceData['regimes'] {
  const { regimes, regimeChanges } = run.journal;
  const whose = regimes.has(symbol) ? symbol : regimeSymbol(run);
  const spans: PriceData['regimes'] = [];
  const end = run.samples.bars === 0 ? 0 : x(run.samples.lastTime);
  for (const change of regimeChanges) {
    if (change.symbol !== whose) continue;
    const [trend, broken] = look(change.now);
    const at = x(change.time);
    const last = spans.at(-1);
    if (last !== undefined) {
      if (last[2] === trend && last[3] === broken) continue;
      last[1] = at;
      if (last[0] === at) spans.pop();
    }
    spans.push([at, end, trend, broken]);
  }
  return spans;
}

const look = (now: RegimeNow): [string, 0 | 1] => [now.trend ?? '', now.structure === 'broken' ? 1 : 0];

function rounded(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
