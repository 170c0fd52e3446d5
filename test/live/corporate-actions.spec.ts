/** What companies do to the shares an account holds, by a venue that pays and splits: while no engine runs, and while one does. */
import { afterEach, expect, test } from 'vitest';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import { Rig } from './rig.ts';

const at = (day: string, hour: number, minute: number): number =>
  dayToMicros(day) + ((hour + 5) * 60 + minute) * 60_000_000; // winter in New York
const HELD = { positions: { SPY: { qty: 10, avgPx: 390 } } };

let rig: Rig;
afterEach(() => rig.close());

/** An engine that has taken the account's shares for core holdings, on the day before. */
async function holding(): Promise<void> {
  rig = new Rig({
    startAt: at('2026-11-17', 15, 50),
    run: { instruments: 'equity', hedge: false, exits: false },
    strategy: 'sma-cross',
    market: { quotesPerSecond: 1 },
    venue: { account: HELD },
  });
  await rig.skipTo(at('2026-11-17', 15, 58));
  await rig.start();
  await rig.until('trading', () => rig.engine.health().state === 'trading', 10_000);
  expect(held()).toEqual([['SPY', 10, 'core']]);
}

const portfolio = () => rig.engine.session!.core.actors.portfolio;
const held = () =>
  portfolio()
    .positions()
    .map(({ symbol, quantity, role }) => [symbol, quantity, role]);
const differences = () =>
  rig
    .ofType('Reconciled')
    .flatMap(({ payload }) => (payload as { differences: { what: string }[] }).differences);

function payAndSplit(): void {
  rig.venue.inject({ kind: 'dividend', symbol: 'SPY', perShare: 1.5 });
  rig.venue.inject({ kind: 'split', symbol: 'SPY', numerator: 2, denominator: 1 });
}

test('a dividend and a split while no engine runs are in the books before the venue is compared', async () => {
  await holding();
  await rig.stop();
  await rig.dozeTo(at('2026-11-18', 8, 0));
  payAndSplit();
  await rig.skipTo(at('2026-11-18', 9, 34));
  const before = differences().length;
  await rig.start();
  await rig.until('trading', () => rig.engine.health().state === 'trading', 10_000);
  expect(held()).toEqual([['SPY', 20, 'core']]);
  expect(rig.ofType('SplitApplied').map(({ payload }) => payload)).toMatchObject([
    { symbol: 'SPY', numerator: 2, denominator: 1 },
  ]);
  // Each comparison tells of it again; the books take it once.
  expect(rig.ofType('CashMoved').at(-1)!.payload).toMatchObject({
    kind: 'dividend',
    micros: 15_000_000,
    symbol: 'SPY',
  });
  expect(differences().slice(before)).toEqual([]);
  expect(portfolio().cashMicros).toBe(rig.venue.account.cashMicros);
  await rig.stop();
  expect(await rig.replays()).toEqual([]);
}, 120_000);

test('a split is asked for in the morning by an engine that runs, and not again by the next one', async () => {
  await holding();
  await rig.stop();
  await rig.dozeTo(at('2026-11-18', 8, 59));
  await rig.start();
  await rig.until('reconciled', () => rig.engine.health().state === 'trading', 10_000);
  rig.venue.inject({ kind: 'split', symbol: 'SPY', numerator: 2, denominator: 1 });
  await rig.until('the split', () => rig.ofType('SplitApplied').length > 0, 90_000);
  expect(rig.clock.now()).toBeGreaterThanOrEqual(at('2026-11-18', 9, 0));
  expect(held()).toEqual([['SPY', 20, 'core']]);
  const before = differences().length;
  await rig.stop();
  await rig.start();
  await rig.until('trading again', () => rig.engine.health().state === 'trading', 10_000);
  expect(held()).toEqual([['SPY', 20, 'core']]);
  expect(differences().slice(before)).toEqual([]);
  expect(rig.ofType('SplitApplied')).toHaveLength(1);
  await rig.stop();
  expect(await rig.replays()).toEqual([]);
}, 120_000);

/** Announced, and nothing more: neither the account nor the market moved. */
const announce = (kind: string, day: string, json: object): void => {
  const named = { id: `${kind} of ${day}`, process_date: day, ...json };
  rig.venue.corporateActions.push({ kind, symbol: 'SPY', day, json: named });
};
const heard = () =>
  rig.ofType('CorporateActionHeard').map(({ payload }) => {
    const { day, problem, symbol } = payload as { day: string; problem: string | null; symbol: string };
    return [symbol, day, problem];
  });
const status = () => rig.engine.session!.core.actors.status;
const trading = async (): Promise<void> => {
  await rig.start();
  await rig.until('trading', () => rig.engine.health().state === 'trading', 10_000);
};

test('what cannot be booked, or was published after its day, holds the symbol back until a person has looked', async () => {
  await holding();
  // Of the day with which the chain began: it is in the positions that were found.
  announce('reverse_splits', '2026-11-17', { symbol: 'SPY', new_rate: 1, old_rate: 2 });
  await rig.stop();
  await rig.dozeTo(at('2026-11-18', 9, 30));
  announce('spin_offs', '2026-11-18', { source_symbol: 'SPY', new_symbol: 'SPUN' });
  await trading();
  const spinOff = ['SPY', '2026-11-18', expect.stringContaining('a spin-off is not booked here')];
  expect(heard()).toEqual([spinOff]);
  expect(status().haltOf('SPY')).toContain('a spin-off');
  rig.engine.command('reset', 'a person');
  await rig.advance(500);
  expect(status().haltOf('SPY')).toBeNull();

  announce('forward_splits', '2026-11-18', { symbol: 'SPY', new_rate: 2, old_rate: 1 });
  await rig.stop();
  await rig.dozeTo(at('2026-11-19', 9, 30));
  await trading();
  const late = ['SPY', '2026-11-18', 'a split of 2 for 1 was published after its day'];
  expect(heard()).toEqual([spinOff, late]);
  expect(rig.ofType('SplitApplied')).toEqual([]);
  expect(status().haltOf('SPY')).toContain('after its day');

  await rig.kill();
  await trading();
  expect(heard()).toEqual([spinOff, late]);
  expect(status().haltOf('SPY')).toContain('after its day');
  await rig.stop();
  expect(await rig.replays()).toEqual([]);
}, 120_000);
