/** What counts on the Intel Bus and what does not, whatever stands there. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  consumedKeys,
  formatJson,
  formatPayload,
  intelSignal,
  keyFault,
  meansSymbol,
  parseIntel,
  readIntel,
  readPayload,
} from '../../src/domain/intel.ts';
import { fearGreedOf, readFearGreed, readPartnerCount } from '../../src/domain/intel-gauges.ts';
import { payloadOf } from '../../src/domain/intel-publication.ts';
import { canonicalJson } from '../../src/events/canonical.ts';

const NOW_S = 1_790_000_000;
const NOW = NOW_S * 1e6;
const payload = (value: unknown, more: object = {}) =>
  JSON.stringify({ value, source_system: 'desk', timestamp: NOW_S - 10, confidence: 0.5, ...more });
const spike = { detected: true, multiplier: 4, symbol: 'BTC/USD' };

describe('a value counts', () => {
  test.each([
    ['intel:fed_bias', 'Dovish ', { bias: 'dovish' }],
    ['intel:fed_bias', { bias: 'HAWKISH', since: 'June' }, { bias: 'hawkish' }],
    ['intel:social_score', 0.4, { score: 0.4, ticker: null }],
    ['intel:social_score', { score: -1, ticker: '$BTC' }, { score: -1, ticker: '$BTC' }],
    ['intel:social_score', { score: 1, ticker: null }, { score: 1, ticker: null }],
    ['intel:btc_volume_spike', { ...spike, note: 'x' }, spike],
  ] as const)('%s as %j', (key, value, signal) => {
    expect(readIntel(key, payload(value), NOW)).toEqual({
      signal: { key, ...signal },
      sourceSystem: 'desk',
      timestampS: NOW_S - 10,
      confidence: 0.5,
      expiresAt: NOW + 290e6,
    });
  });

  test('no longer than its key lives, and 300 seconds after its time at the latest', () => {
    const ends = (ttlS: number | null) => readIntel('intel:fed_bias', payload('dovish'), NOW, ttlS);
    expect(ends(60)).toMatchObject({ expiresAt: NOW + 60e6 });
    expect(ends(86_400)).toMatchObject({ expiresAt: NOW + 290e6 });
    expect(ends(null)).toMatchObject({ expiresAt: NOW + 290e6 });
    const ahead = payload('dovish', { timestamp: NOW_S + 4 });
    expect(readIntel('intel:fed_bias', ahead, NOW)).toMatchObject({ expiresAt: NOW + 300e6 });
  });
});

describe('a value does not count', () => {
  test.each([
    ['no JSON', 'dovish', /^it is not JSON$/],
    ["Python's NaN", '{"value": NaN}', /Python/],
    ['a bare value', '"dovish"', /payload/],
    ['a value left out', '{"source_system": "x", "timestamp": 1, "confidence": 1}', /value/],
    ['confidence above 1', payload('dovish', { confidence: 1.01 }), /confidence is 1.01/],
    ['confidence as text', payload('dovish', { confidence: '1' }), /confidence is "1"/],
    ['a time to come', payload('dovish', { timestamp: NOW_S + 6 }), /lies 6 s in the future/],
    ['a time in milliseconds', payload('dovish', { timestamp: NOW_S * 1_000 }), /timestamp/],
    ['a time as text', payload('dovish', { timestamp: '2026-01-01' }), /timestamp/],
    ['an age of 300 s', payload('dovish', { timestamp: NOW_S - 300 }), /is 300 s old; 300 s is all it lives/],
    ['nobody who said it', payload('dovish', { source_system: ' ' }), /source_system/],
    ['a name that moves a cursor', payload('dovish', { source_system: '\u001b[2Jx' }), /control characters/],
    ['half of a surrogate pair', payload('\ud83d'), /dovish/],
    ['a number for a word', payload(3), /value: it is 3; expected a word such as "dovish"/],
    ['a list', payload([]), /dovish/],
    ['nothing', '', /^it is not JSON$/],
    ['null', 'null', /payload/],
    ['100,000 letters', payload('x'.repeat(100_000)), /longer than 65536 bytes/],
    ['30,000 brackets', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, /nested more than 32 deep/],
    ['30,000 objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, /nested more than 32 deep/],
  ])('that is %s', (_, text, sentence) => {
    const read = readIntel('intel:fed_bias', text, NOW);
    expect(read).toEqual({ refused: expect.stringMatching(sentence) });
    expect((read as { refused: string }).refused.length).toBeLessThanOrEqual(160);
  });

  test.each([
    ['intel:social_score', 1.1],
    ['intel:social_score', { score: 0.4, ticker: 7 }],
    ['intel:social_score', { ticker: 'SPY' }],
    ['intel:social_score', '0.4'],
    ['intel:btc_volume_spike', { ...spike, multiplier: -1 }],
    ['intel:btc_volume_spike', { ...spike, detected: 1 }],
    ['intel:btc_volume_spike', true],
  ] as const)('%s as %j', (key, value) => {
    expect(readIntel(key, payload(value), NOW)).toHaveProperty('refused');
  });

  test('brackets within a text are no depth', () => {
    expect(parseIntel(JSON.stringify({ a: `\\"${'['.repeat(1_000)}` }))).toHaveProperty('value');
  });

  test('a name like __proto__ changes nothing', () => {
    const text = `{"__proto__": {"confidence": 1, "polluted": 1}, "value": {"__proto__": {"bias": "dovish"}}, "source_system": "x", "timestamp": ${NOW_S}, "confidence": 0.5}`;
    expect(readIntel('intel:fed_bias', text, NOW)).toHaveProperty('refused');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

test('whatever text stands in a key, it is a signal of its schema that the log takes, or one sentence', () => {
  const likely = fc.record(
    {
      value: fc.oneof(
        fc.jsonValue(),
        fc.constantFrom('dovish', -0, 0.5, spike),
        fc.record({ score: fc.double(), ticker: fc.string({ unit: 'binary' }) }),
        fc.record({ bias: fc.string({ unit: 'binary' }) }),
      ),
      source_system: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'), fc.integer()),
      timestamp: fc.oneof(fc.double(), fc.double({ min: NOW_S - 310, max: NOW_S + 10 })),
      confidence: fc.oneof(fc.double(), fc.double({ min: -0.1, max: 1.1 })),
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    likely.map((each) => JSON.stringify(each)),
    fc.json(),
    fc.string({ unit: 'binary' }),
  );
  const ttl = fc.option(fc.double({ min: 0, max: 1_000, noNaN: true }));
  fc.assert(
    fc.property(fc.constantFrom(...consumedKeys), text, ttl, (key, each, ttlS) => {
      const read = readIntel(key, each, NOW, ttlS);
      if ('refused' in read) {
        expect(read.refused).toMatch(/^[^\p{Cc}\p{Cs}]{1,160}$/u);
        return;
      }
      expect(intelSignal.parse(read.signal)).toEqual(read.signal);
      expect(JSON.parse(canonicalJson(read))).toEqual(read);
      expect(Object.is(read.confidence, -0)).toBe(false);
      expect(read.expiresAt).toBeLessThanOrEqual(NOW + 300e6);
      expect(read.expiresAt).toBeGreaterThan(NOW - 1);
    }),
    { numRuns: 3_000 },
  );
});

describe('the text of a payload', () => {
  test("has Python's spaces, a point in its floats, and ASCII alone", () => {
    const text = formatPayload({
      value: { bias: 'dovish' },
      source_system: 'Zürich',
      timestamp: 1_790_000_000.5,
      confidence: 1,
    });
    expect(text).toBe(
      '{"value": {"bias": "dovish"}, "source_system": "Z\\u00fcrich", "timestamp": 1790000000.500000, "confidence": 1.0}',
    );
  });

  test('is read back as what it was made of, whatever JSON it holds', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (value, confidence) => {
          const made = { value, source_system: 'x', timestamp: NOW_S + 0.25, confidence };
          const text = formatPayload(made);
          expect(text).toMatch(/^[\x20-\x7e]*$/);
          expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(made)));
          if (text.length < 65_536) expect(readPayload(text, NOW)).not.toHaveProperty('refused');
        },
      ),
    );
  });

  test.each([
    ['NaN', Number.NaN],
    ['a date', new Date(0)],
    ['a map', { a: new Map() }],
    ['a function', () => 1],
    ['a bigint', [1n]],
    ['nothing', undefined],
  ])('is refused for %s', (_, value) => {
    expect(() => formatJson(value)).toThrow(RangeError);
    expect(payloadOf('any:key', value, { sourceSystem: 'x' }, NOW)).toHaveProperty('refused');
  });

  test('is refused for what holds itself', () => {
    const value: unknown[] = [];
    value.push(value);
    expect(payloadOf('any:key', value, { sourceSystem: 'x' }, NOW)).toHaveProperty('refused');
  });
});

test.each(['', 'x'.repeat(201), 'a b', 'a\nb', 'intel:ü', '__proto__', 'intel:__proto__', 'constructor'])(
  '"%s" is no key',
  (key) => {
    expect(keyFault(key)).not.toBeNull();
  },
);
test.each(['intel:fed_bias', 'macro:fear_greed', 'a'])('"%s" is a key', (key) => {
  expect(keyFault(key)).toBeNull();
});

test.each([
  ['BTC', 'BTC/USD', true],
  ['$btc', 'BTC/USD', true],
  ['BTCUSD', 'BTC/USD', true],
  ['SPY', 'SPY', true],
  ['SP', 'SPY', false],
  ['ETH', 'BTC/USD', false],
])('ticker %s means %s: %s', (ticker, named, means) => {
  expect(meansSymbol(ticker, named)).toBe(means);
});

describe('fear and greed', () => {
  test.each([
    ['40', 40],
    ['"25"', 25],
    ['{"value": 0}', 0],
    ['{"value": "100", "value_classification": "Extreme Greed"}', 100],
    ['{"value": {"value": 12.5}, "source_system": "x", "timestamp": 1789999990.0, "confidence": 1}', 12.5],
  ])('%s is %d', (text, value) => {
    expect(readFearGreed(text, NOW, null)).toMatchObject({ value });
  });

  test.each(['101', '-1', '""', '"forty"', '"1e1"', '[]', 'null', '{"value": null}', '{}', 'x'])(
    '%s is none',
    (text) => {
      expect(readFearGreed(text, NOW, null)).toHaveProperty('refused');
    },
  );

  test("a day's index keeps its day's date and was seen now; in the bus's own form its time counts", () => {
    const daily = `{"value": 40, "timestamp": ${NOW_S - 40_000}}`;
    expect(readFearGreed(daily, NOW, null)).toMatchObject({ source: null, expiresAt: NOW + 300e6 });
    expect(readFearGreed(payload(40), NOW, 1_000)).toMatchObject({ source: 'desk', expiresAt: NOW + 290e6 });
    expect(readFearGreed(payload(40, { timestamp: NOW_S - 301 }), NOW, null)).toHaveProperty('refused');
  });

  test('whatever it is, it is from 0 to 100 or none', () => {
    fc.assert(
      fc.property(fc.anything(), (said) => {
        const value = fearGreedOf(said);
        expect(value === null || (value >= 0 && value <= 100)).toBe(true);
      }),
    );
  });
});

test.each([
  ['[]', 0],
  ['[{"a": 1}, {"a": 2}]', 2],
  ['{"x": {}, "y": {}}', 2],
  ['7', 7],
  ['{"value": [1, 2, 3], "source_system": "kalshi", "timestamp": 1789999990.0, "confidence": 1.0}', 3],
])('%s are %d positions of the partner', (text, count) => {
  expect(readPartnerCount(text, NOW, null)).toMatchObject({ value: count });
});
test.each(['-1', '1.5', '"7"', 'null', 'true', '1e400'])('%s is no number of positions', (text) => {
  expect(readPartnerCount(text, NOW, null)).toHaveProperty('refused');
});
