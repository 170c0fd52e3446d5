/**
 * Whether an instrument can be traded in an orderly way now (MISSION.md, Execution): asked before entries and hedges,
 * never before exits. Each answer lists every test with its numbers.
 */
import type { Config } from './config.ts';
import type { TwoSided } from './spread-model.ts';

type Rules = Pick<Config, 'liquidity' | 'risk'>;
type Value = number | string | boolean | null;

export interface LiquidityTest {
  readonly test: string;
  readonly value: Value;
  readonly limit: Value;
  readonly pass: boolean;
}

/** A side of 0 is empty. */
interface OptionMarket extends TwoSided {
  /** Contracts; null where nobody said. */
  readonly openInterest: number | null;
}

/** How old a contract's quote is, and what its underlying did since. */
export interface OptionFreshness {
  readonly quoteAgeMs: number;
  /** The underlying's price when the contract was quoted, and now. */
  readonly underlyingPxThen: number;
  readonly underlyingPxNow: number;
}

/** A contract's market; `freshness` null waives it (bar mode). */
export function optionLiquidity(
  quote: OptionMarket | null,
  freshness: OptionFreshness | null,
  { liquidity }: Rules,
): LiquidityTest[] {
  const sides = bothSides(quote);
  if (!sides.pass) return [sides];
  const { bidPx, askPx, openInterest } = quote!;
  const spread = onGrid(askPx - bidPx);
  const midpoint = (bidPx + askPx) / 2;
  const { optionSpreadShare, optionSpreadDollars, optionSpreadWide, openInterestMin } = liquidity;
  const tests = [
    sides,
    // A locked option market is a stale side: nobody gives the spread away.
    { test: 'notCrossed', value: spread, limit: 'above 0', pass: spread > 0 },
    atMost('spreadShare', spread / midpoint, optionSpreadShare),
    atMost('spreadDollars', spread, Math.max(optionSpreadDollars, optionSpreadWide * midpoint)),
    {
      test: 'openInterest',
      value: openInterest,
      limit: openInterestMin,
      pass: openInterest !== null && openInterest >= openInterestMin,
    },
  ];
  return freshness === null ? tests : [...tests, ...optionFreshness(freshness, { liquidity })];
}

/** A share's market; `quoteAgeMs` null waives freshness (bar mode). A locked market passes. */
export function shareLiquidity(
  quote: TwoSided | null,
  quoteAgeMs: number | null,
  { liquidity, risk }: Rules,
): LiquidityTest[] {
  const sides = bothSides(quote);
  if (!sides.pass) return [sides];
  const { bidPx, askPx } = quote!;
  const spread = onGrid(askPx - bidPx);
  const spreadBps = (10_000 * spread) / ((bidPx + askPx) / 2);
  const tests = [
    sides,
    { test: 'notCrossed', value: spread, limit: 'at least 0', pass: spread >= 0 },
    atMost('spreadBps', spreadBps, liquidity.shareSpreadBps),
  ];
  return quoteAgeMs === null ? tests : [...tests, atMost('quoteAgeMs', quoteAgeMs, risk.quoteAgeMaxMs)];
}

/** A quote is as old as the market it was made in: by the clock, and by how far the underlying went since. */
export function optionFreshness(
  { quoteAgeMs, underlyingPxThen, underlyingPxNow }: OptionFreshness,
  { liquidity }: Pick<Config, 'liquidity'>,
): LiquidityTest[] {
  const movedBps = (10_000 * Math.abs(underlyingPxNow - underlyingPxThen)) / underlyingPxThen;
  return [
    atMost('quoteAgeMs', quoteAgeMs, liquidity.optionQuoteAgeMaxMs),
    atMost('underlyingMoveBps', movedBps, liquidity.underlyingMoveBps),
  ];
}

function bothSides(quote: TwoSided | null): LiquidityTest {
  const limit = 'a bid and an ask';
  if (quote === null) return { test: 'bothSidesQuoted', value: null, limit, pass: false };
  const { bidPx, askPx } = quote;
  const pass = [bidPx, askPx].every((px) => px > 0 && Number.isFinite(px));
  return { test: 'bothSidesQuoted', value: `${bidPx} / ${askPx}`, limit, pass };
}

/** What a spread of exactly the limit is must not hang on its last binary digit. */
const onGrid = (value: number): number => Math.round(value * 1e9) / 1e9;

function atMost(test: string, measured: number, limit: number): LiquidityTest {
  // A price that is none measures nothing: it fails, and is named instead of counted.
  if (!Number.isFinite(measured)) return { test, value: 'unknown', limit, pass: false };
  const value = onGrid(measured);
  return { test, value, limit, pass: value <= limit };
}
