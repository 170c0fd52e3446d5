import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CREDENTIALS, MarketServer } from '../adapters/alpaca/market-server.ts';
import { quantos, quantosJson, scratchFolder } from './cli.ts';

const folder = scratchFolder();
let files = 0;
const fresh = () => join(folder, `${files++}.db`);

let server: MarketServer;
let venue: string;

beforeEach(async () => {
  server = new MarketServer();
  venue = await server.listen();
  vi.stubEnv('APCA_API_KEY_ID', CREDENTIALS.keyId);
  vi.stubEnv('APCA_API_SECRET_KEY', CREDENTIALS.secret);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const day = (t: string, o = 10, more: Record<string, unknown> = {}) => ({
  t,
  o,
  h: o + 1,
  l: o - 1,
  c: o,
  v: 1_000,
  ...more,
});
const asks = ['--symbol', 'SPY', '--from', '2024-03-01', '--to', '2024-03-05'];

describe('import --from-alpaca', () => {
  test('brings split-adjusted days, as a file with the same days would', async () => {
    server.rest = ({ searchParams }) =>
      searchParams.has('page_token')
        ? {
            bars: {
              SPY: [
                day('2024-03-04T05:00:00Z', 12),
                day('2024-03-05T05:00:00Z'),
                day('2024-03-06T05:00:00Z'),
              ],
            },
          }
        : {
            bars: { SPY: [day('2024-02-29T05:00:00Z'), day('2024-03-01T05:00:00Z')] },
            next_page_token: 'more',
          };
    const out = fresh();
    const imported = await quantosJson('import', '--from-alpaca', ...asks, '--venue', venue, '--out', out);
    expect(imported).toMatchObject({
      symbols: ['SPY'],
      from: '2024-03-01T14:30:00.000Z',
      to: '2024-03-05T21:00:00.000Z',
      rejected: [],
    });
    expect(imported.notes[0]).toMatch(/adjusted for splits/);
    const [asked] = server.asked;
    expect(Object.fromEntries(asked.searchParams)).toMatchObject({
      symbols: 'SPY',
      timeframe: '1Day',
      adjustment: 'split',
      feed: 'sip',
    });
    const shown = await quantos('log', 'show', out);
    expect(shown.stdout).toContain('DatasetSummarized');
    expect(shown.stdout).not.toContain(CREDENTIALS.secret);
    const run = await quantosJson('backtest', out, '--strategy', 'buy-and-hold', '--profile', 'plain');
    expect(run.bars).toBe(3);
  });

  test('brings minutes, dated by their start, and refuses bad ones line by line', async () => {
    server.rest = () => ({
      bars: {
        SPY: [
          day('2024-03-01T14:30:00Z'),
          day('2024-03-01T14:31:00Z', 10, { h: 5 }),
          day('2024-03-01T14:32:00Z', 10, { c: null }),
          day('noon'),
          day('2024-03-01T14:33:00Z'),
          day('2024-03-01T14:33:00Z'),
        ],
      },
    });
    const out = fresh();
    const imported = await quantosJson(
      'import',
      '--from-alpaca',
      ...asks,
      '--resolution',
      '1m',
      '--venue',
      venue,
      '--out',
      out,
    );
    expect(imported).toMatchObject({ from: '2024-03-01T14:31:00.000Z', to: '2024-03-01T14:34:00.000Z' });
    expect(
      imported.rejected.map(({ file, line }: { file: string; line: number }) => `${file}:${line}`),
    ).toEqual(['alpaca-SPY-1m.csv:3', 'alpaca-SPY-1m.csv:4', 'alpaca-SPY-1m.csv:5', 'alpaca-SPY-1m.csv:7']);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('quantos-import-'))).toEqual([]);
  });

  test('brings the days of crypto, which end at midnight UTC', async () => {
    server.rest = () => ({ bars: { 'BTC/USD': [day('2024-03-01T00:00:00Z'), day('2024-03-02T00:00:00Z')] } });
    const out = fresh();
    const asked = ['--symbol', 'BTC/USD', '--from', '2024-03-01', '--to', '2024-03-02', '--venue', venue];
    const imported = await quantosJson('import', '--from-alpaca', ...asked, '--out', out);
    expect(imported).toMatchObject({ from: '2024-03-01T00:00:00.000Z', to: '2024-03-03T00:00:00.000Z' });
    expect(server.asked[0].pathname).toBe('/v1beta3/crypto/us/bars');
  });

  test.each([
    ['no keys', { APCA_API_SECRET_KEY: '' }, asks, 3, /APCA_API_SECRET_KEY is not set: make keys/],
    ['keys the venue refuses', {}, asks, 3, /history of SPY: HTTP 401/],
    ['no --to', {}, asks.slice(0, 4), 2, /--to is missing: --from-alpaca fetches/],
    [
      'days the wrong way round',
      {},
      ['--symbol', 'SPY', '--from', '2024-03-05', '--to', '2024-03-01'],
      2,
      /is after --to/,
    ],
    ['no day', {}, ['--symbol', 'SPY', '--from', 'May'], 2, /--from is "May"; write a day/],
    ['no symbol', {}, asks.slice(2), 2, /--symbol is missing/],
    ['another length of bars', {}, [...asks, '--resolution', '1h'], 2, /fetches bars of 1d or 1m/],
    ['a file', {}, [...asks, 'spy.csv'], 2, /needs no file: leave out spy.csv/],
    ['a flag of files', {}, [...asks, '--asset-class', 'index'], 2, /--asset-class goes with files/],
    ['shares and crypto', {}, [...asks, '--symbol', 'BTC/USD'], 2, /shares and crypto/],
  ] as const)(
    '%s: one sentence, its exit code, and nothing written',
    async (_, env, flags, exitCode, sentence) => {
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value as string);
      server.rest = () => 401;
      const out = fresh();
      const printed = await quantos('import', '--from-alpaca', ...flags, '--venue', venue, '--out', out);
      expect(printed.stderr).toMatch(sentence);
      expect(printed.exitCode).toBe(exitCode);
      expect(existsSync(out)).toBe(false);
    },
  );

  test('a symbol without bars is named', async () => {
    server.rest = () => ({ bars: {}, next_page_token: null });
    const printed = await quantos('import', '--from-alpaca', ...asks, '--venue', venue, '--out', fresh());
    expect(printed).toMatchObject({ exitCode: 2 });
    expect(printed.stderr).toMatch(
      /alpaca has no bars of SPY from 2024-03-01 to 2024-03-05: is it the right symbol/,
    );
  });

  test('--venue and days are refused where files are imported', async () => {
    const printed = await quantos('import', 'a.csv', '--symbol', 'A', '--venue', venue, '--out', fresh());
    expect(printed.stderr).toMatch(/--venue goes with --from-alpaca/);
  });
});
