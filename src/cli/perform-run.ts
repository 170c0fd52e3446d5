/** One run from the first flag to the printed result: what `backtest` and `start` have in common. */
import { basename, extname } from 'node:path';
import { type BacktestResult, backtest } from '../../replay/backtest.ts';
import { type OpenDataset, openDataset } from '../../replay/dataset.ts';
import { renderReport } from '../../replay/report/page.ts';
import { InputError } from '../domain/input-error.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { sealLog } from '../log/seal-log.ts';
import { CheckFailed } from './failure.ts';
import { prepareRun, type RunOptions } from './options/run-options.ts';
import { progressOf } from './progress.ts';
import { makePlaceForLog, requirePlaceForPage, writeWhole } from './run-files.ts';
import type { CommonOptions, Terminal } from './terminal.ts';

export interface RunRequest extends RunOptions, CommonOptions {
  readonly out?: string;
  readonly report?: string;
  readonly overwrite?: boolean;
  readonly onEvent?: (event: StoredEvent) => void;
}

/** Checks everything, runs, seals the log, writes the report. Throws CheckFailed where the engine halted. */
export async function performRun(
  paths: readonly string[],
  request: RunRequest,
  terminal: Terminal,
): Promise<BacktestResult> {
  const { out = null, report } = request;
  const datasets: OpenDataset[] = [];
  const progress = progressOf(terminal, request, 'run');
  try {
    for (const path of paths) {
      if (datasets.some(({ name }) => name === path)) throw new InputError(`${path} is given twice`);
      datasets.push(openData(path));
    }
    const { run, strategy, modelled } = await prepareRun(request, datasets);
    if (report !== undefined) requirePlaceForPage(report, '--report');
    if (out !== null) makePlaceForLog(out, request.overwrite ?? false, paths);
    const result = backtest({
      datasets,
      run,
      strategy,
      out,
      to: request.to ?? null,
      session: basename(out ?? 'backtest', extname(out ?? '')),
      modelled,
      onProgress: progress.update,
      onEvent: request.onEvent,
    });
    if (result.halted !== null) throw halt(result.halted, out);
    // A rolled run is a chain of sessions, each continued by the next: they stay as they were written.
    if (out !== null && run.roll === 'none') sealLog(out);
    if (report !== undefined) {
      writeWhole(
        report,
        renderReport(result.projection, result.summary, { decisionDigest: result.decisionDigest, log: out }),
      );
    }
    return result;
  } finally {
    progress.stop();
    for (const dataset of datasets) dataset.close();
  }
}

function openData(path: string): OpenDataset {
  if (/\.(csv|tsv|txt)(\.gz)?$/i.test(path)) {
    const out = path.replace(/\.(csv|tsv|txt)(\.gz)?$/i, '.db');
    throw new InputError(
      `${path} is a text file; import it first: quantos import ${path} --symbol SYMBOL --out ${out}`,
    );
  }
  return openDataset(path);
}

function halt(
  { code, actor, message }: NonNullable<BacktestResult['halted']>,
  out: string | null,
): CheckFailed {
  const kept =
    out === null ? 'run again with --out RUN.db to look into it' : `everything up to there is in ${out}`;
  return new CheckFailed(`the engine halted in ${actor} (${code}): ${message}; ${kept}`);
}
