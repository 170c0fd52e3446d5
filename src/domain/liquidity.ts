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
interface OptionFreshness {
  /** Since anything at all was heard of its market. */
  readonly channelSilentMs: number;
  readonly quoteAgeMs: number;
  /** The underlying's price when the contract was quoted, and now. */
  readonly underlyingPxThen: number;
  readonly underlyingPxNow: number;
}

/** A contract's market; `freshness` null waives it (bar mode). */
export function optionLiquidity(
  quote: OptionMarket | null,
  freshness: OptionFreshness | null,
  { liquidity, risk }: Rules,
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
    { limit: 'above 0', pass: spread > 0, test: 'notCrossed', value: spread },
    atMost('spreadShare', spread / midpoint, optionSpreadShare),
    atMost('spreadDollars', spread, Math.max(optionSpreadDollars, optionSpreadWide * midpoint)),
    {
      limit: openInterestMin,
      pass: openInterest !== null && openInterest >= openInterestMin,
      test: 'openInterest',
      value: openInterest,
    },
  ];
  return freshness === null ? tests : [...tests, ...optionFreshness(freshness, { liquidity, risk })];
}

/** A contract's quote is as old as the market it was made in: by the clock, and by how far the underlying went since. */
export function optionFreshness(
  { channelSilentMs, quoteAgeMs, underlyingPxThen, underlyingPxNow }: OptionFreshness,
  { liquidity, risk }: Rules,
): LiquidityTest[] {
  const movedBps = (10_000 * Math.abs(underlyingPxNow - underlyingPxThen)) / underlyingPxThen;
  return [
    ...channelFreshness(channelSilentMs, { risk }),
    atMost('quoteAgeMs', quoteAgeMs, liquidity.optionQuoteAgeMaxMs),
    atMost('underlyingMoveBps', movedBps, liquidity.underlyingMoveBps),
  ];
}

/** A quote stands until the next one, unless its whole channel has fallen silent. */
export const channelFreshness = (silentMs: number, { risk }: Pick<Config, 'risk'>): LiquidityTest[] => [
  atMost('channelSilentMs', silentMs, risk.quoteAgeMaxMs),
];

/** A share's market. A locked one passes: somebody will trade. */
export function shareLiquidity(
  quote: TwoSided | null,
  channelSilentMs: number,
  { liquidity, risk }: Rules,
): LiquidityTest[] {
  const sides = bothSides(quote);
  if (!sides.pass) return [sides];
  const { bidPx, askPx } = quote!;
  const spread = onGrid(askPx - bidPx);
  const spreadBps = (10_000 * spread) / ((bidPx + askPx) / 2);
  return [
    sides,
    { limit: 'at least 0', pass: spread >= 0, test: 'notCrossed', value: spread },
    atMost('spreadBps', spreadBps, liquidity.shareSpreadBps),
    ...channelFreshness(channelSilentMs, { risk }),
  ];
}

function bothSides(quote: TwoSided | null): LiquidityTest {
  const limit = 'a bid and an ask';
  if (quote === null) return { limit, pass: false, test: 'bothSidesQuoted', value: null };
  const { bidPx, askPx } = quote;
  const pass = [bidPx, askPx].every((px) => px > 0 && Number.isFinite(px));
  return { limit, pass, test: 'bothSidesQuoted', value: `${bidPx} / ${askPx}` };
}

/** What a spread of exactly the limit is must not hang on its last binary digit. */
const onGrid = (value: number): number => Math.round(value * 1e9) / 1e9;

function atMost(test: string, measured: number, limit: number): LiquidityTest {
  // A price that is none measures nothing: it fails, and is named instead of counted.
  if (!Number.isFinite(measured)) return { limit, pass: false, test, value: 'unknown' };
  const value = onGrid(measured);
  return { limit, pass: value <= limit, test, value };
}
