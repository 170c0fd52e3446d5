/**
 * Every number the engine decides by, in one validated object with its defaults, and the run specification that picks
 * the parts of the pipeline. Fractions are fractions (0.01 is 1 %); durations end in their unit.
 */
import { z } from 'zod';

const fraction = z.number().min(0).max(1);
const positive = z.number().positive();
const bars = z.int().min(1).max(2_000);
const days = z.int().min(0).max(1_000);

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
  option: section({
    daysMin: days.default(30),
    daysMax: days.default(60),
    deltaMin: fraction.default(0.5),
    deltaMax: fraction.default(0.7),
    deltaTarget: fraction.default(0.6),
    /** Share of equity a position's premium may be. */
    premiumShare: fraction.default(0.02),
    /** Calendar days to expiry at which the position is closed. */
    exitDays: days.default(7),
    /** Share of the premium lost, at the bid, on this many fresh quotes in a row. */
    premiumLoss: fraction.default(0.5),
    premiumLossQuotes: z.int().min(1).default(2),
    /** Bearish puts are bought up to here only. */
    putRankMax: fraction.default(0.8),
    putRatioMax: positive.default(1.3),
  }),
});

/** When implied volatility is too dear for speculative premium. */
const guard = section({
  /** Sessions over which the rank is taken, today included. */
  lookback: bars.default(252),
  crowdedRank: fraction.default(0.6),
  crowdedRatio: positive.default(1.5),
  openRank: fraction.default(0.5),
  openRatio: positive.default(1.3),
  /** Below this many days of history the ratio decides alone. */
  rankHistoryMin: bars.default(60),
  /** Realised volatility the ratio divides by: the larger of these two windows. */
  realizedFast: bars.default(20),
  realizedSlow: bars.default(60),
});

const hedge = section({
  daysMin: days.default(30),
  daysMax: days.default(60),
  /** Size of the put's delta. */
  deltaMin: fraction.default(0.3),
  deltaMax: fraction.default(0.45),
  /** Share of the exposure to hedge, and while volatility is stressed. */
  share: fraction.default(0.5),
  stressedShare: fraction.default(1),
  /** Of equity, a hedge and within 365 days. */
  premiumMax: fraction.default(0.03),
  premiumYearMax: fraction.default(0.1),
  /** At-the-money volatility above which a hedge is too dear. */
  impliedVolMax: positive.default(0.6),
  /** Premium for `costDays` days as a share of the hedged notional, above which a hedge is too dear. */
  costMax: fraction.default(0.045),
  costDays: days.default(45),
  /** Hedge delta over exposure at which a close trims back to the exposure. */
  trimAbove: positive.default(1.1),
  rollDays: days.default(7),
  /** Orders for one entry that may end unfilled before the protocol cools down. */
  entryTries: z.int().min(1).default(3),
  cooldownSessions: z.int().min(0).default(10),
  betaBars: bars.default(252),
  betaBarsMin: bars.default(60),
  betaMax: positive.default(3),
});

/** The filter before entries and hedges, never before exits. */
const liquidity = section({
  /** Widest spread of an option: this share of its midpoint, and the larger of these dollars and this other share. */
  optionSpreadShare: fraction.default(0.1),
  optionSpreadDollars: positive.default(0.5),
  optionSpreadWide: fraction.default(0.02),
  openInterestMin: z.int().min(0).default(100),
  shareSpreadBps: positive.default(20),
  optionQuoteAgeMaxMs: z.int().min(0).default(30_000),
  /** Move of the underlying since the option was quoted, basis points. */
  underlyingMoveBps: positive.default(10),
});

/** How a working order walks from the midpoint to the far touch. */
const execution = section({
  stepMs: z.int().min(1).default(3_000),
  /** Each wait is this share longer or shorter, by the manifest's seed and the order's ordinal. */
  stepJitter: fraction.default(1 / 3),
  /** Of the half-spread; one tick at least. */
  stepShare: fraction.default(0.25),
  /** How far past the midpoint an entry may go: of the half-spread; one tick past the rounded midpoint at least. */
  capShare: fraction.default(0.5),
  patienceMs: z.int().min(0).default(15_000),
  /** Minutes after the open and before the close without option entries. */
  openingPauseMin: z.int().min(0).default(5),
  closingPauseMin: z.int().min(0).default(10),
  /** Orders that walk at the same time; others wait longer between steps. */
  walksMax: z.int().min(1).default(4),
});

/** What options on a symbol are, and how their chain is modelled where none is recorded. */
const options = section({
  /** Terms of the contracts; null takes what the class is known to have, see docs/options.md. */
  multiplier: positive.nullable().default(null),
  style: z.enum(['american', 'european']).nullable().default(null),
  settlement: z.enum(['physical', 'cash']).nullable().default(null),
  tickClass: z.enum(['penny', 'nickel', 'pennyAll']).nullable().default(null),
  /** Continuously compounded, a year. */
  rate: z.number().min(-0.1).max(1).default(0),
  dividendYield: z.number().min(-0.1).max(1).default(0),
  /** `auto`: recorded where the session has contracts of the symbol, else modelled in simulations. */
  chain: z.enum(['auto', 'recorded', 'modelled', 'none']).default('auto'),
  /** A volatility index whose bars are in the session; at-the-money volatility is `vixShare` of it. Never traded. */
  vixSymbol: z.string().nullable().default(null),
  vixShare: positive.default(0.9),
  model: section({
    /** ln of the volatility index = intercept + the terms below; fitted by scripts/fit-chain-model. */
    intercept: z.number().default(-0.155),
    parkinson5: z.number().default(0.213),
    realized22: z.number().default(0.153),
    realized66: z.number().default(0.174),
    realized252: z.number().default(0.244),
    return5: z.number().default(-1.782),
    return22: z.number().default(-0.719),
    /** vol(T) = vol(30 days) x (T / 30 days)^termExponent; 0 is a flat term structure. */
    termExponent: z.number().min(-1).max(1).default(0),
    /** vol(K) = at-the-money x clip(1 - skew x ln(K / S), skewMin, skewMax). */
    skew: z.number().default(3),
    skewMin: positive.default(0.75),
    skewMax: positive.default(1.6),
    halfSpreadMin: z.number().min(0).default(0.025),
    halfSpreadShare: fraction.default(0.01),
    /** Dollars between strikes. */
    strikeStep: positive.default(1),
    openInterest: z.int().min(0).default(10_000),
  }),
});

