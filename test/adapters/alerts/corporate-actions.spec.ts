import { expect, test } from 'vitest';
import { alertOf } from '../../../src/adapters/alerts/alert-rules.ts';

const rejected = (source: string) => ({
  type: 'MessageRejected',
  payload: { source, reason: 'SRE: a spin-off is not applied here', excerpt: '' },
});

test('what is not applied of corporate actions wakes somebody; a message of market data does not', () => {
  expect(alertOf(rejected('corporate-actions'))).toMatchObject({
    severity: 'critical',
    detail: 'SRE: a spin-off is not applied here',
  });
  expect(alertOf(rejected('alpaca-stocks'))).toBeNull();
});
