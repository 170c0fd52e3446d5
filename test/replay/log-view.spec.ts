/** What a page asks of a log beside its moments: events and their causes, candles, regimes, fills and the account's curve. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TimeTravel } from '../../replay/time-travel.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import type { OrderFilled } from '../../src/events/order.events.ts';
import { TickKind } from '../../src/events/tick.ts';
import { openLogReader } from '../../src/log/log-reader.ts';
import { fewDays } from './recorded-sessions.ts';

let folder: string;
let travel: TimeTravel;
let events: StoredEvent[];
/** [time, open, high, low, close] of each recorded bar. */
const bars: number[][] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-view-'));
  const path = fewDays(folder);
  travel = await TimeTravel.open(path, { every: 50 });
  travel.advance();
  const reader = openLogReader(path);
  events = [...reader.events()];
  const cursor = reader.cursor();
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    const { tick } = cursor;
    if (kind === 1 && tick.kind === TickKind.bar)
      bars.push([tick.time, tick.open, tick.high, tick.low, tick.close]);
  }
  reader.close();
});
afterAll(() => {
  travel.close();
  rmSync(folder, { recursive: true });
});

const seqsOf = (lines: readonly { readonly seq: number }[]): number[] => lines.map(({ seq }) => seq);

describe('events', () => {
  test('come newest first, page by page, each of them once', () => {
    const seen: number[] = [];
    for (let before: number | null = travel.head.seq + 1; before !== null; ) {
      const page = travel.events({ before, limit: 37 });
      seen.push(...seqsOf(page.events));
      before = page.older;
    }
    expect(seen).toEqual(seqsOf(events).reverse());
  });

  test('of some types are found by the index, and those after a seq in their order', () => {
    const types = ['OrderFilled', 'SelectionMade', 'RegimeChanged'];
    const wanted = events.filter(({ type }) => types.includes(type));
    expect(seqsOf(travel.events({ types, limit: 500 }).events)).toEqual(seqsOf(wanted).reverse());
    const after = wanted[3].seq;
    expect(seqsOf(travel.events({ types, after, limit: 2 }).events)).toEqual([wanted[5].seq, wanted[4].seq]);
  });

  test('hold every word that is searched for, in any case of letters', () => {
    const { events: found } = travel.events({ search: 'orderfilled SP500', limit: 500 });
    const wanted = events.filter(({ type, json }) => /orderfilled/i.test(type + json) && /sp500/i.test(json));
    expect(seqsOf(found)).toEqual(seqsOf(wanted).reverse());
    expect(found.length).toBeGreaterThan(0);
    expect(found[0].summary).toMatch(/SP500/);
  });

  test('lead forwards to all that they caused, and backwards to the record they come from', () => {
    for (const { seq } of events) {
      const caused = events.filter(({ causation }) => causation === seq);
      const detail = travel.event(seq);
      expect(detail.effectCount).toBe(caused.length);
      expect(seqsOf(detail.effects)).toEqual(seqsOf(caused).slice(0, 200));
    }
    const fill = travel.event(events.find(({ type }) => type === 'OrderFilled')!.seq);
    const types = fill.chain.map(({ type }) => type);
    expect(types[0]).toBe('bar');
    expect(types.slice(-3)).toEqual(['RiskApproved', 'SubmitAttempted', 'OrderFilled']);
    const bar = travel.event(fill.chain[0].seq);
    expect(bar).toMatchObject({ kind: null, type: 'bar', payload: { symbol: 'SP500' } });
    expect(bar.effects.map(({ type }) => type)).toContain('IntentDeferred');
  });

  test('that do not exist, unknown types and pages without measure are refused', () => {
    expect(() => travel.event(10 ** 9)).toThrow(/has seq 1 to \d+; 1000000000 is not in it/);
    expect(() => travel.events({ types: ['OrderFiled'] })).toThrow(/did you mean OrderFilled/);
    expect(() => travel.events({ limit: 0 })).toThrow(/1 to 500/);
    expect(() => travel.series({ symbol: 'XYZ' })).toThrow(/no chart of XYZ; this session has SP500/);
    expect(() => travel.equity({ points: 1 })).toThrow(/10 to 5000 points/);
  });
});

