/** `quantos log`: reads, queries, checks and finishes a log. Exports have a file of their own. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { grouped, NOTHING } from '../../../replay/format.ts';
import { InputError } from '../../domain/input-error.ts';
import { openLogReader } from '../../log/log-reader.ts';
import { queryLog } from '../../log/log-sql.ts';
import { sealLog } from '../../log/seal-log.ts';
import { verifyLog } from '../../log/verify-log.ts';
import { EXIT, exitOfLogError } from '../failure.ts';
import { type LogRecordView, logRecords, type RecordFilter, recordType } from '../log-records.ts';
import { momentFor, wholeFor, withCommon } from '../options/common-options.ts';
import { plainTable } from '../plain-table.ts';
import { type CommonOptions, printJson, remark, type Terminal } from '../terminal.ts';
import { addLogExport } from './log-export.command.ts';

interface ShowOptions extends CommonOptions {
  readonly type?: string;
  readonly order?: number;
  readonly from?: RecordFilter;
  readonly to?: RecordFilter;
  readonly limit?: number;
}

interface TailOptions extends CommonOptions {
  readonly lines: number;
  readonly follow?: boolean;
}

const ROWS_SHOWN = 100;
const FOLLOW_MS = 250;

export function addLog(program: Command, terminal: Terminal): void {
  const log = program.command('log').description('reads, queries, verifies, seals and exports a log');
  addShow(log, terminal);
  addTail(log, terminal);
  addSql(log, terminal);
  addVerify(log, terminal);
  addSeal(log, terminal);
  addLogExport(log, terminal);
}

function addShow(log: Command, terminal: Terminal): void {
  const command = log
    .command('show <log>')
    .description('prints its records, one a line')
    .option('--type <type>', 'only this type of event or tick: OrderFilled, bar, quote', recordType)
    .option(
      '--order <n>',
      'only what belongs to this order',
      wholeFor('--order', "an order's number, from 1", 1),
    )
    .option('--from <seq|day>', 'from this place or day on', place('--from', 'first'))
    .option('--to <seq|day>', 'up to this place or day', place('--to', 'last'))
    .option(
      '--limit <n>',
      `at most so many (${ROWS_SHOWN}; with --json all)`,
      wholeFor('--limit', 'a whole number from 1', 1),
    );
  withCommon(
    command,
    'log show out/demo.db --type OrderFilled --from 2008-01-01 --to 2008-12-31',
    'log show out/demo.db --order 12',
  ).action((path: string, options: ShowOptions) => {
    const reader = openLogReader(path);
    try {
      const { type, order, from, to, json, limit = json ? Number.POSITIVE_INFINITY : ROWS_SHOWN } = options;
      const views: unknown[] = [];
      let shown = 0;
      for (const record of logRecords(reader, { type, order, ...from, ...to })) {
        if (shown === limit) {
          remark(terminal, options, `There are more: raise --limit (${limit}) or narrow the search.`);
          break;
        }
        shown++;
        if (json) views.push(jsonOf(record));
        else terminal.out(lineOf(record));
      }
      if (json) printJson(terminal, views);
      else if (shown === 0)
        remark(terminal, options, `No such record; ${path} has seq 1 to ${reader.head().seq}.`);
    } finally {
      reader.close();
    }
  });
}

/** A seq, or a day or time. */
const place =
  (flag: string, end: 'first' | 'last') =>
  (text: string): RecordFilter => {
    if (/^\d+$/.test(text)) return end === 'first' ? { from: Number(text) } : { to: Number(text) };
    const time = momentFor(flag, end)(text);
    return end === 'first' ? { since: time } : { until: time };
  };

