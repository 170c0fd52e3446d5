/**
 * The follower's thread: it replays a log once, reads on as that grows, and answers questions between two pieces of reading.
 * Neither the engine's thread nor a server's ever replays.
 */
import { existsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../src/domain/input-error.ts';
import { openLogReader } from '../src/log/log-reader.ts';
import {
  type Answer,
  type Failed,
  failedOf,
  type News,
  type Question,
  type QuestionName,
  type Questions,
} from './follower-protocol.ts';
import { readSession } from './replay.ts';
import { TimeTravel } from './time-travel.ts';

const port = parentPort!;
/** Records read before anybody who asks is heard. */
const SLICE = 8_192;
/** How often a log that has been read to its end is looked at. */
const POLL_MS = 250;
const POLL_MS_MIN = 50;
const NEXT_POLL_MS = 1_000;
const WATCH_MS_MIN = 20;

type Answers = {
  [N in QuestionName]: (with_: Questions[N][0]) => Questions[N][1] | Promise<Questions[N][1]>;
};

class Follower {
  #travel: TimeTravel | null = null;
  /** Questions that came before the log was read to its end for the first time. */
  #waiting: Question[] = [];
  #ready = false;
  /** Why no log could be opened; another may be followed all the same. */
  #failed: Failed | null = null;
  #timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  #saidSeq = 0;
  #everyMs: number | null = null;
  #momentAt = 0;
  #momentSeq = 0;
  #nextLookAt = 0;
  #saidNext = false;

  readonly #answers: Answers = {
    head: () => {
      this.#log.advance(SLICE);
      return this.#log.head;
    },
    moment: (of) => {
      if (of.seq === undefined && of.timeUs === undefined) this.#log.advance(SLICE);
      return this.#log.at(of);
    },
    events: (query) => this.#log.events(query),
    event: (seq) => this.#log.event(seq),
    series: (query) => this.#log.series(query),
    equity: (query) => this.#log.equity(query),
    fills: (query) => this.#log.fills(query),
    follow: async (path) => {
      await this.open(path);
      while (!this.#log.advance(SLICE)) this.#sayProgress();
      this.#isReady();
      return this.#log.head;
    },
    watch: (everyMs) => {
      if (everyMs !== null && !(everyMs >= WATCH_MS_MIN))
        throw new InputError(`moments come at most every ${WATCH_MS_MIN} ms, not every ${everyMs}`);
      this.#everyMs = everyMs;
      this.#momentSeq = 0;
      this.#soon();
      return null;
    },
  };

  get #log(): TimeTravel {
    if (this.#travel === null) throw new InputError('no log is followed');
    return this.#travel;
  }

  /** Takes the place of the one that is followed only when it can be read. */
  async open(path: string): Promise<void> {
    const travel = await TimeTravel.open(path);
    this.#travel?.close();
    this.#travel = travel;
    this.#saidSeq = this.#momentSeq = 0;
    this.#saidNext = false;
    this.#soon();
  }

  ask(question: Question): void {
    if (this.#ready || question.ask === 'follow') void this.#answer(question);
    else if (this.#failed !== null) reply({ id: question.id, failed: this.#failed });
    else this.#waiting.push(question);
  }

  fail(error: unknown): void {
    const failed = failedOf(error);
    this.#failed = failed;
    say({ news: 'failed', failed });
    for (const { id } of this.#waiting.splice(0)) reply({ id, failed });
  }

  async #answer({ id, ask, with: with_ }: Question): Promise<void> {
    try {
      reply({ id, answer: await this.#answers[ask](with_ as never) });
    } catch (error) {
      reply({ id, failed: failedOf(error) });
    }
  }

  /** Reads on at once. */
  #soon(): void {
    this.#stop();
    this.#timer = setImmediate(() => this.#read());
  }

  #stop(): void {
    clearTimeout(this.#timer as NodeJS.Timeout);
    clearImmediate(this.#timer as NodeJS.Immediate);
  }

  #read(): void {
    try {
      const atEnd = this.#log.advance(SLICE);
      if (!this.#ready && !atEnd) this.#sayProgress();
      if (!atEnd) return this.#soon();
      this.#isReady();
      this.#sayNews();
      this.#lookForNext();
      this.#stop();
      this.#timer = setTimeout(() => this.#read(), this.#pollMs);
    } catch (error) {
      this.fail(error);
    }
  }

  get #pollMs(): number {
    return Math.max(POLL_MS_MIN, Math.min(POLL_MS, this.#everyMs ?? POLL_MS));
  }

  #isReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    for (const question of this.#waiting.splice(0)) void this.#answer(question);
  }

  #sayProgress(): void {
    say({ news: 'progress', seq: this.#log.head.seq, of: this.#log.lastSeq });
  }

  #sayNews(): void {
    const { head } = this.#log;
    if (head.seq !== this.#saidSeq) {
      this.#saidSeq = head.seq;
      say({ news: 'head', head });
    }
    const now = performance.now();
    if (this.#everyMs === null || head.seq === this.#momentSeq || now - this.#momentAt < this.#everyMs)
      return;
    this.#momentSeq = head.seq;
    this.#momentAt = now;
    say({ news: 'moment', moment: this.#log.at() });
  }

  /** Said once: whoever asked decides whether to follow. */
  #lookForNext(): void {
    const { head, path, manifest } = this.#log;
    if (this.#saidNext || !head.ended || performance.now() < this.#nextLookAt) return;
    this.#nextLookAt = performance.now() + NEXT_POLL_MS;
    const next = nextPath(path);
    if (!existsSync(next) || !continues(next, manifest.session)) return;
    this.#saidNext = true;
    say({ news: 'next', path: next });
  }
}

/** `paper-x.db` is followed by `paper-x.2.db`, that by `paper-x.3.db`. */
function nextPath(path: string): string {
  const [, stem, n = '1', extension] = /^(.*?)(?:\.(\d+))?(\.[^./\\]*)$/.exec(path)!;
  return `${stem}.${Number(n) + 1}${extension}`;
}

/** A log in which nothing was committed yet is looked at again later. */
function continues(path: string, session: string): boolean {
  try {
    const reader = openLogReader(path);
    try {
      return readSession(reader).manifest.continues === session;
    } finally {
      reader.close();
    }
  } catch {
    return false;
  }
}

const say = (news: News): void => port.postMessage(news);
const reply = (answer: Answer): void => port.postMessage(answer);

const follower = new Follower();
port.on('message', (question: Question) => follower.ask(question));
follower.open((workerData as { path: string }).path).catch((error) => follower.fail(error));
