/**
 * Keeps one of the vendor's websockets connected: authenticates and subscribes within ten seconds, notices a dead link by
 * pings within two, and comes back after a pause that doubles. Whoever listens may throw without harm to the connection.
 */
import type { streaming } from '@alpacahq/alpaca-trade-api';
import { WebSocket } from 'ws';
import type { HostClock } from '../../bus/ports.ts';
import { createRandom, type Random } from '../../domain/random.ts';
import { DataStream, OrderStream } from './stream-taps.ts';

const channels = {
  trades: ['subscribeForTrades', 'unsubscribeFromTrades'],
  quotes: ['subscribeForQuotes', 'unsubscribeFromQuotes'],
  bars: ['subscribeForBars', 'unsubscribeFromBars'],
  statuses: ['subscribeForStatuses', 'unsubscribeFromStatuses'],
  lulds: ['subscribeForLulds', 'unsubscribeFromLulds'],
} as const;
type Channel = keyof typeof channels;
const channelNames = Object.keys(channels) as Channel[];

/** What to hear of which symbols, in the vendor's forms. */
export type Subscription = Readonly<Partial<Record<Channel, readonly string[]>>>;

export interface StreamListener {
  /** Authenticated, and the subscription acknowledged. */
  connected(): void;
  /** The connection is gone; it is tried again unless `final`. `code` is the vendor's, if it gave one. */
  lost(reason: string, code: number | null, final: boolean): void;
  /** A frame of data as it was decoded: of market data, or the `data` of a `trade_updates` frame. */
  message(frame: unknown): void;
  /** A frame that could not be used, by us or by whoever listens. */
  rejected(reason: string, frame: unknown): void;
}

interface StreamOptions {
  /** Arrays of msgpack frames, or the JSON of `trade_updates`. */
  readonly protocol: 'data' | 'orders';
  readonly url: string;
  readonly keyId: string;
  readonly secret: string;
  readonly clock: HostClock;
  /** Of the pauses between attempts. */
  readonly seed: number;
}

const CONNECT_MS = 10_000;
const PING_EVERY_MS = 500;
/** With a ping each half second a silence is noticed before it has lasted two. */
const SILENCE_US = 1_500_000;
const PAUSE_MIN_MS = 500;
const PAUSE_MAX_MS = 30_000;
/** A connection that lasted this long was a good one: the next loss is met with the shortest pause. */
const STEADY_US = 10_000_000;
const FRAME_BYTES_MAX = 16 * 1024 * 1024;

/**
 * The vendor's codes that no second attempt can change: not authenticated, wrong keys, and feeds or symbols that the plan
 * does not include. Too slow to authenticate (404) is a slow line, which may be a better one the next time.
 */
const FINAL_CODES: ReadonlySet<number> = new Set([401, 402, 405, 408, 409]);
const TOO_MANY_SYMBOLS = 405;
/** The connections that the plan allows are in use (406), or the vendor had to drop data since we were slow (407). */
const LOSING_CODES: ReadonlySet<number> = new Set([406, 407]);

type Frame = Readonly<Record<string, unknown>>;
const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One attempt: the vendor's object and the socket below it. */
interface Attempt {
  readonly stream: DataStream | OrderStream;
  socket: WebSocket | null;
  opened: boolean;
  live: boolean;
  since: number;
  heardAt: number;
  beatAt: number;
  /** What the socket said before it closed. */
  error: string | null;
  lastRaw: unknown;
  /** Changes of the subscription that were sent and not answered yet. */
  unanswered: number;
  acked: Readonly<Record<Channel, ReadonlySet<string>>>;
}

const nothing = (): Attempt['acked'] => setsOf({});
const setsOf = (frame: Frame): Attempt['acked'] =>
  Object.fromEntries(
    channelNames.map((name) => [name, new Set(Array.isArray(frame[name]) ? (frame[name] as string[]) : [])]),
  ) as unknown as Attempt['acked'];

export class StreamConnection {
  readonly #options: StreamOptions;
  readonly #listener: StreamListener;
  readonly #random: Random;
  #wanted: Subscription = {};
  #wantedChanged = false;
  #attempt: Attempt | null = null;
  #pauseMs = PAUSE_MIN_MS;
  #cancelTimer = () => {};
  #lastReason: string | null = null;
  #ended = false;
  /** Sockets that were dropped and have not closed yet. */
  readonly #closing = new Set<Promise<void>>();

  constructor(options: StreamOptions, listener: StreamListener) {
    this.#options = options;
    this.#listener = listener;
    this.#random = createRandom(options.seed);
  }

