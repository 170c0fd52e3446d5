/** Whatever an answer holds is a valid report or a typed fault, and what is good in it is never lost. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { BigQueryFault } from '../../../src/adapters/bigquery/bigquery-fault.ts';
import { readAnswer } from '../../../src/adapters/bigquery/cloud-answer.ts';
import { CloudSignalsReported } from '../../../src/events/intel.events.ts';
import { FIELDS, NOW } from './cloud-floor.ts';

const columns = FIELDS.map(({ name }) => name);
const value = fc.oneof(
  fc.double(),
  fc.string(),
  fc.constantFrom(
    null,
    undefined,
    true,
    'NaN',
    '1e400',
    '9007199254740993',
    {},
    { value: '12' },
    { value: null },
    [],
    0n,
  ),
);
const anyRow = fc
  .record(Object.fromEntries(columns.slice(1).map((name) => [name, value])))
  .chain((row) =>
    fc.constantFrom('table', 'spike', 'mover', 'other', null).map((kind) => ({ kind, ...row })),
  );
const summary = {
  kind: 'table',
  symbol: null,
  volume: null,
  average_volume: null,
  price_change: null,
  newest: `${NOW}`,
  recent_rows: '10',
  unusable_rows: '0',
  has_btc: true,
};
const goodSpike = fc
  .record({
    symbol: fc.stringMatching(/^[A-Z]{1,10}$/),
    volume: fc.double({ min: 1, max: 1e15, noNaN: true }),
    average_volume: fc.double({ min: 1, max: 1e12, noNaN: true }),
    price_change: fc.double({ min: -1, max: 10, noNaN: true }),
  })
  .map((row) => ({ ...summary, ...row, kind: 'spike' }));
const expected = { table: 'a.b.c', now: NOW, staleAfterS: 900 };
const read = (rows: readonly object[]) =>
  readAnswer({ columns, rows: rows as Record<string, unknown>[], bytesProcessed: null }, expected);

test.prop([fc.array(anyRow, { maxLength: 8 })])(
  'any rows are a valid report or a fault of a kind',
  (rows) => {
    try {
      const { report } = read(rows);
      expect(CloudSignalsReported.schema.safeParse(report).success).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(BigQueryFault);
      expect((error as BigQueryFault).code).not.toBe('');
    }
  },
);

test.prop([fc.array(goodSpike, { maxLength: 8 }), fc.array(anyRow, { maxLength: 4 })])(
  'good rows are told whatever stands between them, and an odd one among them is told of',
  (good, odd) => {
    const others = odd.filter(({ kind }) => kind !== 'table');
    const { report, flaw } = read([summary, ...others.slice(0, 2), ...good, ...others.slice(2)]);
    const told = report.spikes.map(({ symbol, volume }) => `${symbol} ${volume}`);
    for (const { symbol, volume } of good) expect(told).toContain(`${symbol} ${volume}`);
    if (report.spikes.length + report.movers.length < good.length + others.length) expect(flaw).not.toBe('');
  },
);
