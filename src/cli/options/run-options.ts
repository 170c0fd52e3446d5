/** The flags that set up a run, and the run they and a `--config` file amount to. */
import type { Command } from 'commander';
import type { OpenDataset } from '../../../replay/dataset.ts';
import { loadStrategy } from '../../../replay/strategy-loader.ts';
import { mergeDeep, profileDefaults, type RunSpec, runSpecSchema } from '../../domain/config.ts';
import { InputError } from '../../domain/input-error.ts';
import { schemaSentence } from '../../domain/schema-sentence.ts';
import { createCore } from '../../engine/core.ts';
import type { Strategy } from '../../streams/strategy.ts';
import { choiceFor, collect, momentFor, numberFor, wholeFor } from './common-options.ts';
import { type RunFile, readRunFile } from './run-file.ts';
import { commissionOf, coreOf, sizingOf } from './run-parts.ts';
import { checkedConfig, readSettings } from './settings.ts';

export interface RunOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly profile?: RunSpec['profile'];
  readonly strategy?: string;
  readonly cash?: number;
  readonly from?: number;
  readonly to?: number;
  readonly sizing?: RunSpec['sizing'];
  readonly execution?: RunSpec['execution'];
  readonly commission?: RunSpec['commission'];
  readonly instruments?: RunSpec['instruments'];
  readonly hedge?: 'on' | 'off';
  readonly risk?: 'on' | 'off';
  readonly exits?: 'on' | 'off';
  readonly roll?: RunSpec['roll'];
  readonly finalize?: boolean;
  readonly allowShort?: boolean;
  readonly reverse?: boolean;
  readonly core?: RunSpec['core'];
  readonly benchmark?: string;
  readonly seed?: number;
}

export const onOff = (flag: string) => choiceFor(flag, ['on', 'off']);

/** The flags that pick strategy and numbers. */
export const withSettings = (command: Command): Command =>
  command
    .option('--strategy <name|file>', 'a built-in strategy, or the path of your own')
    .option('--config <file>', 'a run as a JSON file (comments allowed); "demo" is the one that start runs')
    .option(
      '--set <key=value>',
      "a strategy's parameter (fast=20) or a number of the engine (risk.symbolCap=0.3)",
      collect,
    );

/** The flags that pick the parts of the pipeline. */
export const withRunParts = (command: Command): Command =>
  command
    .option(
      '--profile <name>',
      'quantos (the whole pipeline) or plain (signals as they are)',
      choiceFor('--profile', ['quantos', 'plain']),
    )
    .option(
      '--cash <dollars>',
      'at the start (100000)',
      numberFor('--cash', 'dollars above zero, such as 100000', (value) => value > 0 && value < 9e9),
    )
    .option('--from <day>', 'trade from this day on; earlier bars warm up', momentFor('--from', 'first'))
    .option('--to <day>', 'the last day', momentFor('--to', 'last'))
    .option('--sizing <how>', 'fixed:10, percent:100 or risk', sizingOf)
    .option(
      '--execution <how>',
      'next-open, next-close or midpoint',
      choiceFor('--execution', ['next-open', 'next-close', 'midpoint']),
    )
    .option('--commission <rate>', '0.001, perShare:0.005:1 or none', commissionOf)
    .option('--instruments <which>', 'equity or all', choiceFor('--instruments', ['equity', 'all']))
    .option('--hedge <on|off>', 'the put protocol', onOff('--hedge'))
    .option('--risk <on|off>', 'risk limits', onOff('--risk'))
    .option('--exits <on|off>', 'protective exits', onOff('--exits'))
    .option(
      '--roll <when>',
      'daily: a log of its own for each trading day',
      choiceFor('--roll', ['none', 'daily']),
    )
    .option('--finalize', "close what is open at the last bar's open")
    .option('--allow-short', 'let the plain profile sell short')
    .option('--reverse', 'let the plain profile turn a position round at one open')
    .option(
      '--core <symbol:fraction>',
      'a core holding, bought with a share of the cash',
      (text: string, before: RunSpec['core'] = []) => [...before, coreOf(text)],
    )
    .option('--benchmark <symbol>', 'what buy and hold holds (SPY, or else the first symbol)')
    .option(
      '--seed <n>',
      'for what is drawn by chance (1)',
      wholeFor('--seed', 'a whole number from 0 to 4294967295'),
    );

export interface PreparedRun {
  readonly run: RunSpec;
  readonly strategy: Strategy;
  readonly modelled: readonly string[];
}

const CASH = 100_000;

/** Flags go before the file, the file before the profile's defaults. Everything is checked before anything is written. */
export async function prepareRun(
  options: RunOptions,
  datasets: readonly OpenDataset[],
): Promise<PreparedRun> {
  const file: RunFile = options.config === undefined ? {} : readRunFile(options.config);
  const { run, strategy } = await prepareRunOn(symbolsOf(datasets), options, file);
  return { run, strategy, modelled: [...modelledIn(run), ...(file.notes ?? []), ...notesOf(datasets)] };
}

