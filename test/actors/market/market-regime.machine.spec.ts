import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createActor, type SnapshotFrom } from 'xstate';
import { marketRegimeMachine, regimeEvidence } from '../../../src/actors/market/market-regime.machine.ts';
import { configSchema } from '../../../src/domain/config.ts';
import { BarWindow } from '../../../src/streams/indicators.ts';
import {
  type RegimeReading,
  readRegime,
  regimeBars,
  type StructureReading,
} from '../../../src/streams/regime-readings.ts';
import { arbitraryBars, type DailyBar, sp500 } from '../../streams/daily-bars.ts';

const config = configSchema.parse({}).regime;
type Machine = ReturnType<typeof marketRegimeMachine>;
type Snapshot = SnapshotFrom<Machine>;
type Regions = Snapshot['value'];

const start = (numbers = config, snapshot?: Snapshot) =>
  createActor(marketRegimeMachine(numbers), snapshot === undefined ? {} : { snapshot }).start();

/** The states after every reading. */
function run(readings: readonly RegimeReading[], actor = start()): Regions[] {
  return readings.map((reading) => {
    actor.send({ type: 'CLOSE', reading });
    return actor.getSnapshot().value;
  });
}

function readingsOf(bars: readonly DailyBar[], numbers = config): RegimeReading[] {
  const window = new BarWindow(regimeBars(numbers));
  return bars.map((bar) => {
    window.push(bar);
    return readRegime(window, numbers)!;
  });
}

/** Measurements of a quiet market in nobody's hands, with what a test is about laid over. */
const trendIs = (votesClear: number, votesHeld = votesClear): RegimeReading => ({
  ...quiet,
  trend: { votesClear, votesHeld, smaFast: 100, smaSlow: 100, slopeFast: 0, slopeSlow: 0, adx: 20 },
});
const quiet: RegimeReading = {
  close: 105,
  trend: undefined,
  volatility: { realized: 0.1, percentile: 0.5 },
  structure: {
    support: 95,
    rangeLow: 90,
    swingLow: 94,
    smaFast: 100,
    atr: 2,
    dayReturn: 0,
    sigmaBefore: 0.01,
  },
};
const shakes = (percentile: number, realized = 0.2): RegimeReading => ({
  ...quiet,
  volatility: { realized, percentile },
});
const stands = (
  close: number,
  structure: Partial<StructureReading> = {},
  percentile = 0.75,
): RegimeReading => ({
  close,
  trend: undefined,
  volatility: { realized: 0.2, percentile },
  structure: { ...quiet.structure!, ...structure },
});
const states = (region: keyof Regions, readings: readonly RegimeReading[]) =>
  run(readings).map((value) => value[region]);

describe('trend', () => {
  const [bull, bear, held] = [trendIs(4), trendIs(0), trendIs(2)];

  test('warms up while it is not measured, and needs three closes to leave', () => {
    expect(states('trend', [quiet, bull, bull, bull])).toEqual([
      'warmingUp',
      'warmingUp',
      'warmingUp',
      'bull',
    ]);
    expect(states('trend', [bull, bull, quiet, bull, bull, bull]).at(-2)).toBe('warmingUp');
  });

  test('holds a bull at three votes and leaves it at the third close in a row below', () => {
    const entered = [bull, bull, bull];
    expect(states('trend', [...entered, trendIs(3), trendIs(3), trendIs(3), trendIs(3)]).at(-1)).toBe('bull');
    expect(states('trend', [...entered, held, held, bull, held, held]).at(-1)).toBe('bull');
    expect(states('trend', [...entered, held, held, held]).slice(-2)).toEqual(['bull', 'range']);
    expect(states('trend', [...entered, bear, bear, bear]).at(-1)).toBe('bear');
  });

  test('holds a bear at one vote and turns it without a stop between', () => {
    const entered = [bear, bear, bear];
    expect(states('trend', [...entered, trendIs(1), trendIs(1), trendIs(1)]).at(-1)).toBe('bear');
    expect(states('trend', [...entered, held, held, held]).at(-1)).toBe('range');
    expect(states('trend', [...entered, bull, bull, bull]).at(-1)).toBe('bull');
  });

  test('within the band the trend that holds is believed', () => {
    const between = trendIs(1, 3);
    for (const [side, name] of [
      [bull, 'bull'],
      [bear, 'bear'],
    ] as const) {
      expect(states('trend', [side, side, side, between, between, between, between]).at(-1)).toBe(name);
    }
    expect(states('trend', [between, between, between]).at(-1)).toBe('range');
  });

  test('closes that speak for different trends confirm none', () => {
    expect(states('trend', [bull, bull, bull, held, held, bear, bear, held, held]).at(-1)).toBe('bull');
  });
});

