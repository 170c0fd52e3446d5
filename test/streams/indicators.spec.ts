import { fc, test } from '@fast-check/vitest';
import { ADX, ATR, getLinearRegression, getStandardDeviation, RSI, SMA } from 'trading-signals';
import { describe, expect } from 'vitest';
import {
  adx,
  atr,
  BarWindow,
  highest,
  lowest,
  rollingRsi,
  rollingSma,
  rsi,
  Series,
  sma,
  smaSlope,
  stdev,
  trueRange,
} from '../../src/streams/indicators.ts';
import { arbitraryBars, sp500, walk, windowOf } from './daily-bars.ts';

const bars = sp500().slice(0, 600);
const closes = bars.map((bar) => bar.close);
const relative = (a: number, b: number) => Math.abs(a - b) / Math.max(1e-9, Math.abs(a), Math.abs(b));

describe('a series', () => {
  test('keeps the last values pushed and refuses to be asked for older ones', () => {
    const series = new Series(3);
    for (let i = 1; i <= 20; i++) series.push(i);
    expect([series.ago(0), series.ago(1), series.ago(2)]).toEqual([20, 19, 18]);
    expect(() => series.ago(3)).toThrow('3 bars ago lies outside the 3 kept');
  });

  test('knows one log return fewer than bars until its window is full', () => {
    const window = windowOf(walk([0, 0.1, -0.1]), 3);
    expect(window.logReturn.length).toBe(2);
    expect(window.logReturn.ago(1)).toBeCloseTo(Math.log(1.1), 14);
    window.push(walk([0])[0]);
    expect(window.logReturn.length).toBe(3);
  });
});

describe('agrees with trading-signals on S&P 500 bars', () => {
  const window = () => new BarWindow(64);

  test('simple moving average', () => {
    const [theirs, ours] = [new SMA(50), rollingSma(50)];
    for (const close of closes) {
      const expected = theirs.add(close);
      const value = ours.push(close);
      if (expected === null) expect(value).toBeUndefined();
      else expect(relative(value!, expected)).toBeLessThan(1e-12);
    }
  });

  test('average true range as a simple mean', () => {
    // Theirs takes the first bar's high - low for a true range; ours has none without a bar before.
    const [theirs, ours] = [new ATR(14, SMA), window()];
    for (const [i, bar] of bars.entries()) {
      ours.push(bar);
      const expected = theirs.add(bar);
      if (i < 14) expect(atr(ours, 14)).toBeUndefined();
      else expect(relative(atr(ours, 14)!, expected!)).toBeLessThan(1e-12);
    }
  });

  test("relative strength in Cutler's form", () => {
    const [theirs, ours] = [new RSI(14, SMA), rollingRsi(14)];
    for (const close of closes) {
      const expected = theirs.add(close);
      const value = ours.push(close);
      if (expected === null) expect(value).toBeUndefined();
      else expect(relative(value!, expected)).toBeLessThan(1e-9);
    }
  });

  test('average directional index with simple means', () => {
    const [theirs, ours] = [new ADX(14, SMA), window()];
    for (const [i, bar] of bars.entries()) {
      ours.push(bar);
      const expected = theirs.add(bar);
      if (i < 27) expect(adx(ours, 14)).toBeUndefined();
      // Theirs counts the first bar as one without movement; it has left the window after 28 bars.
      else if (i >= 28) expect(relative(adx(ours, 14)!, expected!)).toBeLessThan(1e-9);
    }
  });

  test('standard deviation and slope', () => {
    const ours = window();
    for (const [i, bar] of bars.entries()) {
      ours.push(bar);
      if (i < 59) continue;
      expect(
        relative(stdev(ours.close, 20)!, getStandardDeviation(closes.slice(i - 19, i + 1))),
      ).toBeLessThan(1e-9);
      const averages = Array.from({ length: 20 }, (_, k) => sma(ours.close, 30, 19 - k)!);
      const { slope } = getLinearRegression(averages);
      expect(Math.abs(smaSlope(ours.close, 30, 20)! - slope)).toBeLessThan(1e-9);
    }
  });
});

describe('by hand', () => {
  test('the true range of a bar that gaps reaches to the close before', () => {
    const window = new BarWindow(4);
    window.push({ high: 11, low: 9, close: 10, volume: 1 });
    expect(trueRange(window)).toBeUndefined();
    window.push({ high: 21, low: 19, close: 20, volume: 1 });
    expect(trueRange(window)).toBe(11);
    window.push({ high: 6, low: 4, close: 5, volume: 1 });
    expect(trueRange(window)).toBe(16);
  });

  test('highest and lowest look at `n` bars and may leave out the newest', () => {
    const series = new Series(8);
    for (const value of [9, 1, 5, 3, 7]) series.push(value);
    expect([highest(series, 3), lowest(series, 3)]).toEqual([7, 3]);
    expect([highest(series, 3, 1), lowest(series, 3, 1)]).toEqual([5, 1]);
    expect(highest(series, 5, 1)).toBeUndefined();
  });

  test('the slope of a straight line is its rise per bar', () => {
    const series = new Series(40);
    for (let i = 0; i < 40; i++) series.push(100 + 3 * i);
    expect(smaSlope(series, 10, 20)).toBeCloseTo(3, 12);
    expect(smaSlope(series, 21, 20)).toBeCloseTo(3, 12);
    expect(smaSlope(series, 22, 20)).toBeUndefined();
  });

  test('relative strength is 100 without a loss, 0 without a gain and 50 where nothing moved', () => {
    const rising = windowOf(walk([0, 0.01, 0.01, 0.01])).close;
    const falling = windowOf(walk([0, -0.01, -0.01, -0.01])).close;
    const flat = windowOf(walk([0, 0, 0, 0])).close;
    expect([rsi(rising, 3), rsi(falling, 3), rsi(flat, 3)]).toEqual([100, 0, 50]);
  });
});

describe('properties', () => {
  const all = (window: BarWindow) => [
    sma(window.close, 20),
    stdev(window.logReturn, 20),
    smaSlope(window.close, 20, 10),
    atr(window, 14),
    rsi(window.close, 14),
    adx(window, 14),
    highest(window.high, 20),
    lowest(window.low, 20, 1),
  ];

  test.prop([arbitraryBars(40, 400), fc.integer({ min: 30, max: 40 })])(
    'the same recent bars give the same bits, whatever came before and however large the window is',
    (history, recent) => {
      const short = windowOf(history.slice(-recent));
      const long = windowOf(history);
      const rolled = windowOf(history, recent);
      expect(all(long)).toStrictEqual(all(short));
      expect(all(rolled)).toStrictEqual(all(short));
    },
  );

  test.prop([fc.double({ min: 0.01, max: 1e6, noNaN: true })])(
    'a flat market has no slope, no deviation and no range, exactly',
    (price) => {
      const window = windowOf(
        Array.from({ length: 40 }, () => ({ open: price, high: price, low: price, close: price, volume: 0 })),
      );
      expect(smaSlope(window.close, 20, 10)).toBe(0);
      expect(stdev(window.logReturn, 20)).toBe(0);
      expect(atr(window, 14)).toBe(0);
      expect(adx(window, 14)).toBe(0);
    },
  );

  test.prop([arbitraryBars(40, 200)])(
    'relative strength and directional index stay within 0..100',
    (history) => {
      const window = windowOf(history);
      for (const value of [rsi(window.close, 14)!, adx(window, 14)!]) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(100);
      }
    },
  );
});
