/**
 * Canonical JSON (RFC 8785): the one encoding of every payload, so that equal data has equal bytes. Keys sort by
 * UTF-16 code units, numbers print as ECMAScript does. What JSON cannot hold throws: NaN, infinities, undefined,
 * functions, bigint, class instances. -0 encodes as 0.
 */

export class CanonicalError extends Error {}

const PLAIN_STRING = /^[ !#-[\]-~]*$/;

const quote = (text: string): string => (PLAIN_STRING.test(text) ? `"${text}"` : quoteWithCare(text));

function quoteWithCare(text: string): string {
  if (!text.isWellFormed()) throw new CanonicalError(`a string holds a lone surrogate: ${JSON.stringify(text)}`);
  return JSON.stringify(text);
}

/** Encodes plain data; throws CanonicalError, naming the path, where it is not plain JSON. */
export function canonicalJson(value: unknown, path = '$'): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      if (!Number.isFinite(value)) throw new CanonicalError(`${path} is ${value}; JSON holds finite numbers only`);
      return `${value === 0 ? 0 : value}`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return encodeArray(value, path);
      return encodeObject(value as Record<string, unknown>, path);
    default:
      throw new CanonicalError(`${path} is ${typeof value}; JSON has no such value`);
  }
}

function encodeArray(items: readonly unknown[], path: string): string {
  if (items.length === 0) return '[]';
  let out = '[';
  for (let i = 0; i < items.length; i++) {
    out += (i === 0 ? '' : ',') + canonicalJson(items[i], path);
  }
  return `${out}]`;
}

function encodeObject(object: Record<string, unknown>, path: string): string {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new CanonicalError(`${path} is a ${prototype?.constructor?.name ?? 'class instance'}; plain data only`);
  }
  const keys = Object.keys(object);
  for (let i = 1; i < keys.length; i++) {
    if (keys[i - 1] > keys[i]) {
      keys.sort(); // UTF-16 code units, as RFC 8785 asks
      break;
    }
  }
  let out = '{';
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    const value = object[key];
    out += `${i === 0 ? '' : ','}${quote(key)}:`;
    // The common leaves are encoded in place: a path is only worth building for what can still fail inside.
    out +=
      typeof value === 'object' && value !== null ? canonicalJson(value, `${path}.${key}`) : leaf(value, path, key);
  }
  return `${out}}`;
}

function leaf(value: unknown, path: string, key: string): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' && Number.isFinite(value)) return `${value === 0 ? 0 : value}`;
  return canonicalJson(value, `${path}.${key}`);
}
