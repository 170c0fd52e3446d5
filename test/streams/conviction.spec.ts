import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import {
  convictionBars,
  type Direction,
  type IntelReadings,
  readConviction,
  shouldPublish,
} from '../../src/streams/conviction.ts';
import { arbitraryBars, barOf, type DailyBar, sp500, walk, windowOf } from './daily-bars.ts';

const config = configSchema.parse({}).conviction;
const silent: IntelReadings = { fedBias: null, socialScore: null };
const read = (bars: readonly DailyBar[], direction: Direction, intel = silent) =>
  readConviction(windowOf(bars), direction, config, intel);
const rising = walk(Array.from({ length: 260 }, (_, i) => (i % 2 ? 0.008 : 0.002)));
const values = (bars: readonly DailyBar[], direction: Direction) =>
  Object.fromEntries(read(bars, direction)!.components.map(({ name, value }) => [name, value]));

describe('components', () => {
  test('are left out with a reason where they have no source, and the other weights fill 100', () => {
    const { components, omitted } = read(rising, 'long')!;
    expect(components.map(({ name }) => name)).toEqual(['trend', 'momentum', 'breakout', 'volume']);
    expect(components.map(({ weight }) => weight)).toEqual([3_000 / 90, 2_500 / 90, 2_000 / 90, 1_500 / 90]);
    expect(omitted).toEqual([
      'sentiment: no source',
      'intel:fed_bias: no usable signal, multiplies by 1',
      'intel:social_score: no usable signal, multiplies by 1',
    ]);
    const silentMarket = rising.map((bar) => ({ ...bar, volume: 0 }));
    const quiet = read(silentMarket, 'long')!;
    expect(quiet.components.map(({ weight }) => weight)).toEqual([3_000 / 75, 2_500 / 75, 2_000 / 75]);
    expect(quiet.omitted).toContain('volume: no volume in the last 20 bars');
  });

  test('of a steady rise are all full on the long side and empty on the short side', () => {
    expect(values(rising, 'long')).toMatchObject({ trend: 1, momentum: 1 });
    expect(values(rising, 'long').breakout).toBeGreaterThan(0.95);
    expect(values(rising, 'short')).toEqual({ trend: 0, momentum: 0, breakout: 0, volume: 0 });
  });

  test('volume counts on a bar in the direction only: three times the usual is full', () => {
    const usual = rising.map((bar) => ({ ...bar, volume: 1_000 }));
    const { close } = usual.at(-1)!;
    const up = [...usual, barOf(close, close * 1.01, 0, 2_000)];
    const down = [...usual, barOf(close, close * 0.99, 0, 4_000)];
    expect(values(up, 'long').volume).toBe(0.5);
    expect(values(up, 'short').volume).toBe(0);
    expect(values(down, 'short').volume).toBe(1);
    expect(values(down, 'long').volume).toBe(0);
  });

  test('breakout is 0 up to the middle of the range and 1 at its edge', () => {
    const ranging = walk(
      Array.from({ length: 260 }, (_, i) => (i % 2 ? 0.1 : -1 / 11)),
      0,
    );
    const [low, high] = [
      Math.min(...ranging.map((bar) => bar.low)),
      Math.max(...ranging.map((bar) => bar.high)),
    ];
    const closing = (px: number) => [...ranging, { ...barOf(px, px, 0, 1_000) }];
    expect(values(closing(high), 'long').breakout).toBe(1);
    expect(values(closing((low + high) / 2), 'long').breakout).toBe(0);
    expect(values(closing(low + 0.75 * (high - low)), 'long').breakout).toBeCloseTo(0.5, 6);
    expect(values(closing(low), 'short').breakout).toBe(1);
  });

  test('momentum measures the return in what chance would make of it', () => {
    const steps = Array.from({ length: 260 }, (_, i) => Math.exp((i % 2 ? 0.01 : -0.01) + 0.0005) - 1);
    // 63 days of +0.0005, and one alternating step of 0.01 more, against 0.01 x sqrt 63.
    const expected = (63 * 0.0005 + 0.01) / (0.01 * Math.sqrt(63));
    expect(values(walk(steps), 'long').momentum).toBeCloseTo(expected, 10);
  });
});

