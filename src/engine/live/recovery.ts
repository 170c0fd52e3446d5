/**
 * Coming back from a stop: the newest log of the account is replayed, its decisions compared one by one, and the core that
 * results goes on where it stopped. A session that ended, or that new code would have decided otherwise, is carried over.
 */
import { KernelDeadError } from '../../bus/kernel.ts';
import type { EventLog, LogCursor, MachineObserver } from '../../bus/ports.ts';
import type { RunSpec } from '../../domain/config.ts';
import { InputError } from '../../domain/input-error.ts';
import { canonicalJson } from '../../events/canonical.ts';
import { type SessionCarried, SessionEnded, SessionStarted } from '../../events/engine.events.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { OrderIntended } from '../../events/order.events.ts';
import type { Tick } from '../../events/tick.ts';
import { LogError } from '../../log/log-error.ts';
import { type LogReader, openLogReader } from '../../log/log-reader.ts';
import { openLogForAppend } from '../../log/log-writer.ts';
import { sealLog } from '../../log/seal-log.ts';
import type { Strategy } from '../../streams/strategy.ts';
import { type Core, createCore } from '../core.ts';
import { Difference, feed, RecordedDecisions } from '../recompute.ts';
import { carriedFrom, type LiveSession, SeenSink } from './live-session.ts';
import { nameText, type SessionFiles, type SessionName } from './session-files.ts';

const ORDER_BOOK = 'order-book';
/** Records that are replayed at a time: some milliseconds. */
const SLICE = 2_000;

export interface RecoveryRequest {
  readonly files: SessionFiles;
  readonly mode: 'paper' | 'live';
  /** What the engine is to run now; its cash is the account's and not compared. */
  readonly run: RunSpec;
  readonly symbols: readonly string[];
  readonly strategyOf: (spec: RunSpec['strategy']) => Promise<Strategy>;
  /** Go on in a new session, whatever the old one would decide today. */
  readonly roll: boolean;
  readonly see: (event: StoredEvent) => void;
  readonly machines?: MachineObserver;
  /** The session that is to be replayed. */
  readonly onFound: (name: SessionName) => void;
}

export type Recovered =
  | { readonly kind: 'resumed'; readonly session: LiveSession }
  | {
      readonly kind: 'carried';
      readonly name: SessionName;
      readonly carried: SessionCarried;
      /** Symbols of the old session whose plans or hedges are still open. */
      readonly held: readonly string[];
      /** Dollars its chain of sessions began with. */
      readonly cash: number;
      /** Its last moment, microseconds. */
      readonly until: number;
    };

/** Null where the account has no log yet. Throws InputError, or LogError where a log is not as it was written. */
export async function recover(request: RecoveryRequest): Promise<Recovered | null> {
  const { files } = request;
  const found = newestLog(files);
  if (found === null) return null;
  const { name, reader } = found;
  request.onFound(name);
  try {
    const manifest = first<SessionStarted>(reader, SessionStarted.type)!;
    if (manifest.mode !== request.mode) {
      throw new InputError(
        `the account's last session, ${nameText(name)}, was of mode ${manifest.mode}; use another data folder for ${request.mode}`,
      );
    }
    const ended = first(reader, SessionEnded.type) !== undefined;
    const resumes = !ended && !request.roll;
    if (resumes) requireSameSetup(name, manifest, request);
    const strategy = await request.strategyOf(manifest.run.strategy);
    const { core, sink } = await replayed(reader, name, manifest, strategy, request);
    const { halted } = core.kernel;
    if (halted !== null && !request.roll) {
      const { code, actor, message } = halted.payload as { code: string; actor: string; message: string };
      throw refused(`session ${nameText(name)} halted in ${actor} (${code}): ${message}`);
    }
    core.kernel.takeEffects(); // they left, or nobody knows: reconciliation finds out
    const path = files.pathOf(name);
    if (!resumes) {
      const carried = withOrdinals(carriedFrom({ name, core }), lastOrdinal(reader));
      const held = heldSymbols(core);
      return { kind: 'carried', name, carried, held, cash: manifest.run.cash, until: core.kernel.now };
    }
    const log = openLogForAppend(path, { verify: false });
    requireSameEnd(log, core, name);
    sink.target = log;
    return { kind: 'resumed', session: { name, path, manifest, core, log } };
  } finally {
    reader.close();
  }
}

/**
 * Seals every log. It takes seconds for a million events, in which nothing else happens: only for an engine that has come to
 * its end. One that somebody reads stays as it is until the next time: it is no less durable.
 */
export function sealAll(files: SessionFiles): void {
  for (const name of files.all()) {
    try {
      const reader = openLogReader(files.pathOf(name));
      const { sealed } = reader;
      reader.close();
      if (!sealed) sealLog(files.pathOf(name));
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
    }
  }
}

