import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRunFile } from '../../../src/cli/options/run-file.ts';
import { redisOf } from '../../../src/engine/live/intel-edges.ts';
import { liveSettings } from '../../../src/engine/live/live-settings.ts';

const none = { name: '--config x.json', live: {} };
const example = fileURLToPath(new URL('../../../docs/live.example.jsonc', import.meta.url));

describe('settings of a live process', () => {
  it('stand in the annotated example as they are by default', () => {
    const { live } = readRunFile(example);
    const settings = liveSettings({}, {}, { name: example, live: live! });
    expect(settings).toEqual(liveSettings({ symbols: ['SPY', 'QQQ'] }, {}, none));
  });

  it('take flags before the environment, and that before the file', () => {
    const file = { name: '--config x.json', live: { symbols: ['A'], port: 1, dataFolder: 'file' } };
    const env = { QUANTOS_PORT: '2', QUANTOS_DATA: 'env' };
    expect(liveSettings({ dataFolder: 'flag' }, env, file)).toMatchObject({
      symbols: ['A'],
      port: 2,
      dataFolder: 'flag',
    });
  });

  it.each([
    [{ QUANTOS_PORT: 'http' }, 'QUANTOS_PORT: port is'],
    [{ QUANTOS_STOCK_FEED: 'sipp' }, 'QUANTOS_STOCK_FEED: stockFeed is "sipp"'],
    [{ QUANTOS_ON_STOP: 'sell' }, 'QUANTOS_ON_STOP: onStop is "sell"'],
    [{ QUANTOS_VENUE_URL: 'localhost' }, 'QUANTOS_VENUE_URL: venueUrl is "localhost"'],
  ])('name the variable that is wrong: %j', (env, sentence) => {
    expect(() => liveSettings({ symbols: ['SPY'] }, env, none)).toThrow(sentence);
  });

  it('name the file that is wrong, and the key that was meant', () => {
    const live = { symbols: ['SPY'], dataFoldr: 'x' } as never;
    expect(() => liveSettings({}, {}, { ...none, live })).toThrow(
      /x[.]json, live.*dataFoldr.*did you mean dataFolder/,
    );
  });

  it('want something to trade', () => {
    expect(() => liveSettings({}, {}, none)).toThrow('nothing to trade is named');
  });
});

describe('the table of cloud signals', () => {
  const withTable = (bigquery: object, env = {}) =>
    liveSettings({ symbols: ['SPY'] }, env, { ...none, live: { bigquery } as never }).bigquery;

  it('is nowhere unless it is named, and has a cost cap, a pace and names of columns by default', () => {
    expect(liveSettings({ symbols: ['SPY'] }, {}, none).bigquery).toBeNull();
    expect(withTable({ table: 'some-project.market.bars' })).toMatchObject({
      everyS: 60,
      maximumBytesBilled: 104_857_600,
      columns: { symbol: 'symbol', ts: 'ts', price: 'close', open: 'open', volume: 'volume' },
    });
  });

  it('is named by the environment over the file, which keeps the rest', () => {
    const env = { QUANTOS_BIGQUERY_TABLE: 'other-project.a.b' };
    expect(withTable({ table: 'some-project.market.bars', everyS: 30 }, env)).toMatchObject({
      table: 'other-project.a.b',
      everyS: 30,
    });
    expect(liveSettings({ symbols: ['SPY'] }, env, none).bigquery?.table).toBe('other-project.a.b');
  });

  it.each([
    [{ table: 'bars' }, /bigquery[.]table is "bars"; expected project[.]dataset[.]table/],
    [{ table: 'some-project.market.`bars`' }, /bigquery[.]table/],
    [{ table: 'some-project.a.b', columns: { volume: 'v) --' } }, /bigquery[.]columns[.]volume/],
    [{ table: 'some-project.a.b', maximumBytesBilled: 1_000 }, /bigquery[.]maximumBytesBilled is 1000/],
    [{ table: 'some-project.a.b', everyS: 0 }, /bigquery[.]everyS is 0/],
    [
      { table: 'some-project.a.b', endpoint: 'http://me:secret@127.0.0.1' },
      /holds a user name or a password/,
    ],
  ])('is refused with one sentence: %j', (bigquery, sentence) => {
    expect(() => withTable(bigquery)).toThrow(sentence);
  });

  it('take a Redis by its address, and its password from the environment alone', () => {
    const env = { QUANTOS_REDIS_URL: 'rediss://cache.example:6380/2', QUANTOS_REDIS_PASSWORD: 'x' };
    const settings = liveSettings({ symbols: ['SPY'] }, env, none);
    expect(settings.redisUrl).toBe('rediss://cache.example:6380/2');
    expect(JSON.stringify(settings)).not.toContain('"x"');
    expect(redisOf(settings, env)).toMatchObject({
      host: 'cache.example',
      port: 6380,
      database: 2,
      tls: true,
    });
    expect(redisOf(settings, env)).toMatchObject({ user: null, password: 'x' });
    expect(redisOf(liveSettings({ symbols: ['SPY'] }, {}, none), env)).toBeNull();
  });

  it.each([
    ['redis://me:canary@127.0.0.1', 'redisUrl holds a user name or a password; set QUANTOS_REDIS_USER'],
    ['127.0.0.1:6379', 'QUANTOS_REDIS_URL: redisUrl is "127.0.0.1:6379"; write redis://'],
    ['redis://127.0.0.1/two', 'the number of a database'],
  ])('refuse %s as the address of a Redis', (url, sentence) => {
    const read = () => liveSettings({ symbols: ['SPY'] }, { QUANTOS_REDIS_URL: url }, none);
    expect(read).toThrow(sentence);
    expect(read).not.toThrow('canary');
  });

  it('take fear and greed from an address with a pointer behind its number sign', () => {
    const read = (url: string) =>
      liveSettings({ symbols: ['SPY'] }, { QUANTOS_FEAR_GREED_URL: url }, none).fearGreed;
    expect(read('https://example.com/fng/#/data/0/value')).toEqual({
      url: 'https://example.com/fng/',
      pointer: '/data/0/value',
    });
    expect(read('https://example.com/fng')).toEqual({ url: 'https://example.com/fng', pointer: '' });
    expect(() => read('https://example.com/fng#value')).toThrow(/JSON pointer/);
    expect(() => read('https://me:canary@example.com/')).toThrow(/fearGreed holds a user name or a password/);
  });
});
