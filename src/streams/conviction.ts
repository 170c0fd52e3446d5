/**
 * How strongly a symbol's own bars speak for a direction, 0..100: weighted components, multiplied by what outside
 * signals add, with every number and every gap said. The short side is the long side mirrored.
 */
import type { ConvictionConfig } from '../domain/config.ts';
import { log } from '../domain/math.ts';
import { type BarWindow, highest, lowest, sma, smaSlope, stdev } from './indicators.ts';

export type Direction = 'long' | 'short';

/** Outside signals as last heard; null where there is none, or it is stale or malformed. */
export interface IntelReadings {
  readonly fedBias: string | null;
  /** -1..1. */
  readonly socialScore: number | null;
}

export interface ConvictionComponent {
  readonly name: string;
  /** Share of the score, 0..100: the weights of all components add up to 100. */
  readonly weight: number;
  /** 0..1. */
  readonly value: number;
  readonly source: string;
}

export interface Conviction {
  readonly direction: Direction;
  /** 0..100. */
  readonly conviction: number;
  readonly components: readonly ConvictionComponent[];
  /** Components and multipliers left out, each with its reason. */
  readonly omitted: readonly string[];
  /** The score before the multipliers, and each of them. */
  readonly evidence: { readonly score: number; readonly fedBias: number; readonly socialScore: number };
}

/** A component's value, or the reason why it has no source. */
type Measured = { readonly value: number; readonly source: string } | { readonly missing: string };

/** Daily bars a conviction rests on. */
export const convictionBars = (config: ConvictionConfig): number =>
  Math.max(
    config.smaSlow,
    config.smaFast + config.slopeBars - 1,
    config.momentumBars + 1,
    config.volatilityBars + 1,
    config.breakoutBars,
    config.volumeBars + 1,
  );

/** Scores the newest bar; undefined while there is too little history. */
export function readConviction(
  bars: BarWindow,
  direction: Direction,
  config: ConvictionConfig,
  intel: IntelReadings,
): Conviction | undefined {
  if (bars.length < convictionBars(config)) return undefined;
  const sign = direction === 'long' ? 1 : -1;
  const measured: readonly [keyof ConvictionConfig['weights'], Measured][] = [
    ['trend', trend(bars, sign, config)],
    ['momentum', momentum(bars, sign, config)],
    ['breakout', breakout(bars, sign, config)],
    ['volume', volume(bars, sign, config)],
    ['sentiment', { missing: 'no source' }],
  ];
  const omitted: string[] = [];
  const present: { name: keyof ConvictionConfig['weights']; value: number; source: string }[] = [];
  for (const [name, component] of measured) {
    if ('missing' in component) omitted.push(`${name}: ${component.missing}`);
    else present.push({ name, ...component });
  }
  let weights = 0;
  for (const { name } of present) weights += config.weights[name];
  // Keys here in the order of their canonical bytes: most of a day's events are scores.
  const components = present.map(({ name, value, source }) => ({
    name,
    source,
    value,
    weight: weights === 0 ? 0 : (100 * config.weights[name]) / weights,
  }));
  let score = 0;
  for (const { weight, value } of components) score += weight * value;

  const fedBias = fedBiasMultiplier(intel.fedBias, sign, config);
  const socialScore = socialScoreMultiplier(intel.socialScore, sign, config);
  if (intel.fedBias === null) omitted.push('intel:fed_bias: no usable signal, multiplies by 1');
  if (intel.socialScore === null) omitted.push('intel:social_score: no usable signal, multiplies by 1');
  return {
    direction,
    conviction: Math.min(100, score * fedBias * socialScore),
    components,
    omitted,
    evidence: { fedBias, score, socialScore },
  };
}

const clip = (x: number): number => Math.min(1, Math.max(0, x));

/** A quarter each: close beyond the fast and the slow average, fast beyond slow, slope of the fast. */
function trend(bars: BarWindow, sign: 1 | -1, config: ConvictionConfig): Measured {
  const close = bars.close.ago(0);
  const fast = sma(bars.close, config.smaFast)!;
  const slow = sma(bars.close, config.smaSlow)!;
  const slope = smaSlope(bars.close, config.smaFast, config.slopeBars)!;
  const votes = [close - fast, close - slow, fast - slow, slope].filter((lead) => sign * lead > 0).length;
  return { value: votes / 4, source: `SMA ${config.smaFast}/${config.smaSlow}` };
}

/** The return in units of what chance alone would make of it. */
function momentum(bars: BarWindow, sign: 1 | -1, config: ConvictionConfig): Measured {
  const { momentumBars, volatilityBars } = config;
  const gain = sign * log(bars.close.ago(0) / bars.close.ago(momentumBars));
  const chance = stdev(bars.logReturn, volatilityBars)! * Math.sqrt(momentumBars);
  // Where nothing moved lately, any gain is beyond chance.
  const value = gain <= 0 ? 0 : chance === 0 ? 1 : clip(gain / chance);
  return { value, source: `${momentumBars}-bar return` };
}

/** From the middle of the range to its edge. */
function breakout(bars: BarWindow, sign: 1 | -1, config: ConvictionConfig): Measured {
  const high = highest(bars.high, config.breakoutBars)!;
  const low = lowest(bars.low, config.breakoutBars)!;
  const fromMiddle = 2 * bars.close.ago(0) - high - low;
  return {
    value: high === low ? 0 : clip((sign * fromMiddle) / (high - low)),
    source: `${config.breakoutBars}-bar range`,
  };
}

/** Volume beyond the average of the bars before, on a bar in the direction. */
function volume(bars: BarWindow, sign: 1 | -1, config: ConvictionConfig): Measured {
  const average = sma(bars.volume, config.volumeBars, 1)!;
  if (average === 0) return { missing: `no volume in the last ${config.volumeBars} bars` };
  const inDirection = sign * (bars.close.ago(0) - bars.close.ago(1)) > 0;
  return {
    value: inDirection ? clip((bars.volume.ago(0) / average - 1) / 2) : 0,
    source: `${config.volumeBars}-bar volume`,
  };
}

/** An easing central bank carries the long side, a tightening one the short side. */
const fedBiasMultiplier = (bias: string | null, sign: 1 | -1, config: ConvictionConfig): number =>
  bias === (sign === 1 ? 'dovish' : 'hawkish') ? config.fedBiasMultiplier : 1;

const socialScoreMultiplier = (score: number | null, sign: 1 | -1, config: ConvictionConfig): number =>
  score !== null && sign * score > config.socialScoreMin ? config.socialScoreMultiplier : 1;

export interface PublishedConviction {
  readonly direction: Direction | 'flat';
  readonly conviction: number;
}

/** Whether a score is news beside the one published last: another side, a threshold crossed, or `step` points. */
export function shouldPublish(
  previous: PublishedConviction | undefined,
  next: PublishedConviction,
  thresholds: readonly number[],
  step: number,
): boolean {
  if (previous === undefined || previous.direction !== next.direction) return true;
  if (Math.abs(next.conviction - previous.conviction) >= step) return true;
  return thresholds.some((threshold) => previous.conviction >= threshold !== next.conviction >= threshold);
}
