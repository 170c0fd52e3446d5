/**
 * Where Alpaca is reached, with which keys, and what every call to it may end in: its answer, read by a schema, or one
 * `VenueError` without a secret in it. Nothing that changes something at the venue is ever sent twice from here.
 */
import { errors, marketData, trading } from '@alpacahq/alpaca-trade-api';
import type { z } from 'zod';
import type { HostClock } from '../../bus/ports.ts';
import { schemaSentence } from '../../domain/schema-sentence.ts';
import { VenueError } from '../../domain/venue-error.ts';
import { CallBudget, type CallPriority } from './rate-limit.ts';

export interface AlpacaCredentials {
  readonly keyId: string;
  readonly secret: string;
}

/** Roots without a path for REST, whole addresses for streams. */
export interface AlpacaEndpoints {
  readonly tradingUrl: string;
  readonly dataUrl: string;
  readonly ordersStreamUrl: string;
  readonly stocksStreamUrl: string;
  readonly optionsStreamUrl: string;
  readonly cryptoStreamUrl: string;
}

export interface EndpointOptions {
  readonly mode: 'paper' | 'live';
  readonly stockFeed: 'iex' | 'sip';
  readonly optionFeed: 'indicative' | 'opra';
  /** One server that speaks all of Alpaca's protocols, `http://127.0.0.1:8765`; null for Alpaca itself. */
  readonly simulatorUrl: string | null;
}

export function alpacaEndpoints(options: EndpointOptions): AlpacaEndpoints {
  const { mode, optionFeed, simulatorUrl, stockFeed } = options;
  const tradingUrl =
    simulatorUrl ?? (mode === 'live' ? trading.TRADING_LIVE_HOST : trading.TRADING_PAPER_HOST);
  const streamUrl = simulatorUrl ?? 'https://stream.data.alpaca.markets';
  const socket = (root: string, path: string) => `${root.replace(/^http/, 'ws')}${path}`;
  return {
    tradingUrl,
    dataUrl: simulatorUrl ?? 'https://data.alpaca.markets',
    ordersStreamUrl: socket(tradingUrl, '/stream'),
    stocksStreamUrl: socket(streamUrl, `/v2/${stockFeed}`),
    optionsStreamUrl: socket(streamUrl, `/v1beta1/${optionFeed}`),
    cryptoStreamUrl: socket(streamUrl, '/v1beta3/crypto/us'),
  };
}

export interface AlpacaClientOptions {
  readonly credentials: AlpacaCredentials;
  readonly endpoints: AlpacaEndpoints;
  readonly clock: HostClock;
  /** How long one answer may take. */
  readonly timeoutMs?: number;
  /** The venue's limit on trading calls, and what of it is kept for cancels. Market data have a limit of their own. */
  readonly callsPerMinute?: number;
  readonly callsKeptForCancels?: number;
  readonly fetch?: typeof fetch;
}

/** What the package's `...Raw` methods answer: the response, its body unread. */
type Answer = Promise<{ readonly raw: Response }>;

export interface Call<T> {
  /** For messages: `submit order 12`. */
  readonly what: string;
  readonly priority: CallPriority;
  /** Loose on what is unknown; null where the answer has no body. */
  readonly schema: z.ZodType<T>;
  /** One method of the package, given what carries the time-out. */
  readonly send: (init: { readonly signal: AbortSignal }) => Answer;
  readonly timeoutMs?: number;
  /** How long it may wait for its turn; then it is refused without having been sent. */
  readonly waitMs?: number;
}

const TIMEOUT_MS = 5_000;
const RETRY_MS = 250;
const SAID_MAX = 300;

export class AlpacaClient {
  readonly endpoints: AlpacaEndpoints;
  readonly clock: HostClock;
  /** For the package's REST classes: `new trading.OrdersApi(client.trading)`. The keys are not in them. */
  readonly trading: trading.Configuration;
  readonly data: marketData.Configuration;
  readonly #credentials: AlpacaCredentials;
  readonly #secrets: readonly string[];
  readonly #timeoutMs: number;
  readonly #budgets: { readonly trading: CallBudget; readonly data: CallBudget };

