/**
 * Writes recorded option chains into a log: every contract before its first quote, then snapshot by snapshot the
 * underlying's price, the quotes, and the marker that the chain is complete.
 */
import { basename } from 'node:path';
import { type ChainLine, chainLines } from '../adapters/files/csv-chains.ts';
import type { CsvFormat } from '../adapters/files/csv-format.ts';
import { fileDigest } from '../adapters/files/text-lines.ts';
import type { EventLog } from '../bus/ports.ts';
import { InputError } from '../domain/input-error.ts';
import type { OptionContract } from '../domain/options/contract.ts';
import { DatasetSummarized, LineRejected, SymbolDefined } from '../events/market.events.ts';
import { ChainRecorded, ContractDefined } from '../events/option.events.ts';
import { DAY_S, Tick, TickKind } from '../events/tick.ts';
import type { ImportResult, RejectedLine } from './dataset-builder.ts';
import { DatasetWriter } from './dataset-writer.ts';

interface ChainSources {
  readonly formats: readonly CsvFormat[];
  /** What the underlying is called; null where the lines say so. */
  readonly underlying: string | null;
  /** The user named the zone of times that carry none. */
  readonly zoneGiven: boolean;
}

/** All quotes of one underlying that arrived at one moment. */
interface Snapshot {
  readonly at: number;
  readonly underlying: string;
  readonly lines: readonly ChainLine[];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export class ChainDatasetBuilder {
  readonly #writer: DatasetWriter;
  readonly #sources: ChainSources;
  readonly #rejected: RejectedLine[] = [];
  readonly #ids = new Map<string, number>();
  /** What the prices of an underlying stand as: one a day, or one a snapshot; not in here where there are none. */
  readonly #priced = new Map<string, 'days' | 'trades'>();

  constructor(log: EventLog, sources: ChainSources) {
    this.#writer = new DatasetWriter(log);
    this.#sources = sources;
  }

  build(): ImportResult {
    const lines = this.#readLines();
    this.#writer.now = lines[0].at;
    this.#define(lines);
    const snapshots = snapshotsOf(lines);
    for (const each of snapshots) this.#snapshot(each);
    for (const each of this.#rejected)
      this.#writer.event(LineRejected, { ...each, file: basename(each.file) });
    const symbols = [...new Set(snapshots.map(({ underlying }) => underlying))].sort();
    const notes = this.#notes(lines, snapshots);
    this.#writer.event(DatasetSummarized, {
      symbols: symbols.map((symbol) => {
        const own = snapshots.filter(({ underlying }) => underlying === symbol);
        const records = own.reduce((sum, each) => sum + each.lines.length, 0);
        return { symbol, records, from: own[0].at, to: own.at(-1)!.at };
      }),
      files: this.#sources.formats.map(({ file }) => ({ name: basename(file), sha256: fileDigest(file) })),
      rejected: this.#rejected.length,
      scale: 1,
      notes,
    });
    return {
      events: this.#writer.lastSeq,
      symbols,
      from: lines[0].at,
      to: lines.at(-1)!.at,
      rejected: this.#rejected,
      notes,
    };
  }

