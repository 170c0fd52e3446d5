/** `quantos import`: CSV files, or a vendor's history, into a dataset: the good lines kept and the bad ones listed. */
import type { Command } from 'commander';
import { grouped } from '../../../replay/format.ts';
import type { RecordKind } from '../../adapters/files/csv-columns.ts';
import { isDay } from '../../domain/exchange-calendar.ts';
import { InputError } from '../../domain/input-error.ts';
import type { AssetClass, CalendarName } from '../../domain/instrument.ts';
import type { ImportResult } from '../../engine/dataset-builder.ts';
import { type HistoryImport, type HistorySource, importHistory } from '../../engine/history-import.ts';
import { importFiles } from '../../engine/ingest.ts';
import { historySourceOf } from '../history-sources.ts';
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
  readonly from?: string;
  readonly to?: string;
  readonly venue?: string;
}

const LINES_SHOWN = 10;

export function addImport(program: Command, terminal: Terminal): void {
  const command = program
    .command('import [file...]')
    .description(
      "reads CSV files (plain or gzipped) or a vendor's history into a dataset; bad lines are listed, the good ones kept",
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
    .option(
      '--from-alpaca',
      'bars of Alpaca instead of files; keys from APCA_API_KEY_ID and APCA_API_SECRET_KEY',
    )
    .option('--from-yahoo', 'bars of Yahoo instead of files; no keys needed, adjusted for splits')
    .option('--from <day>', 'the first day to fetch', dayFor('--from'))
    .option('--to <day>', 'the last day to fetch', dayFor('--to'))
    .option(
      '--venue <url>',
      'another server to fetch from, such as a simulated venue at http://127.0.0.1:8765',
    )
    .option('--overwrite', 'replace the dataset at --out')
    .requiredOption('--out <dataset.db>', 'the dataset to make');
  withCommon(
    command,
    'import spy.csv --symbol SPY --out data/spy.db',
    'import quotes.csv.gz --symbol AAPL --kind quotes --tz America/New_York --columns time=DT,bidPx=BID,askPx=ASK --out data/aapl.db',
    'import chain-2017.csv --kind options --out data/spx-chain.db',
    'import --from-alpaca --symbol SPY --resolution 1m --from 2024-01-02 --to 2024-01-31 --out data/spy.db',
    'import --from-yahoo --symbol SPY --from 2010-01-04 --to 2024-12-31 --out data/spy-daily.db',
  ).action(async (files: string[], options: ImportOptions) => {
    const source = historySourceOf(options);
    const result =
      source === null
        ? importFiles(requestOf(files, options))
        : await importHistory(source, historyRequestOf(source, files, options));
    if (options.json) printJson(terminal, jsonOf(result));
    else {
      terminal.out(summaryOf(result, options.out));
      remark(terminal, options, `next: ${terminal.program} backtest ${options.out} --strategy sma-cross`);
    }
  });
}

function requestOf(files: readonly string[], options: ImportOptions) {
  const stray = (['from', 'to', 'venue'] as const).find((each) => options[each] !== undefined);
  if (stray !== undefined)
    throw new InputError(
      `--${stray} goes with --from-alpaca and --from-yahoo; of files all lines are imported`,
    );
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

/** What only files need. */
const OF_FILES = ['kind', 'tz', 'columns', 'stamps', 'assetClass', 'calendar', 'scale', 'config'] as const;

function historyRequestOf(
  { name }: HistorySource,
  files: readonly string[],
  options: ImportOptions,
): HistoryImport {
  const flag = `--from-${name}`;
  if (files.length > 0) throw new InputError(`${flag} needs no file: leave out ${files.join(' ')}`);
  const stray = OF_FILES.find((each) => options[each] !== undefined);
  if (stray !== undefined) {
    const written = stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new InputError(`--${written} goes with files; leave it out with ${flag}`);
  }
  const { from, out, overwrite = false, resolution = '1d', symbol: symbols = [], to } = options;
  if (from === undefined || to === undefined) {
    throw new InputError(
      `--${from === undefined ? 'from' : 'to'} is missing: ${flag} fetches from one day to another`,
    );
  }
  if (resolution !== '1d' && resolution !== '1m') {
    throw new InputError(`--resolution is "${resolution}"; ${flag} fetches bars of 1d or 1m`);
  }
  const kinds = new Set(symbols.map((each) => (each.includes('/') ? 'crypto' : 'equity')));
  if (kinds.size > 1) {
    throw new InputError('shares and crypto go into datasets of their own: their days are not the same');
  }
  return { symbols, assetClass: [...kinds][0] ?? 'equity', resolution, from, to, out, overwrite };
}

const dayFor =
  (flag: string) =>
  (text: string): string => {
    if (isDay(text)) return text;
    throw new InputError(`${flag} is "${text}"; write a day such as 2024-01-31`);
  };

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
