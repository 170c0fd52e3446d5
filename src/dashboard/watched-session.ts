/**
 * The session that pages look at: a follower of its log in a thread of its own, exchanged when the engine goes on in a new
 * log, and the newest moment as one line of text, made only while somebody looks.
 */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { LogView } from '../../replay/log-view.ts';
import type { LogHeadNow } from '../../replay/moment.ts';
import type { EngineHealth } from '../engine/live/engine-health.ts';
import { Newest } from './newest.ts';
import type { PageHealth, PageNews } from './page-api.ts';

/** A log's view that tells when the log has grown. */
export interface WatchedLog extends LogView {
  /** The answer ends it. */
  watch(onHead: (head: LogHeadNow) => void): () => void;
  close(): Promise<void>;
}

export interface WatchedSessionParts {
  readonly openLog: (path: string) => Promise<WatchedLog>;
  /** Null where no engine runs: a log that is over. */
  readonly health: () => EngineHealth | null;
  /** A moment is made at most this often. */
  readonly everyMs?: number;
}

const EVERY_MS = 100;
/** What the engine says of itself without its log moving. */
const HEALTH_EVERY_MS = 1_000;
const OPEN_ATTEMPTS = 20;
const OPEN_AGAIN_MS = 250;
/** Pages that follow at a time; each holds a connection. */
export const READERS_MAX = 16;

export class WatchedSession {
  readonly boot = randomBytes(9).toString('base64url');
  readonly news = new Newest<string>();
  readonly #parts: WatchedSessionParts;
  #path: string | null = null;
  #log: Promise<WatchedLog> | null = null;
  #unwatch = () => {};
  #readers = 0;
  #isMaking = false;
  #isStale = false;
  #said = '';
  #closed = false;
  readonly #beat: NodeJS.Timeout;

  constructor(parts: WatchedSessionParts) {
    this.#parts = parts;
    this.#beat = setInterval(() => this.#lookAtHealth(), HEALTH_EVERY_MS);
    this.#beat.unref();
  }

  /** The log's file; null before the first one. */
  get path(): string | null {
    return this.#path;
  }

  get name(): string | null {
    return this.#path === null ? null : basename(this.#path);
  }

  /** From now on this log is what there is to see. */
  follow(path: string): void {
    if (this.#closed || path === this.#path) return;
    const before = this.#log;
    this.#unwatch();
    this.#unwatch = () => {};
    this.#path = path;
    const log = this.#open(path);
    this.#log = log;
    log.then(
      (opened) => {
        if (this.#log !== log || this.#closed) return;
        this.#unwatch = opened.watch(() => this.#refresh());
        this.#refresh();
      },
      () => this.#refresh(),
    );
    void before?.then((opened) => opened.close()).catch(() => {});
  }

  /** Null before there is a log. Rejects where it cannot be read. */
  view(): Promise<LogView> | null {
    return this.#log;
  }

  /** One more page follows; null where there are too many. The answer takes it off again. */
  join(): (() => void) | null {
    if (this.#readers >= READERS_MAX) return null;
    this.#readers += 1;
    this.#refresh();
    let left = false;
    return () => {
      if (!left) this.#readers -= 1;
      left = true;
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#beat);
    this.#unwatch();
    await this.#log?.then((opened) => opened.close()).catch(() => {});
  }

  /** A log that was begun a moment ago may have nothing in it to read yet. */
  async #open(path: string): Promise<WatchedLog> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#parts.openLog(path);
      } catch (error) {
        if (attempt === OPEN_ATTEMPTS || this.#path !== path || this.#closed) throw error;
        await later(OPEN_AGAIN_MS);
      }
    }
  }

  #lookAtHealth(): void {
    if (this.#readers > 0 && JSON.stringify(this.#health()) !== this.#said) this.#refresh();
  }

  #refresh(): void {
    this.#isStale = true;
    if (this.#isMaking || this.#closed || this.#readers === 0) return;
    this.#isMaking = true;
    void this.#make();
  }

  async #make(): Promise<void> {
    while (this.#isStale && this.#readers > 0 && !this.#closed) {
      this.#isStale = false;
      const news = await this.#newsNow();
      if (news !== null) this.news.set(JSON.stringify(news));
      await later(this.#parts.everyMs ?? EVERY_MS);
    }
    this.#isMaking = false;
  }

  async #newsNow(): Promise<PageNews | null> {
    const { name } = this;
    if (name === null) return null;
    const log = this.#log!;
    const health = this.#health();
    this.#said = JSON.stringify(health);
    const of = { boot: this.boot, log: name, health };
    try {
      const moment = await (await log).moment({});
      return this.#log === log ? { ...of, moment, trouble: null } : null;
    } catch (error) {
      return { ...of, moment: null, trouble: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Without what changes at every look: the log's clock tells that better. */
  #health(): PageHealth | null {
    const health = this.#parts.health();
    if (health === null) return null;
    const { state, why, lagUs, backlog } = health;
    return { state, why, lagUs: Math.round(lagUs / 1e6) * 1e6, backlog };
  }
}

const later = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
