import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { readVolatility, realizedVolatility, volatilityBars } from '../../src/streams/realized-volatility.ts';
import { arbitraryBars, walk, windowOf } from './daily-bars.ts';

const config = configSchema.parse({ regime: { volatility: { window: 5, lookback: 20 } } }).regime;
const alternating = (size: number, length: number) =>
  Array.from({ length }, (_, i) => (i % 2 ? size : -size));

describe('realised volatility', () => {
  test('days of one percent up and one percent down make 16 % a year', () => {
    const steps = Array.from({ length: 21 }, (_, i) => (i % 2 ? Math.exp(0.01) : Math.exp(-0.01)) - 1);
    expect(realizedVolatility(windowOf(walk(steps)), 20)).toBeCloseTo(0.01 * Math.sqrt(252), 10);
  });

  test('its percentile is 1 after the wildest days of the lookback and 0 after the calmest', () => {
    const wild = [...alternating(0.001, 30), ...alternating(0.05, 5)];
    expect(readVolatility(windowOf(walk(wild)), config)!.percentile).toBe(1);
    const calm = [...alternating(0.05, 30), ...alternating(0.001, 6)];
    expect(readVolatility(windowOf(walk(calm)), config)!.percentile).toBe(0);
  });

  test('a market that never moves is at the bottom of its range, not at the top', () => {
    expect(readVolatility(windowOf(walk(alternating(0, 40))), config)).toEqual({
      realized: 0,
      percentile: 0,
    });
  });

  test('too little history has no reading', () => {
    const bars = walk(alternating(0.01, volatilityBars(config)));
    expect(readVolatility(windowOf(bars.slice(1)), config)).toBeUndefined();
    expect(readVolatility(windowOf(bars), config)).toBeDefined();
  });

  test.prop([arbitraryBars(40, 120)])('the percentile lies within 0..1', (bars) => {
    const { percentile, realized } = readVolatility(windowOf(bars), config)!;
    expect(percentile).toBeGreaterThanOrEqual(0);
    expect(percentile).toBeLessThanOrEqual(1);
    expect(realized).toBeGreaterThanOrEqual(0);
  });
});
