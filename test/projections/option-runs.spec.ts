import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataset } from '../../replay/dataset.ts';
import { instrumentTable } from '../../replay/tables.ts';
import { fromMicros } from '../../src/domain/money.ts';
import { holdingKinds } from '../../src/projections/profit-by-kind.ts';
import { roundTrips } from '../../src/projections/round-trips.ts';
import type { RunProjection } from '../../src/projections/run-projection.ts';
import { chainOf, csvOf, importChain, importPrices } from '../engine/chains.ts';
import { tradingDays, wanderingDays } from '../engine/markets.ts';
import { optionRun, projectedRun, tenthOfSp500 } from '../replay/option-run.ts';
import { closeOf, Feeder, openOf, plainSpec } from '../replay/simulated-run.ts';

const CALL = 'A     240216C00100000';
const [D1, D2, D3] = ['2024-01-02', '2024-01-03', '2024-02-16'];
const flat = (px: number) => ({ open: px, high: px, low: px, close: px });
const quantos = (over = {}) =>
  plainSpec({ profile: 'quantos', cash: 10_000, instruments: 'all', hedge: true, ...over });

describe('a run of the whole pipeline', () => {
  const days = tenthOfSp500(0, 2_500);
  const differences: unknown[] = [];
  const held = new Set<string>();
  let compared = 0;
  const run = optionRun(days, {}, ({ actors, kernel }, { ledger, markOf }) => {
    compared += 1;
    for (const { symbol, role } of ledger.positions()) {
      if (symbol.length === 21) held.add(`${role} ${symbol[12]}`);
    }
    const [ours, core] = [ledger.equityMicros(markOf), actors.portfolio.equityMicros()];
    if (ours !== core) differences.push({ seq: kernel.seq, ours, core });
  });

  test('is worth to the micro-dollar what the core says, at every close, options held or not', () => {
    expect(compared).toBeGreaterThanOrEqual(days.length);
    expect(held).toEqual(new Set(['hedge P', 'tactical C', 'tactical P']));
    expect(differences).toEqual([]);
  });

  test('has earned by kind, on every day, what the account has earned', () => {
    const { equity } = run.samples;
    const { rows } = run.account.profits!;
    expect(rows).toHaveLength(equity.length);
    rows.forEach((row, i) => {
      const sum = holdingKinds.reduce((total, kind) => total + row[kind], 0);
      expect(fromMicros(100_000e6 + sum)).toBe(equity[i]);
    });
  });

  test('has one row of instruments for each kind of option on an underlying', () => {
    const trades = roundTrips(run.journal.fills, run.journal.splits);
    const table = instrumentTable(run, trades);
    expect(Object.keys(table)).toEqual(['SP500', 'SP500 calls', 'SP500 hedge', 'SP500 puts']);
    const earned = Object.values(table).reduce((total, row) => total + row.pnl, 0);
    expect(earned).toBeCloseTo(run.samples.equity.at(-1)! - 100_000, 4);
  });
});

test('a run on a recorded chain is worth what the core says, whichever quotes came and went', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quantos-chain-'));
  const bars = wanderingDays(5, tradingDays('2010-06-01', 400), 100);
  const chain = importChain(folder, csvOf(chainOf(bars.slice(200), (i) => 0.2 + (i % 7) / 100)));
  const datasets = [importPrices(folder, bars), chain.out].map(openDataset);
  const differences: unknown[] = [];
  const held = new Set<string>();
  const config = { liquidity: { optionSpreadShare: 0.5 } };
  const run = projectedRun('A', datasets, { config }, ({ actors, kernel }, { ledger, markOf, options }) => {
    for (const { symbol } of ledger.positions())
      if (options?.contract(symbol) !== undefined) held.add(symbol);
    const [ours, core] = [ledger.equityMicros(markOf), actors.portfolio.equityMicros()];
    if (ours !== core) differences.push({ seq: kernel.seq, ours, core });
  });
  for (const dataset of datasets) dataset.close();
  rmSync(folder, { recursive: true });
  expect(run.options!.covers('A')).toBe('recorded');
  expect(held.size).toBeGreaterThan(0);
  expect(differences).toEqual([]);
  expect(run.options!.volatility.get('A')!.at(-1)!.day).toBe(run.samples.lastDay);
  expect([...run.prices.keys()]).toEqual(['A']);
});

