/** The clocks a live engine runs on: the wall's, and a simulated venue's that runs faster. */
import type { HostClock } from '../../bus/ports.ts';

const US_PER_MS = 1_000;

/**
 * Wall time read once and carried on by the machine's monotonic clock: a step of the system clock moves no deadline and
 * makes no quote fresh or stale.
 */
export function wallClock(): HostClock {
  return scaledClock({ startAt: Date.now() * US_PER_MS, speed: 1 });
}

/** Begins at `startAt` (microseconds) now and runs `speed` times as fast as the wall. */
export function scaledClock({ startAt, speed }: { startAt: number; speed: number }): HostClock {
  const begunMs = performance.now();
  return {
    now: () => startAt + Math.floor((performance.now() - begunMs) * US_PER_MS * speed),
    after(delayMs, run) {
      const timer = setTimeout(run, Math.max(0, delayMs / speed));
      return () => clearTimeout(timer);
    },
  };
}
