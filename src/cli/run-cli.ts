/** The command line as a function: parses, runs one command, prints one sentence where it fails, gives the exit code. */
import { Command } from 'commander';
import { ENGINE_VERSION } from '../../replay/version.ts';
import { addBacktest } from './commands/backtest.command.ts';
import { addDoctor } from './commands/doctor.command.ts';
import { addImport } from './commands/import.command.ts';
import { addIntel } from './commands/intel.command.ts';
import { addKill } from './commands/kill.command.ts';
import { addLog } from './commands/log.command.ts';
import { addMachines } from './commands/machines.command.ts';
import { addOpen } from './commands/open.command.ts';
import { addOption } from './commands/option.command.ts';
import { addReplay } from './commands/replay.command.ts';
import { addReport } from './commands/report.command.ts';
import { addSimVenue } from './commands/sim-venue.command.ts';
import { addStart } from './commands/start.command.ts';
import { addState } from './commands/state.command.ts';
import { addWhatIf } from './commands/whatif.command.ts';
import { addWhy } from './commands/why.command.ts';
import { EXIT, failureOf } from './failure.ts';
import type { Terminal } from './terminal.ts';

const COMMANDS = [
  addStart,
  addBacktest,
  addImport,
  addReplay,
  addWhatIf,
  addWhy,
  addState,
  addLog,
  addReport,
  addMachines,
  addOpen,
  addOption,
  addSimVenue,
  addIntel,
  addKill,
  addDoctor,
];

/** `argv` is what follows the program's name. Never throws. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command('quantos')
    .description('An event-sourced trading engine: one log, one deterministic core, live and backtest alike.')
    .version(ENGINE_VERSION, '--version', 'print the version')
    .helpOption('--help', 'show help and an example')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      outputError: (text, write) =>
        write(usageSentence(text, argv, new Set(program.commands.map((each) => each.name())))),
    })
    .addHelpText('after', `\nBegin with:\n  $ ${terminal.program} start`);
  for (const add of COMMANDS) add(program, terminal);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return terminal.exitCode;
  } catch (error) {
    const { exitCode, sentence } = failureOf(error);
    if (sentence !== null) terminal.err(`quantos: ${sentence}`);
    if (process.env.DEBUG?.includes('quantos') && exitCode === EXIT.defect) {
      terminal.err((error as Error).stack ?? '');
    }
    return exitCode;
  }
}

/** Commander's complaint in one line, and where the right form is shown. */
function usageSentence(text: string, argv: readonly string[], names: ReadonlySet<string>): string {
  const complaint = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/, '; did you mean $1?');
  const command = names.has(argv[0]) ? `${argv[0]} ` : '';
  return `quantos: ${complaint}${complaint.endsWith('?') ? '' : ';'} see quantos ${command}--help`;
}
