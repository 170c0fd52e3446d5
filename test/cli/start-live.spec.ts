/** What `start --mode paper|live` refuses before there is an order, one sentence each. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import { AlpacaSimulator } from '../../src/simulators/alpaca/alpaca-simulator.ts';
import { generatedRecords } from '../../src/simulators/alpaca/records.ts';
import { SimulatedMarket } from '../../src/simulators/alpaca/simulated-market.ts';
import { SteppedClock } from '../live/stepped-clock.ts';
import { quantos, scratchFolder } from './cli.ts';

const folder = scratchFolder();
let venue: AlpacaSimulator;
let server: { readonly url: string; close(): Promise<void> };

beforeEach(async () => {
  vi.stubEnv('APCA_API_KEY_ID', undefined);
  vi.stubEnv('APCA_API_SECRET_KEY', undefined);
  const clock = new SteppedClock(dayToMicros('2026-11-18') + 54_000_000_000);
  const market = new SimulatedMarket({ clock, records: generatedRecords({ seed: 1, from: '2026-06-01' }) });
  venue = new AlpacaSimulator({ clock, market });
  server = await venue.listen(0);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const paper = (...more: readonly string[]) =>
  quantos('start', '--mode', 'paper', '--data', folder, '--venue', server.url, ...more);

test('without keys there is no paper trading at Alpaca', async () => {
  const { exitCode, stderr } = await quantos('start', '--mode', 'paper', '--symbols', 'SPY');
  expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/^quantos: .*APCA_API_KEY_ID.*\n$/)]);
});

test('wrong keys are refused by the venue, and not shown', async () => {
  vi.stubEnv('APCA_API_KEY_ID', 'canary-key');
  vi.stubEnv('APCA_API_SECRET_KEY', 'canary-secret');
  const { exitCode, stderr } = await paper('--symbols', 'SPY');
  expect(exitCode).toBe(3);
  expect(stderr).not.toContain('canary');
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('a symbol that the venue does not trade is named', async () => {
  const { exitCode, stderr } = await paper('--symbols', 'SPY,NOPE', '--quiet');
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/^quantos: .*NOPE.*\n$/)]);
});

test('settings that only a backtest knows are refused', async () => {
  const { exitCode, stderr } = await paper('--symbols', 'SPY', '--config', 'demo');
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/for backtests|not in the data/)]);
});
