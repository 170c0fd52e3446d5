import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { IvHistory } from '../../src/streams/iv-history.ts';

function historyOf(vols: readonly number[], lookback = 252): IvHistory {
  const history = new IvHistory(lookback);
  vols.forEach((vol, i) => {
    history.set(`day ${i}`, vol);
  });
  return history;
}

describe('the history of volatility', () => {
  test('counts the newest among the days it is ranked in', () => {
    const history = historyOf([0.1, 0.3, 0.2, 0.35]);
    expect(history.rank()).toBe(1);
    expect(history.percentile()).toBe(1);
    expect(historyOf([0.2, 0.4, 0.3]).rank()).toBeCloseTo(0.5, 12);
    expect(historyOf([0.2, 0.4, 0.3]).percentile()).toBe(0.5);
  });

  test('ranks a market that never moves lowest', () => {
    expect(historyOf([0.2, 0.2, 0.2]).rank()).toBe(0);
    expect(historyOf([0.2, 0.2, 0.2]).percentile()).toBe(0);
    expect(historyOf([0.2]).percentile()).toBe(0);
  });

  test('lets a later reading of a day take the place of the earlier one', () => {
    const history = historyOf([0.1, 0.2]);
    history.set('day 1', 0.15);
    expect([history.sessions, history.newest]).toEqual([2, 0.15]);
  });

  const vols = fc.array(fc.double({ min: 0.01, max: 3, noNaN: true }), { minLength: 1, maxLength: 40 });

  property.prop([vols, fc.integer({ min: 1, max: 20 })])(
    'is what brute force finds over the last days of the lookback',
    (all, lookback) => {
      const history = historyOf(all, lookback);
      const window = all.slice(-lookback);
      const newest = window.at(-1)!;
      const [least, greatest] = [Math.min(...window), Math.max(...window)];
      expect(history.sessions).toBe(window.length);
      expect(history.rank()).toBe(greatest === least ? 0 : (newest - least) / (greatest - least));
      const below = window.slice(0, -1).filter((vol) => vol < newest).length;
      expect(history.percentile()).toBe(window.length === 1 ? 0 : below / (window.length - 1));
    },
  );

  property.prop([vols, vols])('goes on after a session as if there had been none', (before, after) => {
    const whole = historyOf([...before, ...after], 15);
    const first = historyOf(before, 15);
    const second = new IvHistory(15);
    second.restore(JSON.parse(JSON.stringify(first.save())));
    after.forEach((vol, i) => {
      second.set(`day ${before.length + i}`, vol);
    });
    expect(second.save()).toEqual(whole.save());
  });
});
