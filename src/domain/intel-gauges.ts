/**
 * The two numbers read from keys that are not of the bus's own form: fear and greed, and how many positions the partner
 * has open. Other programs chose their spelling; each is read in every one that is known.
 */
import { INTEL_TTL_S, parseIntel } from './intel.ts';

export interface ReadGauge {
  readonly value: number;
  /** Its writer, where the value names one. */
  readonly source: string | null;
  /** Microseconds: from this moment on it is as if it had never been read. */
  readonly expiresAt: number;
}

export type GaugeRead = ReadGauge | { readonly refused: string };

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A number, also as text, also under `value` (once or twice, as the bus's payload around an object has it); else null. */
export function fearGreedOf(said: unknown): number | null {
  let value = said;
  for (let depth = 0; depth < 2 && isFields(value); depth++) value = value.value;
  const number = typeof value === 'string' && /^\s*\d+([.]\d+)?\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 100 ? number + 0 : null;
}

/** `macro:fear_greed`. `ttlS`: seconds the key still lives, null for ever. */
export function readFearGreed(text: string, nowUs: number, ttlS: number | null): GaugeRead {
  const parsed = parseIntel(text);
  if ('refused' in parsed) return parsed;
  const value = fearGreedOf(parsed.value);
  if (value === null) return { refused: 'expected a number from 0 to 100, or {"value": 40}' };
  return dated(value, parsed.value, nowUs, ttlS);
}

/** `kalshi:executed_trades` as text: a list, an object with a field for each position, a number, or one of them as `value`. */
export function readPartnerCount(text: string, nowUs: number, ttlS: number | null): GaugeRead {
  const parsed = parseIntel(text);
  if ('refused' in parsed) return parsed;
  const said = parsed.value;
  const value = countOf(isFields(said) && 'value' in said ? said.value : said);
  if (value === null) return { refused: 'expected a list or an object of open positions, or their number' };
  return dated(value, said, nowUs, ttlS);
}

function countOf(said: unknown): number | null {
  if (Array.isArray(said)) return said.length;
  if (isFields(said)) return Object.keys(said).length;
  return typeof said === 'number' && Number.isSafeInteger(said) && said >= 0 ? said + 0 : null;
}

/** In the bus's own form its time counts; any other was seen now, whatever day its writer reckons with. */
function dated(value: number, said: unknown, nowUs: number, ttlS: number | null): GaugeRead {
  const { timestamp, source_system: source } = isFields(said) ? said : ({} as Fields);
  const now = nowUs / 1e6;
  const ofBus = typeof source === 'string' && typeof timestamp === 'number';
  const from = ofBus && timestamp < now ? timestamp : now;
  if (now - from >= INTEL_TTL_S)
    return {
      refused: `its timestamp ${from} is ${Math.round(now - from)} s old; ${INTEL_TTL_S} s is all it lives`,
    };
  const ends = Math.min(from + INTEL_TTL_S, now + (ttlS ?? INTEL_TTL_S));
  const isName = typeof source === 'string' && /^[^\p{Cc}\p{Cs}]{1,64}$/u.test(source);
  return { value, source: isName ? source : null, expiresAt: Math.round(ends * 1e6) };
}
