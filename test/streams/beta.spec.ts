import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { nextTradingDay, tradingSession } from '../../src/domain/exchange-calendar.ts';
import type { CalendarName } from '../../src/domain/instrument.ts';
import { beta, type DailyHistory } from '../../src/streams/beta.ts';
import { BarWindow } from '../../src/streams/indicators.ts';

const rules = configSchema.parse({ hedge: { betaBars: 100, betaBarsMin: 20 } }).hedge;

/** One close a trading day from 2 January 2024 on; null leaves the day out. */
function history(closes: readonly (number | null)[], calendar: CalendarName = 'XNYS'): DailyHistory {
  const bars = new BarWindow(400);
  let day = '2024-01-02';
  for (const close of closes) {
    const time = tradingSession(calendar, day)!.close;
    if (close !== null) bars.push({ high: close, low: close, close, volume: 1, time });
    day = nextTradingDay('XNYS', day);
  }
  return { bars, calendar };
}

const shake = fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { minLength: 30, maxLength: 150 });
const walk = (steps: readonly number[], slope = 1) => {
  let px = 100;
  return [px, ...steps.map((step) => (px *= Math.exp(slope * step)))];
};
const moves = (steps: readonly number[]) => steps.slice(-100).some((step) => Math.abs(step) > 0.001);

describe('beta', () => {
  test.prop([shake, fc.double({ min: 0.1, max: 2.9, noNaN: true })])(
    'is the slope that was walked',
    (steps, slope) => {
      fc.pre(moves(steps));
      expect(beta(history(walk(steps, slope)), history(walk(steps)), rules)).toBeCloseTo(slope, 6);
    },
  );

  test.prop([shake, fc.constantFrom(-2, 5)])('is clipped to what a hedge can count on', (steps, slope) => {
    fc.pre(moves(steps));
    expect(beta(history(walk(steps, slope)), history(walk(steps)), rules)).toBe(slope < 0 ? 0 : 3);
  });

  test.prop([shake, shake])('of two markets is what the textbook says of their last days', (a, b) => {
    const length = Math.min(a.length, b.length);
    fc.pre(moves(b.slice(0, length)));
    const [y, x] = [a, b].map((steps) => steps.slice(0, length).slice(-100));
    const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
    const [meanY, meanX] = [mean(y), mean(x)];
    const covariance = mean(x.map((each, i) => (each - meanX) * (y[i] - meanY)));
    const slope = covariance / mean(x.map((each) => (each - meanX) * (each - meanX)));
    const of = (steps: readonly number[]) => history(walk(steps.slice(0, length)));
    expect(beta(of(a), of(b), rules)).toBeCloseTo(Math.min(3, Math.max(0, slope)), 6);
  });

  test('is 1 with too few paired days, and from the least number on what they say', () => {
    const steps = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0.01 : -0.01));
    const of = (n: number) =>
      beta(history(walk(steps.slice(0, n), 2)), history(walk(steps.slice(0, n))), rules);
    expect(of(19)).toBe(1);
    expect(of(20)).toBeCloseTo(2, 9);
  });

  test('is 1 where the benchmark never moved', () => {
    const flat = history(Array.from({ length: 50 }, () => 100));
    expect(beta(history(walk(Array.from({ length: 49 }, () => 0.01))), flat, rules)).toBe(1);
  });

  test('pairs by day: one that was halted for a day is measured over both', () => {
    const steps = Array.from({ length: 40 }, (_, i) => ((i * 7) % 11) / 200 - 0.02);
    const halted = walk(steps, 1.5).map((px, i) => (i % 9 === 4 ? null : px));
    expect(beta(history(halted), history(walk(steps)), rules)).toBeCloseTo(1.5, 9);
  });

  test('pairs a market that never closes with one that does', () => {
    const steps = Array.from({ length: 40 }, (_, i) => ((i * 7) % 11) / 200 - 0.02);
    expect(beta(history(walk(steps, 0.5), '24x7'), history(walk(steps)), rules)).toBeCloseTo(0.5, 9);
  });
});
