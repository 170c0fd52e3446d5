import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ClockTicked } from '../../src/events/engine.events.ts';
import { FearGreedReported, IntelReceived, PartnerPositionsReported } from '../../src/events/intel.events.ts';
import { IntelSignals } from '../../src/streams/intel-signals.ts';
import { kernelWithLog } from '../bus/recorder.ts';

const T0 = Date.UTC(2024, 0, 2, 15) * 1_000;
const S = 1_000_000;

class Bus {
  readonly kernel = kernelWithLog().kernel;
  readonly intel = new IntelSignals(this.kernel);
  now = T0;

  input(event: Parameters<typeof this.kernel.input>[0]): this {
    this.kernel.input(event, { source: 'test', recordedAt: this.now });
    return this;
  }

  later(seconds: number): this {
    this.now += seconds * S;
    return this.input(ClockTicked.of({}));
  }

  bias(bias: string, { ageS = 0, livesS = 300 } = {}): this {
    return this.input(received({ key: 'intel:fed_bias', bias }, this.now, ageS, livesS));
  }

  social(score: number, ticker: string | null): this {
    return this.input(received({ key: 'intel:social_score', score, ticker }, this.now, 0, 300));
  }
}

const received = (signal: IntelReceived['signal'], now: number, ageS: number, livesS: number) =>
  IntelReceived.of({
    signal,
    sourceSystem: 'partner',
    timestampS: now / S - ageS,
    confidence: 0.8,
    expiresAt: now + livesS * S,
    via: 'redis',
  });

describe('a signal', () => {
  test('is heard with its source, age and confidence until its end, and at its end as if it had never come', () => {
    const bus = new Bus().bias('dovish', { ageS: 10 });
    expect(bus.later(280).intel.viewOf('SPY').fedBias).toMatchObject({
      value: 'dovish',
      sourceSystem: 'partner',
      confidence: 0.8,
      ageS: 290,
      seq: 1,
    });
    expect(bus.later(20).intel.viewOf('SPY').fedBias).toBeNull();
    expect(bus.intel.entries()).toEqual([]);
  });

  test('that was overtaken by a newer one is not the newest word', () => {
    const bus = new Bus().bias('hawkish').bias('dovish', { ageS: 30 });
    expect(bus.intel.viewOf('SPY').fedBias!.value).toBe('hawkish');
  });

  test("of a ticker speaks of its symbol alone; one without of the market, and is nobody's catalyst", () => {
    const named = new Bus().social(0.5, '$btc').intel;
    expect(named.viewOf('BTC/USD').socialScore!.value).toBe(0.5);
    expect(named.viewOf('SPY').socialScore).toBeNull();
    expect(named.catalystFor('BTC/USD')!.value).toBe(0.5);
    const market = new Bus().social(0.5, null).intel;
    expect(market.viewOf('SPY').socialScore!.value).toBe(0.5);
    expect(market.catalystFor('SPY')).toBeNull();
  });

  test('lives on in the next session, with its end', () => {
    const bus = new Bus().bias('dovish');
    bus.input(FearGreedReported.of({ value: 40, source: 'macro:fear_greed', expiresAt: bus.now + 90 * S }));
    bus.input(PartnerPositionsReported.of({ count: 7, source: 'kalshi', expiresAt: bus.now + 90 * S }));
    const state = JSON.parse(JSON.stringify(bus.kernel.carryOver()));
    const next = new Bus();
    next.now = bus.now;
    next.kernel.restore(state);
    expect(next.later(60).intel.entries()).toEqual(bus.later(60).intel.entries());
    expect(next.intel.partnerPositions!.value).toBe(7);
    expect(next.later(30).intel.fearGreed).toBeNull();
    expect(next.intel.viewOf('SPY').fedBias).not.toBeNull();
  });
});

test.prop([
  fc.array(
    fc.record({
      waitS: fc.integer({ min: 0, max: 400 }),
      livesS: fc.integer({ min: 0, max: 300 }),
      ageS: fc.integer({ min: 0, max: 300 }),
    }),
    { minLength: 1, maxLength: 20 },
  ),
])('whatever comes when, nothing is heard at or after its end', (script) => {
  const bus = new Bus();
  const sent: { bias: string; ends: number }[] = [];
  for (const { waitS, livesS, ageS } of script) {
    bus.later(waitS);
    const bias = `b${sent.length}`;
    sent.push({ bias, ends: bus.now + livesS * S });
    bus.bias(bias, { ageS, livesS });
    const heard = bus.intel.viewOf('SPY').fedBias;
    if (heard === null) continue;
    expect(sent.find((each) => each.bias === heard.value)!.ends).toBeGreaterThan(bus.now);
    expect(heard.ageS).toBeGreaterThanOrEqual(0);
  }
  expect(bus.later(301).intel.entries()).toEqual([]);
});
