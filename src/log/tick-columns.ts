/**
 * The columns of a market block: which fields of a tick are stored, as what type, in what order. A layout is data, kept
 * in the log's `layouts` table; a new column is a new layout, and old logs are read by the layouts they carry.
 */
import { Tick, TickKind } from '../events/tick.ts';

const COLUMN_TYPES = {
  f64: Float64Array,
  f32: Float32Array,
  u32: Uint32Array,
  u16: Uint16Array,
  u8: Uint8Array,
};
type ColumnType = keyof typeof COLUMN_TYPES;
type Column = Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array;
type TickField = Exclude<keyof Tick, 'kind'>;

export interface ColumnLayout {
  readonly id: number;
  readonly kind: TickKind;
  /** Widest types first, so that every column is aligned to its own width when the section is aligned to 8. */
  readonly columns: readonly (readonly [field: TickField, type: ColumnType])[];
}

/** What this engine writes, by tick kind. */
export const LAYOUTS: readonly ColumnLayout[] = [
  {
    id: 1,
    kind: TickKind.quote,
    columns: [
      ['time', 'f64'],
      ['recordedAt', 'f64'],
      ['bidPx', 'f64'],
      ['askPx', 'f64'],
      ['bidSize', 'f32'],
      ['askSize', 'f32'],
      ['symbolId', 'u32'],
      ['conditionsId', 'u16'],
      ['exchangeId', 'u8'],
    ],
  },
  {
    id: 2,
    kind: TickKind.trade,
    columns: [
      ['time', 'f64'],
      ['recordedAt', 'f64'],
      ['px', 'f64'],
      ['size', 'f64'],
      ['symbolId', 'u32'],
      ['conditionsId', 'u16'],
      ['exchangeId', 'u8'],
    ],
  },
  {
    id: 3,
    kind: TickKind.bar,
    columns: [
      ['time', 'f64'],
      ['recordedAt', 'f64'],
      ['open', 'f64'],
      ['high', 'f64'],
      ['low', 'f64'],
      ['close', 'f64'],
      ['volume', 'f64'],
      ['vwap', 'f64'],
      ['symbolId', 'u32'],
      ['resolutionS', 'u32'],
    ],
  },
  {
    id: 4,
    kind: TickKind.openPrint,
    columns: [
      ['time', 'f64'],
      ['recordedAt', 'f64'],
      ['px', 'f64'],
      ['symbolId', 'u32'],
    ],
  },
];

export function layoutOfKind(kind: number): ColumnLayout {
  const found = LAYOUTS.find((each) => each.kind === kind);
  if (found === undefined)
    throw new RangeError(`no layout for ticks of kind ${kind}; the kinds are 1 to ${LAYOUTS.length}`);
  return found;
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(new Tick()));

/** Reads a layout from its stored JSON; throws a sentence when it names what this engine does not know. */
export function parseLayout(id: number, json: string): ColumnLayout {
  const { kind, columns } = JSON.parse(json) as ColumnLayout;
  for (const [field, type] of columns) {
    if (!KNOWN_FIELDS.has(field) || field === ('kind' as string) || !(type in COLUMN_TYPES)) {
      throw new RangeError(
        `layout ${id} has a column "${field}" of type "${type}" that this engine does not know`,
      );
    }
  }
  return { id, kind, columns };
}

const align8 = (bytes: number): number => (bytes + 7) & ~7;

/** Bytes that `count` records take in a section of this layout, padding included. */
export const sectionBytes = (layout: ColumnLayout, count: number): number =>
  align8(layout.columns.reduce((sum, [, type]) => sum + COLUMN_TYPES[type].BYTES_PER_ELEMENT * count, 0));

/** Stands in for a column that an older layout does not have. */
const ABSENT = new Uint8Array(65_536);

