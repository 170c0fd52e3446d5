/**
 * Market records of one or several datasets, and what a recorded session heard on the Intel Bus, as one stream in order of
 * arrival, under one dictionary of symbols.
 */
import type { LogCursor } from '../bus/ports.ts';
import type { StoredEvent } from '../events/envelope.ts';
import { isOutsideSignal } from '../events/intel.events.ts';
import type { SymbolDefined } from '../events/market.events.ts';
import { ChainRecorded, type ContractDefined } from '../events/option.events.ts';
import { DAY_S, type Tick, TickKind } from '../events/tick.ts';

/** A recorded session or imported file, as something that can be read more than once. */
export interface Dataset {
  readonly name: string;
  /** Chain head, hex: what it is known by in the manifest. */
  readonly head: string;
  /** Records of any kind, for progress. */
  readonly records: number;
  readonly symbols: readonly SymbolDefined[];
  /** The option contracts among them. */
  readonly contracts?: readonly ContractDefined[];
  open(): LogCursor;
}

/** What the stream is cut to: microseconds, inclusive. */
export interface Span {
  readonly to: number | null;
  /** What other systems said is left out. */
  readonly withoutSignals?: boolean;
}

interface Lane {
  readonly cursor: LogCursor;
  /** Dataset id to session id. */
  readonly ids: readonly number[];
  /** The record it stands at is an event (a chain snapshot's marker, an outside signal), not a tick. */
  atEvent: boolean;
  alive: boolean;
}

export class MarketSource {
  /** Definitions under the session's own ids, in symbol order. */
  readonly symbols: readonly SymbolDefined[];
  readonly contracts: readonly ContractDefined[];
  readonly records: number;
  readonly #datasets: readonly Dataset[];
  readonly #span: Span;
  readonly #lanes: Lane[];
  #current: Lane | null = null;
  /** Records read so far, of any kind. */
  done = 0;

