/**
 * Yahoo's chart of one symbol through the vendor's client package: no cookie, no crumb, one call. Whatever goes wrong is
 * a `VenueError` that says whether asking again can help; a number that is not there is never a zero.
 */
import createYahooFinance from 'yahoo-finance2/createYahooFinance';
import chart, { type ChartResultObject } from 'yahoo-finance2/modules/chart';
import type { HostClock } from '../../bus/ports.ts';
import { VenueError } from '../../domain/venue-error.ts';

export interface YahooOptions {
  readonly clock: HostClock;
  /** Another server that speaks Yahoo's form, such as `http://127.0.0.1:8080`. */
  readonly url?: string;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
}

/** Times are microseconds; `from` is included, `to` is not. */
export interface ChartRange {
  readonly from: number;
  readonly to: number;
  readonly interval: '1d' | '1h' | '30m' | '15m' | '5m' | '2m' | '1m';
}

export type AskChart = (yahooSymbol: string, range: ChartRange) => Promise<ChartResultObject>;

const TIMEOUT_MS = 5_000;
/** Twenty years of days are 1.5 MB. */
const ANSWER_BYTES_MAX = 32 * 1_048_576;
const EXCERPT = 120;

const silent = { info() {}, warn() {}, error() {}, debug() {}, dir() {} };
const Client = createYahooFinance({ modules: { chart } });

export function openYahoo(options: YahooOptions): AskChart {
  const client = new Client({
    fetch: boundedFetch(options),
    logger: silent,
    versionCheck: false,
    validation: { logErrors: false, logOptionsErrors: false },
  });
  return async (yahooSymbol, { from, to, interval }) => {
    try {
      return await client.chart(encodeURIComponent(yahooSymbol), {
        period1: new Date(from / 1_000),
        period2: new Date(to / 1_000),
        interval,
        includePrePost: false,
        events: 'div|split',
        return: 'object',
      });
    } catch (error) {
      throw faultOf(error, yahooSymbol);
    }
  };
}

/**
 * The package prints the address of a refused request and waits for ever for a silent one, so both are settled before it
 * sees them: it gets whole answers with status 200, or 4xx that explain themselves in JSON.
 */
function boundedFetch({ clock, url, fetch: given, timeoutMs = TIMEOUT_MS }: YahooOptions): typeof fetch {
  return async (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input);
    const target = url === undefined ? asked : new URL(asked.pathname + asked.search, url);
    const abort = new AbortController();
    const settle = clock.after(timeoutMs, () => abort.abort());
    try {
      const answer = await (given ?? fetch)(target, { ...init, signal: abort.signal });
      const text = await boundedText(answer);
      if (!answer.ok && !(answer.status in OF_THE_SYMBOL && explains(text)))
        throw refusal(answer.status, text);
      return new Response(text, { status: answer.status, headers: answer.headers });
    } catch (error) {
      if (abort.signal.aborted) {
        throw new VenueError('unavailable', `Yahoo did not answer within ${timeoutMs} ms`);
      }
      throw error;
    } finally {
      settle();
    }
  };
}

async function boundedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new VenueError('unreadable', `Yahoo's answer is longer than ${ANSWER_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Yahoo's own form of an error: `{chart: {result: null, error: {code, description}}}`. */
function explains(text: string): boolean {
  try {
    return typeof JSON.parse(text)?.chart?.error?.code === 'string';
  } catch {
    return false;
  }
}

/** Statuses that say something of the symbol asked for, not of Yahoo. */
const OF_THE_SYMBOL: Readonly<Record<number, VenueError['code']>> = {
  400: 'invalid',
  404: 'notFound',
  422: 'invalid',
};
const CODES: Readonly<Record<number, VenueError['code']>> = {
  ...OF_THE_SYMBOL,
  401: 'unauthorised',
  403: 'forbidden',
  429: 'rateLimited',
};

function refusal(status: number, text: string): VenueError {
  const code = CODES[status] ?? (status >= 500 ? 'unavailable' : 'unreadable');
  const excerpt = text.replace(/\s+/g, ' ').trim().slice(0, EXCERPT);
  return new VenueError(code, `Yahoo answered ${status}${excerpt === '' ? '' : `: ${excerpt}`}`, status);
}

interface SchemaFault {
  readonly instancePath?: string;
  readonly message?: string;
  readonly params?: { readonly missing?: readonly string[] };
}

function faultOf(error: unknown, symbol: string): VenueError {
  if (error instanceof VenueError) return error;
  const { name, message, cause } = error as Error & { cause?: Error };
  if (name === 'FailedYahooValidationError') {
    const [first] = (error as { errors?: readonly SchemaFault[] }).errors ?? [];
    const where = [first?.instancePath, first?.message, first?.params?.missing?.join(', ')];
    const what = where.filter((each) => each !== undefined && each !== '').join(' ');
    return new VenueError('unreadable', `Yahoo's answer for ${symbol} has another form: ${what}`);
  }
  if (name === 'BadRequestError') return new VenueError('invalid', `Yahoo: ${symbol}: ${message}`, 400);
  if (/no data found|not found|delisted/i.test(message)) {
    return new VenueError('notFound', `Yahoo knows no ${symbol}: ${message}`, 404);
  }
  if (name === 'TypeError' && message === 'fetch failed') {
    return new VenueError('unavailable', `Yahoo cannot be reached: ${cause?.message ?? message}`);
  }
  return new VenueError(
    'unreadable',
    `Yahoo's answer for ${symbol} cannot be read: ${message.slice(0, EXCERPT)}`,
  );
}
