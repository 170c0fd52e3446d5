/**
 * Recomputes every decision of a recorded session from its inputs and compares whole rows, causation included. The first
 * difference ends it. `verify` adds the chain over the log's bytes and, for a simulated session, the exchange.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { installDeterminismTrap } from '../src/bus/determinism-trap.ts';
import { InputError } from '../src/domain/input-error.ts';
import { createCore } from '../src/engine/core.ts';
import { Difference, differs, feed, RecordedDecisions } from '../src/engine/recompute.ts';
import { simulate } from '../src/engine/simulation.ts';
import { SessionCarried, SessionEnded, SessionStarted } from '../src/events/engine.events.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import { LogError } from '../src/log/log-error.ts';
import { type LogReader, openLogReader } from '../src/log/log-reader.ts';
import type { Strategy } from '../src/streams/strategy.ts';
import { openDataset } from './dataset.ts';
import { reloadStrategy } from './strategy-loader.ts';

export interface ReplayResult {
  readonly identical: boolean;
  readonly inputs: number;
  readonly decisions: number;
  readonly decisionDigest: string;
  readonly eventsPerSecond: number;
  /** Where recorded and recomputed part, or null. */
  readonly firstDifference: {
    readonly seq: number;
    readonly what: string;
    readonly recorded: string | null;
    readonly recomputed: string | null;
  } | null;
  /** What the replay cannot vouch for, in sentences. */
  readonly warnings: readonly string[];
}

export interface ReplayOptions {
  readonly verify?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/** The session a log holds. Throws InputError where it is no session but a dataset. */
export function readSession(reader: LogReader): {
  manifest: SessionStarted;
  carried: SessionCarried | null;
  ended: boolean;
} {
  const first = reader.events({ type: SessionStarted.type }).next().value as StoredEvent | undefined;
  if (first === undefined) {
    throw new InputError(
      `${reader.path} holds market data but no session: there is nothing decided to replay; run a backtest on it with --out RUN.db`,
    );
  }
  const carried = reader.events({ type: SessionCarried.type }).next().value as StoredEvent | undefined;
  const ended = reader.events({ type: SessionEnded.type }).next().value !== undefined;
  return {
    manifest: first.payload as SessionStarted,
    carried: (carried?.payload as SessionCarried | undefined) ?? null,
    ended,
  };
}

export async function replay(path: string, options: ReplayOptions = {}): Promise<ReplayResult> {
  if (!existsSync(path)) throw new InputError(`${path} does not exist`);
  const reader = openLogReader(path);
  try {
    const { manifest, carried, ended } = readSession(reader);
    const { strategy } = await reloadStrategy(manifest.run.strategy);
    const warnings = strategyWarnings(manifest);
    const result = recompute(reader, manifest, strategy, options);
    const simulated = options.verify && manifest.mode === 'sim' && ended && result.firstDifference === null;
    const firstDifference = simulated
      ? resimulate(path, reader, manifest, carried, strategy)
      : result.firstDifference;
    return { ...result, identical: firstDifference === null, firstDifference, warnings };
  } finally {
    reader.close();
  }
}

function recompute(
  reader: LogReader,
  manifest: SessionStarted,
  strategy: Strategy,
  { verify, onProgress }: ReplayOptions,
): Omit<ReplayResult, 'identical' | 'warnings'> {
  const startedAt = performance.now();
  const total = reader.head().seq;
  const recorded = new RecordedDecisions();
  const core = createCore({ sink: recorded, run: manifest.run, strategy, symbols: manifest.symbols });
  const removeTrap = installDeterminismTrap();
  let firstDifference: ReplayResult['firstDifference'] = null;
  try {
    const onRecord =
      onProgress && ((seq: number) => (seq % 8_192 === 0 ? onProgress(seq, total) : undefined));
    feed(reader.cursor({ verify }), core, recorded, { onRecord });
    recorded.finish();
    onProgress?.(total, total);
  } catch (error) {
    firstDifference = differenceOf(error);
  } finally {
    removeTrap();
  }
  const { kernel } = core;
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    inputs: kernel.inputs,
    decisions: kernel.digest.count,
    decisionDigest: kernel.digest.hex(),
    eventsPerSecond: Math.round((kernel.inputs + kernel.digest.count) / seconds),
    firstDifference,
  };
}

/** A difference ends the comparison; damage to the log is reported like one, with what and where. */
function differenceOf(error: unknown): NonNullable<ReplayResult['firstDifference']> {
  const cause =
    error instanceof Difference
      ? error
      : error instanceof Error && error.cause instanceof Difference
        ? error.cause
        : null;
  if (cause !== null) return cause.where;
  if (error instanceof LogError && error.code === 'damaged') {
    return { seq: 0, what: error.message, recorded: null, recomputed: null };
  }
  throw error;
}

/** Runs the whole simulation again over the session's own market data: the venue's reports are compared, too. */
function resimulate(
  path: string,
  reader: LogReader,
  manifest: SessionStarted,
  carried: SessionCarried | null,
  strategy: Strategy,
): ReplayResult['firstDifference'] {
  // A rolled session's last openings lie in another file, so where they end cannot be told from this one.
  if (manifest.run.finalize && manifest.run.roll === 'daily') return null;
  const dataset = openDataset(path);
  const recorded = reader.cursor();
  const run = { ...manifest.run, core: carried === null ? manifest.run.core : [], roll: 'none' as const };
  const sink = {
    tick: (seq: number) => {
      if (recorded.next() !== 1 || recorded.seq !== seq)
        throw new Difference(seq, 'a tick stands elsewhere', null, null);
    },
    event: (event: StoredEvent) => {
      const kind = recorded.next();
      // The manifest says of a rolled session how it was cut, which is not done again here.
      if (event.type === SessionStarted.type) return;
      if (event.type === SessionEnded.type && manifest.run.roll === 'daily') return;
      const difference = kind === 2 ? differs(recorded.event, event) : 'is missing in the log';
      if (difference !== null) {
        throw new Difference(event.seq, difference, kind === 2 ? recorded.event : null, event);
      }
    },
    settle: () => {},
  };
  try {
    simulate({
      manifest: { ...manifest, run },
      strategy,
      datasets: [dataset],
      to: null,
      sinkOf: () => sink,
      carried: carried ?? undefined,
    });
    return null;
  } catch (error) {
    return differenceOf(error);
  } finally {
    dataset.close();
  }
}

function strategyWarnings({ run }: SessionStarted): string[] {
  const { file, sha256 } = run.strategy;
  if (file === null) return [];
  const now = createHash('sha256').update(readFileSync(file)).digest('hex');
  return now === sha256 ? [] : [`${file} has changed since this session was recorded`];
}
