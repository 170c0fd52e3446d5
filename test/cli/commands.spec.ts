/** The forms of CLI.md that scripts rely on, and what people read. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { demoCsv, quantos, quantosJson, scratchFolder, shell } from './cli.ts';

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const data = at('demo-data.db');
const run = at('run.db');

beforeAll(async () => {
  await quantosJson('import', demoCsv, '--config', 'demo', '--out', data);
  await quantosJson('backtest', data, '--config', 'demo', '--out', run);
});

describe('backtest agrees to the digit with other engines on the raw index (REFERENCES.md A)', () => {
  const raw = at('raw.db');
  beforeAll(() => quantosJson('import', demoCsv, '--symbol', 'SPX', '--asset-class', 'index', '--out', raw));
  const plain = [
    '--profile',
    'plain',
    '--strategy',
    'sma-cross',
    '--sizing',
    'fixed:10',
    '--cash',
    '100000',
    '--finalize',
  ];

  test.each([
    [20, 100, 'none', 29, 108019.20164000001, 0.05628968391566902, 0],
    [50, 200, 'none', 9, 114136.69983, 0.09427474350124998, 0],
    [20, 100, '0.001', 29, 107115.56903988, 0.056726712455853034, 903.6326001199999],
  ])('SMA %i/%i, commission %s', async (fast, slow, commission, trades, equity, drawdown, fees) => {
    const result = await quantosJson(
      'backtest',
      raw,
      ...plain,
      '--set',
      `fast=${fast}`,
      '--set',
      `slow=${slow}`,
      '--commission',
      commission,
    );
    expect(result.tradeCount).toBe(trades);
    expect(result.finalEquity / equity).toBeCloseTo(1, 8);
    expect(result.maxDrawdown / drawdown).toBeCloseTo(1, 6);
    expect(result.fees).toBeCloseTo(fees, 4);
  });
});

const parity = new URL('../../../shared/data/parity/', import.meta.url);

describe.skipIf(!existsSync(parity))('backtest agrees with other engines on shared/data/parity', () => {
  const file = (name: string) => fileURLToPath(new URL(name, parity));
  const plain = ['--profile', 'plain', '--strategy', 'sma-cross', '--cash', '10000'];

  test('GOOG, reversing with all equity (REFERENCES.md B)', async () => {
    await quantosJson('import', file('goog-daily.csv'), '--symbol', 'GOOG', '--out', at('goog.db'));
    const how = [
      '--set',
      'fast=10',
      '--set',
      'slow=30',
      '--sizing',
      'percent:100',
      '--allow-short',
      '--reverse',
      '--finalize',
    ];
    const result = await quantosJson('backtest', at('goog.db'), ...plain, ...how);
    expect(result.tradeCount).toBe(66);
    expect(result.finalEquity / 51422.98999999996).toBeCloseTo(1, 9);
    const { sharpe, sortino } = result.compat.backtesting;
    expect(sharpe).toBeCloseTo(0.5806232244485349, 6);
    expect(sortino).toBeCloseTo(1.0853434352488662, 6);
  });

  test('the index of 2006, one unit, one position left open (REFERENCES.md C)', async () => {
    await quantosJson(
      'import',
      file('index-2006-daily.csv'),
      '--symbol',
      'IDX',
      '--asset-class',
      'index',
      '--out',
      at('index.db'),
    );
    const how = ['--set', 'fast=1', '--set', 'slow=15', '--sizing', 'fixed:1'];
    const { buys, sells, finalCash, finalEquity } = await quantosJson(
      'backtest',
      at('index.db'),
      ...plain,
      ...how,
    );
    expect([buys, sells]).toEqual([12, 11]);
    expect(finalCash).toBeCloseTo(6164.16, 2);
    expect(finalEquity).toBeCloseTo(10284.1, 2);
  });
});

test('backtest --json has every key of CLI.md, trades only on request', async () => {
  const keys =
    'strategy params dataset from to bars startCash finalEquity roi cagr volatility sharpe sortino calmar maxDrawdown maxDrawdownDays tradeCount tradesPerYear winRate profitFactor expectancy exposure turnover fees buys sells finalCash regimes instruments warnings decisionDigest inputEvents decisionEvents wallSeconds eventsPerSecond'.split(
      ' ',
    );
  const result = await quantosJson('backtest', data, '--config', 'demo');
  for (const key of keys) expect(result).toHaveProperty(key);
  expect(result).not.toHaveProperty('trades');
  const withTrades = await quantosJson('backtest', data, '--config', 'demo', '--trades');
  expect(withTrades.trades).toHaveLength(withTrades.tradeCount);
  expect(withTrades.decisionDigest).toBe(result.decisionDigest);
});

test('flags go before the file, and --set before its numbers', async () => {
  writeFileSync(
    at('run.jsonc'),
    '{ "cash": 5000, /* half */ "sizing": "fixed:3", "config": { "risk": { "symbolCap": 0.1 } }, }',
  );
  const out = at('by-file.db');
  await quantosJson(
    'backtest',
    data,
    '--config',
    at('run.jsonc'),
    '--cash',
    '7000',
    '--set',
    'risk.symbolCap=0.2',
    '--out',
    out,
  );
  const [{ payload }] = await quantosJson('log', 'show', out, '--type', 'SessionStarted');
  expect(payload.run).toMatchObject({
    cash: 7000,
    sizing: { kind: 'fixed', quantity: 3 },
    config: { risk: { symbolCap: 0.2, grossCap: 1 } },
  });
});

