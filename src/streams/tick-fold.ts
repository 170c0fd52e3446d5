/**
 * The hot path: every tick is checked and folded into last prices and one-minute bars, over typed arrays indexed by
 * symbol id. What cannot be trusted is reported and touches nothing.
 */
import type { Config } from '../domain/config.ts';
import { type CalendarName, PX_MAX } from '../domain/instrument.ts';
import type { SymbolDefined } from '../events/market.events.ts';
import { type Tick, TickKind } from '../events/tick.ts';
import type { Bar } from './bar.ts';
import { type DataFeed, dataFeeds, feedOf } from './data-feeds.ts';
import type { SymbolTable } from './symbol-table.ts';

export type RejectionReason =
  | 'notFinite'
  | 'notPositive'
  | 'crossed'
  | 'farFromLast'
  | 'inconsistentBar'
  | 'late'
  | 'duplicate'
  | 'fromTheFuture'
  | 'unknownSymbol';

export interface FoldListener {
  bar(bar: Bar): void;
  /** The opening print of a session; `id` has its price already. */
  print(id: number): void;
  /** A watched symbol has a new quote, maybe the same as before. */
  quoted(id: number): void;
  /** An option's quote, fit to be believed; the fold keeps nothing of options. */
  optionQuote(tick: Tick): void;
  rejected(tick: Tick, reason: RejectionReason): void;
}

const MINUTE_US = 60_000_000;
/** A price far away is believed once this many in a row agree with each other. */
const BELIEVED_AFTER = 5;
const AGREEMENT = 0.2;
/** Vendors round open and close apart from high and low. */
const BAR_ROUNDING = 1e-6;

export class TickFold {
  readonly #symbols: SymbolTable;
  readonly #listener: FoldListener;
  readonly #farFactor: number;
  readonly #futureUs: number;
  #capacity = 0;
  /** Last good price, dollars; 0 before the first. */
  lastPx = new Float64Array(0);
  bidPx = new Float64Array(0);
  askPx = new Float64Array(0);
  /** Arrival of the last good quote, microseconds. */
  quotedAt = new Float64Array(0);
  /** Arrival of the newest record of each feed: what tells a quiet market from a dead channel. */
  readonly #heardAt = new Float64Array(dataFeeds.length);
  /** By symbol id: the place of its feed. */
  #feed = new Uint8Array(0);
  /** In a simulation nothing is on its way longer than modelled. */
  live = false;
  /** 1 where somebody works orders and wants every quote. */
  watched = new Uint8Array(0);
  #barEnd = new Float64Array(0);
  #open = new Float64Array(0);
  #high = new Float64Array(0);
  #low = new Float64Array(0);
  #close = new Float64Array(0);
  #volume = new Float64Array(0);
  #barSeq = new Float64Array(0);
  #closedUntil = new Float64Array(0);
  #lastTime = new Float64Array(0);
  #quoteTime = new Float64Array(0);
  #suspectPx = new Float64Array(0);
  #suspects = new Uint8Array(0);
  /** 1 where one-minute bars are built of quotes, 2 of trades, 0 where the vendor's bars are the source; 3 for options. */
  #builds = new Uint8Array(0);

  constructor(symbols: SymbolTable, config: Config['feed'], listener: FoldListener) {
    this.#symbols = symbols;
    this.#listener = listener;
    this.#farFactor = config.farFactor;
    this.#futureUs = config.futureToleranceMs * 1_000;
  }

