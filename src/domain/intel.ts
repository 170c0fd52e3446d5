/**
 * What travels between QuantOS and its partner systems: the keys of the Intel Bus, the one JSON form of their values, and
 * what a value of each key must be to count. The partners are Python programs: bytes are written as its `json.dumps`
 * writes them, and whatever it writes is read.
 */
import { z } from 'zod';
import { schemaSentence } from './schema-sentence.ts';

/** Seconds a value lives, in Redis and here. */
export const INTEL_TTL_S = 300;
/** Bytes of a value; longer ones are refused unread. */
export const INTEL_BYTES_MAX = 65_536;
const KEY_LENGTH_MAX = 200;
/** Nothing we know is deeper than four; a thousand would exhaust whoever walks it. */
const DEPTH_MAX = 32;
/** Clocks of two computers differ; what is further ahead than this is refused. */
const FUTURE_TOLERANCE_S = 5;

/** Keys whose values the engine decides with. */
export const consumedKeys = ['intel:fed_bias', 'intel:social_score', 'intel:btc_volume_spike'] as const;
export type ConsumedKey = (typeof consumedKeys)[number];
/** Keys the engine writes in the one form of the bus. */
export const publishedKeys = [
  'intel:btc_volume_spike',
  'intel:vix_level',
  'intel:spy_trend',
  'intel:portfolio_heat',
] as const;
/** A plain JSON list, which the partner reads. */
export const POSITIONS_KEY = 'quantos:active_positions';
/** Fear and greed, 0..100: a number, or an object with `value`. */
export const FEAR_GREED_KEY = 'macro:fear_greed';
/** The partner's open positions: a list, a set or a hash, or a JSON list or object. */
export const PARTNER_KEY = 'kalshi:executed_trades';

/** A value on the bus. The names are those of its JSON. */
export interface IntelPayload {
  readonly value: unknown;
  readonly source_system: string;
  /** Seconds since 1970, with a fraction. */
  readonly timestamp: number;
  /** 0..1. */
  readonly confidence: number;
}

/**
 * Words of others end in logs and on terminals: none may hold what moves a cursor, and a lone surrogate, which JSON can
 * spell, has no place in a log.
 */
const word = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'expected text without control characters or halves of a surrogate pair');
const symbol = word(32);
/** -0 and 0 are one number to JSON, and so to a replay. */
const withoutSign = (value: number): number => value + 0;

/** A consumed value in one form each, whichever of its spellings it came in. */
export const intelSignal = z.discriminatedUnion('key', [
  z.strictObject({ key: z.literal('intel:fed_bias'), bias: z.string().min(1).max(32) }),
  z.strictObject({
    key: z.literal('intel:social_score'),
    score: z.number().min(-1).max(1),
    /** Null: it speaks of the market as a whole. */
    ticker: z.string().min(1).max(32).nullable(),
  }),
  z.strictObject({
    key: z.literal('intel:btc_volume_spike'),
    detected: z.boolean(),
    multiplier: z.number().min(0),
    symbol: z.string().min(1).max(32),
  }),
]);
export type IntelSignal = z.infer<typeof intelSignal>;

const payload = z.object({
  value: z.unknown().refine((value) => value !== undefined, 'a value'),
  source_system: word(64),
  timestamp: z.number().min(0).max(1e11).transform(withoutSign),
  confidence: z.number().min(0).max(1).transform(withoutSign),
});

const bias = word(32).transform((text) => text.toLowerCase());
const score = z.number().min(-1).max(1).transform(withoutSign);

/** The spellings of each value; what they hold beside the named fields is left out. */
const values = {
  'intel:fed_bias': z
    .union([bias, z.object({ bias }).transform((value) => value.bias)], {
      error: 'expected a word such as "dovish", or {"bias": "dovish"}',
    })
    .transform((text) => ({ key: 'intel:fed_bias' as const, bias: text })),
  'intel:social_score': z
    .union(
      [
        score.transform((value) => ({ score: value, ticker: null })),
        z.object({ score, ticker: symbol.nullable().default(null) }),
      ],
      { error: 'expected a number from -1 to 1, or {"score": 0.4, "ticker": "SPY"}' },
    )
    .transform((value) => ({ key: 'intel:social_score' as const, ...value })),
  'intel:btc_volume_spike': z
    .object({ detected: z.boolean(), multiplier: z.number().min(0).transform(withoutSign), symbol })
    .transform((value) => ({ key: 'intel:btc_volume_spike' as const, ...value })),
} satisfies Record<ConsumedKey, z.ZodType<IntelSignal>>;

export interface ReadIntel {
  readonly signal: IntelSignal;
  readonly sourceSystem: string;
  /** When its writer made it, seconds since 1970. */
  readonly timestampS: number;
  readonly confidence: number;
  /** Microseconds: from this moment on it is as if it had never come. */
  readonly expiresAt: number;
}

export type IntelRead = ReadIntel | { readonly refused: string };

