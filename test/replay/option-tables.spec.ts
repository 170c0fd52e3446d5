import { describe, expect, test } from 'vitest';
import { decisionTable } from '../../replay/decisions.ts';
import { executionTable } from '../../replay/execution-quality.ts';
import { hedgeTable } from '../../replay/hedge-table.ts';
import { chainSentence, summarizeRun } from '../../replay/summary.ts';
import { holdingKinds } from '../../src/projections/profit-by-kind.ts';
import { roundTrips } from '../../src/projections/round-trips.ts';
import { crisisRun } from './option-run.ts';
import { closeOf, Feeder, openOf, plainSpec } from './simulated-run.ts';

const PUT = 'A     240216P00100000';
const CALL = 'A     240216C00100000';
const DAYS = ['2024-01-02', '2024-01-03', '2024-01-04', '2024-01-05', '2024-01-08'];
const flat = (px: number) => ({ open: px, high: px, low: px, close: px });

function quantosRun(): Feeder {
  const feeder = new Feeder();
  const run = plainSpec({
    profile: 'quantos',
    cash: 100_000,
    instruments: 'all',
    hedge: true,
    benchmark: 'A',
  });
  feeder.at(openOf(DAYS[0])).start(run, ['A']);
  return feeder;
}
function day(feeder: Feeder, iso: string, px: number): void {
  feeder.at(closeOf(iso)).bar(flat(px));
  feeder.closed(iso);
}
const hedgeMoves = (feeder: Feeder, from: string, to: string) =>
  feeder.event('decision', 'HedgeStateChanged', { from, to, reason: 'test', tests: [] });

describe('execution quality', () => {
  const table = (...orders: Parameters<Feeder['order']>[]) => {
    const feeder = quantosRun();
    for (const order of orders) feeder.order(...order);
    return executionTable(feeder.projection.finish().journal.fills);
  };
  const quote = { bidPx: 4, askPx: 5 };

  test.each([
    ['at the own touch', 4, 1],
    ['at the midpoint', 4.5, 0.5],
    ['at the far touch', 5, 0],
    ['beyond the far touch', 5.5, -0.5],
  ])('of a purchase %s saves the spread by that much', (_, px, saved) => {
    expect(table(['enter', { symbol: CALL, side: 'buy', quantity: 2, px, ...quote }]).calls).toEqual({
      intents: 1,
      value: 200 * px,
      beyondMidpoint: 200 * (px - 4.5),
      slippage: (px - 4.5) / px,
      saved: 200 * (5 - px),
      spreadSaved: saved,
      secondsToFill: 0,
    });
  });

  test('of a sale is measured from the other side', () => {
    const sale = table(['exit', { symbol: CALL, side: 'sell', quantity: 1, px: 4.8, ...quote }]).calls!;
    expect(sale.spreadSaved).toBeCloseTo(0.8, 12);
    expect(sale.beyondMidpoint).toBeCloseTo(-30, 9);
  });

  test('counts each kind for itself, and nothing that met no quote', () => {
    const rows = table(
      ['enter', { symbol: 'A', side: 'buy', quantity: 1, px: 4.5, ...quote }],
      ['hedge', { symbol: PUT, side: 'buy', quantity: 1, px: 4.5, role: 'hedge', ...quote }],
      ['enter', { symbol: CALL, side: 'buy', quantity: 1, px: 4.5 }],
      ['enter', { symbol: CALL, side: 'buy', quantity: 1, px: 4.5, bidPx: 0, askPx: 5 }],
    );
    expect(Object.keys(rows)).toEqual(['shares', 'hedges']);
  });

  test('of an intent that took several orders begins at the first one and ends at the last fill', () => {
    const feeder = quantosRun();
    const terms = { symbol: CALL, side: 'buy', quantity: 1, intent: 9 } as const;
    feeder.at(1e15).order('enter', { ...terms, px: 4.5, bidPx: 4, askPx: 5 });
    feeder.at(1e15 + 3e6).order('enter', { ...terms, px: 4.75, bidPx: 4.5, askPx: 5.5 });
    const { calls } = executionTable(feeder.projection.finish().journal.fills);
    expect(calls).toMatchObject({ intents: 1, secondsToFill: 3, saved: 75, spreadSaved: 0.375 });
  });
});

test('decisions are told by kind, and within it by the way out', () => {
  const feeder = quantosRun();
  const trade = (symbol: string, from: number, to: number, reason: string, role = 'tactical') => {
    feeder.at(openOf(DAYS[0])).order('enter', { symbol, side: 'buy', quantity: 1, px: from, role });
    const plan = symbol === 'A' ? 'equity' : 'option';
    if (role === 'tactical')
      feeder.event('decision', 'ExitTriggered', { symbol: 'A', plan, reason, tests: [] });
    feeder.at(openOf(DAYS[2])).order('exit', { symbol, side: 'sell', quantity: 1, px: to, role, reason });
  };
  trade(CALL, 2, 3, 'expiry');
  trade(CALL, 2, 1, 'premiumLoss');
  trade(CALL, 2, 4, 'expiry');
  trade('A', 100, 110, 'conviction');
  trade(PUT, 3, 1, 'unwind', 'hedge');
  const table = decisionTable(roundTrips(feeder.projection.finish().journal.fills));
  expect(Object.keys(table)).toEqual(['shares', 'calls', 'hedges']);
  expect(table.calls).toMatchObject({ tradeCount: 3, winRate: 2 / 3, pnl: 200, averageDays: 2, spent: 600 });
  expect(table.calls!.byExit).toEqual({
    expiry: { tradeCount: 2, winRate: 1, pnl: 300, averageDays: 2 },
    premiumLoss: { tradeCount: 1, winRate: 0, pnl: -100, averageDays: 2 },
  });
  expect(table.hedges).toMatchObject({ tradeCount: 1, pnl: -200 });
});