  /** Good lines by moment, then contract; vendors sort by either, and files may overlap. */
  #readLines(): ChainLine[] {
    const { formats, underlying } = this.#sources;
    const reject = (file: string, line: number, reason: string) => {
      this.#rejected.push({ file, line, reason });
    };
    const order = new Map(formats.map(({ file }, i) => [file, i]));
    const lines = formats
      .flatMap((format) => [...chainLines(format, { underlying, reject })])
      .sort(
        (a, b) =>
          a.at - b.at ||
          compare(a.contract.symbol, b.contract.symbol) ||
          order.get(a.file)! - order.get(b.file)! ||
          a.line - b.line,
      );
    const kept = lines.filter((line, i) => {
      const before = lines[i - 1];
      if (before?.at !== line.at || before.contract.symbol !== line.contract.symbol) return true;
      reject(
        line.file,
        line.line,
        `${line.contract.symbol} was already quoted at its time by line ${before.line}`,
      );
      return false;
    });
    this.#rejected.sort((a, b) => order.get(a.file)! - order.get(b.file)! || a.line - b.line);
    if (kept.length > 0) return kept;
    const [{ file, line, reason }] = this.#rejected;
    throw new InputError(`no line could be used; the first, ${file} line ${line}: ${reason}`);
  }

  #define(lines: readonly ChainLine[]): void {
    const contracts = new Map<string, OptionContract>();
    for (const { contract, underlyingPx, atClose } of lines) {
      contracts.set(contract.symbol, contract);
      if (underlyingPx === null) continue;
      const isTimed = !atClose || this.#priced.get(contract.underlying) === 'trades';
      this.#priced.set(contract.underlying, isTimed ? 'trades' : 'days');
    }
    const all = [...contracts.values()].sort((a, b) => compare(a.symbol, b.symbol));
    for (const [symbol, prices] of [...this.#priced].sort(([a], [b]) => compare(a, b))) {
      const isIndex = all.some(
        ({ underlying, settlement }) => underlying === symbol && settlement === 'cash',
      );
      this.#defineSymbol({
        symbol,
        assetClass: isIndex ? 'index' : 'equity',
        multiplier: 1,
        priceSource: prices === 'days' ? 'bars' : 'trades',
        resolutionS: prices === 'days' ? DAY_S : null,
      });
    }
    for (const { symbol, underlying, multiplier, style, settlement } of all) {
      this.#defineSymbol({
        symbol,
        assetClass: 'option',
        multiplier,
        priceSource: 'quotes',
        resolutionS: null,
      });
      this.#writer.event(ContractDefined, { symbol, underlying, style, settlement });
    }
  }

  #defineSymbol(definition: Omit<SymbolDefined, 'id' | 'calendar'>): void {
    const id = this.#ids.size;
    this.#ids.set(definition.symbol, id);
    this.#writer.event(SymbolDefined, { ...definition, id, calendar: 'XNYS' });
  }

  #snapshot({ at, underlying, lines }: Snapshot): void {
    this.#writer.now = at;
    const underlyingPx = lines.find((line) => line.underlyingPx !== null)?.underlyingPx ?? null;
    if (underlyingPx !== null) this.#price(underlying, underlyingPx, at);
    for (const { contract, bidPx, askPx, bidSize, askSize } of lines) {
      this.#tick(contract.symbol, at, { kind: TickKind.quote, bidPx, askPx, bidSize, askSize });
    }
    const openInterest = lines.map((line): [string, number | null] => [
      line.contract.symbol,
      line.openInterest,
    ]);
    this.#writer.event(ChainRecorded, { underlying, underlyingPx, openInterest });
  }

  #price(underlying: string, px: number, at: number): void {
    if (this.#priced.get(underlying) === 'trades')
      return this.#tick(underlying, at, { kind: TickKind.trade, px });
    this.#tick(underlying, at, {
      kind: TickKind.bar,
      open: px,
      high: px,
      low: px,
      close: px,
      resolutionS: DAY_S,
    });
  }

  #tick(symbol: string, at: number, fields: Partial<Tick>): void {
    const symbolId = this.#ids.get(symbol)!;
    this.#writer.tick(Object.assign(new Tick(), { symbolId, time: at, recordedAt: at }, fields));
  }

  #notes(lines: readonly ChainLine[], snapshots: readonly Snapshot[]): string[] {
    const contracts = new Set(lines.map(({ contract }) => contract.symbol));
    const notes = [`${contracts.size} contracts in ${snapshots.length} chain snapshots`];
    if (lines.some(({ atClose }) => atClose)) {
      notes.push('quotes dated by the day alone were taken at the close of its session');
    }
    for (const symbol of new Set(snapshots.map(({ underlying }) => underlying))) {
      notes.push(
        this.#priced.has(symbol)
          ? `prices of ${symbol} are those beside its quotes, one a snapshot; a dataset with its bars goes before them`
          : `there are no prices of ${symbol} in it: backtest it together with a dataset that has them`,
      );
    }
    const oneSided = lines.filter(({ bidPx, askPx }) => bidPx === 0 || askPx === 0).length;
    if (oneSided > 0) notes.push(`quotes without a bid or an ask, kept as they are: ${oneSided}`);
    const unknown = lines.filter(({ openInterest }) => openInterest === null).length;
    if (unknown > 0)
      notes.push(`quotes without an open interest, which no liquidity filter passes: ${unknown}`);
    if (!this.#sources.zoneGiven && this.#sources.formats.some(({ zoneApplied }) => zoneApplied))
      notes.push('times without a zone were read as UTC');
    return notes;
  }
}

function snapshotsOf(lines: readonly ChainLine[]): Snapshot[] {
  const groups = new Map<string, { at: number; underlying: string; lines: ChainLine[] }>();
  for (const line of lines) {
    const { underlying } = line.contract;
    const key = `${line.at} ${underlying}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { at: line.at, underlying, lines: [line] });
    else group.lines.push(line);
  }
  return [...groups.values()].sort((a, b) => a.at - b.at || compare(a.underlying, b.underlying));
}
