/**
 * Any moment of one log, finished or growing, without replaying it from its beginning: it is replayed once, leaving
 * checkpoints behind, and a moment is the newest checkpoint before it and the few records after that. docs/time-travel.md
 * says how exact that is and what it costs.
 */
import { existsSync } from 'node:fs';
import { InputError } from '../src/domain/input-error.ts';
import type { SessionStarted } from '../src/events/engine.events.ts';
import { SessionEnded } from '../src/events/engine.events.ts';
import type { StoredEvent } from '../src/events/envelope.ts';
import { SymbolDefined } from '../src/events/market.events.ts';
import { type LogReader, openLogReader } from '../src/log/log-reader.ts';
import type { Strategy } from '../src/streams/strategy.ts';
import { Checkpoints } from './checkpoints.ts';
import { ContentComparison, RowComparison } from './decision-comparison.ts';
import { describeMoment, isoOf } from './describe-moment.ts';
import { type EventSources, eventDetail, eventPage } from './event-pages.ts';
import { LogIndex, movedStates } from './log-index.ts';
import { LogSeries, POINTS } from './log-series.ts';
import type {
  CurveQuery,
  EquityCurve,
  EventDetail,
  EventPage,
  EventQuery,
  FillPoint,
  SeriesQuery,
  SpanQuery,
  SymbolSeries,
} from './log-view.ts';
import type { EngineMoment, LogHeadNow, MomentOf } from './moment.ts';
import { readSession } from './replay.ts';
import { type PlayerState, SessionPlayer } from './session-player.ts';
import { reloadStrategy } from './strategy-loader.ts';

/** Records between two checkpoints, and the time it took to replay them, where they are slow. */
const CHECKPOINT_RECORDS = 8_192;
const CHECKPOINT_MS = 40;
const CHECKPOINT_RECORDS_MIN = 256;
const POINTS_MIN = 10;
const POINTS_MAX = 5_000;
/** Recorded decisions that are kept as read: the same ones stand for long. */
const EVENTS_KEPT = 20_000;

export interface TimeTravelOptions {
  /** Of the checkpoints. */
  readonly countMax?: number;
  readonly bytesMax?: number;
  /** Records between two of them. */
  readonly every?: number;
}

export class TimeTravel {
  readonly path: string;
  readonly manifest: SessionStarted;
  readonly #reader: LogReader;
  readonly #strategy: Strategy;
  readonly #startedAtUs: number;
  readonly #every: number;
  readonly #rows = new RowComparison();
  readonly #scan: SessionPlayer;
  readonly #cursor;
  readonly #index = new LogIndex();
  readonly #series: LogSeries;
  readonly #symbols = new Map<number, string>();
  readonly #events = new Map<number, StoredEvent>();
  readonly #checkpoints: Checkpoints<PlayerState>;
  /** Where the last checkpoint was taken, and when, on the host's clock. */
  #checkedAt = { position: 0, ms: 0 };
  /** The place at which to look whether one is due: a look at the clock for each record costs more than the record. */
  #lookAt = 1;
  /** What came of a checkpoint was not what the log has: none is used any more. */
  #inexact = false;
  #traveller: { readonly player: SessionPlayer; readonly content: ContentComparison } | null = null;
  #ended = false;

  private constructor(
    reader: LogReader,
    manifest: SessionStarted,
    strategy: Strategy,
    options: TimeTravelOptions,
  ) {
    this.path = reader.path;
    this.manifest = manifest;
    this.#reader = reader;
    this.#strategy = strategy;
    this.#every = options.every ?? CHECKPOINT_RECORDS;
    this.#checkpoints = new Checkpoints(options);
    this.#startedAtUs = reader.event(1)?.event?.recordedAt ?? 0;
    this.#scan = new SessionPlayer(manifest, strategy, this.#rows);
    this.#series = new LogSeries(this.#scan.core);
    const { kernel } = this.#scan.core;
    kernel.machineMoved = (actor, from, to, reason) => {
      const move = { seq: kernel.cause, timeUs: kernel.now, ...movedStates(from, to), reason };
      this.#index.moved(actor, move);
    };
    this.#cursor = reader.cursor();
  }

  /** Throws InputError where there is no such log, or no session in it; LogError where it is damaged. */
  static async open(path: string, options: TimeTravelOptions = {}): Promise<TimeTravel> {
    if (!existsSync(path)) throw new InputError(`${path} does not exist`);
    const reader = openLogReader(path);
    try {
      const { manifest } = readSession(reader);
      const { strategy } = await reloadStrategy(manifest.run.strategy);
      return new TimeTravel(reader, manifest, strategy, options);
    } catch (error) {
      reader.close();
      throw error;
    }
  }

  close(): void {
    this.#reader.close();
  }

  /** A checkpoint was once not enough: every moment is replayed from the beginning. */
  get inexact(): boolean {
    return this.#inexact;
  }

  get checkpoints(): { readonly count: number; readonly bytes: number } {
    const { count, bytes } = this.#checkpoints;
    return { count, bytes };
  }

  // --- reading on ----------------------------------------------------------------------------------------------------

  /** Reads what was added to the log, at most so many records; true when there is nothing more for now. */
  advance(records = Number.POSITIVE_INFINITY): boolean {
    this.#checkedAt.ms = performance.now();
    const beforeInput = (position: number) => this.#maybeCheckpoint(position);
    const event = (each: StoredEvent) => this.#note(each);
    const sampled = () => this.#sample();
    return this.#scan.play(this.#cursor, { records }, { beforeInput, event, sampled }) === 'end';
  }