  start(): void {
    if (this.#attempt === null && !this.#ended) this.#connect();
  }

  /** Replaces what is subscribed; sent as a difference where the connection stands. */
  subscribe(wanted: Subscription): void {
    this.#wanted = wanted;
    this.#wantedChanged = true;
    this.#align();
  }

  async stop(): Promise<void> {
    this.#ended = true;
    this.#drop();
    await Promise.all(this.#closing);
  }

  #connect(): void {
    const { clock, keyId, secret, url, protocol } = this.#options;
    let socket: WebSocket | null = null;
    const common = {
      credentials: { keyId, secret },
      url,
      reconnect: false,
      pingIntervalMs: 0,
      wsFactory: (to: string, codec: streaming.Codec) =>
        (socket = this.#open(to, codec)) as unknown as streaming.WebSocketLike,
    };
    const tap = (frame: unknown) => this.#heard(frame);
    const stream = protocol === 'data' ? new DataStream(common, tap) : new OrderStream(common, tap);
    const now = clock.now();
    const attempt: Attempt = {
      stream,
      socket: null,
      opened: false,
      live: false,
      since: now,
      heardAt: now,
      beatAt: now,
      error: null,
      lastRaw: null,
      unanswered: 0,
      acked: nothing(),
    };
    this.#attempt = attempt;
    stream.onError((text) => this.#vendorFailed(text));
    // Before connect(): what is subscribed in `onConnect` is subscribed twice.
    if (stream instanceof OrderStream) stream.subscribeTradeUpdates();
    else for (const name of channelNames) stream[channels[name][0]]([...(this.#wanted[name] ?? [])]);
    this.#wantedChanged = false;
    attempt.unanswered = channelNames.some((name) => (this.#wanted[name] ?? []).length > 0) ? 1 : 0;
    this.#cancelTimer = clock.after(CONNECT_MS, () =>
      this.#lose(`not connected, authenticated and subscribed within ${CONNECT_MS / 1_000} seconds`, null),
    );
    try {
      stream.connect();
      attempt.socket = socket;
    } catch (error) {
      this.#lose(`no connection: ${messageOf(error)}`, null);
    }
  }

  #open(url: string, codec: streaming.Codec): WebSocket {
    const { clock } = this.#options;
    const headers = codec === 'msgpack' ? { 'Content-Type': 'application/msgpack' } : {};
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: FRAME_BYTES_MAX, headers });
    const current = () => (this.#attempt?.socket === socket ? this.#attempt : null);
    const heard = () => {
      const attempt = current();
      if (attempt !== null) attempt.heardAt = clock.now();
    };
    socket.on('open', () => {
      const attempt = current();
      if (attempt !== null) attempt.opened = true;
    });
    socket.on('message', (raw: unknown) => {
      const attempt = current();
      if (attempt === null) return;
      attempt.heardAt = clock.now();
      attempt.lastRaw = raw;
    });
    socket.on('pong', heard);
    socket.on('ping', heard);
    socket.on('error', (error) => {
      const attempt = current();
      if (attempt !== null) attempt.error = error.message;
    });
    socket.on('close', (code, reason) => {
      const attempt = current();
      if (attempt === null) return;
      const said = attempt.error ?? reason.toString();
      this.#lose(`the connection was closed (${code}${said === '' ? '' : `, ${said}`})`, null);
    });
    return socket;
  }

  /** True where the vendor's class has to see the frame. */
  #heard(frame: unknown): boolean {
    if (!isFrame(frame)) {
      this.#reject('a frame is an object, and this is none', frame);
      return false;
    }
    return this.#options.protocol === 'data' ? this.#heardData(frame) : this.#heardOrders(frame);
  }

  #heardData(frame: Frame): boolean {
    switch (frame.T) {
      case 'success':
        if (frame.msg !== 'authenticated') return false;
        if (this.#attempt!.unanswered === 0) this.#connected();
        return true;
      case 'subscription':
        this.#acknowledged(frame);
        return false;
      case 'error':
        this.#vendorSaid(typeof frame.code === 'number' ? frame.code : null, textOf(frame.msg), frame);
        return false;
      default:
        this.#deliver(frame);
        return false;
    }
  }

  #heardOrders(frame: Frame): boolean {
    const data = isFrame(frame.data) ? frame.data : {};
    if (frame.action === 'error') {
      this.#vendorSaid(null, textOf(data.error_message), frame);
      return false;
    }
    switch (frame.stream) {
      case 'authorization':
        if (data.status === 'authorized') return true;
        this.#lose(`the venue refused the keys: ${textOf(data.message ?? data.status)}`, null, true);
        return false;
      case 'listening':
        if (Array.isArray(data.streams) && data.streams.includes('trade_updates')) this.#connected();
        else this.#reject('trade_updates are not among what is listened to', frame);
        return false;
      case 'trade_updates':
        this.#deliver(frame.data);
        return false;
      default:
        this.#reject(`a frame of the stream ${textOf(frame.stream)}, which is not known`, frame);
        return false;
    }
  }

  #deliver(frame: unknown): void {
    try {
      this.#listener.message(frame);
    } catch (error) {
      this.#reject(`it could not be used: ${messageOf(error)}`, frame);
    }
  }

  #reject(reason: string, frame: unknown): void {
    this.#listener.rejected(reason, frame);
  }

  #vendorSaid(code: number | null, text: string, frame: Frame): void {
    const attempt = this.#attempt!;
    const said = code === null ? text : `${text} (${code})`;
    const final = code !== null && FINAL_CODES.has(code) && !(attempt.live && code === TOO_MANY_SYMBOLS);
    if (final || !attempt.live || (code !== null && LOSING_CODES.has(code))) {
      return this.#lose(`the venue said: ${said}`, code, final);
    }
    // It may have refused a change of the subscription: then what was subscribed before still is.
    this.#reject(`the venue said: ${said}`, frame);
    attempt.unanswered = Math.max(0, attempt.unanswered - 1);
    this.#align();
  }

