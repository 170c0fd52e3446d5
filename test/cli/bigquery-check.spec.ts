/** What doctor says of the table of cloud signals, through the real client package and a local server. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bigQueryCheck } from '../../src/cli/bigquery-check.ts';
import { wallClock } from '../../src/engine/live/host-clock.ts';
import { type LiveSettingsInput, liveSettings } from '../../src/engine/live/live-settings.ts';
import { bigQueryServer, type Fault } from '../adapters/bigquery/bigquery-server.ts';
import { quantosJson, scratchFolder } from './cli.ts';

const folder = scratchFolder();
beforeEach(() => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const table = 'some-project.market.bars';
const settings = (bigquery: LiveSettingsInput['bigquery']) =>
  liveSettings({ symbols: ['SPY'], bigquery }, {}, { name: 'test', live: {} });
const check = (bigquery: LiveSettingsInput['bigquery'], online = true) =>
  bigQueryCheck(settings(bigquery), { online, clock: wallClock() });

test('a table that is not configured is not spoken of, and nobody is asked without --online', async () => {
  const server = await bigQueryServer(() => ({ fields: [], rows: [] }));
  expect(await check(null)).toBeNull();
  expect(await check({ table, endpoint: server.url }, false)).toMatchObject({ status: 'ok' });
  expect(server.asked).toEqual([]);
});

test('a dry run says what a question would read, and runs nothing', async () => {
  const server = await bigQueryServer(() => ({ fields: [], rows: [], bytes: 12_345_678 }));
  const finding = await check({ table, endpoint: server.url, location: 'EU' });
  expect(finding).toMatchObject({ status: 'ok' });
  expect(finding?.found).toContain('would read 12,345,678 bytes');
  expect(server.asked).toHaveLength(1);
  const [{ body }] = server.asked;
  expect(body.configuration).toMatchObject({ dryRun: true, query: { maximumBytesBilled: '104857600' } });
  expect(body.configuration.query.queryParameters.length).toBeGreaterThan(5);
  expect(body.jobReference).toMatchObject({ location: 'EU' });
});

test('a table that costs more than the cap is told before it is asked in vain', async () => {
  const server = await bigQueryServer(() => ({ fields: [], rows: [], bytes: 5e9 }));
  expect(await check({ table, endpoint: server.url })).toMatchObject({
    status: 'missing',
    advice: expect.stringContaining('maximumBytesBilled'),
  });
});

const faults: readonly (readonly [Fault, RegExp])[] = [
  [{ status: 403, reason: 'accessDenied' }, /roles[/]bigquery.jobUser/],
  [{ status: 404, reason: 'notFound', message: 'Not found: Table' }, /live[.]bigquery[.]table is there/],
  [
    { status: 400, reason: 'invalidQuery', message: 'Unrecognized name: volume' },
    /live[.]bigquery[.]columns/,
  ],
  [{ status: 503, reason: 'backendError' }, /status page/],
  [{ raw: '<html>', type: 'text/html' }, /status page/],
  [{ raw: '{}' }, /status page/],
];
test.each(faults)('%j is named with what mends it', async (fault, advice) => {
  const server = await bigQueryServer(() => fault);
  expect(await check({ table, endpoint: server.url })).toMatchObject({
    status: 'missing',
    advice: expect.stringMatching(advice),
  });
});

test('a key file that is none is named without a word of what stands in it', async () => {
  const key = join(folder, 'key.json');
  writeFileSync(key, '-----BEGIN CANARY PRIVATE KEY-----');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', key);
  const server = await bigQueryServer(() => ({ fields: [], rows: [] }));
  const finding = await check({ table, endpoint: server.url });
  expect(finding).toMatchObject({ status: 'missing' });
  expect(finding?.found).toContain('GOOGLE_APPLICATION_CREDENTIALS');
  expect(JSON.stringify(finding)).not.toContain('CANARY');
});

test('doctor itself names the table of the environment', async () => {
  vi.stubEnv('QUANTOS_BIGQUERY_TABLE', table);
  const { checks } = await quantosJson('doctor');
  expect(checks.find(({ name }: { name: string }) => name === 'bigquery')).toMatchObject({
    status: 'ok',
    found: `${table} is asked for cloud signals; --online asks whether it can be reached`,
  });
});
