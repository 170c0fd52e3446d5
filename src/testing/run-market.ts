/** One run of the real engine on one market, with every record looked at by the invariants, and replayed at its end. */

import { ENGINE_VERSION } from '../../replay/version.ts';
import { type CausalLink, causalChain } from '../../replay/why.ts';
import { historyBars } from '../actors/actor-system.ts';
import { installDeterminismTrap } from '../bus/determinism-trap.ts';
import { configSchema, profileDefaults, type RunSpec, runSpecSchema } from '../domain/config.ts';
import { type Core, createCore } from '../engine/core.ts';
import { Difference, feed, RecordedDecisions } from '../engine/recompute.ts';
import { decidedSymbols, simulate } from '../engine/simulation.ts';
import { copyTick, Tick } from '../events/tick.ts';
import type { LogRecord } from '../log/log-reader.ts';
import { memoryLog } from '../log/memory-log.ts';
import type { Strategy } from '../streams/strategy.ts';
import type { TestMarket } from './arbitrary-market.ts';
import { datasetOf } from './dataset-of.ts';
import { type EngineBooks, type Invariant, RunFold, type RunRecord } from './run-view.ts';

/** A broken invariant: which, what is wrong, where, and how it came to it. */
export class Violation extends Error {
  readonly invariant: string;
  /** 0 where the run broke down before its log could say where. */
  readonly seq: number;
  /** From the root input to the record at `seq`. */
  readonly chain: readonly CausalLink[];

  constructor(invariant: string, sentence: string, seq: number, chain: readonly CausalLink[]) {
    super(sentence);
    this.invariant = invariant;
    this.seq = seq;
    this.chain = chain;
  }
}

/** What a run did: enough to see that a check was not about nothing. */
export interface RunCounts {
  readonly records: number;
  readonly orders: number;
  readonly fills: number;
}

/**
 * Windows so short that a market of ten bars has a trend, a regime and a plan. The limits of the risk gate stand as they
 * are by default.
 */
export const shortWindows = configSchema.parse({
  regime: {
    trend: { smaFast: 2, smaSlow: 4, slopeBars: 2, adxBars: 2, confirmCloses: 1 },
    volatility: { window: 2, lookback: 4 },
    structure: { swingBars: 1, lowBars: 3, atrBars: 2, crashBars: 3, reclaimCloses: 1 },
  },
  conviction: {
    smaFast: 2,
    smaSlow: 4,
    slopeBars: 2,
    momentumBars: 3,
    volatilityBars: 2,
    breakoutBars: 4,
    volumeBars: 2,
  },
  selector: { atrBars: 2, rearmBars: 3, rearmDays: 5 },
  guard: { lookback: 20, rankHistoryMin: 5, realizedFast: 2, realizedSlow: 4 },
  hedge: { betaBars: 10, betaBarsMin: 4, cooldownSessions: 3 },
});

/** A whole run specification from the parts a test cares about: 100,000 dollars, no commission, windows of a few bars. */
export function runSpecOf(
  strategy: Strategy,
  over: Partial<RunSpec> & { params?: Readonly<Record<string, unknown>> },
): RunSpec {
  const { params = {}, profile = 'plain', ...rest } = over;
  return runSpecSchema.parse({
    profile,
    strategy: { name: strategy.name, file: null, sha256: null, params: strategy.params.parse(params) },
    config: shortWindows,
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
    ...rest,
  });
}

/** Far more than any market record leads to. */
const RECORDS_PER_TICK = 100;

/** Throws Violation for the first invariant that breaks. */
export function runMarket(
  strategy: Strategy,
  market: TestMarket,
  run: RunSpec,
  invariants: readonly Invariant[],
): RunCounts {
  const log = memoryLog();
  const dataset = datasetOf(market);
  const symbols = decidedSymbols(dataset.symbols, run);
  const fold = new RunFold(run, historyBars(run, strategy, symbols));
  const most = 5_000 + RECORDS_PER_TICK * dataset.records;
  let pending: RunRecord[] = [];
  // Looked at when the cascade is quiet: an invariant is no part of the core, and what it reads is none of its business.
  const look = (engine: EngineBooks | null): void => {
    const records = pending;
    pending = [];
    records.forEach((record, i) => {
      fold.add(record, i === records.length - 1 ? engine : null);
      for (const { name, check } of invariants) {
        const sentence = check(fold);
        if (sentence !== null) throw new Violation(name, sentence, record.seq, chainOf(fold, record.seq));
      }
    });
  };
  try {
    const { core } = simulate({
      manifest: {
        session: 'check',
        continues: null,
        mode: 'sim',
        run,
        symbols,
        datasets: [],
        engineVersion: ENGINE_VERSION,
        modelled: [],
      },
      strategy,
      datasets: [dataset],
      to: null,
      sinkOf: () => ({
        tick: (seq, tick, source) => {
          log.tick(seq, tick, source);
          const own = new Tick();
          copyTick(tick, own);
          pending.push({ seq, event: null, tick: own });
        },
        event: (event) => {
          if (event.seq > most)
            throw new Error(`${most} records are not enough: something answers itself for ever`);
          log.event(event);
          pending.push({ seq: event.seq, event, tick: null });
        },
        settle: () => log.settle(),
      }),
      onQuiet: (quiet) => look(booksOf(quiet)),
      poisonTicks: true,
    });
    look(booksOf(core));
    log.flush();
    replayed(log.cursor(), strategy, run, symbols, fold);
  } catch (error) {
    if (error instanceof Violation) throw error;
    look(null);
    throw new Violation('a run comes to its end', `it threw ${error}`, fold.record.seq, []);
  }
  return { records: fold.record.seq, orders: fold.orders.size, fills: fold.fills.length };
}

const booksOf = ({ kernel, actors: { portfolio } }: Core): EngineBooks | null =>
  kernel.halted === null ? { cashMicros: portfolio.cashMicros, positions: portfolio.positions() } : null;

/** A second core, fed the log, has to decide the same: what a strategy remembers from elsewhere shows here. */
function replayed(
  cursor: Parameters<typeof feed>[0],
  strategy: Strategy,
  run: RunSpec,
  symbols: readonly string[],
  fold: RunFold,
): void {
  const recorded = new RecordedDecisions();
  const removeTrap = installDeterminismTrap();
  try {
    feed(cursor, createCore({ sink: recorded, run, strategy, symbols, poisonTicks: true }), recorded);
    recorded.finish();
  } catch (error) {
    const difference = [error, (error as Error).cause].find((each) => each instanceof Difference);
    if (!(difference instanceof Difference)) throw error;
    const { seq, what, recorded: then, recomputed } = difference.where;
    const both = `\n  then: ${then ?? 'nothing'}\n  now:  ${recomputed ?? 'nothing'}`;
    throw new Violation('a run replays identically', `seq ${seq} ${what}${both}`, seq, chainOf(fold, seq));
  } finally {
    removeTrap();
  }
}

function chainOf(fold: RunFold, seq: number): CausalLink[] {
  const symbols = new Map([...fold.symbols.values()].map(({ id, symbol }) => [id, symbol]));
  const event = (at: number) => (fold.at(at) ?? null) as LogRecord | null;
  return causalChain({ event }, symbols, seq);
}
