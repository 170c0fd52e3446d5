/** `quantos replay`: recomputes every decision of a recorded session and compares. */
import type { Command } from 'commander';
import { grouped } from '../../../replay/format.ts';
import { type ReplayResult, replay } from '../../../replay/replay.ts';
import { LogError } from '../../log/log-error.ts';
import { EXIT, exitOfLogError } from '../failure.ts';
import { withCommon } from '../options/common-options.ts';
import { progressOf } from '../progress.ts';
import { type CommonOptions, printJson, remark, type Terminal } from '../terminal.ts';

interface ReplayCommandOptions extends CommonOptions {
  readonly verify?: boolean;
}

export function addReplay(program: Command, terminal: Terminal): void {
  const command = program
    .command('replay <log>')
    .description('recomputes every decision of a session and compares it with the recorded one')
    .option('--verify', "also check the log's bytes against their hashes, and rerun a simulated exchange");
  withCommon(command, 'replay out/demo.db --verify').action(
    async (log: string, options: ReplayCommandOptions) => {
      const progress = progressOf(terminal, options, 'replay');
      const result = await replay(log, { verify: options.verify, onProgress: progress.update })
        .catch(damaged)
        .finally(progress.stop);
      if (options.json) printJson(terminal, result);
      else {
        terminal.out(sentences(result));
        for (const warning of result.warnings) remark(terminal, options, `Mind: ${warning}`);
      }
      if (!result.identical) terminal.exitCode = EXIT.checkFailed;
    },
  );
}

/** A log too damaged to be opened is not identical either. */
function damaged(error: unknown): ReplayResult {
  if (!(error instanceof LogError) || exitOfLogError[error.code] !== EXIT.checkFailed) throw error;
  const firstDifference = { seq: 0, what: error.message, recorded: null, recomputed: null };
  return {
    identical: false,
    inputs: 0,
    decisions: 0,
    decisionDigest: '',
    eventsPerSecond: 0,
    firstDifference,
    warnings: [],
  };
}

function sentences({
  identical,
  inputs,
  decisions,
  decisionDigest,
  eventsPerSecond,
  firstDifference,
}: ReplayResult): string {
  if (identical) {
    return [
      `identical: ${grouped(decisions)} decisions recomputed from ${grouped(inputs)} inputs, ${grouped(eventsPerSecond)} events a second`,
      `decisions  ${decisionDigest}`,
    ].join('\n');
  }
  const { seq, what, recorded, recomputed } = firstDifference!;
  const place = seq === 0 ? '' : `seq ${seq} `;
  return [
    `NOT identical: ${place}${what}`,
    ...(recorded === null ? [] : [`  recorded    ${recorded}`]),
    ...(recomputed === null ? [] : [`  recomputed  ${recomputed}`]),
  ].join('\n');
}
