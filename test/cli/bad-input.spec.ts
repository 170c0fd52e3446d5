/** MISSION 11: whatever is wrong, one clear sentence, the right exit code, and nothing half-written. */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, test } from 'vitest';
import { demoCsv, quantos, scratchFolder, shell } from './cli.ts';

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);
const data = at('data.db');
const run = at('run.db');

const bars = (...lines: string[]) => `date,open,high,low,close,volume\n${lines.join('\n')}\n`;
const strategy = (body: string) =>
  `export default { name: 'mine', description: '', params: { parse: () => ({}), safeParse: () => ({ success: true, data: {} }) }, signals: (market) => { ${body} } };\n`;

beforeAll(async () => {
  writeFileSync(at('good.csv'), readFileSync(demoCsv, 'utf8').split('\n').slice(0, 400).join('\n'));
  expect((await quantos('import', at('good.csv'), '--symbol', 'IDX', '--out', data)).exitCode).toBe(0);
  expect((await quantos('backtest', data, '--out', run)).exitCode).toBe(0);

  writeFileSync(at('empty'), '');
  writeFileSync(at('binary'), Buffer.from(Array.from({ length: 4_096 }, (_, i) => (i * 37) % 251)));
  writeFileSync(at('words.csv'), 'name,colour\nx,red\n');
  writeFileSync(at('bad-prices.csv'), bars('2020-01-02,NaN,2,1,1,1', '2020-01-03,-1,2,1,1,1'));
  writeFileSync(at('page.html'), 'notes of mine');
  writeFileSync(
    at('throws.mjs'),
    strategy("return { subscribe: (to) => market.bars('IDX').subscribe(() => to.error(new Error('boom'))) }"),
  );
  writeFileSync(at('unset.mjs'), strategy("throw new Error('not ready')"));
  writeFileSync(at('syntax.mjs'), 'export default {{');
  writeFileSync(at('none.mjs'), 'export const x = 1;');
  writeFileSync(at('comma.json'), '{\n  // cash\n  "cash": 5,\n  ]\n}');
  writeFileSync(at('typo.json'), '{ "cahs": 5 }');
  writeFileSync(at('deep-typo.json'), '{ "config": { "regime": { "trend": { "smaFsat": 3 } } } }');
  writeFileSync(at('type.json'), '{ "cash": "much" }');

  copyFileSync(run, at('newer.db'));
  const newer = new Database(at('newer.db'));
  newer.pragma('user_version = 99');
  newer.close();
  // The last copy: SQLite leaves stale ones in the unused part of its pages.
  const damaged = readFileSync(run);
  damaged[damaged.lastIndexOf('"cash":100000') + 7] ^= 4;
  writeFileSync(at('damaged.db'), damaged);
  const other = new Database(at('other.db'));
  other.exec('CREATE TABLE t (x)');
  other.close();
});

