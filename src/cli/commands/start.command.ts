/** `quantos start`: the engine on the bundled demo data, or on a dataset, with everything it leaves to look at. */
import { existsSync, mkdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import type { BacktestResult } from '../../../replay/backtest.ts';
import { InputError } from '../../domain/input-error.ts';
import { demoDatasetSource } from '../../engine/demo-dataset.ts';
import { importFiles } from '../../engine/ingest.ts';
import { RegimeChanged, SelectionMade, TradingStateChanged } from '../../events/decision.events.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import {
  HedgeStateChanged,
  OptionSettled,
  SplitApplied,
  VolatilityGuardChanged,
} from '../../events/option.events.ts';
import { LogError } from '../../log/log-error.ts';
import { openLogReader } from '../../log/log-reader.ts';
import { type Inspection, inspected } from '../inspection.ts';
import { choiceFor, wholeFor, withCommon } from '../options/common-options.ts';
import { DEMO, demoRunFile } from '../options/run-file.ts';
import { withSettings } from '../options/run-options.ts';
import { comparisonOf } from '../options/run-parts.ts';
import { performRun } from '../perform-run.ts';
import { quietLines, resultTable } from '../result-table.ts';
import { servePage } from '../serve-page.ts';
import { startLive } from '../start-live.ts';
import { type CommonOptions, remark, type Terminal } from '../terminal.ts';

interface StartOptions extends CommonOptions {
  readonly mode: 'sim' | 'paper' | 'live';
  readonly dataset?: string;
  readonly speed: string;
  readonly port?: number;
  readonly symbols?: readonly string[];
  readonly data?: string;
  readonly venue?: string;
  readonly roll?: boolean;
  readonly live?: boolean;
  readonly confirm?: string;
  readonly inspect?: number | true;
  readonly config?: string;
  readonly strategy?: string;
  readonly set?: readonly string[];
}

const DEMO_DATASET = join('data', 'sp500-demo.db');
const OUT_FOLDER = 'out';

/** What changes the state of the engine, and so is a line of `--json`: the rest is detail. */
const STATE_CHANGES: ReadonlySet<string> = new Set([
  'SessionStarted',
  'SessionEnded',
  'EngineHalted',
  'CoreDeclared',
  RegimeChanged.type,
  SelectionMade.type,
  TradingStateChanged.type,
  VolatilityGuardChanged.type,
  HedgeStateChanged.type,
  OptionSettled.type,
  SplitApplied.type,
  'ExitTriggered',
  'OrderDenied',
  'OrderFilled',
  'OrderCanceled',
  'OrderRejected',
  'OrderExpired',
]);

/** What else changes while there is a venue. */
const LIVE_CHANGES: ReadonlySet<string> = new Set([
  'SessionResumed',
  'TradingResumed',
  'Reconciled',
  'FeedStatusChanged',
  'OrderGivenUp',
  'OrderOutcomeUnknown',
  'OrderAccepted',
  'WalkStepped',
  'SubmitAttempted',
  'HoldingAdopted',
  'CorporateActionHeard',
  'ReconciliationFailed',
  'OperatorCommanded',
  'FeedGapDetected',
  'BackfillEnded',
  'ViewSourceChanged',
  'MarketOpened',
  'MarketClosed',
]);

