/** Parquet files of logs, read back by DuckDB and by hyparquet and held against the log itself. */

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { writeParquet } from '../../../src/cli/exports/parquet-records.ts';
import { logRecords } from '../../../src/cli/log-records.ts';
import { canonicalJson } from '../../../src/events/canonical.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import { SymbolDefined } from '../../../src/events/market.events.ts';
import { openLogReader } from '../../../src/log/log-reader.ts';
import { queryLog } from '../../../src/log/log-sql.ts';
import { createLog } from '../../../src/log/log-writer.ts';
import { sealLog } from '../../../src/log/seal-log.ts';
import {
  appendRecord,
  arbitraryRecords,
  someRecords,
  type TestRecord,
  withSeqs,
} from '../../contracts/log-records.ts';
import { finishedLog } from '../../log/sample-log.ts';
import { quantos, quantosJson, scratchFolder } from '../cli.ts';
import { duck } from './duck.ts';

const folder = scratchFolder();
const at = (name: string) => join(folder, name);
const options = { session: 'test', engineVersion: '0' };

function exported(log: string, out: string, rowsPerGroup?: number): number {
  const reader = openLogReader(log);
  try {
    return writeParquet(out, logRecords(reader, {}), { ...options, rowsPerGroup });
  } finally {
    reader.close();
  }
}

describe.each(['unsealed', 'sealed'])('the file of an %s log', (state) => {
  const log = at(`${state}.db`);
  const out = at(`${state}.parquet`);

  test('counts, sums and rows are those of the log', async () => {
    finishedLog(log);
    if (state === 'sealed') sealLog(log);
    expect(await quantosJson('log', 'export', log, '--format', 'parquet', '--out', out)).toEqual({
      out,
      format: 'parquet',
      events: 400,
    });
    const [sums] = await duck(
      `SELECT count(*) n, sum(bidPx) bid, sum(px) px, sum(volume) volume, sum(seq) seqs,
        sum(epoch_us(time) - 1700000000000000) times, count(DISTINCT symbol) symbols FROM '${out}'`,
    );
    const [[bid, px, volume, times, symbols]] = queryLog(
      log,
      'SELECT sum(bidPx), sum(px), sum(volume), sum(time - 1700000000000000), count(DISTINCT symbol) FROM ticks',
    ).rows as number[][];
    const [[eventTimes]] = queryLog(log, 'SELECT sum(time - 1700000000000000) FROM events')
      .rows as number[][];
    expect(sums).toMatchObject({ n: '400', seqs: `${(400 * 401) / 2}`, volume, symbols: `${symbols}` });
    expect(sums.bid).toBeCloseTo(bid, 6);
    expect(sums.px).toBeCloseTo(px, 6);
    expect(Number(sums.times)).toBe(times + eventTimes);
  });

  test('an event keeps its causes and its payload, a tick its typed columns', async () => {
    const rows = await duck(
      `SELECT seq, kind, type, time, source, causation, correlation, basis, payload->>'symbol' symbol,
        payload->>'reason' reason FROM '${out}' WHERE type = 'OrderDenied' ORDER BY seq LIMIT 1`,
    );
    expect(rows).toEqual([
      {
        seq: '7',
        kind: 'decision',
        type: 'OrderDenied',
        time: '2023-11-14 22:13:20.000007+00',
        source: 'core',
        causation: '6',
        correlation: 'order-7',
        basis: ['4', '5'],
        symbol: 'SPY',
        reason: 'symbolCap',
      },
    ]);
    const [trade] = await duck(`SELECT px, size, exchangeId, bidPx, payload FROM '${out}' WHERE seq = 3`);
    expect(trade).toEqual({ px: 100.03, size: 0.1, exchangeId: '7', bidPx: null, payload: null });
  });
});

test('the columns have the types that the documentation names, times in UTC', async () => {
  const types = await duck(`DESCRIBE SELECT * FROM '${at('sealed.parquet')}'`);
  const typeOf = Object.fromEntries(types.map((each) => [each.column_name, each.column_type]));
  expect(typeOf).toMatchObject({
    seq: 'BIGINT',
    time: 'TIMESTAMP WITH TIME ZONE',
    recordedAt: 'TIMESTAMP WITH TIME ZONE',
    basis: 'BIGINT[]',
    payload: 'VARCHAR',
    bidPx: 'DOUBLE',
    resolutionS: 'BIGINT',
  });
});

test('no record of the type that is asked for is a valid file with all columns', async () => {
  const out = at('none.parquet');
  await quantosJson(
    'log',
    'export',
    at('sealed.db'),
    '--format',
    'parquet',
    '--type',
    'OrderFilled',
    '--out',
    out,
  );
  expect(await duck(`SELECT count(*) n, count(payload) payloads FROM '${out}'`)).toEqual([
    { n: '0', payloads: '0' },
  ]);
});

