import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { summarizeEvent } from '../../replay/event-summary.ts';
import { allDefinitions } from '../../src/events/catalogue.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { arbitraryOf } from '../events/arbitrary-of.ts';

const told = (type: string, payload: unknown): string =>
  summarizeEvent({ type, payload, json: '{"raw":true}' } as unknown as StoredEvent);

describe('every event is told in words, whatever it holds', () => {
  for (const { type, schema } of allDefinitions) {
    test.prop([arbitraryOf(schema)], { numRuns: 40 })(type, (payload) => {
      const sentence = told(type, payload);
      expect(sentence).not.toContain('{"raw":true}');
      expect(sentence.length).toBeGreaterThan(0);
      // A text of the payload may say anything.
      if (!/undefined|NaN|\[object/.test(JSON.stringify(payload)))
        expect(sentence).not.toMatch(/undefined|NaN|\[object/);
    });
  }
});

test('a choice names what failed first, and what would have passed', () => {
  const tests = [
    { test: 'trend', value: 'bull', limit: 'bull', pass: true },
    { test: 'conviction', value: 57, limit: 60, pass: false },
  ];
  expect(told('SelectionMade', { symbol: 'SPY', choice: 'nothing', reason: 'too weak', tests })).toBe(
    'SPY: nothing, too weak (FAILED conviction 57 (60); passed trend bull)',
  );
});

test('an exercise tells which shares came in, and at what price', () => {
  const settled = {
    symbol: 'SPY   240216C00500000',
    how: 'exercised',
    quantity: 2,
    optionPx: 0,
    underlying: 'SPY',
    underlyingPx: 512.5,
    strike: 500,
    shares: 200,
  };
  expect(told('OptionSettled', settled)).toBe(
    '2 SPY   240216C00500000 exercised, SPY at 512.5; bought 200 SPY at 500',
  );
});
