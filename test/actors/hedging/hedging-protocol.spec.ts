import { describe, expect, test } from 'vitest';
import { tradingSession } from '../../../src/domain/exchange-calendar.ts';
import { ExitTriggered } from '../../../src/events/decision.events.ts';
import { HedgeSized, HedgeStateChanged } from '../../../src/events/option.events.ts';
import { IntentDropped, OrderFilled, OrderIntended } from '../../../src/events/order.events.ts';
import type { IntradayBar } from '../../../src/testing/dataset-of.ts';
import { type Closes, daysOf, type HedgedOptions, HedgedRun, walkOn } from '../hedged-market.ts';

/** Two weeks upwards, shaking a little. */
const calmRise = (start: number): number[] => {
  let closes = [start];
  for (let i = 0; i < 14; i++) closes = walkOn(closes, 1, i % 2 === 0 ? -0.001 : 0.004);
  return closes;
};
/** The benchmark breaks down for so many days; the share beside it moves alike before, and then stands. */
const breakdown = (days: number, by = -0.005): Closes => ({
  SPY: walkOn(walkOn(calmRise(300), 1, -0.05), days, by),
  AAA: walkOn(calmRise(100), days + 1, 0.0001),
});
const recovered = ({ SPY, AAA }: Closes, days = 30): Closes => ({
  SPY: walkOn(walkOn(SPY, 8, 0.02), days - 8, 0.001),
  AAA: walkOn(AAA!, days, 0.0001),
});
const withVix = (closes: Closes, vix: number): Closes => ({ ...closes, VIX: closes.SPY.map(() => vix) });
/** Without the share, all there is to hedge is the core holding. */
const alone = ({ SPY }: Closes): Closes => ({ SPY });
const hedge = (numbers: object): HedgedOptions => ({ config: { hedge: numbers } });

const held = (run: HedgedRun, symbol: string, role: 'core' | 'tactical' | 'hedge') =>
  run.core.actors.portfolio.quantity(symbol, role);
const exitsForWant = (run: HedgedRun) => run.of(ExitTriggered).filter(({ reason }) => reason === 'unhedged');

