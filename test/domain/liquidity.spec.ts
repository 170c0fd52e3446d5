import { describe, expect, test } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { optionLiquidity, shareLiquidity } from '../../src/domain/liquidity.ts';

const config = configSchema.parse({});
const fresh = { channelSilentMs: 0, quoteAgeMs: 0, underlyingPxThen: 100, underlyingPxNow: 100 };
const failed = (tests: readonly { test: string; pass: boolean }[]) =>
  tests.filter(({ pass }) => !pass).map((each) => each.test);

const option = (bidPx: number, askPx: number, openInterest: number | null = 100, freshness = fresh) =>
  failed(optionLiquidity({ bidPx, askPx, openInterest }, freshness, config));
const share = (bidPx: number, askPx: number, silentMs = 0) =>
  failed(shareLiquidity({ bidPx, askPx }, silentMs, config));

describe('an option', () => {
  for (const [what, bid, ask, expected] of [
    ['with a tenth of the midpoint between its sides trades', 0.95, 1.05, []],
    ['a cent wider does not', 0.95, 1.06, ['spreadShare']],
    ['may be fifty cents wide', 10, 10.5, []],
    ['wider than fifty cents and two percent does not trade', 10, 10.51, ['spreadDollars']],
    ['that is dear may be two percent wide', 99, 101, []],
    ['that is dear and wider does not trade', 99, 101.03, ['spreadDollars']],
    ['with crossed quotes fails', 1.05, 1, ['notCrossed']],
    ['with locked quotes fails', 1, 1, ['notCrossed']],
    ['without a bid fails', 0, 0.05, ['bothSidesQuoted']],
    ['without an ask fails', 1, 0, ['bothSidesQuoted']],
    ['without any quote fails', 0, 0, ['bothSidesQuoted']],
    ['with a stub quote fails', 0.01, 5, ['spreadShare', 'spreadDollars']],
    ['with a price that is no number fails', Number.NaN, 1, ['bothSidesQuoted']],
    ['with an endless ask fails', 1, Number.POSITIVE_INFINITY, ['bothSidesQuoted']],
    ['with a negative bid fails', -1, 1, ['bothSidesQuoted']],
  ] as const) {
    test(what, () => expect(option(bid, ask)).toEqual(expected));
  }

  test('needs open interest, and somebody who says how much', () => {
    expect(option(1, 1.05, 99)).toEqual(['openInterest']);
    expect(option(1, 1.05, null)).toEqual(['openInterest']);
  });

  test('is stale after thirty seconds, or when its underlying moved more than ten basis points', () => {
    expect(option(1, 1.05, 100, { ...fresh, quoteAgeMs: 30_000 })).toEqual([]);
    expect(option(1, 1.05, 100, { ...fresh, quoteAgeMs: 30_001 })).toEqual(['quoteAgeMs']);
    expect(option(1, 1.05, 100, { ...fresh, channelSilentMs: 2_001 })).toEqual(['channelSilentMs']);
    expect(option(1, 1.05, 100, { ...fresh, underlyingPxNow: 100.1 })).toEqual([]);
    expect(option(1, 1.05, 100, { ...fresh, underlyingPxNow: 100.11 })).toEqual(['underlyingMoveBps']);
    expect(option(1, 1.05, 100, { ...fresh, underlyingPxNow: 99.89 })).toEqual(['underlyingMoveBps']);
    expect(option(1, 1.05, 100, { ...fresh, underlyingPxNow: Number.NaN })).toEqual(['underlyingMoveBps']);
  });

  test('is not asked how fresh it is in bar mode, and is never liquid without a quote', () => {
    const quote = { bidPx: 1, askPx: 1.05, openInterest: 100 };
    expect(optionLiquidity(quote, null, config).map((each) => each.test)).not.toContain('quoteAgeMs');
    expect(failed(optionLiquidity(null, null, config))).toEqual(['bothSidesQuoted']);
  });
});

describe('a share', () => {
  for (const [what, bid, ask, expected] of [
    ['twenty basis points wide trades', 99.9, 100.1, []],
    ['wider does not', 99.89, 100.1, ['spreadBps']],
    ['with locked quotes trades', 100, 100, []],
    ['with crossed quotes fails', 100.01, 100, ['notCrossed']],
    ['without a bid fails', 0, 100, ['bothSidesQuoted']],
    ['with a stub quote fails', 0.01, 199_999, ['spreadBps']],
  ] as const) {
    test(what, () => expect(share(bid, ask)).toEqual(expected));
  }

  test('is stale when nothing was heard for more than two seconds', () => {
    expect(share(99.95, 100.05, 2_000)).toEqual([]);
    expect(share(99.95, 100.05, 2_001)).toEqual(['channelSilentMs']);
    expect(failed(shareLiquidity(null, 0, config))).toEqual(['bothSidesQuoted']);
  });
});