/** What a text says, unjudged; refused where it is too long, nested too deep to be walked, or no JSON. */
export function parseIntel(text: string): { readonly value: unknown } | { readonly refused: string } {
  if (text.length > INTEL_BYTES_MAX) return { refused: `it is longer than ${INTEL_BYTES_MAX} bytes` };
  if (depthOf(text) > DEPTH_MAX) return { refused: `it is nested more than ${DEPTH_MAX} deep` };
  try {
    return { value: JSON.parse(text) };
  } catch {
    const hasNaN = /[:[,\s](NaN|-?Infinity)\b/.test(text);
    return {
      refused: hasNaN ? 'it is not JSON: NaN and Infinity are words of Python only' : 'it is not JSON',
    };
  }
}

/** The deepest nesting, strings left out; of what is no JSON it may be anything. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text[i];
    if (unit === '\\' && quoted) i += 1;
    else if (unit === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (unit === '[' || unit === '{') deepest = Math.max(deepest, ++depth);
    else if (unit === ']' || unit === '}') depth -= 1;
  }
  return deepest;
}

/** Why a name cannot be a key of the bus, or null. */
export function keyFault(key: string): string | null {
  if (key.length === 0 || key.length > KEY_LENGTH_MAX)
    return `a key has 1 to ${KEY_LENGTH_MAX} characters, this one has ${key.length}`;
  if (!/^[\x21-\x7e]+$/.test(key))
    return 'a key is of printable ASCII without spaces, such as intel:fed_bias';
  const bad = key.split(':').find((part) => ['__proto__', 'prototype', 'constructor'].includes(part));
  return bad === undefined ? null : `a key may not be named ${bad}`;
}

/** Any key's payload, its value unjudged. `nowUs`: microseconds. */
export function readPayload(text: string, nowUs: number): IntelPayload | { readonly refused: string } {
  const parsed = parseIntel(text);
  if ('refused' in parsed) return parsed;
  const read = payload.safeParse(parsed.value);
  if (!read.success) return { refused: sentence(read.error, 'payload', parsed.value) };
  const { timestamp } = read.data;
  const ahead = timestamp - nowUs / 1e6;
  if (ahead > FUTURE_TOLERANCE_S)
    return { refused: `its timestamp ${timestamp} lies ${Math.round(ahead)} s in the future` };
  if (-ahead >= INTEL_TTL_S)
    return {
      refused: `its timestamp ${timestamp} is ${Math.round(-ahead)} s old; ${INTEL_TTL_S} s is all it lives`,
    };
  return read.data as IntelPayload;
}

/**
 * A consumed key's value, or why it does not count. `ttlS`: seconds Redis still keeps it, null where it is kept for ever;
 * ours ends at the same moment, and 300 s after its timestamp at the latest.
 */
export function readIntel(
  key: ConsumedKey,
  text: string,
  nowUs: number,
  ttlS: number | null = null,
): IntelRead {
  const read = readPayload(text, nowUs);
  if ('refused' in read) return read;
  const value = values[key].safeParse(read.value);
  if (!value.success) return { refused: sentence(value.error, 'value', read.value) };
  const { source_system, timestamp, confidence } = read;
  const ends = Math.min(timestamp + INTEL_TTL_S, nowUs / 1e6 + (ttlS ?? INTEL_TTL_S));
  return {
    signal: value.data,
    sourceSystem: source_system,
    timestampS: timestamp,
    confidence,
    expiresAt: Math.round(ends * 1e6),
  };
}

/** Whether a sentiment's ticker means a symbol: `BTC` and `$BTC` mean `BTC/USD`, too. */
export function meansSymbol(ticker: string, named: string): boolean {
  const wanted = ticker.replace(/^[$]/, '').toUpperCase();
  const full = named.toUpperCase();
  return wanted === full || wanted === full.split('/')[0] || wanted === full.replace('/', '');
}

/** The text of a payload, as Python's `json.dumps` spells it: floats have a point, what is not ASCII is escaped. */
export function formatPayload({ value, source_system, timestamp, confidence }: IntelPayload): string {
  const fields = [
    `"value": ${formatJson(value)}`,
    `"source_system": ${formatJson(source_system)}`,
    `"timestamp": ${timestamp.toFixed(6)}`,
    `"confidence": ${Number.isInteger(confidence) ? confidence.toFixed(1) : formatJson(confidence)}`,
  ];
  return `{${fields.join(', ')}}`;
}

/** JSON with Python's spaces, in ASCII. Throws RangeError for what JSON has no word for: only plain data has one. */
export function formatJson(value: unknown): string {
  if (Array.isArray(value)) return `[${Array.from(value, formatJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      throw new RangeError(
        `a ${prototype.constructor?.name} cannot stand on the Intel Bus: only plain data can`,
      );
    const fields = Object.entries(value).filter(([, each]) => each !== undefined);
    return `{${fields.map(([key, each]) => `${ascii(JSON.stringify(key))}: ${formatJson(each)}`).join(', ')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RangeError(`${value} cannot stand on the Intel Bus: a number there is finite`);
  const json = typeof value === 'bigint' ? undefined : JSON.stringify(value);
  if (json === undefined) throw new RangeError(`a ${typeof value} cannot stand on the Intel Bus`);
  return ascii(json);
}

const ascii = (json: string): string =>
  json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Somebody else's text is quoted no longer than a line. */
const TOLD_MAX = 160;
const sentence = (error: z.ZodError, where: string, given: unknown): string => {
  // JSON escapes the lower control characters only.
  const told = schemaSentence(error, where, given).replace(/\p{Cc}/gu, ' ');
  return told.length <= TOLD_MAX ? told : `${told.slice(0, TOLD_MAX - 1).toWellFormed()}…`;
};
