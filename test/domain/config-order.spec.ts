import { expect, test } from 'vitest';
import { configSchema } from '../../src/domain/config.ts';
import { wrongOrder } from '../../src/domain/config-order.ts';

test('the defaults stand in their order', () => {
  expect(wrongOrder(configSchema.parse({}))).toBeNull();
});

test('a hedge may not be rolled before it may be bought, and the sentence names both settings', () => {
  const config = configSchema.parse({ hedge: { daysMin: 5, rollDays: 7 } });
  expect(wrongOrder(config)).toBe(
    'hedge.rollDays is 7 and hedge.daysMin is 5; the first must be below the second',
  );
});

test('bounds that meet are a band of one value where the rule allows it', () => {
  expect(wrongOrder(configSchema.parse({ hedge: { deltaMin: 0.4, deltaMax: 0.4 } }))).toBeNull();
  expect(wrongOrder(configSchema.parse({ venue: { callsPerMinute: 50, callsKeptForCancels: 50 } }))).toMatch(
    /must be below/,
  );
});