describe('a breakdown', () => {
  test('is hedged at the next open, unwound when it is over, and followed by ten closes of rest', () => {
    const run = new HedgedRun(alone(recovered(breakdown(6))));
    expect(run.story()).toEqual([
      'armed',
      'entering',
      'enter 4',
      'buy 4 enter',
      'hedged',
      'unwinding',
      'sell 4 unwind',
      'cooldown',
      'idle',
    ]);
    const moved = run.events.filter(({ type }) => type === HedgeStateChanged.type);
    const [cooling, idle] = moved.slice(-2);
    const rested = run.events.filter(
      ({ type, seq }) => type === 'MarketClosed' && seq > cooling.seq && seq < idle.seq,
    );
    expect(rested).toHaveLength(10);
  });

  test('that goes on is rolled within one session: the old puts are sold before the new ones are bought', () => {
    const run = new HedgedRun(alone(breakdown(50, -0.003)));
    const story = run.story();
    const roll = story.indexOf('rolling');
    expect(story.slice(roll, roll + 5)).toEqual(['rolling', 'roll 2', 'sell 2 roll', 'buy 2 roll', 'hedged']);
    const orders = run.events.filter(
      ({ type, payload }) => type === OrderIntended.type && (payload as OrderIntended).reason === 'roll',
    );
    expect(orders.slice(0, 2).map(({ payload }) => (payload as OrderIntended).action)).toEqual([
      'exit',
      'hedge',
    ]);
    expect(orders[1].recordedAt).toBe(orders[0].recordedAt);
  });

  test('is hedged by half of the exposure, and by all of it while volatility is stressed', () => {
    const sized = (stressedShare: number) =>
      new HedgedRun(alone(breakdown(6)), {
        config: { hedge: { stressedShare, premiumMax: 0.5 }, risk: { premiumMax: 0.5 } },
      }).of(HedgeSized)[0];
    const [all, part] = [sized(1), sized(0.5)];
    expect(all).toMatchObject({ purpose: 'enter', target: all.exposure, unhedged: 0 });
    expect(part.target).toBe(all.exposure / 2);
    for (const { quantity, target, evidence } of [all, part])
      expect(quantity).toBe(Math.floor(target / evidence.contractDelta!));
  });

  test('every decision says which regimes it rests on, and each order which decision', () => {
    const run = new HedgedRun(alone(recovered(breakdown(6))));
    const at = new Map(run.events.map((event) => [event.seq, event]));
    const [sized] = run.events.filter(({ type }) => type === HedgeSized.type);
    expect(sized.basis.map((seq) => (at.get(seq)!.payload as { region: string }).region).sort()).toEqual([
      'structure',
      'volatility',
    ]);
    const bought = run.events.find(
      ({ type, payload }) => type === OrderIntended.type && (payload as OrderIntended).action === 'hedge',
    )!;
    const intent = at.get(bought.causation!)!;
    expect([intent.type, intent.causation]).toEqual(['IntentDeferred', sized.seq]);
  });

  test('a hedge whose delta outgrows the exposure by a tenth is trimmed to it', () => {
    const run = new HedgedRun(alone(breakdown(12, -0.005)));
    const trims = run.of(HedgeSized).filter(({ purpose }) => purpose === 'trim');
    expect(trims.length).toBeGreaterThan(0);
    for (const { quantity, target, evidence } of trims) {
      const { hedged, contractDelta } = evidence;
      expect(hedged! / target).toBeGreaterThan(1.1);
      expect(hedged! - quantity * contractDelta!).toBeLessThanOrEqual(target);
      expect(hedged! - (quantity - 1) * contractDelta!).toBeGreaterThan(target);
    }
    expect(run.story().filter((each) => each === 'sell 1 trim')).toHaveLength(trims.length);
  });

  test('nothing happens with hedges off, or without a benchmark', () => {
    for (const run of [{ hedge: false }, { benchmark: null }]) {
      const each = new HedgedRun(breakdown(20), { run });
      expect([each.story(), each.core.actors.hedging]).toEqual([[], null]);
    }
  });

  test('before the first day of trading nothing happens either', () => {
    const start = tradingSession('XNYS', '2020-02-10')!.open;
    const run = new HedgedRun(breakdown(6), { run: { tradeFrom: start } });
    expect(run.story()).toEqual([]);
  });

  test('what is open is sold at the last open of a run that closes everything', () => {
    const run = new HedgedRun(alone(breakdown(6)), { run: { finalize: true } });
    expect(run.story().slice(-4)).toEqual(['hedged', 'unwinding', 'sell 4 flatten', 'cooldown']);
  });
});

