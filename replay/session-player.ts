/**
 * A core that is fed a recorded session's inputs up to a moment and can be left there, looked at, and fed on. What it
 * decides goes nowhere; it is only held against what the log has.
 */
import { installDeterminismTrap } from '../src/bus/determinism-trap.ts';
import type { Checkpoint } from '../src/bus/kernel.ts';
import type { LogCursor } from '../src/bus/ports.ts';
import { type Core, createCore } from '../src/engine/core.ts';
import type { NewInput } from '../src/events/define-event.ts';
import type { SessionStarted } from '../src/events/engine.events.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import { MarketClosed, SymbolDefined } from '../src/events/market.events.ts';
import { DAY_S } from '../src/events/tick.ts';
import { type SavedViews, ViewMarks } from '../src/projections/view-marks.ts';
import type { Strategy } from '../src/streams/strategy.ts';
import { EquityTrack, type SavedTrack } from './equity-track.ts';

/** Told of every decision, recorded and made: says from where on they differ. */
export interface Comparison {
  nextInput(seq: number): void;
  /** As the log has it. */
  add(event: StoredEvent): void;
  tick(seq: number): void;
  /** As the core numbers it. */
  event(event: StoredEvent): void;
}

export interface PlayerState {
  readonly core: Checkpoint;
  readonly views: SavedViews;
  readonly track: SavedTrack;
  readonly intraday: boolean;
  readonly input: { readonly recorded: number; readonly numbered: number };
}

/** Where to stop: after the cascade of the last input at or before both. */
export interface Until {
  readonly seq?: number;
  readonly timeUs?: number;
  /** After so many records at most, wherever that is between two. */
  readonly records?: number;
}

export interface PlayerListener {
  /** Everything before is quiet; `position` is the record before. */
  beforeInput?(position: number): void;
  event?(event: StoredEvent): void;
  /** The account was looked at: at a close, and within a day each minute. */
  sampled?(): void;
}

export class SessionPlayer {
  readonly core: Core;
  readonly views = new ViewMarks();
  readonly track = new EquityTrack();
  /** The last record of the log that was taken. */
  position = 0;
  /** The newest input's place in the log, and the number the core gave it: the same until it decides otherwise. */
  #input = { recorded: 0, numbered: 0 };
  /** Some prices come within the day. */
  #intraday = false;
  readonly #comparison: Comparison;

  constructor(
    { run, symbols }: Pick<SessionStarted, 'run' | 'symbols'>,
    strategy: Strategy,
    comparison: Comparison,
  ) {
    this.#comparison = comparison;
    const sink = {
      tick: (seq: number) => {
        this.#input.numbered = seq;
        comparison.tick(seq);
      },
      event: (event: StoredEvent) => {
        if (event.kind === 'input') this.#input.numbered = event.seq;
        comparison.event(event);
        this.views.event(event);
      },
    };
    this.core = createCore({ sink, run, strategy, symbols });
  }

  /** Microseconds; 0 before the first input. */
  get now(): number {
    return this.core.kernel.now;
  }

  /** The moment's seq: the last one of its cascade. In a log that was decided otherwise, its input's. */
  get seq(): number {
    const { recorded, numbered } = this.#input;
    return recorded === numbered ? this.core.kernel.seq : recorded;
  }

  save(): PlayerState {
    return {
      core: this.core.kernel.checkpoint(),
      views: this.views.save(),
      track: this.track.save(),
      intraday: this.#intraday,
      input: this.#input,
    };
  }

  /** For a fresh player: `position` is the last record of the log that is in the state. */
  resume(state: PlayerState, position: number): void {
    const removeTrap = installDeterminismTrap();
    try {
      this.core.kernel.resume(state.core);
    } finally {
      removeTrap();
    }
    this.views.restore(state.views);
    this.track.restore(state.track);
    this.#intraday = state.intraday;
    this.#input = { ...state.input };
    this.position = position;
  }

  /** The cursor stands at `position`. `there`: the next input lies beyond; the cursor has passed it. */
  play(cursor: LogCursor, until: Until = {}, listener: PlayerListener = {}): 'end' | 'there' | 'more' {
    const removeTrap = installDeterminismTrap();
    try {
      return this.#play(cursor, until, listener);
    } finally {
      removeTrap();
      this.core.kernel.takeEffects();
    }
  }

  #play(cursor: LogCursor, until: Until, listener: PlayerListener): 'end' | 'there' | 'more' {
    const { kernel } = this.core;
    const { seq: last = Number.POSITIVE_INFINITY, timeUs: lastTime = Number.POSITIVE_INFINITY } = until;
    for (let left = until.records ?? Number.POSITIVE_INFINITY; left > 0; left--) {
      const kind = cursor.next();
      if (kind === 0) return 'end';
      const { seq } = cursor;
      if (kind === 1) {
        const { tick } = cursor;
        if (seq > last || tick.recordedAt > lastTime) return 'there';
        this.#beforeInput(seq, tick.recordedAt, true, listener);
        kernel.tick(tick, cursor.source);
      } else {
        const { event } = cursor;
        if (event.kind === 'decision') this.#comparison.add(event);
        else {
          if (seq > last || event.recordedAt > lastTime) return 'there';
          this.#beforeInput(seq, event.recordedAt, false, listener);
          this.#take(event, listener);
        }
        listener.event?.(event);
      }
      this.position = seq;
    }
    return 'more';
  }

  #beforeInput(
    seq: number,
    recordedAt: number,
    isTick: boolean,
    { beforeInput, sampled }: PlayerListener,
  ): void {
    if (this.#intraday && this.track.isDue(recordedAt)) {
      this.#see();
      sampled?.();
    }
    // What the session begins with is in the books, and no price has moved it.
    if (isTick && !this.track.hasBegun) this.#see();
    beforeInput?.(this.position);
    this.#input.recorded = seq;
    this.#comparison.nextInput(seq);
  }

  #take(event: StoredEvent, { sampled }: PlayerListener): void {
    const { source, recordedAt, time, causation } = event;
    this.core.kernel.input(event as NewInput, { source, recordedAt, time, causation });
    if (event.type === SymbolDefined.type) {
      const { assetClass, resolutionS } = event.payload as SymbolDefined;
      if (assetClass !== 'option' && resolutionS !== DAY_S) this.#intraday = true;
    } else if (event.type === MarketClosed.type) {
      this.#see();
      sampled?.();
    }
  }

  #see(): void {
    const { portfolio } = this.core.actors;
    this.track.see(portfolio.equityMicros() - portfolio.transferredMicros, this.now);
  }
}
