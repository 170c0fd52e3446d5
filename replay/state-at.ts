/** The engine's whole state at a moment of a recorded session, by replaying it up to there. */
import { existsSync } from 'node:fs';
import { installDeterminismTrap } from '../src/bus/determinism-trap.ts';
import type { EventSink } from '../src/bus/ports.ts';
import { InputError } from '../src/domain/input-error.ts';
import { createCore, describeState } from '../src/engine/core.ts';
import { feed, RecordedDecisions } from '../src/engine/recompute.ts';
import { openLogReader } from '../src/log/log-reader.ts';
import { ViewMarks } from '../src/projections/view-marks.ts';
import { readSession } from './replay.ts';
import { reloadStrategy } from './strategy-loader.ts';

/** A seq (meaning after its input's cascade), or a time in microseconds; neither: the end. */
export interface Moment {
  readonly seq?: number;
  readonly time?: number;
}

export async function stateAt(path: string, { seq, time }: Moment) {
  if (!existsSync(path)) throw new InputError(`${path} does not exist`);
  const reader = openLogReader(path);
  try {
    const last = reader.head().seq;
    if (seq !== undefined && (seq < 1 || seq > last))
      throw new InputError(`${path} has seq 1 to ${last}; ${seq} is not in it`);
    const { manifest } = readSession(reader);
    const { strategy } = await reloadStrategy(manifest.run.strategy);
    const recorded = new RecordedDecisions();
    const views = new ViewMarks();
    const sink: EventSink = {
      tick: (at) => recorded.tick(at),
      event: (event) => {
        recorded.event(event);
        views.event(event);
      },
    };
    const core = createCore({ sink, run: manifest.run, strategy, symbols: manifest.symbols });
    const removeTrap = installDeterminismTrap();
    try {
      feed(reader.cursor(), core, recorded, { upTo: seq, upToTime: time });
    } finally {
      removeTrap();
    }
    if (core.kernel.seq === 0) {
      const begins = new Date(reader.event(1)!.event!.recordedAt / 1_000).toISOString();
      throw new InputError(`${path} begins at ${begins}; there is no state before it`);
    }
    const state = describeState(core);
    return {
      ...state,
      /** Prices to look at, of sessions in which a view-only source was asked; nothing was decided on them. */
      views: views.source === null ? null : { ...views.source, prices: views.at(state.time) },
      time: new Date(state.time / 1_000).toISOString(),
    };
  } finally {
    reader.close();
  }
}