test('earlier bars than --from only warm up, and --to is the last day', async () => {
  const { from, to, trades } = await quantosJson(
    'backtest',
    data,
    '--from',
    '2010-01-01',
    '--to',
    '2012-12-31',
    '--trades',
  );
  expect([from, to]).toEqual(['2010-01-04', '2012-12-31']);
  expect(trades.length).toBeGreaterThan(0);
});

test('the result says which options are modelled, and explains the quiet day', async () => {
  const { stdout } = await quantos('backtest', data);
  expect(stdout).toContain('Options on SP500 are MODELLED, not recorded');
  expect(stdout).toMatch(/At the last close\n +SP500: nothing, because/);
  const plain = await quantos('backtest', data, '--profile', 'plain', '--strategy', 'buy-and-hold');
  expect(plain.stdout).not.toContain('MODELLED');
});

test('--compare puts the same run with a part changed beside it, in words, in JSON and in the page', async () => {
  const range = ['--config', 'demo', '--from', '2007-01-01', '--to', '2009-12-31'];
  const { compared, ...own } = await quantosJson('backtest', data, ...range, '--compare', 'hedge=off');
  expect(compared.label).toBe('hedge=off');
  expect(own.maxDrawdown).toBeLessThan(compared.maxDrawdown);
  expect(compared).toMatchObject(
    await quantosJson('backtest', data, ...range, '--hedge', 'off').then(
      ({ roi, maxDrawdown, tradeCount }) => ({
        roi,
        maxDrawdown,
        tradeCount,
      }),
    ),
  );
  expect(own.decisionDigest).toBe((await quantosJson('backtest', data, ...range)).decisionDigest);
  const page = at('compared.html');
  const { stdout } = await quantos('backtest', data, ...range, '--compare', 'hedge=off', '--report', page);
  expect(stdout).toMatch(/conviction +without hedge +hold SP500/);
  expect(readFileSync(page, 'utf8')).toContain('The same run without hedge made');
});

test('a finished run is one sealed file, and --overwrite replaces it', async () => {
  expect([existsSync(`${run}.anchor`), existsSync(`${run}.lock`)]).toEqual([false, false]);
  const first = await quantosJson('log', 'verify', run);
  await quantosJson('backtest', data, '--config', 'demo', '--seed', '2', '--out', run, '--overwrite');
  expect((await quantosJson('log', 'verify', run)).head.hash).not.toBe(first.head.hash);
  await quantosJson('backtest', data, '--config', 'demo', '--out', run, '--overwrite');
});

