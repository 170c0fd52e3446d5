/** A paper engine whose cloud is a local server: what it tells stands in the log, and replays without it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IntelBus } from '../../src/bus/intel-bus.ts';
import { dayToMicros } from '../../src/domain/exchange-calendar.ts';
import { intelEdges } from '../../src/engine/live/intel-edges.ts';
import { liveSettings } from '../../src/engine/live/live-settings.ts';
import { bigQueryServer } from '../adapters/bigquery/bigquery-server.ts';
import { result, spikeRow, tableRow } from '../adapters/bigquery/cloud-floor.ts';
import { runSpec } from '../engine/engine-run.ts';
import { Rig } from './rig.ts';

const NOON = dayToMicros('2026-11-18') + 17 * 3_600_000_000;

let rig: Rig;
beforeEach(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  // Loaded now: the rig's clock would run while it loads.
  await import('@google-cloud/bigquery');
}, 30_000);
afterEach(async () => {
  await rig.close();
  vi.unstubAllEnvs();
});

test("the cloud's spikes are inputs of the session, its failure is a status, and the log replays without it", async () => {
  const server = await bigQueryServer(() =>
    result(tableRow(rig.clock.now() - 1e6), spikeRow('BTC/USD', '900', '100', '0.02')),
  );
  const bigquery = { table: 'some-project.market.bars', endpoint: server.url, timeoutS: 300 };
  const settings = liveSettings({ symbols: ['SPY'], bigquery }, {}, { name: 'test', live: {} });
  rig = new Rig({
    startAt: NOON,
    beside: ({ lane }) =>
      intelEdges({
        lane,
        clock: rig.clock,
        bus: new IntelBus(() => rig.clock.now()),
        settings,
        redis: null,
        run: runSpec({}),
        say: () => {},
      }),
  });
  await rig.start();
  await rig.until('the first report', () => rig.ofType('CloudSignalsReported').length > 0, 120_000);
  expect(rig.ofType('IntelBusOpened')[0].payload).toMatchObject({ cloud: true });
  expect(rig.ofType('CloudSignalsReported')[0]).toMatchObject({
    kind: 'input',
    source: 'bigquery',
    payload: { spikes: [{ symbol: 'BTC/USD', multiplier: 9 }], hasBtc: true },
  });
  await rig.until('the word on the bus', () =>
    rig
      .ofType('IntelPublished')
      .some(({ payload }) => (payload as { key: string }).key === 'intel:btc_volume_spike'),
  );
  server.fault = () => ({ status: 503, reason: 'backendError' });
  const degraded = () =>
    rig
      .ofType('CloudStatusChanged')
      .filter(({ payload }) => (payload as { code: string }).code === 'unavailable');
  const reports = () => rig.ofType('CloudSignalsReported').length;
  await rig.until('the failure', () => degraded().length > 0, 180_000);
  const before = reports();
  await rig.advance(70_000);
  expect(degraded()).toHaveLength(1);
  expect(reports()).toBe(before);
  await rig.stop();
  expect(await rig.replays()).toEqual([]);
}, 120_000);
