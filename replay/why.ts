/** The causal chain of an event, back to the root input, with the standing decisions each link read. */
import { existsSync } from 'node:fs';
import { InputError } from '../src/domain/input-error.ts';
import { SymbolDefined } from '../src/events/market.events.ts';
import { tickKindName } from '../src/events/tick.ts';
import { type LogReader, openLogReader } from '../src/log/log-reader.ts';
import { summarizeEvent, summarizeTick } from './event-summary.ts';

export interface Link {
  readonly seq: number;
  /** Event type, or the kind of tick. */
  readonly type: string;
  /** ISO, UTC. */
  readonly time: string;
  readonly summary: string;
}

export interface CausalLink extends Link {
  /** Standing decisions that were read. */
  readonly basis: readonly Link[];
}

/** From the root input to the event at `seq`. Throws InputError where the log has no such seq. */
export function why(path: string, seq: number): CausalLink[] {
  if (!existsSync(path)) throw new InputError(`${path} does not exist`);
  const reader = openLogReader(path);
  try {
    const last = reader.head().seq;
    if (!Number.isSafeInteger(seq) || seq < 1 || seq > last) {
      throw new InputError(`${path} has seq 1 to ${last}; ${seq} is not in it`);
    }
    const symbols = new Map<number, string>();
    for (const { payload } of reader.events({ type: SymbolDefined.type })) {
      const { id, symbol } = payload as SymbolDefined;
      symbols.set(id, symbol);
    }
    return causalChain(reader, symbols, seq);
  } finally {
    reader.close();
  }
}

/** The same over anything that finds a record by its seq; `symbols` by dictionary id. */
export function causalChain(
  reader: Pick<LogReader, 'event'>,
  symbols: ReadonlyMap<number, string>,
  seq: number,
): CausalLink[] {
  const links: CausalLink[] = [];
  for (let at: number | null = seq; at !== null; ) {
    const record = reader.event(at);
    if (record === null) break;
    const basis: readonly number[] = record.event?.basis ?? [];
    links.unshift({ ...link(reader, symbols, at), basis: basis.map((each) => link(reader, symbols, each)) });
    at = record.event?.causation ?? null;
  }
  return links;
}

function link(reader: Pick<LogReader, 'event'>, symbols: ReadonlyMap<number, string>, seq: number): Link {
  const record = reader.event(seq)!;
  const { event, tick } = record;
  const time = new Date((event ?? tick!).time / 1_000).toISOString();
  if (event !== null) return { seq, type: event.type, time, summary: summarizeEvent(event) };
  const symbol = symbols.get(tick!.symbolId) ?? `#${tick!.symbolId}`;
  return { seq, type: tickKindName(tick!.kind), time, summary: summarizeTick(tick!, symbol) };
}