const risk = section({
  symbolCap: positive.default(0.4),
  grossCap: positive.default(1),
  buyingPowerShare: fraction.default(0.9),
  /** Of the 20-day average volume. */
  volumeShareMax: fraction.default(0.01),
  collarShares: fraction.default(0.03),
  /** Of an option's midpoint; half the spread and a tick at least. */
  collarOptions: fraction.default(0.03),
  /** Net delta in dollars, of equity. */
  netDeltaCap: positive.default(1.5),
  /** Premium of one order, of equity. */
  premiumMax: fraction.default(0.03),
  /** Contracts of one order, of the open interest. */
  openInterestShareMax: fraction.default(0.05),
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
  /** Chance that a limit order inside the spread trades against a quote that does not reach it, seeded; null for never. */
  midpointFillChance: fraction.nullable().default(null),
});

const feed = section({
  /** A price this many times away from the last good one is recorded as rejected. */
  farFactor: positive.default(10),
  /** A tick whose time lies this far ahead of its arrival is rejected. */
  futureToleranceMs: z.int().min(0).default(1_000),
});

/** What a live session does about its connections and its venue. Simulations have neither. */
const venue = section({
  /** Silence of a channel in its session that makes its feed stale. */
  silenceMs: z.int().min(1).default(2_000),
  /** How long a feed is stale before a view-only source stands in. */
  failoverMs: z.int().min(0).default(3_000),
  /** An order of unknown fate is looked up this often, this many times, before it is sent again or given up. */
  lookupEveryMs: z.int().min(1).default(2_000),
  lookups: z.int().min(1).default(5),
  /** Requests to the venue that fail are tried again after this long: reconciliations, backfills, cancels. */
  retryMs: z.int().min(1).default(5_000),
  /** The venue's limit on calls, and what of it is kept for cancels. */
  callsPerMinute: z.int().min(1).default(200),
  callsKeptForCancels: z.int().min(0).default(50),
  /** A moved price: cancel, wait, send anew. Changing an order in place has known faults at the venue. */
  replace: z.enum(['cancelAndSend']).default('cancelAndSend'),
  /** Protective stops of shares rest at the venue; else the engine sells when quotes or a close are beyond them. */
  restingStops: z.boolean().default(true),
  /** Losing the venue's word on our orders cancels every working order but protective stops. */
  cancelOnDisconnect: z.boolean().default(false),
  /** Cash that differs by no more than this many dollars is aligned without a word. */
  cashTolerance: z.number().min(0).default(0.01),
});

/** Outside signals: what of them counts, and what we tell other systems. */
const intel = section({
  /** Five minutes' volume over the normal of the hour before that is a spike. */
  spikeMultiplier: positive.default(3),
  /** Move of the price within those five minutes, up or down, that a scenario asks for. */
  priceMove: fraction.default(0.02),
  /** Size of a sentiment score that is a catalyst. */
  catalystMin: fraction.default(0.3),
  /** What a long scenario of the day makes of a long conviction that is lower. */
  scenarioConviction: z.number().min(0).max(100).default(60),
  /** Our name on the bus. */
  sourceSystem: z.string().min(1).max(64).default('quantos'),
  /** Seconds after which what was evaluated anew is published again, changed or not. */
  refreshS: z.int().min(1).max(299).default(240),
});

const coreConfigShape = {
  regime,
  conviction,
  selector,
  guard,
  hedge,
  liquidity,
  execution,
  options,
  risk,
  exchange,
  feed,
  venue,
  intel,
};

export const configSchema = z.strictObject({
  ...coreConfigShape,
  /** Overrides by symbol: any subset of the sections above. */
  symbols: z.record(z.string(), z.record(z.string(), z.json())).default({}),
  /** Listed events (earnings and the like): no option may live through one. */
  events: z.array(z.strictObject({ symbol: z.string(), day: z.iso.date(), kind: z.string() })).default([]),
});
export type Config = z.infer<typeof configSchema>;
export type RegimeConfig = Config['regime'];
export type ConvictionConfig = Config['conviction'];
export type OptionsConfig = Config['options'];

/** Asked for at every order and quote: laid over and checked once. */
const laidOver = new WeakMap<Config, Map<string, Config>>();

/** The configuration of one symbol: the general one with its overrides laid over it. */
export function configFor(config: Config, symbol: string): Config {
  const overrides = Object.hasOwn(config.symbols, symbol) ? config.symbols[symbol] : undefined;
  if (overrides === undefined) return config;
  let bySymbol = laidOver.get(config);
  if (bySymbol === undefined) laidOver.set(config, (bySymbol = new Map()));
  let own = bySymbol.get(symbol);
  if (own === undefined) {
    own = configSchema.parse(mergeDeep({ ...config, symbols: {} }, overrides));
    bySymbol.set(symbol, own);
  }
  return own;
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