  constructor(datasets: readonly Dataset[], span: Span) {
    this.#datasets = datasets;
    this.#span = span;
    this.contracts = uniteContracts(datasets);
    const leftOut = standIns(datasets);
    this.symbols = unite(datasets, leftOut);
    this.records = datasets.reduce((sum, { records }) => sum + records, 0);
    const idOf = new Map(this.symbols.map(({ symbol, id }) => [symbol, id]));
    this.#lanes = datasets.map((dataset) => {
      const ids: number[] = [];
      for (const { id, symbol } of dataset.symbols) {
        ids[id] = leftOut.get(dataset)!.has(symbol) ? LEFT_OUT : idOf.get(symbol)!;
      }
      const lane = { cursor: dataset.open(), ids, atEvent: false, alive: true };
      this.#advance(lane);
      return lane;
    });
  }

  /** The record the last `next` stopped at: the cursor's own, valid until the next call. */
  get tick(): Tick {
    return this.#current!.cursor.tick;
  }

  /** The chain marker or outside signal the last `next` stopped at; null at a tick. */
  get event(): StoredEvent | null {
    const { atEvent, cursor } = this.#current!;
    return atEvent ? cursor.event : null;
  }

  /** Arrival of the record, microseconds. */
  get at(): number {
    return arrivalOf(this.#current!);
  }

  get source(): string {
    return this.#current!.cursor.source;
  }

  /** Moves to the next record in order of arrival; ties go by symbol, chains last, then by the order of the datasets. */
  next(): boolean {
    if (this.#current !== null) this.#advance(this.#current);
    let earliest: Lane | null = null;
    for (const lane of this.#lanes) {
      if (!lane.alive) continue;
      if (earliest === null || comesBefore(lane, earliest)) earliest = lane;
    }
    this.#current = earliest;
    return earliest !== null;
  }

  close(): void {
    for (const { cursor } of this.#lanes) cursor.close();
  }

  /** How many openings each symbol has in the span, by session id: session prints, or intraday bars. */
  countOpenings(): number[] {
    const counts: number[] = this.symbols.map(() => 0);
    const scan = new MarketSource(this.#datasets, this.#span);
    while (scan.next()) if (scan.event === null && isOpening(scan.tick)) counts[scan.tick.symbolId]++;
    scan.close();
    return counts;
  }

  #advance(lane: Lane): void {
    const { cursor, ids } = lane;
    for (;;) {
      const kind = cursor.next();
      if (kind === 0) break;
      this.done++;
      if (kind === 2 && !this.#passes(cursor.event.type)) continue;
      lane.atEvent = kind === 2;
      const { time, recordedAt } = kind === 2 ? cursor.event : cursor.tick;
      if (this.#span.to !== null && time > this.#span.to) {
        if (recordedAt > this.#span.to) break;
        continue; // it only says that it is later
      }
      if (kind === 2) return;
      const id = ids[cursor.tick.symbolId] ?? UNKNOWN_ID;
      if (id === LEFT_OUT) continue;
      cursor.tick.symbolId = id;
      return;
    }
    lane.alive = false;
  }

  #passes(type: string): boolean {
    return type === ChainRecorded.type || (!this.#span.withoutSignals && isOutsideSignal(type));
  }
}

const arrivalOf = ({ atEvent, cursor }: Lane): number => (atEvent ? cursor.event : cursor.tick).recordedAt;

/** A chain is complete after the last quote of its moment. */
const placeOf = ({ atEvent, cursor }: Lane): number =>
  atEvent ? Number.POSITIVE_INFINITY : cursor.tick.symbolId;

function comesBefore(a: Lane, b: Lane): boolean {
  const [atA, atB] = [arrivalOf(a), arrivalOf(b)];
  return atA < atB || (atA === atB && placeOf(a) < placeOf(b));
}

/** No symbol has this id: the fold reports the tick. */
const UNKNOWN_ID = 0xffff_ffff;

/** A record at whose price an order can be filled as "the open". */
export const isOpening = (tick: Tick): boolean =>
  tick.kind === TickKind.openPrint || (tick.kind === TickKind.bar && tick.resolutionS < DAY_S);

/** This symbol's records are left out: another dataset has better ones. */
const LEFT_OUT = -1;

/** By dataset, the underlyings whose prices stand beside their chain, where another dataset has the real ones. */
function standIns(datasets: readonly Dataset[]): ReadonlyMap<Dataset, ReadonlySet<string>> {
  const chains = new Map(
    datasets.map((each) => [each, new Set(each.contracts?.map(({ underlying }) => underlying))]),
  );
  const hasPrices = (dataset: Dataset, symbol: string) =>
    !chains.get(dataset)!.has(symbol) && dataset.symbols.some((each) => each.symbol === symbol);
  return new Map(
    [...chains].map(([dataset, underlyings]) => [
      dataset,
      new Set([...underlyings].filter((symbol) => datasets.some((other) => hasPrices(other, symbol)))),
    ]),
  );
}

function unite(
  datasets: readonly Dataset[],
  leftOut: ReadonlyMap<Dataset, ReadonlySet<string>>,
): SymbolDefined[] {
  const bySymbol = new Map<string, SymbolDefined>();
  for (const dataset of datasets) {
    for (const each of dataset.symbols) {
      if (!bySymbol.has(each.symbol) && !leftOut.get(dataset)!.has(each.symbol))
        bySymbol.set(each.symbol, each);
    }
  }
  return [...bySymbol.values()]
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
    .map((each, id) => ({ ...each, id }));
}

function uniteContracts(datasets: readonly Dataset[]): ContractDefined[] {
  const bySymbol = new Map<string, ContractDefined>();
  for (const { contracts = [] } of datasets) {
    for (const each of contracts) if (!bySymbol.has(each.symbol)) bySymbol.set(each.symbol, each);
  }
  return [...bySymbol.values()].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
}
