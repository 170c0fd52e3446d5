/** The part of BigQuery that keeps tables: datasets, tables, and load jobs that come with their rows. */
import { type Asked, BigQueryServer, type Fault } from './bigquery-server.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
}
export interface KeptTable {
  // biome-ignore lint/suspicious/noExplicitAny: what the client sent
  readonly resource: any;
  // biome-ignore lint/suspicious/noExplicitAny: rows of JSON
  readonly rows: any[];
}
interface KeptJob {
  readonly status: object;
  /** How often it is looked at before it is done. */
  looks: number;
}

export class SinkServer extends BigQueryServer {
  readonly tables = new Map<string, KeptTable>();
  readonly jobs = new Map<string, KeptJob>();
  /** Load jobs as they were asked for. */
  // biome-ignore lint/suspicious/noExplicitAny: what the client sent
  readonly loads: any[] = [];
  datasetExists = true;
  looksUntilDone = 1;
  /** What a load ends with instead of its rows. */
  // biome-ignore lint/suspicious/noExplicitAny: what the client sent
  failing: (load: any) => { reason: string; message: string } | undefined = () => undefined;
  #made = 0;

  constructor() {
    super(() => ({ status: 404, reason: 'notFound' }));
  }

  protected override async respond(asked: Asked): Promise<object | Fault> {
    const { method, path, body } = asked;
    if (path.startsWith('/upload/')) return this.#load(asked);
    const [, projectId, rest] = /^[/]bigquery[/]v2[/]projects[/]([^/]+)[/](.*)$/.exec(path) ?? [];
    const notFound = { status: 404, reason: 'notFound', message: `Not found: ${rest}` };
    const job = this.jobs.get(/^jobs[/](.*)$/.exec(rest)?.[1] ?? '');
    if (job !== undefined) {
      const done = job.looks-- <= 0;
      return {
        jobReference: { projectId, jobId: rest.slice(5), location: 'US' },
        status: done ? job.status : { state: 'RUNNING' },
      };
    }
    const [, datasetId, tableId] = /^datasets[/]([^/]+)(?:[/]tables(?:[/](.+))?)?$/.exec(rest) ?? [];
    if (datasetId === undefined || !this.datasetExists) return notFound;
    if (method === 'POST') {
      const resource = { ...body, creationTime: `${1_700_000_000_000 + this.#made++}` };
      this.tables.set(body.tableReference.tableId, { resource, rows: [] });
      return resource;
    }
    if (tableId === undefined) return { datasetReference: { projectId, datasetId }, location: 'US' };
    return this.tables.get(tableId)?.resource ?? notFound;
  }

  #load({ body, headers }: Asked): object | Fault {
    const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')![1];
    const parts = (body as string)
      .split(`--${boundary}`)
      .map((part) => part.slice(part.indexOf('\r\n\r\n') + 4));
    const metadata = JSON.parse(parts[1]);
    const { jobReference, configuration } = metadata;
    const { jobId } = jobReference;
    if (this.jobs.has(jobId))
      return { status: 409, reason: 'duplicate', message: `Already Exists: Job ${jobId}` };
    this.loads.push(metadata);
    const { load } = configuration;
    const table = this.tables.get(load.destinationTable.tableId)!;
    const rows = parts[2]
      .trim()
      .split(/\r?\n/)
      .map((line) => JSON.parse(line));
    const error = this.failing(load) ?? faultOf(rows, table.resource.schema.fields);
    const status =
      error === undefined ? { state: 'DONE' } : { state: 'DONE', errorResult: error, errors: [error] };
    if (error === undefined) table.rows.push(...rows);
    this.jobs.set(jobId, { status, looks: this.looksUntilDone });
    return { jobReference: { ...jobReference, location: 'US' }, status: { state: 'RUNNING' }, configuration };
  }
}

/** As BigQuery does it: a row with a column nobody knows, without a required one, or with text in a whole number. */
function faultOf(rows: readonly Record<string, unknown>[], columns: readonly Column[]) {
  for (const [i, row] of rows.entries()) {
    const unknown = Object.keys(row).find((key) => !columns.some(({ name }) => name === key));
    const missing = columns.find(({ name, mode }) => mode === 'REQUIRED' && row[name] === undefined)?.name;
    const odd = columns.find(
      ({ name, type, mode }) =>
        type === 'INT64' && mode !== 'REPEATED' && row[name] !== undefined && !Number.isInteger(row[name]),
    )?.name;
    const name = unknown ?? missing ?? odd;
    if (name !== undefined)
      return { reason: 'invalid', message: `Error while reading data, row ${i + 1}: field ${name} is wrong` };
  }
  return undefined;
}

export async function sinkServer(): Promise<SinkServer> {
  const server = new SinkServer();
  await server.listen();
  return server;
}
