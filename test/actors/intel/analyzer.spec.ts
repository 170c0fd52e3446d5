import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { vixLevel } from '../../../src/actors/intel/analyzer.ts';
import {
  CloudSignalsReported,
  FearGreedReported,
  IntelPublished,
  PartnerPositionsReported,
} from '../../../src/events/intel.events.ts';
import { IntelFloor } from './intel-floor.ts';

const published = (floor: IntelFloor, key: string) =>
  (floor.payloads(IntelPublished.type) as unknown as IntelPublished[]).filter((each) => each.key === key);
const told = (floor: IntelFloor, key: string) =>
  published(floor, key).map(({ value, why, evaluatedAt }) => [value, why, (evaluatedAt - start) / 1e6]);
let start = 0;
const floorAt = (...args: ConstructorParameters<typeof IntelFloor>) => {
  const floor = new IntelFloor(...args);
  start = floor.now;
  return floor;
};
const fear = (floor: IntelFloor, value: number) =>
  floor.input(FearGreedReported.of({ value, source: 'macro:fear_greed', expiresAt: floor.now + 3e8 }));
const partner = (floor: IntelFloor, count: number, livesS = 300) =>
  floor.input(PartnerPositionsReported.of({ count, source: 'kalshi', expiresAt: floor.now + livesS * 1e6 }));

describe('what we tell others', () => {
  test('is silent until a session opens a bus', () => {
    const floor = floorAt().live().clock();
    fear(floor, 40);
    expect(floor.payloads(IntelPublished.type)).toEqual([]);
  });

  test('carries source, confidence, the moment of its evaluation, and five minutes of life', () => {
    const floor = floorAt().bus();
    fear(floor, 40);
    expect(published(floor, 'intel:vix_level')).toEqual([
      {
        key: 'intel:vix_level',
        value: 30,
        sourceSystem: 'quantos',
        confidence: 1,
        ttlSeconds: 300,
        evaluatedAt: start,
        why: 'changed',
        from: 'fear and greed 40 by macro:fear_greed',
      },
    ]);
  });

  test('is said when it changes, and again after four minutes only if it was evaluated anew', () => {
    const floor = floorAt().bus();
    fear(floor, 40);
    fear(floor.after(60e6), 40);
    fear(floor.after(60e6), 42);
    fear(floor.after(239e6), 42);
    fear(floor.after(1e6), 42);
    floor.clock(1_000); // the source is dead: nothing refreshes it
    expect(told(floor, 'intel:vix_level')).toEqual([
      [30, 'changed', 0],
      [29, 'changed', 120],
      [29, 'refreshed', 360],
    ]);
  });

  test('counts both systems in portfolio heat, a stale partner not at all', () => {
    const floor = floorAt().bus().clock();
    floor.hold('SPY', 1, 100);
    partner(floor, 5, 100);
    floor.clock(1).clock(100);
    expect(told(floor, 'intel:portfolio_heat').map(([value]) => value)).toEqual([0, 6 / 30, 1 / 30]);
  });

  test('lists our positions bare, as the partner reads them', () => {
    const floor = floorAt().bus().clock();
    floor.hold('SPY', 3, 100);
    floor.clock(1);
    expect(
      published(floor, 'quantos:active_positions').map(({ value, sourceSystem }) => [value, sourceSystem]),
    ).toEqual([
      [[], null],
      [[{ symbol: 'SPY', quantity: 3, side: 'long', role: 'tactical', avg_price: 100 }], null],
    ]);
  });

  test('tells bitcoin from its own bars where no cloud is asked, with a confidence of a fifth of the multiplier', () => {
    const floor = floorAt().bus().minutes(66).minute({ volume: 9_000 }).minute({ volume: 9_000 });
    const last = published(floor, 'intel:btc_volume_spike').at(-1)!;
    expect(last.value).toMatchObject({ detected: true, symbol: 'BTC' });
    expect(last.confidence).toBeCloseTo((last.value as { multiplier: number }).multiplier / 5, 9);
    expect(published(floor, 'intel:btc_volume_spike')[0].value).toMatchObject({ detected: false });
  });

  test('tells bitcoin by the cloud where that is asked, and nothing where the cloud has none', () => {
    const cloud = (floor: IntelFloor, hasBtc: boolean, spikes: CloudSignalsReported['spikes'] = []) =>
      floor.input(
        CloudSignalsReported.of({
          source: 'bigquery',
          asOf: floor.now,
          spikes,
          movers: [],
          hasBtc,
          bytesProcessed: 1,
        }),
      );
    const floor = floorAt().bus(true).minutes(70);
    cloud(floor, false);
    expect(published(floor, 'intel:btc_volume_spike')).toEqual([]);
    cloud(floor, true, [{ symbol: 'BTC', multiplier: 7, volume: 7, averageVolume: 1, priceChange: 0 }]);
    cloud(floor, true);
    expect(
      published(floor, 'intel:btc_volume_spike').map(({ value, confidence }) => [value, confidence]),
    ).toEqual([
      [{ detected: true, multiplier: 7, symbol: 'BTC' }, 1],
      [{ detected: false, multiplier: 0, symbol: 'BTC' }, 0],
    ]);
  });

  test('knows after a session roll what it said last', () => {
    const floor = floorAt().bus();
    fear(floor, 40);
    const next = new IntelFloor(['BTC/USD', 'SPY'], { carried: floor.carryOver() });
    next.now = floor.now + 60e6;
    fear(next, 40);
    expect(published(next, 'intel:vix_level')).toEqual([]);
    fear(next.after(200e6), 40);
    expect(published(next, 'intel:vix_level')).toMatchObject([{ why: 'refreshed' }]);
  });
});

test.prop([fc.double({ min: 0, max: 100, noNaN: true })])(
  'fear drives the volatility level, 10 to 50',
  (value) => {
    const level = vixLevel(value);
    expect(level).toBeGreaterThanOrEqual(10);
    expect(level).toBeLessThanOrEqual(50);
    expect(level).toBe(Math.max(10, 50 - value / 2));
  },
);

test('new positions pause at a heat that the partner makes, and the verdict says whose count it was', () => {
  const floor = new IntelFloor().bus();
  floor.quote('SPY', 99.99, 100.01);
  partner(floor, 24);
  floor.decide(() => floor.intend({ symbol: 'SPY', action: 'enter', orderType: 'limit', limitPx: 100 }));
  const denied = floor.payloads('OrderDenied').at(-1) as { tests: { test: string }[] };
  expect(denied.tests).toContainEqual({ test: 'portfolioHeat', value: 0.8, limit: 0.8, pass: false });
  expect(denied.tests).toContainEqual({
    test: 'partnerPositions',
    value: 24,
    limit: 'by kalshi, 0 s old',
    pass: true,
  });
});
