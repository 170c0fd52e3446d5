/**
 * A market block: the ticks of a contiguous range of seq as columns. One code byte per event of the range: 0 where a row
 * of `events` stands, else 1 + the index of the section that holds the tick. docs/log-format.md describes the bytes.
 */
import type { Tick } from '../events/tick.ts';
import { type ColumnLayout, layoutOfKind, sectionBytes, TickColumns } from './tick-columns.ts';

export const BLOCK_EVENTS_MAX = 65_536;
const SECTIONS_MAX = 255;

interface BlockHeader {
  readonly first: number;
  readonly last: number;
  readonly sections: readonly { count: number; kind: number; layout: number; source: string }[];
}

const align8 = (bytes: number): number => (bytes + 7) & ~7;

class OpenSection {
  readonly source: string;
  columns: TickColumns;
  count = 0;
  #capacity = 1_024;

  constructor(source: string, layout: ColumnLayout) {
    this.source = source;
    this.columns = TickColumns.allocate(layout, this.#capacity);
  }

  add(tick: Tick): void {
    if (this.count === this.#capacity) this.#grow();
    this.columns.set(this.count++, tick);
  }

  #grow(): void {
    this.#capacity *= 2;
    const larger = TickColumns.allocate(this.columns.layout, this.#capacity);
    larger.copy(this.columns, this.count);
    this.columns = larger;
  }
}

/** Collects ticks into columns until the block is full, and keeps its memory for the next one. */
export class BlockBuilder {
  /** seq of the first tick; 0 while there is none. */
  first = 0;
  #last = 0;
  #codes = new Uint8Array(BLOCK_EVENTS_MAX);
  #sections: OpenSection[] = [];
  /** Index + 1 of the section per kind, by source. */
  #bySource = new Map<string, Uint8Array>();
  #source = '';
  #codeOfKind: Uint8Array = new Uint8Array(256);

  /** False when the tick belongs into a new block: this one spans its most events, or has its most sections. */
  add(seq: number, tick: Tick, source: string): boolean {
    if (source !== this.#source || this.first === 0) this.#useSource(source);
    const code = this.#codeOfKind[tick.kind] || this.#openSection(tick.kind);
    if (this.first === 0) this.first = seq;
    const at = seq - this.first;
    if (code === 0 || at >= BLOCK_EVENTS_MAX) return false;
    this.#codes[at] = code;
    this.#last = seq;
    this.#sections[code - 1].add(tick);
    return true;
  }

  #useSource(source: string): void {
    let codes = this.#bySource.get(source);
    if (codes === undefined) this.#bySource.set(source, (codes = new Uint8Array(256)));
    this.#source = source;
    this.#codeOfKind = codes;
  }

  #openSection(kind: number): number {
    if (this.#sections.length === SECTIONS_MAX) return 0;
    this.#sections.push(new OpenSection(this.#source, layoutOfKind(kind)));
    this.#codeOfKind[kind] = this.#sections.length;
    return this.#sections.length;
  }

  /** The block's bytes; the builder is then empty. */
  take(): MarketBlock {
    const bytes = this.#encode();
    const { first } = this;
    const last = this.#last;
    this.#codes.fill(0, 0, last - first + 1);
    this.first = 0;
    this.#last = 0;
    this.#emptySections();
    return { first, last, bytes };
  }

  #emptySections(): void {
    const inUse = this.#sections.every((each) => each.count > 0) && this.#sections.length < SECTIONS_MAX;
    if (inUse) {
      for (const each of this.#sections) each.count = 0;
    } else {
      // Sources that fell silent must not hold a section for ever.
      this.#sections = [];
      this.#bySource.clear();
    }
  }

  #encode(): Buffer {
    const span = this.#last - this.first + 1;
    const header: BlockHeader = {
      first: this.first,
      last: this.#last,
      sections: this.#sections.map(({ count, columns, source }) => {
        return { count, kind: columns.layout.kind, layout: columns.layout.id, source };
      }),
    };
    const head = Buffer.from(JSON.stringify(header), 'utf8');
    const codesAt = align8(4 + head.length);
    let at = codesAt + align8(span);
    const size = this.#sections.reduce(
      (sum, each) => sum + sectionBytes(each.columns.layout, each.count),
      at,
    );
    const bytes = Buffer.alloc(size);
    bytes.writeUInt32LE(head.length, 0);
    head.copy(bytes, 4);
    bytes.set(this.#codes.subarray(0, span), codesAt);
    for (const { columns, count } of this.#sections) {
      new TickColumns(columns.layout, count, bytes.buffer, bytes.byteOffset + at).copy(columns, count);
      at += sectionBytes(columns.layout, count);
    }
    return bytes;
  }
}

