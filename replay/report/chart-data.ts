/** What the report's charts draw, thinned to what a screen can show: drawdowns keep their deepest, prices their reach. */
import { DAY_S } from '../../src/events/tick.ts';
import type { PriceSeries } from '../../src/projections/price-series.ts';
import { type HoldingKind, holdingKind } from '../../src/projections/profit-by-kind.ts';
import type { RunProjection } from '../../src/projections/run-projection.ts';
import type { FillRecord, RegimeNow } from '../../src/projections/run-records.ts';
import { regimeSymbol } from '../tables.ts';
import { type Twin, twinName } from '../twin.ts';

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
  /** The run it is compared with; empty where there is none. */
  readonly twin: (number | null)[];
  readonly twinDrawdown: (number | null)[];
  /** From, to: while puts of the protocol were held. */
  readonly hedged: [number, number][];
}

/** How dear options on a symbol were: fractions a year, the rank 0..1. */
export interface VolatilityData {
  readonly t: number[];
  readonly atm: (number | null)[];
  readonly realized: (number | null)[];
  readonly rank: (number | null)[];
  /** From, to: while no speculative premium was bought. */
  readonly crowded: [number, number][];
}

export interface PriceData {
  readonly symbol: string;
  readonly t: number[];
  readonly close: number[];
  readonly high: number[];
  readonly low: number[];
  /** From, to, trend, is the structure broken. */
  readonly regimes: [number, number, string, 0 | 1][];
  /** Time, price (of the underlying, for an option), 1 for a buy and -1 for a sell, what was traded, at which price. */
  readonly fills: [number, number, 1 | -1, HoldingKind, number][];
  readonly fillCount: number;
  /** Null where no option on it could be had. */
  readonly volatility: VolatilityData | null;
}

export interface ChartData {
  readonly curve: CurveData;
  /** The changed run in words, or empty. */
  readonly twinName: string;
  readonly prices: PriceData[];
  readonly daily: boolean;
  /** Symbols left out of the price charts. */
  readonly hidden: number;
}

export function chartData(run: RunProjection, twin: Twin | null = null): ChartData {
  const daily = !run.intraday;
  const x = (time: number) => (daily ? run.dayOf(time) * DAY_S : Math.round(time / 1e6));
  const shown = symbolsByInterest(run);
  const most = Math.floor(PRICE_POINTS / Math.max(5, shown.length));
  return {
    daily,
    curve: curveData(run, twin?.projection ?? null, x),
    twinName: twin === null ? '' : twinName(twin),
    prices: shown.slice(0, SYMBOLS_SHOWN).map((symbol) => priceData(run, symbol, most, x)),
    hidden: Math.max(0, shown.length - SYMBOLS_SHOWN),
  };
}

/** The market's own chart first, then whatever traded most. */
function symbolsByInterest(run: RunProjection): string[] {
  const fills = new Map<string, number>();
  for (const fill of run.journal.fills) fills.set(chartOf(fill), (fills.get(chartOf(fill)) ?? 0) + 1);
  const charted = [...run.prices].filter(([, series]) => series.length > 0).map(([symbol]) => symbol);
  const rank = (symbol: string) =>
    symbol === run.benchmark ? Number.POSITIVE_INFINITY : (fills.get(symbol) ?? 0);
  return charted
    .sort((a, b) => rank(b) - rank(a) || (a < b ? -1 : 1))
    .filter((symbol, i) => i === 0 || fills.has(symbol));
}

/** The symbol on whose chart a fill is marked. */
const chartOf = ({ symbol, contract }: FillRecord): string => contract?.underlying ?? symbol;

function curveData(run: RunProjection, twin: RunProjection | null, x: (time: number) => number): CurveData {
  const { equityCurve, benchmarkCurve } = run.samples;
  const data: CurveData = {
    t: [],
    equity: [],
    hold: [],
    drawdown: [],
    holdDrawdown: [],
    twin: [],
    twinDrawdown: [],
    hedged: hedgedSpans(run, x),
  };
  const start = run.startCash;
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
  if (twin !== null) addTwin(data, twin.samples.equityCurve, start, x);
  return data;
}

