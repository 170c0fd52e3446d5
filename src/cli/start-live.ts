/** `quantos start --mode paper|live`: checks everything that can be checked before an order exists, then runs until told to stop. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { reloadStrategy } from '../../replay/strategy-loader.ts';
import { ENGINE_VERSION } from '../../replay/version.ts';
import { IntelBus } from '../bus/intel-bus.ts';
import type { HostClock, MachineObserver, VenueDesk } from '../bus/ports.ts';
import { Operations } from '../dashboard/operations.ts';
import type { RunSpec } from '../domain/config.ts';
import { InputError } from '../domain/input-error.ts';
import { VenueError } from '../domain/venue-error.ts';
import { sharedLockFolder } from '../engine/live/account-lock.ts';
import { alpacaVenue } from '../engine/live/alpaca-venue.ts';
import type { EngineState } from '../engine/live/engine-health.ts';
import { scaledClock, wallClock } from '../engine/live/host-clock.ts';
import { intelEdges, redisOf } from '../engine/live/intel-edges.ts';
import { LiveEngine } from '../engine/live/live-engine.ts';
import { type LiveSettings, liveSettings, venueKeys } from '../engine/live/live-settings.ts';
import { canonicalJson } from '../events/canonical.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { SIMULATOR_KEY_ID, SIMULATOR_SECRET } from '../simulators/alpaca/alpaca-simulator.ts';
import { CLOCK_OFF_MAX_US, CLOCK_OFF_TOLD_US } from './clock-limits.ts';
import { CheckFailed, EnvironmentLacks } from './failure.ts';
import { LiveLines } from './live-lines.ts';
import { readRunFile } from './options/run-file.ts';
import { prepareRunOn, type RunOptions } from './options/run-options.ts';
import { type CommonOptions, remark, type Terminal } from './terminal.ts';
import { beginRerun } from './what-if-thread.ts';

export interface LiveOptions extends CommonOptions, Pick<RunOptions, 'config' | 'set' | 'strategy'> {
  readonly mode: 'paper' | 'live';
  /** Said once more, so that no script slips from paper to real money by one word. */
  readonly live?: boolean;
  /** What this command printed for exactly this account and setup. */
  readonly confirm?: string;
  readonly venue?: string;
  readonly symbols?: readonly string[];
  readonly data?: string;
  readonly port?: number;
  readonly roll?: boolean;
  /** Prints an event as a line of JSON where it changes the engine's state. */
  readonly printEvent: (event: StoredEvent) => void;
  /** Watches the actors' machines, for an inspector. */
  readonly machines?: MachineObserver;
}

/** The quickest of so many answers tells a simulator's time best: the first one waits for a process that warms up. */
const CLOCK_ASKED = 3;

