/**
 * The calls a venue lets us make in a minute, shared out by what they are for: cancels may use them all, everything
 * else leaves some to what is more urgent. A call that gets no turn in its time is refused here and never sent late.
 */
import type { HostClock } from '../../bus/ports.ts';

/** Most urgent first. `data` is what has a limit of its own beside trading. */
const priorities = ['cancel', 'submit', 'lookup', 'read', 'data'] as const;
export type CallPriority = (typeof priorities)[number];

/** Reserves left untouched by each, in units of what is kept for cancels. */
const LEAVES: Readonly<Record<CallPriority, number>> = {
  cancel: 0,
  submit: 1,
  lookup: 1.5,
  read: 2,
  data: 0,
};

const MINUTE_US = 60_000_000;

interface Waiting {
  readonly rank: number;
  readonly limit: number;
  readonly go: (granted: boolean) => void;
}

export class CallBudget {
  readonly #clock: HostClock;
  readonly #perMinute: number;
  readonly #kept: number;
  /** When the calls of the last minute were made, oldest first. */
  readonly #made: number[] = [];
  /** By urgency, then by arrival. */
  #waiting: Waiting[] = [];
  #closedUntil = 0;
  #stopTimer: (() => void) | null = null;

  constructor(options: {
    readonly clock: HostClock;
    readonly perMinute: number;
    readonly keptForCancels: number;
  }) {
    this.#clock = options.clock;
    this.#perMinute = options.perMinute;
    this.#kept = options.keptForCancels;
  }

  /** Waits for a turn; false where none came within `waitMs`: the call must not be made. */
  turn(priority: CallPriority, waitMs: number): Promise<boolean> {
    const limit = Math.max(1, Math.floor(this.#perMinute - this.#kept * LEAVES[priority]));
    const rank = priorities.indexOf(priority);
    return new Promise((resolve) => {
      const stop = this.#clock.after(waitMs, () => {
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
        resolve(false);
      });
      const go = (granted: boolean) => {
        stop();
        resolve(granted);
      };
      const waiting: Waiting = { rank, limit, go };
      const behind = this.#waiting.findIndex((each) => each.rank > rank);
      this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, waiting);
      this.#serve();
    });
  }

  /** The venue counted otherwise and refused: nothing goes before it says (a minute at most, whatever it says). */
  refusedUntil(time: number): void {
    const latest = this.#clock.now() + MINUTE_US;
    this.#closedUntil = Math.max(this.#closedUntil, Math.min(time, latest));
  }

  #serve(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    const now = this.#clock.now();
    while (this.#made.length > 0 && this.#made[0]! <= now - MINUTE_US) this.#made.shift();
    while (this.#waiting.length > 0 && now >= this.#closedUntil) {
      // A lower rank has a lower limit: where the first must wait, all others must.
      if (this.#made.length >= this.#waiting[0]!.limit) break;
      this.#made.push(now);
      this.#waiting.shift()!.go(true);
    }
    if (this.#waiting.length === 0) return;
    const next = now < this.#closedUntil ? this.#closedUntil : this.#made[0]! + MINUTE_US;
    this.#stopTimer = this.#clock.after(Math.max(1, Math.ceil((next - now) / 1_000)), () => this.#serve());
  }
}