  define(definition: SymbolDefined): void {
    if (definition.id >= this.#capacity) this.#grow(Math.max(64, (definition.id + 1) * 2));
    const { id, assetClass, priceSource } = definition;
    this.#builds[id] =
      assetClass === 'option' ? 3 : priceSource === 'quotes' ? 1 : priceSource === 'trades' ? 2 : 0;
    this.#feed[id] = dataFeeds.indexOf(feedOf(definition));
  }

  heardOn(feed: DataFeed): number {
    return this.#heardAt[dataFeeds.indexOf(feed)];
  }

  /** Of all symbols that share a calendar. */
  heardAt(calendar: CalendarName): number {
    return calendar === '24x7'
      ? this.heardOn('crypto')
      : Math.max(this.heardOn('stocks'), this.heardOn('options'));
  }

  fold(tick: Tick, seq: number): void {
    const id = tick.symbolId;
    if (this.#symbols.byId[id] === undefined) return this.#listener.rejected(tick, 'unknownSymbol');
    if (!(tick.time <= tick.recordedAt + this.#futureUs)) {
      return this.#listener.rejected(tick, Number.isFinite(tick.time) ? 'fromTheFuture' : 'notFinite');
    }
    const freshAt = this.#freshAt(tick);
    if (freshAt > this.#heardAt[this.#feed[id]]) this.#heardAt[this.#feed[id]] = freshAt;
    if (this.#builds[id] === 3) return this.#option(tick);
    switch (tick.kind) {
      case TickKind.quote:
        return this.#quote(tick, id, seq);
      case TickKind.trade:
        return this.#trade(tick, id, seq);
      case TickKind.bar:
        return this.#bar(tick, id, seq);
      case TickKind.openPrint:
        return this.#print(tick, id);
    }
  }

  /** A live record that was long on its way, or waited behind others, is as old as its venue says: it is no news of now. */
  #freshAt({ recordedAt, time }: Tick): number {
    return this.live && time + this.#futureUs < recordedAt ? time + this.#futureUs : recordedAt;
  }

  /** Ends every one-minute bar that is over at `time`: the clock and the close reach symbols that fell silent. */
  closeBars(time: number): void {
    for (const name of this.#symbols.names()) {
      const id = this.#symbols.get(name)!.id;
      if (this.#builds[id] !== 0 && this.#barEnd[id] !== 0 && this.#barEnd[id] <= time) this.#endBar(id);
    }
  }

  /** Last prices, the order of time and the bar in progress, for the next session. */
  save(symbol: string): readonly number[] {
    const id = this.#symbols.get(symbol)!.id;
    return [...this.#carried().map((column) => column[id]), this.heardAt(this.#symbols.byId[id]!.calendar)];
  }

  restore(symbol: string, state: readonly number[]): void {
    const id = this.#symbols.get(symbol)!.id;
    this.#carried().forEach((column, i) => {
      column[id] = state[i];
    });
    this.#heardAt[this.#feed[id]] = state[this.#carried().length];
  }

  /** Arrivals by feed, for the rest of the session. */
  get heard(): readonly number[] {
    return [...this.#heardAt];
  }

  hearAgain(heard: readonly number[]): void {
    this.#heardAt.set(heard);
  }

  /** A split took effect: prices count anew, `factor` new dollars for an old one. */
  rescale(symbol: string, factor: number): void {
    const id = this.#symbols.get(symbol)!.id;
    const prices = [this.lastPx, this.bidPx, this.askPx, this.#suspectPx];
    for (const column of [...prices, this.#open, this.#high, this.#low, this.#close]) column[id] *= factor;
    this.#volume[id] /= factor;
  }

  /** What goes from one session to the next, in the order in which it is written. */
  #carried(): readonly (Float64Array | Uint8Array)[] {
    return [
      this.lastPx,
      this.bidPx,
      this.askPx,
      this.quotedAt,
      this.#closedUntil,
      this.#lastTime,
      this.#suspectPx,
      this.#suspects,
      this.#barEnd,
      this.#open,
      this.#high,
      this.#low,
      this.#close,
      this.#volume,
      this.#quoteTime,
    ];
  }

  #quote(tick: Tick, id: number, seq: number): void {
    const { bidPx, askPx } = tick;
    if (!(bidPx > 0 && askPx > 0 && askPx < Number.POSITIVE_INFINITY)) return this.#oddQuote(tick, id);
    if (bidPx > askPx) return this.#listener.rejected(tick, 'crossed');
    if (tick.time < this.#closedUntil[id]) return this.#listener.rejected(tick, 'late');
    const mid = (bidPx + askPx) / 2;
    if (this.#isFar(tick, id, mid)) return;
    const builds = this.#builds[id] === 1;
    if (this.#setQuote(tick, id) && (builds || this.lastPx[id] === 0)) this.lastPx[id] = mid;
    if (builds) this.#addToBar(id, tick.time, mid, 0, seq);
  }

  /** False for a quote reported out of order: it widens its bar, but it is not the market of now. */
  #setQuote(tick: Tick, id: number): boolean {
    if (tick.time < this.#quoteTime[id]) return false;
    this.#quoteTime[id] = tick.time;
    this.bidPx[id] = tick.bidPx;
    this.askPx[id] = tick.askPx;
    this.quotedAt[id] = this.#freshAt(tick);
    if (this.watched[id] === 1) this.#listener.quoted(id);
    return true;
  }

  /** One side missing is a market without a price, not a fault; anything else that is not a price is. */
  #oddQuote(tick: Tick, id: number): void {
    const { bidPx, askPx } = tick;
    if (!Number.isFinite(bidPx) || !Number.isFinite(askPx)) return this.#listener.rejected(tick, 'notFinite');
    if (bidPx < 0 || askPx < 0 || (bidPx === 0 && askPx === 0))
      return this.#listener.rejected(tick, 'notPositive');
    this.#setQuote(tick, id);
  }

  /**
   * A contract far from the money trades at a tick today and at dollars tomorrow, or is quoted 0 to 99,999 by a machine that
   * must quote: no price is too far from the last, and no side needs to be there. Bars of options decide nothing.
   */
  #option(tick: Tick): void {
    if (tick.kind !== TickKind.quote) return;
    const { bidPx, askPx } = tick;
    if (!Number.isFinite(bidPx) || !Number.isFinite(askPx)) return this.#listener.rejected(tick, 'notFinite');
    if (bidPx < 0 || askPx < 0) return this.#listener.rejected(tick, 'notPositive');
    if (askPx > 0 && bidPx > askPx) return this.#listener.rejected(tick, 'crossed');
    if (bidPx > PX_MAX || askPx > PX_MAX) return this.#listener.rejected(tick, 'farFromLast');
    this.#listener.optionQuote(tick);
    if (this.watched[tick.symbolId] === 1) this.#listener.quoted(tick.symbolId);
  }

  #trade(tick: Tick, id: number, seq: number): void {
    const { px, size } = tick;
    if (!Number.isFinite(px) || !Number.isFinite(size)) return this.#listener.rejected(tick, 'notFinite');
    if (px <= 0 || size < 0) return this.#listener.rejected(tick, 'notPositive');
    if (tick.time < this.#closedUntil[id]) return this.#listener.rejected(tick, 'late');
    if (this.#isFar(tick, id, px)) return;
    // A trade reported out of order widens its bar, but it is not the last price.
    if (tick.time >= this.#lastTime[id]) this.lastPx[id] = px;
    if (this.#builds[id] === 2) this.#addToBar(id, tick.time, px, size, seq);
  }

  #bar(tick: Tick, id: number, seq: number): void {
    if (this.#builds[id] !== 0) return; // its bars are built here: a vendor's would be a second source
    const { open, high, low, close, volume, time } = tick;
    if (!Number.isFinite(open + high + low + close + volume))
      return this.#listener.rejected(tick, 'notFinite');
    if (!(low > 0 && volume >= 0)) return this.#listener.rejected(tick, 'notPositive');
    const slack = high * BAR_ROUNDING;
    if (
      low > high ||
      open > high + slack ||
      close > high + slack ||
      open < low - slack ||
      close < low - slack
    ) {
      return this.#listener.rejected(tick, 'inconsistentBar');
    }
    if (time <= this.#closedUntil[id]) {
      return this.#listener.rejected(tick, time === this.#closedUntil[id] ? 'duplicate' : 'late');
    }
    if (this.#isFar(tick, id, close)) return;
    this.lastPx[id] = close;
    this.#closedUntil[id] = time;
    const symbol = this.#symbols.byId[id]!.symbol;
    this.#listener.bar({ symbol, time, open, high, low, close, volume, resolutionS: tick.resolutionS, seq });
  }

  #print(tick: Tick, id: number): void {
    const { px } = tick;
    if (!Number.isFinite(px)) return this.#listener.rejected(tick, 'notFinite');
    if (px <= 0) return this.#listener.rejected(tick, 'notPositive');
    if (tick.time < this.#closedUntil[id]) return this.#listener.rejected(tick, 'late');
    if (this.#isFar(tick, id, px)) return;
    this.lastPx[id] = px;
    this.#listener.print(id);
  }

  /** Reports a price too many times away from the last good one, until several in a row agree that it is the market. */
  #isFar(tick: Tick, id: number, px: number): boolean {
    const last = this.lastPx[id];
    if (px > PX_MAX) {
      this.#listener.rejected(tick, 'farFromLast');
      return true;
    }
    if (last === 0 || (px < last * this.#farFactor && px * this.#farFactor > last)) {
      this.#suspects[id] = 0;
      return false;
    }
    const agrees = Math.abs(px - this.#suspectPx[id]) <= AGREEMENT * this.#suspectPx[id];
    this.#suspects[id] = agrees ? this.#suspects[id] + 1 : 1;
    this.#suspectPx[id] = px;
    if (this.#suspects[id] >= BELIEVED_AFTER) {
      this.#suspects[id] = 0;
      return false;
    }
    this.#listener.rejected(tick, 'farFromLast');
    return true;
  }

  #addToBar(id: number, time: number, px: number, size: number, seq: number): void {
    if (time >= this.#barEnd[id]) {
      if (this.#barEnd[id] !== 0) this.#endBar(id);
      this.#closedUntil[id] = Math.floor(time / MINUTE_US) * MINUTE_US; // the silent minutes before are over as well
      this.#barEnd[id] = this.#closedUntil[id] + MINUTE_US;
      this.#open[id] = this.#high[id] = this.#low[id] = px;
      this.#volume[id] = 0;
    } else {
      if (px > this.#high[id]) this.#high[id] = px;
      if (px < this.#low[id]) this.#low[id] = px;
    }
    if (time >= this.#lastTime[id]) {
      this.#close[id] = px;
      this.#lastTime[id] = time;
    }
    this.#volume[id] += size;
    this.#barSeq[id] = seq;
  }

  #endBar(id: number): void {
    const time = this.#barEnd[id];
    this.#closedUntil[id] = time;
    this.#barEnd[id] = 0;
    this.#listener.bar({
      symbol: this.#symbols.byId[id]!.symbol,
      time,
      open: this.#open[id],
      high: this.#high[id],
      low: this.#low[id],
      close: this.#close[id],
      volume: this.#volume[id],
      resolutionS: 60,
      seq: this.#barSeq[id],
    });
  }

  #grow(capacity: number): void {
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(capacity);
      next.set(old);
      return next;
    };
    const largerBytes = (old: Uint8Array): Uint8Array<ArrayBuffer> => {
      const next = new Uint8Array(capacity);
      next.set(old);
      return next;
    };
    this.lastPx = larger(this.lastPx);
    this.bidPx = larger(this.bidPx);
    this.askPx = larger(this.askPx);
    this.quotedAt = larger(this.quotedAt);
    this.#barEnd = larger(this.#barEnd);
    this.#open = larger(this.#open);
    this.#high = larger(this.#high);
    this.#low = larger(this.#low);
    this.#close = larger(this.#close);
    this.#volume = larger(this.#volume);
    this.#barSeq = larger(this.#barSeq);
    this.#closedUntil = larger(this.#closedUntil);
    this.#lastTime = larger(this.#lastTime);
    this.#quoteTime = larger(this.#quoteTime);
    this.#suspectPx = larger(this.#suspectPx);
    this.#suspects = largerBytes(this.#suspects);
    this.#builds = largerBytes(this.#builds);
    this.#feed = largerBytes(this.#feed);
    this.watched = largerBytes(this.watched);
    this.#capacity = capacity;
  }
}