export function addStart(program: Command, terminal: Terminal): void {
  const command = program
    .command('start')
    .description('runs the engine: on the S&P 500 from 2000 to 2020 unless told otherwise')
    .option(
      '--mode <mode>',
      'sim, paper (Alpaca keys, or --venue) or live (real money: with --live)',
      choiceFor('--mode', ['sim', 'paper', 'live']),
      'sim',
    )
    .option('--dataset <file>', 'an imported dataset instead of the demo data')
    .option('--speed <n|max>', 'max: as fast as it goes', 'max')
    .option(
      '--port <n>',
      'the dashboard; in paper and live health, metrics and the kill switch, too (any free port)',
      wholeFor('--port', 'a port from 0 to 65535'),
    )
    .option('--symbols <list>', 'paper, live: what to trade, SPY,QQQ,BTC/USD', (text: string) =>
      text.split(','),
    )
    .option('--data <folder>', 'paper, live: where logs of sessions go (live)')
    .option('--venue <url>', 'paper, live: a server that speaks as Alpaca does, such as one of sim-venue')
    .option('--roll', 'paper, live: go on in a new session, also where the last one could be resumed')
    .option('--live', 'yes, real money')
    .option('--confirm <hash>', 'live: what the command printed for this account and setup')
    .option(
      '--inspect [port]',
      "shows the running machines in Stately's inspector (any free port)",
      wholeFor('--inspect', 'a port from 0 to 65535'),
    );
  const run = async (options: StartOptions, inspection: Inspection | null): Promise<void> => {
    if (options.mode !== 'sim') {
      const { mode } = options;
      const printEvent = (event: StoredEvent) => printChange(terminal, event, LIVE_CHANGES);
      return startLive({ ...options, mode, printEvent, machines: inspection?.machines }, terminal);
    }
    requireThisRelease(options);
    for (const folder of ['data', OUT_FOLDER]) mkdirSync(folder, { recursive: true });
    const dataset = options.dataset ?? demoDataset(terminal, options);
    const name = options.dataset === undefined ? DEMO : basename(dataset, extname(dataset));
    const out = join(OUT_FOLDER, `${name}.db`);
    const report = join(OUT_FOLDER, `${name}.html`);
    const { config = options.dataset === undefined ? DEMO : undefined, strategy, set, json, quiet } = options;
    await inspection?.waitForViewer();
    const result = await performRun(
      [dataset],
      {
        config,
        strategy,
        set,
        json,
        quiet,
        out,
        report,
        overwrite: true,
        // What the hedge saved and cost is the demo's story.
        compare: config === DEMO ? comparisonOf('hedge=off') : undefined,
        onEvent: json ? (event) => printChange(terminal, event) : undefined,
        machines: inspection?.machines,
      },
      terminal,
    );
    if (json) {
      if (options.port !== undefined) await servePage(out, options.port, { json }, terminal);
      return;
    }
    terminal.out([resultTable(result.summary, result.compared), ...quietLines(result.quiet)].join('\n'));
    if (!quiet) terminal.out(whatNext(terminal, result, out, report));
    // A script's run ends when it is done; a person looks around.
    if (options.port !== undefined || (terminal.watched && !quiet)) {
      terminal.out('');
      await servePage(out, options.port ?? 0, { quiet }, terminal);
    }
  };
  withCommon(
    withSettings(command),
    'start',
    'start --dataset data/spy.db --strategy sma-cross',
    'start --mode paper --symbols SPY,QQQ --port 8410',
    'start --mode paper --symbols BTC/USD --venue http://127.0.0.1:8765',
    'start --mode live --live --config live.jsonc',
    'start --inspect',
  ).action((options: StartOptions) =>
    inspected(options.inspect, terminal, (inspection) => run(options, inspection)),
  );
}

function requireThisRelease({ speed }: StartOptions): void {
  if (speed !== 'max')
    throw new InputError(`--speed is "${speed}"; daily bars run at max only in this release`);
}

/** Imports the demo's prices where they are not there yet, or no longer as they were written. */
function demoDataset(terminal: Terminal, options: CommonOptions): string {
  if (existsSync(DEMO_DATASET)) {
    try {
      openLogReader(DEMO_DATASET, { verify: true }).close();
      remark(terminal, options, `data: ${DEMO_DATASET}, imported before`);
      return DEMO_DATASET;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      remark(terminal, options, `${error.message}: it is imported again`);
    }
  }
  const { symbol = 'SP500', ...dataset } = demoRunFile.dataset ?? {};
  const { events } = importFiles({
    ...dataset,
    files: [demoDatasetSource()],
    symbols: [symbol],
    out: DEMO_DATASET,
    overwrite: true,
  });
  remark(terminal, options, `data: ${DEMO_DATASET}, imported now (${events} events)`);
  return DEMO_DATASET;
}

function printChange(
  terminal: Terminal,
  { seq, time, type, payload }: StoredEvent,
  more?: ReadonlySet<string>,
): void {
  if (!STATE_CHANGES.has(type) && !more?.has(type)) return;
  terminal.out(JSON.stringify({ seq, time: new Date(time / 1_000).toISOString(), type, payload }));
}

function whatNext(
  { program }: Terminal,
  { projection }: BacktestResult,
  out: string,
  report: string,
): string {
  const fills = projection.journal.fills;
  const lines = [
    ['see it', `open ${report} in a browser`],
    ['prove it', `${program} replay ${out} --verify`],
    ...(fills.length === 0 ? [] : [['ask why', `${program} why ${out} ${fills[fills.length - 1].seq}`]]),
    ['go back', `${program} state ${out} --at 2008-10-10T20:00:00Z`],
    ['read it', `${program} log show ${out} --type OrderFilled`],
  ];
  return ['', pc.bold('Try next'), ...lines.map(([what, how]) => `  ${what.padEnd(9)} ${how}`)].join('\n');
}
