/** What holds of hedges in every market: measured anew from books and prices, not read from what the engine says of itself. */
import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { type Config, configSchema } from '../../src/domain/config.ts';
import type { Core } from '../../src/engine/core.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { HedgeSized, HedgeStateChanged } from '../../src/events/option.events.ts';
import { IntentDeferred, OrderFilled, OrderIntended } from '../../src/events/order.events.ts';
import { type Closes, type HedgedOptions, HedgedRun } from '../actors/hedged-market.ts';

const seed = Number(process.env.QUANTOS_SEED ?? 1);
const YEAR_US = 365 * 86_400_000_000;
const COOLDOWN = 10;

/** Phases of one mood each, so that structures break and heal; the share follows the benchmark by a beta of its own. */
const phases = fc.array(
  fc.record({
    days: fc.integer({ min: 2, max: 25 }),
    drift: fc.constantFrom(-0.03, -0.006, 0, 0.004, 0.02),
    shake: fc.constantFrom(0.001, 0.01, 0.03),
    vix: fc.constantFrom(12, 22, 35, 55, 90),
    draws: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 25, maxLength: 25 }),
  }),
  { minLength: 4, maxLength: 7 },
);

const markets: fc.Arbitrary<Closes> = fc
  .tuple(phases, fc.constantFrom(0.3, 1, 2), fc.constantFrom(400, 90, 30))
  .map(([moods, slope, start]) => {
    const closes = { AAA: [100], SPY: [start as number], VIX: [20], gaps: [0] };
    const cents = (px: number) => Math.max(1, Math.round(100 * px) / 100);
    for (const { days, drift, shake, vix, draws } of moods)
      for (let i = 0; i < days; i++) {
        const move = drift + shake * draws[i];
        closes.SPY.push(cents(closes.SPY.at(-1)! * (1 + move)));
        closes.AAA.push(cents(closes.AAA.at(-1)! * (1 + slope * move + 0.002 * draws[24 - i])));
        closes.VIX.push(vix);
        // Most nights are quiet; in some the market falls further than the day makes good.
        closes.gaps.push(Math.abs(draws[i]) > 0.6 ? draws[24 - i] / 8 : 0);
      }
    return closes;
  });

const setups: fc.Arbitrary<HedgedOptions> = fc.record({
  run: fc.constantFrom({}, { risk: false }, { core: [] }, { core: [{ symbol: 'SPY', fraction: 0.9 }] }),
  config: fc.record({
    risk: fc.constant({ premiumMax: 0.5 }),
    hedge: fc.record(
      {
        share: fc.constantFrom(0.5, 1),
        premiumMax: fc.constantFrom(0.005, 0.03, 0.5, 0.5),
        premiumYearMax: fc.constantFrom(0.02, 0.1, 1, 1),
        costMax: fc.constantFrom(0.045, 0.5),
        impliedVolMax: fc.constantFrom(0.6, 5),
        rollDays: fc.constantFrom(0, 7, 25),
      },
      { requiredKeys: [] },
    ),
  }),
});

/** Dollars of delta in the benchmark's terms: hedges, and everything else. Positive gains when prices rise. */
function deltas({ actors }: Core): { hedges: number; others: number } {
  const { portfolio, market, options, exposures } = actors;
  let [hedges, others] = [0, 0];
  for (const { symbol, role, quantity } of portfolio.positions()) {
    const underlying = options.contract(symbol)?.underlying ?? symbol;
    const each = options.contract(symbol) === undefined ? 1 : 100 * (options.greeks(symbol)?.delta ?? 0);
    const dollars = quantity * each * market.lastPx(underlying)! * exposures.betaOf(underlying);
    if (role === 'hedge') hedges += dollars;
    else others += dollars;
  }
  return { hedges, others };
}

const isHedge = ({ type, payload }: StoredEvent) =>
  type === OrderIntended.type && (payload as OrderIntended).action === 'hedge';
const quantityOf = ({ size }: Pick<OrderIntended, 'size'>) =>
  size.kind === 'quantity' ? size.quantity : NaN;

interface Look {
  /** Sees each event before it is dispatched, and those before it. */
  readonly at?: (
    event: StoredEvent,
    core: Core,
    before: readonly StoredEvent[],
    rules: Config['hedge'],
  ) => void;
  readonly after?: (run: HedgedRun) => void;
}

/** The same markets for every property. */
function everyRun({ at, after }: Look, numRuns = 20): void {
  fc.assert(
    fc.property(markets, setups, (closes, options) => {
      const events: StoredEvent[] = [];
      const { hedge } = configSchema.parse(options.config);
      const run = new HedgedRun(closes, {
        ...options,
        onEvent: (event, core) => {
          at?.(event, core, events, hedge);
          events.push(event);
        },
      });
      after?.(run);
    }),
    { numRuns, seed },
  );
}

/** Premium paid for puts in the last 365 days, dollars. */
const spentBy = (now: number, before: readonly StoredEvent[], { actors }: Core): number =>
  before
    .filter(({ type, recordedAt }) => type === OrderFilled.type && recordedAt > now - YEAR_US)
    .map(({ payload }) => payload as OrderFilled)
    .filter(({ side, symbol }) => side === 'buy' && actors.options.contract(symbol) !== undefined)
    .reduce((sum, { lastQty, lastPx }) => sum + 100 * lastQty * lastPx, 0);

