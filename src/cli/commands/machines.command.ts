/** `quantos machines`: the engine's statecharts, for people, for Stately's visualizer, as Mermaid and as pictures. */
import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { InputError } from '../../domain/input-error.ts';
import { inStateTexts, transitionText } from '../../projections/charts/chart-labels.ts';
import { type ChartState, chartOf, statesOf } from '../../projections/charts/chart-model.ts';
import { chartSvgFile } from '../../projections/charts/chart-svg.ts';
import {
  entryOf,
  type MachineName,
  machineName,
  machineNames,
} from '../../projections/charts/machine-catalogue.ts';
import { chartMermaid } from '../../projections/charts/mermaid.ts';
import { statelyConfig } from '../../projections/charts/stately.ts';
import { makeFile } from '../exports/new-file.ts';
import { choiceFor, withCommon } from '../options/common-options.ts';
import { plainTable } from '../plain-table.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

const formats = ['stately', 'mermaid', 'svg', 'json'] as const;
type Format = (typeof formats)[number];

interface MachinesOptions extends CommonOptions {
  readonly format?: Format;
  readonly out?: string;
}

/** What a file's name says where no format is given: `.json` is what most people want it for. */
const FORMAT_OF: Readonly<Record<string, Format>> = {
  '.json': 'stately',
  '.mmd': 'mermaid',
  '.mermaid': 'mermaid',
  '.svg': 'svg',
};

export function addMachines(program: Command, terminal: Terminal): void {
  const command = program
    .command('machines [name]')
    .description("lists the engine's statecharts, shows one, or exports it")
    .option(
      '--format <format>',
      "stately (for Stately's visualizer and editor, and XState), mermaid, svg or json (states and transitions)",
      choiceFor('--format', formats),
    )
    .option('--out <file>', 'a new file for it; .json, .mmd and .svg say the format themselves');
  withCommon(
    command,
    'machines',
    'machines hedging-protocol',
    'machines hedging-protocol --format stately --out hedging-protocol.json',
    'machines working-order --out working-order.svg',
    'machines feed --format mermaid',
  ).action(async (given: string | undefined, options: MachinesOptions) => {
    if (given === undefined) return list(options, terminal);
    const name = machineName(given);
    const { format = formatOf(options), out, json } = options;
    if (out !== undefined) {
      const text = await exported(name, format!);
      await makeFile(out, (draft) => writeFileSync(draft, text));
      if (json) printJson(terminal, { name, format, out, bytes: Buffer.byteLength(text) });
      else terminal.out(`${out}: ${name} as ${format}`);
    } else if (format === undefined) {
      if (json) printJson(terminal, chartOf(name));
      else terminal.out(shown(name));
    } else {
      const text = await exported(name, format);
      const isJson = format === 'stately' || format === 'json';
      if (json && !isJson) printJson(terminal, { name, format, text });
      else terminal.out(text.trimEnd());
    }
  });
}

function formatOf({ out }: MachinesOptions): Format | undefined {
  if (out === undefined) return undefined;
  const format = FORMAT_OF[extname(out).toLowerCase()];
  if (format === undefined)
    throw new InputError(`--out ${out} says no format; add --format ${formats.join(' | ')}`);
  return format;
}

async function exported(name: MachineName, format: Format): Promise<string> {
  switch (format) {
    case 'stately':
      return `${JSON.stringify(statelyConfig(name), null, 2)}\n`;
    case 'json':
      return `${JSON.stringify(chartOf(name), null, 2)}\n`;
    case 'mermaid':
      return chartMermaid(name);
    case 'svg':
      return chartSvgFile(name);
  }
}

function list({ format, out, json }: MachinesOptions, terminal: Terminal): void {
  if (format !== undefined || out !== undefined)
    throw new InputError(`name the machine to export: one of ${machineNames.join(', ')}`);
  const machines = machineNames.map((name) => {
    const { description, actors } = entryOf(name);
    const states = statesOf(chartOf(name)).length;
    return { name, states, actors, description };
  });
  if (json) printJson(terminal, machines);
  else {
    const rows = machines.map(({ name, states, actors, description }) => [
      pc.bold(name),
      String(states),
      actors ?? 'each order',
      description,
    ]);
    terminal.out(plainTable(['machine', 'states', 'runs as', 'what it is'], rows, ['left', 'right']));
  }
}

/** States in their nesting, each with what it does and where it leads. */
function shown(name: MachineName): string {
  const { description, root } = chartOf(name);
  const lines = (state: ChartState, indent: string): string[] => [
    ...inStateTexts(state).map((text) => pc.dim(`${indent}${text}`)),
    ...state.transitions.flatMap((each) =>
      each.target === null ? [] : [`${indent}${transitionText(each) || 'at once'} → ${each.target}`],
    ),
    ...state.states.flatMap((inner) => [
      `${indent}${pc.bold(inner.key)}${markOf(inner, state)}`,
      ...lines(inner, `${indent}  `),
    ]),
  ];
  return [description, '', ...lines(root, '')].join('\n');
}

function markOf({ kind, path }: ChartState, outer: ChartState): string {
  if (outer.kind === 'parallel') return pc.dim(' (region)');
  if (kind === 'final') return pc.dim(' (final)');
  return path === outer.initial ? pc.dim(' (first)') : '';
}
