/**
 * Runs a strategy through the real engine on random markets and watches the invariants after every record. What breaks
 * is shrunk to a small market and told so that it can be understood and repeated.
 */
import fc from 'fast-check';
import type { RunSpec } from '../domain/config.ts';
import type { Strategy } from '../streams/strategy.ts';
import { arbitraryMarket, type TestMarket } from './arbitrary-market.ts';
import { engineInvariants } from './invariants.ts';
import { marketTable } from './market-table.ts';
import { type RunCounts, runMarket, runSpecOf, Violation } from './run-market.ts';
import type { Invariant } from './run-view.ts';

export interface CheckOptions {
  /** Markets to try; 100 where not given. */
  readonly runs?: number;
  /** Watched beside the engine's own. */
  readonly invariants?: readonly Invariant[];
  /** `plain` (signals are followed as they are) where not given; `quantos` runs regimes, selector, stops and risk gate. */
  readonly profile?: RunSpec['profile'];
  /** Parameters of the strategy; its defaults where not given. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** Anything else of the run: `allowShort`, `commission`, `sizing`, `config`... Windows are a few bars long by default. */
  readonly run?: Partial<RunSpec>;
  /** Daily bars of two symbols where not given. */
  readonly market?: fc.Arbitrary<TestMarket>;
  /** From a report, to see the same failure again. A run without it draws a new seed. */
  readonly seed?: number;
  readonly path?: string;
}

export interface CheckResult extends RunCounts {
  readonly runs: number;
  readonly seed: number;
}

/** An invariant broke. The message is the whole report. */
export class StrategyCheckFailed extends Error {
  readonly invariant: string;
  /** The smallest market found that breaks it. */
  readonly market: TestMarket;
  readonly seed: number;
  readonly path: string;

  constructor(report: string, invariant: string, market: TestMarket, seed: number, path: string) {
    super(report);
    this.name = 'StrategyCheckFailed';
    this.invariant = invariant;
    this.market = market;
    this.seed = seed;
    this.path = path;
  }
}

/**
 * Returns what was tried when all invariants held in all runs: look at `fills`, since a strategy that never trades keeps
 * every rule. Throws StrategyCheckFailed otherwise, and a ZodError for parameters the strategy does not take.
 */
export function checkStrategy<P>(strategy: Strategy<P>, options: CheckOptions = {}): CheckResult {
  const { runs = 100, market = arbitraryMarket(), seed, path } = options;
  const checked = strategy as unknown as Strategy;
  const { profile, params } = options;
  const spec = runSpecOf(checked, { ...options.run, ...(profile && { profile }), ...(params && { params }) });
  const invariants = [...engineInvariants, ...(options.invariants ?? [])];
  const counts = { records: 0, orders: 0, fills: 0 };
  const property = fc.property(market, (each) => {
    const run = runMarket(checked, each, spec, invariants);
    counts.records += run.records;
    counts.orders += run.orders;
    counts.fills += run.fills;
  });
  const details = fc.check(property, { numRuns: runs, seed, path });
  if (!details.failed) return { ...counts, runs: details.numRuns, seed: details.seed };
  const broken = details.errorInstance;
  if (!(broken instanceof Violation)) throw broken;
  const [smallest] = details.counterexample!;
  const at = { seed: details.seed, path: details.counterexamplePath! };
  const report = reportOf(strategy.name, broken, smallest, at, details.numRuns, details.numShrinks);
  throw new StrategyCheckFailed(report, broken.invariant, smallest, at.seed, at.path);
}

function reportOf(
  strategy: string,
  broken: Violation,
  market: TestMarket,
  at: { readonly seed: number; readonly path: string },
  runs: number,
  shrinks: number,
): string {
  const chain = broken.chain.map(({ seq, time, type, summary }) => `  ${seq}  ${time}  ${type}: ${summary}`);
  return [
    `strategy "${strategy}" breaks an invariant: ${broken.invariant}`,
    `  ${broken.message}`,
    '',
    `The smallest market that does it (found in run ${runs}, made smaller ${shrinks} times):`,
    marketTable(market).replace(/^/gm, '  '),
    ...(chain.length === 0 ? [] : ['', 'How it came to this:', ...chain]),
    '',
    `To see it again: checkStrategy(strategy, { ...options, seed: ${at.seed}, path: '${at.path}' })`,
  ].join('\n');
}