/** Each: the command, its exit code, and what its one sentence must hold. */
const cases: readonly (readonly [string, number, RegExp])[] = [
  ['', 2, /Usage: quantos/],
  ['bakctest', 2, /unknown command 'bakctest'; did you mean backtest\?/],
  ['backtest', 2, /missing required argument 'dataset'; see quantos backtest --help/],
  ['backtest data.db --fromm 2010-01-01', 2, /unknown option '--fromm'; did you mean --from\?/],
  ['backtest nope.db', 2, /nope\.db does not exist; import data first/],
  ['backtest empty', 2, /empty is empty; a quantos log is a SQLite database/],
  ['backtest binary', 2, /binary is not a quantos log/],
  ['backtest other.db', 2, /another program's SQLite database/],
  ['backtest newer.db', 2, /has log format 99; this quantos knows up to 1: use a newer quantos/],
  [
    'backtest good.csv',
    2,
    /is a text file; import it first: quantos import .*good\.csv --symbol SYMBOL --out .*good\.db/,
  ],
  ['backtest data.db data.db', 2, /data\.db is given twice/],
  ['backtest data.db --strategy nope', 2, /unknown strategy "nope"; built in are conviction, sma-cross/],
  ['backtest data.db --strategy ./nope.mjs', 2, /strategy file .*nope\.mjs does not exist/],
  ['backtest data.db --strategy ./syntax.mjs', 2, /syntax\.mjs cannot be loaded: /],
  ['backtest data.db --strategy ./none.mjs', 2, /no strategy as its default export/],
  ['backtest data.db --strategy ./unset.mjs --out x.db', 2, /throws while it is set up: Error: not ready/],
  ['backtest data.db --strategy sma-cross --set fast=abc', 2, /fast is "abc"; expected number/],
  ['backtest data.db --strategy sma-cross --set fats=3', 2, /no fats; did you mean fast\?/],
  ['backtest data.db --strategy sma-cross --set fast', 2, /--set is "fast"; write key=value/],
  ['backtest data.db --set risk.symbolCapp=1', 2, /did you mean risk\.symbolCap\?/],
  ['backtest data.db --set rsik.symbolCap=1', 2, /did you mean risk\.symbolCap\?/],
  ['backtest data.db --set regime.trend=1', 2, /that is a section; its keys are regime\.trend\.smaFast/],
  ['backtest data.db --set risk.symbolCap=-1', 2, /risk\.symbolCap is -1; expected number to be >0/],
  [
    'backtest data.db --set symbols.ABC.risk.symbolCap=1',
    2,
    /numbers for ABC, which is not in the data \(IDX\)/,
  ],
  ['backtest data.db --set symbols.IDX.risk.symbolCap=no', 2, /symbols\.IDX: risk\.symbolCap is "no"/],
  ['backtest data.db --cash -5', 2, /--cash is "-5"; write dollars above zero/],
  ['backtest data.db --from 2010-02-31', 2, /--from is "2010-02-31"; write a day such as/],
  ['backtest data.db --sizing ten', 2, /--sizing is "ten"; write fixed:10/],
  ['backtest data.db --commission 12', 2, /--commission is "12"; write a share of the value/],
  ['backtest data.db --core ABC:0.5', 2, /--core names ABC, which is not in the data \(IDX\)/],
  ['backtest data.db --core IDX:0.7 --core IDX:0.7', 2, /--core adds up to 140 %/],
  ['backtest data.db --benchmark ABC', 2, /--benchmark names ABC/],
  ['backtest data.db --compare hedge', 2, /--compare is "hedge"; write one of hedge=on\|off, instruments/],
  ['backtest data.db --compare fees=off', 2, /--compare is "fees=off"; write one of/],
  ['backtest data.db --hedge off --compare hedge=off', 2, /the run itself has hedge=off/],
  ['backtest data.db --config nope.json', 2, /--config .*nope\.json does not exist/],
  ['backtest data.db --config empty', 2, /empty is empty; write a JSON object/],
  ['backtest data.db --config comma.json', 2, /comma\.json, line 4: it is no JSON/],
  ['backtest data.db --config typo.json', 2, /no cahs; did you mean cash\?/],
  ['backtest data.db --config deep-typo.json', 2, /did you mean regime\.trend\.smaFast\?/],
  ['backtest data.db --config type.json', 2, /cash is "much"; expected number/],
  ['backtest data.db --out run.db', 2, /run\.db exists already: choose another --out, or --overwrite it/],
  ['backtest data.db --out data.db --overwrite', 2, /data\.db is the data of this run/],
  ['backtest data.db --out typo.json --overwrite', 2, /typo\.json is not a quantos log/],
  ['backtest data.db --out nowhere/x.db', 2, /the folder .*nowhere does not exist/],
  ['backtest data.db --report page.html', 2, /page\.html exists and is no HTML page; it is left alone/],
  ['import empty --symbol S --out x.db', 2, /empty is empty: give a CSV file/],
  ['import binary --symbol S --out x.db', 2, /is no text file/],
  ['import nope.csv --symbol S --out x.db', 2, /nope\.csv does not exist/],
  [
    'import words.csv --symbol S --out x.db',
    2,
    /words\.csv, line 1: found the columns name, colour, but bars need/,
  ],
  ['import bad-prices.csv --symbol S --out x.db', 2, /no line for S could be used/],
  ['import good.csv --out x.db', 2, /--symbol is missing/],
  ['import good.csv --symbol S', 2, /required option '--out <dataset\.db>' not specified/],
  ['import good.csv --symbol S --tz Mars/Base --out x.db', 2, /"Mars\/Base" is no time zone/],
  ['import good.csv --symbol S --columns close --out x.db', 2, /--columns has "close"; write field=COLUMN/],
  ['import x --from-yahoo --symbol S --out x.db', 2, /--from-yahoo needs no file/],
  ['replay nope.db', 2, /nope\.db does not exist/],
  ['replay data.db', 2, /holds market data but no session/],
  ['replay newer.db', 2, /has log format 99/],
  ['replay damaged.db --verify', 1, /^NOT identical: .*damaged\.db/],
  ['why run.db 0', 2, /the seq is "0"; write the number of an event/],
  ['why run.db 99999999', 2, /has seq 1 to \d+; 99999999 is not in it/],
  ['state run.db --at noon', 2, /--at is "noon"; write a seq such as 4711/],
  ['state run.db --at 1990-01-01T00:00:00Z', 2, /begins at 2000-01-03T/],
  ['state data.db', 2, /holds market data but no session/],
  ['log verify empty', 2, /empty is empty/],
  ['log verify damaged.db', 1, /^DAMAGED: .*damaged\.db, commit 1/],
  ['log show run.db --type orderfiled', 2, /did you mean OrderFilled\?/],
  ['log sql run.db selec', 2, /cannot answer: .*syntax error/],
  ['log export run.db --format parquet', 2, /so it needs a place: add --out FILE/],
  ['log export run.db --format xls', 2, /--format is "xls"; write jsonl, csv or parquet/],
  ['log export data.db --to-bigquery nowhere', 2, /nowhere/],
  ['open nope.db', 2, /nope\.db does not exist/],
  ['machines no-such', 2, /no-such/],
  ['intel set intel:social_score 7 --redis redis://127.0.0.1:1', 2, /social_score/],
  ['log export run.db --out typo.json', 2, /typo\.json exists already/],
  ['report data.db --out r.html', 2, /holds market data but no run/],
  ['report run.db --out data.db', 2, /is no HTML page; it is left alone/],
  ['start --mode paper', 2, /nothing to trade is named; give --symbols/],
  ['start --mode paper --symbols SPY --venue localhost', 2, /venueUrl is "localhost"/],
  ['start --mode live --symbols SPY', 2, /real money; say so with --live/],
  ['start --speed 3', 2, /--speed is "3"/],
];

test.each(cases)('quantos %s ends with %i and one sentence', async (line, code, sentence) => {
  const before = readdirSync(folder).sort();
  const words = line === '' ? [] : line.split(' ');
  // Files are named as they lie in the folder; everything else stands as written.
  const known = new Set([...before, 'nope.db', 'nope.json', 'nope.csv', 'x.db', 'r.html']);
  const argv = words.map((word) => (known.has(word) || /^(\.\/|nowhere)/.test(word) ? at(word) : word));
  const { exitCode, stdout, stderr } = await quantos(...argv);
  const text = code === 2 ? stderr : stdout;
  expect(text).toMatch(sentence);
  expect(exitCode).toBe(code);
  if (code === 2) expect(stdout).toBe('');
  if (line !== '')
    expect(text.trim().split('\n')).toHaveLength(text.startsWith('NOT') ? text.trim().split('\n').length : 1);
  expect(readdirSync(folder).sort()).toEqual(before);
});

test("a user's strategy that throws ends the run with 1, names itself, and keeps the log up to there", async () => {
  const out = at('thrown.db');
  const { exitCode, stdout, stderr } = await quantos(
    'backtest',
    data,
    '--profile',
    'plain',
    '--strategy',
    at('throws.mjs'),
    '--out',
    out,
  );
  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^quantos: the engine halted in .*boom; everything up to there is in .*thrown\.db\n$/,
  );
  expect((await quantos('log', 'verify', out)).stdout).toMatch(/^sound: /);
});

