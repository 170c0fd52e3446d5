import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { readRegime, regimeBars } from '../../src/streams/regime-readings.ts';
import { arbitraryBars, sp500, walk, windowOf } from './daily-bars.ts';

const config = configSchema.parse({}).regime;
const needed = regimeBars(config);

describe('a reading', () => {
  test('rests on 272 daily bars by default, within the 330 that a session carries to the next', () => {
    expect(needed).toBe(272);
  });

  test('leaves out every region that has too little history', () => {
    const bars = sp500();
    const known = (n: number) => {
      const { trend, volatility, structure } = readRegime(windowOf(bars.slice(0, n), needed), config)!;
      return [trend, volatility, structure].map((reading) => reading !== undefined);
    };
    expect(readRegime(windowOf([], needed), config)).toBeUndefined();
    expect(known(1)).toEqual([false, false, false]);
    expect(known(200)).toEqual([false, false, false]);
    expect(known(201)).toEqual([false, false, true]);
    expect(known(218)).toEqual([false, false, true]);
    expect(known(219)).toEqual([true, false, true]);
    expect(known(271)).toEqual([true, false, true]);
    expect(known(272)).toEqual([true, true, true]);
  });

  test('of a steady rise has all votes, of a steady fall none', () => {
    const rising = readRegime(windowOf(walk(Array(280).fill(0.005))), config)!;
    const falling = readRegime(windowOf(walk(Array(280).fill(-0.005))), config)!;
    expect(rising.trend).toMatchObject({ votesClear: 4, votesHeld: 4, adx: 100 });
    expect(falling.trend).toMatchObject({ votesClear: 0, votesHeld: 0, adx: 100 });
  });

  test('within the band a close is held by either side: clear of neither', () => {
    const flat = readRegime(windowOf(walk(Array(280).fill(0))), config)!;
    expect(flat.trend).toMatchObject({ votesClear: 0, votesHeld: 2 });
  });

  test.prop([arbitraryBars(300, 600), fc.integer({ min: 272, max: 300 })], { numRuns: 40 })(
    'is the same to the last bit, however long the history before its bars was',
    (history, recent) => {
      const short = readRegime(windowOf(history.slice(-recent), needed), config);
      expect(readRegime(windowOf(history, needed), config)).toStrictEqual(short);
      expect(readRegime(windowOf(history), config)).toStrictEqual(short);
    },
  );
});
