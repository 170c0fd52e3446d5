/** `quantos whatif`: a recorded session again under other settings, and what would have been decided and earned. */
import type { Command } from 'commander';
import pc from 'picocolors';
import type { Move, Parting } from '../../../replay/decision-alignment.ts';
import { grouped, money, percent } from '../../../replay/format.ts';
import { type SessionResult, type WhatIfResult, whatIf } from '../../../replay/what-if.ts';
import { choiceFor, collect, wholeFor, withCommon } from '../options/common-options.ts';
import { changedRun, type RunChanges } from '../options/run-changes.ts';
import { onOff } from '../options/run-options.ts';
import { plainTable } from '../plain-table.ts';
import { progressOf } from '../progress.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface WhatIfCommandOptions extends RunChanges, CommonOptions {
  readonly limit: number;
  /** Off: what other systems said on the Intel Bus is left out. */
  readonly signals?: 'on' | 'off';
}

const SHOWN = 20;

export function addWhatIf(program: Command, terminal: Terminal): void {
  const command = program
    .command('whatif <log>')
    .description('runs a recorded session again under other settings and compares decisions and profit')
    .option('--strategy <name|file>', 'another strategy')
    .option(
      '--set <key=value>',
      'a parameter (fast=20) or a number of the engine (risk.symbolCap=0.3)',
      collect,
    )
    .option('--instruments <which>', 'equity or all', choiceFor('--instruments', ['equity', 'all']))
    .option('--hedge <on|off>', 'the put protocol', onOff('--hedge'))
    .option('--signals <on|off>', "off: without other systems' word on the Intel Bus", onOff('--signals'))
    .option(
      '--limit <n>',
      `decisions listed of each kind (${SHOWN})`,
      wholeFor('--limit', 'a whole number'),
      SHOWN,
    );
  withCommon(
    command,
    'whatif out/demo.db',
    'whatif out/demo.db --set selector.equityConviction=70',
    'whatif live/ACCOUNT/SESSION.db --signals off',
    'whatif out/demo.db --strategy sma-cross --set fast=20 --set slow=100 --json',
  ).action(async (log: string, options: WhatIfCommandOptions) => {
    const progress = progressOf(terminal, options, 'what if');
    const result = await whatIf(log, {
      change: (manifest) => changedRun(options, manifest),
      withoutSignals: options.signals === 'off',
      onProgress: progress.update,
    }).finally(progress.stop);
    const { limit } = options;
    if (options.json) {
      const { curves: _, ...rest } = result;
      const [added, removed] = [result.added.slice(0, limit), result.removed.slice(0, limit)];
      printJson(terminal, { ...rest, added, removed, changed: result.changed.slice(0, limit) });
    } else terminal.out(sentences(result, limit));
  });
}

function sentences(result: WhatIfResult, limit: number): string {
  const { firstDifference, added, removed, changed, pnlDelta } = result;
  const delta = `${pnlDelta > 0 ? '+' : ''}${money(pnlDelta)}`;
  return [
    resultsTable(result),
    '',
    `${pc.bold('profit')}  ${delta}`,
    ...(firstDifference === null ? [verdict(result)] : firstLines(result)),
    ...listed('Decided besides', added.map(line), limit),
    ...listed('Not decided', removed.map(line), limit),
    ...listed(
      'Decided otherwise',
      changed.map(({ base, variant }) => `${line(base)}\n    now  ${variant.summary}`),
      limit,
    ),
  ].join('\n');
}

function resultsTable({ recorded, base, variant }: WhatIfResult): string {
  const columns = [...(recorded === null ? [] : [recorded]), base, variant];
  const row = (name: string, show: (of: SessionResult) => string) => [name, ...columns.map(show)];
  return plainTable(
    ['', ...columns.map(({ label }) => label)],
    [
      row('final equity', ({ finalEquity }) => money(finalEquity)),
      row('profit', ({ pnl }) => money(pnl)),
      row('return', ({ roi }) => percent(roi, 2)),
      row('deepest drawdown', ({ maxDrawdown }) => percent(maxDrawdown)),
      row('trades', ({ tradeCount }) => grouped(tradeCount)),
      row('fees', ({ fees }) => money(fees)),
      row('decisions', ({ decisions }) => grouped(decisions)),
    ],
    ['left', 'right', 'right', 'right'],
  );
}

const verdict = ({ base }: WhatIfResult): string =>
  base.label === 'recorded'
    ? 'No difference: the simulated venue leads to the same decisions and fills.'
    : 'No difference: the change decided nothing in this session.';

const KINDS = {
  fill: 'The first fill that differs',
  report: 'The first word of the venue that differs',
  decision: 'The first decision that differs',
} as const;

function firstLines({ firstDifference, base, variant }: WhatIfResult): string[] {
  const { kind, decision, ...first } = firstDifference!;
  const parting = (of: Parting) => [
    `  ${base.label}: ${of.base === null ? 'nothing' : line(of.base)}`,
    `  ${variant.label}: ${of.variant === null ? 'nothing' : line(of.variant)}`,
  ];
  const cause = (of: Parting) => pc.dim(`  after ${(of.base ?? of.variant)!.cause}`);
  const lines = ['', pc.bold(KINDS[kind]), ...parting(first), cause(first)];
  if (kind === 'decision') return lines;
  if (decision === null) return [...lines, 'No decision differs.'];
  return [
    ...lines,
    pc.bold('The first decision that differs after it'),
    ...parting(decision),
    cause(decision),
  ];
}

function listed(title: string, lines: readonly string[], limit: number): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - limit;
  return [
    '',
    pc.bold(`${title}: ${grouped(lines.length)}`),
    ...lines.slice(0, limit).map((each) => `  ${each}`),
    ...(more > 0 ? [pc.dim(`  and ${grouped(more)} more; --limit ${lines.length} lists them`)] : []),
  ];
}

const line = ({ seq, type, time, summary }: Move): string =>
  `${time.replace('T', ' ').replace('.000Z', 'Z')} ${type} ${summary} ${pc.dim(`[${seq}]`)}`;