/** Ticks of one kind, one typed array per field. Fields outside the layout read as 0. */
export class TickColumns {
  readonly layout: ColumnLayout;
  time: Column = ABSENT;
  recordedAt: Column = ABSENT;
  symbolId: Column = ABSENT;
  bidPx: Column = ABSENT;
  askPx: Column = ABSENT;
  bidSize: Column = ABSENT;
  askSize: Column = ABSENT;
  px: Column = ABSENT;
  size: Column = ABSENT;
  open: Column = ABSENT;
  high: Column = ABSENT;
  low: Column = ABSENT;
  close: Column = ABSENT;
  volume: Column = ABSENT;
  vwap: Column = ABSENT;
  resolutionS: Column = ABSENT;
  exchangeId: Column = ABSENT;
  conditionsId: Column = ABSENT;

  /** Views `count` records at `offset` of `buffer`, in place; `offset` is a multiple of 8. */
  constructor(layout: ColumnLayout, count: number, buffer: ArrayBufferLike, offset: number) {
    this.layout = layout;
    let at = offset;
    for (const [field, type] of layout.columns) {
      const ofType = COLUMN_TYPES[type] as Float64ArrayConstructor;
      this[field] = new ofType(buffer, at, count);
      at += count * ofType.BYTES_PER_ELEMENT;
    }
  }

  static allocate(layout: ColumnLayout, capacity: number): TickColumns {
    return new TickColumns(layout, capacity, new ArrayBuffer(sectionBytes(layout, capacity)), 0);
  }

  /** Copies the first `count` records of `from`, which has the same layout. */
  copy(from: TickColumns, count: number): void {
    for (const [field] of this.layout.columns) this[field].set(from[field].subarray(0, count));
  }

  set(i: number, tick: Tick): void {
    this.time[i] = tick.time;
    this.recordedAt[i] = tick.recordedAt;
    this.symbolId[i] = tick.symbolId;
    switch (this.layout.kind) {
      case TickKind.quote:
        this.bidPx[i] = tick.bidPx;
        this.askPx[i] = tick.askPx;
        this.bidSize[i] = tick.bidSize;
        this.askSize[i] = tick.askSize;
        this.exchangeId[i] = tick.exchangeId;
        this.conditionsId[i] = tick.conditionsId;
        break;
      case TickKind.trade:
        this.px[i] = tick.px;
        this.size[i] = tick.size;
        this.exchangeId[i] = tick.exchangeId;
        this.conditionsId[i] = tick.conditionsId;
        break;
      case TickKind.bar:
        this.open[i] = tick.open;
        this.high[i] = tick.high;
        this.low[i] = tick.low;
        this.close[i] = tick.close;
        this.volume[i] = tick.volume;
        this.vwap[i] = tick.vwap;
        this.resolutionS[i] = tick.resolutionS;
        break;
      case TickKind.openPrint:
        this.px[i] = tick.px;
        break;
    }
  }

  get(i: number, tick: Tick): void {
    tick.kind = this.layout.kind;
    tick.time = this.time[i];
    tick.recordedAt = this.recordedAt[i];
    tick.symbolId = this.symbolId[i];
    switch (this.layout.kind) {
      case TickKind.quote:
        tick.bidPx = this.bidPx[i];
        tick.askPx = this.askPx[i];
        tick.bidSize = this.bidSize[i];
        tick.askSize = this.askSize[i];
        tick.exchangeId = this.exchangeId[i];
        tick.conditionsId = this.conditionsId[i];
        break;
      case TickKind.trade:
        tick.px = this.px[i];
        tick.size = this.size[i];
        tick.exchangeId = this.exchangeId[i];
        tick.conditionsId = this.conditionsId[i];
        break;
      case TickKind.bar:
        tick.open = this.open[i];
        tick.high = this.high[i];
        tick.low = this.low[i];
        tick.close = this.close[i];
        tick.volume = this.volume[i];
        tick.vwap = this.vwap[i];
        tick.resolutionS = this.resolutionS[i];
        break;
      case TickKind.openPrint:
        tick.px = this.px[i];
        break;
    }
  }
}
