/** A small market data vendor of the tests' own: its streams in msgpack, its REST by path, as a test says. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { type WebSocket, WebSocketServer } from 'ws';
import { AlpacaClient, alpacaEndpoints } from '../../../src/adapters/alpaca/alpaca-client.ts';
import type { HostClock, InputLane } from '../../../src/bus/ports.ts';
import { definitionOf } from '../../../src/events/catalogue.ts';
import type { NewInput } from '../../../src/events/define-event.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import type { SymbolDefined } from '../../../src/events/market.events.ts';
import { copyTick, Tick } from '../../../src/events/tick.ts';

export const CREDENTIALS = { keyId: 'PKCANARY0123456789', secret: 'canary+secret/0123456789=' };

/** A moment as msgpack's extension has it. */
export const stamp = (micros: number): Date => new Date(micros / 1_000);

type Frame = Readonly<Record<string, unknown>>;

export class MarketServer {
  /** What clients sent, by connection. */
  readonly heard: Frame[][] = [];
  readonly asked: URL[] = [];
  /** What is said to a client's frame in place of what the vendor says; undefined for the usual. */
  reply: (frame: Frame, connection: number) => readonly Frame[] | undefined = () => undefined;
  /** The body of a REST answer, or a status. */
  rest: (url: URL) => unknown = () => 404;
  readonly #http = createServer((request, response) => {
    const url = new URL(request.url!, 'http://vendor');
    this.asked.push(url);
    const body = this.rest(url);
    response.writeHead(typeof body === 'number' ? body : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(typeof body === 'number' ? { message: `status ${body}` } : body));
  });
  readonly #sockets = new WebSocketServer({ server: this.#http, autoPong: true });
  readonly sockets: WebSocket[] = [];

  async listen(): Promise<string> {
    this.#sockets.on('connection', (socket) => this.#speak(socket));
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  send(...frames: readonly unknown[]): void {
    this.sockets.at(-1)!.send(encode(frames));
  }

  raw(bytes: Uint8Array): void {
    this.sockets.at(-1)!.send(bytes);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  #speak(socket: WebSocket): void {
    const connection = this.sockets.push(socket) - 1;
    this.heard.push([]);
    const subscribed: Record<string, Set<string>> = {};
    const say = (...frames: readonly Frame[]) => socket.send(encode(frames));
    say({ T: 'success', msg: 'connected' });
    socket.on('message', (raw: Buffer) => {
      const frame = decode(raw) as Frame;
      this.heard[connection].push(frame);
      const other = this.reply(frame, connection);
      if (other !== undefined) {
        if (other.length > 0) say(...other);
        return;
      }
      if (frame.action === 'auth') return say({ T: 'success', msg: 'authenticated' });
      for (const [channel, symbols] of Object.entries(frame)) {
        if (!Array.isArray(symbols)) continue;
        const own = (subscribed[channel] ??= new Set());
        for (const symbol of symbols) frame.action === 'subscribe' ? own.add(symbol) : own.delete(symbol);
      }
      const lists = Object.entries(subscribed).map(([channel, symbols]) => [channel, [...symbols]]);
      say({ T: 'subscription', ...Object.fromEntries(lists) });
    });
  }
}

/** Takes what an engine's lane takes, and holds it against the schemas. */
export class KeepingLane implements InputLane {
  readonly ticks: Tick[] = [];
  readonly events: {
    readonly event: NewInput;
    readonly causation: number | null;
    readonly time: number | null;
  }[] = [];
  readonly #ids = new Map<string, number>();
  readonly #codes = new Map<string, number>();

  constructor(...symbols: readonly string[]) {
    for (const symbol of symbols) this.#ids.set(symbol, this.#ids.size);
  }

  tick(tick: Tick): void {
    const kept = new Tick();
    copyTick(tick, kept);
    this.ticks.push(kept);
  }

  input(event: NewInput, from: { source: string; time?: number; causation?: number | null }): void {
    definitionOf(event.type).schema.parse(event.payload);
    this.events.push({ event, causation: from.causation ?? null, time: from.time ?? null });
  }

  idOf = (symbol: string) => this.#ids.get(symbol);

  define(definition: Omit<SymbolDefined, 'id'>): number {
    this.#ids.set(definition.symbol, this.#ids.size);
    this.input(
      {
        kind: 'input',
        type: 'SymbolDefined',
        version: 1,
        payload: { ...definition, id: this.#ids.size - 1 },
      },
      { source: 'test' },
    );
    return this.#ids.size - 1;
  }

  codeOf(dictionary: string, code: string): number {
    const key = `${dictionary} ${code}`;
    const id = this.#codes.get(key) ?? this.#codes.size + 1;
    this.#codes.set(key, id);
    return id;
  }

  types(): string[] {
    return this.events.map(({ event }) => event.type);
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it knows to be there
  payloads(type: string): any[] {
    return this.events.filter(({ event }) => event.type === type).map(({ event }) => event.payload);
  }
}

export function clientOf(url: string, clock: HostClock): AlpacaClient {
  const endpoints = alpacaEndpoints({
    mode: 'paper',
    stockFeed: 'iex',
    optionFeed: 'indicative',
    simulatorUrl: url,
  });
  return new AlpacaClient({ credentials: CREDENTIALS, endpoints, clock });
}

/** Lets sockets and promises run until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 50_000; turn++) {
    if (isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`still not so: ${isSo}`);
}

let seq = 100;

/** A durable decision, as the root hands it to an edge. */
export function effect(type: string, payload: unknown): StoredEvent {
  seq += 1;
  return {
    seq,
    kind: 'decision',
    type,
    version: 1,
    time: 0,
    recordedAt: 0,
    source: 'core',
    causation: null,
    correlation: null,
    basis: [],
    payload,
    json: JSON.stringify(payload),
  };
}
