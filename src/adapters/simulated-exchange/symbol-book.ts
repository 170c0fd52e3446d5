/** One symbol at the venue: its working orders and what the market last showed of it. Plain data, carried over as it stands. */
import { PX_MAX } from '../../domain/instrument.ts';
import { fromMicros, toMicros } from '../../domain/money.ts';
import type { SplitRatio } from '../../domain/options/adjustment.ts';
import type { OptionContract } from '../../domain/options/contract.ts';
import type { TwoSided } from '../../domain/spread-model.ts';
import { barStart, type Tick, TickKind } from '../../events/tick.ts';
import type { VenueOrder } from './venue-order.ts';

export interface SymbolBook {
  /** Null for what is no option. */
  readonly contract: OptionContract | null;
  /** By arrival. */
  orders: VenueOrder[];
  /** The latest opening print; null before any. */
  print: { readonly at: number; readonly px: number } | null;
  /** When the latest bar ended, and the volume it had: what an opening print is taken to offer. */
  lastBarEnd: number;
  lastVolume: number;
  /** The newest time of a quote, trade or print. */
  lastTime: number;
  /** The latest price believed, 0 before any. */
  lastPx: number;
  /** A price far from it, and how many in a row agree with that one. */
  suspectPx: number;
  suspects: number;
  /** Quotes are recorded: bars and trades no longer tell at what price a market order fills. */
  quoted: boolean;
  /** Units our orders may take of what the market shows now, null for no limit, and how many they have taken. */
  offered: number | null;
  taken: number;
  /** The latest recorded quote of a contract; null before any, and for what is no option. */
  quote: TwoSided | null;
}

export const emptyBook = (contract: OptionContract | null): SymbolBook => ({
  contract,
  orders: [],
  print: null,
  lastBarEnd: 0,
  lastVolume: 0,
  lastTime: 0,
  lastPx: 0,
  suspectPx: 0,
  suspects: 0,
  quoted: false,
  offered: null,
  taken: 0,
  quote: null,
});

export function addByArrival(orders: VenueOrder[], order: VenueOrder): void {
  let at = orders.length;
  while (at > 0 && orders[at - 1].arrivesAt > order.arrivesAt) at -= 1;
  orders.splice(at, 0, order);
}

/** A bar has ended; one that comes late or twice changes nothing. */
export function closeBar(book: SymbolBook, bar: Tick): void {
  if (bar.time <= book.lastBarEnd) return;
  book.lastBarEnd = bar.time;
  book.lastVolume = known(bar.volume) ?? 0;
}

/** The print that opened this bar's session, or null: a print before the bar's start opened something else. */
export const printOf = (book: SymbolBook, bar: Tick): SymbolBook['print'] =>
  book.print !== null && book.print.at >= startOf(book, bar) ? book.print : null;

/** A bar does not start before the one before it ended, whatever its nominal length. */
export const startOf = (book: SymbolBook, bar: Tick): number => Math.max(barStart(bar), book.lastBarEnd);

/** A price this many times away from the last one is a fault of the feed, until so many in a row agree that it is not. */
const FAR_FACTOR = 10;
const BELIEVED_AFTER = 5;
const AGREEMENT = 0.2;
/** Vendors round open and close apart from high and low. */
const BAR_ROUNDING = 1e-6;

/** Clocks of venues may run this far ahead of ours. */
const AHEAD_MAX_US = 1_000_000;

/** A record of the future, or one that others have overtaken, says nothing of the market of `now`. */
export const isOfItsTime = (book: SymbolBook, tick: Tick, now: number): boolean =>
  tick.time <= now + AHEAD_MAX_US && (tick.kind === TickKind.bar || tick.time >= book.lastTime);

/** Prices that nobody traded at fill nothing: not finite, not positive, crossed, far away, or a bar outside its own range. */
export function isUsable(book: SymbolBook, tick: Tick): boolean {
  switch (tick.kind) {
    case TickKind.bar: {
      const slack = tick.high * BAR_ROUNDING;
      return (
        isPlausible(book, tick.low) &&
        isPlausible(book, tick.high) &&
        tick.low - slack <= Math.min(tick.open, tick.close) &&
        tick.high + slack >= Math.max(tick.open, tick.close)
      );
    }
    case TickKind.quote: {
      const { bidPx, askPx } = tick;
      const bids = isPlausible(book, bidPx);
      const asks = isPlausible(book, askPx);
      return (bids && asks && bidPx <= askPx) || (bids && askPx === 0) || (asks && bidPx === 0);
    }
    default:
      return isPlausible(book, tick.px);
  }
}

const isPlausible = ({ lastPx }: SymbolBook, px: number): boolean =>
  px > 0 && px <= PX_MAX && (lastPx === 0 || (px < lastPx * FAR_FACTOR && px > lastPx / FAR_FACTOR));

/** Remembers the record's price, as far as it is believed: what the next one is compared with. */
export function rememberPx(book: SymbolBook, tick: Tick): void {
  const px =
    tick.kind === TickKind.bar ? tick.close : tick.kind === TickKind.quote ? middleOf(tick) : tick.px;
  if (!(px > 0 && px <= PX_MAX)) return;
  const agrees = Math.abs(px - book.suspectPx) <= AGREEMENT * book.suspectPx;
  book.suspects = isPlausible(book, px) ? 0 : agrees ? book.suspects + 1 : 1;
  book.suspectPx = px;
  if (book.suspects !== 0 && book.suspects < BELIEVED_AFTER) return;
  book.lastPx = px;
  book.suspects = 0;
}

/** A price before a split in dollars of after it; whole micro-dollars. */
export const pxAfterSplit = (px: number, { numerator, denominator }: SplitRatio): number =>
  fromMicros(toMicros((px * denominator) / numerator));

export function splitPrices(book: SymbolBook, split: SplitRatio): void {
  book.lastPx = pxAfterSplit(book.lastPx, split);
  book.suspects = 0;
  book.print = null;
}

/** The price a quote stands for: its midpoint, or the side there is. */
export const middleOf = ({ bidPx, askPx }: TwoSided): number =>
  bidPx > 0 && askPx > 0 ? (bidPx + askPx) / 2 : bidPx || askPx;

/** Volumes and sizes: 0, or what is no positive number, means that nobody said. */
export const known = (units: number): number | null => (units > 0 ? units : null);
