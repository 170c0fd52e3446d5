/**
 * Every number the engine decides by, in one validated object with its defaults, and the run specification that picks
 * the parts of the pipeline. Fractions are fractions (0.01 is 1 %); durations end in their unit.
 */
import { z } from 'zod';

const fraction = z.number().min(0).max(1);
const positive = z.number().positive();
const bars = z.int().min(1).max(2_000);

/** An object whose fields all have defaults may itself be left out. */
const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never);

const regime = section({
  trend: section({
    smaFast: bars.default(50),
    smaSlow: bars.default(200),
    band: fraction.default(0.01),
    slopeBars: bars.default(20),
    /** Average directional index, reported beside the votes. */
    adxBars: bars.default(14),
    bullEnter: z.int().min(0).max(4).default(4),
    bullHold: z.int().min(0).max(4).default(3),
    bearEnter: z.int().min(0).max(4).default(0),
    bearHold: z.int().min(0).max(4).default(1),
    confirmCloses: bars.default(3),
  }),
  volatility: section({
    window: bars.default(20),
    lookback: bars.default(252),
    elevatedIn: fraction.default(0.7),
    elevatedOut: fraction.default(0.6),
    stressedIn: fraction.default(0.9),
    stressedOut: fraction.default(0.8),
    /** Annualised; above it the state is never calm. */
    neverCalmAbove: positive.default(0.25),
    /** Annualised; below it the state is never stressed. */
    neverStressedBelow: positive.default(0.15),
  }),
  structure: section({
    swingBars: bars.default(5),
    lowBars: bars.default(50),
    atrBars: bars.default(14),
    threatenedAtr: positive.default(1),
    clearAtr: positive.default(1.5),
    brokenAtr: positive.default(0.5),
    crashSigma: positive.default(3),
    crashBars: bars.default(60),
    reclaimCloses: bars.default(5),
    reclaimAtr: positive.default(0.5),
  }),
});

const conviction = section({
  weights: section({
    trend: z.number().min(0).default(30),
    momentum: z.number().min(0).default(25),
    breakout: z.number().min(0).default(20),
    volume: z.number().min(0).default(15),
    sentiment: z.number().min(0).default(10),
  }),
  smaFast: bars.default(50),
  smaSlow: bars.default(200),
  slopeBars: bars.default(20),
  momentumBars: bars.default(63),
  /** Daily volatility for the momentum component, bars. */
  volatilityBars: bars.default(20),
  breakoutBars: bars.default(55),
  volumeBars: bars.default(20),
  /** A score is published when it moves this many points, or crosses a threshold of the selector. */
  publishStep: positive.default(5),
  fedBiasMultiplier: positive.default(1.05),
  socialScoreMultiplier: positive.default(1.03),
  socialScoreMin: z.number().default(0.3),
});

const selector = section({
  optionConviction: z.number().min(0).max(100).default(80),
  equityConviction: z.number().min(0).max(100).default(60),
  exitConviction: z.number().min(0).max(100).default(40),
  stopAtr: positive.default(4),
  atrBars: bars.default(14),
  rearmBars: bars.default(20),
  rearmDays: z.int().min(0).default(30),
  /** Share of equity a new position may lose at its protective stop. */
  riskPerTrade: fraction.default(0.01),
});

const risk = section({
  symbolCap: positive.default(0.4),
  grossCap: positive.default(1),
  buyingPowerShare: fraction.default(0.9),
  /** Of the 20-day average volume. */
  volumeShareMax: fraction.default(0.01),
  collarShares: fraction.default(0.03),
  duplicateWindowMs: z.int().min(0).default(5_000),
  intentsPerSecondPerSymbol: z.int().min(1).default(1),
  intentsPerMinute: z.int().min(1).default(30),
  dailyLossReduce: fraction.default(0.02),
  dailyLossHalt: fraction.default(0.04),
  rejectsInARow: z.int().min(1).default(3),
  rejectsPerMinute: z.int().min(1).default(5),
  heatPause: fraction.default(0.8),
  /** Positions that make portfolio heat 1. */
  heatCapacity: z.int().min(1).default(30),
  intentAgeMaxMs: z.int().min(0).default(900_000),
  quoteAgeMaxMs: z.int().min(0).default(2_000),
});

