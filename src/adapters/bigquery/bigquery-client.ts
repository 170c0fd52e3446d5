/**
 * BigQuery through Google's client package, which is loaded only when it is used. The package waits for ever for a silent
 * server and falls over answers of another form, so both are settled around it: every call has an end, can be given up
 * with its sockets, and no answer reaches the package that it could not read.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { BigQuery } from '@google-cloud/bigquery';
import { z } from 'zod';
import type { HostClock } from '../../bus/ports.ts';
import { BigQueryFault, faultOf } from './bigquery-fault.ts';

export interface BigQueryOptions {
  /** Who pays for queries and jobs. */
  readonly project: string;
  /** Where the data lie, such as `EU`; null lets BigQuery find out. */
  readonly location: string | null;
  /** Another server that speaks BigQuery's REST form; null for Google. */
  readonly endpoint: string | null;
  readonly clock: HostClock;
  readonly timeoutMs: number;
}

export type ParameterType = 'STRING' | 'INT64' | 'FLOAT64' | 'TIMESTAMP' | readonly ['STRING'];

export interface Ask {
  readonly sql: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly types: Readonly<Record<string, ParameterType>>;
  /** A query that would cost more fails without being run. */
  readonly maximumBytesBilled: number;
  readonly rowsMax: number;
}

export interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly bytesProcessed: number | null;
}

/** Beyond what BigQuery was told to take: the way there and back. */
const GRACE_MS = 2_000;

/** Requests of one call, and whether it was given up. */
interface Call {
  readonly requests: Set<ClientRequest>;
  over: boolean;
}

const calls = new AsyncLocalStorage<Call>();
const started = channel('http.client.request.start');
const follow = (message: unknown): void => {
  const call = calls.getStore();
  const { request } = message as { readonly request: ClientRequest };
  if (call?.over) request.destroy();
  else call?.requests.add(request);
};

const answerForm = z.object({
  jobComplete: z.boolean(),
  jobReference: z.object({ jobId: z.string().min(1) }).optional(),
  queryId: z.string().optional(),
  schema: z.object({ fields: z.array(z.object({ name: z.string(), type: z.string() })) }).optional(),
  rows: z.array(z.object({ f: z.array(z.object({ v: z.unknown() })) })).optional(),
  totalRows: z.coerce.number().optional(),
  totalBytesProcessed: z.coerce.number().int().nonnegative().optional(),
});
type QueryAnswer = z.infer<typeof answerForm>;
const jobForm = z.object({
  jobReference: z.object({ jobId: z.string().optional() }),
  status: z.object({ state: z.string().optional() }),
});

export class BigQueryClient {
  readonly #options: BigQueryOptions;
  #client: Promise<BigQuery> | null = null;
  readonly #givingUp = new Set<(why: BigQueryFault) => void>();
  #closed = false;

  constructor(options: BigQueryOptions) {
    this.#options = options;
  }

  /** Loads the package, which takes a fraction of a second of this thread: best before anything waits for it. */
  load(): Promise<BigQuery> {
    this.#client ??= this.#open();
    return this.#client;
  }