/** A block as it stands in the `market` table. */
export interface MarketBlock {
  readonly first: number;
  readonly last: number;
  readonly bytes: Buffer;
}

/** Reads a block's ticks in seq order, or any one of them. Throws a RangeError when the bytes contradict themselves. */
export class BlockReader {
  readonly first: number;
  readonly last: number;
  readonly #codes: Uint8Array;
  readonly #sections: readonly TickColumns[];
  readonly #sources: readonly string[];
  /** Records taken so far, per section. */
  readonly #taken: Uint32Array;
  #next: number;
  #ticks = 0;

  constructor(block: MarketBlock, layouts: ReadonlyMap<number, ColumnLayout>) {
    const bytes = aligned(block.bytes);
    const headLength = bytes.length < 8 ? -1 : bytes.readUInt32LE(0);
    if (headLength < 2 || 4 + headLength > bytes.length)
      throw new RangeError('the header is longer than the block');
    const header = JSON.parse(bytes.toString('utf8', 4, 4 + headLength)) as BlockHeader;
    if (header.first !== block.first || header.last !== block.last) {
      throw new RangeError(`the header covers seq ${header.first} to ${header.last}`);
    }
    this.first = block.first;
    this.last = block.last;
    const span = block.last - block.first + 1;
    let at = align8(4 + headLength);
    this.#codes = bytes.subarray(at, at + span);
    at += align8(span);
    this.#sections = header.sections.map(({ count, layout: id }) => {
      const layout = layouts.get(id);
      if (layout === undefined) throw new RangeError(`layout ${id} is not in this log`);
      const columns = new TickColumns(layout, count, bytes.buffer, bytes.byteOffset + at);
      at += sectionBytes(layout, count);
      return columns;
    });
    if (at !== bytes.length)
      throw new RangeError(`it has ${bytes.length} bytes where its header asks for ${at}`);
    this.#sources = header.sections.map((each) => each.source);
    this.#taken = new Uint32Array(header.sections.length);
    this.#next = block.first;
    this.#checkCounts(header);
  }

  #checkCounts(header: BlockHeader): void {
    const counted = new Uint32Array(256);
    for (let i = 0; i < this.#codes.length; i++) counted[this.#codes[i]]++;
    header.sections.forEach(({ count }, i) => {
      if (counted[i + 1] !== count)
        throw new RangeError(`section ${i} has ${count} ticks, the codes name ${counted[i + 1]}`);
      counted[i + 1] = 0;
      this.#ticks += count;
    });
    if (counted.subarray(1).some((count) => count > 0))
      throw new RangeError('a code names a section that is not there');
  }

  /** How many ticks the block holds. */
  get ticks(): number {
    return this.#ticks;
  }

  /** Fills `tick` with the record at the reader's next seq and returns the source, or returns null where a row stands. */
  next(tick: Tick): string | null {
    const code = this.#codes[this.#next++ - this.first];
    if (code === 0) return null;
    this.#sections[code - 1].get(this.#taken[code - 1]++, tick);
    return this.#sources[code - 1];
  }

  /** Continues at `seq`, which lies in the block. */
  seek(seq: number): void {
    this.#taken.fill(0);
    for (let i = 0; i < seq - this.first; i++) {
      const code = this.#codes[i];
      if (code > 0) this.#taken[code - 1]++;
    }
    this.#next = seq;
  }
}

/** Columns are viewed in place, which needs the block to start on a multiple of 8. */
const aligned = (bytes: Buffer): Buffer => {
  if (bytes.byteOffset % 8 === 0) return bytes;
  const copy = Buffer.from(new ArrayBuffer(bytes.length));
  bytes.copy(copy);
  return copy;
};
