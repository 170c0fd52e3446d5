/**
 * The way to the venue that needs no core: takes every order of a chain of sessions back where nobody decides, not yet or
 * not any more.
 */
import type { HostClock, VenueDesk } from '../../bus/ports.ts';

interface LinkParts {
  readonly desk: Pick<VenueDesk, 'cancelAll'>;
  readonly clock: HostClock;
  readonly chain: string;
  /** What has become of it so far, in words. */
  readonly say: (what: string) => void;
}

const LOOK_EVERY_MS = 500;
/** A submit that was on its way has arrived, or was never sent, by then. */
const QUIET_MS = 6_000;

export class CancelLink {
  readonly #parts: LinkParts;
  #clearing: Promise<void> | null = null;
  #closed = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  /** Cancels whatever is found until nothing has been for a while, however often the venue does not answer. */
  clear(): Promise<void> {
    this.#clearing ??= this.#clear().finally(() => {
      this.#clearing = null;
    });
    return this.#clearing;
  }

  /** Asks for nothing more. */
  close(): void {
    this.#closed = true;
  }

  async #clear(): Promise<void> {
    const { clock, desk, chain, say } = this.#parts;
    let said = '';
    let quietSince = clock.now();
    while (!this.#closed && clock.now() - quietSince < QUIET_MS * 1_000) {
      let now = 'no order is left at the venue';
      try {
        const found = await desk.cancelAll(chain);
        if (found > 0) {
          quietSince = clock.now();
          now = `${found} ${found === 1 ? 'order is' : 'orders are'} being canceled`;
        }
      } catch (error) {
        quietSince = clock.now();
        now = `orders may stand at the venue: ${error instanceof Error ? error.message : String(error)}`;
      }
      if (now !== said && !this.#closed) say((said = now));
      await new Promise<void>((resolve) => void clock.after(LOOK_EVERY_MS, resolve));
    }
  }
}