export async function startLive(options: LiveOptions, terminal: Terminal): Promise<void> {
  const { mode } = options;
  if (mode === 'live' && !options.live)
    throw new InputError('--mode live trades with real money; say so with --live, or use --mode paper');
  const file = options.config === undefined ? {} : readRunFile(options.config);
  const flags = {
    symbols: options.symbols === undefined ? undefined : [...options.symbols],
    dataFolder: options.data,
    port: options.port,
    venueUrl: options.venue,
  };
  const named = { name: `--config ${options.config}`, live: file.live ?? {} };
  const settings = liveSettings(flags, process.env, named);
  const { config, set, strategy } = options;
  const { run } = await prepareRunOn(settings.symbols, { config, set, strategy }, file);
  requireLivable(run);
  const redis = redisOf(settings, process.env);
  const credentials = venueKeys(process.env) ?? simulatorsKeys(settings);
  const venueOn = (clock: HostClock) => alpacaVenue({ mode, settings, credentials, clock, run });
  const clock = await clockOf(venueOn(wallClock()).desk, options, terminal).catch((error) =>
    Promise.reject(unreachable(error, settings)),
  );
  const { desk, edgesOf } = venueOn(clock);
  if (mode === 'live') await requireConfirmed(desk, { run, settings }, options, terminal);

  const operations = new Operations({
    clock,
    dataFolder: settings.dataFolder,
    port: settings.port,
    alertWebhook: settings.alertWebhook,
    logLevel: options.quiet ? 'warn' : 'info',
    logFile: join(settings.dataFolder, 'engine.log'),
    stderr: null,
    page: { beginRerun },
    secrets: [credentials.keyId, credentials.secret, redis?.user ?? '', redis?.password ?? ''],
  });
  const bus = new IntelBus(() => clock.now());
  let ended: (state: EngineState) => void = () => {};
  const end = new Promise<EngineState>((resolve) => {
    ended = resolve;
  });
  const print = (line: string) => remark(terminal, options, line);
  const lines = new LiveLines(print, () => engine);
  const engine: LiveEngine = new LiveEngine({
    clock,
    desk,
    edgesOf: (wiring) => {
      const lane = operations.metered(wiring.lane);
      const say = (sentence: string) => operations.log.warn(sentence);
      return [
        ...edgesOf({ ...wiring, lane }),
        ...intelEdges({ lane, clock, bus, settings, redis, run, say }),
      ];
    },
    mode,
    run,
    symbols: settings.symbols,
    strategyOf: async (spec) => (await reloadStrategy(spec)).strategy,
    dataFolder: settings.dataFolder,
    lockFolder: sharedLockFolder(),
    engineVersion: ENGINE_VERSION,
    onStop: settings.onStop,
    onHalt: settings.onHalt,
    roll: options.roll ?? false,
    modelled: [],
    machines: options.machines,
    onEvent: (event) => {
      operations.event(event);
      if (options.json) options.printEvent(event);
      else if (!options.quiet) lines.event(event);
    },
    onState: (state, why) => {
      operations.state(state, why);
      lines.state(state, why);
      if (state === 'stopped' || state === 'failed') ended(state);
    },
  });
  const forget = stopOnSignal(engine);
  try {
    const port = await operations.open(engine);
    if (port !== null) {
      print(`${operations.address} is its page; keep the address to yourself, it may command`);
      print(`http://127.0.0.1:${port}/health and /metrics; quantos kill halts it`);
    }
    await engine.start();
    const state = await end;
    if (state === 'failed')
      throw new CheckFailed(
        `the engine cannot record any more: ${engine.health().why}; nothing was sent after that`,
      );
    if (engine.health().counts.EngineHalted !== undefined)
      throw new CheckFailed(
        'the engine halted while it ran; its log says why, and nothing was decided after that',
      );
  } finally {
    forget();
    await operations.close();
  }
  print(lines.farewell(terminal.program));
}

/** A terminal's Ctrl-C comes twice where npm hands it on. */
const SAME_SIGNAL_MS = 1_000;

/** The first asks it to go in order, a second one lets everything fall. */
function stopOnSignal(engine: LiveEngine): () => void {
  let askedMs: number | null = null;
  const stop = (signal: NodeJS.Signals) => {
    if (askedMs === null) {
      askedMs = performance.now();
      void engine.stop(signal);
    } else if (performance.now() > askedMs + SAME_SIGNAL_MS) {
      engine.abandon();
      process.exit(130);
    }
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
}

/** What only makes sense where the data are there already. */
function requireLivable({ profile, execution, core, finalize, roll }: RunSpec): void {
  const odd =
    profile !== 'quantos'
      ? `profile ${profile}`
      : execution !== 'midpoint'
        ? `execution ${execution}`
        : core.length > 0
          ? 'core holdings (those of the account are found there)'
          : finalize
            ? 'finalize'
            : roll !== 'none'
              ? 'roll (a live session rolls by itself)'
              : null;
  if (odd !== null) throw new InputError(`${odd} is for backtests; leave it out of a paper or live run`);
}

/** A simulator on this machine lets everybody in who says its name. */
function simulatorsKeys({ venueUrl }: LiveSettings): { keyId: string; secret: string } {
  if (venueUrl !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(venueUrl).hostname))
    return { keyId: SIMULATOR_KEY_ID, secret: SIMULATOR_SECRET };
  throw new EnvironmentLacks(
    "Alpaca's keys are missing: set APCA_API_KEY_ID and APCA_API_SECRET_KEY, or try without any against quantos sim-venue",
  );
}

