/** The time machine's main job: a strategy over recorded data, through the whole engine, with every event kept if asked. */

import type { MachineObserver } from '../src/bus/ports.ts';
import type { RunSpec } from '../src/domain/config.ts';
import { type Core, explainQuietDay } from '../src/engine/core.ts';
import { decidedSymbols, type SessionSink, simulate } from '../src/engine/simulation.ts';
import type { SessionStarted } from '../src/events/engine.events.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import { createLog } from '../src/log/log-writer.ts';
import { RunProjection } from '../src/projections/run-projection.ts';
import type { Strategy } from '../src/streams/strategy.ts';
import { chainSentences } from './chain-sentences.ts';
import type { OpenDataset } from './dataset.ts';
import { type BacktestSummary, summarizeRun } from './summary.ts';
import { ENGINE_VERSION } from './version.ts';

export interface BacktestRequest {
  readonly datasets: readonly OpenDataset[];
  readonly run: RunSpec;
  readonly strategy: Strategy;
  /** Log to write, or null to keep nothing. With `roll: daily` each session gets a file of its own beside it. */
  readonly out: string | null;
  /** Last market time, microseconds, or null. */
  readonly to: number | null;
  readonly session: string;
  /** What is modelled rather than recorded, for people. */
  readonly modelled: readonly string[];
  readonly onProgress?: (done: number, total: number) => void;
  /** Sees every event as it happens, ticks apart. */
  readonly onEvent?: (event: StoredEvent) => void;
  /** Watches the actors' machines; decides nothing. */
  readonly machines?: MachineObserver;
}

export interface BacktestResult {
  readonly summary: BacktestSummary;
  readonly projection: RunProjection;
  readonly decisionDigest: string;
  readonly wallSeconds: number;
  readonly eventsPerSecond: number;
  /** Per symbol, the test that decided its last close. */
  readonly quiet: ReturnType<typeof explainQuietDay>;
  readonly core: Core;
  /** Why deciding stopped early, or null. */
  readonly halted: { readonly code: string; readonly actor: string; readonly message: string } | null;
}

/** Runs it synchronously. Throws LogError where the log cannot be written. */
export function backtest(request: BacktestRequest): BacktestResult {
  const startedAt = performance.now();
  const { datasets, run, strategy, onEvent } = request;
  const projection = new RunProjection();
  const logs: { close(): void; flush(): number }[] = [];
  const sinkOf = (n: number, session: string): SessionSink => {
    const seen = (event: StoredEvent) => {
      projection.event(event);
      onEvent?.(event);
    };
    if (request.out === null)
      return { tick: projection.tick.bind(projection), event: seen, settle: () => {} };
    // A session that rolled has ended: thousands of open files would be refused.
    logs.pop()?.close();
    const log = createLog(sessionPath(request.out, n), { session, flush: 'batch' });
    logs.push(log);
    return {
      tick: (seq, tick, source) => {
        log.tick(seq, tick, source);
        projection.tick(seq, tick);
      },
      event: (event) => {
        log.event(event);
        seen(event);
      },
      settle: () => log.settle(),
    };
  };
  try {
    const { core, decisionDigest, inputs, decisions } = simulate({
      manifest: manifestOf(request),
      strategy,
      datasets,
      to: request.to,
      sinkOf,
      onProgress: request.onProgress,
      machines: request.machines,
    });
    for (const log of logs) log.flush();
    projection.finish();
    const wallSeconds = (performance.now() - startedAt) / 1_000;
    return {
      summary: summarizeRun(projection),
      projection,
      decisionDigest,
      wallSeconds,
      eventsPerSecond: Math.round((inputs + decisions) / wallSeconds),
      quiet: run.profile === 'quantos' ? explainQuietDay(core) : [],
      core,
      halted: (core.kernel.halted?.payload as BacktestResult['halted']) ?? null,
    };
  } finally {
    for (const log of logs) log.close();
  }
}

/** RUN.db for the first session, RUN.2.db and on for those it rolled to. */
export const sessionPath = (out: string, n: number): string =>
  n === 0 ? out : out.replace(/(\.[^./\\]*)?$/, (extension) => `.${n + 1}${extension}`);

function manifestOf({ datasets, run, session, modelled }: BacktestRequest): SessionStarted {
  return {
    session,
    continues: null,
    mode: 'sim',
    run,
    symbols: decidedSymbols(
      datasets.flatMap(({ symbols }) => symbols),
      run,
    ),
    datasets: datasets.map(({ name, head }) => ({ name, head })),
    engineVersion: ENGINE_VERSION,
    modelled: [...chainSentences(run, datasets), ...modelled],
  };
}
