/**
 * A live engine with the real client package against the simulated venue over real sockets, both on one clock that moves
 * when a test says so. Time passes in small steps, and no step is taken before the last one's messages have arrived.
 */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replay } from '../../replay/replay.ts';
import { loadStrategy } from '../../replay/strategy-loader.ts';
import type { LiveEdge } from '../../src/bus/ports.ts';
import type { RunSpec } from '../../src/domain/config.ts';
import { alpacaVenue } from '../../src/engine/live/alpaca-venue.ts';
import { type EdgeWiring, LiveEngine, type LiveEngineParts } from '../../src/engine/live/live-engine.ts';
import { type LiveSettingsInput, liveSettings } from '../../src/engine/live/live-settings.ts';
import { SessionFiles } from '../../src/engine/live/session-files.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import {
  AlpacaSimulator,
  type AlpacaSimulatorOptions,
  SIMULATOR_KEY_ID,
  SIMULATOR_SECRET,
} from '../../src/simulators/alpaca/alpaca-simulator.ts';
import {
  type GeneratedSymbol,
  generatedRecords,
  type OpenRecords,
} from '../../src/simulators/alpaca/records.ts';
import {
  SimulatedMarket,
  type SimulatedMarketOptions,
} from '../../src/simulators/alpaca/simulated-market.ts';
import { runSpec } from '../engine/engine-run.ts';
import { SteppedClock } from './stepped-clock.ts';

/** Rounds of the event loop without news after which nothing is on its way. */
const QUIET_ROUNDS = 24;
/** A request may wait at the venue for the clock: it does not hold the test up for ever. */
const ROUNDS_WITH_REQUESTS = 60;
const STEP_MS = 50;

export interface RigOptions {
  /** Microseconds. */
  readonly startAt: number;
  /** A built-in's name or a file. */
  readonly strategy?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Laid over the run. */
  readonly run?: Partial<Omit<RunSpec, 'strategy' | 'config'>> & { readonly config?: unknown };
  readonly symbols?: readonly GeneratedSymbol[];
  readonly records?: OpenRecords;
  readonly market?: Partial<SimulatedMarketOptions>;
  readonly venue?: Partial<Omit<AlpacaSimulatorOptions, 'clock' | 'market'>>;
  readonly settings?: Partial<LiveSettingsInput>;
  readonly engine?: Partial<Pick<LiveEngineParts, 'onStop' | 'roll' | 'mode'>>;
  readonly seed?: number;
  readonly taps?: RigTaps;
  /** Edges beside those of the venue. */
  readonly beside?: (wiring: EdgeWiring) => readonly LiveEdge[];
}

/** Where a test listens on the way between engine and venue. What it does there happens before anything else does. */
export interface RigTaps {
  /** A request leaves the client. */
  readonly sent?: (method: string, path: string, body: string) => void;
  /** Its answer is here and nobody has read it. */
  readonly answered?: (method: string, path: string, status: number) => void;
  /** A durable effect reaches the edge that performs it. */
  readonly performs?: (effect: StoredEvent) => void;
  readonly event?: (event: StoredEvent) => void;
}

export const spy: GeneratedSymbol = {
  symbol: 'SPY',
  calendar: 'XNYS',
  px: 400,
  drift: 0.001,
  deviation: 0.008,
};

export class Rig {
  readonly clock: SteppedClock;
  readonly venue: AlpacaSimulator;
  /** Events of all engines that ran, in their order; of replayed pasts, none. */
  readonly events: StoredEvent[] = [];
  readonly #options: RigOptions;
  #folder = mkdtempSync(join(tmpdir(), 'quantos-rig-'));
  readonly #folders: string[] = [];
  #server: { readonly url: string; close(): Promise<void> } | null = null;
  #engine: LiveEngine | null = null;
  #requests = 0;
  #answers = 0;

  constructor(options: RigOptions) {
    this.#options = options;
    const { startAt, seed = 1, symbols = [spy] } = options;
    this.clock = new SteppedClock(startAt);
    const records = options.records ?? generatedRecords({ seed, from: '2025-01-02', symbols });
    const market = new SimulatedMarket({ clock: this.clock, records, seed, ...options.market });
    this.venue = new AlpacaSimulator({ clock: this.clock, market, seed, ...options.venue });
  }

  /** Where everything is kept that the engine writes. */
  get folder(): string {
    return this.#folder;
  }

  /** False after a kill. */
  get runs(): boolean {
    return this.#engine !== null;
  }

