/**
 * When commits survive a power cut: their pages are synced, and the anchor names the newest of them. At once, for whoever
 * ends a log; or on threads of the pool, one step after the other, while the engine goes on.
 */
import { putStagedAnchor, stageAnchor, writeAnchor } from './anchor.ts';
import type { Commit } from './log-file.ts';
import type { LogSync } from './wal-sync.ts';

/** The anchor follows at least this often while commits come, and before each effect. */
const ANCHOR_INTERVAL_MS = 1_000;
/** Behind by more than this, the disk is waited for: no more than two intervals are ever at risk. */
const BEHIND_MAX_MS = 100;

interface Parts {
  readonly path: string;
  readonly session: string;
  readonly sync: LogSync;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Of what is done in the background; called once, and nothing is done after it. Answers what those who wait are told. */
  readonly onFailure: (error: unknown) => Error;
}

type End = (error: Error | null) => void;

interface Waiting {
  readonly commit: number;
  readonly done: End;
}

export class Durability {
  readonly #parts: Parts;
  #head: Commit;
  #durable: Commit;
  #anchored = -1;
  /** Number of the commit whose anchor is written beside the one that counts, to take its place. */
  #staged = -1;
  #anchoredAt: number;
  /** In the order of their commits. */
  #waiting: Waiting[] = [];
  /** Since when a step is under way; null while none is. */
  #busySince: number | null = null;
  #isOver = false;

  constructor(parts: Parts, head: Commit) {
    this.#parts = parts;
    this.#head = this.#durable = head;
    this.#anchoredAt = parts.now();
  }

  /** The newest commit that is known to survive. */
  get durable(): Commit {
    return this.#durable;
  }

  /** Throws where the disk refuses; as all here that does not say otherwise. */
  syncNow(head: Commit): void {
    this.#head = head;
    if (this.#durable.n >= head.n) return;
    this.#parts.sync.now();
    this.#durable = head;
  }

  /** Of what is durable. */
  anchorNow(): void {
    const { path, session, now } = this.#parts;
    if (this.#anchored !== this.#durable.n) writeAnchor(path, session, this.#durable);
    this.#anchored = this.#durable.n;
    this.#anchoredAt = now();
  }

  get isAnchorDue(): boolean {
    return this.#parts.now() - this.#anchoredAt >= ANCHOR_INTERVAL_MS;
  }

  /** Lets the disk follow while the engine goes on, as long as it keeps up. */
  follow(head: Commit): void {
    this.#head = head;
    const { now } = this.#parts;
    if (this.#busySince !== null && now() - this.#busySince >= BEHIND_MAX_MS) this.syncNow(head);
    else this.#step();
  }

  /** Tells on a later turn of the event loop that a commit survives, and is anchored; or why it may not. */
  whenDurable(head: Commit, done: End): void {
    this.#head = head;
    this.#waiting.push({ commit: head.n, done });
    this.#step();
  }

  /** Nobody is told anything after this. */
  close(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#parts.sync.close();
  }

  // --- one step after the other ----------------------------------------------------------------------------------

  #step(): void {
    if (this.#busySince !== null || this.#isOver) return;
    const head = this.#head;
    const anchors = this.#waiting.length > 0 || this.isAnchorDue;
    // First of all, whatever was committed meanwhile: on a disk slower than commits come, who waits would wait for ever.
    if (anchors && this.#staged > this.#anchored && this.#staged <= this.#durable.n)
      return this.#put(this.#staged);
    if (this.#durable.n < head.n) return this.#sync(head, anchors);
    if (anchors && this.#anchored < head.n) return this.#stage(head);
    // All of it was made durable at once meanwhile, or held nothing new.
    if (this.#waiting.length > 0) this.#begin((end) => void setImmediate(end, null));
  }

  /** The anchor that is to name the commit is written in the same time, and takes its place only after. */
  #sync(head: Commit, stages: boolean): void {
    const { path, session, sync } = this.#parts;
    const start = (end: End): void => {
      const each = stages ? bothThen(end) : end;
      sync.soon(each);
      if (stages) stageAnchor(path, session, head, each);
    };
    this.#begin(start, () => {
      if (head.n > this.#durable.n) this.#durable = head;
      if (stages) this.#staged = head.n;
    });
  }

  #stage(head: Commit): void {
    const { path, session } = this.#parts;
    const then = () => {
      this.#staged = head.n;
    };
    this.#begin((end) => stageAnchor(path, session, head, end), then);
  }

  #put(staged: number): void {
    this.#anchoredAt = this.#parts.now();
    const then = () => {
      this.#anchored = Math.max(this.#anchored, staged);
    };
    this.#begin((end) => putStagedAnchor(this.#parts.path, end), then);
  }

  #begin(start: (end: End) => void, then: () => void = () => {}): void {
    this.#busySince = this.#parts.now();
    const end: End = (error) => {
      this.#busySince = null;
      if (this.#isOver) return;
      if (error !== null) return this.#fail(error);
      then();
      this.#release();
      this.#step();
    };
    try {
      start(end);
    } catch (error) {
      setImmediate(end, error as Error);
    }
  }

  #release(): void {
    const reached = Math.min(this.#durable.n, this.#anchored);
    while (this.#waiting.length > 0 && this.#waiting[0].commit <= reached) this.#waiting.shift()!.done(null);
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    const waiting = this.#waiting;
    const failure = this.#parts.onFailure(error);
    for (const { done } of waiting) done(failure);
  }
}

/** Called twice, it ends once, with the first that went wrong. */
function bothThen(end: End): End {
  let isFirst = true;
  let failed: Error | null = null;
  return (error) => {
    failed ??= error;
    if (!isFirst) end(failed);
    isFirst = false;
  };
}