function addTail(log: Command, terminal: Terminal): void {
  const command = log
    .command('tail <log>')
    .description('prints the last records, and with --follow those that come')
    .option('--lines <n>', 'how many', wholeFor('--lines', 'a whole number from 1', 1), 20)
    .option('--follow', 'wait for more (with --json: one line each)');
  withCommon(command, 'log tail out/demo.db', 'log tail out/live.db --follow').action(
    async (path: string, { lines, follow, json }: TailOptions) => {
      const reader = openLogReader(path);
      try {
        let next = Math.max(1, reader.head().seq - lines + 1);
        const records: unknown[] = [];
        for (;;) {
          for (const record of logRecords(reader, { from: next })) {
            next = record.seq + 1;
            if (!json) terminal.out(lineOf(record));
            else if (follow) terminal.out(JSON.stringify(jsonOf(record)));
            else records.push(jsonOf(record));
          }
          if (!follow) break;
          await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
        }
        if (json) printJson(terminal, records);
      } finally {
        reader.close();
      }
    },
  );
}

function addSql(log: Command, terminal: Terminal): void {
  const command = log
    .command('sql <log> <select>')
    .description('runs one SELECT on it; ticks are the table ticks(from, to)')
    .addHelpText('after', '\nTables: events, commits, market, layouts, meta, and ticks(from_seq, to_seq).');
  withCommon(
    command,
    `log sql out/demo.db "select type, count(*) from events group by type"`,
    `log sql out/demo.db "select symbol, max(close) from ticks(1, 9000) where kind = 'bar' group by symbol"`,
  ).action((path: string, sql: string, options: CommonOptions) => {
    const { columns, rows } = queryLog(path, sql);
    const plain = rows.map((row) => row.map(plainValue));
    if (options.json)
      printJson(
        terminal,
        plain.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]]))),
      );
    else {
      const numeric = columns.map(
        (_, i) => plain.length > 0 && plain.every((row) => typeof row[i] !== 'string'),
      );
      const text = plain.map((row) =>
        row.map((value) => (value === null ? NOTHING : typeof value === 'number' ? `${value}` : value)),
      );
      terminal.out(
        plainTable(
          columns,
          text,
          numeric.map((each) => (each ? 'right' : 'left')),
        ),
      );
      remark(terminal, options, `${grouped(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`);
    }
  });
}

/** Bytes as hex. */
function plainValue(value: unknown): string | number | null {
  if (value === null || typeof value === 'number') return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}

function addVerify(log: Command, terminal: Terminal): void {
  const command = log
    .command('verify <log>')
    .description('checks every byte against the chain of hashes and the anchor');
  withCommon(command, 'log verify out/demo.db').action((path: string, { json }: CommonOptions) => {
    const result = verifyLog(path);
    if (!result.ok) {
      const exitCode = exitOfLogError[result.code];
      if (exitCode !== EXIT.checkFailed) throw new InputError(result.what);
      terminal.exitCode = exitCode;
    }
    if (json) printJson(terminal, result);
    else if (result.ok)
      terminal.out(
        `sound: ${grouped(result.events)} events in ${grouped(result.commits)} ${result.commits === 1 ? 'commit' : 'commits'}, head ${result.head.hash}`,
      );
    else terminal.out(`DAMAGED: ${result.what}`);
  });
}

function addSeal(log: Command, terminal: Terminal): void {
  const command = log
    .command('seal <log>')
    .description('verifies a finished log and rewrites it into one compact file');
  withCommon(command, 'log seal out/live.db').action((path: string, { json }: CommonOptions) => {
    const head = sealLog(path);
    if (json) printJson(terminal, { sealed: true, ...head });
    else terminal.out(`sealed: ${grouped(head.seq)} events, head ${head.hash}`);
  });
}

const iso = (micros: number): string => new Date(micros / 1_000).toISOString();

function jsonOf({ summary, time, recordedAt, ...record }: LogRecordView) {
  return { ...record, time: iso(time), recordedAt: iso(recordedAt), summary: summary() };
}

const lineOf = ({ seq, type, time, summary }: LogRecordView): string =>
  `${`${seq}`.padStart(8)}  ${pc.dim(iso(time).replace('T', ' ').replace('.000Z', 'Z'))}  ${pc.bold(type)} ${summary()}`;
