/** Sealed sessions into BigQuery through the real client package: each row once, whatever happens on the way. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { exportToBigQuery } from '../../../src/cli/exports/bigquery-export.ts';
import { lineOf } from '../../../src/cli/exports/bigquery-tables.ts';
import { logRecords } from '../../../src/cli/log-records.ts';
import { openLogReader } from '../../../src/log/log-reader.ts';
import { sealLog } from '../../../src/log/seal-log.ts';
import type { Fault } from '../../adapters/bigquery/bigquery-server.ts';
import { type SinkServer, sinkServer } from '../../adapters/bigquery/sink-server.ts';
import { finishedLog } from '../../log/sample-log.ts';
import { quantos, quantosJson, scratchFolder } from '../cli.ts';

const folder = scratchFolder();
const log = join(folder, 'run.db');
const dataset = 'some-project.trading';
finishedLog(log);
const unsealed = join(folder, 'unsealed.db');
finishedLog(unsealed);
sealLog(log);
/** Of the 400 sample records every fourth and seventh of eight is an event. */
const EVENTS = 100;
const TICKS = 300;

beforeEach(() => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function exported(server: SinkServer, rowsPerBatch = 150) {
  const reader = openLogReader(log);
  try {
    return await exportToBigQuery(reader, {
      dataset,
      dryRun: false,
      endpoint: server.url,
      rowsPerBatch,
      pauseMs: 2,
    });
  } finally {
    reader.close();
  }
}
const rowsOf = (server: SinkServer, table: string) => server.tables.get(table)?.rows ?? [];
const seqsOf = (server: SinkServer) =>
  ['quantos_events', 'quantos_ticks']
    .flatMap((table) => rowsOf(server, table).map(({ seq }) => seq as number))
    .sort((a, b) => a - b);
const everySeq = Array.from({ length: 400 }, (_, i) => i + 1);
const counts = (loaded: number[], there: number[], failed = [0, 0]) =>
  [EVENTS, TICKS].map((rows, i) => ({ rows, loaded: loaded[i], there: there[i], failed: failed[i] }));

describe('a session', () => {
  test('comes in batches into tables that are made for it, every record once', async () => {
    const server = await sinkServer();
    const result = await exported(server);
    expect(result).toMatchObject({
      session: 'test é',
      made: ['quantos_events', 'quantos_ticks'],
      faults: [],
    });
    expect(result.tables).toMatchObject(counts([EVENTS, TICKS], [0, 0]));
    expect(result.tables.map(({ batches }) => batches)).toEqual([3, 3]);
    expect(seqsOf(server)).toEqual(everySeq);
    const { resource } = server.tables.get('quantos_ticks')!;
    expect(resource).toMatchObject({
      timePartitioning: { type: 'DAY', field: 'recordedAt' },
      clustering: { fields: ['session', 'symbol'] },
    });
    expect(rowsOf(server, 'quantos_events').find(({ seq }) => seq === 7)).toEqual({
      session: 'test é',
      seq: 7,
      kind: 'decision',
      type: 'OrderDenied',
      time: '2023-11-14T22:13:20.000007Z',
      recordedAt: '2023-11-14T22:13:20.000507Z',
      source: 'core',
      causation: 6,
      correlation: 'order-7',
      basis: [4, 5],
      payload: expect.stringContaining('"symbolCap"'),
    });
    for (const { configuration } of server.loads)
      expect(configuration.load).toMatchObject({
        sourceFormat: 'NEWLINE_DELIMITED_JSON',
        writeDisposition: 'WRITE_APPEND',
        createDisposition: 'CREATE_NEVER',
        maxBadRecords: 0,
      });
  });

  test('that is exported again finds itself, and adds nothing', async () => {
    const server = await sinkServer();
    await exported(server);
    expect((await exported(server)).tables).toMatchObject(counts([0, 0], [EVENTS, TICKS]));
    expect(seqsOf(server)).toEqual(everySeq);
    // A table that was dropped and made anew has none of it.
    server.tables.delete('quantos_ticks');
    const again = await exported(server);
    expect(again.made).toEqual(['quantos_ticks']);
    expect(again.tables).toMatchObject(counts([0, TICKS], [EVENTS, 0]));
    expect(seqsOf(server)).toEqual(everySeq);
  });

  test('goes on after a run that ended in the middle', async () => {
    const server = await sinkServer();
    server.fault = ({ path }): Fault | undefined =>
      path.startsWith('/upload/') && server.loads.length >= 3
        ? { status: 403, reason: 'quotaExceeded' }
        : undefined;
    await expect(exported(server)).rejects.toThrow(
      /quotaExceeded.*rows are there, and the same command goes on/s,
    );
    expect(seqsOf(server).length).toBeGreaterThan(0);
    server.fault = () => undefined;
    const result = await exported(server);
    expect(result.tables.reduce((sum, { there }) => sum + there, 0)).toBeGreaterThan(0);
    expect(seqsOf(server)).toEqual(everySeq);
  });

  test.each([500, 503, 429])(
    'is there once after a %d that came before, and after, its rows were taken',
    async (status) => {
      const server = await sinkServer();
      let n = 0;
      server.fault = ({ path }) =>
        path.startsWith('/upload/') && n++ % 2 === 0 ? { status, reason: 'backendError' } : undefined;
      expect((await exported(server)).tables).toMatchObject(counts([EVENTS, TICKS], [0, 0]));
      expect(seqsOf(server)).toEqual(everySeq);

      // The rows are in, and the answer that says so is lost.
      const other = await sinkServer();
      const uploads = new Map<string, number>();
      const serve = other['respond' as never] as (asked: unknown) => Promise<object>;
      Object.assign(other, {
        respond: async (asked: { path: string; body: string }) => {
          const answer = await serve.call(other, asked);
          if (!asked.path.startsWith('/upload/')) return answer;
          const [jobId] = /quantos-[\w-]+/.exec(asked.body)!;
          uploads.set(jobId, (uploads.get(jobId) ?? 0) + 1);
          return uploads.get(jobId) === 1 ? { status, reason: 'backendError' } : answer;
        },
      });
      const result = await exported(other);
      expect(result.tables.map(({ loaded, there }) => loaded + there)).toEqual([EVENTS, TICKS]);
      expect(seqsOf(other)).toEqual(everySeq);
    },
  );

  test('whose job failed at Google is tried again under another name', async () => {
    const server = await sinkServer();
    let n = 0;
    server.failing = () => (n++ % 2 === 0 ? { reason: 'backendError', message: 'try again' } : undefined);
    expect((await exported(server)).tables).toMatchObject(counts([EVENTS, TICKS], [0, 0]));
    expect(seqsOf(server)).toEqual(everySeq);
    expect((await exported(server)).tables).toMatchObject(counts([0, 0], [EVENTS, TICKS]));
  });

  test('with rows that BigQuery refuses is there but for their batch, which is named, and comes whole later', async () => {
    const server = await sinkServer();
    let refuses = true;
    server.failing = ({ destinationTable }) =>
      refuses && destinationTable.tableId === 'quantos_ticks' && server.loads.length <= 2
        ? { reason: 'invalid', message: 'Error while reading data, row 17: px is no number' }
        : undefined;
    const result = await exported(server);
    expect(result.faults).toEqual([
      'quantos_ticks, seq 1 to 150: invalid: Error while reading data, row 17: px is no number',
    ]);
    const failed = result.tables[1].failed;
    expect(failed).toBeGreaterThan(100);
    expect(result.tables).toMatchObject(counts([EVENTS, TICKS - failed], [0, 0], [0, failed]));
    refuses = false;
    expect((await exported(server)).tables).toMatchObject(counts([0, failed], [EVENTS, TICKS - failed]));
    expect(seqsOf(server)).toEqual(everySeq);
  });
});

test.each([
  [
    'no dataset',
    (server: SinkServer): void => {
      server.datasetExists = false;
    },
    /there is no dataset some-project.trading; .*bq mk/,
  ],
  [
    'no permission',
    (server: SinkServer): void => {
      server.fault = (): Fault => ({ status: 403, reason: 'accessDenied' });
    },
    /accessDenied/,
  ],
  ['a server that stays away', (server: SinkServer) => server.close(), /cannot be reached/],
] as const)('%s is one sentence', async (_, breaks, sentence) => {
  const server = await sinkServer();
  const reader = openLogReader(log);
  const { url } = server;
  breaks(server);
  const options = { dataset, dryRun: false, endpoint: url, pauseMs: 1 };
  await expect(exportToBigQuery(reader, options)).rejects.toThrow(sentence);
  reader.close();
});

test('a table that is there with other columns is left alone', async () => {
  const server = await sinkServer();
  const resource = {
    schema: {
      fields: [
        { name: 'session', type: 'STRING' },
        { name: 'seq', type: 'STRING' },
      ],
    },
  };
  server.tables.set('quantos_events', { resource, rows: [] });
  await expect(exported(server)).rejects.toThrow(
    /quantos_events is there with other columns: seq is STRING, not INT64/,
  );
  expect(server.loads).toEqual([]);
});

describe('the command', () => {
  const run = (server: SinkServer, path: string, ...more: string[]) =>
    ['log', 'export', path, '--to-bigquery', dataset, '--endpoint', server.url, ...more] as const;

  test('loads a sealed log and says what it did', async () => {
    const server = await sinkServer();
    const { tables, made } = await quantosJson(...run(server, log));
    expect(made).toHaveLength(2);
    expect(tables).toMatchObject(counts([EVENTS, TICKS], [0, 0]));
    const { stdout, exitCode } = await quantos(...run(server, log));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${dataset}.quantos_ticks: 0 rows loaded, ${TICKS} there already, 0 failed`);
  }, 30_000);

  test('refuses a log that is not sealed with one sentence', async () => {
    const server = await sinkServer();
    const { exitCode, stderr } = await quantos(...run(server, unsealed));
    expect(exitCode).toBe(2);
    expect(stderr).toContain('is not sealed, and BigQuery gets finished sessions only');
    expect(server.asked).toEqual([]);
  });

  test('--dry-run prints the schema and the row counts and asks nobody', async () => {
    const server = await sinkServer();
    const { stdout, exitCode } = await quantos(...run(server, log, '--dry-run'));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${dataset}.quantos_events: ${EVENTS} rows in 1 batches`);
    expect(stdout).toMatch(/bidPx +FLOAT64 +NULLABLE/);
    expect(stdout).toContain('nothing was sent');
    const { tables, schema, dryRun } = await quantosJson(...run(server, log, '--dry-run'));
    expect(dryRun).toBe(true);
    expect(tables).toMatchObject(counts([0, 0], [0, 0]));
    expect(schema[0].columns[0]).toMatchObject({ name: 'session', type: 'STRING', mode: 'REQUIRED' });
    expect(server.asked).toEqual([]);
  });

  test.each(['trading', 'some-project.a.b', 'some-project.`a`', 'Some Project.a'])(
    'refuses a dataset called %s',
    async (name) => {
      const { exitCode, stderr } = await quantos('log', 'export', log, '--to-bigquery', name, '--dry-run');
      expect(exitCode).toBe(2);
      expect(stderr).toContain('write project.dataset');
    },
  );
});

test('numbers that JSON has no word for are text, which a column of numbers takes', () => {
  const reader = openLogReader(log);
  const [first] = logRecords(reader, { from: 1, to: 1 });
  const record = { ...first, payload: { symbol: 'A', bidPx: Number.NaN, askPx: Number.NEGATIVE_INFINITY } };
  expect(JSON.parse(lineOf('s', record))).toMatchObject({ bidPx: 'NaN', askPx: '-Infinity' });
  reader.close();
});
