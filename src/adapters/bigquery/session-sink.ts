/**
 * Puts finished sessions into BigQuery, batch by batch and each once. A batch is a load job: it is there whole or not at
 * all, costs nothing, and its name says what it holds, so that who asks for it again finds the one that was there.
 */
import { createHash } from 'node:crypto';
import type { BigQuery, Table } from '@google-cloud/bigquery';
import type { HostClock } from '../../bus/ports.ts';
import type { BigQueryClient } from './bigquery-client.ts';
import { answered, BigQueryFault, quoted } from './bigquery-fault.ts';

export interface SinkColumn {
  readonly name: string;
  readonly type: 'STRING' | 'INT64' | 'FLOAT64' | 'TIMESTAMP';
  readonly mode: 'REQUIRED' | 'NULLABLE' | 'REPEATED';
  readonly description: string;
}

export interface SinkTable {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly SinkColumn[];
  /** Rows of a session, and of what is asked for most, lie together. */
  readonly clusteredBy: readonly string[];
  /** Partitions are days of this column. */
  readonly partitionedBy: string;
}

export interface SinkBatch {
  readonly table: SinkTable;
  /** First and last seq it may hold. */
  readonly from: number;
  readonly to: number;
  /** Rows as lines of JSON. */
  readonly file: string;
}

export interface SinkOptions {
  readonly client: BigQueryClient;
  readonly clock: HostClock;
  readonly dataset: string;
  /** What the log is known by: its name and the hash of its last commit. */
  readonly session: string;
  readonly hash: string;
  /** Between two looks at a job, and before the first repetition. */
  readonly pauseMs?: number;
}

const UPLOAD_MS = 300_000;
const JOB_MS = 900_000;
const TRIES_MAX = 5;
const LOOK_MAX_MS = 10_000;
const REASONS_TOLD = 3;

interface JobStatus {
  readonly state?: string;
  readonly errorResult?: { readonly reason?: string; readonly message?: string };
  readonly errors?: readonly { readonly reason?: string; readonly message?: string }[];
}

interface Place {
  readonly table: Table;
  readonly location: string;
  /** Of this table: one that was dropped and made anew has none of the rows of the old one. */
  readonly createdAt: string;
}

export class SessionSink {
  readonly #options: SinkOptions;
  readonly #places = new Map<string, Place>();

  constructor(options: SinkOptions) {
    this.#options = options;
  }

  /** Finds the dataset and its tables, and makes those that are missing; returns the names of these. */
  async prepare(tables: readonly SinkTable[]): Promise<string[]> {
    const { client, dataset: id } = this.#options;
    const { location } = await this.#repeated(() => client.call(async (big) => metadataOf(big, id)));
    const made: string[] = [];
    for (const each of tables) {
      const place = await this.#repeated(() =>
        client.call((big) => this.#placeOf(big, each, location, () => made.push(each.name))),
      );
      this.#places.set(each.name, place);
    }
    return made;
  }

  /** Whether this loaded it, or it was there already. Rejects with `BigQueryFault`; then nothing of it is there. */
  async load(batch: SinkBatch): Promise<'loaded' | 'there'> {
    const place = this.#places.get(batch.table.name)!;
    let tries = 0;
    for (let n = 1; ; n++) {
      const jobId = this.#jobId(batch, place, n);
      const isNew = await this.#repeated(() => this.#begin(batch, place, jobId));
      const { errorResult, errors = [] } = await this.#end(place, jobId);
      if (errorResult === undefined) return isNew ? 'loaded' : 'there';
      // What failed in an earlier run is tried once more under the next name.
      if (!isNew) continue;
      const fault = jobFault(errorResult, errors);
      if (!fault.transient || ++tries >= TRIES_MAX) throw fault;
      await this.#pause(tries);
    }
  }

  async #placeOf(big: BigQuery, wanted: SinkTable, location: string, made: () => void): Promise<Place> {
    const dataset = big.dataset(this.#options.dataset);
    let metadata: {
      readonly creationTime?: string;
      readonly schema?: { readonly fields?: readonly Field[] };
    };
    try {
      [metadata] = await dataset.table(wanted.name).getMetadata();
    } catch (error) {
      if ((error as { code?: number }).code !== 404) throw error;
      const [table] = await dataset.createTable(wanted.name, {
        description: wanted.description,
        schema: { fields: fieldsOf(wanted) },
        timePartitioning: { type: 'DAY', field: wanted.partitionedBy },
        clustering: { fields: [...wanted.clusteredBy] },
      });
      metadata = table.metadata;
      made();
    }
    const there = new Map((metadata.schema?.fields ?? []).map((each) => [each.name, each.type]));
    const odd = wanted.columns.find(({ name, type }) => !isType(there.get(name), type));
    if (odd !== undefined) {
      const found = there.get(odd.name) ?? 'missing';
      throw new BigQueryFault(
        'schema',
        `${wanted.name} is there with other columns: ${odd.name} is ${found}, not ${odd.type}; export into another dataset`,
      );
    }
    // Without one Google looks where the table lies; only the oldest region must not be named here.
    const at = location === 'US' ? {} : { location };
    return { table: dataset.table(wanted.name, at), location, createdAt: metadata.creationTime ?? '' };
  }

