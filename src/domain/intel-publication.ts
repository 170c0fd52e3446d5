/** How a value of ours becomes a payload of the bus: whoever publishes, in this process or to Redis, is held to the same rules. */
import {
  type ConsumedKey,
  consumedKeys,
  formatPayload,
  INTEL_BYTES_MAX,
  INTEL_TTL_S,
  type IntelPayload,
  keyFault,
  readIntel,
  readPayload,
} from './intel.ts';

export interface PublishOptions {
  /** Who says it. */
  readonly sourceSystem: string;
  /** 0..1; 1 where not given. */
  readonly confidence?: number;
  /** Whole seconds, 1..300; 300 where not given. */
  readonly ttlSeconds?: number;
}

export type IntelRefusal = { readonly refused: string };

/** A payload made at `nowUs`, or what is wrong; the value of a key the engine decides with must be one of its spellings. */
export function payloadOf(
  key: string,
  value: unknown,
  { sourceSystem, confidence = 1, ttlSeconds = INTEL_TTL_S }: PublishOptions,
  nowUs: number,
): IntelPayload | IntelRefusal {
  const fault = keyFault(key);
  if (fault !== null) return { refused: fault };
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > INTEL_TTL_S)
    return { refused: `ttlSeconds is ${String(ttlSeconds)}; write whole seconds from 1 to ${INTEL_TTL_S}` };
  const payload = keptPayload({ value, source_system: sourceSystem, timestamp: nowUs / 1e6, confidence });
  if ('refused' in payload || !isConsumed(key)) return payload;
  const read = readIntel(key, formatPayload(payload), nowUs);
  return 'refused' in read ? read : payload;
}

export const isConsumed = (key: string): key is ConsumedKey =>
  (consumedKeys as readonly string[]).includes(key);

/** A payload as its bytes would be read elsewhere, so that nobody can change it afterwards; or why no reader would take it. */
export function keptPayload(payload: IntelPayload): IntelPayload | IntelRefusal {
  try {
    const text = formatPayload(payload);
    if (text.length > INTEL_BYTES_MAX) return { refused: `it is longer than ${INTEL_BYTES_MAX} bytes` };
    const read = readPayload(text, payload.timestamp * 1e6);
    return 'refused' in read ? read : frozen(read);
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}