/** Both runs see the same bars, unless one of them ended early. */
function addTwin(data: CurveData, curve: PriceSeries, start: number, x: (time: number) => number): void {
  const at = new Map<number, [number, number]>();
  let peak = start;
  for (let i = 0; i < curve.length; i++) {
    at.set(x(curve.timeAt(i)), [curve.closeAt(i), Math.min(0, curve.lowAt(i) / peak - 1)]);
    peak = Math.max(peak, curve.highAt(i));
  }
  for (const t of data.t) {
    const found = at.get(t);
    data.twin.push(found === undefined ? null : rounded(found[0], 2));
    data.twinDrawdown.push(found === undefined ? null : rounded(found[1], 5));
  }
}

function hedgedSpans(run: RunProjection, x: (time: number) => number): [number, number][] {
  const spans: [number, number][] = [];
  const held = new Map<string, number>();
  const end = run.samples.bars === 0 ? 0 : x(run.samples.lastTime);
  for (const { symbol, role, side, quantity, time } of run.journal.fills) {
    if (role !== 'hedge') continue;
    const before = held.size;
    const now = (held.get(symbol) ?? 0) + (side === 'buy' ? quantity : -quantity);
    if (Math.abs(now) < 1e-9) held.delete(symbol);
    else held.set(symbol, now);
    if (before === 0 && held.size > 0) spans.push([x(time), end]);
    if (before > 0 && held.size === 0) spans.at(-1)![1] = x(time);
  }
  // A roll sells and buys within one open: one span.
  return spans.reduce<[number, number][]>((joined, span) => {
    const last = joined.at(-1);
    if (last !== undefined && span[0] <= last[1]) last[1] = Math.max(last[1], span[1]);
    else joined.push(span);
    return joined;
  }, []);
}

function volatilityData(
  run: RunProjection,
  symbol: string,
  x: (time: number) => number,
): VolatilityData | null {
  const rows = run.options?.volatility.get(symbol);
  if (rows === undefined || rows.length === 0) return null;
  const from = run.samples.day[0] ?? 0;
  const shown = rows.filter(({ day }) => day >= from);
  const share = (value: number | null) => (value === null ? null : rounded(value, 4));
  const crowded: [number, number][] = [];
  const end = run.samples.bars === 0 ? 0 : x(run.samples.lastTime);
  let since: number | null = null;
  for (const { time, payload } of run.journal.guards) {
    if (payload.symbol !== symbol) continue;
    if (payload.to === 'crowded') since ??= x(time);
    else if (since !== null) {
      crowded.push([since, x(time)]);
      since = null;
    }
  }
  if (since !== null) crowded.push([since, end]);
  const data: VolatilityData = {
    t: shown.map(({ day }) => day * DAY_S),
    atm: shown.map(({ atm }) => rounded(atm, 4)),
    realized: shown.map(({ realized }) => share(realized)),
    rank: shown.map(({ rank }) => share(rank)),
    crowded,
  };
  // All charts begin on one day.
  if (shown.length > 0 && shown[0].day > from) {
    data.t.unshift(from * DAY_S);
    for (const column of [data.atm, data.realized, data.rank]) column.unshift(null);
  }
  return data;
}

function priceData(run: RunProjection, symbol: string, most: number, x: (time: number) => number): PriceData {
  const series = run.prices.get(symbol)!;
  const fills = run.journal.fills.filter((fill) => chartOf(fill) === symbol);
  const data: PriceData = {
    symbol,
    t: [],
    close: [],
    high: [],
    low: [],
    regimes: regimeSpans(run, symbol, x),
    fills: fills.length > FILLS_MARKED ? [] : markers(fills, series, x),
    volatility: volatilityData(run, symbol, x),
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

function markers(
  fills: readonly FillRecord[],
  series: PriceSeries,
  x: (time: number) => number,
): PriceData['fills'] {
  let bar = 0;
  return fills.map((fill): PriceData['fills'][number] => {
    // An option's own price has no place on this axis.
    while (bar < series.length - 1 && series.timeAt(bar) < fill.time) bar += 1;
    const px = fill.contract === null || series.length === 0 ? fill.px : series.closeAt(bar);
    const kind = holdingKind(fill.role, fill.contract?.right);
    return [x(fill.time), rounded(px, 4), fill.side === 'buy' ? 1 : -1, kind, rounded(fill.px, 4)];
  });
}

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