describe('volatility', () => {
  test('goes in at 70 and 90, and out at 60 and 80', () => {
    const path = [0.5, 0.69, 0.7, 0.61, 0.59, 0.69, 0.9, 0.81, 0.79, 0.61, 0.9, 0.59];
    expect(
      states(
        'volatility',
        path.map((percentile) => shakes(percentile)),
      ),
    ).toEqual([
      'calm',
      'calm',
      'elevated',
      'elevated',
      'calm',
      'calm',
      'stressed',
      'stressed',
      'elevated',
      'elevated',
      'stressed',
      'calm',
    ]);
  });

  test('is never calm above 25 % a year, never stressed below 15 %', () => {
    expect(states('volatility', [shakes(0.1, 0.26), shakes(0.1, 0.25)])).toEqual(['elevated', 'calm']);
    expect(states('volatility', [shakes(0.95, 0.14), shakes(0.95, 0.15), shakes(0.95, 0.14)])).toEqual([
      'elevated',
      'stressed',
      'elevated',
    ]);
    expect(states('volatility', [shakes(0.95, 0.3), shakes(0.1, 0.3)])).toEqual(['stressed', 'elevated']);
  });
});

describe('structure', () => {
  const intact = stands(105);

  test('is threatened within an average range of support below the average, and clears at one and a half', () => {
    expect(states('structure', [intact, stands(97)]).at(-1)).toBe('intact');
    expect(states('structure', [intact, stands(96.9)]).at(-1)).toBe('threatened');
    expect(states('structure', [intact, stands(96.9, { smaFast: 96 })]).at(-1)).toBe('intact');
    expect(states('structure', [intact, stands(96.9), stands(98)]).at(-1)).toBe('threatened');
    expect(states('structure', [intact, stands(96.9), stands(98.1)]).at(-1)).toBe('intact');
  });

  test('breaks half an average range under the low of the range, unless volatility is calm that day', () => {
    expect(states('structure', [intact, stands(89)]).at(-1)).toBe('threatened');
    expect(states('structure', [intact, stands(88.9)]).at(-1)).toBe('broken');
    expect(states('structure', [intact, stands(96.9), stands(88.9)]).at(-1)).toBe('broken');
    expect(states('structure', [stands(105, {}, 0.5), stands(88.9, {}, 0.5)]).at(-1)).toBe('threatened');
    // Volatility rises above calm with the very close that breaks.
    expect(states('structure', [stands(105, {}, 0.5), stands(88.9, {}, 0.7)]).at(-1)).toBe('broken');
  });

  test('breaks on a day beyond three standard deviations of the days before', () => {
    expect(states('structure', [intact, stands(101, { dayReturn: -0.03 })]).at(-1)).toBe('intact');
    expect(states('structure', [intact, stands(101, { dayReturn: -0.0301 })]).at(-1)).toBe('broken');
    expect(states('structure', [intact, stands(101, { dayReturn: 0.0301 })]).at(-1)).toBe('intact');
  });

  test('a broken level is frozen, and reclaimed by five closes in a row above the average or above it', () => {
    const broken = [intact, stands(88)];
    // The level is 94: half an average range above it is 95, whatever the swing low is by now.
    const above = stands(95.1, { swingLow: 80, support: 80 });
    const below = stands(95, { swingLow: 80, support: 80 });
    expect(states('structure', [...broken, above, above, above, above]).at(-1)).toBe('broken');
    expect(states('structure', [...broken, above, above, above, above, above]).at(-1)).toBe('intact');
    expect(states('structure', [...broken, above, above, below, above, above, above]).at(-1)).toBe('broken');
    const overAverage = stands(93, { smaFast: 92 });
    expect(states('structure', [...broken, above, overAverage, above, overAverage, above]).at(-1)).toBe(
      'intact',
    );
  });

  test('its evidence names the level that gave way, also when it is reclaimed', () => {
    const actor = start();
    const reading = stands(88);
    run([intact, reading], actor);
    expect(regimeEvidence('structure', reading, actor.getSnapshot().context)).toEqual({
      close: 88,
      support: 95,
      rangeLow: 90,
      swingLow: 94,
      smaFast: 100,
      atr: 2,
      dayReturn: 0,
      sigmaBefore: 0.01,
      frozenLevel: 94,
    });
    run(Array(5).fill(intact), actor);
    expect(actor.getSnapshot().value.structure).toBe('intact');
    expect(regimeEvidence('structure', intact, actor.getSnapshot().context).frozenLevel).toBe(94);
    expect(regimeEvidence('volatility', reading, actor.getSnapshot().context)).toEqual({
      close: 88,
      percentile: 0.75,
      realized: 0.2,
    });
  });
});

