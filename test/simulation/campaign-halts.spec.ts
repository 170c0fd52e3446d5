import { expect, test } from 'vitest';
import { haltOf } from '../live/campaign.ts';

const all = { operator: 'trading', loss: 'trading', rejects: 'trading', venue: 'trading' } as const;

test('a campaign lifts what faults may bring about, and no other halt', () => {
  expect(haltOf({ ...all, rejects: 'halted', loss: 'halted' })).toBeNull();
  expect(haltOf({ ...all, venue: 'halted', rejects: 'halted' })).toBe('venue halted');
  expect(haltOf({ ...all, operator: 'halted' })).toBe('operator halted');
});