  /** All rows of a query; rejects with `BigQueryFault`. */
  async query(ask: Ask): Promise<Answer> {
    const { timeoutMs } = this.#options;
    const { sql, params, types, maximumBytesBilled, rowsMax } = ask;
    const pages: QueryAnswer[] = [];
    const [rows] = await this.call(async (client) => {
      this.#onPage = (page) => {
        pages.push(page);
        const soFar = pages.reduce((sum, each) => sum + (each.rows?.length ?? 0), 0);
        if (soFar > rowsMax)
          throw new BigQueryFault(
            'schema',
            `BigQuery sent more than the ${rowsMax} rows that were asked for`,
          );
      };
      return client.query(
        {
          query: sql,
          params: { ...params },
          types: types as never,
          maximumBytesBilled: `${maximumBytesBilled}`,
          location: this.#options.location ?? undefined,
          labels: { program: 'quantos' },
          wrapIntegers: true,
        },
        { timeoutMs },
      );
    });
    const [first] = pages;
    const total = first?.totalRows ?? rows.length;
    if (rows.length !== total)
      throw new BigQueryFault('schema', `BigQuery sent ${rows.length} of ${total} rows`);
    return {
      columns: first?.schema?.fields.map(({ name }) => name) ?? [],
      rows,
      bytesProcessed: first?.totalBytesProcessed ?? null,
    };
  }

  /** What a query would read, in bytes; it is checked and not run. */
  async dryRun({ sql, params, types, maximumBytesBilled }: Omit<Ask, 'rowsMax'>): Promise<number> {
    const [job] = await this.call((client) =>
      client.createQueryJob({
        query: sql,
        params: { ...params },
        types: types as never,
        maximumBytesBilled: `${maximumBytesBilled}`,
        location: this.#options.location ?? undefined,
        dryRun: true,
      }),
    );
    return Number(job.metadata?.statistics?.totalBytesProcessed ?? Number.NaN);
  }

  /** Anything else the package can do, within the time that every call has. */
  async call<T>(work: (client: BigQuery) => Promise<T>, timeoutMs = this.#options.timeoutMs): Promise<T> {
    if (this.#closed) throw new BigQueryFault('unavailable', 'it was stopped');
    const call: Call = { requests: new Set(), over: false };
    let giveUp: (why: BigQueryFault) => void = () => {};
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = (why) => {
        call.over = true;
        reject(why);
        for (const request of call.requests) request.destroy();
      };
    });
    this.#givingUp.add(giveUp);
    const late = new BigQueryFault('timeout', `BigQuery did not answer within ${timeoutMs} ms`);
    const cancel = this.#options.clock.after(timeoutMs + GRACE_MS, () => giveUp(late));
    try {
      return await Promise.race([calls.run(call, async () => work(await this.load())), givenUp]);
    } catch (error) {
      throw faultOf(error, call.requests.size > 0);
    } finally {
      call.over = true;
      cancel();
      this.#givingUp.delete(giveUp);
    }
  }

  /** Gives up whatever is asked, and closes its sockets. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const giveUp of this.#givingUp) giveUp(new BigQueryFault('unavailable', 'it was stopped'));
    started.unsubscribe(follow);
  }

  #onPage: (page: QueryAnswer) => void = () => {};

  async #open(): Promise<BigQuery> {
    const { BigQuery } = await import('@google-cloud/bigquery');
    const { project, location, endpoint, timeoutMs } = this.#options;
    // Who asks again, and when, is decided by us: a query that is repeated is paid for again.
    const client = new BigQuery({
      projectId: project,
      location: location ?? undefined,
      apiEndpoint: endpoint ?? undefined,
      userAgent: 'quantos',
      autoRetry: false,
    });
    // An upload falls over headers that are not there where a server asks for no credentials.
    const authenticated = client.makeAuthenticatedRequest;
    const withHeaders = (options: object, ...rest: unknown[]) =>
      (authenticated as (...all: unknown[]) => unknown)({ headers: {}, ...options }, ...rest);
    client.makeAuthenticatedRequest = Object.assign(withHeaders, authenticated) as typeof authenticated;
    started.unsubscribe(follow);
    started.subscribe(follow);
    const send = client.request.bind(client);
    client.request = (options, callback) => {
      if (calls.getStore()?.over) {
        callback(new BigQueryFault('unavailable', 'it was given up'));
        return;
      }
      const isQuery = /^\/?queries/.test(options.uri);
      const isNew = options.method === 'POST' && isQuery;
      // The package would leave its quick way for a job of its own where it is told the time a job may take.
      const json = isNew ? { ...(options.json as object), jobTimeoutMs: `${timeoutMs}` } : options.json;
      send({ ...options, ...(json === undefined ? {} : { json }) }, (error, body, response) => {
        const fault = error ?? this.#faultIn(body, isQuery, options.uri);
        callback(fault, body, response);
      });
    };
    return client;
  }

  /** The package reads fields of an answer without looking whether they are there. */
  #faultIn(body: unknown, isQuery: boolean, uri: string): BigQueryFault | null {
    const odd = (what: string) =>
      new BigQueryFault('unavailable', `this is no answer of BigQuery's: ${what}`);
    try {
      if (isQuery) {
        const read = answerForm.safeParse(body);
        if (!read.success) return odd(read.error.issues[0].path.join('.') || 'it is no JSON object');
        const { jobComplete, jobReference, queryId, schema } = read.data;
        if (jobComplete && jobReference === undefined && queryId === undefined && uri.endsWith('queries'))
          return odd('it names no job');
        if (jobComplete && schema === undefined) return odd('it has no schema');
        if (jobComplete) this.#onPage(read.data);
      } else if (/^\/?jobs/.test(uri)) {
        const read = jobForm.safeParse(body);
        if (!read.success) return odd(read.error.issues[0].path.join('.') || 'it is no JSON object');
      }
      return null;
    } catch (error) {
      return faultOf(error);
    }
  }
}