describe('what no put covers comes out of the tactical shares', () => {
  const tooDear: readonly (readonly [string, Closes, HedgedOptions, string])[] = [
    ['implied volatility is above its limit', withVix(breakdown(6), 80), {}, 'impliedVol'],
    ['the premium is too large a part of what it hedges', withVix(breakdown(6), 55), {}, 'premiumOfNotional'],
    ['no put is liquid', breakdown(6), { config: { liquidity: { openInterestMin: 20_000 } } }, 'contract'],
    [
      'premium of the year is spent',
      breakdown(6),
      hedge({ premiumYearMax: 0.001 }),
      'contractsOfPremiumCaps',
    ],
    ['there is no chain', breakdown(6), { config: { options: { chain: 'none' } } }, 'chain'],
  ];
  test.each(tooDear)('where %s: said once, and sold once', (_, closes, options, failed) => {
    const run = new HedgedRun(closes, options);
    expect(run.of(HedgeSized).map((sized) => [sized.purpose, sized.quantity, run.failed(sized)])).toEqual([
      ['none', 0, failed],
    ]);
    expect(exitsForWant(run)).toHaveLength(1);
    expect(held(run, 'SPY', 'core')).toBe(200);
    const state = failed === 'chain' ? 'armed' : 'entering';
    expect(run.core.actors.hedging!.view().state).toBe(state);
  });

  test('in proportion: the rest stays with its plan and its stop', () => {
    const config = {
      hedge: { betaBarsMin: 200, stressedShare: 0.6 },
      selector: { riskPerTrade: 0.2, stopAtr: 20 },
    };
    const run = new HedgedRun(breakdown(6), { config });
    const [{ unhedged, evidence, quantity }] = run.of(HedgeSized);
    expect(quantity).toBeGreaterThan(0);
    expect(evidence.beta).toBe(1);
    const [sold] = run.of(OrderFilled).filter(({ symbol, side }) => symbol === 'AAA' && side === 'sell');
    const [bought] = run.of(OrderFilled).filter(({ symbol, side }) => symbol === 'AAA' && side === 'buy');
    const px = breakdown(6).AAA![15];
    expect(sold.lastQty).toBe(Math.floor(unhedged / px));
    expect(held(run, 'AAA', 'tactical')).toBe(bought.lastQty - sold.lastQty);
    const { state } = run.core.actors.selector!.view('AAA');
    expect(state.equity).toBe('holding');
    const [stop] = [...run.core.actors.orders.working()];
    expect(stop.intended).toMatchObject({
      action: 'protect',
      size: { quantity: bought.lastQty - sold.lastQty },
      symbol: 'AAA',
    });
    const after = run.events.filter(
      ({ type, payload }) => type === OrderIntended.type && (payload as OrderIntended).action === 'protect',
    );
    const fill = run.events.find(({ payload }) => payload === sold)!;
    expect(after.find(({ seq }) => seq > fill.seq)!.recordedAt).toBe(fill.recordedAt);
  });

  test('a hedge that is cheap again is bought while the structure is still broken', () => {
    const closes = breakdown(12, -0.002);
    const VIX = closes.SPY.map((_, i) => (i < 20 ? 80 : 25));
    const story = new HedgedRun({ ...alone(closes), VIX }).story();
    expect(story.slice(0, 6)).toEqual([
      'armed',
      'entering',
      'nothing: impliedVol',
      'enter 2',
      'buy 2 enter',
      'hedged',
    ]);
  });

  test('a roll that is too dear sells what expires and goes on as an entry', () => {
    const closes = alone(breakdown(50, -0.003));
    const VIX = closes.SPY.map((_, i) => (i < 40 ? 22 : 90));
    const story = new HedgedRun({ ...closes, VIX }).story();
    const roll = story.indexOf('rolling');
    expect(story.slice(roll)).toEqual([
      'rolling',
      'nothing: impliedVol',
      'sell 2 roll',
      'entering',
      'nothing: impliedVol',
    ]);
  });
});

describe('premium', () => {
  test('of the last 365 days counts: what it pays for no more is not bought', () => {
    const long = alone(breakdown(80, -0.003));
    const bought = (premiumYearMax: number) =>
      new HedgedRun(long, hedge({ premiumYearMax })).story().filter((each) => each.startsWith('buy'));
    expect(bought(0.2).length).toBeGreaterThan(2);
    expect(bought(0.03)).toHaveLength(1);
  });
});

describe('at expiry', () => {
  test('shares that exercise sold short are bought back at the next open', () => {
    // A holding in another symbol, and an account that may be short: else the put is closed out in cash at its settlement.
    const run = new HedgedRun(breakdown(60, -0.003), {
      config: { hedge: { betaBarsMin: 100, rollDays: 0 }, selector: { equityConviction: 99 } },
      run: { allowShort: true, core: [{ fraction: 0.3, symbol: 'AAA' }] },
    });
    const story = run.story();
    expect(story).toContain('buy 100 exercised');
    expect(held(run, 'SPY', 'hedge')).toBe(0);
    const settled = run.events.find(({ type }) => type === 'OptionSettled')!;
    expect(settled.payload).toMatchObject({ how: 'exercised', shares: -100 });
    const opens = run.events.filter(({ type, seq }) => type === 'MarketOpened' && seq > settled.seq);
    const covered = run.events.find(
      ({ type, payload }) => type === OrderIntended.type && (payload as OrderIntended).reason === 'exercised',
    )!;
    expect(covered.recordedAt).toBe(opens[0].recordedAt);
  });

  test('a put nobody bids for is left to expire, and replaced while the structure is broken', () => {
    const config = { regime: { structure: { reclaimCloses: 1_000 } } };
    const closes = walkOn(walkOn(breakdown(3).SPY, 10, 0.03), 30, 0.0005);
    const story = new HedgedRun({ SPY: closes }, { config }).story();
    const bought = story.indexOf('buy 4 enter');
    expect(story.slice(bought)).toEqual([
      'buy 4 enter',
      'hedged',
      'entering',
      'enter 2',
      'buy 2 enter',
      'hedged',
    ]);
  });
});

