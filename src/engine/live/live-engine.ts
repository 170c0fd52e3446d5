/**
 * The live engine as one object: it wakes up where its log stopped, keeps clock and calendar, lets durable effects leave,
 * rolls its sessions and goes down in order. What is decided is the core's business alone.
 */
import { basename, join } from 'node:path';
import { historyBars } from '../../actors/actor-system.ts';
import { installDeterminismTrap } from '../../bus/determinism-trap.ts';
import type {
  HostClock,
  InputLane,
  KnownOrder,
  LiveEdge,
  MachineObserver,
  VenueDesk,
} from '../../bus/ports.ts';
import type { RunSpec } from '../../domain/config.ts';
import { InputError } from '../../domain/input-error.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { fromMicros } from '../../domain/money.ts';
import type { OrderStatus } from '../../domain/order-status.ts';
import { Reconciled } from '../../events/account.events.ts';
import type { NewInput, PayloadOf } from '../../events/define-event.ts';
import { OperatorCommanded, SessionResumed, TradingResumed } from '../../events/engine.events.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import { MessageRejected } from '../../events/feed.events.ts';
import type { SymbolDefined } from '../../events/market.events.ts';
import { OrderOutcomeUnknown } from '../../events/order.events.ts';
import type { WriterLock } from '../../log/writer-lock.ts';
import { calendarOfFeed, dataFeeds } from '../../streams/data-feeds.ts';
import type { Strategy } from '../../streams/strategy.ts';
import type { Core } from '../core.ts';
import { lockAccount } from './account-lock.ts';
import { CancelLink } from './cancel-link.ts';
import { Dictionary } from './dictionary.ts';
import { type EngineHealth, type EngineState, HealthAccount } from './engine-health.ts';
import { HeartBeat } from './heart-beat.ts';
import { LiveLane } from './input-lane.ts';
import { LiveCalendar } from './live-calendar.ts';
import { beginSession, carriedFrom, ENGINE_SOURCE, endSession, type LiveSession } from './live-session.ts';
import { type Recovered, recover, sealAll } from './recovery.ts';
import { beginOf, nameText, newChain, nextName, SessionFiles, type SessionName } from './session-files.ts';
import { corporateActions, corporateDay, inputsOfActions, warmUpHistory } from './venue-facts.ts';

export interface LiveSetup {
  readonly mode: 'paper' | 'live';
  /** Its cash is replaced by the account's equity when a chain of sessions begins. */
  readonly run: RunSpec;
  /** What is decided on, and what is only watched (volatility indices). */
  readonly symbols: readonly string[];
  readonly strategyOf: (spec: RunSpec['strategy']) => Promise<Strategy>;
  readonly dataFolder: string;
  /** Where engines with other data folders lock the account, too; left out where nobody else is about. */
  readonly lockFolder?: string;
  readonly engineVersion: string;
  /** What happens to working orders when the engine is stopped; protective stops always stay. */
  readonly onStop: 'cancel' | 'leave';
  /** What happens to them when it halts by a fault, or cannot record any more. */
  readonly onHalt: 'cancel' | 'leave';
  /** Go on in a new session even where the old one could be resumed. */
  readonly roll: boolean;
  /** What is not the market's own in this session, in sentences. */
  readonly modelled: readonly string[];
}

export interface EdgeWiring {
  readonly lane: InputLane;
  /** Orders as the engine knows them at this moment. */
  readonly known: () => readonly KnownOrder[];
  /** What client order ids begin with. */
  readonly chain: string;
  /** What the session needs market data of. */
  readonly symbols: readonly SymbolDefined[];
  /** The log's last moment, or now for a chain of sessions that begins: what the account did since is to be told. */
  readonly since: number;
}

export interface LiveEngineParts extends LiveSetup {
  readonly clock: HostClock;
  readonly desk: VenueDesk;
  readonly edgesOf: (wiring: EdgeWiring) => readonly LiveEdge[];
  /** Each event after it was appended, but not those of a replayed past. What it throws is dropped. */
  readonly onEvent?: (event: StoredEvent) => void;
  readonly onState?: (state: EngineState, why: string) => void;
  /** Watches the actors' machines; decides nothing. */
  readonly machines?: MachineObserver;
}

type Command = PayloadOf<typeof OperatorCommanded>;
const isHalt = ({ command }: Command): boolean => command === 'halt';

type Account = Awaited<ReturnType<VenueDesk['account']>>;