describe('S&P 500, 2000 to 2020', () => {
  const path = run(readingsOf(sp500()));
  const changes = (region: keyof Regions, to?: string) =>
    path.filter((value, i) => i > 0 && value[region] !== path[i - 1][region] && (!to || value[region] === to))
      .length;
  /** Per cent of the days on which the region is measured. */
  const share = (region: keyof Regions, state: string) => {
    const measured = path.filter((value) => value[region] !== 'warmingUp');
    return (100 * measured.filter((value) => value[region] === state).length) / measured.length;
  };

  test('the trend changes 63 times, the first bear included: bull, bear and range 57, 19 and 24 % of the days', () => {
    expect(changes('trend')).toBe(63);
    expect(['bull', 'bear', 'range'].map((state) => Math.round(share('trend', state)))).toEqual([57, 19, 24]);
  });

  test('the structure breaks 23 times in 19 years and is broken on 16 % of the days', () => {
    expect(changes('structure', 'broken')).toBe(23);
    expect(Math.round(share('structure', 'broken'))).toBe(16);
  });

  test('all three regions were broken, stressed and bear together in October 2008', () => {
    const day = sp500().findIndex((bar) => bar.close === 899.219971);
    expect(path[day]).toEqual({ trend: 'bear', volatility: 'stressed', structure: 'broken' });
  });
});

describe('whatever is heard', () => {
  /** Short spans, so that a few hundred bars visit every state. */
  const quick = configSchema.parse({
    regime: {
      trend: { smaFast: 5, smaSlow: 20, slopeBars: 3, adxBars: 5 },
      volatility: { window: 5, lookback: 30 },
      structure: { swingBars: 2, lowBars: 10, atrBars: 5, crashBars: 15 },
    },
  }).regime;
  const anyTrend = fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 2 }))
    .map(([clear, more]) => trendIs(clear, Math.min(4, clear + more)).trend);
  const anyReading = fc.record({
    close: fc.constantFrom(80, 88, 93, 95.5, 97, 99, 105),
    trend: fc.option(anyTrend, { nil: undefined, freq: 20 }),
    volatility: fc.option(
      fc.record({
        realized: fc.constantFrom(0.1, 0.2, 0.3),
        percentile: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { nil: undefined, freq: 20 },
    ),
    structure: fc.option(
      fc.record({
        support: fc.constantFrom(92, 95),
        rangeLow: fc.constant(90),
        swingLow: fc.constantFrom(92, 94),
        smaFast: fc.constantFrom(96, 100),
        atr: fc.constantFrom(0, 2),
        dayReturn: fc.constantFrom(-0.1, 0, 0.01),
        sigmaBefore: fc.constantFrom(0, 0.01),
      }),
      { nil: undefined, freq: 20 },
    ),
  }) as fc.Arbitrary<RegimeReading>;
  /** Arbitrary readings repeat each other a few times, so that confirmations do come about. */
  const adversarial = fc
    .array(fc.tuple(anyReading, fc.integer({ min: 1, max: 6 })), { minLength: 5, maxLength: 60 })
    .map((runs) => runs.flatMap(([reading, times]) => Array<RegimeReading>(times).fill(reading)));
  const marketReadings = arbitraryBars(300, 500).map((bars) => readingsOf(bars, quick));

  const gaps = (path: readonly Regions[], region: keyof Regions, from?: string) => {
    const out: number[] = [];
    let last = -1;
    for (let i = 1; i < path.length; i++) {
      if (path[i][region] === path[i - 1][region]) continue;
      if (last >= 0 && (from === undefined || path[i - 1][region] === from)) out.push(i - last);
      last = i;
    }
    return out;
  };

  test.prop([fc.oneof(adversarial, marketReadings)])(
    'the trend never changes twice within three closes',
    (readings) => {
      for (const gap of gaps(run(readings, start(quick)), 'trend')) expect(gap).toBeGreaterThanOrEqual(3);
    },
  );

  test.prop([fc.oneof(adversarial, marketReadings)])(
    'a broken structure stays so for five closes',
    (readings) => {
      for (const gap of gaps(run(readings, start(quick)), 'structure', 'broken'))
        expect(gap).toBeGreaterThanOrEqual(5);
    },
  );

  test.prop([fc.oneof(adversarial, marketReadings)])(
    'it never breaks on a calm day, nor is calm above 25 %, nor stressed below 15 %',
    (readings) => {
      const path = run(readings, start(quick));
      for (let i = 1; i < path.length; i++) {
        const { volatility } = readings[i];
        if (path[i].structure === 'broken' && path[i - 1].structure !== 'broken') {
          expect(['elevated', 'stressed']).toContain(path[i].volatility);
        }
        if (path[i].volatility === 'calm' && volatility)
          expect(volatility.realized).toBeLessThanOrEqual(0.25);
        if (path[i].volatility === 'stressed' && volatility)
          expect(volatility.realized).toBeGreaterThanOrEqual(0.15);
      }
    },
  );

  test.prop([fc.oneof(adversarial, marketReadings), fc.nat()])(
    'states and context carried as JSON go on exactly as if they had never been taken',
    (readings, at) => {
      const cut = at % readings.length;
      const straight = run(readings, start(quick));
      const first = start(quick);
      const before = run(readings.slice(0, cut), first);
      const { value, context } = first.getSnapshot();
      const carried = JSON.parse(JSON.stringify({ value, context }));
      expect(carried).toStrictEqual({ value, context });
      const second = start(quick, marketRegimeMachine(quick).resolveState(carried));
      expect([...before, ...run(readings.slice(cut), second)]).toEqual(straight);
    },
  );
});
