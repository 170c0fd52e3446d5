import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { CanonicalError, canonicalJson } from '../../src/events/canonical.ts';

/** RFC 8785 read literally: sort by UTF-16 code units, print leaves as ECMAScript does. */
function slowCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(slowCanonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${slowCanonical(each)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
const json = fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 });

describe('canonical JSON', () => {
  test.prop([json])('is what RFC 8785 asks for', (value) => {
    expect(canonicalJson(value)).toBe(slowCanonical(value));
  });

  test.prop([json])('reads back as the same data, and encodes to the same bytes again', (value) => {
    const text = canonicalJson(value);
    expect(canonicalJson(JSON.parse(text))).toBe(text);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  });

  test.prop([fc.dictionary(fc.string({ unit: 'grapheme' }), fc.integer()), fc.nat()])(
    'does not depend on the order in which keys were set',
    (object, seed) => {
      const keys = Object.keys(object);
      const turned = keys.map((_, i) => keys[(i + seed) % keys.length]);
      expect(canonicalJson(Object.fromEntries(turned.map((key) => [key, object[key]])))).toBe(
        canonicalJson(object),
      );
    },
  );

  test.prop([fc.double({ noNaN: true, noDefaultInfinity: true })])(
    'keeps every bit of a number but the sign of zero',
    (x) => {
      expect(Object.is(JSON.parse(canonicalJson(x)), x === 0 ? 0 : x)).toBe(true);
    },
  );

  test('prints the numbers of the RFC (appendix B)', () => {
    const view = new DataView(new ArrayBuffer(8));
    const ieee = (hex: string) => {
      view.setBigUint64(0, BigInt(`0x${hex}`));
      return view.getFloat64(0);
    };
    for (const [hex, text] of [
      ['0000000000000000', '0'],
      ['8000000000000000', '0'],
      ['0000000000000001', '5e-324'],
      ['8000000000000001', '-5e-324'],
      ['7fefffffffffffff', '1.7976931348623157e+308'],
      ['4340000000000000', '9007199254740992'],
      ['4430000000000000', '295147905179352830000'],
      ['44b52d02c7e14af5', '9.999999999999997e+22'],
      ['44b52d02c7e14af6', '1e+23'],
      ['444b1ae4d6e2ef4e', '999999999999999700000'],
      ['444b1ae4d6e2ef50', '1e+21'],
      ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
      ['3eb0c6f7a0b5ed8d', '0.000001'],
      ['41b3de4355555553', '333333333.3333332'],
      ['41b3de4355555557', '333333333.33333343'],
      ['becbf647612f3696', '-0.0000033333333333333333'],
      ['43143ff3c1cb0959', '1424953923781206.2'],
    ]) {
      expect(canonicalJson(ieee(hex))).toBe(text);
    }
  });

  test('sorts the keys of the RFC (section 3.2.3)', () => {
    const object = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.values(JSON.parse(canonicalJson(object)))).toEqual(
      [4, 2, 6, 7, 1, 5, 3].sort((a, b) => (a === 4 ? -1 : b === 4 ? 1 : 0)),
    );
    expect(canonicalJson(object)).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
  });

  test('keeps a key named __proto__ as data', () => {
    const object = JSON.parse('{"b":1,"__proto__":{"a":2}}');
    expect(canonicalJson(object)).toBe('{"__proto__":{"a":2},"b":1}');
  });

  for (const [what, value] of [
    ['NaN', { a: { b: Number.NaN } }],
    ['an infinity', { a: { b: Number.POSITIVE_INFINITY } }],
    ['undefined', { a: { b: undefined } }],
    ['a function', { a: { b: () => 1 } }],
    ['a symbol', { a: { b: Symbol('x') } }],
    ['a bigint', { a: { b: 1n } }],
    ['a date', { a: { b: new Date(0) } }],
    ['a map', { a: { b: new Map() } }],
    ['a class instance', { a: { b: new (class Thing {})() } }],
  ] as const) {
    test(`refuses ${what}, and names where it stands`, () => {
      expect(() => canonicalJson(value)).toThrow(CanonicalError);
      expect(() => canonicalJson(value)).toThrow(/\$\.a\.b is/);
    });
  }

  test('refuses a hole in an array and a lone surrogate, in a value and in a key', () => {
    for (const value of [new Array(1), '\ud800', ['\udc00'], { '\ud800': 1 }])
      expect(() => canonicalJson(value)).toThrow(CanonicalError);
  });
});