describe('in every market', () => {
  test('no hedge is released beyond the exposure of that moment, so none turns the net delta around', () => {
    let released = 0;
    everyRun({
      at(event, core) {
        if (!isHedge(event)) return;
        released++;
        const order = event.payload as OrderIntended;
        const { market, options } = core.actors;
        const delta = options.greeks(order.symbol)!.delta;
        const { hedges, others } = deltas(core);
        const net = others + hedges + quantityOf(order) * 100 * delta * market.lastPx('SPY')!;
        expect(net).toBeGreaterThanOrEqual(-1e-6);
      },
    });
    expect(released).toBeGreaterThan(10);
  });

  test('what hedges a tenth more than the exposure at a close is sold down to it', () => {
    let trims = 0;
    let overhedged = false;
    everyRun({
      at(event, core, before) {
        if (event.type === 'MarketClosed') {
          const { hedges, others } = deltas(core);
          overhedged = -hedges > 1.1 * Math.max(0, others) + 0.01;
        }
        if (event.type !== 'MarketOpened' || core.actors.hedging?.view().state !== 'hedged') return;
        const closed = before.findLastIndex(({ type }) => type === 'MarketClosed');
        const reasons = before.slice(closed).map(({ payload }) => (payload as { reason?: string }).reason);
        expect(reasons.includes('trim')).toBe(overhedged);
      },
      after(run) {
        for (const { purpose, quantity, target, evidence } of run.of(HedgeSized)) {
          if (purpose !== 'trim') continue;
          trims++;
          expect(evidence.hedged! - quantity * evidence.contractDelta!).toBeLessThanOrEqual(target + 1e-6);
        }
      },
    });
    expect(trims).toBeGreaterThan(2);
  });

  test('core holdings are never sold', () => {
    everyRun({
      at({ type, payload }) {
        if (type === IntentDeferred.type) expect((payload as IntentDeferred).role).not.toBe('core');
      },
      after(run) {
        const declared = run.events.find(({ type }) => type === 'CoreDeclared')?.payload;
        const quantity = (declared as { quantity: number } | undefined)?.quantity ?? 0;
        expect(run.core.actors.portfolio.quantity('SPY', 'core')).toBe(quantity);
      },
    });
  });

  test('premium of a hedge and of a year keeps to its cap, open orders included', () => {
    let released = 0;
    everyRun({
      at(event, core, before, { premiumMax, premiumYearMax }) {
        if (!isHedge(event)) return;
        released++;
        const { portfolio, orders, options } = core.actors;
        const order = event.payload as OrderIntended;
        const costOf = ({ symbol, limitPx, size }: OrderIntended) =>
          quantityOf({ size }) * 100 * (limitPx ?? options.quote(symbol)!.askPx);
        const working = [...orders.working()].map(({ intended }) => intended);
        const others = working.filter(
          ({ action, ordinal }) => action === 'hedge' && ordinal !== order.ordinal,
        );
        const cost = [order, ...others].reduce((sum, each) => sum + costOf(each), 0);
        const equity = portfolio.equityMicros() / 1e6;
        expect(cost).toBeLessThanOrEqual(premiumMax * equity + 1e-6);
        expect(spentBy(event.recordedAt, before, core) + cost).toBeLessThanOrEqual(
          premiumYearMax * equity + 1e-6,
        );
      },
    });
    expect(released).toBeGreaterThan(10);
  });

  test('it does not churn: two entries that were filled lie the closes of a rest apart', () => {
    let entries = 0;
    everyRun({
      after(run) {
        let closes = 0;
        let last = Number.NEGATIVE_INFINITY;
        for (const { type, payload } of run.events) {
          if (type === 'MarketClosed') closes++;
          if (type !== HedgeStateChanged.type) continue;
          const { from, to } = payload as { from: string; to: string };
          if (from !== 'entering' || to !== 'hedged') continue;
          entries++;
          expect(closes - last).toBeGreaterThan(COOLDOWN);
          last = closes;
        }
      },
    });
    expect(entries).toBeGreaterThan(10);
  });
});

test('sessions of one day each decide as one long session does', () => {
  let moves = 0;
  fc.assert(
    fc.property(markets, setups, (closes, options) => {
      const stories = (['none', 'daily'] as const).map((roll) => {
        const run = new HedgedRun(closes, { ...options, run: { ...options.run, roll } });
        moves += run.of(HedgeStateChanged).length;
        return run.events
          .filter(({ type }) => DECIDED.includes(type))
          .map(({ type, payload }) => [type, payload]);
      });
      expect(stories[1]).toEqual(stories[0]);
    }),
    { numRuns: 8, seed },
  );
  expect(moves).toBeGreaterThan(20);
});

const DECIDED: readonly string[] = [
  HedgeSized.type,
  HedgeStateChanged.type,
  OrderIntended.type,
  OrderFilled.type,
  'ExitTriggered',
];
