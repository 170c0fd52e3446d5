/** Live sessions under drawn faults: twenty of the two hundred of `npm run campaign`. */
import { describe, expect, it } from 'vitest';
import { runSession } from '../live/campaign.ts';

const SEEDS = Array.from({ length: 20 }, (_, n) => n + 1);

describe('a session under faults keeps every promise and trades again', () => {
  it.each(SEEDS)('seed %i', async (seed) => {
    const { violations } = await runSession(seed);
    expect(violations, `again alone: npm run campaign -- --seed ${seed}`).toEqual([]);
  });
});
