/**
 * Imports recorded market data into a dataset: a sealed log of symbols, codes, ticks, refused lines and a summary, made
 * beside its destination and moved there when whole, so that a failed import leaves nothing.
 */
import { accessSync, constants, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { RecordKind } from '../adapters/files/csv-columns.ts';
import { type CsvFormat, inspectCsv } from '../adapters/files/csv-format.ts';
import { type CsvContext, csvTicks } from '../adapters/files/csv-ticks.ts';
import { fileDigest } from '../adapters/files/text-lines.ts';
import type { EventLog } from '../bus/ports.ts';
import { InputError } from '../domain/input-error.ts';
import type { AssetClass, CalendarName } from '../domain/instrument.ts';
import { canonicalJson } from '../events/canonical.ts';
import type { EventDefinition } from '../events/define-event.ts';
import { CodeDefined, DatasetSummarized, LineRejected, SymbolDefined } from '../events/market.events.ts';
import { DAY_S, type Tick, TickKind } from '../events/tick.ts';
import { anchorPath, syncFolder } from '../log/anchor.ts';
import { createLog } from '../log/log-writer.ts';
import { sealLog } from '../log/seal-log.ts';

export interface ImportRequest {
  readonly files: readonly string[];
  /** One symbol for all files, or one for each of them. */
  readonly symbols: readonly string[];
  /** Guessed from the columns where not given. */
  readonly kind?: RecordKind | 'options';
  /** Length of a bar: `1m`, `5m`, `1h`, `1d`; guessed from the lines where not given. */
  readonly resolution?: string;
  /** Zone of times that carry none; UTC where not given. */
  readonly tz?: string;
  /** Field to column name, or number from 1. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Which end of an intraday bar its time names; vendors' custom is the start. */
  readonly stamps?: 'start' | 'end';
  readonly assetClass?: AssetClass;
  /** Where not given: always open for crypto, New York for the rest. */
  readonly calendar?: CalendarName;
  /** Prices are multiplied by it; 1 where not given. */
  readonly scale?: number;
  readonly out: string;
  /** Replace a dataset that exists. */
  readonly overwrite?: boolean;
}

export interface RejectedLine {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

export interface ImportResult {
  /** All events of the dataset: ticks, definitions, refusals and the summary. */
  readonly events: number;
  readonly symbols: readonly string[];
  /** First and last tick, microseconds. */
  readonly from: number;
  readonly to: number;
  readonly rejected: readonly RejectedLine[];
  readonly notes: readonly string[];
}

const SOURCE = 'file';
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: DAY_S };

function secondsOf(resolution: string): number {
  const parts = /^(\d+)([smhd])$/.exec(resolution);
  const seconds = parts === null ? 0 : Number(parts[1]) * UNITS[parts[2]];
  if (seconds >= 1 && seconds <= DAY_S) return seconds;
  throw new InputError(
    `--resolution is "${resolution}"; write a bar's length from 1s to 1d, such as 1m, 5m, 1h or 1d`,
  );
}

/** Throws InputError, in one sentence, for input that cannot be imported at all; then nothing is written. */
export function importFiles(request: ImportRequest): ImportResult {
  const { out } = request;
  requirePlaceFor(out, request.overwrite ?? false);
  const sources = sourcesOf(request);
  const draft = join(dirname(out), `.${basename(out)}.${process.pid}.draft`);
  try {
    const log = createLog(draft, { session: basename(out), flush: 'batch' });
    let result: ImportResult;
    try {
      result = new DatasetBuilder(log, request, sources).build();
    } finally {
      log.close();
    }
    sealLog(draft);
    renameSync(draft, out);
    syncFolder(out);
    return result;
  } finally {
    discard(draft);
  }
}

function requirePlaceFor(out: string, overwrite: boolean): void {
  const folder = dirname(out);
  if (!existsSync(folder)) {
    throw new InputError(`the folder of ${out} does not exist: create it or choose another --out`);
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new InputError(`the folder of ${out} may not be written by this user: choose another --out`);
  }
  if (existsSync(anchorPath(out))) {
    throw new InputError(`${out} is a log that is not sealed, so it may be in use: choose another --out`);
  }
  if (existsSync(out) && !overwrite)
    throw new InputError(`${out} exists already: choose another --out, or --overwrite it`);
}

/** The draft and whatever the log keeps beside it. */
function discard(draft: string): void {
  for (const name of readdirSync(dirname(draft))) {
    if (name.startsWith(basename(draft))) rmSync(join(dirname(draft), name), { force: true });
  }
}

interface Source {
  readonly symbol: string;
  readonly format: CsvFormat;
}

function sourcesOf(request: ImportRequest): readonly Source[] {
  const { files, symbols, kind } = request;
  if (kind === 'options')
    throw new InputError('option chains cannot be imported yet: --kind takes bars, quotes or trades');
  if (files.length === 0) throw new InputError('no file to import: name at least one CSV file');
  if (symbols.length !== 1 && symbols.length !== files.length) {
    throw new InputError(
      `${symbols.length} symbols for ${files.length} files: give one --symbol for all, or one for each file`,
    );
  }
  if (!((request.scale ?? 1) > 0) || request.scale === Number.POSITIVE_INFINITY) {
    throw new InputError(
      `--scale is ${request.scale}; prices are multiplied by it, so it must be above zero`,
    );
  }
  const { tz = 'UTC', columns } = request;
  const resolutionS = request.resolution === undefined ? undefined : secondsOf(request.resolution);
  return files.map((file, i) => ({
    symbol: symbols[symbols.length === 1 ? 0 : i],
    format: inspectCsv(file, { tz, columns, kind, resolutionS }),
  }));
}

interface SymbolEntry {
  readonly definition: SymbolDefined;
  records: number;
  from: number;
  to: number;
}

/** Writes one dataset: merges the sources by time and names symbols and codes before their first use. */
class DatasetBuilder {
  readonly #log: EventLog;
  readonly #request: ImportRequest;
  readonly #sources: readonly Source[];
  readonly #symbols: SymbolEntry[] = [];
  readonly #codes = { exchange: new Map<string, number>(), conditions: new Map<string, number>() };
  /** Codes that were met while reading ahead; written before the next tick. */
  readonly #newCodes: { dictionary: 'exchange' | 'conditions'; id: number; code: string }[] = [];
  readonly #rejected: RejectedLine[] = [];
  readonly #daysOutside = new Set<string>();
  #widened = 0;
  #now = 0;

  constructor(log: EventLog, request: ImportRequest, sources: readonly Source[]) {
    this.#log = log;
    this.#request = request;
    this.#sources = sources;
  }

  build(): ImportResult {
    const lanes = this.#lanes().map((ticks) => ({ ticks, head: ticks.next() }));
    let first = true;
    for (;;) {
      let earliest = lanes[0];
      for (const lane of lanes) {
        if (
          !lane.head.done &&
          (earliest.head.done || lane.head.value.recordedAt < earliest.head.value.recordedAt)
        )
          earliest = lane;
      }
      if (earliest.head.done) break;
      const tick = earliest.head.value;
      this.#now = tick.recordedAt;
      if (first) for (const { definition } of this.#symbols) this.#write(SymbolDefined, definition);
      first = false;
      this.#tick(tick);
      earliest.head = earliest.ticks.next();
    }
    const order = new Map(this.#sources.map(({ format }, i) => [format.file, i]));
    this.#rejected.sort((a, b) => order.get(a.file)! - order.get(b.file)! || a.line - b.line);
    this.#requireRecords();
    for (const each of this.#rejected) this.#write(LineRejected, { ...each, file: basename(each.file) });
    const notes = this.#notes();
    this.#write(DatasetSummarized, {
      symbols: this.#symbols.map(({ definition, records, from, to }) => ({
        symbol: definition.symbol,
        records,
        from,
        to,
      })),
      files: this.#sources.map(({ format }) => ({
        name: basename(format.file),
        sha256: fileDigest(format.file),
      })),
      rejected: this.#rejected.length,
      scale: this.#request.scale ?? 1,
      notes,
    });
    return {
      events: this.#log.lastSeq,
      symbols: this.#symbols.map(({ definition }) => definition.symbol),
      from: Math.min(...this.#symbols.map(({ from }) => from)),
      to: Math.max(...this.#symbols.map(({ to }) => to)),
      rejected: this.#rejected,
      notes,
    };
  }

  /** One stream of ticks for each symbol and kind of record. */
  #lanes(): Generator<Tick>[] {
    const lanes: Generator<Tick>[] = [];
    for (const symbol of new Set(this.#sources.map((source) => source.symbol))) {
      const formats = this.#sources.filter((source) => source.symbol === symbol).map(({ format }) => format);
      const definition = this.#define(symbol, formats);
      for (const kind of new Set(formats.map((format) => format.kind))) {
        const ofKind = formats.filter((format) => format.kind === kind);
        lanes.push(csvTicks(ofKind, this.#context(definition)));
      }
    }
    return lanes;
  }

  #define(symbol: string, formats: readonly CsvFormat[]): SymbolDefined {
    const { assetClass = 'equity' } = this.#request;
    const lengths = new Set(formats.map((format) => format.resolutionS).filter((each) => each !== null));
    if (lengths.size > 1) {
      throw new InputError(
        `the files of ${symbol} hold bars of ${[...lengths].join(' and ')} seconds: import one length at a time`,
      );
    }
    const has = (kind: RecordKind) => formats.some((format) => format.kind === kind);
    const definition: SymbolDefined = {
      id: this.#symbols.length,
      symbol,
      assetClass,
      multiplier: 1,
      calendar: this.#request.calendar ?? (assetClass === 'crypto' ? '24x7' : 'XNYS'),
      priceSource: has('bars') ? 'bars' : has('trades') ? 'trades' : 'quotes',
      resolutionS: [...lengths][0] ?? null,
    };
    if (!SymbolDefined.schema.safeParse(definition).success) {
      throw new InputError(`--symbol is "${symbol}"; a symbol has 1 to 64 characters`);
    }
    this.#symbols.push({ definition, records: 0, from: 0, to: 0 });
    return definition;
  }

  #context(definition: SymbolDefined): CsvContext {
    return {
      symbol: definition.symbol,
      symbolId: definition.id,
      calendar: definition.calendar,
      stamps: this.#request.stamps ?? 'start',
      scale: this.#request.scale ?? 1,
      reject: (file, line, reason) => this.#rejected.push({ file, line, reason }),
      codeId: (dictionary, code) => this.#codeId(dictionary, code),
      widenRange: definition.assetClass === 'index',
      dayOutsideCalendar: (day) => this.#daysOutside.add(day),
      rangeWidened: () => {
        this.#widened += 1;
      },
    };
  }

  #codeId(dictionary: 'exchange' | 'conditions', code: string): number {
    const codes = this.#codes[dictionary];
    let id = codes.get(code);
    if (id === undefined) {
      id = codes.size + 1;
      const idMax = dictionary === 'exchange' ? 255 : 65_535;
      if (id > idMax)
        throw new InputError(
          `more than ${idMax} codes in the column for ${dictionary}: is it the right column?`,
        );
      codes.set(code, id);
      this.#newCodes.push({ dictionary, id, code });
    }
    return id;
  }

  #tick(tick: Tick): void {
    if (this.#newCodes.length > 0)
      for (const code of this.#newCodes.splice(0)) this.#write(CodeDefined, code);
    this.#log.tick(this.#log.lastSeq + 1, tick, SOURCE);
    this.#log.settle();
    const entry = this.#symbols[tick.symbolId];
    if (entry.records === 0 && entry.to === 0) entry.from = tick.time;
    entry.to = tick.time;
    if (tick.kind !== TickKind.openPrint) entry.records += 1;
  }

  #write<P>(definition: EventDefinition<'input', P>, payload: P): void {
    const { kind, type, version } = definition;
    this.#log.event({
      seq: this.#log.lastSeq + 1,
      kind,
      type,
      version,
      time: this.#now,
      recordedAt: this.#now,
      source: SOURCE,
      causation: null,
      correlation: definition.correlate(payload),
      basis: [],
      payload,
      json: canonicalJson(payload),
    });
  }

  #requireRecords(): void {
    const without = this.#symbols.find(({ records }) => records === 0);
    if (without === undefined) return;
    const { file, line, reason } = this.#rejected[0];
    throw new InputError(
      `no line for ${without.definition.symbol} could be used; the first, ${file} line ${line}: ${reason}`,
    );
  }

  #notes(): string[] {
    const notes: string[] = [];
    if (this.#request.tz === undefined && this.#sources.some(({ format }) => format.zoneApplied)) {
      notes.push('times without a zone were read as UTC');
    }
    const intraday = this.#symbols.some(({ definition }) => (definition.resolutionS ?? DAY_S) < DAY_S);
    if (intraday && this.#request.stamps === undefined) {
      notes.push('times of bars were taken as their start, as most vendors mean them');
    }
    const [firstOutside] = this.#daysOutside;
    if (firstOutside !== undefined) {
      notes.push(
        `days the calendar calls closed keep the hours 09:30 to 16:00: ${this.#daysOutside.size}, the first ${firstOutside}`,
      );
    }
    if (this.#widened > 0)
      notes.push(`bars whose open or close lay outside low and high were widened: ${this.#widened}`);
    return notes;
  }
}