test('an import keeps the good lines and lists the bad ones with line and reason', async () => {
  writeFileSync(
    at('mixed.csv'),
    bars('2020-01-02,1,2,1,1,1', '2020-01-03,1,x,1,1,1', '2020-01-06,1,2,1,1,1', '2020-01-06,1,2,1,1,1'),
  );
  const { exitCode, stdout } = await quantos(
    'import',
    at('mixed.csv'),
    '--symbol',
    'M',
    '--out',
    at('mixed.db'),
  );
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/2 lines were refused:\n {2}.*mixed\.csv:3 {2}.*\n {2}.*mixed\.csv:5 {2}/);
});

describe.skipIf(process.platform === 'win32')('the real program', () => {
  test('a full disk ends with 3, a sentence, and a log that is sound up to there', async () => {
    // 512-byte blocks: enough to begin the log, not to finish it.
    const { exitCode, stderr } = shell(
      'ulimit -f 300; quantos backtest data.db --set regime.trend.confirmCloses=1 --out full.db',
      folder,
    );
    expect(stderr).toMatch(/^quantos: .*full\.db cannot be (created|appended to|sealed): /);
    expect(exitCode).toBe(3);
    expect((await quantos('log', 'verify', at('full.db'))).stdout).toMatch(/^sound: /);
  });

  test('a folder that may not be written ends with a sentence and leaves nothing', () => {
    const isRoot = process.getuid?.() === 0;
    // Root may write in any folder of a disk; the kernel's own tree refuses even root.
    const locked = isRoot ? '/sys' : 'locked';
    if (!isRoot) {
      mkdirSync(at('locked'));
      chmodSync(at('locked'), 0o555);
    }
    const { exitCode, stderr } = shell(`quantos backtest data.db --out ${locked}/x.db`, folder);
    expect(stderr.trimEnd().split('\n')).toEqual([
      isRoot
        ? expect.stringMatching(/^quantos: \/sys\/x\.db cannot be locked for writing/)
        : 'quantos: --out locked/x.db: the folder locked may not be written by this user; choose another',
    ]);
    expect(exitCode).toBe(isRoot ? 3 : 2);
  });

  test('a reader that closes the pipe early is no error', () => {
    const { exitCode, stdout, stderr } = shell('quantos log export run.db | head -1', folder);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ seq: 1, type: 'SessionStarted' });
  });
});