test('replay --verify says identical, in words and in JSON', async () => {
  expect((await quantos('replay', run, '--verify')).stdout).toMatch(/^identical: [\d,]+ decisions/);
  const result = await quantosJson('replay', run, '--verify');
  expect(result).toMatchObject({ identical: true, firstDifference: null });
  expect(result.decisionDigest).toBe(
    (await quantosJson('backtest', data, '--config', 'demo')).decisionDigest,
  );
});

test('why leads from a fill back to a bar, with regime, conviction, selection and risk on the way', async () => {
  const fills = await quantosJson('log', 'show', run, '--type', 'OrderFilled');
  const chain: { seq: number; type: string; basis: { type: string }[] }[] = await quantosJson(
    'why',
    run,
    `${fills[0].seq}`,
  );
  expect([chain[0].type, chain.at(-1)]).toEqual([
    'bar',
    expect.objectContaining({ type: 'OrderFilled', seq: fills[0].seq }),
  ]);
  const met = new Set(chain.flatMap(({ type, basis }) => [type, ...basis.map((each) => each.type)]));
  for (const type of ['RegimeChanged', 'ConvictionChanged', 'SelectionMade', 'RiskApproved'])
    expect(met).toContain(type);
  const { stdout } = await quantos('why', run, `${fills[0].seq}`);
  expect(stdout).toMatch(/^bar SP500 .*\n[\s\S]*\n +└ OrderFilled /);
});

test('state shows positions and regimes at a seq or a time', async () => {
  const state = await quantosJson('state', run, '--at', '2008-10-10T20:00:00Z');
  expect(state).toMatchObject({
    time: '2008-10-10T20:00:00.000Z',
    positions: [
      { symbol: 'SP500', quantity: 408, role: 'core', instrument: 'equity', deltaUnits: 408, theta: 0 },
      { underlying: 'SP500', role: 'hedge', instrument: 'put', expiry: '2008-10-18' },
    ],
    volatility: { SP500: { chain: 'modelled', guard: 'crowded', rank: 1 } },
    hedge: { state: 'rolling' },
  });
  const [shares, put] = state.positions;
  expect(put.delta).toBeLessThan(0);
  expect(state.exposure.netDelta).toBeCloseTo(shares.delta + put.delta, 6);
  expect(state.exposure.premiumAtRisk).toBeCloseTo(put.value, 6);
  expect(state.exposure.units).toMatchObject({ vega: 'dollars for a volatility point' });
  expect(await quantosJson('state', run, '--at', `${state.seq}`)).toEqual(state);
  const { stdout } = await quantos('state', run, '--at', `${state.seq}`);
  expect(stdout).toMatch(/position +role +quantity +average +now .*\nSP500 +core +408 /);
  expect(stdout).toMatch(
    /greeks in dollars +delta +beta-weighted +gamma\/1 % +vega\/vol pt +theta\/day +at risk/,
  );
  expect(stdout).toMatch(/Hedge: rolling, puts take away \$[\d,]+ of delta/);
  expect(stdout).toMatch(/regime-SP500 +trend bear, volatility stressed, structure broken/);
});