  get engine(): LiveEngine {
    if (this.#engine === null) throw new Error('no engine runs: start one');
    return this.#engine;
  }

  /** Starts the venue where it is not up, and an engine; resolves once that runs. */
  async start(over: Partial<LiveEngineParts> = {}): Promise<void> {
    this.#server ??= await this.venue.listen(0);
    const { strategy = 'buy-and-hold', params = {}, symbols = [spy], settings, engine } = this.#options;
    const loaded = await loadStrategy(strategy, params);
    const { spec } = loaded;
    const run = { ...runSpec({ benchmark: symbols[0].symbol, ...this.#options.run }), strategy: spec };
    const checked = liveSettings(
      { symbols: symbols.map(({ symbol }) => symbol), venueUrl: this.#server.url, ...settings },
      {},
      { name: 'rig', live: {} },
    );
    const { desk, edgesOf } = alpacaVenue({
      mode: 'paper',
      settings: checked,
      credentials: {
        keyId: this.#options.venue?.keyId ?? SIMULATOR_KEY_ID,
        secret: this.#options.venue?.secret ?? SIMULATOR_SECRET,
      },
      clock: this.clock,
      run,
      fetch: this.#fetch,
    });
    this.#engine = new LiveEngine({
      clock: this.clock,
      desk,
      edgesOf: (wiring) =>
        [...edgesOf(wiring), ...(this.#options.beside?.(wiring) ?? [])].map((edge) => this.#tapped(edge)),
      mode: 'paper',
      run,
      symbols: checked.symbols,
      strategyOf: async () => loaded.strategy,
      dataFolder: this.#folder,
      engineVersion: 'test',
      onStop: checked.onStop,
      onHalt: checked.onHalt,
      roll: false,
      modelled: [],
      onEvent: (event) => {
        this.events.push(event);
        this.#options.taps?.event?.(event);
      },
      ...engine,
      ...over,
    });
    await this.whileTimePasses(this.#engine.start());
  }

  async stop(): Promise<void> {
    await this.whileTimePasses(this.engine.stop('the test says so'));
    this.#engine = null;
  }

  /** An engine that could not start is no engine. */
  async abandon(): Promise<void> {
    this.#engine = null;
    await this.quiet();
  }

  /** The engine is gone without a word; its log is found as it lies on the disk now. */
  async kill(): Promise<void> {
    const killed = this.engine;
    const elsewhere = mkdtempSync(join(tmpdir(), 'quantos-rig-'));
    cpSync(this.#folder, elsewhere, { recursive: true });
    this.#folders.push(this.#folder);
    this.#folder = elsewhere;
    this.#engine = null;
    killed.abandon();
    await this.quiet();
  }

  async restart(over: Partial<LiveEngineParts> = {}): Promise<void> {
    await this.kill();
    await this.start(over);
  }

  /** Lets time pass until `ms` are over. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.clock.advance(Math.min(STEP_MS, left));
      await this.quiet();
    }
  }

  /** Lets time pass until something is so; throws where it is not within `ms`. */
  async until(what: string, isSo: () => boolean, ms = 60_000): Promise<void> {
    for (let left = ms; !isSo(); left -= STEP_MS) {
      if (left <= 0) throw new Error(`${what}: not within ${ms} ms`);
      await this.advance(STEP_MS);
    }
  }

  /** While no engine runs: the market goes on until `time` (microseconds). */
  async skipTo(time: number): Promise<void> {
    if (this.#engine !== null) throw new Error('an engine runs: it would miss its own timers');
    this.#server ??= await this.venue.listen(0);
    this.clock.advance((time - this.clock.now()) / 1_000);
  }

  /** The same for those who ask nothing of the time between: a quote a minute is market enough. */
  async dozeTo(time: number): Promise<void> {
    if (this.#engine !== null) throw new Error('an engine runs: it would miss its own timers');
    for (let left = time - this.clock.now(); left > 0; left = time - this.clock.now()) {
      this.clock.jump(Math.min(left / 1_000, 60_000));
    }
  }

  ofType(type: string): StoredEvent[] {
    return this.events.filter((event) => event.type === type);
  }

  /** Paths of all sessions' logs, oldest first. */
  logs(): string[] {
    const [accountId] = readdirSync(this.#folder);
    const files = new SessionFiles(this.#folder, accountId);
    return files.all().map((name) => files.pathOf(name));
  }

  /** Every log replays to what it holds. */
  async replays(): Promise<unknown[]> {
    const results = [];
    for (const path of this.logs()) results.push(await replay(path, { verify: true }));
    return results.filter(({ identical }) => !identical);
  }

  async close(): Promise<void> {
    if (this.#engine !== null) await this.stop().catch(() => this.#engine?.abandon());
    await this.#server?.close();
    for (const folder of [this.#folder, ...this.#folders]) rmSync(folder, { recursive: true, force: true });
  }

  /** Everything sent has arrived and has been worked on. */
  async quiet(): Promise<void> {
    let before = '';
    let unchanged = 0;
    for (let round = 0; round < 1_000; round++) {
      do await new Promise((resolve) => setImmediate(resolve));
      while ((this.#engine?.leaving ?? 0) > 0);
      const now = this.#news();
      unchanged = now === before ? unchanged + 1 : 0;
      before = now;
      const open = this.#requests > this.#answers || this.venue.counters.requestsOpen > 0;
      if (unchanged >= (open ? ROUNDS_WITH_REQUESTS : QUIET_ROUNDS)) return;
    }
    throw new Error('the rig does not come to rest');
  }

  async whileTimePasses<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    await this.quiet();
    while (!isDone) await this.advance(STEP_MS);
    return done;
  }

  #news(): string {
    const { framesSent, framesReceived, requestsServed, requestsOpen, sockets } = this.venue.counters;
    const { session } = this.#engine ?? {};
    const ours = [session?.core.kernel.seq, this.clock.pending];
    return [
      framesSent,
      framesReceived,
      requestsServed,
      requestsOpen,
      sockets.length,
      this.#requests,
      this.#answers,
      ...ours,
    ].join();
  }

  #tapped(edge: LiveEdge): LiveEdge {
    const { performs } = this.#options.taps ?? {};
    if (performs === undefined) return edge;
    return {
      performs: edge.performs,
      start: () => edge.start(),
      stop: () => edge.stop(),
      perform: (effect) => {
        performs(effect);
        edge.perform(effect);
      },
    };
  }

  readonly #fetch: typeof fetch = async (...call) => {
    const { taps } = this.#options;
    const [url, { method = 'GET', body = '' } = {}] = call;
    const { pathname } = new URL(String(url));
    taps?.sent?.(method, pathname, String(body));
    this.#requests++;
    try {
      const response = await fetch(...call);
      // The whole answer is here before the client sees its head.
      const answer = await response.arrayBuffer();
      taps?.answered?.(method, pathname, response.status);
      const empty = response.status === 204 || response.status === 304;
      return new Response(empty ? null : answer, response);
    } finally {
      this.#answers++;
    }
  };
}