const OPERATOR_SOURCE = 'operator';
const EVENTS_PER_SESSION_MAX = 20_000_000;
/** How long a stop waits for the last word on canceled orders. */
const LAST_REPORTS_MS = 5_000;
const LOOK_EVERY_MS = 50;
/** How long the end of an engine that does not decide waits for its orders' end: longer than a submit on its way takes. */
const CLEARED_MS = 15_000;
const ASK_AGAIN_MS = 60_000;

export class LiveEngine {
  readonly #parts: LiveEngineParts;
  readonly #health = new HealthAccount();
  readonly #dictionary = new Dictionary();
  readonly #calendar = new LiveCalendar();
  #state: EngineState = 'stopped';
  #why = '';
  #account: Account | null = null;
  #files: SessionFiles | null = null;
  #lock: WriterLock | null = null;
  #removeTrap = () => {};
  #session: LiveSession | null = null;
  #lane: LiveLane | null = null;
  #edges: readonly LiveEdge[] = [];
  #beat: HeartBeat | null = null;
  /** Of the newest chain of sessions; null where the account has none yet. */
  #cancelLink: CancelLink | null = null;
  /** What was commanded before there was a session to record it in. */
  #asked: Command[] = [];
  #failing: Promise<void> | null = null;
  /** Why nothing is decided any more; empty while all is well. */
  #fault = '';
  /** What happened is recorded already: nobody is told again. */
  #replaying = false;
  #rolling = false;
  /** Up to this day corporate actions are recorded; empty before the first session. */
  #corporateDay = '';
  #asking = false;
  #watched: readonly string[] = [];
  #strategy: Strategy | null = null;
  #stopped: Promise<void> | null = null;

  constructor(parts: LiveEngineParts) {
    this.#parts = parts;
  }

