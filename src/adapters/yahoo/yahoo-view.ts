/**
 * Prices to look at while a primary feed is away: on a failover Yahoo is asked for the feed's symbols, one after the
 * other, until the feed is live again. When Yahoo fails too, that is said, and asked again more and more seldom.
 */
import type { HostClock, InputLane, LiveEdge } from '../../bus/ports.ts';
import { createRandom, type Random } from '../../domain/random.ts';
import { VenueError } from '../../domain/venue-error.ts';
import { asViewPx } from '../../domain/view-px.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import {
  type FeedName,
  FeedStatusChanged,
  type ViewQuoted as Quoted,
  ViewQuoted,
  ViewSourceChanged,
} from '../../events/feed.events.ts';
import { type AskChart, openYahoo, type YahooOptions } from './yahoo-chart.ts';
import { yahooSymbolOf } from './yahoo-symbol.ts';

export interface YahooViewOptions extends YahooOptions {
  readonly lane: InputLane;
  readonly clock: HostClock;
  /** Whose prices a feed carries, the most important first. */
  readonly symbolsOf: (feed: FeedName) => readonly string[];
  readonly callsPerMinute?: number;
  /** Between the beginnings of two rounds over all symbols. */
  readonly roundMs?: number;
  readonly seed?: number;
}

type Status = 'idle' | 'polling' | 'degraded' | 'failed';

const SOURCE = 'yahoo';
const MINUTE_US = 60_000_000;
const DAY_US = 86_400_000_000;
/** Long enough that the close before a long weekend lies in it. */
const LOOK_BACK_US = 7 * DAY_US;
const BACK_OFF_MIN_MS = 1_000;
const BACK_OFF_MAX_MS = 60_000;
/** Waits are this share longer or shorter, so that many engines do not ask at once. */
const JITTER = 0.2;
/** Failures in a row after which the source counts as failed rather than degraded. */
const FAILURES_MAX = 3;
const NAMES_SHOWN = 5;

export class YahooView implements LiveEdge {
  readonly performs = [FeedStatusChanged.type];
  readonly #options: YahooViewOptions;
  readonly #ask: AskChart;
  readonly #random: Random;
  /** Feeds that are away. */
  readonly #feeds = new Set<FeedName>();
  /** What is left of this round, and what went wrong in it by symbol. */
  #queue: string[] = [];
  readonly #faults = new Map<string, string>();
  #answered = 0;
  #roundAt = 0;
  /** Beginnings of the calls of the last minute. */
  readonly #calls: number[] = [];
  readonly #last = new Map<string, { readonly px: number; readonly asOf: number }>();
  #failures = 0;
  #status: Status = 'idle';
  #reason = '';
  #cause: number | null = null;
  #asking = false;
  #stopped = false;
  #cancelTimer: () => void = () => {};

  constructor(options: YahooViewOptions) {
    this.#options = options;
    this.#ask = openYahoo(options);
    this.#random = createRandom(options.seed ?? 1);
  }

  start(): void {}

  perform(effect: StoredEvent): void {
    const { feed, to } = effect.payload as FeedStatusChanged;
    if (this.#stopped || feed === 'orders') return;
    if (to === 'failover' && !this.#feeds.has(feed)) {
      this.#feeds.add(feed);
      this.#begin(effect.seq);
    } else if (to === 'live' && this.#feeds.delete(feed)) {
      this.#cause = effect.seq;
      if (this.#feeds.size === 0) this.#rest();
      else this.#startRound();
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
  }

  #begin(cause: number): void {
    this.#cause = cause;
    this.#failures = 0;
    this.#say('polling', `stands in for ${[...this.#feeds].join(' and ')}`);
    this.#startRound();
  }

  #rest(): void {
    this.#cancelTimer();
    this.#queue = [];
    this.#last.clear();
    this.#say('idle', 'the primary feed is back');
  }

  #startRound(): void {
    const { clock, symbolsOf } = this.#options;
    this.#queue = [...new Set([...this.#feeds].flatMap((feed) => symbolsOf(feed)))];
    this.#faults.clear();
    this.#answered = 0;
    this.#roundAt = clock.now();
    this.#next(0);
  }

