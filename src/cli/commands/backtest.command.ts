/** `quantos backtest`: a strategy over recorded data, through the whole engine. */
import type { Command } from 'commander';
import { twinMetrics } from '../../../replay/twin.ts';
import { withCommon } from '../options/common-options.ts';
import { withRunParts, withSettings } from '../options/run-options.ts';
import { comparisonOf } from '../options/run-parts.ts';
import { type PerformedRun, performRun, type RunRequest } from '../perform-run.ts';
import { quietLines, resultTable } from '../result-table.ts';
import { printJson, remark, type Terminal } from '../terminal.ts';

interface BacktestOptions extends RunRequest {
  readonly trades?: boolean;
}

export function addBacktest(program: Command, terminal: Terminal): void {
  const command = program
    .command('backtest <dataset...>')
    .description('runs a strategy over recorded data and shows the result beside buy and hold');
  withRunParts(withSettings(command))
    .option('--out <run.db>', 'keep every event of the run in this log')
    .option('--report <file.html>', 'write the result as one page')
    .option(
      '--compare <key=value>',
      'the same run again with a part changed, beside it: hedge=off, instruments=equity, exits=off, risk=off',
      comparisonOf,
    )
    .option('--trades', 'with --json: every trade')
    .option('--overwrite', 'replace the log at --out');
  withCommon(
    command,
    'backtest data/sp500.db --strategy sma-cross --set fast=20 --set slow=100 --out out/run.db --report out/run.html',
    'backtest data/sp500.db --from 2007-01-01 --to 2009-12-31 --compare hedge=off --report out/hedge.html',
    'backtest data/sp500.db --profile plain --strategy ./my-strategy.ts --sizing fixed:10 --finalize --json',
  ).action(async (datasets: string[], options: BacktestOptions) => {
    const result = await performRun(datasets, options, terminal);
    if (options.json) printJson(terminal, resultJson(result, options.trades ?? false));
    else {
      terminal.out([resultTable(result.summary, result.compared), ...quietLines(result.quiet)].join('\n'));
      if (options.report !== undefined) remark(terminal, options, `\nreport: ${options.report}`);
      if (options.out !== undefined)
        remark(
          terminal,
          options,
          `log: ${options.out}; prove it with: ${terminal.program} replay ${options.out} --verify`,
        );
    }
  });
}

/** The document scripts rely on. */
function resultJson(
  { summary, decisionDigest, wallSeconds, eventsPerSecond, quiet, compared }: PerformedRun,
  withTrades: boolean,
) {
  const { trades, ...rest } = summary;
  return {
    ...rest,
    ...(withTrades ? { trades } : {}),
    ...(compared === null ? {} : { compared: twinMetrics(compared) }),
    quiet,
    decisionDigest,
    wallSeconds,
    eventsPerSecond,
  };
}
