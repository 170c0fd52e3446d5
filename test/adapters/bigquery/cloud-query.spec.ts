/** What the question means: its SQL run over tables whose spikes and movers are known, through the real client package. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CloudSignalOptions } from '../../../src/adapters/bigquery/cloud-signals.ts';
import { bigQueryServer } from './bigquery-server.ts';
import { cloudFloor, NOW } from './cloud-floor.ts';
import { duckBigQuery } from './duck-bigquery.ts';

beforeEach(() => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  vi.unstubAllEnvs();
});

interface Bar {
  readonly symbol: string | null;
  /** Minutes before now at which the bar begins. */
  readonly ago: number;
  readonly volume: number | null;
  readonly close?: number | null;
  readonly open?: number | null;
}

/** Bars of one minute for the last `minutes`. */
const minutes = (
  symbol: string,
  count: number,
  volumeAt: (ago: number) => number,
  closeAt = (_: number) => 100,
): Bar[] =>
  Array.from({ length: count }, (_, i) => ({
    symbol,
    ago: i + 1,
    volume: volumeAt(i + 1),
    close: closeAt(i + 1),
  }));

const sqlNumber = (value: number | null | undefined) =>
  value === null || value === undefined ? 'NULL' : Number.isFinite(value) ? `${value}` : `'${value}'`;

async function ask(bars: readonly Bar[], more: Partial<CloudSignalOptions> = {}) {
  const duck = await duckBigQuery(
    'CREATE TABLE bars (symbol VARCHAR, ts TIMESTAMPTZ, "open" DOUBLE, "close" DOUBLE, volume DOUBLE)',
  );
  for (const { symbol, ago, volume, close = 100, open = close } of bars) {
    const at = new Date(NOW / 1_000 - ago * 60_000).toISOString();
    await duck.run(
      `INSERT INTO bars VALUES (${symbol === null ? 'NULL' : `'${symbol}'`}, '${at}', ${sqlNumber(open)}, ${sqlNumber(close)}, ${sqlNumber(volume)})`,
    );
  }
  const server = await bigQueryServer((asked) => duck.answer(asked));
  const floor = cloudFloor(server, more);
  stops.push(() => floor.edge.stop());
  floor.edge.start();
  await floor.ask();
  return { report: floor.reports()[0], status: floor.statuses().at(-1)! };
}

test('a spike is five minutes with three times the average of the hour before, and not one unit less', async () => {
  const { report, status } = await ask([
    ...minutes('QUIET', 70, () => 10),
    ...minutes('THRICE', 70, (ago) => (ago <= 5 ? 30 : 10)),
    ...minutes('BARELY', 70, (ago) => (ago === 1 ? 29.9 : ago <= 5 ? 30 : 10)),
    ...minutes(
      'BTC/USD',
      70,
      (ago) => (ago <= 5 ? 90 : 10),
      (ago) => (ago <= 5 ? 102 : 100),
    ),
  ]);
  expect(status).toMatchObject({ status: 'ok' });
  expect(report.spikes).toEqual([
    {
      symbol: 'BTC/USD',
      multiplier: 9,
      volume: 450,
      averageVolume: 50,
      priceChange: expect.closeTo(0.02, 10),
    },
    { symbol: 'THRICE', multiplier: 3, volume: 150, averageVolume: 50, priceChange: 0 },
  ]);
  expect(report.asOf).toBe(NOW - 60e6);
  expect(report.hasBtc).toBe(true);
});

test('the multiple is the one that was configured', async () => {
  const bars = minutes('A', 70, (ago) => (ago <= 5 ? 30 : 10));
  expect((await ask(bars, { multiple: 2.9 })).report.spikes).toHaveLength(1);
  expect((await ask(bars, { multiple: 3.1 })).report.spikes).toHaveLength(0);
});

test('bars of five minutes and of one give the same', async () => {
  const fives: Bar[] = Array.from({ length: 13 }, (_, i) => ({
    symbol: 'A',
    ago: 5 * i + 5,
    volume: i === 0 ? 200 : 50,
  }));
  const { report } = await ask(fives);
  expect(report.spikes).toMatchObject([{ symbol: 'A', multiplier: 4, volume: 200, averageVolume: 50 }]);
});

test('a symbol that trades for the first time in the hour has nothing to compare with', async () => {
  const { report } = await ask([
    ...minutes('OLD', 70, () => 10),
    ...minutes('NEW', 6, (ago) => (ago <= 5 ? 1_000 : 1)),
    ...minutes('HALF', 36, (ago) => (ago <= 5 ? 1_000 : 10)),
  ]);
  expect(report.spikes.map(({ symbol }) => symbol)).toEqual(['HALF']);
});

