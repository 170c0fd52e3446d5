/** Runs of the whole engine for tests: a market goes in, every session's events come out, kept in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DecisionDigest } from '../../src/bus/decision-digest.ts';
import type { MachineObserver } from '../../src/bus/ports.ts';
import { configSchema, profileDefaults, type RunSpec, runSpecSchema } from '../../src/domain/config.ts';
import type { Dataset } from '../../src/engine/market-source.ts';
import { decidedSymbols, type SimulationResult, simulate } from '../../src/engine/simulation.ts';
import type { StoredEvent } from '../../src/events/envelope.ts';
import { type MemoryLog, memoryLog } from '../../src/log/memory-log.ts';
import { builtInStrategies } from '../../src/strategies/built-in.ts';
import type { Strategy } from '../../src/streams/strategy.ts';

export interface RunOptions extends Partial<Omit<RunSpec, 'strategy' | 'config'>> {
  /** A built-in's name, or a strategy. */
  readonly strategy?: string | Strategy;
  readonly params?: Record<string, unknown>;
  /** Laid over the defaults. */
  readonly config?: unknown;
}

export function strategyOf(strategy: string | Strategy): Strategy {
  return typeof strategy === 'string' ? builtInStrategies.get(strategy)! : strategy;
}

/** The whole pipeline with the conviction strategy, unless told otherwise. */
export function runSpec({
  strategy = 'conviction',
  params = {},
  config = {},
  ...over
}: RunOptions = {}): RunSpec {
  const { name, params: schema } = strategyOf(strategy);
  const profile = over.profile ?? 'quantos';
  return runSpecSchema.parse({
    profile,
    strategy: { name, file: null, sha256: null, params: schema.parse(params) },
    config: configSchema.parse(config),
    seed: 1,
    cash: 100_000,
    benchmark: null,
    ...profileDefaults[profile],
    commission: { kind: 'none' },
    roll: 'none',
    finalize: false,
    allowShort: false,
    reverse: false,
    core: [],
    tradeFrom: null,
    ...over,
  });
}

export interface Session {
  readonly name: string;
  readonly log: MemoryLog;
  readonly events: readonly StoredEvent[];
}

export interface EngineRun {
  readonly result: SimulationResult;
  readonly sessions: readonly Session[];
  /** All sessions' events that are not ticks. */
  readonly events: readonly StoredEvent[];
  readonly decisions: readonly StoredEvent[];
}

/** `settle` is called when a cascade is quiet and decides when the log commits. */
export function runEngine(
  datasets: readonly Dataset[],
  options: RunOptions = {},
  settle: (log: MemoryLog) => void = (log) => log.settle(),
  machines?: MachineObserver,
): EngineRun {
  const sessions: { name: string; log: MemoryLog; events: StoredEvent[] }[] = [];
  const run = runSpec(options);
  const result = simulate({
    manifest: {
      session: 'test',
      continues: null,
      mode: 'sim',
      run,
      symbols: decidedSymbols(
        datasets.flatMap(({ symbols }) => symbols),
        run,
      ),
      datasets: datasets.map(({ name, head }) => ({ name, head })),
      engineVersion: 'test',
      modelled: [],
    },
    strategy: strategyOf(options.strategy ?? 'conviction'),
    datasets,
    to: null,
    poisonTicks: true,
    machines,
    sinkOf: (_, name) => {
      const session = { name, log: memoryLog(), events: [] as StoredEvent[] };
      sessions.push(session);
      return {
        tick: (seq, tick, source) => session.log.tick(seq, tick, source),
        event: (event) => {
          session.log.event(event);
          session.events.push(event);
        },
        settle: () => settle(session.log),
      };
    },
  });
  for (const { log } of sessions) log.flush();
  const events = sessions.flatMap((session) => session.events);
  return { result, sessions, events, decisions: events.filter(({ kind }) => kind === 'decision') };
}

/** What the decision digest looks at, one line a decision. */
export const linesOf = (decisions: readonly StoredEvent[]): string[] =>
  decisions.map(({ type, version, recordedAt, json }) => `${recordedAt} ${type} v${version} ${json}`);

/** The first decision in which two runs part, with its place, or null: a whole diff of thousands would help nobody. */
export function firstDifference(
  ours: readonly StoredEvent[],
  theirs: readonly StoredEvent[],
): { at: number; ours: string | undefined; theirs: string | undefined } | null {
  const [a, b] = [linesOf(ours), linesOf(theirs)];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    if (a[at] !== b[at]) return { at, ours: a[at], theirs: b[at] };
  }
  return null;
}

export function digestOf(decisions: readonly StoredEvent[]): string {
  const digest = new DecisionDigest();
  for (const each of decisions) digest.add(each);
  return digest.hex();
}

/** How many decisions there are of each type. */
export function countsOf(decisions: readonly StoredEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of decisions) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** A folder that is there while the body runs. */
export async function whileFolder<T>(body: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'quantos-engine-'));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
