/** A progress bar on stderr: only where a person watches, and only for work that lasts. */
import { SingleBar } from 'cli-progress';
import type { CommonOptions, Terminal } from './terminal.ts';

const PATIENCE_MS = 300;

interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

export function progressOf(terminal: Terminal, { quiet }: CommonOptions, what: string): Progress {
  if (!terminal.watched || quiet) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: `${what} {bar} {percentage} %  {value} of {total}  {eta_formatted} left`,
    barsize: 24,
    clearOnComplete: true,
    // The run never yields, so a handler for Ctrl-C would only keep the process from ending.
    gracefulExit: false,
    etaBuffer: 50,
  });
  const startedAt = performance.now();
  let started = false;
  return {
    update(done, total) {
      if (!started) {
        if (performance.now() - startedAt < PATIENCE_MS) return;
        bar.start(total, done);
        started = true;
      }
      bar.update(done);
    },
    stop() {
      if (started) bar.stop();
    },
  };
}