test('an entry that the open makes too dear is tried three times, then rests', () => {
  const closes = breakdown(6).SPY;
  const bars = daysOf(closes).map((bar, i) => {
    const open = i < 16 ? bar.open : bar.open * 0.97;
    return { ...bar, low: Math.min(bar.low, open), open };
  });
  const VIX = { bars: daysOf(closes.map(() => 22)), assetClass: 'index' as const };
  const run = new HedgedRun(
    { SPY: closes },
    { ...hedge({ premiumMax: 0.0068 }), market: { SPY: { bars }, VIX } },
  );
  expect(run.story().slice(1)).toEqual(['entering', 'enter 1', 'enter 1', 'enter 1', 'cooldown']);
  expect(run.of(IntentDropped).map(({ reason }) => reason)).toEqual(
    Array.from({ length: 3 }, () => 'the limits leave no room for one unit'),
  );
});

describe('within the day', () => {
  /** The last day in six bars of an hour each, from its open on; the days before as one bar each of the same length. */
  const hourly = (days: readonly number[], last: readonly number[]) => {
    const HOUR = 3_600_000_000;
    const bars: IntradayBar[] = [];
    const all = daysOf([...days, last.at(-1)!]);
    all.forEach(({ day, ...prices }, i) => {
      const { open, close } = tradingSession('XNYS', day)!;
      if (i < days.length) {
        bars.push({ ...prices, time: open + HOUR });
        bars.push({
          open: prices.close,
          high: prices.close,
          low: prices.close,
          close: prices.close,
          volume: 1e8,
          time: close,
        });
      } else
        last.forEach((px, hour) => {
          const before = last[hour - 1] ?? days.at(-1)!;
          const range = { high: Math.max(px, before), low: Math.min(px, before) };
          bars.push({ open: before, ...range, close: px, volume: 1e8, time: open + (hour + 1) * HOUR });
        });
    });
    return { resolutionS: 3_600, bars };
  };
  const crashRun = (fall: number, rest: readonly number[]) => {
    const days = walkOn(walkOn(calmRise(300), 1, 0.03), 1, 0.01);
    const last = [days.at(-1)! * (1 - fall / 2), days.at(-1)! * (1 - fall), ...rest];
    return new HedgedRun(
      { SPY: [] },
      {
        market: {
          SPY: hourly(days, last),
          VIX: { bars: daysOf([...days, 1].map(() => 22)), assetClass: 'index' },
        },
      },
    );
  };

  test('a crash is hedged at once, not at the close', () => {
    const run = crashRun(0.12, [250, 248, 247]);
    const story = run.story();
    expect(story.slice(story.indexOf('entering'))).toEqual(['entering', 'enter 2', 'buy 2 enter', 'hedged']);
    const moved = run.events.find(
      ({ type, payload }) => type === HedgeStateChanged.type && (payload as { to: string }).to === 'entering',
    )!;
    expect(moved.payload).toMatchObject({ reason: 'a crash within the session' });
    const released = run.events.find(({ type }) => type === OrderIntended.type)!;
    expect(released.recordedAt).toBe(moved.recordedAt);
  });

  test('a fall that is no crash waits for the close', () => {
    const reasons = crashRun(0.03, [312])
      .of(HedgeStateChanged)
      .map(({ reason }) => reason);
    expect(reasons).not.toContain('a crash within the session');
  });
});
