/**
 * Deadlines on the engine's own clock. Nothing here reads wall time: the kernel moves the clock with its inputs and
 * fires what is due, in (deadline, arming order).
 */

export interface Timer {
  readonly actor: string;
  /** The timer's ordinal within its actor, from 1. */
  readonly n: number;
  /** Microseconds. */
  readonly deadline: number;
  /** Arming order over all actors: breaks ties between equal deadlines. */
  readonly order: number;
  /** seq of the event during whose dispatch it was armed. */
  readonly armedBy: number;
  readonly fire: () => void;
}

/** What XState asks of a clock; delays are milliseconds, as its `after` gives them. */
export interface ActorClock {
  setTimeout(fire: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

const before = (a: Timer, b: Timer): boolean =>
  a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);

export class VirtualClock {
  /** Microseconds; moved by the kernel only. */
  now = 0;
  /** The earliest deadline, or Infinity: one comparison decides that nothing is due. */
  nextDeadline = Number.POSITIVE_INFINITY;
  /** Timers armed so far, over all actors and sessions of a chain: the next one's place among equal deadlines follows. */
  order = 0;
  #timers: Timer[] = [];
  readonly #ordinals = new Map<string, number>();

  /** A negative delay is a deadline that passed while no session ran: it keeps its place in time. */
  arm(actor: string, delayUs: number, armedBy: number, fire: () => void): Timer {
    const n = (this.#ordinals.get(actor) ?? 0) + 1;
    this.#ordinals.set(actor, n);
    const deadline = this.now + Math.round(delayUs);
    const timer: Timer = { actor, n, deadline, order: ++this.order, armedBy, fire };
    this.#insert(timer);
    return timer;
  }

  cancel(timer: Timer): void {
    const at = this.#timers.indexOf(timer);
    if (at < 0) return;
    this.#timers.splice(at, 1);
    this.#refresh();
  }

  /** Takes the earliest timer with a deadline at or before `time`, moving the clock to its deadline. */
  takeDue(time: number): Timer | undefined {
    if (this.nextDeadline > time) return undefined;
    const due = this.#timers.pop();
    this.#refresh();
    if (due !== undefined && due.deadline > this.now) this.now = due.deadline;
    return due;
  }

  /** Timer ordinals by actor: they go on where the previous session left them. */
  ordinals(): Record<string, number> {
    return Object.fromEntries([...this.#ordinals].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** What an actor has armed, in arming order. */
  armedBy(actor: string): readonly Timer[] {
    return this.#timers.filter((timer) => timer.actor === actor).sort((a, b) => a.order - b.order);
  }

  ordinalOf(actor: string): number {
    return this.#ordinals.get(actor) ?? 0;
  }

  /** The next timer of this actor gets the ordinal after `n`. */
  setOrdinal(actor: string, n: number): void {
    this.#ordinals.set(actor, n);
  }

  // Kept in descending order: few timers are armed at once, and the next one due is the last element.
  #insert(timer: Timer): void {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (before(timer, this.#timers[middle])) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    this.#refresh();
  }

  #refresh(): void {
    const last = this.#timers.at(-1);
    this.nextDeadline = last === undefined ? Number.POSITIVE_INFINITY : last.deadline;
  }
}
