/** The time machine's main job: a strategy over recorded data, through the whole engine, with every event kept if asked. */
import { createLog } from '../src/log/log-writer.ts';
import type { RunSpec } from '../src/domain/config.ts';
import { type Core, explainQuietDay } from '../src/engine/core.ts';
import { type SessionSink, simulate } from '../src/engine/simulation.ts';
import type { SessionStarted } from '../src/events/engine.events.ts';
import { RunProjection } from '../src/projections/run-projection.ts';
import type { Strategy } from '../src/streams/strategy.ts';
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
  const { datasets, run, strategy } = request;
  const projection = new RunProjection();
  const logs: { close(): void; flush(): number }[] = [];
  const sinkOf = (n: number, session: string): SessionSink => {
    if (request.out === null) return { ...tap(projection), settle: () => {} };
    const log = createLog(sessionPath(request.out, n), { session, flush: 'batch' });
    logs.push(log);
    return {
      tick: (seq, tick, source) => {
        log.tick(seq, tick, source);
        projection.tick(seq, tick);
      },
      event: (event) => {
        log.event(event);
        projection.event(event);
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
      halted: core.kernel.halted?.payload as BacktestResult['halted'] ?? null,
    };
  } finally {
    for (const log of logs) log.close();
  }
}

const tap = (projection: RunProjection) => ({
  tick: projection.tick.bind(projection),
  event: projection.event.bind(projection),
});

/** RUN.db for the first session, RUN.2.db and on for those it rolled to. */
export const sessionPath = (out: string, n: number): string =>
  n === 0 ? out : out.replace(/(\.[^./\\]*)?$/, (extension) => `.${n + 1}${extension}`);

function manifestOf({ datasets, run, session, modelled }: BacktestRequest): SessionStarted {
  return {
    session,
    continues: null,
    mode: 'sim',
    run,
    symbols: [...new Set(datasets.flatMap(({ symbols }) => symbols.map(({ symbol }) => symbol)))].sort(),
    datasets: datasets.map(({ name, head }) => ({ name, head })),
    engineVersion: ENGINE_VERSION,
    modelled: [...modelled],
  };
}
