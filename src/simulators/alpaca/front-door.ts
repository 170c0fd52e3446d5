/**
 * Where every request comes in: keys, the limit of calls a minute, and the faults that befall a request on its way. What is
 * behind it answers as if nothing could go wrong.
 */
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Hono } from 'hono';
import type { HostClock } from '../../bus/ports.ts';
import type { FaultSchedule, RequestFault, Route } from './faults.ts';

interface DoorParts {
  readonly clock: HostClock;
  readonly app: Hono;
  readonly faults: FaultSchedule;
  readonly callsPerMinute: number;
  mayEnter(key: string | null, secret: string | null): boolean;
  /** The whole venue is out of reach. */
  isOut(): boolean;
  readonly onRequest?: () => void;
}

const MINUTE_US = 60_000_000;

export class FrontDoor {
  /** Requests that somebody works on; not those that wait for the clock or for ever. */
  open = 0;
  served = 0;
  readonly #parts: DoorParts;
  readonly #calls = { trading: { minute: 0, count: 0 }, data: { minute: 0, count: 0 } };

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** What `serve` of the HTTP server calls. */
  readonly fetch = async (request: Request, env: HttpBindings): Promise<Response> => {
    this.open += 1;
    this.served += 1;
    this.#parts.onRequest?.();
    try {
      return await this.#answer(request, env);
    } finally {
      this.open -= 1;
    }
  };

  async #answer(request: Request, env: HttpBindings): Promise<Response> {
    if (this.#parts.isOut()) return cut(env);
    const { headers } = request;
    if (!this.#parts.mayEnter(headers.get('apca-api-key-id'), headers.get('apca-api-secret-key'))) {
      return refused(401, 40110000, 'request is not authorized');
    }
    const { pathname } = new URL(request.url);
    const isData = !/^\/v2\/(?!stocks)/.test(pathname);
    const limits = this.#limits(isData ? 'data' : 'trading');
    if (limits.exceeded) return refused(429, 42910000, 'too many requests.', limits.headers);
    const fault = this.#parts.faults.request(routeOf(request.method, pathname, isData));
    if (fault !== undefined) return this.#befall(fault, request, env);
    const response = await this.#parts.app.fetch(request);
    for (const [name, value] of Object.entries(limits.headers)) response.headers.set(name, value);
    return response;
  }

  async #befall(fault: RequestFault, request: Request, env: HttpBindings): Promise<Response> {
    const { app, clock } = this.#parts;
    switch (fault.kind) {
      case 'reset':
        return cut(env);
      case 'gatewayBefore':
        return refused(504, 50410000, 'gateway timeout');
      case 'tooMany':
        return refused(429, 42910000, 'too many requests.');
      case 'hang':
        return this.#idle(new Promise<never>(() => {}));
      case 'dropAck':
        await app.fetch(request);
        return cut(env);
      case 'gatewayAfter':
        await app.fetch(request);
        return refused(504, 50410000, 'gateway timeout');
      case 'cutBody':
        return cutInTheMiddle(await app.fetch(request), env);
      case 'slow':
        await this.#idle(new Promise<void>((go) => clock.after(fault.afterMs, go)));
        return app.fetch(request);
      case 'acceptLate': {
        // The request outlives its connection: what it said must be read before that is gone.
        const body = await request.text();
        const { headers, method, url } = request;
        const again = new Request(url, { method, headers, ...(body === '' ? {} : { body }) });
        clock.after(fault.afterMs, () => void app.fetch(again));
        return refused(504, 50410000, 'gateway timeout');
      }
    }
  }

  async #idle<T>(waiting: Promise<T>): Promise<T> {
    this.open -= 1;
    try {
      return await waiting;
    } finally {
      this.open += 1;
    }
  }

  #limits(of: 'trading' | 'data'): { readonly exceeded: boolean; readonly headers: Record<string, string> } {
    const calls = this.#calls[of];
    const { callsPerMinute, clock } = this.#parts;
    const minute = Math.floor(clock.now() / MINUTE_US);
    if (calls.minute !== minute) Object.assign(calls, { minute, count: 0 });
    calls.count += 1;
    const headers = {
      'X-RateLimit-Limit': `${callsPerMinute}`,
      'X-RateLimit-Remaining': `${Math.max(0, callsPerMinute - calls.count)}`,
      'X-RateLimit-Reset': `${(minute + 1) * 60}`,
    };
    return { exceeded: calls.count > callsPerMinute, headers };
  }
}

function routeOf(method: string, path: string, isData: boolean): Route {
  if (isData) return 'data';
  if (!path.startsWith('/v2/orders')) return 'account';
  return (
    ({ POST: 'submit', PATCH: 'replace', DELETE: 'cancel' } as Record<string, Route>)[method] ?? 'lookup'
  );
}

const refused = (
  status: number,
  code: number,
  message: string,
  headers: Record<string, string> = {},
): Response => Response.json({ code, message }, { status, headers });

function cut({ incoming }: HttpBindings): Response {
  incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Half of the answer, then the end of the connection. */
async function cutInTheMiddle(response: Response, { incoming, outgoing }: HttpBindings): Promise<Response> {
  const body = Buffer.from(await response.arrayBuffer());
  const { status } = response;
  outgoing.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length + 1 });
  outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => incoming.socket.destroy());
  return RESPONSE_ALREADY_SENT;
}
