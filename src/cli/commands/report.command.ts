/** `quantos report`: a recorded run as one self-contained HTML page. */
import type { Command } from 'commander';
import { renderReport } from '../../../replay/report/page.ts';
import { summarizeRun } from '../../../replay/summary.ts';
import { DecisionDigest } from '../../bus/decision-digest.ts';
import { InputError } from '../../domain/input-error.ts';
import { type LogReader, openLogReader } from '../../log/log-reader.ts';
import { projectRun } from '../../projections/run-projection.ts';
import { withCommon } from '../options/common-options.ts';
import { requirePlaceForPage, writeWhole } from '../run-files.ts';
import { type CommonOptions, printJson, type Terminal } from '../terminal.ts';

interface ReportOptions extends CommonOptions {
  readonly out: string;
}

export function addReport(program: Command, terminal: Terminal): void {
  const command = program
    .command('report <run>')
    .description('writes a recorded run as one HTML page that opens offline')
    .requiredOption('--out <file.html>', 'the page to write');
  withCommon(command, 'report out/demo.db --out out/demo.html').action(
    (path: string, { out, json }: ReportOptions) => {
      const reader = openLogReader(path);
      try {
        requirePlaceForPage(out, '--out');
        const run = projectRun(reader.cursor());
        if (run.manifest === null) {
          throw new InputError(
            `${path} holds market data but no run: run a backtest on it with --out RUN.db first`,
          );
        }
        const page = renderReport(run, summarizeRun(run), { decisionDigest: digestOf(reader), log: path });
        writeWhole(out, page);
        if (json) printJson(terminal, { out, bytes: Buffer.byteLength(page) });
        else terminal.out(`${out}: open it in a browser`);
      } finally {
        reader.close();
      }
    },
  );
}

/** The digest of the decisions as they were recorded. */
function digestOf(reader: LogReader): string {
  const digest = new DecisionDigest();
  for (const decision of reader.events({ kind: 'decision' })) digest.add(decision);
  return digest.hex();
}
