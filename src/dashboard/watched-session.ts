/**
 * The session that pages look at: a follower of its log in a thread of its own, exchanged when the engine goes on in a new
 * log, and the newest moment as one line of text, made only while somebody looks.
 */
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { LogFollower } from '../../replay/follower.ts';
import type { LogView } from '../../replay/log-view.ts';
import type { EngineMoment } from '../../replay/moment.ts';
import type { EngineHealth } from '../engine/live/engine-health.ts';
import { Newest } from './newest.ts';
import type { PageHealth, PageNews } from './page-api.ts';

interface WatchedSessionParts {
  /** Null where no engine runs: a log that is over. */
  readonly health: () => EngineHealth | null;
}

/** A moment is made at most this often. */
const EVERY_MS = 100;
/** What the engine says of itself without its log moving. */
const HEALTH_EVERY_MS = 1_000;
/** A log that was begun a moment ago may have nothing in it to read yet. */
const ATTEMPTS = 40;
const AGAIN_MS = 250;
/** Pages that follow at a time; each holds a connection. */
export const READERS_MAX = 16;

export class WatchedSession {
  readonly boot = randomBytes(9).toString('base64url');
  readonly news = new Newest<string>();
  readonly #health: () => EngineHealth | null;
  readonly #beat: NodeJS.Timeout;
  /** The log that is to be seen, and the one that is. */
  #wanted: string | null = null;
  #path: string | null = null;
  #follower: LogFollower | null = null;
  #again: NodeJS.Timeout | undefined;
  #moment: EngineMoment | null = null;
  #trouble: string | null = null;
  #readers = 0;
  #saidHealth = '';

  constructor({ health }: WatchedSessionParts) {
    this.#health = health;
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

  /** Null before there is a log. */
  get view(): LogView | null {
    return this.#path === null ? null : this.#follower;
  }

  /** From now on this log is what there is to see, as soon as it can be read: the one before stays until then. */
  follow(path: string): void {
    if (path === this.#wanted) return;
    this.#wanted = path;
    // There is none before the first that could stay.
    this.#path ??= path;
    void this.#turnTo(path, 1);
  }

  /** One more page follows; null where there are too many. The answer takes it off again. */
  join(): (() => void) | null {
    if (this.#readers >= READERS_MAX) return null;
    this.#readers += 1;
    if (this.#readers === 1) this.#watch(EVERY_MS);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#readers -= 1;
      if (this.#readers === 0) this.#watch(null);
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#beat);
    clearTimeout(this.#again);
    this.#wanted = null;
    await this.#follower?.close();
  }

  async #turnTo(path: string, attempt: number): Promise<void> {
    clearTimeout(this.#again);
    this.#follower ??= this.#begin(path);
    try {
      await this.#follower.follow(path);
    } catch (error) {
      if (this.#wanted !== path) return;
      if (attempt < ATTEMPTS) {
        this.#again = setTimeout(() => this.#turnTo(path, attempt + 1), AGAIN_MS);
        this.#again.unref();
        return;
      }
      this.#trouble = error instanceof Error ? error.message : String(error);
      this.#say();
      return;
    }
    if (this.#wanted !== path) return;
    this.#path = path;
    this.#trouble = null;
    if (this.#readers > 0) this.#watch(EVERY_MS);
  }

  #begin(path: string): LogFollower {
    return new LogFollower(path, {
      onMoment: (moment) => {
        this.#moment = moment;
        this.#trouble = null;
        this.#say();
      },
      onFailed: ({ message }) => {
        // Of a log that was never read, whoever turned to it hears.
        if (this.#moment === null) return;
        this.#trouble = message;
        this.#say();
      },
    });
  }

  #watch(everyMs: number | null): void {
    // A follower that failed has said so.
    this.#follower?.watch(everyMs).catch(() => {});
  }

  #lookAtHealth(): void {
    if (this.#readers > 0 && JSON.stringify(this.#pageHealth()) !== this.#saidHealth) this.#say();
  }

  #say(): void {
    const health = this.#pageHealth();
    this.#saidHealth = JSON.stringify(health);
    const { boot, name } = this;
    const news: PageNews = { boot, log: name, health, moment: this.#moment, trouble: this.#trouble };
    this.news.set(JSON.stringify(news));
  }

  /** Without what changes at every look: the log's clock tells that better. */
  #pageHealth(): PageHealth | null {
    const health = this.#health();
    if (health === null) return null;
    const { state, why } = health;
    return { state, why };
  }
}
