/**
 * Canonical JSON (RFC 8785): the one encoding of every payload, so that equal data has equal bytes. Keys sort by
 * UTF-16 code units, numbers print as ECMAScript does. What JSON cannot hold throws: NaN, infinities, undefined,
 * functions, bigint, class instances. -0 encodes as 0.
 */

export class CanonicalError extends Error {}

/** Encodes plain data; throws CanonicalError, naming the path, where it is not plain JSON. */
export const canonicalJson = (value: unknown): string =>
  isInOrder(value) ? JSON.stringify(value) : encode(value, '$');

/** True where the platform's own encoder, which writes one flat string, gives the canonical bytes. Whatever is doubtful is not. */
function isInOrder(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed();
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return true;
    case 'object':
      if (value === null) return true;
      return Array.isArray(value) ? hasItemsInOrder(value) : hasKeysInOrder(value as Record<string, unknown>);
    default:
      return false;
  }
}

function hasItemsInOrder(items: readonly unknown[]): boolean {
  for (let i = 0; i < items.length; i++) if (!isInOrder(items[i])) return false;
  return true;
}

function hasKeysInOrder(object: Record<string, unknown>): boolean {
  if (Object.getPrototypeOf(object) !== Object.prototype) return false;
  let before = '';
  // determinism-ok: an order other than the sorted one is refused
  for (const key in object) {
    if (key < before || !key.isWellFormed() || !isInOrder(object[key])) return false;
    before = key;
  }
  return true;
}

function encode(value: unknown, path: string): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      if (!Number.isFinite(value))
        throw new CanonicalError(`${path} is ${value}; JSON holds finite numbers only`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${Array.from(value, (item) => encode(item, path)).join(',')}]`;
      return encodeObject(value as Record<string, unknown>, path);
    default:
      throw new CanonicalError(`${path} is ${typeof value}; JSON has no such value`);
  }
}

function quote(text: string): string {
  if (!text.isWellFormed())
    throw new CanonicalError(`a string holds a lone surrogate: ${JSON.stringify(text)}`);
  return JSON.stringify(text);
}

function encodeObject(object: Record<string, unknown>, path: string): string {
  const prototype = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new CanonicalError(
      `${path} is a ${prototype?.constructor?.name ?? 'class instance'}; plain data only`,
    );
  }
  const keys = Object.keys(object).sort(); // UTF-16 code units, as RFC 8785 asks
  const members = keys.map((key) => `${quote(key)}:${encode(object[key], `${path}.${key}`)}`);
  return `{${members.join(',')}}`;
}