describe('log', () => {
  test('show filters by type, order, place and day', async () => {
    const order = await quantosJson('log', 'show', run, '--order', '1');
    expect(order.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['OrderIntended', 'RiskApproved', 'OrderFilled']),
    );
    const bars = await quantosJson(
      'log',
      'show',
      run,
      '--type',
      'bar',
      '--from',
      '2008-10-10',
      '--to',
      '2008-10-10',
    );
    expect(bars).toMatchObject([
      { kind: 'tick', type: 'bar', time: '2008-10-10T20:00:00.000Z', payload: { symbol: 'SP500' } },
    ]);
    expect(await quantosJson('log', 'show', run, '--from', '5', '--to', '7')).toHaveLength(3);
    expect((await quantos('log', 'show', run, '--limit', '2')).stdout.trim().split('\n')).toHaveLength(2);
  });

  test('tail ends with the end of the session', async () => {
    const { stdout } = await quantos('log', 'tail', run, '--lines', '3');
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stdout).toMatch(/SessionEnded/);
  });

  test('sql answers over events and over ticks', async () => {
    expect(
      await quantosJson('log', 'sql', run, "select count(*) as n from events where type = 'MarketClosed'"),
    ).toEqual([{ n: 5_105 }]);
    const [row] = await quantosJson(
      'log',
      'sql',
      run,
      "select symbol, count(*) as n from ticks where kind = 'bar' group by symbol",
    );
    expect(row).toEqual({ symbol: 'SP500', n: 5_105 });
  });

  test('export writes every record, as JSON lines and as CSV', async () => {
    const { events } = await quantosJson('log', 'verify', run);
    expect(await quantosJson('log', 'export', run, '--out', at('run.jsonl'))).toMatchObject({ events });
    const lines = readFileSync(at('run.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual(
      Array.from({ length: events }, (_, i) => i + 1),
    );
    await quantosJson('log', 'export', run, '--format', 'csv', '--type', 'bar', '--out', at('run.csv'));
    expect(readFileSync(at('run.csv'), 'utf8').split('\n', 2)[1]).toMatch(
      /^\d+,tick,bar,\d+,\d+,file,,,,"\{""symbol"":""SP500""/,
    );
  });

  test('seal leaves a sealed log as it is', async () => {
    const { head } = await quantosJson('log', 'verify', run);
    expect(await quantosJson('log', 'seal', run)).toEqual({ sealed: true, ...head });
  });
});

test('report writes the page that backtest --report writes, but for what only the run knew', async () => {
  await quantosJson('report', run, '--out', at('run.html'));
  const page = readFileSync(at('run.html'), 'utf8');
  expect(page).toMatch(/^<!doctype html>/);
  expect(page).toContain('--core SP500:0.6 --benchmark SP500');
});

test('doctor says what is missing and what works all the same', async () => {
  const { ok, checks } = await quantosJson('doctor');
  expect(ok).toBe(true);
  expect(checks.map(({ name }: { name: string }) => name)).toEqual([
    'node',
    'sqlite',
    'disk',
    'clock',
    'demo',
    'browser',
    'redis',
    'keys',
    'hours',
    'folder',
    'port',
  ]);
  expect((await quantos('doctor')).stdout).toMatch(/ok +sqlite +SQLite [\d.]+, WAL, synchronous FULL/);
});

test('every command has a help with an example', async () => {
  const { stdout } = await quantos('--help');
  const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'help');
  const parts: Record<string, string[]> = {
    log: ['show', 'tail', 'sql', 'verify', 'seal', 'export'],
    option: ['iv', 'price', 'greeks'],
    intel: ['get', 'set', 'watch'],
  };
  const all =
    'start backtest import replay whatif why state log report machines open option sim-venue intel kill doctor';
  expect(names).toEqual(all.split(' '));
  for (const words of names.flatMap((name) => parts[name]?.map((part) => [name, part]) ?? [[name]])) {
    const help = await quantos(...words, '--help');
    expect([help.exitCode, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain(`Example:\n  $ quantos ${words.join(' ')}`);
  }
});

test('start imports once, runs, and leaves a log and a page; the second start reuses the import', () => {
  const first = shell('quantos start', folder);
  expect([first.exitCode, first.stderr]).toEqual([0, expect.stringContaining('imported now')]);
  expect(first.stdout).toMatch(/conviction +without hedge +hold SP500/);
  expect(first.stdout).toContain('Options: modelled chain, no recorded quotes.');
  expect(first.stdout).toContain('Try next');
  const [, why] = /ask why +npm run --silent quantos -- (why out\/demo\.db \d+)/.exec(first.stdout) ?? [];
  const second = shell(`quantos start --json; quantos ${why}`, folder);
  expect([second.exitCode, second.stderr]).toEqual([0, '']);
  const lines = second.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  expect(lines.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'SessionStarted',
      'RegimeChanged',
      'TradingStateChanged',
      'VolatilityGuardChanged',
      'HedgeStateChanged',
      'SelectionMade',
      'OrderFilled',
      'SessionEnded',
    ]),
  );
  expect(second.stdout).toMatch(/└ OrderFilled/);
  expect([existsSync(at('out/demo.db')), existsSync(at('out/demo.html'))]).toEqual([true, true]);
});
