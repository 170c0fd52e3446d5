import { expect, test } from 'vitest';
import type { Dataset } from '../../src/engine/market-source.ts';
import { MarketSource } from '../../src/engine/market-source.ts';
import { TickKind, tickKindName } from '../../src/events/tick.ts';
import { datasetOf } from '../../src/testing/dataset-of.ts';

const iso = (time: number) => new Date(time / 1_000).toISOString();

function listOf(dataset: Dataset) {
  const source = new MarketSource([dataset], { to: null });
  const list: string[] = [];
  while (source.next()) {
    const { tick, symbols } = source;
    const px = tick.kind === TickKind.bar ? tick.close : tick.kind === TickKind.quote ? tick.bidPx : tick.px;
    list.push(`${iso(tick.recordedAt)} ${symbols[tick.symbolId].symbol} ${tickKindName(tick.kind)} ${px}`);
  }
  source.close();
  return list;
}

const bar = { open: 10, high: 12, low: 9, close: 11 };

test('a session day becomes its opening print and its bar, on a half-day too', () => {
  const dataset = datasetOf({
    B: { bars: [{ day: '2020-11-27', ...bar }] },
    A: { bars: [{ day: '2020-11-27', ...bar, open: 20 }] },
  });
  expect(listOf(dataset)).toEqual([
    '2020-11-27T14:30:00.000Z B openPrint 10',
    '2020-11-27T14:30:00.000Z A openPrint 20',
    '2020-11-27T18:00:00.000Z B bar 11',
    '2020-11-27T18:00:00.000Z A bar 11',
  ]);
  expect(
    dataset.symbols.map(({ symbol, priceSource, resolutionS }) => [symbol, priceSource, resolutionS]),
  ).toEqual([
    ['B', 'bars', 86_400],
    ['A', 'bars', 86_400],
  ]);
});

test('what is priced by bars, trades or quotes is told by what there is, and records come as they arrive', () => {
  const dataset = datasetOf({
    M: { bars: [{ time: 60_000_000, ...bar }] },
    T: {
      trades: [
        { time: 30, px: 5, recordedAt: 70_000_000 },
        { time: 40, px: Number.NaN },
      ],
    },
    Q: { quotes: [{ time: 50, bidPx: 1, askPx: 2 }], assetClass: 'crypto' },
  });
  expect(listOf(dataset).map((line) => line.slice(11))).toEqual([
    '00:00:00.000Z T trade NaN',
    '00:00:00.000Z Q quote 1',
    '00:01:00.000Z M bar 11',
    '00:01:10.000Z T trade 5',
  ]);
  expect(
    dataset.symbols.map(({ priceSource, resolutionS, calendar }) => [priceSource, resolutionS, calendar]),
  ).toEqual([
    ['bars', 60, 'XNYS'],
    ['trades', null, 'XNYS'],
    ['quotes', null, '24x7'],
  ]);
});

test('a dataset reads the same any number of times, and its head tells other prices apart', () => {
  const one = datasetOf({ A: { bars: [{ day: '2020-01-02', ...bar }] } });
  const other = datasetOf({ A: { bars: [{ day: '2020-01-02', ...bar, close: 10 }] } });
  expect(listOf(one)).toEqual(listOf(one));
  expect(datasetOf({ A: { bars: [{ day: '2020-01-02', ...bar }] } }).head).toBe(one.head);
  expect(other.head).not.toBe(one.head);
});
