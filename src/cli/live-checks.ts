/** What paper and live trading need: keys, the venue's word on the account, clocks, data, and this computer's part. */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { grouped } from '../../replay/format.ts';
import { AlpacaClient, type AlpacaCredentials, alpacaEndpoints } from '../adapters/alpaca/alpaca-client.ts';
import { AlpacaDesk } from '../adapters/alpaca/venue-desk.ts';
import { openYahoo } from '../adapters/yahoo/yahoo-chart.ts';
import type { HostClock, VenueDesk } from '../bus/ports.ts';
import { readControlFiles } from '../dashboard/control-file.ts';
import { civilDay, tradingDayAt, tradingSession } from '../domain/exchange-calendar.ts';
import { fromMicros } from '../domain/money.ts';
import { VenueError } from '../domain/venue-error.ts';
import { wallClock } from '../engine/live/host-clock.ts';
import { redisOf } from '../engine/live/intel-edges.ts';
import { type LiveSettings, venueKeys } from '../engine/live/live-settings.ts';
import { DAY_S } from '../events/tick.ts';
import { LogError } from '../log/log-error.ts';
import { lockPath, takeWriterLock } from '../log/writer-lock.ts';
import { SIMULATOR_KEY_ID, SIMULATOR_SECRET } from '../simulators/alpaca/alpaca-simulator.ts';
import { bigQueryCheck } from './bigquery-check.ts';
import { CLOCK_OFF_MAX_US, CLOCK_OFF_TOLD_US } from './clock-limits.ts';
import { type Finding, fine } from './finding.ts';
import { redisFinding } from './redis-check.ts';

export interface LiveCheckOptions {
  readonly settings: LiveSettings;
  readonly mode: 'paper' | 'live';
  /** Ask the venue and Yahoo, too. */
  readonly online: boolean;
  readonly yahooUrl?: string;
}

const ANSWER_MS = 5_000;
const DAY_US = DAY_S * 1_000_000;
const KEYS = 'APCA_API_KEY_ID and APCA_API_SECRET_KEY';

export async function liveChecks(options: LiveCheckOptions): Promise<Finding[]> {
  const { settings, online } = options;
  const clock = wallClock();
  const credentials = venueKeys(process.env) ?? simulatorKeys(settings);
  const findings = [
    keys(credentials, online),
    hours(clock.now()),
    dataFolder(settings),
    await port(settings),
  ];
  if (online) {
    const asked = await Promise.all([
      credentials === null ? [] : venue(deskOf(options, credentials, clock), options, clock),
      yahoo(options, clock),
      intel(settings),
    ]);
    findings.push(...asked.flat());
  }
  const cloud = await bigQueryCheck(settings, { online, clock });
  if (cloud !== null) findings.push(cloud);
  return findings.map((each) => ({ ...each, live: true }));
}

function keys(credentials: AlpacaCredentials | null, online: boolean): Finding {
  if (credentials?.keyId === SIMULATOR_KEY_ID) return fine('keys', 'a simulator on this computer needs none');
  if (credentials !== null) {
    return fine(
      'keys',
      `Alpaca keys are set${online ? '' : '; --online asks Alpaca whether they are right'}`,
    );
  }
  return {
    name: 'keys',
    status: online ? 'failed' : 'missing',
    found: `no Alpaca keys (${KEYS})`,
    advice: 'paper and live trading need them; simulations and quantos sim-venue do not',
  };
}

/** The Redis of the Intel Bus, where one is configured. */
async function intel(settings: LiveSettings): Promise<Finding[]> {
  const address = redisOf(settings, process.env);
  return address === null ? [] : [await redisFinding(address, true)];
}

/** A simulator on this machine lets everybody in who says its name. */
function simulatorKeys({ venueUrl }: LiveSettings): AlpacaCredentials | null {
  const isLocal =
    venueUrl !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(venueUrl).hostname);
  return isLocal ? { keyId: SIMULATOR_KEY_ID, secret: SIMULATOR_SECRET } : null;
}

function deskOf(
  { settings, mode }: LiveCheckOptions,
  credentials: AlpacaCredentials,
  clock: HostClock,
): VenueDesk {
  const { optionFeed, stockFeed, venueUrl: simulatorUrl } = settings;
  const endpoints = alpacaEndpoints({ mode, stockFeed, optionFeed, simulatorUrl });
  return new AlpacaDesk({
    client: new AlpacaClient({ credentials, endpoints, clock, timeoutMs: ANSWER_MS }),
    stockFeed,
  });
}