  /** As far as the log was read. */
  get head(): LogHeadNow {
    const { position: seq, now: timeUs } = this.#scan;
    return { seq, time: isoOf(timeUs), timeUs, ended: this.#ended };
  }

  /** The end of the log on disk: what `advance` has still to reach. */
  get lastSeq(): number {
    return this.#reader.head().seq;
  }

  #maybeCheckpoint(position: number): void {
    if (position < this.#lookAt) return;
    this.#lookAt = position + Math.min(CHECKPOINT_RECORDS_MIN, this.#every);
    const { spacing } = this.#checkpoints;
    const isFar = position - this.#checkedAt.position >= spacing * this.#every;
    const isSlow = performance.now() - this.#checkedAt.ms >= spacing * CHECKPOINT_MS;
    // A halted core changes no more, and what halted it may not even be there to be saved.
    if (!(isFar || isSlow) || this.#scan.core.kernel.halted !== null) return;
    this.#checkpoints.add(position, this.#scan.now, this.#scan.save());
    this.#checkedAt = { position, ms: performance.now() };
  }

  #note(event: StoredEvent): void {
    this.#index.note(event);
    this.#series.note(event);
    if (event.type === SymbolDefined.type) {
      const { id, symbol } = event.payload as SymbolDefined;
      this.#symbols.set(id, symbol);
    }
    if (event.type === SessionEnded.type) this.#ended = true;
  }

  #sample(): void {
    const { track, position, now } = this.#scan;
    this.#series.sample({
      seq: position,
      timeUs: now,
      micros: track.newest,
      fall: track.fallOf(track.newest),
    });
  }

  // --- moments -------------------------------------------------------------------------------------------------------

  /** A moment of what was read so far. Throws InputError for one that is not in it. */
  at(of: MomentOf = {}): EngineMoment {
    return this.#describe(this.#playerAt(of));
  }

  #playerAt({ seq, timeUs }: MomentOf): SessionPlayer {
    const { position } = this.#scan;
    if (seq !== undefined && !(Number.isSafeInteger(seq) && seq >= 1 && seq <= position))
      throw new InputError(`${this.path} has seq 1 to ${position}; ${seq} is not in it`);
    if (timeUs !== undefined && !(timeUs >= this.#startedAtUs)) {
      const begins = isoOf(this.#startedAtUs);
      throw new InputError(`${this.path} begins at ${begins}; there is no state before it`);
    }
    const target = { seq: seq ?? Number.POSITIVE_INFINITY, timeUs: timeUs ?? Number.POSITIVE_INFINITY };
    return target.seq >= position && target.timeUs >= this.#scan.now ? this.#scan : this.#travel(target);
  }

  #travel(target: { readonly seq: number; readonly timeUs: number }): SessionPlayer {
    const isBefore = (player: SessionPlayer) => player.position <= target.seq && player.now <= target.timeUs;
    const checkpoint = this.#inexact
      ? null
      : this.#checkpoints.before({ position: target.seq, timeUs: target.timeUs });
    let traveller = this.#traveller;
    if (
      traveller === null ||
      !isBefore(traveller.player) ||
      traveller.player.position < (checkpoint?.position ?? 0)
    ) {
      const content = new ContentComparison();
      traveller = { player: new SessionPlayer(this.manifest, this.#strategy, content), content };
      if (checkpoint !== null) traveller.player.resume(checkpoint.state(), checkpoint.position);
      this.#traveller = traveller;
    }
    const { player, content } = traveller;
    player.play(this.#reader.cursor({ from: player.position + 1 }), target);
    if (content.same || this.#inexact || this.#rows.differsFrom !== null) return player;
    // The strategy remembers more than it says, so that no checkpoint holds all of it.
    this.#inexact = true;
    this.#traveller = null;
    return this.#travel(target);
  }

  #describe(player: SessionPlayer): EngineMoment {
    const { manifest } = this;
    return describeMoment(player, {
      manifest,
      startedAtUs: this.#startedAtUs,
      index: this.#index,
      head: this.head,
      differsFrom: this.#rows.differsFrom,
      eventAt: (seq) => this.#eventAt(seq),
    });
  }

  #eventAt(seq: number): StoredEvent {
    let event = this.#events.get(seq);
    if (event === undefined) {
      event = this.#reader.event(seq)!.event!;
      if (this.#events.size >= EVENTS_KEPT) this.#events.clear();
      this.#events.set(seq, event);
    }
    return event;
  }

  // --- events and series ---------------------------------------------------------------------------------------------

  events(query: EventQuery = {}): EventPage {
    return eventPage(this.#eventSources(), query);
  }

  event(seq: number): EventDetail {
    return eventDetail(this.#eventSources(), seq);
  }

  series(query: SeriesQuery): SymbolSeries {
    const { symbols } = this.#series;
    if (!symbols.includes(query.symbol))
      throw new InputError(`there is no chart of ${query.symbol}; this session has ${symbols.join(', ')}`);
    return this.#series.ofSymbol({ ...query, points: checkedPoints(query.points) });
  }

  equity(query: CurveQuery = {}): EquityCurve {
    const points = checkedPoints(query.points);
    return this.#series.equity({ ...query, points }, this.#scan.track.startMicros ?? 0);
  }

  fills(query: SpanQuery = {}): readonly FillPoint[] {
    return this.#series.fills(query);
  }

  #eventSources(): EventSources {
    return {
      reader: this.#reader,
      index: this.#index,
      head: this.#scan.position,
      symbols: this.#symbols,
    };
  }
}

function checkedPoints(points = POINTS): number {
  if (Number.isSafeInteger(points) && points >= POINTS_MIN && points <= POINTS_MAX) return points;
  throw new InputError(`a chart has ${POINTS_MIN} to ${POINTS_MAX} points, not ${points}`);
}