/** The wall's, unless the venue is a simulator with a time of its own. */
async function clockOf(desk: VenueDesk, options: CommonOptions, terminal: Terminal): Promise<HostClock> {
  const { asked, answered, now, simulated } = await askClock(desk);
  if (simulated !== null) return simulatorsClock(desk);
  const offUs = Math.max(asked - now, now - answered, 0);
  const off = `this machine's clock is ${Math.round(offUs / 1_000_000)} seconds off the venue's`;
  if (offUs >= CLOCK_OFF_MAX_US)
    throw new EnvironmentLacks(
      `${off}: set it by a time server (timedatectl set-ntp true), then start again`,
    );
  if (offUs > CLOCK_OFF_TOLD_US)
    remark(terminal, options, `${off}: quotes will look older or newer than they are`);
  return wallClock();
}

/** The first thing asked: whoever mistyped an address, or has no network, hears of it here. */
function unreachable(error: unknown, { venueUrl }: LiveSettings): unknown {
  if (!(error instanceof VenueError) || error.code !== 'unavailable') return error;
  const [who, remedy] =
    venueUrl === null
      ? ['Alpaca', 'look at the network and at https://status.alpaca.markets']
      : [venueUrl, 'is that the address, and does quantos sim-venue run there?'];
  return new EnvironmentLacks(`${who} does not answer (${error.message}); ${remedy}`);
}

/** With the wall's microseconds before and after. */
async function askClock(desk: VenueDesk) {
  const wall = wallClock();
  const asked = wall.now();
  const answer = await desk.clock();
  return { ...answer, asked, answered: wall.now() };
}

/** A clock that lags its venue's sees ticks of the future, and at a multiple of the wall's speed all delays count more. */
async function simulatorsClock(desk: VenueDesk): Promise<HostClock> {
  let best: { readonly tookUs: number; readonly clock: HostClock } | null = null;
  for (let n = 0; n < CLOCK_ASKED; n++) {
    const { asked, answered, now, simulated } = await askClock(desk);
    const { speed } = simulated!;
    const tookUs = answered - asked;
    if (best !== null && tookUs >= best.tookUs) continue;
    best = { tookUs, clock: scaledClock({ startAt: now + Math.round((tookUs / 2) * speed), speed }) };
  }
  return best!.clock;
}

/** Real money: the account is typed by a person, or the digest of exactly this setup is given. */
async function requireConfirmed(
  desk: VenueDesk,
  setup: { readonly run: RunSpec; readonly settings: LiveSettings },
  { confirm }: LiveOptions,
  terminal: Terminal,
): Promise<void> {
  const { accountId } = await desk.account();
  const { alertWebhook: _, port: __, ...settings } = setup.settings;
  const hash = createHash('sha256')
    .update(canonicalJson({ accountId, run: { ...setup.run, cash: 0 }, settings }))
    .digest('hex')
    .slice(0, 12);
  if (confirm !== undefined) {
    if (confirm === hash) return;
    throw new InputError(`--confirm ${confirm} is not of this account and setup; theirs is ${hash}`);
  }
  if (!process.stdin.isTTY || !terminal.watched) {
    throw new InputError(
      `live trading wants a confirmation: start with --confirm ${hash}, which stands for account ${accountId} and this setup`,
    );
  }
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  const typed = await ask.question(`Real money. Type the account's id (${accountId}) to go on: `);
  ask.close();
  if (typed.trim() !== accountId)
    throw new InputError(`"${typed.trim()}" is not ${accountId}; nothing was started`);
}
