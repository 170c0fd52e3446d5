/** How a run was set up: where its configuration differs from the defaults, and the command that repeats it. */
import { configSchema, profileDefaults, type RunSpec } from '../../src/domain/config.ts';
import type { SessionStarted } from '../../src/events/engine.events.ts';

export interface Difference {
  readonly key: string;
  readonly usual: string;
  readonly here: string;
}

export function configDifferences(run: RunSpec): Difference[] {
  const differences: Difference[] = [];
  collect('', configSchema.parse({}), run.config, differences);
  return differences;
}

function collect(key: string, usual: unknown, here: unknown, into: Difference[]): void {
  if (isObject(usual) && isObject(here)) {
    for (const name of new Set([...Object.keys(usual), ...Object.keys(here)])) {
      collect(key === '' ? name : `${key}.${name}`, usual[name], here[name], into);
    }
  } else if (JSON.stringify(usual) !== JSON.stringify(here)) {
    into.push({ key, usual: textOf(usual), here: textOf(here) });
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** The parts of the pipeline in words a reader can check. */
export function partsOf(run: RunSpec): [string, string][] {
  return [
    ['Profile', run.profile],
    ['Sizing', sizingText(run)],
    ['Execution', run.execution],
    ['Commission', commissionText(run)],
    ['Instruments', run.instruments],
    ['Hedge', onOff(run.hedge)],
    ['Risk limits', onOff(run.risk)],
    ['Protective exits', onOff(run.exits)],
    ['Short sales', run.allowShort ? 'allowed' : 'none'],
    ['Seed', String(run.seed)],
    ...run.core.map(({ symbol, fraction }): [string, string] => [
      'Core holding',
      `${fraction * 100} % in ${symbol}`,
    ]),
  ];
}

/** The `quantos backtest` that makes this run again. A config file is written as `--set`. */
export function commandOf({ run, datasets }: SessionStarted): string {
  const usual = profileDefaults[run.profile];
  const words = [
    'quantos backtest',
    ...datasets.map((each) => shellWord(each.name)),
    `--strategy ${shellWord(run.strategy.file ?? run.strategy.name)}`,
  ];
  if (run.profile !== 'quantos') words.push(`--profile ${run.profile}`);
  for (const [key, value] of Object.entries(run.strategy.params))
    words.push(`--set ${shellWord(`${key}=${textOf(value)}`)}`);
  words.push(`--cash ${run.cash}`);
  if (sizingText(run) !== sizingText(usual)) words.push(`--sizing ${sizingText(run)}`);
  if (run.execution !== usual.execution) words.push(`--execution ${run.execution}`);
  if (run.instruments !== usual.instruments) words.push(`--instruments ${run.instruments}`);
  for (const part of ['hedge', 'risk', 'exits'] as const) {
    if (run[part] !== usual[part]) words.push(`--${part} ${onOff(run[part])}`);
  }
  for (const { symbol, fraction } of run.core) words.push(`--core ${shellWord(`${symbol}:${fraction}`)}`);
  if (run.benchmark !== null) words.push(`--benchmark ${shellWord(run.benchmark)}`);
  if (run.seed !== 1) words.push(`--seed ${run.seed}`);
  if (run.commission.kind !== 'none') words.push(`--commission ${commissionText(run)}`);
  if (run.roll !== 'none') words.push(`--roll ${run.roll}`);
  if (run.tradeFrom !== null)
    words.push(`--from ${new Date(run.tradeFrom / 1_000).toISOString().slice(0, 10)}`);
  if (run.finalize) words.push('--finalize');
  if (run.allowShort) words.push('--allow-short');
  if (run.reverse) words.push('--reverse');
  for (const { key, here } of configDifferences(run)) words.push(`--set ${shellWord(`${key}=${here}`)}`);
  return words.join(' ');
}

const onOff = (on: boolean): string => (on ? 'on' : 'off');
const shellWord = (word: string): string =>
  /^[\w./=:,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

function sizingText({ sizing }: Pick<RunSpec, 'sizing'>): string {
  if (sizing.kind === 'fixed') return `fixed:${sizing.quantity}`;
  return sizing.kind === 'percent' ? `percent:${sizing.percent}` : 'risk';
}

function commissionText({ commission }: RunSpec): string {
  if (commission.kind === 'percent') return String(commission.rate);
  return commission.kind === 'perShare' ? `perShare:${commission.perShare}:${commission.minimum}` : 'none';
}
