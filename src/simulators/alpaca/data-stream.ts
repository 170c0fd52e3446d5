/**
 * One of the vendor's market data streams: greets, wants keys within ten seconds, one connection at a time, and sends what
 * was subscribed in arrays of frames, msgpack or JSON as the client's Content-Type says.
 */
import { decode, EXT_TIMESTAMP, ExtData, encode, encodeTimeSpecToTimestamp } from '@msgpack/msgpack';
import type { HostClock } from '../../bus/ports.ts';
import { dayToMicros, tradingDayAt } from '../../domain/exchange-calendar.ts';
import type { MarketBar } from './bar-history.ts';
import type { VenueInstrument } from './instruments.ts';
import type { MarketListener, MarketQuote, SimulatedMarket } from './simulated-market.ts';
import type { StreamSocket } from './stream-socket.ts';
import { rfc3339 } from './vendor-forms.ts';

type Channel = 'trades' | 'quotes' | 'bars' | 'updatedBars' | 'dailyBars' | 'statuses' | 'lulds';

export interface DataStreamOptions {
  readonly assetClass: VenueInstrument['assetClass'];
  readonly channels: readonly Channel[];
  /** Symbols a plan lets one connection subscribe to, per channel. */
  readonly symbolsMax: number;
  readonly authMs: number;
}

export interface StreamGuard {
  mayEnter(key: unknown, secret: unknown): boolean;
  /** A fault says that somebody else holds the connection. */
  isTaken(): boolean;
  /** Microseconds to add to every time that leaves. */
  skewUs(): number;
}

const ERRORS = {
  400: 'invalid syntax',
  401: 'not authenticated',
  402: 'auth failed',
  403: 'already authenticated',
  404: 'auth timeout',
  405: 'symbol limit exceeded',
  406: 'connection limit exceeded',
  407: 'slow client',
  408: 'v2 not enabled',
  409: 'insufficient subscription',
  500: 'internal error',
} as const;
type ErrorCode = keyof typeof ERRORS;

type Frame = Readonly<Record<string, unknown>>;

interface Client {
  readonly socket: StreamSocket;
  readonly msgpack: boolean;
  readonly symbols: Readonly<Record<Channel, Set<string>>>;
  authenticated: boolean;
  queue: Frame[];
}

const isFor = (client: Client, channel: Channel, symbol: string): boolean =>
  client.symbols[channel].has(symbol) || client.symbols[channel].has('*');

/** A moment on its way into a frame: either protocol writes it in its own form. */
class Moment {
  constructor(at: number) {
    this.at = at;
  }
  readonly at: number;

  toJSON(): string {
    return rfc3339(this.at);
  }

  toExtension(): ExtData {
    const sec = Math.floor(this.at / 1_000_000);
    const nsec = (this.at - sec * 1_000_000) * 1_000;
    return new ExtData(EXT_TIMESTAMP, encodeTimeSpecToTimestamp({ sec, nsec }));
  }
}

export class DataStream implements MarketListener {
  readonly #options: DataStreamOptions;
  readonly #clock: HostClock;
  readonly #market: SimulatedMarket;
  readonly #guard: StreamGuard;
  #clients: Client[] = [];
  #tradeId = 0;
  /** The market goes on, and nobody is told. */
  frozen = false;

  constructor(options: DataStreamOptions, clock: HostClock, market: SimulatedMarket, guard: StreamGuard) {
    this.#options = options;
    this.#clock = clock;
    this.#market = market;
    this.#guard = guard;
    market.listen(this);
  }

  get sockets(): readonly StreamSocket[] {
    return this.#clients.map(({ socket }) => socket);
  }

