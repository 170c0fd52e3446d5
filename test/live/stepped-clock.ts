/** A host clock that moves when a test says so: a virtual day passes in seconds, the same way each time. */
import type { HostClock } from '../../src/bus/ports.ts';

interface Waiting {
  readonly at: number;
  readonly run: () => void;
}

export class SteppedClock implements HostClock {
  #now: number;
  #waiting: Waiting[] = [];

  /** `startAt`: microseconds. */
  constructor(startAt: number) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.round(Math.max(0, delayMs) * 1_000), run };
    const later = this.#waiting.findIndex(({ at }) => at > timer.at);
    this.#waiting.splice(later < 0 ? this.#waiting.length : later, 0, timer);
    return () => {
      this.#waiting = this.#waiting.filter((each) => each !== timer);
    };
  }

  /** Timers that wait: a leak grows it. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Moves on at once, as after a sleep: what was due meanwhile runs now, once. */
  jump(ms: number): void {
    this.#now += Math.round(ms * 1_000);
    this.advance(0);
  }

  /** Moves on, running what is due on the way in the order of its deadlines, and what that arms within the step. */
  advance(ms: number): void {
    const until = this.#now + Math.round(ms * 1_000);
    while (this.#waiting.length > 0 && this.#waiting[0].at <= until) {
      const { at, run } = this.#waiting.shift()!;
      this.#now = Math.max(this.#now, at);
      run();
    }
    this.#now = until;
  }
}
