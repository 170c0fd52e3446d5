import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { summarizeRun } from '../../replay/summary.ts';
import { PriceSeries } from '../../src/projections/price-series.ts';
import { roundTrips } from '../../src/projections/round-trips.ts';
import { tradingDay } from '../../src/projections/run-samples.ts';
import { closeOf, Feeder, openOf, plainSpec } from '../replay/simulated-run.ts';

const flat = (px: number) => ({ open: px, high: px, low: px, close: px });
const DAYS = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05'];

function daily(run = plainSpec({ cash: 1_000 }), symbols: readonly string[] = ['A']): Feeder {
  const feeder = new Feeder();
  feeder.at(openOf(DAYS[0])).start(run, symbols);
  return feeder;
}
function day(feeder: Feeder, iso: string, px: number): void {
  feeder.at(closeOf(iso)).bar(flat(px));
  feeder.closed(iso);
}

describe('a daily run', () => {
  test('has one row a trading day, with positions at their closes', () => {
    const feeder = daily();
    day(feeder, DAYS[0], 10);
    feeder.at(openOf(DAYS[1])).order('enter', { symbol: 'A', side: 'buy', quantity: 10, px: 11, fee: 1 });
    day(feeder, DAYS[1], 12);
    day(feeder, DAYS[2], 9);
    const { samples } = feeder.projection.finish();
    expect(samples.equity).toEqual([1_000, 1_009, 979]);
    expect(samples.benchmark).toEqual([10, 12, 9]);
    expect(samples.exposedBars).toBe(2);
  });

  test('counts the bar of the exit as exposed', () => {
    const feeder = daily();
    day(feeder, DAYS[0], 10);
    feeder.at(openOf(DAYS[1])).order('enter', { symbol: 'A', side: 'buy', quantity: 1, px: 10 });
    day(feeder, DAYS[1], 10);
    feeder.at(openOf(DAYS[2])).order('exit', { symbol: 'A', side: 'sell', quantity: 1, px: 10 });
    day(feeder, DAYS[2], 10);
    day(feeder, DAYS[3], 10);
    expect(feeder.projection.finish().samples).toMatchObject({ bars: 4, exposedBars: 2 });
  });

  test('restates its last row when it was closed out after the last bar, drawdown included', () => {
    const feeder = daily();
    feeder.at(openOf(DAYS[0])).order('enter', { symbol: 'A', side: 'buy', quantity: 10, px: 10 });
    day(feeder, DAYS[0], 10);
    day(feeder, DAYS[1], 20);
    feeder.order('exit', { symbol: 'A', side: 'sell', quantity: 10, px: 15 });
    const { samples } = feeder.projection.finish();
    expect(samples.equity).toEqual([1_000, 1_050]);
    expect(samples.drawdown.depth).toBe(0);
  });

  test('measures from the day trading starts; bars before it only warm up', () => {
    const feeder = daily(plainSpec({ cash: 1_000, tradeFrom: openOf(DAYS[2]) }));
    for (const each of DAYS) day(feeder, each, 10);
    const summary = summarizeRun(feeder.projection.finish());
    expect([summary.bars, summary.from, summary.to]).toEqual([2, DAYS[2], DAYS[3]]);
  });

  test('never marks at a price the core refused', () => {
    const feeder = daily();
    feeder.at(openOf(DAYS[0])).order('enter', { symbol: 'A', side: 'buy', quantity: 10, px: 10 });
    day(feeder, DAYS[0], 10);
    feeder.at(closeOf(DAYS[1])).bar(flat(1_000));
    const refusal = { symbol: 'A', tick: 'bar', reason: 'farFromLast', values: {} };
    feeder.event('decision', 'TickRejected', refusal, feeder.seq);
    feeder.closed(DAYS[1]);
    const run = feeder.projection.finish();
    expect(run.samples.equity).toEqual([1_000, 1_000]);
    expect(run.prices.get('A')?.length).toBe(1);
    expect(summarizeRun(run).warnings).toEqual(['1 × record of A refused (bar, farFromLast)']);
  });

  test('forgets a busted fill and takes a corrected one as it now stands', () => {
    const feeder = daily();
    feeder.at(openOf(DAYS[0])).order('enter', { symbol: 'A', side: 'buy', quantity: 10, px: 10 });
    feeder.order('exit', { symbol: 'A', side: 'sell', quantity: 10, px: 12 });
    const corrected = { ordinal: 2, executionId: 'x2', lastQty: 10, lastPx: 11, feeMicros: 0 };
    feeder.event('input', 'TradeCorrected', corrected);
    expect(roundTrips(feeder.projection.journal.fills)).toMatchObject([{ pnl: 10 }]);
    feeder.event('input', 'TradeBusted', { ordinal: 2, executionId: 'x2', reason: 'clearly erroneous' });
    expect(roundTrips(feeder.projection.journal.fills)).toEqual([]);
    expect(feeder.projection.ledger.position('A', 'tactical')?.quantity).toBe(10);
  });

  test('ends one trade and begins the next with a fill that crosses zero, its fee shared by quantity', () => {
    const feeder = daily();
    feeder.at(openOf(DAYS[0])).order('enter', { symbol: 'A', side: 'buy', quantity: 10, px: 10 });
    feeder.order('enter', { symbol: 'A', side: 'sell', quantity: 30, px: 12, fee: 3 });
    feeder.order('exit', { symbol: 'A', side: 'buy', quantity: 20, px: 11 });
    expect(roundTrips(feeder.projection.journal.fills)).toMatchObject([
      { side: 'long', quantity: 10, entryPx: 10, exitPx: 12, fees: 1, pnl: 19 },
      { side: 'short', quantity: 20, entryPx: 12, exitPx: 11, fees: 2, pnl: 18 },
    ]);
  });

  test('names the exit by the plan and the regime by the symbol', () => {
    const feeder = daily();
    feeder.at(closeOf(DAYS[0]));
    const regime = { symbol: 'A', region: 'trend', from: 'range', to: 'bull', evidence: {} };
    feeder.event('decision', 'RegimeChanged', regime);
    feeder.order('enter', { symbol: 'A', side: 'buy', quantity: 1, px: 10 });
    feeder.event('decision', 'ExitTriggered', {
      symbol: 'A',
      plan: 'equity',
      reason: 'protectiveStop',
      tests: [],
    });
    feeder.order('exit', { symbol: 'A', side: 'sell', quantity: 1, px: 9 });
    const [trade] = roundTrips(feeder.projection.journal.fills);
    expect(trade.exitReason).toBe('protectiveStop');
    expect(trade.regimeAtEntry).toEqual({ trend: 'bull', volatility: null, structure: null });
  });
});