/** The same for symbols whose data are still to come. */
export async function prepareRunOn(
  symbols: readonly string[],
  options: RunOptions,
  file: RunFile,
): Promise<Pick<PreparedRun, 'run' | 'strategy'>> {
  const settings = readSettings(options.set ?? []);
  const named = options.strategy ?? file.strategy ?? 'conviction';
  // The file's parameters belong to the file's strategy.
  const fileParams = options.strategy === undefined || options.strategy === file.strategy ? file.params : {};
  const { strategy, spec } = await loadStrategy(named, { ...fileParams, ...settings.params });
  const profile = options.profile ?? file.profile ?? 'quantos';
  const usual = profileDefaults[profile];
  const given = {
    profile,
    strategy: spec,
    config: configOf(file, settings.config, options, symbols),
    seed: options.seed ?? file.seed ?? 1,
    cash: options.cash ?? file.cash ?? CASH,
    benchmark: options.benchmark ?? file.benchmark ?? (symbols.includes('SPY') ? 'SPY' : null),
    sizing: options.sizing ?? file.sizing ?? usual.sizing,
    execution: options.execution ?? file.execution ?? usual.execution,
    commission: options.commission ?? file.commission ?? { kind: 'none' },
    instruments: options.instruments ?? file.instruments ?? usual.instruments,
    hedge: isOn(options.hedge) ?? file.hedge ?? usual.hedge,
    risk: isOn(options.risk) ?? file.risk ?? usual.risk,
    exits: isOn(options.exits) ?? file.exits ?? usual.exits,
    roll: options.roll ?? file.roll ?? 'none',
    finalize: options.finalize ?? file.finalize ?? false,
    allowShort: options.allowShort ?? file.allowShort ?? false,
    reverse: options.reverse ?? file.reverse ?? false,
    core: options.core ?? file.core ?? [],
    tradeFrom: options.from ?? null,
  };
  const parsed = runSpecSchema.safeParse(given);
  if (!parsed.success) throw new InputError(schemaSentence(parsed.error, 'the run', given));
  const run = parsed.data;
  requireSymbols(run, symbols, options, file);
  requireThatItWires(run, strategy, symbols);
  return { run, strategy };
}

const isOn = (word: 'on' | 'off' | undefined): boolean | undefined =>
  word === undefined ? undefined : word === 'on';

const symbolsOf = (datasets: readonly OpenDataset[]): string[] =>
  [...new Set(datasets.flatMap(({ symbols }) => symbols.map(({ symbol }) => symbol)))].sort();

function configOf(file: RunFile, set: unknown, options: RunOptions, symbols: readonly string[]) {
  const fromFile = checkedConfig(file.config ?? {}, `--config ${options.config}`);
  const config = checkedConfig(mergeDeep(fromFile, set), '--set');
  const stranger = Object.keys(config.symbols).find((symbol) => !symbols.includes(symbol));
  if (stranger === undefined) return config;
  throw new InputError(
    `the configuration sets numbers for ${stranger}, which is not in the data (${listed(symbols)})`,
  );
}

function requireSymbols(run: RunSpec, symbols: readonly string[], options: RunOptions, file: RunFile): void {
  const where = (flag: string, byFlag: unknown, byFile: unknown) =>
    byFlag === undefined && byFile !== undefined ? `--config ${options.config}, ${flag}` : `--${flag}`;
  const wanted: [string, string][] = run.core.map(({ symbol }) => [
    where('core', options.core, file.core),
    symbol,
  ]);
  if (run.benchmark !== null)
    wanted.push([where('benchmark', options.benchmark, file.benchmark), run.benchmark]);
  for (const [flag, symbol] of wanted) {
    if (symbols.includes(symbol)) continue;
    throw new InputError(`${flag} names ${symbol}, which is not in the data (${listed(symbols)})`);
  }
  const share = run.core.reduce((sum, { fraction }) => sum + fraction, 0);
  if (share > 1 + 1e-9)
    throw new InputError(
      `--core adds up to ${Math.round(share * 100)} % of the cash; it may be 100 % at most`,
    );
}

const listed = (symbols: readonly string[]): string =>
  symbols.length <= 8
    ? symbols.join(', ')
    : `${symbols.slice(0, 8).join(', ')} and ${symbols.length - 8} more`;

/** A strategy that throws while it builds its streams is found before a log is made for it. */
export function requireThatItWires(run: RunSpec, strategy: Strategy, symbols: readonly string[]): void {
  try {
    createCore({ sink: { tick: () => {}, event: () => {} }, run, strategy, symbols });
  } catch (error) {
    if (run.strategy.file === null) throw error;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new InputError(
      `strategy ${run.strategy.name} (${run.strategy.file}) throws while it is set up: ${message}`,
    );
  }
}

function modelledIn(run: RunSpec): string[] {
  const lines: string[] = [];
  const { halfSpread } = run.config.exchange;
  if (run.execution !== 'next-open' && halfSpread > 0) {
    lines.push(
      `Where no quotes are recorded, the spread of shares is modelled as ${Number((halfSpread * 100).toFixed(6))} % of the price on each side.`,
    );
  }
  lines.push('No dividends, splits or other corporate actions are applied, and cash earns nothing.');
  return lines;
}

const notesOf = (datasets: readonly OpenDataset[]): string[] =>
  datasets.flatMap(({ name, notes, rejected }) => [
    ...notes.map((note) => `${name}: ${note}.`),
    ...(rejected > 0 ? [`${name}: ${rejected} lines were refused on import.`] : []),
  ]);
