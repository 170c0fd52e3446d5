/** Runs one simulated session, or a chain of daily ones, over recorded market data: core, exchange and agenda together. */
import type { ExchangeJson } from '../adapters/simulated-exchange/simulated-exchange.ts';
import { installDeterminismTrap } from '../bus/determinism-trap.ts';
import type { EventSink, MachineObserver } from '../bus/ports.ts';
import type { RunSpec } from '../domain/config.ts';
import { ContractCatalogue } from '../domain/options/contract-catalogue.ts';
import { SessionCarried, SessionEnded, SessionStarted } from '../events/engine.events.ts';
import { SymbolDefined } from '../events/market.events.ts';
import { ContractDefined } from '../events/option.events.ts';
import type { Strategy } from '../streams/strategy.ts';
import { Agenda } from './agenda.ts';
import { ChainModeller, type ChainModellerJson, volatilityIndices } from './chain-modeller.ts';
import { type Core, createCore } from './core.ts';
import { exchangeOf } from './exchange-of-run.ts';
import type { Dataset } from './market-source.ts';
import { MarketSource } from './market-source.ts';

const ENGINE_SOURCE = 'engine';
const EXCHANGE_STATE = 'sim-exchange';
const MODELLER_STATE = 'chain-model';

/** Where one session's events go. */
export interface SessionSink extends EventSink {
  settle(): void;
}

export interface SimulationRequest {
  readonly manifest: SessionStarted;
  readonly strategy: Strategy;
  readonly datasets: readonly Dataset[];
  /** Last market time to feed, microseconds, or null for all. */
  readonly to: number | null;
  /** Leaves out what other systems said on the Intel Bus of a recorded session. */
  readonly withoutSignals?: boolean;
  /** The sink of the n-th session, from 0; a run without `roll: daily` asks once. */
  readonly sinkOf: (session: number, name: string) => SessionSink;
  /** What an earlier session left behind, where this one continues it. */
  readonly carried?: SessionCarried;
  /** Called now and then with records read and their total. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called after each market record and close, when nothing is left to dispatch: the core may be looked at. */
  readonly onQuiet?: (core: Core) => void;
  readonly poisonTicks?: boolean;
  readonly machines?: MachineObserver;
}

export interface SimulationResult {
  readonly core: Core;
  readonly sessions: number;
  /** Market records fed, and decisions made, over all sessions. */
  readonly inputs: number;
  readonly decisions: number;
  /** Digest of the only session's decisions; of the last one's where the run rolled. */
  readonly decisionDigest: string;
}

const PROGRESS_EVERY = 8_192;

export function simulate(request: SimulationRequest): SimulationResult {
  const removeTrap = installDeterminismTrap();
  try {
    return run(request);
  } finally {
    removeTrap();
  }
}

