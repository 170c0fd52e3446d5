/** `quantos sim-venue`: a venue on this machine that speaks Alpaca's protocols, for people without keys. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { dayToMicros, nextTradingDay, tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import { InputError } from '../../domain/input-error.ts';
import { waitingClock } from '../../engine/live/host-clock.ts';
import { SymbolDefined } from '../../events/market.events.ts';
import { DAY_S, TickKind } from '../../events/tick.ts';
import { openLogReader } from '../../log/log-reader.ts';
import {
  AlpacaSimulator,
  SIMULATOR_KEY_ID,
  SIMULATOR_SECRET,
} from '../../simulators/alpaca/alpaca-simulator.ts';
import { drawFaults, type Fault, parseFaults } from '../../simulators/alpaca/faults.ts';
import {
  daysBefore,
  demoSymbols,
  generatedRecords,
  type OpenRecords,
} from '../../simulators/alpaca/records.ts';
import { SimulatedMarket } from '../../simulators/alpaca/simulated-market.ts';
import { momentFor, numberFor, wholeFor, withCommon } from '../options/common-options.ts';
import { type CommonOptions, remark, type Terminal } from '../terminal.ts';

interface SimVenueOptions extends CommonOptions {
  readonly log?: string;
  readonly port: number;
  readonly speed: number;
  readonly seed: number;
  readonly start?: number;
  readonly cash: number;
  readonly faults?: string;
}

const PORT = 8765;
const MINUTE_US = 60_000_000;
/** In this market two of the pairs rise on their last day before an engine comes, so that it finds something to buy. */
const DEMO_SEED = 44;
const DEMO_SYMBOLS = ['ETH/USD', 'SOL/USD'];
/** Time to warm up before the first day ends; people need not wait for it longer. */
const LEAD_US = 20_000_000;
/** More than the longest average looks back, with its week-ends. */
const GENERATED_DAYS = 500;
/** Days a log keeps for warming up before it is played, if it is that long. */
const WARM_UP_DAYS = 300;
/** Drawn faults are spread over this much of the venue's time. */
const FAULTS_MS = 3_600_000;

export function addSimVenue(program: Command, terminal: Terminal): void {
  const command = program
    .command('sim-venue')
    .description('a venue on this machine that speaks like Alpaca, for people without keys; until Ctrl-C')
    .option('--log <file>', 'plays a recorded log or dataset instead of a generated market')
    .option(
      '--port <n>',
      'where it listens, on this machine only; 0 takes any free one',
      wholeFor('--port', 'a port from 0 to 65535'),
      PORT,
    )
    .option(
      '--speed <x>',
      'how many times as fast as the wall its clock runs; above 10 a quote is stale before it arrives',
      numberFor('--speed', 'a number above 0 and up to 60', (value) => value > 0 && value <= 60),
      1,
    )
    .option(
      '--seed <n>',
      'of the generated market, its fills and drawn faults',
      wholeFor('--seed', 'a whole number'),
      DEMO_SEED,
    )
    .option(
      '--start <time>',
      'when its clock begins, such as 2024-03-13T13:29:00Z; else shortly before an opening',
      momentFor('--start', 'first'),
    )
    .option(
      '--cash <n>',
      'dollars in the account',
      numberFor('--cash', 'dollars above 0', (value) => value > 0),
      100_000,
    )
    .option(
      '--faults <seed|file>',
      'what goes wrong: drawn from a seed, or a JSON file with a list of faults',
    );
  withCommon(command, 'sim-venue', 'sim-venue --log data/spy.db --speed 5', 'sim-venue --faults 7').action(
    (options: SimVenueOptions) => serveVenue(options, terminal),
  );
}