  /** False where a job of this name was there. */
  async #begin({ table, file }: SinkBatch, place: Place, jobId: string): Promise<boolean> {
    try {
      await this.#options.client.call(
        () =>
          place.table.createLoadJob(file, {
            jobId,
            sourceFormat: 'NEWLINE_DELIMITED_JSON',
            schema: { fields: fieldsOf(table) },
            createDisposition: 'CREATE_NEVER',
            writeDisposition: 'WRITE_APPEND',
            maxBadRecords: 0,
          }),
        UPLOAD_MS,
      );
      return true;
    } catch (error) {
      if (error instanceof BigQueryFault && error.status === 409) return false;
      throw error;
    }
  }

  async #end({ location }: Place, jobId: string): Promise<JobStatus> {
    const { client, clock } = this.#options;
    const begun = clock.now();
    for (let looks = 1; ; looks++) {
      const job: { readonly status?: JobStatus } = await this.#repeated(() =>
        client.call(async (big) => (await big.job(jobId, { location }).getMetadata())[0]),
      );
      if (job.status?.state === 'DONE') return job.status;
      if (clock.now() - begun > JOB_MS * 1_000)
        throw new BigQueryFault(
          'timeout',
          `BigQuery has not finished job ${jobId} within ${JOB_MS / 60_000} minutes`,
        );
      await this.#pause(looks);
    }
  }

  /** Load jobs have names, so asking again does nothing twice. */
  async #repeated<T>(ask: () => Promise<T>): Promise<T> {
    for (let n = 1; ; n++) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof BigQueryFault) || !error.transient || n >= TRIES_MAX) throw error;
        await this.#pause(n);
      }
    }
  }

  #pause(n: number): Promise<void> {
    const { clock, pauseMs = 1_000 } = this.#options;
    return new Promise((resolve) => clock.after(Math.min(LOOK_MAX_MS, pauseMs * 2 ** (n - 1)), resolve));
  }

  #jobId({ table, from, to }: SinkBatch, { createdAt }: Place, n: number): string {
    const { dataset, session, hash } = this.#options;
    const what = createHash('sha256')
      .update([dataset, session, hash, createdAt].join('\n'))
      .digest('hex')
      .slice(0, 24);
    return `quantos-${what}-${table.name}-${from}-${to}-${n}`;
  }
}

interface Field {
  readonly name: string;
  readonly type: string;
}

async function metadataOf(big: BigQuery, id: string): Promise<{ readonly location: string }> {
  try {
    const [metadata] = await big.dataset(id).getMetadata();
    return { location: metadata.location ?? 'US' };
  } catch (error) {
    if ((error as { code?: number }).code !== 404) throw error;
    throw new BigQueryFault(
      'query',
      `there is no dataset ${big.projectId}.${id}; make it where the data may lie: bq mk --location=US ${big.projectId}:${id}`,
      404,
    );
  }
}

const fieldsOf = ({ columns }: SinkTable) => columns.map((each) => ({ ...each }));

/** Google answers with the older of two names for some types. */
const OLD_NAMES: Readonly<Record<string, string>> = { INTEGER: 'INT64', FLOAT: 'FLOAT64' };
const isType = (found: string | undefined, wanted: string): boolean =>
  found !== undefined && (OLD_NAMES[found] ?? found) === wanted;

function jobFault(
  result: NonNullable<JobStatus['errorResult']>,
  errors: NonNullable<JobStatus['errors']>,
): BigQueryFault {
  const rows = errors.flatMap(({ message }) => message ?? []);
  const told = (rows.length > 0 ? rows : [result.message ?? '']).slice(0, REASONS_TOLD).map(quoted);
  const more = rows.length > REASONS_TOLD ? ` and ${rows.length - REASONS_TOLD} more` : '';
  const { code, reasons } = answered(400, [result], result.message ?? '');
  return new BigQueryFault(code, `${result.reason ?? 'failed'}: ${told.join('; ')}${more}`, 400, reasons);
}
