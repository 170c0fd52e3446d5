/**
 * Quotes where a log has only bars. MODELLED: the price goes in straight lines from the bar's open over both its extremes to
 * its close, with noise that never leaves the bar; when, in which order and how noisily is drawn from a seed.
 */
import { tradingDayAt, tradingSession } from '../../domain/exchange-calendar.ts';
import type { CalendarName } from '../../domain/instrument.ts';
import { createRandom, deriveSeed } from '../../domain/random.ts';
import { DAY_S, TickKind } from '../../events/tick.ts';
import type { MarketBar } from './bar-history.ts';
import type { MarketRecords, OpenRecords } from './records.ts';

/** The stretch of time a bar stands for; null where its market was closed. */
export function spanOf(calendar: CalendarName, end: number, resolutionS: number): [number, number] | null {
  if (resolutionS < DAY_S) return [end - resolutionS * 1_000_000, end];
  const session = tradingSession(calendar, tradingDayAt(calendar, end));
  return session === null ? null : [session.open, session.close];
}

type Corner = readonly [share: number, px: number];
/** The same for every moment of a bar. */
const cornersOf = new WeakMap<MarketBar, readonly Corner[]>();

function drawCorners({ close, from, high, low, open }: MarketBar, seed: number): readonly Corner[] {
  const random = createRandom(deriveSeed(seed, from));
  const first = 0.1 + 0.35 * random.nextUnit();
  const second = 0.5 + 0.4 * random.nextUnit();
  const lowFirst = random.nextUnit() < (close >= open ? 0.7 : 0.3);
  return [
    [0, open],
    [first, lowFirst ? low : high],
    [second, lowFirst ? high : low],
    [1, close],
  ];
}

/** The price of a moment within a bar, which must not be before it. One bar is always asked for with one seed. */
export function pathPx(bar: MarketBar, at: number, seed: number): number {
  const share = (at - bar.from) / (bar.to - bar.from);
  if (share >= 1) return bar.close;
  let corners = cornersOf.get(bar);
  if (corners === undefined) cornersOf.set(bar, (corners = drawCorners(bar, seed)));
  const next = corners.findIndex(([corner]) => corner > share);
  const [fromAt, fromPx] = corners[next - 1];
  const [toAt, toPx] = corners[next];
  const straight = fromPx + ((toPx - fromPx) * (share - fromAt)) / (toAt - fromAt);
  const noise = deriveSeed(seed, bar.from, Math.floor(at / NOISE_US)) / 2 ** 32 - 0.5;
  return Math.min(bar.high, Math.max(bar.low, straight + noise * (bar.high - bar.low) * 0.02));
}

const NOISE_US = 250_000;

type SpanFor = (symbolId: number, end: number, resolutionS: number) => [number, number] | null;

/** Reads a log a few bars ahead, so that their insides can be played before they are recorded. */
export class BarsAhead {
  readonly #records: MarketRecords;
  readonly #spanFor: SpanFor;
  readonly #bars = new Map<number, MarketBar[]>();
  #readUntil = 0;
  #ended = false;

  constructor(open: OpenRecords, spanFor: SpanFor) {
    this.#records = open();
    this.#spanFor = spanFor;
  }

  /** The bar a moment of the log lies in, or undefined where there is none. */
  barAt(symbolId: number, at: number): MarketBar | undefined {
    this.#readTo(at + LOOK_AHEAD_US);
    const bars = this.#bars.get(symbolId) ?? [];
    while (bars.length > 0 && bars[0].to <= at) bars.shift();
    return bars.length > 0 && bars[0].from <= at ? bars[0] : undefined;
  }

  close(): void {
    this.#records.close();
  }

  #readTo(until: number): void {
    while (!this.#ended && this.#readUntil < until) {
      const what = this.#records.next();
      if (what === 0) this.#ended = true;
      if (what !== 1) continue;
      const { tick } = this.#records;
      this.#readUntil = Math.max(this.#readUntil, tick.time);
      if (tick.kind !== TickKind.bar) continue;
      const span = this.#spanFor(tick.symbolId, tick.time, tick.resolutionS);
      if (span === null) continue;
      const { close, high, low, open, volume } = tick;
      const bars = this.#bars.get(tick.symbolId) ?? [];
      bars.push({ from: span[0], to: span[1], open, high, low, close, volume });
      this.#bars.set(tick.symbolId, bars);
    }
  }
}

/** A day's bar comes at its end, and a week-end may lie before it. */
const LOOK_AHEAD_US = 5 * DAY_S * 1_000_000;
