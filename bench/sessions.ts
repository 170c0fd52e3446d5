/** Runs of the engine as benchmarks use them: a strategy over a dataset, and the replay of what it recorded. */
import { rmSync } from 'node:fs';
import { type BacktestResult, backtest } from '../replay/backtest.ts';
import { openDataset } from '../replay/dataset.ts';
import { readSession } from '../replay/replay.ts';
import { loadStrategy, reloadStrategy } from '../replay/strategy-loader.ts';
import { installDeterminismTrap } from '../src/bus/determinism-trap.ts';
import { configSchema, profileDefaults, type RunSpec, runSpecSchema } from '../src/domain/config.ts';
import { createCore } from '../src/engine/core.ts';
import { feed, RecordedDecisions } from '../src/engine/recompute.ts';
import { TickKind } from '../src/events/tick.ts';
import { openLogReader } from '../src/log/log-reader.ts';

export interface RunRequest {
  readonly dataset: string;
  readonly out: string;
  readonly profile: RunSpec['profile'];
  readonly strategy: string;
  readonly params: Readonly<Record<string, number>>;
  /** Laid over the defaults. */
  readonly config?: unknown;
}

/** A whole backtest with every event on disk; a log that was there goes. */
export async function record({
  dataset,
  out,
  profile,
  strategy: name,
  params,
  config = {},
}: RunRequest): Promise<BacktestResult> {
  for (const beside of ['', '-wal', '-shm', '.anchor', '.lock']) rmSync(out + beside, { force: true });
  const { strategy, spec } = await loadStrategy(name, params);
  const run = runSpecSchema.parse({
    profile,
    strategy: spec,
    ...profileDefaults[profile],
    config: configSchema.parse(config),
    seed: 1,
    cash: 1_000_000,
    benchmark: null,
    commission: { kind: 'none' },
    roll: 'none',
    finalize: false,
    allowShort: false,
    reverse: false,
    core: [],
    tradeFrom: null,
  });
  const data = openDataset(dataset);
  try {
    return backtest({ datasets: [data], run, strategy, out, to: null, session: 'bench', modelled: [] });
  } finally {
    data.close();
  }
}

/** seq of the first quote of a log. */
export function firstQuote(path: string): number {
  const reader = openLogReader(path);
  const cursor = reader.cursor();
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind === 1 && cursor.tick.kind === TickKind.quote) break;
  }
  const { seq } = cursor;
  reader.close();
  return seq;
}

/** Replays a session as `quantos replay` does, hash checked, and tells when the record at `from` is next. */
export async function replaySession(path: string, from: number, reached: () => void): Promise<number> {
  const reader = openLogReader(path);
  const { manifest } = readSession(reader);
  const { strategy } = await reloadStrategy(manifest.run.strategy);
  const recorded = new RecordedDecisions();
  const core = createCore({ sink: recorded, run: manifest.run, strategy, symbols: manifest.symbols });
  const removeTrap = installDeterminismTrap();
  const onRecord = (seq: number) => {
    if (seq === from - 1) reached();
  };
  feed(reader.cursor({ verify: true }), core, recorded, { onRecord });
  recorded.finish();
  removeTrap();
  reader.close();
  return core.kernel.seq;
}