  /** The vendor's class reports what it could not decode, and what the socket says, which its close repeats. */
  #vendorFailed(text: string): void {
    if (!text.startsWith('failed to ')) return;
    this.#reject(text, this.#attempt?.lastRaw);
    // Whatever the frame held is lost.
    this.#lose(`a frame could not be read: ${text}`, null);
  }

  #acknowledged(frame: Frame): void {
    const attempt = this.#attempt!;
    attempt.acked = setsOf(frame);
    attempt.unanswered = Math.max(0, attempt.unanswered - 1);
    if (!attempt.live) this.#connected();
    else this.#align();
  }

  #connected(): void {
    const attempt = this.#attempt!;
    if (attempt.live) return;
    attempt.live = true;
    attempt.since = this.#options.clock.now();
    attempt.heardAt = attempt.since;
    attempt.beatAt = attempt.since;
    this.#lastReason = null;
    this.#cancelTimer();
    this.#beatLater();
    this.#listener.connected();
    this.#align();
  }

  /** One change at a time: the vendor's class takes its idea of the subscription from each acknowledgement. */
  #align(): void {
    const attempt = this.#attempt;
    if (attempt === null || !attempt.live || attempt.unanswered > 0 || !this.#wantedChanged) return;
    const { stream, acked } = attempt;
    if (stream instanceof OrderStream) return;
    this.#wantedChanged = false;
    for (const name of channelNames) {
      const wanted = new Set(this.#wanted[name] ?? []);
      const superfluous = [...acked[name]].filter((symbol) => !wanted.has(symbol));
      const missing = [...wanted].filter((symbol) => !acked[name].has(symbol));
      const [subscribe, unsubscribe] = channels[name];
      // Room is made first: the plan limits how many there are.
      if (superfluous.length > 0) {
        attempt.unanswered += 1;
        stream[unsubscribe](superfluous);
      }
      if (missing.length > 0) {
        attempt.unanswered += 1;
        stream[subscribe](missing);
      }
    }
  }

  #beatLater(): void {
    this.#cancelTimer = this.#options.clock.after(PING_EVERY_MS, () => this.#beat());
  }

  #beat(): void {
    const attempt = this.#attempt!;
    const now = this.#options.clock.now();
    // After a pause of our own the answers may be waiting to be read: ask again before giving up.
    if (now - attempt.beatAt > 2_000 * PING_EVERY_MS) attempt.heardAt = now;
    attempt.beatAt = now;
    if (now - attempt.heardAt >= SILENCE_US) {
      return this.#lose(
        `nothing was heard for ${(now - attempt.heardAt) / 1e6} seconds, not even the answer to a ping`,
        null,
      );
    }
    if (now - attempt.since >= STEADY_US) this.#pauseMs = PAUSE_MIN_MS;
    if (attempt.socket?.readyState === WebSocket.OPEN) attempt.socket.ping();
    this.#beatLater();
  }

  /** Closes our side before anything else: the vendor counts connections. Failed attempts repeat no reason. */
  #lose(reason: string, code: number | null, final = false): void {
    if (this.#attempt === null) return;
    this.#drop();
    this.#ended ||= final;
    if (!this.#ended) {
      const pauseMs = Math.min(PAUSE_MAX_MS, this.#pauseMs * (0.8 + 0.4 * this.#random.nextUnit()));
      this.#pauseMs = Math.min(PAUSE_MAX_MS, this.#pauseMs * 2);
      this.#cancelTimer = this.#options.clock.after(pauseMs, () => this.#connect());
    }
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    this.#listener.lost(reason, code, final);
  }

  #drop(): void {
    this.#cancelTimer();
    const attempt = this.#attempt;
    this.#attempt = null;
    if (attempt === null) return;
    const { socket, stream } = attempt;
    if (socket !== null && socket.readyState !== WebSocket.CLOSED) {
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      this.#closing.add(closed);
      closed.then(() => this.#closing.delete(closed));
    }
    stream.disconnect();
    // A half-open socket would answer a polite close after half a minute, or never.
    socket?.terminate();
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : 'no reason given');
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