  constructor(options: AlpacaClientOptions) {
    const { callsKeptForCancels = 50, callsPerMinute = 200, clock, credentials, endpoints } = options;
    this.endpoints = endpoints;
    this.clock = clock;
    this.#credentials = credentials;
    this.#secrets = formsOf(credentials);
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#budgets = {
      trading: new CallBudget({ clock, perMinute: callsPerMinute, keptForCancels: callsKeptForCancels }),
      data: new CallBudget({ clock, perMinute: callsPerMinute, keptForCancels: 0 }),
    };
    const fetched = options.fetch ?? fetch;
    const headers = { 'APCA-API-KEY-ID': credentials.keyId, 'APCA-API-SECRET-KEY': credentials.secret };
    const fetchApi = (url: string, init: RequestInit) =>
      fetched(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } });
    // The package's own time-outs run on the machine's clock: ours run on the host's, which may be a simulated one.
    const shared = { fetchApi, timeoutMs: 0 };
    this.trading = new trading.Configuration({ ...shared, basePath: endpoints.tradingUrl });
    this.data = new marketData.Configuration({ ...shared, basePath: endpoints.dataUrl });
  }

  /** For the streams, which send them in their first message. */
  credentials(): AlpacaCredentials {
    return this.#credentials;
  }

  /** Asks for something and changes nothing: once more where the first answer was lost. */
  async read<T>(call: Call<T>): Promise<T> {
    try {
      return await this.once(call);
    } catch (error) {
      if (!(error instanceof VenueError) || !error.transient || error.code === 'rateLimited') throw error;
      await new Promise<void>((resolve) => this.clock.after(RETRY_MS, resolve));
      return await this.once(call);
    }
  }

  /** Sent once and never again, whatever comes of it. */
  async once<T>(call: Call<T>): Promise<T> {
    const budget = this.#budgets[call.priority === 'data' ? 'data' : 'trading'];
    const timeoutMs = call.timeoutMs ?? this.#timeoutMs;
    if (!(await budget.turn(call.priority, call.waitMs ?? timeoutMs))) {
      throw new VenueError('rateLimited', `${call.what}: not sent, the venue's call budget is used up`);
    }
    const abort = new AbortController();
    const stop = this.clock.after(timeoutMs, () => abort.abort());
    try {
      const { raw } = await call.send({ signal: abort.signal });
      const text = await raw.text();
      return readBody(call, raw.status, text);
    } catch (error) {
      throw await this.#venueError(call.what, error, abort.signal.aborted ? timeoutMs : null, budget);
    } finally {
      stop();
    }
  }

  /** The same text without the keys in it, plain or encoded. */
  redact(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
  }

  async #venueError(
    what: string,
    error: unknown,
    timedOutMs: number | null,
    budget: CallBudget,
  ): Promise<VenueError> {
    if (error instanceof VenueError)
      return new VenueError(error.code, this.redact(error.message), error.status);
    if (timedOutMs !== null)
      return new VenueError('unavailable', `${what}: no answer within ${timedOutMs} ms`);
    if (!(error instanceof errors.ApiError)) {
      return new VenueError('unavailable', this.redact(`${what}: the connection failed (${causeOf(error)})`));
    }
    const { response, status } = error;
    if (status === 429) budget.refusedUntil(resetOf(response.headers, this.clock.now()));
    const said = await sentenceOf(response);
    if (said === null) {
      return new VenueError('unreadable', `${what}: HTTP ${status} with a body that cannot be read`, status);
    }
    return new VenueError(codeOf(status), this.redact(`${what}: HTTP ${status}, ${said}`), status);
  }
}

function readBody<T>(call: Call<T>, status: number, text: string): T {
  let body: unknown = null;
  try {
    if (text !== '') body = JSON.parse(text);
  } catch {
    throw new VenueError('unreadable', `${call.what}: HTTP ${status} with a body that is not JSON`, status);
  }
  const read = call.schema.safeParse(body);
  if (read.success) return read.data;
  throw new VenueError('unreadable', schemaSentence(read.error, call.what, body).slice(0, SAID_MAX), status);
}

function codeOf(status: number): VenueError['code'] {
  if (status === 401) return 'unauthorised';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'notFound';
  if (status === 429) return 'rateLimited';
  // Too slow or too early (408, 425): it may be under way, as with a fault of the server.
  if (status === 408 || status === 425 || status >= 500) return 'unavailable';
  return 'invalid';
}

/** The venue's own words, or null where the body is not the `{code, message}` it documents. */
async function sentenceOf(response: Response): Promise<string | null> {
  try {
    const body = (await response.json()) as { code?: unknown; message?: unknown } | null;
    if (typeof body?.message !== 'string') return null;
    const code = typeof body.code === 'number' || typeof body.code === 'string' ? ` (${body.code})` : '';
    return `${body.message}${code}`.slice(0, SAID_MAX);
  } catch {
    return null;
  }
}

/** When calls are taken again, microseconds, by either header the venue may send; a second from now where it says nothing. */
function resetOf(headers: Headers, now: number): number {
  const reset = Number(headers.get('X-RateLimit-Reset') ?? Number.NaN);
  if (reset > 0) return reset * 1_000_000;
  const retryAfter = Number(headers.get('Retry-After') ?? Number.NaN);
  return now + (retryAfter > 0 ? retryAfter : 1) * 1_000_000;
}

/** Node says what failed two causes deep; its outer message is always `fetch failed`. */
function causeOf(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  if (!(at instanceof Error)) return 'of no known cause';
  const { code } = at as { code?: unknown };
  return typeof code === 'string' ? code : at.message;
}

function formsOf({ keyId, secret }: AlpacaCredentials): readonly string[] {
  return [keyId, secret]
    .filter((each) => each !== '')
    .flatMap((each) => [each, encodeURIComponent(each), Buffer.from(each).toString('base64')]);
}