describe('a settled option', () => {
  function bought(optionPx: number): Feeder {
    const feeder = new Feeder();
    feeder.at(openOf(D1)).start(quantos(), ['A']);
    feeder.at(closeOf(D1)).bar(flat(100));
    feeder.closed(D1);
    feeder.at(openOf(D2)).order('enter', { symbol: CALL, side: 'buy', quantity: 2, px: optionPx });
    feeder.at(closeOf(D2)).bar(flat(100));
    feeder.closed(D2);
    return feeder;
  }
  const settle = (feeder: Feeder, how: string, over: object): RunProjection => {
    feeder.at(closeOf(D3)).bar(flat(110));
    const terms = { settlementId: 's1', symbol: CALL, how, quantity: 2, underlying: 'A', strike: 100 };
    feeder.event('input', 'OptionSettled', { ...terms, optionPx: 0, underlyingPx: 110, shares: 0, ...over });
    feeder.closed(D3);
    return feeder.projection.finish();
  };

  test('in cash closes its trade at its worth, for the reason it was settled', () => {
    const run = settle(bought(3), 'cashSettled', { optionPx: 10 });
    expect(run.ledger.positions()).toEqual([]);
    expect(run.samples.equity.at(-1)).toBe(10_000 - 600 + 2_000);
    expect(roundTrips(run.journal.fills)).toMatchObject([
      {
        symbol: CALL,
        underlying: 'A',
        instrument: 'call',
        expiry: '2024-02-16',
        strike: 100,
        quantity: 2,
        exitPx: 10,
        pnl: 1_400,
        exitReason: 'cashSettled',
      },
    ]);
  });

  test('that expires worthless loses its premium', () => {
    const run = settle(bought(3), 'expired', {});
    expect(roundTrips(run.journal.fills)).toMatchObject([{ exitPx: 0, pnl: -600, exitReason: 'expired' }]);
    expect(run.samples.equity.at(-1)).toBe(9_400);
  });

  test('into shares ends the option at nothing and begins shares at the strike', () => {
    const run = settle(bought(3), 'exercised', { shares: 200 });
    expect(roundTrips(run.journal.fills)).toMatchObject([{ exitPx: 0, pnl: -600, exitReason: 'exercised' }]);
    expect(run.ledger.positions()).toMatchObject([{ symbol: 'A', quantity: 200, role: 'tactical' }]);
    expect(run.samples.equity.at(-1)).toBe(10_000 - 600 - 20_000 + 22_000);
    expect(Object.values(instrumentTable(run, [])).map(({ pnl, buys }) => [pnl, buys])).toEqual([
      [2_000, 0],
      [-600, 1],
    ]);
  });
});

test('a split renames the contract of an open trade and leaves its profit alone', () => {
  const feeder = new Feeder();
  feeder.at(openOf(D1)).start(quantos(), ['A']);
  feeder.order('enter', { symbol: CALL, side: 'buy', quantity: 2, px: 4 });
  feeder.order('enter', { symbol: 'A', side: 'buy', quantity: 15, px: 100 });
  const split = { symbol: 'A', numerator: 1, denominator: 2, cashInLieuPx: 200 };
  feeder.at(openOf(D2)).event('input', 'SplitApplied', { ...split, numerator: 2, denominator: 1 });
  feeder.order('exit', { symbol: 'A     240216C00050000', side: 'sell', quantity: 4, px: 3 });
  feeder.event('input', 'SplitApplied', { ...split, denominator: 4 });
  feeder.order('exit', { symbol: 'A', side: 'sell', quantity: 7, px: 200 });
  const run = feeder.projection.finish();
  expect(run.ledger.positions()).toEqual([]);
  const trades = roundTrips(run.journal.fills, run.journal.splits);
  expect(trades).toMatchObject([
    { symbol: 'A     240216C00050000', quantity: 4, entryPx: 2, exitPx: 3, pnl: 400 },
    { symbol: 'A', quantity: 7.5, entryPx: 200, exitPx: 200, pnl: 0 },
  ]);
  const earned = Object.values(instrumentTable(run, trades)).reduce((total, { pnl }) => total + pnl, 0);
  expect(earned).toBe(400);
});