describe('the hedge table', () => {
  test('tells a breakdown from its entry to the last put, with what was paid and earned', () => {
    const feeder = quantosRun();
    day(feeder, DAYS[0], 100);
    hedgeMoves(feeder, 'idle', 'armed');
    day(feeder, DAYS[1], 100);
    hedgeMoves(feeder, 'armed', 'entering');
    feeder.event('decision', 'HedgeSized', {
      purpose: 'enter',
      contract: PUT,
      quantity: 2,
      exposure: 50_000,
      target: 25_000,
      premium: 600,
      unhedged: 0,
      tests: [],
      evidence: {},
    });
    feeder
      .at(openOf(DAYS[2]))
      .order('hedge', { symbol: PUT, side: 'buy', quantity: 2, px: 3, role: 'hedge' });
    hedgeMoves(feeder, 'entering', 'hedged');
    day(feeder, DAYS[2], 90);
    hedgeMoves(feeder, 'hedged', 'unwinding');
    feeder
      .at(openOf(DAYS[3]))
      .order('exit', { symbol: PUT, side: 'sell', quantity: 2, px: 13, role: 'hedge' });
    hedgeMoves(feeder, 'unwinding', 'cooldown');
    day(feeder, DAYS[3], 90);
    hedgeMoves(feeder, 'cooldown', 'idle');
    hedgeMoves(feeder, 'idle', 'armed');
    day(feeder, DAYS[4], 90);
    expect(hedgeTable(feeder.projection.finish())).toMatchObject({
      alarms: 1,
      missed: 0,
      premium: 600,
      pnl: 2_000,
      breakdowns: [
        {
          armed: DAYS[0],
          entered: DAYS[1],
          rolls: [],
          unwound: DAYS[2],
          ended: DAYS[3],
          exposure: 50_000,
          target: 25_000,
          premium: 600,
          pnl: 2_000,
        },
      ],
    });
  });

  test('is none where the protocol is off', () => {
    expect(crisisRun({ hedge: false }).summary.hedges).toBeNull();
  });
});

describe('the crisis of 2008, with the hedge and without', () => {
  const { summary, projection } = crisisRun();
  const bare = crisisRun({ hedge: false }).summary;

  test('the puts earn while it falls, and the drawdown is smaller for it', () => {
    const fall = summary.hedges!.breakdowns.find(({ entered }) => entered.startsWith('2008-09'))!;
    expect(fall.pnl).toBeGreaterThan(0);
    expect(fall.drawdown).toBeLessThan(fall.drawdownUnhedged);
    expect(summary.maxDrawdown).toBeLessThan(bare.maxDrawdown!);
    expect(bare.decisions.hedges).toBeUndefined();
  });

  test('years add up: by kind to the profit, and over all to the final equity', () => {
    expect(summary.years.map(({ year }) => year)).toEqual(['2006', '2007', '2008', '2009']);
    for (const row of summary.years) {
      expect(holdingKinds.reduce((sum, kind) => sum + row[kind], 0)).toBeCloseTo(row.pnl, 4);
    }
    const all = summary.years.reduce((sum, { pnl }) => sum + pnl, 0);
    expect(all).toBeCloseTo(summary.finalEquity - summary.startCash, 4);
    const hedges = summary.years.reduce((sum, row) => sum + row.hedges, 0);
    expect(hedges).toBeCloseTo(summary.hedges!.pnl, 4);
    expect(hedges).toBeCloseTo(summary.instruments['SP500 hedge'].pnl, 4);
  });

  test('says that its options were modelled, and of shares alone nothing', () => {
    expect(chainSentence(summary)).toBe('Options: modelled chain, no recorded quotes.');
    expect(chainSentence(crisisRun({ instruments: 'equity', hedge: false }).summary)).toBeNull();
    expect(chainSentence({ optionChains: { A: 'recorded', B: 'modelled' } })).toContain('modelled chains');
  });

  test('volatility is kept for each close, with its rank and what was realised', () => {
    const rows = projection.options!.volatility.get('SP500')!;
    expect(rows.at(-1)!.day).toBe(projection.samples.lastDay);
    expect(rows.every(({ atm, rank }) => atm > 0 && (rank === null || (rank >= 0 && rank <= 1)))).toBe(true);
    expect(rows.filter(({ realized }) => realized === null).length).toBeLessThan(21);
  });

  test('summarizing twice gives the same', () => {
    expect(summarizeRun(projection)).toEqual(summary);
  });
});
