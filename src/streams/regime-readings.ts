/**
 * What the regime actor hears once a daily close: the measurements of each region, from the recent bars alone. A region
 * with too little history has no measurements.
 */
import type { RegimeConfig } from '../domain/config.ts';
import { adx, atr, type BarWindow, sma, smaSlope, stdev } from './indicators.ts';
import { readVolatility, type VolatilityReading, volatilityBars } from './realized-volatility.ts';
import { type SupportLevels, supportBars, supportLevels } from './support-levels.ts';

/**
 * Votes 0..4: close above the fast and the slow average, and the slope of each above 0. The band decides for whoever
 * holds: `votesClear` asks the close to be a band above an average, `votesHeld` only not to be a band below it.
 */
export interface TrendReading {
  readonly votesClear: number;
  readonly votesHeld: number;
  readonly smaFast: number;
  readonly smaSlow: number;
  /** Dollars a bar. */
  readonly slopeFast: number;
  readonly slopeSlow: number;
  /** Reported, not voted. */
  readonly adx: number;
}

export interface StructureReading extends SupportLevels {
  readonly smaFast: number;
  readonly atr: number;
  /** Log return of the day. */
  readonly dayReturn: number;
  /** Standard deviation of the daily log returns before it. */
  readonly sigmaBefore: number;
}

export interface RegimeReading {
  readonly close: number;
  readonly trend: TrendReading | undefined;
  readonly volatility: VolatilityReading | undefined;
  readonly structure: StructureReading | undefined;
}

const trendBars = ({ trend }: RegimeConfig): number =>
  Math.max(Math.max(trend.smaFast, trend.smaSlow) + trend.slopeBars - 1, 2 * trend.adxBars);

const structureBars = (config: RegimeConfig): number =>
  Math.max(supportBars(config), config.structure.atrBars + 1, config.structure.crashBars + 2);

/** Daily bars that a full reading rests on: the capacity its window needs, and what a session carries to the next. */
export const regimeBars = (config: RegimeConfig): number =>
  Math.max(trendBars(config), volatilityBars(config), structureBars(config));

/** Reads the close of the newest bar; undefined before the first. */
export function readRegime(bars: BarWindow, config: RegimeConfig): RegimeReading | undefined {
  if (bars.length === 0) return undefined;
  return {
    close: bars.close.ago(0),
    trend: readTrend(bars, config),
    volatility: readVolatility(bars, config),
    structure: readStructure(bars, config),
  };
}

function readTrend(bars: BarWindow, config: RegimeConfig): TrendReading | undefined {
  if (bars.length < trendBars(config)) return undefined;
  const rules = config.trend;
  const close = bars.close.ago(0);
  const smaFast = sma(bars.close, rules.smaFast)!;
  const smaSlow = sma(bars.close, rules.smaSlow)!;
  const slopeFast = smaSlope(bars.close, rules.smaFast, rules.slopeBars)!;
  const slopeSlow = smaSlope(bars.close, rules.smaSlow, rules.slopeBars)!;
  const votes = (factor: number) =>
    [close > smaFast * factor, close > smaSlow * factor, slopeFast > 0, slopeSlow > 0].filter(Boolean).length;
  return {
    votesClear: votes(1 + rules.band),
    votesHeld: votes(1 - rules.band),
    smaFast,
    smaSlow,
    slopeFast,
    slopeSlow,
    adx: adx(bars, rules.adxBars)!,
  };
}

function readStructure(bars: BarWindow, config: RegimeConfig): StructureReading | undefined {
  if (bars.length < structureBars(config)) return undefined;
  return {
    ...supportLevels(bars, config)!,
    smaFast: sma(bars.close, config.trend.smaFast)!,
    atr: atr(bars, config.structure.atrBars)!,
    dayReturn: bars.logReturn.ago(0),
    sigmaBefore: stdev(bars.logReturn, config.structure.crashBars, 1)!,
  };
}
