/** What the cloud tells and what it does not, through the real client package and a local server. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BigQueryServer, bigQueryServer, type Fault } from './bigquery-server.ts';
import { cloudFloor, FIELDS, NOW, result, spikeRow, TABLE, tableRow } from './cloud-floor.ts';

beforeEach(() => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  vi.unstubAllEnvs();
});

function floorOf(...[server, more]: Parameters<typeof cloudFloor>) {
  const floor = cloudFloor(server, more);
  stops.push(() => floor.edge.stop());
  return floor;
}

const plain = () => result(tableRow(), spikeRow('BTC/USD', '900', '100', '0.02'));

describe('a question', () => {
  test('carries every value as a parameter, its cost cap, the time a job may take, and where to run', async () => {
    const server = await bigQueryServer(plain);
    const hostile = "BTC'; DROP TABLE bars; --`";
    const { edge, ask } = floorOf(server, { bitcoin: ['BTC', hostile], location: 'EU' });
    edge.start();
    await ask();
    const [body] = server.queries;
    expect(body).toMatchObject({
      maximumBytesBilled: '123456789',
      jobTimeoutMs: '30000',
      timeoutMs: 30_000,
      location: 'EU',
      parameterMode: 'NAMED'.toLowerCase(),
      useLegacySql: false,
    });
    expect(body.query).not.toContain('DROP');
    expect(body.query).toContain('FROM `some-project.market.bars`');
    for (const value of ['2026', '300000000', '123456789', "'BTC'"]) expect(body.query).not.toContain(value);
    const parameters = Object.fromEntries(
      body.queryParameters.map(({ name, parameterType, parameterValue }: Record<string, never>) => [
        name,
        [parameterType, parameterValue],
      ]),
    );
    expect(parameters.now).toEqual([{ type: 'TIMESTAMP' }, { value: '2026-11-20T18:00:00.000000Z' }]);
    expect(parameters.since).toEqual([{ type: 'TIMESTAMP' }, { value: '2026-11-20T00:00:00.000000Z' }]);
    expect(parameters.multiple).toEqual([{ type: 'FLOAT64' }, { value: 3 }]);
    expect(parameters.bitcoin).toEqual([
      { type: 'ARRAY', arrayType: { type: 'STRING' } },
      { arrayValues: [{ value: 'BTC' }, { value: hostile }] },
    ]);
    const named = [...body.query.matchAll(/@(\w+)/g)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(Object.keys(parameters)));
  });

  test.each([
    'bars',
    'market.bars',
    'some-project.market.bars; DROP TABLE x',
    'some-project.market.`bars`',
    "some-project.market.bars' OR 1=1 --",
    'some-project.market.bars.more',
    'some-project..bars',
    '../x.y.z',
    'some-project.mark et.bars',
    'some-project.market.bars\n',
  ])('is not made of a table called %j', async (table) => {
    const server = await bigQueryServer(plain);
    expect(() => cloudFloor(server, { table })).toThrow(/write project[.]dataset[.]table/);
    expect(server.asked).toEqual([]);
  });

  test('is not made of a column that is no name', async () => {
    const server = await bigQueryServer(plain);
    const columns = {
      symbol: 'symbol`, (SELECT 1) --',
      ts: 'ts',
      price: 'close',
      open: null,
      volume: 'volume',
    };
    const { edge, statuses, clock } = floorOf(server, { columns });
    edge.start();
    clock.advance(0);
    await vi.waitFor(() => expect(statuses()).toHaveLength(1));
    expect(server.asked).toEqual([]);
  });

  test('is asked again a minute after the last one began, whatever that took', async () => {
    const server = await bigQueryServer(plain);
    const { edge, ask, clock } = floorOf(server);
    edge.start();
    await ask();
    expect(clock.delays).toEqual([0, 32_000, 60_000]);
    server.answer = () => {
      clock.advance(7_000);
      return plain();
    };
    await ask();
    expect(server.queries).toHaveLength(2);
    expect(clock.delays.at(-1)).toBe(53_000);
  });
});

describe('an answer', () => {
  const answers = async (rows: Parameters<typeof result>, over: object = {}) => {
    const server = await bigQueryServer(() => ({ ...result(...rows), ...over }));
    const floor = floorOf(server);
    floor.edge.start();
    await floor.ask();
    return floor;
  };

  test('becomes one input with its spikes, its time and what it cost', async () => {
    const { heard, statuses } = await answers([
      tableRow(NOW - 5_000_000),
      spikeRow('BTC/USD', '900', '100', '0.02'),
      ['mover', 'TSLA', '12345', null, '-0.1', null, null, null, null],
    ]);
    expect(heard[0]).toEqual({
      type: 'CloudSignalsReported',
      payload: {
        source: 'bigquery',
        asOf: NOW - 5_000_000,
        spikes: [{ symbol: 'BTC/USD', multiplier: 9, volume: 900, averageVolume: 100, priceChange: 0.02 }],
        movers: [{ symbol: 'TSLA', priceChange: -0.1, volume: 12_345 }],
        hasBtc: true,
        bytesProcessed: 10_485_760,
      },
      from: { source: 'bigquery', time: NOW - 5_000_000 },
    });
    expect(statuses()).toEqual([{ source: 'bigquery', status: 'ok', code: '', detail: `${TABLE} answers` }]);
  });

  test('of an empty table says so: no time, no bitcoin, and no fault', async () => {
    const { reports, statuses } = await answers([tableRow(null, 0, 0, false)]);
    expect(reports()).toEqual([
      { source: 'bigquery', asOf: null, spikes: [], movers: [], hasBtc: false, bytesProcessed: 10_485_760 },
    ]);
    expect(statuses()[0].status).toBe('ok');
  });

  test('on several pages is read to its end', async () => {
    const spikes = Array.from({ length: 25 }, (_, i) => spikeRow(`S${i}`, `${1_000 + i}`, '100', '0.01'));
    const { reports } = await answers([tableRow(), ...spikes], { rowsPerPage: 7 });
    expect(reports()[0].spikes).toHaveLength(25);
    expect(reports()[0].spikes.at(-1)?.symbol).toBe('S24');
  });

  test('keeps numbers beyond a double as near as one comes', async () => {
    const wide = FIELDS.map((each) =>
      each.name === 'volume'
        ? { ...each, type: 'INTEGER' }
        : each.name === 'average_volume'
          ? { ...each, type: 'NUMERIC' }
          : each,
    );
    const { reports, statuses } = await answers(
      [tableRow(), spikeRow('BIG', '9007199254740993', '1000000.5', '0')],
      { fields: wide },
    );
    expect(statuses()[0].status).toBe('ok');
    expect(reports()[0].spikes[0]).toMatchObject({
      volume: 9_007_199_254_740_992,
      averageVolume: 1_000_000.5,
    });
  });

  test.each([
    ['a symbol that is null', spikeRow(null, '900', '100', '0'), /^spike 2 of .*: symbol is null/],
    ['an empty symbol', spikeRow('  ', '900', '100', '0'), /symbol is/],
    ['a symbol of a novel', spikeRow('X'.repeat(5_000), '900', '100', '0'), /symbol is/],
    ['a volume that is null', spikeRow('BAD', null, '100', '0'), /volume is null/],
    ['a volume that is NaN', spikeRow('BAD', 'NaN', '100', '0'), /volume is "NaN"/],
    ['an infinite volume', spikeRow('BAD', 'Infinity', '100', '0'), /volume is "Infinity"/],
    ['a negative volume', spikeRow('BAD', '-1', '100', '0'), /volume is -1/],
    ['an average of zero', spikeRow('BAD', '900', '0', '0'), /average_volume is 0/],
    ['a change that is null', spikeRow('BAD', '900', '100', null), /price_change is null/],
    [
      'a kind nobody knows',
      ['surprise', 'BAD', '900', '100', '0', null, null, null, null],
      /row of kind surprise/,
    ],
  ] as const)('with %s keeps its other rows and is called degraded by that row', async (_, bad, sentence) => {
    const { reports, statuses } = await answers([tableRow(), spikeRow('GOOD', '900', '100', '0'), bad]);
    expect(reports()[0].spikes.map(({ symbol }) => symbol)).toEqual(['GOOD']);
    expect(statuses()).toMatchObject([{ status: 'degraded', code: 'schema' }]);
    expect(statuses()[0].detail).toMatch(sentence);
    expect(statuses()[0].detail.length).toBeLessThan(300);
  });

  test.each([
    ['without its row of the table', result(spikeRow('A', '900', '100', '0'))],
    ['whose newest row is no number', result([...tableRow().slice(0, 5), 'yesterday', '1', '0', 'true'])],
    [
      'with a column that was renamed',
      {
        ...result(tableRow()),
        fields: FIELDS.map((each) => (each.name === 'volume' ? { ...each, name: 'vol' } : each)),
      },
    ],
    ['with a column that is gone', { fields: FIELDS.slice(0, 8), rows: [tableRow().slice(0, 8)] }],
    ['whose newest rows are all unusable', result(tableRow(NOW - 1e6, 40, 40))],
    ['with fewer rows than it says', { ...result(tableRow()), totalRows: 5 }],
    [
      'with more rows than were asked for',
      result(tableRow(), ...Array.from({ length: 200 }, () => spikeRow('A', '900', '100', '0'))),
    ],
  ] as const)('%s is a degraded status and no report', async (_, { rows, ...over }) => {
    const { reports, statuses } = await answers([...rows], over);
    expect(reports()).toEqual([]);
    expect(statuses()).toMatchObject([{ status: 'degraded', code: 'schema' }]);
  });

  test('with a tenth of its newest rows unusable is told, and counts', async () => {
    const { reports, statuses } = await answers([
      tableRow(NOW - 1e6, 100, 11),
      spikeRow('A', '900', '100', '0'),
    ]);
    expect(reports()).toHaveLength(1);
    expect(statuses()).toMatchObject([
      { code: 'schema', detail: expect.stringContaining('some of the newest rows') },
    ]);
  });

  test('of a table that is not fed any more is no report', async () => {
    const { reports, statuses } = await answers([tableRow(NOW - 901e6)]);
    expect(reports()).toEqual([]);
    expect(statuses()).toMatchObject([
      {
        code: 'unavailable',
        detail: expect.stringContaining('is not fed: its newest usable row is of 2026-11-20T17:44'),
      },
    ]);
  });
});

const faults: readonly (readonly [string, Fault, string, RegExp])[] = [
  [
    '403 accessDenied',
    { status: 403, reason: 'accessDenied', message: 'Access Denied: Table x' },
    'auth',
    /403 accessDenied: Access Denied: Table x/,
  ],
  [
    '401',
    { status: 401, reason: 'authError', message: 'Invalid Credentials' },
    'auth',
    /credentials|Credentials/,
  ],
  ['403 quotaExceeded', { status: 403, reason: 'quotaExceeded' }, 'quota', /quotaExceeded/],
  ['403 rateLimitExceeded', { status: 403, reason: 'rateLimitExceeded' }, 'quota', /rateLimitExceeded/],
  ['403 billingNotEnabled', { status: 403, reason: 'billingNotEnabled' }, 'quota', /billingNotEnabled/],
  [
    'the cost cap',
    { status: 400, reason: 'bytesBilledLimitExceeded', message: 'Query exceeded limit for bytes billed: 1' },
    'quota',
    /limit for bytes billed/,
  ],
  ['429', { status: 429, reason: 'tooMany' }, 'quota', /429/],
  ['500', { status: 500, reason: 'internalError' }, 'unavailable', /500 internalError/],
  ['503', { status: 503, reason: 'backendError' }, 'unavailable', /503/],
  [
    'a column that is gone',
    { status: 400, reason: 'invalidQuery', message: 'Unrecognized name: `volume` at [4:5]' },
    'schema',
    /Unrecognized name/,
  ],
  [
    'a column of another type',
    {
      status: 400,
      reason: 'invalidQuery',
      message: 'No matching signature for function UNIX_MICROS for argument types: DATETIME',
    },
    'schema',
    /No matching signature/,
  ],
  [
    'a table that is gone',
    { status: 404, reason: 'notFound', message: 'Not found: Table some-project:market.bars' },
    'query',
    /Not found: Table/,
  ],
  [
    'a syntax error',
    { status: 400, reason: 'invalidQuery', message: 'Syntax error: Unexpected end of script' },
    'query',
    /Syntax error/,
  ],
  [
    'a job that took too long',
    { status: 400, reason: 'stopped', message: 'Job execution was cancelled: Job timed out after 30s' },
    'timeout',
    /timed out/,
  ],
  ['an answer cut off', 'cut', 'unavailable', /cannot be (read|reached)/],
  ['HTML', { raw: '<html>sign in</html>', type: 'text/html' }, 'unavailable', /no answer of BigQuery/],
  [
    'HTML with 502',
    { raw: '<html>bad gateway</html>', status: 502, type: 'text/html' },
    'unavailable',
    /502/,
  ],
  ['broken JSON', { raw: '{"jobComplete": tru' }, 'unavailable', /cannot be read|no answer/],
  ['JSON null', { raw: 'null' }, 'unavailable', /no answer of BigQuery/],
  [
    'an answer of another service',
    { raw: '{"ok": true}' },
    'unavailable',
    /no answer of BigQuery's: jobComplete/,
  ],
  [
    'an answer that names no job',
    { raw: '{"jobComplete": true, "schema": {"fields": []}}' },
    'unavailable',
    /names no job/,
  ],
  [
    'an answer without a schema',
    { raw: '{"jobComplete": true, "jobReference": {"jobId": "a"}}' },
    'unavailable',
    /no schema/,
  ],
  [
    'a query that is not done',
    { raw: '{"jobComplete": false, "jobReference": {"jobId": "a"}}' },
    'timeout',
    /did not finish/,
  ],
];

test.each(faults)(
  '%s is a degraded status of its kind, never zero spikes',
  async (_, fault, code, sentence) => {
    const server = await bigQueryServer(plain);
    server.fault = () => fault;
    const { edge, ask, reports, statuses } = floorOf(server);
    edge.start();
    await ask();
    expect(reports()).toEqual([]);
    expect(statuses()).toMatchObject([{ status: 'degraded', code }]);
    expect(statuses()[0].detail).toMatch(sentence);
    // The same again is not said again, and the end of it is.
    await ask();
    expect(statuses()).toHaveLength(1);
    server.fault = () => undefined;
    await ask();
    expect(statuses().map(({ status }) => status)).toEqual(['degraded', 'ok']);
    expect(reports()).toHaveLength(1);
  },
);

test('a fault on the second page gives no part of the answer', async () => {
  const spikes = Array.from({ length: 10 }, (_, i) => spikeRow(`S${i}`, '900', '100', '0'));
  const server = await bigQueryServer(() => ({ ...result(tableRow(), ...spikes), rowsPerPage: 4 }));
  server.fault = ({ method }) => (method === 'GET' ? { status: 500, reason: 'internalError' } : undefined);
  const { edge, ask, reports, statuses } = floorOf(server);
  edge.start();
  await ask();
  expect(reports()).toEqual([]);
  expect(statuses()).toMatchObject([{ code: 'unavailable' }]);
});

test('nobody there is unavailable, not silent', async () => {
  const server = await bigQueryServer(plain);
  const { edge, statuses, clock } = floorOf(server);
  server.close();
  edge.start();
  clock.advance(0);
  await vi.waitFor(() => expect(statuses()).toHaveLength(1), 20_000);
  expect(statuses()).toMatchObject([
    { code: 'unavailable', detail: 'BigQuery cannot be reached (ECONNREFUSED)' },
  ]);
});

describe('a server that says nothing', () => {
  const silent = async (): Promise<BigQueryServer> => {
    const server = await bigQueryServer(plain);
    server.fault = () => 'silence';
    return server;
  };

  test('is given up with its socket, and not asked twice meanwhile', async () => {
    const server = await silent();
    const { edge, statuses, clock } = floorOf(server);
    edge.start();
    clock.advance(0);
    await vi.waitFor(() => expect(server.open).toBe(1), 20_000);
    clock.advance(31_900);
    expect(statuses()).toEqual([]);
    clock.advance(200);
    await vi.waitFor(() => expect(statuses()).toHaveLength(1), 20_000);
    expect(statuses()).toMatchObject([
      { code: 'timeout', detail: 'BigQuery did not answer within 30000 ms' },
    ]);
    await vi.waitFor(() => expect(server.open).toBe(0), 5_000);
    expect(server.queries).toHaveLength(1);
  });

  test('does not hold up a stop: its socket is closed, nothing is said and no timer waits', async () => {
    const server = await silent();
    const { edge, heard, clock } = floorOf(server);
    edge.start();
    clock.advance(0);
    await vi.waitFor(() => expect(server.open).toBe(1), 20_000);
    await edge.stop();
    await vi.waitFor(() => expect(server.open).toBe(0), 5_000);
    clock.advance(600_000);
    expect(heard).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(server.queries).toHaveLength(1);
  });
});

test('failures are asked about more and more seldom, up to a quarter of an hour', async () => {
  const server = await bigQueryServer(plain);
  server.fault = () => ({ status: 503, reason: 'backendError' });
  const { edge, ask, clock } = floorOf(server);
  edge.start();
  for (let n = 0; n < 8; n++) await ask();
  const waits = clock.delays.filter((_, i) => i >= 2 && i % 2 === 0);
  expect(waits).toHaveLength(8);
  for (const [i, waitMs] of waits.entries()) {
    const wanted = Math.min(900_000, 60_000 * 2 ** i);
    expect(waitMs).toBeGreaterThanOrEqual(wanted * 0.9);
    expect(waitMs).toBeLessThanOrEqual(wanted * 1.1);
  }
}, 60_000);
