/**
 * A recorded session again, under its own configuration or another, with its venue simulated; what was decided otherwise,
 * and what it was worth.
 *
 * Without changes the recorded session is held against the simulated one. With changes both are simulated, so that they
 * trade at one venue; of a live session the recorded one is named beside them.
 */
import { existsSync } from 'node:fs';
import type { EventSink, LogCursor } from '../src/bus/ports.ts';
import type { RunSpec } from '../src/domain/config.ts';
import { InputError } from '../src/domain/input-error.ts';
import { rerun } from '../src/engine/rerun.ts';
import { simulate } from '../src/engine/simulation.ts';
import { VenueReported } from '../src/events/account.events.ts';
import type { SessionCarried, SessionStarted } from '../src/events/engine.events.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import { type LogReader, openLogReader } from '../src/log/log-reader.ts';
import { RunProjection } from '../src/projections/run-projection.ts';
import type { Strategy } from '../src/streams/strategy.ts';
import { openDataset } from './dataset.ts';
import { type Alignment, alignDecisions, DecisionTrail } from './decision-alignment.ts';
import { readSession } from './replay.ts';
import { type RunCurves, runCurves } from './run-curves.ts';
import { reloadStrategy } from './strategy-loader.ts';
import { summarizeRun } from './summary.ts';
import { twinMetrics } from './twin.ts';

/** What is to be other: the whole run, with the strategy it names. */
export interface ChangedRun {
  readonly run: RunSpec;
  readonly strategy: Strategy;
  /** In words, for the head of a column: `hedge=off, fast=10`. */
  readonly label: string;
}

export interface WhatIfOptions {
  /** Null: only the venue is simulated. */
  readonly change?: ((manifest: SessionStarted) => Promise<ChangedRun | null>) | null;
  /** What other systems said on the Intel Bus is left out of the variant: what it decided shows decision by decision. */
  readonly withoutSignals?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Dollars; drawdown, roi and rates are fractions. */
export interface SessionResult extends ReturnType<typeof twinMetrics> {
  /** What was earned since the session began, positions at their marks. */
  readonly pnl: number;
  readonly decisions: number;
}

export interface WhatIfResult extends Omit<Alignment, 'added' | 'removed' | 'changed'> {
  readonly session: string;
  readonly mode: SessionStarted['mode'];
  readonly base: SessionResult;
  readonly variant: SessionResult;
  /** Of a live session that was changed: as it was. */
  readonly recorded: SessionResult | null;
  readonly decisionsAdded: number;
  readonly decisionsRemoved: number;
  readonly decisionsChanged: number;
  readonly pnlDelta: number;
  readonly curves: RunCurves;
  readonly added: Alignment['added'];
  readonly removed: Alignment['removed'];
  readonly changed: Alignment['changed'];
}

interface Recording {
  readonly path: string;
  readonly reader: LogReader;
  readonly manifest: SessionStarted;
  readonly carried: SessionCarried | null;
}

/** One run, looked at while it happens. */
class Observed implements EventSink {
  readonly trail = new DecisionTrail();
  readonly #projection = new RunProjection();
  #decisions = 0;

  readonly tick: EventSink['tick'] = (seq, tick) => {
    this.trail.tick(seq, tick);
    this.#projection.tick(seq, tick);
  };
  readonly event = (event: StoredEvent): void => {
    if (event.kind === 'decision') this.#decisions += 1;
    this.trail.event(event);
    this.#projection.event(event);
  };
  readonly settle = (): void => {};

  get equity() {
    return this.#projection.samples.equityCurve;
  }

  result(label: string): SessionResult {
    const summary = summarizeRun(this.#projection.finish());
    return {
      ...twinMetrics({ label, summary }),
      pnl: summary.finalEquity - summary.startCash - summary.deposits,
      decisions: this.#decisions,
    };
  }
}

/** Throws InputError where the file is missing or holds no session. */
export async function whatIf(path: string, options: WhatIfOptions = {}): Promise<WhatIfResult> {
  if (!existsSync(path)) throw new InputError(`${path} does not exist`);
  const reader = openLogReader(path);
  try {
    const { manifest, carried } = readSession(reader);
    const recording = { path, reader, manifest, carried };
    const change = (await options.change?.(manifest)) ?? null;
    const asItWas = { run: manifest.run, ...(await reloadStrategy(manifest.run.strategy)) };
    const { withoutSignals = false, onProgress } = options;
    const isChanged = change !== null || withoutSignals;
    const base = isChanged ? again(recording, asItWas, { onProgress }) : recorded(recording);
    const variant = again(recording, change ?? asItWas, options);
    const labels = [change?.label, withoutSignals ? 'without signals' : undefined].filter(Boolean);
    const [before, after] = [
      base.result(isChanged ? 'unchanged' : 'recorded'),
      variant.result(labels.join(', ') || 'simulated'),
    ];
    const isBeside = isChanged && manifest.mode !== 'sim';
    const { firstDifference, added, removed, changed } = alignDecisions(base.trail, variant.trail);
    return {
      session: manifest.session,
      mode: manifest.mode,
      base: before,
      variant: after,
      recorded: isBeside ? recorded(recording).result('recorded') : null,
      firstDifference,
      decisionsAdded: added.length,
      decisionsRemoved: removed.length,
      decisionsChanged: changed.length,
      pnlDelta: after.pnl - before.pnl,
      // After the results: those settle the last bar.
      curves: runCurves(base.equity, variant.equity),
      added,
      removed,
      changed,
    };
  } finally {
    reader.close();
  }
}

/** The session as its log tells it. */
function recorded({ reader }: Recording): Observed {
  const observed = new Observed();
  const cursor: LogCursor = reader.cursor();
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind === 1) observed.tick(cursor.seq, cursor.tick, cursor.source);
    else observed.event(cursor.event);
  }
  cursor.close();
  return observed;
}

function again(
  { path, reader, manifest, carried }: Recording,
  { run, strategy }: Pick<ChangedRun, 'run' | 'strategy'>,
  { onProgress, withoutSignals }: WhatIfOptions,
): Observed {
  const sink = new Observed();
  const dataset = openDataset(path);
  try {
    if (manifest.mode === 'sim') {
      const ofSession = { ...run, core: carried === null ? run.core : [], roll: 'none' as const };
      simulate({
        manifest: { ...manifest, run: ofSession },
        strategy,
        datasets: [dataset],
        to: null,
        sinkOf: () => sink,
        carried: carried ?? undefined,
        withoutSignals,
        onProgress,
      });
    } else {
      const reported = reader.events({ type: VenueReported.type }).next().value as StoredEvent | undefined;
      rerun({
        manifest: { ...manifest, run },
        strategy,
        session: dataset,
        carried,
        reported: (reported?.payload as VenueReported | undefined) ?? null,
        sink,
        withoutSignals,
        onProgress,
      });
    }
    return sink;
  } finally {
    dataset.close();
  }
}
