/** Market records of one or several datasets as one stream in order of arrival, under one dictionary of symbols. */
import type { LogCursor } from '../bus/ports.ts';
import type { SymbolDefined } from '../events/market.events.ts';
import { DAY_S, type Tick, TickKind } from '../events/tick.ts';

/** A recorded session or imported file, as something that can be read more than once. */
export interface Dataset {
  readonly name: string;
  /** Chain head, hex: what it is known by in the manifest. */
  readonly head: string;
  /** Records of any kind, for progress. */
  readonly records: number;
  readonly symbols: readonly SymbolDefined[];
  open(): LogCursor;
}

/** What the stream is cut to; both in microseconds, inclusive. */
export interface Span {
  readonly to: number | null;
}

interface Lane {
  readonly cursor: LogCursor;
  /** Dataset id to session id. */
  readonly ids: readonly number[];
  alive: boolean;
}

export class MarketSource {
  /** Definitions under the session's own ids, in symbol order. */
  readonly symbols: readonly SymbolDefined[];
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
    this.symbols = unite(datasets);
    this.records = datasets.reduce((sum, { records }) => sum + records, 0);
    const idOf = new Map(this.symbols.map(({ symbol, id }) => [symbol, id]));
    this.#lanes = datasets.map((dataset) => {
      const ids: number[] = [];
      for (const { id, symbol } of dataset.symbols) ids[id] = idOf.get(symbol)!;
      const lane = { cursor: dataset.open(), ids, alive: true };
      this.#advance(lane);
      return lane;
    });
  }

  /** The record the last `next` stopped at: the cursor's own, valid until the next call. */
  get tick(): Tick {
    return this.#current!.cursor.tick;
  }

  get source(): string {
    return this.#current!.cursor.source;
  }

  /** Moves to the next record in order of arrival; ties go by symbol, then by the order of the datasets. */
  next(): boolean {
    if (this.#current !== null) this.#advance(this.#current);
    let earliest: Lane | null = null;
    for (const lane of this.#lanes) {
      if (!lane.alive) continue;
      if (earliest === null || comesBefore(lane.cursor.tick, earliest.cursor.tick)) earliest = lane;
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
    while (scan.next()) if (isOpening(scan.tick)) counts[scan.tick.symbolId]++;
    scan.close();
    return counts;
  }

  #advance(lane: Lane): void {
    for (;;) {
      const kind = lane.cursor.next();
      if (kind === 0) break;
      this.done++;
      if (kind === 2) continue;
      const { tick } = lane.cursor;
      if (this.#span.to !== null && tick.time > this.#span.to) {
        if (tick.recordedAt > this.#span.to) break;
        continue; // it only says that it is later
      }
      tick.symbolId = lane.ids[tick.symbolId] ?? UNKNOWN_ID;
      return;
    }
    lane.alive = false;
  }
}

const comesBefore = (a: Tick, b: Tick): boolean =>
  a.recordedAt < b.recordedAt || (a.recordedAt === b.recordedAt && a.symbolId < b.symbolId);

/** No symbol has this id: the fold reports the tick. */
const UNKNOWN_ID = 0xffff_ffff;

/** A record at whose price an order can be filled as "the open". */
export const isOpening = (tick: Tick): boolean =>
  tick.kind === TickKind.openPrint || (tick.kind === TickKind.bar && tick.resolutionS < DAY_S);

function unite(datasets: readonly Dataset[]): SymbolDefined[] {
  const bySymbol = new Map<string, SymbolDefined>();
  for (const { symbols } of datasets) {
    for (const each of symbols) if (!bySymbol.has(each.symbol)) bySymbol.set(each.symbol, each);
  }
  return [...bySymbol.values()]
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
    .map((each, id) => ({ ...each, id }));
}
