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

/** A scaled clock that stands until it is told to go: a simulated market misses nobody who comes late. */
export function waitingClock(
  begin: Parameters<typeof scaledClock>[0],
): HostClock & { readonly go: () => void } {
  let clock: HostClock | null = null;
  const waiting = new Set<() => void>();
  return {
    now: () => clock?.now() ?? begin.startAt,
    after(delayMs, run) {
      if (clock !== null) return clock.after(delayMs, run);
      let cancel = (): void => void waiting.delete(arm);
      const arm = () => {
        cancel = clock!.after(delayMs, run);
      };
      waiting.add(arm);
      return () => cancel();
    },
    go() {
      if (clock !== null) return;
      clock = scaledClock(begin);
      for (const arm of waiting) arm();
      waiting.clear();
    },
  };
}