  /** Goes on after a wait, and not before the minute has room for another call. */
  #next(delayMs: number): void {
    const { clock, callsPerMinute = 60 } = this.#options;
    this.#cancelTimer();
    if (this.#asking) return;
    const now = clock.now();
    while (this.#calls.length > 0 && this.#calls[0] <= now - MINUTE_US) this.#calls.shift();
    const full = this.#calls.length >= callsPerMinute;
    const roomMs = full ? Math.ceil((this.#calls[0] + MINUTE_US - now) / 1_000) : 0;
    this.#cancelTimer = clock.after(Math.max(delayMs, roomMs), () => this.#step());
  }

  #step(): void {
    if (this.#stopped || this.#feeds.size === 0) return;
    const [symbol] = this.#queue;
    if (symbol === undefined) {
      this.#endRound();
      return;
    }
    const yahooSymbol = yahooSymbolOf(symbol);
    if (yahooSymbol === null) {
      this.#queue.shift();
      this.#faults.set(symbol, 'has no name at Yahoo that we know');
      this.#next(0);
      return;
    }
    const { clock } = this.#options;
    const now = clock.now();
    this.#calls.push(now);
    this.#asking = true;
    const from = now - LOOK_BACK_US;
    this.#ask(yahooSymbol, { from, to: now, interval: '1d' })
      .then((chart) => quotedOf(symbol, chart, from, now))
      .then(
        (quoted) => this.#heard(symbol, quoted),
        (error: unknown) => this.#missed(symbol, error as Error),
      );
  }

  #heard(symbol: string, { quoted, px }: Answer): void {
    this.#asking = false;
    if (this.#stopped || this.#feeds.size === 0) return;
    this.#settled(symbol);
    this.#failures = 0;
    this.#answered += 1;
    const last = this.#last.get(symbol);
    if (last?.px !== px || last.asOf !== quoted.asOf) {
      this.#last.set(symbol, { px, asOf: quoted.asOf });
      this.#options.lane.input(ViewQuoted.of(quoted), {
        source: SOURCE,
        time: quoted.asOf,
        causation: this.#cause,
      });
    }
    this.#next(0);
  }

  #missed(symbol: string, error: Error): void {
    this.#asking = false;
    if (this.#stopped || this.#feeds.size === 0) return;
    if (error instanceof VenueError && !isOfTheSource(error)) {
      this.#settled(symbol);
      this.#faults.set(symbol, error.message);
      this.#next(0);
      return;
    }
    this.#failures += 1;
    this.#say(this.#failures >= FAILURES_MAX ? 'failed' : 'degraded', error.message);
    this.#next(this.#backOffMs());
  }

  /** The symbol may be gone from the queue: the feeds changed while Yahoo was asked. */
  #settled(symbol: string): void {
    if (this.#queue[0] === symbol) this.#queue.shift();
  }

  #endRound(): void {
    const { clock, roundMs = 5_000 } = this.#options;
    const restMs = roundMs - (clock.now() - this.#roundAt) / 1_000;
    let waitMs = Math.max(0, restMs);
    if (this.#faults.size === 0) {
      this.#say('polling', `stands in for ${[...this.#feeds].join(' and ')}`);
    } else if (this.#answered > 0) {
      this.#say('degraded', this.#faultSentence());
    } else {
      // Yahoo answers and nothing of it can be used: as good as no answer.
      this.#say('failed', this.#faultSentence());
      this.#failures += 1;
      waitMs = Math.max(waitMs, this.#backOffMs());
    }
    this.#cancelTimer = clock.after(waitMs, () => this.#startRound());
  }

  #faultSentence(): string {
    const faults = [...this.#faults];
    const [[symbol, first]] = faults;
    const others = faults.slice(1, NAMES_SHOWN).map(([each]) => each);
    const more = faults.length - 1 - others.length;
    const rest = [...others, ...(more > 0 ? [`${more} more`] : [])].join(', ');
    return `no price for ${symbol} (${first})${rest === '' ? '' : `, nor for ${rest}`}`;
  }

  /** 1 s after the first failure, twice as long after each other one. */
  #backOffMs(): number {
    const doubled = BACK_OFF_MIN_MS * 2 ** Math.min(this.#failures - 1, 10);
    const jitter = 1 + JITTER * (2 * this.#random.nextUnit() - 1);
    return Math.round(Math.min(BACK_OFF_MAX_MS, doubled) * jitter);
  }

  #say(status: Status, reason: string): void {
    if (status === this.#status && reason === this.#reason) return;
    this.#status = status;
    this.#reason = reason;
    const { clock, lane } = this.#options;
    const since = new Date(clock.now() / 1_000).toISOString();
    lane.input(ViewSourceChanged.of({ source: SOURCE, status, detail: `${reason}, since ${since}` }), {
      source: SOURCE,
      causation: this.#cause,
    });
  }
}

const isOfTheSource = ({ code }: VenueError): boolean =>
  code === 'unauthorised' || code === 'forbidden' || code === 'rateLimited' || code === 'unavailable';

interface Answer {
  readonly quoted: Quoted;
  readonly px: number;
}

type Chart = Awaited<ReturnType<AskChart>>;

/** A price that is not there, or is no price, is a failure of this symbol. */
function quotedOf(
  symbol: string,
  { meta, timestamp = [], indicators }: Chart,
  from: number,
  now: number,
): Answer {
  const { regularMarketPrice: px, regularMarketTime, gmtoffset } = meta;
  const asOf = regularMarketTime.getTime() * 1_000;
  if (!(px > 0 && Number.isFinite(px))) {
    throw new VenueError('unreadable', `Yahoo's price of ${symbol} is ${px}; it must be above 0`);
  }
  if (!(asOf > 0 && asOf <= now + DAY_US)) {
    throw new VenueError('unreadable', `Yahoo's time for ${symbol} is ${regularMarketTime.toISOString()}`);
  }
  const dayOf = (seconds: number) => Math.floor((seconds + gmtoffset) / 86_400);
  const today = dayOf(asOf / 1_000_000);
  const closes = indicators.quote[0]?.close ?? [];
  const before = timestamp.findLastIndex(
    (seconds, i) => dayOf(seconds) < today && seconds * 1_000_000 >= from && (closes[i] ?? 0) > 0,
  );
  const previousClosePx = before < 0 ? null : asViewPx(closes[before]!);
  return { quoted: { symbol, viewPx: asViewPx(px), asOf, previousClosePx }, px };
}