async function serveVenue(options: SimVenueOptions, terminal: Terminal): Promise<void> {
  const { cash, port, seed, speed } = options;
  const { records, startAt, what } =
    options.log === undefined ? generated(options) : recorded(options, options.log);
  const clock = waitingClock({ startAt, speed });
  const market = new SimulatedMarket({ clock, records, seed });
  const symbols = market.instruments.map(({ symbol }) => symbol);
  const faults = options.faults === undefined ? [] : faultsOf(options.faults, symbols);
  // An account of its own for every start: an engine that knew the last one would look for its orders here.
  const accountSeed = Math.floor(Date.now() / 1_000);
  const venue = new AlpacaSimulator({
    clock,
    market,
    account: { cash },
    seed: accountSeed,
    speed,
    faults,
    onRequest: clock.go,
  });
  const served = await venue.listen(port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new InputError(`--port ${port} is taken by another program; write --port 0 for any free one`);
  });
  const tried =
    options.log === undefined
      ? DEMO_SYMBOLS
      : symbols.filter((symbol) => market.instrument(symbol)?.assetClass !== 'us_option').slice(0, 2);
  const example = `${terminal.program} start --mode paper --venue ${served.url} --symbols ${tried.join(',')}`;
  if (options.json) {
    const time = new Date(startAt / 1_000).toISOString();
    terminal.out(
      JSON.stringify({
        url: served.url,
        keyId: SIMULATOR_KEY_ID,
        secret: SIMULATOR_SECRET,
        time,
        symbols,
        speed,
      }),
    );
  } else {
    terminal.out(served.url);
    const time = new Date(startAt / 1_000).toISOString();
    remark(terminal, options, `${what}; it is ${time} there, until somebody asks it something.`);
    remark(
      terminal,
      options,
      `Symbols: ${symbols.slice(0, 12).join(', ')}${symbols.length > 12 ? ', ...' : ''}`,
    );
    remark(terminal, options, `In another terminal:\n  $ ${example}\nCtrl-C ends it.`);
  }
  await new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
  });
  await served.close();
  remark(
    terminal,
    options,
    'The venue is closed, and its account with it; the log of an engine that traded here stays.',
  );
}

interface Played {
  readonly records: OpenRecords;
  readonly startAt: number;
  /** For people. */
  readonly what: string;
}

/** Shortly before midnight UTC, when the day of what never closes ends and the next one opens: decisions come at once. */
function generated({ seed, start }: SimVenueOptions): Played {
  const today = dayToMicros(new Date().toISOString().slice(0, 10));
  const startAt = start ?? today + DAY_S * 1_000_000 - LEAD_US;
  const names = demoSymbols.map(({ symbol }) => symbol).join(', ');
  return {
    records: generatedRecords({ seed, from: daysBefore(startAt, GENERATED_DAYS) }),
    startAt,
    what: `A market drawn from seed ${seed} (${names}); prices, sizes and option chains are modelled`,
  };
}

function recorded({ start }: SimVenueOptions, file: string): Played {
  const records: OpenRecords = () => {
    const reader = openLogReader(file);
    const cursor = reader.cursor();
    return {
      next: () => cursor.next(),
      tick: cursor.tick,
      get event() {
        return cursor.event;
      },
      close: () => reader.close(),
    };
  };
  const { hasBars, startAt } = openingIn(records, file);
  const modelled = hasBars ? '; quotes around its bars and option chains are modelled' : '';
  return { records, startAt: start ?? startAt, what: `Plays ${file}${modelled}` };
}

/** A minute before the opening of a day that has enough days before it to warm up with, as far as the log goes. */
function openingIn(open: OpenRecords, file: string): { readonly startAt: number; readonly hasBars: boolean } {
  const records = open();
  const calendars = new Map<number, SymbolDefined['calendar']>();
  const days = new Map<string, SymbolDefined['calendar']>();
  let hasBars = false;
  for (let what = records.next(); what !== 0; what = records.next()) {
    if (what === 2) {
      const { payload, type } = records.event;
      if (type !== SymbolDefined.type) continue;
      const { calendar, id } = payload as SymbolDefined;
      calendars.set(id, calendar);
      continue;
    }
    const { kind, symbolId, time } = records.tick;
    const calendar = calendars.get(symbolId) ?? 'XNYS';
    days.set(tradingDayAt(calendar, time), calendar);
    hasBars ||= kind === TickKind.bar;
  }
  records.close();
  const known = [...days];
  if (known.length === 0) throw new InputError(`${file} holds no prices; give a log or a dataset that does`);
  const [found, calendar] = known[Math.min(WARM_UP_DAYS, Math.floor((known.length * 2) / 3))];
  const day = tradingSession(calendar, found) === null ? nextTradingDay(calendar, found) : found;
  return { startAt: tradingSession(calendar, day)!.open - MINUTE_US, hasBars };
}

function faultsOf(text: string, symbols: readonly string[]): Fault[] {
  if (/^\d+$/.test(text)) {
    return drawFaults(Number(text), {
      durationMs: FAULTS_MS,
      symbols,
      streams: ['stocks', 'crypto', 'orders'],
    });
  }
  const content = readFileSync(text, 'utf8');
  let list: unknown;
  try {
    list = JSON.parse(content);
  } catch (error) {
    throw new InputError(
      `${text}: ${(error as Error).message}; it is a JSON list such as [{"kind": "dropAck"}]`,
    );
  }
  return parseFaults(list, text);
}