  /** Resolves once it runs; trading begins when the venue and the log agree. Throws one sentence where it cannot run. */
  async start(): Promise<void> {
    const { desk, dataFolder, lockFolder } = this.#parts;
    this.#account = await desk.account();
    const { accountId, blocked } = this.#account;
    if (blocked !== null) throw new InputError(`account ${accountId} may not trade: ${blocked}`);
    this.#files = new SessionFiles(dataFolder, accountId);
    const locks = [this.#files.pathOfEngine];
    if (lockFolder !== undefined) locks.push(join(lockFolder, `account-${basename(this.#files.folder)}`));
    this.#lock = lockAccount(locks, accountId);
    this.#removeTrap = installDeterminismTrap();
    try {
      this.#enter('recovering', '');
      this.#replaying = true;
      const recovered = await recover({
        ...this.#parts,
        files: this.#files,
        see: (event) => this.#see(event),
        onFound: ({ chain }) => this.#link(chain),
      });
      this.#replaying = false;
      if (recovered?.kind === 'resumed') await this.#resume(recovered.session);
      else await this.#begin(recovered);
    } catch (error) {
      this.#replaying = false;
      const stands = this.#health.state === 'halted' && this.#parts.onHalt === 'cancel';
      if (stands || this.#asked.some(isHalt)) await this.#cleared();
      await this.#release();
      throw error;
    }
  }

  /**
   * The kill switch and its relatives; recorded like anything else that comes from outside, as soon as that is possible.
   * Where nobody decides, a halt goes past the core.
   */
  command(command: Command['command'], by: string, symbol: string | null = null): void {
    const commanded = { command, symbol, by };
    if (this.#lane === null) this.#asked.push(commanded);
    else this.#lane.say(OperatorCommanded.of(commanded), OPERATOR_SOURCE);
    const decides = this.#lane !== null && this.#session!.core.kernel.halted === null;
    if (isHalt(commanded) && !decides) this.#clear();
  }

  health(): EngineHealth {
    return this.#health.describe(this.#session?.core ?? null, {
      state: this.#state,
      why: this.#why,
      session: this.#session === null ? null : nameText(this.#session.name),
      backlog: this.#lane?.backlog ?? 0,
      now: this.#parts.clock.now(),
    });
  }

  /** The session that runs, for those who look at its core. */
  get session(): LiveSession | null {
    return this.#session;
  }

  /** Effects that wait for the disk before they may leave. */
  get leaving(): number {
    return this.#lane?.leaving ?? 0;
  }

  /** Takes orders back or leaves them, waits a while for the venue's last word, ends and seals the session. */
  stop(reason: string): Promise<void> {
    return (this.#stopped ??= this.#stop(reason));
  }

  /** Drops everything as a crash would, the process apart: nothing is committed, canceled or said any more. */
  abandon(): void {
    this.#beat?.stop();
    this.#cancelLink?.close();
    this.#lane?.close();
    for (const edge of this.#edges) void edge.stop();
    this.#lock?.release();
    this.#removeTrap();
  }

  // --- how a session comes about -------------------------------------------------------------------------------------

  async #begin(recovered: Extract<Recovered, { kind: 'carried' }> | null): Promise<void> {
    const { clock, desk, mode, run, strategyOf } = this.#parts;
    const symbols = [...new Set([...this.#parts.symbols, ...(recovered?.held ?? [])])].sort();
    const strategy = await strategyOf(run.strategy);
    this.#strategy = strategy;
    for (const asset of await desk.assets(symbols)) this.#dictionary.define(asset);
    const cash = recovered?.cash ?? fromMicros(this.#account!.equityMicros);
    const knownUntil = recovered?.until ?? null;
    const bars = historyBars(run, strategy, symbols);
    const history = await warmUpHistory(desk, symbols, { bars, knownUntil, now: this.#historyUntil() });
    const actions = await this.#actionsSince(symbols, knownUntil, recovered?.name ?? null);
    const now = Math.max(clock.now(), knownUntil ?? 0);
    const name = recovered === null ? newChain(mode, now) : nextName(recovered.name);
    this.#session = beginSession({
      name,
      path: this.#files!.pathOf(name),
      manifest: {
        session: nameText(name),
        continues: recovered === null ? null : nameText(recovered.name),
        mode,
        run: { ...run, cash },
        symbols,
        datasets: [],
        engineVersion: this.#parts.engineVersion,
        modelled: [...this.#parts.modelled],
      },
      carried: recovered?.carried ?? null,
      definitions: this.#dictionary.definitions(now),
      strategy,
      now,
      see: (event) => this.#see(event),
      machines: this.#parts.machines,
    });
    const unknown = unanswered(this.#session.core);
    this.#run(symbols, knownUntil ?? now, [...unknown, ...actions(), ...history]);
  }

  /** Timers leave their states before the clock moves; an effect without a report is unknown. */
  async #resume(session: LiveSession): Promise<void> {
    const { desk, strategyOf } = this.#parts;
    const { kernel } = session.core;
    this.#session = session;
    const { run, symbols } = session.manifest;
    const watched = [...new Set([...this.#parts.symbols, ...symbols])].sort();
    this.#strategy = await strategyOf(run.strategy);
    const bars = historyBars(run, this.#strategy, symbols);
    const until = kernel.now;
    const history = await warmUpHistory(desk, watched, {
      bars,
      knownUntil: until,
      now: this.#historyUntil(),
    });
    const actions = await this.#actionsSince(watched, until, session.name);
    const unknown = unanswered(session.core);
    kernel.input(SessionResumed.of({ reason: 'the engine came back' }), {
      source: ENGINE_SOURCE,
      recordedAt: until,
    });
    this.#run(watched, until, [...unknown, ...actions(), ...history]);
  }

  #run(symbols: readonly string[], since: number, first: readonly NewInput[]): void {
    const { clock, edgesOf } = this.#parts;
    if (this.#stopped !== null) throw new InputError('it was stopped before it ran');
    const session = this.#session!;
    const lane = new LiveLane({
      clock,
      session,
      dictionary: this.#dictionary,
      onEffect: (effect) => this.#onEffect(effect),
      onFailure: (error) => {
        this.#failing = this.#fail(error);
      },
    });
    this.#lane = lane;
    this.#link(session.name.chain);
    this.#watched = symbols;
    this.#enter('reconciling', '');
    this.#edges = edgesOf({
      lane,
      known: () => this.#session!.core.actors.orders.known(),
      chain: session.name.chain,
      symbols: this.#dictionary.defined(symbols),
      since,
    });
    lane.connect(this.#edges);
    for (const each of this.#asked.splice(0)) lane.say(OperatorCommanded.of(each), OPERATOR_SOURCE);
    for (const each of first) lane.say(each);
    for (const edge of this.#edges) edge.start();
    lane.commit();
    this.#beat = new HeartBeat({
      clock,
      lane,
      calendar: this.#calendar,
      calendars: this.#dictionary.calendars(),
      mayOpen: () => this.#state === 'trading',
      mayClose: (calendar) => this.#hasBars(calendar),
      onBeat: () => this.#onBeat(),
      onDayClosed: () => this.#rollWhenQuiet('the trading day is over'),
    });
    this.#beat.start();
  }

  /** A day whose close is still to be told is built of its own bars. */
  #historyUntil(): number {
    const now = this.#parts.clock.now();
    const owed = this.#dictionary.calendars().flatMap((each) => this.#calendar.owedClose(each, now) ?? []);
    return Math.min(now, ...owed.map((close) => close - 1));
  }

  /** No feed of a calendar is still catching up. */
  #hasBars(calendar: CalendarName): boolean {
    const { feeds } = this.#session!.core.actors;
    const missing = dataFeeds.filter((each) => {
      const state = feeds.state(each);
      return calendarOfFeed(each) === calendar && each !== 'options' && state !== null && state !== 'live';
    });
    return missing.length === 0;
  }

  /** From now on orders can be taken back, whatever else becomes of the engine. */
  #link(chain: string): void {
    const { desk, clock } = this.#parts;
    const say = (what: string) => this.#enter(this.#state, [this.#fault, what].filter(Boolean).join('; '));
    this.#cancelLink ??= new CancelLink({ desk, clock, chain, say });
    if (this.#asked.some(isHalt)) this.#clear();
  }

  /** Past the core, which hears nothing of it but what the venue reports; not within a dispatch. */
  #clear(): void {
    this.#parts.clock.after(0, () => void this.#cancelLink?.clear());
  }

  // --- while it runs -------------------------------------------------------------------------------------------------

  #see(event: StoredEvent): void {
    this.#dictionary.see(event);
    this.#calendar.see(event);
    this.#health.see(event);
    if (this.#replaying) return;
    const { state, why } = this.#health;
    if (state !== null && state !== this.#state && this.#state !== 'stopping') this.#enter(state, why);
    quietly(() => this.#parts.onEvent?.(event));
  }

  #enter(state: EngineState, why: string): void {
    if (state === 'halted' && this.#state !== state) {
      this.#fault = why;
      if (this.#parts.onHalt === 'cancel') this.#clear();
    }
    this.#state = state;
    this.#why = why;
    quietly(() => this.#parts.onState?.(state, why));
  }

  #onEffect({ type, payload, seq }: StoredEvent): void {
    if (type !== Reconciled.type) return;
    const { ok, differences } = payload as Reconciled;
    if (!ok) {
      const open = differences.filter(({ action }) => action === 'halted');
      this.#why = open
        .map(({ what, symbol }) => (symbol === null ? what : `${what} of ${symbol}`))
        .join(', ');
    } else if (this.#state === 'reconciling') {
      this.#lane!.input(TradingResumed.of({}), { source: ENGINE_SOURCE, causation: seq });
    }
  }

  #onBeat(): void {
    if (this.#session!.core.kernel.seq > EVENTS_PER_SESSION_MAX)
      this.#rollWhenQuiet(`it has ${EVENTS_PER_SESSION_MAX} events`);
    if (corporateDay(this.#parts.clock.now()) > this.#corporateDay && !this.#asking) void this.#askActions();
  }

  /** Every morning, before the market opens; a venue that does not answer is asked again. */
  async #askActions(): Promise<void> {
    this.#asking = true;
    try {
      const actions = await this.#actionsSince(this.#watched, null, this.#session!.name);
      for (const action of actions()) this.#lane!.say(action);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#lane!.say(MessageRejected.of({ source: 'corporate-actions', reason, excerpt: '' }));
      await later(this.#parts.clock, ASK_AGAIN_MS);
    }
    this.#asking = false;
  }

  /** Asks for what companies did; the inputs are made once the session stands that knows which of them it has. */
  async #actionsSince(
    symbols: readonly string[],
    until: number | null,
    name: SessionName | null,
  ): Promise<() => readonly NewInput[]> {
    const { clock, desk } = this.#parts;
    const now = clock.now();
    // A chain that begins today takes positions as they are today.
    if (this.#corporateDay === '') this.#corporateDay = corporateDay(until ?? now);
    const appliedUpTo = this.#corporateDay;
    const chainDay = corporateDay(name === null ? now : beginOf(name));
    const actions = await corporateActions(desk, { symbols, appliedUpTo, chainDay, now });
    this.#corporateDay = corporateDay(now);
    const isKnown = (id: string) => this.#session!.core.actors.status.knows(id);
    return () => inputsOfActions(actions, appliedUpTo, isKnown);
  }

  /** Feeds stay connected: only the log and the core change, between two inputs. */
  #rollWhenQuiet(reason: string): void {
    if (this.#rolling) return;
    this.#rolling = true;
    this.#lane!.whenReached(() => {
      this.#rolling = false;
      if (this.#session!.core.kernel.halted === null && this.#state !== 'stopping') this.#roll(reason);
    });
  }

  #roll(reason: string): void {
    const { name: from, core, manifest } = this.#session!;
    const { now } = core.kernel;
    const carried = carriedFrom({ name: from, core });
    endSession(this.#session!, reason);
    const name = nextName(from);
    this.#session = beginSession({
      name,
      path: this.#files!.pathOf(name),
      manifest: { ...manifest, session: nameText(name), continues: nameText(from) },
      carried,
      definitions: this.#dictionary.definitions(now),
      strategy: this.#strategy!,
      now,
      see: (event) => this.#see(event),
      machines: this.#parts.machines,
    });
    this.#lane!.continueIn(this.#session);
    this.#lane!.commit();
  }

  // --- how it ends -----------------------------------------------------------------------------------------------------

  async #stop(reason: string): Promise<void> {
    const lane = this.#lane;
    if (this.#failing !== null) return this.#failing;
    if (lane === null || this.#session === null) return this.#release();
    const decides = this.#session.core.kernel.halted === null;
    this.#enter('stopping', reason);
    if (this.#parts.onStop === 'cancel') {
      if (decides) this.command('withdraw', 'stop');
      await (decides ? this.#lastReports() : this.#cleared());
    }
    // What was decided leaves before its edges go.
    await new Promise<void>((resolve) => lane.whenReached(resolve));
    this.#beat?.stop();
    await Promise.all(this.#edges.map((edge) => edge.stop()));
    await new Promise<void>((resolve) => lane.whenReached(resolve));
    lane.close();
    endSession(this.#session, reason);
    quietly(() => sealAll(this.#files!));
    await this.#release();
    this.#enter('stopped', reason);
  }

  async #lastReports(): Promise<void> {
    const { clock } = this.#parts;
    const until = clock.now() + LAST_REPORTS_MS * 1_000;
    const isLeaving = () => [...this.#session!.core.actors.orders.working()].some(goes);
    do await later(clock, LOOK_EVERY_MS);
    while (isLeaving() && clock.now() < until);
  }

  /** Nothing can be recorded: nothing may be done either, but to take back what stands. */
  async #fail(error: unknown): Promise<void> {
    this.#fault = error instanceof Error ? error.message : String(error);
    this.#lane?.close();
    this.#enter('stopping', this.#fault);
    await Promise.all(this.#edges.map((edge) => edge.stop()));
    if (this.#parts.onHalt === 'cancel') await this.#cleared();
    await this.#release();
    this.#enter('failed', this.#why);
  }

  /** Waits until no order is left, as long as that may take. */
  async #cleared(): Promise<void> {
    await Promise.race([this.#cancelLink?.clear(), later(this.#parts.clock, CLEARED_MS)]);
  }

  async #release(): Promise<void> {
    this.#replaying = false;
    this.#beat?.stop();
    this.#cancelLink?.close();
    quietly(() => this.#session?.log.close());
    this.#lock?.release();
    this.#lock = null;
    this.#removeTrap();
  }
}

/** Effects that left, or were about to: what the venue made of them is not in the log. */
const UNANSWERED: readonly OrderStatus[] = ['submitted', 'pendingUpdate', 'pendingCancel'];

const unanswered = ({ actors }: Core): NewInput[] =>
  actors.orders.known().flatMap(({ ordinal, status }) => {
    const reason = 'the engine stopped before it heard what became of it';
    return UNANSWERED.includes(status) ? [OrderOutcomeUnknown.of({ ordinal, reason })] : [];
  });

/** Protective stops of shares rest at the venue while no engine runs. */
const goes = ({ intended }: { readonly intended: { readonly action: string } }): boolean =>
  intended.action !== 'protect';

const later = (clock: HostClock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve));

/** A listener's fault is not the engine's. */
function quietly(run: () => void): void {
  try {
    run();
  } catch {
    // Whoever listens keeps a log of its own.
  }
}
