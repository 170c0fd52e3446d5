import { test } from '@fast-check/vitest';
import { SwingLow } from 'trading-signals';
import { describe, expect } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { BarWindow } from '../../src/streams/indicators.ts';
import { lastSwingLow, supportBars, supportLevels } from '../../src/streams/support-levels.ts';
import { arbitraryBars, barOf, sp500, walk, windowOf } from './daily-bars.ts';

const config = configSchema.parse({
  regime: { trend: { smaSlow: 20, smaFast: 10 }, structure: { lowBars: 15 } },
}).regime;
const rising = walk(Array.from({ length: 30 }, () => 0.01));

describe('swing lows', () => {
  test('agree with trading-signals, which keeps the last one confirmed by five bars on either side', () => {
    const theirs = new SwingLow({ lookback: 5 });
    const ours = new BarWindow(300);
    let compared = 0;
    for (const [i, recorded] of sp500().slice(0, 2_000).entries()) {
      // Equal lows are a swing low of ours (a double bottom holds) and none of theirs: kept apart here.
      const bar = { ...recorded, low: recorded.low - i * 1e-6 };
      ours.push(bar);
      theirs.add(bar);
      const expected = theirs.isStable ? theirs.getResult() : null;
      if (expected === null || ours.length < 300) continue;
      expect(lastSwingLow(ours, 5, 300)).toBe(expected);
      compared++;
    }
    expect(compared).toBeGreaterThan(1_500);
  });

  test('a low is confirmed only by the last of the bars after it', () => {
    const dip = [100, 99, 98, 97, 96, 90, 96, 97, 98, 99, 100].map((px) => barOf(px, px, 0, 1));
    expect(lastSwingLow(windowOf(dip.slice(0, 10)), 5, 10)).toBeUndefined();
    expect(lastSwingLow(windowOf(dip), 5, 11)).toBe(90);
  });
});

test('a double bottom is a swing low', () => {
  const bottoms = [100, 99, 98, 90, 95, 90, 98, 99, 100].map((px) => barOf(px, px, 0, 1));
  expect(lastSwingLow(windowOf(bottoms), 3, 9)).toBe(90);
});

describe('levels', () => {
  test('the bar being judged is not among them', () => {
    const before = supportLevels(windowOf([...rising, barOf(130, 131, 0, 1)]), config)!;
    const crashed = supportLevels(windowOf([...rising, barOf(130, 50, 0, 1)]), config)!;
    expect(crashed).toEqual(before);
  });

  test('the bar being judged does not confirm a swing low either', () => {
    const dip = { ...rising[24], low: rising[24].low - 7 };
    const dipped = [...rising.slice(0, 24), dip, ...rising.slice(25)];
    expect(supportLevels(windowOf(dipped), config)!.swingLow).not.toBe(dip.low);
    expect(supportLevels(windowOf([...dipped, rising[29]]), config)!.swingLow).toBe(dip.low);
  });

  test('too little history has none', () => {
    expect(supportLevels(windowOf(rising.slice(0, supportBars(config) - 1)), config)).toBeUndefined();
    expect(supportLevels(windowOf(rising.slice(0, supportBars(config))), config)).toBeDefined();
  });

  test('without a swing low the low of the range stands in', () => {
    const levels = supportLevels(windowOf(rising), config)!;
    expect(levels.swingLow).toBe(levels.rangeLow);
  });

  test.prop([arbitraryBars(40, 120)])(
    'support is never above the close before, nor below the low of the range',
    (bars) => {
      const levels = supportLevels(windowOf(bars), config)!;
      expect(levels.support).toBeLessThanOrEqual(bars.at(-2)!.close);
      expect(levels.support).toBeGreaterThanOrEqual(levels.rangeLow);
    },
  );
});
