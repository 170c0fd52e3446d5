import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createRandom, deriveSeed, type RandomState } from '../../src/domain/random.ts';

/** The published xoshiro128** step in arbitrary precision, cut to 32 bits. */
function* reference(state: RandomState) {
  const cut = (x: bigint) => x & 0xffffffffn;
  const rotate = (x: bigint, k: bigint) => cut((x << k) | (x >> (32n - k)));
  const s = state.map(BigInt);
  for (;;) {
    const result = cut(rotate(cut(s[1] * 5n), 7n) * 9n);
    const t = cut(s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
    yield Number(result);
  }
}

const seed = fc.integer({ min: 0, max: 0xffffffff });

describe('the seeded generator', () => {
  test.prop([seed])('steps as xoshiro128** is published', (from) => {
    const random = createRandom(from);
    const expected = reference(random.state);
    for (let i = 0; i < 50; i++) expect(random.nextUint32()).toBe(expected.next().value);
  });
  test('gives the same numbers for a seed for ever', () => {
    const random = createRandom(42);
    expect([random.nextUint32(), random.nextUint32(), random.nextUint32()]).toMatchInlineSnapshot(`
      [
        2808823392,
        1201442436,
        1285784641,
      ]
    `);
  });
  test.prop([seed, fc.integer({ min: 0, max: 20 })])(
    'goes on from a carried state as if it had not stopped',
    (from, n) => {
      const one = createRandom(from);
      for (let i = 0; i < n; i++) one.nextUint32();
      const other = createRandom(JSON.parse(JSON.stringify(one.state)));
      for (let i = 0; i < 20; i++) expect(other.nextUnit()).toBe(one.nextUnit());
    },
  );
  test.prop([seed])('fills the unit interval evenly', (from) => {
    const random = createRandom(from);
    const buckets = new Array(10).fill(0);
    for (let i = 0; i < 10_000; i++) buckets[Math.floor(random.nextUnit() * 10)]++;
    for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(200); // over six standard deviations
  });
});

describe('derived seeds', () => {
  test('differ by every number, their order and their high bits', () => {
    const seeds = new Set<number>();
    for (let a = 0; a < 30; a++) for (let b = 0; b < 30; b++) seeds.add(deriveSeed(7, a, b));
    expect(seeds.size).toBe(900);
    expect(deriveSeed(7, 1)).not.toBe(deriveSeed(7, 1 + 2 ** 32));
    expect(deriveSeed(7, 1)).not.toBe(deriveSeed(7, 1, 0));
    expect(deriveSeed(7, 1)).toBe(deriveSeed(7, 1));
    expect(() => deriveSeed(7, 0.5)).toThrow('integers');
  });
});
