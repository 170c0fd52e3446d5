import { expect, test } from 'vitest';
import { alertOf } from '../../../src/adapters/alerts/alert-rules.ts';

const heard = (problem: string | null) => ({
  type: 'CorporateActionHeard',
  payload: { actionId: 'i', day: '2026-03-02', symbol: 'SRE', what: 'a spin-off', problem },
});
const rejected = (source: string) => ({
  type: 'MessageRejected',
  payload: { source, reason: 'no route', excerpt: '' },
});

test('what a company did and nobody can book wakes somebody; what was booked does not', () => {
  expect(alertOf(heard('a spin-off is not booked here'))).toMatchObject({
    severity: 'critical',
    detail: expect.stringMatching(/^a spin-off is not booked here; nothing goes out for SRE.* reset$/),
  });
  expect(alertOf(heard(null))).toBeNull();
});

test('that nobody can be asked what companies did wakes somebody; a message of market data does not', () => {
  expect(alertOf(rejected('corporate-actions'))).toMatchObject({ severity: 'critical', detail: 'no route' });
  expect(alertOf(rejected('alpaca-stocks'))).toBeNull();
});
