/** Finds out what a CSV file's columns mean: by the names vendors give them, by position, or as the user says. */
import { InputError } from '../../domain/input-error.ts';

export type RecordKind = 'bars' | 'quotes' | 'trades' | 'options';

/** The fields we know, each with the names vendors use for it, in lower case without separators. */
const aliases = {
  time: [
    'time',
    'timestamp',
    'datetime',
    'date',
    'dt',
    'ts',
    't',
    'opentime',
    'unix',
    'unixtime',
    'gmttime',
    'quotedate',
    'quotetime',
    'quotedatetime',
    'datadate',
    'index',
    '',
  ],
  /** Time of day, where the date has a column of its own. */
  clock: ['clock'],
  open: ['open', 'o', 'openprice'],
  high: ['high', 'h', 'highprice'],
  low: ['low', 'l', 'lowprice'],
  close: ['close', 'c', 'closeprice', 'closelast'],
  volume: ['volume', 'vol', 'v', 'totalvolume'],
  vwap: ['vwap', 'vw'],
  bidPx: ['bidpx', 'bid', 'bidprice', 'bp'],
  bidSize: ['bidsize', 'bidsiz', 'bidsz', 'bs', 'bidqty', 'bidvolume'],
  askPx: ['askpx', 'ask', 'askprice', 'ap', 'ofr', 'offer', 'ofrpx', 'offerprice'],
  askSize: ['asksize', 'asksiz', 'asksz', 'as', 'askqty', 'askvolume', 'ofrsiz', 'ofrsize', 'offersize'],
  px: ['px', 'price', 'p', 'last', 'tradeprice', 'lastprice'],
  size: ['size', 'siz', 's', 'qty', 'quantity', 'shares', 'lastsize'],
  exchange: ['exchange', 'ex', 'x', 'exch'],
  conditions: ['conditions', 'condition', 'cond'],
  symbol: ['symbol', 'ticker', 'sym', 'symroot'],
  /** An option's own symbol, as the clearing house writes it. */
  contract: ['contract', 'optionalias', 'optionsymbol', 'contractsymbol', 'occsymbol', 'osi', 'optionid'],
  underlying: ['underlying', 'underlyingsymbol', 'und', 'act'],
  underlyingPx: ['underlyingpx', 'underlyinglast', 'underlyingprice', 'stockprice', 'spotprice', 'spot'],
  root: ['root', 'optionroot', 'rootsymbol'],
  right: ['right', 'type', 'optiontype', 'callput', 'putcall', 'cp', 'cpflag'],
  expiry: ['expiry', 'expiration', 'expirationdate', 'expirdate', 'expdate', 'exdate', 'maturity'],
  strike: ['strike', 'strikeprice'],
  openInterest: ['openinterest', 'openint', 'oi'],
} as const satisfies Record<string, readonly string[]>;

export type Field = keyof typeof aliases;
const fields = Object.keys(aliases) as Field[];

/** Where each field stands, from 0. */
export type Columns = Partial<Record<Field, number>>;

const required: Readonly<Record<RecordKind, readonly Field[]>> = {
  bars: ['time', 'open', 'high', 'low', 'close'],
  quotes: ['time', 'bidPx', 'askPx'],
  trades: ['time', 'px'],
  options: ['time', 'bidPx', 'askPx'],
};

const CONTRACT_NEEDS = 'and contract, or expiry, right and strike';

const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

function guessColumns(header: readonly string[]): Columns {
  const names = header.map(plainName);
  const columns: Columns = {};
  for (const field of fields) {
    for (const alias of aliases[field] as readonly string[]) {
      const at = names.indexOf(alias);
      // A column without a name is the time only where index columns stand: in front.
      if (at < 0 || (alias === '' && at > 0)) continue;
      columns[field] = at;
      break;
    }
  }
  const date = names.indexOf('date');
  if (date >= 0 && columns.time !== undefined && names[columns.time] === 'time') {
    columns.clock = columns.time;
    columns.time = date;
  }
  return columns;
}

