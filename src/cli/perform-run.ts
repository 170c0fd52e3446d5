/** One run from the first flag to the printed result: what `backtest` and `start` have in common. */
import { basename, extname } from 'node:path';
import { type BacktestRequest, type BacktestResult, backtest } from '../../replay/backtest.ts';
import { type OpenDataset, openDataset } from '../../replay/dataset.ts';
import { renderReport } from '../../replay/report/page.ts';
import type { Twin } from '../../replay/twin.ts';
import type { MachineObserver } from '../bus/ports.ts';
import { InputError } from '../domain/input-error.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { sealLog } from '../log/seal-log.ts';
import { CheckFailed } from './failure.ts';
import { prepareRun, type RunOptions } from './options/run-options.ts';
import { type Comparison, compared } from './options/run-parts.ts';
import { progressOf } from './progress.ts';
import { makePlaceForLog, requirePlaceForPage, writeWhole } from './run-files.ts';
import type { CommonOptions, Terminal } from './terminal.ts';

export interface RunRequest extends RunOptions, CommonOptions {
  readonly out?: string;
  readonly report?: string;
  readonly overwrite?: boolean;
  /** Simulated once more with a part changed, in memory. */
  readonly compare?: Comparison;
  readonly onEvent?: (event: StoredEvent) => void;
  /** Watches the machines of the run, not those of what it is compared with. */
  readonly machines?: MachineObserver;
}

export interface PerformedRun extends BacktestResult {
  /** The other run, where one was asked for. */
  readonly compared: Twin | null;
}

/** Checks everything, runs, seals the log, writes the report. Throws CheckFailed where the engine halted. */
export async function performRun(
  paths: readonly string[],
  request: RunRequest,
  terminal: Terminal,
): Promise<PerformedRun> {
  const { out = null, report } = request;
  const datasets: OpenDataset[] = [];
  const progress = progressOf(terminal, request, 'run');
  try {
    for (const path of paths) {
      if (datasets.some(({ name }) => name === path)) throw new InputError(`${path} is given twice`);
      datasets.push(openData(path));
    }
    const { run, strategy, modelled } = await prepareRun(request, datasets);
    const other = request.compare === undefined ? null : compared(run, request.compare);
    if (report !== undefined) requirePlaceForPage(report, '--report');
    if (out !== null) makePlaceForLog(out, request.overwrite ?? false, paths);
    const asked: BacktestRequest = {
      datasets,
      run,
      strategy,
      out,
      to: request.to ?? null,
      session: basename(out ?? 'backtest', extname(out ?? '')),
      modelled,
      onProgress: progress.update,
    };
    const result = backtest({ ...asked, onEvent: request.onEvent, machines: request.machines });
    if (result.halted !== null) throw halt(result.halted, out);
    const twin = other === null ? null : twinOf(request.compare!.label, { ...asked, run: other, out: null });
    // A rolled run is a chain of sessions, each continued by the next: they stay as they were written.
    if (out !== null && run.roll === 'none') sealLog(out);
    if (report !== undefined) {
      writeWhole(
        report,
        renderReport(result.projection, result.summary, {
          decisionDigest: result.decisionDigest,
          log: out,
          compared: twin,
        }),
      );
    }
    return { ...result, compared: twin };
  } finally {
    progress.stop();
    for (const dataset of datasets) dataset.close();
  }
}

function twinOf(label: string, request: BacktestRequest): Twin {
  const { summary, projection, halted } = backtest(request);
  if (halted !== null) throw halt(halted, null);
  return { label, summary, projection };
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
