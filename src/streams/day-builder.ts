/** Builds a symbol's session-day bar out of its shorter bars: those that lie inside the calendar's session count. */
import { sessionOfDayOrDefault, tradingDayAt, tradingSession } from '../domain/exchange-calendar.ts';
import type { CalendarName } from '../domain/instrument.ts';
import { DAY_S } from '../events/tick.ts';
import { type Bar, rescaled } from './bar.ts';

export class DayBuilder {
  readonly #calendar: CalendarName;
  #day: Bar | null = null;
  /** The session the newest bar belongs to, microseconds. */
  #open = 0;
  #close = 0;
  /** Ends of the bars it is built of, where bars of a gap may come later; null in simulations, which have none. */
  #minutes: Set<number> | null = null;
  /** When the first of them became known. */
  #first = 0;

  constructor(calendar: CalendarName) {
    this.#calendar = calendar;
  }

  add(bar: Bar): void {
    if (bar.time > this.#close) {
      const session = sessionOfDayOrDefault(this.#calendar, tradingDayAt(this.#calendar, bar.time));
      this.#open = session.open;
      this.#close = session.close;
    }
    if (bar.time <= this.#open) return; // before the opening bell
    if (this.#minutes !== null) return this.#place(bar);
    const day = this.#day;
    if (day === null) {
      this.#day = { ...bar, resolutionS: DAY_S };
      return;
    }
    this.#day = {
      symbol: bar.symbol,
      time: bar.time,
      open: day.open,
      high: Math.max(bar.high, day.high),
      low: Math.min(bar.low, day.low),
      close: bar.close,
      volume: day.volume + bar.volume,
      resolutionS: DAY_S,
      seq: bar.seq,
    };
  }

  /** The session `day` is over: its bar, or null where nothing traded. */
  close(day: string): Bar | null {
    const built = this.#day;
    this.#day = null;
    this.#minutes?.clear();
    return built === null ? null : { ...built, time: sessionOfDayOrDefault(this.#calendar, day).close };
  }

  /** From now on bars may come out of order and twice: those of a gap, which a vendor gave later. */
  expectGaps(): void {
    this.#minutes ??= new Set();
  }

  /** A bar of a gap: counted where it lies in the session that is being built, or is to be next. */
  fill(bar: Bar, now: number): void {
    this.expectGaps();
    const day = tradingDayAt(this.#calendar, this.#day?.time ?? now);
    const { open, close } = tradingSession(this.#calendar, day)!;
    if (bar.time > open && bar.time <= close) this.#place(bar);
  }

  rescale(factor: number): void {
    this.#day = this.#day && rescaled(this.#day, factor);
  }

  /** Where it belongs in time; a minute that is known in part adds its prices, and its volume only once. */
  #place(bar: Bar): void {
    const day = this.#day;
    const isKnown = this.#minutes!.has(bar.time);
    this.#minutes!.add(bar.time);
    if (day === null) {
      this.#day = { ...bar, resolutionS: DAY_S };
      this.#first = bar.time;
      return;
    }
    const isFirst = bar.time < this.#first;
    const isLast = bar.time >= day.time;
    if (isFirst) this.#first = bar.time;
    this.#day = {
      symbol: bar.symbol,
      time: isLast ? bar.time : day.time,
      open: isFirst ? bar.open : day.open,
      high: Math.max(bar.high, day.high),
      low: Math.min(bar.low, day.low),
      close: isLast ? bar.close : day.close,
      volume: day.volume + (isKnown ? 0 : bar.volume),
      resolutionS: DAY_S,
      seq: isLast ? bar.seq : day.seq,
    };
  }

  save(): Bar | null {
    return this.#day;
  }

  get minutes(): readonly number[] | undefined {
    return this.#minutes === null ? undefined : [...this.#minutes];
  }

  restore(day: Bar | null, minutes?: readonly number[]): void {
    this.#day = day;
    if (minutes === undefined) return;
    this.#minutes = new Set(minutes);
    this.#first = Math.min(...minutes);
  }
}