/** Reads `time=DT,bidPx=BID`: a field, and a column's name or its number from 1. */
function mapColumns(
  mapping: Readonly<Record<string, string>>,
  header: readonly string[],
  file: string,
): Columns {
  const columns: Columns = {};
  for (const [field, wanted] of Object.entries(mapping)) {
    if (!fields.includes(field as Field)) {
      throw new InputError(`--columns names the field "${field}"; the fields are ${fields.join(', ')}`);
    }
    const byName = header.findIndex((name) => name.trim().toLowerCase() === wanted.trim().toLowerCase());
    const byNumber = /^\d+$/.test(wanted) ? Number(wanted) - 1 : -1;
    const at = byName >= 0 ? byName : byNumber;
    if (at < 0 || at >= header.length) {
      throw new InputError(`${file} has no column "${wanted}" for ${field}; it has ${listed(header)}`);
    }
    columns[field as Field] = at;
  }
  return columns;
}

const listed = (header: readonly string[]): string =>
  header.map((name) => (name === '' ? '""' : name)).join(', ');

const has = (columns: Columns, wanted: readonly Field[]): boolean =>
  wanted.every((field) => columns[field] !== undefined);

const fits = (kind: RecordKind, columns: Columns): boolean =>
  has(columns, required[kind]) &&
  (kind !== 'options' || has(columns, ['contract']) || has(columns, ['expiry', 'right', 'strike']));

/** Chains before quotes: theirs have bid and ask, too. */
const KINDS = ['bars', 'options', 'quotes', 'trades'] as const;

const needsOf = (kind: RecordKind): string =>
  `${required[kind].join(', ')}${kind === 'options' ? `, ${CONTRACT_NEEDS}` : ''}`;

/** The fields of a file with a header, and what it records. */
export function columnsOfHeader(
  file: string,
  header: readonly string[],
  mapping: Readonly<Record<string, string>>,
  wanted: RecordKind | undefined,
): { columns: Columns; kind: RecordKind } {
  const columns = { ...guessColumns(header), ...mapColumns(mapping, header, file) };
  // A chain without strikes names its contracts in the column other files name their symbol in.
  if (wanted === 'options' && columns.strike === undefined) columns.contract ??= columns.symbol;
  const kind = wanted ?? KINDS.find((each) => fits(each, columns));
  if (kind !== undefined && fits(kind, columns)) return { columns, kind };
  const needs =
    kind === undefined
      ? 'bars need time, open, high, low, close; quotes need time, bidPx, askPx; trades need time, px'
      : `${kind} need ${needsOf(kind)}`;
  throw new InputError(
    `${file}, line 1: found the columns ${listed(header)}, but ${needs}: map them with --columns field=COLUMN,...`,
  );
}

const CLOCK = /^\d{1,2}:?\d\d(:?\d\d(\.\d+)?)?$/;

/** A file without a header: bars in the usual order, or as the user numbers the columns. */
export function columnsByPosition(
  file: string,
  cells: readonly string[],
  mapping: Readonly<Record<string, string>>,
  wanted: RecordKind | undefined,
): { columns: Columns; kind: RecordKind } {
  const numbers = cells.map((_, i) => `${i + 1}`);
  const mapped = mapColumns(mapping, numbers, file);
  const clock = CLOCK.test(cells[1]?.trim() ?? '') && cells.length >= 6;
  const order: readonly Field[] = clock
    ? ['time', 'clock', 'open', 'high', 'low', 'close', 'volume']
    : ['time', 'open', 'high', 'low', 'close', 'volume'];
  const guessed = Object.fromEntries(order.slice(0, cells.length).map((field, i) => [field, i])) as Columns;
  const columns = Object.keys(mapping).length > 0 ? mapped : guessed;
  const kind = wanted ?? KINDS.find((each) => fits(each, columns));
  if (kind !== undefined && fits(kind, columns) && (kind === 'bars' || columns === mapped))
    return { columns, kind };
  throw new InputError(
    `${file} has no header and ${cells.length} columns: say what they are with --columns time=1,... (${
      kind === undefined ? 'bars: time, open, high, low, close' : `${kind}: ${needsOf(kind)}`
    })`,
  );
}
