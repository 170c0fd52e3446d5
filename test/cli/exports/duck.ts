/** Another program's eyes on our files: DuckDB in this process. */
import { DuckDBInstance } from '@duckdb/node-api';

export type DuckRow = Record<string, unknown>;

/** Rows of one statement; 64-bit integers and timestamps (microseconds) come as strings. */
export async function duck(sql: string): Promise<DuckRow[]> {
  const instance = await DuckDBInstance.create(':memory:');
  try {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const reader = await connection.runAndReadAll(sql);
    return reader.getRowObjectsJson() as DuckRow[];
  } finally {
    instance.closeSync();
  }
}