describe('an intraday run of the plain profile', () => {
  const start = Date.parse('2024-01-02T14:31:00Z') * 1_000;
  const MINUTE = 60_000_000;

  test('has a row for each instant, after all its bars and before the fills that follow', () => {
    const feeder = new Feeder();
    feeder.at(start).start(plainSpec({ cash: 1_000 }), ['A', 'B'], { resolutionS: 60 });
    feeder.bar(flat(10), 0, 60);
    feeder.bar(flat(20), 1, 60);
    feeder.order('enter', { symbol: 'B', side: 'buy', quantity: 10, px: 20, fee: 5 });
    feeder.at(start + MINUTE).bar(flat(10), 0, 60);
    feeder.bar(flat(30), 1, 60);
    const { samples } = feeder.projection.finish();
    expect(samples.bars).toBe(2);
    expect(samples.equityCurve.closeAt(0)).toBe(1_000);
    expect(samples.equityCurve.closeAt(1)).toBe(1_095);
    expect(samples.equity).toEqual([1_095]);
  });

  test('sees the drawdown within the day', () => {
    const feeder = new Feeder();
    feeder.at(start).start(plainSpec({ cash: 1_000 }), ['A'], { resolutionS: 60 });
    feeder.order('enter', { symbol: 'A', side: 'buy', quantity: 100, px: 10 });
    [10, 5, 10].forEach((px, i) => {
      feeder.at(start + i * MINUTE).bar(flat(px), 0, 60);
    });
    expect(feeder.projection.finish().samples.drawdown.depth).toBe(0.5);
  });
});

