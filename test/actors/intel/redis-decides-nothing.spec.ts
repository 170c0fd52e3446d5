/** Redis may be there, come, go and babble: without a valid signal the engine decides what it decides without one. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import {
  FearGreedReported,
  IntelBusOpened,
  IntelBusStatusChanged,
  IntelPublished,
  IntelRejected,
} from '../../../src/events/intel.events.ts';
import { IntelFloor } from './intel-floor.ts';

const trouble = fc.oneof(
  fc
    .constantFrom('connected' as const, 'away' as const)
    .map((status) => IntelBusStatusChanged.of({ status, detail: 'a test' })),
  fc
    .constantFrom('intel:fed_bias', 'intel:social_score', 'macro:fear_greed')
    .map((key) => IntelRejected.of({ key, reason: 'it is not JSON', excerpt: 'x', via: 'redis' })),
);

/** The same minutes on two floors; one of them has a Redis with the given troubles after the minute they are given for. */
function play(
  troubles: ReadonlyMap<number, readonly ReturnType<typeof IntelRejected.of>[]> | null,
): IntelFloor {
  const floor = new IntelFloor();
  floor.input(IntelBusOpened.of({ transport: troubles === null ? 'process' : 'redis', cloud: false }));
  floor.live().hold('SPY', 5, 100);
  for (let i = 0; i < 80; i++) {
    floor.minute({ volume: i % 70 === 69 ? 20_000 : 1_000, px: 100 + (i % 7) }).clock();
    for (const each of troubles?.get(i) ?? []) floor.input(each);
  }
  const value = { value: 40, source: 'a web address', expiresAt: floor.now + 9e8 };
  floor.input(FearGreedReported.of(value));
  return floor;
}

const silent = play(null);

test.prop([fc.array(fc.tuple(fc.nat(79), trouble), { maxLength: 60 })], { numRuns: 30 })(
  'whatever becomes of Redis, the digest of all decisions is that of an engine without it',
  (script) => {
    const troubles = new Map<number, ReturnType<typeof IntelRejected.of>[]>();
    for (const [minute, each] of script)
      troubles.set(minute, [...(troubles.get(minute) ?? []), each as never]);
    const floor = play(troubles);
    expect(floor.payloads(IntelPublished.type).length).toBeGreaterThan(3);
    expect(floor.kernel.digest.hex()).toBe(silent.kernel.digest.hex());
  },
);
