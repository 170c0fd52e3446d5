/**
 * Answers the queries of a BigQuery server by running them: in DuckDB, whose SQL differs from Google's in a handful of names. So
 * what the SQL means is tested, and not only that it was sent.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterEach } from 'vitest';
import type { Asked, Result } from './bigquery-server.ts';

interface Parameter {
  readonly name: string;
  readonly parameterType: { readonly type: string };
  readonly parameterValue: {
    readonly value?: string;
    readonly arrayValues?: readonly { readonly value: string }[];
  };
}

const TYPES: Readonly<Record<string, string>> = {
  VARCHAR: 'STRING',
  DOUBLE: 'FLOAT',
  BIGINT: 'INTEGER',
  BOOLEAN: 'BOOLEAN',
};
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

export class DuckBigQuery {
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  run(sql: string) {
    return this.#connection.run(sql);
  }

  /** Runs a query as it came over the wire. */
  async answer({ body }: Asked): Promise<Result> {
    const query = body.query as string;
    const parameters = (body.queryParameters ?? []) as Parameter[];
    let sql = query
      .replace(/`[^`]*[.]([^`.]+)`/g, '"$1"')
      .replaceAll('`', '"')
      .replace(/IN UNNEST\((@\w+)\)/g, 'IN (SELECT unnest($1))');
    for (const parameter of parameters)
      sql = sql.replace(new RegExp(`@${parameter.name}\\b`, 'g'), literal(parameter));
    const reader = await this.#connection.runAndReadAll(sql);
    const types = reader.columnTypes().map((each) => TYPES[String(each)] ?? 'INTEGER');
    return {
      fields: reader.columnNames().map((name, i) => ({ name, type: types[i] })),
      rows: reader.getRows().map((row) => row.map((value) => (value === null ? null : textOf(value)))),
    };
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'number' && !Number.isFinite(value)
    ? Number.isNaN(value)
      ? 'NaN'
      : `${value}`
    : String(value);
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

function literal({
  parameterType: { type },
  parameterValue: { value = '', arrayValues },
}: Parameter): string {
  switch (type) {
    case 'ARRAY':
      return `[${arrayValues!.map((each) => text(each.value)).join(', ')}]::VARCHAR[]`;
    case 'TIMESTAMP':
      return `TIMESTAMPTZ ${text(value)}`;
    case 'INT64':
      return `CAST(${value} AS BIGINT)`;
    case 'FLOAT64':
      return `CAST(${value} AS DOUBLE)`;
    default:
      return text(value);
  }
}

export async function duckBigQuery(...statements: readonly string[]): Promise<DuckBigQuery> {
  const instance = await DuckDBInstance.create(':memory:');
  stops.push(() => instance.closeSync());
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run('CREATE MACRO UNIX_MICROS(t) AS epoch_us(t)');
  await connection.run('CREATE MACRO DIV(a, b) AS a // b');
  // DuckDB's own is NULL over no rows.
  await connection.run('CREATE MACRO COUNTIF(x) AS count(CASE WHEN x THEN 1 END)');
  await connection.run('CREATE TYPE FLOAT64 AS DOUBLE');
  for (const each of statements) await connection.run(each);
  return new DuckBigQuery(connection);
}