describe('charts', () => {
  test('show the bars as they were, and joined ones keep highs, lows, first opens and last closes', () => {
    const { candles, barsPerCandle } = travel.series({ symbol: 'SP500' });
    expect(barsPerCandle).toBe(1);
    expect(candles.map((each) => each.slice(0, 5))).toEqual(bars);
    const joined = travel.series({ symbol: 'SP500', points: 10 });
    const { barsPerCandle: n } = joined;
    expect(joined.candles.length).toBeLessThanOrEqual(10);
    const parts = joined.candles.map((_, i) => bars.slice(i * n, (i + 1) * n));
    expect(joined.candles.map((each) => each.slice(0, 5))).toEqual(
      parts.map((of) => [
        of.at(-1)![0],
        of[0][1],
        Math.max(...of.map((each) => each[2])),
        Math.min(...of.map((each) => each[3])),
        of.at(-1)![4],
      ]),
    );
  });

  test('end at the moment they are drawn for', () => {
    const fill = events.filter(({ type }) => type === 'OrderFilled')[1];
    const series = travel.series({ symbol: 'SP500', upTo: fill.seq });
    expect(series.candles).toEqual(
      travel.series({ symbol: 'SP500' }).candles.slice(0, series.candles.length),
    );
    expect(series.candles.at(-1)![0]).toBeLessThanOrEqual(fill.recordedAt);
    expect(seqsOf(series.fills)).toEqual(
      seqsOf(events.filter(({ type, seq }) => type === 'OrderFilled' && seq <= fill.seq)),
    );
    expect(series.regimes.every(({ seq }) => seq <= fill.seq)).toBe(true);
  });

  test('have every fill with what its order was for, and spans of regimes without gaps', () => {
    const { fills, regimes } = travel.series({ symbol: 'SP500' });
    const recorded = events.filter(({ type }) => type === 'OrderFilled');
    expect(fills.map(({ seq, side, quantity, px }) => [seq, side, quantity, px])).toEqual(
      recorded.map(({ seq, payload }) => {
        const { side, lastQty, lastPx } = payload as OrderFilled;
        return [seq, side, lastQty, lastPx];
      }),
    );
    expect(new Set(fills.map(({ action }) => action))).toContain('enter');
    for (const region of ['trend', 'volatility', 'structure']) {
      const spans = regimes.filter((each) => each.region === region);
      spans.forEach((span, i) => {
        expect(span.toUs).toBe(spans[i + 1]?.fromUs ?? null);
      });
    }
  });

  test('of the account end where the moment stands', () => {
    const { points, startEquity } = travel.equity();
    const { money } = travel.at();
    expect(startEquity).toBe(100_000);
    const [, equity, drawdown] = points.at(-1)!;
    expect(equity).toBe(money.equity);
    expect(drawdown).toBeCloseTo(money.drawdown, 12);
    expect(money.profit).toBeCloseTo(money.equity - startEquity, 6);
    expect(money.deepestDrawdown).toBeCloseTo(Math.max(...points.map(([, , fall]) => fall)), 12);
  });
});

describe('a moment', () => {
  test('holds the decisions that stand and the moves of each actor, none later than it', () => {
    for (const { seq } of events.filter((_, i) => i % 9 === 0)) {
      const moment = travel.at({ seq });
      const upTo = (type: string) => events.filter((each) => each.type === type && each.seq <= moment.seq);
      const [symbol] = moment.symbols;
      expect(symbol.selection?.seq).toBe(upTo('SelectionMade').at(-1)?.seq);
      const trends = upTo('RegimeChanged').filter(
        ({ payload }) => (payload as { region: string }).region === 'trend',
      );
      expect(symbol.regime!.trend.changed?.seq).toBe(trends.at(-1)?.seq);
      expect(symbol.regime!.trend.state).toBe(
        (trends.at(-1)?.payload as { to: string } | undefined)?.to ?? 'warmingUp',
      );
      for (const moves of Object.values(moment.transitions)) {
        expect(moves.length).toBeLessThanOrEqual(10);
        expect(moves.every((each) => each.seq <= moment.seq)).toBe(true);
        expect(seqsOf(moves)).toEqual(seqsOf(moves).sort((a, b) => b - a));
      }
      const plan = moment.transitions['selector-SP500']?.find(({ to }) => to.includes('equity'));
      if (plan !== undefined) expect(plan.to).toContain(`equity ${symbol.plans!.equity.state}`);
    }
  });
});
