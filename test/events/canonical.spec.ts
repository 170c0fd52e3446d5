import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { CanonicalError, canonicalJson } from '../../src/events/canonical.ts';

/** RFC 8785 written as plainly as it reads: the check on the encoder's short cuts. */
function plainly(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainly).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = value as Record<string, unknown>;
  const keys = Object.keys(object).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${plainly(object[key])}`).join(',')}}`;
}

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, reversed(each)]),
  );
};

describe('canonical JSON', () => {
  test.prop([fc.jsonValue({ noUnicodeString: false })])(
    'equal data has equal bytes, in whatever order its keys were set',
    (value) => {
      expect(canonicalJson(value)).toBe(plainly(value));
      expect(canonicalJson(reversed(value))).toBe(plainly(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    },
  );

  it('sorts keys by UTF-16 code units, also those that look like numbers', () => {
    expect(canonicalJson({ 9: 1, 10: 2, a: 3 })).toBe('{"10":2,"9":1,"a":3}');
    expect(canonicalJson({ '\ufb33': 1, '\u{1f600}': 2, é: 3, z: 4 })).toBe(
      '{"z":4,"é":3,"\u{1f600}":2,"\ufb33":1}',
    );
  });

  it('writes -0 as 0, in any order of keys', () => {
    expect(canonicalJson({ a: -0 })).toBe('{"a":0}');
    expect(canonicalJson({ b: -0, a: [-0] })).toBe('{"a":[0],"b":0}');
  });

  it.each([
    ['NaN', { a: { b: Number.NaN } }, '$.a.b is NaN'],
    ['an infinity', { b: 1, a: Number.POSITIVE_INFINITY }, '$.a is Infinity'],
    ['undefined', { a: undefined }, '$.a is undefined'],
    ['a hole', { a: new Array(1) }, '$.a is undefined'],
    ['a function', { toJSON: () => 'sly' }, '$.toJSON is function'],
    ['a bigint', { a: 1n }, '$.a is bigint'],
    ['a class instance', { a: new Map() }, '$.a is a Map'],
    ['a date', { a: new Date(0) }, '$.a is a Date'],
    ['half a surrogate pair', { a: '\ud83d' }, 'lone surrogate'],
    ['half a pair in a key', { '\ud83d': 1 }, 'lone surrogate'],
  ])('refuses %s and says where it stands', (_what, value, message) => {
    expect(() => canonicalJson(value)).toThrow(CanonicalError);
    expect(() => canonicalJson(value)).toThrow(message);
  });
});
