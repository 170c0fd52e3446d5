/** One symbol at the venue: its working orders and what the market last showed of it. Plain data, carried over as it stands. */
import { barStart, type Tick, TickKind } from '../../events/tick.ts';
import type { VenueOrder } from './venue-order.ts';

export interface SymbolBook {
  /** By arrival. */
  orders: VenueOrder[];
  /** The latest opening print, until the bar that follows it; null without one. */
  print: { readonly at: number; readonly px: number } | null;
  /** When the latest bar ended, and the volume it had: what an opening print is taken to offer. */
  lastBarEnd: number;
  lastVolume: number;
  /** Quotes are recorded: bars and trades no longer tell at what price a market order fills. */
  quoted: boolean;
  /** Units our orders may take of what the market shows now, null for no limit, and how many they have taken. */
  offered: number | null;
  taken: number;
}

export const emptyBook = (): SymbolBook => ({
  orders: [],
  print: null,
  lastBarEnd: 0,
  lastVolume: 0,
  quoted: false,
  offered: null,
  taken: 0,
});

export function addByArrival(book: SymbolBook, order: VenueOrder): void {
  let at = book.orders.length;
  while (at > 0 && book.orders[at - 1].arrivesAt > order.arrivesAt) at -= 1;
  book.orders.splice(at, 0, order);
}

/** A bar has ended; one that comes late or twice changes nothing. */
export function closeBar(book: SymbolBook, bar: Tick): void {
  if (bar.time <= book.lastBarEnd) return;
  book.lastBarEnd = bar.time;
  book.lastVolume = known(bar.volume) ?? 0;
  book.print = null;
}

/** The print that opened this bar's session, or null: a print before the bar's start opened something else. */
export const printOf = (book: SymbolBook, bar: Tick): SymbolBook['print'] =>
  book.print !== null && book.print.at >= startOf(book, bar) ? book.print : null;

/** A bar does not start before the one before it ended, whatever its nominal length. */
export const startOf = (book: SymbolBook, bar: Tick): number => Math.max(barStart(bar), book.lastBarEnd);

/** Prices that nobody traded at fill nothing: not finite, not positive, crossed, or a bar outside its own range. */
export function isUsable(tick: Tick): boolean {
  switch (tick.kind) {
    case TickKind.bar:
      return (
        tick.low > 0 &&
        tick.high < Number.POSITIVE_INFINITY &&
        tick.low <= Math.min(tick.open, tick.close) &&
        tick.high >= Math.max(tick.open, tick.close)
      );
    case TickKind.quote:
      return (
        tick.bidPx >= 0 &&
        tick.askPx < Number.POSITIVE_INFINITY &&
        (tick.bidPx <= tick.askPx || tick.askPx === 0)
      );
    default:
      return tick.px > 0 && tick.px < Number.POSITIVE_INFINITY;
  }
}

/** Volumes and sizes: 0, or what is no positive number, means that nobody said. */
export const known = (units: number): number | null => (units > 0 ? units : null);
