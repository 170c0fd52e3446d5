/**
 * Market data on the hot path: one flat mutable record for every kind, reused by whoever produces it and never kept
 * by whoever receives it. Prices are dollars; times are integer microseconds since 1970, UTC.
 */

/** The kinds of market record; the number is the record's kind in a market block's layout. */
export const TickKind = { quote: 1, trade: 2, bar: 3, openPrint: 4 } as const;
export type TickKind = (typeof TickKind)[keyof typeof TickKind];

export const tickKindName = (kind: number): string =>
  kind === 1
    ? 'quote'
    : kind === 2
      ? 'trade'
      : kind === 3
        ? 'bar'
        : kind === 4
          ? 'openPrint'
          : `kind ${kind}`;

/**
 * One market record. Which fields mean anything depends on `kind`:
 * quote: bidPx bidSize askPx askSize exchangeId conditionsId; trade: px size exchangeId conditionsId;
 * bar: open high low close volume vwap resolutionS (its `time` is the bar's end); openPrint: px.
 */
export class Tick {
  kind: TickKind = TickKind.quote;
  /** Dictionary id, defined by a `SymbolDefined` input before first use. */
  symbolId = 0;
  time = 0;
  recordedAt = 0;
  bidPx = 0;
  askPx = 0;
  /** Shares or contracts at the touch; stored as float32, so narrowed with Math.fround before dispatch. */
  bidSize = 0;
  askSize = 0;
  px = 0;
  size = 0;
  open = 0;
  high = 0;
  low = 0;
  close = 0;
  volume = 0;
  /** Volume-weighted average price, or 0 where the vendor gives none. */
  vwap = 0;
  /** Length of the bar in seconds; 86,400 is a session day. */
  resolutionS = 0;
  /** Dictionary id of the exchange, 0..255; 0 is unknown. */
  exchangeId = 0;
  /** Dictionary id of the set of condition codes, 0..65,535; 0 is none. */
  conditionsId = 0;
}

export const DAY_S = 86_400;

/** Start of a bar, for bars shorter than a day: their end less their length. */
export const barStart = (tick: Tick): number => tick.time - tick.resolutionS * 1_000_000;

/** Copies the fields of `from` that its kind uses. */
export function copyTick(from: Tick, to: Tick): void {
  to.kind = from.kind;
  to.symbolId = from.symbolId;
  to.time = from.time;
  to.recordedAt = from.recordedAt;
  switch (from.kind) {
    case TickKind.quote:
      to.bidPx = from.bidPx;
      to.askPx = from.askPx;
      to.bidSize = from.bidSize;
      to.askSize = from.askSize;
      to.exchangeId = from.exchangeId;
      to.conditionsId = from.conditionsId;
      break;
    case TickKind.trade:
      to.px = from.px;
      to.size = from.size;
      to.exchangeId = from.exchangeId;
      to.conditionsId = from.conditionsId;
      break;
    case TickKind.bar:
      to.open = from.open;
      to.high = from.high;
      to.low = from.low;
      to.close = from.close;
      to.volume = from.volume;
      to.vwap = from.vwap;
      to.resolutionS = from.resolutionS;
      break;
    case TickKind.openPrint:
      to.px = from.px;
      break;
  }
}

/**
 * Rounds a fresh tick to what the log stores, before anyone sees it, so that live and replay compute with the same
 * numbers: sizes at the touch are float32, and -0 becomes 0.
 */
export function narrowTick(tick: Tick): void {
  switch (tick.kind) {
    case TickKind.quote:
      tick.bidPx += 0;
      tick.askPx += 0;
      tick.bidSize = Math.fround(tick.bidSize) + 0;
      tick.askSize = Math.fround(tick.askSize) + 0;
      break;
    case TickKind.trade:
      tick.px += 0;
      tick.size += 0;
      break;
    case TickKind.bar:
      tick.open += 0;
      tick.high += 0;
      tick.low += 0;
      tick.close += 0;
      tick.volume += 0;
      tick.vwap += 0;
      break;
    case TickKind.openPrint:
      tick.px += 0;
      break;
  }
}