test('a symbol whose newest bar is of another time is no spike of this one', async () => {
  const stale = minutes('STALE', 70, (ago) => (ago <= 5 ? 100 : 10)).map((bar) => ({
    ...bar,
    ago: bar.ago + 10,
  }));
  const { report } = await ask([...minutes('OLD', 70, () => 10), ...stale]);
  expect(report.spikes).toEqual([]);
});

test("the day's top movers are those furthest from their first price of the day, either way", async () => {
  const at = (symbol: string, first: number, last: number): Bar[] => [
    { symbol, ago: 1_100, volume: 5, close: 1 },
    { symbol, ago: 300, volume: 5, open: first, close: 77 },
    { symbol, ago: 1, volume: 5, close: last },
  ];
  const { report } = await ask([...at('UP', 100, 120), ...at('DOWN', 100, 70), ...at('FLAT', 100, 101)], {
    moversMax: 2,
  });
  expect(report.movers).toEqual([
    { symbol: 'DOWN', priceChange: expect.closeTo(-0.3, 10), volume: 10 },
    { symbol: 'UP', priceChange: expect.closeTo(0.2, 10), volume: 10 },
  ]);
});

test('a table of trades, which has no opening price, works with its prices', async () => {
  const columns = { symbol: 'symbol', ts: 'ts', price: 'close', open: null, volume: 'volume' };
  const { report } = await ask(
    [
      { symbol: 'A', ago: 300, volume: 5, close: 50, open: 1 },
      { symbol: 'A', ago: 1, volume: 5, close: 100 },
    ],
    { columns },
  );
  expect(report.movers).toMatchObject([{ symbol: 'A', priceChange: 1 }]);
});

test('rows with NULL, NaN or impossible values touch no sum, and are told of when they are many', async () => {
  const good = minutes('A', 70, (ago) => (ago <= 5 ? 40 : 10));
  const odd: Bar[] = [
    { symbol: 'A', ago: 2, volume: null },
    { symbol: 'A', ago: 2, volume: Number.NaN },
    { symbol: 'A', ago: 2, volume: -1_000 },
    { symbol: 'A', ago: 2, volume: Number.POSITIVE_INFINITY },
    { symbol: 'A', ago: 2, volume: 1_000, close: null },
    { symbol: 'A', ago: 2, volume: 1_000, close: Number.NaN },
    { symbol: 'A', ago: 2, volume: 1_000, close: 0 },
    { symbol: null, ago: 2, volume: 1_000 },
    { symbol: '', ago: 2, volume: 1_000 },
  ];
  const some = await ask([...good, ...odd.slice(0, 5)]);
  expect(some.status).toMatchObject({ status: 'ok' });
  const many = await ask([...good, ...odd]);
  expect(many.status).toMatchObject({
    code: 'schema',
    detail: expect.stringContaining('some of the newest rows'),
  });
  for (const { report } of [some, many])
    expect(report.spikes).toMatchObject([{ symbol: 'A', volume: 200, averageVolume: 50 }]);
  const none = await ask(odd);
  expect(none.report).toBeUndefined();
  expect(none.status).toMatchObject({ code: 'schema' });
});

test('rows of the future and of yesterday are not looked at', async () => {
  const { report } = await ask([
    ...minutes('A', 70, () => 10),
    { symbol: 'A', ago: -5, volume: 1e6 },
    { symbol: 'BTC', ago: 1_200, volume: 10 },
  ]);
  expect(report).toMatchObject({ asOf: NOW - 60e6, spikes: [], hasBtc: false });
});

test('an empty table is an answer', async () => {
  const { report, status } = await ask([]);
  expect(status).toMatchObject({ code: '', status: 'ok' });
  expect(report).toMatchObject({ asOf: null, spikes: [], movers: [], hasBtc: false });
});

test('no answer has more than a hundred spikes', async () => {
  const symbols = Array.from({ length: 130 }, (_, i) => `S${i}`);
  const bars = symbols.flatMap((symbol): Bar[] =>
    Array.from({ length: 13 }, (_, i) => ({ symbol, ago: 5 * i + 5, volume: i === 0 ? 500 : 50 })),
  );
  const duck = await duckBigQuery(
    'CREATE TABLE bars (symbol VARCHAR, ts TIMESTAMPTZ, "open" DOUBLE, "close" DOUBLE, volume DOUBLE)',
  );
  const values = bars.map(
    ({ symbol, ago, volume }) =>
      `('${symbol}', '${new Date(NOW / 1_000 - ago * 60_000).toISOString()}', 1, 1, ${volume})`,
  );
  await duck.run(`INSERT INTO bars VALUES ${values.join(', ')}`);
  const server = await bigQueryServer((asked) => duck.answer(asked));
  const floor = cloudFloor(server);
  stops.push(() => floor.edge.stop());
  floor.edge.start();
  await floor.ask();
  expect(floor.reports()[0].spikes).toHaveLength(100);
});
