/** A small venue of the tests' own: answers by route as a test says, and speaks the stream of trade updates. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { AlpacaClient, alpacaEndpoints } from '../../../src/adapters/alpaca/alpaca-client.ts';
import type { InputLane } from '../../../src/bus/ports.ts';
import { definitionOf } from '../../../src/events/catalogue.ts';
import type { NewInput } from '../../../src/events/define-event.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import type { SteppedClock } from '../../live/stepped-clock.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
}

/** `hang`: no answer at all. `drop`: the connection is cut. */
export type Answer =
  | 'hang'
  | 'drop'
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> };
type Route = (request: Request) => Answer | Promise<Answer>;

export const CANARY = { keyId: 'PKCANARY0123456789', secret: 'canary+secret/0123456789=' };

export class VenueServer {
  readonly requests: Request[] = [];
  readonly frames: unknown[] = [];
  readonly #routes = new Map<string, Route>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #sockets = new WebSocketServer({ server: this.#server });
  #stream: WebSocket | null = null;

  /** `key`: `POST /v2/orders`; a function is asked each time. */
  on(key: string, answer: Answer | Route): this {
    this.#routes.set(key, typeof answer === 'function' ? answer : () => answer);
    return this;
  }

  async listen(): Promise<string> {
    this.#sockets.on('connection', (socket) => this.#speak(socket));
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  count(key: string): number {
    return this.requests.filter(({ method, path }) => `${method} ${path}` === key).length;
  }

  tell(data: unknown): void {
    this.#stream!.send(Buffer.from(JSON.stringify({ stream: 'trade_updates', data })));
  }

  cut(): void {
    this.#stream!.terminate();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #speak(socket: WebSocket): void {
    this.#stream = socket;
    socket.on('message', (raw) => {
      const frame = JSON.parse(String(raw));
      this.frames.push(frame);
      const reply = (stream: string, data: unknown) => socket.send(JSON.stringify({ stream, data }));
      if (frame.action === 'authenticate')
        reply('authorization', { status: 'authorized', action: 'authenticate' });
      if (frame.action === 'listen') reply('listening', { streams: frame.data.streams });
    });
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of incoming) text += chunk;
    const url = new URL(incoming.url!, 'http://venue');
    const request = {
      method: incoming.method!,
      path: url.pathname,
      query: url.searchParams,
      body: text === '' ? {} : JSON.parse(text),
      headers: incoming.headers,
    };
    this.requests.push(request);
    const route = this.#routes.get(`${request.method} ${request.path}`);
    const answer = (await route?.(request)) ?? {
      status: 404,
      body: { code: 40410000, message: 'not found' },
    };
    if (answer === 'hang') return;
    if (answer === 'drop') {
      incoming.socket.destroy();
      return;
    }
    const isText = typeof answer.body === 'string';
    response.writeHead(answer.status, {
      'Content-Type': isText ? 'text/html' : 'application/json',
      ...answer.headers,
    });
    response.end(answer.body === undefined ? undefined : isText ? answer.body : JSON.stringify(answer.body));
  }
}

export interface Heard {
  readonly event: NewInput;
  readonly source: string;
  readonly time: number | undefined;
  readonly causation: number | null | undefined;
}

/** Takes inputs as the engine's lane does, and holds them against their schemas. */
export class RecordingLane implements InputLane {
  readonly heard: Heard[] = [];

  tick(): void {
    throw new Error('the trading side has no ticks');
  }

  input(event: NewInput, from: { source: string; time?: number; causation?: number | null }): void {
    definitionOf(event.type).schema.parse(event.payload);
    this.heard.push({ event, source: from.source, time: from.time, causation: from.causation });
  }

  idOf = () => undefined;
  define = () => 0;
  codeOf = () => 0;

  /** `OrderFilled`, and what matters of it: all that was heard since the beginning. */
  said(): string[] {
    return this.heard.map(({ event }) => event.type);
  }

  payloads<T>(type: string): T[] {
    return this.heard.filter(({ event }) => event.type === type).map(({ event }) => event.payload as T);
  }
}

export function clientOf(
  url: string,
  clock: SteppedClock,
  more: { callsPerMinute?: number } = {},
): AlpacaClient {
  const endpoints = alpacaEndpoints({
    mode: 'paper',
    stockFeed: 'iex',
    optionFeed: 'indicative',
    simulatorUrl: url,
  });
  return new AlpacaClient({ credentials: CANARY, endpoints, clock, ...more });
}

/** Lets sockets and promises run until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn++) {
    if (isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`still not so: ${isSo}`);
}

let seq = 100;
/** A durable decision, as the root hands it to an edge; of just now where not given. */
export function effect(type: string, payload: unknown, recordedAt = Number.MAX_SAFE_INTEGER): StoredEvent {
  seq += 1;
  return {
    seq,
    kind: 'decision',
    type,
    version: 1,
    time: 0,
    recordedAt,
    source: 'core',
    causation: null,
    correlation: null,
    basis: [],
    payload,
    json: JSON.stringify(payload),
  };
}