test('a New York instant belongs to its session day in summer and winter, a crypto midnight to the day it ends', () => {
  const dayOf = (iso: string, calendar: 'XNYS' | '24x7') =>
    new Date(tradingDay(Date.parse(iso) * 1_000, calendar) * 86_400_000).toISOString().slice(0, 10);
  expect(dayOf('2024-07-03T01:00:00Z', 'XNYS')).toBe('2024-07-02'); // 21:00 in New York, after hours
  expect(dayOf('2024-01-03T01:00:00Z', 'XNYS')).toBe('2024-01-02'); // 20:00
  expect(dayOf('2024-01-02T14:31:00Z', 'XNYS')).toBe('2024-01-02');
  expect(dayOf('2024-01-03T00:00:00Z', '24x7')).toBe('2024-01-02');
});

const anyFill = fc.record({
  symbol: fc.constantFrom('A', 'B'),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  quantity: fc.integer({ min: 1, max: 50 }),
  px: fc.integer({ min: 100, max: 20_000 }).map((cents) => cents / 100),
  fee: fc.integer({ min: 0, max: 500 }).map((cents) => cents / 100),
  role: fc.constantFrom('tactical', 'hedge'),
});

test.prop([fc.array(anyFill, { maxLength: 30 })])(
  'the instruments earn exactly what the account earned, and closed trades what was realised less fees',
  (fills) => {
    const feeder = daily(plainSpec({ cash: 100_000 }), ['A', 'B']);
    feeder.event('input', 'CoreDeclared', { symbol: 'A', quantity: 3, px: 50 });
    for (const fill of fills) feeder.order('enter', fill);
    for (const symbol of ['A', 'B'] as const) {
      for (const role of ['tactical', 'hedge'] as const) {
        const held = feeder.projection.ledger.position(symbol, role)?.quantity ?? 0;
        if (held === 0) continue;
        const side = held > 0 ? 'sell' : 'buy';
        feeder.order('exit', { symbol, side, quantity: Math.abs(held), px: 70, role });
      }
    }
    day(feeder, DAYS[0], 80);
    const run = feeder.projection.finish();
    const summary = summarizeRun(run);
    const earned = Object.values(summary.instruments).reduce((total, row) => total + row.pnl, 0);
    expect(earned).toBeCloseTo(summary.finalEquity - summary.startCash, 5);
    const traded = summary.trades.reduce((total, trade) => total + trade.pnl, 0);
    expect(traded).toBeCloseTo(summary.finalCash - summary.startCash + 150, 5);
  },
);

test.prop([fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 1, maxLength: 200 })])(
  'a thinned price series keeps the extremes, the last close and its bound',
  (closes) => {
    const series = new PriceSeries(16);
    closes.forEach((close, i) => {
      series.push(i, close + 1, close - 1, close);
    });
    const points = Array.from({ length: series.length }, (_, i) => i);
    expect(series.length).toBeLessThanOrEqual(16);
    expect(Math.max(...points.map((i) => series.highAt(i)))).toBe(Math.max(...closes) + 1);
    expect(Math.min(...points.map((i) => series.lowAt(i)))).toBe(Math.min(...closes) - 1);
    expect(series.closeAt(series.length - 1)).toBe(closes.at(-1));
    expect(series.timeAt(series.length - 1)).toBe(closes.length - 1);
  },
);
