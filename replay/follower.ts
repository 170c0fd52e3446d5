/**
 * Follows a log in a thread of its own and answers for it: moments, events, causes and series, while the log grows. What
 * is asked before the log was read for the first time is answered then.
 */
import type { Worker } from 'node:worker_threads';
import { type Answer, errorOf, type News, type QuestionName, type Questions } from './follower-protocol.ts';
import type {
  CurveQuery,
  EquityCurve,
  EventDetail,
  EventPage,
  EventQuery,
  FillPoint,
  LogView,
  SeriesQuery,
  SpanQuery,
  SymbolSeries,
} from './log-view.ts';
import type { EngineMoment, LogHeadNow, MomentOf } from './moment.ts';
import { startWorker } from './worker-thread.ts';

export interface FollowerNews {
  /** The log has grown, at most some times a second. */
  readonly onHead?: (head: LogHeadNow) => void;
  /** The newest moment, as `watch` asked for it. */
  readonly onMoment?: (moment: EngineMoment) => void;
  /** How far the first reading has come. */
  readonly onProgress?: (seq: number, of: number) => void;
  /** The session has ended and the next one of its chain has a log: `follow` it, or stay. */
  readonly onNext?: (path: string) => void;
  /** The log cannot be followed any further, in one sentence. */
  readonly onFailed?: (error: Error) => void;
}

interface Asked {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class LogFollower implements LogView {
  readonly #worker: Worker;
  readonly #news: FollowerNews;
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;
  #gone: Error | null = null;

  /** Begins to read at once. A log that cannot be read is said by every answer, and by `onFailed`. */
  constructor(path: string, news: FollowerNews = {}) {
    this.#news = news;
    this.#worker = startWorker(
      { beside: import.meta.url, name: 'follower.worker', builtIn: 'replay' },
      { path },
    );
    this.#worker.on('message', (message: Answer | News) => this.#hear(message));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the follower has ended')));
    // Whoever only looks does not keep a process alive.
    this.#worker.unref();
  }

  head(): Promise<LogHeadNow> {
    return this.#ask('head', undefined);
  }
  moment(of: MomentOf = {}): Promise<EngineMoment> {
    return this.#ask('moment', of);
  }
  events(query: EventQuery = {}): Promise<EventPage> {
    return this.#ask('events', query);
  }
  event(seq: number): Promise<EventDetail> {
    return this.#ask('event', seq);
  }
  series(query: SeriesQuery): Promise<SymbolSeries> {
    return this.#ask('series', query);
  }
  equity(query: CurveQuery = {}): Promise<EquityCurve> {
    return this.#ask('equity', query);
  }
  fills(query: SpanQuery = {}): Promise<readonly FillPoint[]> {
    return this.#ask('fills', query);
  }

  /** Follows another log from now on, such as the next session's; the one before stays where this one cannot be read. */
  follow(path: string): Promise<LogHeadNow> {
    return this.#ask('follow', path);
  }

  /** The newest moment comes by `onMoment` whenever the log has grown, at most every so many milliseconds; null: no more. */
  async watch(everyMs: number | null): Promise<void> {
    await this.#ask('watch', everyMs);
  }

  async close(): Promise<void> {
    this.#end(new Error('the follower was closed'));
    await this.#worker.terminate();
  }

  #ask<N extends QuestionName>(ask: N, with_: Questions[N][0]): Promise<Questions[N][1]> {
    if (this.#gone !== null) return Promise.reject(this.#gone);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, ask, with: with_ });
    });
  }

  #hear(message: Answer | News): void {
    // An answer that comes while it closes would let go of a thread that is waited for.
    if (this.#gone !== null) return;
    if ('news' in message) return this.#tell(message);
    const asked = this.#asked.get(message.id);
    this.#asked.delete(message.id);
    if (this.#asked.size === 0) this.#worker.unref();
    if ('failed' in message) asked?.reject(errorOf(message.failed));
    else asked?.resolve(message.answer);
  }

  #tell(news: News): void {
    const { onHead, onMoment, onProgress, onNext, onFailed } = this.#news;
    switch (news.news) {
      case 'head':
        return onHead?.(news.head);
      case 'moment':
        return onMoment?.(news.moment);
      case 'progress':
        return onProgress?.(news.seq, news.of);
      case 'next':
        return onNext?.(news.path);
      case 'failed': {
        const error = errorOf(news.failed);
        onFailed?.(error);
      }
    }
  }

  /** Nobody waits for an answer that cannot come. */
  #end(error: Error): void {
    if (this.#gone !== null) return;
    this.#gone = error;
    for (const { reject } of this.#asked.values()) reject(error);
    this.#asked.clear();
  }
}
