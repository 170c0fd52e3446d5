/**
 * A local server that speaks the part of BigQuery's REST form that the client package asks for: queries and their pages,
 * dry runs, datasets, tables and load jobs. What a query answers is a test's business; what goes wrong, too.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what it knows
  readonly body: any;
  readonly headers: IncomingMessage['headers'];
}

export interface Field {
  readonly name: string;
  readonly type: string;
}

/** A table as a query answers it. Values are text, as BigQuery sends them, or null. */
export interface Result {
  readonly fields: readonly Field[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rowsPerPage?: number;
  readonly totalRows?: number;
  readonly bytes?: number;
}

/** What a request meets instead of its answer. */
export type Fault =
  | { readonly status: number; readonly reason: string; readonly message?: string }
  | { readonly raw: string; readonly status?: number; readonly type?: string }
  | 'silence'
  | 'cut';

type Answering = (asked: Asked) => Result | Promise<Result> | Fault;

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const isFault = (answer: Result | Fault): answer is Fault =>
  typeof answer === 'string' || !('fields' in answer);

/** Google's form of an error. */
const errorBody = (status: number, reason: string, message = reason) =>
  JSON.stringify({
    error: { code: status, message, status: 'FAILED', errors: [{ message, domain: 'global', reason }] },
  });

export class BigQueryServer {
  readonly asked: Asked[] = [];
  /** Requests whose answer has not been sent. */
  open = 0;
  answer: Answering;
  /** Looked at before anything else; undefined lets the request pass. */
  fault: (asked: Asked) => Fault | undefined = () => undefined;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #results = new Map<string, Result>();

  constructor(answer: Answering) {
    this.answer = answer;
    stops.push(() => this.close());
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Bodies of the queries that were asked. */
  get queries() {
    return this.asked
      .filter(({ method, path }) => method === 'POST' && path.endsWith('/queries'))
      .map(({ body }) => body);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open++;
    response.on('close', () => this.open--);
    const url = new URL(request.url ?? '/', 'http://bigquery');
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method = 'GET', headers } = request;
    const isJson = headers['content-type']?.startsWith('application/json');
    const asked: Asked = {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers,
      body: isJson && text ? JSON.parse(text) : text,
    };
    this.asked.push(asked);
    const fault = this.fault(asked);
    const answer = fault ?? (await this.respond(asked));
    if (answer === 'silence') return;
    if (answer === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"jobComplete": tr');
      setImmediate(() => response.destroy());
      return;
    }
    if (typeof answer === 'object' && 'reason' in answer) {
      const { status, reason, message } = answer as Extract<Fault, { reason: string }>;
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(errorBody(status, reason, message));
    } else if (typeof answer === 'object' && 'raw' in answer) {
      const { raw, status = 200, type = 'application/json' } = answer as Extract<Fault, { raw: string }>;
      response.writeHead(status, { 'content-type': type }).end(raw);
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    }
  }

  /** Overridden by a server that keeps tables. */
  protected async respond(asked: Asked): Promise<object | Fault> {
    const { method, path, body, query } = asked;
    const [, project] = /[/]projects[/]([^/]+)/.exec(path) ?? [];
    if (method === 'POST' && path === `/bigquery/v2/projects/${project}/queries`) {
      const result = await this.answer(asked);
      if (isFault(result)) return result as object;
      const jobId = `job_${this.#results.size + 1}`;
      this.#results.set(jobId, result);
      return page(project, jobId, result, 0);
    }
    if (method === 'POST' && path === `/bigquery/v2/projects/${project}/jobs` && body.configuration?.dryRun) {
      const result = await this.answer(asked);
      if (isFault(result)) return result as object;
      return {
        kind: 'bigquery#job',
        jobReference: { projectId: project, location: 'US' },
        status: { state: 'DONE' },
        configuration: body.configuration,
        statistics: { totalBytesProcessed: `${result.bytes ?? 0}` },
      };
    }
    const [, jobId] = /[/]queries[/]([^/]+)$/.exec(path) ?? [];
    const result = this.#results.get(jobId ?? '');
    if (method === 'GET' && result !== undefined)
      return page(project, jobId!, result, Number(query.get('pageToken')));
    return { status: 404, reason: 'notFound', message: `Not found: ${path}` };
  }
}

function page(projectId: string, jobId: string, result: Result, from: number): object {
  const { fields, rows, rowsPerPage = rows.length, totalRows = rows.length, bytes = 10_485_760 } = result;
  const until = Math.min(rows.length, from + Math.max(1, rowsPerPage));
  return {
    kind: 'bigquery#queryResponse',
    jobReference: { projectId, jobId, location: 'US' },
    jobComplete: true,
    schema: { fields: fields.map(({ name, type }) => ({ name, type, mode: 'NULLABLE' })) },
    totalRows: `${totalRows}`,
    totalBytesProcessed: `${bytes}`,
    ...(rows.length === 0
      ? {}
      : { rows: rows.slice(from, until).map((row) => ({ f: row.map((v) => ({ v })) })) }),
    ...(until < rows.length ? { pageToken: `${until}` } : {}),
  };
}

export async function bigQueryServer(answer: Answering): Promise<BigQueryServer> {
  const server = new BigQueryServer(answer);
  await server.listen();
  return server;
}
