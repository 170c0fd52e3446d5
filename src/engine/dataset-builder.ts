/**
 * Writes one dataset into a log: symbols and codes before their first use, the ticks of all files merged by time, the
 * lines that were refused, and a summary.
 */
import { basename } from 'node:path';
import type { RecordKind } from '../adapters/files/csv-columns.ts';
import type { CsvFormat } from '../adapters/files/csv-format.ts';
import { type CsvContext, csvTicks } from '../adapters/files/csv-ticks.ts';
import { fileDigest } from '../adapters/files/text-lines.ts';
import type { EventLog } from '../bus/ports.ts';
import { InputError } from '../domain/input-error.ts';
import type { AssetClass, CalendarName } from '../domain/instrument.ts';
import { CodeDefined, DatasetSummarized, LineRejected, SymbolDefined } from '../events/market.events.ts';
import { DAY_S, type Tick, TickKind } from '../events/tick.ts';
import { DatasetWriter } from './dataset-writer.ts';

export interface DatasetOptions {
  /** Zone of times that carry none; UTC where not given. */
  readonly tz?: string;
  /** Which end of an intraday bar its time names; vendors' custom is the start. */
  readonly stamps?: 'start' | 'end';
  readonly assetClass?: AssetClass;
  /** Where not given: always open for crypto, New York for the rest. */
  readonly calendar?: CalendarName;
  /** Prices are multiplied by it; 1 where not given. */
  readonly scale?: number;
  /** What else a reader of the dataset must know, in sentences. */
  readonly notes?: readonly string[];
}

/** One file, and whose prices it holds. */
export interface Source {
  readonly symbol: string;
  readonly format: CsvFormat;
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

interface SymbolEntry {
  readonly definition: SymbolDefined;
  records: number;
  from: number;
  to: number;
}

/** Merges streams by the time their ticks became known; ties go by the order of the streams. */
function* byArrival(streams: readonly Generator<Tick>[]): Generator<Tick> {
  const lanes = streams.map((ticks) => ({ ticks, head: ticks.next() }));
  for (;;) {
    let earliest: (typeof lanes)[number] | null = null;
    let at = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      if (lane.head.done || lane.head.value.recordedAt >= at) continue;
      earliest = lane;
      at = lane.head.value.recordedAt;
    }
    if (earliest === null) return;
    yield earliest.head.value;
    earliest.head = earliest.ticks.next();
  }
}

export class DatasetBuilder {
  readonly #writer: DatasetWriter;
  readonly #options: DatasetOptions;
  readonly #sources: readonly Source[];
  readonly #symbols: SymbolEntry[] = [];
  readonly #codes = { exchange: new Map<string, number>(), conditions: new Map<string, number>() };
  /** Codes that were met while reading ahead; written before the next tick. */
  readonly #newCodes: { dictionary: 'exchange' | 'conditions'; id: number; code: string }[] = [];
  readonly #rejected: RejectedLine[] = [];
  readonly #daysOutside = new Set<string>();
  #widened = 0;

  constructor(log: EventLog, options: DatasetOptions, sources: readonly Source[]) {
    this.#writer = new DatasetWriter(log);
    this.#options = options;
    this.#sources = sources;
  }

  build(): ImportResult {
    let first = true;
    for (const tick of byArrival(this.#lanes())) {
      this.#writer.now = tick.recordedAt;
      if (first) for (const { definition } of this.#symbols) this.#writer.event(SymbolDefined, definition);
      first = false;
      this.#tick(tick);
    }
    const order = new Map(this.#sources.map(({ format }, i) => [format.file, i]));
    this.#rejected.sort((a, b) => order.get(a.file)! - order.get(b.file)! || a.line - b.line);
    this.#requireRecords();
    for (const each of this.#rejected)
      this.#writer.event(LineRejected, { ...each, file: basename(each.file) });
    const notes = this.#notes();
    this.#writer.event(DatasetSummarized, {
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
      scale: this.#options.scale ?? 1,
      notes,
    });
    return {
      events: this.#writer.lastSeq,
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
    const { assetClass = 'equity' } = this.#options;
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
      calendar: this.#options.calendar ?? (assetClass === 'crypto' ? '24x7' : 'XNYS'),
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
      stamps: this.#options.stamps ?? 'start',
      scale: this.#options.scale ?? 1,
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
      for (const code of this.#newCodes.splice(0)) this.#writer.event(CodeDefined, code);
    this.#writer.tick(tick);
    const entry = this.#symbols[tick.symbolId];
    if (entry.records === 0 && entry.to === 0) entry.from = tick.time;
    entry.to = tick.time;
    if (tick.kind !== TickKind.openPrint) entry.records += 1;
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
    const notes: string[] = [...(this.#options.notes ?? [])];
    if (this.#options.tz === undefined && this.#sources.some(({ format }) => format.zoneApplied)) {
      notes.push('times without a zone were read as UTC');
    }
    const intraday = this.#symbols.some(({ definition }) => (definition.resolutionS ?? DAY_S) < DAY_S);
    if (intraday && this.#options.stamps === undefined) {
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
