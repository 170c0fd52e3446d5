import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { scenarioOf } from '../../../src/actors/intel/confluence-matrix.ts';
import { CloudSignalsReported, ConfluenceFound, VolumeSpiked } from '../../../src/events/intel.events.ts';
import { MarketClosed } from '../../../src/events/market.events.ts';
import { IntelFloor } from './intel-floor.ts';

const found = (floor: IntelFloor) => floor.payloads(ConfluenceFound.type) as unknown as ConfluenceFound[];
const scenarios = (floor: IntelFloor) => found(floor).map(({ symbol, scenario }) => `${symbol} ${scenario}`);

/** An hour of calm, then a minute of nine times the volume: the five minutes trade 2.6 times the normal, with two of them 4.2. */
const spiking = (floor: IntelFloor, px: number, hears = (each: IntelFloor) => each) =>
  hears(floor.minutes(64)).minute({ volume: 9_000, open: 100, px }).minute({ volume: 9_000, px });
const good = (floor: IntelFloor) => floor.social(0.6);
const bad = (floor: IntelFloor) => floor.social(-0.6);

describe('a volume spike', () => {
  test('with good news at a falling price is an overreaction, and names what it rests on', () => {
    const floor = spiking(new IntelFloor().bus(), 97, good);
    expect(floor.payloads(VolumeSpiked.type)).toHaveLength(1);
    expect(found(floor)).toMatchObject([
      {
        symbol: 'BTC/USD',
        scenario: 'overreactionDip',
        spike: { source: 'bars', synthetic: false },
        catalyst: { score: 0.6, sourceSystem: 'partner', confidence: 0.9 },
      },
    ]);
    const [event] = floor.log.ofType(ConfluenceFound.type);
    const [heard] = floor.log.ofType('IntelReceived');
    const [spike] = floor.log.ofType(VolumeSpiked.type);
    expect(event.basis).toEqual([heard.seq, spike.seq]);
    expect(found(floor)[0].spike.multiplier).toBeGreaterThanOrEqual(3);
    expect(found(floor)[0].spike.priceChange).toBeCloseTo(-0.03, 6);
  });

  test('with good news at a rising price is a breakout, with bad news at a falling one a death spiral', () => {
    expect(scenarios(spiking(new IntelFloor().bus(), 103, good))).toEqual(['BTC/USD confirmedBreakout']);
    expect(scenarios(spiking(new IntelFloor().bus(), 97, bad))).toEqual(['BTC/USD deathSpiral']);
  });

  test('waits a while for its catalyst', () => {
    const soon = spiking(new IntelFloor().bus(), 97).clock(200).social(0.6);
    expect(scenarios(soon)).toEqual(['BTC/USD overreactionDip']);
    const late = spiking(new IntelFloor().bus(), 97).clock(301).social(0.6);
    expect(scenarios(late)).toEqual([]);
  });

  test.each([
    ['no catalyst', (floor: IntelFloor) => floor],
    ['a catalyst of another ticker', (floor: IntelFloor) => floor.social(0.6, 'ETH')],
    ['a catalyst of no ticker', (floor: IntelFloor) => floor.social(0.6, null)],
    ['a weak catalyst', (floor: IntelFloor) => floor.social(0.3)],
    ['a catalyst that expired', (floor: IntelFloor) => floor.social(0.6).clock(300)],
  ])('with %s is noise', (_, hears) => {
    const floor = spiking(new IntelFloor().bus(), 97, hears);
    expect(floor.payloads(VolumeSpiked.type)).toHaveLength(1);
    expect(scenarios(floor)).toEqual([]);
  });

  test('says nothing in a session without a bus: simulations decide as ever', () => {
    const floor = spiking(new IntelFloor(), 97, good);
    expect(floor.log.events.filter(({ kind }) => kind === 'decision')).toEqual([]);
  });

  test('is said once while it lasts', () => {
    const floor = spiking(new IntelFloor().bus(), 97, good).minutes(3, { volume: 9_000, px: 97 });
    expect(floor.payloads(VolumeSpiked.type)).toHaveLength(1);
    expect(scenarios(floor)).toHaveLength(1);
  });

  test('comes from the cloud where that is asked, and bars are not counted beside it', () => {
    const floor = spiking(new IntelFloor().bus(true), 97, good);
    expect(scenarios(floor)).toEqual([]);
    floor.input(
      CloudSignalsReported.of({
        source: 'bigquery',
        asOf: floor.now,
        spikes: [{ symbol: 'BTC', multiplier: 4, volume: 4, averageVolume: 1, priceChange: -0.05 }],
        movers: [],
        hasBtc: true,
        bytesProcessed: null,
      }),
    );
    expect(found(floor)).toMatchObject([{ symbol: 'BTC/USD', spike: { source: 'bigquery', multiplier: 4 } }]);
  });
});

