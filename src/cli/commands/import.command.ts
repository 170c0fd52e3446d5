/** `quantos import`: CSV files into a dataset, the good lines kept and the bad ones listed. */
import type { Command } from 'commander';
import { grouped } from '../../../replay/format.ts';
import type { RecordKind } from '../../adapters/files/csv-columns.ts';
import { InputError } from '../../domain/input-error.ts';
import type { AssetClass, CalendarName } from '../../domain/instrument.ts';
import type { ImportResult } from '../../engine/dataset-builder.ts';
import { importFiles } from '../../engine/ingest.ts';
import { choiceFor, collect, numberFor, withCommon } from '../options/common-options.ts';
import { readRunFile } from '../options/run-file.ts';
import { type CommonOptions, printJson, remark, type Terminal } from '../terminal.ts';

interface ImportOptions extends CommonOptions {
  readonly symbol?: readonly string[];
  readonly kind?: RecordKind;
  readonly resolution?: string;
  readonly tz?: string;
  readonly columns?: string;
  readonly stamps?: 'start' | 'end';
  readonly assetClass?: AssetClass;
  readonly calendar?: CalendarName;
  readonly scale?: number;
  readonly config?: string;
  readonly out: string;
  readonly overwrite?: boolean;
  readonly fromAlpaca?: boolean;
  readonly fromYahoo?: boolean;
}

const LINES_SHOWN = 10;

export function addImport(program: Command, terminal: Terminal): void {
  const command = program
    .command('import [file...]')
    .description(
      'reads CSV files (plain or gzipped) into a dataset; bad lines are listed, the good ones kept',
    )
    .option(
      '--symbol <symbol>',
      'whose prices these are; once for all files, or once for each; of options the underlying',
      collect,
    )
    .option(
      '--kind <kind>',
      'bars, quotes, trades or options (guessed from the columns)',
      choiceFor('--kind', ['bars', 'quotes', 'trades', 'options']),
    )
    .option('--resolution <length>', "a bar's length: 1d, 1h, 5m, 1m (guessed from the lines)")
    .option('--tz <zone>', 'of times that carry none, such as America/New_York (UTC)')
    .option('--columns <field=column,...>', 'which column is which, by name or number: time=Stamp,close=4')
    .option(
      '--stamps <end>',
      'which end of an intraday bar its time names: start or end (start)',
      choiceFor('--stamps', ['start', 'end']),
    )
    .option(
      '--asset-class <class>',
      'equity, index or crypto (equity)',
      choiceFor('--asset-class', ['equity', 'index', 'crypto']),
    )
    .option('--calendar <name>', 'XNYS or 24x7 (by asset class)', choiceFor('--calendar', ['XNYS', '24x7']))
    .option(
      '--scale <factor>',
      'multiply prices by it',
      numberFor('--scale', 'a factor above zero, such as 0.1', (value) => value > 0),
    )
    .option('--config <file>', 'take symbol, scale and the like from its "dataset"')
    .option('--from-alpaca', 'history from Alpaca (a later release)')
    .option('--from-yahoo', 'history from Yahoo (a later release)')
    .option('--overwrite', 'replace the dataset at --out')
    .requiredOption('--out <dataset.db>', 'the dataset to make');
  withCommon(
    command,
    'import spy.csv --symbol SPY --out data/spy.db',
    'import quotes.csv.gz --symbol AAPL --kind quotes --tz America/New_York --columns time=DT,bidPx=BID,askPx=ASK --out data/aapl.db',
    'import chain-2017.csv --kind options --out data/spx-chain.db',
  ).action((files: string[], options: ImportOptions) => {
    const result = importFiles(requestOf(files, options));
    if (options.json) printJson(terminal, jsonOf(result));
    else {
      terminal.out(summaryOf(result, options.out));
      remark(terminal, options, `next: ${terminal.program} backtest ${options.out} --strategy sma-cross`);
    }
  });
}

function requestOf(files: readonly string[], options: ImportOptions) {
  if (options.fromAlpaca || options.fromYahoo) {
    throw new InputError(
      `--from-${options.fromAlpaca ? 'alpaca' : 'yahoo'} comes with a later release; this one imports CSV files`,
    );
  }
  const { symbol, ...fromFile } =
    options.config === undefined ? {} : (readRunFile(options.config).dataset ?? {});
  const symbols = options.symbol ?? (symbol === undefined ? [] : [symbol]);
  const { kind, resolution, tz, stamps, assetClass, calendar, scale, out, overwrite } = options;
  const given = Object.fromEntries(
    Object.entries({ kind, resolution, tz, stamps, assetClass, calendar, scale, overwrite }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return { ...fromFile, ...given, files, symbols, out, columns: columnsOf(options.columns) };
}

function columnsOf(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1)
        throw new InputError(`--columns has "${pair}"; write field=COLUMN, such as time=Stamp,close=4`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1)];
    }),
  );
}

const iso = (micros: number): string => new Date(micros / 1_000).toISOString();

function jsonOf({ events, symbols, from, to, rejected, notes }: ImportResult) {
  return { events, symbols, from: iso(from), to: iso(to), rejected, notes };
}

function summaryOf({ events, symbols, from, to, rejected, notes }: ImportResult, out: string): string {
  const lines = [`${out}: ${symbols.join(', ')}, ${grouped(events)} events from ${iso(from)} to ${iso(to)}`];
  for (const note of notes) lines.push(`  ${note}`);
  if (rejected.length > 0) {
    lines.push(`${grouped(rejected.length)} ${rejected.length === 1 ? 'line was' : 'lines were'} refused:`);
    for (const { file, line, reason } of rejected.slice(0, LINES_SHOWN))
      lines.push(`  ${file}:${line}  ${reason}`);
    if (rejected.length > LINES_SHOWN)
      lines.push(`  and ${grouped(rejected.length - LINES_SHOWN)} more (--json lists all)`);
  }
  return lines.join('\n');
}