  accept(socket: StreamSocket, msgpack: boolean): void {
    const symbols = {
      trades: new Set<string>(),
      quotes: new Set<string>(),
      bars: new Set<string>(),
      updatedBars: new Set<string>(),
      dailyBars: new Set<string>(),
      statuses: new Set<string>(),
      lulds: new Set<string>(),
    };
    const client: Client = { socket, msgpack, symbols, authenticated: false, queue: [] };
    this.#clients.push(client);
    const disarm = this.#clock.after(this.#options.authMs, () => {
      if (!client.authenticated) this.#refuse(client, 404);
    });
    socket.onClose(() => {
      disarm();
      this.#clients = this.#clients.filter((each) => each !== client);
    });
    socket.onMessage((data, binary) => this.#hear(client, data, binary));
    this.#send(client, [{ T: 'success', msg: 'connected' }]);
  }

  /** Tells every client that it was too slow, and lets it go. */
  dropSlow(): void {
    for (const client of this.#clients) this.#refuse(client, 407);
  }

  garbage(): void {
    for (const { socket } of this.#clients) socket.send(Uint8Array.of(0xc1, 0xff, 0x00, 0x93), true);
  }

  // --- the client speaks -------------------------------------------------------------------------------------------

  #hear(client: Client, data: Buffer, binary: boolean): void {
    const message = readMessage(data, binary);
    if (message === null) return this.#error(client, 400);
    if (message.action === 'auth') return this.#authenticate(client, message);
    if (!client.authenticated) return this.#error(client, 401);
    if (message.action === 'subscribe') return this.#subscribe(client, message);
    if (message.action === 'unsubscribe') return this.#unsubscribe(client, message);
    this.#error(client, 400);
  }

  #authenticate(client: Client, { key, secret }: Frame): void {
    if (client.authenticated) return this.#error(client, 403);
    if (!this.#guard.mayEnter(key, secret)) return this.#refuse(client, 402);
    if (this.#guard.isTaken() || this.#clients.some((each) => each !== client && each.authenticated)) {
      return this.#refuse(client, 406);
    }
    client.authenticated = true;
    this.#send(client, [{ T: 'success', msg: 'authenticated' }]);
  }

  #subscribe(client: Client, message: Frame): void {
    for (const channel of this.#options.channels) {
      const wanted = new Set([...client.symbols[channel], ...symbolsOf(message[channel])]);
      if (wanted.size > this.#options.symbolsMax) return this.#error(client, 405);
    }
    for (const channel of this.#options.channels) {
      for (const symbol of symbolsOf(message[channel])) {
        client.symbols[channel].add(symbol);
        this.#market.watch(symbol);
      }
    }
    this.#acknowledge(client);
  }

  #unsubscribe(client: Client, message: Frame): void {
    for (const channel of this.#options.channels) {
      for (const symbol of symbolsOf(message[channel])) client.symbols[channel].delete(symbol);
    }
    this.#acknowledge(client);
  }

  #acknowledge(client: Client): void {
    const lists = this.#options.channels.map((channel) => [channel, [...client.symbols[channel]]]);
    this.#send(client, [{ T: 'subscription', ...Object.fromEntries(lists) }]);
  }

  #error(client: Client, code: ErrorCode): void {
    this.#send(client, [{ T: 'error', code, msg: ERRORS[code] }]);
  }

  #refuse(client: Client, code: ErrorCode): void {
    this.#error(client, code);
    client.socket.close();
  }

  // --- the market speaks -------------------------------------------------------------------------------------------

  quote(symbol: string, { askPx, askSize, at, bidPx, bidSize }: MarketQuote): void {
    const sides = { bx: 'V', bp: bidPx, bs: bidSize, ax: 'V', ap: askPx, as: askSize };
    const { assetClass } = this.#options;
    if (assetClass === 'crypto')
      this.#queue('quotes', symbol, { T: 'q', bp: bidPx, bs: bidSize, ap: askPx, as: askSize }, at);
    else if (assetClass === 'us_option') this.#queue('quotes', symbol, { T: 'q', ...sides, c: ' ' }, at);
    else this.#queue('quotes', symbol, { T: 'q', ...sides, c: ['R'], z: 'B' }, at);
  }

  trade(symbol: string, px: number, size: number, at: number): void {
    this.#tradeId += 1;
    const print = { T: 't', i: this.#tradeId, p: px, s: size };
    const { assetClass } = this.#options;
    if (assetClass === 'crypto') this.#queue('trades', symbol, { ...print, tks: 'B' }, at);
    else
      this.#queue(
        'trades',
        symbol,
        { ...print, x: 'V', c: assetClass === 'us_option' ? 'I' : ['@'], z: 'B' },
        at,
      );
  }

  bar(symbol: string, bar: MarketBar): void {
    this.#queue('bars', symbol, { T: 'b', ...barFields(bar) }, bar.from);
  }

  dailyBar(symbol: string, bar: MarketBar): void {
    const calendar = this.#market.instrument(symbol)?.calendar ?? 'XNYS';
    this.#queue(
      'dailyBars',
      symbol,
      { T: 'd', ...barFields(bar) },
      dayToMicros(tradingDayAt(calendar, bar.to)),
    );
  }

  halt(symbol: string, halted: boolean, at: number): void {
    const status = halted
      ? { sc: 'H', sm: 'Trading Halt', rc: 'T12', rm: 'Trading Halted; For information requested by NASDAQ' }
      : { sc: 'T', sm: 'Trading Resumption', rc: 'C11', rm: '' };
    this.#queue('statuses', symbol, { T: 's', ...status, z: 'C' }, at);
  }

  bands(symbol: string, lowerPx: number, upperPx: number, at: number): void {
    this.#queue('lulds', symbol, { T: 'l', u: upperPx, d: lowerPx, i: 'B', z: 'C' }, at);
  }

  flush(): void {
    for (const client of this.#clients) {
      if (client.queue.length === 0) continue;
      const frames = client.queue;
      client.queue = [];
      this.#send(client, frames);
    }
  }

  #queue(channel: Channel, symbol: string, frame: Frame, at: number): void {
    if (this.frozen || this.#market.instrument(symbol)?.assetClass !== this.#options.assetClass) return;
    for (const client of this.#clients) {
      if (!isFor(client, channel, symbol)) continue;
      client.queue.push({ ...frame, S: symbol, t: new Moment(at + this.#guard.skewUs()) });
    }
  }

  #send({ msgpack, socket }: Client, frames: readonly Frame[]): void {
    if (!msgpack) socket.send(JSON.stringify(frames), false);
    else socket.send(encode(frames.map(packed)), true);
  }
}

const packed = (frame: Frame): Frame =>
  frame.t instanceof Moment ? { ...frame, t: frame.t.toExtension() } : frame;

const barFields = ({ close, high, low, open, volume }: MarketBar): Frame => ({
  o: open,
  h: high,
  l: low,
  c: close,
  v: volume,
  n: 1,
  vw: Math.round(((open + high + low + close) / 4) * 1e6) / 1e6,
});

const symbolsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

function readMessage(data: Buffer, binary: boolean): Frame | null {
  try {
    const message: unknown = binary ? decode(data) : JSON.parse(data.toString('utf8'));
    return typeof message === 'object' && message !== null ? (message as Frame) : null;
  } catch {
    return null;
  }
}