describe('a bitcoin spike that only the bus knows', () => {
  const noBitcoin = (floor: IntelFloor) =>
    CloudSignalsReported.of({
      source: 'bigquery',
      asOf: floor.now,
      spikes: [],
      movers: [],
      hasBtc: false,
      bytesProcessed: null,
    });
  const spike = { key: 'intel:btc_volume_spike', detected: true, multiplier: 5, symbol: 'BTC' } as const;

  test('joins the matrix as a synthetic entry, marked as such', () => {
    const floor = new IntelFloor().bus(true).minutes(10).minute({ px: 103, open: 100 }).social(0.6);
    floor.input(noBitcoin(floor));
    floor.hear(spike);
    expect(found(floor)).toMatchObject([
      { scenario: 'confirmedBreakout', spike: { source: 'bus', multiplier: 5, synthetic: true } },
    ]);
  });

  test('does not where the cloud has bitcoin, where it was not detected, or once it expired', () => {
    const withData = new IntelFloor().bus(true).minutes(10).minute({ px: 103, open: 100 }).social(0.6);
    withData.hear(spike);
    expect(scenarios(withData)).toEqual([]);
    const floor = new IntelFloor().bus(true).minutes(10).minute({ px: 103, open: 100 }).social(0.6);
    floor.hear({ ...spike, detected: false });
    floor.input(noBitcoin(floor));
    expect(scenarios(floor)).toEqual([]);
    floor.hear(spike, { livesS: 1 });
    floor.clock(2).input(noBitcoin(floor));
    expect(scenarios(floor)).toEqual(['BTC/USD confirmedBreakout']); // by its first word, not again by a dead one
  });
});

describe('what was found', () => {
  const close = (floor: IntelFloor) => {
    floor.input(MarketClosed.of({ calendar: '24x7', day: '2024-01-02' }));
    return floor.actors.matrix.of('BTC/USD')?.scenario ?? null;
  };

  test('counts at the next close, and is over at the one after', () => {
    const floor = spiking(new IntelFloor().bus(), 97, good);
    expect(close(floor)).toBe('overreactionDip');
    expect(close(floor.nextDay())).toBeNull();
  });

  test('goes on into the next session', () => {
    const floor = spiking(new IntelFloor().bus(), 97, good);
    const next = new IntelFloor(['BTC/USD', 'SPY'], { carried: floor.carryOver() });
    next.now = floor.now;
    expect(next.actors.matrix.of('BTC/USD')).toMatchObject({ scenario: 'overreactionDip', seq: 0 });
    expect(close(next)).toBe('overreactionDip');
  });
});

const change = fc.double({ min: -0.5, max: 0.5, noNaN: true });
const score = fc.double({ min: -1, max: 1, noNaN: true });
test.prop([change, score, fc.double({ min: 0.001, max: 0.1, noNaN: true })])(
  'a scenario is long only on good news, and a spiral only on bad news at a falling price',
  (priceChange, sentiment, move) => {
    const scenario = scenarioOf(priceChange, sentiment, move);
    if (scenario === 'deathSpiral') expect(priceChange <= -move && sentiment <= 0).toBe(true);
    else if (scenario !== null) expect(sentiment > 0 && Math.abs(priceChange) >= move).toBe(true);
    else expect(Math.abs(priceChange) < move || sentiment <= 0).toBe(true);
  },
);
