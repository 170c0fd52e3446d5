import { expect, test } from 'vitest';
import { CloudSignalsReported, IntelBusOpened, IntelReceived } from '../../../src/events/intel.events.ts';
import { HedgeStateChanged } from '../../../src/events/option.events.ts';
import { Floor } from '../trading-floor.ts';

const day = (floor: Floor, i: number) => {
  const px = 100 * 1.0005 ** i * (1 + 0.004 * Math.sin(i));
  floor.nextDay().day('SPY', px).day('XYZ', px).closed();
};

/** A year of calm in which nothing is in danger. */
function quietYear(): Floor {
  const floor = new Floor({ symbols: ['SPY', 'XYZ'], run: { benchmark: 'SPY' } });
  for (let i = 0; i < 290; i++) day(floor, i);
  expect(floor.actors.regimes!.of('SPY').states.structure).toBe('intact');
  return floor;
}

/** Bad news, falling prices, four times the volume. */
function spiral(floor: Floor, symbol: string): void {
  floor.input(IntelBusOpened.of({ transport: 'redis', cloud: true }));
  floor.input(
    IntelReceived.of({
      signal: { key: 'intel:social_score', score: -0.7, ticker: symbol },
      sourceSystem: 'partner',
      timestampS: floor.now / 1e6,
      confidence: 1,
      expiresAt: floor.now + 3e8,
      via: 'redis',
    }),
  );
  floor.input(
    CloudSignalsReported.of({
      source: 'bigquery',
      asOf: floor.now,
      spikes: [{ symbol, multiplier: 4, volume: 4, averageVolume: 1, priceChange: -0.04 }],
      movers: [],
      hasBtc: false,
      bytesProcessed: null,
    }),
  );
}

test('what is held and spirals makes the protocol stand ready, and it is said why; the day after, it rests again', () => {
  const floor = quietYear();
  floor.hold('XYZ', 10, 100);
  spiral(floor, 'XYZ');
  day(floor, 290);
  const [armed] = floor.log.ofType(HedgeStateChanged.type);
  expect(armed.payload).toMatchObject({ from: 'idle', to: 'armed', reason: 'a death spiral of XYZ' });
  const [found] = floor.log.ofType('ConfluenceFound');
  expect(armed.basis).toContain(found.seq);
  day(floor, 291);
  expect(floor.payloads(HedgeStateChanged.type).at(-1)).toMatchObject({ from: 'armed', to: 'idle' });
});

test('what spirals and is not held is nobody to be protected', () => {
  const floor = quietYear();
  spiral(floor, 'XYZ');
  day(floor, 290);
  expect(floor.payloads('ConfluenceFound')).toHaveLength(1);
  expect(floor.payloads(HedgeStateChanged.type)).toEqual([]);
});
