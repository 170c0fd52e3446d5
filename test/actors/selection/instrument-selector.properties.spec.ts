/** What holds of the selector in every market: options only behind an open guard, through the filter, clear of events. */
import { fc } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { dayToMicros } from '../../../src/domain/exchange-calendar.ts';
import { contractOf, daysToExpiry } from '../../../src/domain/options/contract.ts';
import type { SelectionMade } from '../../../src/events/decision.events.ts';
import type { IntentDeferred } from '../../../src/events/order.events.ts';
import { type Day, goOn, SelectedRun } from '../selected-market.ts';

const seed = Number(process.env.QUANTOS_SEED ?? 1);

/** Moods of some days each: where prices and volatility go, and how sure anyone is of it. */
const moods = fc.array(
  fc.record({
    days: fc.integer({ min: 1, max: 12 }),
    drift: fc.constantFrom(-0.02, -0.004, 0, 0.003, 0.01),
    shake: fc.constantFrom(0.001, 0.01, 0.04),
    vix: fc.constantFrom(11, 18, 24, 30, 60),
    side: fc.constantFrom('long' as const, 'short' as const),
    conviction: fc.constantFrom(20, 65, 85, 95),
  }),
  { minLength: 3, maxLength: 8 },
);
const markets: fc.Arbitrary<Day[]> = moods.map((all) =>
  all.reduce<Day[]>((days, { days: count, drift, shake, vix, side, conviction }) => {
    const view = side === 'long' ? { long: conviction, short: 0 } : { long: 0, short: conviction };
    // Volatility moves through its mood, so that ranks are not only extremes.
    return Array.from({ length: count }).reduce<Day[]>(
      (before, _, i) =>
        goOn(before, 1, drift + (i % 2 === 0 ? shake : -shake), { vix: vix * (1 + 0.02 * i), ...view }),
      days,
    );
  }, []),
);
const EVENT_DAYS = ['2024-02-20', '2024-03-20', '2024-05-01'];
const setups = fc.record({
  event: fc.option(fc.constantFrom(...EVENT_DAYS)),
  exits: fc.boolean(),
  ratio: fc.boolean(),
});

/** Counts what was tried: a property about nothing holds of everything. */
const seen = { options: 0, shares: 0, changes: 0 };

test('an option is only ever entered behind an open guard, liquid, in its window and clear of events', () => {
  fc.assert(
    fc.property(markets, setups, (days, { event, exits, ratio }) => {
      const events = event === null ? [] : [{ symbol: 'A', day: event, kind: 'earnings' }];
      const guardNumbers = ratio ? { crowdedRatio: 1.5, openRatio: 1.3 } : {};
      const run = new SelectedRun(days, { config: { events, guard: guardNumbers }, run: { exits } });
      let guard = 'shut';
      let guardMovedAt = -1;
      let selection: SelectionMade | null = null;
      for (const { type, payload, recordedAt } of run.events) {
        if (type === 'VolatilityGuardChanged') {
          const { from, to } = payload as { from: string; to: string };
          expect(from).toBe(guard);
          expect(recordedAt).toBeGreaterThan(guardMovedAt);
          guard = to;
          guardMovedAt = recordedAt;
          seen.changes++;
        }
        if (type === 'SelectionMade') {
          selection = payload as SelectionMade;
          if (selection.choice === 'option') expect(guard).toBe('open');
        }
        if (type !== 'IntentDeferred') continue;
        const { action, symbol, side, size } = payload as IntentDeferred;
        if (action === 'enter') expect(side).toBe('buy');
        if (action !== 'enter' || symbol === 'A') {
          seen.shares += action === 'enter' ? 1 : 0;
          continue;
        }
        seen.options++;
        expect([guard, selection!.choice, selection!.contract]).toEqual(['open', 'option', symbol]);
        expect(selection!.tests.filter(({ test: name, pass }) => !pass && !name.includes(' of '))).toEqual(
          [],
        );
        const contract = contractOf(symbol);
        const day = run.days[run.days.findLastIndex((each) => dayToMicros(each) <= recordedAt)];
        const left = daysToExpiry(contract, day);
        expect(left >= 30 && left <= 60).toBe(true);
        if (event !== null && event > day) expect(daysToExpiry(contract, event)).toBeLessThan(0);
        expect(size.kind === 'quantity' && Number.isInteger(size.quantity) && size.quantity >= 1).toBe(true);
      }
      expect(run.core.actors.portfolio.positions().every(({ quantity }) => quantity > 0)).toBe(true);
    }),
    { seed, numRuns: 60 },
  );
  expect(seen.options).toBeGreaterThan(20);
  expect(seen.shares).toBeGreaterThan(20);
  expect(seen.changes).toBeGreaterThan(60);
});

test('plans live through the end of a session as if it had not ended', () => {
  fc.assert(
    fc.property(markets, (days) => {
      const [one, rolled] = (['none', 'daily'] as const).map(
        (roll) => new SelectedRun(days, { run: { roll } }),
      );
      expect(rolled.story()).toEqual(one.story());
      expect(rolled.choices()).toEqual(one.choices());
    }),
    { seed, numRuns: 12 },
  );
});