const refused = (why: string): InputError =>
  new InputError(`${why}; start with --roll to go on in a new session from where it ended`);

function newestLog(files: SessionFiles): { name: SessionName; reader: LogReader } | null {
  const names = files.all();
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    const reader = openLogReader(files.pathOf(name));
    if (reader.head().seq > 0) return { name, reader };
    reader.close();
    files.remove(name);
  }
  return null;
}

const first = <P>(reader: LogReader, type: string): P | undefined =>
  (reader.events({ type }).next().value as StoredEvent<P> | undefined)?.payload;

/** A session is decided by one configuration from its first event to its last. */
function requireSameSetup(name: SessionName, manifest: SessionStarted, now: RecoveryRequest): void {
  const setup = (run: RunSpec, symbols: readonly string[]) =>
    Object.entries({ ...run, cash: 0, symbols: [...symbols].sort() }).map(([key, value]) => [
      key,
      canonicalJson(value),
    ]);
  const before = new Map(setup(manifest.run, manifest.symbols) as [string, string][]);
  const differs = setup(now.run, now.symbols).filter(([key, json]) => before.get(key) !== json);
  if (differs.length === 0) return;
  const keys = differs.map(([key]) => key).join(', ');
  throw refused(`session ${nameText(name)} began with another setup (${keys}) and has not ended`);
}

/** The event loop has its turn meanwhile: whoever commands is heard. */
async function replayed(
  reader: LogReader,
  name: SessionName,
  manifest: SessionStarted,
  strategy: Strategy,
  { roll, see, machines }: RecoveryRequest,
): Promise<{ core: Core; sink: SeenSink }> {
  const recorded = new RecordedDecisions();
  const sink = new SeenSink(roll ? nowhere : recorded, see);
  const core = createCore({ sink, run: manifest.run, strategy, symbols: manifest.symbols, machines });
  try {
    const slices = new SlicedCursor(reader.cursor({ verify: true }));
    while (!slices.ended) {
      feed(slices, core, roll ? uncompared : recorded);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!roll) recorded.finish();
    return { core, sink };
  } catch (error) {
    const cause = error instanceof KernelDeadError ? error.cause : error;
    if (!(cause instanceof Difference)) throw error;
    const { seq, what } = cause.where;
    throw refused(
      `this quantos decides session ${nameText(name)} otherwise than it was decided (seq ${seq} ${what})`,
    );
  }
}

/** Says every so often that it is at its end, and goes on from there when it is asked again. */
class SlicedCursor implements LogCursor {
  readonly #cursor: LogCursor;
  #left = SLICE;
  ended = false;

  constructor(cursor: LogCursor) {
    this.#cursor = cursor;
  }

  next(): 0 | 1 | 2 {
    if (this.#left-- === 0) {
      this.#left = SLICE;
      return 0;
    }
    const kind = this.#cursor.next();
    this.ended = kind === 0;
    return kind;
  }

  get seq(): number {
    return this.#cursor.seq;
  }
  get source(): string {
    return this.#cursor.source;
  }
  get tick(): Tick {
    return this.#cursor.tick;
  }
  get event(): StoredEvent {
    return this.#cursor.event;
  }
  close(): void {
    this.#cursor.close();
  }
}

const nowhere = { tick: () => {}, event: () => {} };
const uncompared = { nextInput: () => {}, add: () => {} };

function requireSameEnd(log: EventLog, { kernel }: Core, name: SessionName): void {
  if (log.lastSeq === kernel.seq) return;
  log.close();
  throw refused(`session ${nameText(name)} ends at seq ${log.lastSeq}, its replay at ${kernel.seq}`);
}

/** New code may have given out fewer order ids than the venue knows: none of them may be given out again. */
function withOrdinals(carried: SessionCarried, last: number): SessionCarried {
  const book = carried.state[ORDER_BOOK] as { lastOrdinal: number };
  if (book.lastOrdinal >= last) return carried;
  return { ...carried, state: { ...carried.state, [ORDER_BOOK]: { ...book, lastOrdinal: last } } };
}

function lastOrdinal(reader: LogReader): number {
  let last = 0;
  for (const { payload } of reader.events({ type: OrderIntended.type })) {
    last = Math.max(last, (payload as OrderIntended).ordinal);
  }
  return last;
}

/** Core holdings need no plan: whatever else is held is looked after until it is sold. */
function heldSymbols({ actors }: Core): string[] {
  const { portfolio, options } = actors;
  const planned = portfolio.positions().filter(({ role, quantity }) => role !== 'core' && quantity !== 0);
  return planned.map(({ symbol }) => options.contract(symbol)?.underlying ?? symbol);
}