function run(request: SimulationRequest): SimulationResult {
  const { manifest, strategy, onProgress } = request;
  const source = new MarketSource(request.datasets, request);
  const { symbols } = manifest;
  const catalogue = catalogueOf(request, source);
  const modeller = modellerOf(request, source, catalogue);
  const multipliers = new Map(source.symbols.map(({ symbol, multiplier }) => [symbol, multiplier]));
  const exchange = exchangeOf(
    manifest.run,
    { catalogue, multiplierOf: (symbol) => multipliers.get(symbol), modeller },
    request.carried?.state[EXCHANGE_STATE] as ExchangeJson | undefined,
  );
  let sink = request.sinkOf(0, manifest.session);
  let sessions = 0;
  let inputs = 0;
  let decisions = 0;
  let started = false;

  const begin = (
    session: string,
    continues: string | null,
    carried: SessionCarried | null,
    now: number,
  ): Core => {
    const { poisonTicks, machines } = request;
    const core = createCore({ sink, run: manifest.run, strategy, symbols, poisonTicks, machines });
    const provenance = { source: ENGINE_SOURCE, recordedAt: now };
    core.kernel.input(SessionStarted.of({ ...manifest, session, continues }), provenance);
    if (carried !== null) core.kernel.input(SessionCarried.of(carried), provenance);
    for (const definition of source.symbols) core.kernel.input(SymbolDefined.of(definition), provenance);
    for (const contract of source.contracts) core.kernel.input(ContractDefined.of(contract), provenance);
    sessions++;
    return core;
  };

  const finish = (core: Core, reason: string): void => {
    core.kernel.input(SessionEnded.of({ reason }), { source: ENGINE_SOURCE, recordedAt: core.kernel.now });
    sink.settle();
    inputs += core.kernel.inputs;
    decisions += core.kernel.digest.count;
  };

  const carryOver = (core: Core, from: string): SessionCarried => ({
    from,
    state: {
      ...core.kernel.carryOver(),
      [EXCHANGE_STATE]: JSON.parse(JSON.stringify(exchange)),
      [MODELLER_STATE]: JSON.parse(JSON.stringify(modeller)),
    },
  });

  let name = manifest.session;
  const roll = (core: Core): Core => {
    if (manifest.run.roll !== 'daily') return core;
    const from = name;
    const carried = carryOver(core, from);
    finish(core, 'the trading day is over');
    name = `${manifest.session}-${sessions + 1}`;
    sink = request.sinkOf(sessions, name);
    return begin(name, from, carried, core.kernel.now);
  };

  const carried = request.carried ?? null;
  let core = begin(manifest.session, manifest.continues, carried, startOf(request));
  const agenda = new Agenda(core, {
    source,
    exchange,
    modeller,
    run: manifest.run,
    poisonTicks: request.poisonTicks ?? false,
    settle: (now) => {
      sink.settle();
      request.onQuiet?.(now);
    },
    dayEnded: roll,
  });
  core = agenda.run(() => {
    if (onProgress !== undefined && (!started || source.done % PROGRESS_EVERY === 0)) {
      started = true;
      onProgress(source.done, source.records);
    }
  });
  if (core.kernel.halted === null) finish(core, 'the data ended');
  else {
    inputs += core.kernel.inputs;
    decisions += core.kernel.digest.count;
    sink.settle();
  }
  onProgress?.(source.records, source.records);
  return { core, sessions, inputs, decisions, decisionDigest: core.kernel.digest.hex() };
}

/** The clock of a simulated session starts where the one before it stopped, or at its first market record. */
function startOf(request: SimulationRequest): number {
  if (request.carried !== undefined) return (request.carried.state.clock as { now: number }).now;
  const source = new MarketSource(request.datasets, request);
  const at = source.next() ? source.at : 0;
  source.close();
  return at;
}

/** The symbols a run decides on: contracts are chosen, not watched, and a volatility index is evidence. */
export function decidedSymbols(definitions: readonly SymbolDefined[], run: RunSpec): string[] {
  const names = definitions.filter(({ assetClass }) => assetClass !== 'option').map(({ symbol }) => symbol);
  const indices = volatilityIndices(run, names);
  return [...new Set(names)].filter((symbol) => !indices.has(symbol)).sort();
}

function catalogueOf(
  { manifest }: SimulationRequest,
  { symbols, contracts }: MarketSource,
): ContractCatalogue {
  const catalogue = new ContractCatalogue(manifest.run.config, manifest.symbols);
  const multipliers = new Map(symbols.map(({ symbol, multiplier }) => [symbol, multiplier]));
  for (const { symbol, ...terms } of contracts)
    catalogue.add(symbol, { ...terms, multiplier: multipliers.get(symbol)! });
  return catalogue;
}

function modellerOf(
  request: SimulationRequest,
  source: MarketSource,
  catalogue: ContractCatalogue,
): ChainModeller {
  const recorded = new Set(source.contracts.map(({ underlying }) => underlying));
  return new ChainModeller(
    { manifest: request.manifest, definitions: source.symbols, recorded },
    catalogue,
    request.carried?.state[MODELLER_STATE] as ChainModellerJson | undefined,
  );
}