const minute = (time: number): string =>
  `${new Date(time / 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** By our own calendar: the venue's word is held against it where it is asked. */
function hours(now: number): Finding {
  const day = tradingDayAt('XNYS', now);
  const session = tradingSession('XNYS', day)!;
  const early = session.earlyClose ? ', early today' : '';
  return fine(
    'hours',
    isOpen(now)
      ? `New York is open until ${minute(session.close)}${early}`
      : `New York is closed; it opens at ${minute(session.open)}`,
  );
}

function isOpen(now: number): boolean {
  const { open, close } = tradingSession('XNYS', tradingDayAt('XNYS', now))!;
  return now >= open && now < close;
}

/** Locks are the operating system's: a lock file that can be locked belongs to nobody. */
function dataFolder({ dataFolder: folder }: LiveSettings): Finding {
  const name = 'folder';
  if (!existsSync(folder)) return fine(name, `${folder} does not exist yet; start makes it`);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return {
      name,
      status: 'failed',
      found: `${folder} may not be written by this user`,
      advice: 'choose another one with QUANTOS_DATA',
    };
  }
  const accounts = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory());
  const running = accounts.filter((each) => isLocked(join(folder, each.name, 'engine')));
  if (running.length === 0)
    return fine(name, `${folder}: logs of ${accounts.length} accounts, no engine runs`);
  const names = running.map((each) => each.name).join(', ');
  return {
    name,
    status: 'missing',
    found: `${folder}: an engine runs on account ${names}`,
    advice: 'an account has one engine: quantos kill halts it, Ctrl-C in its terminal ends it',
  };
}

function isLocked(path: string): boolean {
  if (!existsSync(lockPath(path))) return false;
  try {
    takeWriterLock(path).release();
    return false;
  } catch (error) {
    return error instanceof LogError && error.code === 'busy';
  }
}

async function port({ port: wanted, dataFolder: folder }: LiveSettings): Promise<Finding> {
  const name = 'port';
  if (wanted === null) {
    return {
      name,
      status: 'missing',
      found: 'no control port is configured',
      advice:
        'without QUANTOS_PORT (0: any free one) there is no quantos kill and no health page; SIGUSR2 halts all the same',
    };
  }
  const ours = readControlFiles(folder).find((each) => each.port === wanted);
  if (ours !== undefined) return fine(name, `engine ${ours.pid} answers at port ${wanted}`);
  const fault = await new Promise<string | null>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(wanted, '127.0.0.1', () => server.close(() => resolve(null)));
  });
  if (fault === null) return fine(name, wanted === 0 ? 'any free port' : `port ${wanted} is free`);
  const found = `port ${wanted} is ${fault === 'EADDRINUSE' ? 'taken by another program' : `not to be had (${fault})`}`;
  return { name, status: 'failed', found, advice: 'choose another one with QUANTOS_PORT, or 0 for any' };
}

async function venue(desk: VenueDesk, options: LiveCheckOptions, clock: HostClock): Promise<Finding[]> {
  // One after the other: a refused key is refused once, and the clock's answer is not held up by others.
  const account = await accountOf(desk, options);
  if (account.status === 'failed') return [account];
  return [account, ...(await clocks(desk, clock)), await data(desk, options, clock)];
}

async function accountOf(desk: VenueDesk, { mode, settings }: LiveCheckOptions): Promise<Finding> {
  const name = 'account';
  try {
    const { accountId, blocked, equityMicros, optionsLevel, shorting } = await desk.account();
    const where = settings.venueUrl === null ? mode : 'simulated';
    const found = [
      `${where} account ${accountId}: equity ${grouped(Math.round(fromMicros(equityMicros)))} dollars`,
      `options level ${optionsLevel}`,
      shorting ? 'may sell short' : 'may not sell short',
    ].join(', ');
    if (blocked !== null) {
      return {
        name,
        status: 'failed',
        found: `${found}; it may not trade: ${blocked}`,
        advice: "settle that on Alpaca's own page",
      };
    }
    if (optionsLevel >= 2) return fine(name, found);
    return {
      name,
      status: 'missing',
      found,
      advice:
        'plans with options and hedges need level 2: ask Alpaca for it, or set instruments to equity and hedge off',
    };
  } catch (error) {
    const keys = `see that ${KEYS} are those of a ${mode} account; paper and live keys differ`;
    return failed(name, error, { unauthorised: keys, forbidden: keys });
  }
}

async function clocks(desk: VenueDesk, clock: HostClock): Promise<Finding[]> {
  try {
    const asked = clock.now();
    const { now, open, simulated } = await desk.clock();
    const answered = clock.now();
    if (simulated !== null)
      return [fine('skew', `the venue is a simulator, whose clock runs ${simulated.speed} times as fast`)];
    const offUs = Math.max(asked - now, now - answered, 0);
    const found =
      offUs === 0
        ? "this machine's clock agrees with the venue's"
        : `this machine's clock is ${(offUs / 1e6).toFixed(1)} s off the venue's`;
    const advice = 'set it by a time server: timedatectl set-ntp true';
    const skew: Finding =
      offUs <= CLOCK_OFF_TOLD_US
        ? fine('skew', found)
        : { name: 'skew', status: offUs >= CLOCK_OFF_MAX_US ? 'failed' : 'missing', found, advice };
    if (open === isOpen(now)) return [skew];
    const said = `the venue says New York is ${open ? 'open' : 'closed'}, our calendar says it is not`;
    return [
      skew,
      {
        name: 'calendar',
        status: 'missing',
        found: said,
        advice: 'a day our calendar does not know: do not trade today',
      },
    ];
  } catch (error) {
    return [failed('skew', error)];
  }
}

/** Asks for a few days of bars from the feed itself: a plan without it is refused there. */
async function data(
  desk: VenueDesk,
  { settings, mode }: LiveCheckOptions,
  clock: HostClock,
): Promise<Finding> {
  const name = 'data';
  const { optionFeed, stockFeed, trustsPartialData } = settings;
  const now = clock.now();
  const symbol = settings.symbols.find((each) => !each.includes('/'));
  try {
    if (symbol !== undefined)
      await desk.history([symbol], { resolutionS: DAY_S, from: now - 10 * DAY_US, to: now - DAY_US });
  } catch (error) {
    return failed(name, error, {
      forbidden: `the plan has no ${stockFeed} data: set QUANTOS_STOCK_FEED=iex, which is free`,
    });
  }
  const partial = [
    ...(stockFeed === 'iex' ? ['iex is one exchange of many, not the best bid and offer'] : []),
    ...(optionFeed === 'indicative' ? ['indicative option quotes are modified data'] : []),
  ];
  if (partial.length === 0) return fine(name, `${stockFeed} and ${optionFeed}: the whole market`);
  const found = `${stockFeed} and ${optionFeed}: ${partial.join('; ')}`;
  if (mode === 'paper') return fine(name, `${found}: good enough for paper`);
  const advice = 'real money looks at them and does not trade on them, unless live.trustsPartialData is true';
  return trustsPartialData
    ? fine(name, `${found}; trusted as configured`)
    : { name, status: 'missing', found, advice };
}

async function yahoo({ yahooUrl, settings }: LiveCheckOptions, clock: HostClock): Promise<Finding> {
  const name = 'yahoo';
  const now = clock.now();
  const symbol = settings.symbols[0];
  try {
    const { meta } = await openYahoo({ clock, url: yahooUrl, timeoutMs: ANSWER_MS })('SPY', {
      from: now - 7 * DAY_US,
      to: now,
      interval: '1d',
    });
    return fine(
      name,
      `answers: SPY at ${meta.regularMarketPrice} on ${civilDay(meta.regularMarketTime.getTime() * 1_000)}, to look at only`,
    );
  } catch (error) {
    const advice = `only what stands in for ${symbol} while Alpaca is away comes from there`;
    return { name, status: 'missing', found: messageOf(error), advice };
  }
}

function failed(
  name: string,
  error: unknown,
  advice: Partial<Record<VenueError['code'], string>> = {},
): Finding {
  const code = error instanceof VenueError ? error.code : null;
  const usual =
    code === 'unavailable' || code === 'rateLimited'
      ? 'see status.alpaca.markets and your own network'
      : null;
  return { name, status: 'failed', found: messageOf(error), advice: (code && advice[code]) ?? usual };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