test('an empty log is a valid file', async () => {
  const log = at('empty.db');
  createLog(log, { session: 'empty' }).close();
  expect(exported(log, at('empty.parquet'))).toBe(0);
  expect(await duck(`SELECT count(*) n FROM '${at('empty.parquet')}'`)).toEqual([{ n: '0' }]);
});

/** Names for the five symbols of the sample records. */
const definitions: TestRecord[] = [0, 1, 2, 3, 4].map((id) => {
  const market = { assetClass: 'equity', multiplier: 1, calendar: 'XNYS', priceSource: 'quotes' } as const;
  const made = SymbolDefined.of({ id, symbol: `SYM${id}`, ...market, resolutionS: null });
  const place = {
    seq: 0,
    time: 0,
    recordedAt: 0,
    source: 'test',
    causation: null,
    correlation: null,
    basis: [],
  };
  return {
    seq: 0,
    source: 'test',
    event: { ...place, ...made, json: canonicalJson(made.payload) } as StoredEvent,
  };
});

test('a large log leaves in row groups as they fill, and holds no more than one of them', async () => {
  const log = at('large.db');
  const writer = createLog(log, { session: 'large' });
  for (const record of withSeqs([...definitions, ...someRecords(199_995)])) appendRecord(writer, record);
  writer.close();
  const out = at('large.parquet');
  global.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  expect(exported(log, out, 10_000)).toBe(200_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64e6);
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(out));
  expect(metadata.row_groups).toHaveLength(20);
  expect(metadata.key_value_metadata).toEqual([{ key: 'quantos.session', value: 'test' }]);
  expect(await duck(`SELECT count(*) n, max(seq) newest FROM '${out}'`)).toEqual([
    { n: '200000', newest: '200000' },
  ]);
  expect(statSync(out).size).toBeLessThan(statSync(log).size);
});

test('a Parquet file asks for a place, and leaves a file that exists alone', async () => {
  const log = at('sealed.db');
  const nowhere = await quantos('log', 'export', log, '--format', 'parquet');
  expect(nowhere).toMatchObject({ exitCode: 2, stdout: '' });
  expect(nowhere.stderr).toContain('add --out FILE');
  const size = statSync(at('sealed.parquet')).size;
  const again = await quantos('log', 'export', log, '--format', 'parquet', '--out', at('sealed.parquet'));
  expect(again.exitCode).toBe(2);
  expect(statSync(at('sealed.parquet')).size).toBe(size);
});

const NUMBERS = [
  'bidPx',
  'bidSize',
  'askPx',
  'askSize',
  'px',
  'size',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'vwap',
];

propertyTest.prop([arbitraryRecords, fc.integer({ min: 1, max: 20 })], { numRuns: 40 })(
  'whatever a log holds is what hyparquet reads back, record by record',
  async (records, rowsPerGroup) => {
    const log = at('any.db');
    const out = at('any.parquet');
    for (const suffix of ['', '-wal', '-shm', '.anchor', '.lock']) rmSync(log + suffix, { force: true });
    const writer = createLog(log, { session: 'any' });
    const wanted: TestRecord[] = withSeqs(records);
    for (const each of wanted) appendRecord(writer, each);
    writer.close();
    expect(exported(log, out, rowsPerGroup)).toBe(wanted.length);
    const rows = await parquetReadObjects({
      file: await asyncBufferFromFile(out),
      // Microseconds: a Date of JavaScript has none.
      parsers: { timestampFromMicroseconds: (micros: bigint) => Number(micros) } as never,
    });
    expect(rows).toHaveLength(wanted.length);
    for (const [i, row] of rows.entries()) {
      const { seq, source, tick, event } = wanted[i];
      const record = tick ?? event!;
      expect(row).toMatchObject({
        seq: BigInt(seq),
        source,
        recordedAt: record.recordedAt,
        time: record.time,
      });
      if (event !== undefined) {
        const { causation, correlation, basis, json } = event;
        expect(row.causation).toBe(causation === null ? null : BigInt(causation));
        expect(row.correlation).toBe(correlation);
        expect(row.basis).toEqual(basis.map(BigInt));
        expect(JSON.parse(row.payload)).toEqual(JSON.parse(json));
      } else {
        for (const name of NUMBERS) {
          if (row[name] !== null) expect(row[name]).toBe(tick![name as 'px']);
        }
        expect(row.symbol).toBe(`#${tick!.symbolId}`);
      }
    }
  },
);