describe('multipliers', () => {
  const ranging = sp500().slice(0, 400);

  test('multiply by 1.05 and 1.03: a dovish bank and a cheerful crowd the long side, their opposites the short side', () => {
    const plain = read(ranging, 'short')!.evidence.score;
    expect(plain).toBeGreaterThan(0);
    const lifted = read(ranging, 'short', { fedBias: 'hawkish', socialScore: -0.4 })!;
    expect(lifted.evidence).toEqual({ score: plain, fedBias: 1.05, socialScore: 1.03 });
    expect(lifted.conviction).toBe(plain * 1.05 * 1.03);
    expect(lifted.omitted).toEqual(['sentiment: no source']);
    const unmoved = read(ranging, 'short', { fedBias: 'dovish', socialScore: 0.4 })!;
    expect(unmoved.conviction).toBe(plain);
    expect(read(rising, 'long', { fedBias: 'dovish', socialScore: 0.3 })!.evidence).toMatchObject({
      fedBias: 1.05,
      socialScore: 1,
    });
  });

  test('never lift a score above 100', () => {
    const { close } = rising.at(-1)!;
    const perfect = [...rising, barOf(close, close * 1.05, 0, 10_000)];
    const { conviction, evidence } = read(perfect, 'long', { fedBias: 'dovish', socialScore: 1 })!;
    expect(evidence.score).toBeCloseTo(100, 10);
    expect(conviction).toBe(100);
  });
});

describe('any market', () => {
  test('too little history has no conviction', () => {
    expect(read(rising.slice(0, convictionBars(config) - 1), 'long')).toBeUndefined();
    expect(read(rising.slice(0, convictionBars(config)), 'long')).toBeDefined();
  });

  const anyIntel = fc.record({
    fedBias: fc.constantFrom(null, 'dovish', 'hawkish', 'neutral'),
    socialScore: fc.option(fc.double({ min: -1, max: 1, noNaN: true })),
  });

  test.prop([arbitraryBars(200, 400), fc.constantFrom<Direction>('long', 'short'), anyIntel])(
    'scores within 0..100, of components within 0..1 whose weights add up to 100',
    (bars, direction, intel) => {
      const { conviction, components } = read(bars, direction, intel)!;
      expect(conviction).toBeGreaterThanOrEqual(0);
      expect(conviction).toBeLessThanOrEqual(100);
      for (const { value } of components) expect(value >= 0 && value <= 1).toBe(true);
      expect(components.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(100, 10);
    },
  );

  // Turned upside down around a price far above its moves, so that returns mirror too; in binary fractions, which add exactly.
  const mirrored = (bars: readonly DailyBar[], around: number): DailyBar[] =>
    bars.map(({ open, high, low, close, volume }) => ({
      open: 2 * around - open,
      high: 2 * around - low,
      low: 2 * around - high,
      close: 2 * around - close,
      volume,
    }));

  test.prop([arbitraryBars(200, 300)])('turned upside down, long and short change places', (bars) => {
    const small = bars.map((bar) => {
      const scaled = (px: number) => 1_000 + Math.round(Math.min(px, 2_000)) / 1_024;
      return {
        ...bar,
        open: scaled(bar.open),
        high: scaled(bar.high),
        low: scaled(bar.low),
        close: scaled(bar.close),
      };
    });
    for (const [one, other] of [
      ['long', 'short'],
      ['short', 'long'],
    ] as const) {
      const [here, there] = [values(small, one), values(mirrored(small, 1_000), other)];
      expect(there.trend).toBe(here.trend);
      expect(there.volume).toBe(here.volume);
      expect(there.breakout).toBeCloseTo(here.breakout, 6);
      expect(Math.abs(there.momentum - here.momentum)).toBeLessThan(0.02);
    }
  });

  test.prop([arbitraryBars(200, 300)])('never speaks fully for both sides', (bars) => {
    const sum = read(bars, 'long')!.conviction + read(bars, 'short')!.conviction;
    expect(sum).toBeLessThanOrEqual(100 + 1e-9);
  });

  test.prop([arbitraryBars(210, 400)], { numRuns: 40 })(
    'scores the same to the last bit, however long the history before was',
    (bars) => {
      const recent = bars.slice(-convictionBars(config));
      expect(read(bars, 'long')).toStrictEqual(read(recent, 'long'));
    },
  );
});

describe('publishing', () => {
  const news = (previous: number, next: number) =>
    shouldPublish(
      { direction: 'long', conviction: previous },
      { direction: 'long', conviction: next },
      [40, 60, 80],
      5,
    );

  test('the first score, another side, five points or a threshold crossed is news; less is not', () => {
    expect(shouldPublish(undefined, { direction: 'long', conviction: 0 }, [], 5)).toBe(true);
    expect(
      shouldPublish({ direction: 'long', conviction: 50 }, { direction: 'short', conviction: 50 }, [], 5),
    ).toBe(true);
    expect(news(50, 55)).toBe(true);
    expect(news(55, 50)).toBe(true);
    expect(news(50, 54.9)).toBe(false);
    expect(news(59.9, 60)).toBe(true);
    expect(news(60, 59.9)).toBe(true);
    expect(news(60, 60.1)).toBe(false);
    expect(news(40, 39.9)).toBe(true);
  });
});