const exchange = section({
  /** Half of the modelled bid/ask spread for shares, as a fraction of the price; used where no quotes are recorded. */
  halfSpread: fraction.default(0.0001),
  /** One way to the venue and back, in microseconds. */
  submitLatencyUs: z.int().min(0).default(0),
  reportLatencyUs: z.int().min(0).default(0),
  /** Seeded extra latency, uniform in 0..this. */
  latencyJitterUs: z.int().min(0).default(0),
  /** Most of a bar's volume that our orders may take, filling over several bars; null for no limit. */
  volumeShare: fraction.nullable().default(null),
  /** A resting limit order also fills when the price only touches it. */
  touchFill: z.boolean().default(false),
});

const feed = section({
  /** A price this many times away from the last good one is recorded as rejected. */
  farFactor: positive.default(10),
  /** A tick whose time lies this far ahead of its arrival is rejected. */
  futureToleranceMs: z.int().min(0).default(1_000),
});

const coreConfigShape = { regime, conviction, selector, risk, exchange, feed };

export const configSchema = z.strictObject({
  ...coreConfigShape,
  /** Overrides by symbol: any subset of the sections above. */
  symbols: z.record(z.string(), z.record(z.string(), z.json())).default({}),
});
export type Config = z.infer<typeof configSchema>;
export type RegimeConfig = Config['regime'];
export type ConvictionConfig = Config['conviction'];

/** The configuration of one symbol: the general one with its overrides laid over it. */
export function configFor(config: Config, symbol: string): Config {
  const overrides = Object.hasOwn(config.symbols, symbol) ? config.symbols[symbol] : undefined;
  if (overrides === undefined) return config;
  const merged = mergeDeep({ ...config, symbols: {} }, overrides);
  return configSchema.parse(merged);
}

/** Lays `over` over `base`, object by object; arrays and plain values replace. Returns new objects. */
export function mergeDeep(base: unknown, over: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(over)) return over;
  const out: Record<string, unknown> = { ...base };
  for (const key of Object.keys(over)) out[key] = key in base ? mergeDeep(base[key], over[key]) : over[key];
  return out;
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const sizingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('risk') }),
  z.strictObject({ kind: z.literal('fixed'), quantity: positive }),
  z.strictObject({ kind: z.literal('percent'), percent: positive.max(1_000) }),
]);

export const commissionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  /** A share of the traded value: 0.001 is 0.1 %. */
  z.strictObject({ kind: z.literal('percent'), rate: fraction }),
  /** Dollars a share, and the least dollars an order. */
  z.strictObject({ kind: z.literal('perShare'), perShare: z.number().min(0), minimum: z.number().min(0) }),
]);
export type Commission = z.infer<typeof commissionSchema>;

export const runSpecSchema = z.strictObject({
  profile: z.enum(['quantos', 'plain']),
  strategy: z.strictObject({
    name: z.string(),
    /** A user's file, as given; null for a built-in. */
    file: z.string().nullable(),
    /** sha256 of that file; null for a built-in. */
    sha256: z.string().nullable(),
    params: z.record(z.string(), z.json()),
  }),
  config: configSchema,
  seed: z.int().min(0).max(0xffffffff),
  /** Dollars at the start. */
  cash: positive,
  /** The symbol whose regime is the market's, or null. */
  benchmark: z.string().nullable(),
  sizing: sizingSchema,
  execution: z.enum(['next-open', 'next-close', 'midpoint']),
  commission: commissionSchema,
  instruments: z.enum(['equity', 'all']),
  hedge: z.boolean(),
  risk: z.boolean(),
  exits: z.boolean(),
  roll: z.enum(['none', 'daily']),
  finalize: z.boolean(),
  allowShort: z.boolean(),
  reverse: z.boolean(),
  /** Core holdings bought with the starting cash at the first price: a share of it. */
  core: z.array(z.strictObject({ symbol: z.string(), fraction })),
  /** Decisions are counted from this moment on (microseconds); earlier bars only warm up. Null: from the first bar. */
  tradeFrom: z.int().nullable(),
});
export type RunSpec = z.infer<typeof runSpecSchema>;

/** The parts a profile is made of; each can be set alone. */
export const profileDefaults: Readonly<
  Record<
    RunSpec['profile'],
    Pick<RunSpec, 'sizing' | 'execution' | 'instruments' | 'hedge' | 'risk' | 'exits'>
  >
> = {
  quantos: {
    sizing: { kind: 'risk' },
    execution: 'midpoint',
    instruments: 'all',
    hedge: true,
    risk: true,
    exits: true,
  },
  plain: {
    sizing: { kind: 'percent', percent: 100 },
    execution: 'next-open',
    instruments: 'equity',
    hedge: false,
    risk: false,
    exits: false,
  },
};
