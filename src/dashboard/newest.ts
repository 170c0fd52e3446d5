/**
 * The newest value of something, for any number of readers of any speed: each gets the newest when it comes for it. There is
 * one value in memory and no queue, so that a page that sleeps costs nothing and is up to date when it wakes.
 */
export interface Versioned<T> {
  readonly version: number;
  readonly value: T;
}

export class Newest<T> {
  #held: Versioned<T> | null = null;
  #version = 0;
  readonly #waiting = new Set<() => void>();

  /** Readers that wait for news at this moment. */
  get waiting(): number {
    return this.#waiting.size;
  }

  set(value: T): void {
    this.#version += 1;
    this.#held = { version: this.#version, value };
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  /** The newest, once there is one newer than `seen`; null where none came within `ms`, or `signal` was given. */
  after(seen: number, ms: number, signal: AbortSignal): Promise<Versioned<T> | null> {
    if (this.#held !== null && this.#held.version > seen) return Promise.resolve(this.#held);
    return new Promise((resolve) => {
      const end = (found: Versioned<T> | null) => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', give);
        resolve(found);
      };
      const wake = () => end(this.#held);
      const give = () => end(null);
      const timer = setTimeout(give, ms);
      timer.unref();
      this.#waiting.add(wake);
      signal.addEventListener('abort', give);
    });
  }
}
