/** Yahoo's history through the real client package, as rows and as a dataset. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { YahooHistory } from '../../../src/adapters/yahoo/yahoo-history.ts';
import { quantos, quantosJson, scratchFolder } from '../../cli/cli.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { answerOf, chartOf, noSuchSymbol, recorded, recordedFolder, yahooServer } from './yahoo-server.ts';

const folder = scratchFolder();
const NOW = '2026-11-20T18:00:00Z';

const week = [
  { at: '2026-10-30T13:30:00Z', close: 90 },
  // New York left summer time on 1 November: the open moved an hour.
  { at: '2026-11-02T14:30:00Z', close: 91 },
  { at: '2026-11-03T14:30:00Z', close: null },
  { at: '2026-11-04T14:30:00Z', close: 92 },
  { at: '2026-11-05T14:30:00Z', close: 93 },
];

async function rowsOf(
  body: (query: URLSearchParams) => string,
  range: { resolution: '1d' | '1m'; from: string; to: string },
  symbol = 'SPY',
) {
  const server = await yahooServer(({ query }) => body(query));
  const history = new YahooHistory({ clock: new SteppedClock(Date.parse(NOW) * 1_000), url: server.url });
  const rows = [];
  for await (const row of history.rows(symbol, range)) rows.push(row);
  return { rows, history, asked: server.asked };
}

const plainDays = { resolution: '1d', from: '2026-11-02', to: '2026-11-04' } as const;

test('days are trading days of New York on both sides of a change of clocks, and only those asked for', async () => {
  const { rows } = await rowsOf(() => answerOf(chartOf('SPY', 93, NOW, week)), plainDays);
  expect(rows.map(({ time, close }) => [time, close])).toEqual([
    ['2026-11-02', '91'],
    // What Yahoo leaves out is no zero: the import refuses the line.
    ['2026-11-03', ''],
    ['2026-11-04', '92'],
  ]);
});

test('a day that is still being made is no bar', async () => {
  const chart = chartOf('SPY', 100, '2026-11-20T21:00:00Z', [
    { at: '2026-11-19T14:30:00Z', close: 99 },
    { at: '2026-11-20T14:30:00Z', close: 100 },
  ]);
  chart.meta.currentTradingPeriod = Object.fromEntries(
    ['pre', 'regular', 'post'].map((name) => [
      name,
      {
        timezone: 'EST',
        start: Date.parse('2026-11-20T14:30:00Z') / 1_000,
        end: Date.parse('2026-11-20T21:00:00Z') / 1_000,
        gmtoffset: -18_000,
      },
    ]),
  );
  const { rows } = await rowsOf(() => answerOf(chart), {
    ...plainDays,
    from: '2026-11-19',
    to: '2026-11-20',
  });
  expect(rows.map(({ time }) => time)).toEqual(['2026-11-19']);
});

test('minutes are fetched a week at a time, each once', async () => {
  const answer = (query: URLSearchParams) => {
    const [from, to] = [Number(query.get('period1')), Number(query.get('period2'))];
    const first = Math.ceil(from / 86_400) * 86_400 + 15 * 3_600;
    const at = (seconds: number) => new Date(seconds * 1_000).toISOString();
    // The vendor's pages hold their last moment, too: the first of the next one.
    const days = [];
    for (let day = first; day <= to; day += 86_400) days.push({ at: at(day), close: 50 });
    return answerOf(
      chartOf('SPY', 50, NOW, [{ at: at(from), close: 50 }, ...days, { at: at(to), close: 50 }]),
    );
  };
  const range = { resolution: '1m', from: '2026-11-02', to: '2026-11-18' } as const;
  const { rows, asked } = await rowsOf(answer, range);
  expect(asked.length).toBe(3);
  for (const { query } of asked) {
    expect(Number(query.get('period2')) - Number(query.get('period1'))).toBeLessThanOrEqual(7 * 86_400);
    expect(query.get('interval')).toBe('1m');
  }
  const times = rows.map(({ time }) => time);
  expect(new Set(times).size).toBe(times.length);
  expect([...times].sort()).toEqual(times);
});

describe('what cannot be imported is one sentence', () => {
  const chart = () => chartOf('SPY', 93, NOW, week);
  test.each([
    [
      'a foreign exchange',
      answerOf({ ...chart(), meta: { ...chart().meta, exchangeTimezoneName: 'Europe/Oslo' } }),
      /trades in Europe\/Oslo/,
    ],
    [
      'another currency',
      answerOf({ ...chart(), meta: { ...chart().meta, currency: 'CAD' } }),
      /priced in CAD/,
    ],
    ['an unknown symbol', noSuchSymbol, /Yahoo knows no SPY/],
    ['another form', answerOf({ ...chart(), meta: {} }), /has another form/],
  ])('%s', async (_, body, sentence) => {
    await expect(rowsOf(() => body, plainDays)).rejects.toThrow(sentence);
  });
});

test('import --from-yahoo makes a dataset a backtest runs on, with what happened to the shares in its notes', async () => {
  const chart = chartOf('SPY', 93, NOW, week);
  chart.events = {
    dividends: { a: { amount: 1.25, date: Date.parse('2026-11-04T14:30:00Z') / 1_000 } },
    splits: {
      b: {
        date: Date.parse('2026-11-05T14:30:00Z') / 1_000,
        numerator: 4,
        denominator: 1,
        splitRatio: '4:1',
      },
    },
  };
  const server = await yahooServer(() => answerOf(chart));
  const out = join(folder, 'spy.db');
  const range = ['--from', '2026-10-30', '--to', '2026-11-05'];
  const result = await quantosJson(
    'import',
    '--from-yahoo',
    '--symbol',
    'SPY',
    ...range,
    '--venue',
    server.url,
    '--out',
    out,
  );
  expect(result.symbols).toEqual(['SPY']);
  expect(result.notes).toEqual(
    expect.arrayContaining([
      'prices are those of Yahoo, adjusted for splits and not for dividends',
      'SPY split 4 for 1 on 2026-11-05: earlier prices are adjusted for it',
      'SPY paid 1 dividend, 1.25 dollars a share in all: not in the prices',
    ]),
  );
  expect(result.rejected).toHaveLength(1);
  const run = await quantosJson('backtest', out, '--strategy', 'buy-and-hold');
  expect(run.bars).toBe(4);
});

test('an import that fails leaves nothing and says why', async () => {
  const server = await yahooServer((_, response) => {
    response.writeHead(429).end('Too Many Requests');
    return undefined;
  });
  const out = join(folder, 'none.db');
  const range = ['--from', '2026-10-30', '--to', '2026-11-05', '--venue', server.url, '--out', out];
  const { exitCode, stderr } = await quantos('import', '--from-yahoo', '--symbol', 'SPY', ...range);
  expect(exitCode).toBe(3);
  expect(stderr).toBe('quantos: Yahoo answered 429: Too Many Requests\n');
  expect(existsSync(out)).toBe(false);
  const both = await quantos('import', '--from-yahoo', '--from-alpaca', '--symbol', 'SPY', ...range);
  expect([both.exitCode, both.stderr]).toEqual([2, expect.stringContaining('choose one of them')]);
});

test.skipIf(!existsSync(recordedFolder))(
  'a year recorded from Yahoo (shared/data/yahoo) imports whole',
  async () => {
    const server = await yahooServer(({ symbol }) =>
      recorded(
        symbol === 'NVDA'
          ? 'historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv.json'
          : 'historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv.json',
      ),
    );
    const result = await quantosJson(
      ...['import', '--from-yahoo', '--symbol', 'NVDA', '--symbol', 'MSFT', '--from', '2021-02-01'],
      ...['--to', '2022-01-31', '--venue', server.url, '--out', join(folder, 'two.db')],
    );
    expect(result.rejected).toEqual([]);
    expect(result.notes).toEqual(
      expect.arrayContaining([
        'NVDA split 4 for 1 on 2021-07-20: earlier prices are adjusted for it',
        'MSFT paid 4 dividends, 2.3 dollars a share in all: not in the prices',
      ]),
    );
    const { bars } = await quantosJson('backtest', join(folder, 'two.db'), '--strategy', 'buy-and-hold');
    expect(bars).toBe(252);
  },
);
